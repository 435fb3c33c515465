//! What attempts make of a record's errors. Only what really changed is written, and only that
//! moves the causes' counts.

use anyhow::Context;
use rusqlite::{OptionalExtension, params};

use super::tally;
use crate::annex;
use crate::domain::call::Lane;
use crate::domain::catalogue::Slug;
use crate::domain::classify::classify;
use crate::domain::event::{Entry, Known, RecordFailed, RecordForgotten, RecordSynced};
use crate::domain::failure::{Failure, TextKey};
use crate::domain::record::{ObjectName, PairNumber, Side, Timestamp};
use crate::projections::causes;
use crate::store::Tx;

/// What tells a record's errors apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) side: Side,
    field: String,
    code: String,
    rule: String,
}

impl Key {
    fn of(to: Side, failure: &Failure) -> Self {
        let field = failure.fields.first().map(ToString::to_string);
        Self {
            side: to,
            field: field.unwrap_or_default(),
            code: failure.code.clone(),
            rule: failure.rule.clone().map(|rule| rule.0).unwrap_or_default(),
        }
    }
}

/// A row as far as replacing it and counting it need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Old {
    pub(super) key: Key,
    pub(super) cause: i64,
    pub(super) known: Known,
    pub(super) slug: Slug,
    pub(super) object: ObjectName,
    pub(super) first_at: Timestamp,
    pub(super) text: Option<TextKey>,
    pub(super) value: Option<TextKey>,
}

impl Old {
    /// Whether it is the error that `failure` makes on a write to its side.
    pub(super) fn is_of(&self, failure: &Failure) -> bool {
        self.key == Key::of(self.key.side, failure)
    }

    /// What its row is found by.
    pub(super) fn place(&self, record: PairNumber) -> (PairNumber, Side, &str, &str, &str) {
        let Key {
            side,
            field,
            code,
            rule,
        } = &self.key;
        (record, *side, field, code, rule)
    }
}

/// An answered attempt replaces all errors of its direction, a predicted one only predicted ones.
pub(in crate::projections) fn failed(
    tx: &Tx<'_>,
    entry: &Entry,
    record: PairNumber,
    event: &RecordFailed,
) -> anyhow::Result<()> {
    let answered = event.known == Known::Answered;
    let keys: Vec<Key> = event
        .failures
        .iter()
        .map(|failure| Key::of(event.to, failure))
        .collect();
    let before = olds(tx, record)?;
    let here = before.iter().filter(|old| old.key.side == event.to);
    let olds: Vec<&Old> = here.collect();
    for &old in &olds {
        let replaced = answered || old.known != Known::Answered;
        if replaced && !keys.contains(&old.key) {
            remove(tx, entry, record, old)?;
        }
    }
    for (at, (failure, key)) in event.failures.iter().zip(&keys).enumerate() {
        let twice = keys[..at].contains(key);
        let old = olds.iter().copied().find(|old| old.key == *key);
        let outweighed = !answered && old.is_some_and(|old| old.known == Known::Answered);
        if twice {
            continue;
        }
        if !outweighed {
            put(tx, entry, record, event, failure, key, old)?;
        }
        // A predicted failure answers a probe as well, and so does one that an answer outweighs: it
        // would be due again at once otherwise.
        if event.lane == Lane::Retry
            && let Some(cause) = causes::find(tx, event.to, &event.ids.object, failure)?
        {
            causes::probed(tx, entry, cause)?;
        }
    }
    tally::moved(tx, entry.seq, &before, &self::olds(tx, record)?)
}

fn put(
    tx: &Tx<'_>,
    entry: &Entry,
    record: PairNumber,
    event: &RecordFailed,
    failure: &Failure,
    key: &Key,
    old: Option<&Old>,
) -> anyhow::Result<()> {
    let object = &event.ids.object;
    let answered = event.known == Known::Answered;
    let slug = type_of(tx, event, failure)?;
    let cause = causes::find(tx, event.to, object, failure)?
        .context("its cause has no number: cause_numbered must stand before it")?;
    tx.sql()
        .prepare_cached(
            "insert into errors (record, side, field, code, rule, object, type, cause, known,
               first_seq, first_at, last_seq, last_at, attempts, text, value)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?10, ?11, ?12, ?13, ?14)
             on conflict do update set type = excluded.type, known = excluded.known,
               last_seq = excluded.last_seq, last_at = excluded.last_at,
               attempts = attempts + excluded.attempts, text = excluded.text,
               value = excluded.value",
        )?
        .execute(params![
            record,
            key.side,
            key.field,
            key.code,
            key.rule,
            object,
            slug,
            cause,
            event.known,
            entry.seq,
            entry.at,
            i64::from(answered),
            failure.text,
            failure.value,
        ])?;
    if old.is_none() {
        causes::gained(tx, entry, cause, record)?;
    }
    causes::describe(tx, entry, cause, &slug, failure.text.as_ref())
}

