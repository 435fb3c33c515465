//! How things stand.

use super::budget;
use super::errors::lines;
use crate::control::report::{HoldLine, ObjectLine, Report, SideLine, Status};
use crate::domain::call::Operation;
use crate::domain::event::{ConnectionSuspended, Event, Mode};
use crate::domain::record::{Side, Timestamp};
use crate::inbox;
use crate::journal;
use crate::projections::figures::{self, Standing};
use crate::projections::slots::{self, State};
use crate::projections::{calls, errors, holds, settings};
use crate::store::View;

/// Entries looked back for the daemon's last start or stop.
const LOOK_BACK: u32 = 1_000;

pub(super) fn status(view: &View<'_>, now: Timestamp) -> anyhow::Result<Report> {
    let totals = errors::totals(view)?;
    let held = hold_lines(view)?;
    let sides = sides(view, now)?;
    let paused = settings::paused(view)?.is_some();
    let mode = settings::mode(view)?.unwrap_or(Mode::Observe);
    let calls = budget::line(view, now)?;
    let suspended = sides.iter().any(|side| side.suspended.is_some());
    let mut attention = Vec::new();
    for side in &sides {
        attention.extend(
            side.suspended
                .as_ref()
                .map(|why| format!("{} is suspended: {why}", side.side)),
        );
    }
    attention.extend(held.iter().map(|hold| {
        format!(
            "H-{} holds {} {} to be {} in {}: syncline approve H-{} --show",
            hold.number, hold.records, hold.object, hold.action, hold.to, hold.number
        )
    }));
    if calls.used >= calls.allocation {
        attention.push("the allocation is used up: syncline budget".to_owned());
    }
    if paused {
        attention.push("writing is paused: syncline resume".to_owned());
    }
    let mails = slots::recent(view)?;
    let refused = mails
        .iter()
        .filter(|mail| mail.state == State::Refused)
        .count();
    if refused > 0 {
        attention.push(format!(
            "{refused} of the last mails were refused for good; see the log"
        ));
    }
    Ok(Report::Status(Box::new(Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        at: now,
        running_since: running_since(view)?,
        mode,
        paused,
        sides,
        objects: objects(view)?,
        calls,
        errors: totals.errors,
        failing: totals.records,
        causes: lines(view)?,
        held,
        mails_waiting: slots::unsent(view)?.len() as u64,
        mail_sent_at: mails
            .iter()
            .filter(|mail| mail.state == State::Sent)
            .filter_map(|mail| mail.tried_at)
            .max(),
        entries: journal::last_seq(view)?,
        attention,
        stopped: suspended || paused,
    })))
}

/// When the daemon last started, unless it stopped after that.
fn running_since(view: &View<'_>) -> anyhow::Result<Option<Timestamp>> {
    let mut before = journal::last_seq(view)?;
    while before > 0 {
        let after = (before - i64::from(LOOK_BACK)).max(0);
        let page = journal::read(view, after, LOOK_BACK)?;
        for entry in page.iter().rev() {
            if matches!(entry.event, Event::DaemonStopped(_)) {
                return Ok(None);
            }
            if matches!(entry.event, Event::DaemonStarted(_)) {
                return Ok(Some(entry.at));
            }
        }
        before = after;
    }
    Ok(None)
}

fn sides(view: &View<'_>, now: Timestamp) -> anyhow::Result<Vec<SideLine>> {
    let bound = settings::bound(view)?.map(|setting| setting.event);
    let mut lines = Vec::new();
    for side in Side::BOTH {
        let account = bound.as_ref().map(|bound| match side {
            Side::HubSpot => bound.portal.to_string(),
            Side::Salesforce => bound.org.to_string(),
        });
        let suspended = settings::suspended(view, side)?.map(|setting| suspension(&setting.event));
        let read_at = read_at(view, side, now)?;
        lines.push(SideLine {
            side,
            account,
            suspended,
            read_at,
        });
    }
    Ok(lines)
}

fn suspension(event: &ConnectionSuspended) -> String {
    format!("{} ({} {})", event.reason, event.status, event.code)
}

/// When changes were last looked for, within the last day.
fn read_at(view: &View<'_>, side: Side, now: Timestamp) -> anyhow::Result<Option<Timestamp>> {
    let spent = calls::in_window(view, side, now.plus(-86_400_000))?;
    Ok(spent
        .iter()
        .filter(|call| matches!(call.operation, Operation::Poll | Operation::Page))
        .map(|call| call.spent_at)
        .max())
}

fn objects(view: &View<'_>) -> anyhow::Result<Vec<ObjectLine>> {
    let mut standings = figures::standings(view)?;
    for mapping in settings::mappings(view)? {
        standings.entry(mapping.event.mapping.object).or_default();
    }
    Ok(standings
        .into_iter()
        .map(|(object, standing)| {
            let total = standing.total();
            let Standing {
                in_sync,
                failing,
                waiting,
                deferred,
                held,
                would_write,
                excluded,
                pending,
            } = standing;
            let waiting = waiting + pending;
            ObjectLine {
                object,
                in_sync,
                failing,
                waiting,
                deferred,
                held,
                would_write,
                excluded,
                total,
            }
        })
        .collect())
}

/// Holds that wait for a person, with the records now in them.
pub(super) fn hold_lines(view: &View<'_>) -> anyhow::Result<Vec<HoldLine>> {
    let mut lines = Vec::new();
    for hold in holds::open(view)? {
        lines.push(HoldLine {
            number: hold.number,
            records: members(view, hold.number)?,
            object: hold.object,
            to: hold.to,
            action: hold.action,
            since: hold.opened_at,
        });
    }
    Ok(lines)
}

/// Rows that a hold has now.
pub(super) fn members(view: &View<'_>, hold: i64) -> anyhow::Result<u64> {
    let (mut members, mut after) = (0, 0);
    loop {
        let page = inbox::held(view, hold, after)?;
        let Some(last) = page.last() else {
            return Ok(members);
        };
        members += page.len() as u64;
        after = last.number;
    }
}
