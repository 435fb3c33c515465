//! A load: many rows of one kind, written by one job. Which step comes next, and when to look.
//!
//! A job's rows are touched by nobody before it is closed. Whatever is in doubt until then ends
//! with the job being aborted and another one intended; from then on it is looked at until it is
//! over, and its results say what became of each row.

use serde::{Deserialize, Serialize};

use super::call::keyed;

keyed! {
    /// What a job does with its rows.
    LoadOperation {
        /// Creates records, or finds the one that has the external id.
        Upsert = "upsert",
        /// Changes records by their ids.
        Update = "update",
        /// Makes records of a junction object, which have no key of ours.
        Insert = "insert",
    }
}

keyed! {
    /// Where a job stands, as far as is known.
    LoadState {
        /// It is about to be asked for; it may be there, without a row.
        Intended = "intended",
        /// It is there and has no row yet.
        Open = "open",
        /// It has its rows and waits to be closed: none of them is touched.
        Uploaded = "uploaded",
        /// It waits for its turn, or works.
        Closed = "closed",
        /// It works.
        Working = "working",
        /// All rows were processed; some may have been refused.
        Complete = "complete",
        /// It gave up. What it had written stays written.
        Failed = "failed",
        /// Somebody stopped it. What it had written stays written.
        Aborted = "aborted",
        /// It is not there any more: what became of its rows is not known.
        Lost = "lost",
        /// Given up before it was closed: no row of it was touched.
        Dropped = "dropped",
        /// It was refused before it was closed, by Salesforce, or because its rows had waited too long
        /// for their calls: no row of it was touched.
        Refused = "refused",
        /// What became of every row is journaled.
        Concluded = "concluded",
    }
}

impl LoadState {
    /// Whether nothing is left to be done about the job.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Dropped | Self::Refused | Self::Concluded)
    }
}

/// What is to be done about a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Ask for it.
    Create,
    /// Ask for none: nothing was sent yet.
    Drop,
    /// Find out by the list of jobs whether it is there, and abort it.
    Search,
    /// Hand it its rows.
    Upload,
    /// Let it begin.
    Close,
    /// Abort it: whether it has its rows is not known, or they are not to be written any more.
    Abort,
    /// Ask where it stands.
    Look,
    /// Fetch what became of its rows.
    Fetch,
}

/// The next step of a job that stands in `state`, or none when it is over. `sure` says that nothing
/// was sent about it since it came there; `wanted`, that its rows are still to be written.
pub fn next(state: LoadState, sure: bool, wanted: bool) -> Option<Step> {
    match (state, sure) {
        (LoadState::Intended, true) if wanted => Some(Step::Create),
        (LoadState::Intended, true) => Some(Step::Drop),
        (LoadState::Intended, false) => Some(Step::Search),
        (LoadState::Open, true) if wanted => Some(Step::Upload),
        (LoadState::Open, _) => Some(Step::Abort),
        (LoadState::Uploaded, true) => Some(Step::Close),
        (LoadState::Uploaded, false) | (LoadState::Closed | LoadState::Working, _) => {
            Some(Step::Look)
        }
        (LoadState::Complete | LoadState::Failed | LoadState::Aborted | LoadState::Lost, _) => {
            Some(Step::Fetch)
        }
        (LoadState::Dropped | LoadState::Refused | LoadState::Concluded, _) => None,
    }
}

/// The shortest wait before a job is looked at, and what each thousand rows add to the first.
const LOOK_MS: i64 = 10_000;
const LOOK_PER_1000_ROWS_MS: i64 = 1_000;
/// The longest wait between two looks.
const LOOK_MAX_MS: i64 = 300_000;

/// How long to wait before look number `looks`, counted from 0, at a job of `rows` rows: each look
/// is a call, so that the waits grow.
pub fn wait_ms(rows: u64, looks: u32) -> i64 {
    let thousands = i64::try_from(rows / 1_000).unwrap_or(i64::MAX);
    let first = LOOK_MS.saturating_add(thousands.saturating_mul(LOOK_PER_1000_ROWS_MS));
    first
        .saturating_mul(1 << looks.min(20))
        .clamp(LOOK_MS, LOOK_MAX_MS)
}

/// How many of the rows still ready will be writes of a kind, when `of_kind` of `looked_at` were:
/// with those already planned, what a load of that kind comes to.
pub fn expected(of_kind: usize, looked_at: usize, ready: u64) -> u64 {
    let (of_kind, looked_at) = (of_kind as u64, looked_at.max(of_kind).max(1) as u64);
    of_kind + ready.saturating_mul(of_kind) / looked_at
}

/// Calls that a job costs, with its looks and results.
const CALLS_OF_JOB: u64 = 8;
/// Rows of one job, unless they are too long for its file.
pub const ROWS_OF_JOB: u64 = 50_000;

const DAY_MS: u64 = 86_400_000;

/// How far a load is, and what its calls are taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Rows concluded, in so many ms.
    pub done: u64,
    /// How long it has taken, in ms.
    pub took_ms: i64,
    /// Rows on their way or still to come.
    pub left: u64,
    /// Jobs on their way.
    pub jobs: u64,
    /// Calls that may be spent in any 24 h.
    pub allocation: u64,
    /// Of these, not spent yet.
    pub free: u64,
}

/// How long the rest of a load takes, in ms: at the pace it had, and no sooner than the budget has the
/// calls for it. None while nothing can be said.
pub fn left_ms(progress: &Progress) -> Option<i64> {
    let Progress {
        done,
        took_ms,
        left,
        jobs,
        allocation,
        free,
    } = *progress;
    if done == 0 || left == 0 {
        return None;
    }
    let took = u128::from(took_ms.max(0).unsigned_abs());
    let by_pace = took * u128::from(left) / u128::from(done);
    let calls = jobs.max(left.div_ceil(ROWS_OF_JOB)) * CALLS_OF_JOB;
    let missing = calls.saturating_sub(free);
    let by_budget = u128::from(missing) * u128::from(DAY_MS) / u128::from(allocation.max(1));
    i64::try_from(by_pace.max(by_budget)).ok()
}
