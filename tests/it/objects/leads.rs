//! Contacts that are leads.

use serde_json::json;
use syncline::simulator::salesforce::Conversion;

use super::Story;

const AS_LEADS: &str = "[objects.company]\n[objects.contact]\ncreate_as = \"Lead\"\n";

#[tokio::test]
async fn a_new_contact_becomes_a_lead_where_that_is_wanted() {
    let mut story = Story::new(AS_LEADS).await;
    let contact = story.hubspot(
        "contacts",
        json!({ "email": "ada@acme.example", "lastname": "Lovelace", "company": "Acme", "city": "London" }),
    );
    story.minutes(3).await;
    let lead = story.only_in_salesforce("Lead");
    let mark = story.mark(&contact);
    assert_eq!(
        story.shows_salesforce(
            "Lead",
            &lead,
            &["LastName", "Company", "City", "Syncline_HubSpot_Id__c"]
        ),
        ["Lovelace", "Acme", "London", mark.as_str()]
    );
    assert_eq!(
        story.in_salesforce(|org, _| org.records("Contact").len()),
        0
    );
    story.salesforce("Lead", json!({ "Id": lead, "City": "Oxford" }));
    story.minutes(3).await;
    assert_eq!(
        story.shows_hubspot("contacts", &contact, &["city", "syncline_salesforce_id"]),
        ["Oxford", lead.as_str()]
    );
}

#[tokio::test]
async fn a_contact_without_a_company_cannot_become_a_lead_and_costs_no_call() {
    let mut story = Story::new(AS_LEADS).await;
    story.hubspot(
        "contacts",
        json!({ "email": "ada@acme.example", "lastname": "Lovelace" }),
    );
    story.minutes(3).await;
    assert_eq!(
        story.told(),
        ["contact failed to Salesforce: REQUIRED_FIELD_MISSING"]
    );
}

#[tokio::test]
async fn contacts_and_leads_of_one_org_meet_the_contacts_of_the_portal() {
    let mut story = Story::new("[objects.contact]\n").await;
    let ada = story.hubspot(
        "contacts",
        json!({ "email": "ada@acme.example", "lastname": "Lovelace" }),
    );
    let grace = story.hubspot(
        "contacts",
        json!({ "email": "grace@acme.example", "lastname": "Hopper" }),
    );
    let contact = story.salesforce(
        "Contact",
        json!({ "LastName": "Lovelace", "Email": "Ada@acme.example" }),
    );
    let lead = story.salesforce(
        "Lead",
        json!({ "LastName": "Hopper", "Company": "Navy", "Email": "grace@acme.example" }),
    );
    story.minutes(4).await;
    assert_eq!(
        story
            .told()
            .iter()
            .filter(|line| line.contains("linked: key"))
            .count(),
        2
    );
    assert_eq!(
        story.shows_hubspot("contacts", &ada, &["syncline_salesforce_id"]),
        [contact]
    );
    assert_eq!(
        story.shows_hubspot("contacts", &grace, &["syncline_salesforce_id", "company"]),
        [lead.as_str(), "Navy"]
    );
}

/// Ada is a contact in HubSpot and a lead in Salesforce: the story, and both ids.
async fn ada_as_lead() -> (Story, String, String) {
    let mut story = Story::new(AS_LEADS).await;
    let contact = story.hubspot(
        "contacts",
        json!({ "email": "ada@acme.example", "lastname": "Lovelace", "company": "Acme" }),
    );
    story.minutes(3).await;
    let lead = story.only_in_salesforce("Lead");
    (story, contact, lead)
}

#[tokio::test]
async fn a_converted_lead_goes_on_as_its_contact() {
    let (mut story, contact, lead) = ada_as_lead().await;
    story.told();
    let became = story.in_salesforce(|org, now| {
        org.convert_lead_into(&lead, &Conversion::default(), now)
            .unwrap()
    });
    story.minutes(4).await;
    let told = story.told();
    assert!(
        told.contains(&"contact linked: converted".to_owned()),
        "{told:?}"
    );
    assert!(
        told.contains(&"contact excluded: converted".to_owned()),
        "{told:?}"
    );
    let mark = story.mark(&contact);
    assert_eq!(
        story.shows_salesforce("Contact", &became.contact, &["Syncline_HubSpot_Id__c"]),
        [mark]
    );
    assert_eq!(
        story.shows_hubspot("contacts", &contact, &["syncline_salesforce_id"]),
        [became.contact.as_str()]
    );
    assert_eq!(
        story.in_hubspot(|portal, _| portal.records("contacts").len()),
        1,
        "nobody is doubled"
    );
    story.change_hubspot("contacts", &contact, json!({ "phone": "+39 02 1" }));
    story.minutes(3).await;
    assert_eq!(
        story.shows_salesforce("Contact", &became.contact, &["Phone"]),
        ["+39 02 1"]
    );
    story.told();
    story.minutes(3).await;
    assert_eq!(story.told(), Vec::<String>::new());
}

#[tokio::test]
async fn a_lead_converted_into_a_contact_nobody_has_seen_yet_goes_on_as_that_one() {
    let (mut story, contact, lead) = ada_as_lead().await;
    let person = story.salesforce(
        "Contact",
        json!({ "LastName": "Byron", "Email": "ada@home.example" }),
    );
    let into = Conversion {
        contact: Some(person.clone()),
        ..Conversion::default()
    };
    story.in_salesforce(|org, now| org.convert_lead_into(&lead, &into, now).unwrap());
    story.minutes(4).await;
    assert_eq!(story.only_in_hubspot("contacts"), contact);
    assert_eq!(
        story.shows_hubspot("contacts", &contact, &["syncline_salesforce_id"]),
        [person]
    );
}

#[tokio::test]
async fn a_contact_whose_lead_became_somebody_elses_contact_is_told_and_never_made_again() {
    let (mut story, ada, lead) = ada_as_lead().await;
    let person = story.salesforce(
        "Contact",
        json!({ "LastName": "Byron", "Email": "ada@home.example" }),
    );
    story.minutes(3).await;
    let into = Conversion {
        contact: Some(person),
        ..Conversion::default()
    };
    story.in_salesforce(|org, now| org.convert_lead_into(&lead, &into, now).unwrap());
    story.minutes(4).await;
    let told = story.told();
    let ambiguous = "contact excluded: ambiguous".to_owned();
    assert!(told.contains(&ambiguous), "{told:?}");
    // Nothing in HubSpot says any more whose it was, and the converted lead still does.
    let changed = json!({ "email": "a.lovelace@acme.example", "syncline_salesforce_id": "" });
    story.change_hubspot("contacts", &ada, changed);
    story.minutes(5).await;
    assert_eq!(story.told(), Vec::<String>::new());
    assert_eq!(story.in_salesforce(|org, _| org.refusals().len()), 0);
}
