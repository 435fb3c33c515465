//! Single records: what is accepted, how it is read, and what a merge leaves.

use super::{Desk, OBJECTS, text};
use serde_json::{Value, json};

/// Creates a contact from `properties` on a fresh portal; expects the (code, property) pairs in both styles.
fn check(properties: Value, expected: &[(&str, &str)]) {
    let mut desk = Desk::new();
    let (status, body) = desk.post(
        &format!("{OBJECTS}/contacts"),
        &json!({ "properties": properties }),
    );
    assert_eq!(status, 400, "{body}");
    assert_eq!(body["category"], "VALIDATION_ERROR");
    let listed: Vec<(String, String)> = body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (text(&one["code"]), text(&one["context"]["propertyName"][0])))
        .collect();
    let expected: Vec<(String, String)> = expected
        .iter()
        .map(|(code, name)| ((*code).to_owned(), (*name).to_owned()))
        .collect();
    assert_eq!(listed, expected);
    let message = text(&body["message"]);
    let embedded = message
        .strip_prefix("Property values were not valid: ")
        .unwrap();
    let embedded: Value = serde_json::from_str(embedded).unwrap();
    let embedded: Vec<(String, String)> = embedded
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (text(&one["error"]), text(&one["name"])))
        .collect();
    assert_eq!(embedded, expected);
    assert!(
        desk.hubspot.records("contacts").is_empty(),
        "a refused write leaves nothing"
    );
}

#[test]
fn each_bad_value_has_its_code() {
    check(
        json!({ "email": "a@example.con" }),
        &[("INVALID_EMAIL", "email")],
    );
    check(
        json!({ "email": "no address" }),
        &[("INVALID_EMAIL", "email")],
    );
    check(
        json!({ "lastname": "A", "missing": "1" }),
        &[("PROPERTY_DOESNT_EXIST", "missing")],
    );
    check(
        json!({ "customer_tier": "Gold" }),
        &[("INVALID_OPTION", "customer_tier")],
    );
    check(
        json!({ "interests": "events;golf" }),
        &[("INVALID_OPTION", "interests")],
    );
    check(json!({ "score": "1/1/1" }), &[("INVALID_LONG", "score")]);
    check(
        json!({ "last_webinar": "soon" }),
        &[("INVALID_DATE", "last_webinar")],
    );
    check(
        json!({ "renewal_date": "soon" }),
        &[("INVALID_DATE", "renewal_date")],
    );
    check(
        json!({ "newsletter": "maybe" }),
        &[("INVALID_BOOLEAN", "newsletter")],
    );
    check(
        json!({ "hubspot_owner_id": "9" }),
        &[("INVALID_OWNER_ID", "hubspot_owner_id")],
    );
    check(
        json!({ "hubspot_owner_id": "41629781" }),
        &[("INVALID_OWNER_ID", "hubspot_owner_id")],
    );
    check(
        json!({ "hs_email_domain": "a" }),
        &[("READ_ONLY_VALUE", "hs_email_domain")],
    );
    check(
        json!({ "city": "x".repeat(65_537) }),
        &[("PROPERTY_VALUE_TOO_LONG", "city")],
    );
}

#[test]
fn all_bad_properties_are_told_at_once() {
    check(
        json!({ "email": "x", "score": "many", "lastname": "Good" }),
        &[("INVALID_EMAIL", "email"), ("INVALID_LONG", "score")],
    );
}

#[test]
fn a_date_off_midnight_is_refused_by_older_paths_and_put_right_by_2026_09() {
    let mut desk = Desk::new();
    let body = json!({ "properties": { "lastname": "A", "renewal_date": "1641038400000" } });
    let (status, refused) = desk.post("/crm/v3/objects/contacts", &body);
    assert_eq!(status, 400);
    assert!(text(&refused["message"]).contains("is at 12:0:0.0 UTC, not midnight!"));
    let (status, made) = desk.post(&format!("{OBJECTS}/contacts"), &body);
    assert_eq!(status, 201);
    assert_eq!(made["properties"]["renewal_date"], "2022-01-01");
    assert_eq!(made["warnings"][0]["category"], "PROPERTY_VALUE_NORMALIZED");
}

