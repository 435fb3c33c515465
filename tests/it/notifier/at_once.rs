//! Mails within a minute.

use syncline::domain::event::{ConnectionResumed, ConnectionSuspended, Suspension};
use syncline::domain::record::Side;

use super::{HOUR, MINUTE, SECOND, World, daily, now};

#[test]
fn a_backlog_goes_to_the_first_digest_only() {
    let mut world = World::of(vec![
        ("admin@acme.example", now()),
        ("revops@acme.example", daily()),
    ]);
    world.fail(0..30, "STRING_TOO_LONG", "Title");
    world.read_both();
    world.pass(10 * MINUTE);
    assert_eq!(world.subjects(), Vec::<String>::new());
    world.pass(23 * HOUR);
    let told = world.subjects();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("revops: 1 new"), "{told:?}");
}

#[test]
fn a_new_cause_is_told_once_after_gathering_and_its_end_once() {
    let mut world = World::loaded(vec![("admin@acme.example", now())]);
    world.pass(SECOND);
    world.fail(0..2, "STRING_TOO_LONG", "Title");
    world.pass(30 * SECOND);
    assert_eq!(world.subjects(), Vec::<String>::new());
    world.fail(2..5, "STRING_TOO_LONG", "Title");
    world.pass(30 * SECOND);
    let told = world.subjects();
    assert_eq!(
        told,
        ["admin: NEW: Text in contact.Title is longer than the field allows · 5 records (C-1)"]
    );
    world.pass(HOUR);
    assert_eq!(world.subjects(), Vec::<String>::new());
    world.mend(0..5);
    world.pass(MINUTE);
    let told = world.subjects();
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("admin: RESOLVED: "), "{told:?}");
    world.pass(HOUR);
    assert_eq!(world.subjects(), Vec::<String>::new());
}

#[test]
fn growth_is_told_from_three_times_and_twenty_more() {
    let mut world = World::loaded(vec![("admin@acme.example", now())]);
    world.fail(0..5, "STRING_TOO_LONG", "Title");
    world.pass(MINUTE);
    assert_eq!(world.subjects().len(), 1);
    world.fail(5..24, "STRING_TOO_LONG", "Title");
    world.pass(10 * MINUTE);
    assert_eq!(world.subjects(), Vec::<String>::new());
    world.fail(24..25, "STRING_TOO_LONG", "Title");
    world.pass(MINUTE);
    let told = world.subjects();
    assert!(told[0].starts_with("admin: GROWING: "), "{told:?}");
}

#[test]
fn a_restart_tells_nothing() {
    let mut world = World::loaded(vec![("admin@acme.example", now())]);
    world.fail(0..5, "STRING_TOO_LONG", "Title");
    world.pass(MINUTE);
    assert_eq!(world.subjects().len(), 1);
    world.restart();
    world.pass(HOUR);
    assert_eq!(world.subjects(), Vec::<String>::new());
}

#[test]
fn a_suspension_is_told_to_everybody_once_and_its_end_once() {
    let mut world = World::loaded(vec![
        ("admin@acme.example", now()),
        ("revops@acme.example", daily()),
    ]);
    world.append(ConnectionSuspended {
        side: Side::HubSpot,
        reason: Suspension::Credentials,
        status: 401,
        code: String::new(),
    });
    let told = world.subjects();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told.iter().all(|one| one.contains("SUSPENDED HubSpot: ")),
        "{told:?}"
    );
    world.pass(2 * HOUR);
    assert_eq!(world.subjects(), Vec::<String>::new());
    world.append(ConnectionResumed {
        side: Side::HubSpot,
    });
    let told = world.subjects();
    assert_eq!(
        told,
        [
            "admin: RESUMED: HubSpot works again after 2 h",
            "revops: RESUMED: HubSpot works again after 2 h"
        ]
    );
    world.pass(2 * HOUR);
    assert_eq!(world.subjects(), Vec::<String>::new());
}

