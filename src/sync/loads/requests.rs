//! One request of a job's life each. What was asked before and not answered is settled here too.

use super::{Freight, Stood, TROUBLE_MS};
use crate::crm::http::CallError;
use crate::crm::salesforce::{JobId, JobKind, JobState, NoRoom, Sheet};
use crate::domain::call::Operation;
use crate::domain::event::JobOpened;
use crate::domain::load::{self, LoadState};
use crate::domain::record::{RecordId, Side};
use crate::inbox::{self, Packed};
use crate::projections::{self, jobs};
use crate::sync::context::Context;
use crate::sync::gate::{Errand, Trouble};

/// Salesforce stamps jobs by the second.
const STAMP_MS: i64 = 1_000;

impl Freight<'_> {
    /// A call about its job that carries so many rows.
    pub(super) fn errand(&self, rows: usize) -> Errand {
        let kind = &self.parcel.kind;
        let (operation, lane) = (Operation::Load, kind.lane);
        Errand::new(Side::Salesforce, operation, lane, &kind.object, rows)
    }
}

pub(super) fn id_of(job: &jobs::Job) -> Result<JobId, Trouble> {
    let id = job.id.as_ref().and_then(|id| JobId::parse(id.as_str()));
    id.ok_or_else(|| Trouble::Store(anyhow::anyhow!("job {} is open and has no id", job.job)))
}

impl Context {
    pub(super) async fn create_job(
        &self,
        freight: &Freight<'_>,
        job: &jobs::Job,
    ) -> Result<Stood, Trouble> {
        // Creating, filling and closing go together: rows that are in a job do not wait for calls.
        self.afford(freight.parcel.kind.lane).await?;
        let load = freight.load();
        let send = || self.salesforce.create_load(&load);
        match self.call(&freight.errand(0), send).await {
            Ok(reply) => {
                let (number, id) = (job.job, RecordId::parse(reply.value.id.as_str()));
                let id = id.map_err(anyhow::Error::from)?;
                let event = JobOpened { job: number, id };
                self.store
                    .write(move |tx| projections::append(tx, None, event))
                    .await?;
                Ok(Stood::Goes)
            }
            Err(Trouble::Call(CallError::Rejected { failures, .. })) => {
                let why = failures.first().map(|one| one.failure.code.clone());
                self.refused(freight, job, &why.unwrap_or_default()).await
            }
            Err(trouble) => Err(trouble),
        }
    }

    /// Salesforce takes no such job, for now: its rows go by batches.
    async fn refused(
        &self,
        freight: &Freight<'_>,
        job: &jobs::Job,
        why: &str,
    ) -> Result<Stood, Trouble> {
        self.moved(freight, job.job, LoadState::Refused, None, (0, 0))
            .await?;
        super::told::refused(freight.parcel, why);
        Ok(Stood::Goes)
    }

    /// The job may be there. Nobody has its id, and it has no row: what is open, of our user, of the
    /// same object and operation, younger than the intent and known by no other entry, is aborted.
    pub(super) async fn search_job(
        &self,
        freight: &Freight<'_>,
        job: &jobs::Job,
    ) -> Result<Stood, Trouble> {
        let errand = freight.errand(0);
        let mut page = self
            .call(&errand, || self.salesforce.jobs(JobKind::Load))
            .await?
            .value;
        loop {
            for found in &page.jobs {
                if self.is_orphan(freight, job, found).await? {
                    let abort = || self.salesforce.abort(JobKind::Load, &found.id);
                    match self.call(&errand, abort).await {
                        // Refused: it is open no more.
                        Ok(_) | Err(Trouble::Call(CallError::Rejected { .. })) => (),
                        Err(trouble) => return Err(trouble),
                    }
                }
            }
            let Some(next) = page.next else { break };
            let more = || self.salesforce.next_jobs(&next);
            page = self.call(&errand, more).await?.value;
        }
        self.moved(freight, job.job, LoadState::Dropped, None, (0, 0))
            .await?;
        Ok(Stood::Goes)
    }

    async fn is_orphan(
        &self,
        freight: &Freight<'_>,
        job: &jobs::Job,
        found: &crate::crm::salesforce::Job,
    ) -> anyhow::Result<bool> {
        let load = freight.load();
        let young = |at| at >= job.since.plus(-STAMP_MS);
        let ours = self.salesforce.our_user();
        let fits = found.state == JobState::Open
            && ours.is_some()
            && found.created_by == ours
            && found.object.eq_ignore_ascii_case(&load.schema.api_name)
            && found.operation.eq_ignore_ascii_case(job.operation.key())
            && found.created_at.is_some_and(young);
        let Ok(id) = RecordId::parse(found.id.as_str()) else {
            return Ok(false);
        };
        if !fits {
            return Ok(false);
        }
        let known = self
            .store
            .read(move |view| jobs::is_known(view, &id))
            .await?;
        Ok(!known)
    }

    pub(super) async fn upload_rows(
        &self,
        freight: &Freight<'_>,
        job: &jobs::Job,
    ) -> Result<Stood, Trouble> {
        let id = id_of(job)?;
        let Some((sheet, misfits)) = self.sheet(freight).await? else {
            return self
                .refuse_open(freight, job, &id, "no file can be made of its rows")
                .await;
        };
        self.return_some(freight, misfits).await?;
        let errand = freight.errand(sheet.rows());
        let send = || self.salesforce.upload(&id, sheet.clone());
        match self.call(&errand, send).await {
            Ok(reply) => {
                let at = reply.server_time;
                self.moved(freight, job.job, LoadState::Uploaded, at, (0, 0))
                    .await?;
                Ok(Stood::Goes)
            }
            Err(Trouble::Call(CallError::Rejected { failures, .. })) => {
                let why = failures.first().map(|one| one.failure.code.clone());
                self.refuse_open(freight, job, &id, &why.unwrap_or_default())
                    .await
            }
            Err(trouble) => Err(trouble),
        }
    }

