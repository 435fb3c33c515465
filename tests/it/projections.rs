//! Projections follow from the journal: derived again they are the same, and they say what
//! people are shown.

#![expect(
    clippy::unwrap_used,
    reason = "what a test sets up must work, and says so when it does not"
)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use syncline::annex;
use syncline::domain::call::{Lane, Operation};
use syncline::domain::cause::Fingerprint;
use syncline::domain::event::{
    Action, By, CallsReturned, CallsSpent, CursorMoved, CycleHeld, DigestFailed, DigestPlanned,
    DigestSent, Event, Excluded, HoldSettled, Known, Linked, LoopFound, Mode, ModeSet, Moved,
    Paused, Position, RecordExcluded, RecordFailed, RecordForgotten, RecordSynced, RecordUnlinked,
    Resumed, Slot, Span, Told, UsageReported, ValuePrint,
};
use syncline::domain::event::{CauseState, Stage};
use syncline::domain::failure::{Failure, System, TextKey};
use syncline::domain::record::{
    FieldName, ObjectName, PairIds, PairNumber, RecordId, RecordKey, Side, Timestamp,
};
use syncline::domain::schedule::Frequency;
use syncline::inbox::{self, Rest, Want};
use syncline::projections::{
    self, append, calls, causes, cursors, errors, figures, holds, pairs, prints, settings, slots,
};
use syncline::store::{Options, StoreError, Tx};

use crate::store::{Bench, MORNING, options};

fn contact() -> ObjectName {
    ObjectName::parse("contact").unwrap()
}

fn field(name: &str) -> FieldName {
    FieldName::parse(name).unwrap()
}

fn id(text: &str) -> RecordId {
    RecordId::parse(text).unwrap()
}

fn key(side: Side, text: &str) -> RecordKey {
    RecordKey {
        side,
        object: contact(),
        id: id(text),
    }
}

/// The pair H*n* / S*n*.
fn both(number: u8) -> PairIds {
    PairIds {
        object: contact(),
        hubspot: Some(id(&format!("H{number}"))),
        salesforce: Some(id(&format!("S{number}"))),
    }
}

fn half(side: Side, number: u8) -> PairIds {
    let mut ids = both(number);
    *ids.slot(side.other()) = None;
    ids
}

fn failure(code: &str, name: Option<&str>) -> Failure {
    let mut failure = Failure::of(System::Salesforce, code);
    failure.fields.extend(name.map(field));
    failure
}

fn failed(ids: PairIds, to: Side, known: Known, failures: Vec<Failure>) -> Event {
    Event::RecordFailed(RecordFailed {
        ids,
        to,
        action: Action::Updated,
        failures,
        known,
        lane: Lane::Live,
        attempt: u32::from(known == Known::Answered),
        ask: None,
    })
}

fn synced(ids: PairIds, to: Side, action: Action) -> RecordSynced {
    RecordSynced {
        ids,
        to,
        action,
        fields: vec![field("Phone")],
        moved: vec![Moved {
            field: field("phone"),
            hubspot: Some(ValuePrint(1)),
            salesforce: None,
        }],
        lost: vec![],
        withheld: vec![],
        provisional: None,
        marked: vec![],
        lane: Lane::Live,
        attempt: 1,
    }
}

fn refuse(tx: &Tx<'_>, number: u8, code: &str) {
    let failures = vec![failure(code, Some("Phone"))];
    append(
        tx,
        None,
        failed(both(number), Side::Salesforce, Known::Answered, failures),
    )
    .unwrap();
}

fn accept(tx: &Tx<'_>, number: u8) {
    append(
        tx,
        None,
        synced(both(number), Side::Salesforce, Action::Updated),
    )
    .unwrap();
}

fn state(tx: &Tx<'_>, number: i64) -> pairs::State {
    pairs::get(tx, PairNumber(number)).unwrap().unwrap().state
}

fn codes(tx: &Tx<'_>, number: i64) -> Vec<String> {
    let errors = errors::of_record(tx, PairNumber(number)).unwrap();
    errors.into_iter().map(|error| error.code).collect()
}

