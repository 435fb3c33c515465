//! The allocation and its use.

use std::collections::BTreeMap;

use super::{plan, resync};
use crate::control::report::{
    BackfillLine, BudgetUse, CallsLine, CallsPart, CauseCalls, LaneWait, Price, Report,
};
use crate::control::vantage::Vantage;
use crate::domain::budget::Night;
use crate::domain::call::{Lane, Operation};
use crate::domain::event::{By, LoadTime};
use crate::domain::record::{ObjectName, Side, Timestamp};
use crate::inbox::{self, State};
use crate::projections::calls::{self, Use};
use crate::projections::{self, allowance, costs, figures, hours, settings, spending, wording};
use crate::store::View;

/// Records that a first load is priced by when none waits.
const LOAD_EXAMPLE: u64 = 100_000;

/// Causes named with what they cost.
const CAUSES_MAX: usize = 5;

/// The figures of one line.
pub(super) fn line(view: &View<'_>, now: Timestamp) -> anyhow::Result<CallsLine> {
    let used = spending::used(view, Side::Salesforce)?;
    of(view, &used, now)
}

fn of(view: &View<'_>, used: &[Use], now: Timestamp) -> anyhow::Result<CallsLine> {
    let org = calls::usage(view, Side::Salesforce)?;
    let by_lane = |lane: Lane| sum(used, |one| one.lane == lane);
    let ours = sum(used, |_| true);
    Ok(CallsLine {
        used: ours,
        allocation: allowance::in_force(view)?,
        // What the org used is told in steps of a percent; it is never less than ours.
        org_used: org.as_ref().map(|org| org.used.max(ours)),
        org_limit: org.as_ref().map(|org| org.limit),
        lanes: Lane::ALL
            .iter()
            .map(|lane| (lane.key().to_owned(), by_lane(*lane)))
            .collect(),
        last_hour: spending::per_hour(view)?,
        backfill: backfill(view, now)?,
    })
}

fn sum(used: &[Use], counts: impl Fn(&Use) -> bool) -> u64 {
    let used = used.iter().filter(|one| counts(one));
    used.map(|one| one.calls).sum()
}

fn backfill(view: &View<'_>, now: Timestamp) -> anyhow::Result<BackfillLine> {
    let set = settings::backfill(view)?.map(|setting| setting.event);
    let opens_at = set.as_ref().and_then(|set| set.closed_until(now));
    Ok(BackfillLine {
        when: set.as_ref().map_or(LoadTime::Always, |set| set.when),
        night: set
            .as_ref()
            .map_or_else(Night::default, |set| set.night)
            .to_string(),
        zone: set.map_or_else(|| "UTC".to_owned(), |set| set.zone),
        deferred: match opens_at {
            Some(_) => rows(view, |state| state == State::Deferred)?,
            None => 0,
        },
        opens_at,
    })
}

pub(super) fn used(view: &View<'_>, now: Timestamp, vantage: &Vantage) -> anyhow::Result<Report> {
    let side = Side::Salesforce;
    let used = spending::used(view, side)?;
    let ours = sum(&used, |_| true);
    let set = allowance::get(view)?.map(|allowance| allowance.set);
    let mut objects: BTreeMap<Option<ObjectName>, u64> = BTreeMap::new();
    for one in &used {
        *objects.entry(one.object.clone()).or_default() += one.calls;
    }
    let mut objects: Vec<(Option<ObjectName>, u64)> = objects.into_iter().collect();
    objects.sort_by_key(|(_, calls)| std::cmp::Reverse(*calls));
    let their_now = calls::clock(view, side)?;
    Ok(Report::Budget(Box::new(BudgetUse {
        at: now,
        set: set.as_ref().map_or(0, |set| set.event.allocation),
        set_by: set
            .as_ref()
            .map_or_else(String::new, |set| whom(&set.event.by)),
        set_at: set.as_ref().map(|set| set.at),
        reserve_percent: set.map_or(0, |set| set.event.reserve_percent),
        operations: Operation::ALL
            .iter()
            .map(|one| {
                (
                    one.key().to_owned(),
                    sum(&used, |use_of| use_of.operation == *one),
                )
            })
            .collect(),
        objects,
        parts: used.iter().map(part).collect(),
        causes: causes(view, now)?,
        hours: hours::last_hours(view, side, their_now, 24)?,
        days: hours::last_days(view, side, their_now, 30)?,
        exhausts_at: spending::empty_at(view, ours)?,
        frees_at: spending::frees_at(view, ours)?,
        waits: waits(vantage),
        prices: prices(view)?,
        hubspot: spending::sum(view, Side::HubSpot)?,
        hubspot_day: calls::usage(view, Side::HubSpot)?.map(|day| (day.used, day.limit)),
        calls: of(view, &used, now)?,
    })))
}

