//! Writes what was planned, in as few calls as the other side bears, and concludes each record.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::answers::{self, Concluded, Open, Target};
use super::context::Context;
use super::cycle::Cycle;
use super::decision::Planned;
use super::gate::{Errand, Trouble};
use super::job::{
    Answer, Job, Made, Refused, Reported, Wrote, halves, hubspot_answer, hubspot_parts,
    hubspot_row, said, salesforce_answer, span,
};
use super::loads;
use super::pack;
use super::partner::mark;
use crate::crm::http::CallError;
use crate::crm::hubspot::HubSpotRow;
use crate::domain::attempt::Attempt;
use crate::domain::call::{Lane, Operation};
use crate::domain::event::Action;
use crate::domain::mapping::Mapping;
use crate::domain::merge::Write;
use crate::domain::record::{Fields, RecordKey, Side, Value};
use crate::inbox;

/// What writes have in common that go into one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Aim {
    pub(super) lane: Lane,
    pub(super) to: Side,
    /// The place of the form that the Salesforce records have.
    pub(super) form: usize,
}

impl Aim {
    fn mapping<'c>(self, cycle: &Cycle<'c>) -> &'c Mapping {
        &cycle.forms.at(self.form).mapping
    }
}

impl Context {
    /// Writes everything planned: to Salesforce, then to HubSpot, then the ids of what was created,
    /// then what is to be associated.
    pub(super) async fn write_all(
        &self,
        cycle: &mut Cycle<'_>,
        planned: Vec<Planned>,
    ) -> anyhow::Result<()> {
        let object = cycle.forms.object().clone();
        let mut jobs: BTreeMap<Aim, Vec<Job>> = BTreeMap::new();
        let mut linked = Vec::new();
        for mut one in planned {
            let writes = std::mem::take(&mut one.writes);
            let last = writes.len();
            for (place, write) in writes.into_iter().enumerate() {
                let aim = Aim {
                    lane: one.row.lane,
                    to: write.to,
                    form: one.form,
                };
                let job = Job {
                    attempt: answers::attempt(&one, write),
                    row: Some(one.row.clone()),
                    last: place + 1 == last && !one.has_links(),
                    again: one.again,
                    form: one.form,
                };
                jobs.entry(aim).or_default().push(job);
            }
            if one.has_links() {
                linked.push(one);
            }
        }
        let mut marks: BTreeMap<Aim, Vec<Job>> = BTreeMap::new();
        let mut all_made = Vec::new();
        for side in [Side::Salesforce, Side::HubSpot] {
            for (aim, jobs) in jobs.extract_if(.., |aim, _| aim.to == side) {
                let jobs = self.pack(cycle, aim, jobs).await?;
                self.begin_by_batches(&object, &jobs).await?;
                for made in self.write_lane(cycle, aim, jobs).await? {
                    if let Some((back, job)) = self.mark_back(cycle, aim, &made) {
                        marks.entry(back).or_default().push(job);
                    }
                    all_made.push(made);
                }
            }
        }
        for (aim, jobs) in marks {
            let jobs = self.pack(cycle, aim, jobs).await?;
            self.write_lane(cycle, aim, jobs).await?;
        }
        self.write_links(cycle, linked, &all_made).await
    }

    /// The write back that tells the source of a record just made who its partner is, where there is
    /// a field for that; `aim` made it.
    pub(super) fn mark_back(&self, cycle: &Cycle<'_>, aim: Aim, made: &Made) -> Option<(Aim, Job)> {
        let back = Aim {
            to: aim.to.other(),
            form: cycle.forms.place_of(made.ids.salesforce.as_ref()),
            ..aim
        };
        let takes = cycle.forms.at(back.form).takes_marks(back.to);
        takes.then(|| (back, self.mark_job(cycle, back, made)))
    }

    /// The write that tells a created record's source who its partner is.
    fn mark_job(&self, cycle: &Cycle<'_>, aim: Aim, made: &Made) -> Job {
        let Aim { lane, to, form } = aim;
        let value = match (to, &made.ids.hubspot, &made.ids.salesforce) {
            (Side::HubSpot, _, Some(id)) => id.to_string(),
            (Side::Salesforce, Some(id), _) => mark(self.settings.portal, id),
            (Side::HubSpot | Side::Salesforce, _, _) => String::new(),
        };
        let mut fields = Fields::new();
        fields.insert(
            aim.mapping(cycle).id_field_on(to).clone(),
            Value::Text(value),
        );
        let write = Write {
            to,
            action: Action::Updated,
            id: made.ids.id(to).cloned(),
            fields,
            moved: Vec::new(),
            lost: Vec::new(),
            withheld: Vec::new(),
            replaced: Fields::new(),
            marks: true,
        };
        Job {
            attempt: Attempt {
                ids: made.ids.clone(),
                write,
                lane,
                number: 1,
                ask: None,
                foretold: Vec::new(),
            },
            row: None,
            last: true,
            again: false,
            form,
        }
    }

