//! Rows on their way into Salesforce by jobs: packed into parcels, and each gone with its conclusion.
//!
//! A row of the inbox stays in flight while it is in a parcel. What concerns its record meanwhile
//! waits for the HubSpot record it writes, as children wait for a parent.

use std::collections::BTreeSet;

use rusqlite::{OptionalExtension, Row as Line, params};

use super::{Release, Row, listing, release};
use crate::domain::attempt::Attempt;
use crate::domain::call::Lane;
use crate::domain::load::LoadOperation;
use crate::domain::record::{FieldName, ObjectName, RecordId, RecordKey, Side, Timestamp};
use crate::store::columns::{count, counted};
use crate::store::{Tx, View};

/// What the rows of one parcel have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kind {
    /// Which object.
    pub object: ObjectName,
    /// Which form of it, by the name of its mapping; or the junction object, by our name for it.
    pub form: ObjectName,
    /// What is done with the rows.
    pub operation: LoadOperation,
    /// The lane their calls are spent in.
    pub lane: Lane,
}

/// Rows that go by one job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// Its number, never used again.
    pub number: i64,
    /// What its rows have in common.
    pub kind: Kind,
    /// Every field that one of its rows sets.
    pub columns: Vec<FieldName>,
    /// How many rows it has.
    pub rows: u64,
    /// What they come to as lines of a file, each with every column.
    pub bytes: u64,
    /// When its first row came.
    pub opened_at: Timestamp,
    /// When its last row came.
    pub packed_at: Timestamp,
    /// Whether no row is added any more.
    pub is_closed: bool,
}

/// What a parcel may hold before it is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Rows.
    pub rows: u64,
    /// Bytes of a file.
    pub bytes: u64,
}

/// One row of a parcel.
#[derive(Debug, Clone, PartialEq)]
pub struct Packed {
    /// What its result will name it by: the external id, or the id.
    pub key: String,
    /// The record it belongs to, if any: rows of one parent go together. Of a junction object's
    /// records it is the other end.
    pub parent: String,
    /// The HubSpot record it writes across.
    pub hubspot: RecordId,
    /// The row of the inbox that it serves; none where an id alone is written.
    pub row: Option<i64>,
    /// Whether that row is looked at again once this is written.
    pub again: bool,
    /// What others have that would be found by the same key.
    pub match_key: Option<String>,
    /// What is tried, and what it will be concluded by.
    pub attempt: Attempt,
}

impl Packed {
    /// What waits for this row waits for this record.
    pub fn awaited(&self) -> RecordKey {
        hubspot_key(&self.attempt.ids.object, &self.hubspot)
    }
}

fn hubspot_key(object: &ObjectName, id: &RecordId) -> RecordKey {
    RecordKey {
        side: Side::HubSpot,
        object: object.clone(),
        id: id.clone(),
    }
}

const PARCEL: &str =
    "number, object, form, operation, lane, columns, rows, bytes, opened_at, packed_at, closed";

fn parcel(line: &Line<'_>) -> rusqlite::Result<Parcel> {
    let columns: String = line.get(5)?;
    Ok(Parcel {
        number: line.get(0)?,
        kind: Kind {
            object: line.get(1)?,
            form: line.get(2)?,
            operation: line.get(3)?,
            lane: line.get(4)?,
        },
        columns: json(5, &columns)?,
        rows: counted(line.get(6)?),
        bytes: counted(line.get(7)?),
        opened_at: line.get(8)?,
        packed_at: line.get(9)?,
        is_closed: line.get(10)?,
    })
}

fn json<T: serde::de::DeserializeOwned>(column: usize, text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text).map_err(|error| {
        let text = rusqlite::types::Type::Text;
        rusqlite::Error::FromSqlConversionFailure(column, text, error.into())
    })
}

/// The parcel of a kind that still takes rows.
pub fn open_parcel(view: &View<'_>, kind: &Kind) -> anyhow::Result<Option<Parcel>> {
    Ok(view
        .sql()
        .prepare_cached(&format!(
            "select {PARCEL} from parcels
             where form = ?1 and operation = ?2 and lane = ?3 and closed = 0"
        ))?
        .query_row((&kind.form, kind.operation, kind.lane), parcel)
        .optional()?)
}

