//! What was read lately, so that a listing of ids and stamps tells a late commit from a known one.

use crate::domain::record::{ObjectName, RecordId, RecordKey, Side, Timestamp};
use crate::store::{Tx, View};

/// Notes that `key` was read as it stood at `stamp`.
pub fn note_seen(tx: &Tx<'_>, key: &RecordKey, stamp: Timestamp) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached(
            "insert into seen (side, object, id, stamp, at) values (?1, ?2, ?3, ?4, ?5)
             on conflict do update set at = excluded.at",
        )?
        .execute((key.side, &key.object, &key.id, stamp, tx.now()))?;
    Ok(())
}

/// Those of a listing that were not read yet: they were committed late, behind the cursor.
pub fn unseen(
    view: &View<'_>,
    side: Side,
    object: &ObjectName,
    listed: Vec<(RecordId, Timestamp)>,
) -> anyhow::Result<Vec<(RecordId, Timestamp)>> {
    let mut statement = view.sql().prepare_cached(
        "select exists (select 1 from seen
           where side = ?1 and object = ?2 and id = ?3 and stamp = ?4)",
    )?;
    let mut new = Vec::new();
    for (id, stamp) in listed {
        let known: bool = statement.query_row((side, object, &id, stamp), |row| row.get(0))?;
        if !known {
            new.push((id, stamp));
        }
    }
    Ok(new)
}

/// Forgets what was read before `before`, by our clock.
pub fn prune_seen(tx: &Tx<'_>, before: Timestamp) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached("delete from seen where at < ?1")?
        .execute([before])?;
    Ok(())
}
