//! The life of a job: its states, what is refused in each, limits and lists.

use serde_json::{Value, json};
use syncline::simulator::salesforce::{Settings, Switch};

use super::super::{DAY, body, org, org_with, told};
use super::{many_rows, sorted};

#[test]
fn a_job_is_created_filled_closed_and_done_while_the_clock_runs() {
    let mut org = org();
    let before = org.model.calls_counted();
    let answer = org.call(
        "POST",
        "jobs/ingest",
        &json!({"object": "contact", "operation": "insert", "contentType": "CSV", "lineEnding": "LF"}),
    );
    let job = body(&answer);
    let id = job["id"].as_str().unwrap().to_owned();
    assert!(id.starts_with("750") && id.len() == 18);
    assert_eq!(
        ["state", "object", "contentUrl", "columnDelimiter"].map(|name| job[name].clone()),
        [
            json!("Open"),
            json!("Contact"),
            json!(format!("services/data/v66.0/jobs/ingest/{id}/batches")),
            json!("COMMA")
        ]
    );
    assert_eq!(job["apiVersion"].to_string(), "66.0");
    assert_eq!(job["createdDate"], "2026-01-05T10:11:12.000+0000");
    let rows = many_rows(1000);
    let uploaded = org.upload(&id, &format!("LastName\n{rows}"));
    assert_eq!((uploaded.status, uploaded.body.len()), (201, 0));
    org.now += 3_600_000;
    assert_eq!(org.state(&id), "Open");
    assert_eq!(
        body(&org.turn(&id, "UploadComplete"))["state"],
        "UploadComplete"
    );
    assert_eq!(org.state(&id), "UploadComplete");
    org.now += 500;
    let info = org.poll(&id);
    assert_eq!(info["state"], "InProgress");
    assert_eq!(info["numberRecordsProcessed"], 200);
    assert_eq!(org.model.records("Contact").len(), 200);
    org.now += 1000;
    let info = org.poll(&id);
    assert_eq!(
        ["state", "numberRecordsProcessed", "numberRecordsFailed"].map(|name| info[name].clone()),
        [json!("JobComplete"), json!(1000), json!(0)]
    );
    assert_eq!(org.model.records("Contact").len(), 1000);
    assert_eq!(org.model.calls_counted(), before + 7);
}

#[test]
fn a_job_is_filled_once_and_goes_only_where_its_state_lets_it() {
    let mut org = org();
    let job = org.job("Contact", "insert", None);
    assert_eq!(
        org.results(&job, "failedResults"),
        "400 INVALIDJOBSTATE: a job in state Open has no results"
    );
    let path = format!("jobs/ingest/{job}");
    assert_eq!(
        told(&org.call("DELETE", &path, &Value::Null)),
        "400 INVALIDJOBSTATE: a job in state Open cannot be deleted"
    );
    org.upload(&job, "LastName\nR\n");
    assert_eq!(
        told(&org.upload(&job, "LastName\nR\n")),
        format!("400 INVALIDJOBSTATE: Found multiple contents for job: <{job}>")
    );
    org.turn(&job, "UploadComplete");
    assert_eq!(
        told(&org.turn(&job, "UploadComplete")),
        "400 INVALIDJOBSTATE: a job in state UploadComplete cannot go to UploadComplete"
    );
    assert_eq!(org.upload(&job, "LastName\nR\n").status, 400);
    org.now += 60_000;
    assert_eq!(org.turn(&job, "Aborted").status, 400);
    assert_eq!(org.call("DELETE", &path, &Value::Null).status, 204);
    assert_eq!(
        told(&org.call("GET", &path, &Value::Null)),
        "404 NOT_FOUND: The requested resource does not exist"
    );
    assert_eq!(org.model.records("Contact").len(), 1);
}

#[test]
fn an_aborted_job_keeps_what_it_wrote_and_lists_the_rest() {
    let mut org = org();
    let rows = many_rows(1000);
    let job = org.job("Contact", "insert", None);
    org.upload(&job, &format!("LastName\n{rows}"));
    org.turn(&job, "UploadComplete");
    org.now += 500;
    assert_eq!(body(&org.turn(&job, "Aborted"))["state"], "Aborted");
    org.now += 60_000;
    assert_eq!(org.state(&job), "Aborted");
    assert_eq!(org.model.records("Contact").len(), 200);
    assert_eq!(sorted(&org.results(&job, "successfulResults")).len(), 200);
    assert_eq!(sorted(&org.results(&job, "unprocessedrecords")).len(), 800);
    let open = org.job("Contact", "insert", None);
    org.upload(&open, "LastName\nR\n");
    org.turn(&open, "Aborted");
    assert_eq!(
        org.results(&open, "unprocessedrecords"),
        "\"LastName\"\n\"R\"\n"
    );
}

#[test]
fn a_job_that_nobody_closes_is_aborted_after_a_day_and_forgotten_after_a_week() {
    let mut org = org();
    let job = org.job("Contact", "insert", None);
    org.now += DAY - 1;
    org.log_in();
    assert_eq!(org.state(&job), "Open");
    org.now += 1;
    assert_eq!(org.state(&job), "Aborted");
    org.now += 7 * DAY;
    org.log_in();
    assert_eq!(org.state(&job), "gone");
}

