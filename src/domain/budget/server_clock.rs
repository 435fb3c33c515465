//! Salesforce's clock, reckoned from the `Date` header of its answers.
//!
//! Our wall clock has no part in it, so it may jump as it likes. The reckoning is a lower bound:
//! a `Date` names a second that had begun when the answer left, and between answers we count a
//! little slower than our monotonic clock, so that its drift cannot carry us ahead. A clock that
//! lags keeps calls in the window longer than needed, never shorter; how far it can lag, in
//! [`STALE_MS`] or by a slow answer, is covered by the spare minute in
//! [`HOLD_MS`](super::HOLD_MS).

use super::super::record::Timestamp;

/// We count this many millionths slower than the monotonic clock; quartz and NTP stay below it.
const SLOWER_PPM: i64 = 500;

/// Without an answer for this long the reckoning lags by 11 s and what the quartz adds; beyond, it
/// is no longer given.
const STALE_MS: i64 = 6 * 3_600_000;

/// A `Date` further ahead of the reckoning than this (plus what the slower counting explains), and
/// the first one of a run, is believed only when the next one agrees: one answer through a proxy
/// with a wrong clock would otherwise empty the window.
const LEAP_MS: i64 = 60_000;

/// How closely the second one must agree.
const AGREE_MS: i64 = 5_000;

#[derive(Debug, Clone, Copy)]
struct Reading {
    date: Timestamp,
    monotonic_ms: i64,
}

impl Reading {
    fn at(self, monotonic_ms: i64) -> Timestamp {
        let elapsed = monotonic_ms.saturating_sub(self.monotonic_ms).max(0);
        let slower =
            elapsed / 1_000_000 * SLOWER_PPM + elapsed % 1_000_000 * SLOWER_PPM / 1_000_000;
        self.date.plus(elapsed - slower)
    }
}

/// Salesforce's clock as far as we know it in this run.
#[derive(Debug, Clone, Copy, Default)]
pub struct ServerClock {
    reading: Option<Reading>,
    heard_ms: i64,
    /// A leap, or the first `Date`, that waits for a second witness.
    leap: Option<Reading>,
    distrusted: bool,
}

impl ServerClock {
    /// A clock that knows nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Learns from an answer's `Date` header (whole seconds), received at `monotonic_ms`.
    /// A `Date` behind the reckoning moves nothing: it is a slow answer or a server that lags.
    pub fn observe(&mut self, date: Timestamp, monotonic_ms: i64) {
        let heard = Reading { date, monotonic_ms };
        let Some(reading) = self.reading else {
            // Nothing is there to judge the first one by but a second.
            self.weigh(heard);
            return;
        };
        let ahead = date.since(reading.at(monotonic_ms));
        let silent = monotonic_ms.saturating_sub(self.heard_ms).max(0);
        if ahead > LEAP_MS.saturating_add(silent / 1_000) {
            self.weigh(heard);
        } else {
            // Keeping the older reading where it is ahead keeps its slow counting exact.
            self.believe(if ahead > 0 { heard } else { reading });
            self.heard_ms = monotonic_ms;
        }
    }

    /// Salesforce's time at `monotonic_ms`, or `None`: before two answers of this run agree,
    /// after six hours without any, after [`distrust`](Self::distrust), or while a leap waits for its
    /// second witness. Then ask the free `GET /services/data/` and [`observe`](Self::observe);
    /// no counted call may be spent meanwhile.
    pub fn now(&self, monotonic_ms: i64) -> Option<Timestamp> {
        let reading = self.reading?;
        let silent = monotonic_ms.saturating_sub(self.heard_ms);
        let known = !self.distrusted && self.leap.is_none() && silent <= STALE_MS;
        known.then(|| reading.at(monotonic_ms))
    }

    /// Withholds the time until the next answer. To be called when the wall clock has gone
    /// further than the monotonic one: the machine may have slept, and a monotonic clock sleeps
    /// with it.
    pub fn distrust(&mut self) {
        self.distrusted = true;
    }

    /// Believes what the last strange `Date` agrees with; otherwise it waits to be agreed with.
    fn weigh(&mut self, heard: Reading) {
        let ahead = |leap: Reading| heard.date.since(leap.at(heard.monotonic_ms));
        if self.leap.is_some_and(|leap| ahead(leap).abs() <= AGREE_MS) {
            self.believe(heard);
        } else {
            self.leap = Some(heard);
        }
    }

    fn believe(&mut self, reading: Reading) {
        self.reading = Some(reading);
        self.heard_ms = reading.monotonic_ms;
        self.leap = None;
        self.distrusted = false;
    }
}
