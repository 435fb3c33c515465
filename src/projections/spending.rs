//! Where the budget stands now: calls that count on Salesforce's clock, and what they come to. Times
//! that it tells are on our clock, for people.

use super::allowance;
use super::calls::{self, Use};
use super::hours;
use crate::domain::budget::{DAY_MS, HOLD_MS, exhausts_at};
use crate::domain::record::{Side, Timestamp};
use crate::store::View;

/// Calls to `side` that count now, by what they were for.
pub fn used(view: &View<'_>, side: Side) -> anyhow::Result<Vec<Use>> {
    let now = calls::clock(view, side)?;
    calls::used_since(view, side, now.plus(-HOLD_MS))
}

/// Calls to `side` that count now.
pub fn sum(view: &View<'_>, side: Side) -> anyhow::Result<u64> {
    Ok(used(view, side)?.iter().map(|one| one.calls).sum())
}

/// Calls to Salesforce in the last hour: the rate.
pub fn per_hour(view: &View<'_>) -> anyhow::Result<u64> {
    let now = calls::clock(view, Side::Salesforce)?;
    calls::spent_since(view, Side::Salesforce, now.plus(-hours::HOUR_MS))
}

/// When the allocation, of which `used` calls count, is used up at the rate of the last hour, counting
/// what leaves meanwhile by whole hours; none when that rate can go on for a day.
pub fn empty_at(view: &View<'_>, used: u64) -> anyhow::Result<Option<Timestamp>> {
    let side = Side::Salesforce;
    let now = calls::clock(view, side)?;
    // A call that left the window early would make the rest look larger: each leaves with the last
    // one of its hour.
    let hours = usize::try_from(DAY_MS / hours::HOUR_MS)?.saturating_add(1);
    let sums = hours::last_hours(view, side, now, hours)?;
    let first = hours::hour_at(now).saturating_sub(i64::try_from(hours)?) + 1;
    let leaving = sums.into_iter().zip(first..).map(|(calls, hour)| {
        let ends = Timestamp(hour.saturating_add(1).saturating_mul(hours::HOUR_MS));
        (ends.plus(HOLD_MS), calls)
    });
    let (allocation, rate) = (allowance::in_force(view)?, per_hour(view)?);
    let at = exhausts_at(used, allocation, rate, leaving, now);
    Ok(at.map(|at| view.now().plus(at.since(now))))
}

/// When an allocation of which `used` calls count has room for a call again; none while it has.
pub fn frees_at(view: &View<'_>, used: u64) -> anyhow::Result<Option<Timestamp>> {
    let side = Side::Salesforce;
    let Some(over) = used.checked_sub(allowance::in_force(view)?) else {
        return Ok(None);
    };
    let now = calls::clock(view, side)?;
    let at = calls::leaves_at(view, side, now, over.saturating_add(1))?;
    Ok(at.map(|at| view.now().plus(at.since(now))))
}
