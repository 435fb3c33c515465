//! Single rows: what is stored, and what is said of values that cannot be.

use serde_json::{Value, json};
use syncline::simulator::salesforce::{Access, Settings, Switch, Verb, inactive_user_id, queue_id};

use super::{NOW, body, check, check_in, org, org_with, told};

#[test]
fn a_contact_is_created_read_changed_and_deleted() {
    let mut org = org();
    let answer = org.call(
        "POST",
        "sobjects/Contact/",
        &json!({"LastName": "Rossi", "FirstName": "Ada", "Score__c": 12.5}),
    );
    assert_eq!(answer.status, 201);
    let id = body(&answer)["id"].as_str().unwrap().to_owned();
    assert_eq!(id.len(), 18);
    assert!(id.starts_with("003"));
    let path = format!("sobjects/Contact/{id}");
    let fields = "Name,Score__c,Newsletter__c,AccountId,SystemModstamp,OwnerId";
    let read = body(&org.call("GET", &format!("{path}?fields={fields}"), &Value::Null));
    assert_eq!(read["Name"], "Ada Rossi");
    assert_eq!(read["Score__c"].to_string(), "12.5");
    assert_eq!(read["Newsletter__c"], false);
    assert_eq!(read["AccountId"], Value::Null);
    assert_eq!(read["SystemModstamp"], "2026-01-05T10:11:12.000+0000");
    assert_eq!(read["OwnerId"], Settings::default().user_id);
    let answer = org.call("PATCH", &path, &json!({"FirstName": null}));
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    assert_eq!(body(&org.call("GET", &path, &Value::Null))["Name"], "Rossi");
    assert_eq!(org.call("DELETE", &path, &Value::Null).status, 204);
    assert_eq!(
        told(&org.call("GET", &path, &Value::Null)),
        "404 ENTITY_IS_DELETED: entity is deleted []"
    );
    assert_eq!(
        told(&org.call("GET", "sobjects/Contact/003000000000000AAA", &Value::Null)),
        "404 NOT_FOUND: The requested resource does not exist"
    );
}

#[test]
fn a_short_id_and_an_id_that_lost_its_case_find_the_same_row() {
    let mut org = org();
    let id = org.create("Contact", json!({"LastName": "Rossi"}));
    for form in [&id[..15], &id.to_lowercase()] {
        let answer = org.call("GET", &format!("sobjects/Contact/{form}"), &Value::Null);
        assert_eq!(body(&answer)["Id"], id.as_str(), "{form}");
    }
}

#[test]
fn a_value_that_breaks_a_field_is_refused_with_the_label_and_the_field() {
    check(
        json!({"FirstName": "x".repeat(41)}),
        &format!(
            "400 STRING_TOO_LONG: First Name: data value too large: {} (max length=40) [\"FirstName\"]",
            "x".repeat(41)
        ),
    );
    check(
        json!({"Email": "not an address"}),
        "400 INVALID_EMAIL_ADDRESS: Email: invalid email address: not an address [\"Email\"]",
    );
    check(
        json!({"Tier__c": "Bachelor's"}),
        "400 INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST: Tier: bad value for restricted picklist field: Bachelor&#39;s [\"Tier__c\"]",
    );
    check(
        json!({"Interests__c": "Data;Cooking"}),
        "400 INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST: Interests: bad value for restricted picklist field: Cooking [\"Interests__c\"]",
    );
    check(
        json!({"Score__c": 12345}),
        "400 NUMBER_OUTSIDE_VALID_RANGE: Score: value outside of valid range on numeric field: 12345 [\"Score__c\"]",
    );
    check(
        json!({"Phone": 391}),
        "400 INVALID_TYPE_ON_FIELD_IN_RECORD: Business Phone: value not of required type: 391 [\"Phone\"]",
    );
    check(
        json!({"LastName": null}),
        "400 REQUIRED_FIELD_MISSING: Required fields are missing: [LastName] [\"LastName\"]",
    );
    check(
        json!({"Nickname__c": "x"}),
        "400 INVALID_FIELD: No such column 'Nickname__c' on sobject of type Contact",
    );
    check(
        json!({"Name": "x"}),
        "400 INVALID_FIELD_FOR_INSERT_UPDATE: Unable to create/update fields: Name. Please check the security settings of this field and verify that it is read/write for your profile or permission set. [\"Name\"]",
    );
    check(json!({"LeadSource": "Anything"}), "201");
}

