//! Bulk API 2.0: jobs that load and export rows as CSV, working while the clock runs on.

mod admin;
mod clockwork;
mod csv;
mod export;
mod ingest;
mod job;
mod load;
mod multipart;
mod results;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Salesforce;
use super::call::{Answer, Call, settled};
use super::problem::Problem;
use super::usage::Usage;
use crate::simulator::luck::Luck;
use csv::Dialect;
use job::{Job, State, Work};

/// The jobs of an org by id, and what counts toward their limits.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    all: BTreeMap<String, Job>,
    /// Batches of 10,000 rows, with an empty one beside those of every load.
    batches: Usage,
    /// Query jobs.
    queries: Usage,
    /// Loads that were put into an order of their own.
    shuffled: u64,
}

impl Jobs {
    pub(crate) fn batches_used(&mut self, now: i64) -> u64 {
        self.batches.used(now)
    }

    pub(crate) fn queries_used(&mut self, now: i64) -> u64 {
        self.queries.used(now)
    }

    /// Luck for the next load's results.
    fn luck(&mut self, seed: u64) -> Luck {
        self.shuffled += 1;
        Luck::new(seed.wrapping_mul(0x9E37_79B9).wrapping_add(self.shuffled))
    }
}

impl Salesforce {
    /// Everything below `/jobs`.
    pub(crate) fn bulk(&mut self, call: &Call, path: &[&str]) -> Answer {
        let answer = match (call.method.as_str(), path) {
            ("POST", ["ingest"]) => self.create_load(call),
            ("POST", ["query"]) => self.create_export(call),
            ("GET", [room @ ("ingest" | "query")]) => self.list_jobs(call, room),
            (method, [room @ ("ingest" | "query"), id, rest @ ..]) => {
                return settled(self.one_job(call, method, (*room, *id), rest));
            }
            (method, ["ingest" | "query"]) => Err(not_allowed(method)),
            _ => Err(Problem::not_found()),
        };
        settled(answer)
    }

    fn one_job(
        &mut self,
        call: &Call,
        method: &str,
        (room, id): (&str, &str),
        rest: &[&str],
    ) -> Result<Answer, Problem> {
        let id = super::ids::parse(id).ok_or_else(Problem::not_found)?;
        let known = self.jobs.all.get(&id).filter(|job| job.room() == room);
        let job = known.ok_or_else(Problem::not_found)?;
        match (method, room, rest) {
            ("GET", _, []) => Ok(Answer::ok(job.info())),
            ("PATCH", _, []) => self.turn_job(call, &id),
            ("DELETE", _, []) => self.delete_job(&id),
            ("PUT", "ingest", ["batches"]) => self.upload(call, &id),
            ("GET", "ingest", [kind]) => self.load_results(&id, kind),
            ("GET", "query", ["results"]) => self.export_results(call, &id),
            (method, _, [] | ["batches"]) => Err(not_allowed(method)),
            _ => Err(Problem::not_found()),
        }
    }

    /// Closes a job or aborts it: the two states that a client may set.
    fn turn_job(&mut self, call: &Call, id: &str) -> Result<Answer, Problem> {
        let body = call.object()?;
        let wanted = text(&body, "state");
        let now = self.clock;
        let job = self.jobs.all.get(id).ok_or_else(Problem::not_found)?;
        match (wanted, job.state, &job.work) {
            (Some("Aborted"), state, _) if !state.is_over() => self.abort(id, now),
            (Some("UploadComplete"), State::Open, Work::Load(_)) => self.close_load(id)?,
            (Some(wanted @ ("Aborted" | "UploadComplete")), state, _) => {
                let message = format!("a job in state {} cannot go to {wanted}", state.name());
                return Err(wrong_state(message));
            }
            (_, _, _) => {
                return Err(Problem::new(400, "INVALIDJOBSTATE", "Invalid job state"));
            }
        }
        let job = self.jobs.all.get(id).ok_or_else(Problem::not_found)?;
        Ok(Answer::ok(job.info()))
    }

