//! Fixes that leave no trace at the record.

use serde_json::json;
use syncline::domain::record::Side;

use super::super::driver::{HOUR, Trial};
use super::super::people::records;
use super::super::trouble::phone_rule;
use super::{calm, pass, put_in_hubspot};

#[test]
fn one_probe_that_succeeds_lets_all_records_of_its_cause_go() {
    const PEOPLE: usize = 7;
    let mut trial = Trial::new(calm());
    trial.network.simulator().salesforce.inject(phone_rule());
    for number in 0..PEOPLE {
        let email = format!("p{number}@people.example");
        let fields = json!({ "email": email, "lastname": "P", "phone": "0228 1" });
        put_in_hubspot(&trial, None, &fields);
    }
    trial.clock.pass(HOUR);
    let arrived =
        |trial: &Trial| records(&trial.network.simulator(), Side::Salesforce, false).len();
    pass(&mut trial, 8);
    assert_eq!(arrived(&trial), 0, "the rule refuses them all");
    trial
        .network
        .simulator()
        .salesforce
        .remove_rule("Phone_Format");
    trial.clock.pass(2 * HOUR);
    pass(&mut trial, 4);
    assert_eq!(arrived(&trial), PEOPLE);
}
