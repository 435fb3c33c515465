//! Fields that come, go and change while records are kept in step.

use serde_json::json;
use syncline::domain::call::Operation;
use syncline::domain::event::{Event, SchemaChange};
use syncline::simulator::salesforce::{FieldChange, Switch};

use super::Story;

const CONTACTS: &str = "[objects.contact]\nleads = false\n\
    [[objects.contact.fields]]\nhubspot = \"customer_tier\"\nsalesforce = \"Tier__c\"\nrule = \"two-way\"\n\
    values = { gold = \"Gold\", silver = \"Silver\", platinum = \"Platinum\" }\n";

/// Longer than a schema is believed.
const AN_HOUR: u32 = 65;

fn change(story: &Story, field: &str, change: FieldChange) {
    story.in_salesforce(|org, _| org.change_field("Contact", field, change).unwrap());
}

/// What the journal says of Salesforce's schema, one line each.
fn schema_told(story: &Story) -> Vec<String> {
    let entries = story.journal().into_iter();
    let lines = entries.filter_map(|entry| match entry.event {
        Event::SchemaChanged(event) => Some(event),
        _ => None,
    });
    let changes = lines.flat_map(|event| event.changes);
    let line = |change| match change {
        SchemaChange::FieldAdded(field) => format!("{field} added"),
        SchemaChange::FieldRemoved(field) => format!("{field} removed"),
        SchemaChange::ChoicesAdded(field, count) => format!("{field} gained {count}"),
        SchemaChange::ChoicesRemoved(field, count) => format!("{field} lost {count}"),
        SchemaChange::FieldChanged(field) => format!("{field} changed"),
    };
    changes.map(line).collect()
}

fn ada(story: &Story, tier: &str) -> String {
    let ada = json!({
        "email": "ada@acme.example", "lastname": "Lovelace", "customer_tier": tier,
    });
    story.hubspot("contacts", ada)
}

#[tokio::test]
async fn a_value_that_an_admin_adds_is_noticed_within_the_hour_and_its_records_go_on() {
    let mut story = Story::new(CONTACTS).await;
    ada(&story, "platinum");
    story.minutes(3).await;
    assert_eq!(
        story.told(),
        ["contact failed to Salesforce: INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"]
    );
    change(
        &story,
        "Tier__c",
        FieldChange::AddValue("Platinum".to_owned()),
    );
    story.minutes(AN_HOUR).await;
    assert_eq!(schema_told(&story), ["Tier__c gained 1"]);
    let made = story.only_in_salesforce("Contact");
    assert_eq!(
        story.shows_salesforce("Contact", &made, &["LastName", "Tier__c"]),
        ["Lovelace", "Platinum"]
    );
}

#[tokio::test]
async fn a_field_that_is_renamed_takes_its_mapping_with_it_and_nothing_else() {
    let mut story = Story::new(CONTACTS).await;
    let contact = ada(&story, "gold");
    story.minutes(3).await;
    let made = story.only_in_salesforce("Contact");
    story.told();
    change(&story, "Tier__c", FieldChange::Remove);
    let named = FieldChange::Add("string(40) cunFS".to_owned());
    change(&story, "Level__c", named);
    // The next look is refused, and says so of the description: nobody waits for an hour.
    let polls = story.calls(Operation::Poll);
    story.minutes(10).await;
    assert_eq!(schema_told(&story), ["Level__c added", "Tier__c removed"]);
    assert!(story.calls(Operation::Poll) - polls <= 12);
    story.change_hubspot("contacts", &contact, json!({ "city": "London" }));
    story.minutes(3).await;
    assert_eq!(story.told(), ["contact updated to Salesforce"]);
    assert_eq!(
        story.shows_salesforce("Contact", &made, &["MailingCity"]),
        ["London"]
    );
    let tier = json!({ "customer_tier": "silver" });
    story.change_hubspot("contacts", &contact, tier);
    story.minutes(3).await;
    assert_eq!(
        story.told(),
        ["contact failed to Salesforce: INVALID_FIELD"]
    );
    let corrected = CONTACTS.replace("Tier__c", "Level__c");
    story.configure(&corrected).await;
    story.minutes(AN_HOUR).await;
    assert_eq!(story.told(), ["contact updated to Salesforce"]);
    assert_eq!(
        story.shows_salesforce("Contact", &made, &["Level__c"]),
        ["Silver"]
    );
}

#[tokio::test]
async fn a_permission_is_noticed_also_where_it_is_no_change_of_the_description() {
    let mut story = Story::new(CONTACTS).await;
    story.in_salesforce(|org, _| org.set_switch(Switch::PermissionsOutsideDescribe, true));
    let contact = ada(&story, "gold");
    story.minutes(3).await;
    let made = story.only_in_salesforce("Contact");
    change(&story, "Tier__c", FieldChange::Writable(false));
    story.change_hubspot("contacts", &contact, json!({ "customer_tier": "silver" }));
    story.minutes(3).await;
    story.told();
    // The error that this makes asks for the whole description.
    story.minutes(AN_HOUR).await;
    assert_eq!(schema_told(&story), ["Tier__c changed"]);
    change(&story, "Tier__c", FieldChange::Writable(true));
    story.minutes(AN_HOUR).await;
    assert_eq!(schema_told(&story).len(), 2);
    assert_eq!(
        story.shows_salesforce("Contact", &made, &["Tier__c"]),
        ["Silver"]
    );
    // Without an error the whole is read once a day.
    change(&story, "Tier__c", FieldChange::Writable(false));
    let hours = |hours: i64| hours * 3_600_000;
    story.world.clock.pass_until(story.now() + hours(20));
    story.minutes(3).await;
    assert_eq!(schema_told(&story).len(), 2);
    story.world.clock.pass_until(story.now() + hours(5));
    story.minutes(3).await;
    assert_eq!(schema_told(&story)[2..], ["Tier__c changed"]);
}
