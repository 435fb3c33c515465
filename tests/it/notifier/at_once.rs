//! Mails within a minute.

use syncline::domain::event::{
    ConnectionResumed, ConnectionSuspended, RecipientSetting, Suspension,
};
use syncline::domain::record::Side;

use super::{HOUR, MINUTE, SECOND, World, daily, now, subject, text};

#[test]
fn a_backlog_goes_to_the_first_digest_only() {
    let both = RecipientSetting {
        immediately: true,
        ..daily()
    };
    let mut world = World::of(vec![
        ("lead@acme.example", both),
        ("revops@acme.example", daily()),
    ]);
    world.fail(0..30, "STRING_TOO_LONG", "Title");
    world.read_both();
    world.pass(10 * MINUTE);
    assert_eq!(world.subjects(), Vec::<String>::new());
    world.pass(23 * HOUR);
    let told = world.subjects();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].starts_with("lead: 1 new"), "{told:?}");
    assert!(told[1].starts_with("revops: 1 new"), "{told:?}");
}

#[test]
fn a_backlog_is_one_mail_to_a_reader_who_gets_no_digest() {
    let admin = RecipientSetting {
        who_fixes: vec!["salesforce-admin".to_owned()],
        ..now()
    };
    let mut world = World::of(vec![("admin@acme.example", admin)]);
    world.fail(0..30, "FIELD_CUSTOM_VALIDATION_EXCEPTION", "Phone");
    world.fail(30..34, "INVALID_FIELD_FOR_INSERT_UPDATE", "Fax");
    world.fail(34..40, "STRING_TOO_LONG", "Title");
    world.pass(HOUR);
    assert_eq!(world.subjects(), Vec::<String>::new());
    world.read_both();
    let mails = world.mailed();
    assert_eq!(mails.len(), 1);
    assert_eq!(
        subject(&mails[0]),
        "admin: FIRST LOAD DONE: 2 causes for you, 34 records"
    );
    insta::assert_snapshot!(text(&mails[0]), @r"
    FIRST LOAD DONE: 2 causes for you, 34 records
      These could not be written when the two sides first met. What each is and
      how to fix it: syncline errors show C-N
      From now on a cause is told when it opens, grows, ends or comes back.

    OPEN
    C-1   Validation rule on contact refuses Phone                      30 records
    C-2   No edit permission on contact.Fax                              4 records

    Tuesday 17 November 2026, 10:00 Europe/Rome
    HubSpot portal 4711002 <-> Salesforce org 00D5g000004XyZwEAM
    All 34 errors attached
    Change or stop these mails: syncline notify set admin@acme.example, or write
    to ops@acme.example
    ");
    world.pass(HOUR);
    assert_eq!(world.subjects(), Vec::<String>::new());
    // What happens to them later is told like the life of every cause.
    world.mend(30..34);
    world.pass(MINUTE);
    let told = world.subjects();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("admin: RESOLVED: No edit"), "{told:?}");
}

#[test]
fn a_cause_that_keeps_growing_says_how_fast_and_a_burst_does_not() {
    let said = |step_ms: i64| {
        let mut world = World::loaded(vec![("admin@acme.example", now())]);
        for number in 0..10 {
            world.fail(number..number + 1, "STRING_TOO_LONG", "Title");
            world.pass(step_ms);
        }
        world.pass(MINUTE - 10 * step_ms);
        let text = world.last_text();
        let line = text.lines().nth(1).unwrap().trim();
        line.split(" Only").next().unwrap().to_owned()
    };
    assert_eq!(said(6 * SECOND), "Since Tue 09:00, about 10 a minute.");
    assert_eq!(said(SECOND), "Since Tue 09:00.");
}

#[test]
fn one_record_is_spoken_of_as_one() {
    let mut world = World::loaded(vec![("admin@acme.example", now())]);
    world.fail(0..1, "FIELD_CUSTOM_VALIDATION_EXCEPTION", "Phone");
    world.pass(MINUTE);
    let text = world.last_text();
    let told: Vec<&str> = text.lines().skip(1).take(3).map(str::trim).collect();
    assert!(
        told.join(" ").contains(
            "Only this record cannot be written, and nothing is lost: \
             it is tried again when it changes, and every few hours."
        ),
        "{text}"
    );
}

