//! Rows of a load to saves: the same stages, rules and automation as any other write.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::job::{Fate, Load, Operation};
use crate::simulator::salesforce::Salesforce;
use crate::simulator::salesforce::cell::Cell;
use crate::simulator::salesforce::intake;
use crate::simulator::salesforce::problem::Problem;
use crate::simulator::salesforce::save::{Care, Doer, Write};
use crate::simulator::salesforce::schema::{Field, Kind};

/// The cell that empties a field.
const NOTHING: &str = "#N/A";

/// `Lead:Who.Email` taken apart.
struct ParentKey<'a> {
    object: Option<&'a str>,
    relation: &'a str,
    field: &'a str,
}

impl ParentKey<'_> {
    fn parse(header: &str) -> Option<ParentKey<'_>> {
        let (path, field) = header.split_once('.')?;
        let (object, relation) = match path.split_once(':') {
            Some((object, relation)) => (Some(object), relation),
            None => (None, path),
        };
        Some(ParentKey {
            object,
            relation,
            field,
        })
    }
}

impl Salesforce {
    /// What a job says whose header names a field there is not, or that the user does not see.
    pub(super) fn unknown_column(&self, load: &Load) -> Option<String> {
        let unknown = load
            .sheet
            .header
            .iter()
            .find(|name| !self.is_column(&load.object, name))?;
        Some(format!("InvalidBatch : Field name not found : {unknown}"))
    }

    fn is_column(&self, object: &str, name: &str) -> bool {
        let schema = &self.table(object).schema;
        if schema.visible(name).is_some() {
            return true;
        }
        let parent = ParentKey::parse(name)
            .and_then(|key| Some((&schema.fields[schema.relation(key.relation)?], key)));
        parent.is_some_and(|(field, key)| {
            let targets = field.reference_to.iter();
            targets
                .filter(|target| {
                    key.object
                        .is_none_or(|object| target.eq_ignore_ascii_case(object))
                })
                .any(|target| self.key_column(target, key.field).is_ok())
        })
    }

    /// Writes the next rows in one transaction's turn, each with a fate of its own.
    pub(super) fn load_chunk(&mut self, load: &mut Load, rows: usize) {
        let from = load.fates.len();
        let to = (from + rows).min(load.sheet.rows.len());
        let records: Vec<Map<String, Value>> = load.sheet.rows[from..to]
            .iter()
            .map(|row| self.record_of(load, row))
            .collect();
        if load.operation == Operation::Delete {
            for record in &records {
                let fate = self.loaded_deletion(load, record);
                load.fates.push(fate);
            }
            return;
        }
        let doubles = doubles(load, &records);
        let writes: Vec<Result<Write, Problem>> = records
            .iter()
            .map(|record| self.loaded_write(load, record, &doubles))
            .collect();
        for write in writes {
            let (id, created) = match &write {
                Ok(write) => (write.id.clone(), write.id.is_none()),
                Err(_) => (None, false),
            };
            let saved = write.and_then(|write| {
                // A result has room for one error (assumed: the first).
                self.save(&write).map_err(|mut why| why.swap_remove(0))
            });
            load.fates.push(match saved {
                Ok(id) => Fate::Saved { id, created },
                Err(why) => Fate::Refused { id, why },
            });
        }
    }

    /// A row as the fields it sets: an empty cell sets nothing.
    fn record_of(&self, load: &Load, row: &[String]) -> Map<String, Value> {
        let schema = &self.table(&load.object).schema;
        let filled = load.sheet.header.iter().zip(row);
        filled
            .filter(|(_, cell)| !cell.is_empty())
            .map(|(name, cell)| {
                if let Some(column) = schema.visible(name) {
                    return (name.clone(), value(&schema.fields[column], cell));
                }
                match ParentKey::parse(name) {
                    Some(key) => (key.relation.to_owned(), parent(&key, cell)),
                    None => (name.clone(), json!(cell)),
                }
            })
            .collect()
    }

