//! What administrators can say at the simulator's door about objects, stages, conversions and jobs.

use serde_json::{Value, json};
use syncline::simulator::Simulator;
use syncline::simulator::hubspot::{self, HubSpot};
use syncline::simulator::salesforce::{Salesforce, Settings};

use super::NOW;

fn simulator() -> Simulator {
    let portal = HubSpot::new(hubspot::Settings::default());
    Simulator::new(portal, Salesforce::new(Settings::default()), 1)
}

fn told(simulator: &mut Simulator, mut command: Value) -> Value {
    command["side"] = json!("salesforce");
    let answer = simulator.command(&command, NOW);
    answer.unwrap_or_else(|error| panic!("{command}: {error}"))
}

#[test]
fn an_org_is_set_up_by_commands() {
    let mut simulator = simulator();
    let project = json!({"name": "Project__c", "label": "Project",
                         "fields": "Account__c \"Account\" reference cunFS >Account:Account__r"});
    let answer = told(
        &mut simulator,
        json!({"do": "add_object", "object": project}),
    );
    assert_eq!(answer["prefix"], "a01");
    for command in [
        json!({"do": "add_key_field", "object": "Project__c"}),
        json!({"do": "stage", "stage": {"name": "Signed", "active": true, "closed": true, "won": true}}),
        json!({"do": "add_queue", "queue": {"name": "Calls", "objects": ["Task"]}}),
        json!({"do": "add_user", "user": {"email": "eve@acme.example", "first_name": "Eve",
               "last_name": "Sales", "user_type": "Standard", "active": true}}),
        json!({"do": "bulk_pace", "ms": 0}),
        json!({"do": "bulk_limits", "batches": 10, "queries": 10}),
        json!({"do": "switch", "switch": "open_stages", "on": true}),
        json!({"do": "switch", "switch": "conversion_carries_keys", "on": true}),
        json!({"do": "switch", "switch": "empty_results_without_header", "on": true}),
        json!({"do": "switch", "switch": "setup_refused", "on": true}),
        json!({"do": "switch", "switch": "activity_keys", "on": true}),
    ] {
        told(&mut simulator, command);
    }
    let kind = json!({"object": "Opportunity", "name": "Sale", "developer_name": "Sale"});
    let kind = told(
        &mut simulator,
        json!({"do": "add_record_type", "record_type": kind}),
    );
    told(
        &mut simulator,
        json!({"do": "record_type", "id": kind["id"], "active": false}),
    );
    let row = simulator.salesforce.records("RecordType").remove(0);
    assert_eq!(row["IsActive"], false);
    let deal = json!({"Name": "D", "StageName": "Signed", "CloseDate": "2026-03-31"});
    let deal = json!({"do": "put", "object": "Opportunity", "fields": deal});
    let id = told(&mut simulator, deal)["id"].clone();
    let found = told(
        &mut simulator,
        json!({"do": "get", "object": "Opportunity", "id": id}),
    );
    assert_eq!(found["IsWon"], true);
}

#[test]
fn a_lead_is_converted_by_a_command_into_what_it_names_or_into_new_records() {
    let mut simulator = simulator();
    let lead =
        json!({"do": "put", "object": "Lead", "fields": {"LastName": "R", "Company": "Acme"}});
    let first = told(&mut simulator, lead.clone())["id"].clone();
    let made = told(
        &mut simulator,
        json!({"do": "convert_lead", "id": first, "opportunity": {"new": "Acme-"}}),
    );
    assert!(made["opportunity"].as_str().unwrap().starts_with("006"));
    let second = told(&mut simulator, lead)["id"].clone();
    let into = told(
        &mut simulator,
        json!({"do": "convert_lead", "id": second, "contact": made["contact"],
               "account": made["account"]}),
    );
    assert_eq!(into["contact"], made["contact"]);
    assert_eq!(into["opportunity"], Value::Null);
    assert_eq!(simulator.salesforce.records("Contact").len(), 1);
}
