//! Writes what was planned, in as few calls as the other side bears, and concludes each record.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::conclude::{self, Concluded, Open, Target};
use super::context::Context;
use super::cycle::Cycle;
use super::decision::Planned;
use super::gate::{Errand, Trouble};
use super::job::{
    Answer, Job, Made, Reported, Wrote, halves, hubspot_answer, hubspot_row, said,
    salesforce_answer, span,
};
use super::pack;
use super::partner::mark;
use crate::crm::http::CallError;
use crate::crm::hubspot::{HubSpotOperation, HubSpotRow};
use crate::domain::attempt::Attempt;
use crate::domain::call::{Lane, Operation};
use crate::domain::event::Action;
use crate::domain::merge::Write;
use crate::domain::record::{Fields, RecordKey, Side, Value};

impl Context {
    /// Writes everything planned: to Salesforce, then to HubSpot, then the ids of what was created.
    pub(super) async fn write_all(
        &self,
        cycle: &mut Cycle<'_>,
        planned: Vec<Planned>,
    ) -> anyhow::Result<()> {
        let mut jobs: BTreeMap<(Lane, Side), Vec<Job>> = BTreeMap::new();
        for one in planned {
            for (place, write) in one.writes.iter().enumerate() {
                let job = Job {
                    attempt: conclude::attempt(&one, write),
                    row: Some(one.row.clone()),
                    last: place + 1 == one.writes.len(),
                };
                jobs.entry((one.row.lane, write.to)).or_default().push(job);
            }
        }
        let mut marks: BTreeMap<(Lane, Side), Vec<Job>> = BTreeMap::new();
        for side in [Side::Salesforce, Side::HubSpot] {
            for ((lane, to), jobs) in jobs.extract_if(.., |(_, to), _| *to == side) {
                for made in self.write_lane(cycle, lane, to, jobs).await? {
                    let job = self.mark_job(cycle, lane, &made);
                    marks.entry((lane, to.other())).or_default().push(job);
                }
            }
        }
        for ((lane, to), jobs) in marks {
            self.write_lane(cycle, lane, to, jobs).await?;
        }
        Ok(())
    }

    /// The write that tells a created record's source who its partner is.
    fn mark_job(&self, cycle: &Cycle<'_>, lane: Lane, made: &Made) -> Job {
        let to = made.created_on.other();
        let value = match (to, &made.ids.hubspot, &made.ids.salesforce) {
            (Side::HubSpot, _, Some(id)) => id.to_string(),
            (Side::Salesforce, Some(id), _) => mark(self.settings.portal, id),
            (Side::HubSpot | Side::Salesforce, _, _) => String::new(),
        };
        let mut fields = Fields::new();
        fields.insert(cycle.mapping.id_field_on(to).clone(), Value::Text(value));
        let write = Write {
            to,
            action: Action::Updated,
            id: made.ids.id(to).cloned(),
            fields,
            moved: Vec::new(),
            lost: Vec::new(),
            marks: true,
        };
        Job {
            attempt: Attempt {
                ids: made.ids.clone(),
                write,
                lane,
                number: 1,
                ask: None,
            },
            row: None,
            last: true,
        }
    }

    /// Writes one lane's jobs to one side; returns the pairs that were created.
    async fn write_lane(
        &self,
        cycle: &mut Cycle<'_>,
        lane: Lane,
        to: Side,
        mut jobs: Vec<Job>,
    ) -> anyhow::Result<Vec<Made>> {
        let mut made = Vec::new();
        while !jobs.is_empty() {
            let width = self.width(cycle, to).min(jobs.len());
            let rest = jobs.split_off(width);
            let call = std::mem::replace(&mut jobs, rest);
            self.intend(cycle.mapping, &call).await?;
            match self.write_call(cycle, lane, to, &call).await {
                Ok(answers) => {
                    let (more, open) = self.conclude(cycle, to, call, answers).await?;
                    made.extend(more);
                    cycle.open.extend(open);
                }
                Err(Trouble::Store(error)) => return Err(error),
                Err(trouble) => {
                    jobs.extend(call);
                    let (last, first): (Vec<Job>, Vec<Job>) =
                        jobs.drain(..).partition(|job| job.last);
                    // The row's other write is still to come and settles it: not as done.
                    let open = Open::unknown(self.clock.now());
                    let first = first.into_iter();
                    cycle
                        .open
                        .extend(first.filter_map(|job| Some((job.row?.number, open))));
                    let rows = last.into_iter().filter_map(|job| job.row).collect();
                    self.put_back(cycle, rows, &trouble).await?;
                }
            }
        }
        Ok(made)
    }

