//! One row of an answer as a [`Record`], and one record's fields as JSON to write.
//!
//! What a field holds comes from the describe; what a value means across is `convert`'s.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value as Json};

use crate::crm::values;
use crate::domain::record::{
    FieldName, Fields, ObjectName, Record, RecordId, RecordKey, Side, Timestamp, Value,
};
use crate::domain::schema::{Kind, ObjectSchema};

/// What is needed to read rows: whose they are and what their fields hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) object: ObjectName,
    pub(super) kinds: BTreeMap<FieldName, Kind>,
}

/// Reads one row; `None` when it lacks its id or its stamp.
pub(super) fn record(row: &Json, shape: &Shape) -> Option<Record> {
    let id = RecordId::parse(row["Id"].as_str()?).ok()?;
    let modified_at = values::instant(row["SystemModstamp"].as_str()?)?;
    let fields = shape
        .kinds
        .iter()
        .filter_map(|(name, kind)| Some((name.clone(), value(row.get(name.as_str())?, *kind))))
        .collect();
    Some(Record {
        key: RecordKey {
            side: Side::Salesforce,
            object: shape.object.clone(),
            id,
        },
        modified_at,
        modified_by: row["LastModifiedById"]
            .as_str()
            .and_then(|id| RecordId::parse(id).ok()),
        deleted: row["IsDeleted"].as_bool().unwrap_or(false),
        fields,
    })
}

/// A value as Salesforce writes it. What does not look like its kind stays text: nothing is lost.
fn value(json: &Json, kind: Kind) -> Value {
    match json {
        Json::Null => Value::Blank,
        Json::Bool(yes) => Value::Bool(*yes),
        Json::Number(number) => {
            let text = number.to_string();
            Value::Number(values::plain_decimal(&text).unwrap_or(text))
        }
        Json::String(text) if text.is_empty() => Value::Blank,
        Json::String(text) => text_value(text, kind).unwrap_or_else(|| Value::Text(text.clone())),
        Json::Array(_) | Json::Object(_) => Value::Text(json.to_string()),
    }
}

fn text_value(text: &str, kind: Kind) -> Option<Value> {
    match kind {
        Kind::Date => values::day(text),
        Kind::DateTime => values::instant(text).map(Value::DateTime),
        Kind::MultiPicklist => Some(values::options(text)),
        Kind::Number | Kind::Integer => values::plain_decimal(text).map(Value::Number),
        Kind::Text
        | Kind::LongText
        | Kind::Html
        | Kind::Email
        | Kind::Phone
        | Kind::Url
        | Kind::Bool
        | Kind::Time
        | Kind::Picklist
        | Kind::Reference
        | Kind::Id
        | Kind::Unsupported => None,
    }
}

/// The fields of one row to write, each in the form its kind asks for.
pub(super) fn encode(fields: &Fields, schema: &ObjectSchema) -> Map<String, Json> {
    fields
        .iter()
        .map(|(name, value)| {
            let kind = schema.field(name).map_or(Kind::Text, |field| field.kind);
            (name.as_str().to_owned(), json(value, kind))
        })
        .collect()
}

fn json(value: &Value, kind: Kind) -> Json {
    match value {
        // A checkbox knows no null: unticked is all the blank it has.
        Value::Blank if kind == Kind::Bool => Json::Bool(false),
        Value::Blank => Json::Null,
        Value::Bool(yes) => Json::Bool(*yes),
        Value::Number(text) if matches!(kind, Kind::Number | Kind::Integer) => number(text),
        Value::Text(_)
        | Value::Number(_)
        | Value::Date(..)
        | Value::DateTime(_)
        | Value::Options(_) => Json::String(text(value)),
    }
}

/// The digits as they are: an amount must not pass through a float.
fn number(text: &str) -> Json {
    serde_json::from_str::<Number>(text).map_or_else(|_| Json::String(text.to_owned()), Json::from)
}

/// A value as text: what a text field gets, and what a refused value is shown as.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Blank => String::new(),
        Value::Text(text) | Value::Number(text) => text.clone(),
        Value::Bool(yes) => yes.to_string(),
        Value::Date(year, month, day) => values::iso_day(*year, *month, *day),
        Value::DateTime(at) => instant(*at),
        Value::Options(options) => options.join(";"),
    }
}

/// An instant as bodies and queries want it.
pub(super) fn instant(at: Timestamp) -> String {
    values::iso(at)
}
