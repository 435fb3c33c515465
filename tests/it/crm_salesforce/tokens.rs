//! Tokens, assertions, and that neither can be printed.

use crate::crm_transport::{Recorder, TEST_KEY, answer};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use serde_json::json;
use syncline::crm::http::{CallError, Usage};
use syncline::crm::salesforce::Salesforce;
use syncline::crm::token::{SalesforceCredentials, Secret, SigningKey};
use syncline::domain::record::Timestamp;

use super::{NOW, TOKEN, client, id, settings};

#[tokio::test]
async fn a_token_is_asked_for_once_and_sent_with_every_call() {
    let (salesforce, recorder) = client(answer(
        200,
        r#"{"DailyApiRequests":{"Max":15000,"Remaining":14998}}"#,
    ))
    .await;
    assert_eq!(
        recorder.line(),
        "POST https://login.salesforce.com/services/oauth2/token"
    );
    assert_eq!(
        String::from_utf8(recorder.last().body.unwrap()).unwrap(),
        "grant_type=client_credentials&client_id=app&client_secret=s3cret"
    );
    assert!(salesforce.has_token());
    assert_eq!(salesforce.our_user(), Some(id("005x00000012Q9PAAU")));

    let usage = salesforce.limits().await.unwrap().value;
    assert_eq!(
        usage,
        Usage {
            used: 2,
            limit: 15000
        }
    );
    assert_eq!(
        recorder.line(),
        "GET https://acme.example/services/data/v66.0/limits"
    );
    for (name, value) in [
        ("authorization", "Bearer 00Dx!hush"),
        ("sforce-call-options", "client=syncline"),
        ("sforce-auto-assign", "FALSE"),
        (
            "sforce-duplicate-rule-header",
            "allowSave=false; includeRecordDetails=true; runAsCurrentUser=true",
        ),
        ("sforce-mru", "updateMru=false"),
        ("sforce-query-options", "batchSize=2000"),
    ] {
        assert_eq!(recorder.header(name), value);
    }

    salesforce.forget_token();
    let error = salesforce.limits().await.unwrap_err();
    assert_eq!(error, CallError::NotSent("no token yet".into()));
    assert_eq!(recorder.count(), 2);
    assert!(
        salesforce.our_user().is_some(),
        "our echo outlives a session"
    );
}

/// The test key in its two PEM forms: a PKCS#8 frame of this size is 26 bytes around PKCS#1.
pub(crate) fn pems() -> [String; 2] {
    let pkcs8 = STANDARD.decode(TEST_KEY).unwrap();
    let pem = |label: &str, der: &[u8]| {
        format!(
            "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
            STANDARD.encode(der)
        )
    };
    [
        pem("PRIVATE KEY", &pkcs8),
        pem("RSA PRIVATE KEY", &pkcs8[26..]),
    ]
}

#[tokio::test]
async fn an_assertion_is_signed_for_three_minutes() {
    for pem in pems() {
        let recorder = Recorder::answering([answer(200, TOKEN)]);
        let jwt = SalesforceCredentials::Jwt {
            key: SigningKey::from_pem(pem.as_bytes()).unwrap(),
            user: "sync@acme.example".into(),
            audience: None,
        };
        let identity = Salesforce::new(recorder.clone(), settings(jwt))
            .fetch_token(NOW)
            .await;
        assert_eq!(identity.unwrap().value.org, id("00Dx0000000BV7zEAG"));

        let form = String::from_utf8(recorder.last().body.unwrap()).unwrap();
        let (grant, assertion) = form.split_once("&assertion=").unwrap();
        assert_eq!(
            grant,
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer"
        );
        let (signed, signature) = assertion.rsplit_once('.').unwrap();
        let (header, claims) = signed.split_once('.').unwrap();
        assert_eq!(
            URL_SAFE_NO_PAD.decode(header).unwrap(),
            br#"{"alg":"RS256"}"#
        );
        let claims: serde_json::Value =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
        assert_eq!(
            claims,
            json!({"iss": "app", "sub": "sync@acme.example", "exp": NOW.0 / 1000 + 180,
                   "aud": "https://login.salesforce.com"})
        );
        let pair = RsaKeyPair::from_pkcs8(&STANDARD.decode(TEST_KEY).unwrap()).unwrap();
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key())
            .verify(
                signed.as_bytes(),
                &URL_SAFE_NO_PAD.decode(signature).unwrap(),
            )
            .unwrap();
    }
}

#[tokio::test]
async fn nothing_prints_a_secret() {
    let (salesforce, _) = client(answer(200, "[]")).await;
    let key = SigningKey::from_pem(pems()[0].as_bytes()).unwrap();
    let jwt = SalesforceCredentials::Jwt {
        key,
        user: "u".into(),
        audience: None,
    };
    let shown = format!("{salesforce:?} {:?} {jwt:?}", Secret::new("s3cret"));
    assert_eq!(
        shown,
        "Salesforce(https://login.salesforce.com) Secret(..) \
         Jwt { key: SigningKey(..), user: \"u\", audience: None }"
    );
}

#[tokio::test]
async fn the_versions_need_no_token_and_tell_the_servers_clock() {
    let recorder = Recorder::answering([answer(200, r#"[{"version":"65.0"},{"version":"66.0"}]"#)]);
    let secret = Secret::new("x");
    let settings = settings(SalesforceCredentials::ClientCredentials { secret });
    let reply = Salesforce::new(recorder.clone(), settings)
        .versions()
        .await
        .unwrap();
    assert_eq!(
        recorder.line(),
        "GET https://login.salesforce.com/services/data/"
    );
    assert_eq!(recorder.header("authorization"), "");
    assert_eq!(reply.value, ["65.0", "66.0"]);
    assert_eq!(reply.server_time, Some(Timestamp(1_795_428_000_000)));
    assert_eq!(reply.usage, None);
}
