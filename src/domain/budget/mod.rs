//! How many calls may be spent, by whom and when: the allocation is kept, never nearly kept.
//!
//! Refuses to know what a call does and how it is sent. Two gates stand before Salesforce: a
//! rolling window over an exact log of calls is the hard cap, a token bucket paces. Both run on
//! Salesforce's clock as [`ServerClock`] reckons it. HubSpot has a pace of its own, [`Pace`].

mod bucket;
mod deferrals;
mod forecast;
mod ledger;
mod night;
mod pace;
mod queue;
mod server_clock;
mod standing;
mod wall;

pub use deferrals::Deferrals;
pub use forecast::{Fullness, Thresholds, exhausts_at};
pub use ledger::Ledger;
pub use night::Night;
pub use pace::{Pace, PaceKind, PaceLimits};
pub use queue::Queue;
pub use server_clock::ServerClock;
pub use standing::Standing;
pub use wall::Wall;

use super::call::Lane;
use super::record::Timestamp;

/// One day, in milliseconds: the length of Salesforce's own window.
pub const DAY_MS: i64 = 86_400_000;

/// How long a call counts after it was taken: it may reach Salesforce as late as its time-out
/// (120 s) and counts there for 24 h; one minute more covers what the two clocks disagree about.
pub const HOLD_MS: i64 = 120_000 + DAY_MS + 60_000;

/// A lane with work gets one call at least this often, in milliseconds, whatever its share.
pub const FLOOR_MS: i64 = 15 * 60_000;

/// Allocations that can be set: calls in any rolling 24 h. None at all is a pause, and more than an
/// org has ever been sold is a slip of the finger.
pub const ALLOCATIONS: std::ops::RangeInclusive<u64> = 1..=100_000_000;

/// The setting in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Calls to Salesforce in any rolling 24 h.
    pub allocation: u64,
    /// Percent of the org's own limit that is left to everybody else; more than 100 counts as 100.
    pub reserve_percent: u8,
}

/// What Salesforce said about everybody's calls: the `Sforce-Limit-Info` header, `api-usage=N/M`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrgUsage {
    /// Calls used by everybody in Salesforce's own window.
    pub used: u64,
    /// The org's own ceiling.
    pub limit: u64,
}

/// What stands in the way of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scarcity {
    /// The whole allocation is used.
    Window,
    /// The part of the org's limit that we may touch is used.
    OrgReserve,
    /// The lane's share of the allocation is used; more important lanes may still spend.
    Share,
    /// The pace: the bucket fills again in minutes.
    Bucket,
}

/// What a lane hears when it asks for calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Journal it, then send it.
    Granted {
        /// When it stops counting, on Salesforce's clock.
        until: Timestamp,
    },
    /// Asking earlier is in vain.
    NotBefore {
        /// When to ask again, on Salesforce's clock; later than the asking.
        at: Timestamp,
        /// What stands in the way.
        why: Scarcity,
    },
}

/// The percentage of the allocation up to which `lane` may spend, counting all lanes' calls.
pub fn share_percent(lane: Lane) -> u8 {
    match lane {
        Lane::Live | Lane::Parent | Lane::Detect | Lane::Metadata => 100,
        Lane::Resync => 95,
        Lane::Retry => 75,
        Lane::Backfill => 60,
    }
}

/// The lanes that wait because of their share alone when so much is used, those that wait first
/// first.
pub fn past_share(used: u64, allocation: u64) -> Vec<Lane> {
    let lanes = Lane::ALL.iter().rev().copied();
    let is_past = |lane: &Lane| {
        let share = share_percent(*lane);
        share < 100 && used >= percent_of(allocation, share)
    };
    lanes.filter(is_past).collect()
}

/// `percent` of `whole`, rounded down; exact for every `u64`.
fn percent_of(whole: u64, percent: u8) -> u64 {
    let part = u128::from(whole) * u128::from(percent.min(100)) / 100;
    u64::try_from(part).unwrap_or(whole)
}
