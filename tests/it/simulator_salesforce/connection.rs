//! Sessions, tokens, versions and the limit of calls.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use syncline::simulator::salesforce::Settings;

use super::{DAY, NOW, body, header, org, org_with, told};

// A throw-away key pair's public half, and an assertion it signed that expires at NOW + 180 s.
const PUBLIC_KEY: &str = "\
    MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAylWZTHOZFx6jxUI03o2AnLEuStdmuNyvi0w8cBJoOy/z7N\
    QwTMjUHEH+X3XJsY6vTDcL5b2GFxrQtYzrPhYctgT22XG0Ns7+x86z2trTh5tx1Bmvs8RSYEuNY0PU0aSYYrbmjXl3\
    yGjETIAGMq3PWb/GYA6s7X4DnZ1EYaqwn5pjWBoo629PkNghysg5Juo/710jISk5X3r6DOySaj726rlXXszE1r7TKV\
    oIk9Uw8kwsVMIRWeg4zCoX7E0cxkIrEQjLYTHaLDmHTwmo9xTHN+oNxIFitc8iTFltMznLWz0/t9YiRkTeg9AxL0/7\
    HxwlIU6DVymXdl8g0r/jzdtDuQIDAQAB";
const ASSERTION: &str = "\
    eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJzeW5jbGluZS1rZXkiLCJzdWIiOiJzeW5jbGluZUBhY21lLmV4YW1wbGUiL\
    CJhdWQiOiJodHRwczovL2xvZ2luLnNhbGVzZm9yY2UuY29tIiwiZXhwIjoiMTc2NzYwODA1MiJ9.LY8A1-\
    0QPIVKOjii15aD-aIrYmCbvnTJDVYatJhEUGDqzuDdSaprB7utoGB51AULrZUjoM-OKJxcnWrZlza9DfrQRANvYaJO\
    jVCq068CPRAwRe8kwnEmFwnbdXdqJJSL6JU2SdKfJC9oKzuFR3FD_cEHEfy8nBTLY7Wdv1rtI0aITFpLGyl8apexAM\
    ZUxFSiu7Sp7HkookieFRTNll-dBxKvnTwrnyOPtw3fyFTjvj7yHJQI7W3HmTIGwYV8nC6wuCedZdPL57RjQ-q2_H-\
    fPd1ARPNUVdzw9-aZLW1gXBm7BZ2HSZ0OlJJ4Ok8nYNhdjvJUWY0_ergFReUnJCI80Q";

#[test]
fn the_limit_is_a_true_rolling_day() {
    let mut org = org_with(Settings {
        org_limit: 12,
        preload_used: 9,
        session_seconds: 200_000,
        ..Settings::default()
    });
    let mut ask = |after: i64| {
        org.now = NOW + after;
        let answer = org.call("GET", "limits", &Value::Null);
        format!(
            "{} [{}]",
            told(&answer),
            header(&answer, "sforce-limit-info")
        )
    };
    assert_eq!(ask(0), "200 [api-usage=10/12]");
    assert_eq!(ask(1000), "200 [api-usage=11/12]");
    assert_eq!(ask(2000), "200 [api-usage=12/12]");
    assert_eq!(
        ask(3000),
        "403 REQUEST_LIMIT_EXCEEDED: TotalRequests Limit exceeded. [api-usage=12/12]"
    );
    assert_eq!(
        ask(DAY - 1),
        "403 REQUEST_LIMIT_EXCEEDED: TotalRequests Limit exceeded. [api-usage=12/12]"
    );
    assert_eq!(ask(DAY), "200 [api-usage=12/12]");
    assert_eq!(
        ask(DAY + 1),
        "403 REQUEST_LIMIT_EXCEEDED: TotalRequests Limit exceeded. [api-usage=12/12]"
    );
    assert_eq!(
        (org.model.calls_counted(), org.model.worst_window()),
        (4, 3)
    );
    org.model.set_concurrent_limit(true);
    let answer = org.call("GET", "limits", &Value::Null);
    assert_eq!(
        told(&answer),
        "403 REQUEST_LIMIT_EXCEEDED: ConcurrentRequests (Concurrent API Requests) Limit exceeded."
    );
    org.model.disable_api(true);
    assert!(told(&org.call("GET", "limits", &Value::Null)).starts_with("403 API_DISABLED_FOR_ORG"));
}

#[test]
fn reported_usage_lags_behind_the_true_one() {
    let mut org = org_with(Settings {
        limit_info_lag_ms: 5000,
        ..Settings::default()
    });
    let mut ask = |after: i64| {
        org.now = NOW + after;
        header(
            &org.call("GET", "limits", &Value::Null),
            "sforce-limit-info",
        )
        .to_owned()
    };
    assert_eq!(ask(0), "api-usage=0/100000");
    assert_eq!(ask(5000), "api-usage=1/100000");
}

