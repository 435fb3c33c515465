//! Several first loads, approved in an order that is not theirs.

use serde_json::json;
use syncline::clock::Clock;
use syncline::control::{self, Request, Vantage};
use syncline::domain::call::{Lane, Operation};
use syncline::domain::event::Event;
use syncline::domain::guard;
use syncline::domain::record::Side;
use syncline::projections::holds;
use syncline::sync::Bounds;

use crate::objects::story::Story;

const OBJECTS: &str = "[objects.contact]\nleads = false\n[objects.deal]\n";

const DEALS: usize = 30;

/// Deals about two people each, all held until a person says yes.
async fn story() -> Story {
    let mut story = Story::new(OBJECTS).await;
    story.world.bounds = Bounds {
        parents_first: 10,
        ..Bounds::default()
    };
    story.world.guard = guard::Limits {
        floor: 1,
        ..guard::Limits::default()
    };
    story.configure(OBJECTS).await;
    for number in 0..DEALS {
        let deal = story.hubspot(
            "deals",
            json!({ "dealname": format!("D{number}"), "dealstage": "contractsent",
                "pipeline": "default", "closedate": "2026-12-31T00:00:00Z" }),
        );
        for half in ["a", "b"] {
            let email = format!("{half}{number}@people.example");
            let person = story.hubspot("contacts", json!({ "email": email, "lastname": half }));
            story.associate(("deals", &deal), ("contacts", &person));
        }
    }
    story
}

async fn settle(story: &Story, request: &Request) {
    let (world, now) = (&story.world, story.world.clock.now());
    let settled = control::answer(&world.store, request, 0, now, Vantage::Beside);
    settled.await.unwrap();
}

/// A person approves what is held of an object.
async fn approve(story: &Story, object: &str) {
    let open = story.world.store.read(holds::open).await.unwrap();
    for hold in open.iter().filter(|hold| hold.object.as_str() == object) {
        let request = Request::SettleHold {
            number: hold.number,
            approve: true,
        };
        settle(story, &request).await;
    }
}

/// Records in Salesforce.
fn records(story: &Story, object: &str) -> usize {
    story.in_salesforce(|org, _| org.records(object).len())
}

/// Calls to Salesforce for one operation in some lanes.
fn calls(story: &Story, lanes: &[Lane], operation: Operation) -> usize {
    let spent = story.journal().into_iter().filter(|entry| {
        matches!(&entry.event, Event::CallsSpent(spent)
            if spent.side == Side::Salesforce && spent.operation == operation
                && lanes.contains(&spent.lane))
    });
    spent.count()
}

#[tokio::test]
async fn deals_that_are_approved_before_their_people_go_after_them() {
    let mut story = story().await;
    story.minutes(3).await;
    approve(&story, "deal").await;
    story.minutes(3).await;
    assert_eq!(
        records(&story, "Opportunity"),
        0,
        "its people are still held"
    );
    approve(&story, "contact").await;
    story.minutes(6).await;
    assert_eq!(records(&story, "Contact"), 2 * DEALS);
    assert_eq!(records(&story, "Opportunity"), DEALS);
    assert_eq!(records(&story, "OpportunityContactRole"), 2 * DEALS);
    assert_eq!(calls(&story, &[Lane::Parent], Operation::Write), 0);
}

#[tokio::test]
async fn deals_go_without_their_people_when_those_are_left_out() {
    let mut story = story().await;
    story.minutes(3).await;
    approve(&story, "deal").await;
    let open = story.world.store.read(holds::open).await.unwrap();
    let request = Request::SettleHold {
        number: open[0].number,
        approve: false,
    };
    settle(&story, &request).await;
    story.minutes(4).await;
    assert_eq!(records(&story, "Contact"), 0);
    assert_eq!(records(&story, "Opportunity"), DEALS);
}
