//! Pairs that HubSpot's own integration left behind: its ids in HubSpot's records are links at first
//! sight, when no record has a link of ours yet.

use serde_json::json;
use syncline::simulator::hubspot::admin::PropertyChange;
use syncline::simulator::hubspot::property::{Kind, Property};

use super::Story;

const OBJECTS: &str = "[objects.company]\n[objects.contact]\n[objects.deal]\n";

/// The properties of HubSpot's own integration, as a portal has them that was once connected.
const LEFT: [(&str, &str); 4] = [
    ("contacts", "salesforcecontactid"),
    ("contacts", "salesforceleadid"),
    ("companies", "salesforceaccountid"),
    ("deals", "hs_salesforceopportunityid"),
];

async fn moved_in(objects: &str) -> Story {
    let story = Story::new(objects).await;
    for (kind, name) in LEFT {
        let property = Property::new(name, name, Kind::Text);
        let change = PropertyChange::Add(property);
        story.in_hubspot(|portal, now| portal.change_property(kind, name, change, now).unwrap());
    }
    story
}

fn linked(told: &[String], why: &str) -> usize {
    let line = format!("linked: {why}");
    told.iter().filter(|one| one.ends_with(&line)).count()
}

#[tokio::test]
async fn records_of_every_object_are_linked_as_the_other_integration_had_them() {
    let mut story = moved_in(OBJECTS).await;
    let account = story.salesforce("Account", json!({ "Name": "Babbage plc" }));
    let contact = story.salesforce("Contact", json!({ "LastName": "Byron" }));
    let lead = story.salesforce(
        "Lead",
        json!({ "LastName": "Somerville", "Company": "Royal" }),
    );
    let deal = story.salesforce(
        "Opportunity",
        json!({ "Name": "Engine", "StageName": "Prospecting", "CloseDate": "2026-12-01" }),
    );
    // Nothing else says that they belong together: no e-mail, no domain, other names.
    let company = story.hubspot(
        "companies",
        json!({ "name": "Babbage and Sons", "salesforceaccountid": account }),
    );
    let ada = story.hubspot(
        "contacts",
        json!({ "lastname": "Lovelace", "salesforcecontactid": contact }),
    );
    // It kept 15 characters of some.
    let mary = story.hubspot(
        "contacts",
        json!({ "lastname": "Fairfax", "company": "Royal", "salesforceleadid": &lead[..15] }),
    );
    let engine = story.hubspot(
        "deals",
        json!({ "dealname": "Difference engine", "dealstage": "appointmentscheduled",
                "closedate": "2026-12-01", "hs_salesforceopportunityid": deal }),
    );
    story.minutes(4).await;
    assert_eq!(linked(&story.told(), "former"), 4);
    for (kind, id, partner) in [
        ("companies", &company, &account),
        ("contacts", &ada, &contact),
        ("contacts", &mary, &lead),
        ("deals", &engine, &deal),
    ] {
        let carried = story.shows_hubspot(kind, id, &["syncline_salesforce_id"]);
        assert_eq!(carried, [partner.as_str()], "{kind}");
    }
    for (object, count) in [
        ("Account", 1),
        ("Contact", 1),
        ("Lead", 1),
        ("Opportunity", 1),
    ] {
        let there = story.in_salesforce(|org, _| org.records(object).len());
        assert_eq!(there, count, "{object}");
    }
    // What was left is read and never written, and the second look finds nothing to do.
    assert_eq!(
        story.shows_hubspot("contacts", &mary, &["salesforceleadid"]),
        [&lead[..15]]
    );
    story.minutes(3).await;
    assert_eq!(story.told(), Vec::<String>::new());
}

