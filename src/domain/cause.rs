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
    /// What people call the field.
    pub label: Option<String>,
    /// The rule, flow or trigger.
    pub rule: Option<String>,
    /// Refused list values with their records, most first.
    pub values: Vec<(String, u64)>,
}

/// A cause in one sentence: its type's template with the names filled in.
pub fn sentence(kind: &Type, fingerprint: &Fingerprint, naming: &Naming) -> String {
    let field = fingerprint.field.as_ref().map(ToString::to_string);
    let nameless = || "the record".to_owned();
    let label = naming
        .label
        .clone()
        .or_else(|| field.clone())
        .unwrap_or_else(nameless);
    let values: Vec<String> = naming
        .values
        .iter()
        .map(|(value, records)| format!("{value} {records}"))
        .collect();
    let mut text = kind.cause.clone();
    for (name, known) in [("rule", naming.rule.clone()), ("values", joined(&values))] {
        let hole = format!("{{{name}}}");
        text = match known {
            Some(known) => text.replace(&hole, &known),
            None => text
                .replace(&format!(": {hole}"), "")
                .replace(&hole, "unknown"),
        };
    }
    if field.is_none() {
        // "contact.the record" is nobody's field: the object alone says it.
        text = text
            .replace("{object}.{field}", "{object}")
            .replace("{object}.{label}", "{object}");
    }
    text.replace("{object}", fingerprint.object.as_str())
        .replace("{field}", &field.unwrap_or_else(nameless))
        .replace("{label}", &label)
}

fn joined(values: &[String]) -> Option<String> {
    (!values.is_empty()).then(|| values.join(", "))
}
