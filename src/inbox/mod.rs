//! What was read and is not yet concluded: one row per record, one in flight per pair.
//!
//! Knows where work waits and what lets it go on, not what the work is.

mod held;
mod intents;
mod listing;
mod loads;
mod parcels;
mod refusals;
mod release;
mod seen;
pub mod selection;
pub mod snapshot;

use std::collections::HashSet;

use rusqlite::types::ToSqlOutput;
use rusqlite::{OptionalExtension, ToSql};
use serde::{Deserialize, Serialize};

use crate::domain::call::{Lane, keyed};
use crate::domain::plan::Planned;
use crate::domain::record::{
    ObjectName, PairIds, PairNumber, RecordId, RecordKey, Side, Timestamp,
};
use crate::store::columns::words;
use crate::store::{Tx, View};

pub use held::{keep, kept};
pub use intents::{answered, intend, intents, settled};
pub use listing::{
    Counted, PlanOfRow, asked, changes_ready, counts, held, of_pair, of_record, oldest_seen, plans,
    unwritten, would_write,
};
pub use loads::{
    Loading, are_approved, are_to_come, begin_load, count_job, count_loaded, due, end_loads,
    load_left, loading, put_off, ready,
};
pub use parcels::{
    Kind, Packed, Parcel, Room, SheetLine, are_made, carries, carries_any, close, end, open_parcel,
    pack, packed_after, packed_as, packed_from, packed_like, parcels, unpack,
};
pub use refusals::{refuse, refused};
pub use release::{Release, approve, discard, drop_hold, release, return_in_flight};
pub use seen::{note_seen, prune_seen, unseen};

keyed! {
    /// Where a row stands.
    State {
        /// May be taken.
        Ready = "ready",
        /// Waits for the budget.
        Deferred = "deferred",
        /// Waits for its parent to be linked.
        Waiting = "waiting",
        /// Stopped by the guard.
        Held = "held",
        /// Being matched, planned or written.
        InFlight = "in_flight",
        /// Would be written, were the mode not observe.
        WouldWrite = "would_write",
    }
}
words!(State);

/// One record's row.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its place in the order of arrival.
    pub number: i64,
    /// Which record.
    pub key: RecordKey,
    /// Last modification as seen, by that side's clock.
    pub stamp: Timestamp,
    /// When that was seen, by ours: a row older than a poll interval is read again first.
    pub seen_at: Timestamp,
    /// Why its calls are spent.
    pub lane: Lane,
    /// Where it stands.
    pub state: State,
    /// Not to be taken before.
    pub not_before: Timestamp,
    /// Its pair's number, when it has one.
    pub pair: Option<PairNumber>,
    /// What it waits for.
    pub parent: Option<RecordKey>,
    /// The hold it belongs to; in any state but `held`, the hold under which a person approved it.
    pub hold: Option<i64>,
    /// The seq of the resync it serves.
    pub ask: Option<i64>,
    /// Whether it rested, held or in mode observe, with all that was planned for its pair: a change
    /// of the other record may be told by nothing else.
    pub stands_for_both: bool,
    /// Whether its record is kept beside it.
    pub has_kept: bool,
    /// Whether a record of a junction object was seen that ties its record.
    pub ties: bool,
}

/// Why a row rests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rest {
    /// It does not: it may be taken again at once. Also after an unknown outcome.
    Ready,
    /// The budget has no call for it before then, or a transient failure is waited out.
    Deferred(Timestamp),
    /// Its parent is not linked yet.
    Waiting(Option<RecordKey>),
    /// The guard stopped it.
    Held(i64),
    /// The mode is observe.
    WouldWrite,
}

/// What a sighting changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sighting {
    /// The record had no row.
    New,
    /// Its row was made newer, more urgent, or both.
    Renewed,
    /// Its row already says so.
    Known,
    /// It is in flight: the sighting counts once that is concluded.
    Noted,
}

