//! The simulated HubSpot answers as the reference says the real one does.
#![expect(
    clippy::needless_pass_by_value,
    reason = "tests build their data where they use it"
)]
#![expect(
    clippy::unwrap_used,
    reason = "a missing value fails the test, as it should"
)]

use serde_json::{Map, Value, json};
use syncline::simulator::hubspot::admin::PropertyChange;
use syncline::simulator::hubspot::property::{Access, Presence};
use syncline::simulator::hubspot::rule::{Automation, Rewrite, Rule, When};
use syncline::simulator::hubspot::{HubSpot, Settings};
use syncline::simulator::wire::{Request, Response};

const NOON: i64 = 1_790_000_000_000;
const OBJECTS: &str = "/crm/objects/2026-09";

struct Desk {
    hubspot: HubSpot,
    now: i64,
}

impl Desk {
    fn new() -> Desk {
        Desk::with(Settings {
            shuffle_batches: false,
            ..Settings::default()
        })
    }

    fn with(settings: Settings) -> Desk {
        Desk {
            hubspot: HubSpot::new(settings),
            now: NOON,
        }
    }

    fn raw(&mut self, method: &str, address: &str, body: Vec<u8>) -> Response {
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let bearer = (
            "authorization".to_owned(),
            "Bearer pat-eu1-simulated".to_owned(),
        );
        let request = Request {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: vec![bearer],
            body,
        };
        self.hubspot.handle(&request, self.now)
    }

    fn get(&mut self, address: &str) -> (u16, Value) {
        parsed(&self.raw("GET", address, Vec::new()))
    }

    fn post(&mut self, address: &str, body: &Value) -> (u16, Value) {
        parsed(&self.raw("POST", address, body.to_string().into_bytes()))
    }

    fn patch(&mut self, address: &str, body: &Value) -> (u16, Value) {
        parsed(&self.raw("PATCH", address, body.to_string().into_bytes()))
    }

    fn create(&mut self, properties: Value) -> String {
        let (status, body) = self.post(
            &format!("{OBJECTS}/contacts"),
            &json!({ "properties": properties }),
        );
        assert_eq!(status, 201, "{body}");
        text(&body["id"])
    }

    fn search(&mut self, body: &Value) -> (u16, Value) {
        self.post(&format!("{OBJECTS}/contacts/search"), body)
    }
}

