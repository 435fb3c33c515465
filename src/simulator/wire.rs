//! What passes between a client and the simulated servers: one HTTP request, one answer.

/// One HTTP request as a server sees it, after the transport has taken it apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Upper-case method: `GET`, `POST`, `PATCH`, `PUT`, `DELETE`.
    pub method: String,
    /// Path without the query, still percent-encoded: `/services/data/v66.0/limits`.
    pub path: String,
    /// The raw query without the question mark; empty when there is none.
    pub query: String,
    /// Header names in lower case, in the order they came.
    pub headers: Vec<(String, String)>,
    /// The body after any content encoding was undone.
    pub body: Vec<u8>,
}

/// One HTTP answer; its body is not compressed, the HTTP shell does that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// HTTP status code.
    pub status: u16,
    /// Header names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body as sent before compression; empty for 204.
    pub body: Vec<u8>,
}
