//! Sums by hour: what is left of calls and usage once they are folded away. They hold all of them,
//! so that a fold moves none.

use rusqlite::OptionalExtension;

use crate::domain::budget::HOLD_MS;
use crate::domain::event::{CallsHour, CallsSpent, Entry, HistoryFolded, UsageHour, UsageReported};
use crate::domain::record::{Side, Timestamp};
use crate::store::columns::{count, counted};
use crate::store::{Tx, View};

use super::cursors;

/// One hour, in milliseconds.
pub(super) const HOUR_MS: i64 = 3_600_000;

/// The hour of an instant.
pub(super) fn hour_at(at: Timestamp) -> i64 {
    at.0.div_euclid(HOUR_MS)
}

/// The hour in which a call was spent that leaves the window at `until`, on that side's clock.
pub(super) fn hour_of(until: Timestamp) -> i64 {
    hour_at(until.plus(-HOLD_MS))
}

/// The first hour that begins after `since`.
pub(super) fn first_whole(since: Timestamp) -> i64 {
    hour_at(since).saturating_add(1)
}

pub(super) fn spent(tx: &Tx<'_>, event: &CallsSpent) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached(
            "insert into call_hours (side, hour, lane, operation, object, calls, records)
             values (?1, ?2, ?3, ?4, coalesce(?5, ''), ?6, ?7)
             on conflict do update set calls = calls + excluded.calls,
               records = records + excluded.records",
        )?
        .execute((
            event.side,
            hour_of(event.until),
            event.lane,
            event.operation,
            &event.object,
            count(event.calls),
            count(event.records),
        ))?;
    Ok(())
}

/// Takes off what was given back of such a call.
pub(super) fn returned(tx: &Tx<'_>, event: &CallsSpent) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached(
            "update call_hours set calls = calls - ?6
             where side = ?1 and hour = ?2 and lane = ?3 and operation = ?4
               and object = coalesce(?5, '')",
        )?
        .execute((
            event.side,
            hour_of(event.until),
            event.lane,
            event.operation,
            &event.object,
            count(event.calls),
        ))?;
    Ok(())
}

pub(super) fn reported(tx: &Tx<'_>, entry: &Entry, event: &UsageReported) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached(
            "insert into usage_hours (side, hour, used, ceiling) values (?1, ?2, ?3, ?4)
             on conflict do update set used = max(used, excluded.used), ceiling = excluded.ceiling",
        )?
        .execute((
            event.side,
            hour_at(entry.at),
            count(event.used),
            count(event.limit),
        ))?;
    Ok(())
}

/// Sets the sums that a fold carries: those of its moment, so that a replay without the rows it
/// replaced comes to the same.
pub(super) fn folded(tx: &Tx<'_>, event: &HistoryFolded) -> anyhow::Result<()> {
    let mut calls = tx.sql().prepare_cached(
        "insert or replace into call_hours (side, hour, lane, operation, object, calls, records)
         values (?1, ?2, ?3, ?4, coalesce(?5, ''), ?6, ?7)",
    )?;
    for sum in &event.calls {
        calls.execute((
            sum.side,
            sum.hour,
            sum.lane,
            sum.operation,
            &sum.object,
            count(sum.calls),
            count(sum.records),
        ))?;
    }
    let mut usage = tx.sql().prepare_cached(
        "insert or replace into usage_hours (side, hour, used, ceiling) values (?1, ?2, ?3, ?4)",
    )?;
    for sum in &event.usage {
        usage.execute((sum.side, sum.hour, count(sum.used), count(sum.limit)))?;
    }
    for sum in &event.cursors {
        cursors::folded(tx, sum)?;
    }
    Ok(())
}

/// The sums of calls to `side` in one hour.
pub(super) fn calls(view: &View<'_>, side: Side, hour: i64) -> anyhow::Result<Vec<CallsHour>> {
    let mut statement = view.sql().prepare_cached(
        "select lane, operation, nullif(object, ''), calls, records from call_hours
         where side = ?1 and hour = ?2 order by lane, operation, object",
    )?;
    let rows = statement.query_map((side, hour), |row| {
        Ok(CallsHour {
            side,
            hour,
            lane: row.get(0)?,
            operation: row.get(1)?,
            object: row.get(2)?,
            calls: counted(row.get(3)?),
            records: counted(row.get(4)?),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// What `side` said of its use in one hour.
pub(super) fn usage(view: &View<'_>, side: Side, hour: i64) -> anyhow::Result<Option<UsageHour>> {
    Ok(view
        .sql()
        .prepare_cached("select used, ceiling from usage_hours where side = ?1 and hour = ?2")?
        .query_row((side, hour), |row| {
            Ok(UsageHour {
                side,
                hour,
                used: counted(row.get(0)?),
                limit: counted(row.get(1)?),
            })
        })
        .optional()?)
}

/// Calls to `side` in each of the last `hours` hours, the one of `now` last; on that side's clock.
pub fn last_hours(
    view: &View<'_>,
    side: Side,
    now: Timestamp,
    hours: usize,
) -> anyhow::Result<Vec<u64>> {
    steps(view, side, now, 1, hours)
}

/// Calls to `side` in each of the last `days` spans of 24 hours, the one that ends with the hour
/// of `now` last; on that side's clock.
pub fn last_days(
    view: &View<'_>,
    side: Side,
    now: Timestamp,
    days: usize,
) -> anyhow::Result<Vec<u64>> {
    steps(view, side, now, 24, days)
}

/// Calls to `side` by day from day `first` on, on that side's clock: Unix ms / 86,400,000, and how many.
pub(super) fn by_day(view: &View<'_>, side: Side, first: i64) -> anyhow::Result<Vec<(i64, i64)>> {
    let mut statement = view.sql().prepare_cached(
        "select hour / 24, sum(calls) from call_hours where side = ?1 and hour >= ?2 * 24 group by 1",
    )?;
    let days = statement.query_map((side, first), |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(days.collect::<rusqlite::Result<_>>()?)
}

fn steps(
    view: &View<'_>,
    side: Side,
    now: Timestamp,
    step_hours: i64,
    steps: usize,
) -> anyhow::Result<Vec<u64>> {
    let last = hour_at(now);
    let back = i64::try_from(steps)?.saturating_mul(step_hours);
    let mut sums = vec![0_u64; steps];
    let mut statement = view.sql().prepare_cached(
        "select (?3 - hour) / ?4, sum(calls) from call_hours
         where side = ?1 and hour > ?2 and hour <= ?3 group by 1",
    )?;
    let mut rows = statement.query((side, last.saturating_sub(back), last, step_hours))?;
    while let Some(row) = rows.next()? {
        let ago: i64 = row.get(0)?;
        let place = usize::try_from(ago)
            .ok()
            .and_then(|ago| steps.checked_sub(ago + 1));
        if let Some(sum) = place.and_then(|place| sums.get_mut(place)) {
            *sum = counted(row.get(1)?);
        }
    }
    Ok(sums)
}