/// Every parcel with its number above `after`, at most a page.
pub fn parcels(view: &View<'_>, after: i64) -> anyhow::Result<Vec<Parcel>> {
    let mut statement = view.sql().prepare_cached(&format!(
        "select {PARCEL} from parcels where number > ?1 order by number limit ?2"
    ))?;
    let rows = statement.query_map((after, view.page_max()), parcel)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// A row as a line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetLine {
    /// What it sets.
    pub columns: Vec<FieldName>,
    /// How long it is as a line of just these columns.
    pub bytes: usize,
}

/// Puts a row, which is `line` in a file, into the open parcel of its kind; a parcel without room for it is closed, and another one opened. A record is in one parcel
/// at most: false when it is in one already.
pub fn pack(
    tx: &Tx<'_>,
    kind: &Kind,
    packed: &Packed,
    line: &SheetLine,
    room: Room,
) -> anyhow::Result<bool> {
    if carries(tx, &packed.awaited())? {
        return Ok(false);
    }
    let mut parcel = match open_parcel(tx, kind)? {
        Some(parcel) => parcel,
        None => open(tx, kind)?,
    };
    let fits = |parcel: &Parcel| {
        let cells = (parcel.rows + 1).saturating_mul(parcel.columns.len() as u64);
        let bytes = parcel.bytes.saturating_add(line.bytes as u64);
        parcel.rows < room.rows && bytes.saturating_add(cells) <= room.bytes
    };
    if parcel.rows > 0 && !fits(&parcel) {
        close(tx, parcel.number)?;
        parcel = open(tx, kind)?;
    }
    let columns = parcel.columns.len();
    for name in &line.columns {
        if !parcel.columns.contains(name) {
            parcel.columns.push(name.clone());
        }
    }
    if parcel.columns.len() > columns {
        tx.sql()
            .prepare_cached("update parcels set columns = ?2 where number = ?1")?
            .execute((parcel.number, serde_json::to_string(&parcel.columns)?))?;
    }
    tx.sql()
        .prepare_cached(
            "update parcels set rows = rows + 1, bytes = bytes + ?2, packed_at = ?3
             where number = ?1",
        )?
        .execute((parcel.number, count(line.bytes as u64), tx.now()))?;
    tx.sql()
        .prepare_cached(
            "insert into parcel_rows (parcel, key, parent, object, hubspot, inbox, again, match_key,
               attempt)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            parcel.number,
            packed.key,
            packed.parent,
            kind.object,
            packed.hubspot,
            packed.row,
            packed.again,
            packed.match_key,
            serde_json::to_string(&packed.attempt)?,
        ])?;
    if let Some(row) = packed.row {
        tx.sql()
            .prepare_cached("update inbox set parcel = ?2 where number = ?1")?
            .execute((row, parcel.number))?;
    }
    Ok(true)
}

fn open(tx: &Tx<'_>, kind: &Kind) -> anyhow::Result<Parcel> {
    tx.sql()
        .prepare_cached(
            "insert into parcels (object, form, operation, lane, columns, opened_at, packed_at)
             values (?1, ?2, ?3, ?4, '[]', ?5, ?5)",
        )?
        .execute((
            &kind.object,
            &kind.form,
            kind.operation,
            kind.lane,
            tx.now(),
        ))?;
    Ok(Parcel {
        number: tx.sql().last_insert_rowid(),
        kind: kind.clone(),
        columns: Vec::new(),
        rows: 0,
        bytes: 0,
        opened_at: tx.now(),
        packed_at: tx.now(),
        is_closed: false,
    })
}

/// Lets a parcel take no more rows.
pub fn close(tx: &Tx<'_>, number: i64) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached("update parcels set closed = 1 where number = ?1")?
        .execute([number])?;
    Ok(())
}

/// Forgets a parcel that has no row left; returns whether it had none.
pub fn end(tx: &Tx<'_>, number: i64) -> anyhow::Result<bool> {
    let ended = tx
        .sql()
        .prepare_cached(
            "delete from parcels where number = ?1
               and not exists (select 1 from parcel_rows where parcel = ?1)",
        )?
        .execute([number])?;
    Ok(ended == 1)
}

const PACKED: &str = "key, parent, hubspot, inbox, match_key, attempt, again";

fn packed(line: &Line<'_>) -> rusqlite::Result<Packed> {
    let attempt: String = line.get(5)?;
    Ok(Packed {
        key: line.get(0)?,
        parent: line.get(1)?,
        hubspot: line.get(2)?,
        row: line.get(3)?,
        again: line.get(6)?,
        match_key: line.get(4)?,
        attempt: json(5, &attempt)?,
    })
}

