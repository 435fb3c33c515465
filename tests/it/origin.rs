//! Whose database it is: a store is made only where nothing is, and opened only when it is ours.

#![expect(
    clippy::unwrap_used,
    reason = "what a test sets up must work, and says so when it does not"
)]

use std::fs;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use rusqlite::Connection;
use syncline::journal;
use syncline::store::{Access, FILE, StoreError};

use crate::store::{Bench, MORNING, StandingClock, options};

fn write() -> Access {
    Access::Write { unit: None }
}

/// A directory in which `make` has left a database.
fn found(make: impl FnOnce(&Connection)) -> Bench {
    let dir = tempfile::tempdir().unwrap();
    make(&Connection::open(dir.path().join(FILE)).unwrap());
    Bench {
        dir,
        clock: Arc::new(StandingClock(AtomicI64::new(MORNING))),
        store: None,
    }
}

#[test]
fn a_database_of_another_program_is_refused_and_left_as_it_is() {
    let others = [
        "create table notes (text text); insert into notes values ('mine');",
        "create table notes (text text); pragma user_version = 3;",
        "create table meta (name text, value text); pragma application_id = 7;",
        "create table meta (name text, value text); pragma user_version = 12;",
    ];
    for sql in others {
        let bench = found(|connection| connection.execute_batch(sql).unwrap());
        let file = bench.dir.path().join(FILE);
        let before = fs::read(&file).unwrap();
        for access in [write(), Access::Read] {
            let refused = bench.open(access, options()).err().unwrap();
            assert_eq!(
                refused.to_string(),
                format!(
                    "{} is a database of another program, not a store of Syncline; it was left as it is; name another store directory",
                    file.display()
                ),
                "{sql}"
            );
            assert_eq!(refused.exit_code(), 78);
        }
        assert_eq!(fs::read(&file).unwrap(), before, "{sql}");
    }
}

#[test]
fn an_emptied_database_is_damage_and_no_new_store() {
    let mut bench = Bench::new();
    bench.store = None;
    for name in [
        FILE.to_owned(),
        format!("{FILE}-wal"),
        format!("{FILE}-shm"),
    ] {
        let left = fs::OpenOptions::new()
            .write(true)
            .truncate(true)
            .open(bench.dir.path().join(name));
        drop(left);
    }
    for access in [write(), write(), Access::Read] {
        let refused = bench.open(access, options()).err().unwrap();
        assert!(
            matches!(&refused, StoreError::Corrupt { what } if what.starts_with("syncline.db is empty")),
            "{refused}"
        );
        assert!(refused.to_string().ends_with("restore the last backup"));
    }
    // Whoever wants to begin anew is told how.
    fs::remove_file(bench.dir.path().join("store.lock")).unwrap();
    bench.reopen();
    assert_eq!(bench.read(journal::last_seq), 0);
}

#[test]
fn a_first_start_that_was_killed_early_is_started_again() {
    let bench = found(|_| ());
    fs::write(bench.dir.path().join(FILE), "").unwrap();
    fs::write(bench.dir.path().join("store.lock"), "4711 \n").unwrap();
    bench.open(write(), options()).unwrap();
}

#[test]
fn a_store_made_before_stores_were_marked_opens_and_is_marked() {
    let mut bench = Bench::new();
    bench.store = None;
    let file = bench.dir.path().join(FILE);
    let unmark = |connection: &Connection| {
        connection.pragma_update(None, "application_id", 0).unwrap();
    };
    unmark(&Connection::open(&file).unwrap());
    fs::write(bench.dir.path().join("store.lock"), "4711 \n").unwrap();
    bench.open(Access::Read, options()).unwrap();
    bench.reopen();
    bench.store = None;
    let connection = Connection::open(&file).unwrap();
    let mark: i64 = connection
        .query_row("pragma application_id", [], |row| row.get(0))
        .unwrap();
    assert_eq!(mark, 0x5359_4e43);
}
