//! What keeping facts costs beside what SQLite itself takes: run with `cargo bench --bench journal`.
//!
//! Absolute numbers depend on the machine and its neighbours; the ratios of one run are what counts.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_wrap,
    reason = "figures for people, far below 2^52"
)]
#![expect(
    clippy::unwrap_used,
    reason = "what a measurement sets up must work, and says so when it does not"
)]
#![expect(clippy::print_stdout, reason = "the figures are what it is run for")]

mod common;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use common::{open, time};
use rusqlite::Connection;
use syncline::clock::SystemClock;
use syncline::domain::call::Lane;
use syncline::domain::event::{
    Action, Event, Known, Moved, RecordFailed, RecordSynced, ValuePrint,
};
use syncline::domain::failure::{Failure, System};
use syncline::domain::record::{FieldName, ObjectName, PairIds, RecordId, Side};
use syncline::projections;
use syncline::store::{FILE, Store};

const ROWS: usize = 60_000;
const BATCH: usize = 1_000;

/// Pairs that exist before anything is measured.
const PAIRS: usize = 20_000;

type Line = (i64, i64, String, i64, Option<i64>, String, i64);

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path(), Arc::new(SystemClock::new()));
    append(&store, (0..PAIRS).map(created).collect());
    let events: Vec<Event> = (0..ROWS).map(lean).collect();
    let appending = append(&store, events);
    let rebuilding = time(|| {
        let entries = store.write_blocking(projections::rebuild).unwrap();
        assert_eq!(entries, (PAIRS + ROWS) as u64);
    });
    drop(store);
    let lines = journaled(&folder.path().join(FILE));
    let raw = insert(&folder.path().join("raw.db"), &lines);

    let speed = |rows: usize, took: Duration| rows as f64 / took.as_secs_f64();
    let (raw, appended) = (speed(ROWS, raw), speed(ROWS, appending));
    let rebuilt = speed(PAIRS + ROWS, rebuilding);
    println!("{ROWS} entries over {PAIRS} pairs, batches of {BATCH}, synchronous=FULL");
    println!("raw inserts of the same rows     {raw:>9.0} rows/s");
    println!(
        "append with projections          {appended:>9.0} entries/s  raw : append = {:.1}",
        raw / appended
    );
    println!(
        "rebuild of all projections       {rebuilt:>9.0} entries/s  rebuild : append = {:.2}",
        rebuilt / appended
    );
}

fn append(store: &Store, events: Vec<Event>) -> Duration {
    let mut events = events.into_iter().peekable();
    time(|| {
        while events.peek().is_some() {
            let batch: Vec<Event> = events.by_ref().take(BATCH).collect();
            let keep = |tx: &syncline::store::Tx<'_>| {
                projections::append_all(tx, batch.into_iter().map(|event| (None, event)))
            };
            store.write_blocking(keep).unwrap();
        }
    })
}

/// The rows that were appended and measured, as they stand in the journal.
fn journaled(file: &Path) -> Vec<Line> {
    let connection = Connection::open(file).unwrap();
    let mut statement = connection
        .prepare(
            "select at, run, kind, v, record, payload, crc from journal order by seq desc limit ?1",
        )
        .unwrap();
    let rows = statement.query_map([ROWS as i64], |row| {
        Ok((
            row.get(0)?,
            row.get(1)?,
            row.get(2)?,
            row.get(3)?,
            row.get(4)?,
            row.get(5)?,
            row.get(6)?,
        ))
    });
    rows.unwrap().collect::<rusqlite::Result<_>>().unwrap()
}

/// The same rows into a table of the same columns, without check, index, trigger or projection.
fn insert(file: &Path, lines: &[Line]) -> Duration {
    let mut connection = Connection::open(file).unwrap();
    connection
        .pragma_update(None, "journal_mode", "wal")
        .unwrap();
    connection
        .pragma_update(None, "synchronous", "full")
        .unwrap();
    connection
        .execute_batch(
            "create table journal (seq integer primary key, at integer, run integer, kind text,
             v integer, record integer, payload text, crc integer) strict",
        )
        .unwrap();
    time(|| {
        for batch in lines.chunks(BATCH) {
            let tx = connection.transaction().unwrap();
            for line in batch {
                tx.prepare_cached(
                    "insert into journal (at, run, kind, v, record, payload, crc)
                     values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                )
                .unwrap()
                .execute((line.0, line.1, &line.2, line.3, line.4, &line.5, line.6))
                .unwrap();
            }
            tx.commit().unwrap();
        }
    })
}

fn field(name: &str) -> FieldName {
    FieldName::parse(name).unwrap()
}

fn pair(number: usize) -> PairIds {
    PairIds {
        object: ObjectName::parse("contact").unwrap(),
        hubspot: Some(RecordId::parse(&format!("{}", 90_000_000 + number)).unwrap()),
        salesforce: Some(RecordId::parse(&format!("003Qy{number:010}AAA")).unwrap()),
    }
}

fn synced(number: usize, action: Action) -> Event {
    let print = i64::try_from(number).unwrap();
    Event::RecordSynced(RecordSynced {
        ids: pair(number),
        to: Side::Salesforce,
        action,
        fields: ["Email", "FirstName", "LastName", "Phone"]
            .map(field)
            .to_vec(),
        moved: vec![Moved {
            field: field("phone"),
            hubspot: Some(ValuePrint(print)),
            salesforce: Some(ValuePrint(print)),
        }],
        lost: vec![],
        withheld: vec![],
        provisional: None,
        marked: vec![Side::Salesforce],
        lane: Lane::Live,
        attempt: 1,
        way_ms: None,
    })
}

fn created(number: usize) -> Event {
    synced(number, Action::Created)
}

/// A day's mix: 92 % updates of known pairs, 2 % new pairs, 6 % errors.
fn lean(place: usize) -> Event {
    let known = place.wrapping_mul(7_919) % PAIRS;
    match place % 50 {
        0 => created(PAIRS + place),
        1..=3 => Event::RecordFailed(RecordFailed {
            ids: pair(known),
            to: Side::Salesforce,
            action: Action::Updated,
            failures: vec![failure(place % 7)],
            known: Known::Answered,
            lane: Lane::Live,
            attempt: 1,
            ask: None,
            call: None,
        }),
        _ => synced(known, Action::Updated),
    }
}

fn failure(kind: usize) -> Failure {
    let mut failure = Failure::of(System::Salesforce, "FIELD_CUSTOM_VALIDATION_EXCEPTION");
    failure.status = 400;
    failure.fields = vec![field(&format!("Field_{kind}__c"))];
    failure
}
