//! Listings that are longer than a page.

use serde_json::json;

use super::scene::{CONFIGURATION, Scene, until_ok};

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
