//! Predicted failures that are sent all the same: were the predictions right?

use serde_json::json;
use syncline::domain::event::Event;
use syncline::projections::forecasts::{self, Forecast};
use syncline::simulator::salesforce::FieldChange;

use super::Story;

const CONTACTS: &str = "[objects.contact]\nleads = false\n\
    [[objects.contact.fields]]\nhubspot = \"customer_tier\"\nsalesforce = \"Tier__c\"\nrule = \"two-way\"\n\
    values = { gold = \"Gold\", silver = \"Silver\", platinum = \"Platinum\" }\n";

const LACKS: &str = "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST";

/// A daemon that sends so many of a hundred predicted failures all the same.
async fn shadowing(percent: u8) -> Story {
    let mut story = Story::new(CONTACTS).await;
    story.world.bounds.shadow_percent = percent;
    story.configure(CONTACTS).await;
    story
}

fn people(story: &Story, numbers: std::ops::Range<u32>, tier: &str) {
    for number in numbers {
        let email = format!("p{number}@acme.example");
        let person = json!({ "email": email, "lastname": "P", "customer_tier": tier });
        story.hubspot("contacts", person);
    }
}

/// By code: sent, and accepted.
fn forecasts(story: &Story) -> Vec<(String, u64, u64)> {
    let all = story.world.store.read_blocking(forecasts::all).unwrap();
    let line = |one: Forecast| (one.code, one.sent, one.accepted);
    all.into_iter().map(line).collect()
}

#[tokio::test]
async fn nothing_that_is_certain_to_fail_is_sent_unless_somebody_asks_for_it() {
    let mut story = shadowing(0).await;
    people(&story, 0..5, "platinum");
    story.minutes(2).await;
    assert_eq!(story.in_salesforce(|org, _| org.refusals().len()), 0);
    assert_eq!(forecasts(&story), []);
}

#[tokio::test]
async fn a_sample_is_sent_and_the_predictions_are_found_to_be_right() {
    let mut story = shadowing(40).await;
    people(&story, 0..50, "platinum");
    story.minutes(2).await;
    let refused = story.in_salesforce(|org, _| org.refusals().len()) as u64;
    assert!((5..=35).contains(&refused), "{refused} of 50");
    assert_eq!(forecasts(&story), [(LACKS.to_owned(), refused, 0)]);
    // Each of the fifty has the one error, and none is drawn again.
    assert_eq!(story.told().len(), 50);
    story.minutes(5).await;
    assert_eq!(forecasts(&story), [(LACKS.to_owned(), refused, 0)]);
}

#[tokio::test]
async fn a_prediction_that_the_org_does_not_share_is_told_as_wrong_and_its_record_is_in_step() {
    let mut story = shadowing(100).await;
    people(&story, 0..1, "gold");
    story.minutes(2).await;
    // What was described half an hour ago does not hold any more.
    story.in_salesforce(|org, _| {
        let value = FieldChange::AddValue("Platinum".to_owned());
        org.change_field("Contact", "Tier__c", value).unwrap();
    });
    people(&story, 1..3, "platinum");
    story.minutes(2).await;
    assert_eq!(forecasts(&story), [(LACKS.to_owned(), 2, 2)]);
    assert_eq!(
        story.in_salesforce(|org, _| org.records("Contact").len()),
        3
    );
    let wrong = story
        .journal()
        .into_iter()
        .filter(|entry| matches!(&entry.event, Event::PredictionTried(event) if event.accepted));
    assert_eq!(wrong.count(), 2);
}
