//! Loads: what each call asks, and what is made of files and of answers that are none.

use crate::crm_transport::answer;
use proptest::prelude::*;
use serde_json::json;
use syncline::crm::http::CallError;
use syncline::crm::salesforce::{
    BatchOperation, JobId, JobKind, JobState, Load, Loaded, LoadedRow, NoRoom, ResultList, Row,
    RowOutcome, Sheet,
};
use syncline::domain::record::{FieldName, Fields, Timestamp, Value};
use syncline::domain::schema::ObjectSchema;

use super::{client, field, id, names, schema};

pub(super) const JOB: &str = r#"{"id":"750R0000000zxr8IAA","operation":"upsert","object":"Contact","createdById":"005R0000000GiwjIAC",
  "createdDate":"2026-11-23T10:00:00.000+0000","systemModstamp":"2026-11-23T10:00:01.000+0000","state":"JobComplete",
  "concurrencyMode":"Parallel","contentType":"CSV","apiVersion":66.0,"lineEnding":"LF","columnDelimiter":"COMMA",
  "jobType":"V2Ingest","retries":0,"numberRecordsProcessed":3,"numberRecordsFailed":1}"#;

fn upsert(schema: &ObjectSchema) -> Load<'_> {
    Load {
        schema,
        operation: BatchOperation::Upsert {
            external_id_field: field("Hs__c"),
        },
    }
}

fn update(schema: &ObjectSchema) -> Load<'_> {
    Load {
        schema,
        operation: BatchOperation::Update,
    }
}

pub(super) fn job_id() -> JobId {
    JobId::parse("750R0000000zxr8IAA").unwrap()
}

pub(super) fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn fields(fields: &[(&str, Value)]) -> Fields {
    let fields = fields.iter();
    fields
        .map(|(name, value)| (field(name), value.clone()))
        .collect()
}

fn row(own: &[(&str, Value)]) -> Row {
    Row {
        id: None,
        fields: fields(own),
    }
}

fn sent(sheet: &Sheet) -> &str {
    std::str::from_utf8(sheet.bytes()).unwrap()
}

#[tokio::test]
async fn each_step_of_a_load_is_one_call() {
    let schema = schema().await;
    let load = upsert(&schema);
    let (salesforce, recorder) = client(answer(200, JOB)).await;
    let created = salesforce.create_load(&load).await.unwrap().value;
    assert_eq!(
        recorder.line(),
        "POST https://acme.example/services/data/v66.0/jobs/ingest"
    );
    assert_eq!(
        recorder.body(),
        json!({"object": "Contact", "operation": "upsert", "externalIdFieldName": "Hs__c",
               "contentType": "CSV", "lineEnding": "LF", "columnDelimiter": "COMMA"})
    );
    assert_eq!(
        (created.id.as_str(), created.state, created.created_at),
        (
            "750R0000000zxr8IAA",
            JobState::JobComplete,
            Some(Timestamp(1_795_428_000_000))
        )
    );
    assert_eq!((created.processed, created.failed), (3, 1));
    let path = "https://acme.example/services/data/v66.0/jobs/ingest/750R0000000zxr8IAA";
    let mut sheet = Sheet::new(&load, &names(&["LastName"])).unwrap();
    sheet.push(&row(&[("Hs__c", text("7-1"))])).unwrap();
    recorder.then(answer(201, ""));
    salesforce.upload(&job_id(), sheet).await.unwrap();
    assert_eq!(recorder.line(), format!("PUT {path}/batches"));
    assert_eq!(recorder.header("content-type"), "text/csv");
    assert_eq!(recorder.last().body.unwrap(), b"Hs__c,LastName\n7-1,\n");
    recorder.then(answer(200, JOB));
    salesforce.close(&job_id()).await.unwrap();
    assert_eq!(recorder.line(), format!("PATCH {path}"));
    assert_eq!(recorder.body(), json!({"state": "UploadComplete"}));
    recorder.then(answer(200, JOB));
    salesforce.abort(JobKind::Load, &job_id()).await.unwrap();
    assert_eq!(recorder.body(), json!({"state": "Aborted"}));
    recorder.then(answer(200, JOB));
    let job = salesforce.job(JobKind::Load, &job_id()).await.unwrap();
    assert_eq!(recorder.line(), format!("GET {path}"));
    assert!(job.value.state.is_over());
    recorder.then(answer(
        200,
        "\"sf__Id\",\"sf__Created\",\"Hs__c\",\"LastName\"\n",
    ));
    let rows = salesforce
        .results(&job_id(), ResultList::Successful, &load)
        .await
        .unwrap();
    assert_eq!(recorder.line(), format!("GET {path}/successfulResults"));
    assert_eq!(recorder.header("accept"), "text/csv");
    assert!(rows.value.is_empty());
    assert_eq!(recorder.count(), 7);
}

