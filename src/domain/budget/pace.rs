//! HubSpot's own pace: so many calls in ten seconds, so many searches in one.
//!
//! A sliding log on the monotonic clock. It needs no memory over a restart, because a restart
//! takes longer than a second and HubSpot answers an early call with 429, which costs nothing.

use std::collections::VecDeque;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaceKind {
    /// Any call but a search.
    Call,
    /// A call to a search endpoint, which counts as a call too.
    Search,
}

/// The limits in force, as the account's plan or HubSpot's answers say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaceLimits {
    /// Calls in any `burst_ms`; 0 counts as 1.
    pub burst_calls: usize,
    /// Length of the burst window in milliseconds: 10,000 at HubSpot.
    pub burst_ms: i64,
    /// Searches in any second; 0 counts as 1.
    pub search_calls: usize,
}

const SECOND_MS: i64 = 1_000;

/// The last calls made, as far as they still count.
#[derive(Debug, Clone)]
pub struct Pace {
    limits: PaceLimits,
    calls: VecDeque<i64>,
    searches: VecDeque<i64>,
    /// Nothing before this instant, as HubSpot asked for.
    paused_until_ms: i64,
}

impl Pace {
    /// A pace with nothing spent.
    pub fn new(limits: PaceLimits) -> Self {
        Self {
            limits,
            calls: VecDeque::new(),
            searches: VecDeque::new(),
            paused_until_ms: i64::MIN,
        }
    }

    /// Sets other limits; what was spent still counts.
    pub fn limit(&mut self, limits: PaceLimits) {
        self.limits = limits;
    }

    /// Lets nothing pass for `wait_ms` from now: a 429's `Retry-After`.
    pub fn pause(&mut self, now_monotonic_ms: i64, wait_ms: i64) {
        let until = now_monotonic_ms.saturating_add(wait_ms.max(0));
        self.paused_until_ms = self.paused_until_ms.max(until);
    }

    /// Takes one call of `kind`, or says in how many milliseconds (at least 1) to ask again.
    pub fn ask(&mut self, now_monotonic_ms: i64, kind: PaceKind) -> Result<(), i64> {
        let now = now_monotonic_ms;
        let burst_ms = self.limits.burst_ms.max(1);
        let mut wait = self.paused_until_ms.saturating_sub(now);
        wait = wait.max(wait_for(
            &mut self.calls,
            self.limits.burst_calls,
            burst_ms,
            now,
        ));
        if kind == PaceKind::Search {
            let searches = self.limits.search_calls;
            wait = wait.max(wait_for(&mut self.searches, searches, SECOND_MS, now));
        }
        if wait > 0 {
            return Err(wait);
        }
        self.calls.push_back(now);
        if kind == PaceKind::Search {
            self.searches.push_back(now);
        }
        Ok(())
    }
}

/// Drops what no longer counts and says how long until one more fits; 0 when it does.
fn wait_for(spent: &mut VecDeque<i64>, limit: usize, window_ms: i64, now: i64) -> i64 {
    while spent
        .front()
        .is_some_and(|at| now.saturating_sub(*at) >= window_ms)
    {
        spent.pop_front();
    }
    let over = spent.len().checked_sub(limit.max(1));
    let leaves = over.and_then(|place| spent.get(place));
    leaves.map_or(0, |at| {
        window_ms.saturating_sub(now.saturating_sub(*at)).max(1)
    })
}
