//! The inbox loses no sighting, and has one row of a pair in flight.

#![expect(
    clippy::unwrap_used,
    reason = "what a test sets up must work, and says so when it does not"
)]

use syncline::domain::call::Lane;
use syncline::domain::event::Linked;
use syncline::domain::record::{ObjectName, PairIds, RecordId, RecordKey, Side, Timestamp};
use syncline::inbox::{self, Release, Rest, Row, Sighting, State, Want};
use syncline::projections::pairs;
use syncline::store::{Options, Tx};

use crate::store::{Bench, MORNING, options};

const LANES: &[Lane] = &[Lane::Live, Lane::Retry, Lane::Backfill];

fn object(name: &str) -> ObjectName {
    ObjectName::parse(name).unwrap()
}

fn key(side: Side, id: &str) -> RecordKey {
    let id = RecordId::parse(id).unwrap();
    RecordKey {
        side,
        object: object("contact"),
        id,
    }
}

fn hubspot(id: &str) -> RecordKey {
    key(Side::HubSpot, id)
}

fn see(tx: &Tx<'_>, key: &RecordKey, stamp: i64, lane: Lane) -> Sighting {
    inbox::see(tx, key, Timestamp(stamp), lane, Timestamp(0)).unwrap()
}

fn take(tx: &Tx<'_>, limit: u32) -> Vec<Row> {
    let want = Want {
        limit,
        now: tx.now(),
        lanes: LANES,
        object: None,
        side: None,
    };
    inbox::take(tx, &want).unwrap()
}

fn ids(rows: &[Row]) -> Vec<&str> {
    rows.iter().map(|row| row.key.id.as_str()).collect()
}

