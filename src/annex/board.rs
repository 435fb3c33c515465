//! What the three properties of HubSpot's records were last told.

use rusqlite::OptionalExtension;

use crate::domain::event::ValuePrint;
use crate::domain::record::{ObjectName, RecordId, RecordKey, Side};
use crate::store::{Tx, View};

/// What a record's properties say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said {
    /// The print of both texts.
    pub print: ValuePrint,
    /// Whether a person's wish for another try was heard and still stands in HubSpot.
    pub pressed: bool,
}

/// What the properties of `key` were last told; none when nothing was ever written there.
pub fn said(view: &View<'_>, key: &RecordKey) -> anyhow::Result<Option<Said>> {
    Ok(view
        .sql()
        .prepare_cached("select says, pressed from shown where object = ?1 and id = ?2")?
        .query_row((&key.object, &key.id), |row| {
            Ok(Said {
                print: ValuePrint(row.get(0)?),
                pressed: row.get(1)?,
            })
        })
        .optional()?)
}

/// Notes what was written there, or that it cannot be.
pub fn say(tx: &Tx<'_>, key: &RecordKey, print: ValuePrint) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached(
            "insert into shown (object, id, says) values (?1, ?2, ?3)
             on conflict do update set says = excluded.says, pressed = 0",
        )?
        .execute((&key.object, &key.id, print.0))?;
    Ok(())
}

/// Notes that a person wants `key` tried again; false when that is known already.
pub fn press(tx: &Tx<'_>, key: &RecordKey) -> anyhow::Result<bool> {
    let pressed = tx
        .sql()
        .prepare_cached(
            "insert into shown (object, id, says, pressed) values (?1, ?2, 0, 1)
             on conflict do update set pressed = 1 where pressed = 0",
        )?
        .execute((&key.object, &key.id))?;
    Ok(pressed == 1)
}

/// Records of which that wish still stands in HubSpot, at most a page.
pub fn pressed(view: &View<'_>, object: &ObjectName) -> anyhow::Result<Vec<RecordKey>> {
    let mut statement = view
        .sql()
        .prepare_cached("select id from shown where object = ?1 and pressed = 1 limit ?2")?;
    let keys = statement.query_map((object, view.page_max()), |row| {
        let id: RecordId = row.get(0)?;
        let (side, object) = (Side::HubSpot, object.clone());
        Ok(RecordKey { side, object, id })
    })?;
    Ok(keys.collect::<rusqlite::Result<_>>()?)
}

/// Up to which entry of the journal the properties are true; none before the first look at all
/// records came to its end.
pub fn true_until(view: &View<'_>) -> anyhow::Result<Option<i64>> {
    Ok(view
        .sql()
        .prepare_cached("select seq from shown_until")?
        .query_row([], |row| row.get(0))
        .optional()?)
}

/// Notes that they are true up to `seq`.
pub fn note_true_until(tx: &Tx<'_>, seq: i64) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached(
            "insert into shown_until (only, seq) values (1, ?1)
             on conflict do update set seq = excluded.seq",
        )?
        .execute([seq])?;
    Ok(())
}
