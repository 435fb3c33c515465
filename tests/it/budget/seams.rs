//! Between asking and sending: what people, disks and servers do meanwhile.

use serde_json::json;
use syncline::domain::budget::Thresholds;
use syncline::domain::event::{AllocationSet, By, CallsSpent, Event};
use syncline::domain::record::Side;
use syncline::notifier::Watch;
use syncline::projections::append;

use super::desk::{Desk, asks_the_time, set_header};

const HOUR: i64 = 3_600_000;

#[tokio::test]
async fn an_allocation_lowered_while_salesforce_is_asked_for_the_time_binds_the_call_that_asked() {
    let mut desk = Desk::new(20_000).await;
    desk.minutes(10).await;
    let before = desk.counted();
    // The wall clock is set: the next call asks for the time first, and that takes as long as it takes.
    desk.hands.set(5 * HOUR);
    let store = desk.store.clone();
    desk.line.before(move |request| {
        if asks_the_time(request) {
            let lowered = AllocationSet {
                allocation: 5,
                reserve_percent: 10,
                by: By::Operator(1000),
            };
            let set = store.write_blocking(move |tx| append(tx, None, lowered));
            set.unwrap();
        }
    });
    desk.salesforce.work().await.unwrap();
    assert_eq!(desk.counted(), before);
}

#[tokio::test]
async fn calls_that_a_full_disk_kept_from_being_journaled_are_not_counted() {
    let mut desk = Desk::over(30, Some(16)).await;
    let mut refused = 0;
    for _ in 0..60 {
        // Each look is granted a call, cannot note it, and sends nothing.
        let looks = [desk.connection.work().await, desk.salesforce.work().await];
        refused += looks.iter().filter(|look| look.is_err()).count();
        desk.hands.pass(1_000);
    }
    assert!(refused > 30, "{refused} looks met a full disk");
    let waits = desk.context.live().await.unwrap().waits;
    assert!(waits.is_empty(), "{waits:?} after {} calls", desk.counted());
}

#[tokio::test]
async fn a_first_answer_with_the_time_of_tomorrow_empties_no_window() {
    let mut desk = Desk::new(20_000).await;
    desk.minutes(10).await;
    let used = desk.counted();
    desk.allow(used).await;
    let (hands, mut said) = (desk.hands.clone(), false);
    desk.line.whisper(move |request, answer| {
        if asks_the_time(request) && !std::mem::replace(&mut said, true) {
            set_header(answer, "date", &hands.date(30 * HOUR));
        }
    });
    desk.restart();
    desk.minutes(5).await;
    assert_eq!(desk.counted(), used, "none was granted too many");
    // It is heard of all the same, and what leaves a day later is free then.
    desk.hands.pass(25 * HOUR);
    desk.minutes(5).await;
    assert!(desk.counted() > used);
}

#[tokio::test]
async fn hours_of_demand_above_the_pace_are_one_line_at_the_beginning() {
    let mut desk = Desk::new(60).await;
    let log = desk.listen();
    for number in 0..240 {
        desk.hubspot_contact(number);
        desk.minutes(1).await;
    }
    insta::assert_snapshot!(log.lines("budget").join("\n"), @"08:11:00 info   budget: 23 of 60 calls used (38 %); live deferred (paced over the day); it resumes by itself  lane=live");
}

