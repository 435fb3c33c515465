//! A failure that was predicted and sent all the same, to see whether the prediction was right.
//!
//! Refuses to know how anything is predicted or sent.

use serde::{Deserialize, Serialize};

use super::event::Known;
use super::failure::{Fact, RawFailure, TextKey};
use super::fingerprint::PrintKey;
use super::record::{FieldName, PairIds, Side, Timestamp};

/// What was predicted of a write that is sent all the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Foretold {
    /// The raw code that the target would answer.
    pub code: String,
    /// The field at fault, by the target's name.
    pub field: Option<FieldName>,
    /// Key of the words that tell this fault from another one of the same code and field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<TextKey>,
    /// Whether the target's automation may still set it right: one record is sent to see.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub likely: bool,
    /// What was known when it was predicted: the answer tells less.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<Fact>,
}

impl Foretold {
    /// What a predicted failure says.
    pub fn of(predicted: &Predicted, key: &PrintKey) -> Self {
        let failure = &predicted.raw.failure;
        Self {
            code: failure.code.clone(),
            field: failure.fields.first().cloned(),
            rule: rule(&predicted.raw, key),
            likely: predicted.is_likely(),
            facts: failure.facts.clone(),
        }
    }

    /// Whether an answer says that this is what was wrong, be it among other things.
    pub fn is_named_by(&self, answer: &RawFailure, key: &PrintKey) -> bool {
        let fields = &answer.failure.fields;
        let is_here = |field: &FieldName| fields.is_empty() || fields.contains(field);
        self.is_fault_of(answer, key) && self.field.as_ref().is_none_or(is_here)
    }

    /// Adds what was known to the answer that was foretold, where that tells nothing of its own.
    pub fn explain(&self, answer: &mut RawFailure, key: &PrintKey) {
        let is_here = answer.failure.fields.first() == self.field.as_ref();
        if is_here && self.is_fault_of(answer, key) && answer.failure.facts.is_empty() {
            answer.failure.facts.clone_from(&self.facts);
        }
    }

    fn is_fault_of(&self, answer: &RawFailure, key: &PrintKey) -> bool {
        answer.failure.code == self.code && rule(answer, key) == self.rule
    }
}

fn rule(raw: &RawFailure, key: &PrintKey) -> Option<TextKey> {
    raw.rule.as_ref().map(|rule| key.text_key(rule))
}

/// A failure that is known before anything is sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Predicted {
    /// What the target would say.
    pub raw: RawFailure,
    /// [`Known::Certain`] or [`Known::Likely`].
    pub known: Known,
}

impl Predicted {
    /// Whether the target's automation may still set it right.
    pub fn is_likely(&self) -> bool {
        self.known == Known::Likely
    }
}

/// What the last write said that was sent in spite of a likely prediction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Belief {
    /// It was accepted.
    pub accepted: bool,
    /// The entry that told so.
    pub seq: i64,
    /// When that was.
    pub at: Timestamp,
}

impl Belief {
    /// Until when a refusal is believed, where that is for `again_ms`.
    pub fn until(&self, again_ms: i64) -> Timestamp {
        self.at.plus(again_ms)
    }
}

/// What becomes of writes of which one likely failure is predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Faith {
    /// They are not sent.
    Holds,
    /// They are sent as if nothing were predicted: one of them was accepted.
    Withdrawn,
    /// The next one is sent, the others wait for what is said of it.
    Due,
}

/// What the last try says now. `schema_seq` is the last change of the target's schema, `asked_seq`
/// where a person asked for this write; `again_ms` is how long a refusal is believed.
pub fn faith(
    last: Option<Belief>,
    schema_seq: Option<i64>,
    asked_seq: Option<i64>,
    again_ms: i64,
    now: Timestamp,
) -> Faith {
    let Some(last) = last.filter(|last| schema_seq.is_none_or(|changed| changed < last.seq)) else {
        return Faith::Due;
    };
    let is_asked = asked_seq.is_some_and(|asked| asked > last.seq);
    // Also a clock that was set back asks again.
    let is_old = now.since(last.at) >= again_ms || now < last.at;
    match last.accepted {
        true => Faith::Withdrawn,
        false if is_asked || is_old => Faith::Due,
        false => Faith::Holds,
    }
}

/// Whether a pair's predicted failures are sent all the same, where `percent` of a hundred pairs
/// are. It is always the same pairs: one that is looked at again is not drawn again, and its error
/// keeps being an answered one.
pub fn is_sampled(ids: &PairIds, percent: u8) -> bool {
    let half = Side::BOTH.into_iter().find_map(|side| ids.id(side));
    let name = format!("{} {}", ids.object, half.map_or("", |id| id.as_str()));
    crc32c::crc32c(name.as_bytes()) % 100 < u32::from(percent)
}
