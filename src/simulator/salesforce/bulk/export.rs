//! Query jobs: a query becomes a sheet when its time has come, and is handed out in pages.

use super::csv::Sheet;
use super::job::{Export, State, Work};
use super::{invalid_job, locator, place, quota, text, wrong_state};
use crate::simulator::salesforce::Salesforce;
use crate::simulator::salesforce::call::{Answer, Call};
use crate::simulator::salesforce::cell::Cell;
use crate::simulator::salesforce::moments;
use crate::simulator::salesforce::problem::Problem;
use crate::simulator::salesforce::rows::Table;
use crate::simulator::salesforce::soql::plan::{self, Output, Plan, Route};
use crate::simulator::salesforce::soql::run::Reader;

impl Salesforce {
    pub(super) fn create_export(&mut self, call: &Call) -> Result<Answer, Problem> {
        let body = call.object()?;
        let with_deleted = match text(&body, "operation") {
            Some("query") => false,
            Some("queryAll") => true,
            other => {
                let operation = other.unwrap_or_default();
                return Err(invalid_job(format!(
                    "Operation {operation} is not supported"
                )));
            }
        };
        let query = text(&body, "query").unwrap_or_default().to_owned();
        let plan = plan::plan(&query, &self.tables)?;
        if plan.offset > 0 || !matches!(plan.output, Output::Rows(_)) {
            let message = "OFFSET and aggregates are not supported in a query job";
            return Err(invalid_job(message.to_owned()));
        }
        let now = self.clock;
        if self.jobs.queries.used(now) >= self.settings.bulk_query_jobs {
            return Err(quota("number of query jobs"));
        }
        self.jobs.queries.count(now, 1);
        let rows = self.reader(with_deleted).run(&plan).len();
        let export = Export {
            object: plan.object,
            query,
            with_deleted,
            sheet: Sheet::default(),
        };
        let mut job = self.new_job(call, &body, Work::Export(export))?;
        job.length = super::clockwork::length(rows, self.settings.bulk_ms_per_10k);
        job.go(State::UploadComplete, now);
        let info = job.info();
        self.jobs.all.insert(job.id.clone(), job);
        Ok(Answer::ok(info))
    }

    fn reader(&self, with_deleted: bool) -> Reader<'_> {
        Reader {
            tables: &self.tables,
            unseen: &self.unseen,
            with_deleted,
        }
    }

    /// The rows as they are now, which is when the job ends.
    pub(super) fn exported(&self, export: &Export) -> Result<Sheet, Problem> {
        let plan: Plan = plan::plan(&export.query, &self.tables)?;
        let Output::Rows(routes) = &plan.output else {
            return Err(Problem::not_found());
        };
        let reader = self.reader(export.with_deleted);
        let table = self.table(&plan.object);
        let rows = reader.run(&plan);
        let rows = rows.iter().filter_map(|id| table.row(id));
        Ok(Sheet {
            header: routes
                .iter()
                .map(|route| self.heading(table, route))
                .collect(),
            rows: rows
                .map(|row| {
                    let cells = routes.iter().map(|route| written(reader.cell(route, row)));
                    cells.collect()
                })
                .collect(),
        })
    }

    /// `Account.Name`: the way to a column as a query names it.
    fn heading(&self, table: &Table, route: &Route) -> String {
        let mut table = table;
        let mut name = String::new();
        for hop in &route.hops {
            name.push_str(&hop.relationship);
            name.push('.');
            table = self.table(&hop.object);
        }
        name + &table.schema.fields[route.column].name
    }

    pub(super) fn export_results(&mut self, call: &Call, id: &str) -> Result<Answer, Problem> {
        let job = self.jobs.all.get(id).ok_or_else(Problem::not_found)?;
        let Work::Export(export) = &job.work else {
            return Err(Problem::not_found());
        };
        if job.version != call.version {
            let message = "The job was created with another API version";
            return Err(Problem::new(409, "API_VERSION_MISMATCH", message));
        }
        if job.state != State::JobComplete {
            let message = format!("a job in state {} has no results", job.state.name());
            return Err(wrong_state(message));
        }
        let rows = &export.sheet.rows;
        let from = call.param("locator").map_or(Ok(0), place)?;
        if from > rows.len() {
            let message = "invalid query locator";
            return Err(Problem::new(400, "INVALID_QUERY_LOCATOR", message));
        }
        let wanted = call.param("maxRecords").map(str::parse::<usize>);
        let wanted = wanted.transpose().map_err(|_| {
            let message = "maxRecords must be a whole number";
            Problem::new(400, "INVALID_INPUT", message)
        })?;
        let most = self.settings.bulk_page.max(1);
        let to = (from + wanted.unwrap_or(most).clamp(1, most)).min(rows.len());
        let mut out = String::new();
        let header = export.sheet.header.iter().map(String::as_str);
        job.dialect.write(&mut out, header);
        for row in &rows[from..to] {
            job.dialect.write(&mut out, row.iter().map(String::as_str));
        }
        let next = if to < rows.len() {
            locator(to)
        } else {
            "null".to_owned()
        };
        let count = (to - from).to_string();
        Ok(Answer::csv(out)
            .with("sforce-numberofrecords", count)
            .with("sforce-locator", next))
    }
}

/// A value in a result file. Moments are written with a Z there (assumed).
fn written(cell: &Cell) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Bool(on) => on.to_string(),
        Cell::Number(number) => number.to_string(),
        Cell::Text(text) => text.clone(),
        Cell::Moment(at) => moments::wire(*at).replace("+0000", "Z"),
    }
}
