//! Bounds of pages, batches and intervals. Expert keys: tests make them small, nobody else needs to.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::reader::Section;
use super::sections::seconds;
use crate::domain::retry;

/// Bounds that tests set to 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Records of one page of a HubSpot search (at most 200).
    pub hubspot_page: u32,
    /// Records of one HubSpot batch (at most 100).
    pub hubspot_batch: u32,
    /// More writes of one kind than this go to Salesforce by a job of the Bulk API.
    pub bulk_above: u32,
    /// How far behind its own clock HubSpot's search may show a change: the overlap of two reads.
    pub hubspot_index_lag: Duration,
    /// Records of one page of a Salesforce query (at most 2,000).
    pub salesforce_page: u32,
    /// Records of one form above which they are read by a Salesforce Bulk query.
    pub bulk_rows: u32,
    /// Records of one page of such a query's result.
    pub bulk_page: u32,
    /// Records of one object to be matched above which its forms in Salesforce are read ahead.
    pub snapshot_rows: u32,
    /// Records of one Salesforce Collection (at most 200): the widest a batch becomes.
    pub salesforce_batch: u32,
    /// Records of one Salesforce Collection at the narrowest.
    pub salesforce_batch_min: u32,
    /// Collections or queries in one Salesforce Composite (at most 5).
    pub salesforce_requests: u32,
    /// Keys in one `IN` list of a query that looks for partners.
    pub match_keys: u32,
    /// Rows of the inbox taken in one go.
    pub inbox_page: u32,
    /// Entries of the journal taken in one go.
    pub journal_page: u32,
    /// From one listing that finds late commits in Salesforce to the next.
    pub listing: Duration,
    /// How far back such a listing looks; longer than the longest transaction.
    pub listing_window: Duration,
    /// When a cause is probed: after this time first, then after the second, then every third.
    pub probes: [Duration; 3],
    /// How old a schema may be when something is predicted from it.
    pub schema_age: Duration,
    /// Tries after transient failures before a person is needed.
    pub attempts_max: u32,
    /// Planned creates or updates below this number are never held.
    pub guard_floor: u64,
    /// Planned deletions or blankings below this number are never held.
    pub guard_deletions_floor: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            hubspot_page: 200,
            hubspot_batch: 100,
            bulk_above: 10_000,
            hubspot_index_lag: Duration::from_mins(1),
            salesforce_page: 2000,
            bulk_rows: 10_000,
            bulk_page: 25_000,
            snapshot_rows: 5_000,
            salesforce_batch: 200,
            salesforce_batch_min: 25,
            salesforce_requests: 5,
            match_keys: 100,
            inbox_page: 1000,
            journal_page: 1000,
            listing: Duration::from_mins(5),
            listing_window: Duration::from_mins(10),
            probes: retry::PROBES.map(|ms| Duration::from_millis(ms.unsigned_abs())),
            schema_age: Duration::from_hours(1),
            attempts_max: 8,
            guard_floor: 100,
            guard_deletions_floor: 10,
        }
    }
}

pub(super) fn limits(section: Section<'_>) -> Limits {
    let standard = Limits::default();
    let count = |key: &'static str, range: RangeInclusive<i64>, otherwise: u32| {
        let number = section.number(key, &range, "");
        number
            .and_then(|number| u32::try_from(number).ok())
            .unwrap_or(otherwise)
    };
    let floor = |key: &'static str, otherwise: u64| {
        section
            .number(key, &(0..=1_000_000), " records")
            .map_or(otherwise, i64::unsigned_abs)
    };
    let span = |key: &'static str, otherwise: Duration| {
        section
            .number(key, &(0..=604_800), " s")
            .map_or(otherwise, seconds)
    };
    let limits = Limits {
        hubspot_page: count("hubspot_page", 1..=200, standard.hubspot_page),
        hubspot_batch: count("hubspot_batch", 1..=100, standard.hubspot_batch),
        bulk_above: count("bulk_above", 0..=100_000_000, standard.bulk_above),
        hubspot_index_lag: span("hubspot_index_lag_sec", standard.hubspot_index_lag),
        salesforce_page: count("salesforce_page", 1..=2000, standard.salesforce_page),
        bulk_rows: count("bulk_rows", 1..=10_000_000, standard.bulk_rows),
        snapshot_rows: count("snapshot_rows", 1..=10_000_000, standard.snapshot_rows),
        bulk_page: count("bulk_page", 1..=50_000, standard.bulk_page),
        salesforce_batch: count("salesforce_batch", 1..=200, standard.salesforce_batch),
        salesforce_batch_min: count(
            "salesforce_batch_min",
            1..=200,
            standard.salesforce_batch_min,
        ),
        salesforce_requests: count("salesforce_requests", 1..=5, standard.salesforce_requests),
        match_keys: count("match_keys", 1..=200, standard.match_keys),
        inbox_page: count("inbox_page", 1..=100_000, standard.inbox_page),
        journal_page: count("journal_page", 1..=100_000, standard.journal_page),
        listing: span("listing_sec", standard.listing),
        listing_window: span("listing_window_sec", standard.listing_window),
        probes: [
            span("probe_first_sec", standard.probes[0]),
            span("probe_second_sec", standard.probes[1]),
            span("probe_every_sec", standard.probes[2]),
        ],
        schema_age: span("schema_age_sec", standard.schema_age),
        attempts_max: count("attempts_max", 1..=100, standard.attempts_max),
        guard_floor: floor("guard_floor", standard.guard_floor),
        guard_deletions_floor: floor("guard_deletions_floor", standard.guard_deletions_floor),
    };
    check(&section, &limits);
    section.finish();
    Limits {
        // A test that narrows the batch need not narrow its floor as well.
        salesforce_batch_min: limits.salesforce_batch_min.min(limits.salesforce_batch),
        ..limits
    }
}

fn check(section: &Section<'_>, limits: &Limits) {
    if limits.listing_window < limits.listing {
        section.note(
            "listing_window_sec",
            "a window shorter than listing_sec leaves a hole between two listings",
            format!("write at least {}", limits.listing.as_secs()),
        );
    }
    if section.has("salesforce_batch_min") && limits.salesforce_batch_min > limits.salesforce_batch
    {
        section.note(
            "salesforce_batch_min",
            "is above salesforce_batch",
            format!("write at most {}", limits.salesforce_batch),
        );
    }
}
