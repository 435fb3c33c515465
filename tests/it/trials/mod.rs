//! Trials: the real clients, loops, notifier and store over the in-process simulator, from a seed.
//!
//! Replaced are the clock, the network and the mail server. Nothing is spawned: the driver calls one
//! loop at a time, in the order the seed says. `SYNCLINE_TRIAL_SEED=17` replays one trial,
//! `SYNCLINE_TRIAL_SEEDS=1000` runs more of them.

#![expect(
    clippy::print_stderr,
    clippy::too_many_arguments,
    clippy::struct_excessive_bools,
    reason = "a failing seed prints itself; a plan is a list of yes-or-no"
)]

mod checks;
mod driver;
mod fields;
mod kin;
mod loads;
mod mails;
mod people;
mod plan;
mod running;
mod scenes;
mod tally;
mod trouble;
mod world;

use std::ops::RangeInclusive;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use driver::{Tally, run};
use plan::Plan;
use tally::{SOMETIMES, SOMETIMES_OF_SEVERAL};

/// Trials of an ordinary run: so many at least, and more until every rare state was met.
const SEEDS: RangeInclusive<u64> = 16..=60;
/// The same of trials with several objects, which take longer.
const SEEDS_OF_SEVERAL: RangeInclusive<u64> = 8..=30;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Runs the seeds of one kind, and sees to it that together they met what must sometimes be met.
fn run_all(plan_of: fn(u64) -> Plan, ordinary: RangeInclusive<u64>, sometimes: &[&str]) {
    if let Some(seed) = number("SYNCLINE_TRIAL_SEED") {
        eprintln!("{:#?}", run(&plan_of(seed)));
        return;
    }
    let (least, most) = match number("SYNCLINE_TRIAL_SEEDS") {
        Some(seeds) => (seeds, seeds),
        None => ordinary.clone().into_inner(),
    };
    let (next, sum) = (AtomicU64::new(0), Mutex::new(Tally::new()));
    let unmet = |sum: &Tally| -> Vec<&str> {
        let is_met = |what: &&str| sum.get(what).is_some_and(|times| *times > 0);
        let sometimes = sometimes.iter().copied();
        sometimes.filter(|what| !is_met(what)).collect()
    };
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= most || seed >= least && unmet(&sum.lock().unwrap()).is_empty() {
                        return;
                    }
                    for (what, times) in run(&plan_of(seed)) {
                        *sum.lock().unwrap().entry(what).or_default() += times;
                    }
                }
            });
        }
    });
    let sum = sum.into_inner().unwrap();
    // Fewer trials, as for planted bugs, need not meet every rare state.
    if most >= *ordinary.end() {
        let unmet = unmet(&sum);
        assert!(unmet.is_empty(), "no trial met: {unmet:?}; {sum:#?}");
    }
}

#[test]
fn whatever_goes_wrong_both_sides_end_in_step_and_nothing_is_lost_or_doubled() {
    run_all(Plan::of, SEEDS, &SOMETIMES);
}

#[test]
fn whatever_goes_wrong_records_that_belong_together_end_in_step() {
    run_all(Plan::of_several, SEEDS_OF_SEVERAL, &SOMETIMES_OF_SEVERAL);
}
