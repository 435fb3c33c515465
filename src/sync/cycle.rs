//! The loop that plans and writes: everything ready is planned, judged by the guard, then written.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::allowance::policy;
use super::answers::Open;
use super::conclude;
use super::connection::suspended_sides;
use super::context::Context;
use super::decision::Planned;
use super::forms::Forms;
use super::gate::Trouble;
use super::resyncs::Resyncs;
use super::snapshot::Snapshots;
use crate::domain::budget::Policy;
use crate::domain::call::Lane;
use crate::domain::digest::thousands;
use crate::domain::event::{Action, BackfillSet, CycleHeld, Mode};
use crate::domain::guard::{self, Count, Verdict};
use crate::domain::merge::Write;
use crate::domain::record::{FieldName, Side, Timestamp};
use crate::inbox::{self, Release, Rest, Row, Want};
use crate::projections::{self, holds, pairs, settings};
use crate::store::Tx;

/// How long the loop waits when nothing is said otherwise; wake-ups come earlier.
const LOOK_EVERY_MS: i64 = 5_000;

/// How long rows wait after a call that went wrong.
const TROUBLE_MS: i64 = 2_000;

/// The lanes of loads: what they need is read ahead, and what they write may go by jobs.
pub(super) const LOADED: [Lane; 2] = [Lane::Resync, Lane::Backfill];

/// The loop that plans and writes.
pub struct Writer {
    context: Arc<Context>,
    /// Whether the last look ended in an error of the store, with rows still in flight.
    broken: bool,
    /// Whether records were looked for of which the configuration says something new.
    followed: bool,
    /// What people asked to be tried again.
    resyncs: Resyncs,
    /// What governed spending at the last look: rows that wait were put off by it.
    governed: Option<(Policy, Option<BackfillSet>)>,
    snapshots: Snapshots,
}

impl Writer {
    /// A loop over `context`.
    pub fn new(context: Arc<Context>) -> Self {
        Self {
            context,
            broken: false,
            followed: false,
            resyncs: Resyncs::default(),
            governed: None,
            snapshots: Snapshots::default(),
        }
    }

    /// Plans and writes all that is ready, then says when to look again.
    pub async fn work(&mut self) -> anyhow::Result<Timestamp> {
        if self.broken {
            // Only this loop takes rows: what is in flight now was left there when the store failed,
            // and may or may not have been written.
            self.context.store.write(inbox::return_in_flight).await?;
        }
        self.broken = true;
        let look_again = self.look().await?;
        self.broken = false;
        Ok(look_again)
    }

    async fn look(&mut self) -> anyhow::Result<Timestamp> {
        let context = Arc::clone(&self.context);
        let now = context.clock.now();
        let governing = context
            .store
            .read(|view| {
                let mode = settings::mode(view)?.unwrap_or(Mode::Observe);
                let stopped =
                    settings::paused(view)?.is_some() || !suspended_sides(view)?.is_empty();
                let backfill = settings::backfill(view)?.map(|setting| setting.event);
                Ok((stopped, mode, (policy(view)?, backfill)))
            })
            .await?;
        let (stopped, mode, governs) = governing;
        let day_until = governs.1.as_ref().and_then(|set| set.closed_until(now));
        if self.governed.as_ref() != Some(&governs) {
            self.governed = Some(governs);
            // Another setting may have calls now that the former one had only in a day.
            let freed = |tx: &Tx<'_>| inbox::release(tx, Release::Deferred);
            context.store.write(freed).await?;
        }
        if stopped || !context.is_open() {
            return Ok(now.plus(LOOK_EVERY_MS));
        }
        match context.refresh_metadata().await {
            Ok(()) => (),
            Err(trouble) => return self.after(trouble),
        }
        if !self.followed {
            context.follow_conditions().await?;
            self.followed = true;
        }
        if day_until.is_none() {
            context.shared().told_day = false;
        }
        context.advance_loads(mode).await?;
        let (mut look_again, mut held_back) = (now.plus(LOOK_EVERY_MS), false);
        self.resyncs.look(&context).await?;
        for mappings in context.settings.objects() {
            let Some(forms) = context.forms(mappings) else {
                continue;
            };
            let mut cycle = Cycle::new(&forms, now);
            if let Some(until) = day_until {
                context.put_off_backfill(forms.object(), until).await?;
            }
            let read_ahead = self.snapshots.look(&context, &forms).await?;
            context.run_cycle(&mut cycle, mode).await?;
            look_again = read_ahead.map_or(look_again, |at| look_again.min(at.max(now.plus(1))));
            held_back |= cycle.is_held_back;
            look_again = cycle
                .waits
                .map_or(look_again, |at| look_again.min(at.max(now.plus(1))));
        }
        if let Some(at) = context.advance_loads(mode).await? {
            look_again = look_again.min(at.max(now.plus(1)));
        }
        context.finish_loads().await?;
        self.resyncs.look(&context).await?;
        // Rows that wait for what is read ahead are ready all the time, and what is held back is due
        // with the load that it waits for.
        let reads_ahead = self.snapshots.are_loading();
        let counts = |lane: &&Lane| !((reads_ahead || held_back) && LOADED.contains(lane));
        let lanes: Vec<Lane> = Lane::ALL.iter().filter(counts).copied().collect();
        let due = context
            .store
            .read(move |view| inbox::next_due(view, &lanes))
            .await?;
        Ok(due.map_or(look_again, |due| look_again.min(due.max(now.plus(1)))))
    }

