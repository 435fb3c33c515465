//! `syncline records show`.

use super::entry_line;
use super::time::Moment;
use crate::control::report::RecordStory;

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
        text.push_str(&format!(
            "C-{}  {}  to {}  {} [{}]\n",
            error.cause, error.kind, error.to, error.code, error.field
        ));
        if let Some(message) = &error.message {
            text.push_str(&format!("      \"{message}\"\n"));
        }
    }
    text.push_str("\nWhat happened, oldest first:\n");
    for entry in &record.entries {
        text.push_str(&entry_line(entry, moment));
    }
    text
}
