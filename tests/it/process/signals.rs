//! What signals do: stop in time, also with an answer outstanding, and reload only what reads well.

use std::fs;

use rustix::process::Signal;
use serde_json::json;
use syncline::simulator::salesforce::FieldChange;
use syncline::simulator::{Fault, OneShot, Server};

use super::scene::{CONFIGURATION, Scene, bare, pause, until, until_ok};

/// systemd's own patience, in ms.
const STOP_MAX_MS: i64 = 10_000;

/// Lets every answer of both servers hang.
fn hang(scene: &Scene) {
    let mut simulator = scene.simulator();
    for server in [Server::HubSpot, Server::Salesforce] {
        simulator.faults.order(OneShot {
            server,
            method: None,
            path: String::new(),
            skip: 0,
            times: 1_000,
            fault: Fault::HungAfter,
        });
    }
}

fn until_hanging(scene: &Scene) {
    until_ok(15, || {
        let struck: u64 = scene.simulator().faults.struck().values().sum();
        (struck >= 2)
            .then_some(())
            .ok_or("two hanging answers".to_owned())
    });
}

#[test]
fn it_stops_within_ten_seconds_with_answers_hanging() {
    let scene = Scene::new();
    scene.people(2);
    let mut daemon = scene.started();
    scene.settled(4);
    hang(&scene);
    until_hanging(&scene);
    let (exit, took_ms) = daemon.stop_by(Signal::TERM);
    assert_eq!(exit, Some(0), "{}", daemon.log());
    assert!(took_ms < STOP_MAX_MS, "{took_ms} ms");
    assert!(
        daemon.log().contains("still without an answer"),
        "{}",
        daemon.log()
    );
    let journal = scene.verb(&["journal", "tail"]).out;
    assert!(
        journal
            .trim_end()
            .lines()
            .last()
            .is_some_and(|line| line.contains("daemon_stopped")),
        "{journal}"
    );
}

#[test]
fn it_stops_within_ten_seconds_when_it_was_reloading_with_answers_hanging() {
    let scene = Scene::new();
    scene.people(2);
    let mut daemon = scene.started();
    scene.settled(4);
    hang(&scene);
    until_hanging(&scene);
    daemon.signal(Signal::HUP);
    pause(1_000);
    let (exit, took_ms) = daemon.stop_by(Signal::TERM);
    assert_eq!(exit, Some(0), "{}", daemon.log());
    assert!(took_ms < STOP_MAX_MS, "{took_ms} ms");
}

#[test]
fn ctrl_c_stops_at_once_when_nothing_is_under_way() {
    let scene = Scene::new();
    scene.people(2);
    let mut daemon = scene.started();
    scene.settled(4);
    let (exit, took_ms) = daemon.stop_by(Signal::INT);
    assert_eq!(exit, Some(0), "{}", daemon.log());
    assert!(took_ms < 3_000, "{took_ms} ms");
    assert!(
        daemon.log().trim_end().ends_with("stopped: signal"),
        "{}",
        daemon.log()
    );
    assert!(
        !scene.path("control.sock").exists(),
        "the socket is left behind"
    );
    assert_eq!(scene.status()["running_since"], serde_json::Value::Null);
}

#[test]
fn a_reload_says_what_changed_and_keeps_the_old_configuration_when_the_new_one_is_wrong() {
    let scene = Scene::new();
    scene.people(2);
    let daemon = scene.started();
    scene.settled(4);
    let text = scene.configuration();
    let allocation = || scene.verb(&["budget", "--json"]).json()["calls"]["allocation"].as_u64();

    fs::write(
        scene.path(CONFIGURATION),
        text.replace("50_000", "\"a lot\"")
            .replace("zone = \"UTC\"", "zone = \"Rom\""),
    )
    .expect("our own file");
    daemon.signal(Signal::HUP);
    for key in ["zone", "budget.allocation"] {
        let mistake = format!(": {key}: ");
        daemon.says(&mistake);
        let log = daemon.log();
        let line = log.lines().find(|line| line.contains(&mistake));
        let line = line.expect("just found");
        assert!(
            line.contains("reload refused, the former configuration stays"),
            "{line}"
        );
        assert!(!line.contains("\\n"), "two mistakes on one line: {line}");
    }
    fs::write(scene.path(CONFIGURATION), text.replace("50_000", "40_000")).expect("our own file");
    daemon.signal(Signal::HUP);
    daemon.says("40000");
    until_ok(10, || {
        (allocation() == Some(40_000))
            .then_some(())
            .ok_or(format!("{:?}", allocation()))
    });
    fs::write(scene.path(CONFIGURATION), text.replace("146812345", "99")).expect("our own file");
    daemon.signal(Signal::HUP);
    daemon.says("hubspot.portal can change by a restart only");
    fs::write(
        scene.path(CONFIGURATION),
        text.replace("/store\"", "/elsewhere\""),
    )
    .expect("our own file");
    daemon.signal(Signal::HUP);
    daemon.says("store can change by a restart only");
    fs::write(scene.path(CONFIGURATION), &text).expect("our own file");

    scene.hubspot(
        None,
        serde_json::json!({ "email": "late@scene.example", "lastname": "Late" }),
    );
    scene.settled(5);
    daemon.stop();
}

