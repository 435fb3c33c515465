//! What servers say of their limits, in all its forms, and how it is taken.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use syncline::domain::record::Side;
use syncline::sync::HubSpotDetector;

use super::desk::{Desk, set_header};

const HOUR: i64 = 3_600_000;

/// What half an hour shows in which Salesforce says this of its use.
async fn usage(info: &'static str) -> String {
    let mut desk = Desk::new(2_000).await;
    desk.line.whisper(move |request, answer| {
        if request.side == Side::Salesforce {
            set_header(answer, "sforce-limit-info", info);
        }
    });
    desk.minutes(30).await;
    let shown = desk.line_of("API").await;
    let shown = shown.trim_start_matches("API CALLS, 24 h    ours ");
    format!("{} calls; {shown}", desk.counted())
}

#[tokio::test]
async fn a_usage_that_makes_no_sense_stops_nothing() {
    for info in [
        "api-usage=18/0",
        "api-usage=18/-1",
        "api-usage=18/",
        "api-usage=/5",
        "api-usage",
        "",
        "api-usage=99999999999999999999999/1",
        "per-app-api-usage=17/250(appName=x)",
    ] {
        let shown = usage(info).await;
        assert_eq!(shown, "12 calls; 12 of 2,000 (0 %)", "{info}");
    }
    assert_eq!(
        usage("API-Usage=70/5000; per-app-api-usage=17/250(appName=x)").await,
        "12 calls; 12 of 2,000 (0 %)    org 70 of 5,000 (1 %)"
    );
    assert_eq!(
        usage("api-usage=7/9").await,
        "3 calls; 3 of 8 (37 %)    org 7 of 9 (77 %)"
    );
}

/// Looks of `side` that bring something in five minutes, right after it asked to be left alone like
/// this, and a day later.
async fn left_alone(side: Side, retry_after: &'static str) -> [u64; 2] {
    let mut desk = Desk::new(20_000).await;
    desk.minutes(2).await;
    let (mut asked, answered) = (false, Arc::new(AtomicU64::new(0)));
    let counts = Arc::clone(&answered);
    desk.line.whisper(move |request, answer| {
        if request.side != side {
            return;
        }
        if std::mem::replace(&mut asked, true) {
            counts.fetch_add(1, Ordering::Relaxed);
        } else {
            (answer.status, answer.body) = (429, b"{}".to_vec());
            set_header(answer, "retry-after", retry_after);
        }
    });
    desk.minutes(5).await;
    let soon = answered.swap(0, Ordering::Relaxed);
    desk.hands.pass(26 * HOUR);
    desk.minutes(5).await;
    [soon, answered.load(Ordering::Relaxed)].map(|answers| answers.min(1))
}

#[tokio::test]
async fn a_side_is_left_alone_for_as_long_as_it_asks_and_never_for_longer_than_a_day() {
    for side in Side::BOTH {
        for (retry_after, expected) in [
            ("0", [1, 1]),
            ("30", [1, 1]),
            ("7200", [0, 1]),
            ("31536000", [0, 1]),
            ("9223372036854775807", [0, 1]),
            ("-5", [1, 1]),
            ("soon", [1, 1]),
        ] {
            assert_eq!(
                left_alone(side, retry_after).await,
                expected,
                "{side}: {retry_after}"
            );
        }
    }
}

#[tokio::test]
async fn a_pause_is_kept_though_an_answer_arrives_that_was_on_its_way() {
    let mut desk = Desk::new(20_000).await;
    desk.minutes(2).await;
    let sent = Arc::new(AtomicU64::new(0));
    let counts = Arc::clone(&sent);
    desk.line.whisper(move |request, answer| {
        if request.side == Side::HubSpot && counts.fetch_add(1, Ordering::Relaxed) == 0 {
            (answer.status, answer.body) = (429, b"{}".to_vec());
            set_header(answer, "retry-after", "600");
        }
    });
    let mut other = HubSpotDetector::new(Arc::clone(&desk.context));
    desk.line.cross();
    let (one, two) = tokio::join!(desk.hubspot.work(), other.work());
    one.and(two).unwrap();
    let before = sent.load(Ordering::Relaxed);
    assert!(before >= 2, "both were on their way");
    desk.minutes(5).await;
    assert_eq!(sent.load(Ordering::Relaxed), before);
}

#[tokio::test]
async fn a_pace_that_makes_no_sense_holds_nothing_up() {
    for (name, value) in [
        (
            "x-hubspot-ratelimit-interval-milliseconds",
            "9223372036854775807",
        ),
        ("x-hubspot-ratelimit-interval-milliseconds", "0"),
        ("x-hubspot-ratelimit-interval-milliseconds", "-10000"),
        ("x-hubspot-ratelimit-max", "0"),
        ("x-hubspot-ratelimit-max", "18446744073709551615"),
        ("x-hubspot-ratelimit-remaining", "-1"),
    ] {
        let mut desk = Desk::new(20_000).await;
        desk.line.whisper(move |request, answer| {
            if request.side == Side::HubSpot {
                set_header(answer, "x-hubspot-ratelimit-remaining", "0");
                set_header(answer, name, value);
            }
        });
        let began = desk.hands.truth();
        desk.minutes(10).await;
        let minutes = (desk.hands.truth() - began) / 60_000;
        assert!(
            (10..=12).contains(&minutes),
            "{name} {value}: {minutes} min"
        );
    }
}

#[tokio::test]
async fn a_day_that_hubspot_has_no_calls_left_of_is_told_once_and_waited_out() {
    let mut desk = Desk::new(20_000).await;
    desk.minutes(2).await;
    let log = desk.listen();
    let asked = Arc::new(Mutex::new(0));
    let counts = Arc::clone(&asked);
    desk.line.whisper(move |request, answer| {
        if request.side == Side::HubSpot {
            *counts.lock().unwrap() += 1;
            answer.status = 429;
            answer.body = br#"{"status":"error","message":"You have reached your daily limit.",
                "errorType":"RATE_LIMIT","policyName":"DAILY"}"#
                .to_vec();
        }
    });
    desk.minutes(60).await;
    assert_eq!(*asked.lock().unwrap(), 1);
    desk.line.whisper(|_, _| ());
    desk.hands.pass(24 * HOUR);
    desk.minutes(2).await;
    insta::assert_snapshot!(log.lines("").join("\n"), @r"
    08:02:00 warn   HubSpot's daily limit of calls is used up; what is read or written there waits for 14 h 58 min, nothing lost  side=HubSpot
    09:02:00 notice HubSpot takes calls again after 25 h 0 min  side=HubSpot
    ");
}
