//! What a seed chooses before anything happens.

use syncline::config::standard_mapping;
use syncline::domain::guard;
use syncline::domain::mapping::{FieldMapping, Mapping, Rule};
use syncline::domain::record::{FieldName, ObjectName};
use syncline::simulator::luck::Luck;
use syncline::sync::Bounds;

use crate::objects::story;

/// One trial's conditions.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    /// Calls to Salesforce in 24 h.
    pub(crate) allocation: u64,
    /// Rows of one listing of the store.
    pub(crate) page_max: u32,
    /// Writes planned before the first one is written.
    pub(crate) cycle: usize,
    /// Creates and updates that the guard never holds.
    pub(crate) guard_floor: u64,
    /// Of a thousand requests, so many go wrong.
    pub(crate) faults: u16,
    /// How long a HubSpot write stays unseen by search, and by how much less it may.
    pub(crate) index_lag_ms: (i64, i64),
    /// How long an answer takes.
    pub(crate) latency_ms: i64,
    /// People's contacts at the start: only in HubSpot, only in Salesforce, in both.
    pub(crate) people: [u64; 3],
    /// Actions of each of the two troubled parts.
    pub(crate) actions: [u32; 2],
    /// Whether processes die, disks fill, clocks jump, credentials lapse.
    pub(crate) crashes: bool,
    pub(crate) full_disks: bool,
    pub(crate) jumps: bool,
    pub(crate) lapses: bool,
    /// Whether our user in Salesforce is an owner in HubSpot.
    pub(crate) we_own: bool,
    /// Before so many of a thousand requests a person edits what they are about.
    pub(crate) meddling: u64,
    /// Whether HubSpot knows the person who owns Salesforce's records. Where it does not, nothing
    /// of theirs can be carried there.
    pub(crate) owner_known: bool,
    /// Whether companies, contacts, leads and deals are kept in step, and what belongs to what.
    pub(crate) several: bool,
    /// Whether new contacts of HubSpot become leads.
    pub(crate) as_leads: bool,
    /// Rows of one form above which Bulk queries read them.
    pub(crate) bulk_rows: u64,
    /// Rows of a load above which all of Salesforce is read ahead, and how much of it may move.
    pub(crate) snapshot_rows: u64,
    pub(crate) snapshot_moved: u32,
    /// More writes of one kind than this go by a job; all by batches when there is none.
    pub(crate) break_even: Option<u64>,
    /// Rows of one job.
    pub(crate) parcel_rows: u64,
    /// How long a job takes for 10,000 rows, in ms.
    pub(crate) bulk_pace_ms: i64,
}

impl Plan {
    pub(crate) fn of(seed: u64) -> Self {
        let mut luck = Luck::new(seed ^ 0x7472_6961_6c73);
        let mut one_of = |choices: &[u64]| choices[pick(&mut luck, choices.len())];
        Self {
            seed,
            allocation: one_of(&[60, 120, 400, 5_000, 15_000, 15_000]),
            page_max: u32::try_from(one_of(&[3, 4, 7])).unwrap(),
            cycle: usize::try_from(one_of(&[3, 8, 60])).unwrap(),
            guard_floor: one_of(&[2, 5, 1_000, 1_000]),
            faults: u16::try_from(one_of(&[0, 20, 60, 150])).unwrap(),
            index_lag_ms: [(0, 0), (4_000, 0), (20_000, 20_000), (45_000, 40_000)]
                [usize::try_from(one_of(&[0, 1, 2, 3])).unwrap()],
            latency_ms: one_of(&[0, 40, 700]).cast_signed(),
            people: [one_of(&[0, 3, 7]), one_of(&[1, 4, 7]), one_of(&[0, 2, 5])],
            actions: [
                u32::try_from(one_of(&[60, 120])).unwrap(),
                u32::try_from(one_of(&[20, 60])).unwrap(),
            ],
            crashes: one_of(&[0, 1, 1]) == 1,
            full_disks: one_of(&[0, 1]) == 1,
            jumps: one_of(&[0, 0, 1]) == 1,
            lapses: one_of(&[0, 0, 1]) == 1,
            we_own: one_of(&[0, 1]) == 1,
            meddling: one_of(&[0, 0, 40, 200]),
            owner_known: one_of(&[0, 1, 1, 1, 1]) == 1,
            several: false,
            as_leads: false,
            bulk_rows: one_of(&[3, 6, 1_000_000]),
            snapshot_rows: one_of(&[1, 1, 4, 1_000_000]),
            snapshot_moved: u32::try_from(one_of(&[3, 100])).unwrap(),
            break_even: [None, Some(0), Some(1), Some(2)]
                [usize::try_from(one_of(&[0, 1, 2, 3])).unwrap()],
            parcel_rows: one_of(&[2, 3, 50]),
            // A handful of rows takes from a second to half an hour.
            bulk_pace_ms: one_of(&[0, 5_000, 60_000_000, 2_000_000_000]).cast_signed(),
        }
    }

