//! What is said of deeds: what was done, what would be, and why nothing was.

use crate::control::deed::Deed;
use crate::domain::digest::{count, thousands};
use crate::domain::record::PairIds;

/// `HubSpot 101 <-> Salesforce 003…`, or the half that there is.
pub(super) fn named(ids: &PairIds) -> String {
    halves(ids, " <-> ")
}

/// `HubSpot 101 and Salesforce 003…`.
pub(super) fn both(ids: &PairIds) -> String {
    halves(ids, " and ")
}

fn halves(ids: &PairIds, between: &str) -> String {
    let halves: Vec<String> = ids
        .keys()
        .iter()
        .map(|key| format!("{} {}", key.side, key.id))
        .collect();
    halves.join(between)
}

/// What was done.
pub(super) fn did(deed: Deed, todo: &[PairIds], idle: &[String]) -> String {
    match (todo, idle) {
        ([], [only]) => format!("nothing to do: {only}"),
        ([one], []) => did_one(deed, one),
        (_, _) => {
            let done = todo.len() as u64;
            let done = match deed {
                Deed::Link => format!("{} linked; {LINKED}", count(done, "pair")),
                Deed::Unlink => format!("{} taken apart; {UNLINKED}", count(done, "pair")),
                Deed::Exclude => format!("{} left out; {EXCLUDED}", count(done, "record")),
                Deed::Include => format!("{} taken up again; {INCLUDED}", count(done, "record")),
            };
            format!("{done}{}", so_already(deed, idle.len()))
        }
    }
}

const LINKED: &str = "the next cycle reads both records, writes their id fields and brings them in \
                      step";
const UNLINKED: &str = "both halves are left out, because their id fields still name each other; \
                        join two again with \"syncline link\", or empty their id fields and then \
                        use \"syncline exclude ID --drop\"";
const EXCLUDED: &str = "nothing is written for it on either side until \"syncline exclude ID \
                        --drop\"; a write that is on its way may still arrive";
const INCLUDED: &str = "the next cycle reads it and plans it with what is known";

fn did_one(deed: Deed, ids: &PairIds) -> String {
    match deed {
        Deed::Link => format!("{} are a pair now; {LINKED}", both(ids)),
        Deed::Unlink => format!("{} are no pair any more; {UNLINKED}", both(ids)),
        Deed::Exclude => format!("{} is left out; {EXCLUDED}", named(ids)),
        Deed::Include => format!("{} is taken up again; {INCLUDED}", named(ids)),
    }
}

/// What would be done, as the beginning of a question.
pub(super) fn would(deed: Deed, todo: usize, idle: usize) -> String {
    let todo = todo as u64;
    let would = match deed {
        Deed::Link => format!("{} would be linked", count(todo, "pair")),
        Deed::Unlink => format!("{} would be taken apart", count(todo, "pair")),
        Deed::Exclude => format!("{} would be left out", count(todo, "record")),
        Deed::Include => format!("{} would be taken up again", count(todo, "record")),
    };
    format!("{would}{}", so_already(deed, idle))
}

/// The names to which nothing needs to be done.
fn so_already(deed: Deed, idle: usize) -> String {
    if idle == 0 {
        return String::new();
    }
    let idle = thousands(idle as u64);
    match deed {
        Deed::Link => format!("; {idle} linked already"),
        Deed::Unlink => format!("; {idle} apart already"),
        Deed::Exclude => format!("; {idle} left out already"),
        Deed::Include => format!("; {idle} not left out by a person"),
    }
}

/// Why nothing was done: the one reason, or every bad line with its own.
pub(super) fn refusal(wrong: &[(Option<u64>, String)], all: usize) -> String {
    if let [(None, reason)] = wrong {
        return reason.clone();
    }
    let mut text = format!(
        "nothing was done, because {} of {} cannot be:",
        thousands(wrong.len() as u64),
        thousands(all as u64)
    );
    for (line, reason) in wrong {
        let line = line.map(|line| format!("line {line}: "));
        text.push_str(&format!("\n{}{reason}", line.unwrap_or_default()));
    }
    text
}
