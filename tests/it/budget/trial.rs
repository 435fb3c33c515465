//! Any order of events over a true clock, watched by a naive count of what Salesforce saw.

use proptest::prelude::*;
use syncline::domain::budget::{
    Answer, DAY_MS, FLOOR_MS, Ledger, Queue, ServerClock, share_percent,
};
use syncline::domain::call::Lane;
use syncline::domain::record::Timestamp;

use super::{MINUTE, START, policy};

const HOUR: i64 = 60 * MINUTE;

/// What happens to the budget in one step of a trial.
#[derive(Debug, Clone)]
enum Step {
    /// Time passes.
    Pass { ms: i64 },
    /// A lane asks; if granted, the call reaches Salesforce after `delay_ms` and is answered.
    Ask {
        lane: usize,
        calls: u64,
        delay_ms: i64,
        wobble_s: i64,
    },
    /// The same, sixty times in a row.
    Storm { lane: usize },
    /// A lane asks a hundred times, each time at the very instant it was told; each call reaches
    /// Salesforce after `delay_ms`.
    Chase { lane: usize, delay_ms: i64 },
    /// The last call turns out never to have left.
    GiveBack,
    /// The allocation is set, minutes after the last call.
    Allocate { allocation: u64 },
    /// The process dies and comes back with nothing but its journal.
    Restart { down_ms: i64 },
    /// The window's old entries are dropped from memory.
    Forget,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let lanes = Lane::ALL.len();
    let step = prop_oneof![
        4 => (0..3 * HOUR).prop_map(|ms| Step::Pass { ms }),
        4 => (0..20 * MINUTE).prop_map(|ms| Step::Pass { ms }),
        8 => (0..lanes, 1..4_u64, 0..120_000_i64, -1..=1_i64).prop_map(
            |(lane, calls, delay_ms, wobble_s)| Step::Ask { lane, calls, delay_ms, wobble_s }
        ),
        6 => (0..lanes).prop_map(|lane| Step::Storm { lane }),
        4 => (0..lanes, 0..120_000_i64).prop_map(|(lane, delay_ms)| Step::Chase { lane, delay_ms }),
        1 => Just(Step::GiveBack),
        1 => (0..400_u64).prop_map(|allocation| Step::Allocate { allocation }),
        1 => (0..10 * HOUR).prop_map(|down_ms| Step::Restart { down_ms }),
        1 => Just(Step::Forget),
    ];
    prop::collection::vec(step, 1..120)
}

/// The world of a property test: the truth on Salesforce's side, and what we make of it.
struct World {
    /// Salesforce's true time.
    truth: i64,
    /// Our monotonic clock, which runs at its own speed and starts anew with each process.
    monotonic: i64,
    drift_ppm: i64,
    clock: ServerClock,
    ledger: Ledger,
    journal: Vec<(Timestamp, Timestamp, u64, Lane)>,
    /// What Salesforce counted, and when.
    counted: Vec<(i64, u64)>,
    queue: Queue,
    /// When each lane that waits is to ask again, and for how many calls.
    told: [Option<(Timestamp, u64)>; 7],
    /// When each lane last got a call.
    served: [Option<Timestamp>; 7],
    allocation: u64,
    /// Since when that allocation is in force.
    allocated: i64,
}

impl World {
    fn new(drift_ppm: i64) -> Self {
        let mut world = Self {
            truth: START.0,
            monotonic: 0,
            drift_ppm,
            clock: ServerClock::new(),
            ledger: Ledger::new(),
            journal: Vec::new(),
            counted: Vec::new(),
            queue: Queue::default(),
            told: [None; 7],
            served: [None; 7],
            allocation: 100,
            allocated: START.0,
        };
        world.hear(0);
        world
    }

    fn pass(&mut self, ms: i64) {
        self.truth += ms;
        self.monotonic += ms + ms * self.drift_ppm / 1_000_000;
    }

    fn hear(&mut self, wobble_s: i64) {
        let date = Timestamp((self.truth.div_euclid(1_000) + wobble_s) * 1_000);
        self.clock.observe(date, self.monotonic);
    }

    fn now(&mut self) -> Timestamp {
        let before = self.clock.now(self.monotonic);
        let now = before.unwrap_or_else(|| {
            self.hear(0);
            self.hear(0);
            self.clock
                .now(self.monotonic)
                .expect("two that agree are believed")
        });
        let behind = self.truth - now.0;
        assert!(
            (-1_000..=20_000).contains(&behind),
            "reckoned {behind} ms behind"
        );
        now
    }

    /// The naive oracle: all that Salesforce counted in the 24 h that end at each counted call.
    fn check_cap(&self) {
        let newest = self.counted.iter().rev().take(3);
        for &(end, _) in newest.filter(|(at, _)| *at >= self.allocated) {
            let sum: u64 = self
                .counted
                .iter()
                .filter(|(at, _)| *at > end - DAY_MS && *at <= end)
                .map(|(_, calls)| calls)
                .sum();
            assert!(sum <= self.allocation, "{sum} of {}", self.allocation);
        }
    }

