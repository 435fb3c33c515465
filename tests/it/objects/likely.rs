//! What is only likely to fail: one record is sent to see, and the others follow its fate.

use serde_json::json;
use syncline::domain::event::{Event, Known, Mode};
use syncline::simulator::salesforce::{FieldChange, Rewrite};

use super::Story;

const CONTACTS: &str = "[objects.contact]\nleads = false\n";

const HOUR_MS: i64 = 3_600_000;

/// People whose titles are longer than Salesforce's field.
fn people(story: &Story, numbers: std::ops::Range<u32>) {
    for number in numbers {
        let email = format!("p{number}@acme.example");
        let person = json!({ "email": email, "lastname": "P", "jobtitle": "T".repeat(150) });
        story.hubspot("contacts", person);
    }
}

/// A flow of the org cuts titles before they are looked at, or does so no more.
fn cutting(story: &Story, on: bool) {
    let cut = on.then(|| Rewrite::Put("Long".to_owned()));
    story.in_salesforce(|org, _| org.automation("Contact", "Title", cut));
}

/// Records in the org, tries that it refused, and open errors by how they are known.
fn stand(story: &Story) -> (usize, usize, usize, usize) {
    let (records, refused) =
        story.in_salesforce(|org, _| (org.records("Contact").len(), org.refusals().len()));
    let count = |known| {
        use syncline::projections::errors::{Filter, count};
        let filter = Filter {
            known: Some(known),
            ..Filter::default()
        };
        let read = |view: &syncline::store::View<'_>| count(view, &filter);
        usize::try_from(story.world.store.read_blocking(read).unwrap()).unwrap()
    };
    (
        records,
        refused,
        count(Known::Answered),
        count(Known::Likely),
    )
}

/// Hours go by.
async fn hours(story: &mut Story, hours: i64) {
    for _ in 0..hours {
        story
            .world
            .clock
            .pass_until(story.now() + HOUR_MS - 120_000);
        story.minutes(2).await;
    }
}

#[tokio::test]
async fn one_of_many_is_sent_and_the_others_are_refused_without_a_call() {
    let mut story = Story::new(CONTACTS).await;
    people(&story, 0..20);
    story.minutes(5).await;
    assert_eq!(stand(&story), (0, 1, 1, 19));
    people(&story, 20..25);
    story.minutes(5).await;
    assert_eq!(stand(&story), (0, 1, 1, 24));
}

#[tokio::test]
async fn one_that_is_accepted_takes_all_others_with_it_and_later_ones_are_simply_sent() {
    let mut story = Story::new(CONTACTS).await;
    cutting(&story, true);
    people(&story, 0..20);
    story.minutes(4).await;
    assert_eq!(stand(&story), (20, 0, 0, 0));
    people(&story, 20..25);
    story.minutes(2).await;
    assert_eq!(stand(&story), (25, 0, 0, 0));
    let tried = story
        .journal()
        .into_iter()
        .filter(|entry| matches!(entry.event, Event::PredictionTried(_)));
    assert_eq!(tried.count(), 1);
}

#[tokio::test]
async fn a_flow_that_is_made_later_is_found_within_a_day_with_no_visit_by_anybody() {
    let mut story = Story::new(CONTACTS).await;
    people(&story, 0..20);
    story.minutes(3).await;
    cutting(&story, true);
    hours(&mut story, 26).await;
    assert_eq!(stand(&story), (20, 1, 0, 0));
}

#[tokio::test]
async fn while_nothing_changes_one_a_day_is_sent() {
    let mut story = Story::new(CONTACTS).await;
    people(&story, 0..20);
    story.minutes(3).await;
    hours(&mut story, 50).await;
    let (records, refused, answered, likely) = stand(&story);
    assert_eq!((records, refused, answered + likely), (0, 3, 20));
}

#[tokio::test]
async fn another_schema_asks_again() {
    let mut story = Story::new(CONTACTS).await;
    cutting(&story, true);
    people(&story, 0..5);
    story.minutes(4).await;
    cutting(&story, false);
    story.in_salesforce(|org, _| {
        let shorter = FieldChange::SetLength(100);
        org.change_field("Contact", "Title", shorter).unwrap();
    });
    hours(&mut story, 2).await;
    people(&story, 5..15);
    story.minutes(4).await;
    assert_eq!(stand(&story), (5, 1, 1, 9));
}

#[tokio::test]
async fn in_mode_observe_nothing_is_sent_and_the_switch_to_sync_asks() {
    let mut story = Story::new(CONTACTS).await;
    story.world.set_mode(Mode::Observe).await;
    people(&story, 0..10);
    story.minutes(4).await;
    assert_eq!(stand(&story), (0, 0, 0, 10));
    cutting(&story, true);
    story.world.set_mode(Mode::Sync).await;
    story.minutes(5).await;
    assert_eq!(stand(&story), (10, 0, 0, 0));
}
