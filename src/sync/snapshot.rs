//! A snapshot: what was read ahead of an object's whole forms in Salesforce, as they were when it was
//! asked for, so that a large load is matched and read again without a call for every list of keys.
//!
//! It may answer for a row of a first load or a resync only, and only what is known not to have moved
//! since: before rows are planned Salesforce is asked once who changed anything since then, and what
//! we read otherwise or write ourselves is noted as moved. Whatever moved is read, as without a
//! snapshot. Nothing of it outlives the load, a change of what is read, or a restart.

use std::collections::BTreeMap;

use super::allowance::policy;
use super::context::Context;
use super::cycle::LOADED;
use super::decision::Planned;
use super::export::{Export, Step};
use super::forms::{Form, Forms};
use super::gate::{Errand, Trouble, refused};
use super::partner::{Wanted, key_by, key_of, mark, text_of};
use super::reading::listed;
use crate::crm::salesforce::{ExportPage, Query, QueryPage};
use crate::domain::call::{Lane, Operation};
use crate::domain::digest::thousands;
use crate::domain::event::Action;
use crate::domain::record::{ObjectName, Record, RecordKey, Side, Timestamp};
use crate::inbox::snapshot::{self, Found, Load, Names};
use crate::store::View;

/// Rows kept in one transaction.
const ROWS_AT_ONCE: usize = 500;

/// Rows that the forms may have for each row to be planned: where they have more, lists of keys cost
/// fewer calls than reading all of them.
const WORTH: u64 = 10;

/// One snapshot, as planning asks for it.
#[derive(Debug)]
pub(super) struct Standing {
    /// Salesforce's time when it was asked for.
    asked_at: Timestamp,
    asked_ms: i64,
    /// What was asked of each form: with another mapping or schema it would be something else.
    queries: Vec<Query>,
    is_whole: bool,
    /// Whether it was asked what moved, for the rows that are planned now.
    is_checked: bool,
}

/// The snapshots by object, and until when none is asked for again, on the monotonic clock.
#[derive(Debug, Default)]
pub(super) struct Taken {
    standing: BTreeMap<ObjectName, Standing>,
    rests_until_ms: BTreeMap<ObjectName, i64>,
}

/// With fewer calls a day than this, reading ahead would spend what is left for the writes, be too
/// old when there are calls again, and begin anew, for ever.
const ALLOCATION_MIN: u64 = 1_000;

/// The exports that bring them.
#[derive(Debug, Default)]
pub(super) struct Snapshots {
    loading: BTreeMap<ObjectName, Vec<Export>>,
    is_begun: bool,
}

impl Snapshots {
    /// Takes the next step with the snapshot of an object, when a load of it asks for one; tells when
    /// to go on while it is being read.
    pub(super) async fn look(
        &mut self,
        context: &Context,
        forms: &Forms,
    ) -> anyhow::Result<Option<Timestamp>> {
        if !self.is_begun {
            // What an earlier run read is as old as nobody knows.
            context.store.write(|tx| snapshot::forget(tx, None)).await?;
            self.is_begun = true;
        }
        let object = forms.object().clone();
        let read = move |view: &View<'_>| snapshot::load(view, &object);
        let load = context.store.read(read).await?;
        let object = forms.object();
        if context.has_snapshot(object) && !(load.is_left && context.snapshot_holds(forms)) {
            context.drop_snapshot(object, 0).await?;
        }
        if !context.has_snapshot(object) {
            self.loading.remove(object);
            match self.begin(context, forms, load).await {
                Ok(()) => (),
                Err(Trouble::Store(error)) => return Err(error),
                // It is looked at again with the next rows: until then they are read as ever.
                Err(_) => context.rest_snapshot(object, context.settings.poll_ms),
            }
        }
        self.go_on(context, forms).await
    }

    /// Whether any is being read, so that rows wait for it.
    pub(super) fn are_loading(&self) -> bool {
        !self.loading.is_empty()
    }

