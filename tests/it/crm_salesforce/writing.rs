//! Batches of rows and what became of each.

use crate::crm_transport::answer;
use serde_json::json;
use std::collections::BTreeMap;
use syncline::crm::http::CallError;
use syncline::crm::salesforce::{Batch, BatchOperation, Row, RowOutcome};
use syncline::domain::record::{Timestamp, Value};
use syncline::domain::schema::ObjectSchema;

use super::{client, field, id, schema};

fn upsert<'a>(schema: &'a ObjectSchema, rows: &[&[(&str, Value)]]) -> Batch<'a> {
    let rows = rows.iter().map(|fields| Row {
        id: None,
        fields: fields
            .iter()
            .map(|(name, value)| (field(name), value.clone()))
            .collect(),
    });
    Batch {
        schema,
        operation: BatchOperation::Upsert {
            external_id_field: field("Hs__c"),
        },
        rows: rows.collect(),
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

#[tokio::test]
async fn one_batch_is_one_bare_collections_call() {
    let schema = schema().await;
    let (salesforce, recorder) = client(answer(200, r#"[
      {"id":"003000000000001AAA","success":true,"errors":[],"created":true},
      {"success":false,"errors":[
        {"statusCode":"INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST","message":"Lead Source: bad value for restricted picklist field: NURSE","fields":["LeadSource"]},
        {"statusCode":"INVALID_CROSS_REFERENCE_KEY","message":"invalid cross reference id","fields":["AccountId"]}]}]"#)).await;
    let batch = upsert(
        &schema,
        &[
            &[
                ("Hs__c", text("7-1")),
                ("Score__c", Value::Number("1.50".into())),
                ("Seats__c", Value::Blank),
                ("Optin__c", Value::Blank),
                ("Birthdate", Value::Date(1970, 2, 3)),
                ("Met__c", Value::DateTime(Timestamp(1_767_607_872_345))),
                ("Tags__c", Value::Options(vec!["a".into(), "b".into()])),
                ("LastName", Value::Number("7".into())),
            ],
            &[
                ("Hs__c", text("7-2")),
                ("LeadSource", text("NURSE")),
                ("AccountId", text("001X")),
            ],
        ],
    );
    let reply = salesforce.write(&[batch]).await.unwrap().value;
    assert_eq!(
        recorder.line(),
        "PATCH https://acme.example/services/data/v66.0/composite/sobjects/Contact/Hs__c"
    );
    let sent = String::from_utf8(recorder.last().body.unwrap()).unwrap();
    assert!(
        sent.contains("\"Score__c\":1.50"),
        "digits as planned: {sent}"
    );
    assert_eq!(
        recorder.body()["records"][0],
        serde_json::from_str::<serde_json::Value>(
            r#"{"attributes":{"type":"Contact"},"Hs__c":"7-1","Score__c":1.50,"Seats__c":null,
            "Optin__c":false,"Birthdate":"1970-02-03","Met__c":"2026-01-05T10:11:12.345Z",
            "Tags__c":"a;b","LastName":"7"}"#
        )
        .unwrap()
    );
    let rows = reply[0].as_ref().unwrap();
    assert_eq!(
        rows[0],
        RowOutcome::Written {
            id: id("003000000000001AAA"),
            created: true
        }
    );
    let RowOutcome::Failed(failures) = &rows[1] else {
        panic!("{rows:?}")
    };
    let values: Vec<_> = failures.iter().map(|raw| raw.value.as_deref()).collect();
    assert_eq!(values, [Some("NURSE"), Some("001X")]);
    assert_eq!(failures[0].failure.status, 0);
}

#[tokio::test]
async fn several_batches_are_one_composite_call() {
    let schema = schema().await;
    let (salesforce, recorder) = client(answer(200, r#"{"compositeResponse":[
      {"referenceId":"part_0","httpStatusCode":200,"body":[{"id":"003A","success":true,"errors":[],"created":false}]},
      {"referenceId":"part_1","httpStatusCode":503,"body":[{"errorCode":"SERVER_UNAVAILABLE","message":"busy"}]}]}"#)).await;
    let update = Batch {
        schema: &schema,
        operation: BatchOperation::Update,
        rows: vec![Row {
            id: Some(id("003B")),
            fields: BTreeMap::from([(field("LastName"), Value::Blank)]),
        }],
    };
    let batches = [upsert(&schema, &[&[("Hs__c", text("7-1"))]]), update];
    let reply = salesforce.write(&batches).await.unwrap().value;
    let parts = &recorder.body()["compositeRequest"];
    assert_eq!(
        parts[0]["url"],
        "/services/data/v66.0/composite/sobjects/Contact/Hs__c"
    );
    assert_eq!(parts[0]["httpHeaders"]["sforce-auto-assign"], "FALSE");
    assert_eq!(parts[1]["url"], "/services/data/v66.0/composite/sobjects");
    assert_eq!(
        parts[1]["body"],
        json!({"allOrNone": false, "records": [
            {"attributes": {"type": "Contact"}, "id": "003B", "LastName": null}]})
    );
    assert!(reply[0].is_ok());
    let failure = &reply[1].as_ref().unwrap_err()[0].failure;
    assert_eq!(
        (failure.status, failure.code.as_str()),
        (503, "SERVER_UNAVAILABLE")
    );
}

#[tokio::test]
async fn a_batch_that_cannot_be_sent_costs_nothing() {
    let schema = schema().await;
    let (salesforce, recorder) = client(answer(200, "[]")).await;
    let nameless = upsert(&schema, &[&[("LastName", text("x"))]]);
    let empty = upsert(&schema, &[]);
    let many: Vec<Batch<'_>> = (0..6)
        .map(|_| upsert(&schema, &[&[("Hs__c", text("1"))]]))
        .collect();
    for batches in [vec![], vec![nameless], vec![empty], many] {
        let error = salesforce.write(&batches).await.unwrap_err();
        assert!(matches!(error, CallError::NotSent(_)), "{error}");
    }
    assert_eq!(recorder.count(), 1);
}

#[tokio::test]
async fn a_short_answer_to_a_write_leaves_the_outcome_unknown() {
    let schema = schema().await;
    for body in [
        "[]",
        "<html>",
        r#"[{"id":"003A"}]"#,
        r#"[{"success":true}]"#,
    ] {
        let (salesforce, _) = client(answer(200, body)).await;
        let error = salesforce
            .write(&[upsert(&schema, &[&[("Hs__c", text("1"))]])])
            .await;
        assert!(
            matches!(error, Err(CallError::Unknown(_))),
            "{body}: {error:?}"
        );
    }
}
