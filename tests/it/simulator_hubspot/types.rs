//! What holds for every type alike: listing, archiving, restoring, searching, and types of people's own.

use super::{Desk, NOON, OBJECTS, text};
use serde_json::{Value, json};
use syncline::simulator::hubspot::Settings;
use syncline::simulator::hubspot::association::admin::Tie;
use syncline::simulator::hubspot::property::{Kind, Property};
use syncline::simulator::hubspot::schema::Definition;

const TYPES: [&str; 5] = ["contacts", "companies", "deals", "tasks", "2-77"];

fn five_types(settings: Settings) -> Desk {
    let mut desk = Desk::with(settings);
    let mut cars = Definition::new("cars", "car", "2-77");
    cars.properties
        .push(Property::new("wheels", "Wheels", Kind::Number));
    cars.required.push("wheels".to_owned());
    desk.hubspot.define_object_type(cars);
    desk
}

fn some(desk: &mut Desk, object: &str, count: usize) -> Vec<String> {
    let name = match object {
        "contacts" => "lastname",
        "deals" => "dealname",
        "tasks" => "hs_task_subject",
        _ => "name",
    };
    (0..count)
        .map(|number| desk.have(object, json!({ name: number.to_string() })))
        .collect()
}

// Every record of a listing, page by page, and how many pages there were.
fn listed(desk: &mut Desk, object: &str, rest: &str) -> (Vec<Value>, usize) {
    let (mut all, mut pages, mut after) = (Vec::new(), 0, String::new());
    loop {
        let address = format!("{OBJECTS}/{object}?limit=2{rest}{after}");
        let (status, body) = desk.get(&address);
        assert_eq!(status, 200, "{body}");
        pages += 1;
        all.extend(body["results"].as_array().unwrap().clone());
        match body["paging"]["next"]["after"].as_str() {
            Some(cursor) => after = format!("&after={cursor}"),
            None => return (all, pages),
        }
    }
}

fn ids(records: &[Value]) -> Vec<String> {
    records.iter().map(|record| text(&record["id"])).collect()
}

#[test]
fn every_type_is_listed_page_by_page_and_its_archived_records_apart() {
    let mut desk = five_types(Settings::default());
    for object in TYPES {
        let made = some(&mut desk, object, 6);
        for (late, id) in (1..).zip(&made[..3]) {
            let place = format!("{OBJECTS}/{object}/{id}");
            desk.now = NOON + late;
            assert_eq!(desk.delete(&place), 204);
        }
        let (live, pages) = listed(&mut desk, object, "&properties=name");
        assert_eq!((ids(&live), pages), (made[3..].to_vec(), 2), "{object}");
        assert!(live[0]["properties"]["hs_object_id"].is_string());
        let (gone, pages) = listed(&mut desk, object, "&archived=true");
        assert_eq!((ids(&gone), pages), (made[..3].to_vec(), 2), "{object}");
        assert_eq!(
            (&gone[0]["archived"], &live[0]["archived"]),
            (&json!(true), &json!(false))
        );
        assert_eq!(text(&gone[2]["archivedAt"]), text(&gone[2]["updatedAt"]));
        assert_eq!(live[0]["archivedAt"], Value::Null);
        assert_eq!(desk.get(&format!("{OBJECTS}/{object}?limit=101")).0, 400);
    }
}

#[test]
fn a_listing_shows_associations_when_asked() {
    let mut desk = five_types(Settings::default());
    let tasks = some(&mut desk, "tasks", 2);
    let deal = &some(&mut desk, "deals", 1)[0];
    desk.hubspot
        .associate("tasks", &tasks[1], "deals", deal, Tie::Plain, NOON)
        .unwrap();
    let (all, _) = listed(
        &mut desk,
        "tasks",
        "&associations=deals&associations=contacts",
    );
    assert_eq!(all[0]["associations"], Value::Null);
    assert_eq!(
        all[1]["associations"],
        json!({ "deals": { "results": [{ "id": deal, "type": "task_to_deal" }] } })
    );
}

