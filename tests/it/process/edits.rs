//! The last word of a person reaches the other side, whatever happens at that moment.

use serde_json::json;
use syncline::simulator::Fault;

use super::kills::in_hubspot;
use super::scene::{CONFIGURATION, Scene, pause, until_ok};

#[test]
fn an_edit_made_while_the_answer_to_a_create_is_lost_reaches_the_other_side() {
    let scene = Scene::new();
    scene.people(1);
    let daemon = scene.started();
    scene.settled(2);
    let lost = syncline::simulator::OneShot {
        server: syncline::simulator::Server::HubSpot,
        method: Some("POST".to_owned()),
        path: "/crm/objects/2026-09/contacts/batch/upsert".to_owned(),
        skip: 0,
        times: 1,
        fault: Fault::Lost,
    };
    scene.simulator().faults.order(lost);
    let id = scene
        .salesforce(json!({ "Email": "new@scene.example", "LastName": "New", "Title": "Clerk" }));
    let shows = |wanted: &str| {
        let people = in_hubspot(&scene);
        let found = people.iter().find(|one| one.0 == "new@scene.example");
        let title = found.map(|one| one.3.clone()).unwrap_or_default();
        (title == wanted)
            .then_some(())
            .ok_or(format!("{wanted}, not {title:?}"))
    };
    until_ok(10, || shows("Clerk"));
    scene.salesforce(json!({ "Id": id, "Title": "Head" }));
    let struck: u64 = scene.simulator().faults.struck().values().sum();
    assert_eq!(struck, 1, "no answer was lost");
    until_ok(15, || shows("Head"));
    daemon.stop();
}

#[test]
fn two_edits_within_one_second_both_reach_the_other_side() {
    let scene = Scene::new();
    // A small allocation stretches the interval at which changes are looked for.
    let often = scene.configuration().replace("50_000", "500_000");
    std::fs::write(scene.path(CONFIGURATION), often).expect("the folder takes files");
    let id = scene.salesforce(json!({ "Email": "a@scene.example", "LastName": "A" }));
    let daemon = scene.started();
    scene.settled(1);
    let title = || in_hubspot(&scene).first().map(|one| one.3.clone());
    let mut last = String::new();
    // A poll falls between two of these sooner or later; the last word must arrive all the same.
    for round in 0..6 {
        for step in 0..9 {
            last = format!("Title {round} {step}");
            scene.salesforce(json!({ "Id": id, "Title": last }));
            pause(150);
        }
        until_ok(12, || {
            let title = title();
            (title.as_deref() == Some(&last))
                .then_some(())
                .ok_or(format!("{last}, not {title:?}"))
        });
    }
    daemon.stop();
    assert!(!last.is_empty());
}