fn check(work: impl FnOnce(&Tx<'_>) + Send + 'static) {
    let bench = Bench::new();
    bench.write(move |tx| {
        work(tx);
        Ok(())
    });
    assert_replay(&bench);
}

/// Derived anew, everything is as it was.
fn assert_replay(bench: &Bench) {
    let before = bench.read(projections::dump);
    bench.write(projections::rebuild);
    assert_eq!(bench.read(projections::dump), before);
}

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
        assert_eq!(errors::totals(tx).unwrap(), errors::Totals::default());
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
fn two_numbered_halves_become_one_pair_under_the_lower_number_with_both_histories() {
    check(|tx| {
        let left = pairs::number_of(tx, &key(Side::HubSpot, "H1")).unwrap();
        let right = pairs::number_of(tx, &key(Side::Salesforce, "S1")).unwrap();
        assert_eq!((left, right), (PairNumber(1), PairNumber(2)));
        let why = Excluded::NoKey;
        let ids = half(Side::Salesforce, 1);
        append(tx, Some(right), RecordExcluded { ids, why }).unwrap();
        let ids = half(Side::HubSpot, 1);
        append(tx, Some(left), RecordExcluded { ids, why }).unwrap();
        let entry = pairs::link(tx, both(1), Linked::Id).unwrap();
        assert_eq!(entry.record, Some(left));
        assert_eq!(state(tx, 1), pairs::State::InSync);
        assert_eq!(state(tx, 2), pairs::State::Absorbed);
        assert_eq!(pairs::resolve(tx, right).unwrap().unwrap().number, left);
        assert_eq!(
            pairs::by_key(tx, &key(Side::Salesforce, "S1")).unwrap(),
            Some(left)
        );
        let history = pairs::history(tx, left, 0).unwrap();
        assert_eq!(
            history.iter().map(|entry| entry.seq).collect::<Vec<_>>(),
            [1, 2, 3]
        );
        let late = append(
            tx,
            Some(right),
            synced(both(1), Side::HubSpot, Action::Updated),
        )
        .unwrap();
        assert_eq!(
            late.record,
            Some(left),
            "a number absorbed meanwhile goes on under the other"
        );
    });
}

#[test]
fn unlinking_leaves_the_number_with_the_half_in_hubspot() {
    check(|tx| {
        pairs::link(tx, both(1), Linked::Key).unwrap();
        accept(tx, 1);
        let why = Excluded::Operator;
        append(tx, None, RecordUnlinked { ids: both(1), why }).unwrap();
        let pair = pairs::get(tx, PairNumber(1)).unwrap().unwrap();
        assert_eq!(
            (pair.ids.hubspot, pair.ids.salesforce),
            (Some(id("H1")), None)
        );
        assert_eq!((pair.state, pair.why), (pairs::State::Excluded, Some(why)));
        assert!(prints::of(tx, PairNumber(1)).unwrap().is_empty());
        let next = pairs::number_of(tx, &key(Side::Salesforce, "S1")).unwrap();
        assert_eq!(next, PairNumber(2));
    });
}

#[test]
fn a_write_is_provisional_until_its_side_has_shown_it() {
    check(|tx| {
        let span = Span {
            from: Timestamp(5),
            to: Timestamp(9),
        };
        let mut wrote = synced(both(1), Side::Salesforce, Action::Created);
        wrote.provisional = Some(span.clone());
        wrote.marked = vec![Side::HubSpot];
        append(tx, None, wrote).unwrap();
        let pair = pairs::get(tx, PairNumber(1)).unwrap().unwrap();
        let (side, provisional) = pair.last_provisional().unwrap();
        assert_eq!((side, &provisional.span), (Side::Salesforce, &span));
        assert_eq!(provisional.written, [field("Phone")]);
        assert_eq!(pair.created_on, Some(Side::Salesforce));
        assert_eq!((pair.marked.hubspot, pair.marked.salesforce), (true, false));
        let mut shown = synced(both(1), Side::HubSpot, Action::Agreed);
        shown.moved = vec![Moved {
            field: field("phone"),
            hubspot: None,
            salesforce: Some(ValuePrint(2)),
        }];
        append(tx, None, shown).unwrap();
        let pair = pairs::get(tx, PairNumber(1)).unwrap().unwrap();
        assert_eq!(pair.last_provisional(), None);
        let base = prints::of(tx, PairNumber(1)).unwrap();
        let seen = (Some(ValuePrint(1)), Some(ValuePrint(2)));
        assert_eq!(base, BTreeMap::from([(field("phone"), seen)]));
    });
}

#[test]
fn a_store_of_other_accounts_is_refused_and_names_both() {
    check(|tx| {
        settings::bind(tx, 4711, &id("00DA")).unwrap();
        settings::bind(tx, 4711, &id("00DA")).unwrap();
        assert_eq!(settings::bound(tx).unwrap().unwrap().seq, 1);
        let refused = settings::bind(tx, 4712, &id("00DB")).unwrap_err();
        let expected = StoreError::OtherAccounts {
            portal: 4711,
            org: id("00DA"),
            other_portal: 4712,
            other_org: id("00DB"),
        };
        assert_eq!(refused.downcast_ref(), Some(&expected));
    });
}

#[test]
fn the_last_setting_is_in_force_and_a_pause_ends() {
    check(|tx| {
        let by = By::Operator(1000);
        for mode in [Mode::Observe, Mode::Sync] {
            append(
                tx,
                None,
                ModeSet {
                    mode,
                    by: by.clone(),
                },
            )
            .unwrap();
        }
        assert_eq!(settings::mode(tx).unwrap(), Some(Mode::Sync));
        append(tx, None, Paused { by: by.clone() }).unwrap();
        assert!(settings::paused(tx).unwrap().is_some());
        append(tx, None, Resumed { by }).unwrap();
        assert!(settings::paused(tx).unwrap().is_none());
    });
}

fn spend(tx: &Tx<'_>, calls: u64, until: i64) -> i64 {
    let event = CallsSpent {
        side: Side::Salesforce,
        operation: Operation::Write,
        lane: Lane::Live,
        object: Some(contact()),
        calls,
        records: 200,
        until: Timestamp(until),
    };
    append(tx, None, event).unwrap().seq
}

#[test]
fn calls_count_until_they_leave_the_window_less_what_was_given_back() {
    check(|tx| {
        spend(tx, 1, 100);
        let spent = spend(tx, 5, 200);
        append(tx, None, CallsReturned { spent, calls: 2 }).unwrap();
        let window = |now| {
            let rows = calls::in_window(tx, Side::Salesforce, Timestamp(now)).unwrap();
            rows.iter().map(|row| row.calls).sum::<u64>()
        };
        assert_eq!(
            [window(99), window(100), window(199), window(200)],
            [4, 3, 3, 0]
        );
        let used = calls::used_since(tx, Side::Salesforce, Timestamp(0)).unwrap();
        assert_eq!((used.len(), used[0].calls, used[0].records), (1, 4, 400));
        let event = UsageReported {
            side: Side::Salesforce,
            used: 9,
            limit: 10,
        };
        append(tx, None, event).unwrap();
        assert_eq!(calls::usage(tx, Side::Salesforce).unwrap().unwrap().used, 9);
    });
}

#[test]
fn a_cursor_shows_the_last_position_and_all_records() {
    check(|tx| {
        for (stamp, last) in [(5, None), (5, Some("7"))] {
            let position = Position {
                stamp: Timestamp(stamp),
                id: last.map(id),
            };
            let (side, object) = (Side::HubSpot, contact());
            append(
                tx,
                None,
                CursorMoved {
                    side,
                    object,
                    position,
                    records: 3,
                },
            )
            .unwrap();
        }
        let cursor = cursors::get(tx, Side::HubSpot, &contact())
            .unwrap()
            .unwrap();
        assert_eq!((cursor.position.id, cursor.records), (Some(id("7")), 6));
    });
}

fn hold(records: u64) -> CycleHeld {
    CycleHeld {
        hold: 1,
        object: contact(),
        to: Side::Salesforce,
        action: Action::Updated,
        records,
        limit: 100,
        field: Some(field("Phone")),
    }
}

#[test]
fn the_guard_counts_a_day_of_writes_and_not_those_a_person_approved() {
    let bench = Bench::new();
    let counted = |tx: &Tx<'_>| {
        holds::written(tx, &contact(), Side::Salesforce, Action::Updated, tx.now()).unwrap()
    };
    bench.write(move |tx| {
        assert_eq!(holds::next_number(tx)?, 1);
        append(tx, None, hold(2))?;
        append(tx, None, hold(3))?;
        let open = holds::open_for(tx, &contact(), Side::Salesforce, Action::Updated)?;
        assert_eq!(open.unwrap().records, 3);
        let by = By::Operator(0);
        append(
            tx,
            None,
            HoldSettled {
                hold: 1,
                approved: true,
                records: 3,
                by,
            },
        )?;
        assert!(holds::open(tx)?.is_empty());
        for number in 1..=5 {
            accept(tx, number);
        }
        append(tx, None, synced(both(1), Side::Salesforce, Action::Agreed))?;
        let mut asked = synced(both(1), Side::Salesforce, Action::Updated);
        asked.lane = Lane::Resync;
        append(tx, None, asked)?;
        assert_eq!(counted(tx), 2);
        Ok(())
    });
    bench.pass(25 * 3_600_000);
    bench.write(move |tx| {
        assert_eq!(counted(tx), 0);
        Ok(())
    });
    assert_replay(&bench);
}

