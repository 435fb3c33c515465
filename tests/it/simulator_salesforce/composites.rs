//! Many rows or many calls in one: Collections, Composite and Batch.

use serde_json::{Value, json};
use syncline::simulator::salesforce::Switch;

use super::{NOW, Org, body, items, org, record, told};

#[test]
fn a_collection_answers_row_by_row_in_order() {
    let mut org = org();
    let records = json!([
        record("Contact", json!({"LastName": "A"})),
        record("Contact", json!({"Email": "a@acme.example"})),
        record("Account", json!({"Name": "Acme"})),
        record("Contact", json!({"LastName": "B", "Foo__c": 1})),
    ]);
    let answer = org.call(
        "POST",
        "composite/sobjects",
        &json!({"allOrNone": false, "records": records}),
    );
    insta::assert_snapshot!(items(&answer), @r#"
    ok
    REQUIRED_FIELD_MISSING: Required fields are missing: [LastName] ["LastName"]
    ok
    INVALID_FIELD: No such column 'Foo__c' on sobject of type Contact []
    "#);
    org.model.set_switch(Switch::UnknownFieldFailsCall, true);
    let answer = org.call("POST", "composite/sobjects", &json!({"records": records}));
    assert_eq!(
        told(&answer),
        "400 INVALID_FIELD: No such column 'Foo__c' on sobject of type Contact"
    );
    assert_eq!(org.model.records("Contact").len(), 1);
}

#[test]
fn one_unreadable_value_fails_the_whole_collection() {
    let mut org = org();
    let records = [
        record("Contact", json!({"LastName": "A"})),
        record("Contact", json!({"LastName": "B", "Birthdate": "soon"})),
    ];
    let answer = org.call("POST", "composite/sobjects", &json!({"records": records}));
    assert!(
        told(&answer).starts_with("400 JSON_PARSER_ERROR: Cannot deserialize instance of date"),
        "{}",
        told(&answer)
    );
    assert_eq!(org.model.records("Contact").len(), 0);
}

#[test]
fn all_or_none_takes_the_good_rows_back_and_leaves_them_their_ids() {
    let mut org = org();
    let records = [
        record("Contact", json!({"LastName": "A"})),
        record("Contact", json!({})),
    ];
    let answer = org.call(
        "POST",
        "composite/sobjects",
        &json!({"allOrNone": true, "records": records}),
    );
    insta::assert_snapshot!(items(&answer), @r#"
    ALL_OR_NONE_OPERATION_ROLLED_BACK: Record rolled back because not all records were valid and the request was using AllOrNone header []
    REQUIRED_FIELD_MISSING: Required fields are missing: [LastName] ["LastName"]
    "#);
    assert!(body(&answer)[0]["id"].is_string());
    assert_eq!(org.model.records("Contact").len(), 0);
    assert_eq!(
        org.names("SELECT LastName FROM Contact WHERE SystemModstamp > 2020-01-01T00:00:00Z"),
        ""
    );
}

#[test]
fn a_collection_upsert_tells_created_from_updated_and_refuses_doubles() {
    let mut org = org();
    org.create(
        "Contact",
        json!({"LastName": "Old", "Syncline_HubSpot_Id__c": "4711-1"}),
    );
    let row = |key: &str| {
        record(
            "Contact",
            json!({"Syncline_HubSpot_Id__c": key, "LastName": "New"}),
        )
    };
    let records = json!([
        row("4711-1"),
        row("4711-2"),
        row("4711-3"),
        row("4711-3"),
        record("Contact", json!({"LastName": "N"}))
    ]);
    let answer = org.call(
        "PATCH",
        "composite/sobjects/Contact/Syncline_HubSpot_Id__c",
        &json!({"records": records}),
    );
    insta::assert_snapshot!(items(&answer), @r#"
    updated
    created
    DUPLICATE_VALUE: Duplicate external id specified: 4711-3 ["Syncline_HubSpot_Id__c"]
    DUPLICATE_VALUE: Duplicate external id specified: 4711-3 ["Syncline_HubSpot_Id__c"]
    MISSING_ARGUMENT: Syncline_HubSpot_Id__c not specified []
    "#);
    let by_id = org.call(
        "PATCH",
        "composite/sobjects/Contact/Id",
        &json!({"records": [record("Contact", json!({"Id": null, "LastName": "N"}))]}),
    );
    assert_eq!(items(&by_id), "created");
}

#[test]
fn a_collection_updates_reads_and_deletes() {
    let mut org = org();
    let id = org.create("Contact", json!({"LastName": "A"}));
    let gone = org.create("Contact", json!({"LastName": "B"}));
    org.model.delete("Contact", &gone, NOW).unwrap();
    let row = |id: Value| record("Contact", json!({"id": id, "FirstName": "X"}));
    let records = json!([
        row(json!(id)),
        row(json!(gone)),
        row(json!("003000000000001AAA")),
        row(json!("x")),
        record("Contact", json!({"FirstName": "Y"}))
    ]);
    let answer = org.call("PATCH", "composite/sobjects", &json!({"records": records}));
    insta::assert_snapshot!(items(&answer), @r#"
    ok
    ENTITY_IS_DELETED: entity is deleted []
    INVALID_CROSS_REFERENCE_KEY: invalid cross reference id []
    MALFORMED_ID: Contact ID: id value of incorrect type: x ["Id"]
    MISSING_ARGUMENT: Id not specified in an update call ["Id"]
    "#);
    let read = org.call(
        "POST",
        "composite/sobjects/Contact",
        &json!({"ids": [gone, id], "fields": ["FirstName"]}),
    );
    assert_eq!(
        (&body(&read)[0], &body(&read)[1]["FirstName"]),
        (&Value::Null, &json!("X"))
    );
    let deleted = org.call(
        "DELETE",
        &format!("composite/sobjects?ids={id},{gone}&allOrNone=false"),
        &Value::Null,
    );
    assert_eq!(
        items(&deleted),
        "ok\nENTITY_IS_DELETED: entity is deleted []"
    );
    let many: Vec<Value> = (0..201)
        .map(|_| record("Contact", json!({"LastName": "A"})))
        .collect();
    let answer = org.call("POST", "composite/sobjects", &json!({"records": many}));
    assert_eq!(
        told(&answer),
        "400 EXCEEDED_ID_LIMIT: record limit reached. cannot submit more than 200 records into this call"
    );
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "a test writes the value in place"
)]
fn part(method: &str, url: &str, reference: &str, body: Value) -> Value {
    json!({"method": method, "url": format!("/services/data/v66.0/{url}"), "referenceId": reference, "body": body})
}

fn composite(org: &mut Org, all_or_none: bool, parts: &[Value]) -> Value {
    let answer = org.call(
        "POST",
        "composite",
        &json!({"allOrNone": all_or_none, "collateSubrequests": false, "compositeRequest": parts}),
    );
    body(&answer)["compositeResponse"].clone()
}

#[test]
fn a_composite_costs_one_call_and_hands_ids_on() {
    let mut org = org();
    let answers = composite(
        &mut org,
        false,
        &[
            part("POST", "sobjects/Account", "acme", json!({"Name": "Acme"})),
            part(
                "POST",
                "sobjects/Contact",
                "ada",
                json!({"LastName": "Rossi", "AccountId": "@{acme.id}"}),
            ),
            part(
                "GET",
                "query?q=SELECT+Account.Name+FROM+Contact",
                "found",
                Value::Null,
            ),
            part(
                "GET",
                "sobjects/Contact/@{found.records[0].Nope}",
                "nope",
                Value::Null,
            ),
        ],
    );
    assert_eq!(answers[2]["body"]["records"][0]["Account"]["Name"], "Acme");
    assert_eq!(answers[3]["body"][0]["errorCode"], "PROCESSING_HALTED");
    assert_eq!(
        answers[3]["body"][0]["message"],
        "Invalid reference specified. No value for records[0].Nope found in found."
    );
    assert_eq!(org.model.calls_counted(), 1);
}

#[test]
fn a_composite_of_all_or_none_is_undone_although_its_collection_says_success() {
    let mut org = org();
    let rows = json!({"records": [record("Contact", json!({"LastName": "A"}))]});
    let answers = composite(
        &mut org,
        true,
        &[
            part("POST", "sobjects/Account", "acme", json!({"Name": "Acme"})),
            part("POST", "composite/sobjects", "rows", rows),
            part("POST", "sobjects/Contact", "bad", json!({})),
        ],
    );
    let codes: Vec<&Value> = (0..3)
        .map(|at| &answers[at]["body"][0]["errorCode"])
        .collect();
    assert_eq!(
        codes,
        [
            &json!("PROCESSING_HALTED"),
            &Value::Null,
            &json!("REQUIRED_FIELD_MISSING")
        ]
    );
    assert_eq!(answers[1]["body"][0]["success"], true);
    assert_eq!(
        (
            org.model.records("Contact").len(),
            org.model.records("Account").len()
        ),
        (0, 0)
    );
}

#[test]
fn a_composite_holds_25_parts_of_which_5_are_heavy() {
    let mut org = org();
    let many: Vec<Value> = (0..26)
        .map(|at| part("GET", "limits", &format!("r{at}"), Value::Null))
        .collect();
    let answers = composite(&mut org, false, &many);
    assert_eq!(answers[0]["referenceId"], Value::Null);
    assert_eq!(
        answers[0]["body"][0]["message"],
        "The request can\u{2019}t contain more than 25 operations."
    );
    let heavy: Vec<Value> = (0..6)
        .map(|at| {
            part(
                "GET",
                "query?q=SELECT+Id+FROM+Contact",
                &format!("r{at}"),
                Value::Null,
            )
        })
        .collect();
    assert_eq!(
        composite(&mut org, false, &heavy)[0]["body"][0]["errorCode"],
        "LIMIT_EXCEEDED"
    );
    assert_eq!(
        composite(&mut org, false, &heavy[..5])[4]["httpStatusCode"],
        200
    );
}

#[test]
fn a_batch_counts_every_request_in_it() {
    let mut org = org();
    let requests = json!([{"method": "GET", "url": "v66.0/limits"}, {"method": "POST", "url": "v66.0/sobjects/Contact", "richInput": {}}, {"method": "GET", "url": "v66.0/limits"}]);
    let answer = body(&org.call(
        "POST",
        "composite/batch",
        &json!({"haltOnError": true, "batchRequests": requests}),
    ));
    assert_eq!(answer["hasErrors"], true);
    let codes: Vec<&Value> = answer["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| &r["statusCode"])
        .collect();
    assert_eq!(codes, [200, 400, 412]);
    assert_eq!(org.model.calls_counted(), 3);
}
