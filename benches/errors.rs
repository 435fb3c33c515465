//! What a million open errors cost to look at and to carry away, beside what SQLite takes to go over
//! the same rows: run with `cargo bench --bench errors`.
//!
//! Absolute numbers depend on the machine and its neighbours; the ratios of one run are what counts.
//! `SYNCLINE_BENCH_ERRORS` sets another number of errors.

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
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use common::{Ticking, memory_kb, ms, number, open, time};
use rusqlite::Connection;
use syncline::annex;
use syncline::clock::Clock;
use syncline::control::request::{Request, Which};
use syncline::control::{Vantage, answer};
use syncline::domain::call::Lane;
use syncline::domain::event::{Action, Known, RecordFailed};
use syncline::domain::failure::{Failure, System};
use syncline::domain::label::Label;
use syncline::domain::record::{FieldName, ObjectName, PairIds, PairNumber, RecordId, Side};
use syncline::projections::errors::{Mark, Order};
use syncline::projections::{self, append};
use syncline::store::{FILE, Store};

const CAUSES: usize = 40;
const BATCH: usize = 5_000;

/// Between two batches: the errors are spread over weeks.
const BATCH_MS: i64 = 4 * 3_600_000;

/// How often each question is asked; the slowest counts.
const ASKED: usize = 5;

fn main() {
    let errors = number("SYNCLINE_BENCH_ERRORS", 1_000_000);
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(Ticking(AtomicI64::new(1_790_000_000_000)));
    let store = open(folder.path(), Arc::clone(&clock) as Arc<dyn Clock>);
    let filling = time(|| fill(&store, &clock, errors));
    println!(
        "{errors} errors over {CAUSES} causes kept at {:.0}/s",
        errors as f64 / filling.as_secs_f64()
    );
    let scan = scan(&folder.path().join(FILE));
    println!(
        "one look at every error by SQLite alone   {:>9.1} ms",
        ms(scan)
    );
    for (name, request) in questions(errors) {
        let slowest = (0..ASKED).map(|_| time(|| ask(&store, &clock, &request)));
        let slowest = slowest.max().unwrap();
        println!(
            "{name:<41} {:>9.1} ms  every error : this = {:.1}",
            ms(slowest),
            scan.as_secs_f64() / slowest.as_secs_f64()
        );
    }
    let rebuilding = time(|| {
        let _ = store.write_blocking(projections::rebuild).unwrap();
    });
    println!(
        "rebuild of all projections                {:>9.1} s",
        rebuilding.as_secs_f64()
    );
    drop(store);
    for form in [&["--json"][..], &[]] {
        export(folder.path(), errors, form);
    }
}

fn fill(store: &Store, clock: &Ticking, errors: usize) {
    for begin in (0..errors).step_by(BATCH) {
        let numbers = begin..(begin + BATCH).min(errors);
        let keep = move |tx: &syncline::store::Tx<'_>| {
            for number in numbers {
                let ids = pair(number);
                let label = Label {
                    name: format!("Person {number}"),
                    email: Some(format!("p{number}@acme.example")),
                };
                annex::label_record(tx, &ids.keys()[0], &label)?;
                let mut failure = failure(number);
                let text = format!("Field_{}__c: no good", number % CAUSES);
                failure.text = Some(annex::remember_text(tx, &text)?);
                append(tx, None, failed(ids, failure, number))?;
            }
            Ok(())
        };
        store.write_blocking(keep).unwrap();
        clock.0.fetch_add(BATCH_MS, Ordering::Relaxed);
    }
}

fn pair(number: usize) -> PairIds {
    PairIds {
        object: ObjectName::parse("contact").unwrap(),
        hubspot: Some(RecordId::parse(&format!("{}", 90_000_000 + number)).unwrap()),
        salesforce: Some(RecordId::parse(&format!("003Qy{number:010}AAA")).unwrap()),
    }
}

fn failure(number: usize) -> Failure {
    let codes = [
        "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "STRING_TOO_LONG",
        "INVALID_EMAIL_ADDRESS",
        "REQUIRED_FIELD_MISSING",
    ];
    let cause = number % CAUSES;
    let mut failure = Failure::of(System::Salesforce, codes[cause % codes.len()]);
    failure.status = 400;
    failure.fields = vec![FieldName::parse(&format!("Field_{cause}__c")).unwrap()];
    failure
}