#[test]
fn a_reload_with_a_private_key_that_is_none_changes_nothing() {
    let scene = Scene::new();
    scene.people(2);
    let mut daemon = scene.started();
    scene.settled(4);
    let text = scene.configuration().replace(
        "auth = \"client-credentials\"",
        "user = \"syncline@acme.example\"",
    );
    fs::write(scene.path(CONFIGURATION), text).expect("our own file");
    scene.credential(
        "salesforce_key",
        "-----BEGIN PRIVATE KEY-----\nbm90IGEga2V5\n-----END PRIVATE KEY-----\n",
    );
    daemon.signal(Signal::HUP);
    daemon.says("reload refused, the former configuration stays in force");
    assert!(daemon.log().contains("salesforce_key"), "{}", daemon.log());
    pause(500);
    assert_eq!(
        daemon.child.try_wait().expect("our own child"),
        None,
        "{}",
        daemon.log()
    );
    daemon.stop();
}

#[test]
fn after_a_kill_status_does_not_claim_that_the_daemon_runs() {
    let scene = Scene::new();
    scene.people(2);
    let daemon = scene.started();
    scene.settled(4);
    assert!(scene.verb(&["status"]).out.contains("running since"));
    daemon.kill();
    let said = scene.verb(&["status"]);
    assert!(said.out.contains("not running"), "{said:?}");
    let store = scene.path("store");
    let said = super::scene::said(bare(&["status", "--store"]).arg(store));
    assert!(said.out.contains("not running"), "{said:?}");
}

#[test]
fn a_reload_labels_errors_by_a_changed_catalogue_and_keeps_the_last_good_one() {
    let scene = Scene::new();
    scene.people(2);
    let daemon = scene.started();
    scene.settled(4);
    let site = scene.path("catalogue.d");
    fs::create_dir(&site).expect("our own folder");
    let file = site.join("10-acme.toml");
    let rule = "[type.sf-flow]\nname = \"Acme flow\"\n[[rule]]\ncodes = [\"ACME_*\"]\ntype = \"sf-flow\"\n";
    fs::write(&file, rule).expect("our own file");
    daemon.signal(Signal::HUP);
    daemon.says("the catalogue changed");
    let named = || scene.verb(&["errors", "show", "flusso  SALESFORCE"]).out;
    assert!(named().contains("Acme flow"), "{}", named());
    assert!(
        scene
            .verb(&["journal", "tail"])
            .out
            .contains("catalogue_changed")
    );

    fs::write(&file, rule.replace("ACME_*", "*")).expect("our own file");
    let mistake = "10-acme.toml line 4: rule 1: codes holds a bad pattern";
    daemon.signal(Signal::HUP);
    daemon.says("the former catalogue stays in force");
    daemon.says(mistake);
    assert!(named().contains("Acme flow"), "{}", named());
    let checked = scene.verb(&["check", "--offline"]);
    assert_eq!(checked.exit, 78, "{}", checked.out);
    assert!(checked.out.contains(mistake), "{}", checked.out);
}

#[test]
fn what_a_mapping_kept_from_being_written_goes_as_soon_as_the_mapping_is_changed() {
    let scene = Scene::new();
    let closed = FieldChange::Writable(false);
    let changed = scene
        .simulator()
        .salesforce
        .change_field("Contact", "Fax", closed);
    changed.expect("contacts have a fax");
    let person = json!({ "email": "a@scene.example", "lastname": "A", "fax": "+39 02 1" });
    scene.hubspot(None, person);
    let daemon = scene.started();
    until("the fax is refused", 20, || scene.status()["errors"] == 1);
    let off =
        "[[objects.contact.fields]]\nhubspot = \"fax\"\nsalesforce = \"Fax\"\nrule = \"off\"\n";
    scene.configure(off);
    daemon.signal(Signal::HUP);
    until("the contact is made without it", 20, || {
        scene.simulator().salesforce.records("Contact").len() == 1
    });
    daemon.says("mapping changed: contact; 1 record will be tried again");
    assert_eq!(scene.status()["errors"], 0);
    daemon.stop();
}
