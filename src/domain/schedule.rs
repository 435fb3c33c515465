//! When a digest is due, in the reader's time zone, over clock changes and downtime.
//!
//! The `cron` crate only finds wall-clock times and is shown the wall clock as if it were UTC, so
//! that it never meets a clock change; the rule here makes instants of them. Knows nothing of what
//! a digest says or who reads it.

use std::str::FromStr;

use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc};
use jiff::civil;
use jiff::tz::{AmbiguousOffset, TimeZone};
use serde::{Deserialize, Serialize};

use super::call::keyed;
use super::record::Timestamp;

keyed! {
    /// How often somebody is told.
    Frequency {
        /// Within a minute of a change of state.
        Now = "now",
        /// Once a day.
        Daily = "daily",
        /// Once a week.
        Weekly = "weekly",
    }
}

const DAYS: [&str; 7] = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];

/// How far back missed digests are counted: a year of downtime needs no exact number.
const LOOK_BACK_MS: i64 = 366 * 86_400_000;

/// How many zones an unknown name is answered with.
const SUGGESTIONS_MAX: usize = 3;

/// Recurring wall-clock times.
#[derive(Debug, Clone)]
pub struct Schedule {
    expression: String,
    times: cron::Schedule,
}

impl PartialEq for Schedule {
    fn eq(&self, other: &Self) -> bool {
        self.expression == other.expression
    }
}

/// One time at which a schedule fires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The instant.
    pub at: Timestamp,
    /// What the schedule calls it: `2026-11-17T08:00[Europe/Rome]`. It names a slot, and stays the
    /// same when the zone's rules change between planning and sending.
    pub nominal: String,
}

impl Schedule {
    /// Every day at a time: `08:00`. An error is a sentence for the configuration's reader.
    pub fn daily(text: &str) -> Result<Self, String> {
        let (hour, minute) = time_of_day(text.trim())?;
        Self::of(format!("0 {minute} {hour} * * *"), text)
    }

    /// Every week at a day and time: `mon 08:00`.
    pub fn weekly(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no day and time; write for example \"mon 08:00\"");
        let (day, time) = text
            .trim()
            .split_once(char::is_whitespace)
            .ok_or_else(wrong)?;
        let (hour, minute) = time_of_day(time.trim())?;
        let day = day_of_week(day).ok_or_else(wrong)?;
        Self::of(format!("0 {minute} {hour} * * {day}"), text)
    }

    /// A cron expression of five fields (minute, hour, day of month, month, day of week) or of six
    /// (second first). Refuses what people and the crate read differently, and what would send a
    /// mail a minute.
    pub fn cron(text: &str) -> Result<Self, String> {
        let mut fields: Vec<&str> = text.split_whitespace().collect();
        if fields.len() == 5 {
            fields.insert(0, "0");
        }
        let &[second, minute, _, day, _, weekday] = fields.as_slice() else {
            return Err(format!(
                "{text:?} has {} fields; write five: minute, hour, day of month, month, day of week",
                text.split_whitespace().count()
            ));
        };
        if weekday.chars().any(|c| c.is_ascii_digit()) {
            return Err(format!(
                "{text:?} names days of the week by number, which cron programs count differently; \
                 write MON-FRI or SUN"
            ));
        }
        if ![day, weekday]
            .iter()
            .any(|field| matches!(*field, "*" | "?"))
        {
            return Err(format!(
                "{text:?} sets both the day of month and the day of week, which cron programs \
                 combine differently; set one and leave * in the other"
            ));
        }
        for (name, field) in [("second", second), ("minute", minute)] {
            if !field.chars().all(|c| c.is_ascii_digit() || c == ',') {
                return Err(format!(
                    "{text:?} would fire again and again within the hour; give the {name} as a \
                     number, for example \"0 8 * * MON-FRI\""
                ));
            }
        }
        Self::of(fields.join(" "), text)
    }

    /// `written` is what stands in the configuration, for a reader who never saw the expression.
    fn of(expression: String, written: &str) -> Result<Self, String> {
        let times = cron::Schedule::from_str(&expression).map_err(|_| {
            format!("{written:?} is no cron expression; write for example \"0 8 * * MON-FRI\"")
        })?;
        // 2024 is a leap year, so that the 29th of February is found at once.
        let start = NaiveDate::from_ymd_opt(2024, 1, 1).and_then(|day| day.and_hms_opt(0, 0, 0));
        let never = start.is_none_or(|start| times.after(&start.and_utc()).next().is_none());
        if never {
            return Err(format!("{written:?} never fires: no such date exists"));
        }
        Ok(Self { expression, times })
    }

    /// The expression of six fields that says the same, to journal; [`Schedule::cron`] reads it.
    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// The first time strictly after `after`. A time the zone skips fires at the first instant
    /// after the gap, one it repeats fires the first time only. `None` when the calendar ends.
    pub fn next(&self, zone: &TimeZone, after: Timestamp) -> Option<Due> {
        self.all_after(zone, after).next()
    }

    fn all_after<'a>(
        &'a self,
        zone: &'a TimeZone,
        after: Timestamp,
    ) -> impl Iterator<Item = Due> + 'a {
        let mut last = after;
        wall(zone, after)
            .into_iter()
            .flat_map(|from| self.times.after(&from))
            .filter_map(move |found| due(zone, found))
            // Two times in one gap become one instant, and a repeated hour lies in the past.
            .filter(move |due| {
                let later = due.at > last;
                last = last.max(due.at);
                later
            })
    }
}

