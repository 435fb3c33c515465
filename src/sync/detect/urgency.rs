//! Whether what was read is a change of today, or only what a first load did.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::call::Lane;
use crate::domain::merge::Seen;
use crate::domain::record::{Record, RecordKey, Side};
use crate::inbox::{self, Row};
use crate::projections::pairs;
use crate::store::View;
use crate::sync::context::Context;
use crate::sync::cycle::LOADED;
use crate::sync::forms::Forms;
use crate::sync::matching::Known;

impl Context {
    /// Of these records, those whose row stays in the lane of loads, and whose row that is, their own or
    /// that of their pair's other half: beside what we wrote, all that is new of them is what the load is
    /// still to look at, which are their associations. Each that a load made would be planned once more,
    /// and alone; HubSpot does not even say who changed it.
    pub(super) async fn go_with_loads(
        &self,
        forms: &Forms,
        records: &[Record],
    ) -> anyhow::Result<BTreeMap<RecordKey, (Lane, RecordKey)>> {
        let us = self.salesforce.our_user();
        let may_be_ours = |record: &&Record| match record.key.side {
            Side::HubSpot => true,
            Side::Salesforce => us.is_some() && record.modified_by == us,
        };
        let seen = records.iter().filter(may_be_ours);
        let seen: Vec<RecordKey> = seen.map(|one| one.key.clone()).collect();
        if seen.is_empty() {
            return Ok(BTreeMap::new());
        }
        let loaded = self
            .store
            .read(move |view| {
                let mut loaded = Vec::new();
                for key in seen {
                    let row = match inbox::of_record(view, &key)? {
                        Some(row) => Some(row),
                        None => row_of_half(view, &key)?,
                    };
                    let row = row.filter(|row| LOADED.contains(&row.lane));
                    loaded.extend(row.map(|row| (key, row)));
                }
                Ok(loaded)
            })
            .await?;
        if loaded.is_empty() {
            return Ok(BTreeMap::new());
        }
        let (keys, rows): (Vec<RecordKey>, Vec<Row>) = loaded.into_iter().unzip();
        let known = self.known(rows).await?;
        let known: BTreeMap<RecordKey, Known> = keys.into_iter().zip(known).collect();
        let lanes = records.iter().filter_map(|record| {
            let known = known.get(&record.key)?;
            let waits = self.waits_for_its_ties(forms, record, known);
            waits.then(|| {
                let row = &known.row;
                (record.key.clone(), (row.lane, row.key.clone()))
            })
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

/// The row of the other half of a record's pair.
fn row_of_half(view: &View<'_>, key: &RecordKey) -> anyhow::Result<Option<Row>> {
    let Some(pair) = pairs::by_key(view, key)? else {
        return Ok(None);
    };
    let keys = pairs::get(view, pair)?.map_or_else(Vec::new, |pair| pair.ids.keys());
    let half = keys.into_iter().find(|half| half.side != key.side);
    Ok(match half {
        Some(half) => inbox::of_record(view, &half)?,
        None => None,
    })
}