#[tokio::test]
async fn the_list_of_jobs_is_read_page_by_page() {
    let list = format!(
        r#"{{"done":false,"records":[{JOB}],"nextRecordsUrl":"services/data/v66.0/jobs/ingest?queryLocator=x"}}"#
    );
    let (salesforce, recorder) = client(answer(200, &list)).await;
    let page = salesforce.jobs(JobKind::Load).await.unwrap().value;
    assert_eq!(page.jobs[0].object, "Contact");
    assert_eq!(page.jobs[0].created_by, Some(id("005R0000000GiwjIAC")));
    recorder.then(answer(
        200,
        r#"{"done":true,"records":[],"nextRecordsUrl":null}"#,
    ));
    let end = salesforce.next_jobs(&page.next.unwrap()).await.unwrap();
    assert_eq!(
        recorder.line(),
        "GET https://acme.example/services/data/v66.0/jobs/ingest?queryLocator=x"
    );
    assert_eq!(end.value.next, None);
}

#[tokio::test]
async fn a_file_carries_values_as_their_kinds_ask_and_leaves_alone_what_is_not_set() {
    let schema = schema().await;
    let columns = names(&[
        "Hs__c",
        "LastName",
        "Score__c",
        "Optin__c",
        "Birthdate",
        "Met__c",
        "Tags__c",
    ]);
    let mut sheet = Sheet::new(&upsert(&schema), &columns).unwrap();
    sheet
        .push(&row(&[
            ("Hs__c", text("7-1")),
            ("LastName", text("Rossi, \"Ada\"\nof Milano")),
            ("Score__c", Value::Number("1.50".into())),
            ("Optin__c", Value::Bool(true)),
            ("Birthdate", Value::Date(1970, 2, 3)),
            ("Met__c", Value::DateTime(Timestamp(1_767_607_872_345))),
            ("Tags__c", Value::Options(vec!["a".into(), "b".into()])),
        ]))
        .unwrap();
    sheet
        .push(&row(&[
            ("Hs__c", text("7-2")),
            ("LastName", text(" Rossi ")),
            ("Score__c", Value::Blank),
            ("Optin__c", Value::Blank),
            ("Tags__c", text("")),
        ]))
        .unwrap();
    assert_eq!(
        sent(&sheet),
        "Hs__c,LastName,Score__c,Optin__c,Birthdate,Met__c,Tags__c\n\
         7-1,\"Rossi, \"\"Ada\"\"\nof Milano\",1.50,true,1970-02-03,2026-01-05T10:11:12.345Z,a;b\n\
         7-2,\" Rossi \",#N/A,false,,,#N/A\n"
    );
    let mut sheet = Sheet::new(&update(&schema), &names(&["LastName"])).unwrap();
    let known = Row {
        id: Some(id("003000000000001AAA")),
        fields: fields(&[("LastName", text("R"))]),
    };
    sheet.push(&known).unwrap();
    assert_eq!(sent(&sheet), "Id,LastName\n003000000000001AAA,R\n");
}