    fn width(&self, cycle: &Cycle<'_>, to: Side) -> usize {
        let bounds = &self.settings.bounds;
        match to {
            Side::HubSpot => bounds.hubspot_batch.max(1),
            Side::Salesforce => {
                let width_max = bounds.collection.max(1) * bounds.collections.max(1);
                let first = pack::WIDTH_FIRST.min(width_max);
                *self
                    .shared()
                    .widths
                    .entry(cycle.mapping.object.clone())
                    .or_insert(first)
            }
        }
    }

    fn set_width(&self, cycle: &Cycle<'_>, change: impl Fn(usize) -> usize) {
        let mut shared = self.shared();
        if let Some(width) = shared.widths.get_mut(&cycle.mapping.object) {
            *width = change(*width);
        }
    }

    /// One call; whatever is refused whole is bisected, each half a call of its own.
    async fn write_call(
        &self,
        cycle: &Cycle<'_>,
        lane: Lane,
        to: Side,
        jobs: &[Job],
    ) -> Result<Vec<Reported>, Trouble> {
        let mut reported: Vec<Reported> = Vec::with_capacity(jobs.len());
        let mut open: Vec<Vec<usize>> = vec![(0..jobs.len()).collect()];
        while let Some(places) = open.pop() {
            let alone = places.len() == 1;
            match self.write_once(cycle, lane, to, jobs, &places).await {
                Ok(wrote) => {
                    reported.extend(wrote.reported);
                    for (places, failures) in wrote.refused {
                        if let [place] = places.as_slice() {
                            let answer = Answer::Failed(said(failures));
                            reported.push(Reported {
                                place: *place,
                                answer,
                                span: None,
                            });
                        } else {
                            open.extend(halves(places));
                        }
                    }
                }
                Err(Trouble::Call(CallError::Rejected { failures, .. })) if alone => {
                    let answer = Answer::Failed(said(failures));
                    reported.extend(places.into_iter().map(|place| Reported {
                        place,
                        answer: answer.clone(),
                        span: None,
                    }));
                }
                Err(Trouble::Call(CallError::Rejected { .. })) => open.extend(halves(places)),
                Err(Trouble::Store(error)) => return Err(Trouble::Store(error)),
                // The first call's trouble concerns all its rows; a later half's leaves them open,
                // and the caller sees to it that they are matched again.
                Err(trouble) if reported.is_empty() && open.is_empty() => {
                    return Err(self.narrowed_by(trouble, cycle));
                }
                Err(_) => (),
            }
        }
        Ok(reported)
    }

    /// A time-out narrows the next call; its rows are settled by key like any unknown outcome.
    fn narrowed_by(&self, trouble: Trouble, cycle: &Cycle<'_>) -> Trouble {
        if let Trouble::Call(CallError::Unknown(_) | CallError::Unavailable { .. }) = &trouble {
            self.set_width(cycle, pack::narrower);
        }
        trouble
    }

    async fn write_once(
        &self,
        cycle: &Cycle<'_>,
        lane: Lane,
        to: Side,
        jobs: &[Job],
        places: &[usize],
    ) -> Result<Wrote, Trouble> {
        let wrote = match to {
            Side::Salesforce => self.write_salesforce(cycle, lane, jobs, places).await,
            Side::HubSpot => self.write_hubspot(cycle, lane, jobs, places).await,
        };
        // Also without an answer: what was read before may be older than what stands there now.
        let now = self.clock.monotonic_ms();
        let mut shared = self.shared();
        for id in places
            .iter()
            .filter_map(|place| jobs[*place].attempt.write.id.clone())
        {
            let object = cycle.mapping.object.clone();
            shared.fresh.forget(
                RecordKey {
                    side: to,
                    object,
                    id,
                },
                now,
            );
        }
        drop(shared);
        wrote
    }

