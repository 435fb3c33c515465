//! Associations of many records in one call; each input stands or falls by itself.

use super::super::HubSpot;
use super::super::call::{Answer, Call, text_member};
use super::super::record::Source;
use super::super::refusal::Refusal;
use super::link::{Changes, End};
use super::single::cursor;
use super::targets::{How, kinds_from};
use crate::simulator::stamp;
use serde_json::{Map, Value, json};

const READ_MAX: usize = 1_000;
const WRITE_MAX: usize = 2_000;

type Input = Map<String, Value>;

impl HubSpot {
    pub(in super::super) fn read_ties(
        &mut self,
        call: &Call<'_>,
        from: usize,
        to: usize,
    ) -> Result<Answer, Refusal> {
        let most = self.settings.associations.page_max;
        let (mut results, mut errors) = (Vec::new(), Vec::new());
        for input in inputs(call, READ_MAX)? {
            let id = text_member(&input, "id").unwrap_or_default();
            let first = cursor(text_member(&input, "after").as_deref())?;
            let page = self
                .end(from, &id)
                .map(|end| self.tied_page(end, to, first, most));
            let Some(page) = page.filter(|page| !page.results.is_empty()) else {
                errors.push(self.none_found(from, to, &id));
                continue;
            };
            let mut result = json!({ "from": { "id": id }, "to": page.results });
            if let Some(next) = page.next {
                let path = call.path();
                let link = format!("https://api.hubapi.com{path}?after={next}");
                result["paging"] = json!({ "next": { "after": next.to_string(), "link": link } });
            }
            results.push(result);
        }
        Ok(self.ties_answer(200, call.now, results, errors))
    }

    pub(in super::super) fn create_ties(
        &mut self,
        call: &Call<'_>,
        from: usize,
        to: usize,
    ) -> Result<Answer, Refusal> {
        let (mut results, mut errors) = (Vec::new(), Vec::new());
        let mut changes = Changes::new();
        for input in inputs(call, WRITE_MAX)? {
            let tied = kinds_from(input.get("types")).and_then(|kinds| {
                let (from, to) = self.input_ends(from, to, &input)?;
                self.join(from, to, How::Besides(&kinds), &mut changes)?;
                Ok((from, to))
            });
            match tied {
                Ok((from, to)) => results.push(self.labelled_json(from, to)),
                Err(refusal) => errors.push(located(&refusal, &input)),
            }
        }
        self.settle(&changes, Source::Integration, call.now);
        Ok(self.ties_answer(201, call.now, results, errors))
    }

    pub(in super::super) fn create_default_ties(
        &mut self,
        call: &Call<'_>,
        from: usize,
        to: usize,
    ) -> Result<Answer, Refusal> {
        let (mut results, mut errors) = (Vec::new(), Vec::new());
        let mut changes = Changes::new();
        for input in inputs(call, WRITE_MAX)? {
            let tied = self.input_ends(from, to, &input).and_then(|(from, to)| {
                self.join(from, to, How::Usual, &mut changes)?;
                Ok((from, to))
            });
            match tied {
                Ok((from, to)) => {
                    results.extend([self.default_json(from, to), self.default_json(to, from)]);
                }
                Err(refusal) => errors.push(located(&refusal, &input)),
            }
        }
        self.settle(&changes, Source::Integration, call.now);
        Ok(self.ties_answer(200, call.now, results, errors))
    }

    /// Takes records apart; what is not there is no error.
    pub(in super::super) fn archive_ties(
        &mut self,
        call: &Call<'_>,
        from: usize,
        to: usize,
    ) -> Result<Answer, Refusal> {
        let mut changes = Changes::new();
        for input in inputs(call, WRITE_MAX)? {
            let others = input.get("to").and_then(Value::as_array);
            for other in others.into_iter().flatten() {
                let ids = (id_member(input.get("from")), id_member(Some(other)));
                if let (Some(from), Some(to)) = (self.end(from, &ids.0), self.end(to, &ids.1)) {
                    self.associations.part(from, to, &mut changes);
                }
            }
        }
        self.settle(&changes, Source::Integration, call.now);
        Ok(Answer::Nothing)
    }

    pub(in super::super) fn archive_labels(
        &mut self,
        call: &Call<'_>,
        from: usize,
        to: usize,
    ) -> Result<Answer, Refusal> {
        let mut changes = Changes::new();
        for input in inputs(call, WRITE_MAX)? {
            let kinds = kinds_from(input.get("types"))?;
            if let Ok((from, to)) = self.input_ends(from, to, &input) {
                self.associations.untie(from, to, &kinds, &mut changes);
            }
        }
        self.settle(&changes, Source::Integration, call.now);
        Ok(Answer::Nothing)
    }

    fn input_ends(&self, from: usize, to: usize, input: &Input) -> Result<(End, End), Refusal> {
        let from = self.valid_end(from, &id_member(input.get("from")))?;
        let to = self.valid_end(to, &id_member(input.get("to")))?;
        Ok((from, to))
    }

    // Not a failure: how a batch says that a record has none [L].
    fn none_found(&self, from: usize, to: usize, id: &str) -> Value {
        let (from, to) = (&self.objects[from].singular, &self.objects[to].singular);
        let message = format!("No {to} is associated with {from} {id}.");
        Refusal::new(404, "OBJECT_NOT_FOUND", &message)
            .with(
                "subCategory",
                json!("crm.associations.NO_ASSOCIATIONS_FOUND"),
            )
            .with(
                "context",
                json!({ "fromObjectId": [id], "fromObjectType": [from], "toObjectType": [to] }),
            )
            .to_json()
    }

    fn ties_answer(
        &mut self,
        status: u16,
        now: i64,
        mut results: Vec<Value>,
        errors: Vec<Value>,
    ) -> Answer {
        if self.settings.shuffle_batches {
            self.luck.shuffle(&mut results);
        }
        let mut body = json!({
            "status": "COMPLETE", "startedAt": stamp::iso(now), "completedAt": stamp::iso(now),
        });
        body["results"] = Value::Array(results);
        if errors.is_empty() {
            return Answer::Json(status, body);
        }
        body["numErrors"] = json!(errors.len());
        body["errors"] = Value::Array(errors);
        Answer::Json(207, body)
    }
}

fn inputs(call: &Call<'_>, most: usize) -> Result<Vec<Input>, Refusal> {
    let body = call.json()?;
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
    if inputs.len() > most {
        return Err(Refusal::invalid(&format!(
            "The maximum number of inputs supported in a batch request is {most}. \
             Please reduce the number of items and try again"
        )));
    }
    Ok(inputs)
}

/// The id in `{"id": …}`, a text or a number; empty when there is none.
pub fn id_member(value: Option<&Value>) -> String {
    let object = value.and_then(Value::as_object);
    object
        .and_then(|object| text_member(object, "id"))
        .unwrap_or_default()
}

// Which input it was: by the two ids, since associations carry no trace (assumed).
fn located(refusal: &Refusal, input: &Input) -> Value {
    let mut body = refusal.to_json();
    if !body["context"].is_object() {
        body["context"] = json!({});
    }
    body["context"]["fromObjectId"] = json!([id_member(input.get("from"))]);
    body["context"]["toObjectId"] = json!([id_member(input.get("to"))]);
    body
}
