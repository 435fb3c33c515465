//! What concerns everybody, in words: for mails and, where it ends by a person, for the log.

use std::collections::BTreeMap;

use super::contents::used;
use super::lines::Reader;
use crate::domain::budget::Fullness;
use crate::domain::digest::{Notice, count, thousands};
use crate::domain::event::{By, ConnectionSuspended, Told};
use crate::domain::record::{ObjectName, Side};
use crate::inbox::selection::{self, Trouble};
use crate::inbox::{self, State};
use crate::projections::holds::{self, Hold};
use crate::projections::settings::{self, Setting};
use crate::projections::{slots, spending};
use crate::store::View;

/// What is told, as notices.
pub(super) fn spoken(
    view: &View<'_>,
    reader: &Reader<'_>,
    recipient: i64,
    told: &[Told],
) -> anyhow::Result<Vec<Notice>> {
    let mut notices = Vec::new();
    for one in told {
        notices.extend(match one {
            Told::Cause(..) => None,
            Told::Suspended(side) => {
                settings::suspended(view, *side)?.map(|setting| suspended(reader, *side, &setting))
            }
            Told::Resumed(side) => {
                let since = slots::told_at(view, recipient, &Told::Suspended(*side))?;
                Some(Notice::Resumed {
                    side: *side,
                    after_ms: since.map_or(0, |since| reader.now.since(since)),
                    changes: rows(view, &[State::Ready, State::Deferred])?,
                })
            }
            Told::Held(number) => holds::get(view, *number)?.as_ref().map(held),
            Told::Settled(number) => match holds::get(view, *number)? {
                Some(hold) => settled(view, &hold)?,
                None => None,
            },
            Told::SelectionHeld(object) => doubts(view)?.remove_entry(object).map(doubted),
            Told::SelectionGoes(object) => {
                let told = Told::SelectionHeld(object.clone());
                let since = slots::told_at(view, recipient, &told)?;
                Some(Notice::SelectionGoes {
                    object: object.to_string(),
                    after_ms: since.map_or(0, |since| reader.now.since(since)),
                })
            }
            Told::BudgetLow => Some(low(view, reader)?),
            Told::BudgetEased => {
                let calls = used(view)?;
                let (used, allocation) = (calls.ours, calls.allocation);
                Some(Notice::BudgetEased { used, allocation })
            }
            Told::BudgetExhausted => Some(exhausted(view, reader)?),
            Told::BudgetFrees => Some(Notice::BudgetFrees {
                deferred: rows(view, &[State::Ready, State::Deferred])?,
            }),
        });
    }
    Ok(notices)
}

/// What still is, as a digest repeats it.
pub(super) fn standing(view: &View<'_>, reader: &Reader<'_>) -> anyhow::Result<Vec<Notice>> {
    let mut notices = Vec::new();
    for side in Side::BOTH {
        let setting = settings::suspended(view, side)?;
        notices.extend(setting.map(|setting| suspended(reader, side, &setting)));
    }
    notices.extend(holds::open(view)?.iter().map(held));
    notices.extend(doubts(view)?.into_iter().map(doubted));
    let calls = used(view)?;
    match Fullness::of(
        calls.ours,
        calls.allocation,
        Fullness::Room,
        reader.teller.told,
    ) {
        Fullness::Room => (),
        Fullness::Low => notices.push(low(view, reader)?),
        Fullness::Full => notices.push(exhausted(view, reader)?),
    }
    Ok(notices)
}

fn suspended(reader: &Reader<'_>, side: Side, setting: &Setting<ConnectionSuspended>) -> Notice {
    let event = &setting.event;
    let answer = match (event.status, event.code.as_str()) {
        (0, "") => String::new(),
        (0, code) => format!(" ({code})"),
        (status, "") => format!(" ({status})"),
        (status, code) => format!(" ({status} {code})"),
    };
    Notice::Suspended {
        side,
        reason: format!("{}{answer}", event.reason),
        since: reader.short(setting.at),
        remedy: "syncline status says why; mend it, then reload or restart Syncline. It also \
                 probes every 15 minutes by itself."
            .to_owned(),
    }
}

/// What is the matter with each object's list or condition that is not believed, since the longest where there are several.
pub(super) fn doubts(view: &View<'_>) -> anyhow::Result<BTreeMap<ObjectName, Trouble>> {
    let mut troubles = selection::troubles(view)?;
    troubles.sort_by_key(|(_, trouble)| std::cmp::Reverse(trouble.since));
    // Of several the last one put in stands.
    Ok(troubles.into_iter().collect())
}

fn doubted((object, trouble): (ObjectName, Trouble)) -> Notice {
    Notice::SelectionHeld {
        object: object.to_string(),
        says: trouble.says,
        remedy: trouble.remedy,
    }
}

fn held(hold: &Hold) -> Notice {
    Notice::Held {
        hold: hold.number,
        what: content(hold, hold.records),
        limit: format!("guard {} in 24 h", thousands(hold.limit)),
    }
}

/// `contact to Salesforce, 12,412 records to be updated, all of Phone`
fn content(hold: &Hold, records: u64) -> String {
    let field = hold.field.as_ref().map(|field| format!(", all of {field}"));
    format!(
        "{} to {}, {} to be {}{}",
        hold.object,
        hold.to,
        count(records, "record"),
        hold.action,
        field.unwrap_or_default()
    )
}

/// What became of a hold; none while it waits.
pub(super) fn settled(view: &View<'_>, hold: &Hold) -> anyhow::Result<Option<Notice>> {
    let Some(event) = holds::settlement(view, hold)? else {
        return Ok(None);
    };
    let by = match event.by {
        By::Configuration => "the configuration".to_owned(),
        By::Operator(user) => format!("user {user}"),
        By::HubSpot => "somebody in HubSpot".to_owned(),
    };
    let (word, then) = if event.approved {
        ("approved", "Each is read again and then written.")
    } else {
        ("dropped", "None of these changes is written.")
    };
    Ok(Some(Notice::Settled {
        hold: hold.number,
        outcome: format!("{word} by {by} ({})", content(hold, event.records)),
        then: then.to_owned(),
    }))
}

fn low(view: &View<'_>, reader: &Reader<'_>) -> anyhow::Result<Notice> {
    let calls = used(view)?;
    Ok(Notice::BudgetLow {
        used: calls.ours,
        allocation: calls.allocation,
        empty_at: spending::empty_at(view, calls.ours)?.map(|at| reader.short(at)),
    })
}

fn exhausted(view: &View<'_>, reader: &Reader<'_>) -> anyhow::Result<Notice> {
    let calls = used(view)?;
    Ok(Notice::BudgetExhausted {
        used: calls.ours,
        allocation: calls.allocation,
        deferred: rows(view, &[State::Deferred])?,
        frees_at: spending::frees_at(view, calls.ours)?.map(|at| reader.short(at)),
    })
}

/// Rows of the inbox in these states.
pub(super) fn rows(view: &View<'_>, states: &[State]) -> anyhow::Result<u64> {
    let counts = inbox::counts(view)?;
    let of = counts.iter().filter(|one| states.contains(&one.state));
    Ok(of.map(|one| one.rows).sum())
}
