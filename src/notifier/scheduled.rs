//! Daily and weekly digests: due by the reader's clock, told as what changed since the last one.

use std::collections::BTreeMap;

use super::lines::{Reader, concerns, is_muted, line, rows, told_of};
use super::{Teller, compose, notices};
use crate::annex;
use crate::domain::budget::OrgUsage;
use crate::domain::catalogue::WhoFixes;
use crate::domain::digest::{
    Calls, CauseLine, CurrentCause, Digest, Excluded, Failing, ForSomeone, Late, LineState, Synced,
    Waiting, news, render,
};
use crate::domain::event::{CauseState, RecipientSetting, Scheduled, Slot, Told};
use crate::domain::record::{Side, Timestamp};
use crate::domain::schedule::{self, Due, Frequency, Schedule};
use crate::journal;
use crate::projections::causes::{self, Cause};
use crate::projections::{allowance, calls, errors, figures, settings, slots, spending};
use crate::store::{Tx, View};

/// A digest this much after its time says so.
const LATE_MS: i64 = 600_000;

/// Plans what is due for a recipient; true when something was planned.
pub(super) fn plan(
    tx: &Tx<'_>,
    teller: &Teller,
    recipient: &RecipientSetting,
) -> anyhow::Result<bool> {
    let Ok(zone) = schedule::zone(&recipient.zone) else {
        return Ok(false);
    };
    let reader = Reader {
        teller,
        zone,
        zone_name: &recipient.zone,
        now: tx.now(),
    };
    let mut planned = false;
    for scheduled in &recipient.schedules {
        planned |= plan_one(tx, &reader, recipient, scheduled)?;
    }
    Ok(planned)
}

fn plan_one(
    tx: &Tx<'_>,
    reader: &Reader<'_>,
    recipient: &RecipientSetting,
    scheduled: &Scheduled,
) -> anyhow::Result<bool> {
    let Ok(schedule) = Schedule::cron(&scheduled.cron) else {
        return Ok(false);
    };
    let frequency = scheduled.frequency;
    let looked = looked(tx, recipient.recipient, frequency)?;
    let Some((due, missed)) = schedule::last_due(&schedule, &reader.zone, looked, tx.now()) else {
        return Ok(false);
    };
    let slot = Slot {
        recipient: recipient.recipient,
        frequency,
        due: due.nominal.clone(),
    };
    // A time zone's new rules may bring the same nominal time again: it was told.
    if slots::get(tx, &slot)?.is_some() {
        note_looked(tx, recipient.recipient, frequency, due.at)?;
        return Ok(false);
    }
    let told = told(tx, recipient)?;
    note_looked(tx, recipient.recipient, frequency, due.at)?;
    if told.is_empty() && frequency == Frequency::Daily {
        return Ok(false);
    }
    let last = slots::last(tx, recipient.recipient, frequency)?;
    let covers = (
        last.as_ref().map_or(0, |last| last.covers.1),
        journal::last_seq(tx)?,
    );
    let since = last.map(|last| last.planned_at);
    let digest = digest(tx, reader, recipient, frequency, &told, covers.0, since)?;
    let digest = Digest {
        late: late(reader, &due, missed),
        ..digest
    };
    note_excluded(tx, recipient.recipient, frequency, digest.excluded.records)?;
    compose::plan(
        tx,
        reader.teller,
        slot,
        &render(&digest),
        (covers.0 + 1, covers.1),
        told,
    )?;
    Ok(true)
}

/// Up to when this schedule was looked at: a quiet day's slot is done, though nothing was planned.
fn looked(view: &View<'_>, recipient: i64, frequency: Frequency) -> anyhow::Result<Timestamp> {
    let key = format!("looked {recipient} {frequency}");
    // A slot that was looked at by a clock which was set back since is still to come.
    let noted = annex::meta(view, &key)?
        .and_then(|text| text.parse().ok())
        .map(Timestamp)
        .filter(|noted| *noted <= view.now());
    let planned = slots::last(view, recipient, frequency)?.map(|last| last.planned_at);
    let began = settings::notifications(view)?.map(|setting| setting.at);
    Ok(noted.max(planned).or(began).unwrap_or_else(|| view.now()))
}

fn note_looked(
    tx: &Tx<'_>,
    recipient: i64,
    frequency: Frequency,
    at: Timestamp,
) -> anyhow::Result<()> {
    annex::set_meta(
        tx,
        &format!("looked {recipient} {frequency}"),
        Some(&at.0.to_string()),
    )
}