#[test]
fn every_generation_of_paths_reads_the_same_record() {
    let mut desk = Desk::new();
    let id = desk.create(json!({ "email": "Ada@Example.com", "score": 7 }));
    for path in [
        format!("/crm/v3/objects/contacts/{id}"),
        format!("/crm/v3/objects/0-1/{id}"),
        format!("/crm/objects/2026-03/contact/{id}"),
        "/crm/objects/2026-09/contacts/ada%40example.com?idProperty=email".to_owned(),
    ] {
        let (status, body) = desk.get(&path);
        assert_eq!((status, &body["id"]), (200, &json!(id)), "{path}");
        assert_eq!(body["properties"]["email"], "ada@example.com");
    }
    let (_, body) = desk.get(&format!(
        "{OBJECTS}/contacts/{id}?properties=score,nothing&properties=city"
    ));
    assert_eq!(
        body["properties"],
        json!({
            "createdate": "2026-09-21T14:13:20.000Z", "lastmodifieddate": "2026-09-21T14:13:20.000Z",
            "hs_object_id": id, "score": "7", "city": null,
        })
    );
}

#[test]
fn an_unknown_path_is_a_page_and_an_unknown_type_is_json() {
    let mut desk = Desk::new();
    let response = desk.raw("GET", "/crm/v9/objects/contacts", Vec::new());
    assert_eq!(response.status, 404);
    assert!(
        response
            .header("content-type")
            .unwrap()
            .starts_with("text/html")
    );
    assert!(response.header("date").is_some());
    let (status, body) = desk.get("/crm/v3/objects/xyz");
    assert_eq!(
        (status, text(&body["message"])),
        (400, "Unable to infer object type from: xyz".to_owned())
    );
    assert!(!text(&body["correlationId"]).is_empty());
}

#[test]
fn a_second_contact_with_one_address_is_a_conflict_that_names_the_first() {
    let mut desk = Desk::new();
    let id = desk.create(json!({ "email": "a@example.com" }));
    let body = json!({ "properties": { "email": " A@EXAMPLE.COM" } });
    let (status, body) = desk.post(&format!("{OBJECTS}/contacts"), &body);
    assert_eq!((status, &body["category"]), (409, &json!("CONFLICT")));
    assert_eq!(
        text(&body["message"]),
        format!("Contact already exists. Existing ID: {id}")
    );
}

#[test]
fn a_unique_value_is_refused_with_both_ids() {
    let mut desk = Desk::new();
    let first = desk.create(json!({ "lastname": "A", "syncline_salesforce_id": "003A" }));
    let second = desk.create(json!({ "lastname": "B" }));
    let body = json!({ "properties": { "syncline_salesforce_id": "003A" } });
    let (status, body) = desk.patch(&format!("{OBJECTS}/contacts/{second}"), &body);
    assert_eq!(status, 400);
    let message = text(&body["message"]);
    assert!(
        message.contains("propertyName=syncline_salesforce_id, value=003A}"),
        "{message}"
    );
    assert!(
        message.ends_with(&format!("on {second}. {first} already has that value.")),
        "{message}"
    );
}

#[test]
fn an_archived_record_frees_its_address_and_shows_only_when_asked_for() {
    let mut desk = Desk::new();
    let id = desk.create(json!({ "email": "a@example.com" }));
    assert_eq!(
        desk.raw("DELETE", &format!("{OBJECTS}/contacts/{id}"), Vec::new())
            .status,
        204
    );
    assert_eq!(
        desk.raw("DELETE", &format!("{OBJECTS}/contacts/1"), Vec::new())
            .status,
        204
    );
    assert_eq!(desk.get(&format!("{OBJECTS}/contacts/{id}")).0, 404);
    let (_, listed) = desk.get(&format!("{OBJECTS}/contacts?archived=True"));
    assert_eq!(listed["results"][0]["id"], json!(id));
    assert_eq!(
        listed["results"][0]["archivedAt"],
        "2026-09-21T14:13:20.000Z"
    );
    assert_ne!(desk.create(json!({ "email": "a@example.com" })), id);
}

