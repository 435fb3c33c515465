//! Exports: pages of a result as records, and pages that are none.

use crate::crm_transport::{answer, with_header};
use std::collections::BTreeMap;
use syncline::crm::Source;
use syncline::crm::http::{CallError, HttpResponse};
use syncline::crm::salesforce::{ExportLocator, Query};
use syncline::domain::record::{Timestamp, Value};
use syncline::domain::schema::ObjectSchema;

use super::bulk::{JOB, job_id, text};
use super::{client, contact, field, id, names, schema};

fn query(schema: &ObjectSchema) -> Query {
    let wanted = names(&["LastName", "Score__c", "Optin__c", "Birthdate"]);
    let source = Source {
        object: &contact(),
        schema,
        fields: &wanted,
    };
    Query::by_ids(&source, &[id("003A")]).remove(0)
}

fn page(body: &str, count: &str, locator: &str) -> HttpResponse {
    let answer = with_header(answer(200, body), "sforce-numberofrecords", count);
    with_header(answer, "sforce-locator", locator)
}

const HEADER: &str = "\"Id\",\"IsDeleted\",\"SystemModstamp\",\"LastModifiedById\",\"Birthdate\",\"LastName\",\"Optin__c\",\"Score__c\"\n";

#[tokio::test]
async fn an_export_is_created_and_fetched_in_pages_of_records() {
    let schema = schema().await;
    let query = query(&schema);
    let (salesforce, recorder) = client(answer(200, JOB)).await;
    salesforce.create_export(&query).await.unwrap();
    assert_eq!(
        recorder.line(),
        "POST https://acme.example/services/data/v66.0/jobs/query"
    );
    assert_eq!(recorder.body()["operation"], "queryAll");
    assert_eq!(recorder.body()["query"], query.soql());
    let rows = format!(
        "{HEADER}\"003A\",\"true\",\"2026-01-05T10:11:12.000Z\",\"005B\",\"1970-02-03\",\"a, \"\"b\"\"\nc\",\"false\",\"1.50\"\n\
         \"003B\",\"false\",\"2026-01-05T10:11:12.000+0000\",\"\",\"\",\"true\",\"true\",\"\"\n"
    );
    recorder.then(page(&rows, "2", "MTAwMDA"));
    let mut first = salesforce
        .export_page(&job_id(), &query, None, 50_000)
        .await
        .unwrap()
        .value;
    let path = "https://acme.example/services/data/v66.0/jobs/query/750R0000000zxr8IAA/results";
    assert_eq!(recorder.line(), format!("GET {path}?maxRecords=50000"));
    assert_eq!(first.rows(), 2);
    // Taken one by one, a row with a line break in a cell is still one row.
    let taken = [first.take(1), first.take(5), first.take(5)];
    let [[a], [b], []] = taken.each_ref().map(Vec::as_slice) else {
        panic!("{taken:?}")
    };
    assert!(a.deleted && !b.deleted);
    assert_eq!(a.modified_by, Some(id("005B")));
    assert_eq!(
        (a.modified_at, a.modified_at),
        (b.modified_at, Timestamp(1_767_607_872_000))
    );
    assert_eq!(
        a.fields,
        BTreeMap::from([
            (field("Birthdate"), Value::Date(1970, 2, 3)),
            (field("LastName"), text("a, \"b\"\nc")),
            (field("Optin__c"), Value::Bool(false)),
            (field("Score__c"), Value::Number("1.50".into())),
        ])
    );
    assert_eq!(
        (&b.fields[&field("LastName")], &b.fields[&field("Score__c")]),
        (&text("true"), &Value::Blank)
    );
    let next = first.next.unwrap();
    assert_eq!(ExportLocator::parse(next.as_str()), Some(next.clone()));
    recorder.then(page(HEADER, "0", "null"));
    let last = salesforce
        .export_page(&job_id(), &query, Some(&next), 10)
        .await
        .unwrap()
        .value;
    assert_eq!(
        recorder.line(),
        format!("GET {path}?maxRecords=10&locator=MTAwMDA")
    );
    assert_eq!((last.rows(), last.next), (0, None));
}

#[tokio::test]
async fn a_page_that_is_not_whole_is_no_page() {
    let schema = schema().await;
    let query = query(&schema);
    let row = "\"003A\",\"true\",\"2026-01-05T10:11:12.000Z\",\"\",\"\",\"\",\"\",\"\"\n";
    let whole = format!("{HEADER}{row}");
    for (response, why) in [
        (page(&whole, "2", "null"), "answer has 1 rows of 2"),
        (answer(200, &whole), "answer lacks Sforce-NumberOfRecords"),
        (
            with_header(answer(200, &whole), "sforce-numberofrecords", "1"),
            "answer lacks Sforce-Locator",
        ),
        (
            page(&whole[..whole.len() - 2], "1", "null"),
            "the table breaks off",
        ),
        (
            page("Id\n003A\n", "1", "null"),
            "answer lacks the column SystemModstamp",
        ),
        (
            page(&whole.replace("003A", ""), "1", "null"),
            "answer lacks a row's id or stamp",
        ),
    ] {
        let (salesforce, _) = client(response).await;
        let error = salesforce.export_page(&job_id(), &query, None, 10).await;
        assert_eq!(error.map(|_| ()), Err(CallError::Unknown(why.into())));
    }
    let (salesforce, _) = client(page("", "0", "null")).await;
    let none = salesforce.export_page(&job_id(), &query, None, 10).await;
    assert_eq!(none.unwrap().value.take(10), []);
}
