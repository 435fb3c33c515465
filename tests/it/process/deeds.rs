//! `link`, `unlink` and `exclude` as typed, with the daemon up and down, one by one and by file.

use serde_json::{Value, json};

use super::scene::{Scene, until_ok};

/// Two people who stand once in HubSpot and twice in Salesforce; HubSpot's and the later
/// Salesforce ids.
fn doubled(scene: &Scene) -> Vec<(String, String)> {
    let both = |n: usize| {
        let email = format!("twin{n}@scene.example");
        let hubspot = scene.hubspot(None, json!({ "email": email, "lastname": "Twin" }));
        scene.salesforce(json!({ "Email": email, "LastName": "Twin" }));
        let later = json!({ "Email": email, "LastName": "Twin", "Phone": "+39 06 1" });
        (hubspot, scene.salesforce(later))
    };
    (0..2).map(both).collect()
}

/// What the listing says of the record with that HubSpot id.
fn state(scene: &Scene, hubspot: &str) -> Value {
    let listed = scene.verb(&["records", "list", "--json"]).json();
    let records = listed["records"].as_array().expect("records").clone();
    let found = records.into_iter().find(|one| one["hubspot"] == hubspot);
    found.map_or(Value::Null, |one| one["state"].clone())
}

fn becomes(scene: &Scene, hubspot: &str, wanted: &str) {
    until_ok(20, || {
        let now = state(scene, hubspot);
        (now == wanted)
            .then_some(())
            .ok_or(format!("{hubspot} is {now}"))
    });
}

#[test]
fn an_ambiguous_contact_is_linked_with_the_daemon_up_and_left_out_with_the_daemon_down() {
    let scene = Scene::new();
    let ids = doubled(&scene);
    let daemon = scene.started();
    scene.settled(6);
    let (hubspot, salesforce) = &ids[0];
    let ambiguous = scene.verb(&["records", "list", "--why", "ambiguous"]);
    assert!(ambiguous.out.contains(hubspot), "{ambiguous:?}");
    assert!(
        ambiguous
            .out
            .contains("settle it: syncline link HUBSPOT-ID SALESFORCE-ID"),
        "{ambiguous:?}"
    );
    // As reports show it: 15 characters.
    let linked = scene.verb(&["link", hubspot, &salesforce[..15]]);
    assert_eq!(linked.exit, 0, "{linked:?}");
    becomes(&scene, hubspot, "in_sync");
    let in_hubspot = |name: &str, wanted: &str| {
        until_ok(20, || {
            let simulator = scene.simulator();
            let record = simulator.hubspot.get("contacts", hubspot);
            let value = record.and_then(|one| one.value(name).map(ToOwned::to_owned));
            (value.as_deref() == Some(wanted))
                .then_some(())
                .ok_or(format!("{name} is {value:?}"))
        });
    };
    in_hubspot("syncline_salesforce_id", salesforce);
    in_hubspot("phone", "+39 06 1");
    scene.settled(5);
    daemon.stop();
    let out = scene.verb(&["exclude", salesforce, "--json"]);
    assert_eq!((out.exit, &out.json()["report"]), (0, &json!("done")));
    assert_eq!(state(&scene, hubspot), "excluded");
    scene.hubspot(Some(hubspot), json!({ "phone": "+39 06 2" }));
    let daemon = scene.started();
    scene.settled(5);
    let dropped = scene.verb(&["exclude", "--drop", hubspot]);
    assert_eq!(dropped.exit, 0, "{dropped:?}");
    until_ok(20, || {
        let simulator = scene.simulator();
        let phone = simulator.salesforce.get("Contact", salesforce);
        let phone = phone.map_or(Value::Null, |one| one["Phone"].clone());
        (phone == "+39 06 2").then_some(()).ok_or(phone.to_string())
    });
    daemon.stop();
}

