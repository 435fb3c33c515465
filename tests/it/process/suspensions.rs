//! Credentials that are refused: one line, one mail, no more calls, and on again by itself once the
//! right ones are there.

use rustix::process::Signal;
use serde_json::{Value, json};
use syncline::simulator::{hubspot, salesforce};

use super::scene::{Daemon, Scene, pause, until_ok};

/// What a suspended side says of itself.
fn suspended(scene: &Scene, side: &str) -> Option<String> {
    let status = scene.status();
    let sides = status["sides"].as_array().expect("two sides").clone();
    let line = sides
        .iter()
        .find(|line| line["side"] == json!(side.to_lowercase()))
        .expect("the side");
    line["suspended"].as_str().map(str::to_owned)
}

fn until_suspended(scene: &Scene, side: &str) {
    until_ok(20, || {
        suspended(scene, side)
            .map(drop)
            .ok_or_else(|| format!("{side} runs"))
    });
}

fn count(text: &str, part: &str) -> usize {
    text.matches(part).count()
}

/// One line in the log, one mail, exit code 2, and no call while it lasts.
fn stands_still(scene: &Scene, daemon: &Daemon, side: &str) {
    until_suspended(scene, side);
    until_ok(10, || {
        (!scene.mails().is_empty())
            .then_some(())
            .ok_or("a mail".to_owned())
    });
    let calls = scene.calls_counted();
    // Three polls long.
    pause(3_000);
    assert_eq!(scene.calls_counted(), calls, "calls spent while suspended");
    let log = daemon.log();
    assert_eq!(count(&log, "SUSPENDED"), 1, "{log}");
    assert_eq!(scene.mails().len(), 1, "{:?}", scene.subjects());
    assert!(
        scene.subjects()[0]
            .to_lowercase()
            .contains(&side.to_lowercase()),
        "{:?}",
        scene.subjects()
    );
    let said = scene.verb(&["status"]);
    assert_eq!(said.exit, 2, "{said:?}");
    assert!(said.out.contains("SUSPENDED"), "{said:?}");
}

#[test]
fn a_refused_hubspot_token_stops_hubspot_until_the_right_one_is_reloaded() {
    let scene = Scene::new();
    scene.people(3);
    scene.credential("hubspot_token", "pat-eu1-of-somebody-else");
    let daemon = scene.started();
    stands_still(&scene, &daemon, "HubSpot");
    assert!(
        daemon.log().contains("credentials/hubspot_token"),
        "{}",
        daemon.log()
    );
    assert!(
        !daemon.log().contains("pat-eu1-of"),
        "the log shows a secret"
    );
    scene.credential("hubspot_token", &hubspot::Settings::default().token);
    daemon.signal(Signal::HUP);
    daemon.says("HubSpot connection resumed");
    scene.settled(6);
    assert_eq!(scene.verb(&["status"]).exit, 0);
    until_ok(10, || {
        (scene.mails().len() == 2)
            .then_some(())
            .ok_or(format!("{:?}", scene.subjects()))
    });
    daemon.stop();
}

#[test]
fn a_refused_salesforce_secret_stops_salesforce_until_a_restart_with_the_right_one() {
    let scene = Scene::new();
    scene.people(3);
    scene.credential("salesforce_secret", "guessed");
    let daemon = scene.started();
    stands_still(&scene, &daemon, "Salesforce");
    let log = daemon.log();
    assert!(!log.contains("guessed"), "the log shows a secret");
    assert!(log.contains("credentials/salesforce_secret,"), "{log}");
    let said = scene.verb(&["status"]);
    assert!(
        said.out.contains("credentials/salesforce_secret,"),
        "{said:?}"
    );
    daemon.stop();
    scene.credential(
        "salesforce_secret",
        &salesforce::Settings::default().client_secret,
    );
    let daemon = scene.started();
    daemon.says("Salesforce connection resumed");
    scene.settled(6);
    assert_eq!(scene.verb(&["status"]).exit, 0);
    daemon.stop();
}

#[test]
fn a_restart_with_the_same_wrong_secret_is_one_line_in_the_new_log_and_no_mail() {
    let scene = Scene::new();
    scene.credential("salesforce_secret", "guessed");
    let daemon = scene.started();
    until_suspended(&scene, "Salesforce");
    until_ok(10, || {
        (!scene.mails().is_empty())
            .then_some(())
            .ok_or("a mail".to_owned())
    });
    daemon.stop();
    let daemon = scene.started();
    pause(3_000);
    let log = daemon.log();
    assert_eq!(count(&log, "SUSPENDED"), 1, "{log}");
    let again = "Salesforce is still suspended: Salesforce refused the login";
    assert_eq!(count(&log, again), 1, "{log}");
    assert_eq!(count(&log, "credentials/salesforce_secret,"), 2, "{log}");
    assert_eq!(scene.mails().len(), 1, "{:?}", scene.subjects());
    assert_eq!(scene.calls_counted(), 0);
    daemon.stop();
}

#[test]
fn a_token_of_another_portal_is_refused_by_name_before_a_salesforce_call_is_spent() {
    let scene = Scene::new();
    scene.people(3);
    let text = scene
        .configuration()
        .replace("portal = 146812345", "portal = 4711002");
    std::fs::write(scene.path(super::scene::CONFIGURATION), text).expect("our own file");
    let daemon = scene.started();
    until_suspended(&scene, "HubSpot");
    pause(1_500);
    let log = daemon.log();
    assert!(log.contains("146812345"), "{log}");
    assert_eq!(scene.calls_counted(), 0, "{log}");
    daemon.stop();
}

#[test]
fn a_login_of_another_org_is_refused_by_name_before_a_call_is_spent() {
    let scene = Scene::new();
    scene.people(3);
    let org = salesforce::Settings::default().org_id;
    let text = scene.configuration().replace(&org, "00D5g000004XyZwEAK");
    std::fs::write(scene.path(super::scene::CONFIGURATION), text).expect("our own file");
    let daemon = scene.started();
    until_suspended(&scene, "Salesforce");
    pause(1_500);
    let log = daemon.log();
    assert!(log.contains(&org), "{log}");
    assert_eq!(scene.calls_counted(), 0, "{log}");
    daemon.stop();
}

#[test]
fn a_record_with_an_impossible_value_fails_alone() {
    let scene = Scene::new();
    scene.people(4);
    let long = "x".repeat(200);
    scene.hubspot(
        None,
        json!({ "email": "long@scene.example", "lastname": "Long", "jobtitle": long }),
    );
    let daemon = scene.started();
    scene.settled(9);
    let status = scene.status();
    assert_eq!(
        (&status["objects"][0]["in_sync"], &status["failing"]),
        (&json!(8), &json!(1)),
        "{status:#}"
    );
    let said = scene.verb(&["errors", "list", "--json"]).json();
    let errors: &Vec<Value> = said["errors"].as_array().expect("a list");
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(
        (&errors[0]["field"], &errors[0]["kind"]),
        (&json!("Title"), &json!("string-too-long")),
        "{errors:?}"
    );
    daemon.stop();
}
