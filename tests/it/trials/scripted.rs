//! Trials by a script: what a seed meets too seldom.

use serde_json::{Value as Json, json};
use syncline::domain::record::Side;

use super::driver::{HOUR, MINUTE, SECOND, Trial};
use super::plan::Plan;
use super::running::Loop;

/// Nothing goes wrong, and nobody is there yet.
fn quiet(guard_floor: u64) -> Trial {
    Trial::new(Plan {
        allocation: 15_000,
        guard_floor,
        faults: 0,
        index_lag_ms: (0, 0),
        latency_ms: 40,
        people: [0, 1, 0],
        crashes: false,
        full_disks: false,
        jumps: false,
        lapses: false,
        meddling: 0,
        owner_known: true,
        ..Plan::of(1)
    })
}

/// One person on both sides, who differs in the zip only.
fn couple(trial: &Trial) -> (String, String) {
    let now = trial.clock.true_ms();
    let email = "met@people.example";
    let one = json!({ "email": email, "lastname": "Met", "city": "Rome", "zip": "1" });
    let other = json!({ "Email": email, "LastName": "Met", "MailingCity": "Rome" });
    let mut simulator = trial.network.simulator();
    let portal = &mut simulator.hubspot;
    let hubspot = portal.put("contacts", None, one.as_object().unwrap(), now);
    let other = other.as_object().unwrap().clone();
    let salesforce = simulator.salesforce.put("Contact", other, now);
    (hubspot.unwrap(), salesforce.unwrap())
}

fn in_hubspot(trial: &Trial, id: &str, fields: &Json) {
    let now = trial.clock.true_ms();
    let fields = fields.as_object().unwrap();
    let mut simulator = trial.network.simulator();
    let done = simulator.hubspot.put("contacts", Some(id), fields, now);
    done.unwrap();
}

fn in_salesforce(trial: &Trial, id: &str, fields: &Json) {
    let now = trial.clock.true_ms();
    let mut fields = fields.as_object().unwrap().clone();
    fields.insert("Id".to_owned(), json!(id));
    let mut simulator = trial.network.simulator();
    let done = simulator.salesforce.put("Contact", fields, now);
    done.unwrap();
}

#[test]
fn a_row_committed_late_while_nobody_reads_is_found_by_the_first_listing() {
    let mut trial = quiet(1_000);
    trial.settle();
    trial.make(Side::Salesforce, "late@people.example", Some(30 * SECOND));
    trial.clock.pass(2 * SECOND);
    trial.make(Side::Salesforce, "before@people.example", None);
    trial.clock.pass(SECOND);
    // The cursor passes the row that is not yet committed.
    trial.look(Loop::Salesforce);
    trial.restart();
    trial.clock.pass(20 * MINUTE);
    // The cursor goes far ahead before anything is listed.
    trial.make(Side::Salesforce, "after@people.example", None);
    trial.settle();
    trial.check_settled();
}

#[test]
fn an_edit_made_while_the_first_write_of_a_linked_pair_is_held_reaches_the_other_side() {
    let mut trial = quiet(0);
    let (hubspot, salesforce) = couple(&trial);
    trial.clock.pass(HOUR);
    // Linked, and the zip to be filled in Salesforce waits for a person.
    for which in Loop::ALL.into_iter().chain([Loop::Writer]) {
        trial.look(which);
        trial.clock.pass(2 * SECOND);
    }
    trial.clock.pass(HOUR);
    in_hubspot(&trial, &hubspot, &json!({ "city": "Oslo" }));
    trial.settle();
    let simulator = trial.network.simulator();
    let shown = simulator.salesforce.get("Contact", &salesforce).unwrap();
    assert_eq!(shown["MailingCity"], json!("Oslo"));
}

#[test]
fn an_edit_made_after_its_record_was_read_is_not_written_over() {
    let mut trial = quiet(1_000);
    let (hubspot, salesforce) = couple(&trial);
    trial.settle();
    in_salesforce(&trial, &salesforce, &json!({ "MailingCity": "Bonn" }));
    trial.clock.pass(30 * SECOND);
    trial.look(Loop::Salesforce);
    // Read a moment ago, and kept: what follows is not in it.
    trial.clock.pass(10 * SECOND);
    in_hubspot(&trial, &hubspot, &json!({ "lastname": "Older" }));
    trial.clock.pass(10 * SECOND);
    in_salesforce(&trial, &salesforce, &json!({ "LastName": "Newer" }));
    trial.clock.pass(10 * SECOND);
    trial.look(Loop::Writer);
    trial.settle();
    let simulator = trial.network.simulator();
    let shown = simulator.salesforce.get("Contact", &salesforce).unwrap();
    assert_eq!(shown["LastName"], json!("Newer"));
}
