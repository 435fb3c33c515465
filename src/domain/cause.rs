//! Errors with one fix share a fingerprint, and a fingerprint keeps its number for ever.

use serde::{Deserialize, Serialize};

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
