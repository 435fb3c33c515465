//! Causes as people see and settle them: real stores, asked by the functions behind the verbs.

#![expect(
    clippy::unwrap_used,
    reason = "what a test sets up must work, and says so when it does not"
)]

mod handover;
mod names;
mod pages;
mod remarks;

use jiff::tz::TimeZone;
use syncline::annex;
use syncline::cli::render::text;
use syncline::cli::render::time::Moment;
use syncline::control::report::Report;
use syncline::control::request::Request;
use syncline::control::{Refusal, Vantage, answer};
use syncline::domain::record::{ObjectName, PairIds, RecordId};
use syncline::projections::append;

use crate::facts::{failure, refused, written};
use crate::store::Bench;

const HOUR: i64 = 3_600_000;

/// The user who asks.
const USER: u32 = 1_000;

fn contact() -> ObjectName {
    ObjectName::parse("contact").unwrap()
}

fn ids(number: u32) -> PairIds {
    PairIds {
        object: contact(),
        hubspot: Some(RecordId::parse(&format!("{}", 90_000 + number)).unwrap()),
        salesforce: Some(RecordId::parse(&format!("003Qy{number:010}AAA")).unwrap()),
    }
}

/// These contacts fail in Salesforce by a code on a field, which says so.
fn fail(bench: &Bench, numbers: std::ops::Range<u32>, code: &'static str, field: &'static str) {
    bench.write(move |tx| {
        for number in numbers {
            let mut failure = failure(code, field)?;
            failure.text = Some(annex::remember_text(tx, &format!("{field} is not good"))?);
            append(tx, None, refused(ids(number), failure))?;
        }
        Ok(())
    });
}

/// These contacts are written.
fn mend(bench: &Bench, numbers: std::ops::Range<u32>) {
    bench.write(move |tx| {
        for number in numbers {
            append(tx, None, written(ids(number))?)?;
        }
        Ok(())
    });
}

fn ask(bench: &Bench, request: &Request) -> Result<Report, Refusal> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let now = bench.read(|view| Ok(view.now()));
    runtime.block_on(answer(bench.store(), request, USER, now, Vantage::Alone))
}

/// What a person reads.
fn shown(bench: &Bench, request: &Request) -> String {
    let report = ask(bench, request).unwrap();
    let moment = Moment {
        now: bench.read(|view| Ok(view.now())),
        zone: TimeZone::get("Europe/Rome").unwrap(),
    };
    text(&report, &moment)
}
