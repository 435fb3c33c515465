//! Mails at once: causes that changed their state, and what concerns everybody.

use std::collections::BTreeMap;

use super::contents::{accounts, remedy};
use super::lines::{Reader, concerns, is_muted, line, rows, tickets, told_of};
use super::{Teller, compose, everybody, notices};
use crate::annex;
use crate::domain::call::{Lane, Operation};
use crate::domain::digest::{
    AtOnce, CauseLine, CurrentCause, Immediate, LineState, Notice, ToldCause, at_once, news,
    render_immediate,
};
use crate::domain::event::{CauseState, RecipientSetting, Slot, Told};
use crate::domain::record::{Side, Timestamp};
use crate::domain::schedule::{self, Frequency};
use crate::inbox;
use crate::journal;
use crate::projections::causes::{self, Cause};
use crate::projections::slots::Mail;
use crate::projections::{calls, holds, settings, slots};
use crate::store::{Tx, View};

const HOUR_MS: i64 = 3_600_000;

/// `meta` row: the seq up to which causes belong to the first load, told by the first digest only.
const BACKLOG: &str = "backlog until";

/// What a mail's slot says of one that tells of no cause: it does not count for the limit.
const FOR_EVERYBODY: &str = " everybody";

/// What a mail's slot says of one that tells of the limit alone: it uses up none of it.
const OF_LIMIT: &str = " limit ";

/// News waiting to be told, and the moment that opened the gathering.
#[derive(Default)]
pub(super) struct News {
    told: Vec<Told>,
    first: Option<(i64, Timestamp)>,
}

impl News {
    pub(super) fn add(&mut self, told: Told, seq: i64, at: Timestamp) {
        self.told.push(told);
        if self.first.is_none_or(|(first, _)| seq < first) {
            self.first = Some((seq, at));
        }
    }

    fn join(&mut self, other: Self) {
        let first = [self.first, other.first].into_iter().flatten();
        self.first = first.min_by_key(|(seq, _)| *seq);
        self.told.extend(other.told);
    }
}

/// Plans what is due at once for a recipient; also says when gathering ends.
pub(super) fn plan(
    tx: &Tx<'_>,
    teller: &Teller,
    recipient: &RecipientSetting,
) -> anyhow::Result<(bool, Option<Timestamp>)> {
    let Ok(zone) = schedule::zone(&recipient.zone) else {
        return Ok((false, None));
    };
    let reader = Reader {
        teller,
        zone,
        zone_name: &recipient.zone,
        now: tx.now(),
    };
    let (mut news, mut wait) = everybody::news(tx, teller, recipient.recipient)?;
    let mut causes = News::default();
    if recipient.immediately
        && let Some(backlog) = backlog(tx)?
    {
        let mut gathered = cause_news(tx, recipient, backlog)?;
        if recipient.schedules.is_empty() {
            gathered.join(first_load(tx, recipient, backlog)?);
        }
        if let Some((_, opened)) = gathered.first {
            let due = opened.plus(teller.gather_ms);
            if due <= tx.now() || opened > tx.now() {
                causes = gathered;
            } else {
                wait = Some(wait.map_or(due, |other| due.min(other)));
            }
        }
    }
    // The limit is for news of causes: what stands still is never kept waiting behind it.
    let may = if causes.told.is_empty() {
        AtOnce::Wait
    } else {
        may_tell(tx, teller, recipient.recipient)?
    };
    if may == AtOnce::Tell {
        news.join(causes);
    } else if may == AtOnce::SayLimit
        && news.told.is_empty()
        && let Some((seq, _)) = causes.first
        && !knows_limit(tx, recipient.recipient)?
    {
        let limit = vec![Notice::TooMuchNews {
            per_hour: teller.per_hour,
        }];
        return Ok((mail(tx, &reader, recipient, limit, Vec::new(), seq)?, wait));
    }
    let Some((seq, _)) = news.first else {
        return Ok((false, wait));
    };
    let spoken = notices::spoken(tx, &reader, recipient.recipient, &news.told)?;
    Ok((mail(tx, &reader, recipient, spoken, news.told, seq)?, wait))
}

