//! What `plan` says before anything is written.

use serde_json::json;
use std::fs;

use super::scene::{CONFIGURATION, Scene, until_ok};

/// Mode observe, with job titles that HubSpot decides.
fn observing() -> Scene {
    let scene = Scene::new();
    let text = scene.configuration();
    let text = text.replace(
        "mode = \"sync\"",
        "mode = \"observe\"\non_first_link = \"hubspot\"",
    );
    let text = text.replace(
        "salesforce = \"Title\"\nrule       = \"two-way\"",
        "salesforce = \"Title\"\nrule       = \"always-hubspot\"",
    );
    fs::write(scene.path(CONFIGURATION), text).expect("our own file");
    scene
}

#[test]
fn creations_overwrites_and_failures_are_counted_and_nothing_is_written() {
    let scene = observing();
    let contact = scene.salesforce(
        json!({ "LastName": "Lovelace", "Email": "ada@scene.example",
        "Title": "Lady" }),
    );
    scene.hubspot(
        None,
        json!({ "lastname": "Lovelace", "email": "ada@scene.example", "jobtitle": "Countess" }),
    );
    scene.hubspot(
        None,
        json!({ "lastname": "Babbage", "email": "charles@scene.example" }),
    );
    scene.salesforce(json!({ "LastName": "Byron", "Email": "byron@scene.example" }));
    scene.hubspot(
        None,
        json!({ "lastname": "Long", "email": "long@scene.example", "jobtitle": "x".repeat(200) }),
    );
    let daemon = scene.started();
    until_ok(30, || {
        let plan = scene.verb(&["plan", "--json"]).json();
        let lines = plan["writes"].as_array().expect("lines");
        let made = |line: &serde_json::Value| line["created"].as_u64().unwrap_or_default();
        let done = lines.iter().map(made).sum::<u64>() == 2;
        let failed = plan["failures"]
            .as_array()
            .is_some_and(|all| !all.is_empty());
        if done && failed {
            Ok(())
        } else {
            Err(format!("{plan:#}\n{}", daemon.log()))
        }
    });
    let plan = scene.verb(&["plan", "--json"]).json();
    let to = |side: &str| {
        let lines = plan["writes"].as_array().expect("lines");
        let line = lines.iter().find(|one| one["to"] == side);
        line.cloned()
            .unwrap_or_else(|| panic!("{side} in {plan:#}"))
    };
    let count = |line: &serde_json::Value| (line["created"].clone(), line["updated"].clone());
    assert_eq!(count(&to("salesforce")), (json!(1), json!(1)), "{plan:#}");
    assert_eq!(count(&to("hubspot")).0, json!(1), "{plan:#}");
    let over = &plan["overwrites"][0];
    assert_eq!(over["field"], "Title", "{plan:#}");
    assert_eq!(
        over["examples"],
        json!([{ "id": contact, "before": "Lady", "after": "Countess" }])
    );
    assert_eq!(plan["failures"][0]["kind"], "string-too-long", "{plan:#}");
    let said = scene.verb(&["plan"]);
    assert_eq!(said.exit, 0, "{said:?}");
    for words in [
        "contact in Salesforce, Title: 1 record",
        "\"Lady\" -> \"Countess\"",
        "string-too-long: 1 error on 1 record",
        "Nothing was written.",
    ] {
        assert!(said.out.contains(words), "{words:?} in\n{}", said.out);
    }
    let without = scene.verb(&["plan", "--examples", "0"]);
    assert!(!without.out.contains("Countess"), "{without:?}");
    let title = scene.simulator().salesforce.get("Contact", &contact);
    assert_eq!(title.expect("it is there")["Title"], "Lady");
    daemon.stop();
    // Without a daemon the same is read from the store.
    let alone = scene.verb(&["plan", "--json"]).json();
    assert_eq!(alone["writes"], plan["writes"]);
}

#[test]
fn what_was_planned_goes_once_it_is_written() {
    let scene = observing();
    scene.people(2);
    let daemon = scene.started();
    until_ok(30, || {
        let plan = scene.verb(&["plan", "--json"]).json();
        let created = |line: &serde_json::Value| line["created"].as_u64().unwrap_or_default();
        let lines = plan["writes"].as_array().expect("lines");
        let all: u64 = lines.iter().map(created).sum();
        if all == 4 {
            Ok(())
        } else {
            Err(format!("{plan:#}"))
        }
    });
    let text = fs::read_to_string(scene.path(CONFIGURATION)).expect("our own file");
    let text = text.replace("mode = \"observe\"", "mode = \"sync\"");
    fs::write(scene.path(CONFIGURATION), text).expect("our own file");
    daemon.signal(rustix::process::Signal::HUP);
    scene.settled(4);
    let said = scene.verb(&["plan"]);
    assert!(said.out.contains("Nothing would be written."), "{said:?}");
    assert!(said.out.contains("The mode is sync"), "{said:?}");
    daemon.stop();
}
