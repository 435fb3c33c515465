//! Connections that only read, a few at a time.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OpenFlags};
use tokio::sync::Semaphore;

use super::error::recognised;
use super::{Shared, StoreError, View, steady};

/// The readers of one store.
pub(super) struct Readers {
    file: PathBuf,
    /// Nobody has written since the store was closed: it is read as a file that does not change,
    /// because a reader of a write-ahead log would have to create one.
    still: bool,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
    shared: Arc<Shared>,
}

impl Readers {
    pub(super) fn of(file: PathBuf, still: bool, shared: Arc<Shared>) -> Self {
        Self {
            file,
            still,
            idle: Mutex::new(Vec::new()),
            permits: Arc::new(Semaphore::new(shared.options.readers_max)),
            shared,
        }
    }

    /// Whether the file is read as one that does not change.
    pub(super) fn still(&self) -> bool {
        self.still
    }

    pub(super) fn permits(&self) -> Arc<Semaphore> {
        Arc::clone(&self.permits)
    }

    /// Lets `look` see one consistent state of the store.
    pub(super) fn look<T>(
        &self,
        look: impl FnOnce(&View<'_>) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let idle = self.lock_idle().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => open(&self.file, self.still)?,
        };
        connection
            .execute_batch("begin")
            .map_err(|error| recognised(error.into()))?;
        let view = View {
            connection: &connection,
            shared: &self.shared,
            catalogue: self.shared.catalogue(),
            key: self.shared.key,
            now: self.shared.clock.now(),
        };
        // A panic must not leave the connection inside its reading, which would hold the log back.
        let seen = catch_unwind(AssertUnwindSafe(|| look(&view).map_err(recognised)));
        connection.execute_batch("rollback")?;
        self.lock_idle().push(connection);
        seen.unwrap_or_else(|panic| resume_unwind(panic))
    }

    fn lock_idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        // The list is whole between its own calls: a panic elsewhere says nothing about it.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens the database file for reading only.
pub(super) fn open(file: &Path, still: bool) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let mut uri = String::from("file:");
    for byte in file.as_os_str().as_encoded_bytes() {
        let plain = byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#' | b'%');
        if plain {
            uri.push(char::from(*byte));
        } else {
            uri.extend(["%", &format!("{byte:02X}")]);
        }
    }
    if still {
        uri.push_str("?immutable=1");
    }
    let connection = Connection::open_with_flags(uri, flags)
        .map_err(|error| StoreError::opening(file, &error))?;
    steady(&connection)?;
    Ok(connection)
}
