//! What is foreseen with certainty is refused when it is sent all the same, by an org that shares no
//! code with the forecast.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use proptest::prelude::*;
use syncline::crm::http::{CallError, Reply};
use syncline::crm::salesforce::{Batch, BatchOperation, Row, RowOutcome, Salesforce};
use syncline::domain::event::Action;
use syncline::domain::failure::RawFailure;
use syncline::domain::merge::Write;
use syncline::domain::preflight;
use syncline::domain::record::{FieldName, Side, Timestamp, Value};
use syncline::domain::schema::ObjectSchema;
use syncline::simulator::salesforce::NewRecordType;

use super::loads::{KEY, START, line};
use super::{field, names};

const FIELDS: [&str; 14] = [
    "LastName",
    "Title",
    "Department",
    "Email",
    "LeadSource",
    "Birthdate",
    "DoNotCall",
    "Score__c",
    "Visits__c",
    "Tier__c",
    "Interests__c",
    "Last_Webinar__c",
    "ReportsToId",
    "No_Such__c",
];

/// The number of a contact that stands there already.
const STANDING: u32 = 2_000_000;

/// Values that are good in one field and bad in the next, and those at the edge of either.
fn values() -> Vec<Value> {
    let texts = [
        "x",
        "Gold",
        "Silver",
        " gold ",
        "GOLD",
        "Platinum",
        "ada@acme.example",
        "ada acme@acme.example",
        "\u{e9}@acme.example",
        "@acme.example",
        "nobody",
        "12",
        "12.50",
        "1e3",
        "-9999.99",
        "10000",
        "123456789",
        "true",
        "yes",
        "maybe",
        "2026-02-03",
        "3 February",
        "0",
        "003000000000001",
        "short",
        "Data",
        "Data;Cooking",
    ];
    let mut all: Vec<Value> = texts
        .iter()
        .map(|text| Value::Text((*text).into()))
        .collect();
    for length in [80, 81, 128, 129] {
        all.push(Value::Text("\u{e0}".repeat(length)));
        all.push(Value::Text(format!(" {} ", "a".repeat(length))));
    }
    for number in [
        "0",
        "9999.99",
        "-10000",
        "9999.999",
        "99999999",
        "100000000",
    ] {
        all.push(Value::Number(number.into()));
    }
    let options =
        |options: &[&str]| Value::Options(options.iter().map(|one| (*one).to_owned()).collect());
    all.extend([
        Value::Blank,
        Value::Bool(true),
        Value::Date(2026, 2, 3),
        Value::DateTime(Timestamp(START)),
        options(&["Data", "Design"]),
        options(&["Data", "Cooking"]),
    ]);
    all
}

pub(super) fn writing(action: Action, fields: BTreeMap<FieldName, Value>) -> Write {
    Write {
        to: Side::Salesforce,
        action,
        id: None,
        fields,
        moved: Vec::new(),
        lost: Vec::new(),
        withheld: Vec::new(),
        replaced: BTreeMap::new(),
        marks: false,
    }
}

/// What the org says of one batch.
type Answered = Result<Vec<RowOutcome>, Vec<RawFailure>>;

/// What the org answers to a record that is made, or found, by its key.
pub(super) async fn upserted(
    salesforce: &Salesforce,
    schema: &ObjectSchema,
    key: u32,
    fields: &BTreeMap<FieldName, Value>,
) -> Result<Reply<Vec<Answered>>, CallError> {
    let mut fields = fields.clone();
    fields.insert(field(KEY), Value::Text(format!("7-{key}")));
    let batch = Batch {
        schema,
        operation: BatchOperation::Upsert {
            external_id_field: field(KEY),
        },
        rows: vec![Row { id: None, fields }],
    };
    salesforce.write(&[batch]).await
}

