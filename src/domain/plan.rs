//! What would be written of one row, as mode observe leaves it behind for `plan`.
//!
//! Values are cut short: they are shown to a person, and never written.

use serde::{Deserialize, Serialize};

use super::convert::shown;
use super::event::Action;
use super::merge::Write;
use super::record::{FieldName, Record, RecordId, Side};

/// Characters that are kept of a value.
const VALUE_CHARS_MAX: usize = 80;

/// One write that would be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// Where.
    pub to: Side,
    /// What it would do.
    pub action: Action,
    /// The record there, unless it would be made.
    pub id: Option<RecordId>,
    /// Whether it would carry nothing but the id field of a link.
    pub only_marks: bool,
    /// Values that would be written over.
    pub overwrites: Vec<Overwrite>,
}

/// A value that would take another's place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overwrite {
    /// The target's field.
    pub field: FieldName,
    /// What stands there.
    pub before: String,
    /// What would.
    pub after: String,
}

impl Planned {
    /// `write`, whose target is `before` as it was read.
    pub fn of(write: &Write, before: Option<&Record>) -> Self {
        let overwrites = write.fields.iter().filter_map(|(field, after)| {
            let before = before?.fields.get(field)?;
            (!before.is_blank() && before != after).then(|| Overwrite {
                field: field.clone(),
                before: short(&shown(before)),
                after: short(&shown(after)),
            })
        });
        Self {
            to: write.to,
            action: write.action,
            id: write.id.clone(),
            only_marks: write.only_marks(),
            overwrites: overwrites.collect(),
        }
    }
}

fn short(text: &str) -> String {
    let mut short: String = text.chars().take(VALUE_CHARS_MAX).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
