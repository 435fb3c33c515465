//! `/composite` and `/composite/batch`: several calls in one. Routes its parts like any other call.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::Salesforce;
use super::call::{Answer, Body, Call, members, settled};
use super::problem::Problem;

const PARTS_MAX: usize = 25;
const HEAVY_MAX: usize = 5;
const ROLLED_BACK: &str =
    "The transaction was rolled back since another operation in the same transaction failed.";

/// One subrequest, its references not yet filled in.
struct Part {
    method: String,
    url: String,
    reference: String,
    body: Option<Value>,
    headers: Vec<(String, String)>,
}

/// A subrequest that was answered, for the references of later ones.
struct Known {
    reference: String,
    is_collection: bool,
    answer: Answer,
}

impl Salesforce {
    pub(crate) fn composite(&mut self, call: &Call) -> Answer {
        settled(self.run_composite(call))
    }

    fn run_composite(&mut self, call: &Call) -> Result<Answer, Problem> {
        let mut body = call.object()?;
        let all_or_none = body
            .get("allOrNone")
            .and_then(Value::as_bool)
            .unwrap_or(false);
        let parts = parts(body.remove("compositeRequest"))?;
        if let Some(problem) = excess(&parts) {
            let item = json!({"body": [problem.row()], "httpHeaders": {},
                              "httpStatusCode": problem.status, "referenceId": null});
            return Ok(Answer::ok(json!({"compositeResponse": [item]})));
        }
        let mark = self.tables.mark();
        let mut known: Vec<Known> = Vec::with_capacity(parts.len());
        for part in parts {
            let halted = all_or_none && known.iter().any(|one| failed(&one.answer));
            let is_collection = is_collection(&part.url);
            let reference = part.reference.clone();
            let answer = if halted {
                halted_answer(ROLLED_BACK)
            } else {
                self.run_part(call, part, &known)
            };
            known.push(Known {
                reference,
                is_collection,
                answer,
            });
        }
        if all_or_none && known.iter().any(|one| failed(&one.answer)) {
            self.tables.roll_back(mark);
            // The items of a collection go on saying what they said before the rollback.
            for one in &mut known {
                if !one.is_collection && !one.answer.is_error() {
                    one.answer = halted_answer(ROLLED_BACK);
                }
            }
        }
        let items = known.into_iter().map(item).collect();
        Ok(Answer::ok(members([(
            "compositeResponse",
            Value::Array(items),
        )])))
    }

    fn run_part(&mut self, outer: &Call, part: Part, known: &[Known]) -> Answer {
        let (method, headers) = (part.method, part.headers);
        let filled = filled_text(&part.url, known).and_then(|url| {
            let body = part.body.map(|body| filled(body, known)).transpose()?;
            Ok((url, body))
        });
        match filled {
            Ok((url, body)) => self.run_inner(outer, &method, &url, body, &headers),
            Err(message) => halted_answer(&message),
        }
    }

    fn run_inner(
        &mut self,
        outer: &Call,
        method: &str,
        url: &str,
        body: Option<Value>,
        headers: &[(String, String)],
    ) -> Answer {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let Some(mut call) = Call::parse(&method.to_uppercase(), path, query) else {
            return Problem::not_found().into();
        };
        let path: Vec<&str> = call.segments.iter().map(String::as_str).collect();
        let nested = match path.as_slice() {
            ["composite", rest @ ..] => rest.first() != Some(&"sobjects"),
            // Bulk has no part in composites.
            ["jobs", ..] => true,
            _ => false,
        };
        if nested {
            return Problem::not_found().into();
        }
        call.headers.clone_from(&outer.headers);
        call.headers
            .retain(|(name, _)| !headers.iter().any(|(own, _)| own == name));
        call.headers.extend(headers.iter().cloned());
        call.body = body.map_or(Body::Raw(Vec::new()), Body::Json);
        self.dispatch(&call)
    }

    pub(crate) fn batch(&mut self, call: &Call) -> Answer {
        settled(self.run_batch(call))
    }

    fn run_batch(&mut self, call: &Call) -> Result<Answer, Problem> {
        let body = call.object()?;
        let halt = body
            .get("haltOnError")
            .and_then(Value::as_bool)
            .unwrap_or(false);
        let empty = Vec::new();
        let requests = body
            .get("batchRequests")
            .and_then(Value::as_array)
            .unwrap_or(&empty);
        if requests.len() > PARTS_MAX {
            return Err(too_many_parts());
        }
        let mut has_errors = false;
        let mut results = Vec::with_capacity(requests.len());
        for request in requests {
            if halt && has_errors {
                let problem = Problem::new(
                    412,
                    "BATCH_PROCESSING_HALTED",
                    "The batch was halted because another request in it failed.",
                );
                results.push(json!({"statusCode": 412, "result": [problem.row()]}));
                continue;
            }
            let text = |key: &str| request.get(key).and_then(Value::as_str).unwrap_or_default();
            let url = match text("url") {
                url if url.starts_with("/services/") => url.to_owned(),
                url => format!("/services/data/{}", url.trim_start_matches('/')),
            };
            let input = request.get("richInput").cloned();
            let answer = self.run_inner(call, text("method"), &url, input, &[]);
            has_errors |= answer.is_error();
            results.push(json!({"statusCode": answer.status, "result": answer.body}));
        }
        Ok(Answer::ok(
            json!({"hasErrors": has_errors, "results": results}),
        ))
    }
}

