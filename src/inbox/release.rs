//! What lets resting rows go on, and what ends them without an attempt.

use crate::domain::record::{ObjectName, RecordKey};
use crate::store::Tx;
use crate::store::columns::counted;

use super::{Parent, Row};

/// Which resting rows may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release<'a> {
    /// Children that wait for this parent, now linked.
    Parent(&'a RecordKey),
    /// Rows of an object that wait for a parent nobody named, or whose mapping or schema changed.
    Waiting(&'a ObjectName),
    /// Rows that the budget put off, now that it may say otherwise.
    Deferred,
    /// One record's row, whatever it rests for except a hold.
    Record(&'a RecordKey),
    /// Everything that mode observe kept from being written.
    WouldWrite,
}

/// Makes resting rows ready at once; returns how many.
pub fn release(tx: &Tx<'_>, which: Release<'_>) -> anyhow::Result<u64> {
    const FREE: &str = "update inbox set state = 'ready', not_before = 0, parent = null where";
    let sql = |text: &str| format!("{FREE} {text}");
    let freed = match which {
        Release::Parent(key) => tx
            .sql()
            .prepare_cached(&sql("state = 'waiting' and parent = ?1"))?
            .execute([Parent(key)])?,
        Release::Waiting(object) => tx
            .sql()
            .prepare_cached(&sql("state = 'waiting' and object = ?1"))?
            .execute([object])?,
        Release::Deferred => tx
            .sql()
            .prepare_cached(&sql("state = 'deferred'"))?
            .execute([])?,
        Release::Record(key) => tx
            .sql()
            .prepare_cached(&sql("state in ('deferred', 'waiting', 'would_write')
                 and side = ?1 and object = ?2 and id = ?3"))?
            .execute((key.side, &key.object, &key.id))?,
        Release::WouldWrite => tx
            .sql()
            .prepare_cached(&sql("state = 'would_write'"))?
            .execute([])?,
    };
    Ok(freed as u64)
}

/// Frees the members a hold has now, each still naming it, so that they do not count again. What
/// is stopped later is another hold.
pub fn approve(tx: &Tx<'_>, hold: i64) -> anyhow::Result<u64> {
    let freed = tx
        .sql()
        .prepare_cached(
            "update inbox set state = 'ready', not_before = 0 where hold = ?1 and state = 'held'",
        )?
        .execute([hold])?;
    Ok(freed as u64)
}

/// Gives up the members a hold has now: their changes are not written.
pub fn drop_hold(tx: &Tx<'_>, hold: i64) -> anyhow::Result<u64> {
    let dropped = tx
        .sql()
        .prepare_cached("delete from inbox where hold = ?1 and state = 'held'")?
        .execute([hold])?;
    Ok(dropped as u64)
}

/// Removes a row without an attempt, also when it was seen anew: the record is left out.
pub fn discard(tx: &Tx<'_>, row: &Row) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached("delete from inbox where number = ?1")?
        .execute([row.number])?;
    Ok(())
}

/// What a start does first: whatever was in flight when the last holder of the lock ended may or
/// may not have been written, and is ready to be looked at again; but not what is in a parcel, whose
/// job goes on without us. Returns how many.
pub fn return_in_flight(tx: &Tx<'_>) -> anyhow::Result<u64> {
    let returned: i64 = tx.sql().query_row(
        "select count(*) from inbox where state = 'in_flight' and parcel is null",
        [],
        |row| row.get(0),
    )?;
    tx.sql().execute(
        "update inbox set state = 'ready', not_before = 0,
           stamp = coalesce(again_stamp, stamp),
           again_stamp = null, again_lane = null, again_not_before = null
         where state = 'in_flight' and parcel is null",
        [],
    )?;
    Ok(counted(returned))
}
