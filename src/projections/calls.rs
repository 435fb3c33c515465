//! Calls spent: the exact log that the rolling window is summed over, and what the sides say.

use std::collections::BTreeMap;

use rusqlite::OptionalExtension;

use crate::domain::call::{Lane, Operation};
use crate::domain::event::{CallsReturned, CallsSpent, Entry, UsageReported};
use crate::domain::record::{ObjectName, Side, Timestamp};
use crate::store::columns::{count, counted};
use crate::store::{Tx, View};

/// How long a row stays after it left the window: two more days of use can be shown.
const KEPT_MS: i64 = 48 * 3_600_000;

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spent {
    /// The entry that spent it.
    pub seq: i64,
    /// When, by our clock.
    pub spent_at: Timestamp,
    /// When it leaves the window, by that side's clock.
    pub until: Timestamp,
    /// Why.
    pub lane: Lane,
    /// What for.
    pub operation: Operation,
    /// Calls that count: those given back are taken off.
    pub calls: u64,
}

/// Calls by what they were for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// Why.
    pub lane: Lane,
    /// What for.
    pub operation: Operation,
    /// About which object.
    pub object: Option<ObjectName>,
    /// Calls that count.
    pub calls: u64,
    /// Records they carried.
    pub records: u64,
}

/// What a side said of its use, by everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Calls used in its own window.
    pub used: u64,
    /// Its own ceiling.
    pub limit: u64,
    /// When it said so.
    pub at: Timestamp,
}

pub(super) fn spent(tx: &Tx<'_>, entry: &Entry, event: &CallsSpent) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached("delete from calls where side = ?1 and until < ?2")?
        .execute((event.side, event.until.plus(-KEPT_MS)))?;
    tx.sql()
        .prepare_cached(
            "insert into calls (seq, spent_at, until, side, operation, lane, object, calls, records)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute((
            entry.seq,
            entry.at,
            event.until,
            event.side,
            event.operation,
            event.lane,
            &event.object,
            count(event.calls),
            count(event.records),
        ))?;
    Ok(())
}

pub(super) fn returned(tx: &Tx<'_>, event: &CallsReturned) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached("update calls set returned = min(calls, returned + ?2) where seq = ?1")?
        .execute((event.spent, count(event.calls)))?;
    Ok(())
}

pub(super) fn reported(tx: &Tx<'_>, entry: &Entry, event: &UsageReported) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached(
            "insert into usage (side, used, ceiling, seq, at) values (?1, ?2, ?3, ?4, ?5)
             on conflict do update set used = excluded.used, ceiling = excluded.ceiling,
               seq = excluded.seq, at = excluded.at",
        )?
        .execute((
            event.side,
            count(event.used),
            count(event.limit),
            entry.seq,
            entry.at,
        ))?;
    Ok(())
}

/// The calls to `side` that count at `now` on that side's clock, in the order in which they leave
/// the window. A start builds the budget's ledger of them.
pub fn in_window(view: &View<'_>, side: Side, now: Timestamp) -> anyhow::Result<Vec<Spent>> {
    let mut statement = view.sql().prepare_cached(
        "select seq, spent_at, until, lane, operation, calls - returned from calls
         where side = ?1 and until > ?2 order by until, seq",
    )?;
    let rows = statement.query_map((side, now), |row| {
        Ok(Spent {
            seq: row.get(0)?,
            spent_at: row.get(1)?,
            until: row.get(2)?,
            lane: row.get(3)?,
            operation: row.get(4)?,
            calls: counted(row.get(5)?),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Calls to `side` spent after `since` by our clock, by lane, operation and object.
pub fn used_since(view: &View<'_>, side: Side, since: Timestamp) -> anyhow::Result<Vec<Use>> {
    let mut statement = view.sql().prepare_cached(
        "select lane, operation, object, sum(calls - returned), sum(records) from calls
         where side = ?1 and spent_at > ?2 group by lane, operation, object
         order by lane, operation, object",
    )?;
    let rows = statement.query_map((side, since), |row| {
        Ok(Use {
            lane: row.get(0)?,
            operation: row.get(1)?,
            object: row.get(2)?,
            calls: counted(row.get(3)?),
            records: counted(row.get(4)?),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Calls to `side` per hour after `since`, by our clock: the hour's first instant and the calls.
pub fn by_hour(
    view: &View<'_>,
    side: Side,
    since: Timestamp,
) -> anyhow::Result<Vec<(Timestamp, u64)>> {
    let mut statement = view.sql().prepare_cached(
        "select spent_at / 3600000 * 3600000 as hour, sum(calls - returned) from calls
         where side = ?1 and spent_at > ?2 group by hour order by hour",
    )?;
    let rows = statement.query_map((side, since), |row| Ok((row.get(0)?, counted(row.get(1)?))))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// What `side` last said of its use.
pub fn usage(view: &View<'_>, side: Side) -> anyhow::Result<Option<Usage>> {
    Ok(view
        .sql()
        .prepare_cached("select used, ceiling, at from usage where side = ?1")?
        .query_row([side], |row| {
            Ok(Usage {
                used: counted(row.get(0)?),
                limit: counted(row.get(1)?),
                at: row.get(2)?,
            })
        })
        .optional()?)
}

/// When changes of each object were last looked for on `side`, within `since`, by a call that was
/// not given back: one that never left has looked for nothing. Under no name stand the calls that
/// looked for those of several objects at once.
pub fn looked_for(
    view: &View<'_>,
    side: Side,
    since: Timestamp,
) -> anyhow::Result<BTreeMap<Option<ObjectName>, Timestamp>> {
    let mut statement = view.sql().prepare_cached(
        "select object, max(spent_at) from calls
         where side = ?1 and spent_at >= ?2 and operation in ('poll', 'page')
           and returned < calls
         group by object",
    )?;
    let rows = statement.query_map((side, since), |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
