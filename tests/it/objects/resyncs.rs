//! What a person asks to have tried again: which records go, and what is said of it.

use serde_json::json;
use syncline::clock::Clock;
use syncline::control::report::{Report, Resync};
use syncline::control::request::{Request, Which};
use syncline::control::{Vantage, answer};
use syncline::domain::event::{Event, Mode};
use syncline::domain::guard;

use super::Story;

const CONTACTS: &str = "[objects.contact]\nleads = false\n";

/// What is answered to somebody who asks for these records, or for all that fails.
async fn asked(story: &Story, records: &[&str], sure: bool) -> Resync {
    let request = Request::Resync {
        which: Which::default(),
        records: records.iter().map(|id| (*id).to_owned()).collect(),
        everything: false,
        sure,
    };
    told(story, &request).await
}

async fn told(story: &Story, request: &Request) -> Resync {
    let (world, now) = (&story.world, story.world.clock.now());
    let answered = answer(&world.store, request, 0, now, Vantage::Alone);
    match answered.await.unwrap() {
        Report::Resync(resync) => resync,
        other => panic!("{other:?}"),
    }
}

fn asks(story: &Story) -> usize {
    let entries = story.journal().into_iter();
    let asks = entries.filter(|entry| matches!(entry.event, Event::ResyncAsked(_)));
    asks.count()
}

/// People whose title Salesforce has no room for.
fn failing(story: &Story, people: usize) {
    for number in 0..people {
        let email = format!("p{number}@acme.example");
        let person = json!({ "email": email, "lastname": "P", "jobtitle": "T".repeat(150) });
        story.hubspot("contacts", person);
    }
}

#[tokio::test]
async fn whoever_asks_for_a_record_that_the_guard_holds_approves_that_one_and_no_other() {
    let mut story = Story::new(CONTACTS).await;
    let mut people = Vec::new();
    for number in 0..3 {
        let person = json!({ "email": format!("p{number}@acme.example"), "lastname": "P" });
        people.push(story.hubspot("contacts", person));
    }
    story.minutes(3).await;
    story.world.guard = guard::Limits {
        records: 1,
        ..guard::Limits::default()
    };
    story.configure(CONTACTS).await;
    for person in &people {
        // Salesforce's name is preferred, and written back.
        story.change_hubspot("contacts", person, json!({ "lastname": "Q" }));
    }
    story.minutes(3).await;
    story.told();
    assert_eq!(asked(&story, &[&people[0]], false).await.held, 1);
    asked(&story, &[&people[0]], true).await;
    story.minutes(3).await;
    assert_eq!(story.told(), ["contact updated to HubSpot"]);
}

#[tokio::test]
async fn what_is_asked_twice_is_one_resync_and_both_hear_when_it_is_over() {
    let mut story = Story::new(CONTACTS).await;
    failing(&story, 3);
    story.minutes(3).await;
    let first = asked(&story, &[], true).await;
    let second = asked(&story, &[], true).await;
    assert_eq!((first.records, first.known), (3, false));
    assert_eq!((second.left, second.known), (3, true));
    assert_eq!((second.ask, asks(&story)), (first.ask, 1));
    story.minutes(3).await;
    let ask = first.ask.unwrap();
    let over = told(&story, &Request::Resynced { ask }).await;
    assert_eq!((over.left, over.failed), (0, 3));
}

#[tokio::test]
async fn what_mode_observe_does_not_write_is_not_told_as_gone_through() {
    let mut story = Story::new(CONTACTS).await;
    let ada = json!({ "email": "ada@acme.example", "lastname": "Lovelace" });
    let ada = story.hubspot("contacts", ada);
    story.minutes(3).await;
    story.world.set_mode(Mode::Observe).await;
    story.change_hubspot("contacts", &ada, json!({ "lastname": "Byron" }));
    story.minutes(3).await;
    let ask = asked(&story, &[&ada], true).await.ask.unwrap();
    story.minutes(2).await;
    let over = told(&story, &Request::Resynced { ask }).await;
    assert_eq!((over.left, over.failed, over.unwritten), (0, 0, 1));
}
