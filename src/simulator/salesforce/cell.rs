//! One stored value and how it looks on the wire. Knows nothing of which field it belongs to.

use serde_json::Value;

use super::moments;

/// A value as the org keeps it; dates are kept as text `yyyy-MM-dd`, moments as Unix milliseconds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    Moment(i64),
}

impl Cell {
    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Cell::Null)
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Cell::Text(text) => Some(text),
            Cell::Null | Cell::Bool(_) | Cell::Number(_) | Cell::Moment(_) => None,
        }
    }

    pub(crate) fn moment(&self) -> i64 {
        match self {
            Cell::Moment(at) => *at,
            Cell::Null | Cell::Bool(_) | Cell::Number(_) | Cell::Text(_) => 0,
        }
    }

    pub(crate) fn is_true(&self) -> bool {
        matches!(self, Cell::Bool(true))
    }

    /// The value in an answer; `whole` numbers are written without a decimal point.
    pub(crate) fn to_json(&self, whole: bool) -> Value {
        match self {
            Cell::Null => Value::Null,
            Cell::Bool(on) => Value::Bool(*on),
            Cell::Number(number) if whole => Value::from(truncated(*number)),
            Cell::Number(number) => Value::from(*number),
            Cell::Text(text) => Value::from(text.as_str()),
            Cell::Moment(at) => Value::from(moments::wire(*at)),
        }
    }

    /// A text under which equal values, as SOQL compares them, are the same.
    pub(crate) fn key(&self) -> String {
        match self {
            Cell::Null => String::new(),
            Cell::Bool(on) => on.to_string(),
            Cell::Number(number) => number.to_string(),
            Cell::Text(text) => text.to_lowercase(),
            Cell::Moment(at) => at.to_string(),
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "whole fields hold at most nine digits"
)]
fn truncated(number: f64) -> i64 {
    number.trunc() as i64
}
