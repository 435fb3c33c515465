//! What people call a record: a contact by first and last name, everything else by its name or
//! subject, and where there is none by the e-mail.

use super::record::{FieldName, Record, Side};

/// Characters kept of a name.
const CHARS_MAX: usize = 120;

/// A record's name for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The name shown.
    pub name: String,
    /// The e-mail in small letters, where there is one.
    pub email: Option<String>,
}

/// Fields with a name in them, on either side; the first that holds one counts.
const NAMES: [[&str; 4]; 2] = [
    ["name", "dealname", "hs_task_subject", "subject"],
    ["Name", "Subject", "Title", "CaseNumber"],
];

impl Label {
    /// What people call `record`, by the fields that were read of it; none when none says so.
    pub fn of(record: &Record) -> Option<Self> {
        let text = |name: &str| text(record, name);
        let (first, last, email, names) = match record.key.side {
            Side::HubSpot => ("firstname", "lastname", "email", NAMES[0]),
            Side::Salesforce => ("FirstName", "LastName", "Email", NAMES[1]),
        };
        let person: Vec<&str> = [first, last].into_iter().filter_map(text).collect();
        let email = text(email);
        let name = if person.is_empty() {
            let mut names = names.into_iter();
            names.find_map(text).or(email)?.to_owned()
        } else {
            person.join(" ")
        };
        Some(Self {
            name: on_one_line(&name),
            email: email.map(folded),
        })
    }
}

fn text<'r>(record: &'r Record, name: &str) -> Option<&'r str> {
    let name = FieldName::parse(name).ok()?;
    let text = record.fields.get(&name)?.as_text()?.trim();
    (!text.is_empty()).then_some(text)
}

fn on_one_line(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    words.join(" ").chars().take(CHARS_MAX).collect()
}

/// The form in which names and e-mails are compared.
pub fn folded(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase()
}
