//! Labels of associations: HubSpot's, people's, and those of custom types.

use super::{Desk, NOON, OBJECTS, text};
use serde_json::{Value, json};
use syncline::simulator::hubspot::association::admin::Tie;

const LABELS: &str = "/crm/v4/associations/contacts/companies/labels";

fn user(number: u64) -> Value {
    json!([{ "associationCategory": "USER_DEFINED", "associationTypeId": number }])
}

#[test]
fn hubspots_own_kinds_have_the_numbers_everybody_knows() {
    let mut desk = Desk::new();
    let mut numbers = |from: &str, to: &str| -> Vec<u64> {
        let (status, body) = desk.get(&format!("/crm/associations/2026-03/{from}/{to}/labels"));
        assert_eq!(status, 200);
        let mut numbers: Vec<u64> = body["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|kind| kind["typeId"].as_u64().unwrap())
            .collect();
        numbers.sort_unstable();
        numbers
    };
    assert_eq!(numbers("contacts", "companies"), [1, 279]);
    assert_eq!(numbers("companies", "contacts"), [2, 280]);
    assert_eq!(numbers("deals", "contacts"), [3]);
    assert_eq!(numbers("contacts", "deals"), [4]);
    assert_eq!(numbers("deals", "companies"), [5, 341]);
    assert_eq!(numbers("companies", "deals"), [6, 342]);
    assert_eq!(numbers("companies", "companies"), [13, 14, 450]);
    assert_eq!(numbers("tasks", "contacts"), [204]);
    assert_eq!(numbers("companies", "tasks"), [191]);
    assert_eq!(numbers("tasks", "0-3"), [216]);
}

#[test]
fn a_label_of_the_portals_own_reads_both_ways_and_replaces_those_before_it() {
    let mut desk = Desk::new();
    let body = json!({ "name": "boss", "label": "Manager", "inverseLabel": "Managed by" });
    let (status, made) = desk.post(LABELS, &body);
    assert_eq!(status, 200, "{made}");
    // People's numbers start at 1, as HubSpot's do: only the category tells them apart.
    assert_eq!(
        made["results"][0],
        json!({ "category": "USER_DEFINED", "typeId": 1, "label": "Manager" })
    );
    let ada = desk.have("contacts", json!({ "lastname": "A" }));
    let one = desk.have("companies", json!({ "name": "One" }));
    desk.hubspot
        .associate("contacts", &ada, "companies", &one, Tie::Primary, NOON)
        .unwrap();
    let place = format!("{OBJECTS}/contacts/{ada}/associations/companies/{one}");
    let (status, body) = desk.put(&place, &user(1));
    assert_eq!((status, &body["labels"]), (201, &json!(["Manager"])));
    let back = desk.hubspot.associations_of("companies", &one, "contacts");
    assert_eq!(
        (back[0].is_primary, back[0].labels.as_slice()),
        (false, &["Managed by".to_owned()][..])
    );
    let input = json!({ "inputs": [{
        "from": { "id": ada }, "to": { "id": one }, "types": user(1),
    }] });
    let archive = "/crm/v4/associations/contacts/companies/batch/labels/archive";
    assert_eq!(desk.post(archive, &input).0, 204);
    let left = desk.hubspot.associations_of("contacts", &ada, "companies");
    assert_eq!((left.len(), left[0].labels.len()), (1, 0));
    let plain = json!({ "inputs": [{ "from": { "id": ada }, "to": { "id": one }, "types": [
        { "associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279 },
    ] }] });
    assert_eq!(desk.post(archive, &plain).0, 204);
    assert_eq!(
        desk.hubspot.associations_of("contacts", &ada, "companies"),
        []
    );
}

#[test]
fn a_label_can_be_reworded_and_taken_away() {
    let mut desk = Desk::new();
    let (there, _) = desk
        .hubspot
        .add_association_label("contacts", "companies", "Adviser", None)
        .unwrap();
    let ada = desk.have("contacts", json!({ "lastname": "A" }));
    let one = desk.have("companies", json!({ "name": "One" }));
    desk.hubspot
        .associate(
            "contacts",
            &ada,
            "companies",
            &one,
            Tie::Labelled("Adviser"),
            NOON,
        )
        .unwrap();
    let body = json!({ "associationTypeId": there, "label": "Counsel" });
    assert_eq!(desk.put(LABELS, &body).0, 204);
    let labels = |desk: &Desk| {
        let found = desk.hubspot.associations_of("contacts", &ada, "companies");
        found[0].labels.clone()
    };
    assert_eq!(labels(&desk), ["Counsel"]);
    assert_eq!(desk.delete(&format!("{LABELS}/{there}")), 204);
    assert!(labels(&desk).is_empty());
    assert_eq!(desk.delete(&format!("{LABELS}/{there}")), 404);
    for name in 0..10 {
        let body = json!({ "name": name, "label": name.to_string() });
        assert_eq!(desk.post(LABELS, &body).0, 200);
    }
    let (status, body) = desk.post(LABELS, &json!({ "name": "x", "label": "x" }));
    assert_eq!(status, 400);
    assert!(text(&body["message"]).contains("at most 10"));
}

#[test]
fn a_company_has_one_parent() {
    let mut desk = Desk::new();
    let [child, first, second] =
        ["C", "P", "Q"].map(|name| desk.have("companies", json!({ "name": name })));
    let parent = json!([{ "associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 14 }]);
    for one in [&first, &second] {
        let place = format!("{OBJECTS}/companies/{child}/associations/companies/{one}");
        assert_eq!(desk.put(&place, &parent).0, 201);
    }
    let found = desk
        .hubspot
        .associations_of("companies", &child, "companies");
    let labels: Vec<_> = found.iter().map(|one| one.labels.clone()).collect();
    assert_eq!(labels, [vec![], vec!["Parent Company".to_owned()]]);
    let children = desk
        .hubspot
        .associations_of("companies", &second, "companies");
    assert_eq!(children[0].labels, ["Child Company"]);
}

#[test]
fn a_custom_type_can_be_associated_with_every_other() {
    let mut desk = Desk::new();
    desk.hubspot.add_object_type("cars", "car", "2-77");
    let car = desk.have("cars", json!({ "name": "Fiat" }));
    let ada = desk.have("contacts", json!({ "lastname": "A" }));
    let place = format!("{OBJECTS}/2-77/{car}/associations/default/contacts/{ada}");
    assert_eq!(desk.put(&place, &Value::Null).0, 200);
    let (_, labels) = desk.get("/crm/associations/v4/contacts/p1_car/labels");
    assert_eq!(labels["results"][0]["category"], "USER_DEFINED");
    let found = desk.hubspot.associations_of("contacts", &ada, "2-77");
    assert_eq!(found[0].id, car);
}