/// Which rows are wanted.
#[derive(Debug, Clone)]
pub struct Want<'a> {
    /// How many at most; never more than a page.
    pub limit: u32,
    /// The time rows must have waited for.
    pub now: Timestamp,
    /// From which lanes, the first one first.
    pub lanes: &'a [Lane],
    /// Only this object.
    pub object: Option<&'a ObjectName>,
    /// Only changes read on this side.
    pub side: Option<Side>,
}

/// Puts a sighting of `key` into its row: a newer stamp or a more important lane makes it ready
/// from `not_before` on, whatever it rested for, except a hold, which it joins.
pub fn see(
    tx: &Tx<'_>,
    key: &RecordKey,
    stamp: Timestamp,
    lane: Lane,
    not_before: Timestamp,
) -> anyhow::Result<Sighting> {
    sight(tx, key, stamp, lane, not_before, None)
}

/// Notes of a record's row, whatever it does now, that something was seen that ties the record.
pub fn note_ties(tx: &Tx<'_>, key: &RecordKey) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached("update inbox set ties = 1 where side = ?1 and object = ?2 and id = ?3")?
        .execute((key.side, &key.object, &key.id))?;
    Ok(())
}

/// [`see`] on behalf of a resync: its results name the seq `ask`, and a person who asked for the
/// record has approved what the guard held of it.
pub fn see_for(
    tx: &Tx<'_>,
    key: &RecordKey,
    stamp: Timestamp,
    lane: Lane,
    not_before: Timestamp,
    ask: i64,
) -> anyhow::Result<Sighting> {
    sight(tx, key, stamp, lane, not_before, Some(ask))
}

fn sight(
    tx: &Tx<'_>,
    key: &RecordKey,
    stamp: Timestamp,
    lane: Lane,
    not_before: Timestamp,
    ask: Option<i64>,
) -> anyhow::Result<Sighting> {
    if lane != Lane::Live {
        // Somebody, or something that changed, has it tried again.
        refusals::forget_refusal(tx, key)?;
    }
    let Some(row) = of_record(tx, key)? else {
        tx.sql()
            .prepare_cached(
                "insert into inbox (side, object, id, stamp, seen_at, lane, state, not_before, ask)
                 values (?1, ?2, ?3, ?4, ?5, ?6, 'ready', ?7, ?8)",
            )?
            .execute((
                key.side,
                &key.object,
                &key.id,
                stamp,
                tx.now(),
                lane,
                not_before,
                ask,
            ))?;
        return Ok(Sighting::New);
    };
    let newer = stamp > row.stamp;
    let stamp = stamp.max(row.stamp);
    let lane_now = lane.min(row.lane);
    if row.state == State::InFlight {
        if newer || lane < row.lane || ask.is_some() {
            note_again(tx, &row, stamp, lane, not_before, ask)?;
        }
        return Ok(Sighting::Noted);
    }
    if !newer && lane_now == row.lane && ask.is_none() {
        return Ok(Sighting::Known);
    }
    tx.sql()
        .prepare_cached(
            "update inbox set stamp = ?2, seen_at = ?3, lane = ?4, ask = coalesce(?5, ask),
               not_before = ?6, parent = null,
               state = iif(state = 'held' and ?5 is null, 'held', 'ready')
             where number = ?1",
        )?
        .execute((row.number, stamp, tx.now(), lane_now, ask, not_before))?;
    Ok(Sighting::Renewed)
}

fn note_again(
    tx: &Tx<'_>,
    row: &Row,
    stamp: Timestamp,
    lane: Lane,
    not_before: Timestamp,
    ask: Option<i64>,
) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached(
            "update inbox set again_stamp = max(coalesce(again_stamp, ?2), ?2),
               again_lane = ?3, again_not_before = ?4, ask = coalesce(?5, ask)
             where number = ?1",
        )?
        .execute((row.number, stamp, lane, not_before, ask))?;
    Ok(())
}

