//! Projections follow from the journal: derived again they are the same, and they say what
//! people are shown.

#![expect(
    clippy::unwrap_used,
    reason = "what a test sets up must work, and says so when it does not"
)]

mod failures;
mod folds;
mod halves;
mod replay;
mod sums;
mod tables;

use syncline::domain::call::{Lane, Operation};
use syncline::domain::event::{
    Action, CallsSpent, Event, Known, Moved, RecordFailed, RecordSynced, ValuePrint,
};
use syncline::domain::failure::{Failure, System};
use syncline::domain::record::{
    FieldName, ObjectName, PairIds, PairNumber, RecordId, RecordKey, Side, Timestamp,
};
use syncline::projections::{self, append, errors, pairs};
use syncline::store::Tx;

use crate::store::Bench;

fn contact() -> ObjectName {
    ObjectName::parse("contact").unwrap()
}

fn field(name: &str) -> FieldName {
    FieldName::parse(name).unwrap()
}

fn id(text: &str) -> RecordId {
    RecordId::parse(text).unwrap()
}

fn key(side: Side, text: &str) -> RecordKey {
    RecordKey {
        side,
        object: contact(),
        id: id(text),
    }
}

/// The pair H*n* / S*n*.
fn both(number: u8) -> PairIds {
    PairIds {
        object: contact(),
        hubspot: Some(id(&format!("H{number}"))),
        salesforce: Some(id(&format!("S{number}"))),
    }
}

fn half(side: Side, number: u8) -> PairIds {
    let mut ids = both(number);
    *ids.slot(side.other()) = None;
    ids
}

fn failure(code: &str, name: Option<&str>) -> Failure {
    let mut failure = Failure::of(System::Salesforce, code);
    failure.fields.extend(name.map(field));
    failure
}

fn failed(ids: PairIds, to: Side, known: Known, failures: Vec<Failure>) -> Event {
    Event::RecordFailed(RecordFailed {
        ids,
        to,
        action: Action::Updated,
        failures,
        known,
        lane: Lane::Live,
        attempt: u32::from(known == Known::Answered),
        ask: None,
        call: None,
    })
}

fn synced(ids: PairIds, to: Side, action: Action) -> RecordSynced {
    RecordSynced {
        ids,
        to,
        action,
        fields: vec![field("Phone")],
        moved: vec![Moved {
            field: field("phone"),
            hubspot: Some(ValuePrint(1)),
            salesforce: None,
        }],
        lost: vec![],
        withheld: vec![],
        provisional: None,
        marked: vec![],
        lane: Lane::Live,
        attempt: 1,
        way_ms: None,
    }
}

fn refuse(tx: &Tx<'_>, number: u8, code: &str) {
    let failures = vec![failure(code, Some("Phone"))];
    append(
        tx,
        None,
        failed(both(number), Side::Salesforce, Known::Answered, failures),
    )
    .unwrap();
}

fn accept(tx: &Tx<'_>, number: u8) {
    append(
        tx,
        None,
        synced(both(number), Side::Salesforce, Action::Updated),
    )
    .unwrap();
}

fn state(tx: &Tx<'_>, number: i64) -> pairs::State {
    pairs::get(tx, PairNumber(number)).unwrap().unwrap().state
}

fn codes(tx: &Tx<'_>, number: i64) -> Vec<String> {
    let errors = errors::of_record(tx, PairNumber(number)).unwrap();
    errors.into_iter().map(|error| error.code).collect()
}

fn check(work: impl FnOnce(&Tx<'_>) + Send + 'static) {
    let bench = Bench::new();
    bench.write(move |tx| {
        work(tx);
        Ok(())
    });
    assert_replay(&bench);
}

/// Derived anew, everything is as it was.
fn assert_replay(bench: &Bench) {
    let before = bench.read(projections::dump);
    bench.write(projections::rebuild);
    assert_eq!(bench.read(projections::dump), before);
}

fn spend(tx: &Tx<'_>, calls: u64, until: i64) -> i64 {
    let event = CallsSpent {
        side: Side::Salesforce,
        operation: Operation::Write,
        lane: Lane::Live,
        object: Some(contact()),
        calls,
        records: 200,
        until: Timestamp(until),
    };
    append(tx, None, event).unwrap().seq
}
