//! Associations of which one end has no room in HubSpot: one is tried, and the others wait until
//! there is room.

use serde_json::json;
use syncline::domain::call::Operation;
use syncline::domain::event::{Event, Known, Mode};
use syncline::domain::record::Side;
use syncline::projections::errors::{Filter, count};
use syncline::projections::forecasts;
use syncline::simulator::hubspot::association::ceiling::{Ceiling, SetBy};
use syncline::simulator::{Fault, OneShot, Server};

use super::likely::hours;
use super::{ALL, Story};

fn limit(story: &Story, from: &str, to: &str, max: u32) {
    let set_by = SetBy::Administrator;
    let ceiling = Some(Ceiling { max, set_by });
    story.in_hubspot(|portal, _| portal.set_association_limit(from, to, ceiling).unwrap());
}

fn account(story: &Story, name: &str) -> String {
    let website = format!("{name}.example");
    story.salesforce("Account", json!({ "Name": name, "Website": website }))
}

/// Opportunities of an account.
fn opportunities(story: &Story, numbers: std::ops::Range<u32>, account: &str) -> Vec<String> {
    let one = |number: u32| {
        let name = format!("Engine {number}");
        let deal = json!({
            "Name": name, "StageName": "Prospecting", "CloseDate": "2026-12-31",
            "AccountId": account,
        });
        story.salesforce("Opportunity", deal)
    };
    numbers.map(one).collect()
}

/// Errors of associations, answered and likely.
fn stand(story: &Story) -> (u64, u64) {
    let count = |known| {
        let filter = Filter {
            known: Some(known),
            ..Filter::default()
        };
        let read = |view: &syncline::store::View<'_>| count(view, &filter);
        story.world.store.read_blocking(read).unwrap()
    };
    (count(Known::Answered), count(Known::Likely))
}

/// Writes to HubSpot so far, in calls.
fn writes(story: &Story) -> usize {
    let is_write = |event: &Event| {
        matches!(event, Event::CallsSpent(one)
            if one.side == Side::HubSpot && one.operation == Operation::Write)
    };
    let entries = story.journal().into_iter();
    entries.filter(|entry| is_write(&entry.event)).count()
}

/// A company with three deals that may have three, and is known to have them.
async fn full_company(objects: &str) -> (Story, String, String) {
    let mut story = Story::new(objects).await;
    let acme = account(&story, "acme");
    opportunities(&story, 0..3, &acme);
    story.minutes(4).await;
    limit(&story, "companies", "deals", 3);
    hours(&mut story, 2).await;
    let company = story.only_in_hubspot("companies");
    assert_eq!(story.associated(("companies", &company), "deals").len(), 3);
    (story, acme, company)
}

#[tokio::test]
async fn of_many_deals_of_a_full_company_one_is_tried_and_all_go_when_the_limit_is_raised() {
    let (mut story, acme, company) = full_company(ALL).await;
    let deals = |story: &Story| story.associated(("companies", &company), "deals").len();
    let before = writes(&story);
    let ours = opportunities(&story, 10..30, &acme);
    story.minutes(5).await;
    // One call makes them all, another one tries one association.
    assert_eq!((deals(&story), stand(&story)), (3, (1, 19)));
    assert_eq!(writes(&story) - before, 2);
    let records = story.in_hubspot(|portal, _| portal.records("deals").len());
    assert_eq!(records, 23, "they are made all the same");
    story.minutes(20).await;
    assert_eq!(writes(&story) - before, 2, "nothing more is sent");
    // What is written of them otherwise ends nothing of that, also not of the one that was tried.
    for deal in &ours {
        story.salesforce("Opportunity", json!({ "Id": deal, "NextStep": "Call" }));
    }
    story.minutes(5).await;
    let (answered, likely) = stand(&story);
    assert_eq!((deals(&story), answered + likely), (3, 20));
    // Another start knows it from before.
    story.configure(ALL).await;
    opportunities(&story, 40..45, &acme);
    story.minutes(5).await;
    let (answered, likely) = stand(&story);
    assert_eq!((deals(&story), answered + likely), (3, 25));
    limit(&story, "companies", "deals", 100);
    hours(&mut story, 2).await;
    assert_eq!((deals(&story), stand(&story)), (28, (0, 0)));
}

#[tokio::test]
async fn room_that_a_person_makes_is_found_within_the_hour() {
    let (mut story, acme, company) = full_company(ALL).await;
    opportunities(&story, 10..11, &acme);
    story.minutes(5).await;
    assert_eq!(stand(&story), (1, 0));
    opportunities(&story, 11..12, &acme);
    story.minutes(5).await;
    assert_eq!(stand(&story), (1, 1));
    limit(&story, "companies", "deals", 5);
    hours(&mut story, 2).await;
    let deals = story.associated(("companies", &company), "deals").len();
    assert_eq!((deals, stand(&story)), (5, (0, 0)));
}

