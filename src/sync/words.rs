//! What the log says of the budget and of lengths of time.

use crate::domain::budget::{OrgUsage, Policy, Scarcity};
use crate::domain::call::Lane;
use crate::domain::digest::thousands;

/// Whether usage moved by a percent of its ceiling since it was last told.
pub(super) fn moved_enough(before: Option<OrgUsage>, used: u64, limit: u64) -> bool {
    before.is_none_or(|before| {
        let percent = (limit / 100).max(1);
        before.limit != limit || before.used / percent != used / percent
    })
}

pub(super) fn scarcity(why: Scarcity) -> &'static str {
    match why {
        Scarcity::Window => "the allocation is used up",
        Scarcity::OrgReserve => "the rest is the org's own reserve",
        Scarcity::Share => "its share is used up",
        Scarcity::Bucket => "paced over the day",
    }
}

pub(super) fn tell_scarce(lane: Lane, why: Scarcity, used: u64, policy: &Policy) {
    let allocation = policy.allocation;
    let share = used
        .saturating_mul(100)
        .checked_div(allocation)
        .unwrap_or(100);
    let (used, allocation) = (thousands(used), thousands(allocation));
    let said = format!(
        "budget: {used} of {allocation} calls used ({share} %); {lane} deferred ({}); it resumes by itself",
        scarcity(why)
    );
    match why {
        // Every first load is paced: it is no trouble, and passes in minutes.
        Scarcity::Bucket => tracing::info!(%lane, "{said}"),
        Scarcity::Window | Scarcity::OrgReserve | Scarcity::Share => {
            tracing::warn!(%lane, "{said}");
        }
    }
}

pub(super) fn tell_plenty(lane: Lane) {
    tracing::info!(notice = true, %lane, "budget frees: {lane} goes on");
}

/// A length of time as people say it: `17 min 31 s`.
pub(super) fn spoken_length(milliseconds: i64) -> String {
    let seconds = milliseconds.max(0) / 1_000;
    match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}
