//! Single misfortunes, each on its own: what the seeds meet only now and then is met here always.

mod answers;
mod budget;
mod pairs;
mod probes;
mod reading;

use serde_json::{Value as Json, json};
use syncline::domain::record::Side;

use super::driver::{MINUTE, SECOND, Trial};
use super::people::records;
use super::plan::Plan;
use super::running::Loop;

/// Where both sides are written.
const UPSERT: &str = "/crm/objects/2026-09/contacts/batch/upsert";
const UPDATE: &str = "/crm/objects/2026-09/contacts/batch/update";
const COMPOSITE: &str = "/services/data/v66.0/composite";

/// Nothing goes wrong by itself, and nobody is there yet.
fn calm() -> Plan {
    Plan {
        seed: 1,
        allocation: 50_000,
        page_max: 3,
        cycle: 60,
        guard_floor: 1_000,
        faults: 0,
        index_lag_ms: (0, 0),
        latency_ms: 40,
        people: [0, 0, 0],
        actions: [0, 0],
        crashes: false,
        full_disks: false,
        jumps: false,
        lapses: false,
        we_own: true,
        meddling: 0,
        owner_known: true,
        several: false,
        as_leads: false,
        bulk_rows: 1_000,
        snapshot_rows: 1_000,
        snapshot_moved: 1_000,
        break_even: None,
        parcel_rows: 50,
        bulk_pace_ms: 5_000,
    }
}

/// One contact that is linked, made in Salesforce and living in Bonn.
struct Scene {
    trial: Trial,
    hubspot: String,
    salesforce: String,
}

impl Scene {
    fn new(plan: Plan) -> Self {
        let trial = Trial::new(plan);
        let fields = json!({ "Email": "a@people.example", "LastName": "A", "MailingCity": "Bonn" });
        let salesforce = put_in_salesforce(&trial, None, &fields);
        trial.clock.pass(5 * SECOND);
        let mut scene = Self {
            trial,
            hubspot: String::new(),
            salesforce,
        };
        scene.minutes(4);
        let known = records(&scene.trial.network.simulator(), Side::HubSpot, false);
        let made = known.first().expect("it was created");
        scene.hubspot.clone_from(&made.id);
        assert_eq!(scene.city(Side::HubSpot), "Bonn");
        scene
    }

    /// Somebody in Salesforce moves the contact.
    fn moves(&self, city: &str) {
        let fields = json!({ "MailingCity": city });
        put_in_salesforce(&self.trial, Some(&self.salesforce), &fields);
    }

    /// Somebody in HubSpot does.
    fn moves_in_hubspot(&self, city: &str) {
        self.in_hubspot(&json!({ "city": city }));
    }

    fn city(&self, side: Side) -> String {
        city_of(&self.trial, side, "a@people.example").unwrap_or_default()
    }

    fn minutes(&mut self, minutes: u32) {
        pass(&mut self.trial, minutes);
    }

    /// Gives the HubSpot contact these values.
    fn in_hubspot(&self, fields: &Json) {
        put_in_hubspot(&self.trial, Some(&self.hubspot), fields);
    }
}

/// What a person writes in HubSpot; the record's id.
fn put_in_hubspot(trial: &Trial, id: Option<&str>, fields: &Json) -> String {
    let now = trial.clock.true_ms();
    let mut simulator = trial.network.simulator();
    let fields = fields.as_object().unwrap();
    simulator.hubspot.put("contacts", id, fields, now).unwrap()
}

/// The same in Salesforce.
fn put_in_salesforce(trial: &Trial, id: Option<&str>, fields: &Json) -> String {
    let now = trial.clock.true_ms();
    let mut fields = fields.as_object().unwrap().clone();
    if let Some(id) = id {
        fields.insert("Id".to_owned(), json!(id));
    }
    let mut simulator = trial.network.simulator();
    simulator.salesforce.put("Contact", fields, now).unwrap()
}

fn city_of(trial: &Trial, side: Side, email: &str) -> Option<String> {
    let known = records(&trial.network.simulator(), side, false);
    let found = known
        .iter()
        .find(|one| one.fields.get("email").is_some_and(|known| known == email))?;
    Some(found.fields.get("city").cloned().unwrap_or_default())
}

/// Every loop looks once a minute, and a person approves what is held.
fn pass(trial: &mut Trial, minutes: u32) {
    for _ in 0..minutes {
        for which in Loop::ALL {
            trial.look(which);
        }
        trial.settle_holds();
        trial.clock.pass(MINUTE);
    }
}
