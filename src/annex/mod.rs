//! What stands beside the journal and can be erased: labels, texts, mails, addresses, schemas.
//!
//! Nothing here is derived, and nothing here is a fact: a rebuild leaves it alone.

pub mod board;

use std::io::{Read, Write};

use anyhow::Context;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use rusqlite::OptionalExtension;

use crate::domain::failure::{Failure, RawFailure, TextKey};
use crate::domain::label::{Label, folded};
use crate::domain::record::{ObjectName, PairIds, RecordKey, Side, Timestamp};
use crate::domain::schema::{ObjectSchema, Offer};
use crate::store::{Tx, View};

/// Keeps `text` and returns the key by which events name it. The same text has the same key.
pub fn remember_text(tx: &Tx<'_>, text: &str) -> anyhow::Result<TextKey> {
    let key = tx.key().text_key(text);
    tx.sql()
        .prepare_cached("insert into texts (key, text) values (?1, ?2) on conflict do nothing")?
        .execute((&key, text))?;
    Ok(key)
}

/// Keeps the texts of a raw failure and returns the failure with their keys, fit for an event.
pub fn remember_failure(tx: &Tx<'_>, raw: RawFailure) -> anyhow::Result<Failure> {
    let mut failure = raw.failure;
    if !raw.message.is_empty() {
        failure.text = Some(remember_text(tx, &raw.message)?);
    }
    if let Some(value) = &raw.value {
        failure.value = Some(remember_text(tx, value)?);
    }
    if let Some(rule) = &raw.rule {
        failure.rule = Some(remember_text(tx, rule)?);
    }
    Ok(failure)
}

/// The text under `key`; none when it was erased or never kept.
pub fn text(view: &View<'_>, key: &TextKey) -> anyhow::Result<Option<String>> {
    let text: Option<Option<String>> = view
        .sql()
        .prepare_cached("select text from texts where key = ?1")?
        .query_row([key], |row| row.get(0))
        .optional()?;
    Ok(text.flatten())
}

/// Erases the text under `key`; its row stays, so that the same text is not taken for a new one.
pub fn erase_text(tx: &Tx<'_>, key: &TextKey) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached("update texts set text = null where key = ?1")?
        .execute([key])?;
    Ok(())
}

/// Keeps the name people know a record by. One that is known already is not written again.
pub fn label_record(tx: &Tx<'_>, key: &RecordKey, label: &Label) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached(
            "insert into labels (side, object, id, label, folded, email)
             values (?1, ?2, ?3, ?4, ?5, ?6)
             on conflict do update set label = excluded.label, folded = excluded.folded,
               email = excluded.email
             where label <> excluded.label or email is not excluded.email",
        )?
        .execute((
            key.side,
            &key.object,
            &key.id,
            &label.name,
            folded(&label.name),
            &label.email,
        ))?;
    Ok(())
}

/// The name people know a record by.
pub fn label(view: &View<'_>, key: &RecordKey) -> anyhow::Result<Option<String>> {
    Ok(view
        .sql()
        .prepare_cached("select label from labels where side = ?1 and object = ?2 and id = ?3")?
        .query_row((key.side, &key.object, &key.id), |row| row.get(0))
        .optional()?)
}

/// The display name of a pair, HubSpot's before Salesforce's.
pub fn name(view: &View<'_>, ids: &PairIds) -> anyhow::Result<Option<String>> {
    for key in ids.keys() {
        if let Some(label) = label(view, &key)? {
            return Ok(Some(label));
        }
    }
    Ok(None)
}

