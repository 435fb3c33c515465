//! Loads under way: one for each object of which many rows are being written.

use std::collections::BTreeSet;

use crate::domain::call::Lane;
use crate::domain::load::LoadOperation;
use crate::domain::record::{ObjectName, Timestamp};
use crate::store::columns::{count, counted};
use crate::store::{Tx, View};

/// How far an object's load is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loading {
    /// Which object.
    pub object: ObjectName,
    /// When its first row was packed, or about to be written.
    pub began_at: Timestamp,
    /// Rows concluded.
    pub done: u64,
    /// Of these, refused.
    pub refused: u64,
    /// Jobs that are over.
    pub jobs: u64,
    /// Rows in parcels; ids alone are none.
    pub packed: u64,
    /// Parcels.
    pub parcels: u64,
    /// Rows that were not looked at yet and may come to it, and those that are being written in no
    /// parcel.
    pub left: u64,
}

impl Loading {
    /// All its rows, as far as is known.
    pub fn total(&self) -> u64 {
        self.done + self.packed + self.left
    }

    /// Whether nothing of it is left: no job, or, where it goes by batches, no row.
    pub fn is_over(&self) -> bool {
        self.parcels == 0 && (self.jobs > 0 || self.left == 0)
    }
}

/// Every load under way.
pub fn loading(view: &View<'_>) -> anyhow::Result<Vec<Loading>> {
    let mut statement = view.sql().prepare_cached(
        "select object, began_at, done, refused, jobs,
           (select coalesce(sum((select count(*) from parcel_rows as r
                                 where r.parcel = p.number and r.inbox is not null)), 0)
            from parcels as p where p.object = l.object and p.operation <> ?1),
           (select count(*) from parcels as p where p.object = l.object and p.operation <> ?1)
         from loads as l order by object",
    )?;
    // What ties its records comes after the load.
    let rows = statement.query_map([LoadOperation::Insert], |line| {
        Ok(Loading {
            object: line.get(0)?,
            began_at: line.get(1)?,
            done: counted(line.get(2)?),
            refused: counted(line.get(3)?),
            jobs: counted(line.get(4)?),
            packed: counted(line.get(5)?),
            parcels: counted(line.get(6)?),
            left: 0,
        })
    })?;
    let mut loads: Vec<Loading> = rows.collect::<rusqlite::Result<_>>()?;
    for load in &mut loads {
        load.left = load_left(view, &load.object)?;
    }
    Ok(loads)
}

/// How many rows of an object's load are to be looked at, or are being written in no parcel.
pub fn load_left(view: &View<'_>, object: &ObjectName) -> anyhow::Result<u64> {
    let lanes = [Lane::Backfill, Lane::Resync];
    let being: i64 = view
        .sql()
        .prepare_cached(
            "select count(*) from inbox as i
             where state = 'in_flight' and lane in (?1, ?2) and object = ?3
               and not exists (select 1 from parcel_rows as r where r.inbox = i.number)",
        )?
        .query_row((lanes[0], lanes[1], object), |line| line.get(0))?;
    Ok(ready(view, object, &lanes)? + counted(being))
}

/// How many rows of an object may be taken from these lanes now or later.
pub fn ready(view: &View<'_>, object: &ObjectName, lanes: &[Lane]) -> anyhow::Result<u64> {
    let mut statement = view.sql().prepare_cached(
        "select count(*) from inbox
         where state in ('ready', 'deferred') and lane = ?1 and object = ?2",
    )?;
    let mut rows = 0;
    for lane in lanes {
        let of_lane: i64 = statement.query_row((lane, object), |line| line.get(0))?;
        rows += counted(of_lane);
    }
    Ok(rows)
}

/// How many rows of a lane may be planned now.
pub fn due(
    view: &View<'_>,
    object: &ObjectName,
    lane: Lane,
    now: Timestamp,
) -> anyhow::Result<u64> {
    let rows: i64 = view
        .sql()
        .prepare_cached(
            "select count(*) from inbox
             where state in ('ready', 'deferred') and lane = ?1 and not_before <= ?3
               and object = ?2",
        )?
        .query_row((lane, object, now), |line| line.get(0))?;
    Ok(counted(rows))
}

/// Whether at least `many` rows of one of these objects' first loads are still to come, held ones
/// among them; those that wait for a parent of their own are not.
pub fn are_to_come(
    view: &View<'_>,
    objects: &BTreeSet<ObjectName>,
    many: u32,
) -> anyhow::Result<bool> {
    let mut statement = view.sql().prepare_cached(
        "select count(*) from (select 1 from inbox
           where state in ('ready', 'deferred', 'in_flight', 'held') and lane = ?1
             and object = ?2 limit ?3)",
    )?;
    for object in objects {
        let rows: u32 = statement.query_row((Lane::Backfill, object, many), |row| row.get(0))?;
        if rows >= many {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether every row of an object's first load that may go now was approved by a person.
pub fn are_approved(view: &View<'_>, object: &ObjectName) -> anyhow::Result<bool> {
    Ok(view
        .sql()
        .prepare_cached(
            "select not exists (select 1 from inbox
               where state in ('ready', 'deferred') and lane = ?1 and object = ?2
                 and hold is null)",
        )?
        .query_row((Lane::Backfill, object), |row| row.get(0))?)
}

/// Puts off every row of a lane that is due now until then; returns how many they were.
pub fn put_off(
    tx: &Tx<'_>,
    object: &ObjectName,
    lane: Lane,
    until: Timestamp,
) -> anyhow::Result<u64> {
    let due = due(tx, object, lane, tx.now())?;
    if due > 0 {
        tx.sql()
            .prepare_cached(
                "update inbox set state = 'deferred', not_before = ?3
                 where state in ('ready', 'deferred') and lane = ?1 and not_before <= ?4
                   and object = ?2",
            )?
            .execute((lane, object, until, tx.now()))?;
    }
    Ok(due)
}

/// Begins an object's load; returns whether none was under way.
pub fn begin_load(tx: &Tx<'_>, object: &ObjectName) -> anyhow::Result<bool> {
    let begun = tx
        .sql()
        .prepare_cached("insert or ignore into loads (object, began_at) values (?1, ?2)")?
        .execute((object, tx.now()))?;
    Ok(begun == 1)
}

/// Counts rows that were concluded.
pub fn count_loaded(
    tx: &Tx<'_>,
    object: &ObjectName,
    done: u64,
    refused: u64,
) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached(
            "update loads set done = done + ?2, refused = refused + ?3 where object = ?1",
        )?
        .execute((object, count(done), count(refused)))?;
    Ok(())
}

/// Counts a job that is over.
pub fn count_job(tx: &Tx<'_>, object: &ObjectName) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached("update loads set jobs = jobs + 1 where object = ?1")?
        .execute([object])?;
    Ok(())
}

/// Ends the loads of which nothing is left; returns them.
pub fn end_loads(tx: &Tx<'_>) -> anyhow::Result<Vec<Loading>> {
    let mut over = loading(tx)?;
    over.retain(Loading::is_over);
    let mut statement = tx
        .sql()
        .prepare_cached("delete from loads where object = ?1")?;
    for load in &over {
        statement.execute([&load.object])?;
    }
    Ok(over)
}