#[test]
fn a_restored_record_is_back_with_its_values_unless_somebody_took_its_place() {
    let mut desk = Desk::new();
    let id = desk.create(json!({ "email": "a@example.com" }));
    desk.hubspot.archive("contacts", &id, NOON).unwrap();
    desk.hubspot.restore("contacts", &id, NOON + 1).unwrap();
    let record = desk.hubspot.get("contacts", &id).unwrap();
    assert_eq!(
        (record.value("email"), record.updated_at),
        (Some("a@example.com"), NOON + 1)
    );
    assert!(desk.hubspot.restore("contacts", &id, NOON + 1).is_err());
    desk.hubspot.archive("contacts", &id, NOON + 2).unwrap();
    desk.create(json!({ "email": "a@example.com" }));
    assert!(desk.hubspot.restore("contacts", &id, NOON + 3).is_err());
}

#[test]
fn a_search_is_as_deep_as_the_portal_allows_and_goes_on_from_a_watermark() {
    let mut desk = five_types(Settings {
        search_depth: 3,
        index_lag_ms: 0,
        ..Settings::default()
    });
    for object in TYPES {
        let mut made = Vec::new();
        for _ in 0..5 {
            desk.now += 1_000;
            made.extend(some(&mut desk, object, 1));
        }
        let modified = if object == "contacts" {
            "lastmodifieddate"
        } else {
            "hs_lastmodifieddate"
        };
        let sorts = json!([{ "propertyName": modified, "direction": "ASCENDING" }]);
        let address = format!("{OBJECTS}/{object}/search");
        let page = |filters: Value, after: &str| json!({ "filters": filters, "sorts": sorts, "limit": 2, "after": after });
        let (status, first) = desk.post(&address, &page(json!([]), "0"));
        assert_eq!((status, &first["total"]), (200, &json!(5)), "{object}");
        assert_eq!(desk.post(&address, &page(json!([]), "2")).0, 400);
        let last = first["results"][1]["properties"][modified].clone();
        let from = json!([{ "propertyName": modified, "operator": "GTE", "value": last }]);
        let (_, next) = desk.post(&address, &page(from, "0"));
        assert_eq!(ids(next["results"].as_array().unwrap()), made[1..3]);
    }
}

#[test]
fn a_search_finds_by_whom_a_record_belongs_to() {
    let mut desk = five_types(Settings::default());
    let contacts = some(&mut desk, "contacts", 2);
    let company = &some(&mut desk, "companies", 1)[0];
    desk.hubspot
        .associate(
            "contacts",
            &contacts[1],
            "companies",
            company,
            Tie::Plain,
            NOON,
        )
        .unwrap();
    desk.now += 10_000;
    let by = |name: &str| json!({ "filters": [{ "propertyName": name, "operator": "EQ", "value": company }] });
    let (_, found) = desk.search(&by("associations.company"));
    assert_eq!(ids(found["results"].as_array().unwrap()), contacts[1..]);
    assert_eq!(desk.search(&by("associations.cars")).0, 400);
}

#[test]
fn schemas_tell_what_people_defined() {
    let mut desk = five_types(Settings::default());
    let (_, all) = desk.get("/crm-object-schemas/v3/schemas");
    let schema = all["results"][0].clone();
    assert_eq!(all["results"].as_array().unwrap().len(), 1);
    assert_eq!(
        (
            &schema["objectTypeId"],
            &schema["fullyQualifiedName"],
            &schema["labels"]["plural"]
        ),
        (&json!("2-77"), &json!("p146812345_car"), &json!("cars"))
    );
    assert_eq!(schema["requiredProperties"], json!(["wheels"]));
    let names: Vec<String> = schema["properties"]
        .as_array()
        .unwrap()
        .iter()
        .map(|property| text(&property["name"]))
        .collect();
    assert!(names.contains(&"syncline_salesforce_id".to_owned()));
    assert_eq!(desk.get("/crm/v3/schemas/p146812345_car").1, schema);
    assert_eq!(
        desk.get("/crm-object-schemas/2026-09/schemas/2-77").1,
        schema
    );
    assert_eq!(
        desk.get("/crm/schemas/2026-09/0-2").1["objectTypeId"],
        "0-2"
    );
    let body = json!({ "properties": { "name": "Fiat" } });
    let (status, refused) = desk.post(&format!("{OBJECTS}/2-77"), &body);
    assert_eq!(
        (status, &refused["context"]["properties"]),
        (400, &json!(["wheels"]))
    );
    desk.hubspot
        .grant_scopes(Some(vec!["crm.objects.custom.read".to_owned()]));
    assert_eq!(desk.get("/crm-object-schemas/v3/schemas").0, 403);
    assert_eq!(desk.get(&format!("{OBJECTS}/2-77")).0, 200);
}
