//! Rows of a load: how cells are read, what is saved, and what results say of it.

use serde_json::json;
use syncline::simulator::salesforce::{Injected, InjectedKind, Op, Predicate, Rewrite, Settings};

use super::super::{body, org};
use super::{KEY, sorted};

#[test]
fn rows_are_stamped_when_they_are_written_and_not_when_somebody_looks() {
    let mut org = org();
    let job = org.run("Contact", "insert", None, "LastName\nRossi\n");
    assert_eq!(org.state(&job), "JobComplete");
    let row = &org.model.records("Contact")[0];
    assert_eq!(row["SystemModstamp"], "2026-01-05T10:11:13.000+0000");
    assert_eq!(row["LastModifiedById"], Settings::default().user_id);
}

#[test]
fn an_upsert_creates_updates_ignores_empty_cells_and_clears_with_a_mark() {
    let mut org = org();
    let old = org.create(
        "Contact",
        json!({"LastName": "Old", "Phone": "1", "Title": "CEO", KEY: "7-1"}),
    );
    let csv = format!(
        "{KEY},LastName,Phone,Title,Newsletter__c,Score__c,Birthdate,Last_Webinar__c\n\
         7-1,\"New, \"\"the\"\" line\nbreaker\",,#N/A,true,1.5,2000-02-29,2026-01-05T10:00:00Z\n\
         7-2,\" Rossi \",2,,,,,\n"
    );
    let job = org.run("Contact", "upsert", Some(KEY), &csv);
    assert_eq!(org.poll(&job)["numberRecordsFailed"], 0);
    let row = org.model.get("Contact", &old).unwrap();
    let shown = [
        "LastName",
        "Phone",
        "Title",
        "Newsletter__c",
        "Score__c",
        "Birthdate",
        "Last_Webinar__c",
    ]
    .map(|name| row[name].to_string());
    assert_eq!(
        shown,
        [
            "\"New, \\\"the\\\" line\\nbreaker\"",
            "\"1\"",
            "null",
            "true",
            "1.5",
            "\"2000-02-29\"",
            "\"2026-01-05T10:00:00.000+0000\""
        ]
    );
    let new = org.model.ids_where("Contact", KEY, "7-2");
    let row = org.model.get("Contact", &new[0]).unwrap();
    assert_eq!(row["LastName"], " Rossi ");
    let saved = org.results(&job, "successfulResults/");
    assert!(
        saved.starts_with("\"sf__Id\",\"sf__Created\",\"Syncline_HubSpot_Id__c\",\"LastName\","),
        "{saved}"
    );
    assert!(
        saved.contains(&format!(
            "\"{old}\",\"false\",\"7-1\",\"New, \"\"the\"\" line\nbreaker\",\"\",\"#N/A\""
        )),
        "{saved}"
    );
    assert!(saved.contains(&format!("\"{}\",\"true\",\"7-2\"", new[0])));
}