#[test]
fn a_value_that_cannot_be_read_is_the_parsers_complaint() {
    check(
        json!({"Birthdate": "05/01/2026"}),
        "400 JSON_PARSER_ERROR: Cannot deserialize instance of date from VALUE_STRING value 05/01/2026 or request may be missing a required field at [line:1, column:1]",
    );
    check(
        json!({"Last_Webinar__c": "yesterday"}),
        "400 JSON_PARSER_ERROR: Cannot deserialize instance of datetime from VALUE_STRING value yesterday or request may be missing a required field at [line:1, column:1]",
    );
    check(
        json!({"Birthdate": "2026-02-29"}),
        "400 JSON_PARSER_ERROR: Cannot deserialize instance of date from VALUE_STRING value 2026-02-29 or request may be missing a required field at [line:1, column:1]",
    );
    check(
        json!({"Last_Webinar__c": "2026-01-05T10:11:12+01:00", "Renewal__c": "2028-02-29", "Score__c": "1.5"}),
        "201",
    );
}

#[test]
fn a_reference_must_be_an_id_of_the_right_kind_that_exists_and_may_be_seen() {
    check(
        json!({"AccountId": "Acme"}),
        "400 MALFORMED_ID: Account ID: id value of incorrect type: Acme [\"AccountId\"]",
    );
    check(
        json!({"AccountId": "003Qy000000001AAAA"}),
        "400 MALFORMED_ID: Account ID: id value of incorrect type: 003Qy000000001AAAA [\"AccountId\"]",
    );
    check(
        json!({"AccountId": "001000000000001AAA"}),
        "400 INVALID_CROSS_REFERENCE_KEY: invalid cross reference id []",
    );
    check(
        json!({"OwnerId": inactive_user_id()}),
        &format!(
            "400 INACTIVE_OWNER_OR_USER: operation performed with inactive user [{}] as owner of contact [\"OwnerId\"]",
            inactive_user_id()
        ),
    );
    check(
        json!({"OwnerId": queue_id()}),
        "400 INVALID_OPERATION: Queue not associated with this SObject type []",
    );
    let mut org = org();
    let account = org.create("Account", json!({"Name": "Acme"}));
    org.model.set_record_access(&account, Access::None);
    check_in(
        &mut org,
        json!({"AccountId": account}),
        &format!(
            "400 INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY: insufficient access rights on cross-reference id: {} []",
            &account[..15]
        ),
    );
    org.model.set_record_access(&account, Access::ReadOnly);
    check_in(&mut org, json!({"AccountId": account}), "201");
    let answer = org.call(
        "PATCH",
        &format!("sobjects/Account/{account}"),
        &json!({"Name": "B"}),
    );
    assert_eq!(
        told(&answer),
        "400 INSUFFICIENT_ACCESS_OR_READONLY: insufficient access rights on object id []"
    );
    org.model.set_object_access("Contact", Verb::Create, false);
    check_in(
        &mut org,
        json!({}),
        "400 CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY: entity type cannot be inserted: Contact []",
    );
}

#[test]
fn decimals_beyond_the_scale_are_cut_off_silently() {
    let mut org = org();
    let id = org.create(
        "Contact",
        json!({"LastName": "R", "Score__c": 12.349, "Annual_Value__c": 0.29}),
    );
    let row = org.model.get("Contact", &id).unwrap();
    assert_eq!(
        (
            row["Score__c"].to_string(),
            row["Annual_Value__c"].to_string()
        ),
        ("12.34".to_owned(), "0.29".to_owned())
    );
}

#[test]
fn a_unique_value_is_taken_until_its_record_is_deleted() {
    let mut org = org();
    let first = org.create(
        "Contact",
        json!({"LastName": "A", "External_Ref__c": "r-1"}),
    );
    check_in(
        &mut org,
        json!({"External_Ref__c": "R-1"}),
        &format!(
            "400 DUPLICATE_VALUE: duplicate value found: External_Ref__c duplicates value on record with id: {} []",
            &first[..15]
        ),
    );
    org.model.delete("Contact", &first, NOW).unwrap();
    check_in(&mut org, json!({"External_Ref__c": "R-1"}), "201");
}

