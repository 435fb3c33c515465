//! SQLite: opens, migrates, locks; one writer thread with group commit, many readers.
//!
//! Knows transactions, not what is written in them. The database files are opened by SQLite only:
//! closing any other descriptor of them would drop its locks.

mod ballast;
pub(crate) mod columns;
mod error;
mod lock;
pub(crate) mod migrations;
mod origin;
mod readers;
mod view;
mod writer;

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use ring::rand::SecureRandom;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension};

use crate::clock::Clock;
use crate::domain::catalogue::Catalogue;
use crate::domain::fingerprint::PrintKey;

pub use error::StoreError;
pub use migrations::{MIGRATIONS, Migration, Shapes};
pub use view::{Tx, View};

use ballast::Ballast;
use lock::Lock;
use origin::Origin;
use readers::Readers;
use writer::{Desk, Pending, Writer};

/// The database's name in the store's directory.
pub const FILE: &str = "syncline.db";

/// How long a statement waits for a lock that somebody else's tool holds.
const BUSY: Duration = Duration::from_secs(5);

/// Prepared statements kept per connection; ours number about a hundred.
const STATEMENTS_MAX: usize = 200;

/// The oldest SQLite without the write-ahead log's reset race (<https://sqlite.org/wal.html>).
const SQLITE_MIN: i32 = 3_051_003;

/// How a store is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// As the one writer; `unit` is the systemd unit, shown to whoever finds the store locked.
    Write {
        /// The systemd unit, when there is one.
        unit: Option<String>,
    },
    /// For looking only: needs no lock and creates nothing.
    Read,
}

/// Bounds, and what trials need to see them reached.
#[derive(Debug, Clone)]
pub struct Options {
    /// Commits after opening from which on every one is refused, as by a full disk.
    pub refuse_commits_after: Option<u64>,
    /// Jobs in one commit at most.
    pub group_max: usize,
    /// Readers at a time.
    pub readers_max: usize,
    /// Rows handed out by one listing at most.
    pub page_max: u32,
    /// Room kept in reserve against a full disk; 0 for none.
    pub ballast_bytes: u64,
    /// The key of a store created now, for trials that must repeat themselves; otherwise random.
    pub print_key: Option<PrintKey>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            refuse_commits_after: None,
            group_max: 256,
            readers_max: 4,
            page_max: 1_000,
            ballast_bytes: 16 * 1024 * 1024,
            print_key: None,
        }
    }
}

/// What writer and readers have in common.
pub(crate) struct Shared {
    catalogue: RwLock<Arc<Catalogue>>,
    clock: Arc<dyn Clock>,
    key: PrintKey,
    options: Options,
    ballast_spent: AtomicBool,
}

impl Shared {
    /// The catalogue in force now; a job keeps the one it began with.
    fn catalogue(&self) -> Arc<Catalogue> {
        let held = self.catalogue.read();
        Arc::clone(&held.unwrap_or_else(PoisonError::into_inner))
    }
}

/// One open store. Dropping it answers what is queued, closes the files and lets go of the lock.
pub struct Store {
    // Before the writer: its connections must be closed when the writer leaves the log empty.
    readers: Arc<Readers>,
    writer: Option<Writer>,
    shared: Arc<Shared>,
    file: PathBuf,
}

impl Store {
    /// Opens the store in `dir` with the usual bounds; see [`Store::open_with`].
    pub fn open(
        dir: &Path,
        access: Access,
        catalogue: Arc<Catalogue>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        Self::open_with(dir, access, catalogue, clock, Options::default())
    }

    /// Opens the store in `dir`. For writing, the directory (mode 0700) and the file are created
    /// when missing, and an older store is brought up to date.
    pub fn open_with(
        dir: &Path,
        access: Access,
        catalogue: Arc<Catalogue>,
        clock: Arc<dyn Clock>,
        options: Options,
    ) -> Result<Self, StoreError> {
        if rusqlite::version_number() < SQLITE_MIN {
            return Err(StoreError::SqliteTooOld {
                found: rusqlite::version().to_owned(),
            });
        }
        match access {
            Access::Write { unit } => {
                let unit = unit.as_deref();
                Self::open_to_write(dir, unit, catalogue, clock, options)
            }
            Access::Read => Self::open_to_read(dir, catalogue, clock, options),
        }
    }

    /// Whether somebody holds the store in `dir` for writing. Takes nothing and creates nothing.
    pub fn is_held(dir: &Path) -> bool {
        lock::is_held(dir)
    }

