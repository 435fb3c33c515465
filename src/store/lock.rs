//! The lock that makes its holder the one writer: a file of its own, so that no descriptor of the
//! database is ever opened beside SQLite's.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

use super::StoreError;

const FILE: &str = "store.lock";

/// The lock file's second line, once a store was made beside it.
const USED: &str = "used";

/// Held as long as it lives; the kernel lets go of it when the process dies.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
    used: bool,
}

impl Lock {
    /// Takes the lock in `dir` and writes our process and `unit` into it.
    pub(super) fn take(dir: &Path, unit: Option<&str>) -> Result<Self, StoreError> {
        let path = dir.join(FILE);
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(|error| StoreError::at(&path, &error))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Err(holder(&mut file)),
            Err(error) => return Err(StoreError::at(&path, &error.into())),
        }
        let used = says_used(dir);
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "{} {}", std::process::id(), unit.unwrap_or_default())?;
        if used {
            writeln!(file, "{USED}")?;
        }
        Ok(Self { file, used })
    }

    /// Notes that there is a store now: a database found empty later has lost it.
    pub(super) fn note_used(&mut self) -> Result<(), StoreError> {
        if !self.used {
            writeln!(self.file, "{USED}")?;
            self.used = true;
        }
        Ok(())
    }
}

/// Whether a store was made beside the lock file in `dir`.
pub(super) fn says_used(dir: &Path) -> bool {
    std::fs::read_to_string(dir.join(FILE))
        .is_ok_and(|text| text.lines().skip(1).any(|line| line == USED))
}

/// Whether somebody holds the lock in `dir`, as the kernel lists it: trying to take it could keep a
/// daemon from starting at that very moment. Each line holds `device:inode start end`
/// (`proc_locks(5)`).
pub(super) fn is_held(dir: &Path) -> bool {
    let Ok(about) = std::fs::metadata(dir.join(FILE)) else {
        return false;
    };
    let inode = format!(":{} 0 EOF", about.ino());
    std::fs::read_to_string("/proc/locks").is_ok_and(|locks| {
        locks
            .lines()
            .any(|line| line.contains(" FLOCK ") && line.ends_with(&inode))
    })
}

/// Who holds it, as far as the file tells: it may be read in the moment before its holder wrote.
fn holder(file: &mut File) -> StoreError {
    let mut text = String::new();
    if file.read_to_string(&mut text).is_err() {
        text.clear();
    }
    let mut words = text.lines().next().unwrap_or_default().split_whitespace();
    StoreError::Locked {
        pid: words.next().and_then(|word| word.parse().ok()),
        unit: words.next().map(str::to_owned),
    }
}
