//! Every time zone there is, over three years and random downtime: no slot missed, none doubled,
//! none out of order. The iterator of the `cron` crate by itself is the control that fails.

use std::collections::BTreeMap;

use chrono::{
    DateTime, Datelike, FixedOffset, MappedLocalTime, NaiveDate, NaiveDateTime, Timelike,
};
use jiff::tz::TimeZone;
use syncline::domain::record::Timestamp;
use syncline::domain::schedule::{Schedule, last_due};

const SECOND: i64 = 1_000;
const DAY: i64 = 86_400;
/// 1 January 2026 and 1 January 2029, in seconds.
const FROM: i64 = 1_767_225_600;
const TO: i64 = 1_861_920_000;

/// A zone's offsets in the three years: each from an instant on, in seconds.
type Offsets = Vec<(i64, i64)>;

fn offsets(zone: &TimeZone) -> Offsets {
    let second = |second| jiff::Timestamp::from_second(second).expect("in range");
    let mut offsets = vec![(
        i64::MIN,
        zone.to_offset(second(FROM - 2 * DAY)).seconds().into(),
    )];
    for change in zone.following(second(FROM - 2 * DAY)) {
        let at = change.timestamp().as_second();
        if at > TO {
            break;
        }
        offsets.push((at, change.offset().seconds().into()));
    }
    offsets
}

/// One zone of each behaviour: the many that keep the same clock need not be tried twice.
fn zones() -> Vec<(String, TimeZone, Offsets)> {
    let mut kinds: BTreeMap<Offsets, String> = BTreeMap::new();
    let mut all = 0;
    for name in jiff::tz::db().available() {
        let name = name.to_string();
        let beside = ["posix/", "right/"];
        let Ok(zone) = TimeZone::get(&name) else {
            continue;
        };
        if !beside.iter().any(|start| name.starts_with(start)) && !zone.is_unknown() {
            all += 1;
            kinds.entry(offsets(&zone)).or_insert(name);
        }
    }
    assert!(all > 500, "only {all} zones are known");
    let zone = |(offsets, name): (Offsets, String)| {
        let zone = TimeZone::get(&name).expect("it was there");
        (name, zone, offsets)
    };
    kinds.into_iter().map(zone).collect()
}

/// The first instant at which the wall shows `wall` or later, in seconds: what a slot means, told
/// from the offsets alone.
fn first_showing(offsets: &Offsets, wall: i64) -> i64 {
    for (place, (begins, offset)) in offsets.iter().enumerate() {
        let ends = offsets.get(place + 1).map_or(i64::MAX, |(at, _)| *at);
        let shows = (wall - offset).max(*begins);
        if shows < ends {
            return shows;
        }
    }
    unreachable!("the last offset goes on for ever")
}

/// Every slot of the three years, in order: the instant and the wall's reading, in seconds.
fn slots(offsets: &Offsets, second_of_day: i64, weekday: Option<i64>) -> Vec<(i64, i64)> {
    let days = FROM / DAY..TO / DAY;
    // The epoch was a Thursday, and weeks here begin with Monday.
    let meant = days.filter(|day| weekday.is_none_or(|weekday| (day + 3) % 7 == weekday));
    let wall = meant.map(|day| day * DAY + second_of_day);
    wall.map(|wall| (first_showing(offsets, wall), wall))
        .collect()
}

/// What went wrong with the slots of one schedule.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wrong {
    missed: usize,
    doubled: usize,
    disordered: usize,
}

/// Looks at random moments, as after downtime, and tells what is due then.
fn check(name: &str, zone: &TimeZone, schedule: &Schedule, slots: &[(i64, i64)], seed: u64) {
    let mut luck = fastrand::Rng::with_seed(seed);
    let (mut told, last) = (slots[0].0 - 1, slots[slots.len() - 1].0);
    let (mut now, mut next) = (told, 0);
    while next < slots.len() {
        // A quarter of an hour up to six days, mostly less than one.
        let length = [900, 3 * 3_600, DAY, 6 * DAY][luck.usize(..4)];
        now = last.min(now + luck.i64(1..=length));
        let found = last_due(
            schedule,
            zone,
            Timestamp(told * SECOND),
            Timestamp(now * SECOND),
        );
        let passed = slots[next..].partition_point(|(at, _)| *at <= now);
        let Some((due, missed)) = found else {
            assert_eq!(passed, 0, "{name}: {} missed at {now}", slots[next].1);
            continue;
        };
        assert!(
            passed > 0,
            "{name}: {} is told before its time",
            due.nominal
        );
        next += passed;
        let (at, wall) = slots[next - 1];
        let reading = DateTime::from_timestamp(wall, 0).expect("in range");
        let nominal = format!("{}[", reading.format("%Y-%m-%dT%H:%M"));
        assert_eq!(due.at, Timestamp(at * SECOND), "{name}: {}", due.nominal);
        assert!(
            due.nominal.starts_with(&nominal),
            "{name}: {}, {nominal}",
            due.nominal
        );
        assert_eq!(missed as usize, passed - 1, "{name}: {}", due.nominal);
        told = at;
    }
}

