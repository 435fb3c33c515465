//! What the allocation and the clock allow.

use serde_json::json;
use syncline::domain::budget::Night;
use syncline::domain::event::{AllocationSet, BackfillSet, By, LoadTime};
use syncline::domain::record::Side;
use syncline::inbox;
use syncline::projections::{self, settings};
use syncline::simulator::{Fault, Server};

use super::super::driver::{HOUR, MINUTE, SECOND, Trial};
use super::super::plan::Plan;
use super::super::running::Loop;
use super::{Scene, UPDATE, calm, city_of, pass, put_in_salesforce};

#[test]
fn an_allocation_is_used_up_and_never_passed_under_constant_demand() {
    let allocation = 40;
    let mut scene = Scene::new(Plan {
        allocation,
        ..calm()
    });
    for hour in 0..50 {
        for minute in 0..4 {
            scene.moves_in_hubspot(&format!("City {hour} {minute}"));
            // Each look of each loop is followed by a look at Salesforce's own count.
            scene.minutes(1);
            scene.trial.clock.pass(HOUR / 4 - MINUTE);
        }
    }
    let worst = scene.trial.network.simulator().salesforce_worst_window();
    assert!(
        worst * 10 >= allocation * 9,
        "{worst} of {allocation} calls were used"
    );
}

#[test]
fn a_larger_allocation_frees_at_once_what_the_smaller_one_put_off() {
    let mut scene = Scene::new(Plan {
        allocation: 30,
        ..calm()
    });
    for step in 0..12 {
        scene.moves_in_hubspot(&format!("City {step}"));
        scene.minutes(2);
    }
    assert_ne!(
        scene.city(Side::Salesforce),
        "City 11",
        "the allocation is used up"
    );
    let larger = AllocationSet {
        allocation: 5_000,
        reserve_percent: 10,
        by: By::Operator(0),
    };
    let set = scene
        .trial
        .store()
        .write_blocking(move |tx| projections::append(tx, None, larger));
    set.unwrap();
    scene.trial.plan.allocation = 5_000;
    scene.minutes(2);
    assert_eq!(scene.city(Side::Salesforce), "City 11");
}

#[test]
fn a_clock_set_back_by_days_makes_nothing_wait_for_days() {
    let mut scene = Scene::new(calm());
    scene.trial.clock.set_skew(3 * 24 * HOUR);
    scene.minutes(2);
    scene.moves("Cologne");
    scene.trial.clock.pass(10 * SECOND);
    scene.trial.look(Loop::Salesforce);
    // The row is put off, and the side left alone, by a clock that is days ahead.
    scene
        .trial
        .strike(Server::HubSpot, UPDATE, 0, Fault::Answer(503));
    scene.trial.look(Loop::Writer);
    assert_eq!(
        scene.city(Side::HubSpot),
        "Bonn",
        "the write did not take effect"
    );
    scene.trial.clock.set_skew(0);
    scene.minutes(4);
    assert_eq!(scene.city(Side::HubSpot), "Cologne");
}

/// A contact that was there before the first look, and first loads that go in an hour of tonight only:
/// two hours from now.
fn a_load_by_day() -> Trial {
    let trial = Trial::new(calm());
    let fields = json!({ "Email": "a@people.example", "LastName": "A", "MailingCity": "Bonn" });
    put_in_salesforce(&trial, None, &fields);
    trial.clock.pass(5 * SECOND);
    set_backfill(&trial, LoadTime::Night);
    trial
}

fn set_backfill(trial: &Trial, when: LoadTime) {
    let set = trial.store().write_blocking(move |tx| {
        let before = settings::backfill(tx)?.map(|setting| setting.event.night);
        let minute = u16::try_from(tx.now().0.div_euclid(MINUTE) % 1_440)?;
        let night = before.unwrap_or(Night {
            from_min: (minute + 120) % 1_440,
            to_min: (minute + 180) % 1_440,
        });
        let (zone, by) = ("UTC".to_owned(), By::Operator(0));
        let set = BackfillSet {
            when,
            night,
            zone,
            by,
        };
        projections::append(tx, None, set)
    });
    set.unwrap();
}

fn arrived(trial: &Trial) -> bool {
    city_of(trial, Side::HubSpot, "a@people.example").is_some()
}

#[test]
fn a_first_load_waits_for_the_night_and_goes_then_by_itself() {
    let mut trial = a_load_by_day();
    pass(&mut trial, 10);
    assert!(!arrived(&trial), "it is day");
    let rows = trial.store().read_blocking(inbox::counts).unwrap();
    assert!(
        rows.iter().all(|one| one.state == inbox::State::Deferred),
        "{rows:?}"
    );
    let changed = json!({ "Email": "b@people.example", "LastName": "B", "MailingCity": "Kiel" });
    put_in_salesforce(&trial, None, &changed);
    pass(&mut trial, 4);
    assert!(
        city_of(&trial, Side::HubSpot, "b@people.example").is_some(),
        "changes go on by day"
    );
    assert!(!arrived(&trial));
    trial.clock.pass(108 * MINUTE);
    pass(&mut trial, 4);
    assert!(arrived(&trial));
}

#[test]
fn a_first_load_that_may_go_at_any_time_again_goes_at_once() {
    let mut trial = a_load_by_day();
    pass(&mut trial, 10);
    assert!(!arrived(&trial), "it is day");
    set_backfill(&trial, LoadTime::Always);
    pass(&mut trial, 2);
    assert!(arrived(&trial));
}
