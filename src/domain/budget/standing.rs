//! Where the budget stands, for `status`, `budget show`, the page and the log.

use std::collections::VecDeque;

use super::super::call::Lane;
use super::super::record::Timestamp;
use super::bucket::burst_calls;
use super::forecast::exhausts_at;
use super::{Ledger, Policy};

const HOUR_MS: i64 = 3_600_000;

/// A picture of the budget at one instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Calls that count now.
    pub used: u64,
    /// Calls allowed in any rolling 24 h.
    pub allocation: u64,
    /// Calls that count now, by lane, in the lanes' order; lanes without calls included.
    pub by_lane: Vec<(Lane, u64)>,
    /// Whole calls in the bucket.
    pub level_calls: u64,
    /// Whole calls the bucket holds when full.
    pub burst_calls: u64,
    /// Calls spent in the last 60 minutes: the burn rate.
    pub last_hour_calls: u64,
    /// Most calls spent in any 60 minutes of the window.
    pub peak_hour_calls: u64,
    /// When the allocation is used up at the rate of the last hour, counting what leaves meanwhile;
    /// `None` when that rate can go on for a day. `now` when it is used up already.
    pub exhausts_at: Option<Timestamp>,
    /// When a used-up allocation has room again; `None` while there is room.
    pub frees_at: Option<Timestamp>,
}

impl Standing {
    /// Used calls in percent of the allocation, rounded down; 100 when there is no allocation.
    pub fn percent(&self) -> u64 {
        (u128::from(self.used) * 100)
            .checked_div(u128::from(self.allocation))
            .map_or(100, |part| u64::try_from(part).unwrap_or(u64::MAX))
    }
}

impl Ledger {
    /// Where the budget stands at `now`.
    pub fn standing(&self, now: Timestamp, policy: &Policy) -> Standing {
        let last_hour_calls = self
            .counting(now)
            .filter(|spent| now.since(spent.at) < HOUR_MS)
            .fold(0_u64, |sum, spent| sum.saturating_add(spent.calls));
        Standing {
            used: self.in_window(now),
            allocation: policy.allocation,
            by_lane: self.by_lane(now),
            level_calls: self.bucket(policy.allocation).calls_at(now),
            burst_calls: burst_calls(policy.allocation),
            last_hour_calls,
            peak_hour_calls: self.peak_hour_calls(now),
            exhausts_at: exhausts_at(
                self.in_window(now),
                policy.allocation,
                last_hour_calls,
                self.counting(now).map(|spent| (spent.until, spent.calls)),
                now,
            ),
            frees_at: self.frees_at(now, policy.allocation),
        }
    }

    fn by_lane(&self, now: Timestamp) -> Vec<(Lane, u64)> {
        let mut lanes: Vec<_> = Lane::ALL.iter().map(|&lane| (lane, 0_u64)).collect();
        for spent in self.counting(now) {
            for (_, calls) in lanes.iter_mut().filter(|(lane, _)| *lane == spent.lane) {
                *calls = calls.saturating_add(spent.calls);
            }
        }
        lanes
    }

    fn peak_hour_calls(&self, now: Timestamp) -> u64 {
        let mut hour = VecDeque::new();
        let (mut sum, mut peak) = (0_u128, 0_u128);
        for spent in self.counting(now) {
            hour.push_back((spent.at, spent.calls));
            sum += u128::from(spent.calls);
            while let Some(&(at, calls)) = hour.front() {
                if spent.at.since(at) < HOUR_MS {
                    break;
                }
                sum -= u128::from(calls);
                hour.pop_front();
            }
            peak = peak.max(sum);
        }
        u64::try_from(peak).unwrap_or(u64::MAX)
    }

    fn frees_at(&self, now: Timestamp, allocation: u64) -> Option<Timestamp> {
        let mut used = u128::from(self.in_window(now));
        if used < u128::from(allocation) {
            return None;
        }
        for spent in self.counting(now) {
            used = used.saturating_sub(u128::from(spent.calls));
            if used < u128::from(allocation) {
                return Some(spent.until);
            }
        }
        None
    }
}
