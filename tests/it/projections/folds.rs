//! What is older than two days becomes sums by hour, and nothing that people see moves by it.

use std::collections::BTreeMap;

use proptest::prelude::*;
use syncline::domain::budget::HOLD_MS;
use syncline::domain::call::{Lane, Operation};
use syncline::domain::event::{
    CallsReturned, CallsSpent, CursorMoved, Event, Position, UsageReported,
};
use syncline::domain::record::{Side, Timestamp};
use syncline::journal;
use syncline::projections::{append, calls, cursors, fold, hours};
use syncline::store::{Options, Tx, View};

use super::{assert_replay, contact, refuse};
use crate::store::{Bench, MORNING, options};

const HOUR: i64 = 3_600_000;
const MINUTE: i64 = 60_000;

/// A store that folds three rows at a time.
fn bench() -> Bench {
    Bench::with(Options {
        page_max: 3,
        ..options()
    })
}

/// A call of `side`, spent now by that side's clock, which is ours.
fn spend(tx: &Tx<'_>, side: Side, lane: Lane, calls: u64) -> i64 {
    let event = CallsSpent {
        side,
        operation: Operation::Poll,
        lane,
        object: (lane == Lane::Live).then(contact),
        calls,
        records: 7,
        until: tx.now().plus(HOLD_MS),
    };
    append(tx, None, event).unwrap().seq
}

/// So many looks for changes, with a pause after each.
fn looks(bench: &Bench, number: u8, pause_ms: i64) {
    for round in 0..number {
        bench.write(move |tx| {
            look(tx, round);
            Ok(())
        });
        bench.pass(pause_ms);
    }
}

/// What a look for changes leaves behind, and a record that fails among it.
fn look(tx: &Tx<'_>, round: u8) {
    spend(tx, Side::HubSpot, Lane::Detect, 1);
    let spent = spend(tx, Side::Salesforce, Lane::Detect, 2);
    if round.is_multiple_of(3) {
        append(tx, None, CallsReturned { spent, calls: 1 }).unwrap();
    }
    let (side, used, limit) = (Side::Salesforce, u64::from(round), 1_000);
    append(tx, None, UsageReported { side, used, limit }).unwrap();
    let moved = CursorMoved {
        side: Side::HubSpot,
        object: contact(),
        position: Position {
            stamp: tx.now(),
            id: None,
        },
        records: 5,
    };
    append(tx, None, moved).unwrap();
    refuse(tx, round % 5, "E1");
    spend(tx, Side::Salesforce, Lane::Live, 1);
}

/// Folds all there is and returns how many rows that were.
fn fold_all(bench: &Bench) -> usize {
    let mut rows = 0;
    while let Some(folded) = bench.write(fold) {
        assert!((1..=3).contains(&folded), "{folded} rows in one fold");
        rows += folded;
    }
    rows
}

fn kinds(bench: &Bench) -> BTreeMap<&'static str, usize> {
    bench.read(|view| {
        let (mut kinds, mut after) = (BTreeMap::new(), 0);
        loop {
            let page = journal::read(view, after, u32::MAX)?;
            let Some(last) = page.last() else {
                return Ok(kinds);
            };
            after = last.seq;
            for entry in &page {
                *kinds.entry(entry.event.kind()).or_default() += 1;
            }
        }
    })
}

/// Everything that is said of calls.
fn said(view: &View<'_>) -> anyhow::Result<String> {
    let now = view.now();
    let mut said = Vec::new();
    for side in Side::BOTH {
        for hours in [1, 24, 100] {
            let since = now.plus(-hours * HOUR);
            said.push(format!("{:?}", calls::used_since(view, side, since)?));
        }
        said.push(format!("{:?}", hours::last_hours(view, side, now, 100)?));
        said.push(format!("{:?}", hours::last_days(view, side, now, 5)?));
        said.push(format!("{:?}", calls::usage(view, side)?));
    }
    said.push(format!("{:?}", cursors::all(view)?));
    Ok(said.join("\n"))
}

#[test]
fn what_is_older_than_two_days_goes_and_every_sum_stays() {
    let bench = bench();
    looks(&bench, 60, HOUR);
    let (sums, tables) = bench.read(|view| Ok((said(view)?, syncline::projections::dump(view)?)));
    let failed = kinds(&bench)["record_failed"];
    // Sixty rounds an hour apart: those of the last 48 hours stay, and the last word of each kind.
    assert_eq!(fold_all(&bench), 11 * 5 + 4);
    assert_eq!(bench.read(said), sums);
    assert_eq!(bench.read(syncline::projections::dump), tables);
    let left = kinds(&bench);
    assert_eq!(left["record_failed"], failed);
    assert_eq!((left["calls_spent"], left["cursor_moved"]), (49 * 3, 49));
    assert_replay(&bench);
    assert_eq!(bench.read(said), sums);
    let verified = bench.read(|view| Ok(journal::verify_chain(view))).unwrap();
    assert!(verified.folds >= 11, "{verified:?}");
    assert_eq!(fold_all(&bench), 0);
}

