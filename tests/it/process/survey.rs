//! What `check` says of both sides when it asks them: granted, missing, or where to click.

use serde_json::{Value, json};
use syncline::clock::{Clock as _, SystemClock};
use syncline::simulator::hubspot::admin::PropertyChange;
use syncline::simulator::hubspot::property::{Kind, Property};
use syncline::simulator::hubspot::{self, HubSpot};
use syncline::simulator::salesforce::{self, Salesforce};
use syncline::simulator::{Fault, OneShot, Server};

use super::scene::{Said, Scene};

/// What it said with no fault of its own, as JSON.
pub(super) fn checked(scene: &Scene, exit: i32) -> Value {
    let said = scene.verb(&["check", "--json"]);
    assert_eq!(said.exit, exit, "{said:?}");
    said.json()
}

/// The line about `what`.
pub(super) fn item<'a>(checked: &'a Value, what: &str) -> &'a Value {
    let items = checked["items"].as_array().expect("items");
    let found = items.iter().find(|one| one["what"] == what);
    found.unwrap_or_else(|| panic!("{what} in {checked:#}"))
}

pub(super) fn states(checked: &Value, state: &str) -> Vec<String> {
    let items = checked["items"].as_array().expect("items");
    let of_state = items.iter().filter(|one| one["state"] == state);
    of_state
        .map(|one| one["what"].as_str().expect("a name").to_owned())
        .collect()
}

pub(super) fn contains(said: &Said, words: &[&str]) {
    for word in words {
        assert!(said.out.contains(word), "{word:?} in\n{}", said.out);
    }
}

fn one_shot(server: Server, path: &str, fault: Fault) -> OneShot {
    OneShot {
        server,
        fault,
        method: None,
        path: path.to_owned(),
        skip: 0,
        times: 1,
    }
}

#[test]
fn what_is_granted_is_named_and_every_call_is_counted() {
    let scene = Scene::new();
    scene.people(3);
    let said = scene.verb(&["check"]);
    assert_eq!(said.exit, 0, "{said:?}");
    contains(
        &said,
        &[
            "granted  token",
            "of portal 146812345, as configured",
            "granted  crm.objects.contacts.write",
            "granted  Contact.Syncline_HubSpot_Id__c",
            "granted  contacts.syncline_salesforce_id",
            "3 records in HubSpot, 3 Contact and 0 Lead seen in Salesforce",
            "phone <-> Contact.Phone",
            "next: all that is needed is granted",
        ],
    );
    // Two describes and one call for the counts.
    contains(&said, &["Asking took 3 calls to Salesforce"]);
    assert_eq!(scene.calls_counted(), 3);
    let again = checked(&scene, 0);
    assert_eq!(states(&again, "missing"), Vec::<String>::new());
    let used = scene.verb(&["budget", "--json"]).json();
    let lanes = used["calls"]["lanes"].as_array().expect("lanes").clone();
    assert!(lanes.contains(&json!(["metadata", 6])), "{used:#}");
    assert_eq!(used["calls"]["allocation"], json!(50_000), "{used:#}");
    // Nobody is written to, and nothing is bound before the daemon runs.
    assert_eq!(scene.simulator().hubspot.records("contacts").len(), 3);
}

#[test]
fn offline_asks_nobody_and_makes_nothing() {
    let scene = Scene::new();
    let said = scene.verb(&["check", "--offline"]);
    assert_eq!(said.exit, 0, "{said:?}");
    assert!(!said.out.contains("granted"), "{said:?}");
    assert_eq!(scene.calls_counted(), 0);
    assert!(!scene.path("store").exists(), "a store was made");
}

#[test]
fn a_scope_that_is_missing_is_named_with_the_page_to_click() {
    let scene = Scene::new();
    let granted = ["crm.schemas.contacts.read", "crm.objects.contacts.read"];
    let granted = granted.map(str::to_owned).to_vec();
    scene.simulator().hubspot.grant_scopes(Some(granted));
    let text = scene
        .configuration()
        .replace("rule       = \"off\"\nowner ", "owner ");
    std::fs::write(scene.path("syncline.toml"), text).expect("our own file");
    let said = scene.verb(&["check"]);
    assert_eq!(said.exit, 78, "{said:?}");
    contains(
        &said,
        &[
            "MISSING  crm.objects.owners.read",
            "MISSING  crm.objects.contacts.write",
            "granted  crm.objects.contacts.read",
            "HubSpot: Development > Keys > Service keys > your key: add the scope \
             crm.objects.owners.read",
            "next: mend what is missing (2 things), then check again",
        ],
    );
}

