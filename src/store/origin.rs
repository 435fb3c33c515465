//! Whose file the database is, found out before anything in it or beside it is touched.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension};

use super::{FILE, StoreError, ballast, lock, migrations, readers};

/// `SYNC` in the file's header, where SQLite keeps a place for the program a database belongs to
/// (<https://sqlite.org/pragma.html#pragma_application_id>).
const APPLICATION_ID: i32 = 0x5359_4e43;

/// What stands in the store's directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// No database, or one in which nothing was ever kept.
    New,
    /// A store of ours.
    Ours,
}

/// Looks at the file in `dir` and refuses a database that is not ours, and one that lost everything.
pub(super) fn of(dir: &Path) -> Result<Origin, StoreError> {
    let file = dir.join(FILE);
    let Ok(found) = std::fs::metadata(&file) else {
        return Ok(Origin::New);
    };
    let log = std::fs::metadata(dir.join(format!("{FILE}-wal"))).ok();
    if found.len() == 0 && log.as_ref().is_none_or(|log| log.len() == 0) {
        return nothing_in(dir);
    }
    let connection = readers::open(&file, log.is_none())?;
    if application_id(&connection)? == APPLICATION_ID || is_unmarked(&connection)? {
        return Ok(Origin::Ours);
    }
    let holds_something: bool =
        connection.query_row("select exists (select 1 from sqlite_schema)", [], |row| {
            row.get(0)
        })?;
    if holds_something || migrations::version(&connection)? != 0 {
        return Err(StoreError::Foreign {
            path: file.display().to_string(),
        });
    }
    nothing_in(dir)
}

/// An empty database is a new store, unless one has worked here already: by its lock's word, or
/// because its reserve is left.
fn nothing_in(dir: &Path) -> Result<Origin, StoreError> {
    if !lock::says_used(dir) && !dir.join(ballast::FILE).exists() {
        return Ok(Origin::New);
    }
    Err(StoreError::Corrupt {
        what: format!(
            "{FILE} is empty, and the calls spent in the past 24 h are lost with it (to begin anew \
             in spite of that, remove store.lock and ballast)"
        ),
    })
}

/// Writes into the header that the database is ours.
pub(super) fn mark(connection: &Connection) -> Result<(), StoreError> {
    if application_id(connection)? != APPLICATION_ID {
        connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    }
    Ok(())
}

fn application_id(connection: &Connection) -> Result<i32, StoreError> {
    Ok(connection.query_row("pragma application_id", [], |row| row.get(0))?)
}

/// A store made before stores were marked: it holds the note of our first migration.
fn is_unmarked(connection: &Connection) -> Result<bool, StoreError> {
    let has_meta: bool = connection.query_row(
        "select count(*) = 2 from pragma_table_info('meta') where name in ('name', 'value')",
        [],
        |row| row.get(0),
    )?;
    if !has_meta || application_id(connection)? != 0 {
        return Ok(false);
    }
    let first: Option<String> = connection
        .query_row(
            "select value from meta where name = 'migration 0001_meta'",
            [],
            |row| row.get(0),
        )
        .optional()?;
    Ok(first.is_some())
}