#[tokio::test]
async fn a_link_that_was_left_goes_before_the_key() {
    let mut story = moved_in("[objects.contact]\n").await;
    let wanted = story.salesforce("Contact", json!({ "LastName": "Byron" }));
    let alike = story.salesforce(
        "Contact",
        json!({ "LastName": "Byron", "Email": "ada@acme.example" }),
    );
    let ada = story.hubspot(
        "contacts",
        json!({ "lastname": "Byron", "email": "ada@acme.example", "salesforcecontactid": wanted }),
    );
    story.minutes(4).await;
    let carried = story.shows_hubspot("contacts", &ada, &["syncline_salesforce_id"]);
    assert_eq!(carried, [wanted.as_str()]);
    let other = story.shows_salesforce("Contact", &alike, &["Syncline_HubSpot_Id__c"]);
    assert_eq!(
        other,
        [""],
        "the one with the same e-mail is not re-pointed"
    );
}

#[tokio::test]
async fn our_own_id_fields_go_before_what_was_left() {
    let mut story = moved_in("[objects.contact]\n").await;
    let ours = story.salesforce("Contact", json!({ "LastName": "Byron" }));
    let theirs = story.salesforce("Contact", json!({ "LastName": "King" }));
    let ada = story.hubspot(
        "contacts",
        json!({ "lastname": "Lovelace", "syncline_salesforce_id": ours,
                "salesforcecontactid": theirs }),
    );
    story.minutes(4).await;
    assert_eq!(linked(&story.told(), "id"), 1);
    let mark = story.mark(&ada);
    assert_eq!(
        story.shows_salesforce("Contact", &ours, &["Syncline_HubSpot_Id__c"]),
        [mark]
    );
}

#[tokio::test]
async fn two_records_that_name_one_are_ambiguous_whoever_is_seen_first() {
    for first_in_salesforce in [true, false] {
        let mut story = moved_in("[objects.contact]\n").await;
        if !first_in_salesforce {
            // HubSpot's records are read before the record that they name.
            story.minutes(1).await;
        }
        let byron = story.salesforce("Contact", json!({ "LastName": "Byron" }));
        for name in ["Lovelace", "King"] {
            story.hubspot(
                "contacts",
                json!({ "lastname": name, "salesforcecontactid": byron }),
            );
        }
        story.minutes(5).await;
        let told = story.told();
        assert_eq!(linked(&told, "former"), 0, "{told:?}");
        let ambiguous = told
            .iter()
            .filter(|one| one.ends_with("excluded: ambiguous"));
        assert_eq!(ambiguous.count(), 3, "{told:?}");
        let records = story.in_salesforce(|org, _| org.records("Contact").len());
        assert_eq!(records, 1, "nobody is doubled");
        let people = story.in_hubspot(|portal, _| portal.records("contacts").len());
        assert_eq!(people, 2, "nobody is doubled");
    }
}

#[tokio::test]
async fn a_record_that_names_one_who_is_gone_is_not_made_anew() {
    let mut story = moved_in("[objects.contact]\n").await;
    let byron = story.salesforce("Contact", json!({ "LastName": "Byron" }));
    story.in_salesforce(|org, now| org.delete("Contact", &byron, now).unwrap());
    story.hubspot(
        "contacts",
        json!({ "lastname": "Lovelace", "salesforcecontactid": byron }),
    );
    story.minutes(4).await;
    // Both are left out: the one that is gone, and the one that names it.
    let gone = "contact excluded: deleted";
    assert_eq!(story.told(), [gone, gone]);
    let records = story.in_salesforce(|org, _| org.ids_where("Contact", "LastName", "Lovelace"));
    assert_eq!(records, Vec::<String>::new());
}

#[tokio::test]
async fn what_was_left_is_nothing_when_it_is_switched_off() {
    let mut story = moved_in("[objects.contact]\nformer_id = \"\"\nlead_former_id = \"\"\n").await;
    let byron = story.salesforce("Contact", json!({ "LastName": "Byron" }));
    let ada = story.hubspot(
        "contacts",
        json!({ "lastname": "Lovelace", "salesforcecontactid": byron }),
    );
    story.minutes(4).await;
    assert_eq!(linked(&story.told(), "former"), 0);
    let carried = story.shows_hubspot("contacts", &ada, &["syncline_salesforce_id"]);
    assert_ne!(carried, [byron]);
}
