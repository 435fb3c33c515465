//! What a person decides about held writes is what becomes of the records, and none is lost sight of.

use serde_json::{Value, json};

use super::scene::{Scene, until_ok};

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
    daemon.says("contact: HubSpot has no no_such_property, or hides it from us");
    daemon.says("contact: Salesforce has no No_Such__c, or hides it from us");
    daemon.stop();
}
