//! What is read ahead of a large load: it answers like Salesforce itself, and costs fewer calls.

use serde_json::{Value, json};
use syncline::clock::Clock;
use syncline::control::{self, Request};
use syncline::domain::call::{Lane, Operation};
use syncline::domain::event::Event;
use syncline::domain::guard;
use syncline::domain::record::{ObjectName, RecordId, Side};
use syncline::inbox::snapshot;
use syncline::projections::holds;
use syncline::simulator::Server;
use syncline::simulator::crowd::{Crowd, fill};
use syncline::simulator::salesforce::Settings;
use syncline::sync::Bounds;

use super::{crowd, in_hubspot, members, story};
use crate::calls::world::{BEGIN_MS, empty};
use crate::objects::ALL;
use crate::objects::story::{Story, map};

const CONTACTS: &str = "[objects.contact]\n";
const COMPANIES: &str = "[objects.company]\n";

/// Bounds under which six rows are many, and each list holds two keys.
fn small() -> Bounds {
    Bounds {
        match_keys: 2,
        match_queries: 1,
        bulk_page: 7,
        snapshot_rows: 5,
        ..Bounds::default()
    }
}

/// A daemon whose guard holds any load of more than three.
async fn guarded(bounds: Bounds, objects: &str) -> Story {
    let mut story = Story::new(objects).await;
    story.world.bounds = bounds;
    story.world.guard = guard::Limits {
        floor: 3,
        ..guard::Limits::default()
    };
    story.configure(objects).await;
    story
}

/// A person approves what is held.
async fn approve(story: &Story) {
    let (world, now) = (&story.world, story.world.clock.now());
    let open = world.store.read(holds::open).await.unwrap();
    assert!(!open.is_empty(), "nothing is held");
    for hold in open {
        let request = Request::SettleHold {
            number: hold.number,
            approve: true,
        };
        let settled =
            control::answer(&world.store, &request, 0, now, control::Vantage::Beside).await;
        settled.unwrap();
    }
}

/// People in HubSpot, written before the daemon came.
fn hubspot_crowd(story: &Story, numbers: std::ops::Range<i64>) -> Vec<String> {
    let make = |number: i64| {
        let fields = map(json!({ "lastname": format!("Member {number:03}"),
            "email": format!("m{number:03}@crowd.example") }));
        story.in_hubspot(|portal, now| {
            let at = now - 86_400_000 + number * 60_000;
            portal.put("contacts", None, &fields, at).unwrap()
        })
    };
    numbers.map(make).collect()
}

/// The last names of all contacts in Salesforce, in order.
fn in_salesforce(story: &Story) -> Vec<String> {
    let records = story.in_salesforce(|org, _| org.records("Contact"));
    let name = |record: &Value| record["LastName"].as_str().unwrap().to_owned();
    let mut names: Vec<String> = records.iter().map(name).collect();
    names.sort();
    names
}

/// The id of the contact in Salesforce with this last name.
fn named(story: &Story, name: &str) -> String {
    let records = story.in_salesforce(|org, _| org.records("Contact"));
    let found = records.iter().find(|record| record["LastName"] == name);
    found.unwrap()["Id"].as_str().unwrap().to_owned()
}

/// Whether the snapshot still holds a contact.
fn is_held(story: &Story, id: &str) -> bool {
    let object = ObjectName::parse("contact").unwrap();
    let id = RecordId::parse(id).unwrap();
    let read = |view: &syncline::store::View<'_>| snapshot::of_id(view, &object, &id);
    story.world.store.read_blocking(read).unwrap().is_some()
}

#[tokio::test]
async fn a_load_from_hubspot_is_matched_by_what_was_read_ahead() {
    let mut story = story(Settings::default(), small(), CONTACTS).await;
    hubspot_crowd(&story, 0..20);
    crowd(&story, 10..15);
    let known = named(&story, "Member 012");
    // They are planned once in a minute, and what came from Salesforce went first.
    story.minutes(2).await;
    assert_eq!(in_salesforce(&story), members(0..20), "none is doubled");
    // Two jobs, for contacts and leads, and a look at each; then two lists: of what there is to
    // read, and of what moved since. Without them each list of two keys would have cost a call.
    assert_eq!(story.calls(Operation::Bulk), 4);
    assert_eq!(story.calls(Operation::Match), 2);
    story.minutes(2).await;
    assert!(!is_held(&story, &known), "it goes with the load");
}

