//! What moved since a snapshot was asked for.

use super::{Standing, junctions, names};
use crate::crm::salesforce::{Query, QueryPage};
use crate::domain::call::{Lane, Operation};
use crate::domain::event::Action;
use crate::domain::record::{ObjectName, Record, RecordId, RecordKey, Side, Timestamp};
use crate::inbox::snapshot::{self, Names};
use crate::store::Tx;
use crate::sync::context::Context;
use crate::sync::cycle::LOADED;
use crate::sync::decision::Planned;
use crate::sync::forms::Forms;
use crate::sync::gate::{Errand, Trouble, refused};
use crate::sync::partner::{key_by, mark};
use crate::sync::roles::JunctionObject;

impl Context {
    /// Asks once, before rows of a load are planned, what others changed since the snapshot was asked
    /// for, and what was committed late: always from then on, because a commit may come as late as a
    /// listing looks back. More than a page of it is more than a snapshot is worth.
    pub(in crate::sync) async fn check_snapshot(
        &self,
        forms: &Forms,
        lane: Lane,
    ) -> Result<(), Trouble> {
        let object = forms.object();
        let since = {
            let shared = self.shared();
            let standing = shared.snapshots.standing.get(object);
            let due = |one: &&Standing| one.is_whole && one.checked_ms.is_none();
            let Some(standing) = standing.filter(due).filter(|_| LOADED.contains(&lane)) else {
                return Ok(());
            };
            standing
                .asked_at
                .plus(-self.settings.bounds.listing_back_ms)
        };
        let began_ms = self.clock.monotonic_ms();
        let most = self.settings.bounds.snapshot_moved;
        let us = self.salesforce.our_user();
        let junctions = junctions(forms);
        let of_form = forms.all().map(|form| {
            let mapping = &form.mapping;
            let mut fields = vec![mapping.salesforce_id_field.clone()];
            fields.extend(mapping.match_by.as_ref().map(|by| by.salesforce.clone()));
            let source = form.source(Side::Salesforce, &fields);
            Query::moved(&source, since, us.as_ref(), most)
        });
        let of_ties = junctions
            .iter()
            .map(|junction| Query::moved(&junction.source(), since, us.as_ref(), most));
        let deltas: Vec<Query> = of_form.chain(of_ties).collect();
        let mut pages = self.ask_all(object, lane, &deltas).await?;
        let is_whole = |page: &QueryPage| page.done && page.records.len() < most as usize;
        if !pages.iter().all(is_whole) {
            tracing::info!(
                %object,
                "{object}: too much changed in Salesforce since it was read ahead; records are \
                 matched in lists for now"
            );
            self.drop_snapshot(forms, self.settings.bounds.listing_back_ms)
                .await?;
            return Ok(());
        }
        let ties = pages.split_off(deltas.len() - junctions.len());
        let records = pages.into_iter().flat_map(|page| page.records);
        self.note_moved(forms, records.collect()).await?;
        for (junction, page) in junctions.iter().zip(ties) {
            self.note_ties_moved(junction, &page.records).await?;
        }
        if let Some(standing) = self.shared().snapshots.standing.get_mut(object) {
            standing.checked_ms = Some(began_ms);
        }
        Ok(())
    }

    pub(super) async fn ask_all(
        &self,
        object: &ObjectName,
        lane: Lane,
        queries: &[Query],
    ) -> Result<Vec<QueryPage>, Trouble> {
        let errand = Errand::new(Side::Salesforce, Operation::Match, lane, object, 0);
        let send = || self.salesforce.query(queries);
        let pages = self.call(&errand, send).await?.value;
        pages
            .into_iter()
            .map(|page| page.map_err(refused))
            .collect()
    }

