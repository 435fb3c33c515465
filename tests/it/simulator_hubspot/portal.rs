//! What a portal's own people set up, and what it does to our writes.

use super::{Desk, NOON, OBJECTS, map, text};
use serde_json::{Value, json};
use syncline::simulator::hubspot::admin::PropertyChange;
use syncline::simulator::hubspot::property::{Access, Presence};
use syncline::simulator::hubspot::rule::{Automation, Rewrite, Rule, When};

#[test]
fn properties_tell_who_may_write_them() {
    let mut desk = Desk::new();
    let (_, all) = desk.get("/crm/properties/2026-09/contacts");
    let named = |name: &str| {
        let list = all["results"].as_array().unwrap();
        list.iter()
            .find(|one| one["name"] == name)
            .cloned()
            .unwrap_or_default()
    };
    assert_eq!(
        named("createdate")["modificationMetadata"]["readOnlyValue"],
        true
    );
    assert_eq!(named("syncline_salesforce_id")["hasUniqueValue"], true);
    assert_eq!(named("interests")["fieldType"], "checkbox");
    assert_eq!(named("hubspot_owner_id")["externalOptions"], true);
    let body = json!({
        "name": "shoe_size", "label": "Shoe size", "type": "number", "fieldType": "number",
        "groupName": "contactinformation",
    });
    assert_eq!(desk.post("/crm/v3/properties/contacts", &body).0, 201);
    let (status, again) = desk.post("/crm/v3/properties/contacts", &body);
    assert_eq!(
        (status, &again["category"]),
        (409, &json!("OBJECT_ALREADY_EXISTS"))
    );
    assert_eq!(
        desk.get("/crm/properties/2026-03/contacts/shoe_size").1["type"],
        "number"
    );
    assert_eq!(desk.get("/crm/v3/properties/contacts/nothing").0, 404);
}

#[test]
fn owners_are_paged_and_the_archived_apart() {
    let mut desk = Desk::new();
    let (_, page) = desk.get("/crm/owners/2026-09?limit=2");
    assert_eq!(page["results"].as_array().unwrap().len(), 2);
    assert_eq!(page["paging"]["next"]["after"], "41629782");
    let (_, gone) = desk.get("/crm/v3/owners?archived=true");
    assert_eq!(
        (
            &gone["results"][0]["userId"],
            &gone["results"][0]["archived"]
        ),
        (&Value::Null, &json!(true))
    );
    let (_, one) = desk.get("/crm/v3/owners?email=ADA.olsen@example.com");
    assert_eq!(one["results"][0]["id"], "41629779");
}

#[test]
fn the_portals_people_change_what_a_property_takes() {
    let mut desk = Desk::new();
    let mut change = |name: &str, change: PropertyChange| {
        desk.hubspot
            .change_property("contacts", name, change, NOON)
            .unwrap();
    };
    change(
        "customer_tier",
        PropertyChange::RemoveOption("gold".to_owned()),
    );
    change("partner_ref", PropertyChange::Remove);
    change("external_ref", PropertyChange::Access(Access::ReadOnly));
    let body = json!({ "properties": {
        "lastname": "A", "customer_tier": "gold", "partner_ref": "1", "external_ref": "2",
    } });
    let (_, body) = desk.post(&format!("{OBJECTS}/contacts"), &body);
    let codes: Vec<String> = body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| text(&one["code"]))
        .collect();
    assert_eq!(
        codes,
        ["INVALID_OPTION", "READ_ONLY_VALUE", "PROPERTY_DOESNT_EXIST"]
    );
}

#[test]
fn a_value_made_required_binds_only_the_newest_paths() {
    let mut desk = Desk::new();
    let required = PropertyChange::Presence(Presence::Required);
    desk.hubspot
        .change_property("contacts", "firstname", required, NOON)
        .unwrap();
    let body = json!({ "properties": { "lastname": "A" } });
    assert_eq!(desk.post("/crm/objects/2026-03/contacts", &body).0, 201);
    let (status, body) = desk.post(&format!("{OBJECTS}/contacts"), &body);
    assert_eq!(
        (status, &body["errors"][0]["code"]),
        (400, &json!("MISSING_REQUIRED_PROPERTY"))
    );
}

#[test]
fn an_injected_rule_refuses_until_it_is_taken_away() {
    let mut desk = Desk::new();
    let rule = Rule {
        id: "no-golf".to_owned(),
        property: "jobtitle".to_owned(),
        code: "PROPERTY_VALIDATION_RULE_FAILED".to_owned(),
        message: "No golf here".to_owned(),
        when: When::Contains("golf".to_owned()),
        given: None,
    };
    desk.hubspot.add_rule("contacts", rule).unwrap();
    let body = json!({ "properties": { "lastname": "A", "jobtitle": "golf pro" } });
    let (status, refused) = desk.post(&format!("{OBJECTS}/contacts"), &body);
    assert_eq!(
        (status, &refused["errors"][0]["message"]),
        (400, &json!("No golf here"))
    );
    desk.hubspot.remove_rule("contacts", "no-golf").unwrap();
    assert_eq!(desk.post(&format!("{OBJECTS}/contacts"), &body).0, 201);
}

#[test]
fn a_workflow_rewrites_what_we_wrote_and_says_so_in_the_history() {
    let mut desk = Desk::new();
    let automation = Automation {
        property: "city".to_owned(),
        rewrite: Rewrite::Capitals,
        delay_ms: 500,
    };
    desk.hubspot.add_automation("contacts", automation).unwrap();
    let id = desk.create(json!({ "lastname": "A", "city": "Ulm" }));
    desk.now += 1_000;
    desk.hubspot.advance(desk.now);
    let record = desk.hubspot.get("contacts", &id).unwrap();
    assert_eq!(
        (record.value("city"), record.updated_at),
        (Some("ULM"), NOON + 500)
    );
    assert_eq!(
        record.history("city").last().unwrap().source.name(),
        "AUTOMATION_PLATFORM"
    );
}

#[test]
fn a_person_edits_archives_and_merges_without_a_call() {
    let mut desk = Desk::new();
    let put = |desk: &mut Desk, id: Option<&str>, properties: Value| {
        desk.hubspot
            .put("contacts", id, &map(properties), NOON)
            .unwrap()
    };
    let id = put(&mut desk, Some("51"), json!({ "email": "a@example.com" }));
    assert_eq!(id, "51");
    put(&mut desk, Some("51"), json!({ "city": "Ulm" }));
    let record = desk.hubspot.get("contacts", "51").unwrap();
    assert_eq!(record.history("city")[0].source.name(), "CRM_UI");
    let other = put(&mut desk, None, json!({ "lastname": "B" }));
    let merged = desk.hubspot.merge("contacts", "51", &other, NOON).unwrap();
    desk.hubspot.archive("contacts", &merged, NOON).unwrap();
    assert!(desk.hubspot.records("contacts").is_empty());
    assert_eq!(desk.hubspot.calls_counted(), 0);
}
