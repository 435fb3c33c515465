//! The numbers people are shown.

use syncline::domain::call::Lane;
use syncline::domain::event::{Action, Event, Excluded, Known, RecordExcluded, RecordSynced};
use syncline::domain::record::{Side, Timestamp};
use syncline::inbox::{self, Rest, Want};
use syncline::projections::{append, costs, figures};
use syncline::store::Options;

use crate::store::{Bench, MORNING, options};

use super::{accept, both, check, contact, failed, failure, half, key, refuse, synced};

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
                turned.before(figures::failing(tx).unwrap()),
                figures::failing(tx).unwrap()
            ),
            (2, 2)
        );
    });
}

/// How long the change of such a number took; every fourth tells nothing of it.
fn way_ms(number: i64) -> Option<i64> {
    (number % 4 > 0).then_some(number * 7_919 % 1_009)
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
            let event = RecordSynced {
                way_ms: way_ms(number.into()),
                ..synced(both((number % 5) as u8), to, Action::Updated)
            };
            append(tx, None, event)?;
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
            let slowest = (after..to).filter_map(way_ms).max();
            let told = figures::slowest_between(tx, after, to)?;
            assert_eq!(told, slowest, "{after} {to}");
        }
        Ok(())
    });
}

#[test]
fn a_call_costs_a_cause_once_however_many_records_it_refuses_and_what_is_foretold_costs_nothing() {
    check(|tx| {
        let answered = |number: u8, codes: &[&str], call: Option<i64>| {
            let failures = codes.iter().map(|code| failure(code, None)).collect();
            let mut event = failed(both(number), Side::Salesforce, Known::Answered, failures);
            if let Event::RecordFailed(failed) = &mut event {
                failed.call = call;
            }
            append(tx, None, event).unwrap();
        };
        answered(1, &["E1"], Some(7));
        answered(2, &["E1", "E2", "E1"], Some(7));
        answered(3, &["E1"], Some(9));
        // By a job.
        answered(4, &["E2"], None);
        answered(5, &["E2"], Some(9));
        let foretold = vec![failure("E1", None)];
        append(
            tx,
            None,
            failed(both(6), Side::Salesforce, Known::Certain, foretold),
        )
        .unwrap();
        let cost = |most| {
            let all = costs::dearest(tx, Side::Salesforce, tx.now(), 24, most).unwrap();
            let told = all
                .iter()
                .map(|one| format!("{}: {} of {}", one.cause, one.calls, one.records));
            told.collect::<Vec<_>>().join(", ")
        };
        assert_eq!(cost(9), "1: 2 of 3, 2: 2 of 3");
        assert_eq!(cost(1), "1: 2 of 3");
        let others = costs::dearest(tx, Side::HubSpot, tx.now(), 24, 9).unwrap();
        assert_eq!(others, []);
        let later = Timestamp(MORNING + 24 * 3_600_000);
        let left = costs::dearest(tx, Side::Salesforce, later, 24, 9).unwrap();
        assert_eq!(left, [], "a day later");
    });
}
