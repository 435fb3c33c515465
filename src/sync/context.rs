//! What all loops share: the store, the clock, both clients, and what is known only while running.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::fresh::Fresh;
use super::helping::Gathering;
use super::loads::Watch;
use super::snapshot::Taken;
use super::wake::Wakes;
use crate::clock::Clock;
use crate::config::Limits;
use crate::crm::Source;
use crate::crm::hubspot::HubSpot;
use crate::crm::salesforce::{SHEET_BYTES_MAX, Salesforce};
use crate::domain::board::Board;
use crate::domain::budget::{
    Deferrals, Ledger, OrgUsage, Pace, PaceLimits, Queue, ServerClock, Wall,
};
use crate::domain::fitness::Flaw;
use crate::domain::guard;
use crate::domain::load::ROWS_OF_JOB;
use crate::domain::mapping::Mapping;
use crate::domain::merge::Owners;
use crate::domain::record::{FieldName, ObjectName, RecordId, Side, Timestamp};
use crate::domain::schema::ObjectSchema;
use crate::store::Store;

/// HubSpot's limits for a private app of the smallest plan, less a tenth, until it says its own
/// (`developers.hubspot.com`, usage guidelines: 100 calls in 10 s, 5 searches a second).
pub(super) const PACE: PaceLimits = PaceLimits {
    burst_calls: 90,
    burst_ms: 10_000,
    search_calls: 4,
};

/// Records of a side kept since they were detected, some 12 MB of them.
const FRESH_MAX: usize = 5_000;

/// Calls without an answer in a row before a side counts as silent: fewer are a hiccup.
pub(super) const SILENT_TIMES: u32 = 3;

/// What the loops take from the configuration.
#[derive(Debug, Clone)]
pub struct Settings {
    /// HubSpot portal this store belongs to.
    pub portal: i64,
    /// Salesforce org this store belongs to.
    pub org: RecordId,
    /// The objects kept in step, parents before children, the forms of one object together.
    pub mappings: Vec<Mapping>,
    /// Whether HubSpot's records show their state.
    pub board: Board,
    /// The guard's limits.
    pub guard: guard::Limits,
    /// Time between two looks for changes, in ms.
    pub poll_ms: i64,
    /// How sizes and times are bounded; tests set them small.
    pub bounds: Bounds,
}

impl Settings {
    /// The mappings, object by object.
    pub(super) fn objects(&self) -> impl Iterator<Item = &[Mapping]> {
        self.mappings
            .chunk_by(|one, other| one.object == other.object)
    }

    /// The mappings of one object; empty when it is not kept in step.
    pub(super) fn forms_of(&self, object: &ObjectName) -> &[Mapping] {
        self.objects()
            .find(|forms| forms.iter().any(|one| one.object == *object))
            .unwrap_or_default()
    }
}

/// Every bound of the loops. Times in ms.
#[derive(Debug, Clone)]
pub struct Bounds {
    /// Rows of one Salesforce query page asked for.
    pub salesforce_page: u32,
    /// Changes of one form above which they are read by a Bulk query instead of by pages.
    pub bulk_rows: u64,
    /// Rows of a load, of one object, above which its whole forms in Salesforce are read ahead.
    pub snapshot_rows: u64,
    /// Records of one form that may have moved since, before that is given up.
    pub snapshot_moved: u32,
    /// How old what was read ahead may grow.
    pub snapshot_ms: i64,
    /// Rows of one page of a Bulk query's result.
    pub bulk_page: u32,
    /// Records of one HubSpot search page, at most 200.
    pub hubspot_page: u32,
    /// Keys in one `IN` list.
    pub match_keys: usize,
    /// Queries in one Composite, at most 5.
    pub match_queries: usize,
    /// Records in one Salesforce Collections part, at most 200.
    pub collection: usize,
    /// Collections parts in one Composite, at most 5.
    pub collections: usize,
    /// Records in one HubSpot batch, at most 100.
    pub hubspot_batch: usize,
    /// Writes kept planned before the first one is written.
    pub cycle: usize,
    /// Time between two listings that find late commits.
    pub listing_every_ms: i64,
    /// How far back such a listing looks.
    pub listing_back_ms: i64,
    /// How far HubSpot's search index may lag.
    pub index_lag_ms: i64,
    /// Longest time between two pages of the round that finds changed associations.
    pub sweep_every_ms: i64,
    /// Time between two listings of HubSpot's archive.
    pub archive_every_ms: i64,
    /// Parents still to come by a first load for which the approved one of their children waits;
    /// fewer are fetched.
    pub parents_first: u32,
    /// More writes of one kind than this go by a job of the Bulk API: that costs 7 to 9 calls, whatever
    /// its rows, and a Composite carries 1,000.
    pub break_even: u64,
    /// Rows of one job.
    pub parcel_rows: u64,
    /// Bytes of one job's file, less its header.
    pub parcel_bytes: u64,
    /// How long a parcel that is not full waits for another row.
    pub parcel_gather_ms: i64,
    /// How long rows wait for their job to begin before they are planned anew.
    pub parcel_ms: i64,
    /// How old metadata may grow.
    pub metadata_ms: i64,
    /// Waits before a cause's first, second and every further probe.
    pub probes_ms: [i64; 3],
    /// Of a hundred pairs with a predicted failure, how many are sent all the same.
    pub shadow_percent: u8,
}

