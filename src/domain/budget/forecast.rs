//! How long the allocation lasts at a rate, and how full it is as far as people are told.

use super::super::record::Timestamp;
use super::DAY_MS;

const HOUR_MS: u64 = 3_600_000;

/// What was told of a fullness is over only when so many percent of the allocation more are free:
/// in a rolling window calls leave and are spent again all the time.
const OVER_PERCENT: u8 = 5;

/// When an allocation of which `used` calls count is used up at `per_hour`, counting what leaves
/// meanwhile: `leaving` are calls by the time at which they leave, earliest first. `None` when that
/// rate can go on for a day; `now` when it is used up already.
pub fn exhausts_at(
    used: u64,
    allocation: u64,
    per_hour: u64,
    leaving: impl IntoIterator<Item = (Timestamp, u64)>,
    now: Timestamp,
) -> Option<Timestamp> {
    let (mut used, allocation) = (u128::from(used), u128::from(allocation));
    if used >= allocation {
        return Some(now);
    }
    if per_hour == 0 {
        return None;
    }
    // Between two departures the sum only grows, so it is enough to look at each stretch's end.
    for (until, calls) in leaving {
        let reached = reached_at(allocation - used, per_hour, now)?;
        if reached <= until {
            return Some(reached);
        }
        used = used.saturating_sub(u128::from(calls));
    }
    // What is spent from now on leaves a day later, so beyond that a rate goes on for ever.
    reached_at(allocation - used, per_hour, now).filter(|at| at.since(now) <= DAY_MS)
}

/// When `room` calls are used at `per_hour`; `None` beyond what a timestamp can hold.
fn reached_at(room: u128, per_hour: u64, now: Timestamp) -> Option<Timestamp> {
    let wait = room
        .checked_mul(u128::from(HOUR_MS))?
        .div_ceil(u128::from(per_hour));
    now.0.checked_add(i64::try_from(wait).ok()?).map(Timestamp)
}

/// From which percentages of the allocation on people are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// It is going to be short.
    pub low_percent: u8,
    /// It counts as used up; never below the other one.
    pub full_percent: u8,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            low_percent: 80,
            full_percent: 100,
        }
    }
}

/// How full the allocation is, as far as people are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fullness {
    /// Nothing is told.
    Room,
    /// It is going to be short.
    Low,
    /// It is used up.
    Full,
}

impl Fullness {
    /// How full `used` of `allocation` is when it was `before`. No allocation is never full.
    pub fn of(used: u64, allocation: u64, before: Self, thresholds: Thresholds) -> Self {
        let past = |percent: u8| {
            u128::from(used) * 100 >= u128::from(allocation) * u128::from(percent) && allocation > 0
        };
        let over = |percent: u8, told: Self| {
            // Of a low percentage half: one that nothing falls below would never be over.
            let free = OVER_PERCENT.min(percent / 2);
            percent - if before >= told { free } else { 0 }
        };
        let Thresholds {
            low_percent,
            full_percent,
        } = thresholds;
        if past(over(full_percent.max(low_percent), Self::Full)) {
            Self::Full
        } else if past(over(low_percent, Self::Low)) {
            Self::Low
        } else {
            Self::Room
        }
    }
}