    async fn begin(&mut self, context: &Context, forms: &Forms, load: Load) -> Result<(), Trouble> {
        let bounds = &context.settings.bounds;
        let object = forms.object();
        // While a write is under way nobody knows on which side of the snapshot its effect is.
        let listed = listed(forms, load.ready);
        if listed <= bounds.snapshot_rows || load.is_busy || context.snapshot_rests(object) {
            return Ok(());
        }
        let is_small = context.store.read(policy).await?.allocation < ALLOCATION_MIN;
        if is_small || load.asked == 0 && context.waits_for_night().await? {
            return Ok(());
        }
        let Some(asked_at) = context.salesforce_now() else {
            return Ok(());
        };
        let lane = if load.asked > 0 {
            Lane::Resync
        } else {
            Lane::Backfill
        };
        let schemas = forms.all().map(|form| &form.schemas.salesforce);
        let counts: Vec<Query> = schemas.map(|schema| Query::count(schema)).collect();
        let pages = context.ask_all(object, lane, &counts).await?;
        let rows: u64 = pages.iter().map(|page| page.total).sum();
        if rows > WORTH.saturating_mul(listed) {
            context.rest_snapshot(object, bounds.snapshot_ms);
            return Ok(());
        }
        tracing::info!(
            %object,
            "{object}: {} records are to be matched; all {} in Salesforce are read ahead by Bulk queries",
            thousands(load.ready),
            thousands(rows)
        );
        context.drop_snapshot(object, 0).await?;
        let queries = queries(forms);
        let export = |query: &Query| {
            Export::new(context, object, query.clone(), bounds.bulk_page).in_lane(lane)
        };
        self.loading
            .insert(object.clone(), queries.iter().map(export).collect());
        let standing = Standing {
            asked_at,
            asked_ms: context.clock.monotonic_ms(),
            queries,
            is_whole: false,
            is_checked: false,
        };
        context
            .shared()
            .snapshots
            .standing
            .insert(object.clone(), standing);
        Ok(())
    }

    async fn go_on(
        &mut self,
        context: &Context,
        forms: &Forms,
    ) -> anyhow::Result<Option<Timestamp>> {
        let object = forms.object();
        let Some(exports) = self.loading.get_mut(object) else {
            return Ok(None);
        };
        let mut place = 0;
        while let Some(export) = exports.get_mut(place) {
            match export.step(context).await? {
                Step::Waits => place += 1,
                Step::Page(page) => {
                    context.keep_ahead(forms, page).await?;
                    place += 1;
                }
                Step::Over => drop(exports.remove(place)),
                Step::Failed(why) => {
                    tracing::warn!(
                        %object,
                        "{object}: reading Salesforce ahead is given up ({why}); records are matched \
                         in lists instead, which costs more calls and loses nothing"
                    );
                    self.loading.remove(object);
                    let rest_ms = context.settings.bounds.listing_back_ms;
                    context.drop_snapshot(object, rest_ms).await?;
                    return Ok(None);
                }
            }
        }
        if exports.is_empty() {
            self.loading.remove(object);
            if let Some(standing) = context.shared().snapshots.standing.get_mut(object) {
                standing.is_whole = true;
            }
            return Ok(None);
        }
        Ok(exports.iter().map(|export| export.due(context)).min())
    }
}

/// One question about each form.
fn queries(forms: &Forms) -> Vec<Query> {
    forms.all().map(whole).collect()
}

fn whole(form: &Form) -> Query {
    let fields = form.fields(Side::Salesforce);
    Query::whole(&form.source(Side::Salesforce, &fields))
}

/// What a record of Salesforce is looked for by.
fn names(record: &Record, forms: &Forms) -> Names {
    let field = forms.first.mapping.id_field_on(Side::Salesforce);
    Names {
        mark: text_of(record, field).map(|mark| mark.to_lowercase()),
        key: key_of(record, forms),
    }
}

