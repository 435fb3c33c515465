//! Lists, and who is in them.

use syncline::crm::http::CallError;
use syncline::crm::hubspot::{BASE, List, ListBy, MembersPage};

use super::{client, id};

const LIST: &str = r#"{"list":{"listId":"64","name":"Sync to Salesforce","objectTypeId":"0-1",
 "processingType":"DYNAMIC","processingStatus":"COMPLETE","size":12,"listVersion":3}}"#;

#[tokio::test]
async fn a_list_is_found_by_its_id_or_by_its_name() {
    let found = List {
        id: "64".to_owned(),
        type_id: "0-1".to_owned(),
        size: Some(12),
    };
    let (hubspot, recorder) = client(200, LIST);
    let by_id = hubspot.list_of_records(ListBy::Id("64")).await.unwrap();
    assert_eq!(by_id.value, found);
    assert_eq!(recorder.line(), format!("GET {BASE}/crm/lists/2026-09/64"));
    let (hubspot, recorder) = client(200, LIST);
    let by = ListBy::Name {
        type_id: "0-1",
        name: "Sync / Salesforce",
    };
    assert_eq!(hubspot.list_of_records(by).await.unwrap().value, found);
    assert_eq!(
        recorder.line(),
        format!("GET {BASE}/crm/lists/2026-09/object-type-id/0-1/name/Sync%20%2F%20Salesforce")
    );
}

#[tokio::test]
async fn a_size_may_stand_among_the_additional_properties_or_nowhere() {
    let by = ListBy::Id("64");
    let list = r#"{"list":{"listId":"64","additionalProperties":{"hs_list_size":"7"}}}"#;
    let (hubspot, _) = client(200, list);
    let found = hubspot.list_of_records(by).await.unwrap().value;
    assert_eq!(found.size, Some(7));
    let (hubspot, _) = client(200, r#"{"list":{"listId":"64"}}"#);
    assert_eq!(hubspot.list_of_records(by).await.unwrap().value.size, None);
}

#[tokio::test]
async fn members_come_page_by_page_in_the_order_of_joining() {
    let page = r#"{"results":[{"recordId":"123","membershipTimestamp":"2026-01-01T00:00:00Z"},
     {"recordId":"99"}],"paging":{"next":{"after":"MTIz"}}}"#;
    let (hubspot, recorder) = client(200, page);
    let members = hubspot.list_members("64", Some("a=b"), 1_000);
    assert_eq!(
        members.await.unwrap().value,
        MembersPage {
            members: vec![id("123"), id("99")],
            after: Some("MTIz".to_owned()),
        }
    );
    assert_eq!(
        recorder.line(),
        format!("GET {BASE}/crm/lists/2026-09/64/memberships/join-order?limit=250&after=a%3Db")
    );
    let (hubspot, recorder) = client(200, r#"{"results":[]}"#);
    let last = hubspot.list_members("64", None, 3).await.unwrap().value;
    assert_eq!((last.members.len(), last.after), (0, None));
    assert!(recorder.line().ends_with("/join-order?limit=3"));
}

#[tokio::test]
async fn a_list_that_is_closed_to_us_does_not_call_the_credentials_into_question() {
    for status in [403, 404] {
        let body = r#"{"status":"error","category":"PERMISSION_DENIED","message":"no"}"#;
        let (hubspot, _) = client(status, body);
        let refused = hubspot.list_of_records(ListBy::Id("64")).await;
        assert!(
            matches!(&refused, Err(CallError::Rejected { status: told, .. }) if *told == status),
            "{refused:?}"
        );
    }
    let (hubspot, _) = client(401, r#"{"category":"INVALID_AUTHENTICATION"}"#);
    let refused = hubspot.list_members("64", None, 3).await;
    assert!(matches!(refused, Err(CallError::Unauthorized { .. })));
}
