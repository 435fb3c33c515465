//! Calls spent: the exact log that the rolling window is summed over, and what the sides say. Sums
//! of what is older stand in `hours`.

use std::collections::BTreeMap;

use rusqlite::OptionalExtension;

use super::hours::{self, HOUR_MS};
use crate::annex;
use crate::domain::budget::HOLD_MS;
use crate::domain::call::{Lane, Operation};
use crate::domain::event::{CallsReturned, CallsSpent, Entry, UsageReported};
use crate::domain::record::{ObjectName, Side, Timestamp};
use crate::store::columns::{count, counted};
use crate::store::{Tx, View};

/// How long a row stays after it was spent, on that side's clock. The journal keeps its entry as
/// long: what this table no longer holds may be folded.
const KEPT_MS: i64 = 48 * HOUR_MS;

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
    hours::spent(tx, event)
}

pub(super) fn returned(tx: &Tx<'_>, event: &CallsReturned) -> anyhow::Result<()> {
    let row = tx
        .sql()
        .prepare_cached(
            "select side, operation, lane, object, until, min(?2, calls - returned) from calls
             where seq = ?1",
        )?
        .query_row((event.spent, count(event.calls)), |row| {
            Ok(CallsSpent {
                side: row.get(0)?,
                operation: row.get(1)?,
                lane: row.get(2)?,
                object: row.get(3)?,
                until: row.get(4)?,
                calls: counted(row.get(5)?),
                records: 0,
            })
        })
        .optional()?;
    let Some(given_back) = row else {
        return Ok(());
    };
    tx.sql()
        .prepare_cached("update calls set returned = returned + ?2 where seq = ?1")?
        .execute((event.spent, count(given_back.calls)))?;
    hours::returned(tx, &given_back)
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
    hours::reported(tx, entry, event)
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

/// The first entry that the log still holds; none while it is empty.
pub(super) fn first(view: &View<'_>) -> anyhow::Result<Option<i64>> {
    Ok(view
        .sql()
        .prepare_cached("select min(seq) from calls")?
        .query_row([], |row| row.get(0))?)
}

/// `side`'s clock, as far as the store can tell: ours, and how far the two were apart when the last
/// call was spent, or when that side was heard after ours was set. Ours alone before the first call.
pub fn clock(view: &View<'_>, side: Side) -> anyhow::Result<Timestamp> {
    let last: Option<(Timestamp, Timestamp)> = view
        .sql()
        .prepare_cached(
            "select spent_at, until from calls where side = ?1 order by until desc, seq desc limit 1",
        )?
        .query_row([side], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let spent = last.map(|(ours, until)| (until.plus(-HOLD_MS), ours));
    let now = view.now();
    // Theirs goes forward only: of two moments the later one is known by it.
    let known = spent.into_iter().chain(heard(view, side)?).max();
    Ok(known.map_or(now, |(theirs, ours)| theirs.plus(now.since(ours))))
}

/// Notes what `side`'s clock shows now: where no call is spent for long, nothing else says so, and
/// ours may have been set meanwhile.
pub fn note_clock(tx: &Tx<'_>, side: Side, theirs: Timestamp) -> anyhow::Result<()> {
    let word = format!("{} {}", theirs.0, tx.now().0);
    annex::set_meta(tx, &clock_name(side), Some(&word))
}

fn clock_name(side: Side) -> String {
    format!("clock of {}", side.key())
}

/// What `side`'s clock showed when it was last noted, and what ours did.
fn heard(view: &View<'_>, side: Side) -> anyhow::Result<Option<(Timestamp, Timestamp)>> {
    let noted = annex::meta(view, &clock_name(side))?;
    Ok(noted.and_then(|word| {
        let (theirs, ours) = word.split_once(' ')?;
        Some((
            Timestamp(theirs.parse().ok()?),
            Timestamp(ours.parse().ok()?),
        ))
    }))
}

/// Calls to `side` spent after `since`, on that side's clock, by lane, operation and object. Exact
/// as far back as the log reaches, and by whole hours beyond.
pub fn used_since(view: &View<'_>, side: Side, since: Timestamp) -> anyhow::Result<Vec<Use>> {
    let whole = hours::first_whole(since);
    let mut statement = view.sql().prepare_cached(
        "select lane, operation, nullif(object, ''), sum(calls), sum(records) from (
           select lane, operation, coalesce(object, '') as object, calls - returned as calls, records
             from calls where side = ?1 and until > ?2 and until < ?3
           union all
           select lane, operation, object, calls, records
             from call_hours where side = ?1 and hour >= ?4
         ) group by lane, operation, object order by lane, operation, object",
    )?;
    let until = |spent: Timestamp| spent.plus(HOLD_MS);
    let ragged = (
        until(since),
        until(Timestamp(whole.saturating_mul(HOUR_MS))),
    );
    let rows = statement.query_map((side, ragged.0, ragged.1, whole), |row| {
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

/// Calls to `side` spent after `since`, on that side's clock: few hours at most, row by row.
pub fn spent_since(view: &View<'_>, side: Side, since: Timestamp) -> anyhow::Result<u64> {
    let calls: i64 = view
        .sql()
        .prepare_cached(
            "select coalesce(sum(calls - returned), 0) from calls where side = ?1 and until > ?2",
        )?
        .query_row((side, since.plus(HOLD_MS)), |row| row.get(0))?;
    Ok(counted(calls))
}

/// When so many of the calls that count at `now` have left the window, all on that side's clock;
/// none when they are fewer.
pub fn leaves_at(
    view: &View<'_>,
    side: Side,
    now: Timestamp,
    calls: u64,
) -> anyhow::Result<Option<Timestamp>> {
    let mut statement = view.sql().prepare_cached(
        "select until, calls - returned from calls where side = ?1 and until > ?2 order by until",
    )?;
    let mut rows = statement.query((side, now))?;
    let mut left = 0_u64;
    while let Some(row) = rows.next()? {
        left = left.saturating_add(counted(row.get(1)?));
        if left >= calls {
            return Ok(Some(row.get(0)?));
        }
    }
    Ok(None)
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
