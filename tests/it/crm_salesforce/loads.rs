//! The client's jobs against the simulated org: two programs that share no line of code agree on a file.

use std::sync::{Arc, Mutex};

use crate::on_the_wire;
use syncline::crm::Source;
use syncline::crm::http::{CallError, HttpRequest, Sending, Transport, TransportError};
use syncline::crm::salesforce::{
    BatchOperation, JobKind, JobState, Load, Loaded, NoRoom, Query, ResultList, Row, RowOutcome,
    Salesforce, Sheet,
};
use syncline::domain::event::Position;
use syncline::domain::record::{Timestamp, Value};
use syncline::simulator::hubspot::HubSpot;
use syncline::simulator::{self, Fault, OneShot, Outcome, Server, Simulator};

use super::{contact, field, names};

pub(super) const START: i64 = 1_767_607_872_000;
pub(super) const KEY: &str = "Syncline_HubSpot_Id__c";

/// The simulator behind the client, in a time of its own.
pub(super) struct Line {
    simulator: Mutex<Simulator>,
    now: Mutex<i64>,
}

impl Transport for Line {
    fn send(&self, request: HttpRequest) -> Sending<'_> {
        let now = *self.now.lock().unwrap();
        let outcome = self.simulator.lock().unwrap().handle(
            Server::Salesforce,
            &on_the_wire::request(&request),
            now,
        );
        let answer = match outcome {
            Outcome::Answered(answer) => Ok(on_the_wire::answer(answer)),
            other => Err(TransportError::Unknown(format!("{other:?}"))),
        };
        Box::pin(std::future::ready(answer))
    }
}

impl Line {
    fn pass(&self, ms: i64) {
        *self.now.lock().unwrap() += ms;
    }

    fn next_is(&self, method: &str, fault: Fault) {
        self.simulator.lock().unwrap().faults.order(OneShot {
            server: Server::Salesforce,
            method: Some(method.to_owned()),
            path: "/services/data/v66.0/jobs/".into(),
            skip: 0,
            times: 1,
            fault,
        });
    }

    pub(super) fn in_org(&self, act: impl FnOnce(&mut simulator::salesforce::Salesforce)) {
        act(&mut self.simulator.lock().unwrap().salesforce);
    }

    fn contact(&self, key: &str) -> serde_json::Value {
        let simulator = self.simulator.lock().unwrap();
        let ids = simulator.salesforce.ids_where("Contact", KEY, key);
        let id = ids.first().expect("a contact");
        simulator.salesforce.get("Contact", id).expect("a contact")
    }
}

pub(super) async fn line() -> (Salesforce, Arc<Line>) {
    let org = simulator::salesforce::Settings {
        bulk_page: 3,
        ..simulator::salesforce::Settings::default()
    };
    let settings = on_the_wire::salesforce(&org);
    let portal = HubSpot::new(simulator::hubspot::Settings::default());
    let org = simulator::salesforce::Salesforce::new(org);
    let line = Arc::new(Line {
        simulator: Mutex::new(Simulator::new(portal, org, 1)),
        now: Mutex::new(START),
    });
    let salesforce = Salesforce::new(line.clone(), settings);
    salesforce.fetch_token(Timestamp(START)).await.unwrap();
    (salesforce, line)
}

