//! Whether a deed can be done to a record as it stands.

use super::words::{both, named};
use crate::control::deed::Deed;
use crate::control::reason::reason;
use crate::domain::event::Excluded;
use crate::domain::record::{PairIds, RecordKey};
use crate::inbox;
use crate::projections::pairs::{self, Pair, State};
use crate::store::View;

/// What is to be said to a deed.
pub(super) enum Verdict {
    /// It can be done to these.
    Do(PairIds),
    /// It is so already.
    Idle(String),
    /// It cannot be done, and what would help.
    Wrong(String),
    /// It can be done once a cycle is over.
    Busy(String),
}

/// The verdict on `deed` done to `ids`. `writes_now` says whether rows in flight are being worked
/// on.
pub(super) fn on(
    view: &View<'_>,
    deed: Deed,
    ids: PairIds,
    writes_now: bool,
) -> anyhow::Result<Verdict> {
    match deed {
        Deed::Link => link(view, ids, writes_now),
        Deed::Unlink => unlink(view, ids, writes_now),
        Deed::Exclude => exclude(view, ids),
        Deed::Include => include(view, ids),
    }
}

fn link(view: &View<'_>, ids: PairIds, writes_now: bool) -> anyhow::Result<Verdict> {
    for key in ids.keys() {
        let Some(pair) = pair_of(view, &key)?.filter(Pair::is_linked) else {
            continue;
        };
        if pair.ids != ids {
            return Ok(Verdict::Wrong(format!(
                "{} {} is half of another pair, {}; take that apart first: syncline unlink {}",
                key.side,
                key.id,
                named(&pair.ids),
                key.id
            )));
        }
        return Ok(if pair.is_left_out() {
            Verdict::Wrong(format!(
                "{} are a pair that a person left out; take it up again: syncline exclude {} --drop",
                both(&ids),
                key.id
            ))
        } else {
            Verdict::Idle(format!("{} are a pair already", both(&ids)))
        });
    }
    unless_busy(view, ids, writes_now)
}

fn unlink(view: &View<'_>, ids: PairIds, writes_now: bool) -> anyhow::Result<Verdict> {
    if ids.keys().len() < 2 {
        return Ok(Verdict::Wrong(format!(
            "{} is half of no pair, so nothing is to be taken apart",
            named(&ids)
        )));
    }
    unless_busy(view, ids, writes_now)
}

/// A pair must not change while it is being planned or written: what is on its way would be
/// journaled of a pair that is none any more.
fn unless_busy(view: &View<'_>, ids: PairIds, writes_now: bool) -> anyhow::Result<Verdict> {
    for key in &ids.keys() {
        let row = inbox::of_record(view, key)?;
        let in_flight = row.is_some_and(|row| row.state == inbox::State::InFlight);
        // A job goes on whether or not we run.
        if in_flight && writes_now || inbox::carries(view, key)? {
            return Ok(Verdict::Busy(format!(
                "{} {} is being read or written just now; ask again in a minute",
                key.side, key.id
            )));
        }
    }
    Ok(Verdict::Do(ids))
}

fn exclude(view: &View<'_>, ids: PairIds) -> anyhow::Result<Verdict> {
    let pair = pair_with(view, &ids)?;
    Ok(if pair.is_some_and(|pair| pair.is_left_out()) {
        Verdict::Idle(format!("{} is left out already", named(&ids)))
    } else {
        Verdict::Do(ids)
    })
}

fn include(view: &View<'_>, ids: PairIds) -> anyhow::Result<Verdict> {
    let Some(pair) = pair_with(view, &ids)? else {
        return Ok(Verdict::Wrong(format!(
            "{} was never seen, so nobody left it out",
            named(&ids)
        )));
    };
    let by_person = matches!(pair.why, Some(Excluded::Operator | Excluded::Dropped));
    if pair.state == State::Excluded && by_person {
        return Ok(Verdict::Do(ids));
    }
    let stands = match (pair.state, pair.why) {
        (State::Excluded, Some(why)) => {
            let words = reason(why);
            format!("{}; settle it: {}", words.says, words.settle)
        }
        (state, _) => format!("it is {}", state.key().replace('_', " ")),
    };
    Ok(Verdict::Idle(format!(
        "{} was not left out by a person: {stands}",
        named(&ids)
    )))
}

fn pair_of(view: &View<'_>, key: &RecordKey) -> anyhow::Result<Option<Pair>> {
    match pairs::by_key(view, key)? {
        Some(number) => pairs::get(view, number),
        None => Ok(None),
    }
}

/// The pair of the first half: the halves are of one pair, or there is only one.
fn pair_with(view: &View<'_>, ids: &PairIds) -> anyhow::Result<Option<Pair>> {
    match ids.keys().first() {
        Some(key) => pair_of(view, key),
        None => Ok(None),
    }
}
