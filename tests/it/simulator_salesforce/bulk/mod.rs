//! Bulk API 2.0, as a client lives with it.

mod exports;
mod jobs;
mod loads;

use serde_json::{Value, json};
use syncline::simulator::wire::Response;

use super::{Org, body, header, told};

const KEY: &str = "Syncline_HubSpot_Id__c";

impl Org {
    /// Creates a job and answers its id.
    fn job(&mut self, object: &str, operation: &str, key: Option<&str>) -> String {
        let mut job = json!({"object": object, "operation": operation, "contentType": "CSV"});
        if let Some(key) = key {
            job["externalIdFieldName"] = json!(key);
        }
        let answer = self.call("POST", "jobs/ingest", &job);
        assert_eq!(answer.status, 200, "{}", told(&answer));
        body(&answer)["id"].as_str().unwrap().to_owned()
    }

    fn upload(&mut self, job: &str, csv: &str) -> Response {
        let url = format!("/services/data/v66.0/jobs/ingest/{job}/batches");
        self.send("PUT", &url, &[("content-type", "text/csv")], csv.as_bytes())
    }

    fn turn(&mut self, job: &str, state: &str) -> Response {
        self.call(
            "PATCH",
            &format!("jobs/ingest/{job}"),
            &json!({ "state": state }),
        )
    }

    fn poll(&mut self, job: &str) -> Value {
        body(&self.call("GET", &format!("jobs/ingest/{job}"), &Value::Null))
    }

    fn state(&mut self, job: &str) -> String {
        let info = self.poll(job);
        info["state"].as_str().unwrap_or("gone").to_owned()
    }

    fn results(&mut self, job: &str, kind: &str) -> String {
        let answer = self.call("GET", &format!("jobs/ingest/{job}/{kind}"), &Value::Null);
        if answer.status != 200 {
            return told(&answer);
        }
        assert_eq!(header(&answer, "content-type"), "text/csv");
        String::from_utf8(answer.body).unwrap()
    }

    /// Runs a job to its end and answers its id.
    fn run(&mut self, object: &str, operation: &str, key: Option<&str>, csv: &str) -> String {
        let job = self.job(object, operation, key);
        assert_eq!(self.upload(&job, csv).status, 201);
        assert_eq!(self.turn(&job, "UploadComplete").status, 200);
        self.now += 60_000;
        self.poll(&job);
        job
    }
}

fn sorted(csv: &str) -> Vec<String> {
    let mut lines: Vec<String> = csv.lines().skip(1).map(str::to_owned).collect();
    lines.sort();
    lines
}

/// So many lines with a name each.
fn many_rows(count: usize) -> String {
    let rows: Vec<String> = (0..count).map(|n| format!("Row {n}\n")).collect();
    rows.concat()
}
