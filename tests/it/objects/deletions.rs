//! Records that were deleted on one side, where the mapping says that deletions are carried.

use serde_json::json;
use syncline::simulator::Server;
use syncline::simulator::faults::{Fault, OneShot};
use syncline::simulator::hubspot;

use super::{ALL, Story};
use crate::calls::world::empty;

const CONTACTS: &str = "[objects.contact]\ndeletions = \"archive\"\n";

/// Longer than a deletion rests, and than HubSpot's archive is left unread.
const A_WHILE: u32 = 80;

/// A contact in step, as HubSpot's and Salesforce's ids.
async fn ada(story: &mut Story) -> (String, String) {
    let contact = story.hubspot(
        "contacts",
        json!({ "email": "ada@acme.example", "lastname": "Lovelace" }),
    );
    story.minutes(3).await;
    let made = story.only_in_salesforce("Contact");
    story.told();
    (contact, made)
}

fn is_deleted(story: &Story, object: &str, id: &str) -> bool {
    story.in_salesforce(|org, _| org.get(object, id).unwrap()["IsDeleted"] == json!(true))
}

fn is_archived(story: &Story, kind: &str, id: &str) -> bool {
    story.in_hubspot(|portal, _| portal.get(kind, id).unwrap().archived_at.is_some())
}

#[tokio::test]
async fn a_contact_archived_in_hubspot_goes_to_the_recycle_bin_once() {
    let mut story = Story::new(CONTACTS).await;
    let (contact, made) = ada(&mut story).await;
    story.in_hubspot(|portal, now| portal.archive("contacts", &contact, now).unwrap());
    story.minutes(A_WHILE).await;
    assert!(is_deleted(&story, "Contact", &made));
    assert_eq!(
        story.told(),
        ["contact deleted to Salesforce", "contact excluded: deleted"]
    );
    story.minutes(A_WHILE).await;
    assert_eq!(story.told(), Vec::<String>::new(), "and all is quiet");
}

#[tokio::test]
async fn a_contact_deleted_in_salesforce_goes_to_the_archive_after_a_quarter_of_an_hour() {
    let mut story = Story::new(CONTACTS).await;
    let (contact, made) = ada(&mut story).await;
    story.in_salesforce(|org, now| org.delete("Contact", &made, now).unwrap());
    story.minutes(14).await;
    assert!(
        !is_archived(&story, "contacts", &contact),
        "who erred has time"
    );
    story.minutes(4).await;
    assert!(is_archived(&story, "contacts", &contact));
    assert_eq!(
        story.told(),
        ["contact deleted to HubSpot", "contact excluded: deleted"]
    );
}

#[tokio::test]
async fn a_contact_that_is_restored_in_time_is_kept_on_both_sides() {
    let mut story = Story::new(CONTACTS).await;
    let (contact, made) = ada(&mut story).await;
    story.in_salesforce(|org, now| org.delete("Contact", &made, now).unwrap());
    story.minutes(5).await;
    story.in_salesforce(|org, now| org.undelete("Contact", &made, now).unwrap());
    story.salesforce("Contact", json!({ "Id": made, "MailingCity": "London" }));
    story.minutes(A_WHILE).await;
    assert!(!is_archived(&story, "contacts", &contact));
    assert_eq!(
        story.shows_hubspot("contacts", &contact, &["city"]),
        ["London"]
    );
    assert_eq!(story.told(), ["contact updated to HubSpot"]);
}

#[tokio::test]
async fn a_contact_that_somebody_works_with_is_kept_and_told() {
    let mut story = Story::new(CONTACTS).await;
    let (contact, made) = ada(&mut story).await;
    story.in_salesforce(|org, now| org.delete("Contact", &made, now).unwrap());
    story.change_hubspot("contacts", &contact, json!({ "city": "London" }));
    story.minutes(A_WHILE).await;
    assert!(!is_archived(&story, "contacts", &contact));
    assert_eq!(story.told(), ["contact excluded: deleted"]);
}