#[test]
fn a_job_that_cannot_be_is_refused_at_once() {
    let mut org = org();
    for (job, expected) in [
        (
            json!({"object": "Foo", "operation": "insert"}),
            "400 INVALIDENTITY: Entity 'Foo' is not supported by the Bulk API.",
        ),
        (
            json!({"object": "Contact", "operation": "merge"}),
            "400 INVALIDJOB: Operation merge is not supported",
        ),
        (
            json!({"object": "Contact", "operation": "upsert"}),
            "400 INVALIDJOB: InvalidJob : an upsert needs an external ID field",
        ),
        (
            json!({"object": "Contact", "operation": "upsert", "externalIdFieldName": "Phone"}),
            "400 INVALIDJOB: Field name provided, Phone does not match an External ID, Salesforce Id, or indexed field for Contact",
        ),
        (
            json!({"object": "Contact", "operation": "insert", "lineEnding": "CR"}),
            "400 INVALIDJOB: content CSV with COMMA and CR is not supported",
        ),
    ] {
        assert_eq!(told(&org.call("POST", "jobs/ingest", &job)), expected);
    }
    org.model.set_bulk_limits(2, 0);
    org.run("Contact", "insert", None, "LastName\nR\n");
    let job = json!({"object": "Contact", "operation": "insert"});
    assert_eq!(
        told(&org.call("POST", "jobs/ingest", &job)),
        "400 EXCEEDEDQUOTA: Exceeded the number of batches allowed in 24 hours"
    );
    let limits = body(&org.call("GET", "limits", &Value::Null));
    assert_eq!(limits["DailyBulkApiBatches"]["Remaining"], 0);
    org.now += DAY;
    org.log_in();
    assert_eq!(org.call("POST", "jobs/ingest", &job).status, 200);
}

#[test]
fn the_list_of_jobs_comes_in_pages() {
    let mut org = org_with(Settings {
        bulk_list_page: 2,
        ..Settings::default()
    });
    let jobs: Vec<String> = (0..5).map(|_| org.job("Contact", "insert", None)).collect();
    let mut seen = Vec::new();
    let mut next = "/services/data/v66.0/jobs/ingest".to_owned();
    loop {
        let page = body(&org.send("GET", &next, &[], b""));
        let records = page["records"].as_array().unwrap();
        assert!(records.len() <= 2);
        seen.extend(
            records
                .iter()
                .map(|job| job["id"].as_str().unwrap().to_owned()),
        );
        match page["nextRecordsUrl"].as_str() {
            Some(url) => url.clone_into(&mut next),
            None => break,
        }
    }
    assert_eq!(seen, jobs);
}

#[test]
fn a_list_without_rows_is_a_header_or_nothing() {
    let mut org = org();
    let job = org.run("Contact", "insert", None, "LastName\nR\n");
    assert_eq!(
        org.results(&job, "failedResults"),
        "\"sf__Id\",\"sf__Error\",\"LastName\"\n"
    );
    org.model
        .set_switch(Switch::EmptyResultsWithoutHeader, true);
    assert_eq!(org.results(&job, "failedResults"), "");
    assert_eq!(
        sorted(&org.results(&job, "successfulResults")).len(),
        1,
        "rows keep their header"
    );
}

#[test]
fn a_form_creates_fills_and_closes_a_job_in_one_call() {
    let mut org = org();
    let form = "--BOUNDARY\r\nContent-Type: application/json\r\n\
        Content-Disposition: form-data; name=\"job\"\r\n\r\n\
        {\"object\":\"Contact\",\"operation\":\"insert\",\"lineEnding\":\"LF\"}\r\n\
        --BOUNDARY\r\nContent-Type: text/csv\r\n\
        Content-Disposition: form-data; name=\"content\"; filename=\"content\"\r\n\r\n\
        LastName,Title\nRossi,\"a\n\nb\"\n\r\n--BOUNDARY--\r\n";
    let url = "/services/data/v66.0/jobs/ingest/";
    let kind = "multipart/form-data; boundary=\"BOUNDARY\"";
    let before = org.model.calls_counted();
    let answer = org.send("POST", url, &[("content-type", kind)], form.as_bytes());
    assert_eq!(
        body(&answer)["state"],
        "UploadComplete",
        "{}",
        told(&answer)
    );
    assert_eq!(org.model.calls_counted(), before + 1);
    let id = body(&answer)["id"].as_str().unwrap().to_owned();
    org.now += 60_000;
    assert_eq!(org.state(&id), "JobComplete");
    assert_eq!(org.model.records("Contact")[0]["Title"], "a\n\nb");
    let empty = org.send("POST", url, &[("content-type", kind)], b"--BOUNDARY--");
    assert_eq!(
        told(&empty),
        "400 INVALIDJOB: the part named job is missing"
    );
}
