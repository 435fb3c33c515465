//! What became of a job's rows: each is concluded as a batch's row is, once, in transactions of
//! bounded size. A row that was concluded is in the parcel no more, so that a result may come twice.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Freight, Stood};
use crate::crm::http::CallError;
use crate::crm::salesforce::{Loaded, LoadedRow, ResultList, RowOutcome};
use crate::domain::attempt::Intent;
use crate::domain::call::Lane;
use crate::domain::event::{JobMoved, Span};
use crate::domain::load::LoadState;
use crate::domain::mapping::Mapping;
use crate::domain::record::{RecordKey, Side, Timestamp};
use crate::inbox::{self, Packed, Rest};
use crate::projections::{self, jobs};
use crate::store::Tx;
use crate::sync::answers::{Concluded, Target, UNKNOWN_MS};
use crate::sync::context::Context;
use crate::sync::cycle::Cycle;
use crate::sync::gate::Trouble;
use crate::sync::job::{Answer, Job, Made, Reported, salesforce_answer, span};
use crate::sync::write::Aim;

/// What a chunk of results came to.
struct Counted {
    concluded: Concluded,
    done: u64,
    refused: u64,
    /// Records that were changed by id.
    changed: Vec<RecordKey>,
}

impl Context {
    /// Fetches the lists that can hold a row, concludes their rows, and ends the parcel. A row that
    /// no list tells of may have been written.
    pub(super) async fn fetch_results(
        &self,
        freight: &Freight<'_>,
        job: &jobs::Job,
    ) -> Result<Stood, Trouble> {
        for list in lists(job) {
            if self.watch(freight.parcel, |watch| watch.fetched.contains(&list)) {
                continue;
            }
            let load = freight.load();
            let id = super::requests::id_of(job)?;
            let send = || self.salesforce.results(&id, list, &load);
            let rows = match self.call(&freight.errand(0), send).await {
                Ok(reply) => reply.value,
                // It is not kept any more.
                Err(Trouble::Call(CallError::Rejected { .. })) => Vec::new(),
                Err(trouble) => return Err(trouble),
            };
            self.conclude_all(freight, job, rows).await?;
            self.watch(freight.parcel, |watch| watch.fetched.insert(list));
        }
        let during = Span {
            from: job.uploaded_at.unwrap_or(job.since),
            to: job.ended_at.or(self.salesforce_now()).unwrap_or(job.since),
        };
        if freight.junction.is_some() {
            super::told::ties_done(freight.parcel, job);
        }
        let concluded = JobMoved {
            job: job.job,
            state: LoadState::Concluded,
            at: None,
            processed: job.processed,
            refused: job.refused,
        };
        self.return_rows(freight, Some(during), vec![concluded])
            .await?;
        Ok(Stood::Ended)
    }

