//! One HTTP request over a transport, and what every answer has in common.
//!
//! Knows no CRM: which codes mean what stands with each client.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use serde_json::Value as Json;

use super::values;
use crate::domain::failure::{Failure, RawFailure, System};
use crate::domain::record::{Side, Timestamp};

pub use super::network::HttpTransport;

/// Longest wait for an answer; past it the outcome is unknown.
pub const TIMEOUT: Duration = Duration::from_mins(2);

/// Largest answer read, after decompression.
pub const BODY_MAX: usize = 64 * 1024 * 1024;

/// Characters kept of an answer that is no JSON, such as a gateway's HTML page.
const MESSAGE_MAX: usize = 200;

/// HTTP methods in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// GET.
    Get,
    /// POST.
    Post,
    /// PUT.
    Put,
    /// PATCH.
    Patch,
    /// DELETE.
    Delete,
}

impl Method {
    /// As it is written in a request.
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// One request, complete.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// Whose server.
    pub side: Side,
    /// Method.
    pub method: Method,
    /// Absolute URL with query.
    pub url: String,
    /// Header names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// Body, when there is one.
    pub body: Option<Vec<u8>>,
}

// Headers and bodies carry tokens: a request shows only where it goes.
impl std::fmt::Debug for HttpRequest {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            out,
            "{:?} {}",
            self.method,
            self.url.split('?').next().unwrap_or_default()
        )
    }
}

/// One answer, decompressed.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpResponse {
    /// Status code.
    pub status: u16,
    /// Header names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

// A token endpoint answers with a token: an answer shows only how it went and how long it is.
impl std::fmt::Debug for HttpResponse {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} ({} bytes)", self.status, self.body.len())
    }
}

impl HttpRequest {
    /// A request without a body.
    pub(super) fn get(side: Side, url: String, headers: Vec<(&'static str, String)>) -> Self {
        Self {
            side,
            method: Method::Get,
            url,
            headers,
            body: None,
        }
    }

    /// The same request carrying `body` as JSON by `method`.
    pub(super) fn with_json(mut self, method: Method, body: &Json) -> Self {
        self.method = method;
        self.headers
            .push(("content-type", "application/json".to_owned()));
        self.body = Some(body.to_string().into_bytes());
        self
    }

    /// The same request posting `pairs` as a form.
    pub(super) fn with_form(mut self, pairs: &[(&str, &str)]) -> Self {
        let body: Vec<String> = pairs
            .iter()
            .map(|(key, value)| format!("{key}={}", values::percent(value)))
            .collect();
        self.method = Method::Post;
        self.headers.push((
            "content-type",
            "application/x-www-form-urlencoded".to_owned(),
        ));
        self.body = Some(body.join("&").into_bytes());
        self
    }
}

impl HttpResponse {
    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The server's clock: `Date`, resolution 1 s.
    pub fn server_time(&self) -> Option<Timestamp> {
        values::http_date(self.header("date")?)
    }

    /// A wait the server asks for: `Retry-After` in its seconds form, as milliseconds.
    pub(super) fn retry_after_ms(&self) -> Option<i64> {
        let seconds: i64 = self.header("retry-after")?.trim().parse().ok()?;
        (seconds >= 0).then(|| seconds.saturating_mul(1000))
    }

    /// The body as JSON. The error says where it broke and never what stood there, since that may
    /// be a token or a customer's text.
    pub(super) fn json(&self) -> Result<Json, CallError> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            CallError::Unknown(format!(
                "answer {} is no JSON (line {line}, column {column})",
                self.status
            ))
        })
    }

    /// A failure for an answer without a readable code: code `HTTP_<status>`, and the beginning of
    /// the body as its message.
    pub(super) fn bare_failure(&self, system: System) -> RawFailure {
        let mut failure = Failure::of(system, &format!("HTTP_{}", self.status));
        failure.status = self.status;
        let text = String::from_utf8_lossy(&self.body);
        RawFailure {
            failure,
            message: text.trim().chars().take(MESSAGE_MAX).collect(),
            value: None,
            rule: None,
        }
    }

    /// The first header of that lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Why there is no answer. The variants differ in what the caller may conclude.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// No byte of the request left: name look-up, connection or TLS failed.
    #[error("no connection: {0}")]
    NotSent(String),
    /// The request may have taken effect: time-out, reset, cut or oversized answer.
    #[error("no answer: {0}")]
    Unknown(String),
}

