//! Which of several believable behaviours associations show.

/// The switches of associations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switches {
    /// Most associations of one record in one answer; what is left over is paged. 500 (the guides).
    pub page_max: usize,
    /// When a contact's or deal's first company becomes its primary one.
    pub first_company: FirstCompany,
    /// What an association does to the stamps of the two records.
    pub stamps: Stamps,
    /// Whether the property `associatedcompanyid` of contacts follows their primary company.
    pub associated_company_id: bool,
    /// How `toObjectId` and its kin travel.
    pub ids: IdShape,
    /// Most records that the report of limits names of those at or near one. 10 (assumed).
    pub samples_max: usize,
}

/// Only the guides' examples hint at it (assumed).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstCompany {
    /// Never by itself.
    StaysPlain,
    /// When a default association is asked for, or a person makes one.
    PrimaryByDefault,
    /// Whatever call makes the association.
    PrimaryAlways,
}

/// Nobody documents it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stamps {
    /// The records keep their stamps: a poll by last change does not see the association.
    Stay,
    /// Both records count as changed.
    Move,
}

/// Examples have numbers, the newer specification says `string` (the specification, and the guides).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdShape {
    /// `"toObjectId": 5790939450`
    Numbers,
    /// `"toObjectId": "5790939450"`
    Strings,
}

impl Default for Switches {
    fn default() -> Switches {
        Switches {
            page_max: 500,
            first_company: FirstCompany::PrimaryByDefault,
            stamps: Stamps::Stay,
            associated_company_id: true,
            ids: IdShape::Numbers,
            samples_max: 10,
        }
    }
}
