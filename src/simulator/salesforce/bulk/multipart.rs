//! A load created, filled and closed in one request: a form of two parts, the job and its file.
//!
//! Walkthrough "Bulk Insert with a Multipart Request" of the Bulk API 2.0 guide; the job that comes
//! out is in state `UploadComplete`.

use serde_json::{Map, Value};

use crate::simulator::salesforce::call::{Body, Call};
use crate::simulator::salesforce::problem::Problem;

/// Characters of a file that travels this way.
const CONTENT_CHARS_MAX: usize = 100_000;

/// The two parts.
pub(super) struct Form {
    pub(super) job: Map<String, Value>,
    pub(super) content: Vec<u8>,
}

/// The form of a call, or nothing when its body is none.
pub(super) fn form(call: &Call) -> Option<Result<Form, Problem>> {
    let kind = call.header("content-type")?;
    if !kind.to_lowercase().starts_with("multipart/form-data") {
        return None;
    }
    let boundary = kind.split_once("boundary=")?.1;
    let boundary = boundary.split(';').next()?.trim().trim_matches('"');
    let Body::Raw(bytes) = &call.body else {
        return None;
    };
    let text = String::from_utf8_lossy(bytes);
    Some(read(&text, boundary))
}

fn read(text: &str, boundary: &str) -> Result<Form, Problem> {
    let refused = |message: &str| Problem::new(400, "INVALIDJOB", message);
    let part = |name: &str| {
        text.split(&format!("--{boundary}"))
            .filter_map(taken_apart)
            .find(|(head, _)| head.contains(&format!("name=\"{name}\"")))
            .map(|(_, body)| body)
    };
    let job = part("job").ok_or_else(|| refused("the part named job is missing"))?;
    let content = part("content").ok_or_else(|| refused("the part named content is missing"))?;
    if content.chars().count() > CONTENT_CHARS_MAX {
        return Err(refused(
            "the content of a form is at most 100000 characters",
        ));
    }
    let job = serde_json::from_str(job).map_err(|error| {
        let message = format!("The job could not be read as JSON: {error}");
        Problem::new(400, "JSON_PARSER_ERROR", message)
    })?;
    Ok(Form {
        job,
        content: content.as_bytes().to_vec(),
    })
}

/// Head and body of a part; the line end before the next boundary belongs to neither.
fn taken_apart(part: &str) -> Option<(&str, &str)> {
    let blank = part
        .split_once("\r\n\r\n")
        .or_else(|| part.split_once("\n\n"));
    let (head, body) = blank?;
    let body = body
        .strip_suffix("\r\n")
        .or_else(|| body.strip_suffix('\n'))
        .unwrap_or(body);
    Some((head, body))
}
