//! When to try again, and what must change first.
//!
//! Refuses to know what went wrong: it is told the classes of the type and whether the trouble passes.

use serde::{Deserialize, Serialize};

use super::call::keyed;
use super::record::Timestamp;

keyed! {
    /// What makes a failed record worth another try.
    RetryClass {
        /// Time alone.
        Transient = "transient",
        /// A change of the record.
        Data = "data",
        /// A change of schema, mapping, permission or rule.
        Config = "config",
        /// The link of its parent.
        Dep = "dep",
        /// A person's word.
        Human = "human",
    }
}

/// What makes a failed record ready again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// This instant; "not before".
    At(Timestamp),
    /// Its source changes.
    RecordChanges,
    /// Schema, mapping or a permission changes.
    SchemaChanges,
    /// Its parent becomes linked.
    ParentLinks,
    /// A person asks. Always among the releases.
    OnResync,
}

/// Tries of a passing trouble before a person is needed.
pub const TRANSIENT_ATTEMPTS_MAX: u32 = 8;

const SECOND_MS: i64 = 1_000;
const HOUR_MS: i64 = 3_600 * SECOND_MS;
const DELAY_BASE_MS: i64 = SECOND_MS;
const DELAY_MAX_MS: i64 = HOUR_MS;

/// Milliseconds before each probe of a cause: the first counted from its opening, the next from the
/// probe before; the last one repeats for as long as the cause stays open.
pub const PROBES: [i64; 3] = [HOUR_MS, 4 * HOUR_MS, 24 * HOUR_MS];

/// Milliseconds to wait after failed try number `attempt`, counted from 1.
///
/// Full jitter: uniform between 1 ms and a ceiling that doubles from 1 s up to 1 h, so that records
/// which failed together do not come back together. `jitter` is 64 uniform random bits.
pub fn backoff(attempt: u32, jitter: u64) -> i64 {
    // 2^12 s is past the hour already; the bound keeps the shift in range.
    let doublings = attempt.saturating_sub(1).min(12);
    let ceiling = (DELAY_BASE_MS << doublings).min(DELAY_MAX_MS);
    let scaled = (u128::from(jitter) * u128::from(ceiling.unsigned_abs())) >> 64;
    1 + i64::try_from(scaled).expect("a 64-bit fraction of the ceiling is below the ceiling")
}

/// What makes a record ready again that failed its try number `attempt` (from 1) at `now` by a type
/// of `classes`; any of the releases will do. `transient` says that the answer was a passing
/// trouble: then time is the remedy, whatever the type, until the tries are used up.
pub fn releases(
    classes: &[RetryClass],
    transient: bool,
    attempt: u32,
    now: Timestamp,
    jitter: u64,
) -> Vec<Release> {
    let again = Release::At(now.plus(backoff(attempt, jitter)));
    let is_left = attempt < TRANSIENT_ATTEMPTS_MAX;
    if transient {
        let rest = [Release::RecordChanges, Release::OnResync];
        return is_left.then_some(again).into_iter().chain(rest).collect();
    }
    let mut releases = Vec::new();
    for class in classes {
        let release = match class {
            RetryClass::Transient => is_left.then_some(again),
            RetryClass::Data => Some(Release::RecordChanges),
            RetryClass::Config => Some(Release::SchemaChanges),
            RetryClass::Dep => Some(Release::ParentLinks),
            RetryClass::Human => None,
        };
        releases.extend(release.filter(|release| !releases.contains(release)));
    }
    releases.push(Release::OnResync);
    releases
}

/// When the next record of a cause is tried, to find a fix that leaves no trace (a rule, a flow, a
/// trigger): one record per cause. `probes_done` counts the probes since the cause opened; `waits`
/// are as [`PROBES`], in ms.
pub fn probe_due(
    opened_at: Timestamp,
    last_probe_at: Option<Timestamp>,
    probes_done: u32,
    waits: &[i64; 3],
) -> Timestamp {
    let step = usize::try_from(probes_done).map_or(waits.len(), |done| done);
    let delay = waits[step.min(waits.len() - 1)];
    last_probe_at.unwrap_or(opened_at).plus(delay)
}
