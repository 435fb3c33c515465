//! Errors with one fix: a number for ever, and how many records fail by it now.
//!
//! An error's key holds everything that its cause's fingerprint holds, so a record counts once per
//! cause.

use rusqlite::{OptionalExtension, Row};

use crate::domain::catalogue::Slug;
use crate::domain::cause::Fingerprint;
use crate::domain::event::{CauseNumbered, Entry};
use crate::domain::failure::{Failure, TextKey};
use crate::domain::record::{FieldName, ObjectName, PairNumber, Side, Timestamp};
use crate::journal;
use crate::store::columns::counted;
use crate::store::{Tx, View};

use super::errors::{self, Filter, Place};
use super::remarks::{self, Gained};

/// Causes named in place of an unknown one.
const NEAREST: u32 = 3;

/// One cause as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Cause {
    /// The number people see: `C-41`.
    pub number: i64,
    /// What makes errors this cause.
    pub fingerprint: Fingerprint,
    /// The type that most of its errors have, or that of its latest once there are none; none before
    /// the first.
    pub slug: Option<Slug>,
    /// Key of its latest message.
    pub text: Option<TextKey>,
    /// Records that fail by it now.
    pub records: u64,
    /// Where and when it was first seen.
    pub opened: Moment,
    /// Since when no record fails by it.
    pub resolved: Option<Moment>,
    /// When it last came back.
    pub back: Option<Moment>,
    /// The first record that failed by it.
    pub first_record: Option<PairNumber>,
    /// The latest record that came to fail by it.
    pub last_record: Option<PairNumber>,
    /// Answered tries in the retry lane since it opened or came back.
    pub probes: u32,
    /// When the last of them was.
    pub probed_at: Option<Timestamp>,
}

/// A place in the journal and its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The entry.
    pub seq: i64,
    /// Its time, for people.
    pub at: Timestamp,
}

impl Cause {
    /// Since when it is open: since it came back, or since it was first seen.
    pub fn since(&self) -> Moment {
        self.back.unwrap_or(self.opened)
    }
}

/// The number of a fingerprint; a new one is given its number by an entry of its own, now.
pub fn number_for(tx: &Tx<'_>, fingerprint: &Fingerprint) -> anyhow::Result<i64> {
    if let Some(number) = by_fingerprint(tx, fingerprint)? {
        return Ok(number);
    }
    let number: i64 = tx
        .sql()
        .prepare_cached("select coalesce(max(number), 0) + 1 from causes")?
        .query_row([], |row| row.get(0))?;
    let event = CauseNumbered {
        number,
        fingerprint: fingerprint.clone(),
    };
    let entry = journal::keep(tx, None, event.clone().into())?;
    numbered(tx, &entry, &event)?;
    Ok(number)
}

pub(super) fn number_of(
    tx: &Tx<'_>,
    to: Side,
    object: &ObjectName,
    failure: &Failure,
) -> anyhow::Result<i64> {
    number_for(tx, &Fingerprint::of(to, object, failure))
}

pub(super) fn find(
    tx: &Tx<'_>,
    to: Side,
    object: &ObjectName,
    failure: &Failure,
) -> anyhow::Result<Option<i64>> {
    by_fingerprint(tx, &Fingerprint::of(to, object, failure))
}

fn words(fingerprint: &Fingerprint) -> (&str, &str) {
    (
        fingerprint.field.as_ref().map_or("", FieldName::as_str),
        fingerprint.rule.as_ref().map_or("", |rule| rule.0.as_str()),
    )
}

/// The number of a fingerprint, when it has one.
pub fn by_fingerprint(view: &View<'_>, fingerprint: &Fingerprint) -> anyhow::Result<Option<i64>> {
    let (field, rule) = words(fingerprint);
    Ok(view
        .sql()
        .prepare_cached(
            "select number from causes
             where side = ?1 and object = ?2 and field = ?3 and code = ?4 and rule = ?5",
        )?
        .query_row(
            (
                fingerprint.side,
                &fingerprint.object,
                field,
                &fingerprint.code,
                rule,
            ),
            |row| row.get(0),
        )
        .optional()?)
}

pub(super) fn numbered(tx: &Tx<'_>, entry: &Entry, event: &CauseNumbered) -> anyhow::Result<()> {
    let fingerprint = &event.fingerprint;
    let (field, rule) = words(fingerprint);
    tx.sql()
        .prepare_cached(
            "insert into causes (number, side, object, field, code, rule, opened_seq, opened_at)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute((
            event.number,
            fingerprint.side,
            &fingerprint.object,
            field,
            &fingerprint.code,
            rule,
            entry.seq,
            entry.at,
        ))?;
    Ok(())
}

/// One record more fails by it; the first one after it was resolved brings it back.
pub(super) fn gained(
    tx: &Tx<'_>,
    entry: &Entry,
    number: i64,
    record: PairNumber,
) -> anyhow::Result<()> {
    let (records, back_seq): (i64, Option<i64>) = tx
        .sql()
        .prepare_cached(
            "update causes set records = records + 1,
               back_seq = iif(resolved_seq is null, back_seq, ?2),
               back_at = iif(resolved_seq is null, back_at, ?3),
               probes = iif(resolved_seq is null, probes, 0),
               probed_at = iif(resolved_seq is null, probed_at, null),
               resolved_seq = null, resolved_at = null,
               first_record = coalesce(first_record, ?4), last_record = ?4
             where number = ?1 returning records, back_seq",
        )?
        .query_row((number, entry.seq, entry.at, record), |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    let gained = Gained {
        number,
        records: counted(records),
        is_back: back_seq == Some(entry.seq),
    };
    remarks::cause_gained(tx, entry, &gained)
}

/// One record less fails by it; with the last one it is resolved.
pub(super) fn lost(tx: &Tx<'_>, entry: &Entry, number: i64) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached(
            "update causes set records = records - 1,
               resolved_seq = iif(records = 1, ?2, null), resolved_at = iif(records = 1, ?3, null)
             where number = ?1",
        )?
        .execute((number, entry.seq, entry.at))?;
    Ok(())
}

