//! Retention: calls, usage and cursors older than two days become sums by hour.
//!
//! A fold moves no projection. What is old is decided by the log of calls, which keeps a call for two
//! days on the clock of the side that counts it: our own clock may jump and cuts nothing.

use std::collections::BTreeSet;

use super::{append, calls, cursors, hours};
use crate::domain::event::{CallsHour, CursorSum, Entry, Event, HistoryFolded, UsageHour};
use crate::domain::record::{ObjectName, Side};
use crate::journal;
use crate::store::{Tx, View};

/// The kinds that become sums.
const KINDS: [&str; 4] = [
    "calls_spent",
    "calls_returned",
    "usage_reported",
    "cursor_moved",
];

/// Folds a page of what is older than two days, and returns how many rows that were; none when
/// there is nothing to fold. The last word of each cursor, and of each side on its use, stays.
pub fn fold(tx: &Tx<'_>) -> anyhow::Result<Option<usize>> {
    let Some(before) = calls::first(tx)? else {
        return Ok(None);
    };
    let after = journal::folded_until(tx)?;
    let Some(old) = journal::old(tx, &KINDS, (after, before), &last_words(tx)?)? else {
        return Ok(None);
    };
    let (Some(first), Some(last)) = (old.gaps.first(), old.gaps.last()) else {
        return Ok(None);
    };
    let sums = Sums::of(&old.entries);
    let event = HistoryFolded {
        range: (first.0, last.1),
        rows: old.entries.len() as u64,
        sha256: old.sha256.clone(),
        crc: last.2,
        kinds: KINDS.map(str::to_owned).into(),
        spans: old.gaps.clone(),
        calls: sums.calls(tx)?,
        usage: sums.usage(tx)?,
        cursors: sums.cursors(tx)?,
    };
    append(tx, None, event)?;
    journal::cut(tx, &old)?;
    Ok(Some(old.entries.len()))
}

/// The entries that still say how things stand.
fn last_words(view: &View<'_>) -> anyhow::Result<Vec<i64>> {
    let mut statement = view
        .sql()
        .prepare_cached("select seq from cursors union all select seq from usage")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Which sums the entries count in.
#[derive(Default)]
struct Sums {
    calls: BTreeSet<(Side, i64)>,
    usage: BTreeSet<(Side, i64)>,
    cursors: BTreeSet<(Side, ObjectName)>,
}

impl Sums {
    fn of(entries: &[Entry]) -> Self {
        let mut sums = Self::default();
        for entry in entries {
            if let Event::CallsSpent(event) = &entry.event {
                sums.calls.insert((event.side, hours::hour_of(event.until)));
            } else if let Event::UsageReported(event) = &entry.event {
                sums.usage.insert((event.side, hours::hour_at(entry.at)));
            } else if let Event::CursorMoved(event) = &entry.event {
                sums.cursors.insert((event.side, event.object.clone()));
            }
        }
        sums
    }

    fn calls(&self, view: &View<'_>) -> anyhow::Result<Vec<CallsHour>> {
        let mut all = Vec::new();
        for (side, hour) in &self.calls {
            all.extend(hours::calls(view, *side, *hour)?);
        }
        Ok(all)
    }

    fn usage(&self, view: &View<'_>) -> anyhow::Result<Vec<UsageHour>> {
        let mut all = Vec::new();
        for (side, hour) in &self.usage {
            all.extend(hours::usage(view, *side, *hour)?);
        }
        Ok(all)
    }

    fn cursors(&self, view: &View<'_>) -> anyhow::Result<Vec<CursorSum>> {
        let mut all = Vec::new();
        for (side, object) in &self.cursors {
            let cursor = cursors::get(view, *side, object)?;
            all.extend(cursor.map(|cursor| CursorSum {
                side: *side,
                object: object.clone(),
                records: cursor.records,
            }));
        }
        Ok(all)
    }
}