    fn open_to_write(
        dir: &Path,
        unit: Option<&str>,
        catalogue: Arc<Catalogue>,
        clock: Arc<dyn Clock>,
        options: Options,
    ) -> Result<Self, StoreError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(|error| StoreError::at(dir, &error))?;
        let mut lock = Lock::take(dir, unit)?;
        let file = dir.join(FILE);
        origin::of(dir)?;
        let connection =
            Connection::open(&file).map_err(|error| StoreError::opening(&file, &error))?;
        settle(&connection)?;
        origin::mark(&connection)?;
        migrations::migrate(&connection)?;
        let run = count_run(&connection)?;
        lock.note_used()?;
        let ballast = Ballast::of(dir, options.ballast_bytes);
        let shared = Arc::new(Shared {
            key: print_key(&connection, options.print_key)?,
            catalogue: RwLock::new(catalogue),
            clock,
            ballast_spent: AtomicBool::new(!ballast.restore()),
            options,
        });
        let writer = Writer::start(Desk {
            connection,
            shared: Arc::clone(&shared),
            run,
            ballast,
            commits: 0,
            broken: None,
            lock,
        })?;
        Ok(Self {
            readers: Arc::new(Readers::of(file.clone(), false, Arc::clone(&shared))),
            writer: Some(writer),
            shared,
            file,
        })
    }

    fn open_to_read(
        dir: &Path,
        catalogue: Arc<Catalogue>,
        clock: Arc<dyn Clock>,
        options: Options,
    ) -> Result<Self, StoreError> {
        let file = dir.join(FILE);
        match file.try_exists() {
            Ok(true) => {}
            Ok(false) => {
                return Err(StoreError::Missing {
                    dir: dir.display().to_string(),
                });
            }
            Err(error) => return Err(StoreError::at(&file, &error)),
        }
        if origin::of(dir)? == Origin::New {
            return Err(StoreError::Missing {
                dir: dir.display().to_string(),
            });
        }
        let still = !dir.join(format!("{FILE}-wal")).exists();
        let connection = readers::open(&file, still)?;
        let found = migrations::refuse_newer(&connection)?;
        if found < migrations::newest() {
            return Err(StoreError::OlderThanProgram {
                found,
                known: migrations::newest(),
            });
        }
        let shared = Arc::new(Shared {
            key: stored_key(&connection)?.ok_or_else(no_key)?,
            catalogue: RwLock::new(catalogue),
            clock,
            ballast_spent: AtomicBool::new(false),
            options,
        });
        Ok(Self {
            readers: Arc::new(Readers::of(file.clone(), still, Arc::clone(&shared))),
            writer: None,
            shared,
            file,
        })
    }

    /// Runs `work` in a transaction and answers after its commit. Jobs run in the order in which
    /// they were first polled; several may share a commit, and one that fails or panics is undone
    /// alone. Once queued, a job runs even when the future is dropped.
    ///
    /// When the disk is full ([`StoreError::DiskFull`]) nothing was kept and the reserve was given
    /// up: the caller tries once more what must not be lost.
    pub async fn write<T, F>(&self, work: F) -> anyhow::Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> anyhow::Result<T> + Send + 'static,
    {
        let (tell, told) = tokio::sync::oneshot::channel();
        // Nobody waits any more when the caller was cancelled; the work is done all the same.
        self.queue(work, move |result| drop(tell.send(result)))?;
        told.await?
    }

    /// [`Store::write`] for callers outside of tasks. Never call it from inside a job.
    pub fn write_blocking<T, F>(&self, work: F) -> anyhow::Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> anyhow::Result<T> + Send + 'static,
    {
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        self.queue(work, move |result| drop(tell.send(result)))?;
        told.recv()?
    }

    /// [`Store::write`] for outcomes that must not be lost: when the disk is full it runs `work`
    /// once more in the room that the reserve has freed.
    pub async fn write_outcome<T, F>(&self, work: F) -> anyhow::Result<T>
    where
        T: Send + 'static,
        F: Fn(&Tx<'_>) -> anyhow::Result<T> + Send + Sync + 'static,
    {
        let work = Arc::new(work);
        let again = Arc::clone(&work);
        match self.write(move |tx| work(tx)).await {
            Err(error) if error.downcast_ref() == Some(&StoreError::DiskFull) => {
                self.write(move |tx| again(tx)).await
            }
            result => result,
        }
    }

    fn queue<T, F, A>(&self, work: F, answer: A) -> Result<(), StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> anyhow::Result<T> + Send + 'static,
        A: FnOnce(anyhow::Result<T>) + Send + 'static,
    {
        let writer = self.writer.as_ref().ok_or(StoreError::ReadOnly)?;
        writer.queue(Pending::boxed(work, answer));
        Ok(())
    }

    /// Lets `look` see one consistent state, on a thread that may wait.
    pub async fn read<T, F>(&self, look: F) -> anyhow::Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&View<'_>) -> anyhow::Result<T> + Send + 'static,
    {
        let permit = self.readers.permits().acquire_owned().await?;
        let readers = Arc::clone(&self.readers);
        tokio::task::spawn_blocking(move || {
            let seen = readers.look(look);
            // Connections must be gone before the store's owner closes it.
            drop(readers);
            drop(permit);
            seen
        })
        .await?
    }

    /// [`Store::read`] for callers outside of tasks.
    pub fn read_blocking<T>(
        &self,
        look: impl FnOnce(&View<'_>) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        self.readers.look(look)
    }

    /// Whether the reserve against a full disk is used up: new work waits until it is back, which
    /// the next write sees to once there is room.
    pub fn is_out_of_room(&self) -> bool {
        self.shared.ballast_spent.load(Ordering::Relaxed)
    }

    /// The catalogue in force.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        self.shared.catalogue()
    }

    /// Puts another catalogue in force for the jobs that begin from now on. The types that stand in
    /// the projections are the former one's until they are refreshed.
    pub fn use_catalogue(&self, catalogue: Arc<Catalogue>) {
        let held = self.shared.catalogue.write();
        *held.unwrap_or_else(PoisonError::into_inner) = catalogue;
    }

    /// The clock in force.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.shared.clock
    }

    /// The key of this store's value prints and text keys.
    pub fn key(&self) -> PrintKey {
        self.shared.key
    }

    /// The database file, for messages. Never open it by other means.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Writes a consistent, compact copy of the store to `to`, which must not exist yet.
    pub fn copy_to(&self, to: &Path) -> anyhow::Result<()> {
        let connection = readers::open(&self.file, self.writer.is_none() && self.readers.still())?;
        connection.execute("vacuum into ?1", [to.to_string_lossy()])?;
        Ok(())
    }
}

