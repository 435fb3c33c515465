//! SOQL, written here and nowhere else, and the pages that answer it.
//!
//! Every value is escaped and every name is a [`FieldName`], so no text of a customer can become
//! a part of a query.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use super::rows::{self, Shape};
use crate::crm::source::Source;
use crate::domain::event::Position;
use crate::domain::record::{FieldName, ObjectName, Record, RecordId, Timestamp};
use crate::domain::schema::{Kind, ObjectSchema};

/// Values in one `IN` list.
const VALUES_MAX: usize = 500;

/// Characters of `IN` values in one query. SOQL takes 100,000 in all; the rest is for the fields.
const VALUES_CHARS_MAX: usize = 60_000;

/// Longest text SOQL compares with; longer values match nothing and are left out.
const VALUE_CHARS_MAX: usize = 4_000;

/// What every query reads besides the fields asked for.
const STAMP: &str = "SystemModstamp";

// A field that the describe does not show, or whose kind cannot be carried across, is left out:
// one of them would refuse the whole query.
fn shape(source: &Source<'_>) -> Shape {
    let kinds = source
        .fields
        .iter()
        .filter_map(|name| Some((name.clone(), source.schema.field(name)?.kind)))
        .filter(|(_, kind)| *kind != Kind::Unsupported)
        .collect();
    Shape {
        object: source.object.clone(),
        kinds,
    }
}

/// What is needed to read ids and stamps alone.
fn bare(source: &Source<'_>) -> Shape {
    Shape {
        object: source.object.clone(),
        kinds: BTreeMap::new(),
    }
}

/// The condition of having changed after `position` and before `until`.
fn changed(position: &Position, until: Timestamp) -> String {
    let from = rows::instant(position.stamp);
    // Bulk saves share one second: a stamp alone would lose rows or read them for ever.
    let after = match &position.id {
        Some(id) => format!("(({STAMP} = {from} AND Id > '{id}') OR {STAMP} > {from})"),
        None => format!("{STAMP} >= {from}"),
    };
    format!("{after} AND {STAMP} < {}", rows::instant(until))
}

fn select(source: &Source<'_>, shape: &Shape) -> String {
    const ALWAYS: [&str; 4] = ["Id", "IsDeleted", STAMP, "LastModifiedById"];
    let wanted = shape.kinds.keys().map(FieldName::as_str);
    let columns: Vec<&str> = ALWAYS
        .into_iter()
        .chain(wanted.filter(|name| !ALWAYS.contains(name)))
        .collect();
    format!(
        "SELECT {} FROM {}",
        columns.join(","),
        source.schema.api_name
    )
}

/// Whether rows in the recycle bin are read too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bin {
    Included,
    LeftOut,
}

/// One query, complete, with what is needed to read its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    soql: String,
    bin: Bin,
    shape: Arc<Shape>,
}

impl Query {
    /// Rows changed after `position` and before `until`, deleted ones included, oldest first, at
    /// most `limit`. The last row's stamp and id are the next position.
    pub fn changes(source: &Source<'_>, position: &Position, until: Timestamp, limit: u32) -> Self {
        let mut all = Self::all_changes(source, position, until);
        all.soql.push_str(&format!(" LIMIT {limit}"));
        all
    }

    /// The same without a limit: for an export.
    pub fn all_changes(source: &Source<'_>, position: &Position, until: Timestamp) -> Self {
        let shape = shape(source);
        let soql = format!(
            "{} WHERE {} ORDER BY {STAMP}, Id",
            select(source, &shape),
            changed(position, until)
        );
        Self::new(soql, Bin::Included, shape)
    }

    /// How many rows those are: [`QueryPage::total`] tells it, and there are no records.
    pub fn count_of_changes(source: &Source<'_>, position: &Position, until: Timestamp) -> Self {
        let soql = format!(
            "SELECT COUNT() FROM {} WHERE {}",
            source.schema.api_name,
            changed(position, until)
        );
        Self::new(soql, Bin::Included, bare(source))
    }