/// A schedule as people write it: `daily 08:00`, `weekly mon 08:00`, and the expression itself where
/// it says more than that.
pub fn spoken(frequency: Frequency, expression: &str) -> String {
    let fields: Vec<&str> = expression.split_whitespace().collect();
    let number = |text: &str| text.parse::<u8>().ok();
    if let &[second, minute, hour, "*", "*", day] = fields.as_slice()
        && let (Some(second), Some(minute), Some(hour)) =
            (number(second), number(minute), number(hour))
    {
        let mut time = format!("{hour:02}:{minute:02}");
        if second > 0 {
            time.push_str(&format!(":{second:02}"));
        }
        if frequency == Frequency::Weekly && DAYS.contains(&day) {
            return format!("weekly {} {time}", day.to_lowercase());
        }
        if frequency == Frequency::Daily && day == "*" {
            return format!("daily {time}");
        }
    }
    format!("{frequency} at \"{expression}\"")
}

/// The digest to send now when the last one told was due at `last_told`: the newest time that has
/// passed, and how many before it went unsent. One late digest covers all of them.
pub fn last_due(
    schedule: &Schedule,
    zone: &TimeZone,
    last_told: Timestamp,
    now: Timestamp,
) -> Option<(Due, u32)> {
    let from = last_told.max(now.plus(-LOOK_BACK_MS));
    schedule
        .all_after(zone, from)
        .take_while(|due| due.at <= now)
        .fold(None, |newest, due| {
            let missed = newest.map_or(0, |(_, missed): (Due, u32)| missed.saturating_add(1));
            Some((due, missed))
        })
}

/// The time zone of an IANA name. An unknown one is answered with the nearest names.
pub fn zone(name: &str) -> Result<TimeZone, String> {
    let name = name.trim();
    let known = TimeZone::get(name).ok();
    if let Some(zone) = known.filter(|zone| !zone.is_unknown()) {
        return Ok(zone);
    }
    let near = nearest_zones(name);
    if near.is_empty() {
        return Err(format!(
            "{name:?} is no time zone; write an IANA name such as \"Europe/Rome\""
        ));
    }
    Err(format!(
        "{name:?} is no time zone; did you mean {}?",
        near.join(" or ")
    ))
}

