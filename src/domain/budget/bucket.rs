//! The token bucket that paces: integer arithmetic, computed from the log of calls.
//!
//! Holds no clock: every method takes the time. A time that runs backwards refills nothing.

use super::super::record::Timestamp;
use super::{DAY_MS, percent_of};

/// One call, in the bucket's unit: refilling `allocation` calls a day then adds exactly
/// `allocation` units each millisecond, and nothing is ever rounded.
const CALL: u128 = DAY_MS.unsigned_abs() as u128;

/// The smallest burst, in calls, so that a small allocation can still run one cycle.
const BURST_MIN: u64 = 25;

/// How many calls a full bucket holds: a quarter of an hour's worth of the allocation.
pub(super) fn burst_calls(allocation: u64) -> u64 {
    BURST_MIN.max(allocation / 96)
}

/// A bucket for one allocation, as it stood at one instant.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    allocation: u64,
    level: u128,
    at: Timestamp,
}

impl Bucket {
    /// A full bucket. It starts full because nothing is known to have been spent.
    pub(super) fn full(allocation: u64) -> Self {
        let level = u128::from(burst_calls(allocation)) * CALL;
        Self {
            allocation,
            level,
            at: Timestamp(i64::MIN),
        }
    }

    /// The allocation it was computed for.
    pub(super) fn allocation(&self) -> u64 {
        self.allocation
    }

    /// Takes `calls` at `at`. It never sinks below empty: the window is the cap, this only paces.
    pub(super) fn take(&mut self, calls: u64, at: Timestamp) {
        self.level = self.level_at(at).saturating_sub(u128::from(calls) * CALL);
        self.at = self.at.max(at);
    }

    /// Whole calls in it at `now`.
    pub(super) fn calls_at(&self, now: Timestamp) -> u64 {
        u64::try_from(self.level_at(now) / CALL).unwrap_or(u64::MAX)
    }

    /// When it holds `calls` above the part kept for lanes of a higher share; `now` when it does
    /// already. More calls than it can ever hold are let through when it is full.
    pub(super) fn ready_at(&self, calls: u64, share: u8, now: Timestamp) -> Timestamp {
        let burst = burst_calls(self.allocation);
        let kept = u128::from(burst - percent_of(burst, share)) * CALL;
        let wanted = (kept + u128::from(calls) * CALL).min(u128::from(burst) * CALL);
        let missing = wanted.saturating_sub(self.level_at(now));
        if missing == 0 {
            return now;
        }
        let wait = missing.div_ceil(u128::from(self.allocation.max(1)));
        let wait = i64::try_from(wait).unwrap_or(DAY_MS).min(DAY_MS);
        // An entry stamped later than now is refilled from its own time on.
        now.max(self.at).plus(wait).min(now.plus(DAY_MS))
    }

    fn level_at(&self, now: Timestamp) -> u128 {
        let elapsed = u128::from(now.since(self.at).max(0).unsigned_abs());
        let refill = elapsed.saturating_mul(u128::from(self.allocation));
        // A full bucket does not save up: time spent full is forgotten.
        self.level
            .saturating_add(refill)
            .min(u128::from(burst_calls(self.allocation)) * CALL)
    }
}
