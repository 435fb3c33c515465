//! Puts people into the two CRMs, one after the other, as if over the last ninety days.
//!
//! Knows what a healthy contact looks like on each side; what spoils one is the troubles' part.

use super::owners;
use super::people::Person;
use crate::simulator::Simulator;
use serde_json::{Map, Value, json};

/// How far back the oldest record lies.
const PAST_MS: i64 = 90 * 86_400_000;
/// Between two records: ninety days hold more than the demo has.
const STEP_MS: i64 = 2 * 3_600_000 + 7_013;

/// Adds records in the order of their stamps, and people in the order of their numbers.
pub(super) struct AddRecord<'a> {
    pub(super) simulator: &'a mut Simulator,
    at: i64,
    people: usize,
}

impl<'a> AddRecord<'a> {
    pub(super) fn new(simulator: &'a mut Simulator, now: i64) -> AddRecord<'a> {
        AddRecord {
            simulator,
            at: now - PAST_MS,
            people: 0,
        }
    }

    /// The time before the first record, Unix ms.
    pub(super) fn start(&self) -> i64 {
        self.at
    }

    /// Somebody who is in neither CRM yet.
    pub(super) fn somebody(&mut self) -> Person {
        self.people += 1;
        Person::new(self.people - 1)
    }

    /// The time of the next record, Unix ms.
    pub(super) fn tick(&mut self) -> i64 {
        self.at += STEP_MS;
        self.at
    }

    /// A contact in HubSpot; its id.
    pub(super) fn hubspot(&mut self, properties: &Map<String, Value>) -> String {
        self.portal("contacts", properties)
    }

    /// A record of any type in HubSpot; its id.
    pub(super) fn portal(&mut self, kind: &str, properties: &Map<String, Value>) -> String {
        let at = self.tick();
        let put = self.simulator.hubspot.put(kind, None, properties, at);
        put.expect("the demo writes only what a portal accepts from a person")
    }

    /// A record in Salesforce; its id.
    pub(super) fn salesforce(&mut self, object: &str, fields: Map<String, Value>) -> String {
        let at = self.tick();
        let put = self.simulator.salesforce.put(object, fields, at);
        put.expect("the demo writes only what its org accepts from a person")
    }

    /// The members of a JSON object.
    pub(super) fn map(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(map) => map,
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => Map::new(),
        }
    }
}

/// A healthy contact as HubSpot holds it; `number` varies what is optional.
pub(super) fn hubspot_contact(person: &Person, number: usize) -> Map<String, Value> {
    let place = person.place;
    let mut contact = AddRecord::map(json!({
        "email": person.email(), "firstname": person.first, "lastname": person.last,
        "company": person.company, "jobtitle": person.title, "phone": person.phone(),
        "address": person.street(), "city": place.city, "zip": place.zip, "country": place.country,
        "hubspot_owner_id": owners::of(number),
    }));
    if !place.state.is_empty() {
        contact.insert("state".to_owned(), json!(place.state));
    }
    if number.is_multiple_of(3) {
        let tier = if number.is_multiple_of(2) {
            "gold"
        } else {
            "silver"
        };
        contact.insert("customer_tier".to_owned(), json!(tier));
    }
    if number.is_multiple_of(4) {
        let visits = (number * 7 % 60 + 1).to_string();
        contact.insert("visits".to_owned(), json!(visits));
        contact.insert("score".to_owned(), json!((number * 13 % 900).to_string()));
    }
    let sources = ["Web", "Phone Inquiry", "Other"];
    contact.insert(
        "lead_source".to_owned(),
        json!(sources[number % sources.len()]),
    );
    contact
}

/// A healthy contact as Salesforce holds it.
pub(super) fn salesforce_contact(
    person: &Person,
    number: usize,
    owner: &str,
) -> Map<String, Value> {
    let place = person.place;
    let mut contact = AddRecord::map(json!({
        "Email": person.email(), "FirstName": person.first, "LastName": person.last,
        "Title": person.title, "Phone": person.phone(), "MailingStreet": person.street(),
        "MailingCity": place.city, "MailingPostalCode": place.zip,
        "MailingCountry": place.country, "OwnerId": owner,
    }));
    if !place.state.is_empty() {
        contact.insert("MailingState".to_owned(), json!(place.state));
    }
    if number.is_multiple_of(3) {
        let tier = if number.is_multiple_of(2) {
            "Gold"
        } else {
            "Silver"
        };
        contact.insert("Tier__c".to_owned(), json!(tier));
    }
    if number.is_multiple_of(5) {
        contact.insert("Employees__c".to_owned(), json!(number * 31 % 4_000 + 5));
        contact.insert("Annual_Value__c".to_owned(), json!(number * 1_250));
    }
    let sources = ["Web", "Phone Inquiry", "Other"];
    contact.insert(
        "LeadSource".to_owned(),
        json!(sources[number % sources.len()]),
    );
    contact
}