#[test]
fn a_slot_is_claimed_once_and_a_job_that_hides_the_refusal_is_undone() {
    let bench = Bench::new();
    let plan = |message_id: &str| DigestPlanned {
        slot: Slot {
            recipient: 1,
            frequency: Frequency::Daily,
            due: "2026-11-17T08:00[Europe/Rome]".to_owned(),
        },
        covers: (1, 9),
        told: vec![Told::Held(7)],
        message_id: message_id.to_owned(),
        mail: TextKey(String::new()),
    };
    bench.write(move |tx| append(tx, None, plan("1@x")));
    let hidden = bench.store().write_blocking(move |tx| {
        let refused = append(tx, None, plan("2@x")).unwrap_err();
        assert!(format!("{refused:#}").contains("UNIQUE"), "{refused:#}");
        Ok(())
    });
    assert_eq!(hidden.unwrap_err().to_string(), "a store job hid an error");
    assert_eq!(bench.read(syncline::journal::last_seq), 1);
    assert_replay(&bench);
}

#[test]
fn a_mail_is_tried_until_it_is_sent() {
    check(|tx| {
        let slot = Slot {
            recipient: 1,
            frequency: Frequency::Weekly,
            due: "w".to_owned(),
        };
        let message_id = "1@x".to_owned();
        let plan = DigestPlanned {
            slot: slot.clone(),
            covers: (1, 9),
            told: vec![
                Told::Cause(41, CauseState::Grew, 268),
                Told::BudgetExhausted,
            ],
            message_id: message_id.clone(),
            mail: annex::keep_mail(tx, &message_id, b"bytes").unwrap(),
        };
        append(tx, None, plan).unwrap();
        let event = DigestFailed {
            message_id: message_id.clone(),
            attempt: 1,
            stage: Stage::Envelope,
            code: 451,
            again: true,
        };
        append(tx, None, event).unwrap();
        let mail = slots::unsent(tx).unwrap().remove(0);
        assert_eq!(
            (mail.state, mail.code, mail.attempts),
            (slots::State::Failing, 451, 1)
        );
        assert_eq!(annex::mail(tx, &mail.mail).unwrap().unwrap(), b"bytes");
        append(
            tx,
            None,
            DigestSent {
                message_id,
                attempt: 2,
            },
        )
        .unwrap();
        assert!(slots::unsent(tx).unwrap().is_empty());
        assert_eq!(
            slots::get(tx, &slot).unwrap().unwrap().state,
            slots::State::Sent
        );
        assert_eq!(
            slots::last(tx, 1, Frequency::Weekly)
                .unwrap()
                .unwrap()
                .covers,
            (1, 9)
        );
        let told = slots::told_cause(tx, 1, 41).unwrap().unwrap();
        assert_eq!((told.state, told.records), (CauseState::Grew, 268));
        assert!(slots::was_told(tx, 1, &Told::BudgetExhausted).unwrap());
        assert!(!slots::was_told(tx, 1, &Told::BudgetFrees).unwrap());
    });
}

