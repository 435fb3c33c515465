//! Pages of a query job's result, read into the same records as a query's.

use serde_json::{Map, Value as Json};

use super::csv::Table;
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

/// One page of a result.
#[derive(Debug, Clone, PartialEq)]
pub struct ExportPage {
    /// The rows, in the query's order.
    pub records: Vec<Record>,
    /// The next page, unless this is the last.
    pub next: Option<ExportLocator>,
}

/// The locator of a last page is this word.
const LAST: &str = "null";

/// Reads a page. Its two headers say how many rows it has and where the next page is: without
/// them, or with another number of rows, it is no good.
pub(super) fn page(response: &HttpResponse, query: &Query) -> Result<ExportPage, CallError> {
    let count: usize = response
        .header("sforce-numberofrecords")
        .and_then(|count| count.trim().parse().ok())
        .ok_or_else(|| CallError::unreadable("Sforce-NumberOfRecords"))?;
    let locator = response
        .header("sforce-locator")
        .ok_or_else(|| CallError::unreadable("Sforce-Locator"))?;
    let records = records(&response.body, query.shape())?;
    if records.len() != count {
        let told = format!("answer has {} rows of {count}", records.len());
        return Err(CallError::Unknown(told));
    }
    Ok(ExportPage {
        records,
        next: ExportLocator::parse(locator.trim()),
    })
}

fn records(body: &[u8], shape: &Shape) -> Result<Vec<Record>, CallError> {
    let table = Table::open(body).map_err(broken)?;
    let header = table.header().to_vec();
    if header.is_empty() {
        return Ok(Vec::new());
    }
    let wanted = shape.kinds.keys().map(FieldName::as_str);
    for name in ["Id", "SystemModstamp"].into_iter().chain(wanted) {
        if !header.iter().any(|own| own == name) {
            return Err(CallError::unreadable(&format!("the column {name}")));
        }
    }
    table
        .map(|row| {
            let row = row.map_err(broken)?;
            let record = rows::record(&json(&header, row, shape), shape);
            record.ok_or_else(|| CallError::unreadable("a row's id or stamp"))
        })
        .collect()
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