    /// Every row, deleted ones included: for an export.
    pub fn whole(source: &Source<'_>) -> Self {
        let shape = shape(source);
        let soql = select(source, &shape);
        Self::new(soql, Bin::Included, shape)
    }

    /// Rows changed from `since` on, by anybody but `us`, deleted ones included, at most `limit`.
    pub fn moved(source: &Source<'_>, since: Timestamp, us: Option<&RecordId>, limit: u32) -> Self {
        let shape = shape(source);
        let others = us.map(|us| format!(" AND LastModifiedById != {}", quoted(us.as_str())));
        let soql = format!(
            "{} WHERE {STAMP} >= {}{} ORDER BY {STAMP}, Id LIMIT {limit}",
            select(source, &shape),
            rows::instant(since),
            others.unwrap_or_default(),
        );
        Self::new(soql, Bin::Included, shape)
    }

    /// Only ids and stamps of the rows changed from `since` on and before `until`, deleted ones
    /// included: finds what was committed late. Its records have no fields, and none counts as
    /// deleted.
    pub fn listing(source: &Source<'_>, since: Timestamp, until: Timestamp) -> Self {
        let soql = format!(
            "SELECT Id,{STAMP} FROM {} WHERE {STAMP} >= {} AND {STAMP} < {} ORDER BY {STAMP}, Id",
            source.schema.api_name,
            rows::instant(since),
            rows::instant(until),
        );
        Self::new(soql, Bin::Included, bare(source))
    }

    /// Rows whose `field` (external id, e-mail) has one of `values`, the recycle bin left out.
    /// As many queries as the length of SOQL asks for; none when no value is usable.
    pub fn by_values(source: &Source<'_>, field: &FieldName, values: &[String]) -> Vec<Self> {
        Self::in_lists(source, field.as_str(), values, Bin::LeftOut)
    }

    /// The rows of these ids, deleted ones included.
    pub fn by_ids(source: &Source<'_>, ids: &[RecordId]) -> Vec<Self> {
        let values: Vec<String> = ids.iter().map(|id| id.as_str().to_owned()).collect();
        Self::in_lists(source, "Id", &values, Bin::Included)
    }

    /// Rows that have one of a list's values in that list's field, for any of `lists` (field,
    /// values), deleted ones included. The caller bounds the lists: together they must fit a query.
    pub fn by_any(source: &Source<'_>, lists: &[(&str, Vec<&str>)]) -> Self {
        let shape = shape(source);
        let conditions: Vec<String> = lists
            .iter()
            .filter(|(_, values)| !values.is_empty())
            .map(|(field, values)| {
                let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
                format!("{field} IN ({})", values.join(","))
            })
            .collect();
        let soql = format!(
            "{} WHERE {}",
            select(source, &shape),
            conditions.join(" OR ")
        );
        Self::new(soql, Bin::Included, shape)
    }

    /// Only ids and stamps of those rows among `ids`, deleted ones included, that meet `condition`:
    /// the one text in a query that is not ours. The configuration sees to it that it stays inside
    /// of its parentheses. The caller bounds the ids to what fits a query.
    pub fn meeting(source: &Source<'_>, ids: &[RecordId], condition: &str) -> Self {
        let ids: Vec<String> = ids.iter().map(|id| quoted(id.as_str())).collect();
        let soql = format!(
            "SELECT Id,{STAMP} FROM {} WHERE Id IN ({}) AND ({condition})",
            source.schema.api_name,
            ids.join(",")
        );
        Self::new(soql, Bin::Included, bare(source))
    }

    /// All users, inactive ones too; [`super::users()`] reads its records.
    pub fn users() -> Self {
        let name = |text| FieldName::parse(text).expect("a plain name is valid");
        let kinds = BTreeMap::from([
            (name("Email"), Kind::Email),
            (name("IsActive"), Kind::Bool),
            (name("UserType"), Kind::Picklist),
        ]);
        let shape = Shape {
            object: ObjectName::parse("user").expect("a plain name is valid"),
            kinds,
        };
        let soql = format!("SELECT Id,{STAMP},Email,IsActive,UserType FROM User ORDER BY Id");
        Self::new(soql, Bin::LeftOut, shape)
    }

