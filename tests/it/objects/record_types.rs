//! Lists that offer less to the record type of new records than they hold.

use serde_json::json;
use syncline::simulator::salesforce::NewRecordType;

use super::Story;

const CONTACTS: &str = "[objects.contact]\nleads = false\n\
    [[objects.contact.fields]]\nhubspot = \"customer_tier\"\nsalesforce = \"Tier__c\"\nrule = \"two-way\"\n\
    values = { gold = \"Gold\", silver = \"Silver\" }\n";

/// Longer than a description is believed.
const AN_HOUR: u32 = 65;

/// An org whose new contacts are partners, to whom the list of tiers offers gold alone.
async fn partners() -> (Story, String) {
    let story = Story::new(CONTACTS).await;
    let partner = story.in_salesforce(|org, _| {
        let partner = org.add_record_type(&NewRecordType {
            object: "Contact".to_owned(),
            name: "Partner".to_owned(),
            developer_name: "Partner".to_owned(),
            default: true,
        });
        let partner = partner.unwrap();
        org.set_offered(&partner, "Tier__c", Some(&["Gold"]));
        partner
    });
    (story, partner)
}

fn person(story: &Story, name: &str, tier: &str) {
    let email = format!("{name}@acme.example");
    let person = json!({ "email": email, "lastname": name, "customer_tier": tier });
    story.hubspot("contacts", person);
}

#[tokio::test]
async fn a_value_that_the_record_type_of_new_records_lacks_is_tried_once_until_it_is_offered() {
    let (mut story, partner) = partners().await;
    person(&story, "Ada", "gold");
    person(&story, "Grace", "silver");
    story.minutes(2).await;
    assert_eq!(
        story.told(),
        [
            "contact linked: created",
            "contact created to Salesforce",
            "contact failed to Salesforce: INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        ]
    );
    assert_eq!(story.in_salesforce(|org, _| org.refusals().len()), 1);
    let kinds = |view: &syncline::store::View<'_>| syncline::projections::errors::by_type(view);
    let kinds = story.world.store.read_blocking(kinds).unwrap();
    assert_eq!(kinds.len(), 1);
    assert_eq!(kinds[0].slug.as_str(), "sf-option-missing");
    // An admin lets the record type offer it; nothing else of the description changes.
    story.in_salesforce(|org, _| org.set_offered(&partner, "Tier__c", Some(&["Gold", "Silver"])));
    story.minutes(AN_HOUR).await;
    assert_eq!(
        story.told(),
        ["contact linked: created", "contact created to Salesforce"]
    );
}

#[tokio::test]
async fn what_the_org_says_of_record_types_is_no_matter_where_no_closed_list_is_written() {
    let mut story = Story::new("[objects.contact]\nleads = false\n").await;
    story.in_salesforce(|org, _| {
        org.add_record_type(&NewRecordType {
            object: "Contact".to_owned(),
            name: "Partner".to_owned(),
            developer_name: "Partner".to_owned(),
            default: true,
        })
        .unwrap();
    });
    let before = story.calls(syncline::domain::call::Operation::Describe);
    story.minutes(2).await;
    let described = story.calls(syncline::domain::call::Operation::Describe) - before;
    assert_eq!(
        described, 2,
        "the contact and the users, and nothing of record types"
    );
}