#[test]
fn every_record_stands_in_exactly_one_place() {
    check(|tx| {
        accept(tx, 1);
        accept(tx, 2);
        accept(tx, 3);
        refuse(tx, 4, "E1");
        let (ids, why) = (half(Side::HubSpot, 5), Excluded::Condition);
        append(tx, None, RecordExcluded { ids, why }).unwrap();
        let see = |side, text: &str| {
            inbox::see(tx, &key(side, text), Timestamp(1), Lane::Live, Timestamp(0)).unwrap();
        };
        // In sync and held; both halves at rest; failing and deferred; new and held; new.
        for text in ["H1", "H2", "H4", "H8"] {
            see(Side::HubSpot, text);
        }
        let want = Want {
            limit: 9,
            now: tx.now(),
            lanes: &[Lane::Live],
            object: None,
            side: None,
        };
        let deferred = Rest::Deferred(Timestamp(MORNING + 1));
        let rests = [Rest::Held(1), deferred.clone(), deferred, Rest::Held(1)];
        for (row, rest) in inbox::take(tx, &want).unwrap().iter().zip(&rests) {
            inbox::put_back(tx, row, rest).unwrap();
        }
        see(Side::Salesforce, "S9");
        let standing = figures::standings(tx).unwrap()[&contact()];
        let expected = figures::Standing {
            in_sync: 1,
            failing: 1,
            waiting: 0,
            deferred: 1,
            held: 2,
            would_write: 0,
            excluded: 1,
            pending: 1,
        };
        assert_eq!((standing, standing.total()), (expected, 7));
    });
}