impl Context {
    fn has_snapshot(&self, object: &ObjectName) -> bool {
        self.shared().snapshots.standing.contains_key(object)
    }

    fn snapshot_rests(&self, object: &ObjectName) -> bool {
        let until_ms = self.shared().snapshots.rests_until_ms.get(object).copied();
        until_ms.is_some_and(|until_ms| self.clock.monotonic_ms() < until_ms)
    }

    fn rest_snapshot(&self, object: &ObjectName, rest_ms: i64) {
        let until_ms = self.clock.monotonic_ms() + rest_ms;
        let rests = &mut self.shared().snapshots.rests_until_ms;
        rests.insert(object.clone(), until_ms);
    }

    /// Whether there is a snapshot of which `is_so`.
    fn snapshot_is(&self, object: &ObjectName, is_so: impl FnOnce(&Standing) -> bool) -> bool {
        let shared = self.shared();
        shared.snapshots.standing.get(object).is_some_and(is_so)
    }

    /// Whether a snapshot is of what would be asked for now, and not too old.
    fn snapshot_holds(&self, forms: &Forms) -> bool {
        let (queries, now_ms) = (queries(forms), self.clock.monotonic_ms());
        let old_ms = self.settings.bounds.snapshot_ms;
        let holds = |one: &Standing| one.queries == queries && now_ms - one.asked_ms < old_ms;
        self.snapshot_is(forms.object(), holds)
    }

    async fn drop_snapshot(&self, object: &ObjectName, rest_ms: i64) -> anyhow::Result<()> {
        self.shared().snapshots.standing.remove(object);
        self.rest_snapshot(object, rest_ms);
        let object = object.clone();
        self.store
            .write(move |tx| snapshot::forget(tx, Some(&object)))
            .await
    }

    /// Whether rows of this lane have to wait, because what answers for them is being read.
    pub(super) fn waits_for_snapshot(&self, object: &ObjectName, lane: Lane) -> bool {
        LOADED.contains(&lane) && self.snapshot_is(object, |one| !one.is_whole)
    }

    /// Whether there is one that is whole.
    pub(super) fn is_read_ahead(&self, object: &ObjectName) -> bool {
        self.snapshot_is(object, |one| one.is_whole)
    }

    /// Rows are planned from now on: what moved until then is asked for anew.
    pub(super) fn begin_planning(&self, object: &ObjectName) {
        if let Some(standing) = self.shared().snapshots.standing.get_mut(object) {
            standing.is_checked = false;
        }
    }

    /// Whether the snapshot answers for rows of this lane.
    fn snapshot_answers(&self, object: &ObjectName, lane: Lane) -> bool {
        LOADED.contains(&lane) && self.snapshot_is(object, |one| one.is_whole && one.is_checked)
    }

    /// Keeps a page of what is read ahead.
    async fn keep_ahead(&self, forms: &Forms, mut page: ExportPage) -> anyhow::Result<()> {
        loop {
            let records = page.take(ROWS_AT_ONCE);
            if records.is_empty() {
                return Ok(());
            }
            let named = records.into_iter().map(|record| {
                let names = names(&record, forms);
                (record, names)
            });
            let named = named.collect();
            self.store
                .write(move |tx| snapshot::keep(tx, named))
                .await?;
        }
    }

