//! Questions about open errors.

use rusqlite::{Row, params};
use serde::{Deserialize, Serialize};

use crate::domain::catalogue::Slug;
use crate::domain::event::Known;
use crate::domain::failure::{Failure, TextKey};
use crate::domain::record::{FieldName, ObjectName, PairIds, PairNumber, Side, Timestamp};
use crate::projections::pairs;
use crate::store::View;
use crate::store::columns::counted;

use super::{OpenError, WAITING};

const COLUMNS: &str = "record, side, field, code, rule, object, type, cause, known, first_seq,
    first_at, last_seq, last_at, attempts, text, value";

fn error(row: &Row<'_>) -> rusqlite::Result<OpenError> {
    let field: String = row.get(2)?;
    let rule: String = row.get(4)?;
    Ok(OpenError {
        record: row.get(0)?,
        to: row.get(1)?,
        field: FieldName::parse(&field).ok(),
        code: row.get(3)?,
        rule: (!rule.is_empty()).then_some(TextKey(rule)),
        object: row.get(5)?,
        slug: row.get(6)?,
        cause: row.get(7)?,
        known: row.get(8)?,
        first_seq: row.get(9)?,
        first_at: row.get(10)?,
        last_seq: row.get(11)?,
        last_at: row.get(12)?,
        attempts: row.get(13)?,
        text: row.get(14)?,
        value: row.get(15)?,
    })
}

/// The open errors of one pair, in their order.
pub fn of_record(view: &View<'_>, record: PairNumber) -> anyhow::Result<Vec<OpenError>> {
    let mut statement = view.sql().prepare_cached(&format!(
        "select {COLUMNS} from errors where record = ?1 order by side, field, code, rule"
    ))?;
    let rows = statement.query_map([record], error)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Whether any error of the pair's writes to `to` stands.
pub fn stand(view: &View<'_>, ids: &PairIds, to: Side) -> anyhow::Result<bool> {
    Ok(of_ids(view, ids)?.iter().any(|error| error.to == to))
}

fn of_ids(view: &View<'_>, ids: &PairIds) -> anyhow::Result<Vec<OpenError>> {
    for key in ids.keys() {
        if let Some(number) = pairs::by_key(view, &key)? {
            return of_record(view, number);
        }
    }
    Ok(Vec::new())
}

/// Whether these failures, and no others, stand predicted for writes of the pair to `to`.
pub fn is_predicted(
    view: &View<'_>,
    ids: &PairIds,
    to: Side,
    failures: &[Failure],
) -> anyhow::Result<bool> {
    let mut open = of_ids(view, ids)?;
    open.retain(|error| error.to == to);
    let same = |error: &OpenError, failure: &Failure| {
        error.known == Known::Certain
            && error.code == failure.code
            && error.field.as_ref() == failure.fields.first()
            && error.rule == failure.rule
            && error.text == failure.text
            && error.value == failure.value
    };
    let all_open = open
        .iter()
        .all(|error| failures.iter().any(|failure| same(error, failure)));
    let all_known = failures
        .iter()
        .all(|failure| open.iter().any(|error| same(error, failure)));
    Ok(all_open && all_known)
}

/// Which errors to list; an empty filter lists all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    /// Only of this type.
    pub slug: Option<Slug>,
    /// Only of this cause.
    pub cause: Option<i64>,
    /// Only of this object.
    pub object: Option<ObjectName>,
    /// Only of writes to this side.
    pub to: Option<Side>,
    /// Only those known in this way.
    pub known: Option<Known>,
    /// Only those first seen before this instant.
    pub first_before: Option<Timestamp>,
}

/// A place in a listing: everything up to it was handed out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    record: PairNumber,
    to: String,
    field: String,
    code: String,
    rule: String,
}

impl Place {
    /// Before the first error.
    pub fn start() -> Self {
        Self {
            record: PairNumber(i64::MIN),
            to: String::new(),
            field: String::new(),
            code: String::new(),
            rule: String::new(),
        }
    }

    /// Just behind `error`.
    pub fn behind(error: &OpenError) -> Self {
        Self {
            record: error.record,
            to: error.to.key().to_owned(),
            field: error
                .field
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            code: error.code.clone(),
            rule: error.rule.clone().map(|rule| rule.0).unwrap_or_default(),
        }
    }
}

