//! What only time shows: how often the daemon looks, and how a person follows a long load.

use std::fs;
use std::process::{Command, Stdio};

use serde_json::json;
use syncline::clock::{Clock as _, SystemClock};
use syncline::simulator::{Fault, OneShot, Server};

use super::scene::{CONFIGURATION, Scene, map, pause, until, until_ok};

#[test]
fn a_daemon_that_nothing_wakes_looks_into_salesforce_once_in_a_poll() {
    let scene = Scene::new();
    let slow = scene
        .configuration()
        .replace("poll_sec = 1", "poll_sec = 60");
    let slow = slow.replace("listing_sec = 10", "listing_sec = 300");
    fs::write(scene.path(CONFIGURATION), slow).expect("our own file");
    let daemon = scene.started();
    until("Salesforce is read", 20, || {
        !scene.status()["sides"][1]["read_at"].is_null()
    });
    pause(1_000);
    let before = scene.calls_counted();
    // Longer than any loop goes without a sign of life, and the calls of its allocation would allow.
    pause(24_000);
    assert_eq!(scene.calls_counted(), before);
    daemon.stop();
}

#[test]
fn a_first_load_by_batches_is_told_as_it_goes_and_can_be_watched() {
    const PEOPLE: u64 = 1_200;
    let scene = Scene::new();
    scene.configure(
        "\n[objects.company]\n\n[[objects.company.fields]]\nhubspot = \"hubspot_owner_id\"\n\
         salesforce = \"OwnerId\"\nrule = \"off\"\nowner = true\n",
    );
    let firm = map(json!({ "Name": "Acme", "Website": "acme.example" }));
    let now = SystemClock::new().now().0;
    let made = scene.simulator().salesforce.put("Account", firm, now);
    let firm = made.expect("an org takes this from a person");
    // Each is written and then associated, and counts once.
    for n in 0..PEOPLE {
        let email = format!("s{n}@scene.example");
        let name = format!("Force {n}");
        scene.salesforce(json!({ "Email": email, "LastName": name, "AccountId": firm }));
    }
    let daemon = scene.started();
    until_people(&scene, "held", PEOPLE);
    // The first batch is not answered for as long as somebody needs to look.
    scene.simulator().faults.order(OneShot {
        server: Server::HubSpot,
        fault: Fault::Hung,
        method: Some("POST".to_owned()),
        path: "/crm/objects/2026-09/contacts/batch/upsert".to_owned(),
        skip: 0,
        times: 1,
    });
    let approved = scene.verb(&["approve", "H-1"]);
    assert_eq!(approved.exit, 0, "{approved:?}");
    daemon.says("load begins: contact, about 1,200 rows, by batches");
    let watching = watching(&scene);
    until_people(&scene, "in_sync", PEOPLE);
    daemon.says("load done: contact, 1,200 rows written, 0 refused, by batches");
    let watched = watching.wait_with_output().expect("our own child");
    let (bars, after) = (text(&watched.stderr), text(&watched.stdout));
    let moved = |line: &str| line.starts_with("contact      [") && line.contains(" of 1,200");
    assert!(bars.lines().all(moved) && !bars.is_empty(), "{bars}");
    assert!(
        after.contains("contact") && !after.contains("LOAD"),
        "{after}"
    );
    daemon.stop();
}

/// Waits until so many contacts are in a state.
fn until_people(scene: &Scene, state: &str, people: u64) {
    until_ok(60, || {
        let status = scene.status();
        let objects = status["objects"].as_array().expect("objects");
        let contacts = objects.iter().find(|line| line["object"] == "contact");
        let count = contacts.and_then(|line| line[state].as_u64());
        let found = format!("{count:?} {state}");
        (count == Some(people)).then_some(()).ok_or(found)
    });
}

/// Somebody who watches the loads from now on.
fn watching(scene: &Scene) -> std::process::Child {
    let mut command: Command = scene.command(&["status", "--watch"]);
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("what is printed is UTF-8")
}
