//! One job: what it is to do, how far it is, and how the API shows it. Reads and writes no record.

use serde_json::{Value, json};

use super::csv::{Dialect, Sheet};
use crate::simulator::salesforce::moments;
use crate::simulator::salesforce::problem::Problem;

/// The states of a job, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Open,
    UploadComplete,
    InProgress,
    JobComplete,
    Failed,
    Aborted,
}

impl State {
    pub(crate) fn name(self) -> &'static str {
        match self {
            State::Open => "Open",
            State::UploadComplete => "UploadComplete",
            State::InProgress => "InProgress",
            State::JobComplete => "JobComplete",
            State::Failed => "Failed",
            State::Aborted => "Aborted",
        }
    }

    pub(crate) fn is_over(self) -> bool {
        matches!(self, State::JobComplete | State::Failed | State::Aborted)
    }
}

/// What a load does with its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Insert,
    Update,
    Upsert,
    Delete,
}

impl Operation {
    pub(crate) fn named(name: &str) -> Option<Operation> {
        [
            Operation::Insert,
            Operation::Update,
            Operation::Upsert,
            Operation::Delete,
        ]
        .into_iter()
        .find(|operation| operation.name() == name)
    }

    fn name(self) -> &'static str {
        match self {
            Operation::Insert => "insert",
            Operation::Update => "update",
            Operation::Upsert => "upsert",
            Operation::Delete => "delete",
        }
    }
}

/// What became of one row of a load.
#[derive(Debug)]
pub(crate) enum Fate {
    Saved { id: String, created: bool },
    Refused { id: Option<String>, why: Problem },
}

/// Rows to write.
#[derive(Debug)]
pub(crate) struct Load {
    pub(crate) object: String,
    pub(crate) operation: Operation,
    /// The field that names the records of an upsert.
    pub(crate) key: Option<String>,
    pub(crate) upload: Option<Vec<u8>>,
    pub(crate) sheet: Sheet,
    /// One for every row that was processed, in the order sent.
    pub(crate) fates: Vec<Fate>,
    /// Places of rows in the order that results list them, which is not the order sent.
    pub(crate) order: Vec<usize>,
}

/// Rows to read.
#[derive(Debug)]
pub(crate) struct Export {
    pub(crate) object: String,
    pub(crate) query: String,
    /// `queryAll`: deleted rows too.
    pub(crate) with_deleted: bool,
    pub(crate) sheet: Sheet,
}

#[derive(Debug)]
pub(crate) enum Work {
    Load(Load),
    Export(Export),
}

/// One job of either kind.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) id: String,
    /// `66.0`
    pub(crate) version: String,
    pub(crate) created: i64,
    pub(crate) created_by: String,
    pub(crate) state: State,
    pub(crate) dialect: Dialect,
    /// When its state changed last.
    pub(crate) stamp: i64,
    /// When its work began to wait, and how long it takes from there, in ms.
    pub(crate) started: i64,
    pub(crate) length: i64,
    pub(crate) error: Option<String>,
    pub(crate) work: Work,
}

impl Job {
    /// The part of the path that names its kind.
    pub(crate) fn room(&self) -> &'static str {
        match self.work {
            Work::Load(_) => "ingest",
            Work::Export(_) => "query",
        }
    }

    pub(crate) fn go(&mut self, state: State, now: i64) {
        self.state = state;
        self.stamp = now;
    }

    pub(crate) fn fail(&mut self, why: String, now: i64) {
        self.error = Some(why);
        self.go(State::Failed, now);
    }

    /// The job as the API shows it.
    pub(crate) fn info(&self) -> Value {
        let number = self.version.parse::<f64>().unwrap_or_default();
        let mut body = json!({
            "id": self.id, "state": self.state.name(), "createdById": self.created_by,
            "createdDate": moments::wire(moments::whole_second(self.created)),
            "systemModstamp": moments::wire(moments::whole_second(self.stamp)),
            "concurrencyMode": "Parallel", "contentType": "CSV", "apiVersion": number,
            "lineEnding": self.dialect.ending, "columnDelimiter": self.dialect.delimiter,
            "retries": 0, "totalProcessingTime": self.worked(),
        });
        // A flaw of the file is known before the job begins, and told only when it has failed.
        if let Some(error) = self.error.as_ref().filter(|_| self.state == State::Failed) {
            body["errorMessage"] = json!(error);
        }
        match &self.work {
            Work::Load(load) => self.add_load(&mut body, load),
            Work::Export(export) => {
                body["object"] = json!(export.object);
                body["operation"] = json!(if export.with_deleted {
                    "queryAll"
                } else {
                    "query"
                });
                body["jobType"] = json!("V2Query");
                body["numberRecordsProcessed"] = json!(export.sheet.rows.len());
            }
        }
        body
    }

    fn add_load(&self, body: &mut Value, load: &Load) {
        let refused = load
            .fates
            .iter()
            .filter(|fate| matches!(fate, Fate::Refused { .. }));
        body["object"] = json!(load.object);
        body["operation"] = json!(load.operation.name());
        body["jobType"] = json!("V2Ingest");
        body["numberRecordsProcessed"] = json!(load.fates.len());
        body["numberRecordsFailed"] = json!(refused.count());
        body["apiActiveProcessingTime"] = json!(self.worked());
        body["apexProcessingTime"] = json!(0);
        if let Some(key) = &load.key {
            body["externalIdFieldName"] = json!(key);
        }
        if self.state == State::Open {
            // Without a leading slash, as the real answer has it.
            body["contentUrl"] = json!(format!(
                "services/data/v{}/jobs/ingest/{}/batches",
                self.version, self.id
            ));
        }
    }

    fn worked(&self) -> i64 {
        match self.state {
            State::JobComplete | State::Failed => (self.stamp - self.started).max(0),
            State::Open | State::UploadComplete | State::InProgress | State::Aborted => 0,
        }
    }
}
