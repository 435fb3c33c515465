//! Writes what was planned, in as few calls as the other side bears, and concludes each record.

use std::collections::{BTreeMap, BTreeSet};

use super::conclude;
use super::context::Context;
use super::cycle::Cycle;
use super::gate::{Errand, Trouble};
use super::matching::mark;
use super::pack;
use super::planning::Planned;
use crate::crm::http::CallError;
use crate::crm::hubspot::{HubSpotOperation, HubSpotRow};
use crate::crm::{hubspot, salesforce};
use crate::domain::attempt::{Attempt, Shown};
use crate::domain::call::{Lane, Operation};
use crate::domain::event::{Action, Known, Span};
use crate::domain::failure::{Failure, RawFailure, System};
use crate::domain::merge::Write;
use crate::domain::record::{Fields, PairIds, Record, RecordId, RecordKey, Side, Timestamp, Value};
use crate::inbox::{self, Rest, Row};

/// One write of one planned row.
#[derive(Debug, Clone)]
struct Job {
    attempt: Attempt,
    /// The row that leaves the inbox with this job; none for a mark, which a later echo would heal.
    row: Option<Row>,
}

/// What a job's call brought.
#[derive(Clone)]
enum Answer {
    /// The record, and how it was shown, where the answer shows it.
    Written(RecordId, Option<Box<Record>>),
    Failed(Vec<RawFailure>),
    /// It may have taken effect: the row goes back and is matched by key.
    Unknown,
}