fn no_key() -> StoreError {
    StoreError::Corrupt {
        what: "it has no print key".to_owned(),
    }
}

/// Sets what every connection needs.
fn steady(connection: &Connection) -> Result<(), StoreError> {
    // Planning anew at every new parameter took a third of an append's time.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // Folding the log in at closing would remove it, and touch a store that may not be ours.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    Ok(connection.busy_timeout(BUSY)?)
}

/// Sets what every writing connection needs, once it is known that the store may be touched.
fn settle(connection: &Connection) -> Result<(), StoreError> {
    steady(connection)?;
    migrations::refuse_newer(connection)?;
    connection.execute_batch(
        "pragma journal_mode = wal;
         pragma synchronous = full;
         pragma foreign_keys = on;
         pragma recursive_triggers = on;
         pragma secure_delete = on;
         pragma temp_store = memory;
         pragma cache_size = -16384;
         pragma wal_autocheckpoint = 4000;",
    )?;
    Ok(())
}

/// The number of this holder of the lock.
fn count_run(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.query_row(
        "insert into meta (name, value) values ('run', '1')
         on conflict (name) do update set value = cast(value as integer) + 1
         returning cast(value as integer)",
        [],
        |row| row.get(0),
    )?)
}

/// The store's own hashing key: made once, so that prints of two stores cannot be compared.
fn print_key(connection: &Connection, wanted: Option<PrintKey>) -> Result<PrintKey, StoreError> {
    if let Some(key) = stored_key(connection)? {
        return Ok(key);
    }
    let mut bytes = [0; 16];
    ring::rand::SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| StoreError::Io {
            what: "the system gives no random bytes".to_owned(),
        })?;
    let key = wanted.unwrap_or(PrintKey(bytes));
    connection.execute(
        "insert into meta (name, value) values ('print_key', ?1)",
        [format!("{:032x}", u128::from_be_bytes(key.0))],
    )?;
    Ok(key)
}

fn stored_key(connection: &Connection) -> Result<Option<PrintKey>, StoreError> {
    let text: Option<String> = connection
        .query_row(
            "select value from meta where name = 'print_key'",
            [],
            |row| row.get(0),
        )
        .optional()?;
    text.map(|text| {
        u128::from_str_radix(&text, 16)
            .map(|number| PrintKey(number.to_be_bytes()))
            .map_err(|_| no_key())
    })
    .transpose()
}
