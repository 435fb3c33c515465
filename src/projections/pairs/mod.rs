//! Every record known, linked or not: its number, its halves, its state.

mod apply;
mod listing;
mod number;

use serde::{Deserialize, Serialize};

use crate::domain::call::keyed;
use crate::domain::event::{Excluded, Span};
use crate::domain::record::{FieldName, PairIds, PairNumber, Side, Timestamp};
use crate::store::columns::words;

pub(super) use apply::{absorbed, excluded, failed, included, linked, looped, synced, unlinked};
pub use listing::{Counted, Filter, by_key, counts, get, history, ids, list, resolve, total};
pub(super) use number::{forget_handed, living};
pub use number::{link, number_of, number_of_ids};

keyed! {
    /// The state a pair is in: exactly one.
    State {
        /// Nothing is known to be wrong.
        InSync = "in_sync",
        /// An error other than a missing parent is open.
        Failing = "failing",
        /// Only its parent is missing.
        Waiting = "waiting",
        /// Left out on purpose.
        Excluded = "excluded",
        /// It went on under another number.
        Absorbed = "absorbed",
    }
}
words!(State);

/// Something kept for each side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PerSide<T> {
    /// HubSpot's.
    pub hubspot: T,
    /// Salesforce's.
    pub salesforce: T,
}

impl<T> PerSide<T> {
    /// What is kept for `side`.
    pub fn on(&self, side: Side) -> &T {
        match side {
            Side::HubSpot => &self.hubspot,
            Side::Salesforce => &self.salesforce,
        }
    }

    /// The place of what is kept for `side`.
    pub fn slot(&mut self, side: Side) -> &mut T {
        match side {
            Side::HubSpot => &mut self.hubspot,
            Side::Salesforce => &mut self.salesforce,
        }
    }
}

/// Our last write on a side, while that side has not yet shown the result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Provisional {
    /// The entry that tells of it.
    pub seq: i64,
    /// Its span on that side's clock.
    pub span: Span,
    /// The fields it carried, by that side's names.
    pub written: Vec<FieldName>,
}

/// One pair as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// Its number.
    pub number: PairNumber,
    /// Its halves.
    pub ids: PairIds,
    /// Its state.
    pub state: State,
    /// Why it is excluded.
    pub why: Option<Excluded>,
    /// The number that goes on in its place.
    pub absorbed_into: Option<PairNumber>,
    /// The side on which we made the record.
    pub created_on: Option<Side>,
    /// Where the record is known to carry the other's id.
    pub marked: PerSide<bool>,
    /// Answered attempts to each side since the last success.
    pub attempts: PerSide<u32>,
    /// Writes that a side has not yet shown.
    pub provisional: PerSide<Option<Provisional>>,
    /// A field that both sides' automation rewrites in turns: stops writes.
    pub loop_field: Option<FieldName>,
    /// Its first entry.
    pub first_seq: i64,
    /// Its latest entry.
    pub last_seq: i64,
    /// When something was last written for it.
    pub synced_at: Option<Timestamp>,
}

impl Pair {
    /// Whether both halves are known.
    pub fn is_linked(&self) -> bool {
        self.ids.hubspot.is_some() && self.ids.salesforce.is_some()
    }

    /// Whether a person left it out: then nothing is planned for it until a person takes it up.
    pub fn is_left_out(&self) -> bool {
        self.state == State::Excluded && self.why == Some(Excluded::Operator)
    }

    /// What the selection leaves it out for. Its pair stays, and what may go the other way goes on.
    pub fn left_by(&self) -> Option<Excluded> {
        self.why
            .filter(|why| matches!(why, Excluded::List | Excluded::Condition))
    }

    /// Whether nothing is the matter with it but, at most, that the selection leaves it out.
    pub fn is_quiet(&self) -> bool {
        match self.state {
            State::InSync => true,
            State::Excluded => self.left_by().is_some(),
            State::Failing | State::Waiting | State::Absorbed => false,
        }
    }

    /// The latest write that its side has not yet shown.
    pub fn last_provisional(&self) -> Option<(Side, &Provisional)> {
        Side::BOTH
            .into_iter()
            .filter_map(|side| Some((side, self.provisional.on(side).as_ref()?)))
            .max_by_key(|(_, provisional)| provisional.seq)
    }
}
