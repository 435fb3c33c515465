//! How it went over weeks: calls and failing records by day, in UTC.

use crate::domain::event::{CallsReturned, CallsSpent, Entry};
use crate::domain::record::{Side, Timestamp};
use crate::store::columns::{count, counted};
use crate::store::{Tx, View};

const DAY_MS: i64 = 86_400_000;

/// Days of one bar.
const WEEK: i64 = 7;

/// Seven days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Week {
    /// Its first instant.
    pub from: Timestamp,
    /// Calls to Salesforce in it.
    pub calls: u64,
    /// Records that failed at its end.
    pub failing: u64,
}

pub(super) fn spent(tx: &Tx<'_>, entry: &Entry, event: &CallsSpent) -> anyhow::Result<()> {
    if event.side == Side::Salesforce && event.calls > 0 {
        add(tx, entry.at, count(event.calls), 0)?;
    }
    Ok(())
}

/// Calls given back count for the day on which they were spent.
pub(super) fn returned(tx: &Tx<'_>, event: &CallsReturned) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached(
            "update days set calls = calls - ?2 where day =
               (select spent_at / 86400000 from calls where seq = ?1 and side = 'salesforce')",
        )?
        .execute((event.spent, count(event.calls)))?;
    Ok(())
}

/// A record came to fail, or ceased to.
pub(super) fn turned(tx: &Tx<'_>, at: Timestamp, failing: bool) -> anyhow::Result<()> {
    add(tx, at, 0, if failing { 1 } else { -1 })
}

fn add(tx: &Tx<'_>, at: Timestamp, calls: i64, turned: i64) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached(
            "insert into days (day, calls, turned) values (?1, ?2, ?3)
             on conflict do update set calls = calls + excluded.calls,
               turned = turned + excluded.turned",
        )?
        .execute((at.0.div_euclid(DAY_MS), calls, turned))?;
    Ok(())
}

/// The last `weeks` weeks, the oldest first, the last one ending with today; those before the first
/// day that is known are left out. `failing` records fail now.
pub fn weeks(view: &View<'_>, weeks: i64, failing: u64) -> anyhow::Result<Vec<Week>> {
    let today = view.now().0.div_euclid(DAY_MS);
    let first = today - weeks * WEEK + 1;
    let mut statement = view.sql().prepare_cached(
        "select day, calls, turned from days where day >= ?1 and day <= ?2 order by day desc",
    )?;
    let rows = statement.query_map((first, today), |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    })?;
    let mut sums = vec![(0_i64, 0_i64); usize::try_from(weeks)?];
    let mut oldest = None;
    for row in rows {
        let (day, calls, turned): (i64, i64, i64) = row?;
        let sum = &mut sums[usize::try_from((today - day) / WEEK)?];
        *sum = (sum.0 + calls, sum.1 + turned);
        oldest = Some(day);
    }
    let mut found = Vec::new();
    let mut at_end = count(failing);
    for (ago, (calls, turned)) in (0..).zip(sums) {
        let from = today - (ago + 1) * WEEK + 1;
        if oldest.is_none_or(|oldest| oldest >= from + WEEK) {
            break;
        }
        found.push(Week {
            from: Timestamp(from * DAY_MS),
            calls: counted(calls.max(0)),
            failing: counted(at_end.max(0)),
        });
        at_end -= turned;
    }
    found.reverse();
    Ok(found)
}
