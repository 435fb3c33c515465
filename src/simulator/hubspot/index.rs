//! What search sees: the records as they were a moment ago.
//!
//! Writes wait here until their lag is over; each waits by itself, so they may arrive out of order.

use super::record::Record;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// A state on its way; `None` is a record that is gone.
type Arrival = (u64, Option<Arc<Record>>);

/// The search index of one type.
#[derive(Debug, Default)]
pub struct Index {
    on_the_way: BTreeMap<(i64, u64), Arrival>,
    seen: HashMap<u64, (u64, Option<Arc<Record>>)>,
    by_modified: BTreeSet<(i64, u64)>,
    by_id: BTreeSet<u64>,
    arrivals: u64,
}

impl Index {
    /// A record's state of now, to be seen from `due` on.
    pub fn announce(&mut self, due: i64, id: u64, state: Option<Arc<Record>>) {
        self.arrivals += 1;
        let state = state.filter(|record| record.archived_at.is_none());
        self.on_the_way.insert((due, self.arrivals), (id, state));
    }

    /// Lets in everything whose time has come.
    pub fn catch_up(&mut self, now: i64) {
        let later = self.on_the_way.split_off(&(now + 1, 0));
        for ((_, arrival), (id, state)) in std::mem::replace(&mut self.on_the_way, later) {
            self.arrive(arrival, id, state);
        }
    }

    // An older state that took longer must not hide a newer one.
    fn arrive(&mut self, arrival: u64, id: u64, state: Option<Arc<Record>>) {
        if let Some((have, before)) = self.seen.get(&id) {
            if *have > arrival {
                return;
            }
            if let Some(before) = before {
                self.by_modified.remove(&(before.updated_at, id));
                self.by_id.remove(&id);
            }
        }
        if let Some(record) = &state {
            self.by_modified.insert((record.updated_at, id));
            self.by_id.insert(id);
        }
        self.seen.insert(id, (arrival, state));
    }

    /// Records modified within the range, oldest first, equal stamps by id.
    pub fn modified_within(&self, range: RangeInclusive<i64>) -> Vec<&Arc<Record>> {
        if range.is_empty() {
            return Vec::new();
        }
        let ids = self
            .by_modified
            .range((*range.start(), 0)..=(*range.end(), u64::MAX));
        ids.filter_map(|(_, id)| self.record(*id)).collect()
    }

    /// Every record, by id, which is the order of creation.
    pub fn all(&self) -> Vec<&Arc<Record>> {
        self.by_id
            .iter()
            .filter_map(|id| self.record(*id))
            .collect()
    }

    fn record(&self, id: u64) -> Option<&Arc<Record>> {
        self.seen.get(&id)?.1.as_ref()
    }
}