fn nearest_zones(name: &str) -> Vec<String> {
    let wanted = name.to_lowercase().replace([' ', '-'], "_");
    let mut scored: Vec<(f64, String)> = jiff::tz::db()
        .available()
        .map(|zone| zone.to_string())
        .filter(|zone| !zone.starts_with("posix/") && !zone.starts_with("right/"))
        .map(|zone| {
            let lower = zone.to_lowercase();
            // People remember the city: "Rome" is near to "Europe/Rome".
            let city = lower.rsplit('/').next().unwrap_or(&lower);
            let wanted_city = wanted.rsplit('/').next().unwrap_or(&wanted);
            let whole = strsim::normalized_damerau_levenshtein(&wanted, &lower);
            let part = strsim::normalized_damerau_levenshtein(wanted_city, city) * 0.95;
            (whole.max(part), zone)
        })
        .filter(|(score, _)| *score >= 0.6)
        .collect();
    scored.sort_by(|one, other| other.0.total_cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
    let best = scored.first().map_or(0.0, |(score, _)| *score);
    scored.retain(|(score, _)| *score >= best - 0.1);
    let names = scored.into_iter().map(|(_, zone)| zone);
    names.take(SUGGESTIONS_MAX).collect()
}

fn time_of_day(text: &str) -> Result<(u8, u8), String> {
    let two = |part: &str, max: u8| {
        let digits =
            !part.is_empty() && part.len() <= 2 && part.bytes().all(|b| b.is_ascii_digit());
        digits
            .then(|| part.parse().ok())
            .flatten()
            .filter(|number: &u8| *number <= max)
    };
    let parts = text.split_once(':').filter(|(_, minute)| minute.len() == 2);
    parts
        .and_then(|(hour, minute)| Some((two(hour, 23)?, two(minute, 59)?)))
        .ok_or_else(|| format!("{text:?} is no time of day; write for example \"08:00\""))
}

fn day_of_week(text: &str) -> Option<&'static str> {
    const LONG: [&str; 7] = [
        "MONDAY",
        "TUESDAY",
        "WEDNESDAY",
        "THURSDAY",
        "FRIDAY",
        "SATURDAY",
        "SUNDAY",
    ];
    let upper = text.to_uppercase();
    let found = LONG
        .iter()
        .position(|long| upper.len() >= 3 && long.starts_with(&upper))?;
    DAYS.get(found).copied()
}

/// What the wall shows at `at`, dressed as UTC for the crate.
fn wall(zone: &TimeZone, at: Timestamp) -> Option<DateTime<Utc>> {
    let wall = zone.to_datetime(jiff::Timestamp::from_millisecond(at.0).ok()?);
    let part = |number: i8| u32::try_from(number).ok();
    let day = NaiveDate::from_ymd_opt(wall.year().into(), part(wall.month())?, part(wall.day())?)?;
    let time = day.and_hms_opt(
        part(wall.hour())?,
        part(wall.minute())?,
        part(wall.second())?,
    )?;
    Some(time.and_utc())
}

/// The instant of a wall-clock time the crate found.
fn due(zone: &TimeZone, found: DateTime<Utc>) -> Option<Due> {
    let part = |number: u32| i8::try_from(number).ok();
    let wall = civil::DateTime::new(
        i16::try_from(found.year()).ok()?,
        part(found.month())?,
        part(found.day())?,
        part(found.hour())?,
        part(found.minute())?,
        part(found.second())?,
        0,
    )
    .ok()?;
    let meant = zone.to_ambiguous_timestamp(wall);
    let earlier = meant.earlier().ok()?;
    let at = match meant.offset() {
        AmbiguousOffset::Gap { .. } => zone.following(earlier).next()?.timestamp(),
        AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => earlier,
    };
    let form = if wall.second() == 0 {
        "%Y-%m-%dT%H:%M"
    } else {
        "%Y-%m-%dT%H:%M:%S"
    };
    let name = zone.iana_name().unwrap_or("UTC");
    Some(Due {
        at: Timestamp(at.as_millisecond()),
        nominal: format!("{}[{name}]", wall.strftime(form)),
    })
}
