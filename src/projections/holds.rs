//! What the guard stopped, and what it counts.

use rusqlite::{OptionalExtension, Row};

use crate::domain::call::Lane;
use crate::domain::event::{Action, CycleHeld, Entry, Event, HoldSettled, RecordSynced};
use crate::domain::record::{FieldName, ObjectName, Side, Timestamp};
use crate::journal;
use crate::store::columns::{count, counted};
use crate::store::{Tx, View};

const MINUTE_MS: i64 = 60_000;
const DAY_MINUTES: i64 = 24 * 60;

/// One hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Hold {
    /// The number people see: `H-7`.
    pub number: i64,
    /// Which object.
    pub object: ObjectName,
    /// The side that was to be written.
    pub to: Side,
    /// The kind of write.
    pub action: Action,
    /// Members when last told; the inbox knows those of now.
    pub records: u64,
    /// The limit that was passed.
    pub limit: u64,
    /// The one field that all members concern.
    pub field: Option<FieldName>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When a person settled it, and whether it was approved.
    pub settled: Option<(Timestamp, bool)>,
    /// The entry that settled it.
    pub settled_seq: Option<i64>,
}

/// A hold told again under its number has grown: later writes of its kind joined it.
pub(super) fn held(tx: &Tx<'_>, entry: &Entry, event: &CycleHeld) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached(
            "insert into holds (number, object, side, action, records, bound, field, opened_seq,
               opened_at)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             on conflict (number) do update set records = excluded.records, bound = excluded.bound,
               field = excluded.field",
        )?
        .execute((
            event.hold,
            &event.object,
            event.to,
            event.action,
            count(event.records),
            count(event.limit),
            &event.field,
            entry.seq,
            entry.at,
        ))?;
    Ok(())
}

pub(super) fn settled(tx: &Tx<'_>, entry: &Entry, event: &HoldSettled) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached(
            "update holds set settled_seq = ?2, settled_at = ?3, approved = ?4,
               settled_records = ?5 where number = ?1",
        )?
        .execute((
            event.hold,
            entry.seq,
            entry.at,
            event.approved,
            count(event.records),
        ))?;
    Ok(())
}

/// Counts a write for the guard. A resync was confirmed with its members: those do not count.
pub(super) fn wrote(tx: &Tx<'_>, entry: &Entry, event: &RecordSynced) -> anyhow::Result<()> {
    if event.lane == Lane::Resync || event.only_marks() {
        return Ok(());
    }
    let minute = entry.at.0 / MINUTE_MS;
    tx.sql()
        .prepare_cached("delete from writes where minute < ?1")?
        .execute([minute - 2 * DAY_MINUTES])?;
    tx.sql()
        .prepare_cached(
            "insert into writes (minute, object, side, action, records) values (?1, ?2, ?3, ?4, 1)
             on conflict do update set records = records + 1",
        )?
        .execute((minute, &event.ids.object, event.to, event.action))?;
    Ok(())
}

/// Writes of one kind in the 24 h before `now` that nobody approved: what the guard adds this
/// cycle's to. Counted by the minute, and never less than there were.
pub fn written(
    view: &View<'_>,
    object: &ObjectName,
    to: Side,
    action: Action,
    now: Timestamp,
) -> anyhow::Result<u64> {
    let writes: i64 = view
        .sql()
        .prepare_cached(
            "select coalesce(sum(records), 0) from writes
             where minute >= ?1 and object = ?2 and side = ?3 and action = ?4",
        )?
        .query_row(
            (now.0 / MINUTE_MS - DAY_MINUTES, object, to, action),
            |row| row.get(0),
        )?;
    let approved: i64 = view
        .sql()
        .prepare_cached(
            "select coalesce(sum(settled_records), 0) from holds
             where approved = 1 and settled_at >= ?1 and object = ?2 and side = ?3 and action = ?4",
        )?
        .query_row(
            (now.plus(-DAY_MINUTES * MINUTE_MS), object, to, action),
            |row| row.get(0),
        )?;
    Ok(counted(writes.saturating_sub(approved)))
}

const COLUMNS: &str = "number, object, side, action, records, bound, field, opened_at, settled_at,
    approved, settled_seq";

fn hold(row: &Row<'_>) -> rusqlite::Result<Hold> {
    let settled_at: Option<Timestamp> = row.get(8)?;
    let approved: Option<bool> = row.get(9)?;
    Ok(Hold {
        number: row.get(0)?,
        object: row.get(1)?,
        to: row.get(2)?,
        action: row.get(3)?,
        records: counted(row.get(4)?),
        limit: counted(row.get(5)?),
        field: row.get(6)?,
        opened_at: row.get(7)?,
        settled: settled_at.zip(approved),
        settled_seq: row.get(10)?,
    })
}

/// The hold of that number.
pub fn get(view: &View<'_>, number: i64) -> anyhow::Result<Option<Hold>> {
    Ok(view
        .sql()
        .prepare_cached(&format!("select {COLUMNS} from holds where number = ?1"))?
        .query_row([number], hold)
        .optional()?)
}

/// Holds that wait for a person.
pub fn open(view: &View<'_>) -> anyhow::Result<Vec<Hold>> {
    let mut statement = view.sql().prepare_cached(&format!(
        "select {COLUMNS} from holds where settled_seq is null order by number"
    ))?;
    let rows = statement.query_map([], hold)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Holds settled after the entry at `seq`, in the order in which that was.
pub fn settled_since(view: &View<'_>, seq: i64) -> anyhow::Result<Vec<Hold>> {
    let mut statement = view.sql().prepare_cached(&format!(
        "select {COLUMNS} from holds where settled_seq > ?1 order by settled_seq"
    ))?;
    let rows = statement.query_map([seq], hold)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// How a hold was settled, by whom and with how many records, as the journal says; none while it
/// waits.
pub fn settlement(view: &View<'_>, hold: &Hold) -> anyhow::Result<Option<HoldSettled>> {
    let Some(seq) = hold.settled_seq else {
        return Ok(None);
    };
    Ok(journal::at(view, seq)?.and_then(|entry| {
        let Event::HoldSettled(event) = entry.event else {
            return None;
        };
        Some(event)
    }))
}

/// The open hold that writes of this kind join.
pub fn open_for(
    view: &View<'_>,
    object: &ObjectName,
    to: Side,
    action: Action,
) -> anyhow::Result<Option<Hold>> {
    Ok(view
        .sql()
        .prepare_cached(&format!(
            "select {COLUMNS} from holds
             where object = ?1 and side = ?2 and action = ?3 and settled_seq is null"
        ))?
        .query_row((object, to, action), hold)
        .optional()?)
}

/// The number the next hold gets.
pub fn next_number(view: &View<'_>) -> anyhow::Result<i64> {
    Ok(view
        .sql()
        .prepare_cached("select coalesce(max(number), 0) + 1 from holds")?
        .query_row([], |row| row.get(0))?)
}
