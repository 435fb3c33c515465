//! Lanes that asked for calls and got none: since when, and for how many.

use std::collections::BTreeMap;

use super::super::call::Lane;
use super::super::record::Timestamp;

/// How long past the instant it was told to ask again a lane is believed to want its calls still:
/// its work may have gone meanwhile, and nothing is kept for work that is not there.
const BELIEVED_MS: i64 = 5 * 60_000;

/// One lane's waiting.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wait {
    pub(super) since: Timestamp,
    pub(super) calls: u64,
    believed_until: Timestamp,
}

/// Who waits. All times are on Salesforce's clock.
#[derive(Debug, Clone, Default)]
pub struct Queue(BTreeMap<Lane, Wait>);

impl Queue {
    /// `lane` asked at `now` for `calls`, and was told to ask again at `told`.
    pub fn refused(&mut self, lane: Lane, calls: u64, now: Timestamp, told: Timestamp) {
        let since = self.since(lane).unwrap_or(now);
        let wait = Wait {
            since,
            calls,
            believed_until: told.plus(BELIEVED_MS),
        };
        self.0.insert(lane, wait);
    }

    /// `lane` got what it asked for.
    pub fn served(&mut self, lane: Lane) {
        self.0.remove(&lane);
    }

    /// Since when `lane` waits; none when it does not.
    pub fn since(&self, lane: Lane) -> Option<Timestamp> {
        self.0.get(&lane).map(|wait| wait.since)
    }

    /// The lanes that wait.
    pub fn lanes(&self) -> impl Iterator<Item = Lane> {
        self.0.keys().copied()
    }

    /// The other lanes that are believed to wait at `now`.
    pub(super) fn others(&self, lane: Lane, now: Timestamp) -> impl Iterator<Item = (Lane, Wait)> {
        let waits = self.0.iter().map(|(other, wait)| (*other, *wait));
        waits.filter(move |(other, wait)| *other != lane && now <= wait.believed_until)
    }
}