    /// Notes records that were read otherwise, by a request that began at `began` on the monotonic
    /// clock, as far as the snapshot may lack what they show: what was read before it was asked for, it
    /// shows as well. What is changed in our name, as automation does that our writes set off, is found
    /// so: nobody asks Salesforce for it, or all that we wrote would be answered.
    pub(in crate::sync) async fn note_read(
        &self,
        forms: &Forms,
        records: impl Iterator<Item = &Record>,
        began: Option<i64>,
    ) -> anyhow::Result<()> {
        let since = {
            let shared = self.shared();
            let Some(standing) = shared.snapshots.standing.get(forms.object()) else {
                return Ok(());
            };
            if began.is_some_and(|began| began < standing.asked_ms) {
                return Ok(());
            }
            standing
                .asked_at
                .plus(-self.settings.bounds.listing_back_ms)
        };
        let is_new =
            |record: &&Record| record.key.side == Side::Salesforce && record.modified_at >= since;
        let records = records.filter(is_new).cloned().collect();
        self.note_moved(forms, records).await
    }

    /// Notes records of a junction object that were met, as far as the snapshot may lack them.
    pub(in crate::sync) async fn note_ties_read(
        &self,
        object: &ObjectName,
        junction: &JunctionObject,
        records: &[Record],
    ) -> anyhow::Result<()> {
        if self.has_snapshot(object) {
            self.note_ties_moved(junction, records).await?;
        }
        Ok(())
    }

    /// Whose ties these are is not known any more.
    async fn note_ties_moved(
        &self,
        junction: &JunctionObject,
        records: &[Record],
    ) -> anyhow::Result<()> {
        let ends = records.iter().filter_map(|record| junction.ends(record));
        let moved: Vec<RecordId> = ends.map(|(here, _)| here).collect();
        if moved.is_empty() {
            return Ok(());
        }
        let (junction, nameless) = (junction.name.clone(), Names::default());
        self.store
            .write(move |tx| {
                let mut moved = moved.iter();
                moved.try_for_each(|id| snapshot::moved(tx, &junction, Some(id), &nameless))
            })
            .await
    }

    async fn note_moved(&self, forms: &Forms, records: Vec<Record>) -> anyhow::Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        let moved: Vec<(RecordKey, Names)> = records
            .into_iter()
            .map(|record| (record.key.clone(), names(&record, forms)))
            .collect();
        self.store
            .write(move |tx| {
                moved.iter().try_for_each(|(key, names)| {
                    snapshot::moved(tx, &key.object, Some(&key.id), names)
                })
            })
            .await
    }

    /// Notes what is about to be written, or marked, before the first call of it: from then on its
    /// records are read, and whoever shares a key with one that is created is looked for.
    pub(in crate::sync) async fn note_departing(
        &self,
        forms: &Forms,
        planned: &[Planned],
    ) -> anyhow::Result<()> {
        let object = forms.object().clone();
        if planned.is_empty() || !self.has_snapshot(&object) {
            return Ok(());
        }
        let portal = self.settings.portal;
        let departing = planned.iter().map(|one| {
            let created = one
                .writes
                .iter()
                .find(|write| write.to == Side::Salesforce && write.action == Action::Created);
            let made = created.map(|write| Record {
                key: RecordKey {
                    side: Side::Salesforce,
                    ..one.row.key.clone()
                },
                modified_at: Timestamp(0),
                modified_by: None,
                deleted: false,
                fields: write.fields.clone(),
            });
            let mapping = &forms.at(one.form).mapping;
            let named = Names {
                mark: one
                    .ids
                    .hubspot
                    .as_ref()
                    .map(|id| mark(portal, id).to_lowercase()),
                key: made.and_then(|made| key_by(mapping, &made)),
            };
            (one.ids.salesforce.clone(), named)
        });
        let departing: Vec<_> = departing.collect();
        let tied = planned.iter().filter(|one| {
            let mut links = one.links.iter();
            links.any(|write| write.to == Side::Salesforce)
        });
        let tied: Vec<RecordId> = tied.filter_map(|one| one.ids.salesforce.clone()).collect();
        let junctions: Vec<ObjectName> = junctions(forms).into_iter().map(|one| one.name).collect();
        self.store
            .write(move |tx: &Tx<'_>| {
                for (id, names) in &departing {
                    snapshot::moved(tx, &object, id.as_ref(), names)?;
                }
                for junction in &junctions {
                    for id in &tied {
                        snapshot::moved(tx, junction, Some(id), &Names::default())?;
                    }
                }
                Ok(())
            })
            .await
    }
}