#[test]
fn what_came_to_fail_and_what_was_fixed_explain_the_difference_of_two_totals() {
    check(|tx| {
        refuse(tx, 1, "E1");
        refuse(tx, 2, "E1");
        let after = syncline::journal::last_seq(tx).unwrap();
        accept(tx, 1);
        refuse(tx, 3, "E1");
        refuse(tx, 4, "E1");
        accept(tx, 4);
        accept(tx, 2);
        refuse(tx, 2, "E1");
        let to = syncline::journal::last_seq(tx).unwrap();
        let turned = figures::turned_between(tx, after, to).unwrap();
        assert_eq!((turned.newly_failing, turned.fixed), (1, 1));
        assert_eq!(
            (
                figures::failing_at(tx, after).unwrap(),
                figures::failing(tx).unwrap()
            ),
            (2, 2)
        );
    });
}

#[test]
fn successes_between_two_entries_are_summed_over_blocks_and_ragged_ends() {
    let bench = Bench::with(Options {
        page_max: 3,
        ..options()
    });
    bench.write(|tx| {
        for number in 0..600_u32 {
            let to = Side::BOTH[usize::from(number % 3 == 0)];
            append(
                tx,
                None,
                synced(both((number % 5) as u8), to, Action::Updated),
            )?;
        }
        for (after, to) in [
            (0, 600),
            (0, 100),
            (10, 520),
            (255, 256),
            (254, 512),
            (511, 600),
        ] {
            let sums = figures::synced_between(tx, after, to)?;
            assert_eq!(
                sums.values().sum::<u64>(),
                u64::try_from(to - after)?,
                "{after} {to}"
            );
        }
        Ok(())
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

#[test]
fn a_start_with_the_same_catalogue_derives_nothing_anew() {
    let bench = Bench::new();
    bench.write(|tx| {
        assert_eq!(projections::refresh(tx)?, projections::Refreshed::Nothing);
        accept(tx, 1);
        assert_eq!(projections::refresh(tx)?, projections::Refreshed::Nothing);
        annex::set_meta(tx, "catalogue", Some("another"))?;
        assert_eq!(
            projections::refresh(tx)?,
            projections::Refreshed::Catalogue(1)
        );
        assert_eq!(projections::refresh(tx)?, projections::Refreshed::Nothing);
        Ok(())
    });
}

/// One of many things that may happen, chosen by four bytes.
fn happen(tx: &Tx<'_>, (what, who, how, more): (u8, u8, u8, u8)) -> anyhow::Result<()> {
    let to = Side::BOTH[usize::from(how % 2)];
    let ids = match more % 3 {
        0 => half(Side::BOTH[usize::from(how / 2 % 2)], who),
        _ => both(who),
    };
    let known = Known::ALL[usize::from(how) % 3];
    let excluded = Excluded::Condition;
    match what % 12 {
        0..=2 => {
            let mut failures = vec![failure(["E1", "E2", "E3"][usize::from(more % 3)], None)];
            if more > 128 {
                failures.push(failure("E4", Some("Phone")));
                failures[0].rule = Some(TextKey("00".to_owned()));
            }
            append(tx, None, failed(ids, to, known, failures))?;
        }
        3 | 4 => {
            let mut event = synced(ids, to, Action::ALL[usize::from(how) % Action::ALL.len()]);
            let span = Span {
                from: Timestamp(1),
                to: Timestamp(2),
            };
            event.provisional = (more > 100).then_some(span);
            event.lane = Lane::ALL[usize::from(more) % Lane::ALL.len()];
            append(tx, None, event)?;
        }
        5 | 6 => drop(pairs::link(tx, both(who), Linked::Key)?),
        7 => drop(append(tx, None, RecordExcluded { ids, why: excluded })?),
        8 => drop(append(tx, None, RecordUnlinked { ids, why: excluded })?),
        9 => drop(append(
            tx,
            None,
            LoopFound {
                ids,
                field: field("phone"),
            },
        )?),
        10 => drop(spend(tx, u64::from(more), i64::from(how) * 3_600_000)),
        _ => {
            let mut crossed = both(who);
            crossed.salesforce = both(more % 6).salesforce;
            drop(pairs::link(tx, crossed, Linked::Operator)?);
        }
    }
    Ok(())
}

/// What the incremental counts must equal.
fn assert_counts(bench: &Bench) {
    bench.read(|view| {
        for cause in causes::since(view, -1)? {
            let records = causes::records(view, cause.number, PairNumber(0))?;
            assert_eq!(cause.records, records.len() as u64, "C-{}", cause.number);
        }
        let numbers = pairs::list(view, &pairs::Filter::default(), PairNumber(0))?;
        for pair in numbers {
            assert!(
                pair.ids.hubspot.is_some() || pair.ids.salesforce.is_some(),
                "{pair:?}"
            );
            let failing = errors::of_record(view, pair.number)?
                .iter()
                .any(|error| error.slug.as_str() != errors::WAITING);
            assert_eq!(failing, pair.state == pairs::State::Failing, "{pair:?}");
        }
        Ok(())
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happened_the_projections_derived_anew_are_the_same(
        story in proptest::collection::vec((any::<u8>(), 0..6_u8, any::<u8>(), any::<u8>()), 1..80)
    ) {
        let bench = Bench::new();
        for chapter in story.chunks(7) {
            let chapter = chapter.to_vec();
            bench.pass(90_000);
            bench.write(move |tx| chapter.into_iter().try_for_each(|event| happen(tx, event)));
        }
        assert_counts(&bench);
        assert_replay(&bench);
        let whole = bench.read(|view| Ok(syncline::journal::verify_chain(view)));
        prop_assert!(whole.is_ok());
    }
}
