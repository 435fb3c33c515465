//! The journal only grows, shows every tampering, and reads what was ever released.

#![expect(
    clippy::unwrap_used,
    reason = "what a test sets up must work, and says so when it does not"
)]

use std::collections::BTreeSet;

use rusqlite::Connection;
use serde_json::Value;
use syncline::domain::event::{DaemonStopped, Event, HistoryFolded};
use syncline::journal::{self, Broken, Verified};
use syncline::projections;
use syncline::store::{FILE, Options};

use crate::store::{Bench, options};

fn filled(entries: u32) -> Bench {
    let bench = Bench::new();
    bench.write(move |tx| {
        for number in 1..=entries {
            let why = format!("stop {number}");
            projections::append(tx, None, DaemonStopped { why })?;
        }
        Ok(())
    });
    bench
}

/// A connection as an operator's shell would open it, without our settings.
fn shell(bench: &Bench) -> Connection {
    Connection::open(bench.dir.path().join(FILE)).unwrap()
}

#[test]
fn changes_cuts_and_replacements_are_refused_by_trigger() {
    let bench = filled(3);
    let check = |sql: &str, said: &str| {
        for recursive in [false, true] {
            let shell = shell(&bench);
            shell
                .pragma_update(None, "recursive_triggers", recursive)
                .unwrap();
            let refused = shell.execute_batch(sql).unwrap_err().to_string();
            assert!(refused.contains(said), "{sql}: {refused}");
        }
    };
    check(
        "update journal set at = 0 where seq = 2",
        "the journal is never changed",
    );
    check(
        "delete from journal where seq = 3",
        "the journal is never cut",
    );
    check("delete from journal", "the journal is never cut");
    check(
        "insert or replace into journal (seq, at, run, kind, v, payload, crc)
         values (2, 0, 1, 'paused', 1, '{}', 0)",
        "the journal grows at its end only",
    );
    check(
        "insert into journal (at, run, kind, v, payload, crc) values (0, 1, 'x', 1, 'no json', 0)",
        "journal",
    );
    let whole = Verified {
        rows: 3,
        last: 3,
        folds: 0,
    };
    assert_eq!(
        bench.read(|view| Ok(journal::verify_chain(view))),
        Ok(whole)
    );
}

fn tampered(entries: u32, sql: &str) -> Result<Verified, Broken> {
    let bench = filled(entries);
    let shell = shell(&bench);
    shell
        .execute_batch("drop trigger journal_refuses_update; drop trigger journal_refuses_delete;")
        .unwrap();
    shell.execute_batch(sql).unwrap();
    bench.read(|view| Ok(journal::verify_chain(view)))
}

#[test]
fn every_tampering_is_found_and_its_place_named() {
    let changed = |seq| Err(Broken::Changed { seq });
    for (sql, found) in [
        (
            "update journal set payload = replace(payload, 'stop 2', 'stop 3') where seq = 2",
            changed(2),
        ),
        ("update journal set at = at + 1 where seq = 3", changed(3)),
        ("update journal set record = 0 where seq = 4", changed(4)),
        (
            "update journal set kind = 'daemon_stoppee' where seq = 1",
            changed(1),
        ),
        ("update journal set run = 2 where seq = 5", changed(5)),
        ("update journal set crc = crc + 1 where seq = 4", changed(4)),
        (
            "delete from journal where seq in (2, 3)",
            Err(Broken::Gap { first: 2, last: 3 }),
        ),
        (
            "delete from journal where seq = 5",
            Err(Broken::Gap { first: 5, last: 5 }),
        ),
    ] {
        assert_eq!(tampered(5, sql), found, "{sql}");
    }
}

#[test]
fn a_fold_lets_exactly_its_rows_go_and_bridges_the_chain() {
    let bench = filled(6);
    let crc: i64 = shell(&bench)
        .query_row("select crc from journal where seq = 4", [], |row| {
            row.get(0)
        })
        .unwrap();
    bench.write(move |tx| {
        let sha256 = String::new();
        let fold = HistoryFolded {
            range: (2, 4),
            rows: 3,
            sha256,
            crc,
            kinds: vec!["daemon_stopped".to_owned()],
            spans: Vec::new(),
            calls: Vec::new(),
            usage: Vec::new(),
            cursors: Vec::new(),
        };
        projections::append(tx, None, fold)
    });
    let shell = shell(&bench);
    for kept in [1, 5, 7] {
        assert!(
            shell
                .execute("delete from journal where seq = ?1", [kept])
                .is_err()
        );
    }
    shell
        .execute("delete from journal where seq between 2 and 4", [])
        .unwrap();
    let whole = Verified {
        rows: 4,
        last: 7,
        folds: 1,
    };
    assert_eq!(
        bench.read(|view| Ok(journal::verify_chain(view))),
        Ok(whole)
    );
}

#[test]
fn pages_have_a_bound_and_nothing_is_left_out_between_them() {
    let page_max = 3;
    let bench = Bench::with(Options {
        page_max,
        ..options()
    });
    bench.write(|tx| {
        for number in 0..8 {
            let why = number.to_string();
            projections::append(tx, None, DaemonStopped { why })?;
        }
        Ok(())
    });
    let mut pages = Vec::new();
    let mut after = 0;
    loop {
        let page = bench.read(|view| journal::read(view, after, u32::MAX));
        let Some(last) = page.last() else { break };
        after = last.seq;
        pages.push(page.len());
    }
    assert_eq!(pages, [3, 3, 2]);
    let tail = bench.read(|view| journal::tail(view, 2));
    assert_eq!(
        tail.iter().map(|entry| entry.seq).collect::<Vec<_>>(),
        [7, 8]
    );
}

#[test]
fn every_kind_ever_released_decodes_and_loses_no_field() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/data/journal");
    let mut kinds = BTreeSet::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for line in text.lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            let kind = line["kind"].as_str().unwrap().to_owned();
            let v = line["v"].as_i64().unwrap();
            let payload = line["payload"].to_string();
            let event = Event::decode(&kind, v, &payload).unwrap();
            assert_eq!(event.kind(), kind);
            if event.version() == v {
                let again: Value = serde_json::from_str(&event.payload().unwrap()).unwrap();
                assert_eq!(again, line["payload"], "{kind}");
                kinds.insert(kind);
            }
        }
    }
    assert_eq!(
        kinds,
        Event::KINDS.iter().map(ToString::to_string).collect()
    );
}

#[test]
fn an_entry_of_a_newer_program_is_named_and_not_skipped() {
    let bench = filled(1);
    shell(&bench)
        .execute(
            "insert into journal (seq, at, run, kind, v, payload, crc)
             values (2, 0, 1, 'tea_served', 3, '{}', 0)",
            [],
        )
        .unwrap();
    let refused = bench
        .store()
        .read_blocking(|view| journal::read(view, 0, 10))
        .unwrap_err();
    let said = format!("{refused:#}");
    assert!(
        said.contains("journal entry 2") && said.contains("\"tea_served\" of version 3"),
        "{said}"
    );
}
