//! Objects of which one side alone is written.

use serde_json::json;

use super::Story;

const TO_SALESFORCE: &str = "[objects.contact]\nleads = false\ndirection = \"to-salesforce\"\n";
const TO_HUBSPOT: &str = "[objects.contact]\nleads = false\ndirection = \"to-hubspot\"\n";

#[tokio::test]
async fn to_salesforce_only_hubspot_gets_neither_values_nor_records_but_the_id() {
    let mut story = Story::new(TO_SALESFORCE).await;
    let contact = story.hubspot(
        "contacts",
        json!({ "email": "ada@acme.example", "lastname": "Lovelace", "phone": "1" }),
    );
    story.minutes(3).await;
    let made = story.only_in_salesforce("Contact");
    assert_eq!(
        story.told(),
        ["contact linked: created", "contact created to Salesforce"]
    );
    assert_eq!(
        story.shows_hubspot("contacts", &contact, &["syncline_salesforce_id"]),
        [made.as_str()]
    );
    story.salesforce(
        "Contact",
        json!({ "LastName": "Hopper", "Email": "grace@acme.example" }),
    );
    story.salesforce("Contact", json!({ "Id": made, "Phone": "2" }));
    story.minutes(3).await;
    assert_eq!(story.told(), ["contact excluded: creation"]);
    assert_eq!(story.only_in_hubspot("contacts"), contact);
    assert_eq!(
        story.shows_hubspot("contacts", &contact, &["phone"]),
        ["1"],
        "Salesforce's change stays there"
    );
    story.change_hubspot("contacts", &contact, json!({ "jobtitle": "Countess" }));
    story.minutes(3).await;
    assert_eq!(story.told(), ["contact updated to Salesforce"]);
    assert_eq!(
        story.shows_salesforce("Contact", &made, &["Title", "Phone"]),
        ["Countess", "2"],
        "HubSpot's change goes, and alone"
    );
}

#[tokio::test]
async fn to_hubspot_only_salesforce_gets_neither_values_nor_records_but_the_id() {
    let mut story = Story::new(TO_HUBSPOT).await;
    let contact = story.salesforce(
        "Contact",
        json!({ "LastName": "Lovelace", "Email": "ada@acme.example" }),
    );
    story.minutes(3).await;
    let made = story.only_in_hubspot("contacts");
    assert_eq!(
        story.told(),
        ["contact linked: created", "contact created to HubSpot"]
    );
    let mark = story.mark(&made);
    assert_eq!(
        story.shows_salesforce("Contact", &contact, &["Syncline_HubSpot_Id__c"]),
        [mark]
    );
    story.hubspot(
        "contacts",
        json!({ "email": "grace@acme.example", "lastname": "Hopper" }),
    );
    story.change_hubspot("contacts", &made, json!({ "phone": "2" }));
    story.minutes(3).await;
    assert_eq!(story.told(), ["contact excluded: creation"]);
    assert_eq!(story.only_in_salesforce("Contact"), contact);
    assert_eq!(
        story.shows_salesforce("Contact", &contact, &["Phone"]),
        [""],
        "HubSpot's change stays there"
    );
    story.salesforce("Contact", json!({ "Id": contact, "Title": "Countess" }));
    story.minutes(3).await;
    assert_eq!(story.told(), ["contact updated to HubSpot"]);
    assert_eq!(
        story.shows_hubspot("contacts", &made, &["jobtitle", "phone"]),
        ["Countess", "2"]
    );
}

#[tokio::test]
async fn what_differs_at_the_first_link_goes_to_the_one_side_alone() {
    let mut story = Story::new(TO_SALESFORCE).await;
    let contact = story.hubspot(
        "contacts",
        json!({ "email": "ada@acme.example", "lastname": "Lovelace", "jobtitle": "Countess" }),
    );
    let other = story.salesforce(
        "Contact",
        json!({ "LastName": "Lovelace", "Email": "ada@acme.example", "Fax": "3" }),
    );
    story.minutes(3).await;
    assert_eq!(
        story.told(),
        ["contact linked: key", "contact updated to Salesforce"]
    );
    assert_eq!(
        story.shows_salesforce("Contact", &other, &["Title"]),
        ["Countess"]
    );
    assert_eq!(
        story.shows_hubspot("contacts", &contact, &["fax", "syncline_salesforce_id"]),
        ["", other.as_str()]
    );
    story.minutes(3).await;
    assert_eq!(story.told(), Vec::<String>::new(), "and then it is quiet");
}

#[tokio::test]
async fn once_both_sides_are_written_again_nothing_old_is_carried() {
    let mut story = Story::new(TO_SALESFORCE).await;
    let contact = story.hubspot(
        "contacts",
        json!({ "email": "ada@acme.example", "lastname": "Lovelace", "phone": "1" }),
    );
    story.minutes(3).await;
    let made = story.only_in_salesforce("Contact");
    story.salesforce("Contact", json!({ "Id": made, "Phone": "2" }));
    story.minutes(3).await;
    story
        .configure("[objects.contact]\nleads = false\ndirection = \"both\"\n")
        .await;
    story.told();
    story.change_hubspot("contacts", &contact, json!({ "jobtitle": "Countess" }));
    story.salesforce("Contact", json!({ "Id": made, "Fax": "3" }));
    story.minutes(4).await;
    assert_eq!(
        (
            story.shows_hubspot("contacts", &contact, &["phone", "fax"]),
            story.shows_salesforce("Contact", &made, &["Phone", "Title"]),
        ),
        (
            vec!["1".to_owned(), "3".to_owned()],
            vec!["2".to_owned(), "Countess".to_owned()]
        ),
        "what changed since then travels, and what changed before does not"
    );
    story.salesforce("Contact", json!({ "Id": made, "Phone": "4" }));
    story.minutes(3).await;
    assert_eq!(story.shows_hubspot("contacts", &contact, &["phone"]), ["4"]);
}