fn failed(ids: PairIds, failure: Failure, number: usize) -> RecordFailed {
    let predicted = number.is_multiple_of(20);
    RecordFailed {
        ids,
        to: Side::Salesforce,
        action: Action::Updated,
        failures: vec![failure],
        known: if predicted {
            Known::Certain
        } else {
            Known::Answered
        },
        lane: Lane::Live,
        attempt: u32::from(!predicted),
        ask: None,
        call: None,
    }
}

/// The control: every error looked at once, and added up by record.
fn scan(file: &Path) -> Duration {
    let connection = Connection::open(file).unwrap();
    let look = || {
        let sum: i64 = connection
            .query_row(
                "select sum(errors) from (select count(*) as errors from errors
                   where type <> 'waiting-account' group by record)",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert!(sum > 0);
    };
    look();
    time(look)
}

fn questions(errors: usize) -> Vec<(&'static str, Request)> {
    let which = Which::default;
    let list = |which, order, after| Request::Errors {
        which,
        order,
        limit: 100,
        after,
    };
    let half = PairNumber(i64::try_from(errors / 2).unwrap());
    let of_cause = || Which {
        cause: Some(7),
        ..Which::default()
    };
    let of_type = Which {
        kind: Some("string-too-long".to_owned()),
        ..Which::default()
    };
    let old = Which {
        older_h: Some(24 * 7),
        ..Which::default()
    };
    let to = Which {
        to: Some(Side::HubSpot),
        ..Which::default()
    };
    let of_object = Which {
        object: Some(ObjectName::parse("contact").unwrap()),
        ..Which::default()
    };
    let sheet = |which| Request::Sheet { which, after: None };
    let record = |id: &str| Request::Record { id: id.to_owned() };
    vec![
        ("errors", Request::Causes),
        ("errors list", list(which(), None, None)),
        (
            "errors list, from the middle",
            list(which(), None, Some(Mark::behind_record(half))),
        ),
        ("errors list --cause", list(of_cause(), None, None)),
        (
            "errors list --cause, from the middle",
            list(of_cause(), None, Some(Mark::behind_record(half))),
        ),
        ("errors list --type", list(of_type, None, None)),
        ("errors list --object", list(of_object, None, None)),
        ("errors list --to hubspot (none)", list(to, None, None)),
        ("errors list --older 7d", list(old, None, None)),
        (
            "errors list --sort newest",
            list(which(), Some(Order::Newest), None),
        ),
        ("errors show C-7", Request::Cause { number: 7 }),
        (
            "errors show C-7 --handover",
            Request::HandOver { number: 7 },
        ),
        (
            "errors show string-too-long",
            Request::Kind {
                slug: "string-too-long".to_owned(),
            },
        ),
        ("a page of the export", sheet(which())),
        ("a page of the export --cause", sheet(of_cause())),
        ("records show by e-mail", record("p424242@")),
        ("records show by name", record("person 424242")),
    ]
}

fn ask(store: &Store, clock: &Ticking, request: &Request) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let asked = answer(store, request, 0, clock.now(), Vantage::Alone);
    if let Err(refusal) = runtime.block_on(asked) {
        // A measurement of fewer errors has no such record.
        assert_eq!(refusal.exit, 64, "{refusal}");
    }
}

/// The export by the program itself, and the most memory that it ever held.
fn export(folder: &Path, errors: usize, form: &[&str]) {
    let mut peak = 0;
    let took = time(|| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_syncline"))
            .args(["--store", folder.to_str().unwrap(), "errors", "export"])
            .args(form)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let status = format!("/proc/{}/status", child.id());
        while child.try_wait().unwrap().is_none() {
            peak = memory_kb(&status, "VmHWM:").max(peak);
            pause();
        }
        assert!(child.wait().unwrap().success());
    });
    println!(
        "errors export {:<9} {:>9.0} rows/s, at most {} MB",
        form.first().copied().unwrap_or("(csv)"),
        errors as f64 / took.as_secs_f64(),
        peak / 1_024
    );
}

#[expect(
    clippy::disallowed_methods,
    reason = "a measurement looks now and then"
)]
fn pause() {
    std::thread::sleep(Duration::from_millis(20));
}