fn row(key: &str, fields: &[(&str, Value)]) -> Row {
    let own = [(KEY, Value::Text(key.into()))];
    Row {
        id: None,
        fields: own
            .iter()
            .chain(fields)
            .map(|(name, value)| (field(name), value.clone()))
            .collect(),
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

#[tokio::test]
async fn rows_arrive_as_they_were_meant_and_outcomes_come_back_by_key() {
    let (salesforce, line) = line().await;
    let schema = salesforce.describe("Contact", Timestamp(START)).await;
    let schema = schema.unwrap().value;
    let load = Load {
        schema: &schema,
        operation: BatchOperation::Upsert {
            external_id_field: field(KEY),
        },
    };
    let columns = ["LastName", "Description", "Newsletter__c", "Tier__c"];
    let mut sheet = Sheet::new(&load, &names(&columns)).unwrap();
    let long = "\u{e0}\"\n,".repeat(8_000);
    sheet
        .push(&row(
            "7-1",
            &[("LastName", text("Rossi")), ("Description", text(&long))],
        ))
        .unwrap();
    sheet
        .push(&row(
            "7-2",
            &[("LastName", text("B")), ("Tier__c", text("Tin"))],
        ))
        .unwrap();
    for n in 3..1000 {
        let more = [
            ("LastName", text("C")),
            ("Newsletter__c", Value::Bool(true)),
        ];
        assert_ne!(
            sheet.push(&row(&format!("7-{n}"), &more)),
            Err(NoRoom::Full)
        );
    }
    let job = salesforce.create_load(&load).await.unwrap().value.id;
    salesforce.upload(&job, sheet).await.unwrap();
    let closed = salesforce.close(&job).await.unwrap().value;
    assert_eq!(closed.state, JobState::UploadComplete);
    line.pass(10_000);
    let done = salesforce.job(JobKind::Load, &job).await.unwrap().value;
    assert_eq!(
        (done.state, done.processed, done.failed),
        (JobState::JobComplete, 999, 1)
    );
    let saved = salesforce
        .results(&job, ResultList::Successful, &load)
        .await;
    let saved = saved.unwrap().value;
    assert_eq!(saved.len(), 998);
    assert_ne!(saved[0].key, "7-1", "rows come in an order of their own");
    let failed = salesforce.results(&job, ResultList::Failed, &load).await;
    let failed = failed.unwrap().value;
    assert_eq!(failed[0].key, "7-2");
    let Loaded::Concluded(RowOutcome::Failed(failures)) = &failed[0].outcome else {
        panic!("{failed:?}")
    };
    assert_eq!(failures[0].value.as_deref(), Some("Tin"));
    let untouched = salesforce
        .results(&job, ResultList::Unprocessed, &load)
        .await;
    assert_eq!(untouched.unwrap().value, []);
    assert_eq!(line.contact("7-1")["Description"], long.as_str());
    assert_eq!(line.contact("7-3")["Newsletter__c"], true);
}

#[tokio::test]
async fn an_export_reads_what_a_query_reads() {
    let (salesforce, line) = line().await;
    for n in 0..7 {
        let contact = serde_json::json!({"LastName": format!("R{n}\n\""), "Score__c": 0.5});
        let serde_json::Value::Object(contact) = contact else {
            unreachable!()
        };
        let mut simulator = line.simulator.lock().unwrap();
        simulator.salesforce.put("Contact", contact, START).unwrap();
    }
    line.pass(60_000);
    let schema = salesforce.describe("Contact", Timestamp(START)).await;
    let schema = schema.unwrap().value;
    let wanted = names(&["LastName", "Score__c", "Newsletter__c", "OwnerId"]);
    let source = Source {
        object: &contact(),
        schema: &schema,
        fields: &wanted,
    };
    let position = Position {
        stamp: Timestamp(START - 1000),
        id: None,
    };
    let query = Query::changes(&source, &position, Timestamp(START + 30_000), 100);
    let asked = salesforce.query(std::slice::from_ref(&query)).await;
    let expected = asked.unwrap().value.remove(0).unwrap().records;
    let job = salesforce.create_export(&query).await.unwrap().value.id;
    line.pass(10_000);
    let done = salesforce.job(JobKind::Export, &job).await.unwrap().value;
    assert_eq!((done.state, done.processed), (JobState::JobComplete, 7));
    let mut records = Vec::new();
    let mut locator = None;
    loop {
        let page = salesforce.export_page(&job, &query, locator.as_ref(), 50_000);
        let mut page = page.await.unwrap().value;
        assert!(page.rows() <= 3);
        records.extend(page.take(3));
        locator = page.next;
        if locator.is_none() {
            break;
        }
    }
    assert_eq!(records, expected);
}

#[tokio::test]
async fn a_creation_without_an_answer_is_found_in_the_list_and_an_upload_is_never_doubled() {
    let (salesforce, line) = line().await;
    let schema = salesforce.describe("Contact", Timestamp(START)).await;
    let schema = schema.unwrap().value;
    let load = Load {
        schema: &schema,
        operation: BatchOperation::Upsert {
            external_id_field: field(KEY),
        },
    };
    line.next_is("POST", Fault::Lost);
    let lost = salesforce.create_load(&load).await;
    assert!(matches!(lost, Err(CallError::Unknown(_))));
    let jobs = salesforce.jobs(JobKind::Load).await.unwrap().value.jobs;
    let [job] = jobs.as_slice() else {
        panic!("{jobs:?}")
    };
    assert_eq!(
        (job.state, job.created_by.clone()),
        (JobState::Open, salesforce.our_user())
    );
    let mut sheet = Sheet::new(&load, &names(&["LastName"])).unwrap();
    sheet.push(&row("7-1", &[("LastName", text("R"))])).unwrap();
    line.next_is("PUT", Fault::AnswerAfter(503));
    let first = salesforce.upload(&job.id, sheet.clone()).await;
    assert_eq!(first.unwrap_err(), CallError::Unavailable { status: 503 });
    let second = salesforce.upload(&job.id, sheet).await;
    assert!(matches!(
        second,
        Err(CallError::Rejected { status: 400, .. })
    ));
    salesforce.close(&job.id).await.unwrap();
    line.pass(10_000);
    let done = salesforce.job(JobKind::Load, &job.id).await.unwrap().value;
    assert_eq!((done.processed, done.failed), (1, 0));
}
