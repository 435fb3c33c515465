//! The exact log of calls to Salesforce, in memory, and the decision whether one more may be spent.
//!
//! It is rebuilt from the `calls` projection and knows nothing of tables. All times are on
//! Salesforce's clock.

use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};

use super::super::call::Lane;
use super::super::record::Timestamp;
use super::bucket::Bucket;
use super::queue::Queue;
use super::{
    Answer, DAY_MS, FLOOR_MS, HOLD_MS, OrgUsage, Policy, Scarcity, percent_of, share_percent,
};

/// One group of calls taken together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spent {
    pub(super) at: Timestamp,
    pub(super) until: Timestamp,
    pub(super) calls: u64,
    pub(super) lane: Lane,
    /// Calls of this and all earlier entries, so that a window is a subtraction.
    through: u128,
}

/// The log of calls. Cheap to ask: a window costs a binary search, whatever the allocation.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    /// In the order in which they leave the window.
    entries: VecDeque<Spent>,
    /// Calls of the entries forgotten.
    forgotten: u128,
    last: BTreeMap<Lane, Timestamp>,
    /// The bucket as of the last entry, for the allocation last asked with. Only a memory of what
    /// the log says: it is computed anew when the allocation or the past changes.
    bucket: Cell<Option<Bucket>>,
}

impl Ledger {
    /// An empty log: the window is empty and the bucket full.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts `calls` taken at `spent_at` until `until`. Entries may come in any order; 0 calls
    /// leave no trace.
    pub fn record(&mut self, spent_at: Timestamp, until: Timestamp, calls: u64, lane: Lane) {
        if calls == 0 {
            return;
        }
        let place = self.entries.partition_point(|entry| entry.until <= until);
        let spent = Spent {
            at: spent_at,
            until,
            calls,
            lane,
            through: 0,
        };
        let newest = place == self.entries.len();
        self.entries.insert(place, spent);
        self.sum_from(place);
        let last = self.last.entry(lane).or_insert(spent_at);
        *last = spent_at.max(*last);
        let bucket = self.bucket.take().filter(|_| newest).map(|mut bucket| {
            bucket.take(calls, spent_at);
            bucket
        });
        self.bucket.set(bucket);
    }

    /// Takes back `calls` of the entry recorded with the same times and lane, because no byte of
    /// them left. An entry that is not there, or smaller, is no error: nothing more is taken back.
    pub fn give_back(&mut self, spent_at: Timestamp, until: Timestamp, calls: u64, lane: Lane) {
        let found = self.entries.iter().rposition(|entry| {
            entry.until == until && entry.at == spent_at && entry.lane == lane && entry.calls > 0
        });
        let Some(place) = found else { return };
        if let Some(entry) = self.entries.get_mut(place) {
            entry.calls = entry.calls.saturating_sub(calls);
            if entry.calls == 0 {
                self.entries.remove(place);
            }
        }
        self.sum_from(place);
        self.bucket.set(None);
        let latest = self.entries.iter().filter(|entry| entry.lane == lane);
        match latest.map(|entry| entry.at).max() {
            Some(at) => self.last.insert(lane, at),
            None => self.last.remove(&lane),
        };
    }

    /// The calls that count at `now`: those whose `until` lies after it.
    pub fn in_window(&self, now: Timestamp) -> u64 {
        let out = self.entries.partition_point(|entry| entry.until <= now);
        u64::try_from(self.total() - self.through_before(out)).unwrap_or(u64::MAX)
    }

    /// Drops what has left the window at `now`; answers stay the same.
    pub fn forget_before(&mut self, now: Timestamp) {
        let out = self.entries.partition_point(|entry| entry.until <= now);
        if let Some(last) = self.entries.drain(..out).next_back() {
            self.forgotten = last.through;
        }
    }

