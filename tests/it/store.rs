//! The store opens, refuses, groups commits, and survives what happens to disks and jobs.

#![expect(
    clippy::unwrap_used,
    reason = "what a test sets up must work, and says so when it does not"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, mpsc};

use syncline::clock::Clock;
use syncline::domain::catalogue::Catalogue;
use syncline::domain::event::{DaemonStopped, Event};
use syncline::domain::fingerprint::PrintKey;
use syncline::domain::record::Timestamp;
use syncline::journal;
use syncline::projections;
use syncline::store::{Access, FILE, MIGRATIONS, Options, Store, StoreError, Tx};

/// A clock that stands still until it is set.
pub(crate) struct StandingClock(pub(crate) AtomicI64);

impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }

    fn monotonic_ms(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    fn sleep_until(&self, _: Timestamp) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async {})
    }
}

/// Tuesday 17 November 2026, 07:00 UTC.
pub(crate) const MORNING: i64 = 1_794_898_800_000;

/// A directory that goes with the test, and a store in it.
pub(crate) struct Bench {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) clock: Arc<StandingClock>,
    pub(crate) store: Option<Store>,
}

pub(crate) fn options() -> Options {
    Options {
        ballast_bytes: 0,
        print_key: Some(PrintKey([7; 16])),
        ..Options::default()
    }
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(options())
    }

    pub(crate) fn with(options: Options) -> Self {
        let mut bench = Self {
            dir: tempfile::tempdir().unwrap(),
            clock: Arc::new(StandingClock(AtomicI64::new(MORNING))),
            store: None,
        };
        bench.store = Some(bench.open(write(), options).unwrap());
        bench
    }

    pub(crate) fn open(&self, access: Access, options: Options) -> Result<Store, StoreError> {
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        let catalogue = Arc::new(Catalogue::shipped());
        Store::open_with(self.dir.path(), access, catalogue, clock, options)
    }

    pub(crate) fn reopen(&mut self) {
        self.store = None;
        self.store = Some(self.open(write(), options()).unwrap());
    }

    pub(crate) fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    pub(crate) fn pass(&self, milliseconds: i64) {
        self.clock.0.fetch_add(milliseconds, Ordering::Relaxed);
    }

    /// Runs a job and panics when it fails.
    pub(crate) fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> anyhow::Result<T> + Send + 'static,
    ) -> T {
        self.store().write_blocking(work).unwrap()
    }

    pub(crate) fn read<T>(
        &self,
        look: impl FnOnce(&syncline::store::View<'_>) -> anyhow::Result<T>,
    ) -> T {
        self.store().read_blocking(look).unwrap()
    }

    fn files(&self) -> BTreeSet<String> {
        let names = fs::read_dir(self.dir.path()).unwrap();
        names
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    fn whys(&self) -> Vec<String> {
        let entries = self.read(|view| journal::read(view, 0, u32::MAX));
        let whys = entries.into_iter().filter_map(|entry| {
            let Event::DaemonStopped(event) = entry.event else {
                return None;
            };
            Some(event.why)
        });
        whys.collect()
    }
}

fn write() -> Access {
    Access::Write { unit: None }
}

fn say(tx: &Tx<'_>, why: &str) -> anyhow::Result<()> {
    let why = why.to_owned();
    projections::append(tx, None, DaemonStopped { why })?;
    Ok(())
}

fn trouble(error: &anyhow::Error) -> Option<&StoreError> {
    error.downcast_ref()
}

#[test]
fn the_list_of_migrations_is_the_folder() {
    let mut files: Vec<String> =
        fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations"))
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
    files.sort();
    let listed: Vec<String> = MIGRATIONS
        .iter()
        .map(|migration| format!("{}.sql", migration.name))
        .collect();
    assert_eq!(files, listed);
    for (migration, number) in MIGRATIONS.iter().zip(1..) {
        assert!(migration.name.starts_with(&format!("{number:04}_")));
    }
}

#[test]
fn a_second_holder_is_refused_and_told_who_holds_the_store() {
    let mut bench = Bench::new();
    let unit = Some("syncline.service".to_owned());
    bench.store = None;
    bench.store = Some(
        bench
            .open(Access::Write { unit: unit.clone() }, options())
            .unwrap(),
    );
    let refused = bench.open(write(), options()).err().unwrap();
    let pid = Some(std::process::id());
    assert_eq!(refused, StoreError::Locked { pid, unit });
    assert!(refused.to_string().contains("(syncline.service)"));
}

#[test]
fn every_holder_of_the_lock_has_its_number() {
    let mut bench = Bench::new();
    assert_eq!(bench.write(|tx| Ok(tx.run())), 1);
    bench.reopen();
    assert_eq!(bench.write(|tx| Ok(tx.run())), 2);
}

fn set_version(dir: &Path, version: i64) {
    let connection = rusqlite::Connection::open(dir.join(FILE)).unwrap();
    connection
        .pragma_update(None, "user_version", version)
        .unwrap();
}

#[test]
fn a_newer_store_is_refused_and_left_as_it_is() {
    let mut bench = Bench::new();
    bench.write(|tx| say(tx, "before"));
    bench.store = None;
    set_version(bench.dir.path(), 999);
    let before = fs::read(bench.dir.path().join(FILE)).unwrap();
    let known = i64::try_from(MIGRATIONS.len()).unwrap();
    for access in [write(), Access::Read] {
        let refused = bench.open(access, options()).err();
        assert_eq!(
            refused,
            Some(StoreError::NewerThanProgram { found: 999, known })
        );
    }
    assert_eq!(fs::read(bench.dir.path().join(FILE)).unwrap(), before);
}

#[test]
fn a_migration_that_is_not_the_one_applied_is_found() {
    let mut bench = Bench::new();
    bench.store = None;
    let connection = rusqlite::Connection::open(bench.dir.path().join(FILE)).unwrap();
    connection
        .execute(
            "update meta set value = 'x' where name = 'migration 0004_inbox'",
            [],
        )
        .unwrap();
    drop(connection);
    let refused = bench.open(write(), options()).err();
    assert!(matches!(refused, Some(StoreError::Corrupt { what }) if what.contains("0004_inbox")));
}

#[test]
fn a_file_that_is_no_store_is_told_to_be_damaged() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(FILE), "no database ".repeat(1000)).unwrap();
    let bench = Bench {
        dir,
        clock: Arc::new(StandingClock(AtomicI64::new(0))),
        store: None,
    };
    let refused = bench.open(write(), options()).err();
    assert!(
        matches!(refused, Some(StoreError::Corrupt { .. })),
        "{refused:?}"
    );
}

