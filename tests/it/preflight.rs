//! What is certain to be refused, and what must never be predicted.

use std::collections::BTreeMap;

use syncline::domain::event::{Action, Known};
use syncline::domain::failure::{Fact, System};
use syncline::domain::merge::Write;
use syncline::domain::preflight::{METADATA_AGE_MAX_MS, check as predict};
use syncline::domain::record::{FieldName, RecordId, Side, Timestamp, Value};
use syncline::domain::schema::{Choice, Field, Kind, ObjectSchema, Offer};

use crate::convert::{choice, field};

fn schema(side: Side) -> ObjectSchema {
    let fields = [
        Field {
            length: Some(5),
            ..field("Title", Kind::Text)
        },
        Field {
            required: true,
            ..field("LastName", Kind::Text)
        },
        Field {
            required: true,
            ..field("OptOut", Kind::Bool)
        },
        field("Email", Kind::Email),
        Field {
            restricted: true,
            choices: vec![
                choice("Web", "From the web"),
                Choice {
                    active: false,
                    ..choice("Fax", "Fax")
                },
            ],
            ..field("Source", Kind::Picklist)
        },
        Field {
            choices: vec![choice("a", "a")],
            ..field("Open", Kind::Picklist)
        },
        Field {
            updatable: false,
            ..field("Born", Kind::Date)
        },
        Field {
            precision: Some(4),
            scale: Some(2),
            ..field("Amount", Kind::Number)
        },
        Field {
            restricted: true,
            choices: vec![choice("a", "a"), choice("b", "b")],
            ..field("Many", Kind::MultiPicklist)
        },
        field("Employees", Kind::Integer),
        field("AccountId", Kind::Reference),
    ];
    ObjectSchema {
        key_prefix: None,
        side,
        api_name: "Contact".to_owned(),
        creatable: true,
        updatable: true,
        read_at: Timestamp(0),
        whole_at: Timestamp(0),
        offer: Offer::default(),
        full: Vec::new(),
        modified: None,
        fields: fields.map(|field| (field.name.clone(), field)).into(),
    }
}

fn write(to: Side, action: Action, fields: &[(&str, Value)]) -> Write {
    let fields: BTreeMap<FieldName, Value> = fields
        .iter()
        .map(|(name, value)| {
            (
                FieldName::parse(name).expect("tests name valid fields"),
                value.clone(),
            )
        })
        .collect();
    Write {
        to,
        action,
        id: RecordId::parse("7").ok(),
        fields,
        moved: Vec::new(),
        lost: Vec::new(),
        withheld: Vec::new(),
        replaced: BTreeMap::new(),
        marks: false,
    }
}

