//! What people say of causes, and what ends it.

use syncline::control::Refusal;
use syncline::control::report::{CauseLine, Report};
use syncline::control::request::{Request, Saying};
use syncline::domain::event::Remark;
use syncline::domain::record::Timestamp;
use syncline::projections;

use super::{HOUR, ask, fail, mend, shown};
use crate::store::{Bench, MORNING};

fn say(number: i64, remark: Remark, note: &str, until: Option<i64>) -> Request {
    Request::Say {
        number,
        saying: Saying {
            remark,
            note: Some(note.to_owned()),
            until: until.map(Timestamp),
        },
    }
}

fn acknowledge(bench: &Bench, until: Option<i64>) -> String {
    shown(bench, &say(1, Remark::Acknowledged, "SFADM-812", until))
}

/// What is in force, as the list of causes has it.
fn remarks(bench: &Bench) -> Vec<Remark> {
    let Report::Causes(causes) = ask(bench, &Request::Causes).unwrap() else {
        unreachable!("causes were asked for")
    };
    let remarks = |cause: &CauseLine| cause.remarks.iter().map(|one| one.remark).collect();
    causes.causes.first().map(remarks).unwrap_or_default()
}

/// Twenty contacts that fail, and what is in force after `then`; derived anew it is the same.
fn check(then: impl FnOnce(&Bench), expected: &[Remark]) {
    let bench = Bench::new();
    fail(&bench, 0..20, "STRING_TOO_LONG", "Title");
    then(&bench);
    assert_eq!(remarks(&bench), expected);
    let before = bench.read(projections::dump);
    bench.write(projections::rebuild);
    assert_eq!(bench.read(projections::dump), before);
}

#[test]
fn what_was_said_holds_until_it_is_taken_back() {
    let said = |bench: &Bench| {
        assert_eq!(
            acknowledge(bench, None),
            "C-1 (20 records) is acknowledged: lists and mails say so, until 60 records fail by \
             it, or it is resolved and comes back\n"
        );
        shown(bench, &say(1, Remark::Muted, "", None));
    };
    check(said, &[Remark::Acknowledged, Remark::Muted]);
    let taken_back = |bench: &Bench| {
        said(bench);
        let request = Request::TakeBack {
            number: 1,
            remark: Remark::Acknowledged,
        };
        assert_eq!(shown(bench, &request), "C-1 is no longer acknowledged\n");
        assert_eq!(shown(bench, &request), "C-1 is not acknowledged\n");
    };
    check(taken_back, &[Remark::Muted]);
}

#[test]
fn it_ends_with_its_time_with_growth_and_with_a_return_and_a_later_one_counts_anew() {
    let until = Some(MORNING + HOUR);
    let timed = |bench: &Bench| {
        assert_eq!(
            acknowledge(bench, until),
            "C-1 (20 records) is acknowledged: lists and mails say so, for 1 h at most, until 60 \
             records fail by it, or it is resolved and comes back\n"
        );
    };
    check(timed, &[Remark::Acknowledged]);
    let late = |bench: &Bench| {
        timed(bench);
        bench.pass(HOUR);
    };
    check(late, &[]);
    let nearly = |bench: &Bench| {
        acknowledge(bench, None);
        fail(bench, 20..59, "STRING_TOO_LONG", "Title");
    };
    check(nearly, &[Remark::Acknowledged]);
    let grown = |bench: &Bench| {
        nearly(bench);
        fail(bench, 59..60, "STRING_TOO_LONG", "Title");
        mend(bench, 50..60);
    };
    check(grown, &[]);
    let again = |bench: &Bench| {
        grown(bench);
        acknowledge(bench, None);
        fail(bench, 60..90, "STRING_TOO_LONG", "Title");
    };
    check(again, &[Remark::Acknowledged]);
    let back = |bench: &Bench| {
        acknowledge(bench, None);
        mend(bench, 0..20);
        fail(bench, 3..4, "STRING_TOO_LONG", "Title");
    };
    check(back, &[]);
}

#[test]
fn the_note_is_kept_beside_the_journal_and_cut_to_a_line() {
    let bench = Bench::new();
    fail(&bench, 0..20, "STRING_TOO_LONG", "Title");
    shown(
        &bench,
        &say(1, Remark::Muted, " SFADM-812\n  by Anna ", None),
    );
    let page = shown(&bench, &Request::Cause { number: 1 });
    assert!(
        page.contains("\nMuted: SFADM-812 by Anna (said Tue 17 Nov 08:00 by user 1000).\n"),
        "{page}"
    );
    let entries = bench.read(|view| syncline::journal::read(view, 0, u32::MAX));
    let payload = entries.last().unwrap().event.payload().unwrap();
    assert!(!payload.contains("SFADM"), "{payload}");
}

#[test]
fn what_cannot_be_said_is_refused_and_of_a_resolved_cause_there_is_nothing_to_say() {
    let bench = Bench::new();
    fail(&bench, 0..2, "STRING_TOO_LONG", "Title");
    fail(&bench, 2..3, "STRING_TOO_LONG", "Fax");
    mend(&bench, 2..3);
    let refused = |request: &Request| ask(&bench, request).unwrap_err();
    for (request, message) in [
        (
            say(7, Remark::Muted, "", None),
            "there is no cause C-7; the nearest: C-1, C-2; see \"syncline errors\"",
        ),
        (
            say(1, Remark::Muted, "", Some(MORNING - HOUR)),
            "that is over since 1 h; name a day to come",
        ),
        (
            say(1, Remark::Muted, &"x".repeat(81), None),
            "a note has at most 80 characters and this one 81; name the ticket and write the rest there",
        ),
    ] {
        assert_eq!(refused(&request), Refusal::usage(message));
    }
    let resolved = shown(&bench, &say(2, Remark::Acknowledged, "", None));
    assert_eq!(
        resolved,
        "C-2 is resolved: no record fails by it, so nothing was noted\n"
    );
}
