//! Daily and weekly digests: due by the reader's clock, told as what changed since the last one.

use std::collections::BTreeMap;

use super::contents::digest;
use super::lines::{Reader, concerns, current, told_of};
use super::{Teller, compose};
use crate::annex;
use crate::domain::digest::{Digest, Late, news, render};
use crate::domain::event::{RecipientSetting, Scheduled, Slot, Told};
use crate::domain::record::Timestamp;
use crate::domain::schedule::{self, Due, Frequency, Schedule};
use crate::journal;
use crate::projections::{causes, settings, slots};
use crate::store::{Tx, View};

/// A digest this much after its time says so.
const LATE_MS: i64 = 600_000;

/// `meta` row: whose schedules were in force at the last look.
const IN_FORCE: &str = "schedules in force";

/// What stands for a schedule that is in force no more.
const ENDED: &str = "ended";

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
    come_back(tx, recipient.recipient, frequency)?;
    take_up(tx, recipient, scheduled)?;
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

/// A schedule that is new, or says something else than at the last look, counts from when it was set:
/// a time of day that had passed by then was another schedule's.
fn take_up(tx: &Tx<'_>, recipient: &RecipientSetting, scheduled: &Scheduled) -> anyhow::Result<()> {
    let (key, frequency) = (recipient.recipient, scheduled.frequency);
    let name = format!("schedule {key} {frequency}");
    let word = format!("{} {}", scheduled.cron, recipient.zone);
    let known = annex::meta(tx, &name)?;
    if known.as_deref() == Some(word.as_str()) {
        return Ok(());
    }
    let mut from = looked(tx, key, frequency)?;
    if known.is_some() {
        let set = settings::notifications(tx)?.map(|setting| setting.at);
        from = from.max(set.unwrap_or_else(|| tx.now()));
    }
    note_looked(tx, key, frequency, from)?;
    annex::set_meta(tx, &name, Some(&word))
}

/// Makes what is in force the schedules that are: one that was switched off, or left the file, and is
/// there again counts from then on, and nothing that passed meanwhile is late.
pub(super) fn end_others(tx: &Tx<'_>, recipients: &[RecipientSetting]) -> anyhow::Result<()> {
    let current = in_force(recipients);
    let before = annex::meta(tx, IN_FORCE)?.unwrap_or_default();
    for ended in before
        .lines()
        .filter(|one| !current.lines().any(|two| two == *one))
    {
        annex::set_meta(tx, &format!("schedule {ended}"), Some(ENDED))?;
    }
    annex::set_meta(tx, IN_FORCE, Some(&current))
}

/// Whether other schedules are in force than at the last look.
pub(super) fn are_others(view: &View<'_>, recipients: &[RecipientSetting]) -> anyhow::Result<bool> {
    Ok(annex::meta(view, IN_FORCE)? != Some(in_force(recipients)))
}

/// `1 daily`, a line for each schedule of those who are told.
fn in_force(recipients: &[RecipientSetting]) -> String {
    let mut lines = Vec::new();
    for one in recipients {
        for scheduled in &one.schedules {
            lines.push(format!("{} {}", one.recipient, scheduled.frequency));
        }
    }
    lines.join("\n")
}

/// A slot that was looked at by a clock which was set back since is still to come, and those before
/// now are over: counted from the last mail, quiet days would be told as missed ones.
fn come_back(tx: &Tx<'_>, recipient: i64, frequency: Frequency) -> anyhow::Result<()> {
    if noted(tx, recipient, frequency)?.is_some_and(|noted| noted > tx.now()) {
        note_looked(tx, recipient, frequency, tx.now())?;
    }
    Ok(())
}

fn noted(
    view: &View<'_>,
    recipient: i64,
    frequency: Frequency,
) -> anyhow::Result<Option<Timestamp>> {
    let noted = annex::meta(view, &format!("looked {recipient} {frequency}"))?;
    Ok(noted.and_then(|text| text.parse().ok()).map(Timestamp))
}

/// Up to when this schedule was looked at: a quiet day's slot is done, though nothing was planned.
fn looked(view: &View<'_>, recipient: i64, frequency: Frequency) -> anyhow::Result<Timestamp> {
    let noted = noted(view, recipient, frequency)?;
    // One planned by a clock that was ahead keeps none from coming until then.
    let planned = slots::last(view, recipient, frequency)?
        .map(|last| last.planned_at)
        .filter(|planned| *planned <= view.now());
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
pub(super) fn told(view: &View<'_>, recipient: &RecipientSetting) -> anyhow::Result<Vec<Told>> {
    let (mut before, mut now) = (BTreeMap::new(), BTreeMap::new());
    for cause in causes::since(view, 0)? {
        if !concerns(view, recipient, &cause) {
            continue;
        }
        if let Some(told) = told_of(view, recipient.recipient, &cause)? {
            before.insert(cause.number, told);
        }
        now.insert(cause.number, current(view, &cause)?);
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