/// A request on its way.
pub type Sending<'a> =
    Pin<Box<dyn Future<Output = Result<HttpResponse, TransportError>> + Send + 'a>>;

/// Sends one request and returns one answer. Tests put the simulator behind it.
pub trait Transport: Send + Sync {
    /// Sends `request` once: no retry, no redirect.
    fn send(&self, request: HttpRequest) -> Sending<'_>;
}

/// What a side says of its use of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Used in its window, by everybody.
    pub used: u64,
    /// Its ceiling.
    pub limit: u64,
}

/// How fast a side lets itself be called, by the headers of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Burst {
    /// Calls allowed in the span.
    pub calls: u64,
    /// Calls of them left, whoever made the others.
    pub left: u64,
    /// The span, in ms.
    pub span_ms: i64,
}

/// A good answer and what its headers said.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply<T> {
    /// What was asked for.
    pub value: T,
    /// The server's clock (`Date`, resolution 1 s).
    pub server_time: Option<Timestamp>,
    /// The server's word on usage (`Sforce-Limit-Info`, `X-HubSpot-RateLimit-*`).
    pub usage: Option<Usage>,
    /// The server's word on its pace (`X-HubSpot-RateLimit-*`).
    pub burst: Option<Burst>,
}

impl<T> Reply<T> {
    /// What the server said beside it, with another value.
    pub(super) fn with<U>(self, value: U) -> Reply<U> {
        Reply {
            value,
            server_time: self.server_time,
            usage: self.usage,
            burst: self.burst,
        }
    }

    /// The same with what the server said of its pace.
    pub(super) fn paced(self, burst: Option<Burst>) -> Self {
        Self { burst, ..self }
    }

    /// `value` as read from `response`.
    pub(super) fn of(response: &HttpResponse, usage: Option<Usage>, value: T) -> Self {
        Self {
            value,
            server_time: response.server_time(),
            usage,
            burst: None,
        }
    }
}

/// Why a call brought no good answer, by what the caller does next.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CallError {
    /// Nothing was sent: the calls go back to the budget, the rows wait.
    #[error("no connection: {0}")]
    NotSent(String),
    /// It may have taken effect: rows go back to ready and are matched by key.
    #[error("outcome unknown: {0}")]
    Unknown(String),
    /// The session or token ran out: fetch one new token, send once more as a new call.
    #[error("session expired")]
    SessionExpired,
    /// The credentials are refused: suspend.
    #[error("credentials refused: {code} ({status})")]
    Unauthorized {
        /// HTTP status.
        status: u16,
        /// Raw code.
        code: String,
    },
    /// The API is switched off for us: suspend.
    #[error("API disabled: {code}")]
    ApiDisabled {
        /// Raw code.
        code: String,
    },
    /// The whole org's daily limit is used up: suspend and probe.
    #[error("org limit used up")]
    OrgLimit,
    /// Too many at once or too fast: wait that many milliseconds.
    #[error("slowed down for {wait_ms} ms")]
    Slowed {
        /// How long to leave it alone.
        wait_ms: i64,
        /// Whether the daily quota is meant, not the pace.
        daily: bool,
    },
    /// 408 or 5xx: try later. Whether a write took effect is unknown.
    #[error("unavailable ({status})")]
    Unavailable {
        /// HTTP status.
        status: u16,
    },
    /// The whole request was refused. One bad row can do that: bisect.
    #[error("request refused ({status}): {}", .failures.iter().map(|f| f.failure.code.as_str()).collect::<Vec<_>>().join(", "))]
    Rejected {
        /// HTTP status.
        status: u16,
        /// What was wrong.
        failures: Vec<RawFailure>,
    },
}

impl From<TransportError> for CallError {
    fn from(error: TransportError) -> Self {
        match error {
            TransportError::NotSent(why) => Self::NotSent(why),
            TransportError::Unknown(why) => Self::Unknown(why),
        }
    }
}

impl CallError {
    /// A good status with a body of an unexpected shape; names the part that is missing.
    pub(super) fn unreadable(what: &str) -> Self {
        Self::Unknown(format!("answer lacks {what}"))
    }
}