    /// Stops a job; the rows of one that has not begun are unprocessed.
    fn abort(&mut self, id: &str, now: i64) {
        let Some(job) = self.jobs.all.get_mut(id) else {
            return;
        };
        if let Work::Load(load) = &mut job.work
            && let Some(bytes) = load.upload.take()
        {
            load.sheet = job.dialect.read(&bytes).unwrap_or_default();
        }
        job.go(State::Aborted, now);
        self.settle_order(id);
    }

    fn delete_job(&mut self, id: &str) -> Result<Answer, Problem> {
        let job = self.jobs.all.get(id).ok_or_else(Problem::not_found)?;
        if matches!(job.state, State::Open | State::InProgress) {
            let message = format!("a job in state {} cannot be deleted", job.state.name());
            return Err(wrong_state(message));
        }
        self.jobs.all.remove(id);
        Ok(Answer::empty(204))
    }

    fn list_jobs(&mut self, call: &Call, room: &str) -> Result<Answer, Problem> {
        let from = match call.param("queryLocator") {
            Some(text) => place(text)?,
            None => 0,
        };
        let page = self.settings.bulk_list_page.max(1);
        let known = self.jobs.all.values().filter(|job| job.room() == room);
        let mut known: Vec<&Job> = known.collect();
        known.sort_by_key(|job| (job.created, job.id.clone()));
        let records: Vec<Value> = known
            .iter()
            .skip(from)
            .take(page)
            .map(|job| job.info())
            .collect();
        let next = from + records.len();
        let done = next >= known.len();
        let url = format!(
            "/services/data/v{}/jobs/{room}?queryLocator={}",
            call.version,
            locator(next)
        );
        let url = if done { Value::Null } else { json!(url) };
        Ok(Answer::ok(
            json!({"done": done, "records": records, "nextRecordsUrl": url}),
        ))
    }

    fn new_job(
        &mut self,
        call: &Call,
        body: &Map<String, Value>,
        work: Work,
    ) -> Result<Job, Problem> {
        let content = text(body, "contentType").unwrap_or("CSV");
        let delimiter = text(body, "columnDelimiter").unwrap_or("COMMA");
        let ending = text(body, "lineEnding").unwrap_or("LF");
        let dialect = Dialect::named(delimiter, ending).filter(|_| content == "CSV");
        let dialect = dialect.ok_or_else(|| {
            invalid_job(format!(
                "content {content} with {delimiter} and {ending} is not supported"
            ))
        })?;
        Ok(Job {
            id: self.mint.next("750"),
            version: call.version.clone(),
            created: self.clock,
            created_by: self.settings.user_id.clone(),
            state: State::Open,
            dialect,
            stamp: self.clock,
            started: self.clock,
            length: 0,
            error: None,
            work,
        })
    }
}

fn text<'a>(body: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    body.get(name).and_then(Value::as_str)
}

// Codes as the documentation lists them, in the capitals that REST answers have (assumed).
fn invalid_job(message: String) -> Problem {
    Problem::new(400, "INVALIDJOB", message)
}

fn wrong_state(message: String) -> Problem {
    Problem::new(400, "INVALIDJOBSTATE", message)
}

fn quota(what: &str) -> Problem {
    let message = format!("Exceeded the {what} allowed in 24 hours");
    Problem::new(400, "EXCEEDEDQUOTA", message)
}

fn not_allowed(method: &str) -> Problem {
    let message = format!("HTTP Method '{method}' not allowed.");
    Problem::new(405, "METHOD_NOT_ALLOWED", message)
}

/// A place in a list as a text that tells nobody what it means.
fn locator(place: usize) -> String {
    format!("MT{:x}", place ^ 0x5A_5A5A)
}

fn place(locator: &str) -> Result<usize, Problem> {
    let digits = locator.strip_prefix("MT");
    let number = digits.and_then(|digits| usize::from_str_radix(digits, 16).ok());
    number
        .map(|number| number ^ 0x5A_5A5A)
        .ok_or_else(|| Problem::new(400, "INVALID_QUERY_LOCATOR", "invalid query locator"))
}
