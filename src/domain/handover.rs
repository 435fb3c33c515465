//! A cause as a ticket for somebody who has no access to Syncline: everything is said, nothing
//! refers to Syncline's own pages.

use serde::{Deserialize, Serialize};

use super::digest::count;
use super::record::{Side, Timestamp};

/// One cause for somebody who has no access to Syncline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandOver {
    /// `C-41`
    pub number: i64,
    /// When this was true.
    pub at: Timestamp,
    /// In a sentence.
    pub what: String,
    /// The side that was to be written.
    pub to: Side,
    /// Salesforce's org id, once bound.
    pub org: Option<String>,
    /// HubSpot's portal, once bound.
    pub portal: Option<i64>,
    /// Where people open Salesforce.
    pub address: Option<String>,
    /// The user whose calls these are in Salesforce.
    pub user: Option<String>,
    /// What people of the written side call the object.
    pub object: String,
    /// The field at fault, by its API name.
    pub field: Option<String>,
    /// The raw code.
    pub code: String,
    /// Whether the side itself said so; what is only predicted was checked by Syncline.
    pub answered: bool,
    /// What is said, with how many errors say it, most first.
    pub messages: Vec<(String, u64)>,
    /// Since when.
    pub since: Timestamp,
    /// Whether it was resolved once and is back since then.
    pub back: bool,
    /// Records failing by it.
    pub records: u64,
    /// Some of them.
    pub examples: Vec<HandedRecord>,
    /// What shows these in Salesforce.
    pub queries: Vec<Query>,
    /// Its type's slug.
    pub kind: String,
    /// What that means, in sentences.
    pub meaning: String,
    /// Who can fix it.
    pub who_fixes: String,
    /// What to do, a step each, in the order to try.
    pub fix: Vec<String>,
    /// Whether it is noticed by itself when it was mended.
    pub probed: bool,
}

/// A record by both its ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandedRecord {
    /// HubSpot's id.
    pub hubspot: Option<String>,
    /// Salesforce's id.
    pub salesforce: Option<String>,
    /// HubSpot's page.
    pub hubspot_link: Option<String>,
    /// Salesforce's page.
    pub salesforce_link: Option<String>,
}

/// A query in Salesforce's language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Query {
    /// Its text.
    pub soql: String,
}

impl HandOver {
    /// The whole text, lines as long as what they say. `stamp` says when, in `zone`.
    pub fn text(&self, zone: &str, stamp: impl Fn(Timestamp) -> String) -> String {
        let mut text = format!(
            "{} (C-{})\n\nSyncline, the program that keeps HubSpot and Salesforce in step, cannot write \
             {} to {}.\n\n",
            self.what,
            self.number,
            count(self.records, "record"),
            self.to
        );
        for (label, value) in facts(self, zone, stamp) {
            text.push_str(&format!("{label:<14}{value}\n"));
        }
        text.push_str(&said(self));
        text.push_str(&examples(self));
        for query in &self.queries {
            text.push_str(&format!("\nSOQL:\n  {}\n", query.soql));
        }
        text.push_str("\nWhat helps, in the order to try:\n");
        for (place, step) in self.fix.iter().enumerate() {
            text.push_str(&format!("  {}. {step}\n", place + 1));
        }
        text.push_str(if self.probed {
            "\nAfterwards nothing needs to be reported: one of the records is tried every few hours, \
             and all of them as soon as it goes through.\n"
        } else {
            "\nAfterwards please answer this ticket: the records are tried when they change, or when \
             somebody asks for it.\n"
        });
        text
    }
}

fn facts(
    cause: &HandOver,
    zone: &str,
    stamp: impl Fn(Timestamp) -> String,
) -> Vec<(&'static str, String)> {
    let unknown = || "not known yet".to_owned();
    let org = [cause.org.clone(), cause.address.clone()];
    let org: Vec<String> = org.into_iter().flatten().collect();
    let back = if cause.back {
        ", when it came back"
    } else {
        ""
    };
    let mut facts = vec![
        (
            "Org",
            if org.is_empty() {
                unknown()
            } else {
                org.join("  ")
            },
        ),
        (
            "HubSpot",
            cause
                .portal
                .map_or_else(unknown, |portal| format!("portal {portal}")),
        ),
        ("API user", cause.user.clone().unwrap_or_else(unknown)),
        ("Object", cause.object.clone()),
    ];
    facts.extend(cause.field.clone().map(|field| ("Field", field)));
    facts.push(("Since", format!("{} {zone}{back}", stamp(cause.since))));
    facts.push((
        "As of",
        format!(
            "{} {zone}, {}",
            stamp(cause.at),
            count(cause.records, "record")
        ),
    ));
    facts
}

/// The exact words of the answer.
fn said(cause: &HandOver) -> String {
    let who = if cause.answered {
        format!("{} answers", cause.to)
    } else {
        format!("Foretold by what {} says of its fields", cause.to)
    };
    let field = cause.field.as_ref().map(|field| format!(" [{field}]"));
    let mut text = format!("\n{who}:\n  {}{}\n", cause.code, field.unwrap_or_default());
    for (message, errors) in &cause.messages {
        let of = if *errors > 0 {
            format!("   ({})", count(*errors, "record"))
        } else {
            String::new()
        };
        text.push_str(&format!("  \"{message}\"{of}\n"));
    }
    text
}

fn examples(cause: &HandOver) -> String {
    if cause.examples.is_empty() {
        return String::new();
    }
    let mut text = "\nSome of the records:\n".to_owned();
    for record in &cause.examples {
        for side in [cause.to, cause.to.other()] {
            text.push_str(&format!("  {}\n", half(record, side)));
        }
    }
    text
}

fn half(record: &HandedRecord, side: Side) -> String {
    let (id, link) = match side {
        Side::HubSpot => (&record.hubspot, &record.hubspot_link),
        Side::Salesforce => (&record.salesforce, &record.salesforce_link),
    };
    let side = side.to_string();
    match id {
        Some(id) => format!("{side:<12}{id}  {}", link.as_deref().unwrap_or_default())
            .trim_end()
            .to_owned(),
        None => format!("{side:<12}not there yet"),
    }
}
