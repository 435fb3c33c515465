//! What the log says of loads: one line when one begins and one when it ends, one for every percent
//! of its rows, and one for a job that came to nothing.

use crate::crm::salesforce;
use crate::domain::call::Lane;
use crate::domain::digest::{count, thousands};
use crate::domain::load::{LoadOperation, LoadState};
use crate::domain::record::ObjectName;
use crate::inbox::{self, Loading, Parcel};
use crate::projections::jobs;
use crate::sync::context::Context;
use crate::sync::job::Job;
use crate::sync::words::spoken_length;

/// Lines of a load, at most.
const PARTS: u64 = 100;

/// Rows of a first load from which one that goes by batches is told, as one by jobs always is.
const MANY: u64 = 1_000;

/// Rows by batches after which it is looked how far a load is.
const TELL_EVERY: u64 = 1_000;

impl Context {
    async fn loading(&self, object: &ObjectName) -> anyhow::Result<Option<Loading>> {
        let loads = self.store.read(inbox::loading).await?;
        Ok(loads.into_iter().find(|load| load.object == *object))
    }

    pub(super) async fn tell_begin(&self, object: &ObjectName) -> anyhow::Result<()> {
        self.shared().told_parts.remove(object);
        if let Some(load) = self.loading(object).await? {
            let rows = thousands(load.total());
            tracing::info!(
                notice = true,
                %object,
                "load begins: {object} to Salesforce, about {rows} rows, by jobs of the Bulk API"
            );
        }
        Ok(())
    }

    /// Begins a load when many rows of a first load are about to be written by batches.
    pub(in crate::sync) async fn begin_by_batches(
        &self,
        object: &ObjectName,
        jobs: &[Job],
    ) -> anyhow::Result<()> {
        if !jobs.iter().any(is_of_load) {
            return Ok(());
        }
        let of_object = object.clone();
        let begun = self.store.write(move |tx| {
            let rows = inbox::load_left(tx, &of_object)?;
            let begins = rows >= MANY && inbox::begin_load(tx, &of_object)?;
            Ok(begins.then_some(rows))
        });
        if let Some(rows) = begun.await? {
            self.shared().told_parts.remove(object);
            let rows = thousands(rows);
            tracing::info!(
                notice = true,
                %object,
                "load begins: {object}, about {rows} rows, by batches"
            );
        }
        Ok(())
    }

    /// Says how far an object's load is, once another thousand rows of it are `done`.
    pub(in crate::sync) async fn tell_done(
        &self,
        object: &ObjectName,
        done: u64,
    ) -> anyhow::Result<()> {
        if done == 0 {
            return Ok(());
        }
        let is_due = {
            let mut shared = self.shared();
            let untold = shared.untold_rows.entry(object.clone()).or_default();
            *untold += done;
            let is_due = *untold >= TELL_EVERY;
            if is_due {
                *untold = 0;
            }
            is_due
        };
        if is_due {
            self.tell_progress(object).await?;
        }
        Ok(())
    }

    /// Says how far an object's load is, when it is a percent further.
    pub(super) async fn tell_progress(&self, object: &ObjectName) -> anyhow::Result<()> {
        let Some(load) = self.loading(object).await? else {
            return Ok(());
        };
        let part = (load.done * PARTS).checked_div(load.total()).unwrap_or(0);
        let told = self.shared().told_parts.insert(object.clone(), part);
        if part < PARTS && told.unwrap_or(0) < part {
            let (done, total) = (thousands(load.done), thousands(load.total()));
            let percent = part * 100 / PARTS;
            tracing::info!(%object, "load: {object}, {done} of {total} rows ({percent} %)");
        }
        Ok(())
    }

