//! The transport over real loopback sockets, and the recorder that the clients' tests use instead.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail it")]

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use syncline::crm::http::{
    HttpRequest, HttpResponse, HttpTransport, Method, Sending, Transport, TransportError,
};
use syncline::domain::record::Side;

/// Answers from a list and keeps what was asked.
#[derive(Default)]
pub(crate) struct Recorder {
    asked: Mutex<Vec<HttpRequest>>,
    answers: Mutex<VecDeque<Result<HttpResponse, TransportError>>>,
}

impl Recorder {
    pub(crate) fn answering<const N: usize>(answers: [HttpResponse; N]) -> Arc<Self> {
        let recorder = Self::default();
        recorder.answers.lock().unwrap().extend(answers.map(Ok));
        Arc::new(recorder)
    }

    pub(crate) fn failing(error: TransportError) -> Arc<Self> {
        let recorder = Self::default();
        recorder.answers.lock().unwrap().push_back(Err(error));
        Arc::new(recorder)
    }

    pub(crate) fn then(&self, answer: HttpResponse) {
        self.answers.lock().unwrap().push_back(Ok(answer));
    }

    pub(crate) fn count(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    pub(crate) fn last(&self) -> HttpRequest {
        self.asked.lock().unwrap().last().cloned().expect("a call")
    }

    /// The last request as `METHOD url`, headers, and body.
    pub(crate) fn line(&self) -> String {
        let last = self.last();
        let method = last.method.name();
        format!("{method} {}", last.url)
    }

    pub(crate) fn header(&self, name: &str) -> String {
        let last = self.last();
        let found = last.headers.iter().find(|(key, _)| *key == name);
        found.map_or_else(String::new, |(_, value)| value.clone())
    }

    pub(crate) fn body(&self) -> serde_json::Value {
        serde_json::from_slice(&self.last().body.expect("a body")).expect("JSON")
    }
}

impl Transport for Recorder {
    fn send(&self, request: HttpRequest) -> Sending<'_> {
        self.asked.lock().unwrap().push(request);
        let answer = self.answers.lock().unwrap().pop_front().expect("an answer");
        Box::pin(async move { answer })
    }
}

/// An answer of that status and body, with the headers both sides send.
pub(crate) fn answer(status: u16, body: &str) -> HttpResponse {
    HttpResponse {
        status,
        headers: vec![("date".into(), "Mon, 23 Nov 2026 10:00:00 GMT".into())],
        body: body.as_bytes().to_vec(),
    }
}

pub(crate) fn with_header(mut answer: HttpResponse, name: &str, value: &str) -> HttpResponse {
    answer.headers.push((name.into(), value.into()));
    answer
}

