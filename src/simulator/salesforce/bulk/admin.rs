//! What administrators do to jobs by the page of Bulk loads, and what trials read of them.

use serde_json::{Value, json};

use super::csv::Dialect;
use super::job::{Job, Load, Operation, State, Work};
use crate::simulator::salesforce::Salesforce;

impl Salesforce {
    /// Every job as the API shows it, in the order of creation.
    pub fn jobs(&self) -> Vec<Value> {
        let mut known: Vec<&Job> = self.jobs.all.values().collect();
        known.sort_by_key(|job| (job.created, job.id.clone()));
        known.into_iter().map(Job::info).collect()
    }

    /// Somebody else opens a load of upserts and leaves it open; returns its id.
    ///
    /// # Panics
    /// Never: CSV with commas is a dialect.
    pub fn open_foreign_load(&mut self, object: &str, user: &str, now: i64) -> String {
        let id = self.mint.next("750");
        let dialect = Dialect::named("COMMA", "LF").expect("CSV with commas is a dialect");
        let load = Load {
            object: object.to_owned(),
            operation: Operation::Upsert,
            key: Some("Syncline_HubSpot_Id__c".to_owned()),
            upload: None,
            sheet: super::csv::Sheet::default(),
            fates: Vec::new(),
            order: Vec::new(),
        };
        let job = Job {
            id: id.clone(),
            version: "66.0".to_owned(),
            created: now,
            created_by: user.to_owned(),
            state: State::Open,
            dialect,
            stamp: now,
            started: now,
            length: 0,
            error: None,
            work: Work::Load(load),
        };
        self.jobs.all.insert(id.clone(), job);
        id
    }

    /// An administrator aborts every job that is not over; returns how many.
    pub fn abort_jobs(&mut self, now: i64) -> usize {
        self.run_jobs(now);
        let open = self.jobs.all.values().filter(|job| !job.state.is_over());
        let open: Vec<String> = open.map(|job| job.id.clone()).collect();
        for id in &open {
            self.abort(id, now);
        }
        open.len()
    }

    /// An administrator deletes every job that is over, with its results; returns how many.
    pub fn delete_jobs(&mut self, now: i64) -> usize {
        self.run_jobs(now);
        let before = self.jobs.all.len();
        self.jobs.all.retain(|_, job| !job.state.is_over());
        before - self.jobs.all.len()
    }

    /// The states of all jobs with the rows they processed, as one line each.
    pub fn job_lines(&self) -> Vec<String> {
        let line = |job: &Value| {
            let text = |name: &str| job[name].as_str().unwrap_or_default().to_owned();
            let done = job
                .get("numberRecordsProcessed")
                .unwrap_or(&json!(0))
                .clone();
            format!(
                "{} {} {} {done}",
                text("operation"),
                text("object"),
                text("state")
            )
        };
        self.jobs().iter().map(line).collect()
    }
}