/// Marks rows in flight and returns them: lanes in the order wanted, within a lane by time and
/// arrival. Of a pair with two rows, or with one in flight already, the other row stays.
pub fn take(tx: &Tx<'_>, want: &Want<'_>) -> anyhow::Result<Vec<Row>> {
    let limit = usize::try_from(want.limit.min(tx.page_max())).unwrap_or(usize::MAX);
    let mut taken = Vec::new();
    let mut pairs = HashSet::new();
    for lane in want.lanes {
        let mut again = true;
        while again {
            again = false;
            for (mut row, awaited) in candidates(tx, want, *lane, limit)? {
                if taken.len() == limit {
                    return Ok(taken);
                }
                if let Some(awaited) = awaited {
                    let parent = RecordKey {
                        side: Side::HubSpot,
                        id: awaited,
                        ..row.key.clone()
                    };
                    put_back(tx, &row, &Rest::Waiting(Some(parent)))?;
                    // Others may stand behind those that wait.
                    again = true;
                    continue;
                }
                let free = match row.pair {
                    Some(pair) => pairs.insert(pair),
                    None => true,
                };
                if free {
                    mark_in_flight(tx, &row)?;
                    row.state = State::InFlight;
                    taken.push(row);
                }
            }
        }
    }
    Ok(taken)
}

/// Twice as many as wanted, because some may share a pair; what that leaves out comes next time.
/// A row seen more than a minute in the future waits no longer: the clock was set back since, and
/// what it waits for was meant to be nearer. With each comes the HubSpot record whose write is in a
/// parcel, when that concerns the same pair: it has to wait for that.
fn candidates(
    tx: &Tx<'_>,
    want: &Want<'_>,
    lane: Lane,
    limit: usize,
) -> anyhow::Result<Vec<(Row, Option<RecordId>)>> {
    let mut statement = tx.sql().prepare_cached(&format!(
        "select {}, coalesce(
           (select q.hubspot from parcel_rows as q
            where q.object = p.object and q.hubspot = p.hubspot),
           (select q.hubspot from inbox as packed join parcel_rows as q on q.inbox = packed.number
            where packed.pair = p.record and packed.state = 'in_flight')) as awaited
         from inbox {} where i.lane = ?1 and i.state in ('ready', 'deferred')
           and (i.not_before <= ?2 or i.seen_at > ?2 + 60000) and (?3 is null or i.object = ?3)
           and (?4 is null or i.side = ?4)
           and (awaited is not null or not exists (select 1 from inbox as other
             where other.pair = p.record and other.state = 'in_flight'))
         order by i.not_before, i.number limit ?5",
        listing::COLUMNS,
        listing::WITH_PAIR,
    ))?;
    let rows = statement.query_map(
        (
            lane,
            want.now,
            want.object,
            want.side,
            i64::try_from(limit.saturating_mul(2))?,
        ),
        |line| Ok((listing::row(line)?, line.get(16)?)),
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn mark_in_flight(tx: &Tx<'_>, row: &Row) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached(
            "update inbox set state = 'in_flight', pair = ?2, seen_at = min(seen_at, ?3),
               again_stamp = null, again_lane = null, again_not_before = null where number = ?1",
        )?
        .execute((row.number, row.pair, tx.now()))?;
    Ok(())
}

/// The record of a row in flight has become half of `pair`: from now on no other row of that pair
/// is taken. False when one is in flight already, and this row has to come back later.
pub fn join(tx: &Tx<'_>, row: &Row, pair: PairNumber) -> anyhow::Result<bool> {
    let joined = tx
        .sql()
        .prepare_cached("update or ignore inbox set pair = ?2 where number = ?1")?
        .execute((row.number, pair))?;
    Ok(joined == 1)
}

/// Ends the resting rows of a row's pair but that row itself: what was planned for it was planned
/// from both records as they stand, and it is planned anew before anything is written.
pub fn cover(tx: &Tx<'_>, row: &Row, ids: &PairIds) -> anyhow::Result<()> {
    for key in ids.keys().into_iter().filter(|key| *key != row.key) {
        tx.sql()
            .prepare_cached(
                "delete from inbox where side = ?1 and object = ?2 and id = ?3
                   and state <> 'in_flight'",
            )?
            .execute((key.side, &key.object, &key.id))?;
    }
    Ok(())
}

