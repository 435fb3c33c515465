//! `syncline budget`.

use super::status::{calls, percent};
use super::table::Table;
use super::time::{Moment, length};
use super::{counted, number};
use crate::control::report::{BackfillLine, BudgetUse, CauseCalls, Price};
use crate::domain::event::LoadTime;
use crate::domain::record::ObjectName;

/// Bars of a sparkline, from nothing to the most.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Purposes listed one by one; the others are in the sums above them.
const PARTS_MAX: usize = 12;

/// The allocation and its use.
pub(super) fn text(budget: &BudgetUse, moment: &Moment) -> String {
    let mut text = calls(&budget.calls, moment);
    text.push_str(&named(
        budget
            .operations
            .iter()
            .map(|(name, used)| (name.as_str(), *used)),
    ));
    let objects = budget.objects.iter();
    let of = |name: &Option<ObjectName>| {
        name.as_ref()
            .map_or("several", |one| one.as_str())
            .to_owned()
    };
    let objects: Vec<(String, u64)> = objects.map(|(name, used)| (of(name), *used)).collect();
    text.push_str(&named(
        objects.iter().map(|(name, used)| (name.as_str(), *used)),
    ));
    text.push_str(&parts(budget));
    text.push_str(&causes(&budget.causes));
    text.push_str(&format!(
        "\nper hour   {}  until {}\nper 24 h   {}  {} in 30 days\n",
        sparkline(&budget.hours),
        moment.clock(budget.at),
        sparkline(&budget.days),
        number(budget.days.iter().sum())
    ));
    text.push_str(&format!(
        "rate       {}/h: {}\n",
        number(budget.calls.last_hour),
        outlook(budget, moment)
    ));
    text.push_str(&allowed(budget, moment));
    text.push_str(&night(&budget.calls.backfill, moment));
    for wait in &budget.waits {
        text.push_str(&format!(
            "waits      {}: {}, until {}\n",
            wait.lane,
            wait.why,
            moment.clock(wait.until)
        ));
    }
    for one in &budget.prices {
        text.push_str(&price(one));
    }
    text.push_str(&hubspot(budget));
    if percent(budget.calls.used, budget.calls.allocation) >= 80 {
        text.push_str("\nraise it   syncline budget set N\n");
    }
    text
}

/// `  poll 2,880  write 3,532`; nothing where all are nothing.
fn named<'a>(sums: impl Iterator<Item = (&'a str, u64)>) -> String {
    let sums: Vec<String> = sums
        .filter(|(_, used)| *used > 0)
        .map(|(name, used)| format!("{name} {}", number(used)))
        .collect();
    if sums.is_empty() {
        return String::new();
    }
    format!("  {}\n", sums.join("  "))
}

/// What most calls were spent for.
fn parts(budget: &BudgetUse) -> String {
    let mut parts: Vec<_> = budget.parts.iter().filter(|part| part.calls > 0).collect();
    if parts.is_empty() {
        return String::new();
    }
    parts.sort_by_key(|part| std::cmp::Reverse(part.calls));
    let mut table = Table::new(&["LANE", "OPERATION", "OBJECT", "CALLS", "RECORDS"]);
    for part in parts.iter().take(PARTS_MAX) {
        table.row(vec![
            part.lane.clone(),
            part.operation.clone(),
            part.object
                .as_ref()
                .map_or("-".to_owned(), ToString::to_string),
            number(part.calls),
            number(part.records),
        ]);
    }
    let more = parts.len().saturating_sub(PARTS_MAX);
    let more = if more > 0 {
        format!(
            "and {} with fewer calls: --json\n",
            counted(more as u64, "line")
        )
    } else {
        String::new()
    };
    format!("\n{}{more}", table.text())
}

/// What errors cost: calls with refused records in them.
fn causes(causes: &[CauseCalls]) -> String {
    if causes.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&["CAUSE", "CALLS", "REFUSED", "WHAT"]);
    for one in causes {
        table.row(vec![
            format!("C-{}", one.cause),
            number(one.calls),
            number(one.refused),
            one.what.clone(),
        ]);
    }
    format!("\n{}", table.text())
}

fn outlook(budget: &BudgetUse, moment: &Moment) -> String {
    if budget.calls.allocation == 0 {
        return "no call is allowed".to_owned();
    }
    if let Some(frees_at) = budget.frees_at {
        return format!("used up; calls free from {}", moment.clock(frees_at));
    }
    match budget.exhausts_at {
        Some(at) => format!(
            "at this rate used up at {} (in {})",
            moment.clock(at),
            length(at.since(budget.at))
        ),
        None => "at this rate the allocation is never used up".to_owned(),
    }
}

/// What was set, by whom, and what Salesforce's own limit leaves of it.
fn allowed(budget: &BudgetUse, moment: &Moment) -> String {
    let set = match budget.set_at {
        Some(at) => format!(
            "allowed    {} in any 24 h, set {} by {}\n",
            number(budget.set),
            moment.clock(at),
            budget.set_by
        ),
        None => "allowed    nothing yet: no allocation was ever set\n".to_owned(),
    };
    let capped = match budget.calls.org_limit {
        Some(limit) if budget.calls.allocation < budget.set => format!(
            "capped     Salesforce's own limit is {}: {} can be spent\n",
            number(limit),
            number(budget.calls.allocation)
        ),
        Some(_) | None => String::new(),
    };
    format!(
        "{set}{capped}reserve    {} % of Salesforce's own limit is left to everybody else\n",
        budget.reserve_percent
    )
}

fn night(backfill: &BackfillLine, moment: &Moment) -> String {
    match backfill.when {
        LoadTime::Always => {
            "backfill   at any time; at night only: syncline budget backfill night\n".to_owned()
        }
        LoadTime::Night => {
            let now = backfill.opens_at.map_or_else(
                || "goes now".to_owned(),
                |at| format!("waits until {}", moment.clock(at)),
            );
            format!(
                "backfill   at night only ({} {}), {now}; at any time: syncline budget backfill always\n",
                backfill.night, backfill.zone
            )
        }
    }
}

/// `price      a resync of everything (274 records): 1 to 3 calls`
fn price(one: &Price) -> String {
    let calls = match one.at_most {
        Some(most) if most > one.at_least => {
            format!("{} to {}", number(one.at_least), counted(most, "call"))
        }
        Some(_) => counted(one.at_least, "call"),
        None => format!("at least {}", counted(one.at_least, "call")),
    };
    format!(
        "price      {} ({}): {calls}\n",
        one.what,
        counted(one.records, "record")
    )
}

/// What the account used is journaled in steps of a percent: less than ours is a word from before.
fn hubspot(budget: &BudgetUse) -> String {
    let day = budget.hubspot_day.map(|(used, limit)| {
        let limit = number(limit);
        if used < budget.hubspot {
            return format!(", of the account's {limit} a day");
        }
        format!(", the account {} of {limit} today", number(used))
    });
    format!(
        "HubSpot    {} in 24 h{}\n",
        counted(budget.hubspot, "call"),
        day.unwrap_or_default()
    )
}

fn sparkline(hours: &[u64]) -> String {
    let most = hours.iter().copied().max().unwrap_or(0).max(1);
    hours
        .iter()
        .map(|used| {
            let place = usize::try_from(u128::from(*used) * 7 / u128::from(most))
                .unwrap_or(0)
                .min(7);
            BARS[if *used > 0 { place.max(1) } else { 0 }]
        })
        .collect()
}
