//! Properties, owners, searches, lists and batch reads.

use crate::crm_transport::{answer, with_header};
use serde_json::json;
use std::collections::BTreeMap;
use syncline::crm::http::{Burst, CallError, Usage};
use syncline::crm::hubspot::{ApiVersion, BASE, Keys, OwnerKind, Search};
use syncline::domain::event::Position;
use syncline::domain::record::{Fields, RecordId, Timestamp, Value};
use syncline::domain::schema::Kind;

use super::{Contacts, NOW, PROPERTIES, client, client_of, field, id, schema, text};

#[tokio::test]
async fn paths_follow_the_version() {
    for (version, account, properties) in [
        (
            "2026-09",
            "/account-info/2026-09/details",
            "/crm/properties/2026-09/p123_car",
        ),
        (
            "2026-03",
            "/account-info/2026-03/details",
            "/crm/properties/2026-03/p123_car",
        ),
        (
            "v3",
            "/account-info/v3/details",
            "/crm/v3/properties/p123_car",
        ),
    ] {
        let body = r#"{"portalId":77,"timeZone":"Europe/Rome","uiDomain":"app.hubspot.com","dataHostingLocation":"eu1"}"#;
        let (hubspot, recorder) = client_of(version, answer(200, body));
        let found = hubspot.account().await.unwrap().value;
        assert_eq!(
            (found.portal, found.time_zone.as_str()),
            (77, "Europe/Rome")
        );
        assert_eq!(recorder.line(), format!("GET {BASE}{account}"));
        assert_eq!(recorder.header("authorization"), "Bearer pat-eu1-hush");
        recorder.then(answer(200, PROPERTIES));
        hubspot.properties("p123_car", NOW).await.unwrap();
        assert_eq!(recorder.line(), format!("GET {BASE}{properties}"));
    }
    assert_eq!(ApiVersion::parse("v2"), None);
}

#[tokio::test]
async fn nothing_prints_the_token() {
    let (hubspot, _) = client(200, "");
    assert_eq!(format!("{hubspot:?}"), "HubSpot(https://api.hubapi.com)");
}

#[tokio::test]
async fn properties_become_a_schema() {
    let schema = schema().await;
    let of = |name: &str| schema.field(&field(name)).unwrap();
    let kinds: Vec<Kind> = [
        "email",
        "notes",
        "phone",
        "optin",
        "tags",
        "source",
        "hubspot_owner_id",
        "upload",
    ]
    .map(|name| of(name).kind)
    .into();
    assert_eq!(
        kinds,
        [
            Kind::Email,
            Kind::LongText,
            Kind::Phone,
            Kind::Bool,
            Kind::MultiPicklist,
            Kind::Picklist,
            Kind::Reference,
            Kind::Unsupported,
        ]
    );
    assert!(of("email").key && of("syncline_salesforce_id").key && !of("lastname").key);
    assert!(of("source").restricted && !of("hubspot_owner_id").restricted);
    assert!(of("tags").choices[0].active, "the API takes hidden options");
    assert!(!of("age").updatable && !of("fixed").creatable && of("score").updatable);
    assert_eq!(of("lastname").length, Some(65_536));
}

#[tokio::test]
async fn owners_come_by_the_page() {
    let (hubspot, recorder) = client(
        200,
        r#"{"results":[
      {"id":"41","email":"a@b.it","type":"PERSON","archived":false},
      {"id":"42","email":"","type":"QUEUE","archived":false}],"paging":{"next":{"after":"x=1"}}}"#,
    );
    let page = hubspot.owners(None).await.unwrap().value;
    assert_eq!(
        recorder.line(),
        format!("GET {BASE}/crm/owners/2026-09?limit=100&archived=false")
    );
    assert_eq!(page.owners[0].email.as_deref(), Some("a@b.it"));
    assert_eq!(
        (page.owners[1].kind, page.owners[1].email.as_ref()),
        (OwnerKind::Queue, None)
    );
    recorder.then(answer(200, r#"{"results":[]}"#));
    let last = hubspot.owners(page.after.as_deref()).await.unwrap().value;
    assert!(recorder.line().ends_with("&archived=false&after=x%3D1"));
    assert_eq!(last.after, None);
}

const FOUND: &str = r#"{"total":12000,"paging":{"next":{"after":"200"}},"results":[
 {"id":"501","archived":false,"updatedAt":"2026-01-01T00:00:00Z","properties":{
  "lastmodifieddate":"2026-01-05T10:11:12.345Z","hs_object_id":"501","email":"a@b.it","lastname":null,
  "score":"12.50","optin":"true","birthday":"1970-02-03","met":"2026-01-05T10:11:12.345Z",
  "tags":"a;b","source":"","createdate":"2026-01-01T00:00:00Z"}}]}"#;

