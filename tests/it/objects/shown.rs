//! What HubSpot's own views may know of a record: its state, why, and a button to try it again.

use serde_json::json;
use syncline::domain::board::{Board, Property};
use syncline::domain::call::Operation;
use syncline::domain::event::{By, Event};
use syncline::simulator::hubspot::admin::PropertyChange;
use syncline::simulator::hubspot::property::{self, Choice, Kind};
use syncline::simulator::salesforce::{Injected, InjectedKind, Rewrite};

use super::Story;

const CONTACTS: &str = "[objects.contact]\n";
const REFUSED: &str = "contact failed to Salesforce: FIELD_CUSTOM_VALIDATION_EXCEPTION";

/// Every contact in Salesforce needs a consent.
fn forbid(story: &Story) {
    story.in_salesforce(|org, _| {
        org.inject(Injected {
            name: "Consent".to_owned(),
            object: "Contact".to_owned(),
            kind: InjectedKind::ValidationRule,
            when: Vec::new(),
            message: "A phone needs a consent on file.".to_owned(),
            fields: vec!["Phone".to_owned()],
            active: true,
        });
    });
}

fn allow(story: &Story) {
    story.in_salesforce(|org, _| assert!(org.remove_rule("Consent")));
}

/// A portal with the three properties, and a daemon that keeps them.
async fn shown() -> Story {
    let mut story = Story::new(CONTACTS).await;
    for property in Property::ALL {
        let mut made = property::Property::new(property.name(), property.name(), Kind::Text);
        if !property.options().is_empty() {
            made.kind = Kind::Enumeration;
            "select".clone_into(&mut made.field_type);
        }
        let option = |(value, label): &(&str, &str)| Choice {
            value: (*value).to_owned(),
            label: (*label).to_owned(),
        };
        made.options = property.options().iter().map(option).collect();
        story
            .in_hubspot(|portal, now| {
                let change = PropertyChange::Add(made);
                portal.change_property("contacts", property.name(), change, now)
            })
            .unwrap();
    }
    story.world.board = Board::Shown;
    story.configure(CONTACTS).await;
    story
}

fn ada(story: &Story) -> String {
    story.hubspot(
        "contacts",
        json!({ "email": "ada@acme.example", "lastname": "Lovelace", "phone": "+39 02 1" }),
    )
}

fn board(story: &Story, id: &str) -> Vec<String> {
    let names = Property::ALL.map(Property::name);
    story.shows_hubspot("contacts", id, &names)
}

fn tries(story: &mut Story) -> usize {
    let told = story.told();
    assert!(told.iter().all(|line| line == REFUSED), "{told:?}");
    told.len()
}

#[tokio::test]
async fn a_failing_record_is_not_sent_again_because_something_else_of_it_was_touched() {
    let mut story = Story::new(CONTACTS).await;
    forbid(&story);
    let ada = ada(&story);
    story.minutes(2).await;
    assert_eq!(tries(&mut story), 1);
    let written = story.calls(Operation::Write);
    for visits in 1..4 {
        story.change_hubspot("contacts", &ada, json!({ "message": visits.to_string() }));
        story.minutes(1).await;
    }
    assert_eq!(tries(&mut story), 0);
    assert_eq!(story.calls(Operation::Write), written);
    // What the write would carry is another matter.
    story.change_hubspot("contacts", &ada, json!({ "jobtitle": "Countess" }));
    story.minutes(2).await;
    assert_eq!(tries(&mut story), 1);
}

