//! Questions about open errors.

use rusqlite::{Row, params};
use serde::{Deserialize, Serialize};

use crate::domain::catalogue::Slug;
use crate::domain::event::Known;
use crate::domain::failure::{Failure, TextKey};
use crate::domain::record::{FieldName, ObjectName, PairIds, PairNumber, Side, Timestamp};
use crate::projections::hours::{HOUR_MS, first_whole};
use crate::projections::pairs;
use crate::store::View;
use crate::store::columns::counted;

use super::{OpenError, Order, WAITING};

pub(super) const COLUMNS: &str =
    "record, side, field, code, rule, object, type, cause, known, first_seq,
    first_at, last_seq, last_at, attempts, text, value";

pub(super) fn error(row: &Row<'_>) -> rusqlite::Result<OpenError> {
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

/// Whether these failures, and no others, stand predicted as `known` for writes of the pair to `to`.
/// Of one that is only likely an answer says more than the prediction.
pub fn is_predicted(
    view: &View<'_>,
    ids: &PairIds,
    to: Side,
    known: Known,
    failures: &[Failure],
) -> anyhow::Result<bool> {
    let mut open = of_ids(view, ids)?;
    open.retain(|error| error.to == to);
    let same = |error: &OpenError, failure: &Failure| {
        let is_answered = known == Known::Likely && error.known == Known::Answered;
        let as_told = error.text == failure.text && error.value == failure.value;
        error.code == failure.code
            && error.field.as_ref() == failure.fields.first()
            && error.rule == failure.rule
            && (is_answered || error.known == known && as_told)
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
    /// In which order.
    pub order: Order,
}

/// Errors of one cause that have one type and are known in one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) cause: i64,
    pub(super) slug: Slug,
    pub(super) known: Known,
    errors: u64,
}

/// The groups that fit; within one only age tells errors apart.
pub(super) fn groups(view: &View<'_>, filter: &Filter) -> anyhow::Result<Vec<Group>> {
    let mut statement = view.sql().prepare_cached(
        "select cause, type, known, errors from error_groups
         where (?1 is null or type = ?1) and (?2 is null or cause = ?2)
           and (?3 is null or object = ?3) and (?4 is null or side = ?4)
           and (?5 is null or known = ?5)
         order by cause, type, known",
    )?;
    let wanted = params![
        filter.slug,
        filter.cause,
        filter.object,
        filter.to,
        filter.known
    ];
    let rows = statement.query_map(wanted, |row| {
        Ok(Group {
            cause: row.get(0)?,
            slug: row.get(1)?,
            known: row.get(2)?,
            errors: counted(row.get(3)?),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn of_cause(view: &View<'_>, cause: i64) -> anyhow::Result<Vec<Group>> {
    let filter = Filter {
        cause: Some(cause),
        ..Filter::default()
    };
    groups(view, &filter)
}

/// Whether any error of a cause is known by an answer, and not by a prediction alone.
pub fn is_answered(view: &View<'_>, cause: i64) -> anyhow::Result<bool> {
    let mut groups = of_cause(view, cause)?.into_iter();
    Ok(groups.any(|group| group.known == Known::Answered))
}

/// Whether any error of a cause is only likely: predicted, and by nobody proven.
pub fn is_likely(view: &View<'_>, cause: i64) -> anyhow::Result<bool> {
    let mut groups = of_cause(view, cause)?.into_iter();
    Ok(groups.any(|group| group.known == Known::Likely))
}

/// How many errors fit.
pub fn count(view: &View<'_>, filter: &Filter) -> anyhow::Result<u64> {
    let groups = groups(view, filter)?;
    let Some(before) = filter.first_before else {
        return Ok(groups.iter().map(|group| group.errors).sum());
    };
    Ok(groups.iter().map(|group| group.errors).sum::<u64>() - young(view, &groups, before)?)
}

/// Records with an error of one of these causes that does not only wait for a parent.
pub fn records(view: &View<'_>, causes: &[i64]) -> anyhow::Result<u64> {
    let causes = serde_json::to_string(causes)?;
    let records: i64 = view
        .sql()
        .prepare_cached(
            "select count(distinct e.record) from json_each(?1) as c
             join error_groups as g on g.cause = c.value and g.type <> ?2
             join errors as e indexed by errors_by_group
               on e.cause = g.cause and e.type = g.type and e.known = g.known",
        )?
        .query_row((causes, WAITING), |row| row.get(0))?;
    Ok(counted(records))
}

/// Errors of these groups first seen at `since` or later: by whole hours, but for its own hour.
fn young(view: &View<'_>, groups: &[Group], since: Timestamp) -> anyhow::Result<u64> {
    let mut statement = view.sql().prepare_cached(
        "select (select coalesce(sum(errors), 0) from error_hours
             where cause = ?1 and type = ?2 and known = ?3 and hour >= ?4)
           + (select count(*) from errors indexed by errors_by_age
             where cause = ?1 and type = ?2 and known = ?3 and first_at >= ?5 and first_at < ?6)",
    )?;
    let whole = first_whole(since);
    let mut sum = 0;
    for group in groups {
        let of_group = params![
            group.cause,
            group.slug,
            group.known,
            whole,
            since,
            whole.saturating_mul(HOUR_MS)
        ];
        let errors: i64 = statement.query_row(of_group, |row| row.get(0))?;
        sum += counted(errors);
    }
    Ok(sum)
}

/// Errors of a cause first seen at `since` or later.
pub fn joined(view: &View<'_>, cause: i64, since: Timestamp) -> anyhow::Result<u64> {
    young(view, &of_cause(view, cause)?, since)
}

/// Whether any error of a cause was first seen at `since` or later.
pub fn has_joined(view: &View<'_>, cause: i64, since: Timestamp) -> anyhow::Result<bool> {
    let mut statement = view.sql().prepare_cached(
        "select exists (select 1 from errors indexed by errors_by_age
           where cause = ?1 and type = ?2 and known = ?3 and first_at >= ?4)",
    )?;
    for group in of_cause(view, cause)? {
        if statement.query_row((cause, &group.slug, group.known, since), |row| row.get(0))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Keys of what errors of a cause say, with how many say it: most first, then the latest; at most
/// a page.
pub fn messages(view: &View<'_>, cause: i64) -> anyhow::Result<Vec<(TextKey, u64)>> {
    sayings(view, cause, "text", view.page_max())
}

/// Keys of the values that errors of a cause name, with how many do, most first, at most `most`;
/// and how many values there are.
pub fn values(
    view: &View<'_>,
    cause: i64,
    most: u32,
) -> anyhow::Result<(Vec<(TextKey, u64)>, u64)> {
    let values: i64 = view
        .sql()
        .prepare_cached("select count(*) from sayings where cause = ?1 and part = 'value'")?
        .query_row([cause], |row| row.get(0))?;
    Ok((sayings(view, cause, "value", most)?, counted(values)))
}

fn sayings(
    view: &View<'_>,
    cause: i64,
    part: &str,
    most: u32,
) -> anyhow::Result<Vec<(TextKey, u64)>> {
    let mut statement = view.sql().prepare_cached(
        "select key, errors from sayings where cause = ?1 and part = ?2
         order by errors desc, seq desc limit ?3",
    )?;
    let rows = statement.query_map((cause, part, most), |row| {
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
    /// Their causes.
    pub causes: u64,
    /// Errors of records that wait for a parent, which are in none of the other numbers.
    pub waiting: u64,
}

/// The totals of all open errors.
pub fn totals(view: &View<'_>) -> anyhow::Result<Totals> {
    Ok(view
        .sql()
        .prepare_cached(
            "select coalesce(sum(errors), 0), (select records from error_totals),
               (select several from error_totals), coalesce(sum(iif(known <> 'answered', errors, 0)), 0),
               count(distinct cause),
               (select coalesce(sum(errors), 0) from error_groups where type = ?1)
             from error_groups where type <> ?1",
        )?
        .query_row([WAITING], |row| {
            Ok(Totals {
                errors: counted(row.get(0)?),
                records: counted(row.get(1)?),
                several: counted(row.get(2)?),
                predicted: counted(row.get(3)?),
                causes: counted(row.get(4)?),
                waiting: counted(row.get(5)?),
            })
        })?)
}

/// Since when the record that waits longest for a parent waits; none while none does.
pub fn oldest_waiting(view: &View<'_>) -> anyhow::Result<Option<Timestamp>> {
    Ok(view
        .sql()
        .prepare_cached(
            "select min((select min(e.first_at) from errors as e
               where e.cause = g.cause and e.type = g.type and e.known = g.known))
             from error_groups as g where g.type = ?1",
        )?
        .query_row([WAITING], |row| row.get(0))?)
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
}

/// Open errors per type and object, waiting ones too.
pub fn by_type(view: &View<'_>) -> anyhow::Result<Vec<TypeCount>> {
    let mut statement = view.sql().prepare_cached(
        "select type, object, sum(errors),
           (select records from error_types as t where t.type = g.type and t.object = g.object)
         from error_groups as g group by type, object order by type, object",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(TypeCount {
            slug: row.get(0)?,
            object: row.get(1)?,
            errors: counted(row.get(2)?),
            records: counted(row.get(3)?),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
