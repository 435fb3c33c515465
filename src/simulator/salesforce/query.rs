//! `/query` and `/queryAll`: pages of a result and the locators between them.

use serde_json::{Value, json};

use super::Salesforce;
use super::call::{Answer, Call, members, settled};
use super::problem::Problem;
use super::soql::plan::{self, Output, Route};
use super::soql::run::Reader;

const LOCATOR_LIFE_MS: i64 = 2 * 86_400_000;

/// An open result: which rows, in which order, and what of them is shown.
#[derive(Debug)]
pub(crate) struct Cursor {
    object: String,
    ids: Vec<String>,
    routes: Vec<Route>,
    page: usize,
    opened: i64,
}

impl Salesforce {
    pub(crate) fn query(&mut self, call: &Call, with_deleted: bool) -> Answer {
        settled(self.open_query(call, with_deleted))
    }

    fn open_query(&mut self, call: &Call, with_deleted: bool) -> Result<Answer, Problem> {
        let Some(text) = call.param("q") else {
            let message = "A query string has to be specified";
            return Err(Problem::new(400, "MALFORMED_QUERY", message));
        };
        let plan = plan::plan(text, &self.tables)?;
        let reader = Reader {
            tables: &self.tables,
            unseen: &self.unseen,
            with_deleted,
        };
        let ids = reader.run(&plan);
        let routes = match plan.output {
            Output::Rows(routes) => routes,
            Output::Count => {
                return Ok(Answer::ok(
                    json!({"totalSize": ids.len(), "done": true, "records": []}),
                ));
            }
            Output::CountOf(route) => {
                let column = route.column;
                let table = self.table(&plan.object);
                let filled = ids.iter().filter_map(|id| table.row(id));
                let count = filled.filter(|row| !row.cell(column).is_null()).count();
                let record = json!({"attributes": {"type": "AggregateResult"}, "expr0": count});
                return Ok(Answer::ok(
                    json!({"totalSize": 1, "done": true, "records": [record]}),
                ));
            }
        };
        let page = self.page_size(call);
        let cursor = Cursor {
            object: plan.object,
            ids,
            routes,
            page,
            opened: self.clock,
        };
        let body = if cursor.ids.len() <= page {
            self.page(&cursor, "", 0, &call.version)
        } else {
            let locator = self.mint.next("01g");
            let body = self.page(&cursor, &locator, 0, &call.version);
            self.cursors.insert(locator, cursor);
            body
        };
        Ok(Answer::ok(body))
    }

    /// `Sforce-Query-Options: batchSize=n` is a hint between 200 and the org's own page.
    fn page_size(&self, call: &Call) -> usize {
        let own = self.settings.default_row_limit.max(1);
        let hint = call
            .header("sforce-query-options")
            .and_then(|header| header.split_once("batchSize="))
            .and_then(|(_, size)| size.split([',', ';', ' ']).next()?.parse::<usize>().ok());
        hint.map_or(own, |hint| hint.max(200).min(own))
    }

    fn page(&self, cursor: &Cursor, locator: &str, offset: usize, version: &str) -> Value {
        let end = cursor.ids.len().min(offset + cursor.page);
        let records: Vec<Value> = cursor.ids[offset..end]
            .iter()
            .map(|id| self.record(&cursor.object, id, &cursor.routes, version))
            .filter(|record| !record.is_null())
            .collect();
        let done = end == cursor.ids.len();
        let mut body = members([
            ("totalSize", Value::from(cursor.ids.len())),
            ("done", Value::Bool(done)),
            ("records", Value::Array(records)),
        ]);
        if !done {
            body["nextRecordsUrl"] =
                json!(format!("/services/data/v{version}/query/{locator}-{end}"));
        }
        body
    }

    /// The page a locator names; parameters of the first call may come along and mean nothing.
    pub(crate) fn more(&mut self, call: &Call, locator: &str) -> Answer {
        let found = locator.split_once('-').and_then(|(id, offset)| {
            let cursor = self.cursors.get(id)?;
            let offset: usize = offset.parse().ok()?;
            let fresh = self.clock - cursor.opened < LOCATOR_LIFE_MS;
            (fresh && offset <= cursor.ids.len()).then_some((id, cursor, offset))
        });
        match found {
            Some((id, cursor, offset)) => Answer::ok(self.page(cursor, id, offset, &call.version)),
            None => Problem::new(400, "INVALID_QUERY_LOCATOR", "invalid query locator").into(),
        }
    }
}
