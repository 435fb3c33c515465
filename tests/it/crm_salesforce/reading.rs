//! Describes, queries and their pages.

use crate::crm_transport::{answer, with_header};
use syncline::crm::Source;
use syncline::crm::http::Usage;
use syncline::crm::salesforce::{Query, UserKind, users};
use syncline::domain::event::Position;
use syncline::domain::record::{Fields, RecordId, Timestamp, Value};
use syncline::domain::schema::Kind;

use super::{DESCRIBE, NOW, client, contact, field, id, names, schema};

#[tokio::test]
async fn the_orgs_use_of_calls_is_read_in_every_form() {
    for (info, usage) in [
        ("api-usage=18/5000", Some((18, 5000))),
        (
            "api-usage=25/100000; per-app-api-usage=17/250(appName=sync)",
            Some((25, 100_000)),
        ),
        (
            "per-app-api-usage=17/250(appName=sync), api-usage=25/100000",
            Some((25, 100_000)),
        ),
        ("nonsense", None),
    ] {
        let next = with_header(answer(200, DESCRIBE), "sforce-limit-info", info);
        let (salesforce, _) = client(next).await;
        let reply = salesforce.describe("Contact", NOW).await.unwrap();
        let usage = usage.map(|(used, limit)| Usage { used, limit });
        assert_eq!(reply.usage, usage, "{info}");
    }
}

#[tokio::test]
async fn a_describe_becomes_a_schema() {
    let schema = schema().await;
    let of = |name: &str| schema.field(&field(name)).unwrap();
    assert_eq!((schema.api_name.as_str(), schema.read_at), ("Contact", NOW));
    assert!(of("LastName").required && of("LastName").length == Some(80));
    assert!(!of("Optin__c").required, "a checkbox has a default");
    assert!(of("Email").key && of("Hs__c").key && of("Hs__c").unique);
    assert_eq!(
        (of("Score__c").precision, of("Score__c").scale),
        (Some(18), Some(2))
    );
    assert_eq!(
        (of("Seats__c").kind, of("Seats__c").precision),
        (Kind::Integer, Some(9))
    );
    assert_eq!(of("Tags__c").kind, Kind::MultiPicklist);
    assert!(!of("Tags__c").choices[1].active && of("LeadSource").restricted);
    assert_eq!(of("AccountId").refers_to, ["Account"]);
    assert_eq!(of("MailingAddress").kind, Kind::Unsupported);
    assert!(of("Age__c").calculated && !of("Age__c").updatable);
}

#[tokio::test]
async fn a_describe_that_did_not_change_costs_no_reading() {
    let stamp = "Tue, 17 Nov 2026 07:28:00 GMT";
    let (salesforce, _) = client(with_header(answer(200, DESCRIBE), "last-modified", stamp)).await;
    let known = salesforce.describe("Contact", NOW).await.unwrap().value;
    assert_eq!(
        (known.modified.as_deref(), known.whole_at),
        (Some(stamp), NOW)
    );
    let later = Timestamp(NOW.0 + 3_000_000);
    let (salesforce, recorder) = client(answer(304, "")).await;
    let again = salesforce
        .describe_again(&known, later)
        .await
        .unwrap()
        .value;
    let sent = recorder.last();
    assert!(
        sent.headers
            .contains(&("if-modified-since", stamp.to_owned())),
        "{sent:?}"
    );
    assert_eq!((again.read_at, again.whole_at), (later, NOW));
    assert_eq!(again.fields, known.fields);
    let (salesforce, _) = client(answer(200, DESCRIBE)).await;
    let whole = salesforce
        .describe_again(&known, later)
        .await
        .unwrap()
        .value;
    assert_eq!((whole.whole_at, whole.modified), (later, None));
}

