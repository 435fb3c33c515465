//! States and countries: what is read of their lists, and that what is foreseen of them is what an
//! org says that shares no code with the forecast.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use proptest::prelude::*;
use syncline::crm::salesforce::{RowOutcome, Salesforce};
use syncline::domain::event::Action;
use syncline::domain::failure::RawFailure;
use syncline::domain::preflight;
use syncline::domain::record::{FieldName, Timestamp, Value};
use syncline::domain::schema::ObjectSchema;
use syncline::simulator::salesforce::Switch;

use super::foreseen::{upserted, writing};
use super::loads::{START, line};
use super::{NOW, client, field};
use crate::crm_transport::answer;

const PLACES: &str = r#"{"name":"Contact","createable":true,"updateable":true,"fields":[
 {"name":"MailingCountryCode","label":"Mailing Country Code","type":"picklist","restrictedPicklist":true,
  "createable":true,"updateable":true,"nillable":true,"dependentPicklist":false,"controllerName":null,"picklistValues":[
   {"active":true,"label":"A","value":"C0"},{"active":true,"label":"B","value":"C1"},
   {"active":true,"label":"C","value":"C2"},{"active":true,"label":"D","value":"C3"},
   {"active":true,"label":"E","value":"C4"},{"active":true,"label":"F","value":"C5"},
   {"active":true,"label":"G","value":"C6"},{"active":true,"label":"H","value":"C7"},
   {"active":true,"label":"I","value":"C8"},{"active":true,"label":"J","value":"C9"}]},
 {"name":"Ticked__c","label":"Ticked","type":"boolean","createable":true,"updateable":true,"nillable":false},
 {"name":"Other__c","label":"Other","type":"picklist","createable":true,"updateable":true,"nillable":true,
  "dependentPicklist":true,"controllerName":"Ticked__c","picklistValues":[
   {"active":true,"label":"X","value":"x","validFor":"QAAA"}]},
 {"name":"MailingStateCode","label":"Mailing State/Province Code","type":"picklist","restrictedPicklist":true,
  "createable":true,"updateable":true,"nillable":true,"dependentPicklist":true,"controllerName":"MailingCountryCode",
  "picklistValues":[
   {"active":true,"label":"First","value":"S0","validFor":"gAAA"},
   {"active":true,"label":"Eighth","value":"S1","validFor":"AQAA"},
   {"active":true,"label":"Second and ninth","value":"S2","validFor":"QIAA"},
   {"active":true,"label":"None","value":"S3","validFor":"AAAA"},
   {"active":true,"label":"Beyond","value":"S4","validFor":"AAD/"},
   {"active":true,"label":"Cut off","value":"S5","validFor":"gA=="},
   {"active":true,"label":"Unreadable","value":"S6","validFor":"?"},
   {"active":true,"label":"Unsaid","value":"S7","validFor":null}]}]}"#;

#[tokio::test]
async fn what_a_choice_is_there_for_is_read_bit_by_bit_from_the_left() {
    let (salesforce, _) = client(answer(200, PLACES)).await;
    let schema = salesforce.describe("Contact", NOW).await.unwrap().value;
    let states = schema.field(&field("MailingStateCode")).unwrap();
    assert_eq!(states.controller, Some(field("MailingCountryCode")));
    let of: Vec<String> = states.choices.iter().map(|one| one.of.join(" ")).collect();
    assert_eq!(of, ["C0", "C7", "C1 C8", "", "", "C0", "", ""]);
    let countries = schema.field(&field("MailingCountryCode")).unwrap();
    assert_eq!(countries.controller, None);
    assert!(countries.choices.iter().all(|one| one.of.is_empty()));
    let other = schema.field(&field("Other__c")).unwrap();
    assert!(other.controller.is_none() && other.choices[0].of.is_empty());
    // One kept by a program that knew nothing of these is read as one that has none.
    let kept = serde_json::to_string(&schema).unwrap();
    assert_eq!(serde_json::from_str::<ObjectSchema>(&kept).unwrap(), schema);
    let old = kept.replace("\"controller\":\"MailingCountryCode\",", "");
    let old: ObjectSchema = serde_json::from_str(&old.replace("\"of\":[\"C0\"],", "")).unwrap();
    assert_eq!(
        old.field(&field("MailingStateCode")).unwrap().controller,
        None
    );
}

/// What the org says against a record, where it takes it not.
async fn refusal(
    salesforce: &Salesforce,
    schema: &ObjectSchema,
    key: u32,
    fields: &BTreeMap<FieldName, Value>,
) -> Option<RawFailure> {
    let reply = upserted(salesforce, schema, key, fields).await.unwrap();
    match &reply.value[0].as_ref().unwrap()[0] {
        RowOutcome::Written { .. } => None,
        RowOutcome::Failed(failures) => Some(failures[0].clone()),
    }
}

