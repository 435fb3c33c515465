//! What no search tells, and is found all the same.

use serde_json::json;
use syncline::simulator::hubspot::association::admin::Tie;

use super::Story;

const COMPANIES_AND_CONTACTS: &str = "[objects.company]\n[objects.contact]\n";

#[tokio::test]
async fn an_association_that_changes_without_its_record_is_found_by_the_round() {
    let mut story = Story::new(COMPANIES_AND_CONTACTS).await;
    let company = story.hubspot(
        "companies",
        json!({ "name": "Acme", "domain": "acme.example" }),
    );
    let contact = story.hubspot(
        "contacts",
        json!({ "email": "ada@acme.example", "lastname": "Lovelace" }),
    );
    story.minutes(3).await;
    let (account, made) = (
        story.only_in_salesforce("Account"),
        story.only_in_salesforce("Contact"),
    );
    story.associate(("contacts", &contact), ("companies", &company));
    story.told();
    story.minutes(12).await;
    assert_eq!(story.told(), ["contact updated to Salesforce"]);
    assert_eq!(
        story.shows_salesforce("Contact", &made, &["AccountId"]),
        [account]
    );
    story.in_hubspot(|portal, now| {
        let (from, to) = (
            ("contacts", contact.as_str()),
            ("companies", company.as_str()),
        );
        portal
            .dissociate(from.0, from.1, to.0, to.1, Tie::Plain, now)
            .unwrap();
    });
    story.minutes(12).await;
    // The rule of the account is prefer-salesforce: what Salesforce holds comes back.
    assert_eq!(story.told(), ["contact associated to HubSpot"]);
    story.minutes(30).await;
    assert_eq!(story.told(), Vec::<String>::new(), "all is quiet");
}

#[tokio::test]
async fn a_record_archived_in_hubspot_is_told_within_the_hour_and_nothing_is_deleted() {
    let mut story = Story::new("[objects.contact]\n").await;
    let contact = story.hubspot(
        "contacts",
        json!({ "email": "ada@acme.example", "lastname": "Lovelace" }),
    );
    story.minutes(3).await;
    let made = story.only_in_salesforce("Contact");
    story.in_hubspot(|portal, now| portal.archive("contacts", &contact, now).unwrap());
    story.told();
    story.minutes(62).await;
    assert_eq!(story.told(), ["contact excluded: deleted"]);
    assert_eq!(
        story.shows_salesforce("Contact", &made, &["LastName", "IsDeleted"]),
        ["Lovelace", "false"]
    );
    story.in_hubspot(|portal, now| portal.restore("contacts", &contact, now).unwrap());
    story.change_hubspot("contacts", &contact, json!({ "city": "London" }));
    story.minutes(3).await;
    assert_eq!(
        story.shows_salesforce("Contact", &made, &["MailingCity"]),
        ["London"],
        "what was restored is kept in step again"
    );
}
