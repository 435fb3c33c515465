//! HTTP over real sockets: one request, one answer, no retry, no redirect.
//!
//! Plain `http` is accepted for loopback addresses only, so that no token leaves the machine
//! unencrypted whatever an `instance_url` says.

use std::error::Error;
use std::io::Write;
use std::net::IpAddr;
use std::sync::OnceLock;
use std::time::Duration;

use reqwest::{Client, ClientBuilder, Url};

use super::http::{
    BODY_MAX, HttpRequest, HttpResponse, Method, Sending, TIMEOUT, Transport, TransportError,
};
use crate::domain::record::Side;

/// Longest wait for a connection, TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Idle connections are dropped before servers do it: a request sent into a connection that is
/// just being closed has an unknown outcome.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// Bodies longer than this many bytes are compressed for Salesforce.
const GZIP_FROM: usize = 1024;

/// The transport of the daemon.
#[derive(Debug)]
pub struct HttpTransport {
    timeout: Duration,
    body_max: usize,
    loopback: Client,
    // Made at the first https request: on a machine without a CA store the demo still runs.
    secure: OnceLock<Result<Client, String>>,
}

impl HttpTransport {
    /// A transport with the time-out and the largest answer of production.
    pub fn new() -> Result<Self, TransportError> {
        Self::with_limits(TIMEOUT, BODY_MAX)
    }

    /// A transport that gives up after `timeout` and reads at most `body_max` bytes of an answer.
    pub fn with_limits(timeout: Duration, body_max: usize) -> Result<Self, TransportError> {
        install_tls();
        // An empty set of roots keeps reqwest from asking for the machine's CA store.
        let loopback = builder(timeout)
            .no_proxy()
            .tls_certs_only(std::iter::empty())
            .build()
            .map_err(|error| TransportError::NotSent(chain(&error)))?;
        Ok(Self {
            timeout,
            body_max,
            loopback,
            secure: OnceLock::new(),
        })
    }

    /// Whether https can be spoken at all; the error names the remedy.
    pub fn check_tls(&self) -> Result<(), TransportError> {
        self.secure().map(|_| ())
    }

    fn secure(&self) -> Result<&Client, TransportError> {
        self.secure
            .get_or_init(|| {
                builder(self.timeout)
                    .https_only(true)
                    .build()
                    .map_err(|error| no_client(&error))
            })
            .as_ref()
            .map_err(|why| TransportError::NotSent(why.clone()))
    }

    fn client_for(&self, url: &Url) -> Result<&Client, TransportError> {
        match url.scheme() {
            "https" => self.secure(),
            "http" if is_loopback(url) => Ok(&self.loopback),
            _ => Err(TransportError::NotSent(format!(
                "{} must be https, plain http is for this machine only",
                url.host_str().unwrap_or("the address")
            ))),
        }
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let url = Url::parse(&request.url)
            .map_err(|error| TransportError::NotSent(format!("malformed address: {error}")))?;
        let mut outgoing = self
            .client_for(&url)?
            .request(method(request.method), url.clone());
        let compress = compresses(&request);
        for (name, value) in request.headers {
            outgoing = outgoing.header(name, value);
        }
        if let Some(body) = request.body {
            outgoing = if compress {
                outgoing
                    .header("content-encoding", "gzip")
                    .body(gzip(&body)?)
            } else {
                outgoing.body(body)
            };
        }
        let answer = outgoing.send().await.map_err(failed)?;
        self.read(answer).await
    }

    async fn read(&self, mut answer: reqwest::Response) -> Result<HttpResponse, TransportError> {
        let status = answer.status().as_u16();
        let headers = answer
            .headers()
            .iter()
            .filter_map(|(name, value)| {
                Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
            })
            .collect();
        let mut body = Vec::new();
        // The request has left: whatever goes wrong from here on leaves the outcome unknown.
        while let Some(chunk) = answer
            .chunk()
            .await
            .map_err(|error| TransportError::Unknown(chain(&error.without_url())))?
        {
            if body.len() + chunk.len() > self.body_max {
                return Err(TransportError::Unknown(format!(
                    "answer is larger than {} bytes",
                    self.body_max
                )));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(HttpResponse {
            status,
            headers,
            body,
        })
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: HttpRequest) -> Sending<'_> {
        Box::pin(self.exchange(request))
    }
}

/// Makes ring the TLS provider of the process. A second call changes nothing.
pub(super) fn install_tls() {
    // An error says that a provider is in place already, which is all that is wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

fn builder(timeout: Duration) -> ClientBuilder {
    Client::builder()
        .user_agent(concat!("syncline/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .timeout(timeout)
}

fn no_client(error: &reqwest::Error) -> String {
    let why = chain(error);
    if why.contains("No CA certificates") {
        "no CA certificates on this machine, install the package ca-certificates".to_owned()
    } else {
        format!("TLS cannot be set up: {why}")
    }
}

fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else {
        return false;
    };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn method(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    }
}

// Only Salesforce documents compressed requests, and only its JSON endpoints are worth it.
fn compresses(request: &HttpRequest) -> bool {
    request.side == Side::Salesforce
        && request
            .body
            .as_ref()
            .is_some_and(|body| body.len() > GZIP_FROM)
        && request
            .headers
            .iter()
            .any(|(name, value)| *name == "content-type" && value == "application/json")
}

fn gzip(body: &[u8]) -> Result<Vec<u8>, TransportError> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer
        .write_all(body)
        .and_then(|()| packer.finish())
        .map_err(|error| TransportError::NotSent(format!("body cannot be compressed: {error}")))
}

/// Name look-up, connection and TLS happen before the first byte of a request leaves.
fn failed(error: reqwest::Error) -> TransportError {
    let before = error.is_connect() || error.is_builder();
    let why = chain(&error.without_url());
    if before {
        TransportError::NotSent(why)
    } else {
        TransportError::Unknown(why)
    }
}

/// An error with its causes; reqwest's own line alone says only that sending failed.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