/// How many API calls this call counts as: a batch counts each of its requests.
pub(crate) fn cost(call: &Call) -> u64 {
    let is_batch = call
        .segments
        .iter()
        .map(String::as_str)
        .eq(["composite", "batch"]);
    if !is_batch {
        return 1;
    }
    let requests = call
        .object()
        .ok()
        .and_then(|body| Some(body.get("batchRequests")?.as_array()?.len()));
    requests
        .and_then(|count| u64::try_from(count).ok())
        .unwrap_or(0)
        .max(1)
}

fn parts(requests: Option<Value>) -> Result<Vec<Part>, Problem> {
    let Some(Value::Array(requests)) = requests else {
        let message = "The compositeRequest of the request is missing";
        return Err(Problem::new(400, "INVALID_INPUT", message));
    };
    let mut seen = HashSet::new();
    requests
        .into_iter()
        .map(|request| {
            let part = part(request);
            let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if part.reference.is_empty() || !part.reference.chars().all(word) {
                let message = format!(
                    "Provided referenceId ('{}') must start with a letter or a number, and it can \
                     contain only letters, numbers and underscores ('_').",
                    part.reference
                );
                return Err(Problem::new(400, "INVALID_INPUT", message));
            }
            if !seen.insert(part.reference.clone()) {
                let message = format!("Duplicate referenceId provided: {}", part.reference);
                return Err(Problem::new(400, "INVALID_INPUT", message));
            }
            Ok(part)
        })
        .collect()
}

fn part(mut request: Value) -> Part {
    // Taken out, not copied: it may hold hundreds of rows.
    let body = request.as_object_mut().and_then(|part| part.remove("body"));
    let text = |key: &str| {
        request
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let headers = request
        .get("httpHeaders")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    Part {
        method: text("method"),
        url: text("url"),
        reference: text("referenceId"),
        body,
        headers: headers
            .filter_map(|(name, value)| Some((name.to_lowercase(), value.as_str()?.to_owned())))
            .collect(),
    }
}

fn excess(parts: &[Part]) -> Option<Problem> {
    if parts.len() > PARTS_MAX {
        return Some(too_many_parts());
    }
    let heavy = |part: &&Part| {
        let path = part.url.split('?').next().unwrap_or_default();
        is_collection(&part.url) || path.contains("/query")
    };
    (parts.iter().filter(heavy).count() > HEAVY_MAX).then(|| {
        let message =
            "The request can\u{2019}t contain more than 5 query or sObject Collections operations.";
        Problem::new(400, "LIMIT_EXCEEDED", message)
    })
}

fn too_many_parts() -> Problem {
    let message = "The request can\u{2019}t contain more than 25 operations.";
    Problem::new(400, "LIMIT_EXCEEDED", message)
}

fn is_collection(url: &str) -> bool {
    url.contains("/composite/sobjects")
}

fn halted_answer(message: &str) -> Answer {
    Problem::new(400, "PROCESSING_HALTED", message).into()
}

/// Whether a part failed, or any row of a collection in it.
fn failed(answer: &Answer) -> bool {
    let rows = answer.body.as_ref().and_then(Value::as_array);
    let row_failed = |row: &Value| row.get("success").and_then(Value::as_bool) == Some(false);
    answer.is_error() || rows.is_some_and(|rows| rows.iter().any(row_failed))
}

fn item(known: Known) -> Value {
    let names = [("location", "Location"), ("last-modified", "Last-Modified")];
    let mut headers = Map::new();
    for (name, value) in known.answer.headers {
        if let Some((_, name)) = names.iter().find(|(own, _)| *own == name) {
            headers.insert((*name).to_owned(), Value::from(value));
        }
    }
    members([
        ("body", known.answer.body.unwrap_or(Value::Null)),
        ("httpHeaders", Value::Object(headers)),
        ("httpStatusCode", Value::from(known.answer.status)),
        ("referenceId", Value::from(known.reference)),
    ])
}

/// Fills `@{ref.path}` in every text of a body.
fn filled(value: Value, known: &[Known]) -> Result<Value, String> {
    Ok(match value {
        Value::String(text) => Value::String(filled_text(&text, known)?),
        Value::Array(values) => values
            .into_iter()
            .map(|value| filled(value, known))
            .collect::<Result<_, _>>()?,
        Value::Object(map) => map
            .into_iter()
            .map(|(key, value)| Ok((key, filled(value, known)?)))
            .collect::<Result<Map<_, _>, String>>()?
            .into(),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_)) => other,
    })
}

fn filled_text(text: &str, known: &[Known]) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, reference)) = rest.split_once("@{") {
        let Some((path, after)) = reference.split_once('}') else {
            break;
        };
        out.push_str(before);
        out.push_str(&referred(path, known)?);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// The value at `ref.field`, `ref[0].field` or `ref.records[0].Id`.
fn referred(path: &str, known: &[Known]) -> Result<String, String> {
    let end = path.find(['.', '[']).unwrap_or(path.len());
    let (name, steps) = path.split_at(end);
    let steps = steps.trim_start_matches('.');
    let missing = || format!("Invalid reference specified. No value for {steps} found in {name}.");
    let mut value = known
        .iter()
        .find(|one| one.reference == name && !one.answer.is_error())
        .and_then(|one| one.answer.body.as_ref());
    for step in steps.split(['.', '[']).filter(|step| !step.is_empty()) {
        value = match step
            .strip_suffix(']')
            .and_then(|at| at.parse::<usize>().ok())
        {
            Some(at) => value.and_then(|value| value.get(at)),
            None => value.and_then(|value| value.get(step)),
        };
    }
    match value {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        Some(Value::Bool(on)) => Ok(on.to_string()),
        Some(Value::Null | Value::Array(_) | Value::Object(_)) | None => Err(missing()),
    }
}
