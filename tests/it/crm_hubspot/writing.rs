//! Batches of records and what became of each.

use serde_json::json;
use syncline::crm::http::CallError;
use syncline::crm::hubspot::{BASE, HubSpotOperation, HubSpotRow, RowOutcome};
use syncline::domain::failure::Fact;
use syncline::domain::record::{Fields, Timestamp, Value};

use super::{Contacts, client, field, id, text};

fn row(trace: &str, key: &str, fields: &[(&str, Value)]) -> HubSpotRow {
    HubSpotRow {
        trace: trace.into(),
        key: key.into(),
        fields: fields
            .iter()
            .map(|(name, value)| (field(name), value.clone()))
            .collect(),
    }
}

fn upsert() -> HubSpotOperation {
    HubSpotOperation::Upsert {
        id_property: field("syncline_salesforce_id"),
    }
}

#[tokio::test]
async fn a_write_is_told_apart_by_trace() {
    let contacts = Contacts::reading(&[]).await;
    let (hubspot, recorder) = client(
        207,
        r#"{"status":"COMPLETE","numErrors":1,"results":[
      {"id":"502","new":true,"objectWriteTraceId":"t2","updatedAt":"2026-01-05T10:11:12.345Z",
       "properties":{"lastname":"ROSSI","score":"7","hs_is_contact":"true"}}],
      "errors":[{"status":"error","category":"VALIDATION_ERROR","correlationId":"c-1",
       "message":"Property values were not valid: [{\"isValid\":false,\"message\":\"tv was not one of the allowed options: [label: \\\"Web\\\"]\",\"error\":\"INVALID_OPTION\",\"name\":\"source\"}]",
       "context":{"objectWriteTraceId":["t1"]}}]}"#,
    );
    let rows = [
        row("t1", "003A", &[("source", text("tv"))]),
        row(
            "t2",
            "003B",
            &[
                ("lastname", text("Rossi")),
                ("score", Value::Number("7".into())),
                ("optin", Value::Bool(false)),
                ("birthday", Value::Date(1970, 2, 3)),
                ("met", Value::DateTime(Timestamp(1_767_607_872_345))),
                ("tags", Value::Options(vec!["a".into(), "b".into()])),
                ("notes", Value::Blank),
            ],
        ),
        row("t3", "003C", &[("lastname", text("x"))]),
    ];
    let outcomes = hubspot
        .write(&contacts.source(), &upsert(), &rows)
        .await
        .unwrap()
        .value;
    assert_eq!(
        recorder.line(),
        format!("POST {BASE}/crm/objects/2026-09/contacts/batch/upsert")
    );
    assert_eq!(
        recorder.body()["inputs"][1],
        json!({"id": "003B", "idProperty": "syncline_salesforce_id", "objectWriteTraceId": "t2",
               "properties": {"lastname": "Rossi", "score": "7", "optin": "false", "notes": "",
                 "birthday": "1970-02-03", "met": "1767607872345", "tags": "a;b"}})
    );
    let traces: Vec<&str> = outcomes.iter().map(|(trace, _)| trace.as_str()).collect();
    assert_eq!(traces, ["t1", "t2", "t3"]);
    let RowOutcome::Failed(failures) = &outcomes[0].1 else {
        panic!("{outcomes:?}")
    };
    let failure = &failures[0].failure;
    assert_eq!(
        (failure.code.as_str(), failure.inner.as_deref()),
        ("INVALID_OPTION", Some("VALIDATION_ERROR"))
    );
    assert_eq!(
        (failure.status, failure.correlation.as_deref()),
        (0, Some("c-1"))
    );
    assert_eq!(
        (failure.fields.as_slice(), failures[0].value.as_deref()),
        (&[field("source")][..], Some("tv"))
    );
    let RowOutcome::Written {
        id: written,
        created,
        shown,
    } = &outcomes[1].1
    else {
        panic!("{outcomes:?}")
    };
    assert_eq!((written, *created), (&id("502"), true));
    let shown = shown.as_ref().unwrap();
    assert_eq!(shown.modified_at, Timestamp(1_767_607_872_345));
    assert_eq!(
        shown.fields,
        Fields::from([
            (field("lastname"), text("ROSSI")),
            (field("score"), Value::Number("7".into()))
        ])
    );
    assert_eq!(outcomes[2].1, RowOutcome::Unmentioned);
}

#[tokio::test]
async fn without_traces_in_the_answer_keys_tell_rows_apart() {
    let contacts = Contacts::reading(&[]).await;
    let (hubspot, recorder) = client(
        207,
        r#"{"status":"COMPLETE","numErrors":1,"results":[{"id":"502","properties":{}}],
      "errors":[{"category":"OBJECT_NOT_FOUND","message":"gone","context":{"ids":["503"]}}]}"#,
    );
    let rows = [
        row("t1", "503", &[("lastname", text("x"))]),
        row("t2", "502", &[("lastname", text("y"))]),
    ];
    let outcomes = hubspot
        .write(&contacts.source(), &HubSpotOperation::Update, &rows)
        .await
        .unwrap()
        .value;
    assert!(recorder.line().ends_with("/batch/update"));
    assert!(
        matches!(&outcomes[0].1, RowOutcome::Failed(failures) if failures[0].failure.code == "OBJECT_NOT_FOUND")
    );
    assert_eq!(
        outcomes[1].1,
        RowOutcome::Written {
            id: id("502"),
            created: false,
            shown: None
        }
    );
}

#[tokio::test]
async fn one_error_that_names_nobody_belongs_to_the_one_row_left() {
    let contacts = Contacts::reading(&[]).await;
    let (hubspot, _) = client(
        207,
        r#"{"results":[],"errors":[{"category":"CONFLICT","message":"Contact already exists. Existing ID: 377"}]}"#,
    );
    let rows = [row("t1", "503", &[("lastname", text("x"))])];
    let outcomes = hubspot
        .write(&contacts.source(), &HubSpotOperation::Update, &rows)
        .await
        .unwrap()
        .value;
    let RowOutcome::Failed(failures) = &outcomes[0].1 else {
        panic!("{outcomes:?}")
    };
    assert_eq!(failures[0].failure.facts, [Fact::Winner("377".into())]);
}

#[tokio::test]
async fn rows_without_traces_of_their_own_are_not_sent() {
    let contacts = Contacts::reading(&[]).await;
    let (hubspot, recorder) = client(200, "{}");
    let twin = row("t1", "1", &[]);
    for rows in [
        vec![],
        vec![twin.clone(), twin.clone()],
        vec![row("", "1", &[])],
    ] {
        let error = hubspot.write(&contacts.source(), &upsert(), &rows).await;
        assert!(matches!(error, Err(CallError::NotSent(_))));
    }
    assert_eq!(recorder.count(), 0);
}
