//! Digests at set times.

use syncline::domain::event::{RecipientSetting, Scheduled};
use syncline::domain::schedule::Frequency;

use super::{DAY, HOUR, MINUTE, World, daily, now, timed};

const NOTHING: [&str; 0] = [];

/// Friday 23 October 2026, 12:00 UTC: two days before Rome's clocks go back.
const BEFORE_AUTUMN: i64 = 1_792_756_800_000;
/// Friday 27 March 2026, 12:00 UTC: two days before they go forward.
const BEFORE_SPRING: i64 = 1_774_612_800_000;

#[test]
fn a_daily_without_news_is_silent_and_does_not_come_later_that_day() {
    let mut world = World::loaded(vec![("revops@acme.example", daily())]);
    world.pass(DAY);
    assert_eq!(world.subjects(), NOTHING);
    world.fail(0..3, "STRING_TOO_LONG", "Title");
    for _ in 0..21 {
        world.pass(HOUR);
        assert_eq!(world.subjects(), NOTHING);
    }
    world.pass(2 * HOUR);
    assert_eq!(world.subjects().len(), 1);
    world.pass(DAY);
    assert_eq!(world.subjects(), NOTHING);
}

#[test]
fn a_digest_says_when_whoever_can_fix_it_was_told() {
    let admin = RecipientSetting {
        who_fixes: vec!["salesforce-admin".to_owned()],
        ..now()
    };
    let mut world = World::loaded(vec![
        ("admin@acme.example", admin),
        ("revops@acme.example", daily()),
    ]);
    world.fail(0..3, "FIELD_CUSTOM_VALIDATION_EXCEPTION", "Phone");
    world.fail(3..5, "INVALID_FIELD_FOR_INSERT_UPDATE", "Fax");
    world.pass(MINUTE);
    assert_eq!(world.subjects().len(), 1);
    world.fail(5..7, "STRING_TOO_LONG", "Title");
    world.pass(23 * HOUR);
    let text = world.last_text();
    assert!(
        text.contains("FOR THE SALESFORCE ADMIN: 2 causes (told Tue 09:01: C-1, C-2)."),
        "{text}"
    );
    assert!(text.contains("FOR REVOPS: 1 cause (C-3)."), "{text}");
}

#[test]
fn a_weekly_always_comes() {
    let weekly = timed(Frequency::Weekly, "0 0 8 * * MON");
    let mut world = World::loaded(vec![("revops@acme.example", weekly)]);
    let mut told = 0;
    world.fail(0..3, "STRING_TOO_LONG", "Title");
    for _ in 0..28 {
        world.pass(DAY);
        for mail in world.mailed() {
            told += 1;
            let text = String::from_utf8_lossy(&mail.bytes).replace("=\r\n", "");
            let everything = "Everything accounted for: 3 records known: 3 failing.";
            assert!(text.contains(everything), "{text}");
        }
    }
    assert_eq!(told, 4);
}

#[test]
fn after_downtime_one_late_digest_covers_all() {
    let mut world = World::loaded(vec![("revops@acme.example", daily())]);
    world.fail(0..3, "STRING_TOO_LONG", "Title");
    world.pass(4 * DAY);
    world.restart();
    let mails = world.mailed();
    assert_eq!(mails.len(), 1);
    let text = String::from_utf8_lossy(&mails[0].bytes).replace("=\r\n", "");
    assert!(text.contains("Late: this was due"), "{text}");
    assert!(text.contains("3 digests before it"), "{text}");
    world.pass(MINUTE);
    assert_eq!(world.subjects(), NOTHING);
}

/// Mails that came while three days passed by the half hour, each day with news.
fn check(begin: i64, cron: &str, expected: usize) {
    let mut world = World::at(
        begin,
        vec![("revops@acme.example", timed(Frequency::Daily, cron))],
    );
    world.read_both();
    let mut told = 0;
    for step in 0..144_u32 {
        if step % 12 == 0 {
            world.fail(
                step * 10..step * 10 + 1,
                "STRING_TOO_LONG",
                FIELDS[step as usize / 12],
            );
        }
        world.pass(30 * MINUTE);
        told += world.subjects().len();
    }
    assert_eq!(told, expected, "{cron}");
}

const FIELDS: [&str; 12] = ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L"];

#[test]
fn an_hour_that_the_clock_repeats_brings_one_digest() {
    check(BEFORE_AUTUMN, "0 30 2 * * *", 3);
}

#[test]
fn an_hour_that_the_clock_skips_still_brings_its_digest() {
    check(BEFORE_SPRING, "0 30 2 * * *", 3);
}

#[test]
fn a_digest_that_a_clock_set_ahead_had_nothing_for_comes_when_its_time_comes() {
    let mut world = World::loaded(vec![("revops@acme.example", daily())]);
    world.pass(2 * DAY);
    assert_eq!(world.subjects(), NOTHING);
    world.pass(-2 * DAY);
    assert_eq!(world.subjects(), NOTHING);
    world.fail(0..3, "STRING_TOO_LONG", "Title");
    world.pass(DAY);
    assert_eq!(world.subjects().len(), 1);
}

#[test]
fn a_clock_set_back_by_an_hour_makes_no_late_digest_of_quiet_days() {
    let mut world = World::loaded(vec![("revops@acme.example", daily())]);
    for _ in 0..10 {
        world.pass(DAY);
        assert_eq!(world.subjects(), NOTHING);
    }
    // It is nine, and eight o'clock had nothing to tell.
    world.pass(-90 * MINUTE);
    world.fail(0..3, "STRING_TOO_LONG", "Title");
    assert_eq!(world.subjects(), NOTHING);
    world.pass(31 * MINUTE);
    let text = world.last_text();
    assert!(!text.contains("Late"), "{text}");
    assert!(text.starts_with("Friday 27 November 2026, 08:01"), "{text}");
    world.pass(HOUR);
    assert_eq!(world.subjects(), NOTHING);
}

#[test]
fn digests_come_again_after_one_was_told_by_a_clock_that_was_a_year_ahead() {
    let mut world = World::loaded(vec![("revops@acme.example", daily())]);
    world.fail(0..3, "STRING_TOO_LONG", "Title");
    world.pass(365 * DAY);
    assert_eq!(world.subjects().len(), 1);
    world.pass(-365 * DAY);
    assert_eq!(world.subjects(), NOTHING);
    world.fail(3..6, "STRING_TOO_LONG", "Phone");
    world.pass(23 * HOUR);
    let text = world.last_text();
    assert!(!text.contains("Late"), "{text}");
}

#[test]
fn a_weekly_tells_the_whole_week_to_a_reader_who_was_told_day_by_day() {
    let mut both = daily();
    both.schedules.push(Scheduled {
        frequency: Frequency::Weekly,
        cron: "0 0 8 * * MON".to_owned(),
    });
    let mut world = World::loaded(vec![("revops@acme.example", both)]);
    world.pass(-HOUR);
    world.fail(0..3, "STRING_TOO_LONG", "Title");
    world.fail(3..7, "STRING_TOO_LONG", "Phone");
    world.pass(DAY);
    let mut told = world.subjects();
    world.mend(3..7);
    for _ in 0..12 {
        world.pass(DAY);
        told.extend(world.subjects());
    }
    insta::assert_snapshot!(told.join("\n"), @r"
    revops: 2 new · 7 records failing
    revops: 1 resolved · 3 records failing
    revops: week: 1 new, 1 resolved · 3 records failing
    revops: week: nothing new · 3 records failing
    ");
}