fn mail(
    tx: &Tx<'_>,
    reader: &Reader<'_>,
    recipient: &RecipientSetting,
    mut notices: Vec<Notice>,
    told: Vec<Told>,
    seq: i64,
) -> anyhow::Result<bool> {
    let last = journal::last_seq(tx)?;
    let of_causes = told.iter().any(|one| matches!(one, Told::Cause(..)));
    // The same seq opens a second gathering only when a mail about the limit took its slot.
    let due = if told.is_empty() {
        format!("{seq}{OF_LIMIT}{last}")
    } else if of_causes {
        seq.to_string()
    } else {
        format!("{seq}{FOR_EVERYBODY}")
    };
    let mut slot = Slot {
        recipient: recipient.recipient,
        frequency: Frequency::Now,
        due,
    };
    if slots::get(tx, &slot)?.is_some() {
        slot.due = format!("{} {last}", slot.due);
    }
    let mut causes = Vec::new();
    let backlog = backlog(tx)?;
    for one in &told {
        if let Told::Cause(number, state, records) = one
            && let Some(cause) = causes::get(tx, *number)?
        {
            let before =
                slots::told_cause(tx, recipient.recipient, *number)?.map(|told| told.records);
            let of_backlog = backlog.is_some_and(|until| cause.since().seq <= until);
            let state = if before.is_none() && of_backlog {
                LineState::StillOpen
            } else {
                LineState::News(*state)
            };
            causes.push(line(tx, reader, &cause, state, *records, before)?);
        }
    }
    notices.extend(first_load_notice(&causes));
    causes.sort_by_key(|line| std::cmp::Reverse(line.records));
    let open: Vec<i64> = causes
        .iter()
        .filter(|line| line.state != LineState::News(CauseState::Resolved))
        .map(|line| line.number)
        .collect();
    let immediate = Immediate {
        installation: reader.teller.installation.clone(),
        now: reader.long(reader.now),
        accounts: accounts(reader.teller),
        notices,
        hand_overs: tickets(tx, reader, &causes)?,
        rows: rows(tx, reader, &open)?,
        remedy: remedy(tx, reader, recipient.recipient)?,
        causes,
    };
    compose::plan(
        tx,
        reader.teller,
        slot,
        &render_immediate(&immediate),
        (seq, last),
        told,
    )?;
    Ok(true)
}

fn may_tell(view: &View<'_>, teller: &Teller, recipient: i64) -> anyhow::Result<AtOnce> {
    let now = view.now();
    let (sent, _) = last_hour(view, recipient)?;
    let sent: Vec<Timestamp> = sent
        .into_iter()
        .filter(|mail| !mail.slot.due.contains(FOR_EVERYBODY))
        .map(|mail| mail.planned_at)
        .filter(|at| now.since(*at).abs() < HOUR_MS)
        .collect();
    Ok(at_once(&sent, now, teller.per_hour))
}

/// Whether the mail that says so went out within the hour. It is no news: counted among the others, it
/// would be followed by the next one of its kind as soon as one of them is an hour old.
fn knows_limit(view: &View<'_>, recipient: i64) -> anyhow::Result<bool> {
    let (_, of_limit) = last_hour(view, recipient)?;
    let now = view.now();
    let mut ages = of_limit.iter().map(|mail| now.since(mail.planned_at));
    Ok(ages.any(|age| age.abs() < HOUR_MS))
}

/// Mails at once of the last hour: those that tell something, and those that tell of the limit.
fn last_hour(view: &View<'_>, recipient: i64) -> anyhow::Result<(Vec<Mail>, Vec<Mail>)> {
    let hour_ago = view.now().plus(-HOUR_MS);
    let mails = slots::planned_since(view, recipient, Frequency::Now, hour_ago)?;
    let is_news = |mail: &Mail| !mail.slot.due.contains(OF_LIMIT);
    Ok(mails.into_iter().partition(is_news))
}

