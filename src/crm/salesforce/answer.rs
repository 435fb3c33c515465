//! What went wrong, in Salesforce's four error shapes, and what the caller does next.
//!
//! Decides on codes before statuses: access errors come as 400 or 403 depending on the endpoint.

use serde_json::Value as Json;

use crate::crm::http::{CallError, HttpResponse, Usage};
use crate::domain::classify;
use crate::domain::failure::{Fact, Failure, RawFailure, System};
use crate::domain::record::FieldName;

/// How long to leave an org alone that has too many long requests at once, in milliseconds.
const CONCURRENT_WAIT_MS: i64 = 5_000;

/// How long to wait after a 429, which gateways send and Salesforce does not document.
const TOO_MANY_WAIT_MS: i64 = 10_000;

/// 401 texts that no new token mends.
const PERMANENT_401: [&str; 2] = [
    "not valid for use with the rest api",
    "not attached to agent",
];

/// Codes that mean that our user or app is refused, whatever it asks for.
const REFUSED: [&str; 5] = [
    "INVALID_LOGIN",
    "ORG_LOCKED",
    "TXN_SECURITY_NO_ACCESS",
    "PASSWORD_LOCKOUT",
    "LOGIN_MUST_USE_SECURITY_TOKEN",
];

/// Answers of the token endpoint that pass by themselves.
const PASSING_OAUTH: [&str; 3] = ["unknown_error", "server_error", "temporarily_unavailable"];

/// The good answer, or what its refusal means.
pub(super) fn accepted(response: HttpResponse) -> Result<HttpResponse, CallError> {
    if response.is_success() {
        Ok(response)
    } else {
        Err(refusal(&response))
    }
}

/// The good answer of the token endpoint, or what its refusal means.
pub(super) fn token_granted(response: HttpResponse) -> Result<HttpResponse, CallError> {
    let status = response.status;
    if response.is_success() {
        return Ok(response);
    }
    let body = response.json().unwrap_or(Json::Null);
    match body["error"].as_str() {
        Some(code) if PASSING_OAUTH.contains(&code) => Err(CallError::Unavailable { status }),
        Some(code) if status < 500 => Err(CallError::Unauthorized {
            status,
            code: code.to_owned(),
        }),
        Some(_) | None => Err(refusal(&response)),
    }
}

fn refusal(response: &HttpResponse) -> CallError {
    let status = response.status;
    let failures = match serde_json::from_slice(&response.body) {
        Ok(body) => failures(&body, response),
        Err(_) => vec![response.bare_failure(System::Salesforce)],
    };
    failures
        .iter()
        .find_map(|one| whole_call(one, response))
        .unwrap_or(match status {
            408 | 500..=599 => CallError::Unavailable { status },
            429 => CallError::Slowed {
                wait_ms: response.retry_after_ms().unwrap_or(TOO_MANY_WAIT_MS),
                daily: false,
            },
            _ => CallError::Rejected { status, failures },
        })
}

/// What a code says about the connection as a whole; `None` when it concerns only this request.
fn whole_call(raw: &RawFailure, response: &HttpResponse) -> Option<CallError> {
    let code = raw.failure.code.as_str();
    let text = raw.message.to_lowercase();
    let unauthorized = || CallError::Unauthorized {
        status: response.status,
        code: code.to_owned(),
    };
    match code {
        "INVALID_SESSION_ID" if PERMANENT_401.iter().any(|one| text.contains(one)) => {
            Some(unauthorized())
        }
        "INVALID_SESSION_ID" => Some(CallError::SessionExpired),
        "API_DISABLED_FOR_ORG" | "API_CURRENTLY_DISABLED" => Some(CallError::ApiDisabled {
            code: code.to_owned(),
        }),
        "REQUEST_LIMIT_EXCEEDED" if text.contains("concurrent") => Some(CallError::Slowed {
            wait_ms: response.retry_after_ms().unwrap_or(CONCURRENT_WAIT_MS),
            daily: false,
        }),
        "REQUEST_LIMIT_EXCEEDED" => Some(CallError::OrgLimit),
        _ if REFUSED.contains(&code) || response.status == 401 => Some(unauthorized()),
        _ => None,
    }
}

/// The failures of a refused request, whichever shape its body has.
pub(super) fn failures(body: &Json, response: &HttpResponse) -> Vec<RawFailure> {
    let read = listed(body, response.status);
    if read.is_empty() {
        vec![response.bare_failure(System::Salesforce)]
    } else {
        read
    }
}

