//! Records just read, so that what was detected a moment ago is not read again to be planned.
//!
//! Forgetting one costs a re-read and nothing else. Keeping a stale one could carry an old value
//! back: a record that we wrote is not kept from any reading that began before the write ended.

use std::collections::HashMap;

use crate::domain::record::{Record, RecordKey, Side};

/// How long a record is kept that nobody asks for, and how often such are looked for, in ms. What a
/// load has made may wait for its job for long.
const AGE_MAX_MS: i64 = 3_600_000;
const TIDY_EVERY_MS: i64 = 10_000;

/// Records by key with the instant their reading began; bounded. All times are monotonic ms. Each
/// side has a place of its own: the ids that a load leaves in one must not crowd out what the other
/// shows of it.
#[derive(Debug)]
pub(super) struct Fresh {
    records_max: usize,
    hubspot: OfSide,
    salesforce: OfSide,
}

#[derive(Debug, Default)]
struct OfSide {
    records: HashMap<RecordKey, (i64, Record)>,
    written: HashMap<RecordKey, i64>,
    forgotten_at: i64,
    tidied_at: i64,
}

impl Fresh {
    /// Keeps at most `records_max` records of each side.
    pub(super) fn new(records_max: usize) -> Self {
        Self {
            records_max,
            hubspot: OfSide::default(),
            salesforce: OfSide::default(),
        }
    }

    fn of(&mut self, key: &RecordKey) -> &mut OfSide {
        match key.side {
            Side::HubSpot => &mut self.hubspot,
            Side::Salesforce => &mut self.salesforce,
        }
    }

    /// Keeps `record`, read by a request that began at `began`; one for which there is no room is given
    /// back.
    pub(super) fn keep(&mut self, record: Record, began: i64, now: i64) -> Option<Record> {
        let records_max = self.records_max;
        let side = self.of(&record.key);
        let written = side.written.get(&record.key).copied().unwrap_or(i64::MIN);
        if began <= written || began < side.forgotten_at {
            return None;
        }
        // A page that was read earlier may be noted later.
        let known = side.records.get(&record.key).map(|(at, _)| *at);
        if known.is_some_and(|at| began < at) {
            return None;
        }
        if known.is_none() && side.records.len() >= records_max {
            side.tidy(now);
            if side.records.len() >= records_max {
                return Some(record);
            }
        }
        side.records.insert(record.key.clone(), (began, record));
        None
    }

    /// Forgets a record that is written now, and what readings that have begun will bring of it.
    pub(super) fn forget(&mut self, key: RecordKey, now: i64) {
        let records_max = self.records_max;
        let side = self.of(&key);
        side.records.remove(&key);
        if side.written.len() >= records_max {
            side.written.clear();
            side.forgotten_at = now;
        }
        side.written.insert(key, now);
    }

    /// Takes the record out, with the time since its reading began, in ms.
    pub(super) fn take(&mut self, key: &RecordKey, now: i64) -> Option<(Record, i64)> {
        let (began, record) = self.of(key).records.remove(key)?;
        Some((record, now - began))
    }

    /// How many records of a side it can keep.
    pub(super) fn room(&self) -> usize {
        self.records_max
    }
}

impl OfSide {
    /// Forgets what nobody has asked for in a long time: its row left without it.
    fn tidy(&mut self, now: i64) {
        if now - self.tidied_at >= TIDY_EVERY_MS {
            self.records
                .retain(|_, (began, _)| now - *began < AGE_MAX_MS);
            self.tidied_at = now;
        }
    }
}