impl Context {
    /// Writes everything planned: to Salesforce, then to HubSpot, then the ids of what was created.
    pub(super) async fn write_all(
        &self,
        cycle: &mut Cycle<'_>,
        planned: Vec<Planned>,
    ) -> anyhow::Result<()> {
        let mut jobs: BTreeMap<(Lane, Side), Vec<Job>> = BTreeMap::new();
        for one in planned {
            let last = one.writes.len().saturating_sub(1);
            for (place, write) in one.writes.iter().enumerate() {
                let row = (place == last).then(|| one.row.clone());
                let job = Job {
                    attempt: conclude::attempt(&one, write),
                    row,
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
            match self.write_call(cycle, lane, to, &call).await {
                Ok(answers) => made.extend(self.conclude(cycle, to, call, answers).await?),
                Err(Trouble::Store(error)) => return Err(error),
                Err(trouble) => {
                    jobs.extend(call);
                    let rows = jobs.drain(..).filter_map(|job| job.row).collect();
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

    /// Journals each record's answer; rows leave, or go back when the outcome is unknown.
    async fn conclude(
        &self,
        cycle: &Cycle<'_>,
        to: Side,
        jobs: Vec<Job>,
        answers: Vec<Reported>,
    ) -> anyhow::Result<Vec<Made>> {
        let (mapping, schemas, key) = (
            cycle.mapping.clone(),
            cycle.schemas.clone(),
            self.store.key(),
        );
        let (made, released) = self
            .store
            .write(move |tx| {
                let (mut made, mut fixed) = (Vec::new(), BTreeSet::new());
                let mut by_place: BTreeMap<usize, Reported> =
                    answers.into_iter().map(|one| (one.place, one)).collect();
                for (place, job) in jobs.iter().enumerate() {
                    // A row that the answer does not mention has an unknown outcome.
                    let reported = by_place.remove(&place);
                    let (answer, span) =
                        reported.map_or((Answer::Unknown, None), |one| (one.answer, one.span));
                    match answer {
                        Answer::Written(id, record) => {
                            let schema = schemas.on(to);
                            let shown = match (&record, span) {
                                (Some(record), _) => Shown::Record(record, schema, &mapping, &key),
                                (None, span) => Shown::Later(span.unwrap_or(Span {
                                    from: tx.now(),
                                    to: tx.now(),
                                })),
                            };
                            let ids = conclude::synced(tx, &job.attempt, &id, &shown, &mut fixed)?;
                            if job.attempt.write.action == Action::Created {
                                made.push(Made {
                                    ids,
                                    created_on: to,
                                });
                            }
                            if let Some(row) = &job.row {
                                inbox::conclude(tx, row)?;
                            }
                        }
                        Answer::Failed(failures) => {
                            let releases =
                                conclude::failed(tx, &job.attempt, failures, Known::Answered)?;
                            if let Some(row) = &job.row {
                                conclude::after_failure(tx, row, &releases)?;
                            }
                        }
                        Answer::Unknown => {
                            if let Some(row) = &job.row {
                                inbox::put_back(
                                    tx,
                                    row,
                                    &Rest::Deferred(tx.now().plus(UNKNOWN_MS)),
                                )?;
                            }
                        }
                    }
                }
                Ok((made, super::retry::release(tx, &fixed)?))
            })
            .await?;
        for (cause, records) in released {
            tracing::info!(
                cause,
                "C-{cause} seems fixed; {records} more records will be tried again"
            );
        }
        self.wakes.notifier.ring();
        Ok(made)
    }
}

/// How long a row of unknown outcome waits before it is matched again.
const UNKNOWN_MS: i64 = 500;

/// A pair of which one half was created now.
struct Made {
    ids: PairIds,
    created_on: Side,
}

/// One job's answer.
struct Reported {
    place: usize,
    answer: Answer,
    span: Option<Span>,
}

impl Reported {
    fn asks_for_less(&self) -> bool {
        match &self.answer {
            Answer::Failed(failures) => failures
                .iter()
                .any(|one| pack::asks_for_less(&one.failure.code)),
            Answer::Written(..) | Answer::Unknown => false,
        }
    }
}

/// What one or two calls brought: answers by record, and parts that were refused whole.
#[derive(Default)]
struct Wrote {
    reported: Vec<Reported>,
    refused: Vec<(Vec<usize>, Vec<RawFailure>)>,
}

fn halves(mut places: Vec<usize>) -> [Vec<usize>; 2] {
    let second = places.split_off(places.len() / 2);
    [second, places]
}

fn salesforce_answer(row: salesforce::RowOutcome) -> Answer {
    match row {
        salesforce::RowOutcome::Written { id, .. } => Answer::Written(id, None),
        salesforce::RowOutcome::Failed(failures) => Answer::Failed(said(failures)),
    }
}

fn hubspot_answer(row: hubspot::RowOutcome) -> Answer {
    match row {
        hubspot::RowOutcome::Written { id, shown, .. } => Answer::Written(id, shown.map(Box::new)),
        hubspot::RowOutcome::Failed(failures) => Answer::Failed(said(failures)),
        hubspot::RowOutcome::Unmentioned => Answer::Unknown,
    }
}

/// A refusal without a word still names a failure.
fn said(failures: Vec<RawFailure>) -> Vec<RawFailure> {
    if !failures.is_empty() {
        return failures;
    }
    let failure = Failure::of(System::Syncline, "refused_without_reason");
    vec![RawFailure {
        failure,
        message: String::new(),
        value: None,
        rule: None,
    }]
}

/// The span in which our write can have been stamped, on the server's clock of whole seconds.
fn span(sent_at: Option<Timestamp>, answered_at: Option<Timestamp>) -> Option<Span> {
    let (from, to) = (sent_at?, answered_at?);
    Some(Span {
        from: from.plus(-2_000),
        to: to.max(from).plus(1_000),
    })
}

fn hubspot_row(job: &Job, place: usize) -> HubSpotRow {
    let write = &job.attempt.write;
    let id: Option<RecordId> = match write.action {
        Action::Created => job.attempt.ids.salesforce.clone(),
        Action::Updated
        | Action::Blanked
        | Action::Deleted
        | Action::Associated
        | Action::Agreed => write.id.clone(),
    };
    let id = id.map(|id| id.to_string()).unwrap_or_default();
    HubSpotRow {
        trace: place.to_string(),
        key: id,
        fields: write.fields.clone(),
    }
}
