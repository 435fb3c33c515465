//! How things stand.

use super::attention;
use super::budget;
use super::errors::lines;
use super::loads;
use std::collections::BTreeMap;

use crate::control::report::{Digests, HoldLine, ObjectLine, Report, SideLine, Status};
use crate::control::vantage::Vantage;
use crate::domain::call::Operation;
use crate::domain::event::{ConnectionSuspended, Event, Mode};
use crate::domain::record::{ObjectName, Side, Timestamp};
use crate::domain::schedule::{self, Frequency, Schedule};
use crate::inbox;
use crate::journal;
use crate::projections::figures::{self, Standing};
use crate::projections::slots::{self, Mail, State};
use crate::projections::{calls, errors, holds, settings};
use crate::store::View;

/// Entries looked back for the daemon's last start or stop.
const LOOK_BACK: u32 = 1_000;

pub(super) fn status(view: &View<'_>, now: Timestamp, vantage: &Vantage) -> anyhow::Result<Report> {
    let totals = errors::totals(view)?;
    let held = hold_lines(view)?;
    let sides = sides(view, now, vantage)?;
    let paused = settings::paused(view)?.is_some();
    let mode = settings::mode(view)?.unwrap_or(Mode::Observe);
    let calls = budget::line(view, now)?;
    let suspended = sides.iter().any(|side| side.suspended.is_some());
    let stopped = suspended || paused || !vantage.runs();
    let mails = slots::recent(view)?;
    let loads = loads::lines(view, now, &calls, paused, &sides)?;
    let mut status = Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        at: now,
        // A daemon that was killed could not journal its end.
        running_since: if vantage.runs() {
            running_since(view)?
        } else {
            None
        },
        mode,
        paused,
        sides,
        objects: objects(view, now, vantage)?,
        calls,
        loads,
        errors: totals.errors,
        failing: totals.records,
        many: totals.causes,
        causes: lines(view)?,
        held,
        mails_waiting: slots::unsent(view)?.len() as u64,
        mail_sent_at: mails
            .iter()
            .filter(|mail| mail.state == State::Sent)
            .filter_map(|mail| mail.tried_at)
            .max(),
        digests: digests(view, &mails)?,
        store_bytes: view.bytes()?,
        entries: journal::last_seq(view)?,
        attention: Vec::new(),
        stopped,
    };
    status.attention = attention::lines(view, &status, vantage, &mails)?;
    Ok(Report::Status(Box::new(status)))
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

fn sides(view: &View<'_>, now: Timestamp, vantage: &Vantage) -> anyhow::Result<Vec<SideLine>> {
    let bound = settings::bound(view)?.map(|setting| setting.event);
    let mut lines = Vec::new();
    for side in Side::BOTH {
        let account = bound.as_ref().map(|bound| match side {
            Side::HubSpot => bound.portal.to_string(),
            Side::Salesforce => bound.org.to_string(),
        });
        let suspended = settings::suspended(view, side)?.map(|setting| suspension(&setting.event));
        let live = vantage.side(side);
        let read_at = match live.read_at {
            Some(at) => Some(at),
            None => read_at(view, side, now)?,
        };
        lines.push(SideLine {
            side,
            account,
            suspended,
            read_at,
            silent_since: live.silent_since,
        });
    }
    Ok(lines)
}

fn suspension(event: &ConnectionSuspended) -> String {
    format!("{} ({} {})", event.reason, event.status, event.code)
}

/// When changes were last looked for within the last day, by a call that was not given back: one
/// that never left has read nothing.
fn read_at(view: &View<'_>, side: Side, now: Timestamp) -> anyhow::Result<Option<Timestamp>> {
    let spent = calls::in_window(view, side, now.plus(-86_400_000))?;
    Ok(spent
        .iter()
        .filter(|call| matches!(call.operation, Operation::Poll | Operation::Page))
        .filter(|call| call.calls > 0)
        .map(|call| call.spent_at)
        .max())
}

/// How far behind each object is: since the side read longest ago was last read. The loops know
/// whether the last look brought an answer, the store only that it was made.
fn lags(
    view: &View<'_>,
    now: Timestamp,
    vantage: &Vantage,
) -> anyhow::Result<BTreeMap<ObjectName, i64>> {
    let read = |side, at: Timestamp| vantage.side(side).read_at.map_or(at, |read| at.min(read));
    let since = now.plus(-86_400_000);
    let looked = Side::BOTH.map(|side| calls::looked_for(view, side, since));
    let [hubspot, salesforce] = looked;
    let (hubspot, salesforce) = (hubspot?, salesforce?);
    let mut lags = BTreeMap::new();
    for object in settings::objects(view)? {
        let named = Some(object.clone());
        let last = |looked: &BTreeMap<Option<ObjectName>, Timestamp>| {
            looked.get(&named).max(looked.get(&None)).copied()
        };
        if let (Some(ours), Some(theirs)) = (last(&hubspot), last(&salesforce)) {
            let oldest = read(Side::Salesforce, theirs).min(read(Side::HubSpot, ours));
            lags.insert(object, now.since(oldest).max(0));
        }
    }
    Ok(lags)
}

/// The last mails at a set time and how many took them, and when the next are due.
fn digests(view: &View<'_>, mails: &[Mail]) -> anyhow::Result<Digests> {
    let timed = |mail: &&Mail| mail.slot.frequency != Frequency::Now;
    let last = mails.iter().find(timed);
    let same = |mail: &&Mail| {
        last.is_some_and(|last| {
            (last.slot.frequency, &last.slot.due) == (mail.slot.frequency, &mail.slot.due)
        })
    };
    let sent = mails.iter().filter(same);
    let sent = sent.filter(|mail| mail.state == State::Sent).count();
    let mut next: Option<(Frequency, Timestamp)> = None;
    let recipients = settings::notifications(view)?.map(|setting| setting.event.recipients);
    for recipient in recipients.into_iter().flatten() {
        let Ok(zone) = schedule::zone(&recipient.zone) else {
            continue;
        };
        for scheduled in &recipient.schedules {
            let due = Schedule::cron(&scheduled.cron)
                .ok()
                .and_then(|schedule| schedule.next(&zone, view.now()));
            if let Some(due) = due
                && next.is_none_or(|(_, at)| due.at < at)
            {
                next = Some((scheduled.frequency, due.at));
            }
        }
    }
    Ok(Digests {
        last: last.map(|mail| (mail.slot.frequency, mail.planned_at)),
        sent: sent as u64,
        recipients: mails.iter().filter(same).count() as u64,
        next,
    })
}

fn objects(view: &View<'_>, now: Timestamp, vantage: &Vantage) -> anyhow::Result<Vec<ObjectLine>> {
    let lags = lags(view, now, vantage)?;
    let mut standings = figures::standings(view)?;
    for object in settings::objects(view)? {
        standings.entry(object).or_default();
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
                lag_ms: lags.get(&object).copied(),
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
