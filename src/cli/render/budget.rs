//! `syncline budget`.

use super::status::{calls, percent};
use super::time::Moment;
use super::{counted, number};
use crate::control::report::BudgetUse;

/// Bars of a sparkline, from nothing to the most.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The allocation and its use.
pub(super) fn text(budget: &BudgetUse, moment: &Moment) -> String {
    let mut text = calls(&budget.calls);
    let operations: Vec<String> = budget
        .operations
        .iter()
        .filter(|(_, used)| *used > 0)
        .map(|(operation, used)| format!("{operation} {}", number(*used)))
        .collect();
    if !operations.is_empty() {
        text.push_str(&format!("  {}\n", operations.join("  ")));
    }
    text.push_str(&format!(
        "\nper hour  {}  {}\n",
        sparkline(&budget.hours),
        moment.clock(budget.at)
    ));
    let rate = budget.calls.last_hour;
    let left = match budget.hours_left {
        Some(0) => "at this rate the rest lasts less than an hour".to_owned(),
        Some(hours) => format!("at this rate the rest lasts {}", counted(hours, "hour")),
        None => "at this rate the allocation is never used up".to_owned(),
    };
    text.push_str(&format!("rate      {}/h: {left}\n", number(rate)));
    text.push_str(&format!(
        "reserve   {} % of Salesforce's own limit is left to everybody else\n",
        budget.reserve_percent
    ));
    if percent(budget.calls.used, budget.calls.allocation) >= 80 {
        text.push_str("\nraise it   syncline budget set N\n");
    }
    text
}

fn sparkline(hours: &[u64]) -> String {
    let most = hours.iter().copied().max().unwrap_or(0).max(1);
    hours
        .iter()
        .map(|used| {
            let place = usize::try_from(used * 7 / most).unwrap_or(0).min(7);
            BARS[if *used > 0 { place.max(1) } else { 0 }]
        })
        .collect()
}