#[tokio::test]
async fn a_load_from_salesforce_that_was_held_is_read_again_by_what_was_read_ahead() {
    let mut story = guarded(small(), CONTACTS).await;
    crowd(&story, 0..20);
    story.minutes(8).await;
    let edited = named(&story, "Member 007");
    assert!(is_held(&story, &edited));
    story.salesforce("Contact", json!({ "Id": edited, "LastName": "Edited" }));
    let before = (story.calls(Operation::Bulk), story.calls(Operation::Match));
    assert_eq!(before, (4, 2));
    approve(&story).await;
    story.minutes(1).await;
    let mut expected = members(0..20);
    expected.retain(|name| name != "Member 007");
    expected.insert(0, "Edited".to_owned());
    assert_eq!(in_hubspot(&story), expected);
    // One list names what moved, and the edited one is read by another.
    let after = (story.calls(Operation::Bulk), story.calls(Operation::Match));
    assert_eq!(after, (4, 4));
}

#[tokio::test]
async fn a_record_made_since_is_found_as_the_partner() {
    let mut story = guarded(small(), CONTACTS).await;
    hubspot_crowd(&story, 0..20);
    story.minutes(3).await;
    assert_eq!(in_salesforce(&story), members(0..0), "all are held");
    let fields = json!({ "LastName": "Member 004", "Email": "M004@crowd.example" });
    story.salesforce("Contact", fields);
    approve(&story).await;
    story.minutes(2).await;
    assert_eq!(in_salesforce(&story), members(0..20), "none is doubled");
}

#[tokio::test]
async fn a_record_committed_late_is_found_as_the_partner() {
    let mut story = guarded(small(), CONTACTS).await;
    hubspot_crowd(&story, 0..20);
    // What was read already is behind the late one's place.
    story.salesforce(
        "Contact",
        json!({ "LastName": "Zoe", "Email": "zoe@crowd.example" }),
    );
    story.in_salesforce(|org, now| {
        let fields = map(json!({ "LastName": "Member 004", "Email": "m004@crowd.example" }));
        let (stamp, visible) = (now - 60_000, now + 150_000);
        org.late_commit("Contact", fields, stamp, visible).unwrap();
    });
    story.minutes(3).await;
    approve(&story).await;
    story.minutes(2).await;
    let mut expected = members(0..20);
    expected.push("Zoe".to_owned());
    assert_eq!(in_salesforce(&story), expected, "none is doubled");
}

#[tokio::test]
async fn an_edit_of_a_partner_since_is_not_written_over() {
    let mut story = guarded(small(), CONTACTS).await;
    for person in hubspot_crowd(&story, 0..6) {
        story.change_hubspot("contacts", &person, json!({ "city": "Rome" }));
    }
    crowd(&story, 0..6);
    story.minutes(3).await;
    let partner = named(&story, "Member 000");
    assert!(is_held(&story, &partner));
    story.salesforce("Contact", json!({ "Id": partner, "MailingCity": "Milan" }));
    approve(&story).await;
    story.minutes(3).await;
    let other = named(&story, "Member 001");
    for (id, city) in [(partner, "Milan"), (other, "Rome")] {
        let shown = story.shows_salesforce("Contact", &id, &["MailingCity"]);
        assert_eq!(shown, [city]);
    }
}

#[tokio::test]
async fn two_companies_with_one_domain_do_not_become_two_accounts() {
    let bounds = Bounds {
        cycle: 2,
        ..small()
    };
    let mut story = story(Settings::default(), bounds, COMPANIES).await;
    for (number, domain) in [0, 1, 2, 3, 4, 5, 6, 0].into_iter().enumerate() {
        let fields = map(json!({ "name": format!("Company {number}"),
            "domain": format!("d{domain}.example") }));
        story.in_hubspot(|portal, now| {
            let at = now - 86_400_000 + i64::try_from(number).unwrap() * 60_000;
            portal.put("companies", None, &fields, at).unwrap();
        });
    }
    story.minutes(3).await;
    assert_eq!(story.calls(Operation::Bulk), 2, "accounts are read ahead");
    let accounts = story.in_salesforce(|org, _| org.records("Account"));
    assert_eq!(accounts.len(), 7);
    let told = story.told();
    let ambiguous = told.iter().filter(|line| line.contains("ambiguous"));
    assert_eq!(ambiguous.count(), 1, "{told:?}");
}

