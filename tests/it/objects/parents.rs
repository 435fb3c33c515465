//! Records that belong to others.

use serde_json::json;
use syncline::simulator::salesforce::{Injected, InjectedKind};

use super::{ALL, Story};

const COMPANIES_AND_CONTACTS: &str = "[objects.company]\n[objects.contact]\n";

#[tokio::test]
async fn a_contact_brings_its_company_and_is_written_under_its_account() {
    let mut story = Story::new(COMPANIES_AND_CONTACTS).await;
    let company = story.hubspot(
        "companies",
        json!({ "name": "Acme", "domain": "acme.example" }),
    );
    let contact = story.hubspot(
        "contacts",
        json!({ "email": "ada@acme.example", "lastname": "Lovelace" }),
    );
    story.associate(("contacts", &contact), ("companies", &company));
    story.minutes(3).await;
    let (account, made) = (
        story.only_in_salesforce("Account"),
        story.only_in_salesforce("Contact"),
    );
    assert_eq!(
        story.shows_salesforce("Contact", &made, &["LastName", "AccountId"]),
        ["Lovelace", account.as_str()]
    );
    assert_eq!(
        story.told(),
        [
            "company linked: created",
            "company created to Salesforce",
            "contact linked: created",
            "contact created to Salesforce",
        ]
    );
}

#[tokio::test]
async fn a_salesforce_contact_gets_its_primary_company() {
    let mut story = Story::new(COMPANIES_AND_CONTACTS).await;
    let account = story.salesforce(
        "Account",
        json!({ "Name": "Acme", "Website": "acme.example" }),
    );
    story.salesforce(
        "Contact",
        json!({ "LastName": "Lovelace", "Email": "ada@acme.example", "AccountId": account }),
    );
    story.minutes(3).await;
    let (company, contact) = (
        story.only_in_hubspot("companies"),
        story.only_in_hubspot("contacts"),
    );
    assert_eq!(
        story.associated(("contacts", &contact), "companies"),
        [format!("{company}*")]
    );
    story.told();
    story.minutes(3).await;
    assert_eq!(story.told(), Vec::<String>::new(), "all is quiet");
}

#[tokio::test]
async fn a_contact_that_moves_to_another_account_moves_to_another_company() {
    let mut story = Story::new(COMPANIES_AND_CONTACTS).await;
    let first = story.salesforce(
        "Account",
        json!({ "Name": "Acme", "Website": "acme.example" }),
    );
    let contact = story.salesforce(
        "Contact",
        json!({ "LastName": "Lovelace", "Email": "ada@acme.example", "AccountId": first }),
    );
    story.minutes(3).await;
    let old = story.only_in_hubspot("companies");
    let second = story.salesforce(
        "Account",
        json!({ "Name": "Babbage", "Website": "babbage.example" }),
    );
    story.salesforce("Contact", json!({ "Id": contact, "AccountId": second }));
    story.told();
    story.minutes(3).await;
    assert_eq!(
        story.told(),
        [
            "company linked: created",
            "company created to HubSpot",
            "contact associated to HubSpot",
        ]
    );
    let ours = story.only_in_hubspot("contacts");
    let mut associated = story.associated(("contacts", &ours), "companies");
    associated.sort_by_key(|one| !one.ends_with('*'));
    assert!(
        associated[0].ends_with('*') && associated[0] != format!("{old}*"),
        "{associated:?}"
    );
}

