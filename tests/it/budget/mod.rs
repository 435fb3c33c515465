//! The budget: never more than the allocation, never less than could be.

mod asked;
mod desk;
mod seams;
mod told;
mod trial;
mod week;
mod words;

use proptest::prelude::*;
use syncline::domain::budget::{
    Answer, DAY_MS, FLOOR_MS, HOLD_MS, Ledger, OrgUsage, Pace, PaceKind, PaceLimits, Policy, Queue,
    Scarcity, ServerClock,
};
use syncline::domain::call::Lane;
use syncline::domain::record::Timestamp;

const START: Timestamp = Timestamp(1_763_000_000_000);
const MINUTE: i64 = 60_000;

fn policy(allocation: u64) -> Policy {
    Policy {
        allocation,
        reserve_percent: 10,
    }
}

/// A ledger in which each `(minutes after START, calls)` was spent in the live lane.
fn spent(calls: &[(i64, u64)]) -> Ledger {
    let mut ledger = Ledger::new();
    for &(minutes, calls) in calls {
        let at = START.plus(minutes * MINUTE);
        ledger.record(at, at.plus(HOLD_MS), calls, Lane::Live);
    }
    ledger
}

/// One lane that waits for a call since then.
fn waiting(lane: Lane, since: Timestamp) -> Queue {
    let mut queue = Queue::default();
    queue.refused(lane, 1, since, since);
    queue
}

/// What `lane` hears when it asks for one call, `minutes` after START: `granted`, or
/// `why +minutes` rounded up.
fn check(ledger: &Ledger, lane: Lane, allocation: u64, minutes: i64, expected: &str) {
    let now = START.plus(minutes * MINUTE);
    let answer = ledger.ask(lane, 1, now, &policy(allocation), None, &Queue::default());
    let heard = match answer {
        Answer::Granted { .. } => "granted".to_owned(),
        Answer::NotBefore { at, why } => {
            format!("{why:?} +{}", (at.since(now) + MINUTE - 1) / MINUTE)
        }
    };
    assert_eq!(heard, expected);
}

#[test]
fn a_fresh_budget_grants_a_burst_and_then_paces() {
    // A full bucket holds 25 calls; 960 a day are one in 90 s.
    check(&spent(&[]), Lane::Live, 960, 0, "granted");
    check(&spent(&[(0, 24)]), Lane::Live, 960, 0, "granted");
    check(&spent(&[(0, 25)]), Lane::Live, 960, 0, "Bucket +2");
    check(&spent(&[(0, 25)]), Lane::Live, 960, 2, "granted");
}

#[test]
fn a_lesser_lane_leaves_part_of_the_bucket_to_the_others() {
    check(&spent(&[(0, 14)]), Lane::Backfill, 960, 0, "granted");
    check(&spent(&[(0, 15)]), Lane::Backfill, 960, 0, "Bucket +2");
    check(&spent(&[(0, 15)]), Lane::Live, 960, 0, "granted");
}

#[test]
fn a_lane_past_its_share_waits_while_others_spend() {
    let used_60 = spent(&[(-600, 576)]);
    check(&used_60, Lane::Backfill, 960, 0, "Share +15");
    check(&used_60, Lane::Retry, 960, 0, "granted");
    let used_95 = spent(&[(-600, 912)]);
    check(&used_95, Lane::Resync, 960, 0, "Share +15");
    check(&used_95, Lane::Live, 960, 0, "granted");
}

#[test]
fn a_used_up_allocation_frees_when_the_oldest_call_leaves() {
    let full = spent(&[(0, 960)]);
    check(&full, Lane::Live, 960, 60, "Window +1383");
    check(&full, Lane::Live, 960, 24 * 60 + 2, "Window +1");
    check(&full, Lane::Live, 960, 24 * 60 + 3, "granted");
}

