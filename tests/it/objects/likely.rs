//! What is only likely to fail: one record is sent to see, and the others follow its fate.

use serde_json::{Value, json};
use syncline::domain::call::Lane;
use syncline::domain::event::{Event, Known, Mode};
use syncline::simulator::salesforce::{FieldChange, InjectedKind, Rewrite};

use super::Story;
use super::retries::refuse;
use super::story::map;

pub(super) const CONTACTS: &str = "[objects.contact]\nleads = false\n";

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
pub(super) fn stand(story: &Story) -> (usize, usize, usize, usize) {
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

/// A rule of the org refuses contacts whose field says this.
fn forbid(story: &Story, field: &str, value: &str) {
    refuse(
        story,
        "Forbidden",
        InjectedKind::ValidationRule,
        field,
        value,
    );
}

/// Hours go by.
pub(super) async fn hours(story: &mut Story, hours: i64) {
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

/// A person whose title is longer than Salesforce's field, with more said of them.
fn person(story: &Story, number: u32, more: Value) -> String {
    let email = format!("p{number}@acme.example");
    let mut person = map(json!({ "email": email, "lastname": "P", "jobtitle": "T".repeat(150) }));
    person.extend(map(more));
    story.hubspot("contacts", Value::Object(person))
}

/// What the daemon did for errors in that time: entries of failures, and calls in the lane of
/// retries.
fn work_since(story: &Story, begun: i64) -> (usize, usize) {
    let entries = story.journal().into_iter();
    let new: Vec<Event> = entries
        .filter(|entry| entry.at.0 >= begun)
        .map(|entry| entry.event)
        .collect();
    let failed = |event: &&Event| matches!(event, Event::RecordFailed(_));
    let spent = |event: &&Event| matches!(event, Event::CallsSpent(one) if one.lane == Lane::Retry);
    (
        new.iter().filter(failed).count(),
        new.iter().filter(spent).count(),
    )
}

#[tokio::test]
async fn what_was_sent_and_refused_is_not_looked_at_again_and_again_once_its_probe_is_due() {
    let mut story = Story::new(CONTACTS).await;
    people(&story, 0..1);
    story.minutes(3).await;
    hours(&mut story, 2).await;
    let begun = story.now();
    story.minutes(30).await;
    assert_eq!(work_since(&story, begun), (0, 0));
}

#[tokio::test]
async fn a_row_that_was_locked_says_nothing_of_the_prediction() {
    let mut story = Story::new(CONTACTS).await;
    cutting(&story, true);
    story.in_salesforce(|org, _| org.lock_rows(1));
    people(&story, 0..20);
    story.minutes(6).await;
    assert_eq!(stand(&story), (20, 1, 0, 0));
}

#[tokio::test]
async fn a_refusal_for_another_reason_says_nothing_of_the_prediction() {
    let mut story = Story::new(CONTACTS).await;
    cutting(&story, true);
    forbid(&story, "Fax", "1");
    person(&story, 0, json!({ "fax": "1" }));
    people(&story, 1..20);
    story.minutes(6).await;
    assert_eq!(stand(&story), (19, 1, 1, 0));
}

#[tokio::test]
async fn of_two_likely_failures_on_one_record_the_one_that_is_true_does_not_speak_for_the_other() {
    let mut story = Story::new(CONTACTS).await;
    cutting(&story, true);
    for number in 0..5 {
        person(&story, number, json!({ "fax": "9".repeat(50) }));
    }
    people(&story, 5..20);
    story.minutes(10).await;
    let (records, _, answered, likely) = stand(&story);
    assert_eq!((records, answered + likely), (15, 5));
}

#[tokio::test]
async fn another_schema_of_leads_asks_again_as_well() {
    let mut story = Story::new("[objects.contact]\ncreate_as = \"Lead\"\n").await;
    for number in 0..5 {
        person(&story, number, json!({ "company": "Acme" }));
    }
    story.minutes(4).await;
    assert_eq!(story.in_salesforce(|org, _| org.refusals().len()), 1);
    story.in_salesforce(|org, _| {
        let shorter = FieldChange::SetLength(100);
        org.change_field("Lead", "Title", shorter).unwrap();
    });
    hours(&mut story, 2).await;
    assert_eq!(story.in_salesforce(|org, _| org.refusals().len()), 2);
}

#[tokio::test]
async fn what_the_guard_holds_is_not_looked_at_again_and_again() {
    let objects = &format!(
        "{CONTACTS}[[objects.contact.fields]]\nhubspot = \"jobtitle\"\nsalesforce = \"Title\"\n\
         rule = \"two-way\"\n"
    );
    let mut story = Story::new(objects).await;
    let known: Vec<String> = (0..3)
        .map(|number| person(&story, number, json!({ "jobtitle": "Clerk" })))
        .collect();
    story.minutes(3).await;
    story.world.set_mode(Mode::Observe).await;
    people(&story, 10..14);
    story.minutes(3).await;
    for person in &known {
        story.change_hubspot("contacts", person, json!({ "jobtitle": "T".repeat(150) }));
    }
    story.minutes(3).await;
    assert_eq!(stand(&story), (3, 0, 0, 7));
    // Whatever is to be written is held, made or changed.
    story.world.guard.floor = 0;
    story.world.guard.percent = 1;
    story.configure(objects).await;
    story.world.set_mode(Mode::Sync).await;
    cutting(&story, true);
    story.minutes(10).await;
    let begun = story.now();
    story.minutes(30).await;
    let (failed, calls) = work_since(&story, begun);
    assert!(
        failed == 0 && calls <= 4,
        "{failed} failures, {calls} calls in half an hour at rest"
    );
}

#[tokio::test]
async fn a_restart_before_the_answer_sends_the_same_one_again_and_no_second() {
    let mut story = Story::new(CONTACTS).await;
    people(&story, 0..5);
    story.minutes(1).await;
    story.configure(CONTACTS).await;
    story.minutes(5).await;
    assert_eq!(stand(&story), (0, 1, 1, 4));
}