/// Errors behind `place`, by record, at most a page.
pub fn list(view: &View<'_>, filter: &Filter, place: &Place) -> anyhow::Result<Vec<OpenError>> {
    let mut statement = view.sql().prepare_cached(&format!(
        "select {COLUMNS} from errors
         where (record, side, field, code, rule) > (?1, ?2, ?3, ?4, ?5)
           and (?6 is null or type = ?6) and (?7 is null or cause = ?7)
           and (?8 is null or object = ?8) and (?9 is null or side = ?9)
           and (?10 is null or known = ?10) and (?11 is null or first_at < ?11)
         order by record, side, field, code, rule limit ?12"
    ))?;
    let rows = statement.query_map(
        params![
            place.record,
            place.to,
            place.field,
            place.code,
            place.rule,
            filter.slug,
            filter.cause,
            filter.object,
            filter.to,
            filter.known,
            filter.first_before,
            view.page_max(),
        ],
        error,
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// How many errors fit.
pub fn count(view: &View<'_>, filter: &Filter) -> anyhow::Result<u64> {
    let errors: i64 = view
        .sql()
        .prepare_cached(
            "select count(*) from errors
             where (?1 is null or type = ?1) and (?2 is null or cause = ?2)
               and (?3 is null or object = ?3) and (?4 is null or side = ?4)
               and (?5 is null or known = ?5) and (?6 is null or first_at < ?6)",
        )?
        .query_row(
            params![
                filter.slug,
                filter.cause,
                filter.object,
                filter.to,
                filter.known,
                filter.first_before,
            ],
            |row| row.get(0),
        )?;
    Ok(counted(errors))
}

/// Errors of a cause first seen at `since` or later.
pub fn joined(view: &View<'_>, cause: i64, since: Timestamp) -> anyhow::Result<u64> {
    let errors: i64 = view
        .sql()
        .prepare_cached("select count(*) from errors where cause = ?1 and first_at >= ?2")?
        .query_row((cause, since), |row| row.get(0))?;
    Ok(counted(errors))
}

/// Keys of what errors of a cause say, with how many say it: most first, then the latest; at most
/// a page.
pub fn messages(view: &View<'_>, cause: i64) -> anyhow::Result<Vec<(TextKey, u64)>> {
    let mut statement = view.sql().prepare_cached(
        "select text, count(*) as errors from errors where cause = ?1 and text is not null
         group by text order by errors desc, max(last_seq) desc limit ?2",
    )?;
    let rows = statement.query_map((cause, view.page_max()), |row| {
        Ok((row.get(0)?, counted(row.get(1)?)))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The two numbers shown everywhere, and what people ask next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Open errors; those that wait for a parent are left out.
    pub errors: u64,
    /// Records they are on.
    pub records: u64,
    /// Records with more than one.
    pub several: u64,
    /// Errors predicted without a call.
    pub predicted: u64,
}

/// The totals of all open errors.
pub fn totals(view: &View<'_>) -> anyhow::Result<Totals> {
    Ok(view
        .sql()
        .prepare_cached(
            "select coalesce(sum(errors), 0), count(*), coalesce(sum(errors > 1), 0),
               coalesce(sum(predicted), 0)
             from (select count(*) as errors, sum(known <> 'answered') as predicted
               from errors where type <> ?1 group by record)",
        )?
        .query_row([WAITING], |row| {
            Ok(Totals {
                errors: counted(row.get(0)?),
                records: counted(row.get(1)?),
                several: counted(row.get(2)?),
                predicted: counted(row.get(3)?),
            })
        })?)
}

/// One card: a type with its two numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeCount {
    /// Which type.
    pub slug: Slug,
    /// Which object.
    pub object: ObjectName,
    /// Open errors.
    pub errors: u64,
    /// Records they are on.
    pub records: u64,
    /// When the oldest was first seen.
    pub since: Timestamp,
}

/// Open errors per type and object, waiting ones too.
pub fn by_type(view: &View<'_>) -> anyhow::Result<Vec<TypeCount>> {
    let mut statement = view.sql().prepare_cached(
        "select type, object, count(*), count(distinct record), min(first_at) from errors
         group by type, object order by type, object",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(TypeCount {
            slug: row.get(0)?,
            object: row.get(1)?,
            errors: counted(row.get(2)?),
            records: counted(row.get(3)?),
            since: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
