//! What went wrong, in HubSpot's two styles of validation errors, and what the caller does next.
//!
//! Evidence counts in this order: status, category, sub-category, `errors[].code`, JSON inside the
//! message, and only last the message's own words.

use serde_json::Value as Json;

use crate::crm::http::{Burst, CallError, HttpResponse, Usage};
use crate::crm::values;
use crate::domain::classify;
use crate::domain::failure::{Fact, Failure, RawFailure, System};
use crate::domain::record::FieldName;

/// Waits in milliseconds: per-second limit, ten-second limit, a record locked by heavy writing,
/// an account on the move that names no time, a day whose end is unknown.
const SECONDLY_WAIT_MS: i64 = 1_000;
const TEN_SECONDLY_WAIT_MS: i64 = 10_000;
const LOCKED_WAIT_MS: i64 = 2_000;
const MOVING_WAIT_MS: i64 = 600_000;
const DAILY_WAIT_MS: i64 = 3_600_000;

/// What stands before the embedded list of refused values.
const NOT_VALID: &str = "Property values were not valid: ";

/// The good answer, or what its refusal means. `zone` is the account's, where it is known.
pub(super) fn accepted(
    response: HttpResponse,
    zone: Option<&str>,
) -> Result<HttpResponse, CallError> {
    if response.is_success() {
        Ok(response)
    } else {
        Err(refusal(&response, zone))
    }
}

/// The same for what one list, and nothing else, may be closed to us: a 403 is about that list.
pub(super) fn accepted_of_one(
    response: HttpResponse,
    zone: Option<&str>,
) -> Result<HttpResponse, CallError> {
    if response.status == 403 {
        let body = serde_json::from_slice(&response.body).unwrap_or(Json::Null);
        return Err(CallError::Rejected {
            status: 403,
            failures: whole(&body, &response),
        });
    }
    accepted(response, zone)
}

fn refusal(response: &HttpResponse, zone: Option<&str>) -> CallError {
    let status = response.status;
    let body = serde_json::from_slice(&response.body).unwrap_or(Json::Null);
    let category = body["category"].as_str().unwrap_or_default();
    let limited = category.starts_with("RATE_LIMIT") || body["errorType"] == "RATE_LIMIT";
    let slowed = |wait_ms| CallError::Slowed {
        wait_ms: response.retry_after_ms().unwrap_or(wait_ms),
        daily: false,
    };
    match status {
        401 => CallError::Unauthorized {
            status,
            code: or_status(category, status),
        },
        // A scope that is missing for one object leaves the others working.
        403 if category != "MISSING_SCOPES" => CallError::Unauthorized {
            status,
            code: or_status(category, status),
        },
        423 => slowed(LOCKED_WAIT_MS),
        477 => slowed(MOVING_WAIT_MS),
        429 => rate(&body, response, zone),
        // Now and then a rate limit arrives in the dress of a server error.
        500..=599 if limited => rate(&body, response, zone),
        408 | 500..=599 => CallError::Unavailable { status },
        _ => CallError::Rejected {
            status,
            failures: whole(&body, response),
        },
    }
}

fn or_status(category: &str, status: u16) -> String {
    if category.is_empty() {
        format!("HTTP_{status}")
    } else {
        category.to_owned()
    }
}

/// Which limit was hit, and until when. The account's midnight is found by the server's own clock.
fn rate(body: &Json, response: &HttpResponse, zone: Option<&str>) -> CallError {
    let policy = body["policyName"].as_str().unwrap_or_default();
    let message = body["message"].as_str().unwrap_or_default();
    let named = format!("{policy} {message}").to_ascii_lowercase();
    if named.contains("daily") {
        let until = |now| values::until_midnight_ms(now, zone.unwrap_or_default());
        return CallError::Slowed {
            wait_ms: response.server_time().map_or(DAILY_WAIT_MS, until),
            daily: true,
        };
    }
    let wait_ms = if named.contains("secondly") && !named.contains("ten_secondly") {
        SECONDLY_WAIT_MS
    } else {
        TEN_SECONDLY_WAIT_MS
    };
    CallError::Slowed {
        wait_ms: response.retry_after_ms().unwrap_or(wait_ms),
        daily: false,
    }
}

