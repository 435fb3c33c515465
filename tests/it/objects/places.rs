//! States that do not belong to their country, in an org with lists of both: one record is sent to
//! see, and the others wait for what is done about it.

use std::collections::BTreeSet;

use serde_json::json;
use syncline::projections::causes;
use syncline::simulator::salesforce::{Rewrite, Switch};

use super::Story;
use super::likely::{CONTACTS, hours, stand};

async fn story(objects: &str) -> Story {
    let story = Story::new(objects).await;
    story.in_salesforce(|org, _| org.set_switch(Switch::StateCountryPicklists, true));
    story
}

/// People of that place.
fn people(story: &Story, numbers: std::ops::Range<u32>, state: &str, country: &str) -> Vec<String> {
    let one = |number: u32| {
        let email = format!("p{number}@acme.example");
        let place = json!({
            "email": email, "lastname": "P", "state": state, "country": country,
        });
        story.hubspot("contacts", place)
    };
    numbers.map(one).collect()
}

/// The types of the open causes, each with its records.
fn types(story: &Story) -> Vec<(String, u64)> {
    let open = story.world.store.read_blocking(causes::open).unwrap();
    let mut types: Vec<(String, u64)> = open
        .into_iter()
        .map(|cause| (cause.slug.unwrap().to_string(), cause.records))
        .collect();
    types.sort();
    types
}

fn said(types: &[(&str, u64)]) -> Vec<(String, u64)> {
    let one = |(slug, errors): &(&str, u64)| ((*slug).to_owned(), *errors);
    types.iter().map(one).collect()
}

#[tokio::test]
async fn of_states_of_another_country_one_is_sent_and_the_others_go_when_the_country_is_corrected()
{
    let mut story = story(CONTACTS).await;
    let wrong = people(&story, 0..20, "California", "Italy");
    people(&story, 20..25, "California", "United States");
    story.minutes(5).await;
    assert_eq!(stand(&story), (5, 1, 1, 19));
    assert_eq!(types(&story), said(&[("state-country-mismatch", 20)]));
    // Later ones wait as well, also after a restart.
    story.configure(CONTACTS).await;
    people(&story, 30..35, "Milano", "United States");
    story.minutes(5).await;
    assert_eq!(stand(&story), (5, 1, 1, 24));
    for person in &wrong {
        story.change_hubspot("contacts", person, json!({ "country": "united states" }));
    }
    story.minutes(5).await;
    assert_eq!(stand(&story), (25, 1, 0, 5));
}

#[tokio::test]
async fn a_state_that_the_administrator_adds_to_the_country_releases_them() {
    let mut story = story(CONTACTS).await;
    people(&story, 0..10, "Bayern", "Germany");
    story.minutes(5).await;
    assert_eq!(stand(&story), (0, 1, 1, 9));
    story.in_salesforce(|org, _| org.add_state("DE", "BY", "Bayern"));
    hours(&mut story, 2).await;
    assert_eq!(stand(&story), (10, 1, 0, 0));
}

#[tokio::test]
async fn a_state_without_a_country_is_a_cause_of_its_own() {
    let mut story = story(CONTACTS).await;
    people(&story, 0..10, "Texas", "");
    people(&story, 10..20, "Texas", "Italy");
    people(&story, 20..30, "", "Deutschland");
    story.minutes(5).await;
    assert_eq!(stand(&story), (0, 3, 3, 27));
    let expected = [
        ("country-required", 10),
        ("state-country-mismatch", 10),
        ("state-country-mismatch", 10),
    ];
    assert_eq!(types(&story), said(&expected));
}

#[tokio::test]
async fn a_flow_that_fills_in_the_country_says_nothing_of_states_of_another_one() {
    let mut story = story(CONTACTS).await;
    story.in_salesforce(|org, _| {
        let italy = Rewrite::FillIn("Italy".to_owned());
        org.automation("Contact", "MailingCountry", Some(italy));
    });
    people(&story, 0..10, "California", "Italy");
    people(&story, 10..20, "Roma", "");
    story.minutes(6).await;
    assert_eq!(stand(&story), (10, 1, 1, 9));
    assert_eq!(types(&story), said(&[("state-country-mismatch", 10)]));
    people(&story, 20..25, "Milano", "");
    story.minutes(3).await;
    assert_eq!(stand(&story), (15, 1, 1, 9));
}

#[tokio::test]
async fn a_change_of_the_state_alone_is_judged_by_what_no_country_has() {
    let objects = format!(
        "{CONTACTS}[[objects.contact.fields]]\nhubspot = \"state\"\n\
         salesforce = \"MailingState\"\nrule = \"two-way\"\n"
    );
    let mut story = story(&objects).await;
    let people = people(&story, 0..6, "California", "United States");
    story.minutes(3).await;
    let moved = |state: &str, who: std::ops::Range<usize>| {
        for person in &people[who] {
            story.change_hubspot("contacts", person, json!({ "state": state }));
        }
    };
    moved("Atlantis", 0..4);
    // Whose country it is only the record tells: these are sent.
    moved("Roma", 4..6);
    story.minutes(5).await;
    assert_eq!(stand(&story), (6, 3, 3, 3));
    let causes: BTreeSet<(String, u64)> = types(&story).into_iter().collect();
    assert_eq!(
        causes,
        said(&[("state-country-mismatch", 6)]).into_iter().collect()
    );
}

#[tokio::test]
async fn an_org_without_such_lists_is_asked_for_nothing() {
    let mut story = Story::new(CONTACTS).await;
    people(&story, 0..5, "California", "Italy");
    story.minutes(3).await;
    assert_eq!(stand(&story), (5, 0, 0, 0));
}
