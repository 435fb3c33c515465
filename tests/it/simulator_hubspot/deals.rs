//! Deals go through pipelines; companies and tasks have what they are mapped by.

use super::{Desk, OBJECTS, map, text};
use serde_json::{Value, json};
use syncline::simulator::hubspot::pipeline::{Pipeline, Stage};

const DEALS: &str = "/crm/objects/2026-09/deals";

fn partners() -> Pipeline {
    Pipeline {
        id: "partners".to_owned(),
        label: "Partners".to_owned(),
        stages: vec![
            Stage::new("met", "Met", "0.3"),
            Stage::new("signed", "Signed", "1.0"),
        ],
    }
}

fn refused(answer: (u16, Value)) -> (String, String) {
    let (status, body) = answer;
    assert_eq!(status, 400, "{body}");
    let error = &body["errors"][0];
    assert_eq!(error["code"], "INVALID_OPTION");
    let name = text(&error["context"]["propertyName"][0]);
    (name, text(&error["message"]))
}

#[test]
fn pipelines_are_shown_with_their_stages() {
    let mut desk = Desk::new();
    desk.hubspot.put_pipeline("deals", partners()).unwrap();
    let (_, all) = desk.get("/crm/pipelines/2026-09/deals");
    let default = &all["results"][0];
    assert_eq!(
        (&default["id"], &default["stages"][0]["id"]),
        (&json!("default"), &json!("appointmentscheduled"))
    );
    assert_eq!(
        default["stages"][5]["metadata"],
        json!({ "isClosed": "true", "probability": "1.0" })
    );
    let (_, one) = desk.get("/crm/v3/pipelines/0-3/partners");
    assert_eq!(one["stages"].as_array().unwrap().len(), 2);
    let (_, stage) = desk.get("/crm/v3/pipelines/deal/partners/stages/signed");
    assert_eq!(
        (&stage["label"], &stage["displayOrder"]),
        (&json!("Signed"), &json!(1))
    );
    assert_eq!(desk.get("/crm/v3/pipelines/deals/none").0, 404);
    assert_eq!(
        desk.get("/crm/v3/pipelines/companies").1["results"],
        json!([])
    );
}

#[test]
fn a_deal_stands_in_a_stage_of_its_own_pipeline() {
    let mut desk = Desk::new();
    desk.hubspot.put_pipeline("deals", partners()).unwrap();
    let create = |properties: Value| json!({ "properties": properties });
    let bad = desk.post(
        DEALS,
        &create(json!({ "dealname": "D", "dealstage": "met" })),
    );
    let (name, message) = refused(bad);
    assert_eq!(name, "dealstage");
    assert!(message.starts_with(
        "met is not a valid pipeline stage ID. Valid options are: pipelineId=default : [appoint"
    ));
    let bad = json!({ "dealname": "D", "dealstage": "met", "pipeline": "none" });
    let (name, message) = refused(desk.post(DEALS, &create(bad)));
    assert_eq!(name, "pipeline");
    assert!(message.ends_with("[default, partners]"));
    let good = json!({ "dealname": "D", "dealstage": "qualifiedtobuy" });
    let (status, made) = desk.post(DEALS, &create(good));
    assert_eq!(
        (status, &made["properties"]["pipeline"]),
        (201, &json!("default"))
    );
    let place = format!("{DEALS}/{}", text(&made["id"]));
    let alone = create(json!({ "pipeline": "partners" }));
    assert_eq!(refused(desk.patch(&place, &alone)).0, "dealstage");
    let both = create(json!({ "pipeline": "partners", "dealstage": "signed" }));
    let (status, moved) = desk.patch(&place, &both);
    assert_eq!(
        (status, &moved["properties"]["hs_is_closed_won"]),
        (200, &json!("true"))
    );
}

#[test]
fn an_archived_stage_takes_no_more_deals_and_keeps_those_it_has() {
    let mut desk = Desk::new();
    let properties = json!({ "dealname": "D", "dealstage": "contractsent" });
    let id = desk.have("deals", properties.clone());
    desk.hubspot
        .remove_stage("deals", "default", "contractsent")
        .unwrap();
    let create = json!({ "properties": properties });
    assert_eq!(refused(desk.post(DEALS, &create)).0, "dealstage");
    let amount = json!({ "properties": { "amount": "7" } });
    assert_eq!(desk.patch(&format!("{DEALS}/{id}"), &amount).0, 200);
    let stage = Stage::new("contractsent", "Contract Sent", "0.9");
    desk.hubspot.put_stage("deals", "default", stage).unwrap();
    assert_eq!(desk.post(DEALS, &create).0, 201);
}

#[test]
fn every_type_names_what_it_cannot_be_created_without() {
    let mut desk = Desk::new();
    let mut missing = |object: &str| {
        let body = json!({ "properties": { "syncline_salesforce_id": "1" } });
        let (status, body) = desk.post(&format!("{OBJECTS}/{object}"), &body);
        assert_eq!(status, 400, "{body}");
        (
            text(&body["message"]),
            body["context"]["properties"].clone(),
        )
    };
    let sentence =
        |caps: &str| format!("Error creating {caps}. Some required properties were not set.");
    assert_eq!(
        missing("companies"),
        (sentence("COMPANY"), json!(["name", "domain"]))
    );
    assert_eq!(
        missing("deals"),
        (sentence("DEAL"), json!(["dealname", "dealstage"]))
    );
    assert_eq!(
        missing("tasks"),
        (sentence("TASK"), json!(["hs_timestamp"]))
    );
}

#[test]
fn every_type_takes_its_standard_properties_and_the_other_sides_id() {
    let mut desk = Desk::new();
    desk.hubspot.add_object_type("cars", "car", "2-77");
    let values = [
        (
            "companies",
            json!({
                "name": "Acme", "domain": "acme.example", "industry": "BANKING", "annualrevenue": "1.5",
                "numberofemployees": "12", "description": "d", "zip": "10115", "country": "Germany",
            }),
        ),
        (
            "deals",
            json!({
                "dealname": "D", "dealstage": "closedlost", "amount": "10", "closedate": "2026-10-01",
                "dealtype": "newbusiness", "hs_priority": "high", "description": "d",
            }),
        ),
        (
            "tasks",
            json!({
                "hs_timestamp": "2026-10-01T08:00:00Z", "hs_task_subject": "Call", "hs_task_body": "b",
                "hs_task_status": "NOT_STARTED", "hs_task_priority": "HIGH", "hs_task_type": "CALL",
            }),
        ),
        ("cars", json!({ "name": "Fiat" })),
    ];
    for (object, values) in values {
        let mut input = json!({
            "id": "006A", "idProperty": "syncline_salesforce_id", "properties": values,
        });
        let address = format!("{OBJECTS}/{object}/batch/upsert");
        let (status, body) = desk.post(&address, &json!({ "inputs": [input] }));
        assert_eq!(
            (status, &body["results"][0]["new"]),
            (200, &json!(true)),
            "{body}"
        );
        input["properties"] = json!({});
        let (_, body) = desk.post(&address, &json!({ "inputs": [input] }));
        assert_eq!(body["results"][0]["new"], json!(false), "{body}");
        let kept = desk.hubspot.records(object);
        assert_eq!(kept[0].value("syncline_salesforce_id"), Some("006A"));
        for name in map(values).keys() {
            assert!(kept[0].value(name).is_some(), "{object}.{name}");
        }
    }
    let bad = json!({ "properties": { "name": "B", "industry": "Banking" } });
    let (_, body) = desk.post(&format!("{OBJECTS}/companies"), &bad);
    assert_eq!(body["errors"][0]["code"], "INVALID_OPTION");
}
