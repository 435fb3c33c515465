//! What jobs do as time passes: they begin, write their rows two hundred at a time, end, and are forgotten.

use super::job::{Job, State, Work};
use crate::simulator::salesforce::Salesforce;

/// Rows of one transaction inside a load.
const CHUNK: usize = 200;
/// The shortest job, unless jobs take no time at all.
const LENGTH_MIN: i64 = 1000;
/// A job that nobody closes is aborted (assumed; that it may stay open for 24 hours is documented).
const OPEN_MAX: i64 = 86_400_000;
/// Jobs and their results are kept this long.
const KEPT: i64 = 7 * 86_400_000;

/// How long a job with so many rows takes.
pub(super) fn length(rows: usize, ms_per_10k: i64) -> i64 {
    if ms_per_10k == 0 {
        return 0;
    }
    let rows = i64::try_from(rows).unwrap_or(i64::MAX);
    (rows.saturating_mul(ms_per_10k) / 10_000).max(LENGTH_MIN)
}

/// The next thing that happens to a job, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Begin,
    Chunk,
    Finish,
    GiveUp,
    Forget,
}

impl Job {
    fn next(&self) -> (i64, Step) {
        // A job waits for a quarter of its time and works for the rest.
        let begins = self.started + self.length / 4;
        match self.state {
            State::Open => (self.created + OPEN_MAX, Step::GiveUp),
            State::UploadComplete => (begins, Step::Begin),
            State::InProgress => match &self.work {
                Work::Load(load) if load.fates.len() < load.sheet.rows.len() => {
                    let chunks = load.sheet.rows.len().div_ceil(CHUNK);
                    let done = load.fates.len() / CHUNK + 1;
                    let of = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
                    let left = self.length - self.length / 4;
                    (begins + left * of(done) / of(chunks), Step::Chunk)
                }
                Work::Load(_) | Work::Export(_) => (self.started + self.length, Step::Finish),
            },
            State::JobComplete | State::Failed | State::Aborted => {
                (self.stamp + KEPT, Step::Forget)
            }
        }
    }
}

impl Salesforce {
    /// Does everything that jobs do up to `now`, each thing at its own time.
    pub(crate) fn run_jobs(&mut self, now: i64) {
        while let Some((at, step, id)) = self.next_step(now) {
            self.clock = self.clock.max(at);
            self.take_step(&id, step);
            self.tables.commit();
        }
    }

    fn next_step(&self, now: i64) -> Option<(i64, Step, String)> {
        let due = self.jobs.all.values().filter_map(|job| {
            let (at, step) = job.next();
            (at <= now).then_some((at, step, &job.id))
        });
        due.min().map(|(at, step, id)| (at, step, id.clone()))
    }

    fn take_step(&mut self, id: &str, step: Step) {
        let now = self.clock;
        let Some(mut job) = self.jobs.all.remove(id) else {
            return;
        };
        match (step, &mut job.work) {
            (Step::Forget, _) => return,
            (Step::GiveUp, _) => job.go(State::Aborted, now),
            (Step::Begin, Work::Load(load)) => {
                let flaw = job.error.take().or_else(|| self.unknown_column(load));
                match flaw {
                    Some(flaw) => job.fail(flaw, now),
                    None => job.go(State::InProgress, now),
                }
            }
            (Step::Begin, Work::Export(_)) => job.go(State::InProgress, now),
            (Step::Chunk, Work::Load(load)) => self.load_chunk(load, CHUNK),
            (Step::Finish, Work::Export(export)) => match self.exported(export) {
                Ok(sheet) => {
                    export.sheet = sheet;
                    job.go(State::JobComplete, now);
                }
                Err(why) => job.fail(format!("{} : {}", why.code, why.message), now),
            },
            (Step::Finish | Step::Chunk, _) => job.go(State::JobComplete, now),
        }
        let over = job.state.is_over();
        self.jobs.all.insert(id.to_owned(), job);
        if over {
            self.settle_order(id);
        }
    }

    /// Puts the rows of a load that is over into the order its results have.
    pub(super) fn settle_order(&mut self, id: &str) {
        let mut luck = self.jobs.luck(self.settings.seed);
        let job = self.jobs.all.get_mut(id);
        if let Some(Work::Load(load)) = job.map(|job| &mut job.work) {
            load.order = (0..load.sheet.rows.len()).collect();
            luck.shuffle(&mut load.order);
        }
    }
}
