//! The standard mappings on a plain org and a plain portal.

use serde_json::json;
use syncline::domain::call::Operation;
use syncline::domain::event::{Action, Event};
use syncline::simulator::salesforce::FieldChange;

use super::{ALL, Story};

#[tokio::test]
async fn a_company_becomes_an_account_and_an_account_a_company() {
    let mut story = Story::new(ALL).await;
    let company = story.hubspot(
        "companies",
        json!({ "name": "Lovelace Ltd", "domain": "lovelace.example", "city": "London",
                "numberofemployees": "12", "annualrevenue": "1500000" }),
    );
    let account = story.salesforce(
        "Account",
        json!({ "Name": "Babbage plc", "Website": "http://www.babbage.example/engines",
                "BillingCity": "Cambridge", "NumberOfEmployees": 40 }),
    );
    story.minutes(3).await;
    let accounts = story.in_salesforce(|org, _| org.records("Account"));
    let made = accounts.iter().find(|one| one["Name"] == "Lovelace Ltd");
    let made = made.unwrap()["Id"].as_str().unwrap();
    let fields = [
        "Website",
        "BillingCity",
        "NumberOfEmployees",
        "AnnualRevenue",
        "Syncline_HubSpot_Id__c",
    ];
    let mark = story.mark(&company);
    assert_eq!(
        story.shows_salesforce("Account", made, &fields),
        [
            "lovelace.example",
            "London",
            "12",
            "1500000.0",
            mark.as_str()
        ]
    );
    let records = story.in_hubspot(|portal, _| {
        let all = portal.records("companies").into_iter();
        all.map(|record| record.id.to_string()).collect::<Vec<_>>()
    });
    let other = records.iter().find(|id| **id != company).unwrap();
    let properties = [
        "name",
        "domain",
        "city",
        "numberofemployees",
        "syncline_salesforce_id",
    ];
    assert_eq!(
        story.shows_hubspot("companies", other, &properties),
        [
            "Babbage plc",
            "babbage.example",
            "Cambridge",
            "40",
            account.as_str()
        ]
    );
    story.told();
    story.minutes(3).await;
    assert_eq!(story.told(), Vec::<String>::new(), "all is quiet");
}

#[tokio::test]
async fn companies_meet_by_domain_however_salesforce_spells_the_address() {
    for website in [
        "https://www.Acme.example/",
        "acme.example",
        "http://acme.example",
    ] {
        let mut story = Story::new(ALL).await;
        let company = story.hubspot(
            "companies",
            json!({ "name": "Acme", "domain": "acme.example" }),
        );
        let account = story.salesforce(
            "Account",
            json!({ "Name": "Acme Inc.", "Website": website, "Phone": "+39 02 1" }),
        );
        story.minutes(4).await;
        assert_eq!(
            story.told(),
            ["company linked: key", "company updated to hubspot"]
                .map(|line| line.replace("hubspot", "HubSpot")),
            "{website}"
        );
        assert_eq!(
            story.shows_hubspot(
                "companies",
                &company,
                &["name", "phone", "syncline_salesforce_id"]
            ),
            ["Acme", "+39 02 1", account.as_str()],
        );
    }
}

#[tokio::test]
async fn a_deal_carries_its_stage_under_the_names_that_each_side_uses() {
    let mut story = Story::new(ALL).await;
    let deal = story.hubspot(
        "deals",
        json!({ "dealname": "Engine no. 2", "amount": "1200.50", "dealstage": "appointmentscheduled",
                "closedate": "2026-12-31T00:00:00Z", "pipeline": "default" }),
    );
    story.minutes(3).await;
    let opportunity = story.only_in_salesforce("Opportunity");
    let fields = ["Name", "Amount", "StageName", "CloseDate"];
    assert_eq!(
        story.shows_salesforce("Opportunity", &opportunity, &fields),
        ["Engine no. 2", "1200.5", "Prospecting", "2026-12-31"]
    );
    story.salesforce(
        "Opportunity",
        json!({ "Id": opportunity, "StageName": "Closed Won", "CloseDate": "2026-11-30" }),
    );
    story.minutes(3).await;
    assert_eq!(
        story.shows_hubspot("deals", &deal, &["dealstage"]),
        ["closedwon"]
    );
    story.salesforce(
        "Opportunity",
        json!({ "Id": opportunity, "StageName": "Proposal/Price Quote" }),
    );
    story.told();
    story.minutes(3).await;
    assert_eq!(
        story.told(),
        ["deal failed to HubSpot: INVALID_OPTION"],
        "HubSpot has no such stage"
    );
}

