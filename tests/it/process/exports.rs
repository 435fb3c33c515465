//! `errors export`: what a person takes away to work on elsewhere.

use std::collections::BTreeMap;
use std::process::Stdio;

use serde_json::{Value, json};

use super::scene::Scene;

/// Two people of each side who are in step, and three who fail by two causes.
fn troubled() -> Scene {
    let scene = Scene::new();
    scene.people(2);
    for (email, title) in [
        ("long1@scene.example", "x".repeat(200)),
        ("long2@scene.example", "y".repeat(300)),
    ] {
        let long = json!({ "email": email, "lastname": "=1+1", "jobtitle": title });
        scene.hubspot(None, long);
    }
    let far = json!({ "email": "far@scene.example", "lastname": "z".repeat(90) });
    scene.hubspot(None, far);
    scene
}

fn rows(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader.deserialize().map(|row| row.expect("a row"));
    rows.collect()
}

#[test]
fn every_error_is_exported_with_all_that_a_person_needs_and_nothing_that_a_spreadsheet_runs() {
    let scene = troubled();
    let daemon = scene.started();
    scene.settled(7);
    let said = scene.verb(&["errors", "export"]);
    assert_eq!((said.exit, said.err.as_str()), (0, ""), "{said:?}");
    assert_eq!(said.out.matches("\r\n").count(), 4, "{}", said.out);
    let rows = rows(&said.out);
    assert_eq!(rows.len(), 3, "{}", said.out);
    let long = rows
        .iter()
        .find(|row| row["field"] == "Title")
        .expect("a long title");
    for (column, value) in [
        ("type", "string-too-long"),
        ("object", "contact"),
        ("to", "salesforce"),
        ("code", "STRING_TOO_LONG"),
        ("who_fixes", "revops"),
        ("name", "'=1+1"),
    ] {
        assert_eq!(long[column], value, "{column}");
    }
    // One of the two was sent to see, the other is refused for its sake.
    let titles = rows.iter().filter(|row| row["field"] == "Title");
    let mut known: Vec<&str> = titles.map(|row| row["known"].as_str()).collect();
    known.sort_unstable();
    assert_eq!(known, ["answered", "likely"]);
    let link = format!("/record/0-1/{}", long["hubspot_id"]);
    assert!(long["hubspot"].ends_with(&link), "{long:?}");
    assert!(long["hubspot"].starts_with("https://app"), "{long:?}");
    for column in ["cause", "message", "since", "last_seen", "fix", "category"] {
        assert!(!long[column].is_empty(), "{column}: {long:?}");
    }
    let lines = scene.verb(&["errors", "export", "--json"]).out;
    let lines: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("a JSON object"))
        .collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0]["kind"], "string-too-long");
    hands_over(&scene, &long["cause"]);
    daemon.stop();
    assert_eq!(scene.verb(&["errors", "export"]).out, said.out);
    pages(&scene);
}

/// What a list ends with where more stands behind it.
fn place(list: &str) -> &str {
    let behind = list.split("those behind these: --after ").nth(1);
    behind.expect(list).lines().next().expect("a place")
}

/// Every list goes on from a place that a person can type.
fn pages(scene: &Scene) {
    let first = scene
        .verb(&["errors", "--sort", "newest", "--limit", "1"])
        .out;
    assert!(
        first.starts_with("3 errors on 3 records, 2 causes"),
        "{first}"
    );
    let second = scene.verb(&["errors", "--sort", "newest", "--after", place(&first)]);
    assert!(!second.out.contains("--after"), "{second:?}");
    let causes = |list: &str| list.lines().filter(|line| line.starts_with("C-")).count();
    assert_eq!((causes(&first), causes(&second.out)), (1, 1));
    let nowhere = scene.verb(&["errors", "--after", "C-99"]);
    assert_eq!(nowhere.exit, 64, "{nowhere:?}");
    for (list, rows) in [
        (&["errors", "list"][..], 3),
        (&["errors", "list", "--sort", "newest"], 3),
        (&["records", "list"], 7),
        (&["records", "list", "--sort", "newest"], 7),
    ] {
        let ids = |said: &str| -> Vec<String> {
            let rows = said.lines().filter(|line| line.starts_with('#'));
            rows.filter_map(|row| row.split_whitespace().next().map(str::to_owned))
                .collect()
        };
        let whole = ids(&scene.verb(list).out);
        assert_eq!(whole.len(), rows, "{list:?}");
        let mut parts: Vec<String> = Vec::new();
        let mut more = vec!["--limit", "2"];
        let mut said = scene.verb(&[list, &more].concat()).out;
        while parts.len() < rows {
            parts.extend(ids(&said));
            if parts.len() == rows {
                break;
            }
            let after = place(&said).to_owned();
            assert!(after.len() <= 16, "{after} is long to be typed");
            more = vec!["--limit", "2", "--after", &after];
            said = scene.verb(&[list, &more].concat()).out;
        }
        assert_eq!(parts, whole, "{list:?}");
    }
    let wrong = scene.verb(&["errors", "list", "--after", "eyJmaXJz"]);
    assert_eq!(wrong.exit, 64, "{wrong:?}");
    assert!(wrong.err.contains("is no place in a list"), "{wrong:?}");
}