impl Bounds {
    /// What `limits` and a guard that lets so many records pass in a day come to.
    pub fn of(limits: &Limits, records: u64) -> Self {
        let size = |number: u32| usize::try_from(number).unwrap_or(usize::MAX).max(1);
        Self {
            salesforce_page: limits.salesforce_page,
            bulk_rows: limits.bulk_rows.into(),
            bulk_page: limits.bulk_page,
            snapshot_rows: limits.snapshot_rows.into(),
            snapshot_moved: limits.salesforce_page,
            snapshot_ms: 7_200_000,
            hubspot_page: limits.hubspot_page,
            match_keys: size(limits.match_keys),
            match_queries: size(limits.salesforce_requests),
            collection: size(limits.salesforce_batch),
            collections: size(limits.salesforce_requests),
            hubspot_batch: size(limits.hubspot_batch),
            // One more than the guard lets pass in a day, so that it sees a flood whole.
            cycle: usize::try_from(records)
                .unwrap_or(usize::MAX)
                .saturating_add(1),
            listing_every_ms: milliseconds(limits.listing),
            listing_back_ms: milliseconds(limits.listing_window),
            index_lag_ms: milliseconds(limits.hubspot_index_lag),
            sweep_every_ms: 600_000,
            archive_every_ms: 3_600_000,
            parents_first: 200,
            break_even: limits.bulk_above.into(),
            parcel_rows: ROWS_OF_JOB,
            parcel_bytes: SHEET_BYTES_MAX as u64 - 100_000,
            parcel_gather_ms: 60_000,
            parcel_ms: 900_000,
            metadata_ms: milliseconds(limits.schema_age),
            probes_ms: limits.probes.map(milliseconds),
            shadow_percent: 0,
        }
    }
}

impl Default for Bounds {
    fn default() -> Self {
        Self::of(&Limits::default(), 5_000)
    }
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// One object's two schemas, as last described.
#[derive(Debug, Clone)]
pub(super) struct Schemas {
    pub(super) hubspot: Arc<ObjectSchema>,
    pub(super) salesforce: Arc<ObjectSchema>,
}

impl Schemas {
    /// The schema on `side`.
    pub(super) fn on(&self, side: Side) -> &ObjectSchema {
        match side {
            Side::HubSpot => &self.hubspot,
            Side::Salesforce => &self.salesforce,
        }
    }

    /// The schema on `side`, to be kept beyond the cycle.
    pub(super) fn shared(&self, side: Side) -> &Arc<ObjectSchema> {
        match side {
            Side::HubSpot => &self.hubspot,
            Side::Salesforce => &self.salesforce,
        }
    }

    /// What a reading call on `side` wants to know of an object.
    pub(super) fn source<'a>(
        &'a self,
        mapping: &'a Mapping,
        side: Side,
        fields: &'a [FieldName],
    ) -> Source<'a> {
        Source {
            object: &mapping.object,
            schema: self.on(side),
            fields,
        }
    }
}

/// How one side's server behaves at the moment.
#[derive(Debug, Clone, Default)]
pub(super) struct Line {
    /// Not before this instant of the monotonic clock: the server asked for a pause, or does not
    /// answer. The wall's clock may be set back, and the rest would last for days.
    pub(super) rest_until_ms: Option<i64>,
    /// Since when it does not answer, and how often in a row.
    pub(super) silent_since: Option<(Timestamp, u32)>,
    /// Since when its day is used up, as it said.
    pub(super) used_up_since: Option<Timestamp>,
    /// When changes were last read from it.
    pub(super) read_at: Option<Timestamp>,
    /// Whether this run has reached the right account.
    pub(super) open: bool,
}

