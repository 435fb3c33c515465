//! How much of a load is planned at a time. Its rows come in page by page. Planned as they come, every
//! few hundred of a first load would pay for lists of their own before anybody sees that it is a large
//! one; and once Salesforce is read ahead, it is asked before any are planned what moved since. So they
//! gather: until no more come, or for a poll interval, or until there are as many as are planned at once;
//! and as long as a Bulk query brings what was there before the first start.

use super::context::Context;
use super::cycle::{Cycle, LOADED};
use super::decision::Planned;
use crate::domain::call::Lane;
use crate::domain::record::{ObjectName, Timestamp};
use crate::inbox;

/// How long rows of a first load wait for more of them, in ms: pages come faster than that.
const GATHER_MS: i64 = 2_000;

/// How long they wait at most for a Bulk query that brings them, in ms.
const EXPORT_MAX_MS: i64 = 900_000;

/// Writes kept planned at once that the guard has nothing to say to.
const FREE_MAX: usize = 5_000;

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
        if lane == Lane::Backfill && self.is_brought(object) {
            return Ok(Some(now.plus(GATHER_MS)));
        }
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

    /// Whether as many writes are planned as are kept at once: so many that the guard sees a flood
    /// whole, or, of those that a person approved or that only associate, as a few calls carry.
    pub(super) fn is_full(&self, planned: &[Planned]) -> bool {
        let cycle = self.settings.bounds.cycle;
        let judged = |one: &&Planned| one.row.hold.is_none() && !one.writes.is_empty();
        let judged = planned.iter().filter(judged).count();
        judged >= cycle || planned.len() - judged >= cycle.min(FREE_MAX)
    }

    /// Notes that a Bulk query brings what a form held before the first start, or that it does not any
    /// more.
    pub(super) fn note_brought(&self, form: &ObjectName, object: Option<&ObjectName>) {
        let now_ms = self.clock.monotonic_ms();
        let brought = &mut self.shared().brought;
        match object {
            Some(object) => drop(brought.insert(form.clone(), (object.clone(), now_ms))),
            None => drop(brought.remove(form)),
        }
    }

    fn is_brought(&self, object: &ObjectName) -> bool {
        let now_ms = self.clock.monotonic_ms();
        let shared = self.shared();
        let mut brought = shared.brought.values();
        brought.any(|(of, since_ms)| of == object && now_ms - since_ms < EXPORT_MAX_MS)
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
