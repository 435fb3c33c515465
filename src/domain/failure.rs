//! An answer that went wrong, raw, with the facts that only its moment knew.
//!
//! Refuses to know what it means: `classify` derives the type, `cause` the fingerprint.

use serde::{Deserialize, Serialize};

use super::record::{FieldName, Side};

/// Where an answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum System {
    /// HubSpot's API.
    #[serde(rename = "hubspot")]
    HubSpot,
    /// Salesforce's API.
    Salesforce,
    /// Our own check, before or instead of a call.
    Syncline,
}

impl From<Side> for System {
    fn from(side: Side) -> Self {
        match side {
            Side::HubSpot => Self::HubSpot,
            Side::Salesforce => Self::Salesforce,
        }
    }
}

/// What was known about the field or the record at the moment of the failure.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// The field stands in the target's describe.
    FieldDescribed(bool),
    /// The field may be written by us.
    FieldWritable(bool),
    /// The field is a lookup.
    FieldIsReference,
    /// The list is restricted to its choices.
    ListRestricted(bool),
    /// The value stands among the choices.
    OptionKnown(bool),
    /// The value stands among the choices and may be chosen.
    OptionActive(bool),
    /// The parent record is linked.
    ParentLinked(bool),
    /// The owner has a counterpart on the other side.
    OwnerMatched(bool),
    /// The owner it would get is a queue.
    TargetIsQueue,
    /// A value is required and the record has none.
    ValueMissing,
    /// The record that already holds the value (e-mail in use, duplicate rule): its id.
    Winner(String),
}

/// One thing wrong with one attempt. A record may fail with several at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Who said so.
    pub system: System,
    /// HTTP status, 0 when there was none or none of the record's own.
    pub status: u16,
    /// The raw code: `STRING_TOO_LONG`, `INVALID_EMAIL`; ours are lower-case words: `no_partner_owner`.
    pub code: String,
    /// HubSpot's category or sub-category, a code wrapped inside another one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub inner: Option<String>,
    /// The fields named, by the target's API names.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub fields: Vec<FieldName>,
    /// HubSpot's correlation id, for its support.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub correlation: Option<String>,
    /// Key into `texts` of the message as received; the text itself never enters the journal.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub text: Option<TextKey>,
    /// Key into `texts` of the value that was refused, where a list or lookup is concerned.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub value: Option<TextKey>,
    /// Key into `texts` of the rule, flow or trigger the answer names; part of the cause.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rule: Option<TextKey>,
    /// What only that moment knew.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub facts: Vec<Fact>,
}

/// A keyed hash that names a text kept beside the journal: 16 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TextKey(pub String);

/// A failure on its way into the journal: the texts still beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawFailure {
    /// The failure, its text keys still empty.
    pub failure: Failure,
    /// The message as received; empty when there was none.
    pub message: String,
    /// The refused value, where one choice or id is at fault.
    pub value: Option<String>,
    /// The rule, flow or trigger at fault: its name where the answer gives one, for a validation
    /// rule its message.
    pub rule: Option<String>,
}

impl Failure {
    /// A failure of which only the system and the raw code are known.
    pub fn of(system: System, code: &str) -> Self {
        Self {
            system,
            status: 0,
            code: code.to_owned(),
            inner: None,
            fields: Vec::new(),
            correlation: None,
            text: None,
            value: None,
            rule: None,
            facts: Vec::new(),
        }
    }
}

impl RawFailure {
    /// A failure of our own check on `field`: its code in lower-case words, its message in ours.
    pub fn ours(code: &str, field: &FieldName, message: String) -> Self {
        let mut failure = Failure::of(System::Syncline, code);
        failure.fields.push(field.clone());
        Self {
            failure,
            message,
            value: None,
            rule: None,
        }
    }
}