/// The rows of a parcel that come after one in the order in which they are sent, at most a page.
pub fn packed_after(
    view: &View<'_>,
    parcel: i64,
    after: Option<&Packed>,
) -> anyhow::Result<Vec<Packed>> {
    let mut statement = view.sql().prepare_cached(&format!(
        "select {PACKED} from parcel_rows
         where parcel = ?1 and (?2 is null or (parent, key) > (?2, ?3))
         order by parent, key limit ?4"
    ))?;
    let (parent, key) = (after.map(|one| &one.parent), after.map(|one| &one.key));
    let rows = statement.query_map(params![parcel, parent, key, view.page_max()], packed)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The row of a parcel that a result names.
pub fn packed_as(view: &View<'_>, parcel: i64, key: &str) -> anyhow::Result<Option<Packed>> {
    Ok(view
        .sql()
        .prepare_cached(&format!(
            "select {PACKED} from parcel_rows where parcel = ?1 and key = ?2"
        ))?
        .query_row((parcel, key), packed)
        .optional()?)
}

/// Takes a row out of its parcel, and returns the row of the inbox that it serves, which is in
/// flight as any other now. What waited for it goes on.
pub fn unpack(tx: &Tx<'_>, parcel: i64, packed: &Packed) -> anyhow::Result<Option<Row>> {
    tx.sql()
        .prepare_cached("delete from parcel_rows where parcel = ?1 and key = ?2")?
        .execute((parcel, &packed.key))?;
    release(tx, Release::Parent(&packed.awaited()))?;
    let Some(number) = packed.row else {
        return Ok(None);
    };
    tx.sql()
        .prepare_cached("update inbox set parcel = null where number = ?1 and parcel = ?2")?
        .execute((number, parcel))?;
    Ok(tx
        .sql()
        .prepare_cached(&format!(
            "select {} from inbox {} where i.number = ?1 and i.state = 'in_flight'",
            listing::COLUMNS,
            listing::WITH_PAIR
        ))?
        .query_row([number], listing::row)
        .optional()?)
}

/// Whether what is written across from this HubSpot record is in a parcel.
pub fn carries(view: &View<'_>, key: &RecordKey) -> anyhow::Result<bool> {
    if key.side != Side::HubSpot {
        return Ok(false);
    }
    Ok(view
        .sql()
        .prepare_cached(
            "select exists (select 1 from parcel_rows where object = ?1 and hubspot = ?2)",
        )?
        .query_row((&key.object, &key.id), |row| row.get(0))?)
}

/// What is written across from this HubSpot record by the parcel that it is in.
pub fn packed_from(view: &View<'_>, key: &RecordKey) -> anyhow::Result<Option<Packed>> {
    if key.side != Side::HubSpot {
        return Ok(None);
    }
    Ok(view
        .sql()
        .prepare_cached(&format!(
            "select {PACKED} from parcel_rows where object = ?1 and hubspot = ?2"
        ))?
        .query_row((&key.object, &key.id), packed)
        .optional()?)
}

/// Whether records of an object are in parcels.
pub fn carries_any(view: &View<'_>, object: &ObjectName) -> anyhow::Result<bool> {
    Ok(view
        .sql()
        .prepare_cached("select exists (select 1 from parcels where object = ?1)")?
        .query_row([object], |row| row.get(0))?)
}

/// Whether records of one of these objects are in parcels to be made.
pub fn are_made(view: &View<'_>, objects: &BTreeSet<ObjectName>) -> anyhow::Result<bool> {
    let mut statement = view.sql().prepare_cached(
        "select exists (select 1 from parcels where object = ?1 and operation = 'upsert')",
    )?;
    for object in objects {
        if statement.query_row([object], |row| row.get(0))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The HubSpot record in a parcel that others with this key would be found by.
pub fn packed_like(
    view: &View<'_>,
    object: &ObjectName,
    match_key: &str,
) -> anyhow::Result<Option<RecordKey>> {
    let id: Option<RecordId> = view
        .sql()
        .prepare_cached(
            "select hubspot from parcel_rows where object = ?1 and match_key = ?2 limit 1",
        )?
        .query_row((object, match_key), |row| row.get(0))
        .optional()?;
    Ok(id.map(|id| hubspot_key(object, &id)))
}
