//! What it takes to plan a digest over ten million journal entries and a hundred thousand open errors,
//! beside what SQLite takes to go over the same journal once: run with `cargo bench --bench digest`.
//!
//! Absolute numbers depend on the machine and its neighbours; the ratios of one run are what counts.
//! `SYNCLINE_BENCH_ENTRIES` and `SYNCLINE_BENCH_ERRORS` set other numbers.

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
use std::time::Duration;

use common::{Ticking, memory_kb, ms, number, open, time};
use rusqlite::Connection;
use syncline::annex;
use syncline::clock::Clock;
use syncline::config::{MailAddress, Mailbox};
use syncline::domain::budget::Thresholds;
use syncline::domain::call::{Lane, Operation};
use syncline::domain::event::{
    Action, By, CallsSpent, CursorMoved, Event, Known, NotificationsSet, Position,
    RecipientSetting, RecordFailed, RecordSynced, Scheduled,
};
use syncline::domain::failure::{Failure, System};
use syncline::domain::record::{FieldName, ObjectName, PairIds, RecordId, Side, Timestamp};
use syncline::domain::schedule::Frequency;
use syncline::mail::{Mailer, Outgoing, Sending};
use syncline::notifier::{Notifier, Teller};
use syncline::projections::append;
use syncline::store::{FILE, Store, Tx};

/// Where this process says what it holds.
const OWN: &str = "/proc/self/status";

const CAUSES: usize = 40;
const BATCH: usize = 20_000;
const DAY_MS: i64 = 86_400_000;

/// Between two batches: the journal is spread over a year.
const BATCH_MS: i64 = 16 * 3_600_000;

/// A server that takes everything.
#[derive(Default)]
struct Willing(Mutex<Vec<usize>>);

impl Mailer for Willing {
    fn send<'a>(&'a self, mail: &'a Outgoing) -> Sending<'a> {
        self.0.lock().unwrap().push(mail.bytes.len());
        Box::pin(async { Ok(()) })
    }
}

fn main() {
    let entries = number("SYNCLINE_BENCH_ENTRIES", 10_000_000);
    let errors = number("SYNCLINE_BENCH_ERRORS", 100_000);
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(Ticking(AtomicI64::new(1_760_000_000_000)));
    let store = Arc::new(open(folder.path(), Arc::clone(&clock) as Arc<dyn Clock>));
    let filling = time(|| fill(&store, &clock, entries, errors));
    println!(
        "{entries} entries and {errors} open errors kept at {:.0}/s",
        entries as f64 / filling.as_secs_f64()
    );
    let scan = scan(&folder.path().join(FILE));
    println!(
        "one look at every entry by SQLite alone   {:>9.1} ms",
        ms(scan)
    );
    let server = Arc::new(Willing::default());
    let mailer = Arc::clone(&server) as Arc<dyn Mailer>;
    let watch = Arc::clone(&clock) as Arc<dyn Clock>;
    let mut notifier = Notifier::new(Arc::clone(&store), watch, mailer, teller());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut work = || {
        runtime.block_on(notifier.work()).unwrap();
    };
    for (name, fresh) in [
        ("the first digest, over all of it", 0),
        ("the next one, a tenth of the errors new", errors / 10),
        ("one on which nothing is new (weekly)", 0),
    ] {
        clock.0.fetch_add(7 * DAY_MS, Ordering::Relaxed);
        store
            .write_blocking(move |tx| fail(tx, errors, fresh))
            .unwrap();
        // What a look costs by itself is no part of the digest's price.
        let before = (memory_kb(OWN, "VmRSS:"), server.0.lock().unwrap().len());
        std::fs::write("/proc/self/clear_refs", "5").unwrap();
        let took = time(&mut work);
        let grown = memory_kb(OWN, "VmHWM:").saturating_sub(before.0);
        let mails = server.0.lock().unwrap()[before.1..].to_vec();
        println!(
            "{name:<41} {:>9.1} ms  every entry : this = {:.1}   {} MB more, mails of {mails:?} bytes",
            ms(took),
            scan.as_secs_f64() / took.as_secs_f64(),
            grown / 1_024
        );
        assert_eq!(mails.len(), 1, "one mail is due");
    }
}

fn teller() -> Teller {
    Teller {
        installation: "bench".to_owned(),
        from: Mailbox::parse("Syncline <syncline@acme.example>").unwrap(),
        contact: MailAddress::parse("ops@acme.example").unwrap(),
        portal: 4_711_002,
        org: "00D5g000004XyZwEAM".to_owned(),
        gather_ms: 60_000,
        names: false,
        per_hour: 6,
        told: Thresholds::default(),
    }
}

