//! What each refusal means to the caller.

use crate::crm_transport::{answer, with_header};
use syncline::crm::http::{CallError, HttpResponse};
use syncline::domain::failure::RawFailure;
use syncline::domain::record::FieldName;

use super::{client, client_of};

async fn refused(answer: HttpResponse) -> CallError {
    let (hubspot, _) = client_of("2026-09", answer);
    hubspot.owners(None).await.unwrap_err()
}

#[tokio::test]
async fn a_refusal_says_what_to_do_next() {
    let slowed = |wait_ms| CallError::Slowed {
        wait_ms,
        daily: false,
    };
    for (status, body, expected) in [
        (
            401,
            r#"{"category":"INVALID_AUTHENTICATION"}"#,
            CallError::Unauthorized {
                status: 401,
                code: "INVALID_AUTHENTICATION".into(),
            },
        ),
        (
            403,
            "",
            CallError::Unauthorized {
                status: 403,
                code: "HTTP_403".into(),
            },
        ),
        (
            429,
            r#"{"errorType":"RATE_LIMIT","policyName":"TEN_SECONDLY_ROLLING","message":"You have reached your ten_secondly_rolling limit."}"#,
            slowed(10_000),
        ),
        (
            429,
            r#"{"errorType":"RATE_LIMIT","message":"You have reached your secondly limit."}"#,
            slowed(1_000),
        ),
        (
            500,
            r#"{"category":"RATE_LIMITS","message":"You have reached your secondly limit."}"#,
            slowed(1_000),
        ),
        (423, "", slowed(2_000)),
        (477, "", slowed(600_000)),
        (
            500,
            r#"{"message":"internal error"}"#,
            CallError::Unavailable { status: 500 },
        ),
        (524, "<html>", CallError::Unavailable { status: 524 }),
    ] {
        assert_eq!(
            refused(answer(status, body)).await,
            expected,
            "{status} {body}"
        );
    }
    let moving = with_header(answer(477, ""), "retry-after", "7200");
    assert_eq!(refused(moving).await, slowed(7_200_000));
}

#[tokio::test]
async fn a_daily_limit_lasts_until_midnight_where_the_account_lives() {
    let limit = answer(
        429,
        r#"{"errorType":"RATE_LIMIT","policyName":"DAILY","message":"You have reached your daily limit."}"#,
    );
    let daily = |wait_ms| CallError::Slowed {
        wait_ms,
        daily: true,
    };
    assert_eq!(
        refused(limit.clone()).await,
        daily(3_600_000),
        "the zone is not known yet"
    );
    let (hubspot, recorder) = client(200, r#"{"portalId":77,"timeZone":"Europe/Rome"}"#);
    hubspot.account().await.unwrap();
    recorder.then(limit);
    // 10:00 UTC is 11:00 in Rome.
    assert_eq!(
        hubspot.owners(None).await.unwrap_err(),
        daily(13 * 3_600_000)
    );
}

async fn failures(status: u16, body: &str) -> Vec<RawFailure> {
    let error = refused(answer(status, body)).await;
    let CallError::Rejected { failures, .. } = error else {
        panic!("{error:?}")
    };
    failures
}

fn told(failures: &[RawFailure]) -> Vec<String> {
    let one = |raw: &RawFailure| {
        let fields: Vec<&str> = raw.failure.fields.iter().map(FieldName::as_str).collect();
        let inner = raw.failure.inner.as_deref().unwrap_or("-");
        format!(
            "{} {} {inner} {:?}",
            raw.failure.code,
            fields.join("+"),
            raw.failure.facts
        )
    };
    failures.iter().map(one).collect()
}

#[tokio::test]
async fn both_styles_of_validation_errors_are_read_and_told_once() {
    let embedded = r#"Property values were not valid: [{\"isValid\":false,\"message\":\"bad\",\"error\":\"INVALID_EMAIL\",\"name\":\"email\"}]"#;
    let cut = r#"Property values were not valid: [{\"isValid\":false,\"message\":\"bad\",\"error\":\"INVALID_EMAIL\",\"name\":\"email\",\"opt"#;
    let listed = r#"[{"message":"bad","code":"INVALID_EMAIL","context":{"propertyName":["email"]}},
                     {"message":"no","code":"READ_ONLY_VALUE","context":{"propertyName":["age"]}}]"#;
    let both = [
        "INVALID_EMAIL email VALIDATION_ERROR []",
        "READ_ONLY_VALUE age VALIDATION_ERROR []",
    ];
    for (message, errors, expected) in [
        (embedded, "[]", &both[..1]),
        (cut, "[]", &both[..1]),
        ("no", listed, &both[..]),
        (embedded, listed, &both[..]),
    ] {
        let body = format!(
            r#"{{"status":"error","category":"VALIDATION_ERROR","correlationId":"c-9","message":"{message}","errors":{errors}}}"#
        );
        let found = failures(400, &body).await;
        assert_eq!(told(&found), expected);
        assert!(
            found
                .iter()
                .all(|raw| raw.failure.correlation.as_deref() == Some("c-9"))
        );
    }
}

#[tokio::test]
async fn errors_without_a_list_keep_their_category_and_what_the_text_knows() {
    for (status, body, expected) in [
        (
            409,
            r#"{"category":"CONFLICT","message":"Contact already exists. Existing ID: 37765128953"}"#,
            r#"CONFLICT  - [Winner("37765128953")]"#,
        ),
        (
            400,
            r#"{"category":"VALIDATION_ERROR","message":"Cannot set PropertyValueCoordinates{portalId=1, objectTypeId=ObjectTypeId{legacyObjectType=DEAL}, propertyName=order_id, value=ABC} on 48328838322. 51090765207 already has that value."}"#,
            r#"VALIDATION_ERROR order_id - [Winner("51090765207")]"#,
        ),
        (
            400,
            r#"{"category":"VALIDATION_ERROR","message":"Error creating DEAL. Some required properties were not set.","context":{"properties":["dealname"]}}"#,
            "VALIDATION_ERROR dealname - [ValueMissing]",
        ),
        (
            400,
            r#"{"category":"VALIDATION_ERROR","subCategory":"crm.associations.ASSOCIATION_LIMIT_EXCEEDED","message":"full"}"#,
            "VALIDATION_ERROR  crm.associations.ASSOCIATION_LIMIT_EXCEEDED []",
        ),
        (
            403,
            r#"{"category":"MISSING_SCOPES","message":"no","errors":[{"message":"One or more of the following scopes are required.","context":{"requiredGranularScopes":["x"]}}]}"#,
            "MISSING_SCOPES  - []",
        ),
        (404, "<html>Jetty</html>", "HTTP_404  - []"),
    ] {
        assert_eq!(told(&failures(status, body).await), [expected]);
    }
}
