//! What is read, and when.

use serde_json::json;
use syncline::domain::record::Side;

use super::super::driver::{MINUTE, SECOND, Trial};
use super::super::people::records;
use super::super::running::Loop;
use super::{Scene, calm, city_of, put_in_salesforce};

#[test]
fn a_second_change_within_the_second_of_a_reading_is_read() {
    let mut scene = Scene::new(calm());
    let into_second = scene.trial.clock.true_ms().rem_euclid(SECOND);
    scene.trial.clock.pass(2 * SECOND - into_second);
    scene.moves("Cologne");
    scene.trial.clock.pass(300);
    scene.trial.look(Loop::Salesforce);
    scene.trial.look(Loop::Writer);
    scene.moves("Hamburg");
    scene.trial.clock.pass(MINUTE);
    scene.minutes(2);
    assert_eq!(scene.city(Side::HubSpot), "Hamburg");
}

#[test]
fn what_is_committed_behind_the_cursor_is_found_by_the_next_listing() {
    let mut scene = Scene::new(calm());
    let trial = &mut scene.trial;
    let late = json!({ "Email": "late@people.example", "LastName": "L", "MailingCity": "Ulm" });
    let late = late.as_object().unwrap().clone();
    let now = trial.clock.true_ms();
    let (stamp, visible_at) = (now - 90 * SECOND, now + 90 * SECOND);
    let made = trial
        .network
        .simulator()
        .salesforce
        .late_commit("Contact", late, stamp, visible_at);
    made.unwrap();
    scene.moves("Cologne");
    scene.minutes(1);
    let found = |scene: &Scene| city_of(&scene.trial, Side::HubSpot, "late@people.example");
    assert_eq!(found(&scene), None, "it is not visible yet");
    scene.minutes(7);
    assert_eq!(found(&scene).as_deref(), Some("Ulm"));
}

#[test]
fn a_row_committed_late_while_nobody_reads_is_found_by_the_first_listing() {
    let mut trial = Trial::new(calm());
    trial.make(Side::Salesforce, "first@people.example", None);
    trial.settle();
    trial.make(Side::Salesforce, "late@people.example", Some(30 * SECOND));
    trial.clock.pass(2 * SECOND);
    trial.make(Side::Salesforce, "before@people.example", None);
    trial.clock.pass(4 * SECOND);
    // The cursor passes the row that is not yet committed.
    trial.look(Loop::Salesforce);
    trial.restart();
    trial.clock.pass(20 * MINUTE);
    // The cursor goes far ahead before anything is listed.
    trial.make(Side::Salesforce, "after@people.example", None);
    trial.clock.pass(5 * SECOND);
    trial.settle();
    trial.check_settled();
}

#[test]
fn an_edit_made_after_its_record_was_read_is_not_written_over() {
    let mut scene = Scene::new(calm());
    let name = |scene: &Scene, side| {
        let known = records(&scene.trial.network.simulator(), side, false);
        known[0].fields["lastname"].clone()
    };
    scene.moves("Cologne");
    scene.trial.clock.pass(30 * SECOND);
    scene.trial.look(Loop::Salesforce);
    // Read a moment ago, and kept: what follows is not in it.
    scene.trial.clock.pass(10 * SECOND);
    scene.in_hubspot(&json!({ "lastname": "Older" }));
    scene.trial.clock.pass(10 * SECOND);
    let newer = json!({ "LastName": "Newer" });
    put_in_salesforce(&scene.trial, Some(&scene.salesforce), &newer);
    scene.trial.clock.pass(10 * SECOND);
    scene.trial.look(Loop::Writer);
    scene.minutes(8);
    for side in Side::BOTH {
        assert_eq!(name(&scene, side), "Newer", "{side}");
    }
}
