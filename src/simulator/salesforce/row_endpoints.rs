//! `/sobjects/…`: describes and single rows. Saves go through `save`.

use serde_json::{Map, Value, json};

use super::Salesforce;
use super::call::{Answer, Call, settled};
use super::intake::live_ids;
use super::problem::Problem;
use super::rows::Row;
use super::save::{Doer, Verb, Write};
use super::schema::Flag;
use super::soql::plan::{Route, unsupported};
use super::soql::run::Reader;
use super::{describe, ids, moments};

impl Salesforce {
    /// Everything below `/sobjects`; `path` are the segments after it.
    pub(crate) fn sobjects(&mut self, call: &Call, path: &[&str]) -> Answer {
        let [object, rest @ ..] = path else {
            return self.describe_all(call);
        };
        let Some(table) = self.tables.get(object) else {
            return Problem::not_found().into();
        };
        let object = table.schema.name.clone();
        let answer = match (call.method.as_str(), rest) {
            ("GET", []) => Ok(self.basic(call, &object)),
            ("GET", ["describe"]) => Ok(self.describe_one(call, &object)),
            ("GET", ["updated"]) => self.updated(call, &object),
            ("GET", ["deleted"]) => self.deleted(call, &object),
            ("POST", [] | ["Id"]) => return self.create(call, &object),
            ("GET", [id]) => row_id(id).and_then(|id| self.read(call, &object, &id)),
            ("PATCH", [id] | ["Id", id]) => match row_id(id) {
                Ok(id) => return self.update(call, &object, &id),
                Err(problem) => Err(problem),
            },
            ("DELETE", [id]) => row_id(id).and_then(|id| self.delete_row(&object, &id)),
            ("GET", [field, value]) => self.one_by_key(call, &object, field, value, Self::read),
            ("DELETE", [field, value]) => {
                self.one_by_key(call, &object, field, value, |own, _, object, id| {
                    own.delete_row(object, id)
                })
            }
            ("PATCH", [field, value]) => return self.upsert(call, &object, field, value),
            _ => Err(Problem::not_found()),
        };
        settled(answer)
    }

