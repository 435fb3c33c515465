//! Records just read, so that what was detected a moment ago is not read again to be planned.
//!
//! Forgetting one costs a re-read and nothing else. Keeping a stale one could carry an old value
//! back: a record that we wrote is not kept from any reading that began before the write ended.

use std::collections::HashMap;

use crate::domain::record::{Record, RecordKey};

/// Records by key with the instant their reading began; bounded. All times are monotonic ms.
#[derive(Debug)]
pub(super) struct Fresh {
    records_max: usize,
    records: HashMap<RecordKey, (i64, Record)>,
    written: HashMap<RecordKey, i64>,
    forgotten_at: i64,
}

impl Fresh {
    /// Keeps at most `records_max` records.
    pub(super) fn new(records_max: usize) -> Self {
        Self {
            records_max,
            records: HashMap::new(),
            written: HashMap::new(),
            forgotten_at: 0,
        }
    }

    /// Keeps `record`, read by a request that began at `began`.
    pub(super) fn keep(&mut self, record: Record, began: i64) {
        let written = self.written.get(&record.key).copied().unwrap_or(i64::MIN);
        if began <= written || began < self.forgotten_at {
            return;
        }
        // A page that was read earlier may be noted later.
        if self
            .records
            .get(&record.key)
            .is_some_and(|(at, _)| began < *at)
        {
            return;
        }
        if self.records.len() >= self.records_max {
            self.records.clear();
        }
        self.records.insert(record.key.clone(), (began, record));
    }

    /// Forgets a record that is written now, and what readings that have begun will bring of it.
    pub(super) fn forget(&mut self, key: RecordKey, now: i64) {
        self.records.remove(&key);
        if self.written.len() >= self.records_max {
            self.written.clear();
            self.forgotten_at = now;
        }
        self.written.insert(key, now);
    }

    /// Takes the record out, with the time since its reading began, in ms.
    pub(super) fn take(&mut self, key: &RecordKey, now: i64) -> Option<(Record, i64)> {
        let (began, record) = self.records.remove(key)?;
        Some((record, now - began))
    }

    /// How many records it can keep.
    pub(super) fn room(&self) -> usize {
        self.records_max
    }
}
