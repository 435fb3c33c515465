//! Open errors in pages: those of each group stand in an index in their order, and a page merges as
//! many groups as fit the filter.

use std::cmp::Ordering;

use rusqlite::{CachedStatement, Rows};
use serde::{Deserialize, Serialize};

use super::OpenError;
use super::listing::{COLUMNS, Filter, error, groups};
use crate::domain::record::{FieldName, PairNumber, Timestamp};
use crate::store::View;

/// In which order errors are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// By record.
    #[default]
    Record,
    /// By age, the oldest first.
    Oldest,
    /// By age, the youngest first.
    Newest,
}

impl Order {
    /// Every one.
    pub const ALL: &'static [Self] = &[Self::Record, Self::Oldest, Self::Newest];

    /// Its name.
    pub fn key(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Oldest => "oldest",
            Self::Newest => "newest",
        }
    }

    fn compare(self, one: &OpenError, other: &OpenError) -> Ordering {
        let by_record = place(one).cmp(&place(other));
        match self {
            Self::Record => by_record,
            Self::Oldest => one.first_at.cmp(&other.first_at).then(by_record),
            Self::Newest => other.first_at.cmp(&one.first_at).then(by_record.reverse()),
        }
    }

    /// One group's errors behind a place.
    fn sql(self) -> String {
        let (index, behind, order) = match self {
            Self::Record => (
                "errors_by_group",
                "?4 is not null and (record, side, field, code, rule) > (?5, ?6, ?7, ?8, ?9)",
                "record, side, field, code, rule",
            ),
            Self::Oldest => (
                "errors_by_age",
                "(first_at, record, side, field, code, rule) > (?4, ?5, ?6, ?7, ?8, ?9)",
                "first_at, record, side, field, code, rule",
            ),
            Self::Newest => (
                "errors_by_age",
                "(first_at, record, side, field, code, rule) < (?4, ?5, ?6, ?7, ?8, ?9)",
                "first_at desc, record desc, side desc, field desc, code desc, rule desc",
            ),
        };
        format!(
            "select {COLUMNS} from errors indexed by {index}
             where cause = ?1 and type = ?2 and known = ?3 and {behind} and first_at < ?10
             order by {order}"
        )
    }
}

/// What tells errors apart, in the order of the table.
fn place(error: &OpenError) -> (PairNumber, &str, &str, &str, &str) {
    (
        error.record,
        error.to.key(),
        error.field.as_ref().map_or("", FieldName::as_str),
        &error.code,
        error.rule.as_ref().map_or("", |rule| rule.0.as_str()),
    )
}

/// A place in a listing: everything up to it was handed out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    first_at: Timestamp,
    record: PairNumber,
    to: String,
    field: String,
    code: String,
    rule: String,
}

impl Place {
    /// Before the first error.
    pub fn start() -> Self {
        Self::behind_record(PairNumber(i64::MIN))
    }

    /// Before the first error in that order.
    pub fn start_of(order: Order) -> Self {
        match order {
            Order::Record | Order::Oldest => Self::start(),
            Order::Newest => Self {
                first_at: Timestamp(i64::MAX),
                ..Self::start()
            },
        }
    }

    /// Behind all errors of a record, where they are listed by record.
    pub fn behind_record(record: PairNumber) -> Self {
        Self {
            first_at: Timestamp(i64::MIN),
            record,
            to: char::MAX.to_string(),
            field: String::new(),
            code: String::new(),
            rule: String::new(),
        }
    }

    /// Before all errors of a record that were first seen at that instant, where they are listed by
    /// age.
    pub(super) fn before_aged(order: Order, first_at: Timestamp, record: PairNumber) -> Self {
        let to = match order {
            Order::Record | Order::Oldest => String::new(),
            Order::Newest => char::MAX.to_string(),
        };
        Self {
            first_at,
            to,
            ..Self::behind_record(record)
        }
    }

    /// Just behind `error`.
    pub fn behind(error: &OpenError) -> Self {
        let (record, to, field, code, rule) = place(error);
        Self {
            first_at: error.first_at,
            record,
            to: to.to_owned(),
            field: field.to_owned(),
            code: code.to_owned(),
            rule: rule.to_owned(),
        }
    }
}

/// Errors behind `place` in the filter's order, at most a page.
pub fn list(view: &View<'_>, filter: &Filter, place: &Place) -> anyhow::Result<Vec<OpenError>> {
    some(view, filter, place, view.page_max() as usize)
}

/// The first errors in the filter's order, at most `most`.
pub fn first(view: &View<'_>, filter: &Filter, most: usize) -> anyhow::Result<Vec<OpenError>> {
    some(view, filter, &Place::start_of(filter.order), most)
}

fn some(
    view: &View<'_>,
    filter: &Filter,
    place: &Place,
    most: usize,
) -> anyhow::Result<Vec<OpenError>> {
    let groups = groups(view, filter)?;
    let sql = filter.order.sql();
    let before = filter.first_before.unwrap_or(Timestamp(i64::MAX));
    let mut statements: Vec<CachedStatement<'_>> = groups
        .iter()
        .map(|_| view.sql().prepare_cached(&sql))
        .collect::<rusqlite::Result<_>>()?;
    let mut merged: Vec<Merged<'_>> = Vec::with_capacity(groups.len());
    for (group, statement) in groups.iter().zip(&mut statements) {
        let rows = statement.query((
            group.cause,
            &group.slug,
            group.known,
            place.first_at,
            place.record,
            &place.to,
            &place.field,
            &place.code,
            &place.rule,
            before,
        ))?;
        merged.extend(Merged::begin(rows)?);
    }
    let mut page = Vec::new();
    while page.len() < most {
        let heads = merged.iter().enumerate();
        let next =
            heads.min_by(|(_, one), (_, other)| filter.order.compare(&one.head, &other.head));
        let Some((at, _)) = next else { break };
        match merged[at].step()? {
            Some(next) => page.push(std::mem::replace(&mut merged[at].head, next)),
            None => page.push(merged.swap_remove(at).head),
        }
    }
    Ok(page)
}

/// One group on the way into a page.
struct Merged<'s> {
    head: OpenError,
    rows: Rows<'s>,
}

impl<'s> Merged<'s> {
    fn begin(mut rows: Rows<'s>) -> anyhow::Result<Option<Self>> {
        let head = rows.next()?.map(error).transpose()?;
        Ok(head.map(|head| Self { head, rows }))
    }

    fn step(&mut self) -> anyhow::Result<Option<OpenError>> {
        Ok(self.rows.next()?.map(error).transpose()?)
    }
}
