//! What changes while somebody watches the demo: a little at every step, and now and then a cause ends.

use super::people::Person;
use super::records::{AddRecord, hubspot_contact, salesforce_contact};
use super::to_salesforce::{PHONES, corrected_phone};
use super::{FIRST_SPOILED, HEALTHY_HUBSPOT};
use super::{firms, org};
use crate::simulator::Simulator;
use crate::simulator::salesforce::human_id;
use serde_json::{Map, Value, json};

/// Numbers of the people who come during the demo: none of them is in it from the start.
const NEWCOMERS: usize = 10_000;

/// Makes the change of `step` (0, 1, 2, …) at `now` (Unix ms) and says in one line what it was.
///
/// Asks for a simulator that [`super::fill`] has filled; a record that somebody has deleted since is
/// passed over in silence.
pub fn drip(simulator: &mut Simulator, step: u64, now: i64) -> String {
    let number = usize::try_from(step).unwrap_or(usize::MAX / 2);
    if let Some(line) = administration(simulator, number % 60) {
        return line;
    }
    let newcomer = Person::new(NEWCOMERS + number % 1_000_000);
    match number % 6 {
        0 => {
            write(simulator, None, &hubspot_contact(&newcomer, number), now);
            format!("HubSpot: {} is new", newcomer.email())
        }
        1 => {
            let phone = format!("{} {:02}", newcomer.phone(), number % 100);
            change(
                simulator,
                &Person::new(number % HEALTHY_HUBSPOT).email(),
                "phone",
                &phone,
                now,
            )
        }
        2 => {
            let contact = salesforce_contact(&newcomer, number, &human_id());
            write_salesforce(simulator, contact, now);
            format!("Salesforce: {} is new", newcomer.email())
        }
        3 => promote(simulator, &newcomer, number, now),
        4 => {
            let n = number / 6 % PHONES;
            let email = Person::new(FIRST_SPOILED + n).email();
            change(simulator, &email, "phone", &corrected_phone(n), now)
        }
        _ => {
            let mut contact = hubspot_contact(&newcomer, number);
            contact.insert(
                "phone".to_owned(),
                json!(format!("0171 555 {:04}", number % 10_000)),
            );
            write(simulator, None, &contact, now);
            format!(
                "HubSpot: {} is new, with a phone that Salesforce refuses",
                newcomer.email()
            )
        }
    }
}

// Rare, because a cause that ends takes all of its errors with it.
fn administration(simulator: &mut Simulator, at: usize) -> Option<String> {
    let org = &mut simulator.salesforce;
    let line = match at {
        10 => {
            org::add_platinum(org);
            "Salesforce: the administrator added Platinum to the tiers"
        }
        15 => {
            firms::list_industry(org);
            "Salesforce: the administrator added Computer Software to the industries"
        }
        25 => {
            org.set_rule_active(org::FLOW, false);
            "Salesforce: the administrator switched the failing flow off"
        }
        40 => {
            org.set_rule_active(org::FLOW, true);
            "Salesforce: the failing flow is on again"
        }
        _ => return None,
    };
    Some(line.to_owned())
}

/// Gives a Salesforce contact another title.
fn promote(simulator: &mut Simulator, model: &Person, number: usize, now: i64) -> String {
    let email = Person::new(HEALTHY_HUBSPOT + number % super::HEALTHY_SALESFORCE).email();
    let found = simulator.salesforce.ids_where("Contact", "Email", &email);
    if let Some(id) = found.first() {
        let fields = json!({ "Id": id, "Title": format!("Senior {}", model.title) });
        write_salesforce(simulator, AddRecord::map(fields), now);
    }
    format!("Salesforce: {email} has another title")
}

/// Changes one property of the HubSpot contact with this address.
fn change(simulator: &mut Simulator, email: &str, property: &str, value: &str, now: i64) -> String {
    let records = simulator.hubspot.records("contacts");
    let found = records
        .iter()
        .find(|record| record.value("email") == Some(email));
    if let Some(id) = found.map(|record| record.id.to_string()) {
        let mut properties: Map<String, Value> = Map::new();
        properties.insert(property.to_owned(), json!(value));
        write(simulator, Some(&id), &properties, now);
    }
    format!("HubSpot: {email} has another {property}")
}

/// Writes as a person in HubSpot. What the portal refuses, because somebody changed it meanwhile or
/// the step was made before, does not happen: a demo goes on.
fn write(simulator: &mut Simulator, id: Option<&str>, properties: &Map<String, Value>, now: i64) {
    let _ = simulator.hubspot.put("contacts", id, properties, now);
}

/// Writes as a person in Salesforce, as forgiving as [`write`].
fn write_salesforce(simulator: &mut Simulator, fields: Map<String, Value>, now: i64) {
    let _ = simulator.salesforce.put("Contact", fields, now);
}