    /// May `lane` spend `calls` at `now`? Nothing is taken: [`Ledger::record`] does that, with the
    /// `until` granted, in the transaction that journals it; and `queue`, which says who waits,
    /// is told the answer by whoever asks.
    ///
    /// Calls that `queue` knows as promised to others count as taken, and lengthen nobody's floor.
    ///
    /// What is left of the allocation goes to the lane that waits longest past its floor: nobody
    /// else is granted the last calls before it asks again.
    ///
    /// The floor passes the share, the pace and the org's reserve, and never the allocation. It
    /// passes the reserve because the org's usage is only learnt from answers: without a call now
    /// and then a ledger that once read "full" would never read anything else.
    pub fn ask(
        &self,
        lane: Lane,
        calls: u64,
        now: Timestamp,
        policy: &Policy,
        usage: Option<&OrgUsage>,
        queue: &Queue,
    ) -> Answer {
        let share = share_percent(lane);
        let owed = self.owed_before(lane, calls, now, queue);
        let taken = calls.saturating_add(queue.promised());
        let taken = taken.min(policy.allocation.max(calls));
        let kept = taken.saturating_add(owed).min(policy.allocation.max(calls));
        let window_at = self.room_at(policy.allocation, kept, now);
        let gates = [
            (window_at, Scarcity::Window),
            (reserve_at(policy, usage, taken, now), Scarcity::OrgReserve),
            (
                self.room_at(percent_of(policy.allocation, share), taken, now),
                Scarcity::Share,
            ),
            (
                self.bucket(policy.allocation).ready_at(taken, share, now),
                Scarcity::Bucket,
            ),
        ];
        let shut = gates.into_iter().filter(|(at, _)| *at > now);
        let Some((at, why)) = shut.max_by_key(|&(at, why)| (at, std::cmp::Reverse(why))) else {
            return Answer::Granted {
                until: now.plus(HOLD_MS),
            };
        };
        let floor_at = self
            .floor_at(lane, calls, now, queue.since(lane))
            .max(window_at);
        if floor_at <= now {
            return Answer::Granted {
                until: now.plus(HOLD_MS),
            };
        }
        Answer::NotBefore {
            at: at.min(floor_at),
            why,
        }
    }

    /// The bucket after the newest entry.
    pub(super) fn bucket(&self, allocation: u64) -> Bucket {
        let known = self.bucket.get();
        if let Some(bucket) = known.filter(|bucket| bucket.allocation() == allocation) {
            return bucket;
        }
        let mut bucket = Bucket::full(allocation);
        for entry in &self.entries {
            bucket.take(entry.calls, entry.at);
        }
        self.bucket.set(Some(bucket));
        bucket
    }

    /// The entries that count at `now`, in the order in which they leave.
    pub(super) fn counting(&self, now: Timestamp) -> impl Iterator<Item = &Spent> {
        let out = self.entries.partition_point(|entry| entry.until <= now);
        self.entries.range(out..)
    }

    /// When `calls` more fit under `cap`; `now` when they do already, a day from now when never.
    fn room_at(&self, cap: u64, calls: u64, now: Timestamp) -> Timestamp {
        let Some(room) = cap.checked_sub(calls) else {
            return now.plus(DAY_MS);
        };
        if self.in_window(now) <= room {
            return now;
        }
        let total = self.total();
        let enough = self
            .entries
            .partition_point(|entry| total - entry.through > u128::from(room));
        self.entries
            .get(enough)
            .map_or(now.plus(DAY_MS), |entry| entry.until)
    }

    /// When the lane's floor is due: each call asked for is worth one quarter of an hour without.
    fn floor_at(
        &self,
        lane: Lane,
        calls: u64,
        now: Timestamp,
        waiting_since: Option<Timestamp>,
    ) -> Timestamp {
        let last = self.last.get(&lane).copied();
        let since = waiting_since
            .unwrap_or(now)
            .min(now)
            .max(last.unwrap_or(Timestamp(i64::MIN)));
        let wait = i64::try_from(calls)
            .unwrap_or(i64::MAX)
            .saturating_mul(FLOOR_MS);
        since.plus(wait)
    }

    /// Calls of other lanes that wait longer past their floor than this one.
    fn owed_before(&self, lane: Lane, calls: u64, now: Timestamp, queue: &Queue) -> u64 {
        let ours = (self.floor_at(lane, calls, now, queue.since(lane)), lane);
        let mut owed: u64 = 0;
        for (other, wait) in queue.others(lane, now) {
            let theirs = self.floor_at(other, wait.calls, now, Some(wait.since));
            if theirs <= now && (theirs, other) < ours {
                owed = owed.saturating_add(wait.calls);
            }
        }
        owed
    }

    fn total(&self) -> u128 {
        self.through_before(self.entries.len())
    }

    fn through_before(&self, place: usize) -> u128 {
        let before = place.checked_sub(1).and_then(|at| self.entries.get(at));
        before.map_or(self.forgotten, |entry| entry.through)
    }

    fn sum_from(&mut self, place: usize) {
        let mut through = self.through_before(place);
        for entry in self.entries.range_mut(place..) {
            through += u128::from(entry.calls);
            entry.through = through;
        }
    }
}

/// When the org's reserve lets `calls` pass. Nobody can know when others' calls leave, so it is
/// asked again after the time of one floor, or earlier when a new usage is reported.
fn reserve_at(policy: &Policy, usage: Option<&OrgUsage>, calls: u64, now: Timestamp) -> Timestamp {
    let Some(usage) = usage else { return now };
    let kept = percent_of(usage.limit, policy.reserve_percent);
    let ours = usage.limit - kept;
    if usage.used.saturating_add(calls) <= ours {
        now
    } else {
        now.plus(FLOOR_MS)
    }
}
