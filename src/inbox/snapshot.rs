//! What was read ahead of whole forms of Salesforce, and what is known to have moved since.
//!
//! Erasable, and worth nothing but the calls it saves: whoever finds it gone reads the records.

use rusqlite::{OptionalExtension, Row as Line};

use super::held;
use crate::domain::call::Lane;
use crate::domain::record::{ObjectName, Record, RecordId, RecordKey, Side};
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

/// Keeps records, each with what it is looked for by.
pub fn keep(tx: &Tx<'_>, records: Vec<(Record, Names)>) -> anyhow::Result<()> {
    let mut statement = tx.sql().prepare_cached(
        "insert into snapshot_rows (object, id, mark, key, record) values (?1, ?2, ?3, ?4, ?5)
         on conflict do update set mark = excluded.mark, key = excluded.key,
           record = excluded.record",
    )?;
    for (record, names) in records {
        let RecordKey { object, id, .. } = record.key.clone();
        let held = held::text_of(record)?;
        statement.execute((object, id, names.mark, names.key, held))?;
    }
    Ok(())
}

/// A record of a junction object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tie {
    /// The record whose associations are kept by it.
    pub here: RecordId,
    /// The record at the other end.
    pub there: RecordId,
    /// Its own id.
    pub id: RecordId,
}

/// Keeps records of a junction object.
pub fn keep_ties(tx: &Tx<'_>, junction: &ObjectName, ties: Vec<Tie>) -> anyhow::Result<()> {
    let mut statement = tx.sql().prepare_cached(
        "insert into snapshot_ties (object, here, id, there) values (?1, ?2, ?3, ?4)
         on conflict do update set there = excluded.there",
    )?;
    for Tie { here, there, id } in ties {
        statement.execute((junction, here, id, there))?;
    }
    Ok(())
}

/// What ties a record of `object` by `junction`; none when that moved, or the record was made since.
pub fn ties(
    view: &View<'_>,
    (object, junction): (&ObjectName, &ObjectName),
    here: &RecordId,
) -> anyhow::Result<Option<Vec<Tie>>> {
    let is_known: bool = view
        .sql()
        .prepare_cached(
            "select exists (select 1 from snapshot_rows where object = ?1 and id = ?3)
               and not exists (select 1 from snapshot_moved where object = ?2 and id = ?3)",
        )?
        .query_row((object, junction, here), |line| line.get(0))?;
    if !is_known {
        return Ok(None);
    }
    let mut statement = view
        .sql()
        .prepare_cached("select there, id from snapshot_ties where object = ?1 and here = ?2")?;
    let ties = statement.query_map((junction, here), |line| {
        Ok(Tie {
            here: here.clone(),
            there: line.get(0)?,
            id: line.get(1)?,
        })
    })?;
    Ok(Some(ties.collect::<rusqlite::Result<_>>()?))
}

/// How many of an object's rows in this lane have a record in Salesforce that the snapshot cannot
/// answer for: it moved, or was made since.
pub fn unanswered(view: &View<'_>, object: &ObjectName, lane: Lane) -> anyhow::Result<u64> {
    let rows = view
        .sql()
        .prepare_cached(
            "select count(*) from
               (select coalesce(p.salesforce, iif(i.side = 'salesforce', i.id, null)) as own
                from inbox as i left join pairs as p
                  on i.side = 'hubspot' and p.object = i.object and p.hubspot = i.id
                where i.object = ?1 and i.lane = ?2 and i.state in ('ready', 'deferred'))
             where own is not null
               and (not exists (select 1 from snapshot_rows where object = ?1 and id = own)
                 or exists (select 1 from snapshot_moved where object = ?1 and id = own))",
        )?
        .query_row((object, lane), |line| line.get(0))?;
    Ok(counted(rows))
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
    let key = RecordKey {
        side: Side::Salesforce,
        object: object.clone(),
        id: id.clone(),
    };
    held::record_of(key, &held).map(Some)
}

/// Where what is known of them stands.
const TABLES: [&str; 3] = ["snapshot_rows", "snapshot_moved", "snapshot_ties"];

/// Forgets what is known of these objects, and junction objects.
pub fn forget(tx: &Tx<'_>, objects: &[ObjectName]) -> anyhow::Result<()> {
    for table in TABLES {
        let mut statement = tx
            .sql()
            .prepare_cached(&format!("delete from {table} where object = ?1"))?;
        for object in objects {
            statement.execute([object])?;
        }
    }
    Ok(())
}

/// Forgets all of it.
pub fn forget_all(tx: &Tx<'_>) -> anyhow::Result<()> {
    for table in TABLES {
        tx.sql().execute(&format!("delete from {table}"), [])?;
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
