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

impl Request {
    /// The first header of that (lower-case) name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(have, _)| have == name)
            .map(|(_, value)| value.as_str())
    }

    /// The decoded query, in the order it came; a name may come more than once.
    pub fn query_pairs(&self) -> Vec<(String, String)> {
        form_pairs(&self.query)
    }
}

impl Response {
    /// The first header of that (lower-case) name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(have, _)| have == name)
            .map(|(_, value)| value.as_str())
    }

    /// An answer with one content type and nothing else set.
    pub fn with_body(status: u16, content_type: &str, body: Vec<u8>) -> Response {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        Response {
            status,
            headers,
            body,
        }
    }

    /// Whether the body is shorter than its own `content-length` says: the answer broke off on its way.
    pub fn is_cut(&self) -> bool {
        let said = self
            .header("content-length")
            .and_then(|length| length.parse::<usize>().ok());
        said.is_some_and(|length| length > self.body.len())
    }
}

/// Takes `a=1&b=x+y` apart, as both a query and a form body are written.
pub fn form_pairs(text: &str) -> Vec<(String, String)> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (
                percent_decode(&name.replace('+', " ")),
                percent_decode(&value.replace('+', " ")),
            )
        })
        .collect()
}

/// Undoes percent-encoding; what is not valid UTF-8 afterwards becomes the replacement character.
pub fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = text
            .get(at + 1..at + 3)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (byte, escaped) {
            (b'%', Some(plain)) => {
                out.push(plain);
                at += 3;
            }
            (plain, _) => {
                out.push(plain);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
