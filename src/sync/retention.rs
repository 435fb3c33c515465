//! The loop that folds what is older than two days.

use std::sync::Arc;

use super::context::Context;
use crate::domain::record::Timestamp;
use crate::projections;

/// How long a store is left alone once nothing is left to fold: an hour is what a sum is about.
const LOOK_EVERY_MS: i64 = 3_600_000;

/// Folds of one look: a store that was never folded is not to keep other writers waiting.
const FOLDS_MAX: usize = 8;

/// How long others have the store to themselves between two such looks.
const PAUSE_MS: i64 = 1_000;

/// Folds calls, usage and cursors, a page at a time.
pub struct Retention {
    context: Arc<Context>,
    /// What was folded since there was nothing left.
    folded: usize,
}

impl Retention {
    /// A loop over `context`.
    pub fn new(context: Arc<Context>) -> Self {
        Self { context, folded: 0 }
    }

    /// Folds some of what is old, and says when to look again.
    pub async fn work(&mut self) -> anyhow::Result<Timestamp> {
        for _ in 0..FOLDS_MAX {
            match self.context.store.write(projections::fold).await? {
                Some(rows) => self.folded += rows,
                None => return Ok(self.done()),
            }
        }
        Ok(self.context.clock.now().plus(PAUSE_MS))
    }

    fn done(&mut self) -> Timestamp {
        let rows = std::mem::take(&mut self.folded);
        if rows > 0 {
            tracing::debug!("{rows} entries older than two days were folded into sums by hour");
        }
        self.context.clock.now().plus(LOOK_EVERY_MS)
    }
}
