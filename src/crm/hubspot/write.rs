//! Up to a hundred records in one call, and what became of each.
//!
//! Every row carries a trace of its own: without one HubSpot refuses the whole call for one bad
//! row, and it promises no order of its results.

use serde_json::{Value as Json, json};

use super::{answer, rows};
use crate::crm::source::Source;
use crate::domain::failure::RawFailure;
use crate::domain::record::{FieldName, Fields, Record, RecordId};
use crate::domain::schema::Kind;

/// Records in one call.
pub const WRITE_MAX: usize = 100;

/// What a call does with its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HubSpotOperation {
    /// Creates or updates by a unique property, whose value is each row's key.
    Upsert {
        /// The property.
        id_property: FieldName,
    },
    /// Updates by id, which is each row's key.
    Update,
    /// Moves records to the archive by id, which is each row's key.
    Archive,
}

/// One record to write.
#[derive(Debug, Clone, PartialEq)]
pub struct HubSpotRow {
    /// A name that no other row of the call has; comes back with the outcome.
    pub trace: String,
    /// The id, or the unique property's value.
    pub key: String,
    /// The properties to set; those left out stay as they are.
    pub fields: Fields,
}

/// What became of one row.
#[derive(Debug, Clone, PartialEq)]
pub enum RowOutcome {
    /// It stands in HubSpot now.
    Written {
        /// Its id.
        id: RecordId,
        /// Whether it is new; an update's never is.
        created: bool,
        /// The record as it is after the write, with every property the schema knows and the
        /// answer shows.
        shown: Option<Record>,
    },
    /// It was refused, with at least one failure. Nothing of it was saved.
    Failed(Vec<RawFailure>),
    /// The answer does not speak of it: match by key finds out.
    Unmentioned,
}

/// Why these rows cannot be sent as they stand.
pub(super) fn flaw(rows: &[HubSpotRow]) -> Option<&'static str> {
    let mut traces: Vec<&str> = rows.iter().map(|row| row.trace.as_str()).collect();
    traces.sort_unstable();
    traces.dedup();
    if rows.is_empty() || rows.len() > WRITE_MAX {
        Some("a call takes 1 to 100 rows")
    } else if traces.len() < rows.len() || traces[0].is_empty() {
        Some("every row needs a trace of its own")
    } else {
        None
    }
}

pub(super) fn resource(operation: &HubSpotOperation) -> &'static str {
    match operation {
        HubSpotOperation::Upsert { .. } => "batch/upsert",
        HubSpotOperation::Update => "batch/update",
        HubSpotOperation::Archive => "batch/archive",
    }
}

pub(super) fn body(operation: &HubSpotOperation, rows: &[HubSpotRow]) -> Json {
    let inputs: Vec<Json> = rows.iter().map(|row| input(operation, row)).collect();
    json!({ "inputs": inputs })
}

fn input(operation: &HubSpotOperation, row: &HubSpotRow) -> Json {
    if *operation == HubSpotOperation::Archive {
        return json!({ "id": row.key });
    }
    let mut input = json!({
        "id": row.key,
        "properties": rows::encode(&row.fields),
        "objectWriteTraceId": row.trace,
    });
    if let HubSpotOperation::Upsert { id_property } = operation {
        input["idProperty"] = json!(id_property.as_str());
    }
    input
}

/// The outcome of each row, in the order sent; `None` when the answer is no batch answer.
pub(super) fn outcomes(
    body: &Json,
    source: &Source<'_>,
    operation: &HubSpotOperation,
    rows: &[HubSpotRow],
) -> Option<Vec<(String, RowOutcome)>> {
    let results = body["results"].as_array()?;
    let errors = body["errors"].as_array().map_or(&[][..], Vec::as_slice);
    let mut outcomes = Vec::with_capacity(rows.len());
    for row in rows {
        let result = results.iter().find(|one| is_of(one, operation, row));
        let error = errors.iter().find(|one| names(one, row));
        let outcome = match (result, error) {
            (Some(result), _) => written(result, source)?,
            (None, Some(error)) => RowOutcome::Failed(refused(error, source, row)),
            (None, None) => RowOutcome::Unmentioned,
        };
        outcomes.push((row.trace.clone(), outcome));
    }
    adopt(&mut outcomes, errors, source, rows);
    Some(outcomes)
}

