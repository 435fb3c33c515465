//! Our wall clock beside the monotonic one: that it was set, or that the machine slept.

use super::super::record::Timestamp;

/// Clocks that are kept in step by the network move by less.
const JUMP_MS: i64 = 60_000;

/// The two clocks as they were compared last.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wall(Option<(Timestamp, i64)>);

impl Wall {
    /// Compares them: how far the wall clock went further than the other one since the last
    /// comparison, in ms, when that is more than a minute; negative when it was set back. A slow
    /// drift is never one.
    pub fn compare(&mut self, now: Timestamp, monotonic_ms: i64) -> Option<i64> {
        let before = self.0.replace((now, monotonic_ms));
        let (then, then_ms) = before?;
        let ahead = now
            .since(then)
            .saturating_sub(monotonic_ms.saturating_sub(then_ms));
        (ahead.saturating_abs() > JUMP_MS).then_some(ahead)
    }
}