/// One reader, a year of looks for changes and of writes that succeeded, and what fails now.
fn fill(store: &Store, clock: &Ticking, entries: usize, errors: usize) {
    let weekly = |tx: &Tx<'_>| {
        let recipients = vec![RecipientSetting {
            recipient: annex::recipient_key(tx, "revops@acme.example")?,
            immediately: false,
            schedules: vec![Scheduled {
                frequency: Frequency::Weekly,
                cron: "0 0 8 * * MON".to_owned(),
            }],
            zone: "Europe/Rome".to_owned(),
            who_fixes: Vec::new(),
            objects: Vec::new(),
            types: Vec::new(),
            off: false,
        }];
        let by = By::Configuration;
        append(tx, None, NotificationsSet { recipients, by })?;
        for side in Side::BOTH {
            append(tx, None, poll(side, tx.now()))?;
        }
        Ok(())
    };
    store.write_blocking(weekly).unwrap();
    for begin in (0..entries.saturating_sub(errors)).step_by(BATCH) {
        let numbers = begin..(begin + BATCH).min(entries - errors);
        let keep = move |tx: &Tx<'_>| {
            for number in numbers {
                append(tx, None, usual(number, tx.now()))?;
            }
            Ok(())
        };
        store.write_blocking(keep).unwrap();
        clock.0.fetch_add(BATCH_MS, Ordering::Relaxed);
    }
    for begin in (0..errors).step_by(BATCH) {
        let number = BATCH.min(errors - begin);
        store
            .write_blocking(move |tx| fail(tx, begin, number))
            .unwrap();
    }
}

/// An entry of an ordinary day: every eighth is a write, the others look for changes.
fn usual(number: usize, now: Timestamp) -> Event {
    if number.is_multiple_of(8) {
        return synced(number / 8 % 200_000).into();
    }
    if number % 8 == 1 {
        return poll(Side::Salesforce, now).into();
    }
    CursorMoved {
        side: Side::HubSpot,
        object: contact(),
        position: Position {
            stamp: now,
            id: None,
        },
        records: 1,
    }
    .into()
}

fn poll(side: Side, now: Timestamp) -> CallsSpent {
    CallsSpent {
        side,
        operation: Operation::Poll,
        lane: Lane::Detect,
        object: Some(contact()),
        calls: 1,
        records: 0,
        until: now.plus(DAY_MS),
    }
}

fn contact() -> ObjectName {
    ObjectName::parse("contact").unwrap()
}

fn pair(number: usize) -> PairIds {
    PairIds {
        object: contact(),
        hubspot: Some(RecordId::parse(&format!("{}", 90_000_000 + number)).unwrap()),
        salesforce: Some(RecordId::parse(&format!("003Qy{number:010}AAA")).unwrap()),
    }
}

fn synced(number: usize) -> RecordSynced {
    RecordSynced {
        ids: pair(number),
        to: Side::Salesforce,
        action: Action::Updated,
        fields: vec![
            FieldName::parse("Phone").unwrap(),
            FieldName::parse("Title").unwrap(),
        ],
        moved: Vec::new(),
        lost: Vec::new(),
        withheld: Vec::new(),
        provisional: None,
        marked: Vec::new(),
        lane: Lane::Live,
        attempt: 1,
        way_ms: None,
    }
}

/// So many records more fail, from a number on.
fn fail(tx: &Tx<'_>, begin: usize, number: usize) -> anyhow::Result<()> {
    let codes = [
        "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "STRING_TOO_LONG",
        "INVALID_EMAIL_ADDRESS",
        "REQUIRED_FIELD_MISSING",
    ];
    for number in begin..begin + number {
        let cause = number % CAUSES;
        let mut failure = Failure::of(System::Salesforce, codes[cause % codes.len()]);
        failure.fields = vec![FieldName::parse(&format!("Field_{cause}__c"))?];
        failure.text = Some(annex::remember_text(
            tx,
            &format!("Field_{cause}__c: no good"),
        )?);
        let event = RecordFailed {
            ids: pair(number),
            to: Side::Salesforce,
            action: Action::Updated,
            failures: vec![failure],
            known: Known::Answered,
            lane: Lane::Live,
            attempt: 1,
            ask: None,
            call: None,
        };
        append(tx, None, event)?;
    }
    Ok(())
}

/// The control: every entry looked at once.
fn scan(file: &Path) -> Duration {
    let connection = Connection::open(file).unwrap();
    time(|| {
        let sum: i64 = connection
            .query_row("select sum(length(payload)) from journal", [], |row| {
                row.get(0)
            })
            .unwrap();
        assert!(sum > 0);
    })
}
