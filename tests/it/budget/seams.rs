//! Between asking and sending: what people, disks and servers do meanwhile.

use syncline::domain::event::{AllocationSet, By};
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