    fn after(&self, trouble: Trouble) -> anyhow::Result<Timestamp> {
        let now = self.context.clock.now();
        match trouble {
            Trouble::NotBefore(at) => Ok(at.max(now.plus(1))),
            Trouble::Suspended(_) => Ok(now.plus(LOOK_EVERY_MS)),
            Trouble::Call(_) => Ok(now.plus(TROUBLE_MS)),
            Trouble::Store(error) => Err(error),
        }
    }
}

/// One object's cycle.
pub(super) struct Cycle<'a> {
    pub(super) forms: &'a Forms,
    pub(super) started: Timestamp,
    /// When rows that could not be served now are due again.
    pub(super) waits: Option<Timestamp>,
    /// Rows by number of which one write is open: they may not leave with their last one.
    pub(super) open: BTreeMap<i64, Open>,
    /// How many rows of each lane were looked at, to tell what share of them comes to a write.
    pub(super) looked_at: BTreeMap<Lane, usize>,
    /// Whether rows in the lanes of loads are not taken now.
    is_held_back: bool,
}

impl<'a> Cycle<'a> {
    /// A cycle of these forms, in which nothing was done yet.
    pub(super) fn new(forms: &'a Forms, started: Timestamp) -> Self {
        Self {
            forms,
            started,
            waits: None,
            open: BTreeMap::new(),
            looked_at: BTreeMap::new(),
            is_held_back: false,
        }
    }

    /// Until when a row rests that could not be served.
    pub(super) fn waiting(&mut self, trouble: &Trouble, now: Timestamp) -> Rest {
        let at = match trouble {
            Trouble::NotBefore(at) => *at,
            Trouble::Suspended(_) => now.plus(LOOK_EVERY_MS),
            Trouble::Call(_) | Trouble::Store(_) => now.plus(TROUBLE_MS),
        };
        self.waits = Some(self.waits.map_or(at, |waits| waits.min(at)));
        Rest::Deferred(at)
    }
}

/// A kind of write that the guard counts.
type Kind = (Side, Action);

impl Context {
    async fn run_cycle(&self, cycle: &mut Cycle<'_>, mode: Mode) -> anyhow::Result<()> {
        loop {
            self.empty_purse();
            cycle.is_held_back = self.parents_are_on_their_way(cycle.forms).await?;
            let planned = self.plan_all(cycle, mode == Mode::Observe).await?;
            let full = self.is_full(&planned);
            match mode {
                Mode::Observe => self.would_write(planned).await?,
                Mode::Sync => {
                    let free = self.guard(cycle, planned).await?;
                    let free = self.wait_for_parents(free).await?;
                    let free = self.wait_for_parcels(cycle, free).await?;
                    let free = self.part_twins(cycle, free).await?;
                    self.note_departing(cycle.forms, &free).await?;
                    self.write_all(cycle, free).await?;
                }
            }
            if !full {
                self.note_helping(cycle);
                return Ok(());
            }
            self.advance_loads(mode).await?;
        }
    }