#[tokio::test]
async fn a_task_follows_its_contact_and_its_deal() {
    let mut story = Story::new(ALL).await;
    story.in_salesforce(|org, _| org.add_key_field("Task").unwrap());
    let contact = story.hubspot(
        "contacts",
        json!({ "email": "ada@lovelace.example", "lastname": "Lovelace" }),
    );
    let deal = story.hubspot(
        "deals",
        json!({ "dealname": "Engine", "dealstage": "contractsent", "closedate": "2026-12-31T00:00:00Z" }),
    );
    let task = story.hubspot(
        "tasks",
        json!({ "hs_task_subject": "Call", "hs_task_status": "NOT_STARTED", "hs_task_priority": "HIGH",
                "hs_timestamp": "2026-12-01T00:00:00Z" }),
    );
    story.associate(("tasks", &task), ("contacts", &contact));
    story.associate(("tasks", &task), ("deals", &deal));
    story.minutes(4).await;
    let made = story.only_in_salesforce("Task");
    let who = story.only_in_salesforce("Contact");
    let what = story.only_in_salesforce("Opportunity");
    assert_eq!(
        story.shows_salesforce(
            "Task",
            &made,
            &[
                "Subject",
                "Status",
                "Priority",
                "ActivityDate",
                "WhoId",
                "WhatId"
            ]
        ),
        [
            "Call",
            "Not Started",
            "High",
            "2026-12-01",
            who.as_str(),
            what.as_str()
        ]
    );
    story.salesforce("Task", json!({ "Id": made, "Status": "Completed" }));
    story.minutes(3).await;
    assert_eq!(
        story.shows_hubspot("tasks", &task, &["hs_task_status"]),
        ["COMPLETED"]
    );
}

#[tokio::test]
async fn without_a_unique_field_no_task_is_created_in_salesforce() {
    let mut story = Story::new(ALL).await;
    story.hubspot(
        "tasks",
        json!({ "hs_task_subject": "Call", "hs_timestamp": "2026-12-01T00:00:00Z" }),
    );
    let task = story.salesforce(
        "Task",
        json!({ "Subject": "Email", "Status": "In Progress",
                        "ActivityDate": "2026-12-01" }),
    );
    story.minutes(4).await;
    assert_eq!(story.only_in_salesforce("Task"), task);
    let told = story.told();
    assert!(
        told.contains(&"task excluded: creation".to_owned()),
        "{told:?}"
    );
    assert!(
        told.contains(&"task created to HubSpot".to_owned()),
        "{told:?}"
    );
    story.minutes(3).await;
    assert_eq!(story.told(), Vec::<String>::new());
}

#[tokio::test]
async fn an_external_id_that_two_tasks_may_share_is_no_key_to_create_by() {
    let mut story = Story::new(ALL).await;
    let field = FieldChange::Add("string(64) cunIFSX".to_owned());
    story.in_salesforce(|org, _| {
        let added = org.change_field("Task", "Syncline_HubSpot_Id__c", field);
        added.unwrap();
    });
    story.hubspot(
        "tasks",
        json!({ "hs_task_subject": "Call", "hs_timestamp": "2026-12-01T00:00:00Z" }),
    );
    story.minutes(4).await;
    assert_eq!(story.told(), ["task excluded: creation"]);
    assert_eq!(story.in_salesforce(|org, _| org.records("Task").len()), 0);
}

/// Calls to look for changes, and for late commits, in ten minutes with one record of each kind.
async fn looks(objects: &str) -> (usize, usize) {
    let mut story = Story::new(objects).await;
    story.salesforce(
        "Account",
        json!({ "Name": "Acme", "Website": "acme.example" }),
    );
    let contact = story.salesforce(
        "Contact",
        json!({ "LastName": "Lovelace", "Email": "ada@acme.example" }),
    );
    let deal = story.salesforce(
        "Opportunity",
        json!({ "Name": "Engine", "StageName": "Prospecting", "CloseDate": "2026-12-31" }),
    );
    story.salesforce(
        "OpportunityContactRole",
        json!({ "OpportunityId": deal, "ContactId": contact }),
    );
    story.salesforce("Lead", json!({ "LastName": "Babbage", "Company": "Acme" }));
    story.salesforce("Task", json!({ "Subject": "Call" }));
    story.minutes(6).await;
    let calls = |story: &Story| [Operation::Poll, Operation::Listing].map(|one| story.calls(one));
    let before = calls(&story);
    story.minutes(10).await;
    let after = calls(&story);
    (after[0] - before[0], after[1] - before[1])
}

#[tokio::test]
async fn looking_for_changes_of_five_types_costs_one_call_a_cycle() {
    let without_roles = "[objects.company]\n[objects.contact]\n[objects.deal]\n\
        [[objects.deal.fields]]\nhubspot = \"associations.contact\"\nrule = \"off\"\n\
        [objects.task]\n";
    assert_eq!(looks(without_roles).await, (10, 2));
}

#[tokio::test]
async fn contact_roles_are_a_sixth_and_cost_a_second_call() {
    assert_eq!(looks(ALL).await, (20, 4));
}

#[tokio::test]
async fn a_change_of_today_tells_how_long_it_was_on_its_way_and_a_first_load_does_not() {
    let mut story = Story::new("[objects.contact]\nleads = false\n").await;
    let ada = json!({ "email": "ada@acme.example", "lastname": "Lovelace" });
    let ada = story.hubspot("contacts", ada);
    story.minutes(2).await;
    story.change_hubspot("contacts", &ada, json!({ "city": "London" }));
    story.minutes(3).await;
    let ways = story.journal().into_iter();
    let ways: Vec<i64> = ways
        .filter_map(|entry| match entry.event {
            Event::RecordSynced(event) if event.action == Action::Updated => event.way_ms,
            _ => None,
        })
        .collect();
    assert!(
        matches!(ways[..], [way] if (0..=120_000).contains(&way)),
        "{ways:?}"
    );
}