fn check(work: impl FnOnce(&Tx<'_>) + Send + 'static) {
    Bench::new().write(move |tx| {
        work(tx);
        Ok(())
    });
}

#[test]
fn a_sighting_makes_one_row_and_only_a_newer_or_more_urgent_one_changes_it() {
    check(|tx| {
        let key = hubspot("1");
        assert_eq!(see(tx, &key, 10, Lane::Backfill), Sighting::New);
        assert_eq!(see(tx, &key, 10, Lane::Backfill), Sighting::Known);
        assert_eq!(see(tx, &key, 9, Lane::Backfill), Sighting::Known);
        assert_eq!(see(tx, &key, 11, Lane::Backfill), Sighting::Renewed);
        assert_eq!(see(tx, &key, 11, Lane::Live), Sighting::Renewed);
        assert_eq!(see(tx, &key, 12, Lane::Backfill), Sighting::Renewed);
        let row = inbox::of_record(tx, &key).unwrap().unwrap();
        assert_eq!((row.stamp, row.lane), (Timestamp(12), Lane::Live));
    });
}

#[test]
fn a_row_that_backs_off_is_not_woken_by_reading_the_same_change_again() {
    check(|tx| {
        let key = hubspot("1");
        see(tx, &key, 10, Lane::Live);
        let row = take(tx, 1).remove(0);
        inbox::put_back(tx, &row, &Rest::Deferred(Timestamp(MORNING + 60_000))).unwrap();
        assert_eq!(see(tx, &key, 10, Lane::Live), Sighting::Known);
        assert!(take(tx, 1).is_empty());
        let due = inbox::next_due(tx, LANES).unwrap();
        assert_eq!(due, Some(Timestamp(MORNING + 60_000)));
        assert_eq!(see(tx, &key, 11, Lane::Live), Sighting::Renewed);
        assert_eq!(take(tx, 1).len(), 1);
    });
}

#[test]
fn a_clock_that_was_set_back_makes_no_wait_longer() {
    check(|tx| {
        see(tx, &hubspot("1"), 10, Lane::Live);
        let row = take(tx, 3).pop().unwrap();
        let soon = tx.now().plus(500);
        inbox::put_back(tx, &row, &Rest::Deferred(soon)).unwrap();
        let at = |now: Timestamp| Want {
            limit: 3,
            now,
            lanes: LANES,
            object: None,
            side: None,
        };
        let hours = |hours: i64| tx.now().plus(-hours * 3_600_000);
        assert_eq!(ids(&inbox::take(tx, &at(tx.now())).unwrap()), [""; 0]);
        assert_eq!(ids(&inbox::take(tx, &at(hours(72))).unwrap()), ["1"]);
    });
}

#[test]
fn what_is_seen_while_in_flight_comes_again_after_the_conclusion() {
    check(|tx| {
        let key = hubspot("1");
        see(tx, &key, 10, Lane::Live);
        let row = take(tx, 1).remove(0);
        assert_eq!(see(tx, &key, 20, Lane::Live), Sighting::Noted);
        assert!(inbox::conclude(tx, &row).unwrap());
        let again = take(tx, 1).remove(0);
        assert_eq!(again.stamp, Timestamp(20));
        assert!(!inbox::conclude(tx, &again).unwrap());
        assert_eq!(inbox::of_record(tx, &key).unwrap(), None);

        see(tx, &key, 30, Lane::Live);
        let row = take(tx, 1).remove(0);
        see(tx, &key, 40, Lane::Live);
        inbox::put_back(tx, &row, &Rest::WouldWrite).unwrap();
        let row = inbox::of_record(tx, &key).unwrap().unwrap();
        assert_eq!((row.state, row.stamp), (State::Ready, Timestamp(40)));
    });
}

#[test]
fn of_a_pair_one_row_is_in_flight_whatever_the_lane() {
    check(|tx| {
        let (left, right) = (hubspot("1"), key(Side::Salesforce, "003A"));
        see(tx, &left, 1, Lane::Live);
        see(tx, &right, 1, Lane::Retry);
        let mut ids = PairIds::half(&left);
        *ids.slot(Side::Salesforce) = Some(right.id.clone());
        pairs::link(tx, ids, Linked::Key, Vec::new()).unwrap();
        let first = take(tx, 5);
        assert_eq!(first.len(), 1);
        assert_eq!(first[0].key, left);
        assert!(take(tx, 5).is_empty());
        inbox::conclude(tx, &first[0]).unwrap();
        assert_eq!(take(tx, 5)[0].key, right);
    });
}

#[test]
fn lanes_are_taken_in_the_order_wanted_and_within_the_bound() {
    let page_max = 3;
    let bench = Bench::with(Options {
        page_max,
        ..options()
    });
    bench.write(|tx| {
        for (id, lane) in [("1", Lane::Backfill), ("2", Lane::Retry), ("3", Lane::Live)] {
            see(tx, &hubspot(id), 1, lane);
        }
        see(tx, &hubspot("4"), 1, Lane::Live);
        see(tx, &hubspot("5"), 1, Lane::Detect);
        assert_eq!(ids(&take(tx, 100)), ["3", "4", "2"]);
        assert_eq!(ids(&take(tx, 100)), ["1"]);
        Ok(())
    });
}

#[test]
fn a_start_returns_what_was_in_flight() {
    let mut bench = Bench::new();
    bench.write(|tx| {
        see(tx, &hubspot("1"), 1, Lane::Live);
        see(tx, &hubspot("2"), 1, Lane::Live);
        take(tx, 1);
        see(tx, &hubspot("1"), 7, Lane::Live);
        Ok(())
    });
    bench.reopen();
    bench.write(|tx| {
        assert_eq!(inbox::return_in_flight(tx).unwrap(), 1);
        let rows = take(tx, 5);
        assert_eq!(ids(&rows), ["1", "2"]);
        assert_eq!(rows[0].stamp, Timestamp(7));
        Ok(())
    });
}

#[test]
fn children_are_freed_by_their_parent_and_by_no_other() {
    check(|tx| {
        let mut parent = key(Side::Salesforce, "001A");
        parent.object = object("company");
        for id in ["1", "2"] {
            see(tx, &hubspot(id), 1, Lane::Live);
        }
        for row in take(tx, 2) {
            inbox::put_back(tx, &row, &Rest::Waiting(Some(parent.clone()))).unwrap();
        }
        assert!(take(tx, 2).is_empty());
        let other = RecordKey {
            id: RecordId::parse("001B").unwrap(),
            ..parent.clone()
        };
        assert_eq!(inbox::release(tx, Release::Parent(&other)).unwrap(), 0);
        assert_eq!(inbox::release(tx, Release::Parent(&parent)).unwrap(), 2);
        assert_eq!(take(tx, 2).len(), 2);
    });
}

#[test]
fn a_hold_keeps_its_members_until_a_person_settles_it() {
    check(|tx| {
        for id in ["1", "2", "3"] {
            see(tx, &hubspot(id), 1, Lane::Live);
        }
        for (row, hold) in take(tx, 3).iter().zip([7, 7, 8]) {
            inbox::put_back(tx, row, &Rest::Held(hold)).unwrap();
        }
        see(tx, &hubspot("1"), 2, Lane::Live);
        assert!(take(tx, 3).is_empty(), "a later change joins the hold");
        assert_eq!(ids(&inbox::held(tx, 7, 0).unwrap()), ["1", "2"]);
        assert_eq!(inbox::approve(tx, 7).unwrap(), 2);
        let freed = take(tx, 3);
        assert_eq!(ids(&freed), ["1", "2"]);
        assert!(freed.iter().all(|row| row.hold == Some(7)));
        assert_eq!(inbox::drop_hold(tx, 8).unwrap(), 1);
        assert_eq!(inbox::of_record(tx, &hubspot("3")).unwrap(), None);
    });
}

#[test]
fn what_observe_would_write_is_counted_and_freed_together() {
    check(|tx| {
        for id in ["1", "2"] {
            see(tx, &hubspot(id), 1, Lane::Backfill);
        }
        for row in take(tx, 2) {
            inbox::put_back(tx, &row, &Rest::WouldWrite).unwrap();
        }
        let counts = inbox::counts(tx).unwrap();
        assert_eq!(counts[0].state, State::WouldWrite);
        assert_eq!(counts[0].rows, 2);
        assert_eq!(inbox::release(tx, Release::WouldWrite).unwrap(), 2);
        assert_eq!(take(tx, 5).len(), 2);
    });
}

#[test]
fn a_listing_shows_only_what_was_not_read_yet() {
    let bench = Bench::new();
    bench.write(|tx| {
        inbox::note_seen(tx, &hubspot("1"), Timestamp(5))?;
        Ok(())
    });
    bench.pass(3_600_000);
    bench.write(|tx| {
        let listed = |id: &str, stamp| (RecordId::parse(id).unwrap(), Timestamp(stamp));
        let all = vec![listed("1", 5), listed("1", 6), listed("2", 5)];
        let new = inbox::unseen(tx, Side::HubSpot, &object("contact"), all.clone())?;
        assert_eq!(new, all[1..]);
        inbox::prune_seen(tx, tx.now())?;
        let new = inbox::unseen(tx, Side::HubSpot, &object("contact"), all.clone())?;
        assert_eq!(new, all);
        Ok(())
    });
}
