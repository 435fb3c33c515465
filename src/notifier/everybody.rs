//! What concerns everybody and not one cause: connections, holds, the budget.

use super::Teller;
use super::immediate::News;
use super::scheduled::used;
use crate::domain::event::Told;
use crate::domain::record::{Side, Timestamp};
use crate::journal;
use crate::projections::{holds, settings, slots};
use crate::store::View;

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
    let mut fresh = Vec::new();
    for hold in holds::open(view)? {
        if !knows(&Told::Held(hold.number))? {
            fresh.push((Told::Held(hold.number), hold.opened_at));
        }
    }
    for hold in holds::settled_since(view, 0)? {
        // Whoever never heard of it need not hear of its end.
        if let Some((settled_at, _)) = hold.settled
            && knows(&Told::Held(hold.number))?
        {
            fresh.push((Told::Settled(hold.number), settled_at));
        }
    }
    let since = fresh.iter().map(|(_, at)| *at).min();
    let due = since.map(|since| since.plus(teller.gather_ms));
    // A clock set back must not keep it for days.
    let gathers =
        due.is_some_and(|due| due > view.now()) && since.is_some_and(|since| since <= view.now());
    if !gathers {
        for (told, at) in fresh {
            news.add(told, last, at);
        }
    }
    let calls = used(view)?;
    let exhausted = calls.allocation > 0 && calls.ours >= calls.allocation;
    if exhausted && !knows(&Told::BudgetExhausted)? {
        news.add(Told::BudgetExhausted, last, view.now());
    }
    if !exhausted && knows(&Told::BudgetExhausted)? {
        news.add(Told::BudgetFrees, last, view.now());
    }
    Ok((news, due.filter(|_| gathers)))
}
