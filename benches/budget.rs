//! What a decision about a call costs beside a bare mutex bucket, and how fast the ledger of a year
//! answers `budget show`: run with `cargo bench --bench budget`.
//!
//! Absolute numbers depend on the machine and its neighbours; the ratios of one run are what counts.
//! `SYNCLINE_BENCH_CALLS` sets another number of calls a day. The last three days go through the
//! journal, and the first of them through a fold; the year before is folded sums, kept by the same
//! code.

#![expect(
    clippy::cast_precision_loss,
    reason = "figures for people, far below 2^52"
)]
#![expect(
    clippy::unwrap_used,
    reason = "what a measurement sets up must work, and says so when it does not"
)]
#![expect(clippy::print_stdout, reason = "the figures are what it is run for")]

mod common;

use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use common::{Ticking, ms, number, open, time};
use rusqlite::Connection;
use syncline::clock::Clock;
use syncline::control::request::Request;
use syncline::control::{Vantage, answer};
use syncline::domain::budget::{Answer, DAY_MS, HOLD_MS, Ledger, Policy, Queue};
use syncline::domain::call::{Lane, Operation};
use syncline::domain::event::{
    AllocationSet, By, CallsHour, CallsSpent, DaemonStopped, HistoryFolded, UsageReported,
};
use syncline::domain::record::{ObjectName, Side, Timestamp};
use syncline::journal;
use syncline::projections::{self, append};
use syncline::store::{FILE, Store, Tx};

const HOUR_MS: i64 = 3_600_000;

/// When the year begins that is measured at its end.
const BEGIN: i64 = 1_763_000_000_000 / HOUR_MS * HOUR_MS;
const DAYS: i64 = 365;

/// Days that stand in the journal call by call: one more than a fold leaves.
const EXACT_DAYS: i64 = 3;

/// Decisions measured, and entries appended beside them.
const DECISIONS: u64 = 400_000;
const ENTRIES: u64 = 500;

/// How often `budget show` is asked; the slowest counts.
const ASKED: usize = 20;

/// Calls kept in one transaction, while time passes.
const BATCH: i64 = 1_000;