/// The failures of a refused request.
fn whole(body: &Json, response: &HttpResponse) -> Vec<RawFailure> {
    if body.is_object() {
        failures(body, response.status)
    } else {
        vec![response.bare_failure(System::HubSpot)]
    }
}

/// The failures of one error object, of a refused request or of one row; at least one.
pub(super) fn failures(error: &Json, status: u16) -> Vec<RawFailure> {
    let message = error["message"].as_str().unwrap_or_default();
    let category = error["category"].as_str();
    let sub = error["subCategory"].as_str();
    let outer = sub.or(category);
    let mut found: Vec<RawFailure> = embedded(message)
        .into_iter()
        .map(|item| item.failure(outer))
        .collect();
    for item in error["errors"].as_array().into_iter().flatten() {
        let Some(raw) = listed(item, outer) else {
            continue;
        };
        // Both styles may tell the same thing: it is one failure.
        let known = found.iter().any(|one| {
            one.failure.code == raw.failure.code && one.failure.fields == raw.failure.fields
        });
        if !known {
            found.push(raw);
        }
    }
    if found.is_empty() {
        found.push(plain(error, status));
    }
    for raw in &mut found {
        raw.failure.status = status;
        raw.failure.correlation = error["correlationId"].as_str().map(str::to_owned);
        raw.rule = classify::rule_named(&raw.failure.code, &raw.message);
    }
    found
}

/// An error without a list of values: its category is its code.
fn plain(error: &Json, status: u16) -> RawFailure {
    let message = error["message"].as_str().unwrap_or_default();
    let code = ["category", "errorType", "policyName"]
        .iter()
        .find_map(|key| error[*key].as_str())
        .map_or_else(|| format!("HTTP_{status}"), str::to_owned);
    let mut raw = blank(&code, message);
    raw.failure.inner = error["subCategory"]
        .as_str()
        .filter(|sub| *sub != code)
        .map(str::to_owned);
    raw.failure.fields = names(&error["context"]["properties"]);
    if !raw.failure.fields.is_empty() && message.contains("required") {
        raw.failure.facts.push(Fact::ValueMissing);
    }
    if let Some(clash) = clash(message) {
        raw.failure.fields = clash.field.into_iter().collect();
        raw.value = clash.value;
    }
    let winner = ["Existing ID: ", "existingObjectId="]
        .iter()
        .find_map(|marker| digits(message.split_once(marker)?.1))
        .or_else(|| owner_of_value(message))
        .or_else(|| digits(error["errorTokens"]["existingObjectId"][0].as_str()?));
    raw.failure.facts.extend(winner.map(Fact::Winner));
    raw
}

fn blank(code: &str, message: &str) -> RawFailure {
    RawFailure {
        failure: Failure::of(System::HubSpot, code),
        message: message.to_owned(),
        value: None,
        rule: None,
    }
}

/// An item of `errors`.
fn listed(item: &Json, outer: Option<&str>) -> Option<RawFailure> {
    let message = item["message"].as_str().unwrap_or_default();
    let code = item["code"].as_str().or(item["subCategory"].as_str());
    let fields = names(&item["context"]["propertyName"]);
    let code = match code {
        Some(code) => code,
        // Without code and field it is a comment on the outer error, such as the missing scopes.
        None if fields.is_empty() => return None,
        None => outer?,
    };
    let mut raw = blank(code, message);
    raw.failure.fields = fields;
    raw.failure.inner = outer.filter(|outer| *outer != code).map(str::to_owned);
    Some(raw)
}

fn names(list: &Json) -> Vec<FieldName> {
    let mut names: Vec<FieldName> = list
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|name| FieldName::parse(name.as_str()?).ok())
        .collect();
    names.sort();
    names.dedup();
    names
}

