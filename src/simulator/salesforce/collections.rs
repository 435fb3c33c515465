//! `/composite/sobjects…`: up to 200 rows in one call, each with an outcome of its own.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::Salesforce;
use super::call::{Answer, Call, settled};
use super::problem::Problem;
use super::row_endpoints::no_such_object;
use super::save::{Doer, Write};
use super::settings::Switch;
use super::{describe, ids};

const WRITES_MAX: usize = 200;
const READS_MAX: usize = 2000;
const TYPE_CHUNKS_MAX: usize = 10;

/// What became of one row.
struct Outcome {
    id: Option<String>,
    problems: Vec<Problem>,
    /// For upserts only.
    created: Option<bool>,
}

impl Outcome {
    fn failed(problem: Problem) -> Self {
        Outcome {
            id: None,
            problems: vec![problem],
            created: None,
        }
    }

    fn body(&self) -> Value {
        let errors: Vec<Value> = self.problems.iter().map(Problem::item).collect();
        let mut body = json!({"success": errors.is_empty(), "errors": errors});
        if let Some(id) = &self.id {
            body["id"] = json!(id);
        }
        if let Some(created) = self.created {
            body["created"] = Value::Bool(created && self.problems.is_empty());
        }
        body
    }
}

/// A row read from the body, before it is saved.
type Intake = Result<Write, Problem>;

impl Salesforce {
    /// Everything below `/composite/sobjects`.
    pub(crate) fn collections(&mut self, call: &Call, path: &[&str]) -> Answer {
        let answer = match (call.method.as_str(), path) {
            ("POST", []) => self.write_rows(call, Self::creation),
            ("PATCH", []) => self.write_rows(call, Self::change_of),
            ("DELETE", []) => self.delete_rows(call),
            ("GET" | "POST", [object]) => self.read_rows(call, object),
            ("PATCH", [object, field]) => self.upsert_rows(call, object, field),
            _ => Err(Problem::not_found()),
        };
        settled(answer)
    }

    fn write_rows(
        &mut self,
        call: &Call,
        intake: impl Fn(&Self, &Call, &Map<String, Value>) -> Intake,
    ) -> Result<Answer, Problem> {
        let (records, all_or_none) = records(call)?;
        check_chunks(&records)?;
        let writes: Vec<Intake> = records
            .iter()
            .map(|record| intake(self, call, record))
            .collect();
        self.check_whole(&writes)?;
        let none = vec![None; writes.len()];
        Ok(self.conclude(writes, none, all_or_none))
    }

    /// An error of the parser fails the whole call.
    fn check_whole(&self, writes: &[Intake]) -> Result<(), Problem> {
        let fails = |problem: &&Problem| {
            problem.code == "JSON_PARSER_ERROR"
                || problem.code == "INVALID_FIELD"
                    && problem.fields.is_none()
                    && self.is_on(Switch::UnknownFieldFailsCall)
        };
        match writes
            .iter()
            .filter_map(|write| write.as_ref().err())
            .find(fails)
        {
            Some(problem) => Err(problem.clone()),
            None => Ok(()),
        }
    }

    /// Saves row by row; with `all_or_none`, one failure takes everything back.
    fn conclude(
        &mut self,
        writes: Vec<Intake>,
        created: Vec<Option<bool>>,
        all_or_none: bool,
    ) -> Answer {
        let mark = self.tables.mark();
        let mut outcomes: Vec<Outcome> = writes
            .into_iter()
            .zip(created)
            .map(|(write, created)| {
                let saved = write
                    .map_err(|problem| vec![problem])
                    .and_then(|w| self.save(&w));
                match saved {
                    Ok(id) => Outcome {
                        id: Some(id),
                        problems: Vec::new(),
                        created,
                    },
                    Err(problems) => Outcome {
                        id: None,
                        problems,
                        created,
                    },
                }
            })
            .collect();
        if all_or_none && outcomes.iter().any(|outcome| !outcome.problems.is_empty()) {
            self.tables.roll_back(mark);
            for outcome in outcomes
                .iter_mut()
                .filter(|outcome| outcome.problems.is_empty())
            {
                outcome.problems.push(rolled_back());
            }
        }
        Answer::ok(outcomes.iter().map(Outcome::body).collect())
    }

    fn object_of_record(&self, record: &Map<String, Value>) -> Result<String, Problem> {
        let object = record
            .get("attributes")
            .and_then(|attributes| attributes.get("type"))
            .and_then(Value::as_str)
            .unwrap_or_default();
        let table = self
            .tables
            .get(object)
            .ok_or_else(|| no_such_object(object))?;
        if describe::is_writable(&table.schema) {
            return Ok(table.schema.name.clone());
        }
        let message = format!("entity type cannot be inserted: {}", table.schema.label);
        Err(Problem::data(
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
            message,
            &[],
        ))
    }

