//! What an administrator does on a Monday morning: a new rule, and the first records it stops.

use serde_json::json;

use super::people::Person;
use super::records::hubspot_contact;
use crate::simulator::Simulator;
use crate::simulator::salesforce::{Injected, InjectedKind, Op, Predicate};

/// Numbers of the people who come with it.
const NEWCOMERS: usize = 20_000;

/// Contacts that the new rule stops.
const STOPPED: usize = 3;

/// Adds the rule at `now` (Unix ms), and contacts in HubSpot that break it.
pub fn surprise(simulator: &mut Simulator, now: i64) {
    simulator.salesforce.inject(Injected {
        name: "Mobile consent".to_owned(),
        object: "Contact".to_owned(),
        kind: InjectedKind::ValidationRule,
        when: vec![Predicate {
            field: "MobilePhone".to_owned(),
            op: Op::Contains,
            value: "555 02".to_owned(),
        }],
        message: "A mobile number needs a consent on file.".to_owned(),
        fields: vec!["MobilePhone".to_owned()],
        active: true,
    });
    for number in 0..STOPPED {
        let person = Person::new(NEWCOMERS + number);
        let mut contact = hubspot_contact(&person, number);
        contact.insert(
            "mobilephone".to_owned(),
            json!(format!("+49 30 555 02{number:02}")),
        );
        // A second surprise finds its people there already, and changes nothing.
        let _ = simulator.hubspot.put("contacts", None, &contact, now);
    }
}
