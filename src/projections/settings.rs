//! What governs us now: the last event of each kind, as it was journaled.

use rusqlite::OptionalExtension;
use serde::de::DeserializeOwned;

use crate::domain::event::{
    AllocationSet, BackfillSet, Bound, ConnectionSuspended, Entry, MappingChanged, Mode, ModeSet,
    NotificationsSet, Paused, SchemaChanged,
};
use crate::domain::record::{ObjectName, RecordId, Side, Timestamp};
use crate::store::{StoreError, Tx, View};

use super::append;

/// A setting and since when it is in force.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting<T> {
    /// The event that set it.
    pub event: T,
    /// Its place.
    pub seq: i64,
    /// Its time, for people.
    pub at: Timestamp,
}

pub(super) fn set(tx: &Tx<'_>, entry: &Entry, part: &str) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached(
            "insert into settings (name, part, payload, seq, at) values (?1, ?2, ?3, ?4, ?5)
             on conflict do update set payload = excluded.payload, seq = excluded.seq,
               at = excluded.at",
        )?
        .execute((
            entry.event.kind(),
            part,
            entry.event.payload()?,
            entry.seq,
            entry.at,
        ))?;
    Ok(())
}

pub(super) fn unset(tx: &Tx<'_>, name: &str, part: &str) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached("delete from settings where name = ?1 and part = ?2")?
        .execute((name, part))?;
    Ok(())
}

/// How a schema is named among the parts of settings.
pub(super) fn schema_part(side: Side, object: &ObjectName) -> String {
    format!("{}/{object}", side.key())
}

fn get<T: DeserializeOwned>(
    view: &View<'_>,
    name: &str,
    part: &str,
) -> anyhow::Result<Option<Setting<T>>> {
    let row: Option<(String, i64, Timestamp)> = view
        .sql()
        .prepare_cached("select payload, seq, at from settings where name = ?1 and part = ?2")?
        .query_row((name, part), |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    row.map(|(payload, seq, at)| {
        Ok(Setting {
            event: serde_json::from_str(&payload)?,
            seq,
            at,
        })
    })
    .transpose()
}

fn parts<T: DeserializeOwned>(view: &View<'_>, name: &str) -> anyhow::Result<Vec<Setting<T>>> {
    let mut statement = view
        .sql()
        .prepare_cached("select part from settings where name = ?1 order by part")?;
    let names: Vec<String> = statement
        .query_map([name], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut settings = Vec::new();
    for part in names {
        settings.extend(get(view, name, &part)?);
    }
    Ok(settings)
}

/// The accounts the store belongs to; none before the first start.
pub fn bound(view: &View<'_>) -> anyhow::Result<Option<Setting<Bound>>> {
    get(view, "bound", "")
}

/// Makes the store belong to these accounts, or makes sure that it does; the error for others is
/// [`StoreError::OtherAccounts`].
pub fn bind(tx: &Tx<'_>, portal: i64, org: &RecordId) -> anyhow::Result<()> {
    match bound(tx)? {
        None => {
            let org = org.clone();
            append(tx, None, Bound { portal, org })?;
            Ok(())
        }
        Some(Setting { event, .. }) if event.portal == portal && event.org == *org => Ok(()),
        Some(Setting { event, .. }) => Err(StoreError::OtherAccounts {
            portal: event.portal,
            org: event.org,
            other_portal: portal,
            other_org: org.clone(),
        }
        .into()),
    }
}

/// The allocation in force.
pub fn allocation(view: &View<'_>) -> anyhow::Result<Option<Setting<AllocationSet>>> {
    get(view, "allocation_set", "")
}

/// When first loads may spend calls.
pub fn backfill(view: &View<'_>) -> anyhow::Result<Option<Setting<BackfillSet>>> {
    get(view, "backfill_set", "")
}

/// Who is told what.
pub fn notifications(view: &View<'_>) -> anyhow::Result<Option<Setting<NotificationsSet>>> {
    get(view, "notifications_set", "")
}

/// One object's mapping.
pub fn mapping(
    view: &View<'_>,
    object: &ObjectName,
) -> anyhow::Result<Option<Setting<MappingChanged>>> {
    get(view, "mapping_changed", object.as_str())
}

/// Every object's mapping.
pub fn mappings(view: &View<'_>) -> anyhow::Result<Vec<Setting<MappingChanged>>> {
    parts(view, "mapping_changed")
}

/// The objects kept in step, each once.
pub fn objects(view: &View<'_>) -> anyhow::Result<Vec<ObjectName>> {
    let mut objects: Vec<ObjectName> = mappings(view)?
        .into_iter()
        .map(|setting| setting.event.mapping.object)
        .collect();
    objects.sort();
    objects.dedup();
    Ok(objects)
}

/// Whether anything is written; none before somebody chose.
pub fn mode(view: &View<'_>) -> anyhow::Result<Option<Mode>> {
    Ok(get::<ModeSet>(view, "mode_set", "")?.map(|setting| setting.event.mode))
}

/// The pause in force.
pub fn paused(view: &View<'_>) -> anyhow::Result<Option<Setting<Paused>>> {
    get(view, "paused", "")
}

/// The suspension of a connection, while it stands still.
pub fn suspended(
    view: &View<'_>,
    side: Side,
) -> anyhow::Result<Option<Setting<ConnectionSuspended>>> {
    get(view, "connection_suspended", side.key())
}

/// The last change of an object's schema on a side: what failed before it may succeed after it.
pub fn schema_changed(
    view: &View<'_>,
    side: Side,
    object: &ObjectName,
) -> anyhow::Result<Option<Setting<SchemaChanged>>> {
    get(view, "schema_changed", &schema_part(side, object))
}
