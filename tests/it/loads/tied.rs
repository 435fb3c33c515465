//! Deals and the people they are about: the deals go by a job, and their contact roles by another.

#![expect(clippy::print_stderr, reason = "a failing case names itself")]

use std::collections::BTreeMap;

use serde_json::json;
use syncline::domain::call::{Lane, Operation};
use syncline::domain::event::Event;
use syncline::domain::record::Side;
use syncline::simulator::hubspot::association::admin::Tie;
use syncline::simulator::salesforce::Salesforce;
use syncline::simulator::{Fault, OneShot, Server};
use syncline::sync::Bounds;

use super::{job_lines, jobs, left};
use crate::objects::ALL;
use crate::objects::story::Story;

/// Deals in HubSpot before the daemon is first started, each with a person of its own.
const DEALS: usize = 12;

/// A story in which a few rows are many, and a list holds two keys.
async fn story() -> (Story, Vec<(String, String)>) {
    let mut story = Story::new(ALL).await;
    story.world.bounds = Bounds {
        break_even: 3,
        parcel_gather_ms: 0,
        match_keys: 2,
        match_queries: 1,
        snapshot_rows: 5,
        ..Bounds::default()
    };
    story.configure(ALL).await;
    let tied = (0..DEALS).map(|number| {
        let person = story.hubspot(
            "contacts",
            json!({ "email": format!("p{number}@people.example"),
                "lastname": format!("P{number}"), "company": "Acme" }),
        );
        let deal = story.hubspot(
            "deals",
            json!({ "dealname": format!("D{number}"), "dealstage": "contractsent",
                "pipeline": "default", "closedate": "2026-12-31T00:00:00Z" }),
        );
        story.associate(("deals", &deal), ("contacts", &person));
        (deal, person)
    });
    let tied = tied.collect();
    (story, tied)
}

/// Whose opportunity has whose contact as a role, by their names.
fn roles(story: &Story) -> Vec<(String, String)> {
    let name = |object: &str, id: &serde_json::Value, field: &str| {
        story.shows_salesforce(object, id.as_str().unwrap(), &[field])[0].clone()
    };
    let roles = story.in_salesforce(|org, _| org.records("OpportunityContactRole"));
    let living = roles.iter().filter(|role| role["IsDeleted"] != json!(true));
    let mut named: Vec<(String, String)> = living
        .map(|role| {
            (
                name("Opportunity", &role["OpportunityId"], "Name"),
                name("Contact", &role["ContactId"], "LastName"),
            )
        })
        .collect();
    named.sort();
    named
}

fn expected() -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = (0..DEALS)
        .map(|number| (format!("D{number}"), format!("P{number}")))
        .collect();
    all.sort();
    all
}

/// Calls to Salesforce about deals so far, by lane and operation.
fn calls(story: &Story) -> BTreeMap<(Lane, Operation), usize> {
    let mut calls = BTreeMap::new();
    for entry in story.journal() {
        if let Event::CallsSpent(spent) = entry.event
            && spent.side == Side::Salesforce
            && spent.object.is_some_and(|object| object.as_str() == "deal")
        {
            *calls.entry((spent.lane, spent.operation)).or_default() += 1;
        }
    }
    calls
}

#[tokio::test]
async fn a_look_at_hubspot_between_the_deals_and_their_roles_makes_no_role_urgent() {
    let (mut story, _) = story().await;
    // Jobs that bring or take rows last for longer than a poll.
    story.in_salesforce(|org, _| org.set_bulk_pace(75_000_000));
    story.minutes(30).await;
    assert_eq!(roles(&story), expected());
    let calls = calls(&story);
    let of = |lane, operation| calls.get(&(lane, operation)).copied().unwrap_or_default();
    assert_eq!(of(Lane::Live, Operation::Match), 0, "{calls:?}");
    assert_eq!(of(Lane::Live, Operation::Write), 0, "{calls:?}");
    assert_eq!(of(Lane::Backfill, Operation::Write), 0, "{calls:?}");
}

