//! Schedules: when a digest is due.

use jiff::tz::TimeZone;
use proptest::prelude::*;
use syncline::domain::record::Timestamp;
use syncline::domain::schedule::{Schedule, last_due, zone};

fn at(text: &str) -> Timestamp {
    let at: jiff::Timestamp = text.parse().expect("an instant");
    Timestamp(at.as_millisecond())
}

/// The `count` times after `after`, as `instant nominal`.
fn check(schedule: &Schedule, zone_name: &str, after: &str, expected: &[&str]) {
    let zone = zone(zone_name).expect("a zone");
    let mut from = at(after);
    let mut seen = Vec::new();
    for _ in expected {
        let due = schedule.next(&zone, from).expect("a next time");
        let instant = jiff::Timestamp::from_millisecond(due.at.0).expect("in range");
        seen.push(format!("{instant} {}", due.nominal));
        from = due.at;
    }
    assert_eq!(seen, expected);
}

#[test]
fn a_daily_time_keeps_the_readers_wall_clock_over_a_clock_change() {
    check(
        &Schedule::daily("08:00").unwrap(),
        "Europe/Rome",
        "2026-10-23T12:00:00Z",
        &[
            "2026-10-24T06:00:00Z 2026-10-24T08:00[Europe/Rome]",
            "2026-10-25T07:00:00Z 2026-10-25T08:00[Europe/Rome]",
        ],
    );
}

#[test]
fn a_time_that_a_clock_change_skips_fires_at_the_first_instant_after_the_gap() {
    check(
        &Schedule::daily("2:30").unwrap(),
        "Europe/Berlin",
        "2026-03-28T12:00:00Z",
        &[
            "2026-03-29T01:00:00Z 2026-03-29T02:30[Europe/Berlin]",
            "2026-03-30T00:30:00Z 2026-03-30T02:30[Europe/Berlin]",
        ],
    );
    check(
        &Schedule::daily("02:15").unwrap(),
        "Australia/Lord_Howe",
        "2026-10-03T12:00:00Z",
        &["2026-10-03T15:30:00Z 2026-10-04T02:15[Australia/Lord_Howe]"],
    );
    check(
        &Schedule::daily("00:00").unwrap(),
        "Asia/Beirut",
        "2026-03-28T12:00:00Z",
        &["2026-03-28T22:00:00Z 2026-03-29T00:00[Asia/Beirut]"],
    );
}

#[test]
fn a_time_that_a_clock_change_repeats_fires_the_first_time_only() {
    check(
        &Schedule::daily("02:30").unwrap(),
        "Europe/Berlin",
        "2026-10-24T12:00:00Z",
        &[
            "2026-10-25T00:30:00Z 2026-10-25T02:30[Europe/Berlin]",
            "2026-10-26T01:30:00Z 2026-10-26T02:30[Europe/Berlin]",
        ],
    );
    // Asked in the second pass of the hour, the first is over.
    check(
        &Schedule::daily("02:30").unwrap(),
        "Europe/Berlin",
        "2026-10-25T01:10:00Z",
        &["2026-10-26T01:30:00Z 2026-10-26T02:30[Europe/Berlin]"],
    );
}

#[test]
fn two_times_in_one_gap_are_one_digest() {
    check(
        &Schedule::cron("15,45 2 * * *").unwrap(),
        "Europe/Berlin",
        "2026-03-29T00:00:00Z",
        &[
            "2026-03-29T01:00:00Z 2026-03-29T02:15[Europe/Berlin]",
            "2026-03-30T00:15:00Z 2026-03-30T02:15[Europe/Berlin]",
        ],
    );
}

#[test]
fn a_weekly_time_is_a_day_and_a_time() {
    check(
        &Schedule::weekly("mon 08:00").unwrap(),
        "Europe/Rome",
        "2026-11-17T00:00:00Z",
        &["2026-11-23T07:00:00Z 2026-11-23T08:00[Europe/Rome]"],
    );
    assert_eq!(
        Schedule::weekly("Sunday 7:05").unwrap().expression(),
        "0 5 7 * * SUN"
    );
}

#[test]
fn an_expression_of_five_fields_gains_its_second_and_reads_back() {
    let schedule = Schedule::cron("0 8 * * MON-FRI").unwrap();
    assert_eq!(schedule.expression(), "0 0 8 * * MON-FRI");
    assert_eq!(Schedule::cron(schedule.expression()).unwrap(), schedule);
    let daily = Schedule::daily("08:00").unwrap();
    assert_eq!(Schedule::cron(daily.expression()).unwrap(), daily);
}

