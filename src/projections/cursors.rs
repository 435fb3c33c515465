//! Up to where each side's changes were read.

use rusqlite::{OptionalExtension, Row};

use crate::domain::event::{CursorMoved, CursorSum, Entry, Position};
use crate::domain::record::{ObjectName, Side, Timestamp};
use crate::store::columns::{count, counted};
use crate::store::{Tx, View};

/// One cursor.
#[derive(Debug, Clone, PartialEq)]
pub struct Cursor {
    /// Whose changes.
    pub side: Side,
    /// Of which object.
    pub object: ObjectName,
    /// Up to here, by that side's clock.
    pub position: Position,
    /// When it last moved, by ours.
    pub at: Timestamp,
    /// Records read since the store was created.
    pub records: u64,
}

pub(super) fn moved(tx: &Tx<'_>, entry: &Entry, event: &CursorMoved) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached(
            "insert into cursors (side, object, stamp, id, seq, at, records)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             on conflict do update set stamp = excluded.stamp, id = excluded.id,
               seq = excluded.seq, at = excluded.at, records = records + excluded.records",
        )?
        .execute((
            event.side,
            &event.object,
            event.position.stamp,
            &event.position.id,
            entry.seq,
            entry.at,
            count(event.records),
        ))?;
    Ok(())
}

/// Sets what a fold says was read by then: the entries that it replaced are read no more.
pub(super) fn folded(tx: &Tx<'_>, sum: &CursorSum) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached("update cursors set records = ?3 where side = ?1 and object = ?2")?
        .execute((sum.side, &sum.object, count(sum.records)))?;
    Ok(())
}

fn cursor(row: &Row<'_>) -> rusqlite::Result<Cursor> {
    Ok(Cursor {
        side: row.get(0)?,
        object: row.get(1)?,
        position: Position {
            stamp: row.get(2)?,
            id: row.get(3)?,
        },
        at: row.get(4)?,
        records: counted(row.get(5)?),
    })
}

/// The cursor of `object` on `side`; none before the first page.
pub fn get(view: &View<'_>, side: Side, object: &ObjectName) -> anyhow::Result<Option<Cursor>> {
    Ok(view
        .sql()
        .prepare_cached(
            "select side, object, stamp, id, at, records from cursors
             where side = ?1 and object = ?2",
        )?
        .query_row((side, object), cursor)
        .optional()?)
}

/// Every cursor.
pub fn all(view: &View<'_>) -> anyhow::Result<Vec<Cursor>> {
    let mut statement = view.sql().prepare_cached(
        "select side, object, stamp, id, at, records from cursors order by object, side",
    )?;
    let rows = statement.query_map([], cursor)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
