//! What concerns everybody and not one cause: connections, holds, lists and conditions, the budget.

use super::Teller;
use super::contents::used;
use super::immediate::News;
use super::notices::doubts;
use crate::domain::budget::Fullness;
use crate::domain::event::Told;
use crate::domain::record::{Side, Timestamp};
use crate::journal;
use crate::projections::{holds, settings, slots};
use crate::store::View;

/// How many times the gathering passes between the mail about a hold and the one about its end:
/// whoever approves several does so one by one, and knows by then that it is done.
const CALM_GATHERINGS: i64 = 5;

/// A hold, or the end of one, that is to be told.
struct Fresh {
    told: Told,
    at: Timestamp,
    due: Timestamp,
}

/// What concerns everybody and this recipient does not know yet, and when gathering holds ends:
/// one cycle often opens several, a person settles them one by one, and they are one piece of
/// news. One opened and settled meanwhile is none.
pub(super) fn news(
    view: &View<'_>,
    teller: &Teller,
    recipient: i64,
) -> anyhow::Result<(News, Option<Timestamp>)> {
    let mut news = News::default();
    let last = journal::last_seq(view)?;
    let knows = |told: &Told| slots::was_told(view, recipient, told);
    for side in Side::BOTH {
        match settings::suspended(view, side)? {
            Some(setting) if !knows(&Told::Suspended(side))? => {
                news.add(Told::Suspended(side), setting.seq, setting.at);
            }
            None if knows(&Told::Suspended(side))? => {
                news.add(Told::Resumed(side), last, view.now());
            }
            Some(_) | None => (),
        }
    }
    let now = view.now();
    let mut fresh = Vec::new();
    for hold in holds::open(view)? {
        if !knows(&Told::Held(hold.number))? {
            fresh.push(Fresh {
                told: Told::Held(hold.number),
                at: hold.opened_at,
                due: hold.opened_at.plus(teller.gather_ms),
            });
        }
    }
    for hold in holds::settled_since(view, 0)? {
        // Whoever never heard of it need not hear of its end.
        if let Some((settled_at, _)) = hold.settled
            && let Some(held_at) = slots::told_at(view, recipient, &Told::Held(hold.number))?
        {
            let calm = held_at.plus(CALM_GATHERINGS * teller.gather_ms);
            fresh.push(Fresh {
                told: Told::Settled(hold.number),
                at: settled_at,
                due: settled_at.plus(teller.gather_ms).max(calm),
            });
        }
    }
    // What is mended while it is gathered was none of anybody's business.
    let doubts = doubts(view)?;
    for (object, trouble) in &doubts {
        let told = Told::SelectionHeld(object.clone());
        if !knows(&told)? {
            let at = trouble.since;
            let due = at.plus(teller.gather_ms);
            fresh.push(Fresh { told, at, due });
        }
    }
    for object in slots::selections_told(view, recipient)? {
        if !doubts.contains_key(&object) {
            news.add(Told::SelectionGoes(object), last, now);
        }
    }
    let due = fresh.iter().map(|one| one.due).min();
    // A clock set back must not keep it for days.
    let set_back = fresh.iter().any(|one| one.at > now);
    let gathers = due.is_some_and(|due| due > now) && !set_back;
    if !gathers {
        for one in fresh {
            news.add(one.told, last, one.at);
        }
    }
    if let Some(told) = fullness(view, teller, knows)? {
        news.add(told, last, view.now());
    }
    Ok((news, due.filter(|_| gathers)))
}

/// What is new of the budget to a recipient who knows what `knows` says. Whoever was told that it
/// is used up knows that it is low.
fn fullness(
    view: &View<'_>,
    teller: &Teller,
    knows: impl Fn(&Told) -> anyhow::Result<bool>,
) -> anyhow::Result<Option<Told>> {
    let before = if knows(&Told::BudgetExhausted)? {
        Fullness::Full
    } else if knows(&Told::BudgetLow)? || knows(&Told::BudgetFrees)? {
        Fullness::Low
    } else {
        Fullness::Room
    };
    let calls = used(view)?;
    let now = Fullness::of(calls.ours, calls.allocation, before, teller.told);
    Ok(match (before, now) {
        (Fullness::Room, Fullness::Low) => Some(Told::BudgetLow),
        (Fullness::Room | Fullness::Low, Fullness::Full) => Some(Told::BudgetExhausted),
        (Fullness::Full, Fullness::Low) => Some(Told::BudgetFrees),
        (Fullness::Full | Fullness::Low, Fullness::Room) => Some(Told::BudgetEased),
        (Fullness::Room, Fullness::Room)
        | (Fullness::Low, Fullness::Low)
        | (Fullness::Full, Fullness::Full) => None,
    })
}
