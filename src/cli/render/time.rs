//! Instants as people say them, in their zone.

use jiff::tz::TimeZone;

use crate::domain::record::Timestamp;

/// Now, and where.
#[derive(Debug, Clone)]
pub struct Moment {
    /// The instant the report was made.
    pub now: Timestamp,
    /// The reader's zone.
    pub zone: TimeZone,
}

impl Moment {
    fn local(&self, at: Timestamp, form: &str) -> String {
        jiff::Timestamp::from_millisecond(at.0)
            .map(|at| self.zone.to_datetime(at).strftime(form).to_string())
            .unwrap_or_default()
    }

    /// `Tue 17 Nov 08:00`
    pub fn clock(&self, at: Timestamp) -> String {
        self.local(at, "%a %-d %b %H:%M")
    }

    /// `08:00:04`
    pub fn seconds(&self, at: Timestamp) -> String {
        self.local(at, "%H:%M:%S")
    }

    /// `2026-11-17 08:00:04`
    pub fn stamp(&self, at: Timestamp) -> String {
        self.local(at, "%Y-%m-%d %H:%M:%S")
    }

    /// `20 Nov` for what ends with that day, else as [`Moment::clock`] has it.
    pub fn end(&self, at: Timestamp) -> String {
        if self.local(at, "%H:%M:%S") == "00:00:00" {
            self.local(at.plus(-1), "%-d %b")
        } else {
            self.clock(at)
        }
    }

    /// How long ago, in one unit or two: `16 h`, `2 d 5 h`.
    pub fn ago(&self, at: Timestamp) -> String {
        length(self.now.since(at))
    }
}

/// A length of time in ms, in one unit or two.
pub fn length(milliseconds: i64) -> String {
    let seconds = milliseconds.max(0) / 1_000;
    match (
        seconds / 86_400,
        seconds / 3_600 % 24,
        seconds / 60 % 60,
        seconds % 60,
    ) {
        (0, 0, 0, seconds) => format!("{seconds} s"),
        (0, 0, minutes, _) => format!("{minutes} min"),
        (0, hours, minutes, _) if hours < 3 && minutes > 0 => format!("{hours} h {minutes} min"),
        (0, hours, _, _) => format!("{hours} h"),
        (days, hours, _, _) if days < 3 && hours > 0 => format!("{days} d {hours} h"),
        (days, _, _, _) => format!("{days} d"),
    }
}
