//! A job as Salesforce tells it, and the list of jobs.

use serde_json::Value as Json;

use crate::crm::values;
use crate::domain::record::{RecordId, Timestamp};

/// The id of a job.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(RecordId);

impl JobId {
    /// Accepts what is an id at all; `None` otherwise.
    pub fn parse(text: &str) -> Option<Self> {
        RecordId::parse(text).ok().map(Self)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// Which way a job carries rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobKind {
    /// Into Salesforce.
    Load,
    /// Out of Salesforce.
    Export,
}

impl JobKind {
    pub(super) fn resource(self) -> &'static str {
        match self {
            Self::Load => "jobs/ingest",
            Self::Export => "jobs/query",
        }
    }
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobState {
    /// It waits for its file, or for being closed. Salesforce keeps it so for a day at most.
    Open,
    /// It waits for its turn.
    UploadComplete,
    /// It works.
    InProgress,
    /// All rows were processed; some may have been refused.
    JobComplete,
    /// It gave up. What it had written stays written.
    Failed,
    /// It was stopped. What it had written stays written.
    Aborted,
}

impl JobState {
    const ALL: [(&'static str, Self); 6] = [
        ("Open", Self::Open),
        ("UploadComplete", Self::UploadComplete),
        ("InProgress", Self::InProgress),
        ("JobComplete", Self::JobComplete),
        ("Failed", Self::Failed),
        ("Aborted", Self::Aborted),
    ];

    fn parse(text: &str) -> Option<Self> {
        let found = Self::ALL.into_iter().find(|(name, _)| *name == text);
        found.map(|(_, state)| state)
    }

    /// Whether nothing more will happen, so that results can be fetched.
    pub fn is_over(self) -> bool {
        matches!(self, Self::JobComplete | Self::Failed | Self::Aborted)
    }
}

/// One job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// Where it stands.
    pub state: JobState,
    /// API name of its object.
    pub object: String,
    /// What it does, in Salesforce's word: `upsert`.
    pub operation: String,
    /// When it was created, by Salesforce's clock: with the object, how a job is found again whose
    /// creation was never answered.
    pub created_at: Option<Timestamp>,
    /// Who created it.
    pub created_by: Option<RecordId>,
    /// Rows processed so far, refused ones among them.
    pub processed: u64,
    /// Rows refused so far.
    pub failed: u64,
    /// Why it failed as a whole.
    pub error: Option<String>,
}

/// One page of the list of jobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobPage {
    /// The jobs.
    pub jobs: Vec<Job>,
    /// The next page, unless this is the last.
    pub next: Option<JobsLocator>,
}

/// Where the rest of a list of jobs waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobsLocator(pub(super) String);

/// Reads one job; the error names the missing part.
pub(super) fn job(body: &Json) -> Result<Job, &'static str> {
    let text = |name: &str| body[name].as_str();
    let number = |name: &str| body[name].as_u64().unwrap_or(0);
    Ok(Job {
        id: text("id").and_then(JobId::parse).ok_or("a job's id")?,
        state: text("state")
            .and_then(JobState::parse)
            .ok_or("a job's state")?,
        object: text("object").unwrap_or_default().to_owned(),
        operation: text("operation").unwrap_or_default().to_owned(),
        created_at: text("createdDate").and_then(values::instant),
        created_by: text("createdById").and_then(|id| RecordId::parse(id).ok()),
        processed: number("numberRecordsProcessed"),
        failed: number("numberRecordsFailed"),
        error: text("errorMessage")
            .filter(|error| !error.is_empty())
            .map(str::to_owned),
    })
}

/// Reads one page of a list; the error names the missing part.
pub(super) fn page(body: &Json) -> Result<JobPage, &'static str> {
    let jobs = body["records"].as_array().ok_or("records")?;
    let next = body["nextRecordsUrl"].as_str().map(|path| {
        // Salesforce writes some addresses of jobs without their first slash.
        JobsLocator(format!("/{}", path.trim_start_matches('/')))
    });
    Ok(JobPage {
        jobs: jobs.iter().map(job).collect::<Result<_, _>>()?,
        next,
    })
}