    fn loaded_write(
        &self,
        load: &Load,
        record: &Map<String, Value>,
        doubles: &HashMap<String, usize>,
    ) -> Result<Write, Problem> {
        let given = given(record, "Id");
        let by_id = matches!(load.key.as_deref(), Some("Id"));
        let id = match (load.operation, given) {
            (Operation::Update, None) => {
                let message = "Id not specified in an update call";
                return Err(Problem::data("MISSING_ARGUMENT", message, &["Id"]));
            }
            (Operation::Insert, Some(_)) => {
                let message = "cannot specify Id in an insert call";
                let code = "INVALID_FIELD_FOR_INSERT_UPDATE";
                return Err(Problem::data(code, message, &["Id"]));
            }
            (Operation::Upsert, Some(id)) if by_id => Some(self.own_id(&load.object, id)?),
            (Operation::Update, Some(id)) => Some(self.own_id(&load.object, id)?),
            (Operation::Insert | Operation::Upsert | Operation::Delete, _) => None,
        };
        let write = Write {
            object: load.object.clone(),
            id,
            cells: self.loaded_cells(&load.object, record)?,
            by: Doer::Integration,
            care: Care::Full,
        };
        match &load.key {
            Some(key) if !by_id => {
                let column = self.key_column(&load.object, key)?;
                let value = self::given(record, key).map(str::to_owned);
                self.keyed(write, column, value, doubles)
            }
            Some(_) | None => Ok(write),
        }
    }

    /// The cells of a row. A cell that cannot be read is its row's own error here: there is no
    /// parser whose complaint could fail the request.
    fn loaded_cells(
        &self,
        object: &str,
        record: &Map<String, Value>,
    ) -> Result<Vec<(usize, Cell)>, Problem> {
        let schema = &self.table(object).schema;
        let mut cells = Vec::with_capacity(record.len());
        for (name, value) in record {
            let one = Map::from_iter([(name.clone(), value.clone())]);
            let read = self.read_fields(object, &one, Doer::Integration);
            cells.extend(read.map_err(|problem| match schema.visible(name) {
                Some(column) if problem.code == "JSON_PARSER_ERROR" => {
                    let shown = value.as_str().unwrap_or_default();
                    intake::wrong_type(&schema.fields[column], shown)
                }
                Some(_) | None => problem,
            })?);
        }
        Ok(cells)
    }

    fn loaded_deletion(&mut self, load: &Load, record: &Map<String, Value>) -> Fate {
        let Some(text) = given(record, "Id") else {
            let message = "Id not specified in a delete call";
            let why = Problem::data("MISSING_ARGUMENT", message, &["Id"]);
            return Fate::Refused { id: None, why };
        };
        match self.own_id(&load.object, text) {
            Err(why) => Fate::Refused { id: None, why },
            Ok(id) => match self.remove(&id, Doer::Integration) {
                Ok(()) => Fate::Saved { id, created: false },
                Err(why) => Fate::Refused { id: Some(id), why },
            },
        }
    }
}

fn given<'a>(record: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    let found = record
        .iter()
        .find(|(own, _)| own.eq_ignore_ascii_case(name));
    found.and_then(|(_, value)| value.as_str())
}

/// How often each key comes in one transaction.
fn doubles(load: &Load, records: &[Map<String, Value>]) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    let Some(key) = &load.key else { return counts };
    for value in records.iter().filter_map(|record| given(record, key)) {
        *counts.entry(value.to_lowercase()).or_insert(0) += 1;
    }
    counts
}

/// A cell as the value it stands for; what no boolean is stays a text, and is refused later.
fn value(field: &Field, cell: &str) -> Value {
    if cell == NOTHING {
        return Value::Null;
    }
    if field.kind != Kind::Boolean {
        return json!(cell);
    }
    match cell.to_lowercase().as_str() {
        "true" | "1" => json!(true),
        "false" | "0" => json!(false),
        _ => json!(cell),
    }
}

fn parent(key: &ParentKey<'_>, cell: &str) -> Value {
    if cell == NOTHING {
        return Value::Null;
    }
    let mut parent = Map::new();
    if let Some(object) = key.object {
        parent.insert("attributes".to_owned(), json!({ "type": object }));
    }
    parent.insert(key.field.to_owned(), json!(cell));
    Value::Object(parent)
}