#[test]
fn a_mistaken_schedule_is_refused_with_the_remedy() {
    let refused = |result: Result<Schedule, String>, named: &str| {
        let message = result.unwrap_err();
        assert!(message.contains(named), "{message}");
    };
    refused(Schedule::daily("25:00"), "08:00");
    refused(Schedule::daily("8"), "08:00");
    refused(Schedule::daily("08:5"), "08:00");
    refused(Schedule::daily("+8:00"), "08:00");
    refused(Schedule::daily(""), "08:00");
    refused(Schedule::weekly("08:00"), "mon 08:00");
    refused(Schedule::weekly("m 08:00"), "mon 08:00");
    refused(Schedule::cron("0 8 * * 1-5"), "MON-FRI");
    refused(Schedule::cron("0 8 * * 7"), "MON-FRI");
    refused(Schedule::cron("0 8 30 2 *"), "\"0 8 30 2 *\" never fires");
    refused(Schedule::cron("0 8 X * *"), "\"0 8 X * *\" is no cron");
    refused(Schedule::cron("0 8 1 * MON"), "both");
    refused(Schedule::cron("* 8 * * *"), "minute");
    refused(Schedule::cron("*/5 0 8 * * *"), "second");
    refused(Schedule::cron("@daily"), "has 1 fields");
    refused(Schedule::cron("0 8 * * XYZ"), "0 8 * * MON-FRI");
    refused(Schedule::cron("0 88 * * *"), "no cron expression");
}

#[test]
fn the_twenty_ninth_of_february_is_a_date() {
    check(
        &Schedule::cron("0 8 29 2 *").unwrap(),
        "UTC",
        "2026-11-17T00:00:00Z",
        &["2028-02-29T08:00:00Z 2028-02-29T08:00[UTC]"],
    );
}

#[test]
fn after_downtime_one_digest_covers_all_that_were_missed() {
    let daily = Schedule::daily("08:00").unwrap();
    let rome = zone("Europe/Rome").unwrap();
    let told = at("2026-11-13T07:00:00Z");
    let due = |now: &str| {
        last_due(&daily, &rome, told, at(now)).map(|(due, missed)| (due.nominal, missed))
    };
    let monday = "2026-11-16T08:00[Europe/Rome]".to_owned();
    assert_eq!(due("2026-11-13T20:00:00Z"), None);
    assert_eq!(due("2026-11-14T06:59:59.999Z"), None);
    assert_eq!(
        due("2026-11-14T07:00:00Z"),
        Some(("2026-11-14T08:00[Europe/Rome]".to_owned(), 0))
    );
    assert_eq!(due("2026-11-16T09:30:00Z"), Some((monday, 2)));
    // A wall clock set back fires nothing again.
    assert_eq!(due("2026-11-01T00:00:00Z"), None);
}

#[test]
fn an_unknown_zone_is_answered_with_the_nearest() {
    assert_eq!(
        zone("Europe/Rom").unwrap_err(),
        "\"Europe/Rom\" is no time zone; did you mean Europe/Rome?"
    );
    assert!(zone("Rome").unwrap_err().contains("Europe/Rome"));
    assert!(zone("new york").unwrap_err().contains("America/New_York"));
    assert!(zone("@@@@@@@@@").unwrap_err().contains("IANA"));
    assert_eq!(
        zone("europe/rome").unwrap().iana_name(),
        Some("Europe/Rome")
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_next_time_is_always_later_and_none_is_skipped(
        hour in 0..24_u8, minute in 0..60_u8, hours in 0..(366 * 24_i64),
        place in 0..6_usize,
    ) {
        let names = ["Europe/Berlin", "America/New_York", "Asia/Beirut", "Australia/Lord_Howe",
            "America/Santiago", "Pacific/Apia"];
        let zone = TimeZone::get(names[place]).unwrap();
        let schedule = Schedule::daily(&format!("{hour}:{minute:02}")).unwrap();
        let after = at("2026-01-01T00:00:00Z").plus(hours * 3_600_000);
        let due = schedule.next(&zone, after).unwrap();
        prop_assert!(due.at > after);
        // A day has at most 25 hours, and every day has exactly one digest.
        prop_assert!(due.at.since(after) <= 25 * 3_600_000 + 1);
    }

    #[test]
    fn no_text_makes_the_parsers_panic(text in "\\PC{0,30}", when in any::<i64>()) {
        let _ = Schedule::daily(&text);
        let _ = Schedule::weekly(&text);
        let _ = zone(&text);
        if let Ok(schedule) = Schedule::cron(&text) {
            let _ = schedule.next(&TimeZone::UTC, Timestamp(when));
        }
        let _ = Schedule::daily("08:00").unwrap().next(&TimeZone::UTC, Timestamp(when));
    }
}