    fn describe_all(&self, call: &Call) -> Answer {
        let objects: Vec<Value> = self
            .tables
            .all()
            .map(|table| {
                let summary = describe::summary(&table.schema, &call.version);
                self.permitted(&table.schema.name, summary)
            })
            .collect();
        Answer::ok(json!({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": objects}))
    }

    fn basic(&self, call: &Call, object: &str) -> Answer {
        let summary = describe::summary(&self.table(object).schema, &call.version);
        let summary = self.permitted(object, summary);
        Answer::ok(json!({"objectDescribe": summary, "recentItems": []}))
    }

    fn describe_one(&self, call: &Call, object: &str) -> Answer {
        let schema = &self.table(object).schema;
        let modified = moments::http(schema.modified);
        let since = call
            .header("if-modified-since")
            .and_then(moments::parse_http);
        if since.is_some_and(|since| schema.modified <= since) {
            return Answer::empty(304).with("last-modified", modified);
        }
        let types = self.record_types(object);
        let described = describe::full(schema, &call.version, &types);
        Answer::ok(self.permitted(object, described)).with("last-modified", modified)
    }

    /// A description says what the user who asks may do with records of the object.
    fn permitted(&self, object: &str, mut described: Value) -> Value {
        for (verb, key) in [
            (Verb::Create, "createable"),
            (Verb::Update, "updateable"),
            (Verb::Delete, "deletable"),
        ] {
            if self.denied.contains(&(object.to_owned(), verb)) {
                described[key] = json!(false);
            }
        }
        described
    }

    fn live(&self, object: &str, id: &str) -> Result<&Row, Problem> {
        let row = self.table(object).row(id).ok_or_else(Problem::not_found)?;
        if self.unseen.contains(id) {
            return Err(Problem::not_found());
        }
        if row.is_deleted() {
            let problem = Problem::data("ENTITY_IS_DELETED", "entity is deleted", &[]);
            return Err(problem.with_status(404));
        }
        Ok(row)
    }

    fn read(&mut self, call: &Call, object: &str, id: &str) -> Result<Answer, Problem> {
        let modified = self.live(object, id)?.stamp();
        if let Some(answer) = condition(call, modified) {
            return Ok(answer);
        }
        let wanted = call.param("fields");
        let names: Option<Vec<&str>> = wanted.map(|text| text.split(',').collect());
        let routes = self.columns(object, names.as_deref())?;
        let record = self.record(object, id, &routes, &call.version);
        Ok(Answer::ok(record).with("last-modified", moments::http(modified)))
    }

    /// Columns by name, or all the user sees.
    pub(crate) fn columns(
        &self,
        object: &str,
        names: Option<&[&str]>,
    ) -> Result<Vec<Route>, Problem> {
        let schema = &self.table(object).schema;
        let route = |column| Route {
            hops: Vec::new(),
            column,
        };
        let Some(names) = names else {
            return Ok(schema.visible_columns().map(route).collect());
        };
        names
            .iter()
            .map(|name| {
                let message = format!("No such column '{name}' on sobject of type {object}");
                let column = schema.visible(name.trim());
                column
                    .map(route)
                    .ok_or_else(|| Problem::new(400, "INVALID_FIELD", message))
            })
            .collect()
    }

    pub(crate) fn record(&self, object: &str, id: &str, routes: &[Route], version: &str) -> Value {
        let table = self.table(object);
        let reader = Reader {
            tables: &self.tables,
            unseen: &self.unseen,
            with_deleted: true,
        };
        table.row(id).map_or(Value::Null, |row| {
            reader.record(table, row, routes, version)
        })
    }

    fn create(&mut self, call: &Call, object: &str) -> Answer {
        let fields = match call.object() {
            Ok(fields) => fields,
            Err(problem) => return problem.into(),
        };
        if fields.keys().any(|name| name.eq_ignore_ascii_case("id")) {
            let message = "The Id field should not be specified in the sobject data.";
            return Problem::data("INVALID_FIELD", message, &["Id"]).into();
        }
        match self.save_fields(call, object, None, &fields) {
            Ok(id) => {
                let place = format!("/services/data/v{}/sobjects/{object}/{id}", call.version);
                let body = json!({"id": id, "success": true, "errors": []});
                Answer::new(201, body).with("location", place)
            }
            Err(problems) => problems.into(),
        }
    }

    fn update(&mut self, call: &Call, object: &str, id: &str) -> Answer {
        let modified = match self.live(object, id) {
            Ok(row) => row.stamp(),
            Err(problem) => return problem.into(),
        };
        if let Some(answer) = condition(call, modified) {
            return answer;
        }
        let fields = match call.object() {
            Ok(fields) => fields,
            Err(problem) => return problem.into(),
        };
        if fields.keys().any(|name| name.eq_ignore_ascii_case("id")) {
            let message = "The Id field should not be specified in the sobject data.";
            return Problem::data("INVALID_FIELD", message, &["Id"]).into();
        }
        match self.save_fields(call, object, Some(id.to_owned()), &fields) {
            Ok(_) => Answer::empty(204),
            Err(problems) => problems.into(),
        }
    }

    fn save_fields(
        &mut self,
        call: &Call,
        object: &str,
        id: Option<String>,
        fields: &Map<String, Value>,
    ) -> Result<String, Vec<Problem>> {
        if !describe::is_writable(&self.table(object).schema) {
            let message = format!("entity type cannot be inserted: {object}");
            return Err(vec![Problem::data(
                "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
                message,
                &[],
            )]);
        }
        let by = Doer::Integration;
        let cells = self
            .read_fields(object, fields, by)
            .map_err(|problem| vec![problem])?;
        self.save(&Write {
            object: object.to_owned(),
            id,
            cells,
            by,
            care: call.care(),
        })
    }

    fn delete_row(&mut self, object: &str, id: &str) -> Result<Answer, Problem> {
        self.live(object, id)?;
        self.remove(id, Doer::Integration)?;
        Ok(Answer::empty(204))
    }

    /// The column of a field that rows can be found by.
    pub(crate) fn key_column(&self, object: &str, field: &str) -> Result<usize, Problem> {
        let schema = &self.table(object).schema;
        let is_key = |column: &usize| {
            let field = &schema.fields[*column];
            field.has(Flag::ExternalId) || field.has(Flag::IdLookup)
        };
        schema.visible(field).filter(is_key).ok_or_else(|| {
            let message =
                format!("Provided external ID field does not exist or is not accessible: {field}");
            Problem::new(404, "NOT_FOUND", message)
        })
    }

    fn one_by_key(
        &mut self,
        call: &Call,
        object: &str,
        field: &str,
        value: &str,
        then: impl FnOnce(&mut Self, &Call, &str, &str) -> Result<Answer, Problem>,
    ) -> Result<Answer, Problem> {
        let column = self.key_column(object, field)?;
        let found = self.visible_ids(object, column, value);
        match found.as_slice() {
            [] => Err(Problem::not_found()),
            [id] => then(self, call, object, id),
            several => Ok(choices(call, object, several)),
        }
    }

    fn visible_ids(&self, object: &str, column: usize, value: &str) -> Vec<String> {
        let mut found = live_ids(self.table(object), column, value);
        found.retain(|id| !self.unseen.contains(id));
        found
    }

    fn upsert(&mut self, call: &Call, object: &str, field: &str, value: &str) -> Answer {
        let outcome = self.key_column(object, field).and_then(|column| {
            let fields = call.object()?;
            if fields.keys().any(|name| name.eq_ignore_ascii_case(field)) {
                let message =
                    format!("The {field} field should not be specified in the sobject data.");
                return Err(Problem::data("INVALID_FIELD", message, &[field]));
            }
            Ok((column, fields))
        });
        let (column, mut fields) = match outcome {
            Ok(outcome) => outcome,
            Err(problem) => return problem.into(),
        };
        let found = self.visible_ids(object, column, value);
        let existing = match found.as_slice() {
            [] if call.param("updateOnly") == Some("true") => return Problem::not_found().into(),
            [] => {
                fields.insert(field.to_owned(), Value::from(value));
                None
            }
            [id] => Some(id.clone()),
            several => return choices(call, object, several),
        };
        let created = existing.is_none();
        match self.save_fields(call, object, existing, &fields) {
            Ok(_) if !created && call.major() < 46 => Answer::empty(204),
            Ok(id) => {
                let mut body = json!({"id": id, "success": true, "errors": []});
                if call.major() >= 46 {
                    body["created"] = Value::Bool(created);
                }
                Answer::new(if created { 201 } else { 200 }, body)
            }
            Err(problems) => problems.into(),
        }
    }
}

/// The id in a path; what is no id is taken for the name of a key field, which there is not.
fn row_id(text: &str) -> Result<String, Problem> {
    if let Some(id) = ids::parse(text) {
        return Ok(id);
    }
    let message = format!("Provided external ID field does not exist or is not accessible: {text}");
    Err(Problem::new(404, "NOT_FOUND", message))
}

/// 300: the rows the caller may choose from.
fn choices(call: &Call, object: &str, ids: &[String]) -> Answer {
    let urls: Vec<String> = ids
        .iter()
        .map(|id| format!("/services/data/v{}/sobjects/{object}/{id}", call.version))
        .collect();
    Answer::new(300, json!(urls))
}

/// 304 or 412 when a conditional header says so.
fn condition(call: &Call, modified: i64) -> Option<Answer> {
    let time = |name: &str| call.header(name).and_then(moments::parse_http);
    if call.method == "GET" && time("if-modified-since").is_some_and(|since| modified <= since) {
        return Some(Answer::empty(304));
    }
    time("if-unmodified-since")
        .filter(|since| modified > *since)
        .map(|_| Answer::empty(412))
}

/// What is said of an object that a collection names and that does not exist.
pub(crate) fn no_such_object(object: &str) -> Problem {
    Problem::new(400, "INVALID_TYPE", unsupported(object))
}
