//! Batches: whole or nothing without traces, row by row with them.

use super::{Desk, OBJECTS, text};
use serde_json::{Value, json};

#[test]
fn a_traced_batch_with_one_bad_row_is_207() {
    let mut desk = Desk::new();
    let inputs = json!({ "inputs": [
        { "properties": { "email": "a@example.com" }, "objectWriteTraceId": "t1" },
        { "properties": { "email": "b@example.com", "score": "many" }, "objectWriteTraceId": "t2" },
        { "properties": { "email": "a@example.com" }, "objectWriteTraceId": "t3" },
    ] });
    let (status, body) = desk.post(&format!("{OBJECTS}/contacts/batch/create"), &inputs);
    assert_eq!((status, &body["numErrors"]), (207, &json!(2)));
    assert_eq!(body["results"][0]["objectWriteTraceId"], "t1");
    assert_eq!(
        body["errors"][0]["context"]["objectWriteTraceId"],
        json!(["t2"])
    );
    assert_eq!(body["errors"][1]["category"], "CONFLICT");
    assert_eq!(desk.hubspot.records("contacts").len(), 1);
}

#[test]
fn a_batch_without_traces_fails_whole() {
    let mut desk = Desk::new();
    let known = desk.create(json!({ "email": "k@example.com", "city": "Ulm" }));
    let create = json!({ "inputs": [
        { "properties": { "email": "a@example.com" } },
        { "properties": { "email": "a@example.com" } },
    ] });
    assert_eq!(
        desk.post(&format!("{OBJECTS}/contacts/batch/create"), &create)
            .0,
        409
    );
    let update = json!({ "inputs": [
        { "id": known, "properties": { "city": "Bonn" }, "objectWriteTraceId": "t1" },
        { "id": "k@example.com", "idProperty": "email", "properties": { "score": "many" } },
    ] });
    assert_eq!(
        desk.post(&format!("{OBJECTS}/contacts/batch/update"), &update)
            .0,
        400
    );
    assert_eq!(desk.hubspot.records("contacts").len(), 1);
    assert_eq!(
        desk.hubspot.get("contacts", &known).unwrap().value("city"),
        Some("Ulm")
    );
}

#[test]
fn an_upsert_says_what_is_new_and_lands_on_the_unique_value() {
    let mut desk = Desk::new();
    let upsert = |desk: &mut Desk, city: &str| {
        let inputs = json!({ "inputs": [{
            "id": "003A", "idProperty": "syncline_salesforce_id", "objectWriteTraceId": "t",
            "properties": { "lastname": "A", "city": city },
        }] });
        let (status, body) = desk.post(&format!("{OBJECTS}/contacts/batch/upsert"), &inputs);
        assert_eq!(status, 200, "{body}");
        (
            text(&body["results"][0]["id"]),
            body["results"][0]["new"].clone(),
        )
    };
    let (first, new) = upsert(&mut desk, "Ulm");
    assert_eq!(new, json!(true));
    assert_eq!(upsert(&mut desk, "Bonn"), (first, json!(false)));
}

#[test]
fn a_batch_read_finds_by_unique_value_and_names_what_is_missing() {
    let mut desk = Desk::new();
    let id = desk.create(json!({ "email": "a@example.com", "city": "Ulm" }));
    let address = format!("{OBJECTS}/contacts/batch/read");
    let body = json!({
        "inputs": [{ "id": "A@example.com" }, { "id": "b@example.com" }], "idProperty": "email",
        "properties": ["city"], "propertiesWithHistory": ["city"],
    });
    let (status, body) = desk.post(&address, &body);
    assert_eq!((status, &body["results"][0]["id"]), (207, &json!(id)));
    assert_eq!(
        body["errors"][0]["context"]["ids"],
        json!(["b@example.com"])
    );
    let newest = &body["results"][0]["propertiesWithHistory"]["city"][0];
    assert_eq!(
        (&newest["value"], &newest["sourceType"]),
        (&json!("Ulm"), &json!("INTEGRATION"))
    );
    let many: Vec<Value> = (0..51).map(|n| json!({ "id": n.to_string() })).collect();
    let (status, body) = desk.post(
        &address,
        &json!({ "inputs": many, "propertiesWithHistory": ["city"] }),
    );
    assert_eq!(status, 400);
    assert!(text(&body["message"]).contains("property histories is 50"));
    let by_city = json!({ "inputs": [{ "id": "Ulm" }], "idProperty": "city" });
    assert_eq!(desk.post(&address, &by_city).0, 400);
    assert_eq!(desk.post(&address, &json!({ "inputs": [] })).0, 400);
}