/// Whether the first load is over: what fails from now on is news.
pub fn is_first_load_over(view: &View<'_>) -> anyhow::Result<bool> {
    Ok(annex::meta(view, BACKLOG)?.is_some())
}

/// The seq up to which causes belong to the first load; none while that goes on.
pub(super) fn backlog(tx: &Tx<'_>) -> anyhow::Result<Option<i64>> {
    if let Some(until) = annex::meta(tx, BACKLOG)?.and_then(|text| text.parse().ok()) {
        return Ok(Some(until));
    }
    let read = |side| -> anyhow::Result<bool> {
        let spent = calls::in_window(tx, side, Timestamp(0))?;
        Ok(spent.iter().any(|call| call.operation == Operation::Poll))
    };
    let in_flight = inbox::counts(tx)?
        .iter()
        .any(|one| one.state == inbox::State::InFlight);
    let over = read(Side::HubSpot)?
        && read(Side::Salesforce)?
        && inbox::next_due(tx, &[Lane::Backfill])?.is_none()
        && holds::open(tx)?.is_empty()
        && !in_flight;
    if !over {
        return Ok(None);
    }
    let until = journal::last_seq(tx)?;
    annex::set_meta(tx, BACKLOG, Some(&until.to_string()))?;
    Ok(Some(until))
}

/// Causes whose state is news to this recipient. Those of the first load wait for its first digest, or
/// for one mail of their own ([`first_load`]).
fn cause_news(view: &View<'_>, recipient: &RecipientSetting, backlog: i64) -> anyhow::Result<News> {
    let mut still = Vec::new();
    for side in Side::BOTH {
        still.extend(settings::suspended(view, side)?.map(|_| side));
    }
    let (mut before, mut now, mut all) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for cause in causes::since(view, 0)? {
        if !concerns(view, recipient, &cause) {
            continue;
        }
        match told_of(view, recipient.recipient, &cause)? {
            Some(told) => {
                before.insert(cause.number, told);
            }
            None if cause.since().seq <= backlog => {
                let state = if cause.records > 0 {
                    CauseState::Opened
                } else {
                    CauseState::Resolved
                };
                before.insert(
                    cause.number,
                    ToldCause {
                        state,
                        records: cause.records,
                    },
                );
            }
            None => (),
        }
        now.insert(
            cause.number,
            CurrentCause {
                records: cause.records,
                muted: is_muted(view, &cause)?,
                suspended: still.contains(&cause.fingerprint.side),
            },
        );
        all.insert(cause.number, cause);
    }
    let mut gathered = News::default();
    for told in news(&before, &now) {
        if let Told::Cause(number, state, _) = &told
            && let Some(cause) = all.get(number)
        {
            let (seq, at) = moment(cause, *state);
            gathered.add(told, seq, at);
        }
    }
    Ok(gathered)
}

/// What the first load has left, for a recipient who gets no digest that could tell it.
fn first_load(view: &View<'_>, recipient: &RecipientSetting, backlog: i64) -> anyhow::Result<News> {
    let mut left = News::default();
    for cause in causes::since(view, 0)? {
        if cause.records > 0
            && cause.since().seq <= backlog
            && concerns(view, recipient, &cause)
            && slots::told_cause(view, recipient.recipient, cause.number)?.is_none()
            && !is_muted(view, &cause)?
        {
            let told = Told::Cause(cause.number, CauseState::Opened, cause.records);
            left.add(told, cause.since().seq, cause.since().at);
        }
    }
    Ok(left)
}

fn first_load_notice(causes: &[CauseLine]) -> Option<Notice> {
    let left = causes
        .iter()
        .filter(|cause| cause.state == LineState::StillOpen);
    let records = left.clone().map(|cause| cause.records).sum();
    let causes = left.count() as u64;
    (causes > 0).then_some(Notice::FirstLoad { causes, records })
}

fn moment(cause: &Cause, state: CauseState) -> (i64, Timestamp) {
    let moment = match state {
        CauseState::Opened | CauseState::Grew | CauseState::Back => cause.since(),
        CauseState::Resolved => cause.resolved.unwrap_or(cause.opened),
    };
    (moment.seq, moment.at)
}