    /// Plans what is ready, lane by lane in the order of importance, up to a cycle's bound. What is
    /// written at once is shown to nobody before.
    async fn plan_all(
        &self,
        cycle: &mut Cycle<'_>,
        is_shown: bool,
    ) -> anyhow::Result<Vec<Planned>> {
        let bounds = &self.settings.bounds;
        let chunk = bounds.match_keys.max(1) * bounds.match_queries.max(1);
        let mut planned = Vec::new();
        let object = cycle.forms.object();
        self.begin_planning(object);
        let is_held_back = cycle.is_held_back;
        let taken = |lane: &Lane| !is_held_back || !LOADED.contains(lane);
        for lane in Lane::ALL.iter().copied().filter(taken) {
            if self.waits_for_snapshot(object, lane) {
                continue;
            }
            if let Some(at) = self.helped_from(object, lane).await? {
                cycle.waits = Some(cycle.waits.map_or(at, |waits| waits.min(at)));
                cycle.is_held_back = true;
                continue;
            }
            if self.outlived(object, lane).await? {
                cycle.is_held_back = true;
                continue;
            }
            while !self.is_full(&planned) {
                let rows = self.take_rows(cycle, lane, chunk).await?;
                if rows.is_empty() {
                    break;
                }
                *cycle.looked_at.entry(lane).or_default() += rows.len();
                let kept = rows.clone();
                let plan = async {
                    self.afford(lane).await?;
                    self.check_snapshot(cycle.forms, lane).await?;
                    self.plan_rows(cycle.forms, rows, lane).await
                };
                match plan.await {
                    Ok(more) if is_shown => planned.extend(more),
                    Ok(more) => planned.extend(more.into_iter().map(|one| Planned {
                        noted: Vec::new(),
                        ..one
                    })),
                    Err(Trouble::Store(error)) => return Err(error),
                    Err(trouble) => {
                        self.put_back(cycle, kept, &trouble).await?;
                        break;
                    }
                }
            }
        }
        Ok(planned)
    }

    /// Up to `most` rows of a lane: as many pages of the inbox as it takes to fill a match call.
    async fn take_rows(
        &self,
        cycle: &Cycle<'_>,
        lane: Lane,
        most: usize,
    ) -> anyhow::Result<Vec<Row>> {
        let (object, now) = (cycle.forms.object().clone(), cycle.started);
        self.store
            .write(move |tx| {
                let mut rows = Vec::new();
                while rows.len() < most {
                    let want = Want {
                        limit: u32::try_from(most - rows.len()).unwrap_or(u32::MAX),
                        now,
                        lanes: &[lane],
                        object: Some(&object),
                        side: None,
                    };
                    let page = inbox::take(tx, &want)?;
                    if page.is_empty() {
                        break;
                    }
                    rows.extend(page);
                }
                Ok(rows)
            })
            .await
    }

    /// Rows that could not be served go back; no one is lost and no one spins.
    pub(super) async fn put_back(
        &self,
        cycle: &mut Cycle<'_>,
        rows: Vec<Row>,
        trouble: &Trouble,
    ) -> anyhow::Result<()> {
        let rest = cycle.waiting(trouble, self.clock.now());
        self.store
            .write(move |tx| {
                rows.iter()
                    .try_for_each(|row| inbox::put_back(tx, row, &rest))
            })
            .await
    }

    /// Rows whose parent has no partner yet rest until it has one; the others are returned.
    async fn wait_for_parents(&self, planned: Vec<Planned>) -> anyhow::Result<Vec<Planned>> {
        let (waiting, free): (Vec<Planned>, Vec<Planned>) =
            planned.into_iter().partition(|one| one.waits.is_some());
        if !waiting.is_empty() {
            self.store
                .write(move |tx| waiting.iter().try_for_each(|one| conclude::wait(tx, one)))
                .await?;
            self.wakes.notifier.ring();
        }
        Ok(free)
    }

    /// In mode observe a row with writes stays and is counted.
    async fn would_write(&self, planned: Vec<Planned>) -> anyhow::Result<()> {
        if planned.is_empty() {
            return Ok(());
        }
        self.store
            .write(move |tx| {
                planned.iter().try_for_each(|one| {
                    inbox::cover(tx, &one.row, &one.ids)?;
                    inbox::put_back(tx, &one.row, &Rest::WouldWrite)?;
                    inbox::note_plan(tx, &one.row, &one.noted)
                })
            })
            .await
    }