/// What is known only while running; a restart learns it anew.
pub(super) struct Shared {
    pub(super) ledger: Ledger,
    pub(super) salesforce_clock: ServerClock,
    pub(super) usage: Option<OrgUsage>,
    /// What HubSpot last said of the account's day.
    pub(super) hubspot_day: Option<OrgUsage>,
    /// Our wall clock beside the monotonic one.
    pub(super) wall: Wall,
    pub(super) pace: Pace,
    pub(super) lines: BTreeMap<Side, Line>,
    pub(super) schemas: BTreeMap<ObjectName, Schemas>,
    /// What was last found wrong with each mapping, and told.
    pub(super) flaws: BTreeMap<ObjectName, Vec<Flaw>>,
    pub(super) owners: Arc<Owners>,
    pub(super) owners_read_at: Option<Timestamp>,
    pub(super) widths: BTreeMap<ObjectName, usize>,
    pub(super) queue: Queue,
    /// Calls promised to the rows of the cycle under way, by lane.
    pub(super) purse: BTreeMap<crate::domain::call::Lane, u64>,
    /// Which deferrals were told.
    pub(super) deferrals: Deferrals,
    /// Whether it was told that first loads wait for the night.
    pub(super) told_day: bool,
    pub(super) fresh: Fresh,
    pub(super) snapshots: Taken,
    /// When rows of an object's load were last planned, in monotonic ms.
    pub(super) helped_ms: BTreeMap<ObjectName, i64>,
    /// Rows of first loads that wait for more of them.
    pub(super) gathering: BTreeMap<ObjectName, Gathering>,
    /// Forms of which a Bulk query brings what was there before the first start: their object, and since
    /// when in monotonic ms.
    pub(super) brought: BTreeMap<ObjectName, (ObjectName, i64)>,
    /// What is known of the jobs of parcels, by number.
    pub(super) freights: BTreeMap<i64, Watch>,
    /// How many twentieths of an object's load were told.
    pub(super) told_parts: BTreeMap<ObjectName, u64>,
    /// Rows of loads by batches that were done since it was last looked how far these are.
    pub(super) untold_rows: BTreeMap<ObjectName, u64>,
}

/// What every loop works with.
pub struct Context {
    /// The one store.
    pub store: Arc<Store>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// HubSpot's client.
    pub hubspot: HubSpot,
    /// Salesforce's client.
    pub salesforce: Salesforce,
    /// What the configuration says.
    pub settings: Settings,
    /// The loops' bells.
    pub wakes: Wakes,
    shared: Arc<Mutex<Shared>>,
    /// Held while metadata is read, so that two loops do not pay for the same answer.
    pub(super) describing: tokio::sync::Mutex<()>,
}

impl Context {
    /// A context over an open store. The ledger is read back from the calls that are still in the
    /// window.
    pub fn new(
        store: Arc<Store>,
        clock: Arc<dyn Clock>,
        hubspot: HubSpot,
        salesforce: Salesforce,
        settings: Settings,
    ) -> anyhow::Result<Self> {
        let ledger = super::allowance::ledger(&store)?;
        let shared = Shared {
            ledger,
            salesforce_clock: ServerClock::default(),
            usage: None,
            hubspot_day: None,
            wall: Wall::default(),
            pace: Pace::new(PACE),
            lines: BTreeMap::new(),
            schemas: BTreeMap::new(),
            flaws: BTreeMap::new(),
            owners: Arc::default(),
            owners_read_at: None,
            widths: BTreeMap::new(),
            queue: Queue::default(),
            purse: BTreeMap::new(),
            deferrals: Deferrals::default(),
            told_day: false,
            snapshots: Taken::default(),
            helped_ms: BTreeMap::new(),
            gathering: BTreeMap::new(),
            brought: BTreeMap::new(),
            fresh: Fresh::new(settings.bounds.cycle.min(FRESH_MAX)),
            freights: BTreeMap::new(),
            told_parts: BTreeMap::new(),
            untold_rows: BTreeMap::new(),
        };
        let wakes = Wakes::default();
        Ok(Self {
            store,
            clock,
            hubspot,
            salesforce,
            settings,
            wakes,
            shared: Arc::new(Mutex::new(shared)),
            describing: tokio::sync::Mutex::new(()),
        })
    }

    /// What is known while running. Never held over an `.await`, nor while the store is asked: jobs
    /// of the store take it, too.
    pub(super) fn shared(&self) -> MutexGuard<'_, Shared> {
        held(&self.shared)
    }

    /// The same, for a job of the store.
    pub(super) fn share(&self) -> Arc<Mutex<Shared>> {
        Arc::clone(&self.shared)
    }

    /// Salesforce's clock, once this run has heard it.
    pub fn salesforce_now(&self) -> Option<Timestamp> {
        self.shared()
            .salesforce_clock
            .now(self.clock.monotonic_ms())
    }

    /// The schemas of a form, once both were described.
    pub(super) fn schemas(&self, name: &ObjectName) -> Option<Schemas> {
        self.shared().schemas.get(name).cloned()
    }
}

/// What is known while running.
pub(super) fn held(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    // A panic in one loop must not silence the others: what is kept here is re-learnt anyway.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