#[test]
fn a_lane_kept_waiting_gets_one_call_in_a_quarter_of_an_hour_but_never_beyond_the_allocation() {
    let policy = policy(960);
    let ask = |ledger: &Ledger, lane, calls, waited: i64| {
        let queue = waiting(lane, START.plus(-waited));
        ledger.ask(lane, calls, START, &policy, None, &queue)
    };
    let granted = Answer::Granted {
        until: START.plus(HOLD_MS),
    };
    let mut past_share = spent(&[(-600, 900)]);
    assert_eq!(ask(&past_share, Lane::Backfill, 1, FLOOR_MS), granted);
    assert_ne!(ask(&past_share, Lane::Backfill, 1, FLOOR_MS - 1), granted);
    // Two calls are two quarters of an hour.
    assert_ne!(ask(&past_share, Lane::Backfill, 2, FLOOR_MS), granted);
    assert_eq!(ask(&past_share, Lane::Backfill, 2, 2 * FLOOR_MS), granted);
    // A caller that forgets to begin waiting anew gains nothing.
    past_share.record(START, START.plus(HOLD_MS), 1, Lane::Backfill);
    assert_ne!(ask(&past_share, Lane::Backfill, 1, 9 * FLOOR_MS), granted);
    let used_up = spent(&[(-600, 960)]);
    assert_ne!(ask(&used_up, Lane::Live, 1, 9 * FLOOR_MS), granted);
}

#[test]
fn the_last_call_is_kept_for_the_lane_that_waits_longest_past_its_floor() {
    let (policy, one_left) = (policy(960), spent(&[(-600, 959)]));
    let mut queue = Queue::default();
    queue.refused(Lane::Backfill, 1, START.plus(-2 * FLOOR_MS), START);
    queue.refused(Lane::Retry, 1, START.plus(-3 * FLOOR_MS), START);
    let ask = |queue: &Queue, lane, now| {
        let answer = one_left.ask(lane, 1, now, &policy, None, queue);
        matches!(answer, Answer::Granted { .. })
    };
    assert!(!ask(&queue, Lane::Live, START));
    assert!(!ask(&queue, Lane::Backfill, START));
    assert!(ask(&queue, Lane::Retry, START));
    // Two of three are enough for whoever waits longest, and for nobody else.
    queue.refused(Lane::Retry, 3, START, START);
    assert!(ask(&queue, Lane::Backfill, START));
    // One that was told to ask and did not is not waited for.
    let later = START.plus(6 * MINUTE);
    assert!(ask(&queue, Lane::Live, later));
}

#[test]
fn calls_promised_to_others_are_taken_and_lengthen_nobodys_floor() {
    let ledger = spent(&[(-600, 700)]);
    let granted = |promised: u64, waited: i64, allocation: u64| {
        let queue = waiting(Lane::Backfill, START.plus(-waited)).beside(promised);
        let answer = ledger.ask(Lane::Backfill, 4, START, &policy(allocation), None, &queue);
        matches!(answer, Answer::Granted { .. })
    };
    // Past its share, four calls wait for an hour, whatever the live lane was promised.
    assert!(granted(0, 4 * FLOOR_MS, 1_000));
    assert!(granted(12, 4 * FLOOR_MS, 1_000));
    assert!(!granted(12, 4 * FLOOR_MS - 1, 1_000));
    // Never beyond the allocation: the last ones are promised.
    assert!(granted(12, 4 * FLOOR_MS, 716));
    assert!(!granted(12, 4 * FLOOR_MS, 715));
    let paced = spent(&[(0, 15)]);
    let live = |promised: u64| {
        let queue = Queue::default().beside(promised);
        paced.ask(Lane::Live, 4, START, &policy(960), None, &queue)
    };
    assert!(matches!(live(6), Answer::Granted { .. }));
    assert!(matches!(
        live(7),
        Answer::NotBefore {
            why: Scarcity::Bucket,
            ..
        }
    ));
}

#[test]
fn a_lane_is_believed_to_wait_until_it_does_not_ask_when_it_was_told_to() {
    let mut queue = Queue::default();
    queue.refused(Lane::Retry, 3, START, START.plus(60 * MINUTE));
    let lanes = |minutes: i64| {
        queue
            .waiting(START.plus(minutes * MINUTE))
            .collect::<Vec<_>>()
    };
    assert_eq!(lanes(65), [(Lane::Retry, 3)]);
    assert_eq!(lanes(66), []);
}

