//! How much of a load is planned at a time. Its rows come in page by page, and before any are planned
//! by what was read ahead Salesforce is asked what moved since: planned as they come, every few hundred
//! rows would pay a call for that question. So they gather for a poll interval, or until there are as
//! many as are planned at once.

use super::context::Context;
use super::cycle::{Cycle, LOADED};
use crate::domain::call::Lane;
use crate::domain::record::{ObjectName, Timestamp};
use crate::inbox;

impl Context {
    /// Until when rows of this lane gather; none when they may be planned.
    pub(super) async fn helped_from(
        &self,
        object: &ObjectName,
        lane: Lane,
    ) -> anyhow::Result<Option<Timestamp>> {
        if !LOADED.contains(&lane) || !self.is_read_ahead(object) {
            return Ok(None);
        }
        let planned_ms = self.shared().helped_ms.get(object).copied();
        let age_ms = planned_ms.map(|at| self.clock.monotonic_ms() - at);
        let Some(left_ms) = age_ms
            .map(|age_ms| self.settings.poll_ms - age_ms)
            .filter(|left_ms| *left_ms > 0)
        else {
            return Ok(None);
        };
        let of_object = object.clone();
        let ready = self
            .store
            .read(move |view| inbox::ready(view, &of_object, &[lane]))
            .await?;
        let is_full = ready >= self.settings.bounds.cycle as u64;
        Ok((!is_full).then(|| self.clock.now().plus(left_ms)))
    }

    /// A cycle is over in which rows of loads may have been planned.
    pub(super) fn note_helping(&self, cycle: &Cycle<'_>) {
        if LOADED.iter().any(|lane| cycle.looked_at.contains_key(lane)) {
            let (object, now_ms) = (cycle.forms.object().clone(), self.clock.monotonic_ms());
            self.shared().helped_ms.insert(object, now_ms);
        }
    }
}