#[test]
fn the_last_word_of_a_cursor_and_of_a_sides_use_is_never_folded() {
    let bench = bench();
    bench.write(|tx| {
        look(tx, 1);
        Ok(())
    });
    for _ in 0..5 {
        bench.pass(24 * HOUR);
        bench.write(|tx| {
            spend(tx, Side::HubSpot, Lane::Detect, 1);
            spend(tx, Side::Salesforce, Lane::Detect, 1);
            Ok(())
        });
    }
    assert_eq!(fold_all(&bench), 3 + 2 + 2);
    let left = kinds(&bench);
    assert_eq!((left["cursor_moved"], left["usage_reported"]), (1, 1));
    assert_replay(&bench);
    let cursor = bench.read(|view| cursors::get(view, Side::HubSpot, &contact()));
    assert_eq!(cursor.unwrap().records, 5);
}

#[test]
fn our_own_clock_set_forward_folds_nothing_that_still_counts() {
    let bench = bench();
    let spend_at = |server: i64| {
        bench.write(move |tx| {
            for side in Side::BOTH {
                let event = CallsSpent {
                    side,
                    operation: Operation::Write,
                    lane: Lane::Live,
                    object: None,
                    calls: 1,
                    records: 1,
                    until: Timestamp(server + HOLD_MS),
                };
                append(tx, None, event)?;
            }
            Ok(())
        });
    };
    spend_at(MORNING);
    bench.pass(30 * 24 * HOUR);
    spend_at(MORNING + MINUTE);
    assert_eq!(fold_all(&bench), 0);
    let counting = bench.read(|view| calls::in_window(view, Side::Salesforce, Timestamp(MORNING)));
    assert_eq!(counting.len(), 2);
}

#[test]
fn a_row_of_another_kind_inside_a_fold_cannot_be_deleted() {
    let bench = bench();
    looks(&bench, 3, 40 * HOUR);
    let refused = bench.store().write_blocking(|tx| {
        fold(tx)?;
        let last = journal::tail(tx, 1)?.remove(0);
        let Event::HistoryFolded(event) = last.event else {
            panic!("no fold: {last:?}");
        };
        Ok(event)
    });
    let fold = refused.unwrap();
    let shell = rusqlite::Connection::open(bench.dir.path().join(syncline::store::FILE)).unwrap();
    let delete = |kind: &str| {
        let sql = "delete from journal where kind = ?1 and seq between ?2 and ?3 + 8";
        shell.execute(sql, (kind, fold.range.0, fold.range.1))
    };
    assert!(delete("record_failed").is_err());
    assert!(
        delete("cursor_moved").is_err(),
        "it stands behind the range"
    );
}

#[test]
fn a_row_that_a_fold_left_and_somebody_deleted_is_a_gap() {
    let bench = bench();
    looks(&bench, 3, 40 * HOUR);
    fold_all(&bench);
    let left = bench.read(|view| journal::read(view, 0, 1)).remove(0).seq;
    let shell = rusqlite::Connection::open(bench.dir.path().join(syncline::store::FILE)).unwrap();
    shell
        .execute_batch("drop trigger journal_refuses_delete")
        .unwrap();
    shell
        .execute("delete from journal where seq = ?1", [left])
        .unwrap();
    let broken = bench.read(|view| Ok(journal::verify_chain(view)));
    assert!(
        matches!(broken, Err(journal::Broken::Gap { .. })),
        "{broken:?}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whenever_it_is_folded_the_projections_derived_anew_are_the_same(
        rounds in prop::collection::vec((0..20_i64, any::<bool>(), any::<u8>()), 1..60),
    ) {
        let bench = bench();
        for (hours, folds, round) in rounds {
            bench.write(move |tx| {
                look(tx, round);
                Ok(())
            });
            bench.pass(hours * HOUR + MINUTE);
            if folds {
                let sums = bench.read(said);
                bench.write(fold);
                prop_assert_eq!(bench.read(said), sums);
            }
        }
        assert_replay(&bench);
        prop_assert!(bench.read(|view| Ok(journal::verify_chain(view))).is_ok());
    }
}
