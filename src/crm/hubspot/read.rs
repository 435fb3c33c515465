//! Records by id or by a unique property, a hundred at a time, with the history where asked.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::pages;
use crate::crm::source::Source;
use crate::crm::values;
use crate::domain::record::{FieldName, Record, RecordId, Timestamp};

/// Records in one call.
pub const READ_MAX: usize = 100;

/// Records in one call that asks for history.
pub const HISTORY_MAX: usize = 50;

/// Which records to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keys<'a> {
    /// By id. The id of a record that was merged away may bring the merged one.
    Ids(&'a [RecordId]),
    /// By the values of a unique property or of the contact's e-mail.
    Property {
        /// The property.
        name: &'a FieldName,
        /// Its values.
        values: &'a [String],
    },
}

/// What was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// The records found, in no particular order.
    pub records: Vec<Record>,
    /// The ids or values that no record answers to.
    pub missing: Vec<String>,
    /// When each property asked with history got the value it has.
    pub changed_at: BTreeMap<(RecordId, FieldName), Timestamp>,
}

impl Keys<'_> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Ids(ids) => ids.len(),
            Self::Property { values, .. } => values.len(),
        }
    }

    fn texts(&self) -> Vec<&str> {
        match self {
            Self::Ids(ids) => ids.iter().map(RecordId::as_str).collect(),
            Self::Property { values, .. } => values.iter().map(String::as_str).collect(),
        }
    }
}

pub(super) fn body(source: &Source<'_>, keys: Keys<'_>, history: &[FieldName]) -> Json {
    let inputs: Vec<Json> = keys
        .texts()
        .into_iter()
        .map(|key| json!({ "id": key }))
        .collect();
    let mut names = pages::properties(source, source.fields);
    if let Keys::Property { name, .. } = keys
        && !names.contains(&name.as_str())
    {
        names.push(name.as_str());
    }
    let history: Vec<&str> = history.iter().map(FieldName::as_str).collect();
    let mut body = json!({ "inputs": inputs, "properties": names });
    if !history.is_empty() {
        body["propertiesWithHistory"] = json!(history);
    }
    if let Keys::Property { name, .. } = keys {
        body["idProperty"] = json!(name.as_str());
    }
    body
}

pub(super) fn read(body: &Json, source: &Source<'_>, keys: Keys<'_>) -> Option<Read> {
    let records = pages::records(body, source)?;
    let results = body["results"].as_array()?;
    Some(Read {
        missing: missing(body, results, keys),
        changed_at: results.iter().flat_map(changes).collect(),
        records,
    })
}

/// The errors name what is missing; an answer without errors that is short is compared with what
/// was asked.
fn missing(body: &Json, results: &[Json], keys: Keys<'_>) -> Vec<String> {
    let named: BTreeSet<&str> = body["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|error| error["context"]["ids"].as_array())
        .flatten()
        .filter_map(Json::as_str)
        .collect();
    if !named.is_empty() || results.len() >= keys.len() {
        return named.into_iter().map(str::to_owned).collect();
    }
    let shown: BTreeSet<String> = results
        .iter()
        .filter_map(|result| match keys {
            Keys::Ids(_) => result["id"].as_str(),
            Keys::Property { name, .. } => result["properties"][name.as_str()].as_str(),
        })
        .map(str::to_lowercase)
        .collect();
    let asked: BTreeSet<&str> = keys.texts().into_iter().collect();
    asked
        .into_iter()
        .filter(|key| !shown.contains(&key.trim().to_lowercase()))
        .map(str::to_owned)
        .collect()
}

/// When each property of one result got its value: its history begins with the newest.
fn changes(result: &Json) -> Vec<((RecordId, FieldName), Timestamp)> {
    let Some(id) = result["id"]
        .as_str()
        .and_then(|id| RecordId::parse(id).ok())
    else {
        return Vec::new();
    };
    result["propertiesWithHistory"]
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(name, versions)| {
            let name = FieldName::parse(name).ok()?;
            let at = values::instant_or_ms(versions[0]["timestamp"].as_str()?)?;
            Some(((id.clone(), name), at))
        })
        .collect()
}
