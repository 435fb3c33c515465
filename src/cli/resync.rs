//! `syncline resync`: says the price, asks, and, where somebody watches, shows how far it is.

use std::io::IsTerminal;
use std::time::Duration;

use super::args::Resync as Typed;
use super::ask::Place;
use super::{errors, out};
use crate::control::report::{Report, Resync};
use crate::control::request::{Refusal, Request};
use crate::domain::digest::{count, thousands};

/// How often it is looked how far a resync is.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Prices it, asks a person, and asks for it.
pub(super) fn run(place: &Place, typed: &Typed, json: bool) -> Result<u8, Refusal> {
    let which = &typed.which;
    let filters = [
        &which.cause,
        &which.kind,
        &which.object,
        &which.to,
        &which.older,
    ];
    let says = filters.iter().any(|filter| filter.is_some());
    if typed.ids.is_empty() && !says && !typed.failing && !typed.everything {
        return Err(Refusal::usage(
            "say what is to be tried again: ids, --cause C-41, --type, --object, --to, --older, \
             --failing for all that fails, or --everything",
        ));
    }
    let which = errors::which(which)?;
    let asks = |sure| Request::Resync {
        which: which.clone(),
        records: typed.ids.clone(),
        everything: typed.everything,
        sure,
    };
    let priced = resync(place, &asks(false))?;
    if priced.records == 0 {
        return say(
            &priced,
            json,
            "nothing fits, so there is nothing to try again",
        );
    }
    if !typed.yes && !out::is_wanted(&price(&priced))? {
        return Ok(0);
    }
    let asked = resync(place, &asks(true))?;
    let watched = std::io::stderr().is_terminal() && !json && asked.runs;
    let Some(ask) = asked.ask.filter(|_| typed.wait || watched) else {
        return say(&asked, json, &told(&asked));
    };
    let done = watch(place, ask, watched)?;
    say(&done, json, &outcome(&done))
}

fn resync(place: &Place, request: &Request) -> Result<Resync, Refusal> {
    let Report::Resync(resync) = place.ask(request)? else {
        return Err(Refusal::usage("the daemon answered something else"));
    };
    Ok(resync)
}

/// Waits until every record was tried. Whoever stops watching does not stop it.
#[expect(
    clippy::disallowed_methods,
    reason = "a verb that watches waits between two looks"
)]
fn watch(place: &Place, ask: i64, shown: bool) -> Result<Resync, Refusal> {
    loop {
        let stands = resync(place, &Request::Resynced { ask })?;
        if shown {
            let tried = stands.records - stands.left.min(stands.records);
            let (tried, all) = (thousands(tried), thousands(stands.records));
            out::progress(&format!("{tried} of {all} tried"));
        }
        if stands.left == 0 {
            if shown {
                out::progress("");
            }
            return Ok(stands);
        }
        if !stands.runs {
            return Err(Refusal {
                exit: 75,
                message: "the daemon has stopped; the rest is tried when it runs again".to_owned(),
            });
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// What it takes, before anybody is asked.
fn price(priced: &Resync) -> String {
    let share = (priced.calls * 1_000).checked_div(priced.allocation);
    let share = share.map_or(String::new(), |share| {
        format!(", {}.{} % of the allocation", share / 10, share % 10)
    });
    let time = match priced.minutes {
        0 | 1 => "about a minute".to_owned(),
        minutes => format!("about {}", count(minutes, "minute")),
    };
    let held = match priced.held {
        0 => String::new(),
        held => format!(
            "; {} held by the guard, which this approves",
            thousands(held)
        ),
    };
    format!(
        "{} to be tried again: at most {}{share}, {time}{held}",
        count(priced.records, "record"),
        count(priced.calls, "call")
    )
}

fn told(asked: &Resync) -> String {
    let when = if asked.runs {
        "the log says when it is done"
    } else {
        "it begins when the daemon runs"
    };
    if asked.known {
        let records = count(asked.left, "record");
        return format!("{records} to be tried again as was asked before; {when}");
    }
    format!("{}; {when}", price(asked))
}

fn outcome(done: &Resync) -> String {
    let synced = done.records.saturating_sub(done.failed + done.unwritten);
    let unwritten = match done.unwritten {
        0 => String::new(),
        unwritten => format!(", {} not written in mode observe", thousands(unwritten)),
    };
    format!(
        "{} tried again: {} gone through, {} still failing{unwritten}",
        count(done.records, "record"),
        thousands(synced),
        thousands(done.failed)
    )
}

fn say(resync: &Resync, json: bool, text: &str) -> Result<u8, Refusal> {
    if json {
        let report = serde_json::to_string(&Report::Resync(resync.clone()));
        let report = report.map_err(|error| Refusal {
            exit: 70,
            message: error.to_string(),
        })?;
        return out::text(&format!("{report}\n")).map(|()| 0);
    }
    out::text(&format!("{text}\n")).map(|()| 0)
}