/// The failures of writing `value` to `name`, as `CODE field` lines.
fn check(to: Side, name: &str, value: Value, expected: &[&str]) {
    let write = write(to, Action::Updated, &[(name, value)]);
    let failures = predict(&write, &schema(to), Timestamp(1));
    let lines: Vec<String> = failures
        .iter()
        .map(|one| format!("{} {}", one.raw.failure.code, one.raw.failure.fields[0]))
        .collect();
    assert_eq!(lines, expected);
    assert!(
        failures
            .iter()
            .all(|one| one.raw.failure.system == System::Syncline)
    );
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

const SF: Side = Side::Salesforce;
const HS: Side = Side::HubSpot;

#[test]
fn a_text_is_too_long_only_when_counted_kindly() {
    check(SF, "Title", text("123456"), &["STRING_TOO_LONG Title"]);
    check(
        HS,
        "Title",
        text("123456"),
        &["PROPERTY_VALUE_TOO_LONG Title"],
    );
    check(SF, "Title", text(" 12345 "), &[]);
    check(SF, "Title", text("ééééé"), &[]);
}

#[test]
fn the_message_names_label_limit_and_length_but_never_the_value() {
    let write = write(SF, Action::Updated, &[("Title", text("secret"))]);
    let failures = predict(&write, &schema(SF), Timestamp(1));
    assert_eq!(
        failures[0].raw.message,
        "Title: the text has 6 characters, and the field takes 5"
    );
}

#[test]
fn a_closed_list_refuses_what_it_does_not_know() {
    let restricted = "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST Source";
    check(SF, "Source", text("Radio"), &[restricted]);
    check(SF, "Source", text("Fax"), &[restricted]);
    check(SF, "Source", text("web"), &[]);
    check(SF, "Source", text("From the web"), &[]);
    check(SF, "Open", text("Radio"), &[]);
    check(HS, "Source", text("Radio"), &["INVALID_OPTION Source"]);
    // A list that takes several splits a text.
    check(HS, "Many", text("a; b"), &[]);
    check(HS, "Many", text("a;c"), &["INVALID_OPTION Many"]);
    // HubSpot's hidden options are taken from the API.
    check(HS, "Source", text("Fax"), &[]);
}

#[test]
fn an_inactive_option_is_told_apart_from_an_unknown_one() {
    let write = write(SF, Action::Updated, &[("Source", text("Fax"))]);
    let failures = predict(&write, &schema(SF), Timestamp(1));
    assert_eq!(failures[0].raw.value.as_deref(), Some("Fax"));
    let facts = &failures[0].raw.failure.facts;
    assert!(facts.contains(&Fact::OptionKnown(true)));
    assert!(facts.contains(&Fact::OptionActive(false)));
}

#[test]
fn unknown_and_unwritable_fields_are_refused_by_name() {
    check(SF, "Gone__c", text("x"), &["INVALID_FIELD Gone__c"]);
    check(HS, "gone", text("x"), &["PROPERTY_DOESNT_EXIST gone"]);
    let born = Value::Date(2026, 1, 5);
    check(
        SF,
        "Born",
        born.clone(),
        &["INVALID_FIELD_FOR_INSERT_UPDATE Born"],
    );
    check(HS, "Born", born, &["READ_ONLY_VALUE Born"]);
}

#[test]
fn only_what_is_no_address_to_anybody_is_a_bad_address() {
    for bad in ["ada", "@b.c", "ada@", "ada lovelace@b.c"] {
        check(SF, "Email", text(bad), &["INVALID_EMAIL_ADDRESS Email"]);
        check(HS, "Email", text(bad), &["INVALID_EMAIL Email"]);
    }
    for accepted in ["a@b", "a+b@c.example", "\"a b\"@c.d", "a'b@c.d", " a@b.c "] {
        check(SF, "Email", text(accepted), &[]);
    }
}

#[test]
fn numbers_and_ids_are_checked_by_their_form() {
    let number = |digits: &str| Value::Number(digits.to_owned());
    check(SF, "Amount", number("99.99"), &[]);
    check(
        SF,
        "Amount",
        number("100"),
        &["NUMBER_OUTSIDE_VALID_RANGE Amount"],
    );
    check(HS, "Amount", number("100"), &[]);
    check(
        SF,
        "Employees",
        number("12345678901"),
        &["NUMBER_OUTSIDE_VALID_RANGE Employees"],
    );
    check(
        SF,
        "Amount",
        text("many"),
        &["INVALID_TYPE_ON_FIELD_IN_RECORD Amount"],
    );
    check(
        SF,
        "AccountId",
        text("Acme Inc"),
        &["MALFORMED_ID AccountId"],
    );
    check(SF, "AccountId", text("0015500001QdQWaAAN"), &[]);
    check(HS, "AccountId", text("12"), &[]);
}

#[test]
fn what_a_record_cannot_be_without_is_missed_when_created_and_when_emptied() {
    let created = write(SF, Action::Created, &[("Title", text("x"))]);
    let failures = predict(&created, &schema(SF), Timestamp(1));
    assert_eq!(failures.len(), 1, "checkboxes have a value by themselves");
    assert_eq!(failures[0].raw.failure.code, "REQUIRED_FIELD_MISSING");
    let facts = &failures[0].raw.failure.facts;
    assert!(facts.contains(&Fact::ValueMissing));
    check(
        SF,
        "LastName",
        Value::Blank,
        &["REQUIRED_FIELD_MISSING LastName"],
    );
    check(HS, "LastName", Value::Blank, &[]);
    check(SF, "Title", Value::Blank, &[]);
}

/// How the only failure of writing `value` to `name` is known.
fn check_known(to: Side, name: &str, value: Value, expected: Known) {
    let write = write(to, Action::Updated, &[(name, value)]);
    let failures = predict(&write, &schema(to), Timestamp(1));
    let known: Vec<Known> = failures.iter().map(|one| one.known).collect();
    assert_eq!(known, [expected], "{name} in {to}");
}

#[test]
fn what_a_flow_of_salesforce_may_still_mend_is_only_likely() {
    let (certain, likely) = (Known::Certain, Known::Likely);
    check_known(SF, "Title", text("123456"), likely);
    check_known(HS, "Title", text("123456"), certain);
    check_known(SF, "Email", text("no address"), likely);
    check_known(HS, "Email", text("no address"), certain);
    check_known(SF, "LastName", Value::Blank, likely);
    check_known(SF, "Amount", Value::Number("12345".to_owned()), likely);
    check_known(SF, "Amount", text("much"), certain);
    check_known(SF, "Source", text("Radio"), certain);
    check_known(SF, "AccountId", text("12"), certain);
    check_known(SF, "Gone__c", text("x"), certain);
    check_known(SF, "Born", Value::Blank, certain);
}

#[test]
fn metadata_of_an_hour_ago_proves_nothing() {
    let write = write(SF, Action::Updated, &[("Title", text("123456"))]);
    let at = |now| predict(&write, &schema(SF), Timestamp(now)).len();
    assert_eq!(at(METADATA_AGE_MAX_MS - 1), 1);
    assert_eq!(at(METADATA_AGE_MAX_MS), 0);
}
