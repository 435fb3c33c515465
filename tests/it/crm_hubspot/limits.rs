//! Which records are at the limits of their associations.

use syncline::crm::http::CallError;
use syncline::crm::hubspot::{BASE, RecordsAtLimit};

use super::{client, client_of, id};
use crate::crm_transport::answer;

#[tokio::test]
async fn the_types_and_records_at_their_limits_are_read() {
    let types = r#"{"results":[
     {"objectTypeId":"0-2","singularLabel":"Company","pluralLabel":"Companies","hasRecordsAtLimit":true,"hasRecordsNearLimit":true},
     {"objectTypeId":"0-3","singularLabel":"Deal","pluralLabel":"Deals","hasRecordsAtLimit":false,"hasRecordsNearLimit":true}]}"#;
    let (hubspot, recorder) = client(200, types);
    assert_eq!(hubspot.types_at_limit().await.unwrap().value, ["0-2"]);
    let line = format!("GET {BASE}/crm/limits/2026-09/associations/records/from");
    assert_eq!(recorder.line(), line);
    let records = r#"{"limit":50000,"totalRecordsAtLimit":12,"totalRecordsNearLimit":0,
     "atLimitFromRecordSamples":[{"objectId":123,"label":"Acme"},{"objectId":"124","label":"B"}],
     "nearLimitFromRecordSamples":[]}"#;
    let (hubspot, recorder) = client_of("v3", answer(200, records));
    let full = hubspot.records_at_limit("0-2", "0-1").await.unwrap().value;
    let expected = RecordsAtLimit {
        limit: 50_000,
        total: 12,
        samples: vec![id("123"), id("124")],
    };
    assert_eq!(full, expected);
    let line = format!("GET {BASE}/crm/v3/limits/associations/records/0-2/0-1");
    assert_eq!(recorder.line(), line);
}

#[tokio::test]
async fn who_set_a_limit_is_told_by_the_administrators_own_one() {
    let own = r#"{"results":[
     {"category":"HUBSPOT_DEFINED","typeId":341,"label":null,"userEnforcedMaxToObjectIds":5},
     {"category":"USER_DEFINED","typeId":36,"label":"Reseller","userEnforcedMaxToObjectIds":1}]}"#;
    for (body, expected) in [(own, Some(5)), (r#"{"results":[]}"#, None)] {
        let (hubspot, recorder) = client(200, body);
        assert_eq!(
            hubspot.own_limit("0-2", "0-3").await.unwrap().value,
            expected
        );
        let path = "crm/associations/2026-09/definitions/configurations/0-2/0-3";
        assert_eq!(recorder.line(), format!("GET {BASE}/{path}"));
    }
    let (hubspot, recorder) = client_of("v3", answer(200, own));
    hubspot.own_limit("0-2", "0-3").await.unwrap();
    let path = "crm/associations/v4/definitions/configurations/0-2/0-3";
    assert_eq!(recorder.line(), format!("GET {BASE}/{path}"));
}

#[tokio::test]
async fn reports_that_are_closed_to_us_do_not_call_the_credentials_into_question() {
    for status in [403, 404] {
        let body = r#"{"status":"error","category":"PERMISSION_DENIED","message":"no"}"#;
        let (hubspot, _) = client(status, body);
        let refused = hubspot.types_at_limit().await;
        assert!(
            matches!(&refused, Err(CallError::Rejected { status: told, .. }) if *told == status),
            "{refused:?}"
        );
    }
    let (hubspot, _) = client(200, r#"{"status":"ok"}"#);
    assert!(hubspot.types_at_limit().await.is_err());
}