#[tokio::test]
async fn a_row_that_no_file_can_carry_is_told_and_leaves_the_file_as_it_was() {
    let schema = schema().await;
    let mut sheet = Sheet::new(&upsert(&schema), &names(&["LastName", "Email"])).unwrap();
    let long = "\u{e9}".repeat(130_000);
    sheet
        .push(&row(&[("Hs__c", text("7-1")), ("LastName", text(&long))]))
        .unwrap();
    let before = sheet.clone();
    let key = ("Hs__c", text("7-2"));
    let too_long = text(&"x".repeat(131_073));
    for (unfit, why) in [
        (
            row(&[key.clone(), ("LastName", too_long)]),
            "a value is too long",
        ),
        (
            row(&[key.clone(), ("LastName", text("#N/A"))]),
            "a value reads like the mark that empties a field",
        ),
        (
            row(&[key.clone(), ("Score__c", Value::Blank)]),
            "it sets a field that is no column",
        ),
        (row(&[("LastName", text("R"))]), "it has no external id"),
        (row(&[("Hs__c", Value::Blank)]), "it has no external id"),
    ] {
        assert_eq!(sheet.push(&unfit), Err(NoRoom::Unfit(why)));
        assert_eq!(sheet, before);
    }
    let mut small = Sheet::with_limit(&upsert(&schema), &names(&["LastName"]), 3).unwrap();
    assert_eq!(small.push(&row(std::slice::from_ref(&key))), Ok(()));
    assert_eq!(
        small.push(&row(std::slice::from_ref(&key))),
        Err(NoRoom::Full)
    );
    assert_eq!((small.rows(), sent(&small)), (1, "Hs__c,LastName\n7-2,\n"));
    let mut nameless = Sheet::new(&update(&schema), &[]).unwrap();
    assert_eq!(nameless.push(&row(&[])), Err(NoRoom::Unfit("it has no id")));
}

async fn results(
    load: &Load<'_>,
    list: ResultList,
    body: &str,
) -> Result<Vec<LoadedRow>, CallError> {
    let (salesforce, _) = client(answer(200, body)).await;
    let reply = salesforce.results(&job_id(), list, load).await;
    reply.map(|reply| reply.value)
}

#[tokio::test]
async fn refused_rows_name_code_message_fields_and_the_value_at_fault() {
    let schema = schema().await;
    let body = "\"sf__Id\",\"sf__Error\",\"LeadSource\",\"Hs__c\",\"LastName\"\r\n\
        \"\",\"REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --\",\"\",\"7-2\",\"\"\r\n\
        \"003A\",\"INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST:Lead Source: bad value for restricted picklist field: NURSE:LeadSource --\",\"NURSE\",\"7-1\",\"a \"\"b\"\"\nc\"\r\n\
        \"\",\"UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record or 200 records: 001xxx,001yyy,...:--\",\"\",\"7-4\",\"\"\r\n\
        \"\",\"DUPLICATE_VALUE:duplicate value found: Hs__c duplicates value on record with id: 003R00000012345:--\",\"\",\"7-5\",\"\"\r\n\
        \"\",\"Something else: entirely\",\"\",\"7-6\",\"\"\r\n";
    let rows = results(&upsert(&schema), ResultList::Failed, body)
        .await
        .unwrap();
    let told: Vec<String> = rows
        .iter()
        .map(|row| {
            let Loaded::Concluded(RowOutcome::Failed(failures)) = &row.outcome else {
                panic!("{row:?}")
            };
            let [raw] = failures.as_slice() else {
                panic!("{failures:?}")
            };
            let fields: Vec<&str> = raw.failure.fields.iter().map(FieldName::as_str).collect();
            format!(
                "{} {} [{}] {:?} {} | {}",
                row.key,
                raw.failure.code,
                fields.join(","),
                raw.value.as_deref().unwrap_or_default(),
                raw.failure.facts.len(),
                raw.message
            )
        })
        .collect();
    assert_eq!(
        told.join("\n"),
        r#"7-2 REQUIRED_FIELD_MISSING [LastName] "" 0 | Required fields are missing: [LastName]
7-1 INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST [LeadSource] "NURSE" 0 | Lead Source: bad value for restricted picklist field: NURSE
7-4 UNABLE_TO_LOCK_ROW [] "" 0 | unable to obtain exclusive access to this record or 200 records: 001xxx,001yyy,...
7-5 DUPLICATE_VALUE [] "" 1 | duplicate value found: Hs__c duplicates value on record with id: 003R00000012345
7-6 UNKNOWN_EXCEPTION [] "" 0 | Something else: entirely"#
    );
}