    /// Its rows are refused. It stays open, and empty, when it cannot be aborted now.
    async fn refuse_open(
        &self,
        freight: &Freight<'_>,
        job: &jobs::Job,
        id: &JobId,
        why: &str,
    ) -> Result<Stood, Trouble> {
        let abort = || self.salesforce.abort(JobKind::Load, id);
        if let Err(Trouble::Store(error)) = self.call(&freight.errand(0), abort).await {
            return Err(Trouble::Store(error));
        }
        self.refused(freight, job, why).await
    }

    /// The file of a parcel, and the rows that no file can carry any more; nothing when there can
    /// be no file at all.
    async fn sheet(&self, freight: &Freight<'_>) -> anyhow::Result<Option<(Sheet, Vec<Packed>)>> {
        let load = freight.load();
        let Ok(mut sheet) = Sheet::new(&load, &freight.parcel.columns) else {
            return Ok(None);
        };
        let (parcel, mut misfits) = (freight.parcel.number, Vec::new());
        let mut last: Option<Packed> = None;
        loop {
            let after = last.take();
            let page = self
                .store
                .read(move |view| inbox::packed_after(view, parcel, after.as_ref()))
                .await?;
            for one in &page {
                match sheet.push(&freight.row(one)) {
                    Ok(()) => (),
                    Err(NoRoom::Full | NoRoom::Unfit(_)) => misfits.push(one.clone()),
                }
            }
            last = page.into_iter().next_back();
            if last.is_none() {
                break;
            }
        }
        Ok((sheet.rows() > 0).then_some((sheet, misfits)))
    }

    pub(super) async fn close_job(
        &self,
        freight: &Freight<'_>,
        job: &jobs::Job,
    ) -> Result<Stood, Trouble> {
        let id = id_of(job)?;
        let send = || self.salesforce.close(&id);
        match self.call(&freight.errand(0), send).await {
            Ok(_) => {
                self.moved(freight, job.job, LoadState::Closed, None, (0, 0))
                    .await?;
                self.looks_later(freight, job);
                Ok(Stood::Goes)
            }
            Err(Trouble::Call(CallError::Rejected { .. })) => {
                // It stands elsewhere than we thought.
                self.watch(freight.parcel, |watch| watch.sure = false);
                Ok(Stood::Waits(self.clock.now().plus(TROUBLE_MS)))
            }
            Err(trouble) => Err(trouble),
        }
    }

    /// A job that was not closed has touched no row, whatever the answer to this.
    pub(super) async fn abort_job(
        &self,
        freight: &Freight<'_>,
        job: &jobs::Job,
    ) -> Result<Stood, Trouble> {
        let id = id_of(job)?;
        let send = || self.salesforce.abort(JobKind::Load, &id);
        match self.call(&freight.errand(0), send).await {
            Ok(_) | Err(Trouble::Call(CallError::Rejected { .. })) => (),
            Err(trouble) => return Err(trouble),
        }
        self.moved(freight, job.job, LoadState::Dropped, None, (0, 0))
            .await?;
        Ok(Stood::Goes)
    }

    fn looks_later(&self, freight: &Freight<'_>, job: &jobs::Job) -> i64 {
        let now = self.clock.monotonic_ms();
        self.watch(freight.parcel, |watch| {
            let wait = load::wait_ms(job.rows, watch.looks);
            watch.looks += 1;
            watch.look_at_ms = now + wait;
            wait
        })
    }

    pub(super) async fn look_at_job(
        &self,
        freight: &Freight<'_>,
        job: &jobs::Job,
    ) -> Result<Stood, Trouble> {
        let look_at_ms = self.watch(freight.parcel, |watch| watch.look_at_ms);
        let left_ms = look_at_ms - self.clock.monotonic_ms();
        if left_ms > 0 {
            return Ok(Stood::Waits(self.clock.now().plus(left_ms)));
        }
        let id = id_of(job)?;
        let send = || self.salesforce.job(JobKind::Load, &id);
        let reply = match self.call(&freight.errand(0), send).await {
            Ok(reply) => reply,
            Err(Trouble::Call(CallError::Rejected { status: 404, .. })) => {
                let at = self.salesforce_now();
                self.moved(freight, job.job, LoadState::Lost, at, (0, 0))
                    .await?;
                super::told::lost(freight.parcel, job);
                return Ok(Stood::Goes);
            }
            Err(trouble) => return Err(trouble),
        };
        let found = reply.value;
        let counts = (found.processed, found.failed);
        let state = match found.state {
            JobState::Open if job.state == LoadState::Uploaded => {
                // The closing did not arrive.
                self.watch(freight.parcel, |watch| watch.sure = true);
                return Ok(Stood::Goes);
            }
            JobState::Open | JobState::UploadComplete => LoadState::Closed,
            JobState::InProgress => LoadState::Working,
            JobState::JobComplete => LoadState::Complete,
            JobState::Failed => LoadState::Failed,
            JobState::Aborted => LoadState::Aborted,
        };
        if (state, counts) != (job.state, (job.processed, job.refused)) {
            self.moved(freight, job.job, state, reply.server_time, counts)
                .await?;
        }
        if found.state.is_over() {
            super::told::over(freight.parcel, state, &found);
            return Ok(Stood::Goes);
        }
        let wait = self.looks_later(freight, job);
        Ok(Stood::Waits(self.clock.now().plus(wait)))
    }
}