fn foreseen(
    schema: &ObjectSchema,
    action: Action,
    fields: &BTreeMap<FieldName, Value>,
) -> Vec<RawFailure> {
    let write = writing(action, fields.clone());
    let foreseen = preflight::check(&write, schema, Timestamp(START + 1)).into_iter();
    foreseen
        .map(|one| {
            assert!(one.is_likely(), "{one:?}");
            one.raw
        })
        .collect()
}

const FIELDS: [&str; 4] = [
    "MailingState",
    "MailingStateCode",
    "MailingCountry",
    "MailingCountryCode",
];

const STATES: [&str; 10] = [
    "", "Texas", "texas", " Roma ", "Ontario", "Michigan", "Milano", "MI", "CA", "Atlantis",
];

const COUNTRIES: [&str; 8] = [
    "",
    "Italy",
    "ITALY",
    "United States",
    "Canada",
    "CA",
    "Germany",
    "Deutschland",
];

#[test]
fn what_is_foreseen_of_states_and_countries_is_what_the_org_answers() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let (salesforce, line) = runtime.block_on(line());
    line.in_org(|org| org.set_switch(Switch::StateCountryPicklists, true));
    let schema = runtime.block_on(salesforce.describe("Contact", Timestamp(START)));
    let schema = schema.unwrap().value;
    let met = RefCell::new(BTreeMap::<String, u32>::new());
    let key = Cell::new(0);
    let config = ProptestConfig {
        cases: 3_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let told = || prop::option::weighted(0.6, 0..80_usize);
    let rossi = BTreeMap::from([(field("LastName"), Value::Text("Rossi".into()))]);
    proptest!(config, |(told in [told(), told(), told(), told()], before in (0..10_usize, 0..8_usize), is_new in any::<bool>())| {
        let mut fields = rossi.clone();
        for (name, one) in FIELDS.iter().zip(told) {
            let Some(one) = one else { continue };
            let text = if name.contains("State") { STATES[one % 10] } else { COUNTRIES[one % 8] };
            // Half of the codes are codes.
            let text = match (*name, text) {
                ("MailingStateCode", "Texas") => "TX",
                ("MailingStateCode", " Roma ") => "RM",
                ("MailingCountryCode", "Italy") => "IT",
                ("MailingCountryCode", "United States") => "us",
                (_, text) => text,
            };
            fields.insert(field(name), Value::Text(text.into()));
        }
        key.set(key.get() + 1);
        let action = if is_new { Action::Created } else { Action::Updated };
        if !is_new {
            // Where the record stands before it is changed: what is refused leaves it without a place.
            let mut standing = rossi.clone();
            standing.insert(field("MailingState"), Value::Text(STATES[before.0].into()));
            standing.insert(field("MailingCountry"), Value::Text(COUNTRIES[before.1].into()));
            if runtime.block_on(refusal(&salesforce, &schema, key.get(), &standing)).is_some() {
                runtime.block_on(refusal(&salesforce, &schema, key.get(), &rossi));
            }
        }
        let foreseen = foreseen(&schema, action, &fields);
        let said = runtime.block_on(refusal(&salesforce, &schema, key.get(), &fields));
        prop_assert!(foreseen.len() < 2, "{foreseen:?}");
        let fate = match (foreseen.first(), &said) {
            (Some(ours), Some(theirs)) => {
                let cause = |raw: &RawFailure| (raw.failure.code.clone(), raw.failure.fields.clone(), raw.rule.clone());
                // Which of two faults an update has where the record has no country only that tells.
                if is_new || theirs.rule.is_none() {
                    prop_assert_eq!(cause(ours), cause(theirs), "{:?}", fields);
                }
                let kind = if ours.rule.is_some() { "lacks a country" } else { "mismatch" };
                format!("{kind} {}", ours.failure.fields[0])
            }
            (Some(ours), None) => return Err(TestCaseError::fail(format!("{ours:?} of {fields:?}"))),
            (None, Some(_)) if is_new => {
                // Only a code in the place of a name, and blanks around one, we do not judge.
                let is_doubtful = ["MailingState", "MailingCountry"].iter().any(|name| {
                    fields.get(&field(name)).is_some_and(|value| {
                        ["CA", "MI", " Roma "].contains(&value.as_text().unwrap_or_default())
                    })
                });
                prop_assert!(is_doubtful, "{said:?} of {fields:?}");
                "unforeseen".to_owned()
            }
            (None, Some(_)) => "unforeseen".to_owned(),
            (None, None) => "taken".to_owned(),
        };
        *met.borrow_mut().entry(fate).or_default() += 1;
    });
    let met = met.into_inner();
    for fate in [
        "taken",
        "unforeseen",
        "lacks a country MailingState",
        "mismatch MailingState",
        "mismatch MailingStateCode",
        "mismatch MailingCountry",
    ] {
        assert!(met.contains_key(fate), "{fate} was never met: {met:?}");
    }
}