#[test]
fn another_account_is_named_and_asked_nothing_else() {
    let scene = Scene::new();
    let text = scene.configuration();
    let other = text.replace("portal = 146812345", "portal = 99");
    let other = other.replace(
        &salesforce::Settings::default().org_id,
        "00D5g000004XyZwEAK",
    );
    std::fs::write(scene.path("syncline.toml"), other).expect("our own file");
    let said = scene.verb(&["check"]);
    assert_eq!(said.exit, 78, "{said:?}");
    contains(
        &said,
        &[
            "of portal 146812345, and the configuration names 99",
            "and the configuration names 00D5g000004XyZwEAK",
            "Salesforce Setup > Company Information",
        ],
    );
    assert_eq!(scene.calls_counted(), 0);
}

#[test]
fn credentials_that_are_refused_are_a_mistake_and_suspend_nothing() {
    let scene = Scene::new();
    scene.credential("hubspot_token", "pat-eu1-wrong");
    scene.credential("salesforce_secret", "wrong");
    let said = scene.verb(&["check"]);
    assert_eq!(said.exit, 78, "{said:?}");
    contains(
        &said,
        &[
            "HubSpot refused the credentials (401 INVALID_AUTHENTICATION)",
            "Salesforce refused the credentials (400 invalid_client)",
            "External Client App Manager > your app > Settings: Client Credentials Flow on",
        ],
    );
    let tail = scene.verb(&["journal", "tail"]);
    assert!(!tail.out.contains("connection_suspended"), "{tail:?}");
}

#[test]
fn an_answer_of_no_use_is_a_failure_of_that_call_alone() {
    let describe = "/services/data/v66.0/sobjects/Contact/describe";
    let properties = "/crm/properties/2026-09/contacts";
    for (server, path, what) in [
        (Server::Salesforce, describe, "Contact records"),
        (Server::HubSpot, properties, "crm.schemas.contacts.read"),
    ] {
        // A page instead of JSON, half an answer, an error of the server.
        for fault in [Fault::Answer(502), Fault::Truncated, Fault::Answer(503)] {
            let scene = Scene::new();
            scene
                .simulator()
                .faults
                .order(one_shot(server, path, fault));
            let checked = checked(&scene, 75);
            // What was asked beside it was answered.
            assert_eq!(states(&checked, "unknown"), [what], "{fault:?}");
            assert_eq!(
                item(&checked, "Lead records")["state"],
                "granted",
                "{fault:?}"
            );
        }
    }
}

#[test]
fn a_side_that_is_not_there_is_told_apart_from_a_mistake() {
    let scene = Scene::new();
    scene.simulator().faults.take_down(Server::Salesforce);
    let said = scene.verb(&["check"]);
    assert_eq!(said.exit, 69, "{said:?}");
    contains(&said, &["unknown  address", "no connection to Salesforce"]);
    contains(&said, &["granted  crm.objects.contacts.read"]);
}

#[test]
fn a_mapping_that_cannot_work_is_refused_before_anything_is_written() {
    let scene = Scene::new();
    scene.configure(
        "\n[[objects.contact.fields]]\nhubspot = \"mobilphone\"\nsalesforce = \"MobilePhone\"\n\
         \n[[objects.contact.fields]]\nhubspot = \"lastmodifieddate\"\nsalesforce = \"Birthdate\"\n",
    );
    // The standard mapping has MobilePhone already: the configuration says so itself.
    let said = scene.verb(&["check"]);
    assert_eq!(said.exit, 78, "{said:?}");
    scene.configure(
        "\n[[objects.contact.fields]]\nhubspot = \"mobilephon\"\nsalesforce = \"HomePhone\"\n\
         \n[[objects.contact.fields]]\nhubspot = \"createdate\"\nsalesforce = \"Birthdate\"\n\
         rule = \"always-salesforce\"\n",
    );
    let said = scene.verb(&["check"]);
    assert_eq!(said.exit, 78, "{said:?}");
    contains(
        &said,
        &[
            "MISSING  contacts.mobilephon",
            "there is no such property, or it is archived",
            "did you mean hubspot = \"mobilephone\"?",
            "MISSING  contacts.createdate",
            "write rule = \"always-hubspot\"",
        ],
    );
}

#[test]
fn beside_a_daemon_nothing_is_asked_and_what_it_read_is_judged() {
    let scene = Scene::new();
    scene.people(1);
    let daemon = scene.started();
    scene.settled(2);
    let before = scene.calls_counted();
    let said = scene.verb(&["check"]);
    assert_eq!(said.exit, 0, "{said:?}");
    contains(
        &said,
        &[
            &format!("The daemon runs (process {})", daemon.pid()),
            "granted  Contact.Syncline_HubSpot_Id__c",
        ],
    );
    let by_check = said.out.contains("Asking took");
    assert!(!by_check, "{said:?}");
    // The daemon's own looks go on; a check would have described three times.
    assert!(scene.calls_counted() <= before + 2, "{said:?}");
    daemon.stop();
}

