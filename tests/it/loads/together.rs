//! Records that concern one another while one of them is on its way.

use serde_json::json;

use super::{CONTACTS, PEOPLE, assert_arrived, in_salesforce, job_lines, left, sets_out, story};
use crate::objects::story::Story;

const COMPANIES: &str = "[objects.company]\n";

#[tokio::test]
async fn a_second_company_of_a_domain_waits_for_the_first_and_is_not_made_beside_it() {
    let mut story = Story::new(COMPANIES).await;
    story.world.bounds.break_even = 1;
    story.world.bounds.parcel_gather_ms = 0;
    story.configure(COMPANIES).await;
    story.in_salesforce(|org, _| org.set_bulk_pace(1_000_000_000));
    for number in 0..3 {
        let domain = format!("d{number}.example");
        story.hubspot("companies", json!({ "name": domain, "domain": domain }));
    }
    sets_out(&mut story).await;
    assert_eq!(job_lines(&story), ["upsert Account UploadComplete 0"]);
    story.hubspot(
        "companies",
        json!({ "name": "Twin", "domain": "d1.example" }),
    );
    story.minutes(40).await;
    let accounts = story.in_salesforce(|org, _| org.records("Account"));
    assert_eq!(accounts.len(), 3, "{accounts:?}");
    let told = story.told();
    let excluded: Vec<&String> = told
        .iter()
        .filter(|line| line.contains("excluded"))
        .collect();
    assert_eq!(excluded, ["company excluded: ambiguous"]);
    assert_eq!(left(&story), "0 parcels, []");
}

#[tokio::test]
async fn two_of_one_domain_that_are_packed_together_are_not_both_made() {
    let mut story = Story::new(COMPANIES).await;
    story.world.bounds.break_even = 1;
    story.world.bounds.parcel_gather_ms = 0;
    story.configure(COMPANIES).await;
    for number in 0..4 {
        let domain = format!("d{}.example", number % 3);
        let name = format!("Company {number}");
        story.hubspot("companies", json!({ "name": name, "domain": domain }));
    }
    story.minutes(40).await;
    let accounts = story.in_salesforce(|org, _| org.records("Account"));
    assert_eq!(accounts.len(), 3, "{accounts:?}");
    assert_eq!(left(&story), "0 parcels, []");
}

#[tokio::test]
async fn a_contact_that_somebody_makes_in_salesforce_meanwhile_waits_for_the_job() {
    let mut story = story(PEOPLE).await;
    story.in_salesforce(|org, _| org.set_bulk_pace(1_000_000_000));
    sets_out(&mut story).await;
    assert_eq!(job_lines(&story), ["upsert Contact UploadComplete 0"]);
    story.salesforce(
        "Contact",
        json!({ "LastName": "P0", "Email": "p0@people.example" }),
    );
    story.minutes(40).await;
    // Each of the two was made by a person: the one from HubSpot has its own, the other is told.
    assert_eq!(in_salesforce(&story).len(), PEOPLE + 1);
    let told = story.told();
    let excluded: Vec<&String> = told
        .iter()
        .filter(|line| line.contains("excluded"))
        .collect();
    assert_eq!(excluded, ["contact excluded: ambiguous"]);
    assert_eq!(left(&story), "0 parcels, []");
}

#[tokio::test]
async fn what_is_read_back_while_the_job_works_is_no_change_of_anybodys() {
    let people = 450;
    let mut story = story(people).await;
    story.world.guard.floor = 1_000;
    story.configure(CONTACTS).await;
    // Two hundred rows stand in Salesforce minutes before the results can be fetched.
    story.in_salesforce(|org, _| org.set_bulk_pace(10_000_000));
    story.minutes(25).await;
    assert_arrived(&mut story, people);
    story.minutes(10).await;
    assert_eq!(story.told(), [""; 0]);
}
