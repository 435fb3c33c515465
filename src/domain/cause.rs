//! Errors with one fix share a fingerprint, and a fingerprint keeps its number for ever.

use serde::{Deserialize, Serialize};

use super::catalogue::Type;
use super::failure::{Failure, TextKey};
use super::record::{FieldName, ObjectName, Side};

/// What makes errors one cause. Never the type, so that re-labelling moves no number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Fingerprint {
    /// The side that was to be written.
    pub side: Side,
    /// Which object.
    pub object: ObjectName,
    /// The field at fault, by the target's name.
    pub field: Option<FieldName>,
    /// The raw code.
    pub code: String,
    /// Key of the rule, flow or option, where the answer names one.
    pub rule: Option<TextKey>,
}

impl Fingerprint {
    /// The fingerprint of `failure` on a write of `object` to `to`. A list's refused value is left
    /// out: one list that lacks three values is one cause with one fix.
    pub fn of(to: Side, object: &ObjectName, failure: &Failure) -> Self {
        Self {
            side: to,
            object: object.clone(),
            field: failure.fields.first().cloned(),
            code: failure.code.clone(),
            rule: failure.rule.clone(),
        }
    }
}

/// What a cause's sentence may name, where it is known.
#[derive(Debug, Clone, Default)]
pub struct Naming {
    /// What people of the written side call the object: `Contact`.
    pub object: Option<String>,
    /// What people call the field.
    pub label: Option<String>,
    /// The field that every message names, where the answer itself names none.
    pub field: Option<FieldName>,
    /// The rule, flow or trigger.
    pub rule: Option<String>,
    /// Refused list values with their records, most first.
    pub values: Vec<(String, u64)>,
    /// How many more values there are.
    pub more: u64,
}

/// A cause in one sentence: its type's template with the names filled in. Salesforce's people know
/// a field by its API name (`Contact.Fax`), HubSpot's by its label (`Postal Code of contact`).
pub fn sentence(kind: &Type, fingerprint: &Fingerprint, naming: &Naming) -> String {
    let text = filled(&kind.cause, "rule", naming.rule.clone());
    let values = naming
        .values
        .iter()
        .map(|(value, records)| format!("{value} {records}"));
    let values: Vec<String> = values.collect();
    // Behind a colon the values need no word that says what they are.
    let is_list = text.contains(": {values}");
    let text = filled(&text, "values", joined(&values, naming.more, is_list));
    let field = fingerprint.field.as_ref().or(naming.field.as_ref());
    let object = naming.object.as_deref();
    let text = with_field(&text, fingerprint, field, naming.label.as_deref())
        .replace("{object}", object.unwrap_or(fingerprint.object.as_str()))
        .replace("{side}", &fingerprint.side.to_string());
    capitalised(&text)
}

/// Fills the hole `name`; an unknown value leaves no colon behind.
fn filled(text: &str, name: &str, known: Option<String>) -> String {
    let hole = format!("{{{name}}}");
    match known {
        Some(known) => text.replace(&hole, &known),
        None => text
            .replace(&format!(": {hole}"), "")
            .replace(&hole, "unknown"),
    }
}

fn with_field(
    text: &str,
    fingerprint: &Fingerprint,
    field: Option<&FieldName>,
    label: Option<&str>,
) -> String {
    let Some(field) = field else {
        // Without a field, the raw code tells two causes of one type apart.
        let code = fingerprint.code.to_lowercase().replace('_', " ");
        return text
            .replace("{object}.{field}", "{object}")
            .replace("({field})", &format!("({code})"))
            .replace("refuses {field}", "refuses the record")
            .replace("{field}", "a field")
            .replace("{label}", "a field");
    };
    let label = label.unwrap_or(field.as_str());
    match fingerprint.side {
        Side::HubSpot => text
            .replace("{object}.{field}", &format!("{label} of {{object}}"))
            .replace("{field}", label),
        Side::Salesforce => text.replace("{field}", field.as_str()),
    }
    .replace("{label}", label)
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// `Fintech 19`, or `3 values: Fintech 19, Climate 8, Defense tech 4`.
fn joined(values: &[String], more: u64, is_list: bool) -> Option<String> {
    let all = u64::try_from(values.len())
        .unwrap_or(u64::MAX)
        .saturating_add(more);
    let joined = values.join(", ");
    let joined = match more {
        0 => joined,
        more => format!("{joined} and {more} more"),
    };
    match (values.len(), is_list) {
        (0, _) => None,
        (1, _) if more == 0 => Some(joined),
        (_, true) => Some(joined),
        (_, false) => Some(format!("{all} values: {joined}")),
    }
}
