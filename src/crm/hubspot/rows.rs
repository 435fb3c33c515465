//! One object of an answer as a [`Record`], and one record's fields as properties to write.
//!
//! HubSpot writes every value as a string or null; what it means is the schema's word.

use serde_json::{Map, Value as Json};

use crate::crm::values;
use crate::domain::record::{
    FieldName, Fields, ObjectName, Record, RecordId, RecordKey, Side, Value,
};
use crate::domain::schema::{Kind, ObjectSchema};

/// The property that says when a record changed last.
pub(super) fn stamp_property(type_: &str) -> &'static str {
    match type_ {
        "contacts" | "contact" | "0-1" => "lastmodifieddate",
        _ => "hs_lastmodifieddate",
    }
}

/// Reads one object; `None` when it lacks its id or any stamp. Of its properties those are kept
/// that the schema knows and `wanted` asks for.
pub(super) fn record(
    json: &Json,
    object: &ObjectName,
    schema: &ObjectSchema,
    wanted: impl Fn(&FieldName) -> bool,
) -> Option<Record> {
    let id = RecordId::parse(json["id"].as_str()?).ok()?;
    let properties = &json["properties"];
    let deleted = json["archived"].as_bool().unwrap_or(false);
    let archived_at = json["archivedAt"].as_str().filter(|_| deleted);
    let modified_at = [
        archived_at,
        properties[stamp_property(&schema.api_name)].as_str(),
        json["updatedAt"].as_str(),
    ]
    .into_iter()
    .flatten()
    .find_map(values::instant_or_ms)?;
    Some(Record {
        key: RecordKey {
            side: Side::HubSpot,
            object: object.clone(),
            id,
        },
        modified_at,
        modified_by: None,
        deleted,
        fields: fields(properties, schema, wanted),
    })
}

fn fields(properties: &Json, schema: &ObjectSchema, wanted: impl Fn(&FieldName) -> bool) -> Fields {
    properties
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(name, json)| {
            let name = FieldName::parse(name).ok().filter(&wanted)?;
            let kind = schema.field(&name)?.kind;
            Some((name, value(json, kind)))
        })
        .collect()
}

/// A value as HubSpot writes it. What does not look like its kind stays text: nothing is lost.
fn value(json: &Json, kind: Kind) -> Value {
    let text = match json {
        Json::Null => return Value::Blank,
        Json::String(text) => text.clone(),
        Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => json.to_string(),
    };
    if text.is_empty() {
        return Value::Blank;
    }
    typed(&text, kind).unwrap_or(Value::Text(text))
}

fn typed(text: &str, kind: Kind) -> Option<Value> {
    match kind {
        Kind::Number | Kind::Integer => values::plain_decimal(text).map(Value::Number),
        Kind::Bool => match text {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            _ => None,
        },
        Kind::Date => values::day(text).or_else(|| values::day_of(values::instant_or_ms(text)?)),
        Kind::DateTime => values::instant_or_ms(text).map(Value::DateTime),
        Kind::MultiPicklist => Some(values::options(text)),
        Kind::Text
        | Kind::LongText
        | Kind::Html
        | Kind::Email
        | Kind::Phone
        | Kind::Url
        | Kind::Time
        | Kind::Picklist
        | Kind::Reference
        | Kind::Id
        | Kind::Unsupported => None,
    }
}

/// The properties to write, each as a string.
pub(super) fn encode(fields: &Fields) -> Map<String, Json> {
    fields
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), Json::String(text(value))))
        .collect()
}

/// A value as HubSpot takes it: the empty string clears, an instant is in milliseconds.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Blank => String::new(),
        Value::Text(text) | Value::Number(text) => text.clone(),
        Value::Bool(yes) => yes.to_string(),
        Value::Date(year, month, day) => values::iso_day(*year, *month, *day),
        Value::DateTime(at) => at.0.to_string(),
        Value::Options(options) => options.join(";"),
    }
}