    /// How many records of a described object our user sees: the page's total, and no rows.
    pub fn count(schema: &ObjectSchema) -> Self {
        let shape = Shape {
            object: ObjectName::parse("count").expect("a plain name is valid"),
            kinds: BTreeMap::new(),
        };
        let soql = format!("SELECT COUNT() FROM {}", schema.api_name);
        Self::new(soql, Bin::LeftOut, shape)
    }

    fn new(soql: String, bin: Bin, shape: Shape) -> Self {
        Self {
            soql,
            bin,
            shape: Arc::new(shape),
        }
    }

    fn in_lists(source: &Source<'_>, field: &str, values: &[String], bin: Bin) -> Vec<Self> {
        let shape = Arc::new(shape(source));
        let select = select(source, &shape);
        lists(values)
            .into_iter()
            .map(|list| Self {
                soql: format!("{select} WHERE {field} IN ({})", list.join(",")),
                bin,
                shape: shape.clone(),
            })
            .collect()
    }

    /// The query as SOQL, for logs and tests.
    pub fn soql(&self) -> &str {
        &self.soql
    }

    pub(super) fn resource(&self) -> &'static str {
        match self.bin {
            Bin::Included => "queryAll",
            Bin::LeftOut => "query",
        }
    }

    pub(super) fn shape(&self) -> &Arc<Shape> {
        &self.shape
    }
}

/// Quoted values in lists that fit one query each, every value once.
fn lists(values: &[String]) -> Vec<Vec<String>> {
    let mut wanted: Vec<&str> = values
        .iter()
        .map(|value| value.trim())
        .filter(|value| !value.is_empty() && value.chars().count() <= VALUE_CHARS_MAX)
        .collect();
    wanted.sort_unstable();
    wanted.dedup();
    let mut lists: Vec<Vec<String>> = Vec::new();
    let mut room = 0;
    for value in wanted {
        let quoted = quoted(value);
        let length = quoted.chars().count() + 1;
        match lists.last_mut() {
            Some(list) if list.len() < VALUES_MAX && length <= room => {
                room -= length;
                list.push(quoted);
            }
            Some(_) | None => {
                room = VALUES_CHARS_MAX.saturating_sub(length);
                lists.push(vec![quoted]);
            }
        }
    }
    lists
}

/// A text as a SOQL string literal.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('\'');
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\'' => out.push_str("\\'"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            other => out.push(other),
        }
    }
    out.push('\'');
    out
}

/// Where the rest of an answer waits: good for two days, and only for our user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locator {
    pub(super) path: String,
    pub(super) shape: Arc<Shape>,
}

/// One page of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryPage {
    /// The rows, in the query's order.
    pub records: Vec<Record>,
    /// Rows in all pages together.
    pub total: u64,
    /// Whether this is the last page.
    pub done: bool,
    /// The next page, unless this is the last.
    pub locator: Option<Locator>,
}

/// Reads a page; the error names the missing part.
pub(super) fn page(body: &Json, shape: &Arc<Shape>) -> Result<QueryPage, &'static str> {
    let rows = body["records"].as_array().ok_or("records")?;
    let records = rows
        .iter()
        .map(|row| rows::record(row, shape))
        .collect::<Option<Vec<_>>>()
        .ok_or("a row's id or stamp")?;
    let done = body["done"].as_bool().ok_or("done")?;
    let locator = body["nextRecordsUrl"].as_str().map(|path| Locator {
        path: path.to_owned(),
        shape: shape.clone(),
    });
    if !done && locator.is_none() {
        return Err("nextRecordsUrl");
    }
    Ok(QueryPage {
        total: body["totalSize"].as_u64().ok_or("totalSize")?,
        records,
        done,
        locator: locator.filter(|_| !done),
    })
}