#[tokio::test]
async fn written_and_untouched_rows_are_known_by_their_keys_in_any_order() {
    let schema = schema().await;
    let body = "\"sf__Id\",\"sf__Created\",\"Hs__c\"\n\"003B\",\"true\",\"7-2\"\n\"003A\",\"false\",\"7-1\"\n";
    let rows = results(&upsert(&schema), ResultList::Successful, body)
        .await
        .unwrap();
    let written = |key: &str, own: &str, created| LoadedRow {
        key: key.into(),
        outcome: Loaded::Concluded(RowOutcome::Written {
            id: id(own),
            created,
        }),
    };
    assert_eq!(
        rows,
        [written("7-2", "003B", true), written("7-1", "003A", false)]
    );
    let rows = results(
        &update(&schema),
        ResultList::Unprocessed,
        "Id,LastName\n003A,R\n",
    )
    .await
    .unwrap();
    let untouched = LoadedRow {
        key: "003A".into(),
        outcome: Loaded::Unprocessed,
    };
    assert_eq!(rows, [untouched]);
}

#[tokio::test]
async fn an_empty_file_is_no_rows_and_a_broken_one_fails_its_call_only() {
    let schema = schema().await;
    let load = upsert(&schema);
    for empty in [
        "",
        "\"sf__Id\",\"sf__Error\",\"Hs__c\"",
        "\u{feff}sf__Error,Hs__c\n",
    ] {
        assert_eq!(results(&load, ResultList::Failed, empty).await, Ok(vec![]));
    }
    for (body, why) in [
        (
            "<html><body>Maintenance</body></html>",
            "answer lacks the column Hs__c",
        ),
        ("<a href=\"x\">down</a>", "the table has a stray quote"),
        (
            "sf__Error,Other\nA:b:--,1\n",
            "answer lacks the column Hs__c",
        ),
        ("Id,Hs__c\nA,7-1\n", "answer lacks the column sf__Error"),
        ("sf__Error,Hs__c\n\"A:b:--\",\"7-", "the table breaks off"),
        (
            "sf__Error,Hs__c\n\"A:b:--\"",
            "a row of the table has another width than its header",
        ),
        (
            "sf__Error,Hs__c\n\"A\" ,7-1\n",
            "the table has a stray quote",
        ),
    ] {
        let error = results(&load, ResultList::Failed, body).await;
        assert_eq!(error, Err(CallError::Unknown(why.into())), "{body}");
    }
    for body in [
        "<html>",
        r#"{"id":"750A"}"#,
        r#"{"id":"750A","state":"Sleeping"}"#,
    ] {
        let (salesforce, _) = client(answer(200, body)).await;
        let error = salesforce.job(JobKind::Load, &job_id()).await;
        assert!(
            matches!(error, Err(CallError::Unknown(_))),
            "{body}: {error:?}"
        );
    }
    let gone = r#"[{"errorCode":"NOT_FOUND","message":"The requested resource does not exist"}]"#;
    let (salesforce, _) = client(answer(404, gone)).await;
    let error = salesforce.close(&job_id()).await;
    assert!(
        matches!(error, Err(CallError::Rejected { status: 404, .. })),
        "{error:?}"
    );
}

proptest! {
    #[test]
    fn every_text_that_is_written_is_read_back(keys in prop::collection::vec("[ \\PC\"\r\n,]{1,40}", 1..8)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let schema = schema().await;
            let load = upsert(&schema);
            let mut sheet = Sheet::new(&load, &names(&["LastName"])).unwrap();
            for key in &keys {
                let own = row(&[("Hs__c", text(key)), ("LastName", text(key))]);
                sheet.push(&own).unwrap();
            }
            let read = results(&load, ResultList::Unprocessed, sent(&sheet)).await.unwrap();
            let read: Vec<String> = read.into_iter().map(|row| row.key).collect();
            assert_eq!(read, keys);
        });
    }
}
