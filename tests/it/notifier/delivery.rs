//! What is made of a server's answers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use syncline::domain::event::Stage;
use syncline::domain::label::Label;
use syncline::domain::record::Side;
use syncline::mail::MailError;

use syncline::logging::Form;

use crate::logging::lines;

use super::{DAY, HOUR, MINUTE, World, now, subject};

fn refusal(stage: Stage, code: u16) -> MailError {
    MailError {
        stage,
        code,
        permanent: code >= 500,
        ambiguous: false,
        text: format!("smtp.acme.example refuses ({code})"),
    }
}

fn told() -> World {
    let world = World::loaded(vec![
        ("admin@acme.example", now()),
        ("revops@acme.example", now()),
    ]);
    world.fail(0..5, "STRING_TOO_LONG", "Title");
    world.pass(MINUTE);
    world
}

#[test]
fn an_unknown_outcome_repeats_the_same_bytes_under_the_same_id() {
    let mut world = told();
    world.server.faults.lock().unwrap().push_back(MailError {
        stage: Stage::Data,
        code: 0,
        permanent: false,
        ambiguous: true,
        text: "connection lost".to_owned(),
    });
    let first = world.mailed();
    assert_eq!(first.len(), 2);
    world.pass(MINUTE);
    let again = world.mailed();
    assert_eq!(again, first[..1]);
    world.pass(DAY);
    assert_eq!(world.mailed(), []);
}

#[test]
fn a_restart_between_two_tries_repeats_the_same_bytes() {
    let mut world = told();
    world
        .server
        .faults
        .lock()
        .unwrap()
        .push_back(refusal(Stage::Envelope, 451));
    let first = world.mailed();
    world.restart();
    world.pass(MINUTE);
    assert_eq!(world.mailed(), first[..1]);
}

#[test]
fn a_temporary_refusal_is_retried_less_and_less_often_for_three_days() {
    let mut world = told();
    let refusals = (0..500).map(|_| refusal(Stage::Envelope, 451));
    world.server.faults.lock().unwrap().extend(refusals);
    let mut tries = Vec::new();
    for minute in 0..4 * 24 * 60 {
        let of_one = world
            .mailed()
            .iter()
            .filter(|mail| mail.to.as_str().starts_with("admin"))
            .count();
        tries.extend((0..of_one).map(|_| minute));
        // By the hour once the waits are that long.
        if minute > 200 && minute % 60 != 51 {
            continue;
        }
        world.pass(if minute > 200 { HOUR } else { MINUTE });
    }
    assert_eq!(&tries[..7], [0, 1, 6, 21, 51, 111, 171]);
    // A try an hour, for three days and no longer.
    assert!((70..=78).contains(&tries.len()), "{} tries", tries.len());
    world.server.faults.lock().unwrap().clear();
    world.pass(DAY);
    assert_eq!(world.mailed(), []);
}

#[test]
fn a_clock_set_back_has_no_mail_tried_at_every_look() {
    let mut world = told();
    let refusals = (0..500).map(|_| refusal(Stage::Envelope, 451));
    world.server.faults.lock().unwrap().extend(refusals);
    world.look();
    world.pass(-DAY);
    let before = world.server.offered.lock().unwrap().len();
    // A quarter of a minute from look to look, for three hours.
    for _ in 0..720 {
        world.look();
        world.pass(15_000);
    }
    let tries = world.server.offered.lock().unwrap().len() - before;
    // Two mails, each tried at once, as the clock is not the one it was, and then ever more seldom.
    assert!((8..=16).contains(&tries), "{tries} tries");
}

#[test]
fn a_refused_recipient_is_given_up_and_the_others_get_theirs() {
    let mut world = told();
    world
        .server
        .faults
        .lock()
        .unwrap()
        .push_back(refusal(Stage::Envelope, 550));
    let mut offered = Vec::new();
    let logged = lines(Form::Journal, "warn", |_| offered = world.mailed());
    assert_eq!(
        logged,
        "<3>news given up after 1 try: smtp.acme.example refuses (550); others still get theirs  recipient=admin@acme.example\n"
    );
    let names: Vec<String> = offered.iter().map(subject).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names[1].starts_with("revops: NEW: "), "{names:?}");
    world.pass(DAY);
    assert_eq!(world.mailed(), []);
}

#[test]
fn the_rows_attached_name_nobody_unless_names_are_asked_for() {
    for (names, expected) in [(false, 0), (true, 1)] {
        let mut world = World::loaded(vec![("revops@acme.example", now())]);
        world.names = names;
        world.restart();
        world.fail(0..1, "STRING_TOO_LONG", "Title");
        world.write(|tx| {
            let key = super::ids(0).keys().remove(0);
            let name = "Anna Rossi".to_owned();
            syncline::annex::label_record(tx, &key, &Label { name, email: None })
        });
        world.pass(MINUTE);
        let mail = world.mailed().remove(0);
        let mail = String::from_utf8_lossy(&mail.bytes).into_owned();
        let part = mail.split("errors.csv").last().unwrap_or_default();
        let part = part.split("\r\n\r\n").nth(1).unwrap_or_default();
        let encoded = part.split("--").next().unwrap_or_default();
        let sheet = STANDARD.decode(encoded.replace("\r\n", "")).unwrap();
        let sheet = String::from_utf8(sheet).unwrap();
        assert!(sheet.contains("STRING_TOO_LONG"), "{sheet}");
        assert_eq!(sheet.matches("Anna Rossi").count(), expected, "{sheet}");
    }
}

#[test]
fn the_command_that_stops_the_mails_works_for_a_name_with_an_apostrophe() {
    for (address, expected) in [
        (
            "o'brien@acme.example",
            r"notify set 'o'\''brien@acme.example',",
        ),
        ("a&b$c@acme.example", "notify set 'a&b$c@acme.example',"),
        ("it+crm=x@acme.example", "notify set it+crm=x@acme.example,"),
    ] {
        let mut world = World::loaded(vec![(address, now())]);
        world.suspend(Side::Salesforce);
        let text = world.last_text().replace('\n', " ");
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn a_reader_to_whom_no_mail_can_be_written_keeps_nobody_else_waiting() {
    let mut world = World::loaded(vec![
        ("kept by an older version", now()),
        ("admin@acme.example", now()),
    ]);
    world.fail(0..5, "STRING_TOO_LONG", "Title");
    world.pass(MINUTE);
    let wrong = world.try_to_look().unwrap_err();
    assert!(
        format!("{wrong:#}").contains("is no mail address"),
        "{wrong:#}"
    );
    let offered = world.server.offered.lock().unwrap();
    let names: Vec<String> = offered.iter().map(subject).collect();
    assert_eq!(names.len(), 1, "{names:?}");
    assert!(names[0].starts_with("admin: NEW: "), "{names:?}");
}