/// The failures in `body`: an array, one bare object, or an OAuth object. Empty when it is none.
pub(super) fn listed(body: &Json, status: u16) -> Vec<RawFailure> {
    match body {
        Json::Array(items) => items.iter().filter_map(|item| one(item, status)).collect(),
        Json::Object(_) => one(body, status).into_iter().collect(),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => Vec::new(),
    }
}

/// One failure. Rows call their code `errorCode`, Collections `statusCode`, OAuth `error`.
fn one(item: &Json, status: u16) -> Option<RawFailure> {
    let code = ["errorCode", "statusCode", "error"]
        .iter()
        .find_map(|key| item[*key].as_str())?;
    let message = ["message", "error_description"]
        .iter()
        .find_map(|key| item[*key].as_str())
        .unwrap_or_default()
        .to_owned();
    let mut failure = Failure::of(System::Salesforce, code);
    failure.status = status;
    failure.inner = wrapped_code(code, &message);
    failure.fields = fields(item, code, &message);
    let duplicate = duplicate_result(item);
    failure.facts = winners(duplicate, &message);
    let rule = duplicate
        .and_then(|result| result["duplicateRule"].as_str())
        .map(str::to_owned)
        .or_else(|| classify::rule_named(code, &message));
    Some(RawFailure {
        failure,
        value: refused_value(&message),
        message,
        rule,
    })
}

fn fields(item: &Json, code: &str, message: &str) -> Vec<FieldName> {
    let mut names: Vec<&str> = item["fields"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
        .collect();
    // A query's or a row's unknown column stands only in the text.
    if names.is_empty() && code == "INVALID_FIELD" {
        names.extend(after(message, "No such column '").and_then(|rest| rest.split('\'').next()));
    }
    names
        .into_iter()
        .filter_map(|name| FieldName::parse(name).ok())
        .collect()
}

/// The code a flow or trigger ran into, wrapped in the text of the outer one.
fn wrapped_code(outer: &str, message: &str) -> Option<String> {
    let rest = after(message, "first error: ")?;
    let code: String = rest
        .chars()
        .take_while(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || *c == '_')
        .collect();
    (code.len() > 3 && code != outer).then_some(code)
}

// Version 54 misspells the key.
fn duplicate_result(item: &Json) -> Option<&Json> {
    ["duplicateResult", "duplicateResut"]
        .iter()
        .map(|key| &item[*key])
        .find(|value| value.is_object())
}

/// The records that hold the value already, each once.
fn winners(duplicate: Option<&Json>, message: &str) -> Vec<Fact> {
    let mut ids: Vec<String> = Vec::new();
    let matches = duplicate
        .and_then(|result| result["matchResults"].as_array())
        .into_iter()
        .flatten()
        .filter_map(|result| result["matchRecords"].as_array())
        .flatten()
        .filter_map(|found| found["record"]["Id"].as_str());
    let named = after(message, "duplicates value on record with id: ")
        .and_then(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric()).next())
        .filter(|id| matches!(id.len(), 15 | 18));
    for id in matches.chain(named) {
        if !ids.iter().any(|known| known == id) {
            ids.push(id.to_owned());
        }
    }
    ids.into_iter().map(Fact::Winner).collect()
}

/// The value a restricted list refused, as its message quotes it.
fn refused_value(message: &str) -> Option<String> {
    after(message, "bad value for restricted picklist field: ")
        .map(|rest| rest.trim().to_owned())
        .filter(|value| !value.is_empty())
}

fn after<'a>(text: &'a str, marker: &str) -> Option<&'a str> {
    text.split_once(marker).map(|(_, rest)| rest)
}

/// The org's use of calls from `Sforce-Limit-Info`: `api-usage=18/5000`, alone or beside
/// `per-app-api-usage=17/250(appName=x)`.
pub(super) fn usage(response: &HttpResponse) -> Option<Usage> {
    let info = response.header("sforce-limit-info")?.to_ascii_lowercase();
    info.split([';', ',']).find_map(|part| {
        let (used, limit) = part.trim().strip_prefix("api-usage=")?.split_once('/')?;
        Some(Usage {
            used: used.trim().parse().ok()?,
            limit: limit.trim().parse().ok()?,
        })
    })
}
