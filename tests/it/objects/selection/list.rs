//! HubSpot records that are not in the inclusion list.

use serde_json::json;
use syncline::domain::call::Operation;
use syncline::domain::event::{Event, Excluded};
use syncline::domain::record::Side;
use syncline::simulator::hubspot::list::Processing;
use syncline::simulator::salesforce::NewUser;

use super::Story;

pub(super) const LISTED: &str = "[objects.contact]\nleads = false\nlist = \"Sync to Salesforce\"\n";

impl Story {
    /// The list of the configuration, with these in it.
    pub(super) fn a_list(&self, members: &[&str]) -> String {
        self.in_hubspot(|portal, now| {
            let kind = Processing::Manual;
            let list = portal
                .add_list("Sync to Salesforce", "contacts", kind, now)
                .unwrap();
            portal.add_to_list(&list, members, now).unwrap();
            list
        })
    }

    pub(super) fn joins(&self, list: &str, members: &[&str]) {
        self.in_hubspot(|portal, now| portal.add_to_list(list, members, now).unwrap());
    }

    pub(super) fn leaves(&self, list: &str, members: &[&str]) {
        self.in_hubspot(|portal, now| portal.remove_from_list(list, members, now).unwrap());
    }

    /// Calls to HubSpot about lists so far.
    fn list_calls(&self) -> usize {
        let spent = self.journal().into_iter().filter(|entry| {
            matches!(&entry.event, Event::CallsSpent(spent)
                if spent.side == Side::HubSpot && spent.operation == Operation::Listing)
        });
        spent.count()
    }

    /// So many people, of whom nobody is in a list yet.
    pub(super) fn crowd(&self, people: usize) -> Vec<String> {
        (0..people).map(|n| self.person(&format!("n{n}"))).collect()
    }

    pub(super) fn person(&self, name: &str) -> String {
        let email = format!("{name}@acme.example");
        self.hubspot("contacts", json!({ "email": email, "lastname": name }))
    }
}

#[tokio::test]
async fn members_go_to_salesforce_and_nobody_else_does() {
    let mut story = Story::new(LISTED).await;
    let (ada, _grace) = (story.person("ada"), story.person("grace"));
    story.a_list(&[&ada]);
    story.minutes(3).await;
    let made = story.only_in_salesforce("Contact");
    assert_eq!(
        story.shows_salesforce("Contact", &made, &["LastName"]),
        ["ada"]
    );
    let mut told = story.told();
    told.sort();
    assert_eq!(
        told,
        [
            "contact created to Salesforce",
            "contact excluded: list",
            "contact linked: created"
        ]
    );
    assert_eq!(story.left_out(Excluded::List).await, (1, 1));
    story.minutes(3).await;
    assert_eq!(story.told(), Vec::<String>::new(), "it is told once");
}

#[tokio::test]
async fn who_joins_is_created_in_the_next_minute() {
    let mut story = Story::new(LISTED).await;
    let (ada, grace) = (story.person("ada"), story.person("grace"));
    let list = story.a_list(&[&ada]);
    story.minutes(3).await;
    story.told();
    story.joins(&list, &[&grace]);
    story.minutes(2).await;
    assert_eq!(
        story.told(),
        [
            "contact included",
            "contact linked: created",
            "contact created to Salesforce"
        ]
    );
    assert_eq!(story.left_out(Excluded::List).await, (0, 0));
}

#[tokio::test]
async fn who_leaves_is_not_written_to_salesforce_and_comes_back_with_what_was_missed() {
    let mut story = Story::new(LISTED).await;
    let (ada, grace) = (story.person("ada"), story.person("grace"));
    let list = story.a_list(&[&ada, &grace]);
    story.minutes(3).await;
    let partner = story.shows_hubspot("contacts", &ada, &["syncline_salesforce_id"])[0].clone();
    story.told();
    story.leaves(&list, &[&ada]);
    story.minutes(2).await;
    assert_eq!(story.told(), ["contact excluded: list"]);
    assert_eq!(story.left_out(Excluded::List).await, (1, 1));
    story.change_hubspot("contacts", &ada, json!({ "phone": "1" }));
    story.salesforce("Contact", json!({ "Id": partner, "Fax": "2" }));
    story.minutes(3).await;
    assert_eq!(
        story.told(),
        ["contact updated to HubSpot"],
        "Salesforce's change goes on"
    );
    assert_eq!(
        story.shows_salesforce("Contact", &partner, &["Phone"]),
        [""]
    );
    assert_eq!(story.shows_hubspot("contacts", &ada, &["fax"]), ["2"]);
    assert_eq!(
        story.left_out(Excluded::List).await,
        (1, 1),
        "and it stays left out"
    );
    story.joins(&list, &[&ada]);
    story.minutes(2).await;
    assert_eq!(
        story.told(),
        ["contact included", "contact updated to Salesforce"]
    );
    assert_eq!(
        story.shows_salesforce("Contact", &partner, &["Phone", "Fax"]),
        ["1", "2"]
    );
    assert_eq!(
        story.in_salesforce(|org, _| org.records("Contact").len()),
        2,
        "nothing was deleted or made anew"
    );
    story.minutes(3).await;
    assert_eq!(story.told(), Vec::<String>::new());
}

