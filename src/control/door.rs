//! The control socket: JSON lines, one request a connection. Knows nothing of what is asked.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;

use super::report::Report;
use super::request::{Refusal, Request};

/// Version of the protocol; another one is refused with both versions named.
const VERSION: u32 = 1;

/// Longest request, in bytes.
const REQUEST_MAX: u64 = 64 * 1024;

/// How long a peer may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a verb waits for its answer: a rebuild of a large journal takes minutes.
const ANSWER_PATIENCE: Duration = Duration::from_mins(15);

#[derive(Serialize, Deserialize)]
struct Asked {
    v: u32,
    #[serde(flatten)]
    request: Request,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Row(Box<Report>),
    Error(Refusal),
    Done,
}

/// The daemon's end of the socket.
pub struct Door {
    listener: UnixListener,
    path: PathBuf,
}

/// One peer with its request.
pub struct Caller {
    stream: tokio::net::UnixStream,
    /// Who asks, as the kernel says.
    pub user: u32,
    /// What is asked.
    pub request: Request,
}

impl Door {
    /// Listens at `path` for the owner and the group (0660). A socket left by a killed daemon is
    /// replaced: the store's lock has shown that no other one runs.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => (),
        }
        let listener = UnixListener::bind(path)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660))?;
        Ok(Self {
            listener,
            path: path.to_owned(),
        })
    }

    /// The next peer that asks something that can be understood; others are told what is wrong.
    pub async fn next(&self) -> std::io::Result<Caller> {
        loop {
            let (mut stream, _) = self.listener.accept().await?;
            let user = stream.peer_cred()?.uid();
            match tokio::time::timeout(PATIENCE, read_request(&mut stream)).await {
                Ok(Ok(request)) => {
                    return Ok(Caller {
                        stream,
                        user,
                        request,
                    });
                }
                Ok(Err(refusal)) => send(&mut stream, &[Line::Error(refusal)]).await,
                // A peer that says nothing is hung up on.
                Err(_) => (),
            }
        }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        // Nobody listens any more; a verb then works in process instead of waiting.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Caller {
    /// Answers and hangs up.
    pub async fn answer(mut self, answer: Result<Report, Refusal>) {
        let lines = match answer {
            Ok(report) => vec![Line::Row(Box::new(report)), Line::Done],
            Err(refusal) => vec![Line::Error(refusal)],
        };
        // A slow reader must not stop the daemon.
        let _ = tokio::time::timeout(PATIENCE, send(&mut self.stream, &lines)).await;
    }
}

async fn read_request(stream: &mut tokio::net::UnixStream) -> Result<Request, Refusal> {
    let mut text = String::new();
    let mut reader = tokio::io::BufReader::new(stream.take(REQUEST_MAX));
    reader
        .read_line(&mut text)
        .await
        .map_err(|error| Refusal::usage(format!("the request cannot be read: {error}")))?;
    parse(&text)
}

fn parse(text: &str) -> Result<Request, Refusal> {
    let value: serde_json::Value = serde_json::from_str(text)
        .map_err(|error| Refusal::usage(format!("the request is not JSON: {error}")))?;
    match value.get("v").and_then(serde_json::Value::as_u64) {
        Some(v) if v == u64::from(VERSION) => (),
        v => {
            let asked = v.map_or("no version".to_owned(), |v| format!("version {v}"));
            return Err(Refusal::usage(format!(
                "the daemon speaks version {VERSION} of the control protocol, the request {asked}; \
                 use the syncline of the running daemon"
            )));
        }
    }
    let asked: Asked = serde_json::from_value(value)
        .map_err(|error| Refusal::usage(format!("the request is not understood: {error}")))?;
    Ok(asked.request)
}

async fn send(stream: &mut tokio::net::UnixStream, lines: &[Line]) {
    for line in lines {
        let Ok(mut text) = serde_json::to_string(line) else {
            return;
        };
        text.push('\n');
        if stream.write_all(text.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Asks the daemon behind `path`; `None` when none runs there.
pub fn ask(path: &Path, request: &Request) -> Option<Result<Report, Refusal>> {
    let stream = match UnixStream::connect(path) {
        Ok(stream) => stream,
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            let message = format!(
                "no permission for {}; add yourself to the group of the syncline service",
                path.display()
            );
            return Some(Err(Refusal { exit: 77, message }));
        }
        Err(_) => return None,
    };
    Some(ask_over(stream, request))
}

fn ask_over(mut stream: UnixStream, request: &Request) -> Result<Report, Refusal> {
    let broken = |error: &dyn std::fmt::Display| Refusal {
        exit: 69,
        message: format!("the daemon hung up: {error}; see its log"),
    };
    stream
        .set_read_timeout(Some(ANSWER_PATIENCE))
        .map_err(|error| broken(&error))?;
    let asked = Asked {
        v: VERSION,
        request: request.clone(),
    };
    let mut text = serde_json::to_string(&asked).map_err(|error| broken(&error))?;
    text.push('\n');
    stream
        .write_all(text.as_bytes())
        .map_err(|error| broken(&error))?;
    let mut report = None;
    for line in BufReader::new(stream).lines() {
        let line = line.map_err(|error| broken(&error))?;
        match serde_json::from_str(&line).map_err(|error| broken(&error))? {
            Line::Row(row) => report = Some(*row),
            Line::Error(refusal) => return Err(refusal),
            Line::Done => break,
        }
    }
    report.ok_or_else(|| broken(&"no answer"))
}