#[tokio::test]
async fn changes_are_searched_for_by_stamp_and_drained_by_id() {
    let wanted = [
        "email", "lastname", "score", "optin", "birthday", "met", "tags", "source",
    ];
    let contacts = Contacts::reading(&wanted).await;
    let (hubspot, recorder) = client(200, FOUND);
    let mut search = Search {
        from: Position {
            stamp: NOW,
            id: Some(id("500")),
        },
        equal_only: false,
        limit: 200,
        after: None,
    };
    let page = hubspot
        .search_changes(&contacts.source(), &search)
        .await
        .unwrap()
        .value;
    assert_eq!(
        recorder.line(),
        format!("POST {BASE}/crm/objects/2026-09/contacts/search")
    );
    let mut names: Vec<&str> = wanted.into();
    names.push("lastmodifieddate");
    assert_eq!(
        recorder.body(),
        json!({
            "filterGroups": [{"filters": [
                {"propertyName": "lastmodifieddate", "operator": "GTE", "value": "1763892000000"}]}],
            "sorts": [{"propertyName": "lastmodifieddate", "direction": "ASCENDING"}],
            "properties": names, "limit": 200
        })
    );
    assert_eq!(
        (page.total, page.after.as_deref(), page.with_fields),
        (12_000, Some("200"), true)
    );
    let record = &page.records[0];
    assert_eq!(record.modified_at, Timestamp(1_767_607_872_345));
    assert_eq!(
        record.fields,
        Fields::from([
            (field("email"), text("a@b.it")),
            (field("lastname"), Value::Blank),
            (field("score"), Value::Number("12.50".into())),
            (field("optin"), Value::Bool(true)),
            (field("birthday"), Value::Date(1970, 2, 3)),
            (field("met"), Value::DateTime(Timestamp(1_767_607_872_345))),
            (field("tags"), Value::Options(vec!["a".into(), "b".into()])),
            (field("source"), Value::Blank),
        ])
    );

    recorder.then(answer(200, FOUND));
    search.equal_only = true;
    search.after = Some("200".into());
    hubspot
        .search_changes(&contacts.source(), &search)
        .await
        .unwrap();
    let body = recorder.body();
    assert_eq!(
        body["filterGroups"][0]["filters"],
        json!([{"propertyName": "lastmodifieddate", "operator": "EQ", "value": "1763892000000"},
               {"propertyName": "hs_object_id", "operator": "GT", "value": "500"}])
    );
    assert_eq!(body["sorts"][0]["propertyName"], "hs_object_id");
    assert_eq!(body["after"], "200");
}

#[tokio::test]
async fn other_types_have_a_stamp_of_their_own_and_long_lists_stay_out_of_a_search() {
    let mut deals = Contacts::reading(&["lastname"]).await;
    deals.schema.api_name = "deals".into();
    deals.fields = (0..200)
        .map(|n| field(&format!("a_rather_long_name_{n}")))
        .collect();
    let (hubspot, recorder) = client(200, r#"{"total":0,"results":[]}"#);
    let search = Search {
        from: Position {
            stamp: NOW,
            id: None,
        },
        equal_only: false,
        limit: 999,
        after: None,
    };
    let page = hubspot
        .search_changes(&deals.source(), &search)
        .await
        .unwrap()
        .value;
    assert!(!page.with_fields);
    assert_eq!(
        recorder.body()["properties"],
        json!(["hs_lastmodifieddate"])
    );
    assert_eq!(recorder.body()["limit"], 200);
}

#[tokio::test]
async fn the_archive_is_listed_with_the_time_of_each_deletion() {
    let contacts = Contacts::reading(&["email"]).await;
    let (hubspot, recorder) = client(
        200,
        r#"{"results":[{"id":"9","archived":true,
      "archivedAt":"2026-01-05T10:11:12.345Z","updatedAt":"2026-01-01T00:00:00Z","properties":{"email":"a@b.it"}}]}"#,
    );
    let page = hubspot
        .list(&contacts.source(), Some("9"), true)
        .await
        .unwrap()
        .value;
    assert_eq!(
        recorder.line(),
        format!(
            "GET {BASE}/crm/objects/2026-09/contacts?limit=100&archived=true\
                 &properties=email%2Clastmodifieddate&after=9"
        )
    );
    assert!(page.records[0].deleted && page.after.is_none());
    assert_eq!(page.records[0].modified_at, Timestamp(1_767_607_872_345));
}

