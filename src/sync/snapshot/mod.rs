//! A snapshot: what was read ahead of an object's whole forms in Salesforce, as they were when it was
//! asked for, so that a large load is matched and read again without a call for every list of keys.
//!
//! It may answer for a row of a first load or a resync only, and only what is known not to have moved
//! since: before rows are planned Salesforce is asked who changed anything since then, once in a poll,
//! and what we read otherwise or write ourselves is noted as moved. Whatever moved is read, as without
//! a snapshot. Nothing of it outlives the load, a change of what is read, or a restart. One that cannot
//! answer for most of what is asked any more is taken anew: so are the records that a job made, which
//! are looked at again all at once.

mod ahead;
mod moved;

use std::collections::BTreeMap;

use super::allowance::policy;
use super::context::Context;
use super::cycle::LOADED;
use super::export::{Export, Step};
use super::forms::{Form, Forms};
use super::gate::Trouble;
use super::partner::{key_of, text_of};
use super::reading::listed;
use super::roles::JunctionObject;
use crate::crm::salesforce::{ExportPage, Query};
use crate::domain::call::Lane;
use crate::domain::digest::thousands;
use crate::domain::record::{ObjectName, Record, Side, Timestamp};
use crate::inbox::snapshot::{self, Load, Names, Tie};
use crate::store::{Tx, View};

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
    /// When it was asked what moved, on the monotonic clock.
    checked_ms: Option<i64>,
    /// Whether it cannot answer for most of them any more.
    is_outdated: bool,
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
    loading: BTreeMap<ObjectName, Vec<(Export, Part)>>,
    is_begun: bool,
}

/// What is read ahead by one export.
#[derive(Debug, Clone)]
enum Part {
    /// The records of a form.
    Form(Query),
    /// The records of a junction object of a form.
    Junction(Query, Box<JunctionObject>),
}

impl Part {
    fn query(&self) -> &Query {
        match self {
            Self::Form(query) | Self::Junction(query, _) => query,
        }
    }
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
            context.store.write(snapshot::forget_all).await?;
            self.is_begun = true;
        }
        let object = forms.object().clone();
        let read = move |view: &View<'_>| snapshot::load(view, &object);
        let load = context.store.read(read).await?;
        let object = forms.object();
        let is_good = load.is_left && context.snapshot_holds(forms);
        let is_outdated = context.snapshot_is(object, |one| one.is_outdated);
        if context.has_snapshot(object) && (!is_good || is_outdated && !load.is_busy) {
            context.drop_snapshot(forms, 0).await?;
            if is_outdated {
                // Those who wait for another one have gathered enough by then.
                context.shared().helped_ms.remove(object);
            }
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
        let junctions = junctions(forms);
        let schemas = forms.all().map(|form| &*form.schemas.salesforce);
        let schemas = schemas.chain(junctions.iter().map(|one| one.source().schema));
        let counts: Vec<Query> = schemas.map(Query::count).collect();
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
        context.drop_snapshot(forms, 0).await?;
        let parts = parts(forms, junctions);
        let queries = parts.iter().map(|part| part.query().clone()).collect();
        let export = |part: Part| {
            let query = part.query().clone();
            let export = Export::new(context, object, query, bounds.bulk_page).in_lane(lane);
            (export, part)
        };
        self.loading
            .insert(object.clone(), parts.into_iter().map(export).collect());
        let standing = Standing {
            asked_at,
            asked_ms: context.clock.monotonic_ms(),
            queries,
            is_whole: false,
            checked_ms: None,
            is_outdated: false,
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
        while let Some((export, part)) = exports.get_mut(place) {
            match export.step(context).await? {
                Step::Waits => place += 1,
                Step::Page(page) => {
                    context.keep_ahead(forms, part, page).await?;
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
                    context.drop_snapshot(forms, rest_ms).await?;
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
        let due = exports.iter().map(|(export, _)| export.due(context));
        Ok(due.min())
    }
}

/// The junction objects of all forms.
fn junctions(forms: &Forms) -> Vec<JunctionObject> {
    let of = |form: &Form| JunctionObject::all_of(&form.mapping);
    forms.all().flat_map(of).collect()
}

/// What is read of each form, and of what ties its records.
fn parts(forms: &Forms, junctions: Vec<JunctionObject>) -> Vec<Part> {
    let junction = |one: JunctionObject| Part::Junction(Query::whole(&one.source()), Box::new(one));
    let forms = forms.all().map(|form| Part::Form(whole(form)));
    forms.chain(junctions.into_iter().map(junction)).collect()
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

    /// When the snapshot was asked for, by Salesforce's clock.
    pub(super) fn snapshot_asked_at(&self, object: &ObjectName) -> Option<Timestamp> {
        let shared = self.shared();
        shared
            .snapshots
            .standing
            .get(object)
            .map(|one| one.asked_at)
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
        let parts = parts(forms, junctions(forms));
        let now_ms = self.clock.monotonic_ms();
        let old_ms = self.settings.bounds.snapshot_ms;
        let holds = |one: &Standing| {
            one.queries.iter().eq(parts.iter().map(Part::query)) && now_ms - one.asked_ms < old_ms
        };
        self.snapshot_is(forms.object(), holds)
    }

    async fn drop_snapshot(&self, forms: &Forms, rest_ms: i64) -> anyhow::Result<()> {
        let object = forms.object();
        self.shared().snapshots.standing.remove(object);
        self.rest_snapshot(object, rest_ms);
        let mut names = vec![object.clone()];
        names.extend(junctions(forms).into_iter().map(|one| one.name));
        self.store
            .write(move |tx| snapshot::forget(tx, &names))
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

    /// Rows are planned from now on: what moved until then is asked for anew, unless that was asked so
    /// lately that a record read then would be written without being read again.
    pub(super) fn begin_planning(&self, object: &ObjectName) {
        let (now_ms, poll_ms) = (self.clock.monotonic_ms(), self.settings.poll_ms);
        if let Some(standing) = self.shared().snapshots.standing.get_mut(object) {
            standing.checked_ms = standing.checked_ms.filter(|at| now_ms - at < poll_ms);
        }
    }

    /// Whether the snapshot answers for rows of this lane.
    fn snapshot_answers(&self, object: &ObjectName, lane: Lane) -> bool {
        LOADED.contains(&lane)
            && self.snapshot_is(object, |one| one.is_whole && one.checked_ms.is_some())
    }

    /// Keeps a page of what is read ahead.
    async fn keep_ahead(
        &self,
        forms: &Forms,
        part: &Part,
        mut page: ExportPage,
    ) -> anyhow::Result<()> {
        loop {
            let records = page.take(ROWS_AT_ONCE);
            if records.is_empty() {
                return Ok(());
            }
            match part {
                Part::Form(_) => {
                    let named = records.into_iter().map(|record| {
                        let names = names(&record, forms);
                        (record, names)
                    });
                    let named = named.collect();
                    let keep = move |tx: &Tx<'_>| snapshot::keep(tx, named);
                    self.store.write(keep).await?;
                }
                Part::Junction(_, junction) => {
                    let stand = records.into_iter().filter(|record| !record.deleted);
                    let ties = stand.filter_map(|record| {
                        let (here, there) = junction.ends(&record)?;
                        let id = record.key.id;
                        Some(Tie { here, there, id })
                    });
                    let (junction, ties) = (junction.name.clone(), ties.collect());
                    let keep = move |tx: &Tx<'_>| snapshot::keep_ties(tx, &junction, ties);
                    self.store.write(keep).await?;
                }
            }
        }
    }
}
