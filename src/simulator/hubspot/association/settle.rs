//! What records show of a change between them: the primary company's id, and perhaps a new stamp.

use super::super::HubSpot;
use super::super::record::{Record, Source};
use super::link::{Changes, End};
use super::switches::Stamps;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The property of contacts that holds their primary company's id.
pub const PRIMARY_COMPANY: &str = "associatedcompanyid";

impl HubSpot {
    /// Lets the records on both ends show what changed.
    pub(in super::super) fn settle(&mut self, changes: &Changes, source: Source, now: i64) {
        let ends: BTreeSet<End> = changes
            .iter()
            .flat_map(|change| [change.from, change.to])
            .collect();
        let companies = self
            .objects
            .iter()
            .position(|one| one.plural == "companies");
        for end in ends {
            let kept = &self.objects[end.object];
            let record = kept.table.get(end.id);
            let Some(before) = record.filter(|record| record.archived_at.is_none()) else {
                continue;
            };
            let mut after = Record::clone(before);
            if kept.plural == "contacts" && self.settings.associations.associated_company_id {
                let company = companies.and_then(|object| self.associations.primary(end, object));
                let text = company.map(|id| id.to_string()).unwrap_or_default();
                after.set(PRIMARY_COMPANY, &text, now, source);
            }
            if self.settings.associations.stamps == Stamps::Move {
                after.touch(now);
            }
            if after == **before {
                continue;
            }
            let kept = &mut self.objects[end.object];
            let before = kept.table.replace(end.id, Some(Arc::new(after)));
            self.commit(end.object, &vec![(end.id, before)], source, now);
        }
    }

    /// Takes away everything that ties a record that is gone.
    pub(in super::super) fn sever(&mut self, end: End, source: Source, now: i64) {
        let mut changes = Changes::new();
        self.associations.isolate(end, &mut changes);
        self.settle(&changes, source, now);
    }
}
