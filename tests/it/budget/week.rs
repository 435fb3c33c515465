//! A week of demand: a storm of changes every day, a first load of a million records that never
//! lets up, and a count that stands where Salesforce stands. Run with `--nocapture` to see them.

#![expect(
    clippy::print_stdout,
    reason = "the figures are what somebody runs it for"
)]

use std::collections::VecDeque;

use syncline::domain::budget::{Answer, DAY_MS, FLOOR_MS, Ledger, Queue};
use syncline::domain::call::Lane;
use syncline::domain::record::Timestamp;

use super::{MINUTE, START, policy};

const ALLOCATION: u64 = 20_000;
const POLL_MS: i64 = MINUTE;
const DAYS: i64 = 7;

/// Records of a storm in each of its minutes, and how long it lasts: 540,000 within an hour, about
/// as much as the pace of this allocation carries beside a load.
const STORM_RECORDS: i64 = 9_000;
const STORM_MINUTES: i64 = 60;

/// Records that a call matches and writes at best.
const MATCHED: i64 = 2_500;
const WRITTEN: i64 = 1_000;

/// Calls of a first load of a million records in an org that takes them by the hundred only.
const LOAD_CALLS: usize = 20 * 1_000_000 / 1_000;

/// One lane's calls to be made, by the time each was wanted.
struct Work {
    lane: Lane,
    wanted: VecDeque<Timestamp>,
    ask_at: Timestamp,
    /// How long each call waited, and whether its lane's share had room all the while.
    waits: Vec<(i64, bool)>,
    longest_past_floor: i64,
}

struct Week {
    ledger: Ledger,
    queue: Queue,
    counted: Vec<i64>,
    lanes: Vec<Work>,
    full_until: Timestamp,
}

impl Week {
    fn new() -> Self {
        let work = |lane| Work {
            lane,
            wanted: VecDeque::new(),
            ask_at: START,
            waits: Vec::new(),
            longest_past_floor: 0,
        };
        let lanes = [Lane::Detect, Lane::Live, Lane::Retry, Lane::Backfill];
        Self {
            ledger: Ledger::new(),
            queue: Queue::default(),
            counted: Vec::new(),
            lanes: lanes.map(work).into(),
            full_until: START,
        }
    }

    fn want(&mut self, lane: Lane, calls: i64, now: Timestamp) {
        let work = self.lanes.iter_mut().find(|one| one.lane == lane);
        let work = work.expect("a lane of the week");
        for _ in 0..calls {
            work.wanted.push_back(now);
        }
        work.ask_at = now;
    }

    /// What every minute brings.
    fn minute(&mut self, minute: i64, now: Timestamp) {
        self.want(Lane::Detect, 1 + i64::from(minute % 5 == 0), now);
        let of_day = minute % (24 * 60);
        let storms = (600..600 + STORM_MINUTES).contains(&of_day);
        let records = if storms { STORM_RECORDS } else { 20 };
        let up = |records: i64, per: i64| (records + per - 1) / per;
        self.want(Lane::Live, up(records, MATCHED) + up(records, WRITTEN), now);
        if minute % 60 == 0 {
            self.want(Lane::Retry, 3, now);
        }
    }

    /// Serves every lane that asks now; returns when the next one does.
    fn serve(&mut self, now: Timestamp, begins_with: usize) -> Timestamp {
        let policy = policy(ALLOCATION);
        let mut next = now.plus(POLL_MS);
        for place in 0..self.lanes.len() {
            let place = (place + begins_with) % self.lanes.len();
            let work = &mut self.lanes[place];
            while work.ask_at <= now
                && let Some(wanted) = work.wanted.front().copied()
            {
                let answer = self
                    .ledger
                    .ask(work.lane, 1, now, &policy, None, &self.queue);
                match answer {
                    Answer::Granted { until } => {
                        work.wanted.pop_front();
                        let had_room = wanted >= self.full_until;
                        work.waits.push((now.since(wanted), had_room));
                        self.ledger.record(now, until, 1, work.lane);
                        self.queue.served(work.lane);
                        self.counted.push(now.0);
                    }
                    Answer::NotBefore { at, .. } => {
                        let since = self.queue.since(work.lane).unwrap_or(now);
                        if self.ledger.in_window(now) < ALLOCATION {
                            let past = now.since(since) - FLOOR_MS;
                            work.longest_past_floor = work.longest_past_floor.max(past);
                        } else {
                            self.full_until = now.plus(1);
                        }
                        self.queue.refused(work.lane, 1, now, at);
                        work.ask_at = at;
                    }
                }
            }
            if !work.wanted.is_empty() {
                next = next.min(work.ask_at.max(now.plus(1)));
            }
        }
        self.ledger.forget_before(now);
        next
    }

    fn of(&self, lane: Lane) -> &Work {
        let mut lanes = self.lanes.iter();
        lanes
            .find(|one| one.lane == lane)
            .expect("a lane of the week")
    }
}

/// The most calls in any 24 hours that end with a call.
fn worst_day(counted: &[i64]) -> usize {
    let (mut worst, mut from) = (0, 0);
    for (to, at) in counted.iter().enumerate() {
        while counted[from] <= at - DAY_MS {
            from += 1;
        }
        worst = worst.max(to + 1 - from);
    }
    worst
}

#[test]
fn a_week_of_storms_and_a_load_keeps_the_allocation_and_the_changes_moving() {
    let mut week = Week::new();
    week.want(
        Lane::Backfill,
        i64::try_from(LOAD_CALLS).expect("a number"),
        START,
    );
    let mut now = START;
    for minute in 0..DAYS * 24 * 60 {
        let ends = START.plus((minute + 1) * MINUTE);
        week.minute(minute, now);
        while now < ends {
            let turn = usize::try_from(now.0.rem_euclid(4)).expect("small");
            now = week.serve(now, turn).min(ends);
        }
    }
    let worst = worst_day(&week.counted);
    let mut waits: Vec<i64> = week
        .of(Lane::Live)
        .waits
        .iter()
        .filter(|one| one.1)
        .map(|one| one.0)
        .collect();
    waits.sort_unstable();
    let p99 = waits[waits.len() * 99 / 100];
    let late = week
        .lanes
        .iter()
        .map(|one| one.longest_past_floor)
        .max()
        .unwrap_or(0);
    println!(
        "{} calls in a week, at most {worst} in 24 h; {} live calls waited {p99} ms at p99; {} calls of the \
         load are left; longest wait past a floor with room: {late} ms",
        week.counted.len(),
        waits.len(),
        week.of(Lane::Backfill).wanted.len(),
    );
    assert!(worst <= usize::try_from(ALLOCATION).expect("a number"));
    assert!(p99 <= POLL_MS, "{p99} ms");
    assert!(week.of(Lane::Backfill).wanted.is_empty());
    assert!(late <= 0, "{late} ms");
}
