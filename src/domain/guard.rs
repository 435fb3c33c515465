//! The planned writes of a day: go or hold.
//!
//! Counts only. Knows neither records nor holds; what a hold does is the caller's.

use super::event::Action;

/// Above which counts a cycle's writes of one kind wait for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Percent of the linked pairs, for creates and updates.
    pub percent: u64,
    /// Records that nobody changes in a day without being asked, whatever the percentage.
    pub records: u64,
    /// Creates and updates that are never held by the percentage.
    pub floor: u64,
    /// Percent of the linked pairs, for deletions and emptied values.
    pub deletions_percent: u64,
    /// Deletions and emptied values that are never held by the percentage.
    pub deletions_floor: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            percent: 20,
            records: 10_000,
            floor: 100,
            deletions_percent: 1,
            deletions_floor: 10,
        }
    }
}

/// Writes of one object, direction and kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// Written in the last 24 h, approved ones left out.
    pub last_24h: u64,
    /// Planned in this cycle.
    pub this_cycle: u64,
    /// Linked pairs of the object.
    pub pairs: u64,
}

/// What becomes of the cycle's writes of that kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// They are written.
    Go,
    /// None of them is: the day would pass `limit` records.
    Hold {
        /// The limit passed, in records.
        limit: u64,
    },
}

/// Whether this cycle's writes of a kind may go: held when the day's count passes both the
/// percentage of the pairs and its floor, or the number nobody changes unasked.
///
/// With no pairs yet the percentage is of nothing, so that the floor alone decides.
pub fn judge(action: Action, count: Count, limits: &Limits) -> Verdict {
    let (percent, floor) = match action {
        Action::Created | Action::Updated | Action::Associated => (limits.percent, limits.floor),
        Action::Deleted | Action::Blanked | Action::Parted => {
            (limits.deletions_percent, limits.deletions_floor)
        }
        Action::Agreed => return Verdict::Go,
    };
    // Rounding down holds neither more nor less: counts are whole.
    let share = u128::from(count.pairs) * u128::from(percent) / 100;
    let share = u64::try_from(share).unwrap_or(u64::MAX);
    let limit = share.max(floor).min(limits.records);
    let day = count.last_24h.saturating_add(count.this_cycle);
    if count.this_cycle > 0 && day > limit {
        Verdict::Hold { limit }
    } else {
        Verdict::Go
    }
}