/// A cause's ticket, with a sheet of what is in Salesforce: nothing of these is there yet.
fn hands_over(scene: &Scene, cause: &str) {
    let file = scene.path("ids.csv");
    let file = file.to_str().expect("a path");
    let show = ["errors", "show", cause, "--handover", "--csv", file];
    let ticket = scene.verb(&show);
    assert_eq!(ticket.exit, 0, "{ticket:?}");
    for part in ["API user      ", "Field         Title\n", "not there yet"] {
        assert!(ticket.out.contains(part), "{part}: {ticket:?}");
    }
    assert!(
        ticket.out.contains("API user      005"),
        "the user's id: {ticket:?}"
    );
    assert!(ticket.err.starts_with("0 ids in "), "{ticket:?}");
    assert!(
        ticket
            .err
            .ends_with("; 2 not in Salesforce yet are left out\n"),
        "{ticket:?}"
    );
    let sheet = std::fs::read_to_string(file).expect("a sheet");
    assert_eq!(sheet, "Id,HubSpot_Id\r\n");
    let again = scene.verb(&show);
    assert_eq!(again.exit, 73, "{again:?}");
}

#[test]
fn an_export_and_a_list_take_only_what_is_asked_for() {
    let scene = troubled();
    let daemon = scene.started();
    scene.settled(7);
    let count = |words: &[&str]| {
        let export = scene.verb(&[&["errors", "export"], words].concat());
        assert_eq!(export.exit, 0, "{words:?} {export:?}");
        let list = scene.verb(&[&["errors", "list", "--json"], words].concat());
        let total = list.json()["total"].as_u64().expect("a total");
        let said = if total == 0 { "no error fits\n" } else { "" };
        assert_eq!(export.err, said, "{words:?}");
        assert_eq!(total, rows(&export.out).len() as u64, "{words:?}");
        total
    };
    assert_eq!(count(&["--object", "contact"]), 3);
    assert_eq!(count(&["--to", "hubspot"]), 0);
    assert_eq!(count(&["--to", "salesforce", "--older", "0h"]), 3);
    assert_eq!(count(&["--older", "7d"]), 0);
    assert_eq!(count(&["--type", "string-too-long"]), 3);
    assert_eq!(count(&["--cause", "C-1"]) + count(&["--cause", "C-2"]), 3);
    for (words, said) in [
        (["--older", "soon"], "no age; write hours or days"),
        (
            ["--to", "both"],
            "there is no side \"both\"; there are: hubspot, salesforce",
        ),
        (["--object", "deal"], "deal"),
        (["--type", "string-to-long"], "did you mean string-too-long"),
        (["--cause", "C-99"], "there is no cause C-99"),
    ] {
        let refused = scene.verb(&[["errors", "export"], words].concat());
        assert_eq!(refused.exit, 64, "{refused:?}");
        assert!(refused.err.contains(said), "{refused:?}");
        assert_eq!(
            refused.out, "",
            "a refusal looks like an export without errors"
        );
    }
    daemon.stop();
}

#[test]
fn a_reader_that_stops_reading_ends_an_export_without_a_word() {
    let scene = troubled();
    let daemon = scene.started();
    scene.settled(7);
    daemon.stop();
    for form in [&["errors", "export"][..], &["errors", "export", "--json"]] {
        let mut command = scene.command(form);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut export = command.spawn().expect("the program starts");
        drop(export.stdout.take());
        let said = export.wait_with_output().expect("it ends");
        let words = String::from_utf8_lossy(&said.stderr);
        assert_eq!((said.status.code(), &*words), (Some(0), ""), "{form:?}");
    }
}