    /// Ends the loads of which nothing is left to do, and says what they came to.
    pub(in crate::sync) async fn finish_loads(&self) -> anyhow::Result<()> {
        let loads = self.store.read(inbox::loading).await?;
        if !loads.iter().any(Loading::is_over) {
            return Ok(());
        }
        let over = self.store.write(inbox::end_loads).await?;
        let now = self.clock.now();
        for load in over {
            let object = &load.object;
            let (written, refused) = (thousands(load.done - load.refused), thousands(load.refused));
            let length = spoken_length(now.since(load.began_at));
            let by = match load.jobs {
                0 => "by batches".to_owned(),
                jobs => count(jobs, "job"),
            };
            tracing::info!(
                notice = true,
                %object,
                "load done: {object}, {written} rows written, {refused} refused, {by}, {length}"
            );
        }
        Ok(())
    }
}

/// Whether a job's row counts for a first load by batches: once, with its last write.
pub(in crate::sync) fn is_counted(job: &Job) -> bool {
    job.last && is_of_load(job)
}

fn is_of_load(job: &Job) -> bool {
    job.row.is_some() && job.attempt.lane == Lane::Backfill
}

/// Whose records a parcel's rows are.
fn cargo(parcel: &Parcel) -> &ObjectName {
    match parcel.kind.operation {
        LoadOperation::Upsert | LoadOperation::Update => &parcel.kind.object,
        LoadOperation::Insert => &parcel.kind.form,
    }
}

/// A job of associations sets out.
pub(super) fn ties_begin(parcel: &Parcel) {
    let (rows, object, what) = (thousands(parcel.rows), &parcel.kind.object, cargo(parcel));
    tracing::info!(%object, "{what}: {rows} associations go to Salesforce by a job of the Bulk API");
}

/// A job of associations is over.
pub(super) fn ties_done(parcel: &Parcel, job: &jobs::Job) {
    let (object, what) = (&parcel.kind.object, cargo(parcel));
    let made = thousands(job.processed.saturating_sub(job.refused));
    let refused = thousands(job.refused);
    tracing::info!(%object, "{what}: {made} associations made in Salesforce, {refused} refused");
}

/// Salesforce refuses the job.
pub(super) fn refused(parcel: &Parcel, why: &str) {
    let (rows, object, what) = (thousands(parcel.rows), &parcel.kind.object, cargo(parcel));
    tracing::warn!(
        %object,
        "Salesforce refuses a Bulk job for {what} ({why}); its {rows} rows go by batches, and so do \
         others for an hour"
    );
}

/// The job was deleted there.
pub(super) fn lost(parcel: &Parcel, job: &jobs::Job) {
    let (rows, object, what) = (thousands(parcel.rows), &parcel.kind.object, cargo(parcel));
    let id = job.id.as_ref().map(ToString::to_string).unwrap_or_default();
    tracing::warn!(
        %object,
        "Bulk job {id} is not in Salesforce any more; its {rows} rows of {what} are looked up, so \
         that none is written twice"
    );
}

/// A job has ended; only one that did not do its work is worth a line.
pub(super) fn over(parcel: &Parcel, state: LoadState, job: &salesforce::Job) {
    let word = match state {
        LoadState::Failed => "failed",
        LoadState::Aborted => "was aborted in Salesforce",
        LoadState::Intended
        | LoadState::Open
        | LoadState::Uploaded
        | LoadState::Closed
        | LoadState::Working
        | LoadState::Complete
        | LoadState::Lost
        | LoadState::Dropped
        | LoadState::Refused
        | LoadState::Concluded => return,
    };
    let (id, object, what) = (job.id.as_str(), &parcel.kind.object, cargo(parcel));
    let (done, rows) = (thousands(job.processed), thousands(parcel.rows));
    let why = job.error.as_ref().map(|why| format!(": {why}"));
    let why = why.unwrap_or_default();
    tracing::warn!(
        %object,
        "Bulk job {id} {word} after {done} of {rows} rows of {what}{why}; what it wrote is kept, the \
         others go by batches, and so do more of them for an hour"
    );
}

/// Causes that seem to be fixed, with the records that are tried again.
pub(in crate::sync) fn seem_fixed(released: Vec<(i64, usize)>) {
    for (cause, records) in released {
        tracing::info!(
            cause,
            "C-{cause} seems fixed; {records} more records will be tried again"
        );
    }
}