/// What is news to this recipient.
fn told(view: &View<'_>, recipient: &RecipientSetting) -> anyhow::Result<Vec<Told>> {
    let (mut before, mut now) = (BTreeMap::new(), BTreeMap::new());
    for cause in causes::since(view, 0)? {
        if !concerns(view, recipient, &cause) {
            continue;
        }
        if let Some(told) = told_of(view, recipient.recipient, &cause)? {
            before.insert(cause.number, told);
        }
        now.insert(
            cause.number,
            CurrentCause {
                records: cause.records,
                muted: is_muted(view, &cause)?,
            },
        );
    }
    Ok(news(&before, &now))
}

fn late(reader: &Reader<'_>, due: &Due, missed: u32) -> Option<Late> {
    let is_late = reader.now.since(due.at) > LATE_MS || missed > 0;
    is_late.then(|| Late {
        due: reader.long(due.at),
        missed,
    })
}

fn digest(
    view: &View<'_>,
    reader: &Reader<'_>,
    recipient: &RecipientSetting,
    frequency: Frequency,
    told: &[Told],
    after: i64,
    since: Option<Timestamp>,
) -> anyhow::Result<Digest> {
    let last = journal::last_seq(view)?;
    let turned = figures::turned_between(view, after, last)?;
    let totals = errors::totals(view)?;
    let causes = cause_lines(view, reader, recipient, told)?;
    let open: Vec<i64> = causes
        .iter()
        .filter(|one| !is_resolved(one))
        .map(|one| one.number)
        .collect();
    let (for_you, for_others) = who(view, reader, recipient, &causes)?;
    let standings = figures::standings(view)?;
    let sum = |of: fn(&figures::Standing) -> u64| standings.values().map(of).sum::<u64>();
    let excluded = sum(|standing| standing.excluded);
    let excluded_before = excluded_then(view, recipient.recipient, frequency)?.unwrap_or(excluded);
    Ok(Digest {
        installation: reader.teller.installation.clone(),
        frequency,
        now: reader.long(reader.now),
        since: since.map_or_else(|| "the first start".to_owned(), |since| reader.short(since)),
        accounts: accounts(reader.teller),
        late: None,
        for_you,
        for_others,
        failing: Failing {
            before: figures::failing_at(view, after)?,
            now: totals.records,
            errors: totals.errors,
            newly: turned.newly_failing,
            fixed: turned.fixed,
        },
        synced: synced(view, after, last)?,
        calls: used(view)?,
        causes,
        waiting: Waiting {
            records: sum(|standing| standing.waiting),
            oldest_ms: None,
        },
        deferred: sum(|standing| standing.deferred),
        held: sum(|standing| standing.held),
        excluded: Excluded {
            records: excluded,
            delta: i64::try_from(excluded)? - i64::try_from(excluded_before)?,
        },
        conflicts_lost: 0,
        deletions_ignored: 0,
        notices: notices::standing(view, reader)?,
        accounted: None,
        rows: rows(view, reader, &open)?,
        remedy: "change [[notify]] in syncline.toml, then reload; or ask whoever runs Syncline"
            .to_owned(),
    })
}

pub(super) fn accounts(teller: &Teller) -> String {
    format!(
        "HubSpot portal {} <-> Salesforce org {}",
        teller.portal, teller.org
    )
}

fn is_resolved(line: &CauseLine) -> bool {
    line.state == LineState::News(CauseState::Resolved)
}

/// News first, in the order of the records, then what is still open.
fn cause_lines(
    view: &View<'_>,
    reader: &Reader<'_>,
    recipient: &RecipientSetting,
    told: &[Told],
) -> anyhow::Result<Vec<CauseLine>> {
    let news: BTreeMap<i64, (CauseState, u64)> = told
        .iter()
        .filter_map(|one| match one {
            Told::Cause(number, state, records) => Some((*number, (*state, *records))),
            Told::Suspended(_)
            | Told::Resumed(_)
            | Told::Held(_)
            | Told::Settled(_)
            | Told::BudgetLow
            | Told::BudgetEased
            | Told::BudgetExhausted
            | Told::BudgetFrees => None,
        })
        .collect();
    let mut lines = Vec::new();
    let mut add = |cause: &Cause, state, records| -> anyhow::Result<()> {
        let before = slots::told_cause(view, recipient.recipient, cause.number)?;
        let before = before.map(|told| told.records);
        lines.push(line(view, reader, cause, state, records, before)?);
        Ok(())
    };
    for (number, (state, records)) in &news {
        if let Some(cause) = causes::get(view, *number)? {
            add(&cause, LineState::News(*state), *records)?;
        }
    }
    for cause in causes::open(view)? {
        if !news.contains_key(&cause.number) && concerns(view, recipient, &cause) {
            add(&cause, LineState::StillOpen, cause.records)?;
        }
    }
    lines.sort_by_key(|line| {
        (
            line.state == LineState::StillOpen,
            std::cmp::Reverse(line.records),
        )
    });
    Ok(lines)
}