/// What two hours bring in which Salesforce answers every call like this: how often it was told that
/// the connection stands still, that it goes on, and what was spent.
async fn two_hours_of(status: u16, code: &str, message: &str) -> String {
    let mut desk = Desk::new(20_000).await;
    desk.minutes(3).await;
    let body = json!([{ "errorCode": code, "message": message }]).to_string();
    desk.line.whisper(move |request, answer| {
        if request.side == Side::Salesforce && request.url.contains("/services/data/v") {
            answer.status = status;
            answer.body = body.as_bytes().to_vec();
        }
    });
    let before = desk.journal().len();
    desk.minutes(120).await;
    let (mut suspended, mut resumed, mut spent) = (0, 0, 0);
    for event in &desk.journal()[before..] {
        suspended += usize::from(matches!(event, Event::ConnectionSuspended(_)));
        resumed += usize::from(matches!(event, Event::ConnectionResumed(_)));
        let of_salesforce = |event: &CallsSpent| event.side == Side::Salesforce;
        spent += usize::from(matches!(event, Event::CallsSpent(event) if of_salesforce(event)));
    }
    desk.line.whisper(|_, _| ());
    desk.minutes(17).await;
    let ends = desk.journal().into_iter();
    let ends = ends.filter(|event| matches!(event, Event::ConnectionResumed(_)));
    format!(
        "suspended {suspended}, resumed {resumed}, {spent} calls; then resumed {}",
        ends.count()
    )
}

#[tokio::test]
async fn a_connection_that_refuses_calls_and_grants_tokens_is_told_once_and_probed_by_single_calls()
{
    let of = two_hours_of;
    let disabled = "API is not enabled for this Organization or Partner";
    assert_eq!(
        of(403, "API_DISABLED_FOR_ORG", disabled).await,
        "suspended 1, resumed 0, 9 calls; then resumed 1"
    );
    let invalid = "This session is not valid for use with the REST API";
    assert_eq!(
        of(401, "INVALID_SESSION_ID", invalid).await,
        "suspended 1, resumed 0, 9 calls; then resumed 1"
    );
    // Refused as soon as it is given: each try is two calls.
    assert_eq!(
        of(401, "INVALID_SESSION_ID", "Session expired or invalid").await,
        "suspended 1, resumed 0, 18 calls; then resumed 1"
    );
    let total = "TotalRequests Limit exceeded.";
    assert_eq!(
        of(403, "REQUEST_LIMIT_EXCEEDED", total).await,
        "suspended 1, resumed 0, 9 calls; then resumed 1"
    );
    // Too many at once is no reason to stop.
    let concurrent = "ConcurrentPerOrgLongTxn Limit exceeded";
    assert_eq!(
        of(403, "REQUEST_LIMIT_EXCEEDED", concurrent).await,
        "suspended 0, resumed 0, 120 calls; then resumed 0"
    );
}

#[tokio::test]
async fn a_wall_clock_that_is_set_shows_and_tells_nothing_else_of_a_used_up_allocation() {
    let mut desk = Desk::new(20_000).await;
    desk.minutes(10).await;
    let used = desk.counted();
    desk.allow(used).await;
    let mut watch = Watch::new(
        desk.store.clone(),
        desk.hands.clone(),
        Thresholds::default(),
    );
    let log = desk.listen();
    watch.work().await.unwrap();
    assert_eq!(log.lines("budget exhausted").len(), 1);
    let shown = format!("API CALLS, 24 h    ours {used} of {used} (100 %)");
    for skew in [30 * HOUR, -30 * HOUR, 0] {
        desk.hands.set(skew);
        // Before any loop has asked Salesforce for its time, and after.
        watch.work().await.unwrap();
        desk.minutes(3).await;
        watch.work().await.unwrap();
        let line = desk.line_of("API").await;
        assert!(line.starts_with(&shown), "{skew}: {line}");
        assert_eq!(log.lines("budget frees"), Vec::<String>::new(), "{skew}");
    }
    assert_eq!(desk.counted(), used);
    desk.restart();
    desk.hands.set(30 * HOUR);
    desk.minutes(3).await;
    assert!(desk.line_of("API").await.starts_with(&shown));
    // A true day later it is over, and said.
    watch.work().await.unwrap();
    desk.hands.pass(24 * HOUR);
    desk.minutes(3).await;
    assert!(desk.counted() > used);
    watch.work().await.unwrap();
    assert_eq!(log.lines("writing goes on; nothing waits").len(), 1);
    assert_eq!(log.lines("clock was set").len(), 3, "once each");
}