#[tokio::test]
async fn records_are_read_by_key_with_their_history() {
    let contacts = Contacts::reading(&["lastname"]).await;
    let (hubspot, recorder) = client(
        207,
        r#"{"status":"COMPLETE","numErrors":1,
      "results":[{"id":"501","updatedAt":"2026-01-01T00:00:00Z","properties":{"email":"a@b.it","lastname":"R"},
        "propertiesWithHistory":{"lastname":[{"value":"R","timestamp":"2026-01-05T10:11:12.345Z"},{"value":"Q","timestamp":"2025-01-01T00:00:00Z"}]}}],
      "errors":[{"category":"OBJECT_NOT_FOUND","message":"Could not get some CONTACT objects","context":{"ids":["c@d.it"]}}]}"#,
    );
    let values = ["a@b.it".to_owned(), "c@d.it".to_owned()];
    let email = field("email");
    let keys = Keys::Property {
        name: &email,
        values: &values,
    };
    let read = hubspot
        .read(&contacts.source(), keys, &[field("lastname")])
        .await
        .unwrap()
        .value;
    assert_eq!(
        recorder.line(),
        format!("POST {BASE}/crm/objects/2026-09/contacts/batch/read")
    );
    assert_eq!(
        recorder.body(),
        json!({"inputs": [{"id": "a@b.it"}, {"id": "c@d.it"}], "idProperty": "email",
               "properties": ["lastname", "lastmodifieddate", "email"],
               "propertiesWithHistory": ["lastname"]})
    );
    assert_eq!(read.missing, ["c@d.it"]);
    assert_eq!(
        read.changed_at,
        BTreeMap::from([((id("501"), field("lastname")), Timestamp(1_767_607_872_345))])
    );
    assert_eq!(
        read.records[0].fields,
        Fields::from([(field("lastname"), text("R"))])
    );

    recorder.then(answer(200, r#"{"status":"COMPLETE","results":[{"id":"99","updatedAt":"2026-01-01T00:00:00Z","properties":{}}]}"#));
    let ids = [id("51"), id("99")];
    let read = hubspot
        .read(&contacts.source(), Keys::Ids(&ids), &[])
        .await
        .unwrap()
        .value;
    assert_eq!(read.missing, ["51"], "an answer without errors is compared");

    let ids: Vec<RecordId> = (1..=51).map(|n| id(&n.to_string())).collect();
    let error = hubspot
        .read(&contacts.source(), Keys::Ids(&ids), &[field("email")])
        .await;
    assert!(matches!(error, Err(CallError::NotSent(_))));
}

#[tokio::test]
async fn the_daily_quota_is_read_from_the_headers() {
    let next = with_header(
        answer(200, r#"{"results":[]}"#),
        "x-hubspot-ratelimit-daily",
        "1000",
    );
    let next = with_header(next, "x-hubspot-ratelimit-daily-remaining", "990");
    let (hubspot, _) = client_of("2026-09", next);
    let reply = hubspot.owners(None).await.unwrap();
    assert_eq!(
        reply.usage,
        Some(Usage {
            used: 10,
            limit: 1000
        })
    );
    assert_eq!(reply.server_time, Some(Timestamp(1_795_428_000_000)));
}

#[tokio::test]
async fn the_pace_of_ten_seconds_is_read_from_the_headers() {
    let told = |max: &str| {
        let mut next = answer(200, r#"{"results":[]}"#);
        for (name, value) in [
            ("x-hubspot-ratelimit-max", max),
            ("x-hubspot-ratelimit-remaining", "187"),
            ("x-hubspot-ratelimit-interval-milliseconds", "10000"),
        ] {
            next = with_header(next, name, value);
        }
        next
    };
    for (max, expected) in [
        (
            "190",
            Some(Burst {
                calls: 190,
                left: 187,
                span_ms: 10_000,
            }),
        ),
        ("0", None),
        ("many", None),
    ] {
        let (hubspot, _) = client_of("2026-09", told(max));
        assert_eq!(hubspot.owners(None).await.unwrap().burst, expected, "{max}");
    }
}