#[test]
fn messages_that_differ_are_told_with_their_records() {
    let mut world = World::loaded(vec![("admin@acme.example", now())]);
    let code = "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST";
    world.fail_saying(0..31, code, "Tier__c", "Tier: not in the list");
    world.fail_saying(31..37, code, "Tier__c", "Tier: inactive");
    world.pass(MINUTE);
    let text = world.last_text();
    assert!(text.contains("\"Tier: not in the list\""), "{text}");
    assert!(
        text.contains("Said of 31 records; of 6: \"Tier: inactive\"."),
        "{text}"
    );
}

#[test]
fn every_step_of_a_fix_is_told() {
    let mut world = World::loaded(vec![("admin@acme.example", now())]);
    world.fail(0..2, "INVALID_FIELD_FOR_INSERT_UPDATE", "Fax");
    world.pass(MINUTE);
    let text = world.last_text().replace("\n                  ", " ");
    for step in [
        "Give the integration user",
        "If the field is a formula",
        "If the field should not be synced",
    ] {
        assert!(text.contains(step), "{step}: {text}");
    }
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
    // Others may be settled with it: a person does that one by one.
    world.pass(4 * MINUTE);
    assert_eq!(world.subjects(), Vec::<String>::new());
    world.pass(MINUTE);
    let text = world.last_text();
    let told: Vec<&str> = text.lines().take(3).collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    SETTLED H-1: approved by user 1000 (contact to HubSpot, 130 records to be
    created)
      Each is read again and then written.
    ");
    world.pass(HOUR);
    assert_eq!(world.subjects(), Vec::<String>::new());
}

#[test]
fn a_list_that_is_not_believed_is_told_to_everybody_and_so_is_its_end() {
    let mut world = World::loaded(vec![("revops@acme.example", daily())]);
    let says = (
        "1,200 of 4,000 contacts left HubSpot's list 12 at once, which the guard does not let pass",
        "correct the list, or accept it: syncline approve --list contact",
    );
    // What is over within a minute is nobody's business.
    world.doubt(Some(says));
    world.pass(30 * SECOND);
    world.doubt(None);
    world.pass(5 * MINUTE);
    assert_eq!(world.subjects(), Vec::<String>::new());
    world.doubt(Some(says));
    world.pass(MINUTE);
    let mails = world.mailed();
    assert_eq!(mails.len(), 1);
    assert_eq!(
        subject(&mails[0]),
        "revops: HELD contact: 1,200 of 4,000 contacts left HubSpot's list 12 at once, which the \
         guard does not let pass"
    );
    let told = text(&mails[0]);
    let told: Vec<&str> = told.lines().take(8).collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    HELD contact: 1,200 of 4,000 contacts left HubSpot's list 12 at once, which
    the guard does not let pass
      What it decides about contact waits: nothing is left out by it, and nothing
      is lost. Everything else goes on.
      To do: correct the list, or accept it: syncline approve --list contact

    Tuesday 17 November 2026, 09:06 Europe/Rome
    HubSpot portal 4711002 <-> Salesforce org 00D5g000004XyZwEAM
    ");
    world.pass(HOUR);
    assert_eq!(world.subjects(), Vec::<String>::new(), "once");
    // A digest that has other news says what still is.
    world.fail(0..2, "STRING_TOO_LONG", "Title");
    world.pass(23 * HOUR);
    let digest = world.last_text();
    assert!(digest.contains("HELD contact: 1,200 of 4,000"), "{digest}");
    world.doubt(None);
    world.pass(MINUTE);
    let over = world.last_text();
    assert!(over.starts_with("GOES ON: contact, after "), "{over}");
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

#[test]
fn news_that_waits_for_the_limit_is_told_when_an_hour_is_over_and_not_that_it_waits_on() {
    const FIELDS: [&str; 9] = ["A", "B", "C", "D", "E", "F", "G", "H", "I"];
    let mut world = World::loaded(vec![("admin@acme.example", now())]);
    let mut told = Vec::new();
    for minute in 0..180_u32 {
        if let Some(field) = FIELDS.get(minute as usize / 2).filter(|_| minute % 2 == 0) {
            world.fail(minute * 10..minute * 10 + 2, "STRING_TOO_LONG", field);
        }
        world.pass(MINUTE);
        let subjects = world.subjects().into_iter();
        told.extend(subjects.map(|one| format!("{minute} {one}")));
    }
    assert_eq!(told.len(), 8, "{told:#?}");
    assert_eq!(told[6], "12 admin: MUCH NEWS: further mails wait");
    assert!(
        told[7].starts_with("60 admin: 3 new (C-7, C-8, C-9)"),
        "{told:#?}"
    );
}