#[tokio::test]
async fn a_change_of_today_is_matched_by_salesforce_itself() {
    let mut story = guarded(small(), CONTACTS).await;
    hubspot_crowd(&story, 0..20);
    story.minutes(3).await;
    let matched = story.calls(Operation::Match);
    let fields = json!({ "lastname": "Today", "email": "today@crowd.example" });
    story.hubspot("contacts", fields);
    story.minutes(2).await;
    // A list for contacts and one for leads.
    assert_eq!(story.calls(Operation::Match), matched + 2);
}

#[tokio::test]
async fn where_too_much_moved_since_records_are_matched_in_lists() {
    let bounds = Bounds {
        snapshot_moved: 3,
        ..small()
    };
    let mut story = guarded(bounds, CONTACTS).await;
    hubspot_crowd(&story, 0..20);
    story.minutes(3).await;
    for number in 0..4 {
        let fields = json!({ "LastName": format!("Member {number:03}"),
            "Email": format!("m{number:03}@crowd.example") });
        story.salesforce("Contact", fields);
    }
    let before = story.calls(Operation::Match);
    approve(&story).await;
    story.minutes(2).await;
    assert_eq!(in_salesforce(&story), members(0..20), "none is doubled");
    assert!(story.calls(Operation::Match) >= before + 10);
}

#[tokio::test]
async fn what_was_read_ahead_too_long_ago_is_read_anew() {
    let bounds = Bounds {
        snapshot_ms: 600_000,
        ..small()
    };
    let mut story = guarded(bounds, CONTACTS).await;
    hubspot_crowd(&story, 0..20);
    story.minutes(20).await;
    assert_eq!(story.calls(Operation::Bulk), 4);
    approve(&story).await;
    story.minutes(2).await;
    assert_eq!(in_salesforce(&story), members(0..20));
    assert_eq!(story.calls(Operation::Bulk), 8);
}

#[tokio::test]
async fn an_org_that_refuses_jobs_is_asked_in_lists() {
    let settings = Settings {
        bulk_query_jobs: 0,
        ..Settings::default()
    };
    let mut story = story(settings, small(), CONTACTS).await;
    hubspot_crowd(&story, 0..20);
    crowd(&story, 10..15);
    story.minutes(2).await;
    assert_eq!(in_salesforce(&story), members(0..20));
    assert_eq!(story.calls(Operation::Bulk), 1);
    assert!(story.calls(Operation::Match) >= 10);
}

#[tokio::test]
async fn deals_are_read_ahead_though_their_roles_are_younger_than_they() {
    let mut simulator = empty();
    let some = Crowd {
        firms: 2,
        people: 12,
        deals: 12,
    };
    fill(&mut simulator, Server::Salesforce, some, BEGIN_MS).unwrap();
    let mut story = Story::over(simulator, ALL).await;
    story.world.bounds = small();
    story.configure(ALL).await;
    story.minutes(5).await;
    let deals = story.in_hubspot(|portal, _| portal.records("deals").len());
    assert_eq!(deals, 12);
    let spent = story
        .journal()
        .into_iter()
        .filter_map(|entry| match entry.event {
            Event::CallsSpent(spent) => Some(spent),
            _ => None,
        });
    let of_deals = spent.filter(|spent| {
        let object = spent.object.as_ref().map(ObjectName::as_str);
        let reads = spent.operation == Operation::Match && spent.side == Side::Salesforce;
        reads && object == Some("deal")
    });
    let lanes: Vec<Lane> = of_deals.map(|spent| spent.lane).collect();
    // Twice, for the deals and for what ties them: what there is to read, what moved since, and the one
    // role that was made shortly before. Each list of two keys would have cost one more.
    assert_eq!(lanes, [Lane::Backfill; 6]);
}