    /// The plan of a trial with several objects.
    pub(crate) fn of_several(seed: u64) -> Self {
        let plan = Self::of(seed);
        Self {
            // Four objects are described as often as one is.
            allocation: plan.allocation.max(400),
            several: true,
            as_leads: seed % 2 == 1,
            owner_known: true,
            ..plan
        }
    }

    /// The mappings in force.
    pub(crate) fn mappings(&self) -> Vec<Mapping> {
        if !self.several {
            return vec![mapping()];
        }
        let create_as = if self.as_leads { "Lead" } else { "Contact" };
        story::mappings(&format!(
            "[objects.company]\n[objects.contact]\ncreate_as = \"{create_as}\"\n[objects.deal]\n"
        ))
    }

    /// Every bound at 3, so that every bound is met.
    pub(crate) fn bounds(&self) -> Bounds {
        Bounds {
            salesforce_page: 3,
            bulk_rows: self.bulk_rows,
            bulk_page: 3,
            snapshot_rows: self.snapshot_rows,
            snapshot_moved: self.snapshot_moved,
            hubspot_page: 3,
            match_keys: 3,
            match_queries: 3,
            collection: 3,
            collections: 3,
            hubspot_batch: 3,
            cycle: self.cycle,
            break_even: self.break_even.unwrap_or(u64::MAX),
            parcel_rows: self.parcel_rows,
            parcel_gather_ms: if self.seed.is_multiple_of(3) {
                60_000
            } else {
                0
            },
            metadata_ms: 900_000,
            ..Bounds::default()
        }
    }

    pub(crate) fn guard(&self) -> guard::Limits {
        guard::Limits {
            floor: self.guard_floor,
            deletions_floor: self.guard_floor,
            ..guard::Limits::default()
        }
    }
}

/// A place below `length`.
pub(crate) fn pick(luck: &mut Luck, length: usize) -> usize {
    usize::try_from(luck.below(length as u64)).unwrap()
}

/// Fields that people edit: HubSpot's name, Salesforce's, and the rule.
pub(crate) const EDITED: [(&str, &str, Rule); 8] = [
    ("firstname", "FirstName", Rule::TwoWay),
    ("lastname", "LastName", Rule::TwoWay),
    ("city", "MailingCity", Rule::TwoWay),
    ("zip", "MailingPostalCode", Rule::TwoWay),
    ("mobilephone", "MobilePhone", Rule::AlwaysSalesforce),
    ("fax", "Fax", Rule::AlwaysHubspot),
    ("phone", "Phone", Rule::PreferSalesforce),
    ("customer_tier", "Tier__c", Rule::TwoWay),
];

/// The standard mapping of contacts with a few fields of every rule.
pub(crate) fn mapping() -> Mapping {
    let object = ObjectName::parse("contact").unwrap();
    let mut mapping = standard_mapping(&object).unwrap().unwrap();
    for (hubspot, salesforce, rule) in EDITED {
        let hubspot = FieldName::parse(hubspot).unwrap();
        let salesforce = FieldName::parse(salesforce).unwrap();
        let field = FieldMapping::plain(hubspot, salesforce, rule);
        mapping.fields.retain(|one| one.hubspot != field.hubspot);
        mapping.fields.push(field);
    }
    mapping
}
