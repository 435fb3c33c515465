//! What each refusal means to the caller.

use crate::crm_transport::{Recorder, answer};
use syncline::crm::http::{CallError, TransportError};
use syncline::crm::salesforce::Salesforce;
use syncline::crm::token::{SalesforceCredentials, Secret};
use syncline::domain::failure::{Fact, RawFailure};

use super::{NOW, client, settings};

async fn refused(status: u16, body: &str) -> CallError {
    let (salesforce, _) = client(answer(status, body)).await;
    salesforce.describe("Contact", NOW).await.unwrap_err()
}

#[tokio::test]
async fn a_refusal_says_what_to_do_next() {
    let code =
        |code: &str, message: &str| format!(r#"[{{"errorCode":"{code}","message":"{message}"}}]"#);
    let unauthorized = |status, code: &str| CallError::Unauthorized {
        status,
        code: code.into(),
    };
    let slowed = |wait_ms| CallError::Slowed {
        wait_ms,
        daily: false,
    };
    for (status, body, expected) in [
        (
            401,
            code("INVALID_SESSION_ID", "Session expired or invalid"),
            CallError::SessionExpired,
        ),
        (
            401,
            code(
                "INVALID_SESSION_ID",
                "This session is not valid for use with the REST API",
            ),
            unauthorized(401, "INVALID_SESSION_ID"),
        ),
        (401, "<html>".into(), unauthorized(401, "HTTP_401")),
        (
            403,
            code("API_DISABLED_FOR_ORG", ""),
            CallError::ApiDisabled {
                code: "API_DISABLED_FOR_ORG".into(),
            },
        ),
        (
            503,
            code("API_CURRENTLY_DISABLED", ""),
            CallError::ApiDisabled {
                code: "API_CURRENTLY_DISABLED".into(),
            },
        ),
        (
            403,
            code("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
            CallError::OrgLimit,
        ),
        (
            403,
            code(
                "REQUEST_LIMIT_EXCEEDED",
                "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
            ),
            slowed(5000),
        ),
        (
            403,
            code(
                "REQUEST_LIMIT_EXCEEDED",
                "ConcurrentPerOrgLongTxn Limit exceeded",
            ),
            slowed(5000),
        ),
        (403, code("ORG_LOCKED", ""), unauthorized(403, "ORG_LOCKED")),
        (429, String::new(), slowed(10_000)),
        (
            502,
            "<html>Bad Gateway</html>".into(),
            CallError::Unavailable { status: 502 },
        ),
        (408, String::new(), CallError::Unavailable { status: 408 }),
    ] {
        assert_eq!(refused(status, &body).await, expected, "{status} {body}");
    }
}

fn rejected(error: CallError) -> (u16, Vec<RawFailure>) {
    let CallError::Rejected { status, failures } = error else {
        panic!("{error:?}")
    };
    (status, failures)
}

#[tokio::test]
async fn every_shape_of_error_is_read() {
    for (body, code, message) in [
        (
            r#"[{"errorCode":"NOT_FOUND","message":"no"}]"#,
            "NOT_FOUND",
            "no",
        ),
        (
            r#"{"errorCode":"NOT_FOUND","message":"no"}"#,
            "NOT_FOUND",
            "no",
        ),
        (
            r#"{"error":"invalid_grant","error_description":"no"}"#,
            "invalid_grant",
            "no",
        ),
        ("<h1>Not Found</h1>", "HTTP_404", "<h1>Not Found</h1>"),
        ("{}", "HTTP_404", "{}"),
    ] {
        let (status, failures) = rejected(refused(404, body).await);
        assert_eq!((status, failures.len()), (404, 1), "{body}");
        assert_eq!(failures[0].failure.code, code);
        assert_eq!(failures[0].message, message);
    }
}

#[tokio::test]
async fn the_record_that_is_in_the_way_is_named() {
    let duplicate = r#"[{"errorCode":"DUPLICATES_DETECTED","message":"Use one of these records?","fields":[],
      "duplicateResut":{"duplicateRule":"Standard_Contact","matchResults":[{"matchRecords":[
        {"record":{"Id":"003A"}},{"record":{"Id":"003B"}},{"record":{"Id":"003A"}}]}]}}]"#;
    let raw = &rejected(refused(400, duplicate).await).1[0];
    assert_eq!(
        raw.failure.facts,
        [Fact::Winner("003A".into()), Fact::Winner("003B".into())]
    );
    assert_eq!(raw.rule.as_deref(), Some("Standard_Contact"));

    let value = r#"[{"errorCode":"DUPLICATE_VALUE","message":"duplicate value found: Ext__c duplicates value on record with id: 001000000000001"}]"#;
    let raw = &rejected(refused(400, value).await).1[0];
    assert_eq!(raw.failure.facts, [Fact::Winner("001000000000001".into())]);

    let hidden = r#"[{"errorCode":"DUPLICATE_VALUE","message":"duplicate value found: <unknown> duplicates value on record with id: <unknown>"}]"#;
    assert!(
        rejected(refused(400, hidden).await).1[0]
            .failure
            .facts
            .is_empty()
    );
}