/// Ends a row that was taken: it leaves, unless the record was seen anew meanwhile, which makes it
/// ready again. Returns whether it was.
pub fn conclude(tx: &Tx<'_>, row: &Row) -> anyhow::Result<bool> {
    let gone = tx
        .sql()
        .prepare_cached("delete from inbox where number = ?1 and again_stamp is null")?
        .execute([row.number])?;
    if gone == 1 {
        return Ok(false);
    }
    Ok(wake(tx, row.number)? == 1)
}

/// Makes a row that was seen anew ready, as that sighting says.
fn wake(tx: &Tx<'_>, number: i64) -> anyhow::Result<usize> {
    Ok(tx
        .sql()
        .prepare_cached(
            "update inbox set state = 'ready', stamp = again_stamp, seen_at = ?2,
               lane = again_lane, not_before = again_not_before, parent = null, hold = null,
               again_stamp = null, again_lane = null, again_not_before = null
             where number = ?1 and again_stamp is not null",
        )?
        .execute((number, tx.now()))?)
}

/// Puts a row that was taken back to rest. Seen anew meanwhile, it is ready instead, unless the
/// guard holds it.
pub fn put_back(tx: &Tx<'_>, row: &Row, rest: &Rest) -> anyhow::Result<()> {
    let (state, not_before, parent, hold) = match rest {
        Rest::Ready => (State::Ready, Timestamp(0), None, row.hold),
        Rest::Deferred(until) => (State::Deferred, *until, None, row.hold),
        Rest::Waiting(parent) => (State::Waiting, Timestamp(0), parent.as_ref(), row.hold),
        Rest::Held(hold) => (State::Held, Timestamp(0), None, Some(*hold)),
        Rest::WouldWrite => (State::WouldWrite, Timestamp(0), None, None),
    };
    if state != State::Held && wake(tx, row.number)? == 1 {
        return Ok(());
    }
    tx.sql()
        .prepare_cached(
            "update inbox set state = ?2, not_before = ?3, parent = ?4, hold = ?5,
               stamp = coalesce(again_stamp, stamp), again_stamp = null, again_lane = null,
               again_not_before = null
             where number = ?1",
        )?
        .execute((row.number, state, not_before, parent.map(Parent), hold))?;
    Ok(())
}

/// Keeps beside a row what mode observe would write of it; it goes with the row.
pub fn note_plan(tx: &Tx<'_>, row: &Row, plan: &[Planned]) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached("update inbox set plan = ?2 where number = ?1 and state = 'would_write'")?
        .execute((row.number, serde_json::to_string(plan)?))?;
    Ok(())
}

/// A record key in one column: side/object/id, none of which can hold a slash.
struct Parent<'a>(&'a RecordKey);

impl ToSql for Parent<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let Self(key) = self;
        Ok(format!("{}/{}/{}", key.side.key(), key.object, key.id).into())
    }
}

/// The record key in such a column.
fn parent_of(text: &str) -> Option<RecordKey> {
    let mut parts = text.splitn(3, '/');
    Some(RecordKey {
        side: Side::from_key(parts.next()?)?,
        object: ObjectName::parse(parts.next()?).ok()?,
        id: RecordId::parse(parts.next()?).ok()?,
    })
}

/// Whether anything could be taken from `lanes` at some time, and when the first of it can.
pub fn next_due(view: &View<'_>, lanes: &[Lane]) -> anyhow::Result<Option<Timestamp>> {
    let mut first: Option<Timestamp> = None;
    let mut statement = view.sql().prepare_cached(
        "select not_before from inbox where state = ?1 and lane = ?2 order by not_before limit 1",
    )?;
    for lane in lanes {
        for state in [State::Ready, State::Deferred] {
            let due: Option<Timestamp> = statement
                .query_row((state, lane), |row| row.get(0))
                .optional()?;
            first = [first, due].into_iter().flatten().min();
        }
    }
    Ok(first)
}
