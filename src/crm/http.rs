//! One HTTP request over a transport, and what every answer has in common.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use crate::domain::failure::RawFailure;
use crate::domain::record::{Side, Timestamp};

/// Longest wait for an answer; past it the outcome is unknown.
pub const TIMEOUT: Duration = Duration::from_secs(120);

/// Largest answer read, after decompression.
pub const BODY_MAX: usize = 64 * 1024 * 1024;

/// HTTP methods in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// GET.
    Get,
    /// POST.
    Post,
    /// PATCH.
    Patch,
    /// DELETE.
    Delete,
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpResponse {
    /// Status code.
    pub status: u16,
    /// Header names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

impl HttpResponse {
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

/// A good answer and what its headers said.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply<T> {
    /// What was asked for.
    pub value: T,
    /// The server's clock (`Date`, resolution 1 s).
    pub server_time: Option<Timestamp>,
    /// The server's word on usage (`Sforce-Limit-Info`, `X-HubSpot-RateLimit-*`).
    pub usage: Option<Usage>,
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
