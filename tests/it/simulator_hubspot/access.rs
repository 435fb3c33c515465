//! Who is let in, and how often.

use super::{Desk, NOON, OBJECTS, parsed, text};
use serde_json::json;
use syncline::simulator::hubspot::Settings;
use syncline::simulator::wire::Request;

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