#[test]
fn reading_creates_nothing_and_needs_no_lock() {
    let mut bench = Bench::new();
    bench.write(|tx| say(tx, "kept"));
    let beside = bench.open(Access::Read, options()).unwrap();
    assert_eq!(beside.read_blocking(journal::last_seq).unwrap(), 1);
    let refused = beside.write_blocking(|tx| say(tx, "x")).unwrap_err();
    assert_eq!(trouble(&refused), Some(&StoreError::ReadOnly));
    drop(beside);

    bench.store = None;
    let before = bench.files();
    for log_gone in [false, true] {
        let alone = bench.open(Access::Read, options()).unwrap();
        assert_eq!(alone.read_blocking(journal::last_seq).unwrap(), 1);
        drop(alone);
        if log_gone {
            break;
        }
        assert_eq!(bench.files(), before);
        // As after a restore of the database file alone.
        fs::remove_file(bench.dir.path().join(format!("{FILE}-wal"))).unwrap();
        fs::remove_file(bench.dir.path().join(format!("{FILE}-shm"))).unwrap();
    }
    assert_eq!(
        bench.files(),
        BTreeSet::from([FILE.to_owned(), "store.lock".to_owned()])
    );

    let empty = tempfile::tempdir().unwrap();
    let nothing = Bench {
        dir: empty,
        clock: Arc::clone(&bench.clock),
        store: None,
    };
    let refused = nothing.open(Access::Read, options()).err();
    assert!(matches!(refused, Some(StoreError::Missing { .. })));
    assert!(nothing.files().is_empty());
}

#[test]
fn a_copy_is_a_store_of_its_own() {
    let bench = Bench::new();
    bench.write(|tx| say(tx, "copied"));
    let copy = Bench {
        dir: tempfile::tempdir().unwrap(),
        clock: Arc::clone(&bench.clock),
        store: None,
    };
    bench.store().copy_to(&copy.dir.path().join(FILE)).unwrap();
    let store = copy.open(Access::Read, options()).unwrap();
    assert_eq!(store.read_blocking(journal::last_seq).unwrap(), 1);
    assert_eq!(store.key(), bench.store().key());
}