/// `configuration`, `user 1000`
pub(super) fn whom(by: &By) -> String {
    match by {
        By::Configuration => "configuration".to_owned(),
        By::Operator(user) => format!("user {user}"),
        By::HubSpot => "somebody in HubSpot".to_owned(),
    }
}

fn part(used: &Use) -> CallsPart {
    CallsPart {
        lane: used.lane.key().to_owned(),
        operation: used.operation.key().to_owned(),
        object: used.object.clone(),
        calls: used.calls,
        records: used.records,
    }
}

/// What the dearest causes cost, whether they are open or not.
fn causes(view: &View<'_>, now: Timestamp) -> anyhow::Result<Vec<CauseCalls>> {
    let dearest = costs::dearest(view, Side::Salesforce, now, 24, CAUSES_MAX)?;
    let mut lines = Vec::with_capacity(dearest.len());
    for one in dearest {
        let Some(cause) = projections::causes::get(view, one.cause)? else {
            continue;
        };
        lines.push(CauseCalls {
            cause: one.cause,
            what: wording::sentence(view, &cause)?,
            calls: one.calls,
            refused: one.records,
        });
    }
    Ok(lines)
}

fn waits(vantage: &Vantage) -> Vec<LaneWait> {
    let waits = vantage.live().map(|live| live.waits.as_slice());
    let wait = |scarce: &crate::sync::Scarce| LaneWait {
        lane: scarce.lane.key().to_owned(),
        why: scarce.why().to_owned(),
        until: scarce.until,
    };
    waits.unwrap_or_default().iter().map(wait).collect()
}

/// What waits to be written, or an example where nothing does, and every pair tried again.
fn prices(view: &View<'_>) -> anyhow::Result<Vec<Price>> {
    let waiting = rows(view, |state| match state {
        State::Ready | State::Deferred | State::Held | State::WouldWrite => true,
        State::Waiting | State::InFlight => false,
    })?;
    let (what, records) = if waiting > 0 {
        ("what waits now", waiting)
    } else {
        ("a first load of 100,000", LOAD_EXAMPLE)
    };
    let load = Price {
        what: what.to_owned(),
        records,
        at_least: plan::calls_of_load(records),
        at_most: None,
    };
    let mut again = Price {
        what: "a resync of everything".to_owned(),
        records: 0,
        at_least: 0,
        at_most: Some(0),
    };
    for standing in figures::standings(view)?.values() {
        let pairs = standing.in_sync + standing.failing;
        again.records += pairs;
        again.at_least += resync::calls(pairs, 0);
        again.at_most = again.at_most.map(|most| most + resync::calls(pairs, pairs));
    }
    Ok(vec![load, again])
}

fn rows(view: &View<'_>, counts: impl Fn(State) -> bool) -> anyhow::Result<u64> {
    let all = inbox::counts(view)?.into_iter();
    Ok(all
        .filter(|one| counts(one.state))
        .map(|one| one.rows)
        .sum())
}