#[tokio::test]
async fn who_leaves_in_the_minute_in_which_another_joins_is_found() {
    let mut story = Story::new(LISTED).await;
    let (ada, grace) = (story.person("ada"), story.person("grace"));
    let list = story.a_list(&[&ada]);
    story.minutes(3).await;
    story.told();
    story.leaves(&list, &[&ada]);
    story.joins(&list, &[&grace]);
    story.minutes(2).await;
    let mut told = story.told();
    told.sort();
    assert_eq!(
        told,
        [
            "contact created to Salesforce",
            "contact excluded: list",
            "contact included",
            "contact linked: created"
        ]
    );
}

#[tokio::test]
async fn records_of_salesforce_come_to_hubspot_whether_or_not_they_are_in_the_list() {
    let mut story = Story::new(LISTED).await;
    let ada = story.person("ada");
    story.a_list(&[]);
    story.minutes(2).await;
    let partner = story.salesforce(
        "Contact",
        json!({ "LastName": "ada", "Email": "ada@acme.example", "Phone": "1" }),
    );
    story.salesforce(
        "Contact",
        json!({ "LastName": "Hopper", "Email": "grace@acme.example" }),
    );
    story.minutes(4).await;
    assert_eq!(
        story.shows_hubspot("contacts", &ada, &["phone", "syncline_salesforce_id"]),
        ["1", partner.as_str()]
    );
    assert_eq!(
        story.shows_salesforce("Contact", &partner, &["Syncline_HubSpot_Id__c"]),
        [""],
        "not even a mark goes to Salesforce"
    );
    assert_eq!(
        story.in_hubspot(|portal, _| portal.records("contacts").len()),
        2
    );
    assert_eq!(story.left_out(Excluded::List).await, (2, 2));
    story.told();
    story.minutes(3).await;
    assert_eq!(story.told(), Vec::<String>::new());
}

#[tokio::test]
async fn a_list_that_is_configured_later_leaves_out_who_is_not_in_it_and_one_that_goes_lets_all_in()
{
    let mut story = Story::new("[objects.contact]\nleads = false\n").await;
    let (ada, grace) = (story.person("ada"), story.person("grace"));
    let list = story.a_list(&[&ada]);
    story.minutes(3).await;
    story.told();
    story
        .configure(&format!(
            "[objects.contact]\nleads = false\nlist = \"{list}\"\n"
        ))
        .await;
    story.minutes(2).await;
    assert_eq!(story.told(), ["contact excluded: list"]);
    story.change_hubspot("contacts", &grace, json!({ "phone": "1" }));
    story.minutes(2).await;
    assert_eq!(story.told(), Vec::<String>::new());
    story.configure("[objects.contact]\nleads = false\n").await;
    story.minutes(2).await;
    assert_eq!(
        story.told(),
        ["contact included", "contact updated to Salesforce"]
    );
    assert_eq!(story.left_out(Excluded::List).await, (0, 0));
}

#[tokio::test]
async fn a_list_of_many_pages_is_read_to_its_end() {
    let mut story = Story::new(LISTED).await;
    story.world.bounds.hubspot_page = 3;
    story.configure(LISTED).await;
    let people = story.crowd(14);
    let people: Vec<&str> = people.iter().map(String::as_str).collect();
    let list = story.a_list(&people[..7]);
    story.minutes(3).await;
    let in_salesforce = |story: &Story| story.in_salesforce(|org, _| org.records("Contact").len());
    assert_eq!(in_salesforce(&story), 7);
    story.joins(&list, &people[7..12]);
    story.minutes(2).await;
    assert_eq!(in_salesforce(&story), 12);
    story.leaves(&list, &people[2..6]);
    story.minutes(2).await;
    assert_eq!(story.left_out(Excluded::List).await, (6, 6));
    story.joins(&list, &people[12..]);
    story.minutes(2).await;
    assert_eq!(in_salesforce(&story), 14);
    assert_eq!(story.left_out(Excluded::List).await, (4, 4));
}