/// Accounts as they are before anybody set them up: no id field on either side.
fn bare_accounts(switches: &[salesforce::Switch]) -> Scene {
    let scene = Scene::new();
    {
        let mut simulator = scene.simulator();
        simulator.hubspot = HubSpot::new(hubspot::Settings {
            index_lag_ms: 0,
            unique_id_property: false,
            ..hubspot::Settings::default()
        });
        let mut all = vec![salesforce::Switch::WithoutExternalId];
        all.extend_from_slice(switches);
        simulator.salesforce = Salesforce::new(salesforce::Settings {
            instance_url: String::new(),
            switches: all.into_iter().collect(),
            ..salesforce::Settings::default()
        });
    }
    scene
}

#[test]
fn accounts_without_id_fields_are_told_how_they_are_made() {
    let scene = bare_accounts(&[]);
    let said = scene.verb(&["check"]);
    assert_eq!(said.exit, 78, "{said:?}");
    contains(
        &said,
        &[
            "MISSING  contacts.syncline_salesforce_id",
            "MISSING  Contact.Syncline_HubSpot_Id__c",
            "MISSING  Lead.Syncline_HubSpot_Id__c",
            "make it with \"syncline check --create-fields\"",
            "next: \"syncline check --create-fields\" makes what is missing (3 things)",
        ],
    );
    // Nobody is at a terminal to be asked.
    let said = scene.verb(&["check", "--create-fields"]);
    assert_eq!(said.exit, 64, "{said:?}");
    assert!(
        said.err.contains("nothing was made: 3 fields to be made"),
        "{said:?}"
    );
    assert!(said.err.contains("--yes"), "{said:?}");
}

#[test]
fn id_fields_are_made_once_and_shown_to_the_integration_user() {
    let scene = bare_accounts(&[]);
    let said = scene.verb(&["check", "--create-fields", "--yes"]);
    assert_eq!(said.exit, 0, "{said:?}");
    contains(
        &said,
        &[
            "made     HubSpot: property contacts.syncline_salesforce_id",
            "made     Salesforce: field Contact.Syncline_HubSpot_Id__c",
            "made     Salesforce: field Lead.Syncline_HubSpot_Id__c",
            "made     Salesforce: permission set Syncline",
            "made     Salesforce: edit permission on Lead.Syncline_HubSpot_Id__c",
            "granted  Contact.Syncline_HubSpot_Id__c",
            "granted  contacts.syncline_salesforce_id",
        ],
    );
    let again = scene.verb(&["check", "--create-fields", "--yes"]);
    assert_eq!(again.exit, 0, "{again:?}");
    assert!(
        !again.out.contains("made  ") && !again.out.contains("present  "),
        "{again:?}"
    );
    // With them the daemon runs.
    scene.people(2);
    let daemon = scene.started();
    scene.settled(4);
    daemon.stop();
    // A permission that somebody took away is given back, and nothing is made twice.
    let sets = scene.simulator().salesforce.records("PermissionSet");
    assert_eq!(sets.len(), 1, "{sets:?}");
    let assignments = scene
        .simulator()
        .salesforce
        .records("PermissionSetAssignment");
    let id = assignments[0]["Id"].as_str().expect("an id").to_owned();
    let now = SystemClock::new().now().0;
    let mut simulator = scene.simulator();
    let taken = simulator
        .salesforce
        .delete("PermissionSetAssignment", &id, now);
    taken.expect("an administrator may");
    drop(simulator);
    let said = scene.verb(&["check", "--create-fields", "--yes"]);
    assert_eq!(said.exit, 0, "{said:?}");
    contains(
        &said,
        &[
            "present  Salesforce: field Contact.Syncline_HubSpot_Id__c",
            "present  Salesforce: permission set Syncline\n",
            "made     Salesforce: permission set Syncline for user 005",
        ],
    );
}

#[test]
fn a_field_whose_answer_was_lost_is_not_made_twice() {
    let scene = bare_accounts(&[]);
    for path in [
        "tooling",
        "sobjects/PermissionSet",
        "sobjects/FieldPermissions",
    ] {
        let path = format!("/services/data/v66.0/{path}");
        let order = one_shot(Server::Salesforce, &path, Fault::Lost);
        scene.simulator().faults.order(order);
    }
    let path = "/crm/properties/2026-09/contacts";
    let order = OneShot {
        method: Some("POST".to_owned()),
        ..one_shot(Server::HubSpot, path, Fault::Lost)
    };
    scene.simulator().faults.order(order);
    let said = scene.verb(&["check", "--create-fields", "--yes"]);
    assert_eq!(said.exit, 0, "{said:?}");
    contains(
        &said,
        &["made     HubSpot: property contacts.syncline_salesforce_id"],
    );
    let struck: u64 = scene.simulator().faults.struck().values().sum();
    assert_eq!(struck, 4, "every answer was lost once");
    for (object, rows) in [("PermissionSet", 1), ("FieldPermissions", 2)] {
        let there = scene.simulator().salesforce.records(object);
        assert_eq!(there.len(), rows, "{object}: {there:?}");
    }
}

