//! Late commits among more rows than pages should list.

use serde_json::{Value, json};
use syncline::domain::call::Operation;
use syncline::simulator::salesforce::Settings;

use super::{calls, crowd, in_hubspot, members, small, story};
use crate::objects::story::{Story, map};

const CONTACTS: &str = "[objects.contact]\n";

/// Somebody changes every contact in Salesforce.
fn change_all(story: &Story, city: &str) {
    let ids: Vec<Value> = story.in_salesforce(|org, _| {
        let records = org.records("Contact").into_iter();
        records.map(|record| record["Id"].clone()).collect()
    });
    for id in ids {
        story.salesforce("Contact", json!({ "Id": id, "MailingCity": city }));
    }
}

/// A contact whose transaction began earlier and ends only in some minutes.
fn commits_late(story: &Story, began_ms_ago: i64, ends_in_ms: i64) {
    let fields = map(json!({ "LastName": "Late", "Email": "late@crowd.example" }));
    story.in_salesforce(|org, now| {
        let (stamp, visible) = (now - began_ms_ago, now + ends_in_ms);
        org.late_commit("Contact", fields, stamp, visible).unwrap();
    });
}

#[tokio::test]
async fn a_late_commit_is_found_by_a_bulk_query_where_many_rows_changed() {
    let mut story = story(Settings::default(), small(), CONTACTS).await;
    crowd(&story, 0..60);
    // The marks that the load wrote are listed too.
    story.minutes(20).await;
    assert_eq!(in_hubspot(&story), members(0..60));
    commits_late(&story, 5_000, 100_000);
    change_all(&story, "Milan");
    let before = calls(&story);
    story.minutes(3).await;
    assert_eq!(in_hubspot(&story), members(0..60), "nobody looked for it");
    story.minutes(11).await;
    assert_eq!(in_hubspot(&story)[0], "Late");
    let after = calls(&story);
    // The changes are read by a job, and so is the one listing that passes over them; what it
    // has not seen is fetched by one call more.
    let pages = 1 + 4 + 1 + 1;
    assert_eq!((after.0 - before.0, after.1 - before.1), (4, pages));
}

#[tokio::test]
async fn a_listing_waits_for_a_load_and_a_restart_does_not_forget_it() {
    let slow = Settings {
        bulk_ms_per_10k: 80_000_000,
        ..Settings::default()
    };
    let mut story = story(slow, small(), CONTACTS).await;
    crowd(&story, 0..60);
    story.minutes(40).await;
    assert_eq!(in_hubspot(&story), members(0..60));
    let listed = story.calls(Operation::Listing);
    commits_late(&story, 5_000, 100_000);
    change_all(&story, "Milan");
    story.minutes(7).await;
    assert_eq!(
        story.calls(Operation::Listing),
        listed,
        "a load is going on"
    );
    story.configure(CONTACTS).await;
    story.minutes(30).await;
    assert_eq!(in_hubspot(&story)[0], "Late");
}
