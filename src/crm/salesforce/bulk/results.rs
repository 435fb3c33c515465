//! The files that tell what became of a load's rows.

use serde_json::json;

use super::Load;
use super::csv::{Flaw, Table};
use crate::crm::http::CallError;
use crate::crm::salesforce::answer;
use crate::crm::salesforce::batch::RowOutcome;
use crate::domain::failure::{Failure, RawFailure};
use crate::domain::record::{FieldName, RecordId};
use crate::domain::schema::Kind;

/// Which rows of a load are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResultList {
    /// Those that were written.
    Successful,
    /// Those that were refused.
    Failed,
    /// Those that nobody looked at, because the job failed or was aborted.
    Unprocessed,
}

impl ResultList {
    pub(super) fn resource(self) -> &'static str {
        match self {
            Self::Successful => "successfulResults",
            Self::Failed => "failedResults",
            Self::Unprocessed => "unprocessedrecords",
        }
    }
}

/// What became of one row of a load.
#[derive(Debug, Clone, PartialEq)]
pub enum Loaded {
    /// It was written or refused.
    Concluded(RowOutcome),
    /// Nothing of it was saved or looked at.
    Unprocessed,
}

/// One row of a result file.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadedRow {
    /// Its external id, its id where the load goes by ids, or what tells it apart: rows come in any
    /// order.
    pub key: String,
    /// What became of it.
    pub outcome: Loaded,
}

/// Reads a result file. One that is not whole, or no table of results at all, is an error.
pub(super) fn read(
    body: &[u8],
    list: ResultList,
    load: &Load<'_>,
) -> Result<Vec<LoadedRow>, CallError> {
    let table = Table::open(body).map_err(broken)?;
    if table.header().is_empty() {
        return Ok(Vec::new());
    }
    let column = |name: &str| {
        let found = table.column(name);
        found.ok_or_else(|| CallError::unreadable(&format!("the column {name}")))
    };
    let key = column(load.key())?;
    let told = match list {
        ResultList::Successful => vec![column("sf__Id")?, column("sf__Created")?],
        ResultList::Failed => vec![column("sf__Error")?],
        ResultList::Unprocessed => Vec::new(),
    };
    let header = table.header().to_vec();
    table
        .map(|row| {
            let row = row.map_err(broken)?;
            let outcome = match (list, told.as_slice()) {
                (ResultList::Successful, [id, created]) => {
                    Loaded::Concluded(written(&row[*id], &row[*created])?)
                }
                (ResultList::Failed, [error]) => {
                    let failure = refused(&row[*error], load, &header, &row);
                    Loaded::Concluded(RowOutcome::Failed(vec![failure]))
                }
                (_, _) => Loaded::Unprocessed,
            };
            Ok(LoadedRow {
                key: row[key].clone(),
                outcome,
            })
        })
        .collect()
}

/// A table that broke: the answer is no good, and what it tells of stays to be asked again.
pub(super) fn broken(flaw: Flaw) -> CallError {
    CallError::Unknown(flaw.to_string())
}

fn written(id: &str, created: &str) -> Result<RowOutcome, CallError> {
    Ok(RowOutcome::Written {
        id: RecordId::parse(id).map_err(|_| CallError::unreadable("a written row's id"))?,
        created: created.eq_ignore_ascii_case("true"),
    })
}

/// The failure of one row, with the value that a list or a lookup refused.
fn refused(error: &str, load: &Load<'_>, header: &[String], row: &[String]) -> RawFailure {
    let mut raw = failure(error);
    if raw.value.is_none()
        && let [name] = raw.failure.fields.as_slice()
    {
        raw.value = sent(name, load, header, row);
    }
    raw
}

fn sent(name: &FieldName, load: &Load<'_>, header: &[String], row: &[String]) -> Option<String> {
    let kind = load.schema.field(name)?.kind;
    if !matches!(kind, Kind::Picklist | Kind::MultiPicklist | Kind::Reference) {
        return None;
    }
    let column = header.iter().position(|own| own == name.as_str())?;
    let cell = row.get(column)?;
    (!cell.is_empty() && cell != "#N/A").then(|| cell.clone())
}

/// Reads `CODE:message:Field1,Field2 --`. The message may hold colons, and the fields may be none.
fn failure(error: &str) -> RawFailure {
    let (code, rest) = error
        .split_once(':')
        .filter(|(code, _)| is_code(code))
        .unwrap_or(("UNKNOWN_EXCEPTION", error));
    let rest = rest.trim_end();
    let rest = rest.strip_suffix("--").unwrap_or(rest).trim_end();
    let (message, fields) = rest
        .rsplit_once(':')
        .filter(|(_, fields)| are_fields(fields))
        .unwrap_or((rest, ""));
    let fields: Vec<&str> = fields.split(',').filter(|name| !name.is_empty()).collect();
    let item = json!({"statusCode": code, "message": message, "fields": fields});
    answer::listed(&item, 0).pop().unwrap_or(RawFailure {
        failure: Failure::of(crate::domain::failure::System::Salesforce, code),
        message: message.to_owned(),
        value: None,
        rule: None,
    })
}

fn is_code(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    !text.is_empty() && text.chars().all(plain)
}

/// Whether this is a list of field names, possibly an empty one, and not the end of a message.
fn are_fields(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ',');
    text.chars().all(plain)
}
