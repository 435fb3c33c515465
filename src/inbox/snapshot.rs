//! What was read ahead of whole forms of Salesforce, and what is known to have moved since.
//!
//! Erasable, and worth nothing but the calls it saves: whoever finds it gone reads the records.

use rusqlite::{OptionalExtension, Row as Line};
use serde::{Deserialize, Serialize};

use crate::domain::record::{Fields, ObjectName, Record, RecordId, RecordKey, Side, Timestamp};
use crate::store::columns::counted;
use crate::store::{Tx, View};

/// What a record is looked for by, besides its own id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// What its id field says, in small letters.
    pub mark: Option<String>,
    /// What it is matched by, as both sides compare it.
    pub key: Option<String>,
}

/// What a snapshot knows of those looked for.
#[derive(Debug, PartialEq)]
pub enum Found {
    /// These records, or nobody.
    All(Vec<Record>),
    /// Not enough: something of it moved, or was not there yet.
    Moved,
}

/// A record beside its id: what a row holds of it.
#[derive(Serialize, Deserialize)]
struct Held {
    #[serde(rename = "at")]
    modified_at: Timestamp,
    #[serde(rename = "by")]
    modified_by: Option<RecordId>,
    deleted: bool,
    fields: Fields,
}

/// Keeps records, each with what it is looked for by.
pub fn keep(tx: &Tx<'_>, records: Vec<(Record, Names)>) -> anyhow::Result<()> {
    let mut statement = tx.sql().prepare_cached(
        "insert into snapshot_rows (object, id, mark, key, record) values (?1, ?2, ?3, ?4, ?5)
         on conflict do update set mark = excluded.mark, key = excluded.key,
           record = excluded.record",
    )?;
    for (record, names) in records {
        let RecordKey { object, id, .. } = record.key;
        let held = Held {
            modified_at: record.modified_at,
            modified_by: record.modified_by,
            deleted: record.deleted,
            fields: record.fields,
        };
        let held = serde_json::to_string(&held)?;
        statement.execute((object, id, names.mark, names.key, held))?;
    }
    Ok(())
}

/// Notes that a record moved, or, without an id, that one is being created.
pub fn moved(
    tx: &Tx<'_>,
    object: &ObjectName,
    id: Option<&RecordId>,
    names: &Names,
) -> anyhow::Result<()> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    tx.sql()
        .prepare_cached("insert or ignore into snapshot_moved values (?1, ?2, ?3, ?4)")?
        .execute((
            object,
            id.map_or("", RecordId::as_str),
            text(&names.mark),
            text(&names.key),
        ))?;
    Ok(())
}

/// The records of an id, or of a mark or a key. An id that is not in the snapshot is not enough: the
/// record may have been made since. A mark or a key that is in nobody's is.
pub fn find(
    view: &View<'_>,
    object: &ObjectName,
    id: Option<&RecordId>,
    names: &Names,
) -> anyhow::Result<Found> {
    let (mark, key) = (names.mark.as_deref(), names.key.as_deref());
    let is_moved: bool = view
        .sql()
        .prepare_cached(
            "select exists (select 1 from snapshot_moved where object = ?1 and mark <> '' and mark = ?2)
               or exists (select 1 from snapshot_moved where object = ?1 and key <> '' and key = ?3)",
        )?
        .query_row((object, mark, key), |line| line.get(0))?;
    if is_moved {
        return Ok(Found::Moved);
    }
    let mut records = Vec::new();
    if let Some(id) = id {
        match of_id(view, object, id)? {
            Some(record) => records.push(record),
            None => return Ok(Found::Moved),
        }
    }
    let mut statement = view.sql().prepare_cached(
        "select id from snapshot_rows where object = ?1 and mark is not null and mark = ?2
         union select id from snapshot_rows where object = ?1 and key is not null and key = ?3",
    )?;
    let ids = statement.query_map((object, mark, key), |line| line.get::<_, RecordId>(0))?;
    for found in ids {
        let found = found?;
        if Some(&found) == id {
            continue;
        }
        match of_id(view, object, &found)? {
            Some(record) => records.push(record),
            None => return Ok(Found::Moved),
        }
    }
    Ok(Found::All(records))
}

/// The record of an id, unless it moved or is not there.
pub fn of_id(
    view: &View<'_>,
    object: &ObjectName,
    id: &RecordId,
) -> anyhow::Result<Option<Record>> {
    let held = view
        .sql()
        .prepare_cached(
            "select record from snapshot_rows where object = ?1 and id = ?2
               and not exists (select 1 from snapshot_moved where object = ?1 and id = ?2)",
        )?
        .query_row((object, id), |line: &Line<'_>| line.get::<_, String>(0))
        .optional()?;
    let Some(held) = held else { return Ok(None) };
    let held: Held = serde_json::from_str(&held)?;
    Ok(Some(Record {
        key: RecordKey {
            side: Side::Salesforce,
            object: object.clone(),
            id: id.clone(),
        },
        modified_at: held.modified_at,
        modified_by: held.modified_by,
        deleted: held.deleted,
        fields: held.fields,
    }))
}

/// Forgets what is known of an object; of all objects without one.
pub fn forget(tx: &Tx<'_>, object: Option<&ObjectName>) -> anyhow::Result<()> {
    for table in ["snapshot_rows", "snapshot_moved"] {
        tx.sql()
            .prepare_cached(&format!(
                "delete from {table} where ?1 is null or object = ?1"
            ))?
            .execute([object])?;
    }
    Ok(())
}

/// Rows of a first load or a resync, as far as they matter to a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Those that may be taken, now or at some time by themselves.
    pub ready: u64,
    /// Those among them that a person asked for.
    pub asked: u64,
    /// Whether any is left, in whatever state.
    pub is_left: bool,
    /// Whether a row of the object is being written, or the outcome of a write is unknown.
    pub is_busy: bool,
}

/// How an object's load stands.
pub fn load(view: &View<'_>, object: &ObjectName) -> anyhow::Result<Load> {
    let exists = |sql: &str| -> anyhow::Result<bool> {
        let mut statement = view
            .sql()
            .prepare_cached(&format!("select exists ({sql})"))?;
        Ok(statement.query_row([object], |line| line.get(0))?)
    };
    let (ready, asked) = view
        .sql()
        .prepare_cached(
            "select count(*), count(case when lane = 'resync' then 1 end) from inbox
             where state in ('ready', 'deferred') and lane in ('backfill', 'resync')
               and object = ?1",
        )?
        .query_row([object], |line| Ok((line.get(0)?, line.get(1)?)))?;
    Ok(Load {
        ready: counted(ready),
        asked: counted(asked),
        is_left: exists(
            "select 1 from inbox where object = ?1 and lane in ('backfill', 'resync')",
        )?,
        is_busy: exists("select 1 from inbox where object = ?1 and state = 'in_flight'")?
            || exists("select 1 from intents join inbox using (number) where inbox.object = ?1")?,
    })
}
