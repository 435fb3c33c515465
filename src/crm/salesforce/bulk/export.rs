//! Pages of a query job's result, read into the same records as a query's.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::csv::{Flaw, Table};
use super::results::broken;
use crate::crm::http::{CallError, HttpResponse};
use crate::crm::salesforce::query::Query;
use crate::crm::salesforce::rows::{self, Shape};
use crate::domain::record::{FieldName, Record};
use crate::domain::schema::Kind;

/// Where the rest of a result waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportLocator(pub(super) String);

impl ExportLocator {
    /// The locator of a page that was kept as text.
    pub fn parse(text: &str) -> Option<Self> {
        let given = !text.is_empty() && text != LAST;
        given.then(|| Self(text.to_owned()))
    }

    /// The locator as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One page of a result, as it came: its rows are made records a few at a time, so that no more
/// than the text of a page is ever in memory.
#[derive(Debug, Clone, PartialEq)]
pub struct ExportPage {
    /// The next page, unless this is the last.
    pub next: Option<ExportLocator>,
    header: Vec<String>,
    text: String,
    /// Bytes of the text that were read.
    read: usize,
    rows: usize,
    shape: Arc<Shape>,
}

/// The locator of a last page is this word.
const LAST: &str = "null";

/// Reads a page. Its two headers say how many rows it has and where the next page is: without
/// them, with another number of rows, or with a row that is none, it is no good.
pub(super) fn page(response: &mut HttpResponse, query: &Query) -> Result<ExportPage, CallError> {
    let rows: usize = response
        .header("sforce-numberofrecords")
        .and_then(|count| count.trim().parse().ok())
        .ok_or_else(|| CallError::unreadable("Sforce-NumberOfRecords"))?;
    let locator = response
        .header("sforce-locator")
        .ok_or_else(|| CallError::unreadable("Sforce-Locator"))?;
    let next = ExportLocator::parse(locator.trim());
    let text = String::from_utf8(std::mem::take(&mut response.body));
    let text = text.map_err(|_| broken(Flaw::Encoding))?;
    let table = Table::open(text.as_bytes()).map_err(broken)?;
    let header = table.header().to_vec();
    let read = text.len() - table.rest().len();
    let shape = query.shape().clone();
    if !header.is_empty() {
        let wanted = shape.kinds.keys().map(FieldName::as_str);
        for name in ["Id", "SystemModstamp"].into_iter().chain(wanted) {
            if !header.iter().any(|own| own == name) {
                return Err(CallError::unreadable(&format!("the column {name}")));
            }
        }
    }
    let mut found = 0;
    for row in table {
        record(&header, row, &shape)?;
        found += 1;
    }
    if found != rows {
        let told = format!("answer has {found} rows of {rows}");
        return Err(CallError::Unknown(told));
    }
    Ok(ExportPage {
        next,
        header,
        text,
        read,
        rows,
        shape,
    })
}

impl ExportPage {
    /// Rows of the whole page.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Its next rows in the query's order, at most `most`; none when all were taken.
    pub fn take(&mut self, most: usize) -> Vec<Record> {
        let rest = self.text.get(self.read..).unwrap_or_default();
        let mut table = Table::resume(self.header.clone(), rest);
        let rows = table.by_ref().take(most);
        // Every row was read when the page came, so that none of them is left out here.
        let records = rows.filter_map(|row| record(&self.header, row, &self.shape).ok());
        let records = records.collect();
        self.read = self.text.len() - table.rest().len();
        records
    }
}

fn record(
    header: &[String],
    row: Result<Vec<String>, Flaw>,
    shape: &Shape,
) -> Result<Record, CallError> {
    let row = row.map_err(broken)?;
    let record = rows::record(&json(header, row, shape), shape);
    record.ok_or_else(|| CallError::unreadable("a row's id or stamp"))
}

/// A row as a query would have it: a file has neither blanks nor yes and no, only texts.
fn json(header: &[String], row: Vec<String>, shape: &Shape) -> Json {
    let cells = header.iter().zip(row).map(|(name, cell)| {
        let kind = FieldName::parse(name)
            .ok()
            .and_then(|name| shape.kinds.get(&name).copied());
        let is_flag = kind == Some(Kind::Bool) || name == "IsDeleted";
        let value = match cell.as_str() {
            "" => Json::Null,
            "true" if is_flag => Json::Bool(true),
            "false" if is_flag => Json::Bool(false),
            _ => Json::String(cell),
        };
        (name.clone(), value)
    });
    Json::Object(cells.collect::<Map<_, _>>())
}