    fn creation(&self, call: &Call, record: &Map<String, Value>) -> Intake {
        let object = self.object_of_record(record)?;
        if given_id(record).is_some() {
            let message = "cannot specify Id in an insert call";
            return Err(Problem::data(
                "INVALID_FIELD_FOR_INSERT_UPDATE",
                message,
                &["Id"],
            ));
        }
        self.write(call, object, None, record)
    }

    fn change_of(&self, call: &Call, record: &Map<String, Value>) -> Intake {
        let object = self.object_of_record(record)?;
        let Some(id) = given_id(record) else {
            let message = "Id not specified in an update call";
            return Err(Problem::data("MISSING_ARGUMENT", message, &["Id"]));
        };
        let id = self.own_id(&object, id)?;
        self.write(call, object, Some(id), record)
    }

    pub(crate) fn own_id(&self, object: &str, text: &str) -> Result<String, Problem> {
        let prefix = &self.table(object).schema.prefix;
        ids::parse(text)
            .filter(|id| id.starts_with(prefix))
            .ok_or_else(|| {
                let message = format!("{object} ID: id value of incorrect type: {text}");
                Problem::data("MALFORMED_ID", message, &["Id"])
            })
    }

    fn write(
        &self,
        call: &Call,
        object: String,
        id: Option<String>,
        record: &Map<String, Value>,
    ) -> Intake {
        let by = Doer::Integration;
        let cells = self.read_fields(&object, record, by)?;
        Ok(Write {
            object,
            id,
            cells,
            by,
            care: call.care(),
        })
    }

    fn upsert_rows(&mut self, call: &Call, object: &str, field: &str) -> Result<Answer, Problem> {
        let table = self.tables.get(object).ok_or_else(Problem::not_found)?;
        let object = table.schema.name.clone();
        if !describe::is_writable(&table.schema) {
            return Err(Problem::not_found());
        }
        let (records, all_or_none) = records(call)?;
        if field.eq_ignore_ascii_case("id") {
            let writes: Vec<Intake> = records
                .iter()
                .map(|record| match given_id(record) {
                    Some(id) => {
                        let id = self.own_id(&object, id)?;
                        self.write(call, object.clone(), Some(id), record)
                    }
                    None => self.write(call, object.clone(), None, record),
                })
                .collect();
            self.check_whole(&writes)?;
            let created = created(&writes);
            return Ok(self.conclude(writes, created, all_or_none));
        }
        let column = self.key_column(&object, field)?;
        let doubles = doubles(&records, field);
        let writes: Vec<Intake> = records
            .iter()
            .map(|record| self.upsertion(call, &object, column, &doubles, record))
            .collect();
        self.check_whole(&writes)?;
        let created = created(&writes);
        Ok(self.conclude(writes, created, all_or_none))
    }

    fn upsertion(
        &self,
        call: &Call,
        object: &str,
        column: usize,
        doubles: &HashMap<String, usize>,
        record: &Map<String, Value>,
    ) -> Intake {
        let name = &self.table(object).schema.fields[column].name;
        let key = key_of(record, name);
        if key.is_none() {
            // A row without a key is told so before its fields are looked at.
            let write = Write {
                object: object.to_owned(),
                id: None,
                cells: Vec::new(),
                by: Doer::Integration,
                care: call.care(),
            };
            return self.keyed(write, column, None, doubles);
        }
        let write = self.write(call, object.to_owned(), None, record)?;
        self.keyed(write, column, key, doubles)
    }

    fn delete_rows(&mut self, call: &Call) -> Result<Answer, Problem> {
        let ids: Vec<String> = call
            .param("ids")
            .unwrap_or_default()
            .split(',')
            .filter(|id| !id.is_empty())
            .map(str::to_owned)
            .collect();
        check_count(ids.len(), WRITES_MAX)?;
        let mark = self.tables.mark();
        let mut outcomes: Vec<Outcome> = ids
            .iter()
            .map(|text| {
                let Some(id) = ids::parse(text) else {
                    let message = format!("malformed id {text}");
                    return Outcome::failed(Problem::data("MALFORMED_ID", message, &[]));
                };
                let removed = self.remove(&id, Doer::Integration);
                let problems = removed.err().into_iter().collect();
                Outcome {
                    id: Some(id),
                    problems,
                    created: None,
                }
            })
            .collect();
        let failed = outcomes.iter().any(|outcome| !outcome.problems.is_empty());
        if failed && call.param("allOrNone") == Some("true") {
            self.tables.roll_back(mark);
            for outcome in outcomes
                .iter_mut()
                .filter(|outcome| outcome.problems.is_empty())
            {
                outcome.problems.push(rolled_back());
            }
        }
        Ok(Answer::ok(outcomes.iter().map(Outcome::body).collect()))
    }

