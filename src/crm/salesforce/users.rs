//! The people records can belong to.

use crate::domain::record::{Fields, Record, RecordId, Value};

/// One user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Its id.
    pub id: RecordId,
    /// Its address: how owners are matched.
    pub email: Option<String>,
    /// Whether it may own records now.
    pub active: bool,
    /// Whether it is a person's or the platform's.
    pub kind: UserKind,
}

/// Who is behind a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UserKind {
    /// Somebody with a seat: `UserType` Standard, `PowerPartner` or Guest, the three that HubSpot's
    /// own integration knows as owners.
    Person,
    /// Portal visitors, automated processes, integrations without a seat.
    Other,
}

/// Reads the records of [`super::Query::users`].
pub fn users(records: &[Record]) -> Vec<User> {
    records.iter().map(user).collect()
}

fn user(record: &Record) -> User {
    const PEOPLE: [&str; 3] = ["Standard", "PowerPartner", "Guest"];
    let standard = text(&record.fields, "UserType").is_none_or(|kind| PEOPLE.contains(&kind));
    User {
        id: record.key.id.clone(),
        email: text(&record.fields, "Email").map(str::to_owned),
        active: value(&record.fields, "IsActive") == Some(&Value::Bool(true)),
        kind: if standard {
            UserKind::Person
        } else {
            UserKind::Other
        },
    }
}

fn value<'a>(fields: &'a Fields, name: &str) -> Option<&'a Value> {
    fields
        .iter()
        .find(|(field, _)| field.as_str() == name)
        .map(|(_, value)| value)
}

fn text<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    value(fields, name)?.as_text()
}
