//! `syncline status --watch`: loads under way, until they are done.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::time::Duration;

use super::ask::Place;
use super::out;
use super::render::status::{load_bar, percent};
use crate::control::report::{LoadLine, Report};
use crate::control::request::{Refusal, Request};
use crate::domain::record::ObjectName;

/// How often it is looked.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Looks that must find no load: between two objects' loads there is none for a moment.
const CALM: u32 = 5;

/// Shows loads until there are none; who stops watching stops nothing else. A terminal gets bars that
/// move, everything else a line for each percent, on standard error beside the verb's answer.
#[expect(
    clippy::disallowed_methods,
    reason = "a verb that watches waits between two looks"
)]
pub(super) fn run(place: &Place, json: bool) -> Result<(), Refusal> {
    let moves = std::io::stderr().is_terminal() && !json;
    let (mut shown, mut calm, mut seen) = (0, 0, false);
    let mut told: BTreeMap<ObjectName, u64> = BTreeMap::new();
    while calm < CALM {
        let Report::Status(status) = place.ask(&Request::Status)? else {
            return Err(Refusal::usage("the daemon answered something else"));
        };
        if moves {
            let bars: Vec<String> = status.loads.iter().map(load_bar).collect();
            out::bars(&bars, shown);
            shown = bars.len();
        } else {
            for load in status.loads.iter().filter(|load| is_news(&mut told, load)) {
                out::aside(&load_bar(load));
            }
        }
        if status.running_since.is_none() {
            if !status.loads.is_empty() {
                out::aside("the daemon does not run; the rest is written when it runs again");
            }
            return Ok(());
        }
        seen |= !status.loads.is_empty();
        calm = if status.loads.is_empty() { calm + 1 } else { 0 };
        std::thread::sleep(LOOK_EVERY);
    }
    if !seen {
        out::aside("no load is under way");
    }
    Ok(())
}

/// Whether a load is a percent further than it was told to be.
fn is_news(told: &mut BTreeMap<ObjectName, u64>, load: &LoadLine) -> bool {
    let now = percent(load.done, load.total);
    told.insert(load.object.clone(), now) != Some(now)
}
