//! A request with its generation and time, read the tolerant way the real API reads; and what it is answered.

use super::refusal::Refusal;
use super::route::Generation;
use crate::simulator::wire::{Request, Response};
use serde_json::{Map, Value};

const JSON: &str = "application/json;charset=utf-8";
const HTML: &str = "text/html;charset=iso-8859-1";

/// One request.
#[derive(Debug)]
pub struct Call<'a> {
    request: &'a Request,
    /// Which family of paths it came by.
    pub generation: Generation,
    /// When it arrived, Unix ms.
    pub now: i64,
    query: Vec<(String, String)>,
}

impl<'a> Call<'a> {
    /// Takes the query apart.
    pub fn new(request: &'a Request, generation: Generation, now: i64) -> Call<'a> {
        Call {
            request,
            generation,
            now,
            query: request.query_pairs(),
        }
    }

    /// The method.
    pub fn method(&self) -> &str {
        &self.request.method
    }

    /// The address without the query, for links.
    pub fn path(&self) -> &str {
        &self.request.path
    }

    /// The raw body.
    pub fn body(&self) -> &[u8] {
        &self.request.body
    }

    /// A query parameter.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(have, _)| have == name)
            .map(|(_, value)| value.as_str())
    }

    /// A list in the query, repeated or split by commas: clients do either.
    pub fn list(&self, name: &str) -> Vec<String> {
        let values = self.query.iter().filter(|(have, _)| have == name);
        let words = values.flat_map(|(_, value)| value.split(','));
        words
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// Whether a parameter says true, in any case: the Python SDK says `False`.
    pub fn is_set(&self, name: &str) -> bool {
        self.param(name)
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// A page size between 1 and `most`.
    pub fn limit(&self, usual: usize, most: usize) -> Result<usize, Refusal> {
        let Some(text) = self.param("limit") else {
            return Ok(usual);
        };
        let limit = text
            .parse::<usize>()
            .ok()
            .filter(|limit| (1..=most).contains(limit));
        limit.ok_or_else(|| {
            Refusal::invalid(&format!(
                "limit must be a number between 1 and {most}, was {text}"
            ))
        })
    }

    /// The body as a JSON object.
    pub fn json(&self) -> Result<Map<String, Value>, Refusal> {
        if self.request.body.is_empty() {
            let message = "Invalid JSON input: a request body was expected, but none found";
            return Err(Refusal::invalid(message));
        }
        match serde_json::from_slice(&self.request.body) {
            Ok(Value::Object(body)) => Ok(body),
            Ok(_) => Err(Refusal::invalid(
                "Invalid input JSON on line 1, column 1: Cannot deserialize value of type object",
            )),
            Err(error) => Err(Refusal::invalid(&format!(
                "Invalid input JSON on line {}, column {}: Cannot deserialize value",
                error.line(),
                error.column()
            ))),
        }
    }
}

/// What a call is answered with.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// A status and a JSON body.
    Json(u16, Value),
    /// A status, a JSON body and the address of what was made.
    Made(Value, String),
    /// 204
    Nothing,
    /// 404 as a page of the web server, which is what an unknown path gets.
    PageNotFound,
    /// 405 as a page of the web server.
    MethodNotAllowed,
}

impl Answer {
    /// The answer as bytes.
    pub fn into_response(self) -> Response {
        match self {
            Answer::Json(status, body) => Response::with_body(status, JSON, written(&body)),
            Answer::Made(body, place) => {
                let mut response = Response::with_body(201, JSON, written(&body));
                response.headers.push(("location".to_owned(), place));
                response
            }
            Answer::Nothing => Response {
                status: 204,
                headers: Vec::new(),
                body: Vec::new(),
            },
            Answer::PageNotFound => page(404, "Not Found"),
            Answer::MethodNotAllowed => page(405, "Method Not Allowed"),
        }
    }
}

// Not `to_string`, which checks every piece again on its way through a formatter.
fn written(body: &Value) -> Vec<u8> {
    serde_json::to_vec(body).expect("a JSON value can always be written")
}

fn page(status: u16, reason: &str) -> Response {
    let html = format!(
        "<html>\n<head>\n<meta http-equiv=\"Content-Type\" content=\"{HTML}\"/>\n\
         <title>Error {status} {reason}</title>\n</head>\n\
         <body><h2>HTTP ERROR {status} {reason}</h2></body>\n</html>\n"
    );
    Response::with_body(status, HTML, html.into_bytes())
}

/// The text of a member that may be a string or a number.
pub fn text_member(body: &Map<String, Value>, name: &str) -> Option<String> {
    match body.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The words of a member that is a list of texts; absent is empty.
pub fn words_member(body: &Map<String, Value>, name: &str) -> Vec<String> {
    let list = body.get(name).and_then(Value::as_array);
    let words = list.into_iter().flatten().filter_map(Value::as_str);
    words.map(str::to_owned).collect()
}

/// The member `properties` of a write; absent is a mistake.
pub fn properties_member(body: &Map<String, Value>) -> Result<Map<String, Value>, Refusal> {
    let found = body.get("properties").and_then(Value::as_object).cloned();
    found.ok_or_else(|| {
        Refusal::invalid(
            "Invalid input JSON on line 1, column 1: Some required fields were not set: [properties]",
        )
    })
}
