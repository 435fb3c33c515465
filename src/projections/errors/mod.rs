//! Failures still true now: one error per record, direction, field, raw code and rule.

mod apply;
mod listing;
mod mark;
mod page;
mod relabel;
mod rows;
mod tally;

use crate::domain::catalogue::Slug;
use crate::domain::event::Known;
use crate::domain::failure::TextKey;
use crate::domain::record::{FieldName, ObjectName, PairNumber, Side, Timestamp};
use crate::store::Tx;

pub(super) use apply::{cleared, failed, forgotten, synced};
pub use listing::{
    Filter, Totals, TypeCount, by_type, count, has_joined, is_answered, is_likely, is_predicted,
    joined, messages, of_record, oldest_waiting, records, stand, totals, values,
};
pub use mark::{Malformed, Mark};
pub use page::{Order, Place, first, list};
pub(super) use relabel::{Relabelled, relabel, told_of};
pub use rows::Rows;

/// The type of errors that only wait for a parent: their records are waiting, not failing.
pub const WAITING: &str = "waiting-account";

/// One error.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenError {
    /// The pair that fails.
    pub record: PairNumber,
    /// The side that was to be written.
    pub to: Side,
    /// The field at fault, by the target's name.
    pub field: Option<FieldName>,
    /// The raw code.
    pub code: String,
    /// Key of the rule, flow or trigger named.
    pub rule: Option<TextKey>,
    /// The pair's object.
    pub object: ObjectName,
    /// Its type.
    pub slug: Slug,
    /// The number of its cause.
    pub cause: i64,
    /// How it is known.
    pub known: Known,
    /// The entry that first told of it.
    pub first_seq: i64,
    /// When that was.
    pub first_at: Timestamp,
    /// The entry that last told of it: it holds the failure in full.
    pub last_seq: i64,
    /// When that was.
    pub last_at: Timestamp,
    /// Answered attempts that ended in it.
    pub attempts: u32,
    /// Key of the message.
    pub text: Option<TextKey>,
    /// Key of the refused value.
    pub value: Option<TextKey>,
}

/// What a record's open errors say of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// There are none.
    None,
    /// Only its parent is missing.
    OnlyWaiting,
    /// Something else is wrong.
    Failing,
}

pub(super) fn standing(tx: &Tx<'_>, record: PairNumber) -> anyhow::Result<Standing> {
    let failing: Option<bool> = tx
        .sql()
        .prepare_cached("select max(type <> ?2) from errors where record = ?1")?
        .query_row((record, WAITING), |row| row.get(0))?;
    Ok(match failing {
        None => Standing::None,
        Some(false) => Standing::OnlyWaiting,
        Some(true) => Standing::Failing,
    })
}