fn main() {
    let per_day = i64::try_from(number("SYNCLINE_BENCH_CALLS", 98_630)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(Ticking(AtomicI64::new(BEGIN)));
    let store = open(folder.path(), Arc::clone(&clock) as Arc<dyn Clock>);
    decisions(per_day.unsigned_abs());
    year(&store, &clock, per_day);
    let entries = journal_entries(&store);
    println!("one entry in the journal, committed      {entries:>9.1} us");
    questions(&store, &clock, &folder.path().join(FILE));
}

fn us(took: Duration, times: u64) -> f64 {
    took.as_secs_f64() * 1_000_000.0 / times as f64
}

/// A token bucket behind a mutex, as a daemon without our promises would keep it.
struct Bare(Mutex<(f64, Instant)>);

impl Bare {
    #[expect(clippy::disallowed_methods, reason = "a bucket reads the clock")]
    fn take(&self, per_second: f64) -> bool {
        let mut bucket = self.0.lock().unwrap();
        let now = Instant::now();
        let refill = now.duration_since(bucket.1).as_secs_f64() * per_second;
        *bucket = ((bucket.0 + refill).min(1_000.0), now);
        let granted = bucket.0 >= 1.0;
        if granted {
            bucket.0 -= 1.0;
        }
        granted
    }
}

/// A full window of calls, one a grant, in which every decision grants or refuses.
#[expect(clippy::disallowed_methods, reason = "a bucket reads the clock")]
fn decisions(per_day: u64) {
    let bare = Bare(Mutex::new((1_000.0, Instant::now())));
    let mut granted = 0_u64;
    let bucket = time(|| {
        for _ in 0..DECISIONS {
            granted += u64::from(bare.take(1_000_000.0));
        }
    });
    assert!(granted > 0);
    let policy = Policy {
        allocation: per_day,
        reserve_percent: 10,
    };
    let step = DAY_MS / i64::try_from(per_day).unwrap();
    let ledger = Mutex::new((Ledger::new(), Queue::default()));
    let mut now = Timestamp(BEGIN);
    let decide = |now: Timestamp, lane: Lane| {
        let mut kept = ledger.lock().unwrap();
        let (ledger, queue) = &mut *kept;
        ledger.forget_before(now);
        match ledger.ask(lane, 1, now, &policy, None, queue) {
            Answer::Granted { until } => {
                ledger.record(now, until, 1, lane);
                queue.served(lane);
                true
            }
            Answer::NotBefore { at, .. } => {
                queue.refused(lane, 1, now, at);
                false
            }
        }
    };
    while now < Timestamp(BEGIN).plus(DAY_MS) {
        decide(now, Lane::Live);
        now = now.plus(step);
    }
    let (mut granted, mut asked) = (0_u64, now);
    let window = ledger.lock().unwrap().0.in_window(now);
    let took = time(|| {
        for number in 0..DECISIONS {
            let lane = Lane::ALL[usize::try_from(number).unwrap() % Lane::ALL.len()];
            granted += u64::from(decide(asked, lane));
            asked = asked.plus(step / 2);
        }
    });
    let (bucket, decision) = (us(bucket, DECISIONS), us(took, DECISIONS));
    println!(
        "{DECISIONS} decisions over a window of {window} calls, {granted} granted\n\
         a bare bucket behind a mutex             {bucket:>9.3} us\n\
         a decision of the ledger                 {decision:>9.3} us  decision : bare = {:.1}",
        decision / bucket
    );
    assert!(granted > 0 && granted < DECISIONS, "both answers were met");
}

/// What calls are for, with how many of a thousand.
fn purposes() -> Vec<(Lane, Operation, Option<ObjectName>, i64)> {
    let objects = ["contact", "company", "deal", "task"];
    let objects = objects.map(|name| ObjectName::parse(name).unwrap());
    let mut purposes = vec![
        (Lane::Detect, Operation::Poll, None, 120),
        (Lane::Detect, Operation::Listing, None, 24),
        (Lane::Metadata, Operation::Limits, None, 4),
    ];
    for object in objects {
        for (lane, operation, share) in [
            (Lane::Live, Operation::Match, 60),
            (Lane::Live, Operation::Write, 80),
            (Lane::Parent, Operation::Match, 10),
            (Lane::Metadata, Operation::Describe, 2),
            (Lane::Resync, Operation::Write, 8),
            (Lane::Retry, Operation::Write, 13),
            (Lane::Backfill, Operation::Write, 40),
        ] {
            purposes.push((lane, operation, Some(object.clone()), share));
        }
    }
    purposes
}

/// A year of calls: sums up to three days ago, calls from then on.
fn year(store: &Store, clock: &Ticking, per_day: i64) {
    let by = By::Configuration;
    let set = AllocationSet {
        allocation: per_day.unsigned_abs(),
        reserve_percent: 10,
        by,
    };
    store
        .write_blocking(move |tx| append(tx, None, set))
        .unwrap();
    let purposes = purposes();
    for day in 0..DAYS - EXACT_DAYS {
        clock.0.store(BEGIN + day * DAY_MS, Ordering::Relaxed);
        let purposes = purposes.clone();
        let sums = move |tx: &Tx<'_>| {
            for hour in 0..24 {
                let hour = (BEGIN + day * DAY_MS) / HOUR_MS + hour;
                let calls = purposes.iter().map(|purpose| sum(purpose, hour, per_day));
                append(tx, None, folded(calls.collect()))?;
            }
            Ok(())
        };
        store.write_blocking(sums).unwrap();
    }
    let exact = per_day * EXACT_DAYS;
    let step = DAY_MS / per_day;
    let begin = BEGIN + (DAYS - EXACT_DAYS) * DAY_MS;
    let filling = time(|| {
        for from in (0..exact).step_by(usize::try_from(BATCH).unwrap()) {
            clock.0.store(begin + from * step, Ordering::Relaxed);
            let purposes = purposes.clone();
            let spend = move |tx: &Tx<'_>| {
                for number in from..(from + BATCH).min(exact) {
                    spend(tx, &purposes, number, Timestamp(begin + number * step))?;
                }
                Ok(())
            };
            store.write_blocking(spend).unwrap();
        }
    });
    let mut rows = 0;
    let folding = time(|| {
        while let Some(folded) = store.write_blocking(projections::fold).unwrap() {
            rows += folded;
        }
    });
    let left = store.read_blocking(journal::rows).unwrap();
    println!(
        "{exact} calls of {EXACT_DAYS} days kept at {:.0}/s; {rows} rows folded at {:.0}/s; {left} rows left",
        exact as f64 / filling.as_secs_f64(),
        rows as f64 / folding.as_secs_f64()
    );
}

