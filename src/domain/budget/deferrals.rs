//! Which lanes are known to be deferred, so that it is said once when that begins and once when it
//! is over, and not at each call of a lane that is served now and then.
//!
//! Refuses to know why a call is wanted, and what is said. Times are those of the monotonic clock.

use std::collections::BTreeMap;

use super::super::call::Lane;
use super::{FLOOR_MS, Scarcity};

/// A lane that is paced is refused and served in turns: it goes on once it was not refused for so
/// long. One that does not ask for so long after it may has no work any more.
const CALM_MS: i64 = FLOOR_MS;

/// One deferral that was told.
#[derive(Debug, Clone, Copy)]
struct Deferral {
    why: Scarcity,
    refused_ms: i64,
    asks_ms: i64,
}

/// What was told. What concerns the whole budget is kept under no lane: it is one piece of news,
/// however many lanes meet it.
#[derive(Debug, Clone, Default)]
pub struct Deferrals(BTreeMap<Option<Lane>, Deferral>);

impl Deferrals {
    /// `lane` was refused calls and is to ask again in `wait_ms`; whether that is news.
    pub fn refused(&mut self, lane: Lane, why: Scarcity, now_ms: i64, wait_ms: i64) -> bool {
        let asks_ms = now_ms.saturating_add(wait_ms);
        let known = self.0.get_mut(&subject(lane, why));
        let known = known.filter(|known| now_ms <= known.asks_ms.saturating_add(CALM_MS));
        let Some(known) = known else {
            let deferral = Deferral {
                why,
                refused_ms: now_ms,
                asks_ms,
            };
            self.0.insert(subject(lane, why), deferral);
            return true;
        };
        known.refused_ms = now_ms;
        known.asks_ms = asks_ms;
        // A lane past its share was only paced before: the graver reason is news, too.
        let graver = why < known.why;
        known.why = known.why.min(why);
        graver
    }

    /// `lane` was granted calls; whether it is news that it goes on. It does when `freely` says that
    /// it would have been granted them without having waited.
    pub fn granted(&mut self, lane: Lane, now_ms: i64, freely: impl FnOnce() -> bool) -> bool {
        let is_calm = |known: &Deferral| now_ms.saturating_sub(known.refused_ms) >= CALM_MS;
        let over: Vec<_> = [Some(lane), None]
            .into_iter()
            .filter(|one| self.0.get(one).is_some_and(is_calm))
            .collect();
        if over.is_empty() || !freely() {
            return false;
        }
        for one in over {
            self.0.remove(&one);
        }
        true
    }
}

fn subject(lane: Lane, why: Scarcity) -> Option<Lane> {
    match why {
        Scarcity::Window | Scarcity::OrgReserve => None,
        Scarcity::Share | Scarcity::Bucket => Some(lane),
    }
}