#[tokio::test]
async fn queries_are_keyset_escaped_and_split() {
    let (schema, object) = (schema().await, contact());
    let fields = names(&["Email", "MailingAddress", "Unknown__c"]);
    let source = Source {
        object: &object,
        schema: &schema,
        fields: &fields,
    };
    let mut from = Position {
        stamp: NOW,
        id: None,
    };
    let until = NOW.plus(60_500);
    assert_eq!(
        Query::changes(&source, &from, until, 3).soql(),
        "SELECT Id,IsDeleted,SystemModstamp,LastModifiedById,Email FROM Contact \
         WHERE SystemModstamp >= 2025-11-23T10:00:00Z AND SystemModstamp < 2025-11-23T10:01:00.5Z \
         ORDER BY SystemModstamp, Id LIMIT 3"
    );
    from.id = Some(id("003A"));
    assert_eq!(
        Query::changes(&source, &from, until, 3)
            .soql()
            .split(" WHERE ")
            .nth(1),
        Some(
            "((SystemModstamp = 2025-11-23T10:00:00Z AND Id > '003A') \
             OR SystemModstamp > 2025-11-23T10:00:00Z) AND SystemModstamp < 2025-11-23T10:01:00.5Z \
             ORDER BY SystemModstamp, Id LIMIT 3"
        )
    );
    let changed = "((SystemModstamp = 2025-11-23T10:00:00Z AND Id > '003A') \
         OR SystemModstamp > 2025-11-23T10:00:00Z) AND SystemModstamp < 2025-11-23T10:01:00.5Z";
    assert_eq!(
        Query::count_of_changes(&source, &from, until).soql(),
        format!("SELECT COUNT() FROM Contact WHERE {changed}")
    );
    let all = Query::all_changes(&source, &from, until);
    let rest = format!("{changed} ORDER BY SystemModstamp, Id");
    assert_eq!(all.soql().split(" WHERE ").nth(1), Some(rest.as_str()));
    assert_eq!(
        Query::listing(&source, NOW, NOW.plus(60_000)).soql(),
        "SELECT Id,SystemModstamp FROM Contact WHERE SystemModstamp >= 2025-11-23T10:00:00Z \
         AND SystemModstamp < 2025-11-23T10:01:00Z ORDER BY SystemModstamp, Id"
    );
    let ids = ["003A", "003B"].map(id);
    assert_eq!(
        Query::meeting(&source, &ids, "A = 1 OR B = 2").soql(),
        "SELECT Id,SystemModstamp FROM Contact WHERE Id IN ('003A','003B') AND (A = 1 OR B = 2)"
    );
    let odd: Vec<String> = ["o'x\\@a.b", "", "n\nl", "o'x\\@a.b"]
        .map(String::from)
        .into();
    let found = Query::by_values(&source, &field("Email"), &odd);
    assert_eq!(
        found[0].soql().split(" IN ").nth(1),
        Some(r"('n\nl','o\'x\\@a.b')"),
        "quotes cannot end the literal"
    );
    let many: Vec<RecordId> = (0..1001).map(|n| id(&format!("003{n:015}"))).collect();
    assert_eq!(Query::by_ids(&source, &many).len(), 3);
    let long: Vec<String> = (0..500).map(|n| format!("{n:0>250}")).collect();
    let long = Query::by_values(&source, &field("Email"), &long);
    assert!(long.len() > 1 && long.iter().all(|query| query.soql().len() < 100_000));
}