/// One refused value as the message embeds it.
struct Embedded {
    code: String,
    field: Option<FieldName>,
    message: String,
}

impl Embedded {
    fn failure(self, outer: Option<&str>) -> RawFailure {
        let mut raw = blank(&self.code, &self.message);
        raw.failure.inner = outer.filter(|outer| *outer != self.code).map(str::to_owned);
        raw.failure.fields = self.field.into_iter().collect();
        raw
    }
}

/// The refused values inside a message. Lists of options may hold brackets, so the JSON reader
/// finds the end, and where that fails the two keys are searched for by hand.
fn embedded(message: &str) -> Vec<Embedded> {
    let Some(list) = message
        .split_once(NOT_VALID)
        .and_then(|(_, rest)| rest.get(rest.find('[')?..))
    else {
        return Vec::new();
    };
    let first = serde_json::Deserializer::from_str(list)
        .into_iter::<Json>()
        .next();
    match first {
        Some(Ok(Json::Array(items))) => items.iter().filter_map(embedded_item).collect(),
        Some(_) | None => scanned(list),
    }
}

fn embedded_item(item: &Json) -> Option<Embedded> {
    Some(Embedded {
        code: item["error"].as_str()?.to_owned(),
        field: item["name"]
            .as_str()
            .and_then(|name| FieldName::parse(name).ok()),
        message: item["message"].as_str().unwrap_or_default().to_owned(),
    })
}

fn scanned(list: &str) -> Vec<Embedded> {
    let quoted = |text: &str, key: &str| -> Option<String> {
        let rest = text.split_once(&format!("\"{key}\":\""))?.1;
        rest.split('"').next().map(str::to_owned)
    };
    list.split("\"isValid\"")
        .skip(1)
        .filter_map(|item| {
            Some(Embedded {
                code: quoted(item, "error")?,
                field: quoted(item, "name").and_then(|name| FieldName::parse(&name).ok()),
                message: quoted(item, "message").unwrap_or_default(),
            })
        })
        .collect()
}

/// A value that must be unique and is not, as the message tells it:
/// `… propertyName=order_id, value=ABC} on 48328838322. 51090765207 already has that value.`
struct Clash {
    field: Option<FieldName>,
    value: Option<String>,
}

fn clash(message: &str) -> Option<Clash> {
    let rest = message.split_once("propertyName=")?.1;
    let (name, rest) = rest.split_once(", value=")?;
    Some(Clash {
        field: FieldName::parse(name).ok(),
        value: rest.split_once('}').map(|(value, _)| value.to_owned()),
    })
}

fn owner_of_value(message: &str) -> Option<String> {
    let before = message.split_once(" already has that value")?.0;
    digits(before.rsplit(' ').next()?)
}

/// The digits a text begins with.
fn digits(text: &str) -> Option<String> {
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    (!digits.is_empty()).then_some(digits)
}

/// How fast the account may be called: so many in ten seconds, and how many are left of them.
/// Searches are not told.
pub(super) fn burst(response: &HttpResponse) -> Option<Burst> {
    let number = |name: &str| response.header(name)?.trim().parse::<u64>().ok();
    let span_ms = number("x-hubspot-ratelimit-interval-milliseconds")?;
    Some(Burst {
        calls: number("x-hubspot-ratelimit-max").filter(|calls| *calls > 0)?,
        left: number("x-hubspot-ratelimit-remaining")?,
        span_ms: i64::try_from(span_ms).ok()?,
    })
}

/// The account's use of its daily quota; searches and OAuth apps are not told.
pub(super) fn usage(response: &HttpResponse) -> Option<Usage> {
    let number = |name: &str| -> Option<u64> { response.header(name)?.trim().parse().ok() };
    let limit = number("x-hubspot-ratelimit-daily")?;
    let left = number("x-hubspot-ratelimit-daily-remaining")?;
    Some(Usage {
        used: limit.saturating_sub(left),
        limit,
    })
}
