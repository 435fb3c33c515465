//! Associations are set once the records at both ends are there: by calls of their own, because no
//! batch of records carries them.

use std::collections::BTreeMap;

use super::answers;
use super::context::Context;
use super::cycle::Cycle;
use super::decision::Planned;
use super::gate::{Errand, Trouble};
use super::job::{Answer, Job, Made, Reported, said};
use super::write::Aim;
use crate::crm::http::CallError;
use crate::crm::hubspot::{self, ASSOCIATIONS_WRITE_MAX, Link, LinkOutcome};
use crate::domain::call::{Lane, Operation};
use crate::domain::failure::RawFailure;
use crate::domain::merge::Write;
use crate::domain::record::{ObjectName, RecordId, Side, Value};

/// What is done to associations of one kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Step {
    /// Taking away comes first: a record that moves must not hold both.
    sets: bool,
    lane: Lane,
    /// The object across.
    parent: ObjectName,
}

/// How one job fares; the worst of its links counts.
#[derive(Debug, Clone, Default)]
pub(super) struct Fate {
    failures: Vec<RawFailure>,
    unknown: bool,
}

impl Context {
    /// Sets the associations of rows whose other writes are done: Salesforce's, then HubSpot's. One
    /// whose record could not be made has nothing to associate: its row leaves as that write left
    /// it.
    pub(super) async fn write_links(
        &self,
        cycle: &mut Cycle<'_>,
        planned: Vec<Planned>,
        made: &[Made],
    ) -> anyhow::Result<()> {
        let (mut jobs, mut untold, mut over) = (Vec::new(), Vec::new(), Vec::new());
        for one in &planned {
            let mut writes: Vec<&Write> = one.links.iter().collect();
            writes.sort_by_key(|write| write.to == Side::HubSpot);
            // What is not set is told last: what is set ends all errors of its side.
            let refused = one.refused_links.iter();
            let refused = refused.map(|one| (&one.write, Some(&one.raw)));
            let steps = writes.into_iter().map(|write| (write, None));
            let steps: Vec<_> = steps.chain(refused).collect();
            let last = steps.len();
            for (place, (write, raw)) in steps.into_iter().enumerate() {
                let mut attempt = answers::attempt(one, write.clone());
                if attempt.write.id.is_none() {
                    let of_ours = |made: &&Made| made.ids.salesforce == one.ids.salesforce;
                    let ids = made.iter().find(of_ours).map(|made| made.ids.clone());
                    let Some(ids) = ids.filter(|ids| ids.hubspot.is_some()) else {
                        over.push(one.row.clone());
                        break;
                    };
                    attempt.write.id.clone_from(&ids.hubspot);
                    attempt.ids = ids;
                }
                let job = Job {
                    attempt,
                    row: Some(one.row.clone()),
                    last: place + 1 == last,
                    again: one.again,
                    form: one.form,
                };
                match raw {
                    None => jobs.push(job),
                    Some(raw) => untold.push((job, Some(Answer::Foretold(raw.clone())))),
                }
            }
        }
        self.leave_all(cycle, over).await?;
        for side in [Side::Salesforce, Side::HubSpot] {
            let mut jobs: Vec<Job> = jobs
                .extract_if(.., |job| job.attempt.write.to == side)
                .collect();
            if jobs.is_empty() {
                continue;
            }
            let fates = match side {
                Side::HubSpot => self.link(cycle, &jobs).await?,
                Side::Salesforce => {
                    jobs = self.pack_ties(cycle, jobs).await?;
                    self.write_roles(cycle, &jobs).await?
                }
            };
            let answered = jobs.into_iter().zip(fates).map(|(job, fate)| {
                let id = job.attempt.write.id.clone();
                let answer = id.and_then(|id| fate.answer(id));
                (job, answer)
            });
            self.conclude_links(cycle, side, answered.collect()).await?;
        }
        if untold.is_empty() {
            return Ok(());
        }
        self.conclude_links(cycle, Side::HubSpot, untold).await
    }

    /// Takes the steps, each in as few calls as it fits into.
    async fn link(&self, cycle: &Cycle<'_>, jobs: &[Job]) -> anyhow::Result<Vec<Fate>> {
        let mut steps: BTreeMap<Step, Vec<(usize, Link)>> = BTreeMap::new();
        for (place, job) in jobs.iter().enumerate() {
            for (step, link) in self.steps_of(cycle, job) {
                steps.entry(step).or_default().push((place, link));
            }
        }
        let mut fates = vec![Fate::default(); jobs.len()];
        for (step, links) in steps {
            let mut open: Vec<&[(usize, Link)]> = links.chunks(ASSOCIATIONS_WRITE_MAX).collect();
            while let Some(part) = open.pop() {
                match self.link_once(cycle, &step, part).await {
                    Ok(outcomes) => {
                        for ((place, _), outcome) in part.iter().zip(outcomes) {
                            fates[*place].note(outcome);
                        }
                    }
                    Err(Trouble::Call(CallError::Rejected { failures, .. })) => {
                        if let [(place, _)] = part {
                            fates[*place].note(LinkOutcome::Failed(failures));
                        } else {
                            let (first, second) = part.split_at(part.len() / 2);
                            open.extend([first, second]);
                        }
                    }
                    Err(Trouble::Store(error)) => return Err(error),
                    Err(_) => {
                        for (place, _) in part {
                            fates[*place].note(LinkOutcome::Unmentioned);
                        }
                    }
                }
            }
        }
        Ok(fates)
    }