#[tokio::test]
async fn deals_with_people_go_by_a_job_and_their_roles_are_not_read_deal_by_deal() {
    let (mut story, _) = story().await;
    story.minutes(4).await;
    assert_eq!(roles(&story), expected());
    let sent = jobs(&story);
    let sent = sent.iter().filter(|word| word.starts_with("intended"));
    let sent: Vec<&String> = sent.collect();
    let rows = [
        "intended upsert 12 rows",
        "intended upsert 12 rows",
        "intended insert 12 rows",
    ];
    assert_eq!(sent, rows, "the people, the deals, and what ties them");
    let calls = calls(&story);
    let of = |lane, operation| calls.get(&(lane, operation)).copied().unwrap_or_default();
    assert_eq!(of(Lane::Live, Operation::Match), 0, "{calls:?}");
    // What there is to read, and what moved since, before the job and after it.
    assert_eq!(of(Lane::Backfill, Operation::Match), 4, "{calls:?}");
    assert_eq!(of(Lane::Backfill, Operation::Write), 0, "{calls:?}");
    story.told();
    story.minutes(7).await;
    assert_eq!(story.told(), [""; 0], "the next look writes nothing");
}

/// Everything was tied once, and nothing is on its way.
fn assert_tied(story: &Story, what: &str) {
    assert_eq!(roles(story), expected(), "{what}");
    assert_eq!(left(story), "0 parcels, []", "{what}");
}

#[tokio::test]
async fn whatever_happens_to_the_job_of_roles_each_is_made_once() {
    let requests = [("POST", ""), ("PUT", "/"), ("PATCH", "/"), ("GET", "/")];
    // What the process knows when it dies is what it knows of an answer that was lost.
    let cases = [(Fault::Lost, true), (Fault::AnswerAfter(500), false)];
    for (method, path) in requests {
        for (fault, dies) in cases {
            let what = format!("{method}, {}, dies: {dies}", fault.name());
            eprintln!("{what}");
            let (mut story, _) = story().await;
            // Those of the people and of the deals come first; each is looked at and told.
            let skip = if method == "GET" { 5 } else { 2 };
            story.world.simulator.lock().unwrap().faults.order(OneShot {
                server: Server::Salesforce,
                method: Some(method.to_owned()),
                path: format!("/services/data/v66.0/jobs/ingest{path}"),
                skip,
                times: 1,
                fault,
            });
            for _ in 0..6 {
                story.minutes(1).await;
                if dies {
                    let again = syncline::inbox::return_in_flight;
                    story.world.store.write(again).await.unwrap();
                    story.configure(ALL).await;
                }
            }
            story.minutes(8).await;
            assert_tied(&story, &what);
        }
    }
}

/// Minutes go by until the roles are on their way.
async fn roles_set_out(story: &mut Story) {
    for _ in 0..30 {
        story.minutes(1).await;
        if job_lines(story)
            .iter()
            .any(|line| line.starts_with("insert"))
        {
            return;
        }
    }
    panic!("no job of roles was made: {:?}", job_lines(story));
}

#[tokio::test]
async fn roles_whose_job_is_aborted_or_gone_are_looked_up_before_any_is_made() {
    for (what, ends) in [
        (
            "aborted",
            Salesforce::abort_jobs as fn(&mut Salesforce, i64) -> usize,
        ),
        ("gone", Salesforce::delete_jobs),
    ] {
        let (mut story, _) = story().await;
        story.in_salesforce(|org, _| org.set_bulk_pace(75_000_000));
        roles_set_out(&mut story).await;
        assert!(story.in_salesforce(ends) > 0, "{what}");
        story.minutes(25).await;
        assert_tied(&story, what);
    }
}

#[tokio::test]
async fn a_person_who_takes_a_role_away_while_its_job_is_under_way_is_heeded() {
    let (mut story, tied) = story().await;
    story.in_salesforce(|org, _| org.set_bulk_pace(75_000_000));
    roles_set_out(&mut story).await;
    let (deal, person) = &tied[3];
    story.in_hubspot(|portal, now| {
        portal
            .dissociate("deals", deal, "contacts", person, Tie::Plain, now)
            .unwrap();
    });
    story.minutes(20).await;
    let mut left: Vec<_> = expected();
    left.retain(|(deal, _)| deal != "D3");
    assert_eq!(roles(&story), left);
}
