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
pub struct Queue {
    waits: BTreeMap<Lane, Wait>,
    promised: u64,
}

impl Queue {
    /// The same while so many calls are promised and not yet taken: they are no more there for
    /// whoever asks, and nobody's own.
    #[must_use]
    pub fn beside(&self, promised: u64) -> Self {
        let waits = self.waits.clone();
        Self { waits, promised }
    }

    /// `lane` asked at `now` for `calls`, and was told to ask again at `told`.
    pub fn refused(&mut self, lane: Lane, calls: u64, now: Timestamp, told: Timestamp) {
        let since = self.since(lane).unwrap_or(now);
        let wait = Wait {
            since,
            calls,
            believed_until: told.plus(BELIEVED_MS),
        };
        self.waits.insert(lane, wait);
    }

    /// `lane` got what it asked for.
    pub fn served(&mut self, lane: Lane) {
        self.waits.remove(&lane);
    }

    /// Since when `lane` waits; none when it does not.
    pub fn since(&self, lane: Lane) -> Option<Timestamp> {
        self.waits.get(&lane).map(|wait| wait.since)
    }

    /// The lanes that are believed to wait at `now`, each with the calls it asked for.
    pub fn waiting(&self, now: Timestamp) -> impl Iterator<Item = (Lane, u64)> {
        let waits = self.waits.iter();
        let waits = waits.filter(move |(_, wait)| now <= wait.believed_until);
        waits.map(|(lane, wait)| (*lane, wait.calls))
    }

    /// Calls that are promised.
    pub(super) fn promised(&self) -> u64 {
        self.promised
    }

    /// The other lanes that are believed to wait at `now`.
    pub(super) fn others(&self, lane: Lane, now: Timestamp) -> impl Iterator<Item = (Lane, Wait)> {
        let waits = self.waits.iter().map(|(other, wait)| (*other, *wait));
        waits.filter(move |(other, wait)| *other != lane && now <= wait.believed_until)
    }
}
