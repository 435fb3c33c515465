//! Room kept in reserve: given up when the disk is full, so that the outcomes of calls already
//! made can still be written.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};

use rustix::fs::{FallocateFlags, fallocate, statvfs};

/// Its name in the store's directory.
pub(super) const FILE: &str = "ballast";

/// One file of blocks that hold nothing.
#[derive(Debug)]
pub(super) struct Ballast {
    path: PathBuf,
    bytes: u64,
}

impl Ballast {
    /// Names the file; takes no room yet.
    pub(super) fn of(dir: &Path, bytes: u64) -> Self {
        Self {
            path: dir.join(FILE),
            bytes,
        }
    }

    /// Takes the room again when it is missing and more than twice as much is free; says whether
    /// it is there.
    pub(super) fn restore(&self) -> bool {
        if self.bytes == 0 || self.path.exists() {
            return true;
        }
        let Some(dir) = self.path.parent() else {
            return false;
        };
        let free = statvfs(dir).map_or(0, |it| it.f_bavail.saturating_mul(it.f_frsize));
        free > self.bytes.saturating_mul(2) && self.fill().is_ok()
    }

    fn fill(&self) -> std::io::Result<()> {
        let file = OpenOptions::new()
            .create_new(true)
            .write(true)
            .open(&self.path)?;
        if let Err(error) = fallocate(&file, FallocateFlags::empty(), 0, self.bytes) {
            fs::remove_file(&self.path)?;
            return Err(error.into());
        }
        Ok(())
    }

    /// Gives the room up.
    pub(super) fn drop_now(&self) {
        if let Err(error) = fs::remove_file(&self.path)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%error, path = %self.path.display(), "ballast could not be removed");
        }
    }
}