#[test]
fn a_user_who_may_not_change_the_setup_is_told_who_does() {
    let scene = bare_accounts(&[salesforce::Switch::SetupRefused]);
    let granted = ["crm.schemas.contacts.read", "crm.objects.contacts.read"];
    let granted = granted.map(str::to_owned).to_vec();
    scene.simulator().hubspot.grant_scopes(Some(granted));
    let said = scene.verb(&["check", "--create-fields", "--yes"]);
    assert_eq!(said.exit, 78, "{said:?}");
    contains(
        &said,
        &[
            "REFUSED  HubSpot: property contacts.syncline_salesforce_id",
            "add the scope crm.schemas",
            "REFUSED  Salesforce: field Contact.Syncline_HubSpot_Id__c",
            "INSUFFICIENT_ACCESS",
            "an administrator makes it by hand, or gives the integration user Customize Application",
        ],
    );
}

#[test]
fn what_the_other_integration_left_holds_the_sync_until_a_person_says_that_it_stopped() {
    let scene = Scene::new();
    let property = Property::new("salesforcecontactid", "Salesforce contact", Kind::Text);
    let change = PropertyChange::Add(property);
    let changed = {
        let mut simulator = scene.simulator();
        let portal = &mut simulator.hubspot;
        portal.change_property("contacts", "salesforcecontactid", change, 0)
    };
    changed.expect("a portal that was connected has it");
    // Nobody carries an id of it yet.
    assert_eq!(scene.verb(&["check"]).exit, 0);
    scene.hubspot(
        None,
        json!({ "lastname": "Lovelace", "salesforcecontactid": "003Qy0000000001AAA" }),
    );
    let said = scene.verb(&["check"]);
    assert_eq!(said.exit, 78, "{said:?}");
    contains(
        &said,
        &[
            "MISSING  HubSpot's own integration",
            "1 records have its salesforcecontactid: it ran here, and may write this object still",
            "cannot be seen from outside",
            "HubSpot: Settings > Integrations > Connected apps > Salesforce",
        ],
    );
    // A mode that writes nothing is not in anybody's way.
    let text = scene.configuration();
    let observed = text.replace("mode = \"sync\"", "mode = \"observe\"");
    std::fs::write(scene.path("syncline.toml"), observed).expect("our own file");
    assert_eq!(scene.verb(&["check"]).exit, 0);
    let stopped = text.replace("[hubspot]", "[hubspot]\nother_integration = \"stopped\"");
    std::fs::write(scene.path("syncline.toml"), stopped).expect("our own file");
    let said = scene.verb(&["check"]);
    assert_eq!(said.exit, 0, "{said:?}");
    contains(&said, &["taken over as pairs"]);
}

/// Tasks alone, over the scene's accounts.
fn with_tasks(scene: &Scene) {
    let text = scene.configuration();
    let (head, _) = text
        .split_once("[objects.contact]")
        .expect("the usual objects");
    std::fs::write(
        scene.path("syncline.toml"),
        format!("{head}[objects.task]\n"),
    )
    .expect("our own file");
}

#[test]
fn tasks_are_made_in_salesforce_only_where_a_unique_key_is_proved() {
    let scene = bare_accounts(&[]);
    with_tasks(&scene);
    let said = scene.verb(&["check", "--create-fields", "--yes"]);
    assert_eq!(said.exit, 0, "{said:?}");
    contains(
        &said,
        &[
            "made     HubSpot: property tasks.syncline_salesforce_id",
            "without  Salesforce: field Task.Syncline_HubSpot_Id__c",
            "nothing new is made there, all else goes on",
            "MISSING  Task.Syncline_HubSpot_Id__c",
            "tasks are kept in step once they are linked",
        ],
    );
    // An org that takes a unique field on activities gets one, and shows it on its tasks.
    let scene = bare_accounts(&[salesforce::Switch::ActivityKeys]);
    with_tasks(&scene);
    let said = scene.verb(&["check", "--create-fields", "--yes"]);
    assert_eq!(said.exit, 0, "{said:?}");
    contains(
        &said,
        &[
            "made     Salesforce: field Task.Syncline_HubSpot_Id__c",
            "granted  Task.Syncline_HubSpot_Id__c",
        ],
    );
}