pub(super) fn probed(tx: &Tx<'_>, entry: &Entry, number: i64) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached("update causes set probes = probes + 1, probed_at = ?2 where number = ?1")?
        .execute((number, entry.at))?;
    Ok(())
}

/// Notes the type and the message it shows now.
pub(super) fn describe(
    tx: &Tx<'_>,
    entry: &Entry,
    number: i64,
    slug: &Slug,
    text: Option<&TextKey>,
) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached("update causes set type = ?2, text = ?3, last_seq = ?4 where number = ?1")?
        .execute((number, slug, text, entry.seq))?;
    Ok(())
}

/// Calls a page of causes behind `after` by the catalogue in force; returns the last one's number,
/// none behind the last.
pub(super) fn relabel(tx: &Tx<'_>, after: i64) -> anyhow::Result<Option<i64>> {
    let mut statement = tx.sql().prepare_cached(&format!(
        "select {COLUMNS}, last_seq from causes
         where number > ?1 and last_seq is not null order by number limit ?2"
    ))?;
    let page = statement.query_map((after, tx.page_max()), |row| {
        Ok((cause(row)?, row.get(LAST_SEQ)?))
    })?;
    let page: Vec<(Cause, i64)> = page.collect::<rusqlite::Result<_>>()?;
    for (cause, last_seq) in &page {
        if let Some(slug) = errors::told_of(tx, *last_seq, &cause.fingerprint)? {
            tx.sql()
                .prepare_cached("update causes set type = ?2 where number = ?1")?
                .execute((cause.number, slug))?;
        }
    }
    Ok(page.last().map(|(cause, _)| cause.number))
}

/// One cause may show in several types: most of its errors say what it is called, and the latest
/// once there are none.
const COLUMNS: &str = "number, side, object, field, code, rule,
    coalesce((select g.type from error_groups as g where g.cause = number
      group by g.type order by sum(g.errors) desc, g.type limit 1), type),
    text, records, opened_seq, opened_at, resolved_seq, resolved_at, back_seq, back_at,
    first_record, last_record, probes, probed_at";

/// Where `last_seq` stands behind these.
const LAST_SEQ: usize = 19;

fn cause(row: &Row<'_>) -> rusqlite::Result<Cause> {
    let field: String = row.get(3)?;
    let rule: String = row.get(5)?;
    Ok(Cause {
        number: row.get(0)?,
        fingerprint: Fingerprint {
            side: row.get(1)?,
            object: row.get(2)?,
            field: FieldName::parse(&field).ok(),
            code: row.get(4)?,
            rule: (!rule.is_empty()).then_some(TextKey(rule)),
        },
        slug: row.get(6)?,
        text: row.get(7)?,
        records: counted(row.get(8)?),
        opened: Moment {
            seq: row.get(9)?,
            at: row.get(10)?,
        },
        resolved: moment(row, 11)?,
        back: moment(row, 13)?,
        first_record: row.get(15)?,
        last_record: row.get(16)?,
        probes: row.get(17)?,
        probed_at: row.get(18)?,
    })
}

fn moment(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Moment>> {
    let seq: Option<i64> = row.get(column)?;
    seq.map(|seq| {
        Ok(Moment {
            seq,
            at: row.get(column + 1)?,
        })
    })
    .transpose()
}

/// The cause of that number.
pub fn get(view: &View<'_>, number: i64) -> anyhow::Result<Option<Cause>> {
    Ok(view
        .sql()
        .prepare_cached(&format!("select {COLUMNS} from causes where number = ?1"))?
        .query_row([number], cause)
        .optional()?)
}

/// The numbers given that are nearest to `number`, in their order.
pub fn nearest(view: &View<'_>, number: i64) -> anyhow::Result<Vec<i64>> {
    let mut statement = view
        .sql()
        .prepare_cached("select number from causes order by abs(number - ?1), number limit ?2")?;
    let rows = statement.query_map((number, NEAREST), |row| row.get(0))?;
    let mut numbers: Vec<i64> = rows.collect::<rusqlite::Result<_>>()?;
    numbers.sort_unstable();
    Ok(numbers)
}

/// Every cause that records fail by now, the one with most records first, however many there are:
/// they are as few as what can be wrong.
pub fn open(view: &View<'_>) -> anyhow::Result<Vec<Cause>> {
    let mut statement = view.sql().prepare_cached(&format!(
        "select {COLUMNS} from causes where records > 0 order by records desc, number"
    ))?;
    let rows = statement.query_map([], cause)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Causes that opened, came back, were resolved or are open, since the entry at `seq`: what a
/// digest has to look at.
pub fn since(view: &View<'_>, seq: i64) -> anyhow::Result<Vec<Cause>> {
    let mut statement = view.sql().prepare_cached(&format!(
        "select {COLUMNS} from causes
         where records > 0 or opened_seq > ?1 or back_seq > ?1 or resolved_seq > ?1 order by number"
    ))?;
    let rows = statement.query_map([seq], cause)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Records that fail by a cause, after `after`, at most a page.
pub fn records(view: &View<'_>, number: i64, after: PairNumber) -> anyhow::Result<Vec<PairNumber>> {
    let filter = Filter {
        cause: Some(number),
        ..Filter::default()
    };
    let errors = errors::list(view, &filter, &Place::behind_record(after))?;
    Ok(errors.into_iter().map(|error| error.record).collect())
}
