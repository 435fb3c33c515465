//! Bulk API 2.0: what a batch is for a few hundred rows, a job is for many thousands.
//!
//! A load is created, filled with one file, closed, looked at until it is over, and its results are
//! fetched; an export is created, looked at, and fetched in pages. Each step is one call, and when
//! to take which is the caller's decision.

mod csv;
mod export;
mod job;
mod results;
mod sheet;

use serde_json::json;

use super::batch::BatchOperation;
use super::client::{Salesforce, reply};
use super::query::Query;
use crate::crm::http::{CallError, HttpRequest, HttpResponse, Method, Reply};
use crate::crm::values;
use crate::domain::schema::ObjectSchema;

pub use export::{ExportLocator, ExportPage};
pub use job::{Job, JobId, JobKind, JobPage, JobState, JobsLocator};
pub use results::{Loaded, LoadedRow, ResultList};
pub use sheet::{NoRoom, SHEET_BYTES_MAX, Sheet};

/// Rows of one object, loaded by one operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Load<'a> {
    /// The object, whose describe says how values are written.
    pub schema: &'a ObjectSchema,
    /// What is done.
    pub operation: BatchOperation,
}

impl Load<'_> {
    /// The column that tells rows apart.
    fn key(&self) -> &str {
        match &self.operation {
            BatchOperation::Upsert { external_id_field } => external_id_field.as_str(),
            BatchOperation::Insert { told_by } => told_by.as_str(),
            BatchOperation::Update | BatchOperation::Delete => "Id",
        }
    }
}

impl Salesforce {
    /// Creates a load, open and empty. One whose creation was never answered is in [`Self::jobs`].
    pub async fn create_load(&self, load: &Load<'_>) -> Result<Reply<Job>, CallError> {
        let mut body = json!({
            "object": load.schema.api_name, "contentType": "CSV",
            "lineEnding": "LF", "columnDelimiter": "COMMA",
        });
        match &load.operation {
            BatchOperation::Upsert { external_id_field } => {
                body["operation"] = json!("upsert");
                body["externalIdFieldName"] = json!(external_id_field.as_str());
            }
            BatchOperation::Insert { .. } => body["operation"] = json!("insert"),
            BatchOperation::Update => body["operation"] = json!("update"),
            BatchOperation::Delete => body["operation"] = json!("delete"),
        }
        let request = self.request(&self.versioned(JobKind::Load.resource()))?;
        let response = self.send(request.with_json(Method::Post, &body)).await?;
        job_of(&response)
    }

    /// Hands an open load its file. It takes one only: after an unknown outcome a second attempt
    /// is either the first or refused.
    pub async fn upload(&self, job: &JobId, sheet: Sheet) -> Result<Reply<()>, CallError> {
        let path = format!("{}/batches", path(JobKind::Load, job));
        let mut request = self.request(&self.versioned(&path))?;
        request.method = Method::Put;
        request
            .headers
            .push(("content-type", "text/csv".to_owned()));
        request.body = Some(sheet.into_bytes());
        let response = self.send(request).await?;
        Ok(reply(&response, ()))
    }

    /// Lets a load begin with the file it has.
    pub async fn close(&self, job: &JobId) -> Result<Reply<Job>, CallError> {
        self.turn(JobKind::Load, job, "UploadComplete").await
    }

    /// Stops a job. What it has written by then stays written.
    pub async fn abort(&self, kind: JobKind, job: &JobId) -> Result<Reply<Job>, CallError> {
        self.turn(kind, job, "Aborted").await
    }

    /// Looks where a job stands.
    pub async fn job(&self, kind: JobKind, job: &JobId) -> Result<Reply<Job>, CallError> {
        let response = self.get(&self.versioned(&path(kind, job))).await?;
        job_of(&response)
    }

    /// Lists the jobs of the last days, everybody's, first page.
    pub async fn jobs(&self, kind: JobKind) -> Result<Reply<JobPage>, CallError> {
        let response = self.get(&self.versioned(kind.resource())).await?;
        jobs_of(&response)
    }

    /// Fetches a further page of the list.
    pub async fn next_jobs(&self, locator: &JobsLocator) -> Result<Reply<JobPage>, CallError> {
        if !locator.0.starts_with("/services/data/") {
            return Err(CallError::NotSent("the locator is no path".to_owned()));
        }
        let response = self.get(&locator.0).await?;
        jobs_of(&response)
    }

    /// Fetches what became of a load's rows, once it is over. A row that stands in none of the
    /// three lists was not told of: [`Job::processed`] and [`Job::failed`] say how many there are.
    pub async fn results(
        &self,
        job: &JobId,
        list: ResultList,
        load: &Load<'_>,
    ) -> Result<Reply<Vec<LoadedRow>>, CallError> {
        let path = format!("{}/{}", path(JobKind::Load, job), list.resource());
        let request = as_csv(self.request(&self.versioned(&path))?);
        let response = self.send(request).await?;
        let rows = results::read(&response.body, list, load)?;
        Ok(reply(&response, rows))
    }

    /// Creates an export; it begins by itself.
    pub async fn create_export(&self, query: &Query) -> Result<Reply<Job>, CallError> {
        let body = json!({"operation": query.resource(), "query": query.soql()});
        let request = self.request(&self.versioned(JobKind::Export.resource()))?;
        let response = self.send(request.with_json(Method::Post, &body)).await?;
        job_of(&response)
    }

    /// Fetches one page, of at most `rows_max` rows, of what `query` found. Salesforce may send
    /// fewer rows than asked for and say that there are more.
    pub async fn export_page(
        &self,
        job: &JobId,
        query: &Query,
        locator: Option<&ExportLocator>,
        rows_max: u32,
    ) -> Result<Reply<ExportPage>, CallError> {
        let mut path = format!(
            "{}/results?maxRecords={rows_max}",
            path(JobKind::Export, job)
        );
        if let Some(locator) = locator {
            path.push_str("&locator=");
            path.push_str(&values::percent(locator.as_str()));
        }
        let request = as_csv(self.request(&self.versioned(&path))?);
        let mut response = self.send(request).await?;
        let page = export::page(&mut response, query)?;
        Ok(reply(&response, page))
    }

    async fn turn(&self, kind: JobKind, job: &JobId, state: &str) -> Result<Reply<Job>, CallError> {
        let request = self.request(&self.versioned(&path(kind, job)))?;
        let request = request.with_json(Method::Patch, &json!({ "state": state }));
        let response = self.send(request).await?;
        job_of(&response)
    }
}

fn path(kind: JobKind, job: &JobId) -> String {
    format!("{}/{}", kind.resource(), job.as_str())
}

/// The same request, asking for a table: JSON is refused where only CSV is served.
fn as_csv(mut request: HttpRequest) -> HttpRequest {
    for (name, value) in &mut request.headers {
        if *name == "accept" {
            "text/csv".clone_into(value);
        }
    }
    request
}

fn job_of(response: &HttpResponse) -> Result<Reply<Job>, CallError> {
    let job = job::job(&response.json()?).map_err(CallError::unreadable)?;
    Ok(reply(response, job))
}

fn jobs_of(response: &HttpResponse) -> Result<Reply<JobPage>, CallError> {
    let page = job::page(&response.json()?).map_err(CallError::unreadable)?;
    Ok(reply(response, page))
}
