//! Automation on both sides that undoes what the other made.

use serde_json::json;
use syncline::domain::call::Lane;
use syncline::domain::event::{Action, Event, Linked};
use syncline::domain::record::{ObjectName, PairIds, RecordId, Timestamp};
use syncline::inbox;
use syncline::projections::pairs;
use syncline::store::Tx;

use super::Story;

fn writes(story: &Story) -> usize {
    let entries = story.journal().into_iter();
    let written = entries.filter(|entry| {
        matches!(&entry.event, Event::RecordSynced(event)
            if event.action != Action::Agreed && !event.only_marks())
    });
    written.count()
}

/// A workflow in HubSpot wants the number one way, a flow in Salesforce the other, and each runs
/// after the record was saved.
fn automation_runs(story: &Story, contact: &str, made: &str) {
    if story.shows_hubspot("contacts", contact, &["mobilephone"]) == ["+39 02 1"] {
        story.change_hubspot("contacts", contact, json!({ "mobilephone": "0039 02 1" }));
    }
    if story.shows_salesforce("Contact", made, &["MobilePhone"]) == ["0039 02 1"] {
        story.salesforce("Contact", json!({ "Id": made, "MobilePhone": "+39 02 1" }));
    }
}

const TWO_WAY: &str = r#"
[objects.contact]
[[objects.contact.fields]]
hubspot    = "mobilephone"
rule       = "two-way"
"#;

#[tokio::test]
async fn a_field_that_both_sides_rewrite_is_found_and_left_alone() {
    let mut story = Story::new(TWO_WAY).await;
    let contact = story.hubspot(
        "contacts",
        json!({ "email": "ada@acme.example", "lastname": "Lovelace", "mobilephone": "+39 02 1" }),
    );
    story.minutes(3).await;
    let made = story.only_in_salesforce("Contact");
    for _ in 0..20 {
        automation_runs(&story, &contact, &made);
        story.minutes(1).await;
    }
    let told = story.told();
    let found: Vec<&String> = told.iter().filter(|line| line.contains("loops")).collect();
    assert_eq!(found, ["contact loops: mobilephone"], "{told:?}");
    let before = writes(&story);
    assert!(before <= 8, "{before} writes");
    for _ in 0..10 {
        automation_runs(&story, &contact, &made);
        story.minutes(1).await;
    }
    assert_eq!(writes(&story), before, "it spends no call any more");
    story.change_hubspot("contacts", &contact, json!({ "city": "London" }));
    story.minutes(3).await;
    assert_eq!(
        story.shows_salesforce("Contact", &made, &["MailingCity"]),
        ["London"],
        "all other fields go on"
    );
    take_up_again(&story, &contact, &made);
    story.minutes(2).await;
    story.change_hubspot("contacts", &contact, json!({ "mobilephone": "+39 02 2" }));
    story.minutes(3).await;
    assert_eq!(
        story.shows_salesforce("Contact", &made, &["MobilePhone"]),
        ["+39 02 2"],
        "linked anew, the field is in step again"
    );
}

/// What `syncline link` journals.
fn take_up_again(story: &Story, hubspot: &str, salesforce: &str) {
    let id = |text: &str| RecordId::parse(text).ok();
    let ids = PairIds {
        object: ObjectName::parse("contact").unwrap(),
        hubspot: id(hubspot),
        salesforce: id(salesforce),
    };
    let link = |tx: &Tx<'_>| {
        let keys = ids.keys();
        pairs::link(tx, ids, Linked::Operator, Vec::new())?;
        for key in keys {
            inbox::see(tx, &key, Timestamp(0), Lane::Resync, Timestamp(0))?;
        }
        Ok(())
    };
    story.world.store.write_blocking(link).unwrap();
}

#[tokio::test]
async fn two_people_who_change_a_field_to_and_fro_are_no_machines() {
    let mut story = Story::new(TWO_WAY).await;
    let contact = story.hubspot(
        "contacts",
        json!({ "email": "ada@acme.example", "lastname": "Lovelace", "mobilephone": "1" }),
    );
    story.minutes(3).await;
    let made = story.only_in_salesforce("Contact");
    for number in 2..12 {
        let number = number.to_string();
        story.change_hubspot("contacts", &contact, json!({ "mobilephone": number }));
        story.minutes(2).await;
        story.salesforce(
            "Contact",
            json!({ "Id": made, "MobilePhone": format!("{number}0") }),
        );
        story.minutes(2).await;
    }
    let told = story.told();
    assert!(!told.iter().any(|line| line.contains("loops")), "{told:?}");
    assert_eq!(
        story.shows_hubspot("contacts", &contact, &["mobilephone"]),
        ["110"]
    );
}