#[tokio::test]
async fn one_that_finds_room_made_since_takes_all_others_with_it() {
    let (mut story, acme, company) = full_company(ALL).await;
    limit(&story, "companies", "deals", 100);
    opportunities(&story, 10..30, &acme);
    story.minutes(5).await;
    let deals = story.associated(("companies", &company), "deals").len();
    assert_eq!((deals, stand(&story)), (23, (0, 0)));
}

#[tokio::test]
async fn a_sample_of_such_associations_is_tried_all_the_same() {
    let (mut story, acme, _) = full_company(ALL).await;
    story.world.bounds.shadow_percent = 100;
    story.configure(ALL).await;
    opportunities(&story, 10..15, &acme);
    story.minutes(5).await;
    assert_eq!(stand(&story), (5, 0));
    let tried = story.world.store.read_blocking(forecasts::all).unwrap();
    let [tried] = tried.as_slice() else {
        panic!("one prediction, not {tried:?}");
    };
    assert!(tried.sent >= 5 && tried.accepted == 0, "{tried:?}");
}

#[tokio::test]
async fn deals_that_have_all_the_companies_they_may_have_are_known_as_well() {
    let mut story = Story::new(ALL).await;
    let (first, second) = (account(&story, "acme"), account(&story, "babbage"));
    let ours = opportunities(&story, 0..5, &first);
    story.minutes(4).await;
    limit(&story, "deals", "companies", 1);
    hours(&mut story, 2).await;
    for deal in &ours {
        story.salesforce("Opportunity", json!({ "Id": deal, "AccountId": second }));
    }
    story.minutes(5).await;
    assert_eq!(stand(&story), (1, 4));
    limit(&story, "deals", "companies", 2);
    hours(&mut story, 2).await;
    assert_eq!(stand(&story), (0, 0));
}

#[tokio::test]
async fn one_person_without_room_keeps_no_other_from_the_deal() {
    let mut story = Story::new(ALL).await;
    let acme = account(&story, "acme");
    let people: Vec<String> = ["ada", "bob"]
        .into_iter()
        .map(|name| {
            let email = format!("{name}@acme.example");
            story.salesforce("Contact", json!({ "LastName": name, "Email": email }))
        })
        .collect();
    let deals = opportunities(&story, 0..1, &acme);
    let role = |story: &Story, deal: &str, person: &str| {
        let role = json!({ "OpportunityId": deal, "ContactId": person });
        story.salesforce("OpportunityContactRole", role);
    };
    role(&story, &deals[0], &people[0]);
    story.minutes(5).await;
    limit(&story, "contacts", "deals", 1);
    hours(&mut story, 2).await;
    // The first of these finds out, the second one follows.
    for number in 1..3 {
        let deal = opportunities(&story, number..number + 1, &acme);
        story.minutes(3).await;
        for person in &people {
            role(&story, &deal[0], person);
        }
        story.minutes(5).await;
    }
    let (answered, likely) = stand(&story);
    assert_eq!(answered + likely, 2);
    let contacts = |story: &Story, name: &str| -> usize {
        let records = story.in_hubspot(|portal, _| {
            let found = portal.records("contacts").into_iter();
            let named = found.filter(|one| one.value("lastname") == Some(name));
            named.map(|one| one.id.to_string()).collect::<Vec<_>>()
        });
        story.associated(("contacts", &records[0]), "deals").len()
    };
    assert_eq!((contacts(&story, "ada"), contacts(&story, "bob")), (1, 1));
}

#[tokio::test]
async fn an_account_that_keeps_its_limits_to_itself_answers_for_each_record() {
    let mut story = Story::new(ALL).await;
    story.world.simulator.lock().unwrap().faults.order(OneShot {
        server: Server::HubSpot,
        method: None,
        path: "/crm/limits/".into(),
        skip: 0,
        times: u32::MAX,
        fault: Fault::Answer(403),
    });
    let acme = account(&story, "acme");
    opportunities(&story, 0..3, &acme);
    story.minutes(4).await;
    limit(&story, "companies", "deals", 3);
    hours(&mut story, 2).await;
    opportunities(&story, 10..15, &acme);
    story.minutes(5).await;
    assert_eq!(stand(&story), (5, 0));
    let schema_changes = story.journal().into_iter();
    let changed = |event: &Event| matches!(event, Event::SchemaChanged(_));
    assert_eq!(schema_changes.filter(|one| changed(&one.event)).count(), 0);
}

#[tokio::test]
async fn in_mode_observe_it_is_told_and_nothing_is_tried() {
    let (mut story, acme, _) = full_company(ALL).await;
    let other = account(&story, "babbage");
    let ours = opportunities(&story, 10..13, &other);
    story.minutes(5).await;
    story.world.set_mode(Mode::Observe).await;
    for deal in &ours {
        story.salesforce("Opportunity", json!({ "Id": deal, "AccountId": acme }));
    }
    story.minutes(5).await;
    assert_eq!(stand(&story), (0, 3));
    story.world.set_mode(Mode::Sync).await;
    story.minutes(5).await;
    assert_eq!(stand(&story), (1, 2));
}
