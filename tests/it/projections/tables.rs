//! Settings, calls, cursors, holds and mails.

use syncline::annex;
use syncline::domain::call::Lane;
use syncline::domain::event::{
    Action, By, CallsReturned, CursorMoved, CycleHeld, DigestFailed, DigestPlanned, DigestSent,
    HoldSettled, Mode, ModeSet, Paused, Position, Resumed, Slot, Told, UsageReported,
};
use syncline::domain::event::{CauseState, Stage};
use syncline::domain::failure::TextKey;
use syncline::domain::record::{Side, Timestamp};
use syncline::domain::schedule::Frequency;
use syncline::projections::{append, calls, cursors, holds, settings, slots};
use syncline::store::{StoreError, Tx};

use crate::store::Bench;

use super::{accept, assert_replay, both, check, contact, field, id, spend, synced};

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
        let used = calls::used_since(tx, Side::Salesforce, Timestamp(i64::MIN)).unwrap();
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
