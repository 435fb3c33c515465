//! The state of records as HubSpot itself shows it: made by `check`, kept true by the daemon.

use serde_json::json;
use syncline::simulator::salesforce::{Injected, InjectedKind};

use super::scene::{Scene, until};

#[test]
fn the_properties_are_made_by_check_and_a_failing_contact_says_there_why_it_fails() {
    let scene = Scene::new();
    let plain = scene.configuration();
    std::fs::write(
        scene.path("syncline.toml"),
        plain.replace("[hubspot]", "[hubspot]\nshow_state = true"),
    )
    .expect("a configuration");
    let said = scene.verb(&["check"]);
    assert_eq!(said.exit, 78, "{said:?}");
    for name in ["syncline_state", "syncline_cause", "syncline_resync"] {
        let line = format!("MISSING  contacts.{name}");
        assert!(said.out.contains(&line), "{said:?}");
    }
    let said = scene.verb(&["check", "--create-fields", "--yes"]);
    assert_eq!(said.exit, 0, "{said:?}");
    let rule = Injected {
        name: "Consent".to_owned(),
        object: "Contact".to_owned(),
        kind: InjectedKind::ValidationRule,
        when: Vec::new(),
        message: "A phone needs a consent on file.".to_owned(),
        fields: vec!["Phone".to_owned()],
        active: true,
    };
    scene.simulator().salesforce.inject(rule);
    let ada = scene.hubspot(
        None,
        json!({ "email": "ada@acme.example", "lastname": "Lovelace" }),
    );
    let daemon = scene.started();
    let shows = |name: &str| {
        let simulator = scene.simulator();
        let record = simulator.hubspot.get("contacts", &ada).expect("a contact");
        record.value(name).unwrap_or_default().to_owned()
    };
    until("the contact shows its state", 20, || {
        shows("syncline_state") == "failing"
    });
    assert_eq!(
        shows("syncline_cause"),
        "C-1 Salesforce custom field validation rule: A phone needs a consent on file."
    );
    assert!(scene.simulator().salesforce.remove_rule("Consent"));
    scene.hubspot(Some(&ada), json!({ "syncline_resync": "yes" }));
    until("the contact is tried again", 20, || {
        shows("syncline_state") == "in_sync"
    });
    until("the wish is emptied", 20, || {
        shows("syncline_resync").is_empty()
    });
    daemon.says("resync asked in HubSpot: contact, 1 record");
    daemon.stop();
}
