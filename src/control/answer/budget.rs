//! The allocation and its use.

use crate::control::report::{BudgetUse, CallsLine, CallsPart, Report};
use crate::domain::call::{Lane, Operation};
use crate::domain::record::{Side, Timestamp};
use crate::projections::{calls, hours, settings};
use crate::store::View;

const HOUR_MS: i64 = 3_600_000;
const HOURS: i64 = 24;

/// The figures of one line.
pub(super) fn line(view: &View<'_>, now: Timestamp) -> anyhow::Result<CallsLine> {
    let used = calls::used_since(view, Side::Salesforce, now.plus(-HOURS * HOUR_MS))?;
    let hour = calls::used_since(view, Side::Salesforce, now.plus(-HOUR_MS))?;
    let org = calls::usage(view, Side::Salesforce)?;
    let of = |lane: Lane| {
        used.iter()
            .filter(|one| one.lane == lane)
            .map(|one| one.calls)
            .sum()
    };
    let ours: u64 = used.iter().map(|one| one.calls).sum();
    Ok(CallsLine {
        used: ours,
        allocation: settings::allocation(view)?.map_or(0, |setting| setting.event.allocation),
        // What the org used is told in steps of a percent; it is never less than ours.
        org_used: org.as_ref().map(|org| org.used.max(ours)),
        org_limit: org.as_ref().map(|org| org.limit),
        lanes: Lane::ALL
            .iter()
            .map(|lane| (lane.key().to_owned(), of(*lane)))
            .collect(),
        last_hour: hour.iter().map(|one| one.calls).sum(),
    })
}

pub(super) fn used(view: &View<'_>, now: Timestamp) -> anyhow::Result<Report> {
    let line = line(view, now)?;
    let used = calls::used_since(view, Side::Salesforce, now.plus(-HOURS * HOUR_MS))?;
    let of = |operation: Operation| -> u64 {
        used.iter()
            .filter(|one| one.operation == operation)
            .map(|one| one.calls)
            .sum()
    };
    let reserve = settings::allocation(view)?.map_or(0, |setting| setting.event.reserve_percent);
    let left = line.allocation.saturating_sub(line.used);
    // What leaves the window in a day makes room again: a rate below a 24th of it lasts for ever.
    let lasting = line.last_hour.saturating_mul(HOURS.unsigned_abs()) <= line.allocation;
    Ok(Report::Budget(Box::new(BudgetUse {
        at: now,
        reserve_percent: reserve,
        operations: Operation::ALL
            .iter()
            .map(|one| (one.key().to_owned(), of(*one)))
            .collect(),
        parts: used.iter().map(part).collect(),
        hours: hours::last_hours(view, Side::Salesforce, now, 24)?,
        hours_left: if lasting {
            None
        } else {
            left.checked_div(line.last_hour)
        },
        calls: line,
    })))
}

fn part(used: &calls::Use) -> CallsPart {
    CallsPart {
        lane: used.lane.key().to_owned(),
        operation: used.operation.key().to_owned(),
        object: used.object.clone(),
        calls: used.calls,
        records: used.records,
    }
}
