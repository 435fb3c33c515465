//! Two records that claim one value which only one may have.

use serde_json::json;
use syncline::domain::call::Operation;
use syncline::domain::event::Event;
use syncline::domain::record::Side;
use syncline::simulator::salesforce::FieldChange;

use super::Story;

/// Calls that wrote to HubSpot.
fn writes_to_hubspot(story: &Story) -> usize {
    let spent = story.journal().into_iter().filter(|entry| {
        matches!(&entry.event, Event::CallsSpent(spent)
            if spent.side == Side::HubSpot && spent.operation == Operation::Write)
    });
    spent.count()
}

#[tokio::test]
async fn of_two_new_contacts_with_one_address_the_first_goes_and_the_other_is_told() {
    let mut story = Story::new("[objects.contact]\nleads = false\n").await;
    for (name, email) in [("Ada", "ada@acme.example"), ("Adele", "ADA@acme.example")] {
        story.salesforce("Contact", json!({ "LastName": name, "Email": email }));
    }
    for number in 0..6 {
        let email = format!("p{number}@acme.example");
        story.salesforce("Contact", json!({ "LastName": "P", "Email": email }));
    }
    story.minutes(3).await;
    let told = story.told();
    let count = |line: &str| told.iter().filter(|one| *one == line).count();
    assert_eq!(count("contact created to HubSpot"), 7, "{told:#?}");
    assert_eq!(count("contact excluded: ambiguous"), 1, "{told:#?}");
    assert_eq!(told.iter().filter(|one| one.contains("failed")).count(), 0);
    assert_eq!(writes_to_hubspot(&story), 1, "nothing was taken apart");
}

#[tokio::test]
async fn a_value_that_all_records_claim_costs_no_call_for_each_of_them() {
    let mut story = Story::new(
        "[objects.contact]\nleads = false\n\
         [[objects.contact.fields]]\nhubspot = \"fax\"\nsalesforce = \"Tax__c\"\nrule = \"two-way\"\n",
    )
    .await;
    story.in_salesforce(|org, _| {
        let unique = FieldChange::Add("string(20) cunFSU".to_owned());
        org.change_field("Contact", "Tax__c", unique).unwrap();
    });
    for number in 0..40 {
        let email = format!("p{number}@acme.example");
        story.hubspot(
            "contacts",
            json!({ "email": email, "lastname": "P", "fax": "n/a" }),
        );
    }
    story.minutes(6).await;
    let told = story.told();
    let count = |line: &str| told.iter().filter(|one| *one == line).count();
    assert_eq!(count("contact created to Salesforce"), 1, "{told:#?}");
    assert_eq!(
        count("contact failed to Salesforce: DUPLICATE_VALUE"),
        39,
        "{told:#?}"
    );
    let calls = [Operation::Write, Operation::Match].map(|operation| story.calls(operation));
    assert!(calls.iter().sum::<usize>() <= 12, "{calls:?}");
}