/// A 2048-bit key made for this test; PKCS#8 without its PEM frame. It opens nothing.
pub(crate) const TEST_KEY: &str = "\
MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQCtz/sIkp5Pq/lt+Y8T94S7kc1dE13xal9OBsAx9s\
ae4kjL2sAU5qn/8tukNIafdBnvZMFqkfE9P6AXh9nkdCl2Gti+OumU7rKQncuMK1DI1+QnYPmfBZ5qvT2cgljdNMKV\
fXG6BUk9LKaSkrLPY295u8WWQ5rVP/dVbyiId/XMx9AM7ZtuW9eTFy+MtCwfribF+OlFflXMpJgVhV0WJDyBn2OE33\
hFsSe6jYRdXUyQirVJvzi+8GEgWDCVLINW2y1qOhmWuELAjvvrultOf0Lna3PxOuBv9ZvK/19Jb1u4CKqtw1hQIdsR\
MRWr6KqW4Sg5/eHy5iD+D04TSSeKxeMDAgMBAAECggEAUjwHmmu8KRfFoGmlbx35l8EI99N07AaW5tS81CbcnEmVhZ\
WOsZTcs7MUhiEv3HtS1ffGpwQ7re3PcbKdvb/T6gQTrhUzdHpm05NEvaG0zAGQ+ayhDcLby8aTQtxM7QPMWGwMhaWA\
nEfm24w6u3JhSKg1eL2toN1tyOcZt0+CZQsQsoqB3FeSH/YwDOa5rQ+rPlubPT5rPWd4l8HWIofBRzUmcnttm45Eek\
MPWTHKEZmuI8YD/aPH3BZHV3txwppFbY7V/31Pzz9hoiLB/u16h1tD1UEOG2yWJOB1ow3Ou3xtwr0WXqYdhkuCMmBn\
0Th4Mxy85ruW7TiVzj98RL7pOQKBgQDcR7TSd35/Iw+1DSvJ7Kh5E+fRS4Db3nRGBc2QQQagSEmIts7xH011xBv7Eq\
JrlwrOJtCaFuQ5I0kQxcvP2Lv2YBIZclgA65b+RuvhZ0gTFDp6N8jTGEaxlq6SQxah9b5FVePt7IDsYoUc6Nf2mrjN\
UC/J89EvQl7CWSyhFPrYXQKBgQDJ/01wT3ut07ycdqSGMra/KD9MdmGBIZxaW2QImrZTpvuAb4P9elskN0IsdyF1vW\
ehvUWxC7wXeioE+JxocYOzcgzTJsBQyZtKiapJxaqt1RvDhKXl6C1z9IotXtMZzQfVFM8RQeXnOTw8i9v8UhX3EPb4\
Vpfug8p6crnVqPJy3wKBgEmLo2K1xMU79o2TZTBY1HMAY2CsncxK/HU4kMZ9/3FaUTrVFkjJE7qjDFiKgzH6zv+/U9\
xukipFjqqL751olnEO6FwYoitEfThOg4jRS+4azd9qaqGYNFosngJ1ZcQTYUCTCbOxR+Ykip75WsmaJONfx2TdA9WM\
ikjHLzBk6c99AoGAFhGGbFbCtGMFoDJ2FxNDU+8Zu0jTrj/1zQlfDHGaqdj8cTO9v9u2SWagHCuHxE1FHS6Ihqc5jX\
cTUCe5Ls/4C4rSS99X83uTM7mGmTi3RPabaej8FvoevSRiVEKf3ZnA2U7EsKX6cCCYrCS7i/2L2MpJsSgEwVI0tNwD\
4YvrsRECgYBntBVwMTp4LgV2nML4SOy0+GAVHrD/zODEXyBoKMZPC1HedZSqzeeFIXL+yyI/7xUmLk65/bAxJ2+Hyc\
GAbWuarPijMp1vvluRW3RCmRMwShwOPAhwovUUIga7wmEpNGdNDklsu9abgiRVz3ymfc1U1HN7RtF0jMykWn/+cVHB\
3A==";

/// Serves one connection: reads a request with its body, answers with `raw`, returns what it read.
fn serve_once(raw: Vec<u8>) -> (SocketAddr, std::thread::JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let served = std::thread::spawn(move || {
        let (mut peer, _) = listener.accept().unwrap();
        let mut seen = Vec::new();
        let mut chunk = [0; 4096];
        while !complete(&seen) {
            let count = peer.read(&mut chunk).unwrap();
            seen.extend_from_slice(&chunk[..count]);
        }
        peer.write_all(&raw).unwrap();
        // A server that says nothing keeps the line open until the client has given up.
        if raw.is_empty() {
            peer.set_read_timeout(Some(Duration::from_millis(600)))
                .unwrap();
            let _ = peer.read(&mut chunk);
        }
        seen
    });
    (address, served)
}

fn complete(seen: &[u8]) -> bool {
    let text = String::from_utf8_lossy(seen);
    let Some((head, _)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .to_lowercase()
        .lines()
        .find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok())
        .unwrap_or(0);
    let start = seen.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
    seen.len() >= start + length
}

fn raw(head: &str, body: &[u8]) -> Vec<u8> {
    let mut raw = format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n", body.len()).into_bytes();
    raw.extend_from_slice(body);
    raw
}

