//! Signs of life for systemd: given by the loops, and only while every one of them gives some.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use sd_notify::NotifyState;

use crate::clock::Clock;

/// A loop silent for longer than this is stuck: its longest wait and a call's time-out fit in.
const SILENCE_MAX_MS: i64 = 240_000;

/// The loops' last signs.
pub(super) struct Pulse {
    clock: Arc<dyn Clock>,
    beats: Mutex<BTreeMap<&'static str, i64>>,
}

impl Pulse {
    /// No sign yet.
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            beats: Mutex::new(BTreeMap::new()),
        }
    }

    /// A loop came round; the watchdog is fed when none of the others hangs.
    pub(super) fn beat(&self, name: &'static str) {
        let now = self.clock.monotonic_ms();
        let mut beats = self.beats.lock().unwrap_or_else(PoisonError::into_inner);
        beats.insert(name, now);
        if beats.values().all(|beat| now - beat < SILENCE_MAX_MS) {
            tell(&[NotifyState::Watchdog]);
        }
    }

    /// The loops run.
    pub(super) fn ready() {
        tell(&[NotifyState::Ready]);
    }

    /// The loops are being stopped.
    pub(super) fn stopping() {
        tell(&[NotifyState::Stopping]);
    }
}

fn tell(states: &[NotifyState<'_>]) {
    // Without systemd there is nobody to tell.
    let _ = sd_notify::notify(states);
}
