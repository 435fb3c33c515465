//! One REST call taken apart, and its answer before it has headers. Knows no route.

use serde_json::{Map, Value};

use super::problem::Problem;
use super::save::Care;
use crate::simulator::wire;

/// A request below `/services/data/vXX.0`, from the wire or from inside a composite.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: String,
    /// `66.0`
    pub(crate) version: String,
    /// What follows the version, percent-decoded.
    pub(crate) segments: Vec<String>,
    pub(crate) params: Vec<(String, String)>,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Body,
}

#[derive(Debug, Clone)]
pub(crate) enum Body {
    Raw(Vec<u8>),
    Json(Value),
}

impl Call {
    /// A call of `method` on a path below the host, `None` when it is not below a version.
    pub(crate) fn parse(method: &str, path: &str, query: &str) -> Option<Call> {
        let rest = path.strip_prefix("/services/data/v")?;
        let mut parts = rest.split('/').map(decoded);
        let version = parts.next()?;
        let mut segments: Vec<String> = parts.collect();
        while segments.last().is_some_and(String::is_empty) {
            segments.pop();
        }
        let params = form(query);
        let overridden = params.iter().find(|(name, _)| name == "_HttpMethod");
        let method = match overridden {
            Some((_, other)) if method == "POST" => other.to_uppercase(),
            Some(_) | None => method.to_owned(),
        };
        let body = Body::Raw(Vec::new());
        Some(Call {
            method,
            version,
            segments,
            params,
            headers: Vec::new(),
            body,
        })
    }

    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.params
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Result<Value, Problem> {
        match &self.body {
            Body::Json(value) => Ok(value.clone()),
            Body::Raw(bytes) => serde_json::from_slice(bytes).map_err(|error| {
                let (line, column) = (error.line(), error.column());
                let message = format!(
                    "The HTTP entity body could not be read as JSON at [line:{line}, column:{column}]"
                );
                Problem::new(400, "JSON_PARSER_ERROR", message)
            }),
        }
    }

    /// The body where it must be a JSON object.
    pub(crate) fn object(&self) -> Result<Map<String, Value>, Problem> {
        match self.json()? {
            Value::Object(map) => Ok(map),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => Err(Problem::new(
                400,
                "JSON_PARSER_ERROR",
                "The HTTP entity body is required, but is missing or no object",
            )),
        }
    }

    /// How saves of this call are looked at: `Sforce-Duplicate-Rule-Header: allowSave=true`.
    pub(crate) fn care(&self) -> Care {
        let header = self
            .header("sforce-duplicate-rule-header")
            .unwrap_or_default();
        let allowed = header.split([';', ',']).any(|part| {
            part.trim()
                .replace(' ', "")
                .eq_ignore_ascii_case("allowSave=true")
        });
        if allowed {
            Care::DespiteAlerts
        } else {
            Care::Full
        }
    }

    /// The major number of the version: upsert answers changed with 46.
    pub(crate) fn major(&self) -> u32 {
        self.version
            .split('.')
            .next()
            .and_then(|major| major.parse().ok())
            .unwrap_or(0)
    }
}

/// Status, body and the few headers a route adds.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Value>,
    /// The body where it is CSV and not JSON.
    csv: Option<String>,
}

impl Answer {
    pub(crate) fn new(status: u16, body: Value) -> Self {
        Answer {
            status,
            headers: Vec::new(),
            body: Some(body),
            csv: None,
        }
    }

    pub(crate) fn ok(body: Value) -> Self {
        Answer::new(200, body)
    }

    pub(crate) fn empty(status: u16) -> Self {
        Answer {
            status,
            headers: Vec::new(),
            body: None,
            csv: None,
        }
    }

    /// 200 with a file of rows.
    pub(crate) fn csv(text: String) -> Self {
        Answer {
            csv: Some(text),
            ..Answer::empty(200)
        }
    }

    pub(crate) fn with(mut self, name: &str, value: String) -> Self {
        self.headers.push((name.to_owned(), value));
        self
    }

    pub(crate) fn is_error(&self) -> bool {
        self.status >= 400
    }

    /// The answer on the wire, with the headers every answer has.
    pub(crate) fn sent(self, date: String) -> wire::Response {
        let mut headers = vec![("date".to_owned(), date)];
        let body = match (self.body, self.csv) {
            (Some(body), _) => {
                let kind = "application/json;charset=UTF-8".to_owned();
                headers.push(("content-type".to_owned(), kind));
                // Not `to_string`, which checks every piece again on its way through a formatter.
                serde_json::to_vec(&body).expect("a JSON value can always be written")
            }
            (None, Some(text)) => {
                headers.push(("content-type".to_owned(), "text/csv".to_owned()));
                text.into_bytes()
            }
            (None, None) => Vec::new(),
        };
        headers.extend(self.headers);
        wire::Response {
            status: self.status,
            headers,
            body,
        }
    }
}

impl From<Problem> for Answer {
    fn from(problem: Problem) -> Self {
        Answer::new(problem.status, Value::Array(vec![problem.row()]))
    }
}

impl From<Vec<Problem>> for Answer {
    fn from(problems: Vec<Problem>) -> Self {
        let status = problems.first().map_or(400, |problem| problem.status);
        Answer::new(status, problems.iter().map(Problem::row).collect())
    }
}

/// A result whose error is an answer too.
pub(crate) fn settled<E: Into<Answer>>(result: Result<Answer, E>) -> Answer {
    result.unwrap_or_else(Into::into)
}

/// `a=1&b=two+words` taken apart and decoded.
pub(crate) fn form(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (
                decoded(&name.replace('+', " ")),
                decoded(&value.replace('+', " ")),
            )
        })
        .collect()
}

/// Undoes percent-encoding; a broken escape stays as it is.
pub(crate) fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = text.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        if let Some(byte) = escape.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            out.push(byte);
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A JSON object of these members, moved into it: `json!` would copy every row of a page.
pub(crate) fn members<const N: usize>(members: [(&str, Value); N]) -> Value {
    let owned = members.map(|(name, value)| (name.to_owned(), value));
    Value::Object(owned.into_iter().collect())
}