/// Whether the org takes the record.
async fn is_taken(
    salesforce: &Salesforce,
    schema: &ObjectSchema,
    key: u32,
    fields: &BTreeMap<FieldName, Value>,
) -> bool {
    match upserted(salesforce, schema, key, fields).await {
        Ok(reply) => match &reply.value[0] {
            Ok(rows) => matches!(rows[0], RowOutcome::Written { .. }),
            // A value of another JSON type fails the whole batch.
            Err(_) => false,
        },
        Err(CallError::NotSent(why)) => panic!("nobody was asked: {why}"),
        Err(_) => false,
    }
}

#[test]
fn what_is_certain_to_fail_is_refused_when_it_is_sent_all_the_same() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let (salesforce, line) = runtime.block_on(line());
    // New contacts are partners, to whom the list of tiers does not offer all that it holds.
    line.in_org(|org| {
        let partner = org.add_record_type(&NewRecordType {
            object: "Contact".to_owned(),
            name: "Partner".to_owned(),
            developer_name: "Partner".to_owned(),
            default: true,
        });
        org.set_offered(&partner.unwrap(), "Tier__c", Some(&["Gold"]));
    });
    let schema = runtime.block_on(salesforce.describe("Contact", Timestamp(START)));
    let mut schema = schema.unwrap().value;
    let partner = schema.offer.record_type.clone().expect("a record type");
    let offered = runtime.block_on(salesforce.offered("Contact", &partner));
    schema.offer.choices = offered.unwrap().value;
    let (fields, values) = (names(&FIELDS), values());
    let met = RefCell::new(BTreeMap::<String, u32>::new());
    let key = Cell::new(0);
    let silver = BTreeMap::from(
        [("LastName", "Rossi"), ("Tier__c", "Silver")]
            .map(|(name, value)| (field(name), Value::Text(value.into()))),
    );
    let certain = preflight::check(
        &writing(Action::Created, silver.clone()),
        &schema,
        Timestamp(START + 1),
    );
    assert!(
        certain
            .iter()
            .any(|one| one.raw.message.contains("record type of new records")),
        "{certain:?}"
    );
    let taken = runtime.block_on(is_taken(&salesforce, &schema, 1_000_000, &silver));
    assert!(!taken, "what a record type does not offer is refused");
    let cells = prop::collection::vec((0..fields.len(), 0..values.len()), 1..4);
    let config = ProptestConfig {
        cases: 5_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let named = prop::bool::weighted(0.9);
    let rossi = BTreeMap::from([(field("LastName"), Value::Text("Rossi".into()))]);
    assert!(runtime.block_on(is_taken(&salesforce, &schema, STANDING, &rossi)));
    proptest!(config, |(is_new in any::<bool>(), named in named, cells in cells)| {
        let mut record = if named && is_new { rossi.clone() } else { BTreeMap::new() };
        record.extend(cells.iter().map(|(name, value)| (fields[*name].clone(), values[*value].clone())));
        let action = if is_new { Action::Created } else { Action::Updated };
        let certain = preflight::check(&writing(action, record.clone()), &schema, Timestamp(START + 1));
        key.set(key.get() + 1);
        let target = if is_new { key.get() } else { STANDING };
        let taken = runtime.block_on(is_taken(&salesforce, &schema, target, &record));
        for one in &certain {
            let failure = &one.raw.failure;
            *met.borrow_mut().entry(failure.code.clone()).or_default() += 1;
            prop_assert!(!taken, "{failure:?} of {record:?}");
        }
        let fate = match (taken, is_new) {
            (true, true) => "made",
            (true, false) => "changed",
            (false, _) => "refused",
        };
        *met.borrow_mut().entry(fate.to_owned()).or_default() += 1;
    });
    let met = met.into_inner();
    for code in [
        "made",
        "changed",
        "STRING_TOO_LONG",
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        "INVALID_EMAIL_ADDRESS",
        "INVALID_TYPE_ON_FIELD_IN_RECORD",
        "NUMBER_OUTSIDE_VALID_RANGE",
        "MALFORMED_ID",
        "REQUIRED_FIELD_MISSING",
        "INVALID_FIELD",
    ] {
        assert!(met.contains_key(code), "{code} was never met: {met:?}");
    }
}
