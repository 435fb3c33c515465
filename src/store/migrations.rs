//! How a store came to its shape: numbered SQL files, each applied once in a transaction of its own.
//!
//! Files marked derived hold projections only: they drop and create their tables, so that a
//! rebuild runs them again.

use rusqlite::{Connection, OptionalExtension};

use super::{StoreError, Tx};

/// One step.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// The file's name in `migrations/`, without the ending: number, underscore, name.
    pub name: &'static str,
    /// Its SQL.
    pub sql: &'static str,
    /// What it shapes.
    pub shapes: Shapes,
}

/// What a migration shapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shapes {
    /// Facts and what stands beside them: never dropped.
    Kept,
    /// Projections: can be derived again.
    Derived,
}

macro_rules! migrations {
    ($($shapes:ident $name:literal),+ $(,)?) => {
        /// Every step, in order; the last one's number is the store's version.
        pub const MIGRATIONS: &[Migration] = &[$(Migration {
            name: $name,
            sql: include_str!(concat!("../../migrations/", $name, ".sql")),
            shapes: Shapes::$shapes,
        }),+];
    };
}

migrations! {
    Kept "0001_meta",
    Kept "0002_journal",
    Kept "0003_annex",
    Kept "0004_inbox",
    Derived "0005_pairs",
    Derived "0006_prints",
    Derived "0007_errors",
    Derived "0008_calls",
    Derived "0009_settings",
    Derived "0010_slots",
    Derived "0011_holds",
    Derived "0012_figures",
    Kept "0013_selection",
    Kept "0014_plans",
    Kept "0015_snapshot",
    Derived "0016_jobs",
    Kept "0017_parcels",
    Kept "0018_labels",
    Derived "0019_remarks",
    Derived "0020_groups",
    Kept "0021_shown",
    Kept "0022_kept",
    Kept "0023_folds",
    Derived "0024_hours",
    Derived "0025_forecasts",
    Derived "0026_labels",
    Derived "0027_days",
    Derived "0028_costs",
    Derived "0029_ages",
    Derived "0030_ways",
    Derived "0031_beliefs",
    Derived "0032_faults",
    Kept "0033_accepted",
}

/// `meta` row that says the projections must be derived again before they are believed.
pub(crate) const STALE: &str = "projections_stale";

/// The version this program needs.
pub(super) fn newest() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// The version of the store behind `connection`; 0 for a new one.
pub(super) fn version(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.query_row("pragma user_version", [], |row| row.get(0))?)
}

/// Refuses a store that a newer program wrote, before anything in it is touched.
pub(super) fn refuse_newer(connection: &Connection) -> Result<i64, StoreError> {
    let found = version(connection)?;
    if found > newest() {
        return Err(StoreError::NewerThanProgram {
            found,
            known: newest(),
        });
    }
    Ok(found)
}

/// Brings the store up to date, after making sure that the steps already taken are these.
pub(super) fn migrate(connection: &Connection) -> Result<(), StoreError> {
    let found = refuse_newer(connection)?;
    for (migration, number) in MIGRATIONS.iter().zip(1..) {
        if number <= found {
            same_as_applied(connection, migration)?;
        } else {
            connection.execute_batch("begin immediate")?;
            if let Err(error) = step(connection, migration, number) {
                connection.execute_batch("rollback")?;
                return Err(error);
            }
            connection.execute_batch("commit")?;
        }
    }
    Ok(())
}

fn step(connection: &Connection, migration: &Migration, number: i64) -> Result<(), StoreError> {
    connection.execute_batch(migration.sql)?;
    connection.execute(
        "insert into meta (name, value) values (?1, ?2)",
        (row_name(migration), checksum(migration.sql)),
    )?;
    if migration.shapes == Shapes::Derived {
        let facts: bool =
            connection.query_row("select exists (select 1 from journal)", [], |row| {
                row.get(0)
            })?;
        if facts {
            connection.execute(
                "insert into meta (name, value) values (?1, ?2) on conflict do nothing",
                (STALE, migration.name),
            )?;
        }
    }
    connection.pragma_update(None, "user_version", number)?;
    Ok(())
}

fn same_as_applied(connection: &Connection, migration: &Migration) -> Result<(), StoreError> {
    let applied: Option<String> = connection
        .query_row(
            "select value from meta where name = ?1",
            [row_name(migration)],
            |row| row.get(0),
        )
        .optional()?;
    if applied.as_deref() == Some(checksum(migration.sql).as_str()) {
        return Ok(());
    }
    Err(StoreError::Corrupt {
        what: format!(
            "migration {} is not the one that was applied",
            migration.name
        ),
    })
}

fn row_name(migration: &Migration) -> String {
    format!("migration {}", migration.name)
}

fn checksum(sql: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, sql.as_bytes());
    let mut text = String::with_capacity(64);
    for byte in digest.as_ref() {
        text.push(hex(byte >> 4));
        text.push(hex(byte & 15));
    }
    text
}

fn hex(digit: u8) -> char {
    char::from_digit(u32::from(digit), 16).expect("four bits are a hexadecimal digit")
}

/// Drops every projection and creates it anew, empty.
pub(crate) fn recreate_derived(tx: &Tx<'_>) -> anyhow::Result<()> {
    for migration in MIGRATIONS {
        if migration.shapes == Shapes::Derived {
            tx.sql().execute_batch(migration.sql)?;
        }
    }
    Ok(())
}
