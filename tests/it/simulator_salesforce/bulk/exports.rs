//! Bulk API 2.0: query jobs and their pages, and both kinds of job behind a bad line.

use serde_json::{Value, json};
use syncline::simulator::hubspot::{self, HubSpot};
use syncline::simulator::salesforce::{Salesforce, Settings};
use syncline::simulator::wire::Request;
use syncline::simulator::{Fault, OneShot, Outcome, Server, Simulator};

use super::super::{NOW, Org, body, header, org, org_with, told};

fn export(org: &mut Org, operation: &str, soql: &str) -> String {
    let job = json!({"operation": operation, "query": soql});
    let answer = org.call("POST", "jobs/query", &job);
    assert_eq!(answer.status, 200, "{}", told(&answer));
    let job = body(&answer);
    assert_eq!(job["state"], "UploadComplete");
    job["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_query_job_hands_out_its_rows_in_pages_until_the_locator_is_null() {
    let mut org = org_with(Settings {
        bulk_page: 3,
        ..Settings::default()
    });
    let account = org.create("Account", json!({"Name": "Acme, \"Ltd\""}));
    for n in 0..5 {
        org.create(
            "Contact",
            json!({"LastName": format!("R{n}"), "AccountId": account, "Score__c": 1.5}),
        );
    }
    let soql = "SELECT LastName,Account.Name,Score__c,Newsletter__c,Title,SystemModstamp FROM Contact ORDER BY LastName";
    let job = export(&mut org, "query", soql);
    let path = format!("jobs/query/{job}");
    assert_eq!(
        told(&org.call("GET", &format!("{path}/results"), &Value::Null)),
        "400 INVALIDJOBSTATE: a job in state UploadComplete has no results"
    );
    org.now += 60_000;
    let info = body(&org.call("GET", &path, &Value::Null));
    assert_eq!(
        (&info["state"], &info["numberRecordsProcessed"]),
        (&json!("JobComplete"), &json!(5))
    );
    let first = org.call(
        "GET",
        &format!("{path}/results?maxRecords=50000"),
        &Value::Null,
    );
    assert_eq!(header(&first, "content-type"), "text/csv");
    assert_eq!(header(&first, "sforce-numberofrecords"), "3");
    let text = String::from_utf8(first.body.clone()).unwrap();
    assert_eq!(
        text.lines().take(2).collect::<Vec<_>>(),
        [
            "\"LastName\",\"Account.Name\",\"Score__c\",\"Newsletter__c\",\"Title\",\"SystemModstamp\"",
            "\"R0\",\"Acme, \"\"Ltd\"\"\",\"1.5\",\"false\",\"\",\"2026-01-05T10:11:12.000Z\""
        ]
    );
    let locator = header(&first, "sforce-locator").to_owned();
    let last = org.call(
        "GET",
        &format!("{path}/results?locator={locator}&maxRecords=2"),
        &Value::Null,
    );
    assert_eq!(header(&last, "sforce-locator"), "null");
    assert_eq!(header(&last, "sforce-numberofrecords"), "2");
    let wrong = org.call("GET", &format!("{path}/results?locator=x"), &Value::Null);
    assert_eq!(
        told(&wrong),
        "400 INVALID_QUERY_LOCATOR: invalid query locator"
    );
    let older = format!("/services/data/v65.0/{path}/results");
    assert_eq!(org.send("GET", &older, &[], b"").status, 409);
}

#[test]
fn a_query_job_reads_deleted_rows_only_when_asked_and_may_find_none() {
    let mut org = org();
    let id = org.create("Contact", json!({"LastName": "R"}));
    org.call("DELETE", &format!("sobjects/Contact/{id}"), &Value::Null);
    for (operation, expected) in [
        ("query", "\"Id\",\"IsDeleted\"\n".to_owned()),
        (
            "queryAll",
            format!("\"Id\",\"IsDeleted\"\n\"{id}\",\"true\"\n"),
        ),
    ] {
        let job = export(&mut org, operation, "SELECT Id,IsDeleted FROM Contact");
        org.now += 60_000;
        let answer = org.call("GET", &format!("jobs/query/{job}/results"), &Value::Null);
        assert_eq!(String::from_utf8(answer.body.clone()).unwrap(), expected);
        assert_eq!(header(&answer, "sforce-locator"), "null");
    }
}

#[test]
fn a_query_that_cannot_be_run_is_refused_and_one_that_breaks_later_fails() {
    let mut org = org();
    let refused = |org: &mut Org, soql: &str| {
        let job = json!({"operation": "query", "query": soql});
        let told = told(&org.call("POST", "jobs/query", &job));
        told.split(':').next().unwrap_or_default().to_owned()
    };
    assert_eq!(
        refused(&mut org, "SELECT Foo FROM Contact"),
        "400 INVALID_FIELD"
    );
    assert_eq!(
        refused(&mut org, "SELECT COUNT() FROM Contact"),
        "400 INVALIDJOB"
    );
    assert_eq!(
        refused(&mut org, "SELECT Id FROM Contact LIMIT 1 OFFSET 1"),
        "400 INVALIDJOB"
    );
    let job = export(&mut org, "query", "SELECT Title FROM Contact");
    let hide = syncline::simulator::salesforce::FieldChange::Hide(true);
    org.model.change_field("Contact", "Title", hide).unwrap();
    org.now += 60_000;
    let info = body(&org.call("GET", &format!("jobs/query/{job}"), &Value::Null));
    assert_eq!(info["state"], "Failed");
    assert!(
        info["errorMessage"]
            .as_str()
            .unwrap()
            .starts_with("INVALID_FIELD")
    );
    org.model.set_bulk_limits(15_000, 1);
    assert_eq!(
        refused(&mut org, "SELECT Id FROM Contact"),
        "400 EXCEEDEDQUOTA"
    );
}

/// Both CRMs, and a session in the org.
struct Line {
    simulator: Simulator,
    token: String,
    now: i64,
}

fn line() -> Line {
    let model = Salesforce::new(Settings::default());
    let mut line = Line {
        simulator: Simulator::new(HubSpot::new(hubspot::Settings::default()), model, 1),
        token: String::new(),
        now: NOW,
    };
    let form = "grant_type=client_credentials&client_id=syncline-key&client_secret=syncline-secret";
    let outcome = line.send("POST", "/services/oauth2/token", "", form);
    let Outcome::Answered(answer) = outcome else {
        panic!("{outcome:?}")
    };
    let token = body(&answer)["access_token"].clone();
    token.as_str().unwrap().clone_into(&mut line.token);
    line
}

impl Line {
    fn send(&mut self, method: &str, path: &str, kind: &str, text: &str) -> Outcome {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let request = Request {
            method: method.into(),
            path: path.into(),
            query: query.into(),
            headers: vec![
                ("authorization".into(), format!("Bearer {}", self.token)),
                ("content-type".into(), kind.into()),
            ],
            body: text.as_bytes().to_vec(),
        };
        self.simulator
            .handle(Server::Salesforce, &request, self.now)
    }

    fn answered(&mut self, method: &str, path: &str, text: &str) -> Value {
        let path = format!("/services/data/v66.0/{path}");
        match self.send(method, &path, "application/json", text) {
            Outcome::Answered(answer) => body(&answer),
            other => panic!("{other:?}"),
        }
    }

    fn next_is(&mut self, fault: Fault) {
        self.simulator.faults.order(OneShot {
            server: Server::Salesforce,
            method: None,
            path: "/services/data/v66.0/jobs/".into(),
            skip: 0,
            times: 1,
            fault,
        });
    }
}

#[test]
fn lost_answers_leave_jobs_that_took_effect_and_every_request_is_counted() {
    let mut line = line();
    let create = r#"{"object":"Contact","operation":"insert"}"#;
    line.next_is(Fault::Lost);
    let outcome = line.send(
        "POST",
        "/services/data/v66.0/jobs/ingest/",
        "application/json",
        create,
    );
    assert_eq!(outcome, Outcome::Lost);
    let list = line.answered("GET", "jobs/ingest", "");
    let job = list["records"][0]["id"].as_str().unwrap().to_owned();
    let batches = format!("/services/data/v66.0/jobs/ingest/{job}/batches");
    line.next_is(Fault::Reset);
    assert_eq!(
        line.send("PUT", &batches, "text/csv", "LastName\nR\n"),
        Outcome::Reset
    );
    line.next_is(Fault::AnswerAfter(503));
    line.send("PUT", &batches, "text/csv", "LastName\nR\n");
    let close = r#"{"state":"UploadComplete"}"#;
    line.next_is(Fault::HungAfter);
    let path = format!("/services/data/v66.0/jobs/ingest/{job}");
    let outcome = line.send("PATCH", &path, "application/json", close);
    assert_eq!(outcome, Outcome::Hung { effect: true });
    line.now += 60_000;
    assert_eq!(
        line.answered("GET", &format!("jobs/ingest/{job}"), "")["state"],
        "JobComplete"
    );
    line.next_is(Fault::Truncated);
    let outcome = line.send("GET", &format!("{path}/successfulResults"), "", "");
    let Outcome::Answered(answer) = outcome else {
        panic!("{outcome:?}")
    };
    assert!(answer.is_cut());
    assert_eq!(line.simulator.salesforce.records("Contact").len(), 1);
    assert_eq!(line.simulator.salesforce_calls_counted(), 7);
}
