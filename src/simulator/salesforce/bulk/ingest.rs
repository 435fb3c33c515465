//! Loads on their way in: created, uploaded once, closed. What they do is `load`'s.

use serde_json::{Map, Value};

use super::job::{Load, Operation, State, Work};
use super::{invalid_job, multipart, quota, text, wrong_state};
use crate::simulator::salesforce::Salesforce;
use crate::simulator::salesforce::call::{Answer, Body, Call};
use crate::simulator::salesforce::describe;
use crate::simulator::salesforce::problem::Problem;

/// Bytes of one upload.
const UPLOAD_MAX: usize = 100_000_000;
/// Rows in one batch, which is what the daily limit counts.
const BATCH_ROWS: usize = 10_000;

impl Salesforce {
    pub(super) fn create_load(&mut self, call: &Call) -> Result<Answer, Problem> {
        let id = match multipart::form(call) {
            None => self.open_load(call, &call.object()?)?,
            Some(form) => {
                let form = form?;
                let id = self.open_load(call, &form.job)?;
                if let Some(job) = self.jobs.all.get_mut(&id)
                    && let Work::Load(load) = &mut job.work
                {
                    load.upload = Some(form.content);
                }
                self.close_load(&id)?;
                id
            }
        };
        let job = self.jobs.all.get(&id).ok_or_else(Problem::not_found)?;
        Ok(Answer::ok(job.info()))
    }

    /// Keeps a new load, and answers its id.
    fn open_load(&mut self, call: &Call, body: &Map<String, Value>) -> Result<String, Problem> {
        let object = text(body, "object").unwrap_or_default();
        let table = self.tables.get(object);
        let known = table.filter(|table| describe::is_writable(&table.schema));
        let object = known
            .map(|table| table.schema.name.clone())
            .ok_or_else(|| {
                let message = format!("Entity '{object}' is not supported by the Bulk API.");
                Problem::new(400, "INVALIDENTITY", message)
            })?;
        let operation = text(body, "operation").unwrap_or_default();
        if operation == "hardDelete" {
            // It takes a permission of its own, which integration users do not have.
            let message = "hardDelete is not enabled for this user";
            return Err(Problem::new(400, "FEATURENOTENABLED", message));
        }
        let operation = Operation::named(operation)
            .ok_or_else(|| invalid_job(format!("Operation {operation} is not supported")))?;
        let key = match (operation, text(body, "externalIdFieldName")) {
            (Operation::Upsert, Some(name)) => Some(self.load_key(&object, name)?),
            (Operation::Upsert, None) => {
                let message = "InvalidJob : an upsert needs an external ID field";
                return Err(invalid_job(message.to_owned()));
            }
            (Operation::Insert | Operation::Update | Operation::Delete, _) => None,
        };
        if self.jobs.batches.used(self.clock) >= self.settings.bulk_batches {
            return Err(quota("number of batches"));
        }
        let load = Load {
            object,
            operation,
            key,
            upload: None,
            sheet: super::csv::Sheet::default(),
            fates: Vec::new(),
            order: Vec::new(),
        };
        let job = self.new_job(call, body, Work::Load(load))?;
        let id = job.id.clone();
        self.jobs.all.insert(id.clone(), job);
        Ok(id)
    }

    /// The exact name of the field that names an upsert's records; `Id` is one.
    fn load_key(&self, object: &str, name: &str) -> Result<String, Problem> {
        if name.eq_ignore_ascii_case("id") {
            return Ok("Id".to_owned());
        }
        let fields = &self.table(object).schema.fields;
        let column = self.key_column(object, name);
        column
            .map(|column| fields[column].name.clone())
            .map_err(|_| {
                invalid_job(format!(
                    "Field name provided, {name} does not match an External ID, Salesforce Id, or \
                     indexed field for {object}"
                ))
            })
    }

    pub(super) fn upload(&mut self, call: &Call, id: &str) -> Result<Answer, Problem> {
        let kind = call.header("content-type").unwrap_or_default();
        if !kind.to_lowercase().starts_with("text/csv") {
            let message = "the content of a job is text/csv";
            return Err(Problem::new(415, "UNSUPPORTED_MEDIA_TYPE", message));
        }
        let bytes = match &call.body {
            Body::Raw(bytes) => bytes.clone(),
            Body::Json(_) => Vec::new(),
        };
        if bytes.len() > UPLOAD_MAX {
            let message = "the content of a job is at most 100 MB";
            return Err(Problem::new(400, "EXCEEDED_MAX_SIZE_REQUEST", message));
        }
        let job = self.jobs.all.get_mut(id).ok_or_else(Problem::not_found)?;
        let state = job.state;
        let Work::Load(load) = &mut job.work else {
            return Err(Problem::not_found());
        };
        if state != State::Open {
            let message = format!("a job in state {} takes no content", state.name());
            return Err(wrong_state(message));
        }
        if load.upload.is_some() {
            let message = format!("Found multiple contents for job: <{id}>");
            return Err(wrong_state(message));
        }
        load.upload = Some(bytes);
        Ok(Answer::empty(201))
    }

    /// Lets a load begin. One that nothing was uploaded to has no rows and completes (assumed).
    pub(super) fn close_load(&mut self, id: &str) -> Result<(), Problem> {
        let now = self.clock;
        let pace = self.settings.bulk_ms_per_10k;
        let job = self.jobs.all.get_mut(id).ok_or_else(Problem::not_found)?;
        let Work::Load(load) = &mut job.work else {
            return Err(Problem::not_found());
        };
        let bytes = load.upload.take().unwrap_or_default();
        let (flaw, rows) = match job.dialect.read(&bytes) {
            Ok(sheet) => {
                load.sheet = sheet;
                (None, load.sheet.rows.len())
            }
            Err(flaw) => (Some(flaw), 0),
        };
        job.error = flaw;
        job.started = now;
        job.length = super::clockwork::length(rows, pace);
        job.go(State::UploadComplete, now);
        let batches = rows.div_ceil(BATCH_ROWS) + 1;
        self.jobs.batches.count(now, batches as u64);
        Ok(())
    }
}
