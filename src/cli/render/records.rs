//! `syncline records list` and `syncline records show`.

use serde_json::Value;

use super::counted;
use super::table::Table;
use super::time::Moment;
use crate::cli::records::token;
use crate::control::report::{EntryLine, RecordLine, RecordStory, Records};
use crate::projections::records::State;

/// Records by state: a table, and for each reason in it what settles it.
pub(super) fn list(list: &Records, moment: &Moment) -> String {
    if list.records.is_empty() {
        return "No record fits.\n".to_owned();
    }
    let labelled = list.records.iter().any(|record| record.label.is_some());
    let mut head = vec!["RECORD", "OBJECT", "HUBSPOT", "SALESFORCE"];
    head.extend(labelled.then_some("NAME"));
    head.extend(["STATE", "WHY"]);
    let mut table = Table::new(&head);
    for record in &list.records {
        table.row(cells(record, labelled, moment));
    }
    let mut text = table.text();
    let is_all = list.total == Some(list.records.len() as u64);
    if let Some(next) = list.next.filter(|_| !is_all) {
        let total = list.total.map(|total| counted(total, "record"));
        let total = total.map(|total| format!("{total} in all; "));
        text.push_str(&format!(
            "{}those behind these: --after {}\n",
            total.unwrap_or_default(),
            token(next)
        ));
    }
    text.push_str(&settled(&list.records));
    text.push_str("\none record's story   syncline records show ID\n");
    if list
        .records
        .iter()
        .any(|record| record.state == State::Failing)
    {
        text.push_str("one cause's fix      syncline errors show C-N\n");
    }
    text
}

fn cells(record: &RecordLine, labelled: bool, moment: &Moment) -> Vec<String> {
    let id = |id: &Option<String>| id.clone().unwrap_or_else(|| "-".to_owned());
    let number = record.record.map(|number| format!("#{number}"));
    let mut cells = vec![
        id(&number),
        record.object.to_string(),
        id(&record.hubspot),
        id(&record.salesforce),
    ];
    cells.extend(labelled.then(|| record.label.clone().unwrap_or_default()));
    cells.push(record.state.key().replace('_', "-"));
    let due = record.due.map(|at| format!(" ({})", moment.clock(at)));
    let why = match (record.why, &record.says) {
        (Some(why), _) => why.key().replace('_', "-"),
        (None, says) => says.clone().unwrap_or_default(),
    };
    cells.push(format!("{why}{}", due.unwrap_or_default()));
    cells
}

/// What each reason means and what settles it, each said once.
fn settled(records: &[RecordLine]) -> String {
    let mut said: Vec<(String, String)> = Vec::new();
    // Causes are many, and each has a page of its own.
    for record in records
        .iter()
        .filter(|record| record.state != State::Failing)
    {
        let (Some(says), Some(settle)) = (&record.says, &record.settle) else {
            continue;
        };
        let what = match record.why {
            Some(why) => format!("{}: {says}", why.key().replace('_', "-")),
            None => says.clone(),
        };
        if !said.iter().any(|(known, _)| *known == what) {
            said.push((what, settle.clone()));
        }
    }
    let lines = said
        .iter()
        .map(|(what, settle)| format!("\n{what}\n  settle it: {settle}\n"));
    lines.collect()
}

/// One record's whole story.
pub(super) fn story(record: &RecordStory, moment: &Moment) -> String {
    let id = |id: &Option<String>| id.clone().unwrap_or_else(|| "-".to_owned());
    let label = record.label.as_ref().map(|label| format!("  {label}"));
    let mut text = format!(
        "#{}  {}{}  HubSpot {}  Salesforce {}\nState: {}\n",
        record.record,
        record.object,
        label.unwrap_or_default(),
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
        "record_included" => "taken up again by a person".to_owned(),
        "loop_found" => format!(
            "both sides' automation rewrites {} in turns: it is written no more",
            word("field")
        ),
        "prediction_tried" => tried(payload),
        "record_forgotten" => "its texts and its name were erased".to_owned(),
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

fn tried(payload: &Value) -> String {
    let foretold = payload["foretold"].as_array().into_iter().flatten();
    let codes: Vec<&str> = foretold.filter_map(|one| one["code"].as_str()).collect();
    let came = if payload["accepted"] == Value::Bool(true) {
        "it was accepted, and the prediction wrong"
    } else {
        "it was refused, as predicted"
    };
    format!("sent although {} was predicted: {came}", codes.join(", "))
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