#[tokio::test]
async fn a_contact_waits_for_its_account_and_goes_on_when_that_is_linked() {
    let mut story = Story::new(COMPANIES_AND_CONTACTS).await;
    story.in_salesforce(|org, _| {
        org.inject(Injected {
            name: "Needs_Phone".to_owned(),
            object: "Account".to_owned(),
            kind: InjectedKind::ValidationRule,
            when: Vec::new(),
            message: "Say a phone number.".to_owned(),
            fields: vec!["Phone".to_owned()],
            active: true,
        });
    });
    let company = story.hubspot(
        "companies",
        json!({ "name": "Acme", "domain": "acme.example" }),
    );
    let contact = story.hubspot(
        "contacts",
        json!({ "email": "ada@acme.example", "lastname": "Lovelace" }),
    );
    story.associate(("contacts", &contact), ("companies", &company));
    story.minutes(3).await;
    assert_eq!(
        story.told(),
        [
            "company failed to Salesforce: FIELD_CUSTOM_VALIDATION_EXCEPTION",
            "contact failed to Salesforce: parent_not_linked",
        ]
    );
    story.minutes(3).await;
    assert_eq!(
        story.told(),
        Vec::<String>::new(),
        "it waits without a word"
    );
    story.in_salesforce(|org, _| assert!(org.remove_rule("Needs_Phone")));
    story.change_hubspot("companies", &company, json!({ "phone": "+39 02 1" }));
    story.minutes(3).await;
    assert_eq!(
        story.told(),
        [
            "company linked: created",
            "company created to Salesforce",
            "contact linked: created",
            "contact created to Salesforce",
        ]
    );
    let (account, made) = (
        story.only_in_salesforce("Account"),
        story.only_in_salesforce("Contact"),
    );
    assert_eq!(
        story.shows_salesforce("Contact", &made, &["AccountId"]),
        [account]
    );
}

#[tokio::test]
async fn a_record_of_a_parent_that_is_left_out_goes_without_it() {
    let mut story =
        Story::new("[objects.company]\ncreates = \"hubspot\"\n[objects.contact]\n").await;
    let company = story.hubspot(
        "companies",
        json!({ "name": "Acme", "domain": "acme.example" }),
    );
    let contact = story.hubspot(
        "contacts",
        json!({ "email": "ada@acme.example", "lastname": "Lovelace" }),
    );
    story.associate(("contacts", &contact), ("companies", &company));
    story.minutes(3).await;
    let told = story.told();
    assert!(
        told.contains(&"company excluded: creation".to_owned()),
        "{told:?}"
    );
    assert!(
        told.contains(&"contact created to Salesforce".to_owned()),
        "{told:?}"
    );
    let made = story.only_in_salesforce("Contact");
    assert_eq!(
        story.shows_salesforce("Contact", &made, &["AccountId"]),
        [""]
    );
}

#[tokio::test]
async fn an_account_that_is_emptied_takes_the_primary_company_away() {
    let mut story = Story::new(ALL).await;
    let account = story.salesforce(
        "Account",
        json!({ "Name": "Acme", "Website": "acme.example" }),
    );
    let deal = story.salesforce("Opportunity", json!({
        "Name": "Engine", "StageName": "Prospecting", "CloseDate": "2026-12-31", "AccountId": account }));
    story.minutes(3).await;
    let (company, ours) = (
        story.only_in_hubspot("companies"),
        story.only_in_hubspot("deals"),
    );
    assert_eq!(
        story.associated(("deals", &ours), "companies"),
        [format!("{company}*")]
    );
    story.salesforce("Opportunity", json!({ "Id": deal, "AccountId": null }));
    story.minutes(3).await;
    assert_eq!(
        story.associated(("deals", &ours), "companies"),
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn a_company_that_was_primary_once_is_no_account_when_the_primary_one_goes() {
    let mut story = Story::new(ALL).await;
    let account = |name: &str| {
        story.salesforce(
            "Account",
            json!({ "Name": name, "Website": format!("{name}.example") }),
        )
    };
    let (first, second) = (account("acme"), account("babbage"));
    let deal = story.salesforce("Opportunity", json!({
        "Name": "Engine", "StageName": "Prospecting", "CloseDate": "2026-12-31", "AccountId": first }));
    story.minutes(3).await;
    let ours = story.only_in_hubspot("deals");
    let former = story.associated(("deals", &ours), "companies");
    story.salesforce("Opportunity", json!({ "Id": deal, "AccountId": second }));
    story.minutes(3).await;
    story.salesforce("Opportunity", json!({ "Id": deal, "AccountId": null }));
    story.minutes(3).await;
    let former = former[0].trim_end_matches('*');
    assert_eq!(
        story.associated(("deals", &ours), "companies"),
        [former],
        "it stays, and is not the primary one"
    );
    story.told();
    story.minutes(30).await;
    assert_eq!(story.told(), Vec::<String>::new(), "all is quiet");
    assert_eq!(
        story.shows_salesforce("Opportunity", &deal, &["AccountId"]),
        [""]
    );
}