#[test]
fn what_a_suspension_leaves_to_catch_up_is_not_guessed() {
    let mut world = World::loaded(vec![("revops@acme.example", daily())]);
    world.suspend(Side::Salesforce);
    world.mailed();
    world.pass(HOUR);
    world.append(ConnectionResumed {
        side: Side::Salesforce,
    });
    let text = world.last_text();
    let told: Vec<&str> = text.lines().take(3).collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    RESUMED: Salesforce works again after 1 h
      What changed in Salesforce meanwhile is read now, from where reading
      stopped.
    ");
}

#[test]
fn what_concerns_everybody_is_told_above_the_limit_too() {
    let mut world = World::loaded(vec![("admin@acme.example", now())]);
    let mut told = Vec::new();
    for (place, field) in (0..).zip(["A", "B", "C", "D", "E", "F", "G", "H"]) {
        world.fail(place * 10..place * 10 + 2, "STRING_TOO_LONG", field);
        world.pass(2 * MINUTE);
        told.extend(world.subjects());
    }
    assert_eq!(told.len(), 7, "{told:#?}");
    world.suspend(Side::Salesforce);
    world.hold(1, Side::HubSpot, 128);
    world.pass(MINUTE);
    assert_eq!(
        world.subjects(),
        ["admin: SUSPENDED Salesforce: credentials (401) · 1 more"]
    );
    world.append(ConnectionResumed {
        side: Side::Salesforce,
    });
    assert_eq!(
        world.subjects(),
        ["admin: RESUMED: Salesforce works again after 0 s"]
    );
    // None of these has used up what the causes may use.
    world.pass(HOUR);
    let later = world.subjects();
    assert!(later[0].starts_with("admin: 2 new (C-7, C-8)"), "{later:?}");
}

#[test]
fn holds_opened_within_a_minute_are_one_mail() {
    let mut world = World::loaded(vec![("revops@acme.example", daily())]);
    world.hold(1, Side::HubSpot, 128);
    assert_eq!(world.subjects(), Vec::<String>::new());
    world.pass(5 * SECOND);
    world.hold(2, Side::Salesforce, 2_420);
    world.pass(55 * SECOND);
    let told = world.mailed();
    assert_eq!(told.len(), 1);
    let text = String::from_utf8_lossy(&told[0].bytes);
    assert!(text.contains("HELD H-1: contact to HubSpot, 128 records to be created"));
    assert!(text.contains("HELD H-2: contact to Salesforce, 2,420 records to be created"));
    world.pass(HOUR);
    assert_eq!(world.subjects(), Vec::<String>::new());
}

#[test]
fn the_end_of_a_hold_is_told_to_those_who_were_told_of_it() {
    let mut world = World::loaded(vec![("revops@acme.example", daily())]);
    world.hold(1, Side::HubSpot, 128);
    world.pass(MINUTE);
    assert_eq!(world.subjects().len(), 1);
    // Settled before anybody heard of it.
    world.hold(2, Side::Salesforce, 300);
    world.settle(2, false, 300);
    world.settle(1, true, 130);
    world.pass(MINUTE);
    let text = world.last_text();
    let told: Vec<&str> = text.lines().take(3).collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    SETTLED H-1: approved by user 1000: contact to HubSpot, 130 records to be
    created
      Each is read again and then written.
    ");
    world.pass(HOUR);
    assert_eq!(world.subjects(), Vec::<String>::new());
}

#[test]
fn six_mails_an_hour_then_one_that_says_so() {
    const FIELDS: [&str; 9] = ["A", "B", "C", "D", "E", "F", "G", "H", "I"];
    let mut world = World::loaded(vec![("admin@acme.example", now())]);
    let mut told = Vec::new();
    for (place, field) in (0..).zip(FIELDS) {
        world.fail(place * 10..place * 10 + 2, "STRING_TOO_LONG", field);
        world.pass(2 * MINUTE);
        told.extend(world.subjects());
    }
    assert_eq!(told.len(), 7, "{told:#?}");
    assert_eq!(told[6], "admin: MUCH NEWS: further mails wait");
    world.pass(HOUR);
    let later = world.subjects();
    assert_eq!(later.len(), 1, "{later:?}");
    assert!(
        later[0].starts_with("admin: 3 new (C-7, C-8, C-9)"),
        "{later:?}"
    );
}