fn parsed(response: &Response) -> (u16, Value) {
    (
        response.status,
        serde_json::from_slice(&response.body).unwrap_or(Value::Null),
    )
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn map(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

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
fn a_search_does_not_show_a_record_before_the_index_lag() {
    let mut desk = Desk::new();
    desk.create(json!({ "email": "a@example.com" }));
    desk.now += 1_999;
    assert_eq!(desk.search(&json!({})).1["total"], 0);
    desk.now += 1;
    assert_eq!(desk.search(&json!({})).1["total"], 1);
}

#[test]
fn with_a_spread_a_later_write_may_be_seen_before_an_earlier_one() {
    let settings = Settings {
        index_lag_ms: 10_000,
        index_lag_spread_ms: 10_000,
        ..Settings::default()
    };
    let mut desk = Desk::with(settings);
    let ids: Vec<String> = (0..20)
        .map(|n| {
            desk.now += 100;
            desk.create(json!({ "lastname": n }))
        })
        .collect();
    desk.now += 2_000;
    let (_, found) = desk.search(&json!({ "limit": 200 }));
    let seen: Vec<String> = found["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| text(&one["id"]))
        .collect();
    assert!(!seen.is_empty() && seen.len() < ids.len());
    let prefix = ids.iter().take(seen.len()).eq(seen.iter());
    assert!(
        !prefix,
        "out of order: {} of {} seen",
        seen.len(),
        ids.len()
    );
}

#[test]
fn a_search_drains_equal_stamps_by_id_and_goes_on_from_the_stamp() {
    let mut desk = Desk::new();
    for n in 0..6 {
        desk.create(json!({ "lastname": n }));
        if n == 3 {
            desk.now += 1;
        }
    }
    desk.now += 5_000;
    let sorts = json!([{ "propertyName": "lastmodifieddate", "direction": "ASCENDING" }]);
    let page = |desk: &mut Desk, filters: Value| {
        let body = json!({
            "filterGroups": [{ "filters": filters }], "sorts": sorts, "limit": 2,
        });
        let (status, body) = desk.search(&body);
        assert_eq!(status, 200, "{body}");
        (body["total"].clone(), body["results"].clone())
    };
    let stamp = NOON.to_string();
    let from = json!([{ "propertyName": "lastmodifieddate", "operator": "GTE", "value": stamp }]);
    let (total, results) = page(&mut desk, from);
    assert_eq!(total, 6);
    let last = text(&results[1]["id"]);
    let rest = json!([
        { "propertyName": "lastmodifieddate", "operator": "EQ", "value": stamp },
        { "propertyName": "hs_object_id", "operator": "GT", "value": last },
    ]);
    assert_eq!(page(&mut desk, rest).0, 2);
    let later = json!([{ "propertyName": "lastmodifieddate", "operator": "GT", "value": NOON }]);
    assert_eq!(page(&mut desk, later).0, 2);
}

#[test]
fn a_search_has_bounds_and_its_own_limit() {
    let mut desk = Desk::new();
    let too_deep = json!({ "after": "9900", "limit": 101 });
    assert_eq!(desk.search(&too_deep).0, 400);
    assert_eq!(desk.search(&json!({ "query": "x".repeat(3_000) })).0, 400);
    assert_eq!(desk.search(&json!({ "limit": 201 })).0, 400);
    let unknown = json!({ "filters": [{ "propertyName": "x", "operator": "EQ", "value": "1" }] });
    assert_eq!(desk.search(&unknown).0, 400);
    assert_eq!(desk.search(&json!({ "sorts": ["-createdate"] })).0, 200);
    let response = desk.raw(
        "POST",
        &format!("{OBJECTS}/contacts/search"),
        b"{}".to_vec(),
    );
    assert_eq!(response.status, 429);
    assert!(response.header("x-hubspot-ratelimit-max").is_none());
    assert_eq!(parsed(&response).1["policyName"], "SECONDLY");
    desk.now += 1_000;
    assert_eq!(desk.search(&json!({})).0, 200);
}

#[test]
fn filters_compare_as_their_kinds_do() {
    let mut desk = Desk::new();
    desk.create(json!({
        "lastname": "Meier-Lopez", "score": "9", "interests": "events;beta",
        "renewal_date": "2026-12-01", "customer_tier": "gold",
    }));
    desk.create(json!({ "lastname": "smith", "score": "10" }));
    desk.now += 5_000;
    for (filter, expected) in [
        (
            json!({ "propertyName": "score", "operator": "GT", "value": "9" }),
            1,
        ),
        (
            json!({ "propertyName": "score", "operator": "BETWEEN", "value": "9", "highValue": "10" }),
            2,
        ),
        (
            json!({ "propertyName": "lastname", "operator": "EQ", "value": "SMITH" }),
            1,
        ),
        (
            json!({ "propertyName": "lastname", "operator": "CONTAINS_TOKEN", "value": "lop*" }),
            1,
        ),
        (
            json!({ "propertyName": "interests", "operator": "IN", "values": ["beta"] }),
            1,
        ),
        (
            json!({ "propertyName": "customer_tier", "operator": "EQ", "value": "GOLD" }),
            0,
        ),
        (
            json!({ "propertyName": "customer_tier", "operator": "NOT_HAS_PROPERTY" }),
            1,
        ),
        (
            json!({ "propertyName": "renewal_date", "operator": "LT", "value": "2026-12-02" }),
            1,
        ),
    ] {
        desk.now += 1_000;
        let (status, body) = desk.search(&json!({ "filters": [filter] }));
        assert_eq!(
            (status, &body["total"]),
            (200, &json!(expected)),
            "{filter}"
        );
    }
}

#[test]
fn a_traced_batch_with_one_bad_row_is_207() {
    let mut desk = Desk::new();
    let inputs = json!({ "inputs": [
        { "properties": { "email": "a@example.com" }, "objectWriteTraceId": "t1" },
        { "properties": { "email": "b@example.com", "score": "many" }, "objectWriteTraceId": "t2" },
        { "properties": { "email": "a@example.com" }, "objectWriteTraceId": "t3" },
    ] });
    let (status, body) = desk.post(&format!("{OBJECTS}/contacts/batch/create"), &inputs);
    assert_eq!((status, &body["numErrors"]), (207, &json!(2)));
    assert_eq!(body["results"][0]["objectWriteTraceId"], "t1");
    assert_eq!(
        body["errors"][0]["context"]["objectWriteTraceId"],
        json!(["t2"])
    );
    assert_eq!(body["errors"][1]["category"], "CONFLICT");
    assert_eq!(desk.hubspot.records("contacts").len(), 1);
}

#[test]
fn a_batch_without_traces_fails_whole() {
    let mut desk = Desk::new();
    let known = desk.create(json!({ "email": "k@example.com", "city": "Ulm" }));
    let create = json!({ "inputs": [
        { "properties": { "email": "a@example.com" } },
        { "properties": { "email": "a@example.com" } },
    ] });
    assert_eq!(
        desk.post(&format!("{OBJECTS}/contacts/batch/create"), &create)
            .0,
        409
    );
    let update = json!({ "inputs": [
        { "id": known, "properties": { "city": "Bonn" }, "objectWriteTraceId": "t1" },
        { "id": "k@example.com", "idProperty": "email", "properties": { "score": "many" } },
    ] });
    assert_eq!(
        desk.post(&format!("{OBJECTS}/contacts/batch/update"), &update)
            .0,
        400
    );
    assert_eq!(desk.hubspot.records("contacts").len(), 1);
    assert_eq!(
        desk.hubspot.get("contacts", &known).unwrap().value("city"),
        Some("Ulm")
    );
}

#[test]
fn an_upsert_says_what_is_new_and_lands_on_the_unique_value() {
    let mut desk = Desk::new();
    let upsert = |desk: &mut Desk, city: &str| {
        let inputs = json!({ "inputs": [{
            "id": "003A", "idProperty": "syncline_salesforce_id", "objectWriteTraceId": "t",
            "properties": { "lastname": "A", "city": city },
        }] });
        let (status, body) = desk.post(&format!("{OBJECTS}/contacts/batch/upsert"), &inputs);
        assert_eq!(status, 200, "{body}");
        (
            text(&body["results"][0]["id"]),
            body["results"][0]["new"].clone(),
        )
    };
    let (first, new) = upsert(&mut desk, "Ulm");
    assert_eq!(new, json!(true));
    assert_eq!(upsert(&mut desk, "Bonn"), (first, json!(false)));
}

#[test]
fn a_batch_read_finds_by_unique_value_and_names_what_is_missing() {
    let mut desk = Desk::new();
    let id = desk.create(json!({ "email": "a@example.com", "city": "Ulm" }));
    let address = format!("{OBJECTS}/contacts/batch/read");
    let body = json!({
        "inputs": [{ "id": "A@example.com" }, { "id": "b@example.com" }], "idProperty": "email",
        "properties": ["city"], "propertiesWithHistory": ["city"],
    });
    let (status, body) = desk.post(&address, &body);
    assert_eq!((status, &body["results"][0]["id"]), (207, &json!(id)));
    assert_eq!(
        body["errors"][0]["context"]["ids"],
        json!(["b@example.com"])
    );
    let newest = &body["results"][0]["propertiesWithHistory"]["city"][0];
    assert_eq!(
        (&newest["value"], &newest["sourceType"]),
        (&json!("Ulm"), &json!("INTEGRATION"))
    );
    let many: Vec<Value> = (0..51).map(|n| json!({ "id": n.to_string() })).collect();
    let (status, body) = desk.post(
        &address,
        &json!({ "inputs": many, "propertiesWithHistory": ["city"] }),
    );
    assert_eq!(status, 400);
    assert!(text(&body["message"]).contains("property histories is 50"));
    let by_city = json!({ "inputs": [{ "id": "Ulm" }], "idProperty": "city" });
    assert_eq!(desk.post(&address, &by_city).0, 400);
    assert_eq!(desk.post(&address, &json!({ "inputs": [] })).0, 400);
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

#[test]
fn the_burst_limit_refuses_and_recovers() {
    let mut desk = Desk::with(Settings {
        burst_limit: 3,
        ..Settings::default()
    });
    let address = format!("{OBJECTS}/contacts");
    let first = desk.raw("GET", &address, Vec::new());
    assert_eq!(first.header("x-hubspot-ratelimit-max"), Some("3"));
    assert_eq!(first.header("x-hubspot-ratelimit-remaining"), Some("2"));
    desk.get(&address);
    desk.get(&address);
    let (status, body) = desk.get(&address);
    assert_eq!(
        (status, &body["policyName"]),
        (429, &json!("TEN_SECONDLY_ROLLING"))
    );
    desk.now += 10_000;
    assert_eq!(desk.get(&address).0, 200);
    assert_eq!(desk.hubspot.calls_counted(), 4);
}

#[test]
fn the_daily_limit_ends_at_the_portals_midnight() {
    let mut desk = Desk::with(Settings {
        daily_limit: 100,
        ..Settings::default()
    });
    desk.hubspot.preload_usage(99, NOON);
    let (_, usage) = desk.get("/account-info/2026-09/api-usage/daily/private-apps");
    assert_eq!(usage["results"][0]["currentUsage"], 100);
    assert_eq!(usage["results"][0]["resetsAt"], "2026-09-21T22:00:00.000Z");
    let (status, body) = desk.get(&format!("{OBJECTS}/contacts"));
    assert_eq!((status, &body["policyName"]), (429, &json!("DAILY")));
    desk.now = NOON + 8 * 3_600_000;
    assert_eq!(desk.get(&format!("{OBJECTS}/contacts")).0, 200);
}

#[test]
fn a_revoked_token_is_401_and_a_missing_scope_403() {
    let mut desk = Desk::new();
    desk.hubspot
        .grant_scopes(Some(vec!["crm.objects.contacts.read".to_owned()]));
    assert_eq!(desk.get(&format!("{OBJECTS}/contacts")).0, 200);
    let (status, body) = desk.get("/crm/owners/2026-09");
    assert_eq!((status, &body["category"]), (403, &json!("MISSING_SCOPES")));
    let scopes = &body["errors"][0]["context"]["requiredGranularScopes"];
    assert_eq!(scopes, &json!(["crm.objects.owners.read"]));
    desk.hubspot.set_token_ok(false);
    let (status, body) = desk.get(&format!("{OBJECTS}/contacts"));
    assert_eq!(
        (status, &body["category"]),
        (401, &json!("INVALID_AUTHENTICATION"))
    );
}

#[test]
fn a_refresh_token_buys_half_an_hour() {
    let mut desk = Desk::new();
    let form = "grant_type=refresh_token&client_id=simulated-client\
                &client_secret=simulated-secret&refresh_token=eu1-simulated-refresh";
    let form = form.as_bytes().to_vec();
    let mut token = String::new();
    for address in [
        "/oauth/v1/token",
        "/oauth/v3/token",
        "/oauth/2026-03/token",
        "/oauth/2026-09/token",
    ] {
        let (status, body) = parsed(&desk.raw("POST", address, form.clone()));
        assert_eq!(
            (status, &body["expires_in"]),
            (200, &json!(1_800)),
            "{address}"
        );
        token = text(&body["access_token"]);
    }
    let mut ask = |now: i64| {
        let request = Request {
            method: "GET".to_owned(),
            path: format!("{OBJECTS}/contacts"),
            query: String::new(),
            headers: vec![("authorization".to_owned(), format!("Bearer {token}"))],
            body: Vec::new(),
        };
        parsed(&desk.hubspot.handle(&request, now))
    };
    assert_eq!(ask(NOON + 1_799_999).0, 200);
    let (status, body) = ask(NOON + 1_807_000);
    assert_eq!(
        (status, &body["category"]),
        (401, &json!("EXPIRED_AUTHENTICATION"))
    );
    assert!(text(&body["message"]).ends_with("expired 7 second(s) ago."));
    desk.hubspot.set_refresh_ok(false);
    let (status, body) = parsed(&desk.raw("POST", "/oauth/v3/token", form));
    assert_eq!(
        (status, &body["status"]),
        (400, &json!("BAD_REFRESH_TOKEN"))
    );
}

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

#[test]
fn ten_thousand_contacts_are_searched_and_read_quickly() {
    let mut desk = Desk::with(Settings {
        burst_limit: 1_000_000,
        ..Settings::default()
    });
    for n in 0..10_000 {
        let properties = map(json!({
            "email": format!("p{n}@example.com"), "syncline_salesforce_id": format!("003{n}"),
        }));
        desk.hubspot
            .put("contacts", None, &properties, NOON + n)
            .unwrap();
    }
    desk.now += 20_000;
    let body = json!({
        "filterGroups": [{ "filters": [
            { "propertyName": "lastmodifieddate", "operator": "GTE", "value": (NOON + 5_000).to_string() },
        ] }],
        "sorts": [{ "propertyName": "lastmodifieddate", "direction": "ASCENDING" }], "limit": 200,
        "properties": ["email", "city", "phone", "score"],
    });
    let (status, found) = desk.search(&body);
    assert_eq!((status, &found["total"]), (200, &json!(5_000)));
    for n in 0..20 {
        let inputs: Vec<Value> = (0..100)
            .map(|m| json!({ "id": format!("003{}", n * 100 + m) }))
            .collect();
        let body = json!({ "inputs": inputs, "idProperty": "syncline_salesforce_id" });
        assert_eq!(
            desk.post(&format!("{OBJECTS}/contacts/batch/read"), &body)
                .0,
            200
        );
    }
}
