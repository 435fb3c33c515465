//! Several queries or batches in one Composite request, which counts as one call.
//!
//! Parts are independent of each other: nothing is rolled back, nothing refers to a sibling.

use serde_json::{Value as Json, json};

use super::answer;
use crate::crm::http::{CallError, HttpResponse};
use crate::domain::failure::RawFailure;

/// Queries in one call.
pub const QUERIES_MAX: usize = 5;

/// Batches in one call.
pub const BATCHES_MAX: usize = 5;

/// One part of a Composite request.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    pub(super) method: &'static str,
    pub(super) url: String,
    pub(super) headers: Json,
    pub(super) body: Option<Json>,
}

/// The request body for `parts`, each named by its place.
pub(super) fn body(parts: Vec<Part>) -> Json {
    let parts: Vec<Json> = parts
        .into_iter()
        .enumerate()
        .map(|(place, part)| {
            let mut json = json!({
                "method": part.method,
                "url": part.url,
                "referenceId": reference(place),
                "httpHeaders": part.headers,
            });
            if let Some(body) = part.body {
                json["body"] = body;
            }
            json
        })
        .collect();
    json!({ "allOrNone": false, "collateSubrequests": false, "compositeRequest": parts })
}

// Letters, digits and underscores only, or the whole call fails.
fn reference(place: usize) -> String {
    format!("part_{place}")
}

/// The body of each part in the order asked, or the failures of a refused part. A part that failed
/// with a status of 500 or more may have taken effect.
pub(super) fn answers(
    response: &HttpResponse,
    parts: usize,
) -> Result<Vec<Result<Json, Vec<RawFailure>>>, CallError> {
    let mut body = response.json()?;
    let items = body["compositeResponse"]
        .as_array_mut()
        .ok_or_else(|| CallError::unreadable("compositeResponse"))?;
    (0..parts)
        .map(|place| {
            let name = reference(place);
            let item = items
                .iter_mut()
                .find(|item| item["referenceId"] == name.as_str())
                .ok_or_else(|| CallError::unreadable("a part of the composite"))?;
            Ok(answer(item))
        })
        .collect()
}

fn answer(item: &mut Json) -> Result<Json, Vec<RawFailure>> {
    let status = item["httpStatusCode"]
        .as_u64()
        .and_then(|status| u16::try_from(status).ok())
        .unwrap_or(0);
    let body = item["body"].take();
    if (200..300).contains(&status) {
        return Ok(body);
    }
    let text = body
        .as_str()
        .map_or_else(|| body.to_string(), str::to_owned);
    let inner = HttpResponse {
        status,
        headers: Vec::new(),
        body: text.into_bytes(),
    };
    Err(answer::failures(&body, &inner))
}