/// Holds the writer until the sender is dropped, so that what is queued meanwhile is one group.
fn hold_writer(store: &Arc<Store>) -> (mpsc::Sender<()>, std::thread::JoinHandle<()>) {
    let (release, held) = mpsc::channel::<()>();
    let (started, begun) = mpsc::channel();
    let store = Arc::clone(store);
    let thread = std::thread::spawn(move || {
        let work = move |tx: &Tx<'_>| {
            started.send(()).unwrap();
            held.recv().ok();
            say(tx, "first")
        };
        store.write_blocking(work).unwrap();
    });
    begun.recv().unwrap();
    (release, thread)
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "ten jobs must wait at once")]
async fn jobs_share_a_commit_in_order_and_one_that_fails_is_undone_alone() {
    // The second commit is the last one that is not refused: ten jobs fit into it.
    let refuse_commits_after = Some(2);
    let mut bench = Bench::with(Options {
        refuse_commits_after,
        ..options()
    });
    let store = Arc::new(bench.store.take().unwrap());
    let (release, thread) = hold_writer(&store);
    let mut jobs = tokio::task::JoinSet::new();
    for number in 0..10 {
        let store = Arc::clone(&store);
        jobs.spawn(async move {
            let work = move |tx: &Tx<'_>| {
                say(tx, &number.to_string())?;
                anyhow::ensure!(number != 3, "three is not wanted");
                assert!(number != 6, "six is not wanted");
                Ok(())
            };
            (number, store.write(work).await)
        });
    }
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    drop(release);
    while let Some(done) = jobs.join_next().await {
        let (number, result) = done.unwrap();
        let failed = result.err().map(|error| error.to_string());
        match number {
            3 => assert_eq!(failed.unwrap(), "three is not wanted"),
            6 => assert_eq!(failed.unwrap(), "a store job panicked: six is not wanted"),
            _ => assert_eq!(failed, None),
        }
    }
    thread.join().unwrap();
    let late = store.write(|tx| say(tx, "late")).await.unwrap_err();
    assert_eq!(trouble(&late), Some(&StoreError::DiskFull));
    bench.store = Arc::into_inner(store);
    assert_eq!(
        bench.whys(),
        ["first", "0", "1", "2", "4", "5", "7", "8", "9"]
    );
}

#[test]
fn a_full_disk_keeps_nothing_of_the_job_and_costs_the_reserve() {
    let refuse_commits_after = Some(1);
    let ballast_bytes = 65_536;
    let mut bench = Bench::with(Options {
        refuse_commits_after,
        ballast_bytes,
        ..options()
    });
    let reserve = bench.dir.path().join("ballast");
    assert_eq!(fs::metadata(&reserve).unwrap().len(), 65_536);
    bench.write(|tx| say(tx, "kept"));
    let refused = bench
        .store()
        .write_blocking(|tx| say(tx, "lost"))
        .unwrap_err();
    assert_eq!(trouble(&refused), Some(&StoreError::DiskFull));
    assert!(bench.store().is_out_of_room());
    assert!(!reserve.exists());
    assert_eq!(bench.whys(), ["kept"]);
    bench.reopen();
    bench.write(|tx| say(tx, "goes on"));
    assert_eq!(bench.whys(), ["kept", "goes on"]);
}

#[tokio::test]
async fn readers_see_committed_states_beside_the_writer() {
    let bench = Bench::new();
    bench.store().write(|tx| say(tx, "one")).await.unwrap();
    assert_eq!(bench.store().read(journal::last_seq).await.unwrap(), 1);
    let seen = bench.store().read(|view| Ok(view.now())).await.unwrap();
    assert_eq!(seen, Timestamp(MORNING));
}

fn bool_of(text: &str) -> Option<bool> {
    text.parse().ok()
}

#[test]
fn a_job_that_panics_leaves_a_writer_that_works() {
    let bench = Bench::new();
    let failed = bench.store().write_blocking(|tx| {
        say(tx, "undone")?;
        anyhow::ensure!(bool_of("no").unwrap(), "never said");
        Ok(())
    });
    assert!(
        failed
            .unwrap_err()
            .to_string()
            .contains("a store job panicked")
    );
    bench.write(|tx| say(tx, "works"));
    assert_eq!(bench.whys(), ["works"]);
}