    /// How long the lane has had work and no call.
    fn waited(&self, lane: usize, now: Timestamp) -> i64 {
        let since = self.queue.since(Lane::ALL[lane]);
        let since = since.map(|since| self.served[lane].map_or(since, |at| at.max(since)));
        since.map_or(0, |since| now.since(since))
    }

    /// Those that wait longer past their floor than `past`, with the calls they asked for.
    fn before(&self, lane: usize, past: i64, now: Timestamp) -> Vec<u64> {
        let others = (0..Lane::ALL.len()).filter(|other| *other != lane);
        let waits = others.filter_map(|other| {
            let (told, calls) = self.told[other]?;
            let quota = i64::try_from(calls).expect("few calls") * FLOOR_MS;
            let theirs = self.waited(other, now) - quota;
            let believed = now.since(told) <= 4 * MINUTE;
            (believed && theirs >= 0 && theirs > past).then_some(calls)
        });
        waits.collect()
    }

    /// Whoever is served leaves room for those that wait longer past their floor, as far as the
    /// allocation has any for both.
    fn check_turn(&self, lane: usize, calls: u64, past: i64, left: u64, now: Timestamp) {
        let owed: u64 = self.before(lane, past, now).into_iter().sum();
        let owed = owed.min(self.allocation.saturating_sub(calls));
        assert!(owed <= left, "{owed} are owed, {left} left");
    }

    /// Whoever waits past its floor while there is room waits for somebody who waits longer.
    fn check_yields(&self, lane: usize, past: i64, room: u64, now: Timestamp) {
        let lanes = Lane::ALL.len();
        let longer = (0..lanes).filter(|other| *other != lane).any(|other| {
            let Some((told, calls)) = self.told[other] else {
                return false;
            };
            let quota = i64::try_from(calls).expect("few calls") * FLOOR_MS;
            now.since(told) <= 6 * MINUTE && self.waited(other, now) - quota >= past.min(0)
        });
        assert!(longer, "{} starves beside {room} calls", Lane::ALL[lane]);
    }

    /// When to ask again, for a lane that was refused.
    fn ask(&mut self, lane: usize, calls: u64, delay_ms: i64, wobble_s: i64) -> Option<i64> {
        let now = self.now();
        let policy = policy(self.allocation);
        let used = self.ledger.in_window(now);
        let key = Lane::ALL[lane];
        let waited = self.waited(lane, now);
        let quota = i64::try_from(calls).expect("few calls") * FLOOR_MS;
        match self.ledger.ask(key, calls, now, &policy, None, &self.queue) {
            Answer::Granted { until } => {
                let share = self.allocation * u64::from(share_percent(key)) / 100;
                assert!(
                    used + calls <= share || waited >= quota,
                    "{key} went past its share"
                );
                let left = self.allocation - used - calls;
                self.check_turn(lane, calls, waited - quota, left, now);
                self.ledger.record(now, until, calls, key);
                self.journal.push((now, until, calls, key));
                self.queue.served(key);
                self.told[lane] = None;
                self.served[lane] = Some(now);
                self.pass(delay_ms);
                self.counted.push((self.truth, calls));
                self.check_cap();
                self.hear(wobble_s);
                None
            }
            Answer::NotBefore { at, .. } => {
                assert!(at > now);
                let fits = used + calls <= self.allocation;
                if fits && waited >= quota {
                    self.check_yields(lane, waited - quota, self.allocation - used, now);
                }
                self.queue.refused(key, calls, now, at);
                self.told[lane] = Some((at, calls));
                Some(at.since(now))
            }
        }
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Pass { ms } => self.pass(ms),
            Step::Ask {
                lane,
                calls,
                delay_ms,
                wobble_s,
            } => {
                self.ask(lane, calls, delay_ms, wobble_s);
            }
            Step::Storm { lane } => {
                for _ in 0..60 {
                    self.ask(lane, 1, 10, 0);
                }
            }
            Step::Chase { lane, delay_ms } => {
                for round in 0..100 {
                    let delay_ms = if round % 9 == 0 { delay_ms } else { 0 };
                    if let Some(wait) = self.ask(lane, 1, delay_ms, 0) {
                        self.pass(wait);
                    }
                }
            }
            Step::GiveBack => {
                if let Some((at, until, calls, lane)) = self.journal.pop() {
                    self.ledger.give_back(at, until, calls, lane);
                    self.counted.pop();
                }
            }
            Step::Allocate { allocation } => {
                self.pass(3 * MINUTE);
                self.allocation = allocation;
                self.allocated = self.truth;
            }
            Step::Restart { down_ms } => {
                self.pass(down_ms);
                self.monotonic = 0;
                self.clock = ServerClock::new();
                self.hear(0);
                self.queue = Queue::default();
                self.told = [None; 7];
                self.ledger = Ledger::new();
                for &(at, until, calls, lane) in &self.journal {
                    self.ledger.record(at, until, calls, lane);
                }
            }
            Step::Forget => {
                let now = self.now();
                let used = self.ledger.in_window(now);
                self.ledger.forget_before(now);
                assert_eq!(self.ledger.in_window(now), used);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_rolling_day_on_salesforces_clock_exceeds_the_allocation(
        steps in steps(), drift_ppm in -200..200_i64,
    ) {
        let mut world = World::new(drift_ppm);
        for step in &steps {
            world.step(step);
        }
    }
}
