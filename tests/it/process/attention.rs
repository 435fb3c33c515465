//! What `status` asks a person to look at, and ends with, when something is not as it should be.

use serde_json::{Value, json};
use syncline::simulator::Server;

use super::scene::{Said, Scene, pause, until_ok};

/// Waits until `status` ends with 1 and says `part`.
fn attends(scene: &Scene, part: &str) -> Said {
    let mut last = None;
    until_ok(30, || {
        let said = scene.verb(&["status"]);
        let seen = said.exit == 1 && said.out.contains(part);
        let missed = format!("{part:?} in {said:?}");
        last = Some(said);
        seen.then_some(()).ok_or(missed)
    });
    last.expect("it was said")
}

fn side(status: &Value, name: &str) -> Value {
    let sides = status["sides"].as_array().expect("two sides");
    let line = sides.iter().find(|line| line["side"] == json!(name));
    line.expect("the side").clone()
}

#[test]
fn without_the_daemon_status_ends_with_2_and_calls_neither_side_ok() {
    let scene = Scene::new();
    scene.people(1);
    let daemon = scene.started();
    scene.settled(2);
    assert_eq!(scene.verb(&["status"]).exit, 0);
    let check = || {
        let said = scene.verb(&["status"]);
        assert_eq!(said.exit, 2, "{said:?}");
        assert!(said.out.contains("not running"), "{said:?}");
        assert!(
            said.out.contains("Attention: the daemon does not run"),
            "{said:?}"
        );
        assert!(!said.out.contains(" ok "), "{said:?}");
        assert_eq!(said.out.matches("stands still").count(), 2, "{said:?}");
    };
    daemon.stop();
    check();
    scene.started().kill();
    check();
}

#[test]
fn a_side_that_refuses_connections_is_named_with_since_when_and_when_it_was_last_read() {
    let scene = Scene::new();
    scene.people(1);
    let daemon = scene.started();
    scene.settled(2);
    scene.simulator().faults.take_down(Server::Salesforce);
    let said = attends(&scene, "Attention: Salesforce does not answer since ");
    assert!(said.out.contains("does not answer since"), "{said:?}");
    let before = scene.status();
    assert!(
        !side(&before, "salesforce")["silent_since"].is_null(),
        "{before:#}"
    );
    assert!(
        side(&before, "hubspot")["silent_since"].is_null(),
        "{before:#}"
    );
    // Two polls long: what is tried meanwhile is not read.
    pause(2_500);
    let after = scene.status();
    let read = |status: &Value| side(status, "salesforce")["read_at"].clone();
    assert_eq!(read(&before), read(&after));
    let lag = after["objects"][0]["lag_ms"].as_i64().expect("a lag");
    assert!(lag >= 2_500, "{lag} ms behind a side that does not answer");
    scene.simulator().faults.bring_up(Server::Salesforce);
    daemon.says("Salesforce answers again");
    until_ok(10, || {
        let said = scene.verb(&["status"]);
        (said.exit == 0).then_some(()).ok_or(format!("{said:?}"))
    });
    daemon.stop();
}

#[test]
fn changes_deferred_by_the_budget_are_counted_with_why_and_until_when() {
    let scene = Scene::new();
    scene.people(1);
    let daemon = scene.started();
    scene.settled(2);
    let used = scene.status()["calls"]["used"].to_string();
    assert_eq!(scene.verb(&["budget", "set", &used]).exit, 0);
    scene.hubspot(
        None,
        json!({ "email": "late@scene.example", "lastname": "Late" }),
    );
    let said = attends(&scene, "deferred, the allocation is used up; goes on in");
    assert!(said.out.contains("syncline budget"), "{said:?}");
    daemon.stop();
}

#[test]
fn a_cause_opened_today_asks_for_attention() {
    let scene = Scene::new();
    let long = "x".repeat(200);
    scene.hubspot(
        None,
        json!({ "email": "long@scene.example", "lastname": "Long", "jobtitle": long }),
    );
    let daemon = scene.started();
    let said = attends(
        &scene,
        "Attention: C-1 is new (1 record): syncline errors show C-1",
    );
    assert_eq!(said.err, "");
    let until = ["--note", "SFADM-812", "--until", "2126-12-20"];
    let acknowledged = scene.verb(&[&["errors", "ack", "C-1"], until.as_slice()].concat());
    assert_eq!(acknowledged.exit, 0, "{acknowledged:?}");
    let listed = scene.verb(&["errors"]).out;
    let noted = "* C-1 acknowledged: SFADM-812, until 20 Dec";
    assert!(listed.contains(noted), "{listed}");
    assert_eq!(scene.verb(&["status"]).exit, 0, "somebody works on it");
    daemon.stop();
    assert_eq!(
        scene.verb(&["errors"]).out.lines().last(),
        listed.lines().last()
    );
    let dropped = scene.verb(&["errors", "ack", "c1", "--drop"]);
    assert_eq!(dropped.out, "C-1 is no longer acknowledged\n");
    for (words, part) in [
        (
            &["--until", "soon"][..],
            "neither a day nor a length of time",
        ),
        (&["--until", "2020-01-01"], "that is over since"),
        (&["--drop", "--note", "x"], "cannot be used with"),
    ] {
        let refused = scene.verb(&[&["errors", "mute", "C-1"], words].concat());
        assert_eq!(refused.exit, 64, "{refused:?}");
        assert!(refused.err.contains(part), "{refused:?}");
    }
}