#[tokio::test]
async fn several_queries_go_in_one_call_and_one_may_fail() {
    let (schema, object) = (schema().await, contact());
    let fields = names(&[
        "LastName",
        "Score__c",
        "Optin__c",
        "Birthdate",
        "Met__c",
        "Tags__c",
        "AccountId",
    ]);
    let source = Source {
        object: &object,
        schema: &schema,
        fields: &fields,
    };
    let (salesforce, recorder) = client(answer(200, r#"{"compositeResponse":[
      {"referenceId":"part_1","httpStatusCode":400,"body":[{"errorCode":"INVALID_FIELD","message":"ERROR at Row:1\nNo such column 'Foo__c' on entity 'User'."}]},
      {"referenceId":"part_0","httpStatusCode":200,"body":{"totalSize":3000,"done":false,
        "nextRecordsUrl":"/services/data/v66.0/query/01gX-2000","records":[
        {"attributes":{"type":"Contact"},"Id":"003000000000001AAA","IsDeleted":true,
         "SystemModstamp":"2026-01-05T10:11:12.000+0000","LastModifiedById":"005x00000012Q9PAAU",
         "LastName":"Rossi","Score__c":1.50,"Optin__c":true,"Birthdate":"1970-02-03",
         "Met__c":"2026-01-05T10:11:12.345+0000","Tags__c":"a;b","AccountId":null}]}}]}"#)).await;
    let queries = [
        Query::changes(
            &source,
            &Position {
                stamp: NOW,
                id: None,
            },
            NOW,
            3,
        ),
        Query::users(),
    ];
    let reply = salesforce.query(&queries).await.unwrap().value;
    assert_eq!(
        recorder.line(),
        "POST https://acme.example/services/data/v66.0/composite"
    );
    let sent = recorder.body();
    assert_eq!(sent["collateSubrequests"], false);
    assert_eq!(sent["allOrNone"], false);
    let url = sent["compositeRequest"][0]["url"].as_str().unwrap();
    assert!(
        url.starts_with("/services/data/v66.0/queryAll?q=SELECT%20Id%2C"),
        "{url}"
    );
    let url = sent["compositeRequest"][1]["url"].as_str().unwrap();
    assert!(url.starts_with("/services/data/v66.0/query?q="), "{url}");

    let page = reply[0].as_ref().unwrap();
    assert_eq!((page.total, page.done), (3000, false));
    let record = &page.records[0];
    assert!(record.deleted && record.modified_by == salesforce.our_user());
    assert_eq!(record.modified_at, Timestamp(1_767_607_872_000));
    assert_eq!(
        record.fields,
        Fields::from([
            (field("LastName"), Value::Text("Rossi".into())),
            (field("Score__c"), Value::Number("1.50".into())),
            (field("Optin__c"), Value::Bool(true)),
            (field("Birthdate"), Value::Date(1970, 2, 3)),
            (
                field("Met__c"),
                Value::DateTime(Timestamp(1_767_607_872_345))
            ),
            (
                field("Tags__c"),
                Value::Options(vec!["a".into(), "b".into()])
            ),
            (field("AccountId"), Value::Blank),
        ])
    );
    let failure = &reply[1].as_ref().unwrap_err()[0].failure;
    assert_eq!(
        (failure.status, failure.code.as_str()),
        (400, "INVALID_FIELD")
    );
    assert_eq!(failure.fields, names(&["Foo__c"]));

    recorder.then(answer(
        200,
        r#"{"totalSize":3000,"done":true,"records":[]}"#,
    ));
    let next = salesforce
        .next_page(page.locator.as_ref().unwrap())
        .await
        .unwrap();
    assert_eq!(
        recorder.line(),
        "GET https://acme.example/services/data/v66.0/query/01gX-2000"
    );
    assert!(next.value.done && next.value.locator.is_none());
}

#[tokio::test]
async fn a_number_in_exponent_form_is_read_as_plain_digits() {
    let (schema, object) = (schema().await, contact());
    let fields = names(&["Score__c"]);
    let source = Source {
        object: &object,
        schema: &schema,
        fields: &fields,
    };
    for (wire, plain) in [
        ("1.0E7", "10000000"),
        ("-1.25e-3", "-0.00125"),
        ("12345678901234567.89", "12345678901234567.89"),
        ("1.05E1", "10.5"),
        ("0", "0"),
    ] {
        let body = format!(
            r#"{{"compositeResponse":[{{"referenceId":"part_0","httpStatusCode":200,"body":
            {{"totalSize":1,"done":true,"records":[{{"Id":"003A","SystemModstamp":"2026-01-05T10:11:12.000+0000","Score__c":{wire}}}]}}}}]}}"#
        );
        let (salesforce, _) = client(answer(200, &body)).await;
        let query = Query::by_ids(&source, &[id("003A")]);
        let reply = salesforce.query(&query).await.unwrap().value;
        let fields = &reply[0].as_ref().unwrap().records[0].fields;
        assert_eq!(
            fields[&field("Score__c")],
            Value::Number(plain.into()),
            "{wire}"
        );
    }
}

#[tokio::test]
async fn users_are_read_with_their_addresses() {
    let (salesforce, _) = client(answer(200, r#"{"compositeResponse":[{"referenceId":"part_0","httpStatusCode":200,"body":
      {"totalSize":2,"done":true,"records":[
       {"Id":"005A","SystemModstamp":"2026-01-05T10:11:12.000+0000","Email":"a@b.it","IsActive":true,"UserType":"Standard"},
       {"Id":"005B","SystemModstamp":"2026-01-05T10:11:12.000+0000","Email":null,"IsActive":false,"UserType":"AutomatedProcess"}]}}]}"#)).await;
    let reply = salesforce.query(&[Query::users()]).await.unwrap().value;
    let found = users(&reply[0].as_ref().unwrap().records);
    assert_eq!(found[0].email.as_deref(), Some("a@b.it"));
    assert!(found[0].active && found[0].kind == UserKind::Person);
    assert!(!found[1].active && found[1].kind == UserKind::Other && found[1].email.is_none());
}
