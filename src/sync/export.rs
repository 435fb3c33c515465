//! A query asked as a Bulk job: created, looked at ever more rarely, and read page by page.
//!
//! One step is at most one call, and nothing here waits: whoever has an export comes back when it is
//! due. Nothing of it is journaled but its calls: a query changes nothing on the other side, so one
//! that a restart or a lost answer forgot is simply asked anew.

use super::context::Context;
use super::gate::{Errand, Trouble};
use crate::crm::http::CallError;
use crate::crm::salesforce::{ExportLocator, ExportPage, JobId, JobKind, JobState, Query};
use crate::domain::call::{Lane, Operation};
use crate::domain::record::{ObjectName, Side, Timestamp};

/// Waits before a job's first, second and every further look: each look is a call, and a large job
/// takes minutes.
const LOOKS_MS: [i64; 5] = [2_000, 5_000, 10_000, 20_000, 60_000];

/// Calls that go wrong in a row before an export is given up.
const TROUBLES_MAX: u32 = 6;

/// The first wait after one of them; each further one doubles it.
const TROUBLE_MS: i64 = 1_000;

/// One export under way.
#[derive(Debug)]
pub(super) struct Export {
    query: Query,
    object: ObjectName,
    page_rows: u32,
    lane: Lane,
    stage: Stage,
    troubles: u32,
    due_ms: i64,
    began_ms: i64,
}

#[derive(Debug)]
enum Stage {
    Wanted,
    Working {
        job: JobId,
        looks: usize,
    },
    Done {
        job: JobId,
        next: Option<ExportLocator>,
    },
    Read,
}

/// What a step brought.
#[derive(Debug)]
pub(super) enum Step {
    /// Nothing: it goes on at [`Export::due`].
    Waits,
    /// The next page.
    Page(ExportPage),
    /// Every page was handed out.
    Over,
    /// It will not be answered, and why: the rows have to be read in another way.
    Failed(String),
}

impl Export {
    /// An export of `query`, not yet asked for, to be read in pages of so many rows at most.
    pub(super) fn new(
        context: &Context,
        object: &ObjectName,
        query: Query,
        page_rows: u32,
    ) -> Self {
        let now_ms = context.clock.monotonic_ms();
        Self {
            query,
            object: object.clone(),
            page_rows,
            lane: Lane::Backfill,
            stage: Stage::Wanted,
            troubles: 0,
            due_ms: now_ms,
            began_ms: now_ms,
        }
    }

    /// The same, its calls spent in another lane than a first load's.
    pub(super) fn in_lane(self, lane: Lane) -> Self {
        Self { lane, ..self }
    }

    /// When the job that answers it was asked for, on the monotonic clock: its rows are as they were
    /// then or later.
    pub(super) fn began_ms(&self) -> i64 {
        self.began_ms
    }

    /// When its next step is due, by our clock.
    pub(super) fn due(&self, context: &Context) -> Timestamp {
        let left_ms = self.due_ms - context.clock.monotonic_ms();
        context.clock.now().plus(left_ms.max(0))
    }

    /// Takes the next step, when it is due. Only trouble with our own store is an error.
    pub(super) async fn step(&mut self, context: &Context) -> anyhow::Result<Step> {
        if context.clock.monotonic_ms() < self.due_ms {
            return Ok(Step::Waits);
        }
        match self.go(context).await {
            Ok(step) => {
                self.troubles = 0;
                Ok(step)
            }
            Err(Trouble::Store(error)) => Err(error),
            Err(Trouble::Call(CallError::Rejected { failures, .. })) => {
                let codes = failures.iter().map(|one| one.failure.code.as_str());
                Ok(Step::Failed(codes.collect::<Vec<_>>().join(", ")))
            }
            Err(trouble) => Ok(self.put_off(context, &trouble)),
        }
    }

    async fn go(&mut self, context: &Context) -> Result<Step, Trouble> {
        let (side, lane) = (Side::Salesforce, self.lane);
        let errand = Errand::new(side, Operation::Bulk, lane, &self.object, 0);
        match &self.stage {
            Stage::Wanted => {
                self.began_ms = context.clock.monotonic_ms();
                let send = || context.salesforce.create_export(&self.query);
                let job = context.call(&errand, send).await?.value.id;
                self.stage = Stage::Working { job, looks: 0 };
                self.wait(context, LOOKS_MS[0]);
                Ok(Step::Waits)
            }
            Stage::Working { job, looks } => {
                let (job, looks) = (job.clone(), looks + 1);
                let send = || context.salesforce.job(JobKind::Export, &job);
                let told = context.call(&errand, send).await?.value;
                match told.state {
                    JobState::JobComplete => self.stage = Stage::Done { job, next: None },
                    JobState::Failed | JobState::Aborted => {
                        let why = told
                            .error
                            .unwrap_or_else(|| "the job was stopped".to_owned());
                        return Ok(Step::Failed(why));
                    }
                    JobState::Open | JobState::UploadComplete | JobState::InProgress => {
                        self.wait(context, LOOKS_MS[looks.min(LOOKS_MS.len() - 1)]);
                        self.stage = Stage::Working { job, looks };
                    }
                }
                Ok(Step::Waits)
            }
            Stage::Done { job, next } => {
                let errand = Errand::new(side, Operation::Page, lane, &self.object, 0);
                let (job, query, most) = (job.clone(), &self.query, self.page_rows);
                let client = &context.salesforce;
                let send = || client.export_page(&job, query, next.as_ref(), most);
                let page = context.call(&errand, send).await?.value;
                self.stage = match page.next.clone() {
                    Some(next) => Stage::Done {
                        job,
                        next: Some(next),
                    },
                    None => Stage::Read,
                };
                Ok(Step::Page(page))
            }
            Stage::Read => Ok(Step::Over),
        }
    }

    fn wait(&mut self, context: &Context, wait_ms: i64) {
        self.due_ms = context.clock.monotonic_ms() + wait_ms;
    }

    /// What went wrong is tried again from where it stood: a page is asked for by the same locator,
    /// and a creation without an answer leaves a job that nobody asks for its rows.
    fn put_off(&mut self, context: &Context, trouble: &Trouble) -> Step {
        match trouble {
            Trouble::NotBefore(at) => {
                self.wait(context, at.since(context.clock.now()).max(1));
            }
            Trouble::Suspended(_) => self.wait(context, context.settings.poll_ms),
            Trouble::Call(_) | Trouble::Store(_) => {
                self.troubles += 1;
                if self.troubles >= TROUBLES_MAX {
                    return Step::Failed(trouble.to_string());
                }
                self.wait(context, TROUBLE_MS << self.troubles);
            }
        }
        Step::Waits
    }
}