    async fn write_salesforce(
        &self,
        cycle: &Cycle<'_>,
        lane: Lane,
        jobs: &[Job],
        places: &[usize],
    ) -> Result<Wrote, Trouble> {
        let bounds = &self.settings.bounds;
        let schema = &*cycle.schemas.salesforce;
        let planned = |place: usize| &jobs[place].attempt.write;
        let parts = pack::parts(cycle.mapping, schema, places, planned, bounds);
        let carried = parts.places.iter().map(Vec::len).sum();
        let errand = Errand::new(
            Side::Salesforce,
            Operation::Write,
            lane,
            &cycle.mapping.object,
            carried,
        );
        let (sent_at, began) = (self.salesforce_now(), self.clock.monotonic_ms());
        let reply = self
            .call(&errand, || self.salesforce.write(&parts.batches))
            .await?;
        let took_ms = self.clock.monotonic_ms() - began;
        let span = span(sent_at, reply.server_time);
        let mut wrote = Wrote::default();
        for (places, part) in parts.places.into_iter().zip(reply.value) {
            match part {
                Ok(rows) => {
                    wrote
                        .reported
                        .extend(places.into_iter().zip(rows).map(|(place, row)| Reported {
                            place,
                            answer: salesforce_answer(row),
                            span: span.clone(),
                        }));
                }
                Err(failures) => wrote.refused.push((places, failures)),
            }
        }
        let width_max = bounds.collection.max(1) * bounds.collections.max(1);
        let crowded = wrote.reported.iter().any(Reported::asks_for_less);
        self.set_width(cycle, |width| {
            if crowded {
                pack::narrower(width)
            } else {
                pack::wider(width, width_max, took_ms)
            }
        });
        Ok(wrote)
    }

    async fn write_hubspot(
        &self,
        cycle: &Cycle<'_>,
        lane: Lane,
        jobs: &[Job],
        places: &[usize],
    ) -> Result<Wrote, Trouble> {
        let mut wrote = Wrote::default();
        let (creates, changes): (Vec<usize>, Vec<usize>) = places
            .iter()
            .partition(|place| jobs[**place].attempt.write.action == Action::Created);
        for (create, places) in [(true, creates), (false, changes)] {
            if places.is_empty() {
                continue;
            }
            let rows: Vec<HubSpotRow> = places
                .iter()
                .map(|place| hubspot_row(&jobs[*place], *place))
                .collect();
            let operation = if create {
                HubSpotOperation::Upsert {
                    id_property: cycle.mapping.hubspot_id_field.clone(),
                }
            } else {
                HubSpotOperation::Update
            };
            let errand = Errand::new(
                Side::HubSpot,
                Operation::Write,
                lane,
                &cycle.mapping.object,
                rows.len(),
            );
            let fields = cycle.mapping.fields_on(Side::HubSpot);
            let source = cycle.schemas.source(cycle.mapping, Side::HubSpot, &fields);
            let send = || self.hubspot.write(&source, &operation, &rows);
            match self.call(&errand, send).await {
                Ok(reply) => {
                    wrote
                        .reported
                        .extend(reply.value.into_iter().filter_map(|(trace, row)| {
                            let place = trace.parse().ok()?;
                            Some(Reported {
                                place,
                                answer: hubspot_answer(row),
                                span: None,
                            })
                        }));
                }
                Err(Trouble::Call(CallError::Rejected { failures, .. })) => {
                    wrote.refused.push((places, failures));
                }
                Err(trouble) => return Err(trouble),
            }
        }
        Ok(wrote)
    }

    /// Journals each record's answer; rows leave, or go back when an outcome is open. Returns the
    /// pairs made, and the rows that may not leave with their last write, with when to look again.
    async fn conclude(
        &self,
        cycle: &Cycle<'_>,
        to: Side,
        jobs: Vec<Job>,
        answers: Vec<Reported>,
    ) -> anyhow::Result<(Vec<Made>, Vec<(i64, Open)>)> {
        let target = Target {
            mapping: cycle.mapping.clone(),
            schema: Arc::clone(cycle.schemas.shared(to)),
            key: self.store.key(),
        };
        let known_open = cycle.open.clone();
        let (concluded, released) = self
            .store
            .write(move |tx| {
                let mut concluded = Concluded {
                    open: known_open,
                    ..Concluded::default()
                };
                let mut by_place: BTreeMap<usize, Reported> =
                    answers.into_iter().map(|one| (one.place, one)).collect();
                for (place, job) in jobs.iter().enumerate() {
                    concluded.one(tx, job, by_place.remove(&place), &target)?;
                }
                let released = super::retry::release(tx, &concluded.fixed)?;
                Ok((concluded, released))
            })
            .await?;
        for (cause, records) in released {
            tracing::info!(
                cause,
                "C-{cause} seems fixed; {records} more records will be tried again"
            );
        }
        self.wakes.notifier.ring();
        Ok((concluded.made, concluded.open.into_iter().collect()))
    }
}