#[test]
fn a_list_is_paged_by_id() {
    let mut desk = Desk::new();
    let ids: Vec<String> = (0..5)
        .map(|n| desk.create(json!({ "lastname": n })))
        .collect();
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let (_, page) = desk.get(&format!("{OBJECTS}/contacts?limit=2{after}&archived=False"));
        seen.extend(
            page["results"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| text(&one["id"])),
        );
        let Some(next) = page["paging"]["next"]["after"].as_str() else {
            break;
        };
        after = format!("&after={next}");
    }
    assert_eq!(seen, ids);
    assert_eq!(desk.get(&format!("{OBJECTS}/contacts?limit=101")).0, 400);
}

#[test]
fn a_merge_makes_a_third_record_to_which_both_ids_lead() {
    let mut desk = Desk::new();
    let primary = desk.create(json!({ "email": "a@example.com", "city": "Ulm" }));
    let other = desk.create(json!({ "email": "b@example.com", "city": "Bonn", "phone": "1" }));
    desk.now += 10;
    let (status, merged) = desk.post(
        &format!("{OBJECTS}/contacts/merge"),
        &json!({ "primaryObjectId": primary, "objectIdToMerge": other }),
    );
    assert_eq!(status, 200, "{merged}");
    assert_eq!(
        merged["properties"]["hs_merged_object_ids"],
        json!(format!("{primary};{other}"))
    );
    assert_eq!(merged["properties"]["city"], "Ulm");
    assert_eq!(merged["properties"]["phone"], "1");
    for address in [&primary, &other] {
        let (status, body) = desk.get(&format!("{OBJECTS}/contacts/{address}"));
        assert_eq!((status, &body["id"]), (200, &merged["id"]));
    }
    let (_, found) = desk.get(&format!(
        "{OBJECTS}/contacts/b@example.com?idProperty=email"
    ));
    assert_eq!(found["id"], merged["id"]);
    let inputs = json!({ "inputs": [{ "id": other, "properties": { "city": "Kiel" } }] });
    let (status, body) = desk.post(&format!("{OBJECTS}/contacts/batch/update"), &inputs);
    assert_eq!(
        (status, &body["errors"][0]["context"]["ids"]),
        (207, &json!([other]))
    );
}

#[test]
fn lifecycle_moves_forward_only_until_it_is_cleared() {
    let mut desk = Desk::new();
    let id = desk.create(json!({ "email": "a@example.com", "lifecyclestage": "customer" }));
    let address = format!("{OBJECTS}/contacts/{id}");
    let mut set = |stage: &str| {
        let (status, body) = desk.patch(
            &address,
            &json!({ "properties": { "lifecyclestage": stage } }),
        );
        assert_eq!(status, 200);
        body["properties"]
            .get("lifecyclestage")
            .map_or_else(String::new, text)
    };
    assert_eq!(set("lead"), "customer");
    assert_eq!(set("evangelist"), "evangelist");
    assert_eq!(set(""), "");
    assert_eq!(set("lead"), "lead");
}

#[test]
fn every_write_moves_the_stamp_even_when_no_value_changes() {
    let mut desk = Desk::new();
    let id = desk.create(json!({ "email": "a@example.com", "city": "Ulm" }));
    desk.now += 7;
    let (_, body) = desk.patch(
        &format!("{OBJECTS}/contacts/{id}"),
        &json!({ "properties": { "city": "Ulm" } }),
    );
    assert_eq!(
        body["properties"]["lastmodifieddate"],
        "2026-09-21T14:13:20.007Z"
    );
    assert_eq!(
        desk.hubspot
            .get("contacts", &id)
            .unwrap()
            .history("city")
            .len(),
        1
    );
}