#[test]
fn state_and_country_are_checked_only_where_the_org_has_such_picklists() {
    check(json!({"MailingState": "Atlantis"}), "201");
    let switches = [Switch::StateCountryPicklists].into();
    let mut org = org_with(Settings {
        switches,
        ..Settings::default()
    });
    check_in(
        &mut org,
        json!({"MailingCountry": "Atlantis"}),
        "400 FIELD_INTEGRITY_EXCEPTION: There's a problem with this country, even though it may appear correct. Please select a country/territory from the list of valid countries. [\"MailingCountry\"]",
    );
    check_in(
        &mut org,
        json!({"MailingState": "Texas"}),
        "400 FIELD_INTEGRITY_EXCEPTION: A country/territory must be specified before specifying a state value for field: Mailing State/Province [\"MailingState\"]",
    );
    check_in(
        &mut org,
        json!({"MailingCountry": "Italy", "MailingState": "Texas"}),
        "400 FIELD_INTEGRITY_EXCEPTION: The existing country/territory doesn't recognize the state value for field: Mailing State/Province [\"MailingState\"]",
    );
    check_in(
        &mut org,
        json!({"MailingCountry": "Italy", "MailingState": "Mars"}),
        "400 FIELD_INTEGRITY_EXCEPTION: There's a problem with this state, even though it may appear correct. Please select a state from the list of valid states. [\"MailingState\"]",
    );
    check_in(
        &mut org,
        json!({"MailingCountryCode": "IT", "MailingStateCode": "FD"}),
        "400 FIELD_INTEGRITY_EXCEPTION: The MailingStateCode field contains FD, which isn't an available state. Your administrator can add it for you. [\"MailingStateCode\"]",
    );
    let id = org.create(
        "Contact",
        json!({"LastName": "R", "MailingCountryCode": "IT", "MailingStateCode": "RM"}),
    );
    let row = org.model.get("Contact", &id).unwrap();
    assert_eq!(
        (&row["MailingCountry"], &row["MailingState"]),
        (&json!("Italy"), &json!("Roma"))
    );
}

#[test]
fn an_upsert_creates_then_updates_and_offers_a_choice_between_several() {
    let mut org = org();
    let path = "sobjects/Contact/Syncline_HubSpot_Id__c/4711-1";
    let created = org.call("PATCH", path, &json!({"LastName": "Rossi"}));
    assert_eq!(
        (created.status, &body(&created)["created"]),
        (201, &json!(true))
    );
    let updated = org.call("PATCH", path, &json!({"LastName": "Bianchi"}));
    assert_eq!(
        (updated.status, &body(&updated)["created"]),
        (200, &json!(false))
    );
    assert_eq!(
        body(&org.call("GET", path, &Value::Null))["LastName"],
        "Bianchi"
    );
    let old = org.send(
        "PATCH",
        &format!("/services/data/v45.0/{path}"),
        &[],
        br#"{"LastName":"Verdi"}"#,
    );
    assert_eq!(old.status, 204);
    let unknown = org.call("PATCH", "sobjects/Contact/Other__c/1", &json!({}));
    assert_eq!(
        told(&unknown),
        "404 NOT_FOUND: Provided external ID field does not exist or is not accessible: Other__c"
    );
    let only = org.call(
        "PATCH",
        "sobjects/Contact/Syncline_HubSpot_Id__c/4711-9?updateOnly=true",
        &json!({"LastName": "N"}),
    );
    assert_eq!(only.status, 404);
    for _ in 0..2 {
        org.create(
            "Contact",
            json!({"LastName": "Twin", "Email": "t@acme.example"}),
        );
    }
    let several = org.call(
        "PATCH",
        "sobjects/Contact/Email/t%40acme.example",
        &json!({"LastName": "X"}),
    );
    assert_eq!(
        (several.status, body(&several).as_array().map(Vec::len)),
        (300, Some(2))
    );
}
