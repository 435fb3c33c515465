//! A cause as a ticket: everything is said, nothing refers to Syncline's own pages.

use super::counted;
use super::time::Moment;
use crate::control::report::{HandOver, HandedRecord};
use crate::domain::record::Side;

/// The whole text.
pub(super) fn text(cause: &HandOver, moment: &Moment) -> String {
    let mut text = format!(
        "{} (C-{})\n\nSyncline, the program that keeps HubSpot and Salesforce in step, cannot write \
         {} to {}.\n\n",
        cause.what,
        cause.number,
        counted(cause.records, "record"),
        cause.to
    );
    for (label, value) in facts(cause, moment) {
        text.push_str(&format!("{label:<14}{value}\n"));
    }
    text.push_str(&said(cause));
    text.push_str(&examples(cause));
    for query in &cause.queries {
        text.push_str(&format!("\nSOQL:\n  {}\n", query.soql));
    }
    text.push_str("\nWhat helps, in the order to try:\n");
    for (place, step) in cause.kind.fix.iter().enumerate() {
        text.push_str(&format!("  {}. {step}\n", place + 1));
    }
    text.push_str(if cause.probed {
        "\nAfterwards nothing needs to be reported: one of the records is tried every few hours, \
         and all of them as soon as it goes through.\n"
    } else {
        "\nAfterwards please answer this ticket: the records are tried when they change, or when \
         somebody asks for it.\n"
    });
    text
}

fn facts(cause: &HandOver, moment: &Moment) -> Vec<(&'static str, String)> {
    let unknown = || "not known yet".to_owned();
    let org = [cause.org.clone(), cause.address.clone()];
    let org: Vec<String> = org.into_iter().flatten().collect();
    let back = if cause.back {
        ", when it came back"
    } else {
        ""
    };
    let zone = moment.zone.iana_name().unwrap_or("UTC");
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
    facts.push((
        "Since",
        format!("{} {zone}{back}", moment.stamp(cause.since)),
    ));
    facts.push((
        "As of",
        format!(
            "{} {zone}, {}",
            moment.stamp(cause.at),
            counted(cause.records, "record")
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
            format!("   ({})", counted(*errors, "record"))
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