#[test]
fn a_file_with_mistakes_is_refused_whole_with_every_line_named() {
    let scene = Scene::new();
    let ids = doubled(&scene);
    let daemon = scene.started();
    scene.settled(6);
    let file = scene.path("pairs.csv");
    let path = file.display().to_string();
    let write = |text: &str| std::fs::write(&file, text).expect("our own folder");
    let link = |more: &[&str]| scene.verb(&[&["link", "--csv", &path], more].concat());
    let refused = |said: &super::scene::Said| {
        assert_eq!(said.exit, 64, "{said:?}");
        assert_eq!(state(&scene, &ids[0].0), "excluded", "something was done");
        said.err.replace(&path, "pairs.csv")
    };
    write("hubspot_id,salesforce_id\n1,2\nx,003Qy0000001003IAA\n\n,\n5,003Qy0000001001IAB\n");
    insta::assert_snapshot!(refused(&link(&["--yes"])), @r#"
    syncline: nothing was done, because 4 of 4 lines of pairs.csv cannot be read:
    line 2: 2 is an id of HubSpot and stands in the column salesforce_id
    line 3: "x" is no id; a HubSpot id is digits, a Salesforce id 15 or 18 letters and digits
    line 4: it names no id
    line 6: "003Qy0000001001IAB" is no Salesforce id: its last three characters do not fit the others; copy it again, capitals count
    "#);
    write("hubspot,salesforce_id\n1,003Qy0000001003IAA\n");
    insta::assert_snapshot!(refused(&link(&["--yes"])), @r#"syncline: pairs.csv: there is no column "hubspot"; the first line names hubspot_id, salesforce_id, or both, and object where there are several"#);
    write("hubspot_id,salesforce_id\n");
    insta::assert_snapshot!(refused(&link(&["--yes"])), @r"syncline: pairs.csv names no record");
    let good: Vec<String> = ids
        .iter()
        .map(|(one, other)| format!("{one};{other}\n"))
        .collect();
    let head = "\u{feff}HubSpot_Id;Salesforce_Id\n";
    write(&format!(
        "{head}{}{};{}\n",
        good.concat(),
        ids[0].0,
        "003Qy0000001003IAA"
    ));
    let twice = refused(&link(&["--yes"]));
    assert!(
        twice.contains(&format!(
            "line 4: HubSpot {} is named already in line 2",
            ids[0].0
        )),
        "{twice}"
    );
    write(&format!("{head}{}", good.concat()));
    insta::assert_snapshot!(refused(&link(&[])), @r"syncline: nothing was done: 2 pairs would be linked by pairs.csv; say --yes to do it");
    let done = link(&["--yes"]);
    assert_eq!(done.exit, 0, "{done:?}");
    insta::assert_snapshot!(done.out, @r"2 pairs linked; the next cycle reads both records, writes their id fields and brings them in step");
    for (hubspot, _) in &ids {
        becomes(&scene, hubspot, "in_sync");
    }
    write(&format!("hubspot_id\n{}\n{}\n", ids[0].0, ids[1].0));
    let apart = scene.verb(&["unlink", "--csv", &path, "--yes"]);
    assert!(apart.out.starts_with("2 pairs taken apart; "), "{apart:?}");
    daemon.stop();
}

#[test]
fn what_is_typed_wrongly_is_refused_before_anything_is_asked() {
    let scene = Scene::new();
    let check = |words: &[&str], part: &str| {
        let said = scene.verb(words);
        assert_eq!(said.exit, 64, "{words:?} {said:?}");
        assert!(said.err.contains(part), "{words:?} {said:?}");
    };
    check(&["link", "1"], "2 values required");
    check(&["link", "1", "2"], "2 is a second id of HubSpot");
    check(&["link", "1", "#2"], "\"#2\" is no id");
    check(&["unlink"], "required");
    check(&["exclude", "rita@scene.example"], "is no id");
    check(&["exclude", "1", "--csv", "x.csv"], "cannot be used with");
    let missing = scene.verb(&["exclude", "--csv", "nowhere.csv", "--yes"]);
    assert_eq!(missing.exit, 66, "{missing:?}");
}
