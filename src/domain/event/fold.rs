//! What a fold keeps of the rows that it replaces.

use serde::{Deserialize, Serialize};

use crate::domain::call::{Lane, Operation};
use crate::domain::record::{ObjectName, Side};

/// Payload of `history_folded`. Sums are those of the moment of the fold, rows that were not folded
/// among them: replayed after what is left, each one is set and not added.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HistoryFolded {
    /// First and last seq of the rows replaced.
    pub range: (i64, i64),
    /// How many rows they were.
    pub rows: u64,
    /// SHA-256 over them, hexadecimal.
    pub sha256: String,
    /// The checksum after the last of them, which the chain goes on from.
    pub crc: i64,
    /// The kinds replaced: rows of others in the range stay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<String>,
    /// Spans of the range without a row that stays: first seq, last seq, the checksum after it.
    /// Empty for one span from end to end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spans: Vec<(i64, i64, i64)>,
    /// Calls of every hour that a replaced row counts in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<CallsHour>,
    /// What the sides said of their use in every such hour.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub usage: Vec<UsageHour>,
    /// Records read by each cursor that a replaced row moved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cursors: Vec<CursorSum>,
}

impl HistoryFolded {
    /// The gaps that it leaves: first seq, last seq, the checksum after it.
    pub fn gaps(self) -> Vec<(i64, i64, i64)> {
        if self.spans.is_empty() {
            vec![(self.range.0, self.range.1, self.crc)]
        } else {
            self.spans
        }
    }
}

/// Calls of one hour for one purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallsHour {
    /// Whose API.
    pub side: Side,
    /// Which hour since 1970, on that side's clock.
    pub hour: i64,
    /// Why.
    pub lane: Lane,
    /// What for.
    pub operation: Operation,
    /// Which object, when it was about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectName>,
    /// Calls that count: those given back are taken off.
    pub calls: u64,
    /// Records they carried.
    pub records: u64,
}

/// The most a side said was used within an hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageHour {
    /// Whose API.
    pub side: Side,
    /// Which hour since 1970, on our clock.
    pub hour: i64,
    /// Calls used in that side's own window, by everybody.
    pub used: u64,
    /// That side's own ceiling.
    pub limit: u64,
}

/// What one cursor read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CursorSum {
    /// Whose changes.
    pub side: Side,
    /// Of which object.
    pub object: ObjectName,
    /// Records read since the store was created.
    pub records: u64,
}