    async fn conclude_all(
        &self,
        freight: &Freight<'_>,
        job: &jobs::Job,
        rows: Vec<LoadedRow>,
    ) -> anyhow::Result<()> {
        let bounds = &self.settings.bounds;
        let chunk = (bounds.collection * bounds.collections).max(1);
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            let some: Vec<LoadedRow> = rows.by_ref().take(chunk).collect();
            let Counted {
                concluded, changed, ..
            } = self.conclude_some(freight, job, some).await?;
            {
                let now = self.clock.monotonic_ms();
                let mut shared = self.shared();
                for key in changed {
                    shared.fresh.forget(key, now);
                }
            }
            self.mark_made(freight, concluded.made).await?;
            self.tell_progress(&freight.parcel.kind.object).await?;
            self.wakes.notifier.ring();
        }
        Ok(())
    }

    async fn conclude_some(
        &self,
        freight: &Freight<'_>,
        job: &jobs::Job,
        rows: Vec<LoadedRow>,
    ) -> anyhow::Result<Counted> {
        let form = freight.forms.at(freight.form);
        let target = Target {
            mapping: form.mapping.clone(),
            schema: Arc::clone(form.schemas.shared(Side::Salesforce)),
            key: self.store.key(),
        };
        let (parcel, place) = (freight.parcel.number, freight.form);
        let (object, lane) = (freight.parcel.kind.object.clone(), freight.parcel.kind.lane);
        let during = span(job.uploaded_at, job.ended_at);
        let ties = freight.junction.is_some();
        let (counted, released) = self
            .store
            .write(move |tx| {
                let mut counted = Counted {
                    concluded: Concluded::default(),
                    done: 0,
                    refused: 0,
                    changed: Vec::new(),
                };
                for loaded in rows {
                    let Some(packed) = inbox::packed_as(tx, parcel, &loaded.key)? else {
                        continue;
                    };
                    let outcome = match loaded.outcome {
                        Loaded::Concluded(outcome) => outcome,
                        Loaded::Unprocessed => {
                            back(tx, parcel, &packed, lane, None)?;
                            continue;
                        }
                    };
                    counted.note(&packed, &outcome);
                    let answer = match (outcome, &packed.attempt.write.id) {
                        // A record is associated now; that which associates it is none of a pair.
                        (RowOutcome::Written { .. }, Some(id)) if ties => {
                            Answer::Written(id.clone(), None)
                        }
                        (outcome, _) => salesforce_answer(outcome),
                    };
                    let row = inbox::unpack(tx, parcel, &packed)?;
                    let job = Job {
                        again: packed.again,
                        attempt: packed.attempt,
                        row,
                        last: true,
                        form: place,
                    };
                    let reported = Reported {
                        place: 0,
                        answer,
                        span: during.clone(),
                        call: None,
                    };
                    counted.concluded.one(tx, &job, Some(reported), &target)?;
                }
                if !ties {
                    inbox::count_loaded(tx, &object, counted.done, counted.refused)?;
                }
                let released = crate::sync::retry::release(tx, &counted.concluded.fixed)?;
                Ok((counted, released))
            })
            .await?;
        super::told::seem_fixed(released);
        Ok(counted)
    }

    /// Tells the records that were made across who their partners are.
    async fn mark_made(&self, freight: &Freight<'_>, made: Vec<Made>) -> anyhow::Result<()> {
        let mut cycle = Cycle::new(freight.forms, self.clock.now());
        let aim = Aim {
            lane: freight.parcel.kind.lane,
            to: Side::Salesforce,
            form: freight.form,
        };
        let mut marks: BTreeMap<Aim, Vec<Job>> = BTreeMap::new();
        for made in &made {
            if let Some((back, job)) = self.mark_back(&cycle, aim, made) {
                marks.entry(back).or_default().push(job);
            }
        }
        for (aim, jobs) in marks {
            self.write_lane(&mut cycle, aim, jobs).await?;
        }
        Ok(())
    }

    /// Puts every row left in a parcel back into the inbox, journals `events` with the last of them,
    /// and ends the parcel. `during` says when they may have been written, if they may.
    pub(super) async fn return_rows(
        &self,
        freight: &Freight<'_>,
        during: Option<Span>,
        events: Vec<JobMoved>,
    ) -> anyhow::Result<()> {
        let mapping = freight.forms.at(freight.form).mapping.clone();
        let (parcel, kind) = (freight.parcel.number, freight.parcel.kind.clone());
        let ties = freight.junction.is_some();
        loop {
            let (kind, events) = (kind.clone(), events.clone());
            let effect = during.clone().map(|span| (mapping.clone(), span));
            let ended = self
                .store
                .write(move |tx| {
                    let page = inbox::packed_after(tx, parcel, None)?;
                    for packed in &page {
                        back(tx, parcel, packed, kind.lane, effect.as_ref())?;
                    }
                    if !inbox::end(tx, parcel)? {
                        return Ok(false);
                    }
                    for event in events {
                        projections::append(tx, None, event)?;
                        if !ties {
                            inbox::count_job(tx, &kind.object)?;
                        }
                    }
                    Ok(true)
                })
                .await?;
            if ended {
                return Ok(());
            }
        }
    }

    /// Puts rows that do not go by this job back into the inbox.
    pub(super) async fn return_some(
        &self,
        freight: &Freight<'_>,
        rows: Vec<Packed>,
    ) -> anyhow::Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let (parcel, lane) = (freight.parcel.number, freight.parcel.kind.lane);
        self.store
            .write(move |tx| {
                rows.iter()
                    .try_for_each(|packed| back(tx, parcel, packed, lane, None))
            })
            .await
    }
}

impl Counted {
    fn note(&mut self, packed: &Packed, outcome: &RowOutcome) {
        // An id alone tells a record of another one that is counted where that was made.
        if packed.row.is_some() {
            self.done += 1;
            self.refused += u64::from(matches!(outcome, RowOutcome::Failed(_)));
        }
        let object = packed.attempt.ids.object.clone();
        let id = packed.attempt.write.id.clone();
        self.changed.extend(id.map(|id| RecordKey {
            side: Side::Salesforce,
            object,
            id,
        }));
    }
}

/// The lists that can tell of a row.
fn lists(job: &jobs::Job) -> Vec<ResultList> {
    let mut lists = Vec::new();
    let is_cut = matches!(job.state, LoadState::Failed | LoadState::Aborted);
    if job.state == LoadState::Lost {
        return lists;
    }
    if is_cut || job.processed > job.refused {
        lists.push(ResultList::Successful);
    }
    if is_cut || job.refused > 0 {
        lists.push(ResultList::Failed);
    }
    if is_cut {
        lists.push(ResultList::Unprocessed);
    }
    lists
}

/// A row goes back to be planned anew; with what it was about to do, when it may have done it.
fn back(
    tx: &Tx<'_>,
    parcel: i64,
    packed: &Packed,
    lane: Lane,
    effect: Option<&(Mapping, Span)>,
) -> anyhow::Result<()> {
    let Some(row) = inbox::unpack(tx, parcel, packed)? else {
        // An id alone: whether it stands there is seen with the record.
        let (key, since) = (packed.awaited(), Timestamp(0));
        return inbox::see(tx, &key, since, lane, since).map(drop);
    };
    let Some((mapping, span)) = effect else {
        return inbox::put_back(tx, &row, &Rest::Ready);
    };
    if let Some(intent) = Intent::during(&packed.attempt, mapping, Some(span.clone())) {
        inbox::intend(tx, row.number, &intent)?;
    }
    inbox::put_back(tx, &row, &Rest::Deferred(tx.now().plus(UNKNOWN_MS)))
}