    /// Holds the whole set of each kind that the guard stops; returns what may be written.
    async fn guard(
        &self,
        cycle: &Cycle<'_>,
        planned: Vec<Planned>,
    ) -> anyhow::Result<Vec<Planned>> {
        let mut counts: BTreeMap<Kind, u64> = BTreeMap::new();
        for one in planned.iter().filter(|one| !one.is_approved()) {
            for write in one.counted() {
                *counts.entry((write.to, write.action)).or_default() += 1;
            }
        }
        let mut stopped: BTreeMap<Kind, i64> = BTreeMap::new();
        for ((to, action), this_cycle) in counts {
            if let Some(hold) = self.judge(cycle, to, action, this_cycle, &planned).await? {
                stopped.insert((to, action), hold);
            }
        }
        let (held, free): (Vec<Planned>, Vec<Planned>) = planned.into_iter().partition(|one| {
            !one.is_approved()
                && one
                    .counted()
                    .any(|write| stopped.contains_key(&(write.to, write.action)))
        });
        if !held.is_empty() {
            self.store
                .write(move |tx| {
                    for one in &held {
                        let kind_of = |write: &Write| (write.to, write.action);
                        let number = one.counted().find_map(|write| stopped.get(&kind_of(write)));
                        if let Some(number) = number {
                            inbox::cover(tx, &one.row, &one.ids)?;
                            inbox::put_back(tx, &one.row, &Rest::Held(*number))?;
                        }
                    }
                    Ok(())
                })
                .await?;
        }
        Ok(free)
    }

    /// The hold that a kind of write belongs to: one that is open, or a new one above the limits.
    async fn judge(
        &self,
        cycle: &Cycle<'_>,
        to: Side,
        action: Action,
        this_cycle: u64,
        planned: &[Planned],
    ) -> anyhow::Result<Option<i64>> {
        let object = cycle.forms.object().clone();
        let limits = self.settings.guard;
        let field = only_field(planned, to, action);
        let held = self
            .store
            .write(move |tx| {
                if let Some(open) = holds::open_for(tx, &object, to, action)? {
                    return Ok(Some((open.number, None)));
                }
                let last_24h = holds::written(tx, &object, to, action, tx.now())?;
                let count = Count {
                    last_24h,
                    this_cycle,
                    pairs: pairs::total(tx, &object)?,
                };
                match guard::judge(action, count, &limits) {
                    Verdict::Go => Ok(None),
                    Verdict::Hold { limit } => {
                        let hold = holds::next_number(tx)?;
                        let records = this_cycle;
                        let event = CycleHeld {
                            hold,
                            object,
                            to,
                            action,
                            records,
                            limit,
                            field,
                        };
                        projections::append(tx, None, event.clone())?;
                        Ok(Some((hold, Some(event))))
                    }
                }
            })
            .await?;
        if let Some((hold, Some(event))) = &held {
            tell_held(*hold, event, planned);
            self.wakes.notifier.ring();
        }
        Ok(held.map(|(hold, _)| hold))
    }
}

/// A first load is held by design: that is a notice and no trouble.
fn tell_held(hold: i64, event: &CycleHeld, planned: &[Planned]) {
    let CycleHeld {
        object,
        to,
        action,
        limit,
        ..
    } = event;
    let records = thousands(event.records);
    let limit = thousands(*limit);
    let field = event
        .field
        .as_ref()
        .map(|field| format!(", all of {field}"));
    let field = field.unwrap_or_default();
    let next =
        format!("see \"syncline approve H-{hold} --show\", then \"syncline approve H-{hold}\"");
    if planned.iter().all(|one| one.row.lane == Lane::Backfill) {
        tracing::info!(
            notice = true,
            %object,
            "HELD H-{hold}: first load, {object} to {to}, {records} records to be {action}{field}; \
             it waits for a person, none of them written; {next}"
        );
    } else {
        tracing::error!(
            %object,
            "HELD H-{hold}: {object} to {to}, {records} records to be {action}{field} \
             (guard {limit} in 24 h); none of them written; {next}"
        );
    }
}

/// The one field that all writes of a kind concern, if there is only one.
fn only_field(planned: &[Planned], to: Side, action: Action) -> Option<FieldName> {
    let mut only: Option<&FieldName> = None;
    for write in planned.iter().flat_map(Planned::counted) {
        if (write.to, write.action) != (to, action) {
            continue;
        }
        for field in write.fields.keys() {
            if only.is_some_and(|known| known != field) {
                return None;
            }
            only = Some(field);
        }
    }
    only.cloned()
}