    /// Writes one lane's jobs to one side; returns the pairs that were created.
    pub(super) async fn write_lane(
        &self,
        cycle: &mut Cycle<'_>,
        aim: Aim,
        mut jobs: Vec<Job>,
    ) -> anyhow::Result<Vec<Made>> {
        let mut made = Vec::new();
        while !jobs.is_empty() {
            let width = self.width(cycle, aim).min(jobs.len());
            let rest = jobs.split_off(width);
            let call = std::mem::replace(&mut jobs, rest);
            self.intend(aim.mapping(cycle), &call).await?;
            match self.write_call(cycle, aim, &call).await {
                Ok(answers) => {
                    let (more, open) = self.conclude(cycle, aim, call, answers).await?;
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

    fn width(&self, cycle: &Cycle<'_>, aim: Aim) -> usize {
        let bounds = &self.settings.bounds;
        match aim.to {
            Side::HubSpot => bounds.hubspot_batch.max(1),
            Side::Salesforce => {
                let width_max = bounds.collection.max(1) * bounds.collections.max(1);
                let first = pack::WIDTH_FIRST.min(width_max);
                *self
                    .shared()
                    .widths
                    .entry(aim.mapping(cycle).name().clone())
                    .or_insert(first)
            }
        }
    }

    fn set_width(&self, cycle: &Cycle<'_>, aim: Aim, change: impl Fn(usize) -> usize) {
        let mut shared = self.shared();
        if let Some(width) = shared.widths.get_mut(aim.mapping(cycle).name()) {
            *width = change(*width);
        }
    }

    /// One call; whatever is refused whole is bisected, each half a call of its own.
    async fn write_call(
        &self,
        cycle: &Cycle<'_>,
        aim: Aim,
        jobs: &[Job],
    ) -> Result<Vec<Reported>, Trouble> {
        let mut reported: Vec<Reported> = Vec::with_capacity(jobs.len());
        let mut open: Vec<Vec<usize>> = vec![(0..jobs.len()).collect()];
        while let Some(places) = open.pop() {
            match self.write_once(cycle, aim, jobs, &places).await {
                Ok(wrote) => {
                    reported.extend(wrote.reported);
                    for part in wrote.refused {
                        if let [place] = part.places.as_slice() {
                            reported.push(Reported {
                                place: *place,
                                answer: Answer::Failed(said(part.failures)),
                                span: None,
                                call: part.call,
                            });
                        } else {
                            open.extend(halves(part.places));
                        }
                    }
                }
                Err(Trouble::Store(error)) => return Err(Trouble::Store(error)),
                // The first call's trouble concerns all its rows; a later half's leaves them open,
                // and the caller sees to it that they are matched again.
                Err(trouble) if reported.is_empty() && open.is_empty() => {
                    return Err(self.narrowed_by(trouble, cycle, aim));
                }
                Err(_) => (),
            }
        }
        Ok(reported)
    }

    /// A time-out narrows the next call; its rows are settled by key like any unknown outcome.
    fn narrowed_by(&self, trouble: Trouble, cycle: &Cycle<'_>, aim: Aim) -> Trouble {
        if let Trouble::Call(CallError::Unknown(_) | CallError::Unavailable { .. }) = &trouble {
            self.set_width(cycle, aim, pack::narrower);
        }
        trouble
    }

    async fn write_once(
        &self,
        cycle: &Cycle<'_>,
        aim: Aim,
        jobs: &[Job],
        places: &[usize],
    ) -> Result<Wrote, Trouble> {
        let wrote = match aim.to {
            Side::Salesforce => self.write_salesforce(cycle, aim, jobs, places).await,
            Side::HubSpot => self.write_hubspot(cycle, aim, jobs, places).await,
        };
        // Also without an answer: what was read before may be older than what stands there now.
        let now = self.clock.monotonic_ms();
        let mut shared = self.shared();
        for id in places
            .iter()
            .filter_map(|place| jobs[*place].attempt.write.id.clone())
        {
            let object = cycle.forms.object().clone();
            shared.fresh.forget(
                RecordKey {
                    side: aim.to,
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
        aim: Aim,
        jobs: &[Job],
        places: &[usize],
    ) -> Result<Wrote, Trouble> {
        let bounds = &self.settings.bounds;
        let form = cycle.forms.at(aim.form);
        let schema = &*form.schemas.salesforce;
        let planned = |place: usize| &jobs[place].attempt.write;
        let parts = pack::parts(&form.mapping, schema, places, planned, bounds);
        let carried = parts.places.iter().map(Vec::len).sum();
        let errand = Errand::new(
            Side::Salesforce,
            Operation::Write,
            aim.lane,
            cycle.forms.object(),
            carried,
        );
        let (sent_at, began) = (self.salesforce_now(), self.clock.monotonic_ms());
        let mut call = None;
        let send = || self.salesforce.write(&parts.batches);
        let mut wrote = Wrote::default();
        let reply = match self.call_told(&errand, &mut call, send).await {
            Ok(reply) => reply,
            Err(Trouble::Call(CallError::Rejected { failures, .. })) => {
                wrote.refused.push(Refused {
                    places: places.to_vec(),
                    failures,
                    call,
                });
                return Ok(wrote);
            }
            Err(trouble) => return Err(trouble),
        };
        let took_ms = self.clock.monotonic_ms() - began;
        let span = span(sent_at, reply.server_time);
        for (places, part) in parts.places.into_iter().zip(reply.value) {
            match part {
                Ok(rows) => {
                    wrote
                        .reported
                        .extend(places.into_iter().zip(rows).map(|(place, row)| Reported {
                            place,
                            answer: salesforce_answer(row),
                            span: span.clone(),
                            call,
                        }));
                }
                Err(failures) => wrote.refused.push(Refused {
                    places,
                    failures,
                    call,
                }),
            }
        }
        let width_max = bounds.collection.max(1) * bounds.collections.max(1);
        let crowded = wrote.reported.iter().any(Reported::asks_for_less);
        self.set_width(cycle, aim, |width| {
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
        aim: Aim,
        jobs: &[Job],
        places: &[usize],
    ) -> Result<Wrote, Trouble> {
        let mut wrote = Wrote::default();
        let form = cycle.forms.at(aim.form);
        for (operation, places) in hubspot_parts(&form.mapping, jobs, places) {
            if places.is_empty() {
                continue;
            }
            let rows: Vec<HubSpotRow> = places
                .iter()
                .map(|place| hubspot_row(&jobs[*place], *place))
                .collect();
            let errand = Errand::new(
                Side::HubSpot,
                Operation::Write,
                aim.lane,
                cycle.forms.object(),
                rows.len(),
            );
            let fields = cycle.forms.properties();
            let source = form.source(Side::HubSpot, &fields);
            let send = || self.hubspot.write(&source, &operation, &rows);
            let mut call = None;
            match self.call_told(&errand, &mut call, send).await {
                Ok(reply) => {
                    wrote
                        .reported
                        .extend(reply.value.into_iter().filter_map(|(trace, row)| {
                            let place = trace.parse().ok()?;
                            Some(Reported {
                                place,
                                answer: hubspot_answer(row),
                                span: None,
                                call,
                            })
                        }));
                }
                Err(Trouble::Call(CallError::Rejected { failures, .. })) => {
                    wrote.refused.push(Refused {
                        places,
                        failures,
                        call,
                    });
                }
                Err(trouble) => return Err(trouble),
            }
        }
        Ok(wrote)
    }

    /// Journals each record's answer; rows leave, or go back when an outcome is open. Returns the
    /// pairs made, and the rows that may not leave with their last write, with when to look again.
    pub(super) async fn conclude(
        &self,
        cycle: &Cycle<'_>,
        aim: Aim,
        jobs: Vec<Job>,
        answers: Vec<Reported>,
    ) -> anyhow::Result<(Vec<Made>, Vec<(i64, Open)>)> {
        let target = Target {
            mapping: aim.mapping(cycle).clone(),
            schema: Arc::clone(cycle.forms.at(aim.form).schemas.shared(aim.to)),
            key: self.store.key(),
        };
        let known_open = cycle.open.clone();
        let (concluded, released, done) = self
            .store
            .write(move |tx| {
                let mut concluded = Concluded {
                    open: known_open,
                    ..Concluded::default()
                };
                let mut by_place: BTreeMap<usize, Reported> =
                    answers.into_iter().map(|one| (one.place, one)).collect();
                let (mut done, mut refused) = (0, 0);
                for (place, job) in jobs.iter().enumerate() {
                    let reported = by_place.remove(&place);
                    if loads::is_counted(job) {
                        let answer = reported.as_ref().map(|one| &one.answer);
                        done += u64::from(!matches!(answer, None | Some(Answer::Unknown)));
                        let failed =
                            matches!(answer, Some(Answer::Failed(_) | Answer::Foretold(_)));
                        refused += u64::from(failed);
                    }
                    concluded.one(tx, job, reported, &target)?;
                }
                if done > 0 {
                    inbox::count_loaded(tx, &target.mapping.object, done, refused)?;
                }
                let released = super::retry::release(tx, &concluded.fixed)?;
                Ok((concluded, released, done))
            })
            .await?;
        loads::seem_fixed(released);
        self.tell_done(cycle.forms.object(), done).await?;
        self.wakes.notifier.ring();
        Ok((concluded.made, concluded.open.into_iter().collect()))
    }
}
