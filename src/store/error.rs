//! What can be wrong with the store, told apart by what its reader does next.

use std::io::ErrorKind;
use std::path::Path;

use rusqlite::ErrorCode;

use crate::domain::record::RecordId;

/// Why the store cannot be opened, read or written. Each variant is another exit code or remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another program holds the lock.
    #[error("the store is in use by process {}{}; stop it, or ask it over its socket", known(*pid), named(unit.as_deref()))]
    Locked {
        /// Its process, where the lock file says so.
        pid: Option<u32>,
        /// Its systemd unit, when it has one.
        unit: Option<String>,
    },
    /// A newer program wrote it; nothing in it was touched.
    #[error(
        "the store is of version {found}, this program knows up to {known}; use the newer program"
    )]
    NewerThanProgram {
        /// The store's version.
        found: i64,
        /// The newest version this program knows.
        known: i64,
    },
    /// It waits to be brought up to date, which a reader does not do.
    #[error(
        "the store is of version {found}, this program needs {known}; start the daemon once to bring it up to date"
    )]
    OlderThanProgram {
        /// The store's version.
        found: i64,
        /// The version this program needs.
        known: i64,
    },
    /// It belongs to other accounts than the ones configured.
    #[error(
        "the store belongs to portal {portal} and org {org}, the configuration names portal {other_portal} and org {other_org}; use another store directory"
    )]
    OtherAccounts {
        /// The portal it is bound to.
        portal: i64,
        /// The org it is bound to.
        org: RecordId,
        /// The portal that was configured.
        other_portal: i64,
        /// The org that was configured.
        other_org: RecordId,
    },
    /// There is none.
    #[error("there is no store in {dir}; start the daemon once, or name another directory")]
    Missing {
        /// Where it was looked for.
        dir: String,
    },
    /// The file is a database, but somebody else's; nothing in it was touched.
    #[error(
        "{path} is a database of another program, not a store of Syncline; it was left as it is; name another store directory"
    )]
    Foreign {
        /// Which file.
        path: String,
    },
    /// The files may not be opened or written by this user.
    #[error("{path} may not be opened: {why}; run as the daemon's user")]
    Permission {
        /// Which file.
        path: String,
        /// What the system said.
        why: String,
    },
    /// It was opened for reading only.
    #[error("the store was opened for reading only")]
    ReadOnly,
    /// No room is left. The ballast was given up, so that outcomes can still be written.
    #[error("the disk is full; free some space in the store's file system")]
    DiskFull,
    /// Its content is damaged.
    #[error("the store is damaged: {what}; restore the last backup")]
    Corrupt {
        /// What was found.
        what: String,
    },
    /// The SQLite linked is one that can lose data.
    #[error(
        "SQLite {found} can damage a store, 3.51.3 or newer is needed; use the program as released"
    )]
    SqliteTooOld {
        /// The version linked.
        found: String,
    },
    /// The system refused to read or write.
    #[error("the store cannot be read or written: {what}")]
    Io {
        /// What the system said.
        what: String,
    },
}

fn known(pid: Option<u32>) -> String {
    pid.map_or_else(|| "(unknown)".to_owned(), |pid| pid.to_string())
}

fn named(unit: Option<&str>) -> String {
    unit.map(|unit| format!(" ({unit})")).unwrap_or_default()
}

impl StoreError {
    /// The exit code after sysexits of a verb that meets it.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Locked { .. } => 75,
            Self::OtherAccounts { .. }
            | Self::Foreign { .. }
            | Self::OlderThanProgram { .. }
            | Self::NewerThanProgram { .. } => 78,
            Self::Missing { .. } => 66,
            Self::Permission { .. } | Self::ReadOnly => 77,
            Self::DiskFull | Self::Io { .. } => 74,
            Self::Corrupt { .. } => 65,
            Self::SqliteTooOld { .. } => 70,
        }
    }

    /// What SQLite's answer means for us, when it is about the store and not about a statement.
    pub(super) fn of(error: &rusqlite::Error) -> Option<Self> {
        let what = error.to_string();
        let code = error.sqlite_error_code()?;
        let is = |codes: &[ErrorCode]| codes.contains(&code);
        if is(&[ErrorCode::DiskFull]) {
            Some(Self::DiskFull)
        } else if is(&[ErrorCode::DatabaseCorrupt, ErrorCode::NotADatabase]) {
            Some(Self::Corrupt { what })
        } else if is(&[ErrorCode::ReadOnly, ErrorCode::PermissionDenied]) {
            Some(Self::Permission {
                path: "the store".to_owned(),
                why: what,
            })
        } else if is(&[ErrorCode::CannotOpen, ErrorCode::SystemIoFailure]) {
            Some(Self::Io { what })
        } else {
            // The rest is about statements, or passes.
            None
        }
    }
}

impl StoreError {
    /// What the system's refusal of `path` means: only a lack of rights is mended by another user.
    pub(super) fn at(path: &Path, error: &std::io::Error) -> Self {
        let path = path.display();
        let is = |kinds: &[ErrorKind]| kinds.contains(&error.kind());
        if is(&[ErrorKind::PermissionDenied]) {
            return Self::Permission {
                path: path.to_string(),
                why: error.to_string(),
            };
        }
        if is(&[ErrorKind::StorageFull]) {
            return Self::DiskFull;
        }
        let what = if is(&[ErrorKind::AlreadyExists, ErrorKind::NotADirectory]) {
            format!("{path} is no folder, or stands in something that is none")
        } else if is(&[ErrorKind::ReadOnlyFilesystem]) {
            format!("{path} stands in a file system that is mounted read-only")
        } else {
            format!("{path}: {error}")
        };
        Self::Io { what }
    }

    /// What SQLite's refusal to open `path` means.
    pub(super) fn opening(path: &Path, error: &rusqlite::Error) -> Self {
        if path.is_dir() {
            return Self::Io {
                what: format!("{} is a folder", path.display()),
            };
        }
        if error.sqlite_error_code() == Some(ErrorCode::CannotOpen) {
            return Self::Permission {
                path: path.display().to_string(),
                why: error.to_string(),
            };
        }
        Self::of(error).unwrap_or_else(|| Self::Io {
            what: error.to_string(),
        })
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::of(&error).unwrap_or_else(|| Self::Io {
            what: error.to_string(),
        })
    }
}

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == ErrorKind::StorageFull {
            return Self::DiskFull;
        }
        Self::Io {
            what: error.to_string(),
        }
    }
}

/// Puts the store's own name for a trouble on top of SQLite's, so that callers can branch on it.
pub(super) fn recognised(error: anyhow::Error) -> anyhow::Error {
    let store = error
        .chain()
        .find_map(|cause| cause.downcast_ref::<rusqlite::Error>())
        .and_then(StoreError::of);
    match store {
        Some(store) => error.context(store),
        None => error,
    }
}