    fn read_rows(&mut self, call: &Call, object: &str) -> Result<Answer, Problem> {
        let table = self.tables.get(object).ok_or_else(Problem::not_found)?;
        let object = table.schema.name.clone();
        let (ids, fields) = if call.method == "GET" {
            let list = |name| {
                call.param(name)
                    .unwrap_or_default()
                    .split(',')
                    .map(str::to_owned)
            };
            (
                list("ids").collect::<Vec<_>>(),
                list("fields").collect::<Vec<_>>(),
            )
        } else {
            let body = call.object()?;
            (texts(body.get("ids")), texts(body.get("fields")))
        };
        check_count(ids.len(), READS_MAX)?;
        let names: Vec<&str> = fields.iter().map(String::as_str).collect();
        let routes = self.columns(&object, Some(&names))?;
        let records: Vec<Value> = ids
            .iter()
            .map(|id| {
                let id = ids::parse(id).filter(|id| !self.unseen.contains(id));
                let living = id.filter(|id| {
                    self.table(&object)
                        .row(id)
                        .is_some_and(|row| !row.is_deleted())
                });
                living.map_or(Value::Null, |id| {
                    self.record(&object, &id, &routes, &call.version)
                })
            })
            .collect();
        Ok(Answer::ok(Value::Array(records)))
    }
}

fn rolled_back() -> Problem {
    Problem::data(
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "Record rolled back because not all records were valid and the request was using \
         AllOrNone header",
        &[],
    )
}

fn records(call: &Call) -> Result<(Vec<Map<String, Value>>, bool), Problem> {
    let mut body = call.object()?;
    let all_or_none = body
        .get("allOrNone")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    let Some(Value::Array(records)) = body.remove("records") else {
        let message = "The records of the request are missing";
        return Err(Problem::new(400, "INVALID_INPUT", message));
    };
    check_count(records.len(), WRITES_MAX)?;
    let records = records
        .into_iter()
        .map(|record| {
            let Value::Object(map) = record else {
                return Err(Problem::new(
                    400,
                    "JSON_PARSER_ERROR",
                    "a record is no object",
                ));
            };
            Ok(map)
        })
        .collect::<Result<_, _>>()?;
    Ok((records, all_or_none))
}

fn check_count(count: usize, max: usize) -> Result<(), Problem> {
    if count <= max {
        return Ok(());
    }
    let message =
        format!("record limit reached. cannot submit more than {max} records into this call");
    Err(Problem::new(400, "EXCEEDED_ID_LIMIT", message))
}

/// Rows of different objects are processed in runs of one object, of which there may be ten.
fn check_chunks(records: &[Map<String, Value>]) -> Result<(), Problem> {
    let object = |record: &Map<String, Value>| record.get("attributes")?.get("type").cloned();
    let changes = records
        .windows(2)
        .filter(|pair| object(&pair[0]) != object(&pair[1]))
        .count();
    if changes < TYPE_CHUNKS_MAX {
        return Ok(());
    }
    let message = "the records change their type too often: at most 10 chunks in one call";
    Err(Problem::new(400, "LIMIT_EXCEEDED", message))
}

/// The id of a record; `null` counts as none.
fn given_id(record: &Map<String, Value>) -> Option<&str> {
    record
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("id"))?
        .1
        .as_str()
}

fn key_of(record: &Map<String, Value>, field: &str) -> Option<String> {
    let (_, value) = record
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(field))?;
    let key = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    (!key.is_empty() && !value.is_null()).then_some(key)
}

/// How often each key comes in one call.
fn doubles(records: &[Map<String, Value>], field: &str) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for key in records.iter().filter_map(|record| key_of(record, field)) {
        *counts.entry(key.to_lowercase()).or_insert(0) += 1;
    }
    counts
}

fn created(writes: &[Intake]) -> Vec<Option<bool>> {
    writes
        .iter()
        .map(|write| Some(write.as_ref().is_ok_and(|write| write.id.is_none())))
        .collect()
}

fn texts(value: Option<&Value>) -> Vec<String> {
    let list = value.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}