/// Records whose name or e-mail begins with `start`, in whatever letters, at most `limit`, in the
/// order of their names.
pub fn labelled(view: &View<'_>, start: &str, limit: u32) -> anyhow::Result<Vec<RecordKey>> {
    let start = folded(start);
    // Everything that begins so stands before this.
    let end = format!("{start}{}", char::MAX);
    let mut statement = view.sql().prepare_cached(
        "select side, object, id from (
           select * from (select side, object, id, folded from labels
             where folded >= ?1 and folded < ?2 order by folded limit ?3)
           union
           select * from (select side, object, id, folded from labels
             where email >= ?1 and email < ?2 order by email limit ?3))
         order by folded, side, object, id limit ?3",
    )?;
    let rows = statement.query_map((start, end, limit), |row| {
        Ok(RecordKey {
            side: row.get(0)?,
            object: row.get(1)?,
            id: row.get(2)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Forgets a record's name.
pub fn erase_label(tx: &Tx<'_>, key: &RecordKey) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached("delete from labels where side = ?1 and object = ?2 and id = ?3")?
        .execute((key.side, &key.object, &key.id))?;
    Ok(())
}

/// Keeps a mail's bytes under a key made of its Message-ID.
pub fn keep_mail(tx: &Tx<'_>, message_id: &str, bytes: &[u8]) -> anyhow::Result<TextKey> {
    let key = tx.key().text_key(message_id);
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
    packed.write_all(bytes)?;
    tx.sql()
        .prepare_cached("insert into mails (key, bytes) values (?1, ?2) on conflict do nothing")?
        .execute((&key, packed.finish()?))?;
    Ok(key)
}

/// A mail's bytes, exactly as kept; none when they were erased.
pub fn mail(view: &View<'_>, key: &TextKey) -> anyhow::Result<Option<Vec<u8>>> {
    let packed: Option<Vec<u8>> = view
        .sql()
        .prepare_cached("select bytes from mails where key = ?1")?
        .query_row([key], |row| row.get(0))
        .optional()?;
    let Some(packed) = packed else {
        return Ok(None);
    };
    let mut bytes = Vec::new();
    ZlibDecoder::new(packed.as_slice())
        .read_to_end(&mut bytes)
        .context("a mail kept in the store cannot be unpacked")?;
    Ok(Some(bytes))
}

/// Erases a mail's bytes.
pub fn erase_mail(tx: &Tx<'_>, key: &TextKey) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached("delete from mails where key = ?1")?
        .execute([key])?;
    Ok(())
}

/// The key of an address; the same address keeps its key.
pub fn recipient_key(tx: &Tx<'_>, address: &str) -> anyhow::Result<i64> {
    let known: Option<i64> = tx
        .sql()
        .prepare_cached("select recipient from recipients where address = ?1")?
        .query_row([address], |row| row.get(0))
        .optional()?;
    if let Some(key) = known {
        return Ok(key);
    }
    Ok(tx
        .sql()
        .prepare_cached("insert into recipients (address) values (?1) returning recipient")?
        .query_row([address], |row| row.get(0))?)
}

/// The address under a key; none when it was erased.
pub fn address(view: &View<'_>, recipient: i64) -> anyhow::Result<Option<String>> {
    let address: Option<Option<String>> = view
        .sql()
        .prepare_cached("select address from recipients where recipient = ?1")?
        .query_row([recipient], |row| row.get(0))
        .optional()?;
    Ok(address.flatten())
}

/// Erases an address; its key stays taken.
pub fn erase_address(tx: &Tx<'_>, recipient: i64) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached("update recipients set address = null where recipient = ?1")?
        .execute([recipient])?;
    Ok(())
}

/// Keeps a schema as last described.
pub fn keep_schema(tx: &Tx<'_>, object: &ObjectName, schema: &ObjectSchema) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached(
            "insert into schema_cache (side, object, read_at, schema) values (?1, ?2, ?3, ?4)
             on conflict do update set read_at = excluded.read_at, schema = excluded.schema",
        )?
        .execute((
            schema.side,
            object,
            schema.read_at,
            serde_json::to_string(schema)?,
        ))?;
    Ok(())
}

/// The schema of `object` on `side` as last described; none when there is none or an older program
/// kept it in a form that no longer reads.
pub fn schema(
    view: &View<'_>,
    side: Side,
    object: &ObjectName,
) -> anyhow::Result<Option<ObjectSchema>> {
    let schema: Option<String> = view
        .sql()
        .prepare_cached("select schema from schema_cache where side = ?1 and object = ?2")?
        .query_row((side, object), |row| row.get(0))
        .optional()?;
    Ok(schema.and_then(|schema| serde_json::from_str(&schema).ok()))
}

/// Makes a described schema one that is too old to be believed: it is asked for again, and what
/// changed since is told.
pub fn age_schema(tx: &Tx<'_>, side: Side, object: &ObjectName) -> anyhow::Result<()> {
    let Some(known) = schema(tx, side, object)? else {
        return Ok(());
    };
    let aged = ObjectSchema {
        read_at: Timestamp(0),
        whole_at: Timestamp(0),
        offer: Offer::default(),
        ..known
    };
    keep_schema(tx, object, &aged)
}

/// Forgets a described schema, so that it is asked for again.
pub fn forget_schema(tx: &Tx<'_>, side: Side, object: &ObjectName) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached("delete from schema_cache where side = ?1 and object = ?2")?
        .execute((side, object))?;
    Ok(())
}

/// A line of what the store knows about itself.
pub fn meta(view: &View<'_>, name: &str) -> anyhow::Result<Option<String>> {
    Ok(view
        .sql()
        .prepare_cached("select value from meta where name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?)
}

/// Sets a line of what the store knows about itself; none removes it.
pub fn set_meta(tx: &Tx<'_>, name: &str, value: Option<&str>) -> anyhow::Result<()> {
    match value {
        Some(value) => tx
            .sql()
            .prepare_cached(
                "insert into meta (name, value) values (?1, ?2)
                 on conflict do update set value = excluded.value",
            )?
            .execute((name, value))?,
        None => tx
            .sql()
            .prepare_cached("delete from meta where name = ?1")?
            .execute([name])?,
    };
    Ok(())
}