#[test]
fn refused_rows_say_code_message_and_fields_in_one_cell() {
    let mut org = org();
    org.model.inject(Injected {
        name: "Short".into(),
        object: "Contact".into(),
        kind: InjectedKind::ValidationRule,
        when: vec![Predicate {
            field: "LastName".into(),
            op: Op::Equals,
            value: "Rule".into(),
        }],
        message: "Too: short".into(),
        fields: Vec::new(),
        active: true,
    });
    org.model
        .automation("Contact", "LastName", Some(Rewrite::UpperCase));
    let csv = format!(
        "{KEY},LastName,Email,Score__c,Newsletter__c,Account.{KEY}\n\
         7-1,Good,,,,\n7-2,,,,,\n7-3,Bad,nonsense,,,\n7-4,Rule,,,,\n7-5,Number,,many,,\n\
         7-6,Flag,,,perhaps,\n7-7,Parent,,,,9-9\n7-8,Twin,,,,\n7-8,Twin,,,,\n,Nobody,,,,\n"
    );
    let job = org.run("Contact", "upsert", Some(KEY), &csv);
    let info = org.poll(&job);
    assert_eq!(
        (
            &info["numberRecordsProcessed"],
            &info["numberRecordsFailed"]
        ),
        (&json!(10), &json!(9))
    );
    let failed = org.results(&job, "failedResults");
    assert!(
        failed.starts_with("\"sf__Id\",\"sf__Error\",\"Syncline_HubSpot_Id__c\""),
        "{failed}"
    );
    assert_eq!(
        sorted(&failed).join("\n"),
        r#""","DUPLICATE_VALUE:Duplicate external id specified: 7-8:Syncline_HubSpot_Id__c --","7-8","Twin","","","",""
"","DUPLICATE_VALUE:Duplicate external id specified: 7-8:Syncline_HubSpot_Id__c --","7-8","Twin","","","",""
"","FIELD_CUSTOM_VALIDATION_EXCEPTION:Too: short:--","7-4","Rule","","","",""
"","INVALID_EMAIL_ADDRESS:Email: invalid email address: nonsense:Email --","7-3","Bad","nonsense","","",""
"","INVALID_FIELD:Foreign key external ID: 9-9 not found for field Syncline_HubSpot_Id__c in entity Account:--","7-7","Parent","","","","9-9"
"","INVALID_TYPE_ON_FIELD_IN_RECORD:Newsletter: value not of required type: perhaps:Newsletter__c --","7-6","Flag","","","perhaps",""
"","INVALID_TYPE_ON_FIELD_IN_RECORD:Score: value not of required type: many:Score__c --","7-5","Number","","many","",""
"","MISSING_ARGUMENT:Syncline_HubSpot_Id__c not specified:--","","Nobody","","","",""
"","REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --","7-2","","","","","""#
    );
    assert_eq!(org.model.records("Contact")[0]["LastName"], "GOOD");
}

#[test]
fn updates_and_deletions_go_by_id() {
    let mut org = org();
    let id = org.create("Contact", json!({"LastName": "Old", "Title": "CEO"}));
    let csv = format!("Id,Title\n{id},CTO\n003000000000001AAA,x\nnonsense,x\n,x\n");
    let job = org.run("Contact", "update", None, &csv);
    assert_eq!(org.model.get("Contact", &id).unwrap()["Title"], "CTO");
    let failed = sorted(&org.results(&job, "failedResults"));
    assert_eq!(
        failed,
        [
            "\"\",\"MALFORMED_ID:Contact ID: id value of incorrect type: nonsense:Id --\",\"nonsense\",\"x\"",
            "\"\",\"MISSING_ARGUMENT:Id not specified in an update call:Id --\",\"\",\"x\"",
            "\"003000000000001AAA\",\"INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:--\",\"003000000000001AAA\",\"x\"",
        ]
    );
    let job = org.run("Contact", "delete", None, &format!("Id\n{id}\n"));
    assert_eq!(
        org.results(&job, "successfulResults"),
        format!("\"sf__Id\",\"sf__Created\",\"Id\"\n\"{id}\",\"false\",\"{id}\"\n")
    );
    assert_eq!(org.model.get("Contact", &id).unwrap()["IsDeleted"], true);
}

#[test]
fn results_come_in_another_order_than_sent_and_the_same_every_time() {
    let mut org = org();
    let rows: Vec<String> = (0..50).map(|n| format!("7-{n}")).collect();
    let csv = rows.join(",R\n") + ",R\n";
    let job = org.run(
        "Contact",
        "upsert",
        Some(KEY),
        &format!("{KEY},LastName\n{csv}"),
    );
    let keys = |csv: &str| -> Vec<String> {
        let lines = csv.lines().skip(1);
        lines
            .map(|line| line.split('"').nth(5).unwrap().to_owned())
            .collect()
    };
    let first = keys(&org.results(&job, "successfulResults"));
    assert_ne!(first, rows);
    let mut ordered = first.clone();
    ordered.sort_by_key(|key| key[2..].parse::<u32>().unwrap());
    assert_eq!(ordered, rows);
    assert_eq!(keys(&org.results(&job, "successfulResults")), first);
}

#[test]
fn parents_are_named_by_a_key_of_theirs_and_of_several_kinds_by_their_object() {
    let mut org = org();
    let account = org.create("Account", json!({"Name": "Acme", KEY: "7-9"}));
    let lead = org.create(
        "Lead",
        json!({"LastName": "L", "Company": "C", "Email": "l@acme.example"}),
    );
    org.run(
        "Contact",
        "insert",
        None,
        &format!("LastName,Account.{KEY}\nR,7-9\n"),
    );
    org.run(
        "Task",
        "insert",
        None,
        "Subject,Lead:Who.Email\nCall,l@acme.example\n",
    );
    assert_eq!(
        org.model.records("Contact")[0]["AccountId"],
        account.as_str()
    );
    assert_eq!(org.model.records("Task")[0]["WhoId"], lead.as_str());
}

#[test]
fn a_file_that_breaks_the_rules_fails_the_job_and_leaves_every_row_unprocessed() {
    for (csv, ending, expected) in [
        (
            "LastName,Foo__c\nR,1\n",
            "LF",
            "InvalidBatch : Field name not found : Foo__c",
        ),
        (
            "LastName\r\nR\r\n",
            "LF",
            "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is LF",
        ),
        (
            "LastName\nR\n",
            "CRLF",
            "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is CRLF",
        ),
        (
            "LastName,Title\nR\n",
            "LF",
            "InvalidBatch : A row has 1 columns, the header has 2",
        ),
        (
            "LastName,Title\n \"R\",x\n",
            "LF",
            "InvalidBatch : A quote stands inside a field without quotes",
        ),
        (
            "LastName,Title\n\"R\" ,x\n",
            "LF",
            "InvalidBatch : A quoted field is followed by something else",
        ),
        (
            "LastName\n\"R\n",
            "LF",
            "InvalidBatch : A quoted field is not closed",
        ),
    ] {
        let mut org = org();
        let job = json!({"object": "Contact", "operation": "insert", "lineEnding": ending});
        let id = body(&org.call("POST", "jobs/ingest", &job))["id"]
            .as_str()
            .unwrap()
            .to_owned();
        org.upload(&id, csv);
        let waiting = body(&org.turn(&id, "UploadComplete"));
        assert!(waiting.get("errorMessage").is_none());
        org.now += 60_000;
        let info = org.poll(&id);
        assert_eq!(
            (&info["state"], &info["errorMessage"]),
            (&json!("Failed"), &json!(expected)),
            "{csv}"
        );
        assert!(org.model.records("Contact").is_empty());
    }
    let mut org = org();
    let job = org.run("Contact", "insert", None, "LastName,Foo__c\nR,1\n");
    let untouched = "\"LastName\",\"Foo__c\"\n\"R\",\"1\"\n";
    for name in ["unprocessedrecords", "unprocessedRecords/"] {
        assert_eq!(org.results(&job, name), untouched);
    }
}

#[test]
fn a_cell_holds_as_many_characters_as_its_field_and_a_file_no_larger_cell() {
    let mut org = org();
    let note = "\u{e9}".repeat(32_000);
    let job = org.run(
        "Contact",
        "insert",
        None,
        &format!("LastName,Description\r\nR,\"{note}\"\r\n").replace("\r\n", "\n"),
    );
    assert_eq!(org.poll(&job)["numberRecordsFailed"], 0);
    let large = "x".repeat(131_073);
    let job = org.run(
        "Contact",
        "insert",
        None,
        &format!("LastName,Description\nR,{large}\n"),
    );
    assert_eq!(
        org.poll(&job)["errorMessage"],
        "InvalidBatch : A field is larger than 131072 characters"
    );
}