#[test]
fn the_orgs_reserve_is_left_to_others_but_for_the_floor() {
    let ask = |used, waited: i64| {
        let usage = OrgUsage { used, limit: 1_000 };
        let queue = waiting(Lane::Live, START.plus(-waited));
        Ledger::new().ask(Lane::Live, 1, START, &policy(960), Some(&usage), &queue)
    };
    let granted = Answer::Granted {
        until: START.plus(HOLD_MS),
    };
    assert_eq!(ask(899, 0), granted);
    let at = START.plus(FLOOR_MS);
    assert_eq!(
        ask(900, 0),
        Answer::NotBefore {
            at,
            why: Scarcity::OrgReserve
        }
    );
    assert_eq!(ask(5_000, FLOOR_MS), granted);
}

#[test]
fn calls_given_back_were_never_spent() {
    let mut ledger = spent(&[(0, 25), (1, 5)]);
    ledger.give_back(START, START.plus(HOLD_MS), 20, Lane::Live);
    assert_eq!(ledger.in_window(START), 10);
    ledger.give_back(START, START.plus(HOLD_MS), 20, Lane::Live);
    ledger.give_back(START, START.plus(HOLD_MS), 20, Lane::Retry);
    assert_eq!(ledger.in_window(START), 5);
    check(&ledger, Lane::Live, 960, 1, "granted");
}

#[test]
fn a_lowered_allocation_binds_at_once_and_a_raised_one_frees_at_once() {
    let ledger = spent(&[(-60, 500)]);
    check(&ledger, Lane::Live, 960, 0, "granted");
    check(&ledger, Lane::Live, 400, 0, "Window +1383");
    check(&ledger, Lane::Live, 2_000, 0, "granted");
    check(&ledger, Lane::Live, 0, 0, "Window +1440");
}

#[test]
fn the_standing_names_use_rate_and_when_it_ends() {
    let ledger = spent(&[(-300, 100), (-30, 200), (0, 40)]);
    let standing = ledger.standing(START, &policy(960));
    assert_eq!((standing.used, standing.percent()), (340, 35));
    assert_eq!(
        (standing.last_hour_calls, standing.peak_hour_calls),
        (240, 240)
    );
    assert_eq!((standing.level_calls, standing.burst_calls), (0, 25));
    assert_eq!(standing.by_lane[0], (Lane::Live, 340));
    // 620 left at 240 an hour.
    assert_eq!(standing.exhausts_at, Some(START.plus(155 * MINUTE)));
    assert_eq!(standing.frees_at, None);

    let slow = spent(&[(0, 10)]).standing(START, &policy(960));
    assert_eq!(slow.exhausts_at, None);
    let full = ledger.standing(START, &policy(340));
    assert_eq!(full.exhausts_at, Some(START));
    assert_eq!(full.frees_at, Some(START.plus(HOLD_MS - 300 * MINUTE)));
}

#[test]
fn extremes_do_not_overflow() {
    let instants = [i64::MIN, -1, 0, i64::MAX].map(Timestamp);
    let numbers = [0, 1, u64::MAX];
    let mut ledger = Ledger::new();
    for spent_at in instants {
        for until in instants {
            for calls in numbers {
                ledger.record(spent_at, until, calls, Lane::Live);
            }
        }
    }
    for now in instants {
        for allocation in numbers {
            for calls in numbers {
                let policy = Policy {
                    allocation,
                    reserve_percent: 255,
                };
                let usage = OrgUsage {
                    used: calls,
                    limit: allocation,
                };
                let queue = waiting(Lane::Retry, now);
                let _ = ledger.ask(Lane::Retry, calls, now, &policy, Some(&usage), &queue);
                let _ = ledger.standing(now, &policy);
            }
        }
        ledger.give_back(now, now, u64::MAX, Lane::Live);
    }
    ledger.forget_before(Timestamp(i64::MAX));
    assert_eq!(ledger.in_window(Timestamp(0)), 0);
}

#[test]
fn a_saturated_caller_gets_the_whole_allocation() {
    let policy = policy(2_000);
    let mut ledger = Ledger::new();
    let mut now = START;
    let mut spent = Vec::new();
    while now < START.plus(4 * DAY_MS) {
        now = match ledger.ask(Lane::Live, 1, now, &policy, None, &Queue::default()) {
            Answer::Granted { until } => {
                ledger.record(now, until, 1, Lane::Live);
                spent.push(now);
                now.plus(20)
            }
            Answer::NotBefore { at, .. } => at,
        };
    }
    for day in 0..4 {
        let from = START.plus(day * DAY_MS);
        let got = spent
            .iter()
            .filter(|at| (0..DAY_MS).contains(&at.since(from)))
            .count();
        assert!((1_990..=2_000).contains(&got), "day {day}: {got}");
    }
}

