//! Search: what it sees, when, and how deep.

use super::{Desk, NOON, OBJECTS, map, parsed, text};
use serde_json::{Value, json};
use syncline::simulator::hubspot::Settings;

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
