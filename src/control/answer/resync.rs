//! Records that a person wants tried again: which, at what price, and how far they are.

use std::collections::{BTreeMap, BTreeSet};

use super::errors::filter;
use super::listing::known_object;
use super::records::find;
use super::{refuse, unwrap};
use crate::control::report::{Report, Resync};
use crate::control::request::{Refusal, Which};
use crate::control::vantage::Vantage;
use crate::domain::call::Lane;
use crate::domain::event::{By, Event, ResyncAsked, Scope};
use crate::domain::record::{ObjectName, PairIds, PairNumber, RecordKey, Side, Timestamp};
use crate::inbox::{self, State};
use crate::journal;
use crate::projections::errors::{self, Place};
use crate::projections::{self, allowance, pairs};
use crate::store::{Store, View};

/// Records that one call of Salesforce reads again, and that one call writes once its pace is known
/// (salesforce.md §3.4); calls begin with fewer.
const READ_IN_A_CALL: u64 = 500;
const FIRST_WRITE: u64 = 200;
const WRITTEN_IN_A_CALL: u64 = 1_000;

/// Minutes of a day.
const DAY_MIN: u64 = 24 * 60;

/// What is to be tried again.
#[derive(Debug, Clone)]
pub(super) struct What {
    pub(super) which: Which,
    pub(super) records: Vec<String>,
    pub(super) everything: bool,
}

/// The records that `what` is about, and to which sides they are to be written.
type Members = BTreeMap<RecordKey, BTreeSet<Side>>;

/// What it would cost.
pub(super) fn priced(view: &View<'_>, what: &What, vantage: &Vantage) -> anyhow::Result<Report> {
    let members = members(view, what)?;
    Ok(Report::Resync(price(view, &members, vantage.runs())?))
}

/// Asks for it: its members are those of now, but for those that wait to be tried as somebody asked
/// before. What the guard holds is approved by this.
pub(super) async fn ask(store: &Store, what: What, by: By, runs: bool) -> Result<Report, Refusal> {
    store
        .write(move |tx| {
            let mut members = members(tx, &what)?;
            let serves = part_asked(tx, &mut members)?;
            if let (true, Some(seq)) = (members.is_empty(), serves) {
                let known = standing(tx, seq, runs)?;
                return Ok(Report::Resync(Resync {
                    known: true,
                    ..known
                }));
            }
            let priced = price(tx, &members, runs)?;
            if members.is_empty() {
                return Ok(Report::Resync(priced));
            }
            let event = ResyncAsked {
                scope: scope(&what),
                records: priced.records,
                calls: priced.calls,
                by,
            };
            let seq = projections::append(tx, None, event)?.seq;
            for key in members.keys() {
                inbox::see_for(tx, key, Timestamp(0), Lane::Resync, Timestamp(0), seq)?;
            }
            Ok(Report::Resync(Resync {
                ask: Some(seq),
                left: priced.records,
                ..priced
            }))
        })
        .await
        .map_err(unwrap)
}

/// How far the resync is that was asked with `seq`.
pub(super) fn stands(view: &View<'_>, seq: i64, runs: bool) -> anyhow::Result<Report> {
    Ok(Report::Resync(standing(view, seq, runs)?))
}

fn standing(view: &View<'_>, seq: i64, runs: bool) -> anyhow::Result<Resync> {
    let asked = asked(view, seq)?;
    let left = inbox::asked(view)?.get(&seq).copied().unwrap_or(0);
    Ok(Resync {
        ask: Some(seq),
        records: asked.records,
        calls: asked.calls,
        allocation: allowance::in_force(view)?,
        minutes: 0,
        left,
        failed: failed(view, seq)?,
        held: 0,
        unwritten: inbox::unwritten(view, seq)?,
        known: false,
        runs,
    })
}

/// Takes those out that wait to be tried already; the latest resync that they serve.
fn part_asked(view: &View<'_>, members: &mut Members) -> anyhow::Result<Option<i64>> {
    let mut serves = None;
    let mut known = Vec::new();
    for key in members.keys() {
        let row = inbox::of_record(view, key)?;
        // One that is in flight was planned before this was asked.
        let waits = row.filter(|row| matches!(row.state, State::Ready | State::Deferred));
        if let Some(ask) = waits.and_then(|row| row.ask) {
            serves = serves.max(Some(ask));
            known.push(key.clone());
        }
    }
    for key in known {
        members.remove(&key);
    }
    Ok(serves)
}

fn asked(view: &View<'_>, seq: i64) -> anyhow::Result<ResyncAsked> {
    let entry = journal::read(view, seq - 1, 1)?.into_iter().next();
    match entry.filter(|entry| entry.seq == seq).map(|one| one.event) {
        Some(Event::ResyncAsked(asked)) => Ok(asked),
        _ => Err(refuse(Refusal::usage(format!(
            "no resync was asked with entry {seq}"
        )))),
    }
}

