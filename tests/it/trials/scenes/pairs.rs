//! Records that meet.

use std::collections::BTreeMap;

use serde_json::json;
use syncline::domain::event::{Action, Event};
use syncline::domain::record::Side;
use syncline::simulator::{Fault, Server};

use super::super::driver::{HOUR, MINUTE, SECOND, Trial};
use super::super::people::records;
use super::super::plan::Plan;
use super::super::running::Loop;
use super::{Scene, UPDATE, calm, city_of, pass, put_in_hubspot, put_in_salesforce};

/// The writer looks until the rows of a first load have gathered, and plans them.
fn gathered(trial: &mut Trial) {
    trial.look(Loop::Writer);
    trial.clock.pass(3 * SECOND);
    trial.look(Loop::Writer);
}

#[test]
fn a_pair_seen_on_both_sides_at_once_is_held_written_and_journaled_once() {
    const PEOPLE: u64 = 12;
    let mut trial = Trial::new(Plan {
        guard_floor: 2,
        ..calm()
    });
    for number in 0..PEOPLE {
        let email = format!("p{number}@people.example");
        let ours = json!({ "email": email, "lastname": "P", "city": "Bonn" });
        put_in_hubspot(&trial, None, &ours);
        // The other way round, so that no page of one side meets its like of the other.
        let email = format!("p{}@people.example", PEOPLE - 1 - number);
        let theirs = json!({ "Email": email, "LastName": "P", "MailingPostalCode": "53111" });
        put_in_salesforce(&trial, None, &theirs);
    }
    trial.clock.pass(HOUR);
    for which in [Loop::Connection, Loop::Salesforce, Loop::HubSpot] {
        trial.look(which);
    }
    // Too late for what was read to be kept: both halves are read again.
    trial.clock.pass(3 * MINUTE);
    gathered(&mut trial);
    let held = trial.store().read_blocking(syncline::inbox::counts);
    let held: Vec<_> = held
        .unwrap()
        .into_iter()
        .map(|one| (one.state, one.rows))
        .collect();
    assert_eq!(held, [(syncline::inbox::State::Held, PEOPLE)]);
    for entry in trial.journal() {
        if let Event::CycleHeld(event) = entry.event {
            assert_eq!(event.records, PEOPLE, "{event:?}");
        }
    }
    pass(&mut trial, 8);
    let mut written: BTreeMap<(i64, Side), u64> = BTreeMap::new();
    for entry in trial.journal() {
        let record = entry.record.map_or(0, |record| record.0);
        match entry.event {
            Event::RecordSynced(event) if event.action != Action::Agreed => {
                *written.entry((record, event.to)).or_default() += 1;
            }
            _ => (),
        }
    }
    let once = written.values().all(|times| *times == 1);
    assert!(once && written.len() as u64 == 2 * PEOPLE, "{written:?}");
}

#[test]
fn a_prediction_is_journaled_once_however_often_the_record_is_looked_at() {
    let mut scene = Scene::new(calm());
    let predicted = |scene: &Scene| {
        let entries = scene.trial.journal().into_iter();
        entries
            .filter(|entry| matches!(entry.event, Event::RecordFailed(_)))
            .count()
    };
    scene.in_hubspot(&json!({ "firstname": "x".repeat(60) }));
    scene.minutes(3);
    assert_eq!(predicted(&scene), 1);
    scene.moves_in_hubspot("Ulm");
    scene.minutes(3);
    assert_eq!(predicted(&scene), 1, "it fails as before");
}

#[test]
fn an_edit_made_while_the_first_write_of_a_linked_pair_is_held_reaches_the_other_side() {
    let mut trial = Trial::new(Plan {
        guard_floor: 0,
        ..calm()
    });
    let one =
        json!({ "email": "met@people.example", "lastname": "Met", "city": "Rome", "zip": "1" });
    let hubspot = put_in_hubspot(&trial, None, &one);
    let other = json!({ "Email": "met@people.example", "LastName": "Met", "MailingCity": "Rome" });
    put_in_salesforce(&trial, None, &other);
    trial.clock.pass(HOUR);
    // Linked, and the zip to be filled in Salesforce waits for a person.
    for which in Loop::ALL.into_iter().chain([Loop::Writer; 2]) {
        trial.look(which);
        trial.clock.pass(2 * SECOND);
    }
    trial.clock.pass(HOUR);
    put_in_hubspot(&trial, Some(&hubspot), &json!({ "city": "Oslo" }));
    pass(&mut trial, 8);
    let city = city_of(&trial, Side::Salesforce, "met@people.example");
    assert_eq!(city.as_deref(), Some("Oslo"));
}

#[test]
fn an_edit_that_is_held_with_the_row_of_its_partner_is_answered_once_approved() {
    let mut scene = Scene::new(Plan {
        guard_floor: 0,
        ..calm()
    });
    let trial = &mut scene.trial;
    let one = json!({ "email": "b@people.example", "lastname": "B", "city": "Bonn" });
    let made = put_in_hubspot(trial, None, &one);
    trial.clock.pass(HOUR);
    trial.look(Loop::HubSpot);
    gathered(trial);
    trial.settle_holds();
    // Nobody hears that the contact carries the id of the one made in Salesforce.
    trial.strike(Server::HubSpot, UPDATE, 0, Fault::Lost);
    trial.look(Loop::Writer);
    put_in_hubspot(trial, Some(&made), &json!({ "mobilephone": "+47 1" }));
    trial.clock.pass(HOUR);
    pass(trial, 8);
    // Salesforce has the word on this field, and says nothing.
    let known = records(&trial.network.simulator(), Side::HubSpot, false);
    let shown = known.iter().find(|one| one.id == made).unwrap();
    assert_eq!(shown.fields.get("mobilephone"), None);
}

#[test]
fn what_a_person_approved_does_not_count_again_for_the_guard() {
    let mut scene = Scene::new(Plan {
        guard_floor: 2,
        ..calm()
    });
    let people: Vec<String> = (0..4)
        .map(|number| {
            let fields = json!({ "email": format!("p{number}@people.example"), "lastname": "P" });
            put_in_hubspot(&scene.trial, None, &fields)
        })
        .collect();
    scene.minutes(8);
    let edit = |trial: &Trial, number: usize, city: &str| {
        put_in_hubspot(trial, Some(&people[number]), &json!({ "city": city }));
    };
    // A day later, so that what was written then counts no more.
    scene.trial.clock.pass(25 * HOUR);
    for number in 0..3 {
        edit(&scene.trial, number, "Ulm");
    }
    let trial = &mut scene.trial;
    for which in [
        Loop::Connection,
        Loop::Salesforce,
        Loop::HubSpot,
        Loop::Writer,
    ] {
        trial.look(which);
    }
    let before = held(trial);
    trial.settle_holds();
    edit(trial, 3, "Bonn");
    pass(trial, 8);
    assert_eq!(held(trial), before, "nothing was held once it was approved");
    let cities: Vec<Option<String>> = (0..4)
        .map(|n| city_of(trial, Side::Salesforce, &format!("p{n}@people.example")))
        .collect();
    let wanted = ["Ulm", "Ulm", "Ulm", "Bonn"].map(|city| Some(city.to_owned()));
    assert_eq!(cities, wanted);
}

/// How often the guard stopped something.
fn held(trial: &Trial) -> usize {
    let entries = trial.journal().into_iter();
    entries
        .filter(|entry| matches!(entry.event, Event::CycleHeld(_)))
        .count()
}
