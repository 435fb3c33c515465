//! Records of Salesforce as they are kept on disk for a while: erasable, and worth only calls.

use rusqlite::OptionalExtension;
use serde::{Deserialize, Serialize};

use super::Row;
use crate::domain::record::{Fields, Record, RecordId, RecordKey, Timestamp};
use crate::store::{Tx, View};

/// A record beside its key.
#[derive(Serialize, Deserialize)]
struct Held {
    #[serde(rename = "at")]
    modified_at: Timestamp,
    #[serde(rename = "by")]
    modified_by: Option<RecordId>,
    deleted: bool,
    fields: Fields,
}

/// A record as text, without its key.
pub(super) fn text_of(record: Record) -> anyhow::Result<String> {
    let held = Held {
        modified_at: record.modified_at,
        modified_by: record.modified_by,
        deleted: record.deleted,
        fields: record.fields,
    };
    Ok(serde_json::to_string(&held)?)
}

/// The record of such a text.
pub(super) fn record_of(key: RecordKey, text: &str) -> anyhow::Result<Record> {
    let held: Held = serde_json::from_str(text)?;
    Ok(Record {
        key,
        modified_at: held.modified_at,
        modified_by: held.modified_by,
        deleted: held.deleted,
        fields: held.fields,
    })
}

/// Keeps a record beside its row, if it has one; it goes with the row.
pub fn keep(tx: &Tx<'_>, record: Record) -> anyhow::Result<()> {
    let RecordKey { side, object, id } = record.key.clone();
    tx.sql()
        .prepare_cached("update inbox set kept = ?4 where side = ?1 and object = ?2 and id = ?3")?
        .execute((side, object, id, text_of(record)?))?;
    Ok(())
}

/// The record that is kept beside a row.
pub fn kept(view: &View<'_>, row: &Row) -> anyhow::Result<Option<Record>> {
    let text: Option<Option<String>> = view
        .sql()
        .prepare_cached("select kept from inbox where number = ?1")?
        .query_row([row.number], |line| line.get(0))
        .optional()?;
    text.flatten()
        .map(|text| record_of(row.key.clone(), &text))
        .transpose()
}
