//! What the allocation and the clock allow.

use syncline::domain::event::{AllocationSet, By};
use syncline::domain::record::Side;
use syncline::projections;
use syncline::simulator::{Fault, Server};

use super::super::driver::{HOUR, MINUTE, SECOND};
use super::super::plan::Plan;
use super::super::running::Loop;
use super::{Scene, UPDATE, calm};

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
