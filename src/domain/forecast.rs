//! A failure that was predicted and sent all the same, to see whether the prediction was right.
//!
//! Refuses to know how anything is predicted or sent.

use serde::{Deserialize, Serialize};

use super::failure::RawFailure;
use super::record::{FieldName, PairIds, Side};

/// What was predicted of a write that is sent all the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Foretold {
    /// The raw code that the target would answer.
    pub code: String,
    /// The field at fault, by the target's name.
    pub field: Option<FieldName>,
}

impl Foretold {
    /// What `failure` predicts.
    pub fn of(failure: &RawFailure) -> Self {
        Self {
            code: failure.failure.code.clone(),
            field: failure.failure.fields.first().cloned(),
        }
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
