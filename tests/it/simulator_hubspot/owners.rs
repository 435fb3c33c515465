//! Owners that are no active people: queues, and those who left.

use super::{Desk, OBJECTS, text};
use serde_json::{Value, json};
use syncline::simulator::hubspot::Settings;
use syncline::simulator::hubspot::owner::{Owner, OwnerKind};

const ACTIVE: &str = "41629779";
const GONE: &str = "41629781";
const QUEUE: &str = "41629782";

fn give(desk: &mut Desk, object: &str, owner: &str) -> (u16, Value) {
    let name = match object {
        "contacts" => json!({ "lastname": "A" }),
        "companies" => json!({ "name": "A" }),
        "deals" => json!({ "dealname": "A", "dealstage": "closedwon" }),
        _ => json!({ "hs_timestamp": "2026-10-01" }),
    };
    let mut properties = name;
    properties["hubspot_owner_id"] = json!(owner);
    desk.post(
        &format!("{OBJECTS}/{object}"),
        &json!({ "properties": properties }),
    )
}

#[test]
fn every_type_can_be_given_to_people_and_queues_but_not_to_those_who_left() {
    let mut desk = Desk::new();
    for object in ["contacts", "companies", "deals", "tasks"] {
        assert_eq!(give(&mut desk, object, ACTIVE).0, 201);
        assert_eq!(give(&mut desk, object, QUEUE).0, 201);
        let (status, body) = give(&mut desk, object, GONE);
        assert_eq!(
            (status, &body["errors"][0]["code"]),
            (400, &json!("INVALID_OWNER_ID"))
        );
    }
    let mut desk = Desk::with(Settings {
        archived_owner_accepted: true,
        queue_owner_accepted: false,
        ..Settings::default()
    });
    assert_eq!(give(&mut desk, "tasks", GONE).0, 201);
    let (status, body) = give(&mut desk, "tasks", QUEUE);
    assert_eq!(
        (status, &body["errors"][0]["code"]),
        (400, &json!("INVALID_OWNER_ID"))
    );
}

#[test]
fn an_owner_who_leaves_keeps_the_records_and_moves_to_the_archived() {
    let mut desk = Desk::new();
    let (_, made) = give(&mut desk, "deals", ACTIVE);
    desk.hubspot.put_owner(Owner {
        id: ACTIVE.to_owned(),
        email: "ada.olsen@example.com".to_owned(),
        first_name: "Ada".to_owned(),
        last_name: "Olsen".to_owned(),
        kind: OwnerKind::Person,
        archived: true,
    });
    let kept = desk.hubspot.get("deals", &text(&made["id"])).unwrap();
    assert_eq!(kept.value("hubspot_owner_id"), Some(ACTIVE));
    let place = format!("/crm/owners/2026-09/{ACTIVE}");
    assert_eq!(desk.get(&place).0, 404);
    let (status, owner) = desk.get(&format!("{place}?archived=true"));
    assert_eq!((status, &owner["userId"]), (200, &Value::Null));
    let user = &owner["userIdIncludingInactive"];
    let by_user = format!("/crm/v3/owners/{user}?idProperty=userId&archived=true");
    assert_eq!(desk.get(&by_user).1["id"], ACTIVE);
    let (_, queue) = desk.get(&format!("/crm/v3/owners/{QUEUE}"));
    assert_eq!(queue["type"], "QUEUE");
}