/// Whom the open causes wait for. A reader who is told one kind only is "you".
fn who(
    view: &View<'_>,
    reader: &Reader<'_>,
    recipient: &RecipientSetting,
    causes: &[CauseLine],
) -> anyhow::Result<(Option<ForSomeone>, Vec<ForSomeone>)> {
    let mut by: BTreeMap<&str, Vec<(i64, Option<String>)>> = BTreeMap::new();
    for cause in causes.iter().filter(|cause| !is_resolved(cause)) {
        let Some(known) = causes::get(view, cause.number)? else {
            continue;
        };
        if is_muted(view, &known)? {
            continue;
        }
        let told = told_to_fixer(view, recipient, &known)?;
        by.entry(&cause.who_fixes).or_default().push((
            cause.number,
            told.map(|at| format!("told {}", reader.short(at))),
        ));
    }
    let mut everybody: Vec<ForSomeone> = by
        .into_iter()
        .map(|(who, causes)| ForSomeone {
            who: article(who),
            causes,
        })
        .collect();
    if recipient.who_fixes.len() == 1 {
        let causes = everybody.drain(..).flat_map(|one| one.causes).collect();
        let you = ForSomeone {
            who: "you".to_owned(),
            causes,
        };
        return Ok((Some(you), Vec::new()));
    }
    Ok((None, everybody))
}

/// When somebody else who is told only what such people fix was last told of a cause: then it need
/// not be passed on.
fn told_to_fixer(
    view: &View<'_>,
    recipient: &RecipientSetting,
    cause: &Cause,
) -> anyhow::Result<Option<Timestamp>> {
    let Some(setting) = settings::notifications(view)? else {
        return Ok(None);
    };
    let mut last = None;
    for other in &setting.event.recipients {
        let is_fixer = !other.who_fixes.is_empty() && concerns(view, other, cause);
        if is_fixer && other.recipient != recipient.recipient {
            let told = slots::told_cause(view, other.recipient, cause.number)?;
            last = last.max(told.map(|told| told.at));
        }
    }
    Ok(last)
}

/// RevOps is a team and takes no article.
fn article(who: &str) -> String {
    if who == WhoFixes::RevOps.title() {
        who.to_owned()
    } else {
        format!("the {who}")
    }
}

fn synced(view: &View<'_>, after: i64, last: i64) -> anyhow::Result<Synced> {
    let sums = figures::synced_between(view, after, last)?;
    let to = |side| {
        sums.iter()
            .filter(|((_, to), _)| *to == side)
            .map(|(_, sum)| sum)
            .sum()
    };
    Ok(Synced {
        to_salesforce: to(Side::Salesforce),
        to_hubspot: to(Side::HubSpot),
        slowest_ms: None,
    })
}

pub(super) fn used(view: &View<'_>) -> anyhow::Result<Calls> {
    let ours = spending::sum(view, Side::Salesforce)?;
    let org = calls::usage(view, Side::Salesforce)?;
    Ok(Calls {
        ours,
        allocation: allowance::in_force(view)?,
        org: org.map(|org| OrgUsage {
            // What the org used is told in steps of a percent; it is never less than ours.
            used: org.used.max(ours),
            limit: org.limit,
        }),
    })
}

/// Records left out when this recipient's last digest was planned.
fn excluded_then(
    view: &View<'_>,
    recipient: i64,
    frequency: Frequency,
) -> anyhow::Result<Option<u64>> {
    let key = format!("excluded {recipient} {frequency}");
    Ok(annex::meta(view, &key)?.and_then(|text| text.parse().ok()))
}

fn note_excluded(
    tx: &Tx<'_>,
    recipient: i64,
    frequency: Frequency,
    records: u64,
) -> anyhow::Result<()> {
    annex::set_meta(
        tx,
        &format!("excluded {recipient} {frequency}"),
        Some(&records.to_string()),
    )
}