#[tokio::test]
async fn what_hubspot_merged_and_put_into_its_archive_is_not_deleted_across() {
    let mut simulator = empty();
    simulator.hubspot = hubspot::HubSpot::new(hubspot::Settings {
        merged_listed_as_archived: true,
        ..hubspot::Settings::default()
    });
    let mut story = Story::over(simulator, CONTACTS).await;
    let ids = ["ada", "countess"].map(|name| {
        let email = format!("{name}@acme.example");
        let properties = json!({ "email": email, "lastname": "Lovelace" });
        story.hubspot("contacts", properties)
    });
    story.minutes(62).await;
    let [ada, countess] = &ids;
    story.in_hubspot(|portal, now| portal.merge("contacts", ada, countess, now).unwrap());
    story.minutes(2 * A_WHILE).await;
    let contacts = story.in_salesforce(|org, _| org.records("Contact"));
    assert_eq!(contacts.len(), 2, "{contacts:?}");
    let told = story.told();
    assert!(
        !told.iter().any(|line| line.contains("deleted")),
        "{told:?}"
    );
}

#[tokio::test]
async fn an_account_stays_because_its_contacts_and_opportunities_would_go_with_it() {
    let objects = ALL.replace(
        "[objects.company]\n",
        "[objects.company]\ndeletions = \"archive\"\n",
    );
    let mut story = Story::new(&objects).await;
    let names = ["acme", "globex"];
    let companies = names.map(|name| {
        let domain = format!("{name}.example");
        story.hubspot("companies", json!({ "name": name, "domain": domain }))
    });
    story.minutes(4).await;
    let accounts = companies.each_ref().map(|company| {
        let shown = story.shows_hubspot("companies", company, &["syncline_salesforce_id"]);
        shown[0].clone()
    });
    story.told();
    story.in_hubspot(|portal, now| portal.archive("companies", &companies[0], now).unwrap());
    story.in_salesforce(|org, now| org.delete("Account", &accounts[1], now).unwrap());
    story.minutes(A_WHILE).await;
    assert!(!is_deleted(&story, "Account", &accounts[0]));
    assert!(is_archived(&story, "companies", &companies[1]));
    let mut told = story.told();
    told.sort();
    assert_eq!(
        told,
        [
            "company deleted to HubSpot",
            "company excluded: deleted",
            "company excluded: deleted"
        ]
    );
}

#[tokio::test]
async fn many_deletions_are_held_until_a_person_has_seen_them() {
    let mut story = Story::new(CONTACTS).await;
    for number in 0..30 {
        let email = format!("person{number}@acme.example");
        story.hubspot("contacts", json!({ "email": email, "lastname": "Doe" }));
    }
    story.minutes(4).await;
    for contact in story.in_salesforce(|org, _| org.records("Contact")) {
        let id = contact["Id"].as_str().unwrap().to_owned();
        story.in_salesforce(|org, now| org.delete("Contact", &id, now).unwrap());
    }
    story.told();
    story.minutes(A_WHILE).await;
    let left = story.in_hubspot(|portal, _| portal.records("contacts").len());
    assert_eq!(left, 30, "none is archived");
    assert_eq!(story.told(), Vec::<String>::new());
}

#[tokio::test]
async fn a_side_that_is_never_written_loses_nothing_either() {
    let objects = format!("{CONTACTS}direction = \"to-salesforce\"\n");
    let mut story = Story::new(&objects).await;
    let (contact, made) = ada(&mut story).await;
    story.in_salesforce(|org, now| org.delete("Contact", &made, now).unwrap());
    story.minutes(A_WHILE).await;
    assert!(!is_archived(&story, "contacts", &contact));
    assert_eq!(story.told(), ["contact excluded: deleted"]);
}

#[tokio::test]
async fn a_deletion_whose_answer_was_lost_is_made_once_and_the_record_is_done_with() {
    let mut story = Story::new(CONTACTS).await;
    let (contact, made) = ada(&mut story).await;
    let lost = OneShot {
        server: Server::HubSpot,
        method: None,
        path: "/crm/objects/2026-09/contacts/batch/archive".to_owned(),
        skip: 0,
        times: 1,
        fault: Fault::AnswerAfter(503),
    };
    story.world.simulator.lock().unwrap().faults.order(lost);
    story.in_salesforce(|org, now| org.delete("Contact", &made, now).unwrap());
    story.minutes(A_WHILE).await;
    let simulator = story.world.simulator.lock().unwrap();
    let struck = (Server::HubSpot, Fault::AnswerAfter(503));
    assert_eq!(simulator.faults.struck().get(&struck), Some(&1));
    drop(simulator);
    assert!(is_archived(&story, "contacts", &contact));
    assert_eq!(story.told(), ["contact excluded: deleted"]);
}
