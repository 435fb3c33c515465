//! From when on people are told, when first loads may spend, and clocks that jump.

use syncline::domain::budget::{Deferrals, Fullness, Night, Scarcity, Thresholds, Wall};
use syncline::domain::call::Lane;
use syncline::domain::record::Timestamp;
use syncline::domain::schedule::zone;

use super::{MINUTE, START};

/// How full each use of 1,000 calls is, one after the other.
fn check(thresholds: Thresholds, uses: &[u64], expected: &str) {
    let mut full = Fullness::Room;
    let words = uses.iter().map(|used| {
        full = Fullness::of(*used, 1_000, full, thresholds);
        format!("{full:?}")
    });
    assert_eq!(words.collect::<Vec<_>>().join(" "), expected);
}

#[test]
fn what_was_told_is_over_only_when_a_twentieth_more_is_free() {
    let usual = Thresholds::default();
    check(usual, &[799, 800, 760, 750, 749], "Room Low Low Low Room");
    check(
        usual,
        &[999, 1_000, 951, 950, 949],
        "Low Full Full Full Low",
    );
    check(usual, &[1_500, 0], "Full Room");
    let earlier = Thresholds {
        low_percent: 50,
        full_percent: 90,
    };
    check(earlier, &[499, 500, 899, 900, 849], "Room Low Low Full Low");
    let swapped = Thresholds {
        low_percent: 90,
        full_percent: 50,
    };
    check(swapped, &[899, 900], "Room Full");
    let lowest = Thresholds {
        low_percent: 1,
        full_percent: 5,
    };
    check(
        lowest,
        &[9, 10, 50, 30, 29, 10, 9],
        "Room Low Full Full Low Low Room",
    );
    let equal = Thresholds {
        low_percent: 90,
        full_percent: 90,
    };
    check(equal, &[899, 900, 850, 849], "Room Full Full Room");
    assert_eq!(Fullness::of(5, 0, Fullness::Full, usual), Fullness::Room);
    let most = Fullness::of(u64::MAX, u64::MAX, Fullness::Room, usual);
    assert_eq!(most, Fullness::Full);
}

/// Hours until `night` begins in `place` at a time of the world, or `now`.
fn waits(night: &str, place: &str, utc: &str) -> String {
    let at: jiff::Timestamp = utc.parse().unwrap();
    let now = Timestamp(at.as_millisecond());
    let night = Night::parse(night).unwrap();
    let begins = night.begins_at(now, &zone(place).unwrap());
    begins.map_or("now".to_owned(), |at| {
        let minutes = at.since(now) / MINUTE;
        format!("{}:{:02}", minutes / 60, minutes % 60)
    })
}

#[test]
fn night_goes_over_midnight_in_the_zone_of_the_installation() {
    let usual = "22:00-06:00";
    // Rome is an hour ahead in winter.
    assert_eq!(waits(usual, "Europe/Rome", "2026-11-17T12:00:00Z"), "9:00");
    assert_eq!(waits(usual, "Europe/Rome", "2026-11-17T20:59:59Z"), "0:00");
    assert_eq!(waits(usual, "Europe/Rome", "2026-11-17T21:00:00Z"), "now");
    assert_eq!(waits(usual, "Europe/Rome", "2026-11-18T04:59:59Z"), "now");
    assert_eq!(waits(usual, "Europe/Rome", "2026-11-18T05:00:00Z"), "16:00");
    assert_eq!(waits("01:00-04:00", "UTC", "2026-11-17T04:00:00Z"), "21:00");
    assert_eq!(waits("01:00-04:00", "UTC", "2026-11-17T03:59:00Z"), "now");
    // A beginning that the clock skips is the first instant after the gap.
    assert_eq!(
        waits("02:30-05:00", "Europe/Rome", "2026-03-29T00:00:00Z"),
        "1:00"
    );
}

