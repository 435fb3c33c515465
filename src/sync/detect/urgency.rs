//! Whether what was read is a change of today, or only what a first load did.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::call::Lane;
use crate::domain::merge::Seen;
use crate::domain::record::{Record, RecordKey, Side};
use crate::inbox::{self, Row};
use crate::sync::context::Context;
use crate::sync::cycle::LOADED;
use crate::sync::forms::Forms;
use crate::sync::matching::Known;

impl Context {
    /// Of these records, those whose row stays in the lane of loads: beside what we wrote, all that is
    /// new of them is what the load is still to look at, which are their associations. HubSpot does not
    /// say who changed a record; each that a load made would be planned once more, and alone.
    pub(super) async fn go_with_loads(
        &self,
        forms: &Forms,
        records: &[Record],
    ) -> anyhow::Result<BTreeMap<RecordKey, Lane>> {
        let of_portal = records.iter().filter(|one| one.key.side == Side::HubSpot);
        let keys: Vec<RecordKey> = of_portal.map(|one| one.key.clone()).collect();
        if keys.is_empty() {
            return Ok(BTreeMap::new());
        }
        let loaded = |row: &Row| LOADED.contains(&row.lane);
        let rows: Vec<Row> = self
            .store
            .read(move |view| {
                let rows = keys.iter().map(|key| inbox::of_record(view, key));
                let rows = rows.filter_map(Result::transpose);
                rows.filter(|row| row.as_ref().map_or(true, loaded))
                    .collect()
            })
            .await?;
        if rows.is_empty() {
            return Ok(BTreeMap::new());
        }
        let known = self.known(rows).await?;
        let known: BTreeMap<&RecordKey, &Known> =
            known.iter().map(|one| (&one.row.key, one)).collect();
        let lanes = records.iter().filter_map(|record| {
            let known = known.get(&record.key)?;
            let waits = self.waits_for_its_ties(forms, record, known);
            waits.then(|| (record.key.clone(), known.row.lane))
        });
        Ok(lanes.collect())
    }

    fn waits_for_its_ties(&self, forms: &Forms, record: &Record, known: &Known) -> bool {
        let Some(pair) = known.pair.as_ref().filter(|pair| pair.is_linked()) else {
            return false;
        };
        let form = forms.of(&pair.ids);
        let many: BTreeSet<_> = form.mapping.junctions().map(|one| &one.hubspot).collect();
        match self.look(forms, &pair.ids, record, known) {
            // Its ties are what the row is still for, and no more urgent than they were. Without any it
            // is told for what it is by the record alone.
            Seen::Echo | Seen::Adopted(_) => !many.is_empty(),
            Seen::Changed(fields) => fields.iter().all(|field| many.contains(field)),
        }
    }
}
