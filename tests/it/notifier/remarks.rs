//! What people said of causes, in mails.

use syncline::domain::event::{By, CauseAcknowledged, CauseMuted};
use syncline::domain::record::Timestamp;

use super::{BEGIN, DAY, HOUR, MINUTE, World, daily, now};

const NOTHING: [&str; 0] = [];

/// Nobody is to be told of C-1 any more.
fn mute(world: &World, records: u64, until: Option<i64>) {
    world.append(CauseMuted {
        number: 1,
        records,
        note: None,
        until: until.map(Timestamp),
        by: By::Operator(1_000),
    });
}

/// A reader told at once, who has heard of 10 records that fail by C-1.
fn told() -> World {
    let mut world = World::loaded(vec![("revops@acme.example", now())]);
    world.fail(0..10, "STRING_TOO_LONG", "Title");
    world.pass(MINUTE);
    assert_eq!(world.subjects().len(), 1);
    world
}

#[test]
fn of_a_muted_cause_neither_end_nor_growth_below_the_measure_is_told() {
    let mut world = told();
    mute(&world, 20, None);
    world.fail(10..35, "STRING_TOO_LONG", "Title");
    world.pass(HOUR);
    assert_eq!(world.subjects(), NOTHING);
    world.mend(0..35);
    world.pass(HOUR);
    assert_eq!(world.subjects(), NOTHING);
    // It stays untold also when the time of the muting would be over.
    world.pass(9 * DAY);
    assert_eq!(world.subjects(), NOTHING);
}

#[test]
fn a_muted_cause_that_grows_is_told_again() {
    let mut world = told();
    mute(&world, 10, None);
    world.fail(10..30, "STRING_TOO_LONG", "Title");
    world.pass(MINUTE);
    let subjects = world.subjects();
    assert_eq!(subjects.len(), 1);
    assert!(subjects[0].contains("GROWING"), "{subjects:?}");
}

#[test]
fn a_muted_cause_that_ends_and_returns_is_told_as_back() {
    let mut world = told();
    mute(&world, 10, None);
    world.mend(0..10);
    world.pass(HOUR);
    assert_eq!(world.subjects(), NOTHING);
    world.fail(0..1, "STRING_TOO_LONG", "Title");
    world.pass(MINUTE);
    let subjects = world.subjects();
    assert_eq!(subjects.len(), 1);
    assert!(subjects[0].contains("BACK"), "{subjects:?}");
    world.pass(HOUR);
    assert_eq!(world.subjects(), NOTHING);
}

#[test]
fn a_cause_muted_before_anybody_heard_of_it_is_told_when_its_time_is_over() {
    let mut world = World::loaded(vec![("revops@acme.example", now())]);
    world.fail(0..10, "STRING_TOO_LONG", "Title");
    mute(&world, 10, Some(BEGIN + DAY));
    world.pass(HOUR);
    assert_eq!(world.subjects(), NOTHING);
    world.pass(DAY);
    let subjects = world.subjects();
    assert_eq!(subjects.len(), 1);
    assert!(subjects[0].contains("NEW"), "{subjects:?}");
}

#[test]
fn a_digest_shows_what_was_noted_and_until_when_and_asks_nobody_for_what_is_muted() {
    let mut world = World::loaded(vec![("revops@acme.example", daily())]);
    world.fail(0..10, "STRING_TOO_LONG", "Title");
    world.fail(10..14, "INVALID_EMAIL_ADDRESS", "Email");
    world.pass(DAY);
    assert_eq!(world.subjects().len(), 1);
    world.write(|tx| {
        let note = Some(syncline::annex::remember_text(tx, "SFADM-812")?);
        let event = CauseAcknowledged {
            number: 1,
            records: 10,
            note,
            // Midnight in Rome, after the twentieth.
            until: Some(Timestamp(BEGIN + 3 * DAY + 15 * HOUR)),
            by: By::Operator(1_000),
        };
        syncline::projections::append(tx, None, event)?;
        let event = CauseMuted {
            number: 2,
            records: 4,
            note: None,
            until: None,
            by: By::Operator(1_000),
        };
        syncline::projections::append(tx, None, event)
    });
    world.fail(20..21, "STRING_TOO_LONG", "Fax");
    world.pass(DAY);
    let text = world.last_text();
    let open = text.split("STILL OPEN").nth(1).unwrap_or_default();
    assert!(
        open.contains("\n      Note: SFADM-812, until 20 Nov\nC-2 "),
        "{text}"
    );
    assert!(open.contains("4     2  muted\n"), "{text}");
    let asked = text.lines().find(|line| line.starts_with("FOR REVOPS"));
    assert!(asked.is_some_and(|line| !line.contains("C-2")), "{text}");
}