/// The type of a failure, by the catalogue and the text it came with.
pub(super) fn type_of(
    tx: &Tx<'_>,
    event: &RecordFailed,
    failure: &Failure,
) -> anyhow::Result<Slug> {
    let text = match &failure.text {
        Some(key) => annex::text(tx, key)?,
        None => None,
    };
    let message = text.unwrap_or_default();
    let object = &event.ids.object;
    Ok(classify(
        tx.catalogue(),
        event.to,
        object,
        failure,
        &message,
    ))
}

/// A success clears its direction; so does agreement, because what is no longer to be written can
/// no longer fail.
pub(in crate::projections) fn synced(
    tx: &Tx<'_>,
    entry: &Entry,
    record: PairNumber,
    event: &RecordSynced,
) -> anyhow::Result<()> {
    clear(tx, entry, record, Some(event.to))
}

/// A record that is left out, taken apart or absorbed has no errors.
pub(in crate::projections) fn cleared(
    tx: &Tx<'_>,
    entry: &Entry,
    record: PairNumber,
) -> anyhow::Result<()> {
    clear(tx, entry, record, None)
}

fn clear(tx: &Tx<'_>, entry: &Entry, record: PairNumber, to: Option<Side>) -> anyhow::Result<()> {
    let before = olds(tx, record)?;
    let goes = |old: &Old| to.is_none_or(|to| old.key.side == to);
    let (gone, left): (Vec<Old>, Vec<Old>) = before.iter().cloned().partition(goes);
    for old in &gone {
        remove(tx, entry, record, old)?;
    }
    tally::moved(tx, entry.seq, &before, &left)
}

/// The types go on as they were when the texts were erased, in the order of the errors.
pub(in crate::projections) fn forgotten(
    tx: &Tx<'_>,
    entry: &Entry,
    record: PairNumber,
    event: &RecordForgotten,
) -> anyhow::Result<()> {
    let before = olds(tx, record)?;
    for (old, slug) in before.iter().zip(&event.types) {
        let slug = Slug::parse(slug)?;
        tx.sql()
            .prepare_cached(
                "update errors set type = ?6 where record = ?1 and side = ?2 and field = ?3
                   and code = ?4 and rule = ?5",
            )?
            .execute((
                record,
                old.key.side,
                &old.key.field,
                &old.key.code,
                &old.key.rule,
                &slug,
            ))?;
    }
    tally::moved(tx, entry.seq, &before, &olds(tx, record)?)
}

pub(super) fn olds(tx: &Tx<'_>, record: PairNumber) -> anyhow::Result<Vec<Old>> {
    let mut statement = tx.sql().prepare_cached(
        "select side, field, code, rule, cause, known, type, object, first_at, text, value from errors
         where record = ?1 order by side, field, code, rule",
    )?;
    let rows = statement.query_map([record], |row| {
        Ok(Old {
            key: Key {
                side: row.get(0)?,
                field: row.get(1)?,
                code: row.get(2)?,
                rule: row.get(3)?,
            },
            cause: row.get(4)?,
            known: row.get(5)?,
            slug: row.get(6)?,
            object: row.get(7)?,
            first_at: row.get(8)?,
            text: row.get(9)?,
            value: row.get(10)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn remove(tx: &Tx<'_>, entry: &Entry, record: PairNumber, old: &Old) -> anyhow::Result<()> {
    let key = &old.key;
    tx.sql()
        .prepare_cached(
            "delete from errors where record = ?1 and side = ?2 and field = ?3 and code = ?4
               and rule = ?5 returning 1",
        )?
        .query_row((record, key.side, &key.field, &key.code, &key.rule), |_| {
            Ok(())
        })
        .optional()?;
    causes::lost(tx, entry, old.cause)
}