#[tokio::test]
async fn hubspot_shows_why_a_record_fails_and_that_it_goes_on() {
    let mut story = shown().await;
    let grace = story.hubspot(
        "contacts",
        json!({ "email": "grace@acme.example", "lastname": "Hopper" }),
    );
    story.minutes(2).await;
    forbid(&story);
    let ada = ada(&story);
    story.minutes(2).await;
    assert_eq!(
        board(&story, &ada),
        [
            "failing",
            "C-1 Salesforce custom field validation rule: A phone needs a consent on file.",
            ""
        ]
    );
    // One that never was anything but in step is not touched.
    assert_eq!(board(&story, &grace), ["", "", ""]);
    story.told();
    story.minutes(5).await;
    assert_eq!(
        tries(&mut story),
        0,
        "the state that is shown is no change of the record"
    );
    allow(&story);
    story.change_hubspot("contacts", &ada, json!({ "phone": "+39 02 2" }));
    story.minutes(3).await;
    assert_eq!(board(&story, &ada), ["in_sync", "", ""]);
    let seq = story.journal().len();
    story.minutes(5).await;
    let later: Vec<_> = story.journal().split_off(seq);
    let about_records = later.iter().filter(|entry| entry.record.is_some()).count();
    assert_eq!(about_records, 0, "{later:?}");
}

#[tokio::test]
async fn who_presses_resync_in_hubspot_has_the_record_tried_again_once() {
    let mut story = shown().await;
    forbid(&story);
    let ada = ada(&story);
    story.minutes(3).await;
    assert_eq!(tries(&mut story), 1);
    story.change_hubspot("contacts", &ada, json!({ "syncline_resync": "yes" }));
    story.minutes(3).await;
    assert_eq!(tries(&mut story), 1);
    assert_eq!(board(&story, &ada)[2], "");
    let asked = |story: &Story| {
        let entries = story.journal().into_iter();
        let asked = entries.filter_map(|entry| match entry.event {
            Event::ResyncAsked(asked) => Some((asked.by, asked.records)),
            _ => None,
        });
        asked.collect::<Vec<_>>()
    };
    assert_eq!(asked(&story), [(By::HubSpot, 1)]);
    story.minutes(5).await;
    assert_eq!(asked(&story).len(), 1);
    allow(&story);
    story.change_hubspot("contacts", &ada, json!({ "syncline_resync": "yes" }));
    story.minutes(3).await;
    assert_eq!(
        story.told(),
        ["contact linked: created", "contact created to Salesforce"]
    );
    assert_eq!(board(&story, &ada), ["in_sync", "", ""]);
}

#[tokio::test]
async fn who_presses_on_a_record_that_is_only_likely_to_fail_has_it_sent() {
    let mut story = shown().await;
    let long = |number: u32| {
        let email = format!("p{number}@acme.example");
        let title = "T".repeat(150);
        story.hubspot(
            "contacts",
            json!({ "email": email, "lastname": "P", "jobtitle": title }),
        )
    };
    let people: Vec<String> = (0..3).map(long).collect();
    story.minutes(3).await;
    story.told();
    story.in_salesforce(|org, _| {
        let cut = Some(Rewrite::Put("Long".to_owned()));
        org.automation("Contact", "Title", cut);
    });
    story.change_hubspot("contacts", &people[2], json!({ "syncline_resync": "yes" }));
    story.minutes(3).await;
    assert_eq!(board(&story, &people[2]), ["in_sync", "", ""]);
}

#[tokio::test]
async fn a_portal_without_the_properties_is_left_alone() {
    let mut story = Story::new(CONTACTS).await;
    story.world.board = Board::Shown;
    story.configure(CONTACTS).await;
    forbid(&story);
    let ada = ada(&story);
    story.minutes(3).await;
    assert_eq!(tries(&mut story), 1);
    assert_eq!(
        story.shows_hubspot("contacts", &ada, &["lastname"]),
        ["Lovelace"]
    );
}

#[tokio::test]
async fn a_record_that_goes_while_its_state_is_written_keeps_no_other_from_showing_theirs() {
    let mut story = shown().await;
    forbid(&story);
    let (ada, grace) = (
        ada(&story),
        story.hubspot(
            "contacts",
            json!({ "email": "grace@acme.example", "lastname": "Hopper" }),
        ),
    );
    let (simulator, gone, now) = (story.world.simulator.clone(), ada.clone(), story.now());
    *story.world.interruption.lock().unwrap() = Some((
        "contacts/batch/update",
        Box::new(move || {
            let mut simulator = simulator.lock().unwrap();
            simulator.hubspot.archive("contacts", &gone, now).unwrap();
        }),
    ));
    story.minutes(2).await;
    assert_eq!(board(&story, &grace)[0], "failing");
}
