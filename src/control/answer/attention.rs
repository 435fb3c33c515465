//! What `status` asks a person to look at, most urgent first, each with the next step.

use super::errors::joined_in_the_last_hour;
use crate::annex;
use crate::control::report::{CauseLine, Status, Trend};
use crate::control::vantage::Vantage;
use crate::domain::digest::{count, duration, thousands};
use crate::domain::record::{ObjectName, Side};
use crate::inbox::selection::{self, Trouble};
use crate::projections::settings;
use crate::projections::slots::{self, Mail, State};
use crate::store::View;
use crate::sync::{Live, suspension_line};

const HOUR_MS: i64 = 3_600_000;

const DAY_MS: i64 = 24 * HOUR_MS;

/// Records that join a cause within the hour before it counts as growing: fewer are the trickle of
/// any day.
const GROWING: u64 = 5;

/// Growing causes that get a line of their own.
const GROWING_MAX: usize = 3;

/// The lines, none when all is well.
pub(super) fn lines(
    view: &View<'_>,
    status: &Status,
    vantage: &Vantage,
    mails: &[Mail],
) -> anyhow::Result<Vec<String>> {
    let mut lines = Vec::new();
    if !vantage.runs() {
        lines.push(
            "the daemon does not run, nothing is synced: systemctl start syncline, or syncline run"
                .to_owned(),
        );
    }
    if let Vantage::Daemon {
        out_of_room: true, ..
    } = vantage
    {
        lines.push(
            "the disk is full, writing waits: free some space in the store's file system"
                .to_owned(),
        );
    }
    lines.extend(suspensions(view, vantage)?);
    lines.extend(silences(status));
    lines.extend(selections(view)?);
    lines.extend(holds(status));
    lines.extend(scarcity(status, vantage));
    if status.paused {
        lines.push("writing is paused: syncline resume".to_owned());
    }
    lines.extend(growing(view, status)?);
    lines.extend(young(status));
    lines.extend(undelivered(view)?);
    lines.extend(refusals(view, mails)?);
    Ok(lines)
}

/// Mail itself is dead.
fn undelivered(view: &View<'_>) -> anyhow::Result<Option<String>> {
    Ok(slots::dead(view)?.map(|dead| {
        let waits = duration(view.now().since(dead.first.planned_at));
        let are = if dead.waiting == 1 { "waits" } else { "wait" };
        format!(
            "mail does not get out since {waits}{}; {} {are} and nothing is lost: the log says why, \
             \"syncline notify test ADDRESS\" tries",
            stopped_at(&dead.first),
            count(dead.waiting, "mail")
        )
    }))
}

/// Readers whose last mail was given up.
fn refusals(view: &View<'_>, mails: &[Mail]) -> anyhow::Result<Vec<String>> {
    let mut seen = Vec::new();
    let mut lines = Vec::new();
    for mail in mails {
        let recipient = mail.slot.recipient;
        if seen.contains(&recipient) {
            continue;
        }
        seen.push(recipient);
        if mail.state == State::Refused {
            let address = annex::address(view, recipient)?;
            lines.push(format!(
                "the last mail to {} was refused for good{}: syncline notify",
                address.unwrap_or_else(|| "an erased reader".to_owned()),
                stopped_at(mail)
            ));
        }
    }
    Ok(lines)
}

/// ` (550 at envelope)`
fn stopped_at(mail: &Mail) -> String {
    match (mail.stage, mail.code) {
        (Some(stage), 0) => format!(" (no answer at {stage})"),
        (Some(stage), code) => format!(" ({code} at {stage})"),
        (None, _) => String::new(),
    }
}

fn suspensions(view: &View<'_>, vantage: &Vantage) -> anyhow::Result<Vec<String>> {
    // Which of the two it is stands in the configuration, which only the daemon knows.
    let either = "salesforce_key (or salesforce_secret)";
    let file = vantage.live().map_or(either, |live| live.salesforce_file);
    let mut lines = Vec::new();
    for side in Side::BOTH {
        let known = settings::suspended(view, side)?;
        lines.extend(known.map(|setting| {
            let line = suspension_line(&setting.event, file);
            format!("{side} is suspended: {line}")
        }));
    }
    Ok(lines)
}

/// Lists and conditions that are not believed.
fn selections(view: &View<'_>) -> anyhow::Result<Vec<String>> {
    let troubles = selection::troubles(view)?.into_iter();
    let line = |(object, trouble): (ObjectName, Trouble)| format!("{object}: {}", trouble.whole());
    Ok(troubles.map(line).collect())
}

fn silences(status: &Status) -> impl Iterator<Item = String> {
    status.sides.iter().filter_map(|line| {
        let silent = duration(status.at.since(line.silent_since?));
        Some(format!(
            "{} does not answer since {silent}; writing waits, nothing is lost",
            line.side
        ))
    })
}

fn holds(status: &Status) -> impl Iterator<Item = String> {
    status.held.iter().map(|hold| {
        format!(
            "H-{} holds {} {} records to be {} in {}: syncline approve H-{} --show",
            hold.number,
            thousands(hold.records),
            hold.object,
            hold.action,
            hold.to,
            hold.number
        )
    })
}

/// The allocation used up, or changes that wait for calls. That a first load is paced over the day
/// asks nobody for anything.
fn scarcity(status: &Status, vantage: &Vantage) -> Option<String> {
    let deferred: u64 = status.objects.iter().map(|line| line.deferred).sum();
    let scarce = vantage.live().and_then(Live::scarce);
    if let Some(scarce) = scarce.filter(|scarce| deferred > 0 && !scarce.is_pace()) {
        return Some(format!(
            "{} deferred, {}; goes on in {}: syncline budget",
            count(deferred, "change"),
            scarce.why(),
            duration(scarce.until.since(status.at))
        ));
    }
    let used_up = status.calls.used >= status.calls.allocation;
    used_up.then(|| "the allocation is used up: syncline budget".to_owned())
}

fn growing(view: &View<'_>, status: &Status) -> anyhow::Result<Vec<String>> {
    let mut lines = Vec::new();
    let unseen = status.causes.iter().filter(|one| one.remarks.is_empty());
    for cause in unseen.filter(|one| one.trend == Trend::Up) {
        let joined = joined_in_the_last_hour(view, cause.number)?;
        if joined >= GROWING {
            lines.push(format!(
                "C-{} is growing ({}, {} in the last hour): syncline errors show C-{}",
                cause.number,
                count(cause.records, "record"),
                thousands(joined),
                cause.number
            ));
        }
        if lines.len() == GROWING_MAX {
            break;
        }
    }
    Ok(lines)
}

/// Causes that opened, or came back, within a day, and of which nobody said anything yet.
fn young(status: &Status) -> Option<String> {
    let yesterday = status.at.plus(-DAY_MS);
    let young: Vec<&CauseLine> = status
        .causes
        .iter()
        .filter(|cause| cause.since > yesterday && cause.remarks.is_empty() && !cause.waits())
        .collect();
    let largest = young.iter().max_by_key(|cause| cause.records)?;
    let (number, records) = (largest.number, count(largest.records, "record"));
    Some(match young.len() {
        1 => format!("C-{number} is new ({records}): syncline errors show C-{number}"),
        many => format!(
            "{} are new, the largest is C-{number} ({records}): syncline errors",
            count(many as u64, "cause")
        ),
    })
}
