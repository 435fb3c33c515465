//! Errors and causes: what attempts leave open, and what closes it.

use syncline::annex;
use syncline::domain::cause::Fingerprint;
use syncline::domain::event::{Action, Known, RecordForgotten};
use syncline::domain::record::{PairNumber, Side, Timestamp};
use syncline::projections::{append, causes, errors, pairs};
use syncline::store::Options;

use crate::store::{Bench, MORNING, options};

use super::{
    accept, assert_replay, both, check, codes, contact, failed, failure, refuse, state, synced,
};

#[test]
fn an_answered_attempt_replaces_its_direction_and_a_predicted_one_only_predictions() {
    check(|tx| {
        let to = Side::Salesforce;
        let predict = |code: &str| failed(both(1), to, Known::Likely, vec![failure(code, None)]);
        let answer = |code: &str| failed(both(1), to, Known::Answered, vec![failure(code, None)]);
        append(tx, None, predict("P1")).unwrap();
        append(tx, None, predict("P2")).unwrap();
        assert_eq!(codes(tx, 1), ["P2"]);
        append(tx, None, answer("A1")).unwrap();
        assert_eq!(codes(tx, 1), ["A1"]);
        append(tx, None, predict("P3")).unwrap();
        assert_eq!(codes(tx, 1), ["A1", "P3"]);
        let back = failed(
            both(1),
            Side::HubSpot,
            Known::Answered,
            vec![failure("B1", None)],
        );
        append(tx, None, back).unwrap();
        assert_eq!(codes(tx, 1), ["B1", "A1", "P3"]);
        append(tx, None, synced(both(1), to, Action::Updated)).unwrap();
        assert_eq!(codes(tx, 1), ["B1"]);
        assert_eq!(state(tx, 1), pairs::State::Failing);
        append(tx, None, synced(both(1), Side::HubSpot, Action::Agreed)).unwrap();
        assert_eq!(state(tx, 1), pairs::State::InSync);
    });
}

#[test]
fn a_failure_repeated_keeps_its_beginning_and_counts_its_attempts() {
    let bench = Bench::new();
    bench.write(|tx| {
        refuse(tx, 1, "STRING_TOO_LONG");
        Ok(())
    });
    bench.pass(5_000);
    bench.write(|tx| {
        refuse(tx, 1, "STRING_TOO_LONG");
        let error = errors::of_record(tx, PairNumber(1))?.remove(0);
        assert_eq!(
            (error.first_at, error.last_at),
            (Timestamp(MORNING), Timestamp(MORNING + 5_000))
        );
        assert_eq!(
            (error.attempts, error.slug.as_str()),
            (2, "string-too-long")
        );
        let cause = causes::get(tx, error.cause)?.unwrap();
        assert_eq!((cause.records, cause.resolved, cause.back), (1, None, None));
        Ok(())
    });
    assert_replay(&bench);
}

#[test]
fn a_record_that_only_lacks_its_parent_is_waiting_and_no_error_in_the_totals() {
    check(|tx| {
        let orphan = vec![failure("parent_not_linked", None)];
        append(
            tx,
            None,
            failed(both(1), Side::HubSpot, Known::Certain, orphan),
        )
        .unwrap();
        let error = errors::of_record(tx, PairNumber(1)).unwrap().remove(0);
        assert_eq!(error.slug.as_str(), errors::WAITING);
        assert_eq!(state(tx, 1), pairs::State::Waiting);
        let waits = errors::Totals {
            waiting: 1,
            ..errors::Totals::default()
        };
        assert_eq!(errors::totals(tx).unwrap(), waits);
        refuse(tx, 1, "STRING_TOO_LONG");
        assert_eq!(state(tx, 1), pairs::State::Failing);
    });
}

#[test]
fn a_cause_keeps_its_number_when_it_is_resolved_and_comes_back() {
    check(|tx| {
        refuse(tx, 1, "E1");
        refuse(tx, 2, "E1");
        refuse(tx, 3, "E2");
        let open = causes::open(tx).unwrap();
        let shown: Vec<_> = open
            .iter()
            .map(|cause| (cause.number, cause.records))
            .collect();
        assert_eq!(shown, [(1, 2), (2, 1)]);
        accept(tx, 1);
        accept(tx, 2);
        let cause = causes::get(tx, 1).unwrap().unwrap();
        assert!(cause.records == 0 && cause.resolved.is_some());
        refuse(tx, 2, "E1");
        let cause = causes::get(tx, 1).unwrap().unwrap();
        assert_eq!((cause.records, cause.resolved), (1, None));
        assert_eq!(cause.since(), cause.back.unwrap());
        assert_eq!(
            (cause.first_record, cause.last_record),
            (Some(PairNumber(1)), Some(PairNumber(2)))
        );
        assert_eq!(
            causes::records(tx, 1, PairNumber(0)).unwrap(),
            [PairNumber(2)]
        );
        let object = contact();
        let fingerprint = Fingerprint::of(Side::Salesforce, &object, &failure("E1", Some("Phone")));
        assert_eq!(causes::number_for(tx, &fingerprint).unwrap(), 1);
    });
}

#[test]
fn a_cause_is_numbered_before_the_failure_that_shows_it() {
    check(|tx| {
        refuse(tx, 1, "E1");
        let entries = syncline::journal::read(tx, 0, 10).unwrap();
        let kinds: Vec<_> = entries.iter().map(|entry| entry.event.kind()).collect();
        assert_eq!(kinds, ["cause_numbered", "record_failed"]);
    });
}

#[test]
fn an_erased_text_keeps_the_types_its_errors_had() {
    check(|tx| {
        let mut refused = failure("STRING_TOO_LONG", Some("Phone"));
        let text = annex::remember_text(tx, "Phone: data value too large").unwrap();
        refused.text = Some(text.clone());
        append(
            tx,
            None,
            failed(both(1), Side::Salesforce, Known::Answered, vec![refused]),
        )
        .unwrap();
        annex::erase_text(tx, &text).unwrap();
        let types = vec!["unique-value".to_owned()];
        append(tx, Some(PairNumber(1)), RecordForgotten { types }).unwrap();
        assert_eq!(annex::text(tx, &text).unwrap(), None);
        let error = errors::of_record(tx, PairNumber(1)).unwrap().remove(0);
        assert_eq!(error.slug.as_str(), "unique-value");
    });
}

#[test]
fn errors_are_listed_in_pages_that_leave_nothing_out() {
    let bench = Bench::with(Options {
        page_max: 3,
        ..options()
    });
    bench.write(|tx| {
        for number in 1..=4 {
            let failures = vec![failure("E1", Some("Phone")), failure("E2", None)];
            append(
                tx,
                None,
                failed(both(number), Side::Salesforce, Known::Answered, failures),
            )?;
        }
        let mut place = errors::Place::start();
        let mut listed = Vec::new();
        loop {
            let page = errors::list(tx, &errors::Filter::default(), &place)?;
            assert!(page.len() <= 3);
            let Some(last) = page.last() else { break };
            place = errors::Place::behind(last);
            listed.extend(
                page.iter()
                    .map(|error| (error.record.0, error.code.clone())),
            );
        }
        assert_eq!(listed.len(), 8);
        let totals = errors::totals(tx)?;
        assert_eq!((totals.errors, totals.records, totals.several), (8, 4, 4));
        let filter = errors::Filter {
            cause: Some(2),
            ..errors::Filter::default()
        };
        assert_eq!(errors::list(tx, &filter, &errors::Place::start())?.len(), 3);
        Ok(())
    });
}