#[tokio::test]
async fn a_code_wrapped_in_a_flows_text_is_kept_beside_the_outer_one() {
    let body = r#"[{"errorCode":"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY","fields":[],
      "message":"T: execution of AfterInsert caused by: first error: FIELD_INTEGRITY_EXCEPTION, no: [BillingStateCode]"}]"#;
    let raw = &rejected(refused(400, body).await).1[0];
    assert_eq!(
        raw.failure.inner.as_deref(),
        Some("FIELD_INTEGRITY_EXCEPTION")
    );
}

#[tokio::test]
async fn a_state_without_a_country_and_one_of_another_country_are_two_causes() {
    let causes = |message: &str, code: &str| {
        let body = format!(
            r#"[{{"statusCode":"{code}","fields":["MailingState"],"message":"{message}"}}]"#
        );
        async move {
            let raw = rejected(refused(400, &body).await).1.remove(0);
            (raw.failure.code, raw.failure.fields, raw.rule)
        }
    };
    let integrity = "FIELD_INTEGRITY_EXCEPTION";
    let missing = "A country/territory must be specified before specifying a state value for field: State/Province";
    let wrong = "There's a problem with this state, even though it may appear correct.";
    let other = "The existing country/territory doesn't recognize the state value for field: State/Province";
    let of_missing = causes(missing, integrity).await;
    let of_wrong = causes(wrong, integrity).await;
    assert_ne!(of_missing, of_wrong);
    assert_eq!(of_wrong, causes(other, integrity).await);
    // One list that lacks three values stays one cause.
    let list = "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST";
    let lacks = |value: &str| format!("bad value for restricted picklist field: {value}");
    assert_eq!(
        causes(&lacks("Lombardia"), list).await,
        causes(&lacks("Bayern"), list).await
    );
}

#[tokio::test]
async fn refused_credentials_suspend_and_passing_troubles_do_not() {
    for (status, body, expected) in [
        (
            400,
            r#"{"error":"invalid_grant","error_description":"user hasn't approved this consumer"}"#,
            CallError::Unauthorized {
                status: 400,
                code: "invalid_grant".into(),
            },
        ),
        (
            400,
            r#"{"error":"unknown_error","error_description":"retry your request"}"#,
            CallError::Unavailable { status: 400 },
        ),
        (503, "<html>", CallError::Unavailable { status: 503 }),
        (
            200,
            "{}",
            CallError::Unknown("answer lacks access_token".into()),
        ),
    ] {
        let recorder = Recorder::answering([answer(status, body)]);
        let secret = Secret::new("x");
        let settings = settings(SalesforceCredentials::ClientCredentials { secret });
        let salesforce = Salesforce::new(recorder, settings);
        assert_eq!(salesforce.fetch_token(NOW).await.unwrap_err(), expected);
        assert!(!salesforce.has_token());
    }
}

#[tokio::test]
async fn a_transports_word_reaches_the_caller() {
    for (error, expected) in [
        (
            TransportError::NotSent("dns".into()),
            CallError::NotSent("dns".into()),
        ),
        (
            TransportError::Unknown("reset".into()),
            CallError::Unknown("reset".into()),
        ),
    ] {
        let secret = Secret::new("x");
        let settings = settings(SalesforceCredentials::ClientCredentials { secret });
        let salesforce = Salesforce::new(Recorder::failing(error), settings);
        assert_eq!(salesforce.versions().await.unwrap_err(), expected);
    }
}
