//! What a person decides about held writes is what becomes of the records, and none is lost
//! sight of; listings that are longer than a page.

use serde_json::{Value, json};

use super::scene::{CONFIGURATION, Scene, until_ok};

/// The figures of the only object, by name.
fn figure(status: &Value, name: &str) -> u64 {
    status["objects"][0][name].as_u64().unwrap_or_default()
}

#[test]
fn the_records_of_a_dropped_hold_are_told_as_left_out() {
    const FLOOD: u64 = 30;
    let scene = Scene::new();
    scene.people(2);
    let daemon = scene.started();
    scene.settled(4);
    let ids: Vec<String> = (0..FLOOD)
        .map(|n| {
            let email = format!("flood{n}@scene.example");
            scene.hubspot(None, json!({ "email": email, "lastname": "Flood" }))
        })
        .collect();
    until_ok(20, || {
        let held = figure(&scene.status(), "held");
        (held == FLOOD)
            .then_some(())
            .ok_or(format!("{held} are held"))
    });
    let dropped = scene.verb(&["approve", "H-1", "--drop"]);
    assert_eq!(dropped.exit, 0, "{dropped:?}");
    let status = scene.status();
    assert_eq!(figure(&status, "held"), 0);
    assert_eq!(figure(&status, "excluded"), FLOOD);
    assert_eq!(figure(&status, "total"), 4 + FLOOD);
    let shown = scene.verb(&["records", "show", &ids[0]]);
    assert_eq!(shown.exit, 0, "{shown:?}");
    let why = scene.verb(&["records", "list", "--why", "dropped", "--json"]);
    assert_eq!(why.json()["total"], json!(FLOOD), "{why:?}");
    daemon.stop();
}

#[test]
fn a_mapped_field_that_is_not_there_is_named_with_its_side() {
    let scene = Scene::new();
    scene.configure(
        "\n[[objects.contact.fields]]\nhubspot = \"no_such_property\"\n\
         salesforce = \"No_Such__c\"\nrule = \"two-way\"\n",
    );
    scene.people(1);
    let daemon = scene.started();
    scene.settled(2);
    daemon.says("contact: contacts.no_such_property: there is no such property, or it is archived");
    daemon.says("contact: Contact.No_Such__c: there is no such field, or it is hidden from us");
    daemon.stop();
}

#[test]
fn a_hold_lists_every_record_as_json_and_some_for_people() {
    let scene = Scene::new();
    let daemon = scene.started();
    scene.people(1);
    scene.settled(2);
    for n in 0..45 {
        scene.hubspot(
            None,
            json!({ "email": format!("flood{n}@scene.example"), "lastname": "Flood" }),
        );
    }
    until_ok(20, || {
        let held = scene.status()["objects"][0]["held"].clone();
        (held == json!(45)).then_some(()).ok_or(held.to_string())
    });
    let listed = scene.verb(&["approve", "H-1", "--show", "--json"]).json();
    assert_eq!(
        listed["examples"].as_array().map(Vec::len),
        Some(45),
        "{listed:#}"
    );
    let shown = scene.verb(&["approve", "H-1", "--show"]).out;
    assert_eq!(shown.matches("\nHubSpot ").count(), 20, "{shown}");
    assert!(
        shown.contains("and 25 more records (--json lists all)"),
        "{shown}"
    );
    daemon.stop();
}

#[test]
fn the_journals_tail_is_as_long_as_asked_for() {
    let scene = Scene::new();
    let calm = scene
        .configuration()
        .replace("guard_floor = 20", "guard_floor = 2000");
    std::fs::write(scene.path(CONFIGURATION), calm).expect("our own file");
    scene.people(300);
    let daemon = scene.started();
    scene.settled(600);
    daemon.stop();
    let all = scene
        .verb(&["journal", "tail", "-n", "100000", "--json"])
        .json();
    let entries = all["entries"].as_array().expect("entries");
    assert!(entries.len() > 1_000, "{} entries", entries.len());
    assert_eq!(entries[0]["seq"], json!(1));
    let most = scene.verb(&["journal", "tail", "-n", "1001"]).out;
    assert_eq!(most.lines().count(), 1_001);
    let last = entries.last().expect("an entry")["seq"].to_string();
    let line = most.lines().last().expect("a line");
    assert!(line.trim_start().starts_with(&last), "{last}: {line}");
}