/// Records of a resync that failed again, by the entries since.
fn failed(view: &View<'_>, seq: i64) -> anyhow::Result<u64> {
    let (mut failed, mut after) = (BTreeSet::new(), seq);
    loop {
        let page = journal::read(view, after, u32::MAX)?;
        let Some(last) = page.last() else {
            return Ok(failed.len() as u64);
        };
        after = last.seq;
        for entry in page {
            if let Event::RecordFailed(event) = &entry.event
                && event.ask == Some(seq)
            {
                failed.insert(entry.record);
            }
        }
    }
}

fn members(view: &View<'_>, what: &What) -> anyhow::Result<Members> {
    let mut members = Members::new();
    if !what.records.is_empty() {
        for id in &what.records {
            let pair = find(view, id)?;
            let failing = errors::of_record(view, pair.number)?;
            let sides: BTreeSet<Side> = failing.iter().map(|error| error.to).collect();
            add(&mut members, &pair.ids, sides);
        }
    } else if what.everything {
        if let Some(object) = &what.which.object {
            known_object(view, object)?;
        }
        every_pair(view, what.which.object.as_ref(), &mut members)?;
    } else {
        failing(view, &what.which, &mut members)?;
    }
    Ok(members)
}

/// A pair is tried again from the side that is not to be written; one in step from HubSpot's half,
/// which plans both.
fn add(members: &mut Members, ids: &PairIds, sides: BTreeSet<Side>) {
    let keys = ids.keys();
    let source = sides.first().map_or(Side::HubSpot, |to| to.other());
    let key = keys.iter().find(|key| key.side == source).or(keys.first());
    if let Some(key) = key {
        members.entry(key.clone()).or_default().extend(sides);
    }
}

fn every_pair(
    view: &View<'_>,
    object: Option<&ObjectName>,
    members: &mut Members,
) -> anyhow::Result<()> {
    let filter = pairs::Filter {
        object: object.cloned(),
        ..pairs::Filter::default()
    };
    let mut after = PairNumber(i64::MIN);
    loop {
        let page = pairs::list(view, &filter, after)?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = last.number;
        for pair in page.iter().filter(|pair| !pair.is_left_out()) {
            add(members, &pair.ids, BTreeSet::new());
        }
    }
}

fn failing(view: &View<'_>, which: &Which, members: &mut Members) -> anyhow::Result<()> {
    let filter = filter(view, which)?;
    let mut place = Place::start();
    loop {
        let page = errors::list(view, &filter, &place)?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        place = Place::behind(last);
        for error in &page {
            if let Some(pair) = pairs::get(view, error.record)? {
                add(members, &pair.ids, BTreeSet::from([error.to]));
            }
        }
    }
}

fn price(view: &View<'_>, members: &Members, runs: bool) -> anyhow::Result<Resync> {
    let mut parts: BTreeMap<&ObjectName, (u64, u64)> = BTreeMap::new();
    for (key, sides) in members {
        let (read, written) = parts.entry(&key.object).or_default();
        *read += 1;
        *written += u64::from(sides.contains(&Side::Salesforce));
    }
    let calls = parts.values().map(|(read, written)| calls(*read, *written));
    let (calls, allocation): (u64, u64) = (calls.sum(), allowance::in_force(view)?);
    Ok(Resync {
        ask: None,
        records: members.len() as u64,
        calls,
        allocation,
        minutes: (calls * DAY_MIN).div_ceil(allocation.max(1)),
        left: 0,
        failed: 0,
        held: held(view, members)?,
        unwritten: 0,
        known: false,
        runs,
    })
}

/// How many of them the guard holds.
fn held(view: &View<'_>, members: &Members) -> anyhow::Result<u64> {
    let mut held = 0;
    for key in members.keys() {
        let row = inbox::of_record(view, key)?;
        held += u64::from(row.is_some_and(|row| row.state == State::Held));
    }
    Ok(held)
}

/// Calls that it takes to read so many records of an object again and to write some of them.
pub(super) fn calls(read: u64, written: u64) -> u64 {
    let (mut calls, mut left, mut width) = (read.div_ceil(READ_IN_A_CALL), written, FIRST_WRITE);
    while left > 0 {
        calls += 1;
        left = left.saturating_sub(width);
        width = (2 * width).min(WRITTEN_IN_A_CALL);
    }
    calls
}

fn scope(what: &What) -> Scope {
    let named = (!what.records.is_empty()).then_some(what.records.len() as u64);
    Scope {
        cause: what.which.cause,
        kind: what.which.kind.clone(),
        object: what.which.object.clone(),
        to: what.which.to,
        older_h: what.which.older_h,
        named,
        everything: what.everything,
    }
}