#[test]
fn the_servers_clock_never_runs_back_and_stays_behind_the_truth() {
    let mut clock = ServerClock::new();
    assert_eq!(clock.now(0), None);
    clock.observe(START, 0);
    assert_eq!(clock.now(0), None, "the first one has no witness");
    clock.observe(START, 0);
    assert_eq!(clock.now(0), Some(START));
    assert_eq!(clock.now(1_000_000), Some(START.plus(999_500)));
    // A Date one second behind the reckoning holds nothing up and turns nothing back.
    clock.observe(START.plus(998_000), 1_000_000);
    assert_eq!(clock.now(1_000_000), Some(START.plus(999_500)));
    clock.observe(START.plus(1_001_000), 1_001_000);
    assert_eq!(clock.now(1_001_000), Some(START.plus(1_001_000)));
    // Six hours of silence are too long to reckon over.
    assert_eq!(clock.now(1_001_000 + DAY_MS / 4 + 1), None);
}

#[test]
fn one_strange_date_empties_no_window() {
    let mut clock = ServerClock::new();
    // Neither the first one of a run nor a later one.
    clock.observe(START.plus(DAY_MS), 0);
    clock.observe(START, 0);
    assert_eq!(clock.now(0), None);
    clock.observe(START, 0);
    assert_eq!(clock.now(0), Some(START));
    clock.observe(START.plus(DAY_MS), 1_000);
    assert_eq!(clock.now(1_000), None);
    clock.observe(START.plus(2_000), 2_000);
    assert_eq!(clock.now(2_000), Some(START.plus(2_000)));
    // Two that agree are believed: the machine slept.
    clock.observe(START.plus(DAY_MS), 3_000);
    clock.observe(START.plus(DAY_MS + 1_000), 4_000);
    assert_eq!(clock.now(4_000), Some(START.plus(DAY_MS + 1_000)));
    clock.distrust();
    assert_eq!(clock.now(4_000), None);
    clock.observe(START.plus(DAY_MS + 1_000), 5_000);
    assert!(clock.now(5_000).is_some());
}

#[test]
fn hubspots_pace_lets_so_many_pass_and_says_how_long_to_wait() {
    let limits = PaceLimits {
        burst_calls: 3,
        burst_ms: 10_000,
        search_calls: 2,
    };
    let mut pace = Pace::new(limits);
    assert_eq!(pace.ask(0, PaceKind::Search), Ok(()));
    assert_eq!(pace.ask(100, PaceKind::Search), Ok(()));
    assert_eq!(pace.ask(400, PaceKind::Search), Err(600));
    assert_eq!(pace.ask(400, PaceKind::Call), Ok(()));
    assert_eq!(pace.ask(1_000, PaceKind::Call), Err(9_000));
    assert_eq!(pace.ask(10_000, PaceKind::Call), Ok(()));
    pace.pause(10_000, 5_000);
    assert_eq!(pace.ask(12_000, PaceKind::Call), Err(3_000));
    pace.limit(PaceLimits {
        burst_calls: 0,
        ..limits
    });
    assert!(pace.ask(i64::MAX, PaceKind::Call).is_ok());
    assert!(pace.ask(i64::MIN, PaceKind::Call).is_err());
}

proptest! {
    #[test]
    fn an_answers_time_is_worth_waiting_for(
        spends in prop::collection::vec((0..2_000_i64, 1..30_u64), 0..60),
        lane in 0..7_usize, allocation in 1..500_u64, minutes in 0..2_000_i64,
    ) {
        let ledger = spent(&spends);
        let lane = Lane::ALL[lane];
        let mut now = START.plus(minutes * MINUTE);
        let queue = waiting(lane, now);
        // Nothing else being spent, a lane that waits as told is served within a few askings.
        for _ in 0..8 {
            match ledger.ask(lane, 1, now, &policy(allocation), None, &queue) {
                Answer::Granted { .. } => return Ok(()),
                Answer::NotBefore { at, .. } => now = at,
            }
        }
        prop_assert!(false, "still waiting");
    }
}