/// An archive call is answered without a word (hubspot.md §3.2): whatever it named is in the archive
/// then, and what had been there before stays.
pub(super) fn archived(rows: &[HubSpotRow]) -> Option<Vec<(String, RowOutcome)>> {
    let outcome = |row: &HubSpotRow| {
        let id = RecordId::parse(&row.key).ok()?;
        let (created, shown) = (false, None);
        Some((
            row.trace.clone(),
            RowOutcome::Written { id, created, shown },
        ))
    };
    rows.iter().map(outcome).collect()
}

/// One error that names nobody belongs to the one row that nothing else speaks of.
fn adopt(
    outcomes: &mut [(String, RowOutcome)],
    errors: &[Json],
    source: &Source<'_>,
    rows: &[HubSpotRow],
) {
    let mut stray = errors
        .iter()
        .filter(|error| !rows.iter().any(|row| names(error, row)));
    let mut open = outcomes
        .iter_mut()
        .zip(rows)
        .filter(|((_, outcome), _)| *outcome == RowOutcome::Unmentioned);
    if let (Some(error), None, Some((outcome, row)), None) =
        (stray.next(), stray.next(), open.next(), open.next())
    {
        outcome.1 = RowOutcome::Failed(refused(error, source, row));
    }
}

fn is_of(result: &Json, operation: &HubSpotOperation, row: &HubSpotRow) -> bool {
    if let Some(trace) = result["objectWriteTraceId"].as_str() {
        return trace == row.trace;
    }
    match operation {
        HubSpotOperation::Update | HubSpotOperation::Archive => result["id"] == row.key.as_str(),
        HubSpotOperation::Upsert { id_property } => result["properties"][id_property.as_str()]
            .as_str()
            .is_some_and(|value| value.to_lowercase() == row.key.trim().to_lowercase()),
    }
}

/// Whether an error speaks of a row: by trace, in its context or beside it, or by key.
fn names(error: &Json, row: &HubSpotRow) -> bool {
    let context = &error["context"];
    let holds = |list: &Json, text: &str| {
        list.as_array()
            .is_some_and(|items| items.iter().any(|item| item == text))
    };
    error["objectWriteTraceId"] == row.trace.as_str()
        || context["objectWriteTraceId"] == row.trace.as_str()
        || holds(&context["objectWriteTraceId"], &row.trace)
        || holds(&context["ids"], &row.key)
}

fn written(result: &Json, source: &Source<'_>) -> Option<RowOutcome> {
    Some(RowOutcome::Written {
        id: RecordId::parse(result["id"].as_str()?).ok()?,
        created: result["new"].as_bool().unwrap_or(false),
        shown: rows::record(result, source.object, source.schema, |_| true),
    })
}

/// The failures of one row, with the value refused where one list or lookup is at fault.
fn refused(error: &Json, source: &Source<'_>, row: &HubSpotRow) -> Vec<RawFailure> {
    let mut failures = answer::failures(error, 0);
    for raw in &mut failures {
        if raw.value.is_none() {
            raw.value = sent(raw, source, row);
        }
    }
    failures
}

fn sent(raw: &RawFailure, source: &Source<'_>, row: &HubSpotRow) -> Option<String> {
    let [name] = raw.failure.fields.as_slice() else {
        return None;
    };
    let kind = source.schema.field(name)?.kind;
    let listed = matches!(kind, Kind::Picklist | Kind::MultiPicklist | Kind::Reference);
    let value = row.fields.get(name)?;
    (listed && !value.is_blank()).then(|| rows::text(value))
}
