//! Companies, leads, deals and tasks of the demo, and what belongs to what.
//!
//! A handful each, with the troubles that only these can have: a child that waits for its account,
//! a stage that one side lacks, a queue that owns, a company with all the deals it may have.

use super::owners;
use super::people::{COMPANIES, Person};
use super::records::AddRecord;
use crate::simulator::Simulator;
use crate::simulator::hubspot::association::admin::Tie;
use crate::simulator::hubspot::association::ceiling::{Ceiling, SetBy};
use crate::simulator::salesforce::{FieldChange, NewQueue, NewRecordType, Salesforce, Stage};
use serde_json::json;

/// Of the companies the first so many stand on both sides, the next ones in HubSpot alone.
const ON_BOTH: usize = 5;
const IN_HUBSPOT: usize = 10;
/// Of those in HubSpot alone the first ones have an industry that Salesforce does not list.
const UNLISTED: usize = 2;
/// Contacts on HubSpot's side that are associated with their company.
const ASSOCIATED: usize = 24;
/// Contacts on Salesforce's side that stand under their account.
const UNDER_ACCOUNTS: usize = 18;
/// Deals that one company may have.
const DEALS_MAX: u32 = 2;
/// Numbers of the people who are leads: none of them is a contact.
const LEADS: std::ops::Range<usize> = 900..906;

/// A person's company in both CRMs, as far as it stands there.
struct Firms {
    /// HubSpot's ids, by the place among the companies.
    hubspot: Vec<Option<String>>,
    salesforce: Vec<Option<String>>,
}

/// Adds all of it beside the contacts, which are there already: so many stand only in HubSpot.
pub(super) fn add(add: &mut AddRecord<'_>, only_in_hubspot: usize) {
    let retired = set_up(&mut add.simulator.salesforce);
    let firms = companies(add);
    contacts_of(add, &firms, only_in_hubspot);
    leads(add);
    deals(add, &firms, &retired);
    in_a_former_stage(add);
    tasks(add, &firms);
    let ceiling = Ceiling {
        max: DEALS_MAX,
        set_by: SetBy::Administrator,
    };
    add.simulator
        .hubspot
        .set_association_limit("companies", "deals", Some(ceiling))
        .expect("every portal has companies and deals");
}

/// The id of a sales process that was in use once.
fn set_up(org: &mut Salesforce) -> String {
    org.add_key_field("Task").expect("every org has tasks");
    org.change_field("Account", "Industry", FieldChange::Restrict(true))
        .expect("every org has this field");
    org.change_field("Opportunity", "StageName", FieldChange::Restrict(true))
        .expect("every org has this field");
    let retired = org
        .add_record_type(&NewRecordType {
            object: "Opportunity".to_owned(),
            name: "Partner sales".to_owned(),
            developer_name: "Partner_Sales".to_owned(),
            default: false,
        })
        .expect("every org has opportunities");
    org.set_record_type_active(&retired, false)
        .expect("it was added a moment ago");
    retired
}

/// An opportunity that was left behind in a stage when that was switched off.
fn in_a_former_stage(add: &mut AddRecord<'_>) {
    let mut stage = Stage {
        name: "Pilot".to_owned(),
        active: true,
        closed: false,
        won: false,
        probability: 40.0,
    };
    add.simulator.salesforce.put_stage(&stage);
    let fields = json!({ "Name": "Expansion 309", "StageName": "Pilot",
        "CloseDate": "2027-05-31", "Amount": 6_500 });
    add.salesforce("Opportunity", AddRecord::map(fields));
    stage.active = false;
    add.simulator.salesforce.put_stage(&stage);
}

fn companies(add: &mut AddRecord<'_>) -> Firms {
    let mut firms = Firms {
        hubspot: Vec::new(),
        salesforce: Vec::new(),
    };
    for (n, (name, domain)) in COMPANIES.into_iter().enumerate() {
        let industry = if (ON_BOTH..ON_BOTH + UNLISTED).contains(&n) {
            "COMPUTER_SOFTWARE"
        } else {
            "BANKING"
        };
        let ours = json!({ "name": name, "domain": domain, "industry": industry,
            "phone": format!("+39 02 555 70{n:02}"), "hubspot_owner_id": owners::of(n) });
        let theirs = json!({ "Name": name, "Website": format!("https://www.{domain}/"),
            "NumberOfEmployees": 40 + n * 17 });
        let ours = (n < IN_HUBSPOT).then(|| add.portal("companies", &AddRecord::map(ours)));
        let is_there = !(ON_BOTH..IN_HUBSPOT).contains(&n);
        firms.hubspot.push(ours);
        firms
            .salesforce
            .push(is_there.then(|| add.salesforce("Account", AddRecord::map(theirs))));
    }
    firms
}

