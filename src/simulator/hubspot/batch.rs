//! Many records in one call: whole or not at all, unless every input carries its own trace.

use super::HubSpot;
use super::association::link::Changes;
use super::call::{Answer, Call, properties_member, text_member, words_member};
use super::refusal::Refusal;
use super::render::Shown;
use super::route::Batch;
use super::settings::MissingByProperty;
use super::write::{Undo, Writer, Written};
use crate::simulator::stamp;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

const INPUTS_MAX: usize = 100;
const INPUTS_WITH_HISTORY_MAX: usize = 50;

/// One input that was carried out.
struct Done {
    written: Written,
    created: Option<bool>,
    trace: Option<String>,
}

/// Why one input was not.
enum Stop {
    Missing(String),
    Refused(Refusal),
}

type Input = Map<String, Value>;

impl HubSpot {
    pub(super) fn batch_read(&mut self, call: &Call<'_>, object: usize) -> Result<Answer, Refusal> {
        let body = call.json()?;
        let histories = words_member(&body, "propertiesWithHistory");
        let inputs = inputs(&body, !histories.is_empty())?;
        let id_property = text_member(&body, "idProperty");
        if let Some(property) = id_property
            .as_deref()
            .filter(|name| *name != "hs_object_id")
        {
            self.must_be_unique(object, property)?;
        }
        let shown = Shown::Asked(words_member(&body, "properties"));
        let wants_archived = call.is_set("archived");
        let (mut results, mut missing, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
        for input in &inputs {
            let id = text_member(input, "id").unwrap_or_default();
            let kept = &self.objects[object];
            let found = self.resolve(object, &id, id_property.as_deref()).ok();
            let found = found.filter(|found| {
                self.settings.merged_ids_in_batch_read
                    || id_property.is_some()
                    || id.parse() == Ok(*found)
            });
            let record = found.and_then(|found| kept.table.get(found));
            match record.filter(|record| record.archived_at.is_some() == wants_archived) {
                Some(record) if seen.insert(record.id) => {
                    results.push(self.record_json(object, record, &shown, &histories));
                }
                Some(_) => {}
                None => missing.push(id),
            }
        }
        Ok(self.batch_answer(200, call.now, object, results, Vec::new(), &missing))
    }

    pub(super) fn batch_archive(
        &mut self,
        call: &Call<'_>,
        object: usize,
    ) -> Result<Answer, Refusal> {
        for input in inputs(&call.json()?, false)? {
            if let Some(id) = text_member(&input, "id").and_then(|id| id.parse().ok()) {
                self.archive_record(object, id, call.now);
            }
        }
        Ok(Answer::Nothing)
    }

    pub(super) fn batch_write(
        &mut self,
        call: &Call<'_>,
        object: usize,
        kind: Batch,
    ) -> Result<Answer, Refusal> {
        let inputs = inputs(&call.json()?, false)?;
        let traced = all_traced(&inputs)?;
        if kind != Batch::Create {
            refuse_twins(&inputs)?;
        }
        let writer = Writer::application(call.generation);
        let (mut undo, mut done) = (Undo::new(), Vec::new());
        let mut changes = Changes::new();
        let (mut missing, mut errors) = (Vec::new(), Vec::new());
        for input in &inputs {
            let trace = text_member(input, "objectWriteTraceId");
            match self.write_input(
                object,
                kind,
                input,
                (writer, call.now),
                &mut undo,
                &mut changes,
            ) {
                Ok((written, created)) => done.push(Done {
                    written,
                    created,
                    trace,
                }),
                Err(Stop::Missing(id)) => missing.push(id),
                Err(Stop::Refused(refusal)) => {
                    let Some(trace) = trace.filter(|_| traced) else {
                        self.associations.links.undo(changes);
                        self.roll_back(object, undo);
                        return Err(refusal);
                    };
                    errors.push(refusal.traced(&trace));
                }
            }
        }
        let by_property = inputs
            .first()
            .is_some_and(|input| input.contains_key("idProperty"));
        if by_property
            && !missing.is_empty()
            && self.settings.missing_by_property == MissingByProperty::Whole
        {
            self.roll_back(object, undo);
            return Err(missing_coordinates(&missing));
        }
        self.commit(object, &undo, writer.source, call.now);
        self.settle(&changes, writer.source, call.now);
        let results = done
            .iter()
            .map(|done| self.done_json(object, done))
            .collect();
        let status = if kind == Batch::Create { 201 } else { 200 };
        Ok(self.batch_answer(status, call.now, object, results, errors, &missing))
    }

    fn write_input(
        &mut self,
        object: usize,
        kind: Batch,
        input: &Input,
        (writer, now): (Writer, i64),
        undo: &mut Undo,
        changes: &mut Changes,
    ) -> Result<(Written, Option<bool>), Stop> {
        let properties = properties_member(input).map_err(Stop::Refused)?;
        if kind == Batch::Create {
            let written = self.create_tied(object, input, writer, now, undo, changes);
            return written
                .map(|written| (written, None))
                .map_err(Stop::Refused);
        }
        let id = text_member(input, "id").unwrap_or_default();
        let id_property = text_member(input, "idProperty");
        let found = self.input_target(object, &id, id_property.as_deref())?;
        match (found, kind) {
            (Some(found), _) => {
                let written = self.update(object, found, &properties, writer, now, undo);
                let created = (kind == Batch::Upsert).then_some(false);
                written
                    .map(|written| (written, created))
                    .map_err(Stop::Refused)
            }
            (None, Batch::Upsert) => {
                let mut properties = properties;
                if let Some(name) = id_property {
                    properties.entry(name).or_insert(Value::String(id));
                }
                let written = self.create(object, None, &properties, writer, now, undo);
                written
                    .map(|written| (written, Some(true)))
                    .map_err(Stop::Refused)
            }
            (None, Batch::Read | Batch::Create | Batch::Update | Batch::Archive) => {
                Err(Stop::Missing(id))
            }
        }
    }

    // Unlike a single PATCH, a batch does not follow a merged-away id.
    fn input_target(
        &self,
        object: usize,
        id: &str,
        id_property: Option<&str>,
    ) -> Result<Option<u64>, Stop> {
        let table = &self.objects[object].table;
        match id_property {
            None | Some("" | "hs_object_id") => {
                let alive = |id: &u64| {
                    table
                        .get(*id)
                        .is_some_and(|record| record.archived_at.is_none())
                };
                Ok(id.parse().ok().filter(alive))
            }
            Some(property) => {
                self.must_be_unique(object, property)
                    .map_err(Stop::Refused)?;
                Ok(table.holder(property, id))
            }
        }
    }

    fn done_json(&self, object: usize, done: &Done) -> Value {
        let mut body = self.written_json(object, &done.written);
        if let Some(created) = done.created {
            body["new"] = json!(created);
        }
        if let Some(trace) = &done.trace {
            body["objectWriteTraceId"] = json!(trace);
        }
        body
    }

    fn batch_answer(
        &mut self,
        status: u16,
        now: i64,
        object: usize,
        mut results: Vec<Value>,
        mut errors: Vec<Value>,
        missing: &[String],
    ) -> Answer {
        if self.settings.shuffle_batches {
            self.luck.shuffle(&mut results);
        }
        if !missing.is_empty() {
            errors.push(Refusal::some_missing(&self.objects[object].caps, missing).to_json());
        }
        let mut body = json!({
            "status": "COMPLETE", "startedAt": stamp::iso(now), "completedAt": stamp::iso(now),
        });
        // Moved in, because `json!` would copy every record.
        body["results"] = Value::Array(results);
        if errors.is_empty() {
            return Answer::Json(status, body);
        }
        body["numErrors"] = json!(errors.len());
        body["errors"] = Value::Array(errors);
        Answer::Json(207, body)
    }
}

fn inputs(body: &Input, with_history: bool) -> Result<Vec<Input>, Refusal> {
    let list = body.get("inputs").and_then(Value::as_array);
    let inputs: Vec<Input> = list
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .cloned()
        .collect();
    if inputs.is_empty() {
        let message = "Batch input provided should have at least one object.";
        return Err(Refusal::invalid(message));
    }
    if with_history && inputs.len() > INPUTS_WITH_HISTORY_MAX {
        return Err(Refusal::invalid(&format!(
            "The maximum number of inputs supported in a batch request for property histories is \
             {INPUTS_WITH_HISTORY_MAX}. Please reduce the number of items and try again"
        )));
    }
    if inputs.len() > INPUTS_MAX {
        return Err(Refusal::invalid(&format!(
            "The maximum number of inputs supported in a batch request is {INPUTS_MAX}. \
             Please reduce the number of items and try again"
        )));
    }
    Ok(inputs)
}

// Some inputs with a trace and some without is the same as none: the batch is whole or nothing.
fn all_traced(inputs: &[Input]) -> Result<bool, Refusal> {
    let traces: Vec<String> = inputs
        .iter()
        .filter_map(|input| text_member(input, "objectWriteTraceId"))
        .collect();
    let different: BTreeSet<&String> = traces.iter().collect();
    if different.len() < traces.len() {
        return Err(Refusal::invalid(
            "objectWriteTraceId must be unique within a batch",
        ));
    }
    Ok(traces.len() == inputs.len())
}

fn refuse_twins(inputs: &[Input]) -> Result<(), Refusal> {
    let mut seen = BTreeSet::new();
    for input in inputs {
        let id = text_member(input, "id").unwrap_or_default();
        if !seen.insert(id.to_lowercase()) {
            let message = format!("Duplicate IDs found in batch input: [{id}]. IDs must be unique");
            return Err(Refusal::invalid(&message));
        }
    }
    Ok(())
}

fn missing_coordinates(values: &[String]) -> Refusal {
    Refusal::new(
        404,
        "OBJECT_NOT_FOUND",
        "Could not find objects by their property values",
    )
    .with(
        "context",
        json!({ "missingObjectPropertyValueCoordinates": values }),
    )
}