fn zipped(body: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(body).unwrap();
    packer.finish().unwrap()
}

fn transport() -> HttpTransport {
    HttpTransport::with_limits(Duration::from_millis(300), 100).unwrap()
}

fn get(url: String) -> HttpRequest {
    HttpRequest {
        side: Side::Salesforce,
        method: Method::Get,
        url,
        headers: vec![("authorization", "Bearer hush".into())],
        body: None,
    }
}

async fn fetch(raw: Vec<u8>) -> Result<HttpResponse, TransportError> {
    let (address, served) = serve_once(raw);
    let answer = transport().send(get(format!("http://{address}/x"))).await;
    served.join().unwrap();
    answer
}

#[tokio::test]
async fn an_answer_comes_back_with_status_headers_and_body() {
    let answer = fetch(raw("404 Not Found\r\nX-Odd: yes", b"gone"))
        .await
        .unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (404, &b"gone"[..]));
    assert_eq!(answer.header("x-odd"), Some("yes"));
}

#[tokio::test]
async fn a_compressed_answer_is_unpacked() {
    let answer = fetch(raw("200 OK\r\ncontent-encoding: gzip", &zipped(b"hello"))).await;
    assert_eq!(answer.unwrap().body, b"hello");
}

#[tokio::test]
async fn an_answer_that_is_too_large_leaves_the_outcome_unknown() {
    let large = [b'x'; 101];
    for answer in [
        raw("200 OK", &large),
        raw("200 OK\r\ncontent-encoding: gzip", &zipped(&large)),
    ] {
        let error = fetch(answer).await.unwrap_err();
        assert_eq!(
            error,
            TransportError::Unknown("answer is larger than 100 bytes".into())
        );
    }
}

#[tokio::test]
async fn silence_and_a_cut_answer_leave_the_outcome_unknown() {
    let silence = fetch(Vec::new()).await.unwrap_err();
    assert!(matches!(silence, TransportError::Unknown(_)), "{silence}");
    let cut = fetch(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf".to_vec()).await;
    assert!(matches!(cut, Err(TransportError::Unknown(_))), "{cut:?}");
}

#[tokio::test]
async fn a_closed_port_means_that_nothing_was_sent() {
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let error = transport()
        .send(get(format!("http://{closed}/")))
        .await
        .unwrap_err();
    assert!(matches!(error, TransportError::NotSent(_)), "{error}");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let answer = fetch(raw("302 Found\r\nlocation: http://127.0.0.1:1/", b"")).await;
    assert_eq!(answer.unwrap().status, 302);
}

#[tokio::test]
async fn no_token_leaves_the_machine_over_plain_http() {
    let request = get("http://crm.example/services/data/".into());
    let error = transport().send(request).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "no connection: crm.example must be https, plain http is for this machine only"
    );
}

#[tokio::test]
async fn a_long_body_to_salesforce_is_compressed_and_a_short_one_is_not() {
    for (length, packed) in [(2000, true), (20, false)] {
        let (address, served) = serve_once(raw("200 OK", b""));
        let mut request = get(format!("http://{address}/"));
        request.method = Method::Post;
        request
            .headers
            .push(("content-type", "application/json".into()));
        request.body = Some(vec![b'7'; length]);
        transport().send(request).await.unwrap();
        let seen = served.join().unwrap();
        let start = seen.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
        let head = String::from_utf8_lossy(&seen[..start]).to_lowercase();
        assert_eq!(head.contains("content-encoding: gzip"), packed);
        let mut body = seen[start..].to_vec();
        if packed {
            body.clear();
            GzDecoder::new(&seen[start..])
                .read_to_end(&mut body)
                .unwrap();
        }
        assert_eq!(body, vec![b'7'; length]);
    }
}

#[test]
fn neither_a_request_nor_an_answer_prints_what_it_carries() {
    let request = get("https://x.example/a?q=hush".into());
    assert_eq!(format!("{request:?}"), "Get https://x.example/a");
    assert_eq!(format!("{:?}", answer(200, "hush")), "200 (4 bytes)");
}
