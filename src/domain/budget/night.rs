//! The part of the day in which first loads may spend, when they may not at any time.

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::super::record::Timestamp;
use super::super::schedule::Schedule;

/// From one time of the day to another, over midnight when the second one is the earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Night {
    /// Its first minute of the day, below 1,440.
    pub from_min: u16,
    /// The minute in which it is over, below 1,440 and another one.
    pub to_min: u16,
}

impl Default for Night {
    fn default() -> Self {
        Self {
            from_min: 22 * 60,
            to_min: 6 * 60,
        }
    }
}

impl std::fmt::Display for Night {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}-{}", clock(self.from_min), clock(self.to_min))
    }
}

fn clock(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

impl Night {
    /// `22:00-06:00`; the error says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let minute = |text: &str| {
            let (hour, minute) = text.split_once(':')?;
            let digits = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
            if !digits(hour) || !digits(minute) {
                return None;
            }
            let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
            (hour < 24 && minute < 60).then_some(hour * 60 + minute)
        };
        let night = text.split_once('-').and_then(|(from, to)| {
            let (from_min, to_min) = (minute(from)?, minute(to)?);
            (from_min != to_min).then_some(Self { from_min, to_min })
        });
        night.ok_or_else(|| "write two times of the day, as in \"22:00-06:00\"".to_owned())
    }

    /// When it next begins, seen from `now` in `zone`; none while it lasts. A beginning that the
    /// zone's clock skips is the first instant after the gap.
    pub fn begins_at(&self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let here = zone.to_datetime(jiff::Timestamp::from_millisecond(now.0).ok()?);
        let minute = u16::try_from(here.hour()).ok()? * 60 + u16::try_from(here.minute()).ok()?;
        if self.lasts_at(minute) {
            return None;
        }
        let begins = Schedule::daily(&clock(self.from_min)).ok()?;
        begins.next(zone, now).map(|due| due.at)
    }

    fn lasts_at(self, minute: u16) -> bool {
        if self.from_min <= self.to_min {
            (self.from_min..self.to_min).contains(&minute)
        } else {
            minute >= self.from_min || minute < self.to_min
        }
    }
}
