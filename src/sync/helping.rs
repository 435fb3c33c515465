//! How much of a load is planned at a time. Its rows come in page by page. Planned as they come, every
//! few hundred of a first load would pay for lists of their own before anybody sees that it is a large
//! one; and once Salesforce is read ahead, it is asked before any are planned what moved since. So they
//! gather: until no more come, or for a poll interval, or until there are as many as are planned at once.

use super::context::Context;
use super::cycle::{Cycle, LOADED};
use crate::domain::call::Lane;
use crate::domain::record::{ObjectName, Timestamp};
use crate::inbox;

/// How long rows of a first load wait for more of them, in ms: pages come faster than that.
const GATHER_MS: i64 = 2_000;

/// Rows of a first load that were not planned yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gathering {
    since_ms: i64,
    grew_ms: i64,
    rows: u64,
}

impl Context {
    /// Until when rows of this lane gather; none when they may be planned.
    pub(super) async fn helped_from(
        &self,
        object: &ObjectName,
        lane: Lane,
    ) -> anyhow::Result<Option<Timestamp>> {
        let is_read_ahead = self.is_read_ahead(object);
        if !LOADED.contains(&lane) || lane != Lane::Backfill && !is_read_ahead {
            return Ok(None);
        }
        let (of_object, now) = (object.clone(), self.clock.now());
        let rows = self
            .store
            .read(move |view| inbox::due(view, &of_object, lane, now))
            .await?;
        let is_full = rows >= self.settings.bounds.cycle as u64;
        let left_ms = if rows == 0 || is_full {
            self.shared().gathering.remove(object);
            0
        } else if is_read_ahead {
            self.since_helping_ms(object)
                .map_or(0, |age_ms| self.settings.poll_ms - age_ms)
        } else {
            self.gathers_ms(object, rows)
        };
        Ok((left_ms > 0).then(|| now.plus(left_ms)))
    }

    fn since_helping_ms(&self, object: &ObjectName) -> Option<i64> {
        let planned_ms = self.shared().helped_ms.get(object).copied();
        planned_ms.map(|at| self.clock.monotonic_ms() - at)
    }

    /// How much longer rows of a first load gather.
    fn gathers_ms(&self, object: &ObjectName, rows: u64) -> i64 {
        let now_ms = self.clock.monotonic_ms();
        let mut shared = self.shared();
        let one = shared.gathering.entry(object.clone()).or_insert(Gathering {
            since_ms: now_ms,
            grew_ms: now_ms,
            rows,
        });
        if rows > one.rows {
            one.grew_ms = now_ms;
        }
        one.rows = rows;
        // Rows that come back because something went wrong have gathered already.
        let end_ms = one.since_ms + self.settings.poll_ms;
        let until_ms = end_ms.min(one.grew_ms + GATHER_MS);
        if end_ms <= now_ms {
            shared.gathering.remove(object);
        }
        until_ms - now_ms
    }

    /// A cycle is over in which rows of loads may have been planned.
    pub(super) fn note_helping(&self, cycle: &Cycle<'_>) {
        if LOADED.iter().any(|lane| cycle.looked_at.contains_key(lane)) {
            let (object, now_ms) = (cycle.forms.object().clone(), self.clock.monotonic_ms());
            self.shared().helped_ms.insert(object, now_ms);
        }
    }
}