/// Ties contacts to the companies they work for.
fn contacts_of(add: &mut AddRecord<'_>, firms: &Firms, only_in_hubspot: usize) {
    for n in 0..ASSOCIATED {
        let person = Person::new(n);
        let at = add.tick();
        let company = firms.hubspot[person.firm()].clone();
        let contact = hubspot_id(add.simulator, &person.email());
        if let (Some(company), Some(contact)) = (company, contact) {
            tie(add, ("contacts", &contact), ("companies", &company), at);
        }
    }
    for n in 0..UNDER_ACCOUNTS {
        let person = Person::new(only_in_hubspot + n);
        let org = &add.simulator.salesforce;
        let contact = org.ids_where("Contact", "Email", &person.email());
        if let (Some(account), Some(contact)) = (&firms.salesforce[person.firm()], contact.first())
        {
            let fields = json!({ "Id": contact, "AccountId": account });
            add.salesforce("Contact", AddRecord::map(fields));
        }
    }
}

fn hubspot_id(simulator: &Simulator, email: &str) -> Option<String> {
    let records = simulator.hubspot.records("contacts");
    let mut found = records.iter();
    let found = found.find(|record| record.value("email") == Some(email))?;
    Some(found.id.to_string())
}

fn tie(add: &mut AddRecord<'_>, from: (&str, &str), to: (&str, &str), at: i64) {
    let tie = if to.0 == "companies" && from.0 != "tasks" {
        Tie::Primary
    } else {
        Tie::Plain
    };
    add.simulator
        .hubspot
        .associate(from.0, from.1, to.0, to.1, tie, at)
        .expect("both were made a moment ago");
}

/// One in three is still in the queue.
fn leads(add: &mut AddRecord<'_>) {
    let queue = add.simulator.salesforce.add_queue(&NewQueue {
        name: "Inbound".to_owned(),
        objects: vec!["Lead".to_owned()],
    });
    for n in LEADS {
        let person = Person::new(n);
        let mut lead = AddRecord::map(json!({ "Email": person.email(), "FirstName": person.first,
            "LastName": person.last, "Company": person.company, "Title": person.title,
            "City": person.place.city }));
        if n.is_multiple_of(3) {
            lead.insert("OwnerId".to_owned(), json!(queue));
        }
        add.salesforce("Lead", lead);
    }
}

fn deals(add: &mut AddRecord<'_>, firms: &Firms, retired: &str) {
    let stages = [
        "appointmentscheduled",
        "contractsent",
        "decisionmakerboughtin",
        "closedwon",
    ];
    for (n, stage) in stages.into_iter().enumerate() {
        // No stage of Salesforce is called as the standard mapping calls the third one.
        let mut deal = AddRecord::map(
            json!({ "dealname": format!("Renewal {}", 2_031 + n), "dealstage": stage,
            "pipeline": "default", "amount": (n * 4_500 + 12_000).to_string(),
            "closedate": "2027-03-31T00:00:00Z", "hubspot_owner_id": owners::of(n) }),
        );
        if n == 1 {
            deal.insert("sales_process".to_owned(), json!(retired));
        }
        let id = add.portal("deals", &deal);
        let at = add.tick();
        if let Some(company) = &firms.hubspot[n] {
            tie(add, ("deals", &id), ("companies", company), at);
        }
    }
    let opportunities = [
        "Prospecting",
        "Qualification",
        "Prospecting",
        "Value Proposition",
    ];
    for (n, stage) in opportunities.into_iter().enumerate() {
        // HubSpot's pipeline has no stage for the last one; the first three are one account's.
        let place = IN_HUBSPOT + n / 3;
        let fields = json!({ "Name": format!("Expansion {}", 310 + n), "StageName": stage,
            "CloseDate": "2027-06-30", "Amount": 8_000 + n * 2_250,
            "AccountId": firms.salesforce[place] });
        add.salesforce("Opportunity", AddRecord::map(fields));
    }
}

fn tasks(add: &mut AddRecord<'_>, firms: &Firms) {
    for n in 0..3 {
        let task = json!({ "hs_task_subject": format!("Call about renewal {}", 2_031 + n),
            "hs_task_status": "NOT_STARTED", "hs_task_priority": "HIGH",
            "hs_timestamp": "2027-01-15T00:00:00Z", "hubspot_owner_id": owners::of(n) });
        let id = add.portal("tasks", &AddRecord::map(task));
        let at = add.tick();
        if let Some(company) = &firms.hubspot[n] {
            tie(add, ("tasks", &id), ("companies", company), at);
        }
    }
    for n in 0..3 {
        let account = &firms.salesforce[n];
        let fields = json!({ "Subject": "Call", "Status": "Not Started", "WhatId": account,
            "ActivityDate": "2027-01-20" });
        add.salesforce("Task", AddRecord::map(fields));
    }
}

/// Lists the industry whose lack keeps two companies, and the contacts that wait for them.
pub(super) fn list_industry(org: &mut Salesforce) {
    let change = FieldChange::AddValue("Computer Software".to_owned());
    org.change_field("Account", "Industry", change)
        .expect("every org has this field");
}
