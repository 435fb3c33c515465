//! What a job sees of the store: a [`View`] to read, a [`Tx`] to read and write.
//!
//! Both lend their connection only to the modules that contain SQL.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

use rusqlite::Connection;

use crate::domain::catalogue::Catalogue;
use crate::domain::fingerprint::PrintKey;
use crate::domain::record::{PairNumber, RecordKey, Timestamp};

use super::Shared;

/// One consistent reading of the store.
pub struct View<'a> {
    pub(super) connection: &'a Connection,
    pub(super) shared: &'a Shared,
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) key: PrintKey,
    pub(super) now: Timestamp,
}

impl View<'_> {
    /// The connection, for the modules that contain SQL.
    pub(crate) fn sql(&self) -> &Connection {
        self.connection
    }

    /// The catalogue in force when the job began; the same throughout the job.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The clock's time when the job began; the same throughout the job.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The key of this store's value prints and text keys.
    pub fn key(&self) -> &PrintKey {
        &self.key
    }

    /// Bytes of the database file, as SQLite counts its pages.
    pub fn bytes(&self) -> anyhow::Result<u64> {
        let pragma = |name: &str| -> rusqlite::Result<i64> {
            self.connection
                .pragma_query_value(None, name, |row| row.get(0))
        };
        let bytes = pragma("page_count")?.saturating_mul(pragma("page_size")?);
        Ok(bytes.unsigned_abs())
    }

    /// Rows handed out by one listing at most.
    pub fn page_max(&self) -> u32 {
        self.shared.options.page_max
    }
}

/// What a job remembers while it lasts: saves asking the same rows again for every event.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// The journal's last seq and checksum, once known.
    pub(crate) last: Option<(i64, u32)>,
    /// The highest pair number known or handed out.
    pub(crate) highest: Option<i64>,
    /// Numbers handed out for records whose first event is still to come.
    pub(crate) handed: HashMap<RecordKey, PairNumber>,
    /// A fact was kept whose consequences could not be: the job is undone, whatever it answers.
    pub(crate) doomed: bool,
}

/// One job's place in a transaction: everything it writes is kept together or not at all.
pub struct Tx<'a> {
    pub(super) view: View<'a>,
    pub(super) run: i64,
    pub(super) scratch: RefCell<Scratch>,
}

impl Tx<'_> {
    /// Which holder of the lock writes, counted from 1.
    pub fn run(&self) -> i64 {
        self.run
    }

    /// The job's memory.
    pub(crate) fn scratch(&self) -> &RefCell<Scratch> {
        &self.scratch
    }
}

impl<'a> Deref for Tx<'a> {
    type Target = View<'a>;

    fn deref(&self) -> &View<'a> {
        &self.view
    }
}