    /// What a job's associations call for.
    fn steps_of(&self, cycle: &Cycle<'_>, job: &Job) -> Vec<(Step, Link)> {
        let write = &job.attempt.write;
        let Some(from) = &write.id else {
            return Vec::new();
        };
        let mut steps = Vec::new();
        for (name, value) in &write.fields {
            let wanted = end(value);
            let before = write.replaced.get(name).and_then(end);
            let mut step = |sets, (parent, to): (ObjectName, RecordId)| {
                let (lane, from) = (job.attempt.lane, from.clone());
                steps.push((Step { sets, lane, parent }, Link { from, to }));
            };
            // The label Primary moves by itself, and the former company stays without it. Without
            // such a label both would stand there alike, and the former one would count.
            let moves = |before: &ObjectName| {
                let parent = wanted.as_ref().map(|(parent, _)| parent);
                parent == Some(before) && self.has_primary(cycle, before)
            };
            if let Some(before) = before
                && !moves(&before.0)
            {
                step(false, before);
            }
            if let Some(wanted) = wanted {
                step(true, wanted);
            }
        }
        steps
    }

    fn has_primary(&self, cycle: &Cycle<'_>, parent: &ObjectName) -> bool {
        let from = &cycle.forms.first.mapping.hubspot_type;
        let mut to = self.settings.forms_of(parent).iter();
        to.any(|to| hubspot::has_primary(from, &to.hubspot_type))
    }

    async fn link_once(
        &self,
        cycle: &Cycle<'_>,
        step: &Step,
        part: &[(usize, Link)],
    ) -> Result<Vec<LinkOutcome>, Trouble> {
        let links: Vec<Link> = part.iter().map(|(_, link)| link.clone()).collect();
        let from = cycle.forms.first.mapping.hubspot_type.as_str();
        let Some(to) = self.settings.forms_of(&step.parent).first() else {
            return Ok(vec![LinkOutcome::Unmentioned; links.len()]);
        };
        let to = to.hubspot_type.as_str();
        let (object, carried) = (cycle.forms.object(), links.len());
        let errand = Errand::new(Side::HubSpot, Operation::Write, step.lane, object, carried);
        if step.sets {
            let send = || self.hubspot.associate(from, to, &links);
            Ok(self.call(&errand, send).await?.value)
        } else {
            let send = || self.hubspot.dissociate(from, to, &links);
            self.call(&errand, send).await?;
            Ok(vec![LinkOutcome::Set; links.len()])
        }
    }

    /// Concludes jobs by what is known of each; one of which nothing is has an unknown outcome.
    async fn conclude_links(
        &self,
        cycle: &mut Cycle<'_>,
        to: Side,
        answered: Vec<(Job, Option<Answer>)>,
    ) -> anyhow::Result<()> {
        let mut by_form: BTreeMap<usize, (Vec<Job>, Vec<Reported>)> = BTreeMap::new();
        for (job, answer) in answered {
            let (jobs, answers) = by_form.entry(job.form).or_default();
            if let Some(answer) = answer {
                let (place, span) = (jobs.len(), None);
                answers.push(Reported {
                    place,
                    answer,
                    span,
                    call: None,
                });
            }
            jobs.push(job);
        }
        for (form, (jobs, answers)) in by_form {
            let aim = Aim {
                lane: Lane::Live,
                to,
                form,
            };
            let (_, open) = self.conclude(cycle, aim, jobs, answers).await?;
            cycle.open.extend(open);
        }
        Ok(())
    }

    /// Ends rows whose last write is not to be made.
    async fn leave_all(
        &self,
        cycle: &mut Cycle<'_>,
        rows: Vec<crate::inbox::Row>,
    ) -> anyhow::Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut open = cycle.open.clone();
        self.store
            .write(move |tx| {
                let mut rows = rows.iter();
                rows.try_for_each(|row| answers::leave(tx, row, open.remove(&row.number)))
            })
            .await
    }
}

impl Fate {
    /// Notes what became of one of the job's links.
    pub(super) fn note(&mut self, outcome: LinkOutcome) {
        match outcome {
            LinkOutcome::Set => (),
            LinkOutcome::Failed(failures) => self.failures.extend(failures),
            LinkOutcome::Unmentioned => self.unknown = true,
        }
    }

    /// `None` when the outcome is unknown; all links of record `id` stand when none failed.
    fn answer(self, id: RecordId) -> Option<Answer> {
        if !self.failures.is_empty() {
            return Some(Answer::Failed(said(self.failures)));
        }
        (!self.unknown).then_some(Answer::Written(id, None))
    }
}

/// The record at the other end of an association, as it is written: `company/4711`.
fn end(value: &Value) -> Option<(ObjectName, RecordId)> {
    let Value::Text(text) = value else {
        return None;
    };
    let (object, id) = text.split_once('/')?;
    Some((ObjectName::parse(object).ok()?, RecordId::parse(id).ok()?))
}
