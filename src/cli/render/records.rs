//! `syncline records show`.

use serde_json::Value;

use super::time::Moment;
use crate::control::report::{EntryLine, RecordStory};

/// One record's whole story.
pub(super) fn story(record: &RecordStory, moment: &Moment) -> String {
    let id = |id: &Option<String>| id.clone().unwrap_or_else(|| "-".to_owned());
    let mut text = format!(
        "#{}  {}  HubSpot {}  Salesforce {}\nState: {}\n",
        record.record,
        record.object,
        id(&record.hubspot),
        id(&record.salesforce),
        record.state
    );
    if !record.errors.is_empty() {
        text.push('\n');
    }
    for error in &record.errors {
        let field = match error.field.as_str() {
            "" => String::new(),
            field => format!(" [{field}]"),
        };
        text.push_str(&format!(
            "C-{}  {}  to {}  {}{field}\n",
            error.cause, error.kind, error.to, error.code
        ));
        if let Some(message) = &error.message {
            text.push_str(&format!("      \"{message}\"\n"));
        }
    }
    text.push_str("\nWhat happened, oldest first:\n");
    for entry in &record.entries {
        text.push_str(&format!(
            "{:>8}  {}  {}\n",
            entry.seq,
            moment.stamp(entry.at),
            said(entry)
        ));
    }
    text.push_str("\nevery detail   add --json\n");
    text
}

/// An entry in words. A kind without words of its own is shown as it is kept.
fn said(entry: &EntryLine) -> String {
    let payload = &entry.payload;
    let word = |name: &str| payload[name].as_str().unwrap_or_default().to_owned();
    match entry.kind.as_str() {
        "record_failed" => failed(payload),
        "record_synced" => synced(payload),
        "record_linked" => format!("linked by {}", word("why")),
        "record_unlinked" => format!("unlinked: {}", word("why")),
        "record_excluded" => format!("excluded: {}", word("why")),
        kind => format!("{kind}  {payload}"),
    }
}

fn failed(payload: &Value) -> String {
    let how = match payload["known"].as_str() {
        Some("answered") => format!("attempt {}", payload["attempt"]),
        known => format!("predicted ({}), no call", known.unwrap_or("?")),
    };
    let failures = payload["failures"].as_array().into_iter().flatten();
    let codes: Vec<String> = failures
        .map(|failure| {
            let fields = names(&failure["fields"]);
            let fields = if fields.is_empty() {
                fields
            } else {
                format!(" [{fields}]")
            };
            format!("{}{fields}", failure["code"].as_str().unwrap_or_default())
        })
        .collect();
    format!(
        "failed to be {} in {}, {how}: {}",
        text_of(&payload["action"]),
        side(payload),
        codes.join(", ")
    )
}

fn synced(payload: &Value) -> String {
    let action = text_of(&payload["action"]);
    let fields = names(&payload["fields"]);
    let fields = if fields.is_empty() {
        fields
    } else {
        format!(": {fields}")
    };
    if action == "agreed" {
        return "both sides agree; nothing written".to_owned();
    }
    format!("{action} in {}{fields}", side(payload))
}

fn side(payload: &Value) -> &'static str {
    match payload["to"].as_str() {
        Some("hubspot") => "HubSpot",
        Some("salesforce") => "Salesforce",
        Some(_) | None => "?",
    }
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The texts of a list, joined.
fn names(list: &Value) -> String {
    let names = list.as_array().into_iter().flatten();
    let names: Vec<&str> = names.filter_map(Value::as_str).collect();
    names.join(", ")
}