#[tokio::test]
async fn a_list_at_rest_costs_two_calls_to_hubspot_a_minute_and_none_to_salesforce() {
    let mut story = Story::new(LISTED).await;
    let ada = story.person("ada");
    story.a_list(&[&ada]);
    story.minutes(6).await;
    let before = (story.list_calls(), story.calls(Operation::Match));
    story.minutes(10).await;
    let after = (story.list_calls(), story.calls(Operation::Match));
    assert_eq!((after.0 - before.0, after.1 - before.1), (20, 0));
}

#[tokio::test]
async fn an_error_of_what_still_comes_from_salesforce_counts_until_it_is_over() {
    let mut story = Story::new(LISTED).await;
    let ada = story.person("ada");
    let list = story.a_list(&[&ada]);
    story.minutes(3).await;
    let partner = story.only_in_salesforce("Contact");
    let owner = story.shows_salesforce("Contact", &partner, &["OwnerId"])[0].clone();
    let eve = story.in_salesforce(|org, _| {
        org.add_user(&NewUser {
            email: "eve@nowhere.example".to_owned(),
            first_name: "Eve".to_owned(),
            last_name: "Unknown".to_owned(),
            user_type: "Standard".to_owned(),
            active: true,
        })
    });
    story.leaves(&list, &[&ada]);
    story.minutes(2).await;
    story.told();
    story.salesforce(
        "Contact",
        json!({ "Id": partner, "OwnerId": eve, "Fax": "2" }),
    );
    story.minutes(3).await;
    assert_eq!(
        story.told(),
        ["contact failed to HubSpot: no_partner_owner"]
    );
    assert_eq!(story.left_out(Excluded::List).await, (0, 0));
    assert_eq!(story.status().await.failing, 1);
    story.salesforce("Contact", json!({ "Id": partner, "OwnerId": owner }));
    story.minutes(3).await;
    assert_eq!(story.told(), ["contact updated to HubSpot"]);
    assert_eq!(story.left_out(Excluded::List).await, (1, 1));
    assert_eq!(story.status().await.failing, 0);
}

#[tokio::test]
async fn where_list_and_condition_leave_out_the_list_is_named_and_nothing_travels() {
    let mut story = Story::new(&format!(
        "{LISTED}condition = \"Department = 'Customer'\"\n"
    ))
    .await;
    let ada = story.person("ada");
    let list = story.a_list(&[&ada]);
    let partner = story.salesforce(
        "Contact",
        json!({ "LastName": "ada", "Email": "ada@acme.example", "Department": "Customer" }),
    );
    story.minutes(4).await;
    story.told();
    story.leaves(&list, &[&ada]);
    story.salesforce(
        "Contact",
        json!({ "Id": partner, "Department": "", "Fax": "2" }),
    );
    story.minutes(3).await;
    story.change_hubspot("contacts", &ada, json!({ "phone": "1" }));
    story.minutes(3).await;
    assert_eq!(story.left_out(Excluded::List).await, (1, 1));
    assert_eq!(story.shows_hubspot("contacts", &ada, &["fax"]), [""]);
    assert_eq!(
        story.shows_salesforce("Contact", &partner, &["Phone"]),
        [""]
    );
    story.joins(&list, &[&ada]);
    story.minutes(3).await;
    assert_eq!(story.left_out(Excluded::List).await, (0, 1));
    assert_eq!(story.left_out(Excluded::Condition).await, (1, 1));
    assert_eq!(
        story.shows_salesforce("Contact", &partner, &["Phone"]),
        ["1"]
    );
    assert_eq!(story.shows_hubspot("contacts", &ada, &["fax"]), [""]);
    story.salesforce(
        "Contact",
        json!({ "Id": partner, "Department": "Customer" }),
    );
    story.minutes(3).await;
    assert_eq!(story.shows_hubspot("contacts", &ada, &["fax"]), ["2"]);
    assert_eq!(story.left_out(Excluded::Condition).await, (0, 0));
}
