//! How it went over weeks: failing records by day, in UTC, beside the calls that are kept by hour.

use crate::domain::record::{Side, Timestamp};
use crate::store::columns::{count, counted};
use crate::store::{Tx, View};

use super::hours;

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

/// A record came to fail, or ceased to.
pub(super) fn turned(tx: &Tx<'_>, at: Timestamp, failing: bool) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached(
            "insert into days (day, turned) values (?1, ?2)
             on conflict do update set turned = turned + excluded.turned",
        )?
        .execute((at.0.div_euclid(DAY_MS), if failing { 1 } else { -1 }))?;
    Ok(())
}

/// The last `weeks` weeks, the oldest first, the last one ending with today; those before the first
/// day that is known are left out. `failing` records fail now.
pub fn weeks(view: &View<'_>, weeks: i64, failing: u64) -> anyhow::Result<Vec<Week>> {
    let today = view.now().0.div_euclid(DAY_MS);
    let first = today - weeks * WEEK + 1;
    let mut sums = vec![(0_i64, 0_i64); usize::try_from(weeks)?];
    let mut oldest: Option<i64> = None;
    let mut add = |day: i64, calls: i64, turned: i64| -> anyhow::Result<()> {
        // A side's clock may be a day ahead of ours.
        let ago = (today - day).max(0);
        if let Some(sum) = sums.get_mut(usize::try_from(ago / WEEK)?) {
            *sum = (sum.0 + calls, sum.1 + turned);
        }
        oldest = Some(oldest.map_or(day, |oldest| oldest.min(day)));
        Ok(())
    };
    for (day, calls) in hours::by_day(view, Side::Salesforce, first)? {
        add(day, calls, 0)?;
    }
    let mut statement = view
        .sql()
        .prepare_cached("select day, turned from days where day >= ?1 and day <= ?2")?;
    let rows = statement.query_map((first, today), |row| Ok((row.get(0)?, row.get(1)?)))?;
    for row in rows {
        let (day, turned): (i64, i64) = row?;
        add(day, 0, turned)?;
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