/// Times of day that are tried: an ordinary one, and those at which this zone's clock is changed.
fn times(offsets: &Offsets) -> Vec<i64> {
    let mut times = vec![8 * 3_600];
    for pair in offsets
        .windows(2)
        .skip_while(|pair| pair[1].0 < FROM)
        .take(2)
    {
        let [(_, before), (at, after)] = pair else {
            continue;
        };
        // In the middle of what is skipped or repeated.
        let wall = at + before.min(after) + (before - after).abs() / 2;
        times.push(wall.rem_euclid(DAY) / 60 * 60);
    }
    times
}

#[test]
fn every_slot_of_every_zone_is_told_once_and_in_order() {
    const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let mut tried = 0;
    for (seed, (name, zone, offsets)) in (0..).zip(zones()) {
        for time in times(&offsets) {
            let clock = format!("{}:{:02}", time / 3_600, time / 60 % 60);
            let daily = Schedule::daily(&clock).expect("a time");
            check(&name, &zone, &daily, &slots(&offsets, time, None), seed);
            // Clocks are changed on Sundays, mostly.
            let weekday = if seed % 2 == 0 { 6 } else { seed % 7 };
            let day = DAYS[usize::try_from(weekday).expect("small")];
            let weekly = Schedule::weekly(&format!("{day} {clock}")).expect("a day and a time");
            let weekday = i64::try_from(weekday).expect("small");
            check(
                &name,
                &zone,
                &weekly,
                &slots(&offsets, time, Some(weekday)),
                seed,
            );
            tried += 2;
        }
    }
    assert!(tried > 200, "only {tried} schedules were tried");
}

/// A zone as `chrono` wants it, for the control.
#[derive(Debug, Clone, Copy)]
struct Chrono<'z>(&'z TimeZone);

/// An offset that knows its zone.
#[derive(Debug, Clone, Copy)]
struct Shift<'z> {
    zone: &'z TimeZone,
    offset: FixedOffset,
}

impl chrono::Offset for Shift<'_> {
    fn fix(&self) -> FixedOffset {
        self.offset
    }
}

impl<'z> Chrono<'z> {
    fn shift_at(self, second: i64) -> Shift<'z> {
        let at = jiff::Timestamp::from_second(second).expect("in range");
        let seconds = self.0.to_offset(at).seconds();
        Shift {
            zone: self.0,
            offset: FixedOffset::east_opt(seconds).expect("less than a day"),
        }
    }
}

impl<'z> chrono::TimeZone for Chrono<'z> {
    type Offset = Shift<'z>;

    fn from_offset(shift: &Shift<'z>) -> Self {
        Self(shift.zone)
    }

    fn offset_from_local_date(&self, _: &NaiveDate) -> MappedLocalTime<Shift<'z>> {
        unreachable!("the control asks for no date")
    }

    fn offset_from_local_datetime(&self, wall: &NaiveDateTime) -> MappedLocalTime<Shift<'z>> {
        let second = wall.and_utc().timestamp();
        let candidates = [second - DAY, second + DAY].map(|near| self.shift_at(near));
        let fits = |shift: &Shift<'_>| {
            let at = second - i64::from(shift.offset.local_minus_utc());
            self.shift_at(at).offset == shift.offset
        };
        match candidates.map(|shift| Some(shift).filter(fits)) {
            [Some(one), Some(other)] if one.offset != other.offset => {
                MappedLocalTime::Ambiguous(one, other)
            }
            [Some(one), _] | [None, Some(one)] => MappedLocalTime::Single(one),
            [None, None] => MappedLocalTime::None,
        }
    }

    fn offset_from_utc_date(&self, _: &NaiveDate) -> Shift<'z> {
        unreachable!("the control asks for no date")
    }

    fn offset_from_utc_datetime(&self, utc: &NaiveDateTime) -> Shift<'z> {
        self.shift_at(utc.and_utc().timestamp())
    }
}

#[test]
fn the_bare_iterator_of_the_crate_misses_doubles_and_disorders() {
    let mut wrong = Wrong::default();
    for name in ["Europe/Berlin", "America/New_York", "Asia/Beirut"] {
        let zone = TimeZone::get(name).expect("a zone");
        let offsets = offsets(&zone);
        for time in times(&offsets) {
            let expression = format!("0 {} {} * * *", time / 60 % 60, time / 3_600);
            let schedule: cron::Schedule = expression.parse().expect("an expression");
            let from = DateTime::from_timestamp(FROM - 1, 0).expect("in range");
            let found = schedule
                .after(&from.with_timezone(&Chrono(&zone)))
                .take_while(|at| at.timestamp() < TO - DAY);
            let mut seen: BTreeMap<i64, usize> = BTreeMap::new();
            let mut last = i64::MIN;
            for at in found {
                let wall = at.naive_local();
                assert_eq!(i64::from(wall.num_seconds_from_midnight()), time);
                *seen.entry(wall.num_days_from_ce().into()).or_default() += 1;
                wrong.disordered += usize::from(at.timestamp() <= last);
                last = at.timestamp();
            }
            let days = slots(&offsets, time, None);
            wrong.missed += days.len().saturating_sub(seen.len() + 2);
            wrong.doubled += seen.values().filter(|times| **times > 1).count();
        }
    }
    assert!(wrong.missed > 0 && wrong.doubled > 0, "{wrong:?}");
}
