//! Which property is which field, under which rule.
//!
//! Converting values is `convert`, deciding what to write is `merge`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::record::{FieldName, ObjectName, Side};

/// Who wins where a field differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// Salesforce's value, its deletion too, goes to HubSpot; HubSpot's goes to Salesforce only
    /// while Salesforce is blank.
    PreferSalesforce,
    /// Salesforce's value is copied, also when blank.
    AlwaysSalesforce,
    /// The newer change wins; a tie goes to Salesforce.
    TwoWay,
    /// HubSpot's value is copied, also when blank.
    AlwaysHubspot,
    /// Not synced.
    Off,
}

impl Rule {
    /// Whether a value may go to `side` under it.
    pub fn writes(self, side: Side) -> bool {
        match self {
            Self::PreferSalesforce | Self::TwoWay => true,
            Self::AlwaysSalesforce => side == Side::HubSpot,
            Self::AlwaysHubspot => side == Side::Salesforce,
            Self::Off => false,
        }
    }
}

/// What happens to differing values when two records are linked for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum OnFirstLink {
    /// Fill what is blank on either side, overwrite nothing, list the differences.
    #[default]
    FillBlanks,
    /// Salesforce's values win where the rule lets them.
    Salesforce,
    /// HubSpot's values win where the rule lets them.
    Hubspot,
}

/// One property and its field.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FieldMapping {
    /// HubSpot's property; also the name under which the pair's fingerprints are kept.
    pub hubspot: FieldName,
    /// Salesforce's field.
    pub salesforce: FieldName,
    /// Who wins.
    pub rule: Rule,
    /// Whether the value is a user on either side, matched by e-mail.
    #[serde(default)]
    pub owner: bool,
    /// Not empty: HubSpot's half is no property but an association with a record of one of these
    /// objects, the first that has one, and Salesforce's is a lookup. Where Salesforce's name has a
    /// point in it, it is an association with many: see [`Junction`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<ObjectName>,
    /// Whether HubSpot holds the host of the web address that Salesforce holds.
    #[serde(default, skip_serializing_if = "is_false")]
    pub domain: bool,
    /// HubSpot's options by name, and what Salesforce calls each, where the names differ.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, String>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl FieldMapping {
    /// A field whose value is carried as it is.
    pub fn plain(hubspot: FieldName, salesforce: FieldName, rule: Rule) -> Self {
        Self {
            hubspot,
            salesforce,
            rule,
            owner: false,
            parents: Vec::new(),
            domain: false,
            values: BTreeMap::new(),
        }
    }

    /// Whether HubSpot's half is an association and no property.
    pub fn is_association(&self) -> bool {
        !self.parents.is_empty()
    }

    /// Whether it is an association with one record, which a lookup holds.
    pub fn is_parent(&self) -> bool {
        self.is_association() && self.junction().is_none()
    }

    /// The junction object whose records are Salesforce's half of an association with many.
    pub fn junction(&self) -> Option<Junction<'_>> {
        let (object, field) = self.salesforce.as_str().split_once('.')?;
        self.is_association().then_some(Junction { object, field })
    }

    /// Where a record keeps which of the junction's records ties it to which other end, each written
    /// `other end/junction record`; `None` when it has no junction.
    pub fn roles_field(&self) -> Option<FieldName> {
        let junction = self.junction()?;
        FieldName::parse(&format!("{}.Id", junction.object)).ok()
    }

    /// The option of `to` that stands for `option` of the side across, where the names differ.
    pub fn option_on(&self, to: Side, option: &str) -> Option<&str> {
        match to {
            Side::Salesforce => self.values.get(option).map(String::as_str),
            Side::HubSpot => {
                let mut pairs = self.values.iter();
                let found = pairs.find(|(_, salesforce)| salesforce.as_str() == option);
                found.map(|(hubspot, _)| hubspot.as_str())
            }
        }
    }

    /// The field's name on `side`.
    pub fn on(&self, side: Side) -> &FieldName {
        match side {
            Side::HubSpot => &self.hubspot,
            Side::Salesforce => &self.salesforce,
        }
    }
}

/// Salesforce's half of an association with many: records of an object of their own, which each
/// name one record at either end. `OpportunityContactRole.ContactId` is such a name: the object, and
/// its lookup to the other end; its lookup to this end is called as this end's object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Junction<'a> {
    /// The object's API name.
    pub object: &'a str,
    /// Its lookup to the other end.
    pub field: &'a str,
}