fn sum(
    (lane, operation, object, share): &(Lane, Operation, Option<ObjectName>, i64),
    hour: i64,
    per_day: i64,
) -> CallsHour {
    let calls = (per_day * share / 1_000 / 24).unsigned_abs();
    CallsHour {
        side: Side::Salesforce,
        hour,
        lane: *lane,
        operation: *operation,
        object: object.clone(),
        calls,
        records: calls * 200,
    }
}

/// Sums as a fold journals them.
fn folded(calls: Vec<CallsHour>) -> HistoryFolded {
    HistoryFolded {
        range: (0, 0),
        rows: 0,
        sha256: String::new(),
        crc: 0,
        kinds: Vec::new(),
        spans: Vec::new(),
        calls,
        usage: Vec::new(),
        cursors: Vec::new(),
    }
}

/// One call, and now and then what else stands between calls in a journal.
fn spend(
    tx: &Tx<'_>,
    purposes: &[(Lane, Operation, Option<ObjectName>, i64)],
    number: i64,
    at: Timestamp,
) -> anyhow::Result<()> {
    let place = usize::try_from(number)? % purposes.len();
    let (lane, operation, object, _) = &purposes[place];
    let event = CallsSpent {
        side: Side::Salesforce,
        operation: *operation,
        lane: *lane,
        object: object.clone(),
        calls: 1,
        records: 200,
        until: at.plus(HOLD_MS),
    };
    append(tx, None, event)?;
    if number % 3 == 0 {
        let why = "what is not folded".to_owned();
        append(tx, None, DaemonStopped { why })?;
    }
    if number % 900 == 0 {
        let (side, used, limit) = (Side::Salesforce, 60_000, 145_000);
        append(tx, None, UsageReported { side, used, limit })?;
    }
    Ok(())
}

/// Microseconds that an entry of a call takes, each in a commit of its own.
fn journal_entries(store: &Store) -> f64 {
    let purposes = purposes();
    let took = time(|| {
        for number in 0..ENTRIES {
            let purposes = purposes.clone();
            let number = i64::try_from(number).unwrap() * 2 + 1;
            let keep = move |tx: &Tx<'_>| spend(tx, &purposes, number * 7 + 1, tx.now());
            store.write_blocking(keep).unwrap();
        }
    });
    us(took, ENTRIES)
}

/// `budget show`, beside what SQLite takes to go once over the calls of the window.
fn questions(store: &Store, clock: &Ticking, file: &Path) {
    let connection = Connection::open(file).unwrap();
    let since = clock.now().0;
    let scan = || {
        let calls: i64 = connection
            .query_row(
                "select sum(calls) from (select lane, operation, object, sum(calls) as calls from calls
                   where side = 'salesforce' and until > ?1 group by lane, operation, object)",
                [since],
                |row| row.get(0),
            )
            .unwrap();
        assert!(calls > 0);
    };
    scan();
    let slowest = |work: &dyn Fn()| (0..ASKED).map(|_| time(work)).max().unwrap();
    let scan = slowest(&scan);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let ask = |request: &Request| {
        let asked = answer(store, request, 0, clock.now(), Vantage::Alone);
        runtime.block_on(asked).unwrap();
    };
    ask(&Request::Budget);
    let shown = slowest(&|| ask(&Request::Budget));
    let sums: (i64, i64) = connection
        .query_row("select sum(calls), count(*) from call_hours", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    println!(
        "a year of {} calls in {} sums by hour\n\
         one look at the window's calls by SQLite {:>9.1} ms\n\
         budget show, the slowest of {ASKED}           {:>9.1} ms  one look : this = {:.1}",
        sums.0,
        sums.1,
        ms(scan),
        ms(shown),
        scan.as_secs_f64() / shown.as_secs_f64()
    );
}