#[test]
fn a_night_that_is_none_is_refused_with_an_example() {
    for text in [
        "",
        "22:00",
        "22-6",
        "24:00-06:00",
        "22:60-06:00",
        "6:00-6:00",
        "06:00-06:00",
        "+1:00-02:00",
    ] {
        let said = Night::parse(text).unwrap_err();
        assert!(said.contains("22:00-06:00"), "{text}: {said}");
    }
    assert_eq!(
        Night::parse("00:05-23:59").unwrap().to_string(),
        "00:05-23:59"
    );
}

#[test]
fn a_wall_clock_that_goes_its_own_way_is_said_once() {
    let mut wall = Wall::default();
    let mut heard = |minutes: i64, monotonic: i64| {
        wall.compare(START.plus(minutes * MINUTE), monotonic * MINUTE)
    };
    assert_eq!(heard(0, 0), None);
    assert_eq!(heard(600, 600), None);
    assert_eq!(
        heard(601, 600),
        None,
        "a minute is the network's correction"
    );
    assert_eq!(heard(900, 601), Some(298 * MINUTE));
    assert_eq!(heard(901, 602), None);
    assert_eq!(heard(300, 603), Some(-602 * MINUTE));
    assert_eq!(heard(301, 604), None);
}

/// What is told, minute by minute, of a lane that hears these answers: `.` is a call granted, `f` one
/// granted by its floor alone, `b`, `s` and `w` are refusals for a minute by bucket, share and window.
fn deferrals(told: &mut Deferrals, lane: Lane, from: i64, answers: &str) -> String {
    let mut news = Vec::new();
    for (minute, answer) in (from..).zip(answers.chars()) {
        let now_ms = minute * MINUTE;
        let mut refused = |why| {
            told.refused(lane, why, now_ms, MINUTE)
                .then_some("deferred")
        };
        let said = match answer {
            'b' => refused(Scarcity::Bucket),
            's' => refused(Scarcity::Share),
            'w' => refused(Scarcity::Window),
            ' ' => None,
            other => told
                .granted(lane, now_ms, || other == '.')
                .then_some("goes on"),
        };
        news.extend(said.map(|said| format!("{minute} {said}")));
    }
    news.join(", ")
}

#[test]
fn a_deferral_is_told_when_it_begins_and_when_it_is_over_and_never_between() {
    let of = |lane, answers: &str| deferrals(&mut Deferrals::default(), lane, 0, answers);
    let quiet = ".".repeat(20);
    // Paced: refused and served in turns for half an hour.
    let paced = "b.".repeat(15);
    assert_eq!(of(Lane::Backfill, &paced), "0 deferred");
    let heard = of(Lane::Live, &format!("{paced}{quiet}"));
    assert_eq!(heard, "0 deferred, 43 goes on");
    // Past its share it gets a call by its floor now and then, which is no end of it.
    let floor = format!("{}f", "s".repeat(15)).repeat(8);
    assert_eq!(of(Lane::Backfill, &floor), "0 deferred");
    let heard = of(Lane::Backfill, &format!("b{floor}{quiet}"));
    assert_eq!(heard, "0 deferred, 1 deferred, 142 goes on");
    // Its work went away, and hours later there is some again.
    assert_eq!(
        of(Lane::Retry, &format!("s{}s", " ".repeat(200))),
        "0 deferred, 201 deferred"
    );
}

#[test]
fn what_concerns_all_lanes_is_told_once_for_all_of_them() {
    let mut told = Deferrals::default();
    assert_eq!(deferrals(&mut told, Lane::Live, 0, "w"), "0 deferred");
    assert_eq!(deferrals(&mut told, Lane::Detect, 0, "w"), "");
    assert_eq!(deferrals(&mut told, Lane::Detect, 5, "wf"), "");
    assert_eq!(deferrals(&mut told, Lane::Detect, 21, "."), "21 goes on");
    assert_eq!(deferrals(&mut told, Lane::Live, 22, "."), "");
}