/// How one object is kept in step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// Our name for it: `contact`.
    pub object: ObjectName,
    /// The name of this form of it, where Salesforce has several: `lead`, beside `contact`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<ObjectName>,
    /// HubSpot's type: `contacts`.
    pub hubspot_type: String,
    /// Salesforce's object: `Contact`.
    pub salesforce_type: String,
    /// The property and field two unlinked records are matched by (contacts: the e-mail).
    pub match_by: Option<FieldMapping>,
    /// HubSpot's unique property that carries the Salesforce id: `syncline_salesforce_id`.
    pub hubspot_id_field: FieldName,
    /// Salesforce's external id field that carries `<portal>-<record>`: `Syncline_HubSpot_Id__c`.
    pub salesforce_id_field: FieldName,
    /// HubSpot's property in which HubSpot's own integration left the Salesforce id of a record of
    /// this form: `salesforcecontactid`. Read, and never written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former_id: Option<FieldName>,
    /// Which side may get new records.
    pub creates: Creates,
    /// Which sides are written at all.
    #[serde(default, skip_serializing_if = "Direction::is_both")]
    pub direction: Direction,
    /// What a deletion on one side means to the other.
    #[serde(default, skip_serializing_if = "Deletions::is_ignore")]
    pub deletions: Deletions,
    /// The HubSpot list, by id or name, whose members alone go to Salesforce.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
    /// The SOQL condition on this form whose records alone go to HubSpot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// What differs when two records meet for the first time.
    pub on_first_link: OnFirstLink,
    /// The fields, rule `off` left out.
    pub fields: Vec<FieldMapping>,
}

/// Which side may get new records from the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Creates {
    /// Both.
    #[default]
    Both,
    /// Only HubSpot gets new records.
    Hubspot,
    /// Only Salesforce gets new records.
    Salesforce,
    /// Neither: only existing records are linked.
    Neither,
}

impl Creates {
    /// Whether new records may be created on `side`.
    pub fn allows(self, side: Side) -> bool {
        match self {
            Self::Both => true,
            Self::Hubspot => side == Side::HubSpot,
            Self::Salesforce => side == Side::Salesforce,
            Self::Neither => false,
        }
    }
}

/// Which sides are written. The id property is written on both all the same: it is a mark, and
/// without it no record is found again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Both.
    #[default]
    Both,
    /// Only Salesforce.
    ToSalesforce,
    /// Only HubSpot.
    ToHubspot,
}

impl Direction {
    /// Whether values go to `side`.
    pub fn allows(self, side: Side) -> bool {
        match self {
            Self::Both => true,
            Self::ToSalesforce => side == Side::Salesforce,
            Self::ToHubspot => side == Side::HubSpot,
        }
    }

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde hands over a reference"
    )]
    fn is_both(&self) -> bool {
        *self == Self::Both
    }
}

/// What becomes of a record whose partner was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Deletions {
    /// It stays, and is told.
    #[default]
    Ignore,
    /// It goes where a person can fetch it back: to HubSpot's archive, to Salesforce's recycle bin.
    Archive,
}

impl Deletions {
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde hands over a reference"
    )]
    fn is_ignore(&self) -> bool {
        *self == Self::Ignore
    }
}

/// Salesforce deletes an account's contacts and opportunities with it.
const TAKES_OTHERS_ALONG: &str = "Account";

impl Mapping {
    /// Whether the deletion of a record's partner deletes it on `side` too. An account is never
    /// deleted: its contacts and opportunities would go with it, counted by nobody.
    pub fn may_delete(&self, side: Side) -> bool {
        let alone = side == Side::HubSpot
            || !self
                .salesforce_type
                .eq_ignore_ascii_case(TAKES_OTHERS_ALONG);
        self.deletions == Deletions::Archive && self.direction.allows(side) && alone
    }

    /// Whether new records may be created on `side`: what is never written gets none either.
    pub fn may_create(&self, side: Side) -> bool {
        self.creates.allows(side) && self.direction.allows(side)
    }

    /// The name of the form: the object's own, unless Salesforce has several.
    pub fn name(&self) -> &ObjectName {
        self.form.as_ref().unwrap_or(&self.object)
    }

    /// The object's API name on `side`.
    pub fn type_on(&self, side: Side) -> &str {
        match side {
            Side::HubSpot => &self.hubspot_type,
            Side::Salesforce => &self.salesforce_type,
        }
    }

    /// The field on `side` that carries the other side's id.
    pub fn id_field_on(&self, side: Side) -> &FieldName {
        match side {
            Side::HubSpot => &self.hubspot_id_field,
            Side::Salesforce => &self.salesforce_id_field,
        }
    }

    /// The mapped associations with one record each.
    pub fn parents(&self) -> impl Iterator<Item = &FieldMapping> {
        self.fields.iter().filter(|field| field.is_parent())
    }

    /// The mapped associations with many.
    pub fn junctions(&self) -> impl Iterator<Item = &FieldMapping> {
        let fields = self.fields.iter();
        fields.filter(|field| field.junction().is_some())
    }

    /// Every field to read on `side`: the mapped ones, the match key and the id field, each once.
    pub fn fields_on(&self, side: Side) -> Vec<FieldName> {
        // A junction's records are read apart: they are no field of this object.
        let in_record = |field: &&FieldMapping| field.junction().is_none();
        let fields = self.fields.iter().filter(in_record);
        let mut names: Vec<FieldName> = fields
            .chain(&self.match_by)
            .map(|field| field.on(side).clone())
            .collect();
        names.push(self.id_field_on(side).clone());
        names.sort();
        names.dedup();
        names
    }
}