    /// Asks once, before rows of a load are planned, what others changed since the snapshot was asked
    /// for, and what was committed late: always from then on, because a commit may come as late as a
    /// listing looks back. More than a page of it is more than a snapshot is worth.
    pub(super) async fn check_snapshot(&self, forms: &Forms, lane: Lane) -> Result<(), Trouble> {
        let object = forms.object();
        let since = {
            let shared = self.shared();
            let standing = shared.snapshots.standing.get(object);
            let due = |one: &&Standing| one.is_whole && !one.is_checked;
            let Some(standing) = standing.filter(due).filter(|_| LOADED.contains(&lane)) else {
                return Ok(());
            };
            standing
                .asked_at
                .plus(-self.settings.bounds.listing_back_ms)
        };
        let most = self.settings.bounds.snapshot_moved;
        let us = self.salesforce.our_user();
        let deltas: Vec<Query> = forms
            .all()
            .map(|form| {
                let mapping = &form.mapping;
                let mut fields = vec![mapping.salesforce_id_field.clone()];
                fields.extend(mapping.match_by.as_ref().map(|by| by.salesforce.clone()));
                let source = form.source(Side::Salesforce, &fields);
                Query::moved(&source, since, us.as_ref(), most)
            })
            .collect();
        let pages = self.ask_all(object, lane, &deltas).await?;
        let is_whole = |page: &QueryPage| page.done && page.records.len() < most as usize;
        if !pages.iter().all(is_whole) {
            tracing::info!(
                %object,
                "{object}: too much changed in Salesforce since it was read ahead; records are \
                 matched in lists for now"
            );
            self.drop_snapshot(object, self.settings.bounds.listing_back_ms)
                .await?;
            return Ok(());
        }
        let records = pages.into_iter().flat_map(|page| page.records);
        self.note_moved(forms, records.collect()).await?;
        if let Some(standing) = self.shared().snapshots.standing.get_mut(object) {
            standing.is_checked = true;
        }
        Ok(())
    }

    async fn ask_all(
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

    /// Notes records that were read otherwise, as far as the snapshot may lack what they show. What
    /// is changed in our name, as automation does that our writes set off, is found so: nobody asks
    /// Salesforce for it, or all that we wrote would be answered.
    pub(super) async fn note_read(
        &self,
        forms: &Forms,
        records: impl Iterator<Item = &Record>,
    ) -> anyhow::Result<()> {
        let since = {
            let shared = self.shared();
            let Some(standing) = shared.snapshots.standing.get(forms.object()) else {
                return Ok(());
            };
            standing
                .asked_at
                .plus(-self.settings.bounds.listing_back_ms)
        };
        let is_new =
            |record: &&Record| record.key.side == Side::Salesforce && record.modified_at >= since;
        let records = records.filter(is_new).cloned().collect();
        self.note_moved(forms, records).await
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
    pub(super) async fn note_departing(
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
        self.store
            .write(move |tx| {
                departing
                    .iter()
                    .try_for_each(|(id, names)| snapshot::moved(tx, &object, id.as_ref(), names))
            })
            .await
    }

    /// The records of these ids that the snapshot answers for.
    pub(super) async fn ahead(
        &self,
        forms: &Forms,
        keys: Vec<RecordKey>,
        lane: Lane,
    ) -> anyhow::Result<Vec<Record>> {
        if keys.is_empty() || !self.snapshot_answers(forms.object(), lane) {
            return Ok(Vec::new());
        }
        self.store
            .read(move |view| {
                let mut records = Vec::new();
                for key in keys {
                    records.extend(snapshot::of_id(view, &key.object, &key.id)?);
                }
                Ok(records)
            })
            .await
    }

    /// Partners that the snapshot answers for; what is left of `wanted` has to be asked for.
    pub(super) async fn partners_ahead(
        &self,
        forms: &Forms,
        wanted: Vec<Wanted>,
        lane: Lane,
    ) -> anyhow::Result<(Vec<Record>, Vec<Wanted>)> {
        if !self.snapshot_answers(forms.object(), lane) {
            return Ok((Vec::new(), wanted));
        }
        let object = forms.object().clone();
        self.store
            .read(move |view| {
                let (mut records, mut left) = (Vec::new(), Vec::new());
                for one in wanted {
                    let names = Names {
                        mark: one.mark.as_ref().map(|mark| mark.to_lowercase()),
                        key: one.key.clone(),
                    };
                    match snapshot::find(view, &object, one.id.as_ref(), &names)? {
                        Found::All(found) => records.extend(found),
                        Found::Moved => left.push(one),
                    }
                }
                Ok((records, left))
            })
            .await
    }
}