#[test]
fn versions_and_tokens_are_free_and_dated() {
    let mut org = org();
    let answer = org.send("GET", "/services/data/", &[("authorization", "none")], b"");
    assert_eq!(
        (answer.status, header(&answer, "sforce-limit-info")),
        (200, "")
    );
    assert_eq!(header(&answer, "date"), "Mon, 05 Jan 2026 10:11:12 GMT");
    let versions = body(&answer);
    let spring = versions
        .as_array()
        .unwrap()
        .iter()
        .find(|v| v["version"] == "66.0")
        .unwrap();
    assert_eq!(spring["label"], "Spring '26");
    assert_eq!(org.model.calls_counted(), 0);
    assert_eq!(
        told(&org.send("GET", "/services/data/v99.0/limits", &[], b"")),
        "404 NOT_FOUND: The requested resource does not exist"
    );
}

#[test]
fn a_session_ends_after_rest_and_when_it_is_ended() {
    let mut org = org();
    org.now = NOW + 7_199_000;
    assert_eq!(org.call("GET", "limits", &Value::Null).status, 200);
    org.now += 7_199_000;
    assert_eq!(org.call("GET", "limits", &Value::Null).status, 200);
    org.now += 7_200_000;
    let answer = org.call("GET", "limits", &Value::Null);
    assert_eq!(
        told(&answer),
        "401 INVALID_SESSION_ID: Session expired or invalid"
    );
    assert_eq!(header(&answer, "sforce-limit-info"), "");
    org.log_in();
    org.model.expire_sessions();
    assert_eq!(org.call("GET", "limits", &Value::Null).status, 401);
    assert_eq!(org.model.calls_counted(), 2);
}

#[test]
fn an_assertion_must_be_signed_by_the_registered_key() {
    let key = STANDARD.decode(PUBLIC_KEY).unwrap();
    let mut org = org_with(Settings {
        public_key: Some(key),
        ..Settings::default()
    });
    let mut ask = |assertion: &str, after: i64| {
        org.now = NOW + after;
        let form = format!(
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={assertion}"
        );
        let answer = org.send("POST", "/services/oauth2/token", &[], form.as_bytes());
        format!(
            "{} {}",
            answer.status,
            body(&answer)["error_description"]
                .as_str()
                .unwrap_or("fine")
        )
    };
    assert_eq!(ask(ASSERTION, 0), "200 fine");
    assert_eq!(
        ask(&ASSERTION.replace(".LY8", ".LY9"), 0),
        "400 invalid assertion"
    );
    assert_eq!(ask("nonsense", 0), "400 invalid assertion");
    assert_eq!(ask(ASSERTION, 180_000), "400 expired authorization code");
}

#[test]
fn the_token_endpoint_says_what_is_wrong() {
    let mut org = org();
    let mut ask = |form: &str, headers: &[(&str, &str)]| {
        let answer = org.send("POST", "/services/oauth2/token", headers, form.as_bytes());
        let body = body(&answer);
        format!(
            "{} {} {}",
            answer.status,
            body["error"].as_str().unwrap_or("-"),
            body["error_description"].as_str().unwrap_or("-")
        )
    };
    assert_eq!(
        ask("", &[]),
        "400 invalid_request missing required parameter: grant_type"
    );
    assert_eq!(
        ask("grant_type=password", &[]),
        "400 unsupported_grant_type grant type not supported"
    );
    assert_eq!(
        ask("grant_type=client_credentials&client_id=x", &[]),
        "400 invalid_client_id client identifier invalid"
    );
    assert_eq!(
        ask(
            "grant_type=client_credentials&client_id=syncline-key&client_secret=x",
            &[]
        ),
        "400 invalid_client invalid client credentials"
    );
    let basic = format!("Basic {}", STANDARD.encode("syncline-key:syncline-secret"));
    assert_eq!(
        ask(
            "grant_type=client_credentials",
            &[("authorization", &basic)]
        ),
        "200 - -"
    );
    let user = Settings::default().user_id;
    org.model.set_user_active(&user, false, NOW).unwrap();
    assert_eq!(org.call("GET", "limits", &Value::Null).status, 401);
    let form =
        b"grant_type=client_credentials&client_id=syncline-key&client_secret=syncline-secret";
    let answer = org.send("POST", "/services/oauth2/token", &[], form);
    assert_eq!(body(&answer)["error_description"], "inactive user");
}
