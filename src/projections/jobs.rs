//! Jobs of the Bulk API, as the journal says.

use rusqlite::{OptionalExtension, Row};

use crate::domain::call::Lane;
use crate::domain::event::{Entry, JobIntended, JobMoved, JobOpened};
use crate::domain::load::{LoadOperation, LoadState};
use crate::domain::record::{ObjectName, RecordId, Timestamp};
use crate::store::columns::{count, counted};
use crate::store::{Tx, View};

/// How long a kind of rows goes by batches after a job of it was refused, or waited in vain for the
/// calls to begin with: an org that refuses goes on refusing, and calls that are scarce stay so.
const REFUSED_REST_MS: i64 = 86_400_000;

/// The same after one that failed or was stopped.
const FAILED_REST_MS: i64 = 3_600_000;

/// One job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The seq of its `job_intended`, which names it.
    pub job: i64,
    /// Which object.
    pub object: ObjectName,
    /// Which form of it.
    pub form: ObjectName,
    /// What it does.
    pub operation: LoadOperation,
    /// The lane its calls are spent in.
    pub lane: Lane,
    /// The parcel whose rows it carries.
    pub parcel: i64,
    /// How many they are.
    pub rows: u64,
    /// Salesforce's clock when it was intended.
    pub since: Timestamp,
    /// Salesforce's id of it, once known.
    pub id: Option<RecordId>,
    /// Where it stands.
    pub state: LoadState,
    /// Salesforce's clock when it had its rows.
    pub uploaded_at: Option<Timestamp>,
    /// How it ended, once its rows are concluded.
    pub ended: Option<LoadState>,
    /// Salesforce's clock when its end was seen.
    pub ended_at: Option<Timestamp>,
    /// Rows processed so far, refused ones among them.
    pub processed: u64,
    /// Rows refused so far.
    pub refused: u64,
    /// When it last moved, by our clock.
    pub at: Timestamp,
}

pub(super) fn intended(tx: &Tx<'_>, entry: &Entry, event: &JobIntended) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached(
            "insert into jobs (job, object, form, operation, lane, parcel, rows, since, state, at)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute((
            entry.seq,
            &event.object,
            &event.form,
            event.operation,
            event.lane,
            event.parcel,
            count(event.rows),
            event.since,
            LoadState::Intended,
            entry.at,
        ))?;
    Ok(())
}

pub(super) fn opened(tx: &Tx<'_>, entry: &Entry, event: &JobOpened) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached("update jobs set id = ?2, state = ?3, at = ?4 where job = ?1")?
        .execute((event.job, &event.id, LoadState::Open, entry.at))?;
    Ok(())
}

/// A job that is concluded keeps how it ended.
pub(super) fn moved(tx: &Tx<'_>, entry: &Entry, event: &JobMoved) -> anyhow::Result<()> {
    let uploaded_at = event.at.filter(|_| event.state == LoadState::Uploaded);
    let ends = matches!(
        event.state,
        LoadState::Complete | LoadState::Failed | LoadState::Aborted | LoadState::Lost
    );
    tx.sql()
        .prepare_cached(
            "update jobs set state = ?2, processed = max(processed, ?3), refused = max(refused, ?4),
               uploaded_at = coalesce(?5, uploaded_at), ended = iif(?6, ?2, ended),
               ended_at = iif(?6, ?7, ended_at), at = ?8
             where job = ?1",
        )?
        .execute((
            event.job,
            event.state,
            count(event.processed),
            count(event.refused),
            uploaded_at,
            ends,
            event.at,
            entry.at,
        ))?;
    Ok(())
}

const COLUMNS: &str = "job, object, form, operation, lane, parcel, rows, since, id, state,
    uploaded_at, ended, ended_at, processed, refused, at";

fn job(row: &Row<'_>) -> rusqlite::Result<Job> {
    Ok(Job {
        job: row.get(0)?,
        object: row.get(1)?,
        form: row.get(2)?,
        operation: row.get(3)?,
        lane: row.get(4)?,
        parcel: row.get(5)?,
        rows: counted(row.get(6)?),
        since: row.get(7)?,
        id: row.get(8)?,
        state: row.get(9)?,
        uploaded_at: row.get(10)?,
        ended: row.get(11)?,
        ended_at: row.get(12)?,
        processed: counted(row.get(13)?),
        refused: counted(row.get(14)?),
        at: row.get(15)?,
    })
}

/// The job that was last intended for a parcel.
pub fn of_parcel(view: &View<'_>, parcel: i64) -> anyhow::Result<Option<Job>> {
    Ok(view
        .sql()
        .prepare_cached(&format!(
            "select {COLUMNS} from jobs where parcel = ?1 order by job desc limit 1"
        ))?
        .query_row([parcel], job)
        .optional()?)
}

/// Whether Salesforce knows a job of ours by that id.
pub fn is_known(view: &View<'_>, id: &RecordId) -> anyhow::Result<bool> {
    Ok(view
        .sql()
        .prepare_cached("select exists (select 1 from jobs where id = ?1)")?
        .query_row([id], |row| row.get(0))?)
}

/// Until when rows of this kind go by batches, because a job of it came to nothing: a day after
/// one was refused or found no calls to begin with, an hour after one failed or was stopped.
pub fn by_batches_until(
    view: &View<'_>,
    form: &ObjectName,
    operation: LoadOperation,
) -> anyhow::Result<Option<Timestamp>> {
    Ok(view
        .sql()
        .prepare_cached(
            "select max(at + iif(state = 'refused', ?3, ?4)) from jobs
             where form = ?1 and operation = ?2
               and (state = 'refused' or coalesce(ended, 'complete') <> 'complete')",
        )?
        .query_row((form, operation, REFUSED_REST_MS, FAILED_REST_MS), |row| {
            row.get(0)
        })?)
}
