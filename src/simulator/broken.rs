//! The answers of servers that are in trouble, in each server's own words.

use super::faults::Server;
use super::stamp;
use super::wire::Response;
use serde_json::{Value, json};

/// The answer of that status which `server` gives before, or in spite of, having done anything.
pub fn answer(server: Server, status: u16, now: i64) -> Response {
    let mut response = match (server, status) {
        (_, 477) => Response {
            status,
            headers: retry_after(60),
            body: Vec::new(),
        },
        (_, 502 | 504 | 520..=524) => page(status),
        (Server::HubSpot, _) => hubspot(status),
        // Salesforce has no 429: what it cannot take at once it refuses as a limit of the moment.
        (Server::Salesforce, 429) => salesforce(
            403,
            "REQUEST_LIMIT_EXCEEDED",
            "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
        ),
        (Server::Salesforce, 503) => salesforce(
            503,
            "SERVER_UNAVAILABLE",
            "Server is too busy. Please try again later.",
        ),
        (Server::Salesforce, status) => salesforce(
            status,
            "UNKNOWN_EXCEPTION",
            "An unexpected error occurred. Please include this ErrorId if you contact support: \
             1234567-89012 (-345678901)",
        ),
    };
    response
        .headers
        .push(("date".to_owned(), stamp::http_date(now)));
    response
}

fn hubspot(status: u16) -> Response {
    let id = "5a1e0f6c-0000-4000-8000-000000000000";
    let body = match status {
        429 => json!({
            "status": "error", "message": "You have reached your ten_secondly_rolling limit.",
            "errorType": "RATE_LIMIT", "correlationId": id,
            "policyName": "TEN_SECONDLY_ROLLING", "requestId": id,
        }),
        423 => json!({
            "status": "error", "message": "The object is locked", "correlationId": id,
            "category": "LOCKED",
        }),
        503 => json!({ "status": "error", "message": "Service unavailable", "correlationId": id }),
        _ => json!({ "status": "error", "message": "internal error", "correlationId": id }),
    };
    with_json(status, &body)
}

fn salesforce(status: u16, code: &str, message: &str) -> Response {
    with_json(status, &json!([{ "message": message, "errorCode": code }]))
}

fn with_json(status: u16, body: &Value) -> Response {
    Response::with_body(
        status,
        "application/json;charset=UTF-8",
        body.to_string().into_bytes(),
    )
}

fn retry_after(seconds: u32) -> Vec<(String, String)> {
    vec![("retry-after".to_owned(), seconds.to_string())]
}

fn page(status: u16) -> Response {
    let html = format!(
        "<html>\r\n<head><title>{status} Gateway trouble</title></head>\r\n\
         <body><center><h1>{status} Gateway trouble</h1></center></body>\r\n</html>\r\n"
    );
    Response::with_body(status, "text/html", html.into_bytes())
}
