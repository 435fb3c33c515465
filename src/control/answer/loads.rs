//! How far loads are, and when they will be done.

use crate::control::report::{CallsLine, LoadLine, SideLine};
use crate::domain::load::{self, Progress};
use crate::domain::record::{Side, Timestamp};
use crate::inbox;
use crate::store::View;

pub(super) fn lines(
    view: &View<'_>,
    now: Timestamp,
    calls: &CallsLine,
    paused: bool,
    sides: &[SideLine],
) -> anyhow::Result<Vec<LoadLine>> {
    let suspended = sides.iter().find(|side| side.suspended.is_some());
    let waits = match suspended {
        _ if paused => Some("writing is paused".to_owned()),
        Some(side) => Some(format!("{} is suspended", side.side)),
        None => None,
    };
    let free = calls.allocation.saturating_sub(calls.used);
    let waits = waits.or_else(|| (free == 0).then(|| "the budget is used up".to_owned()));
    let salesforce = |side: &SideLine| side.side == Side::Salesforce && side.silent_since.is_some();
    let waits = waits.or_else(|| {
        let silent = sides.iter().any(salesforce);
        silent.then(|| "Salesforce does not answer".to_owned())
    });
    let loads = inbox::loading(view)?.into_iter();
    let line = |load: inbox::Loading| {
        let total = load.total();
        let progress = Progress {
            done: load.done,
            took_ms: now.since(load.began_at),
            left: total - load.done,
            jobs: load.parcels,
            allocation: calls.allocation,
            free,
        };
        LoadLine {
            left_ms: load::left_ms(&progress),
            object: load.object,
            done: load.done,
            total,
            jobs: load.parcels,
            waits: waits.clone(),
        }
    };
    Ok(loads.map(line).collect())
}
