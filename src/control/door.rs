//! The control socket: JSON lines, one request a connection. Knows nothing of what is asked.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
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

/// Peers heard at a time; more wait until one of these has asked or was hung up on.
const PEERS_MAX: usize = 64;

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
    /// Peers that have not said yet what they want: one that says nothing keeps nobody waiting.
    peers: FuturesUnordered<BoxFuture<'static, Option<Caller>>>,
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
    /// replaced: the store's lock has shown that no other one runs. Anything else there is
    /// somebody's, named by mistake, and stays.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        match std::fs::symlink_metadata(path) {
            Ok(about) if about.file_type().is_socket() => std::fs::remove_file(path)?,
            Ok(_) => {
                return Err(std::io::Error::new(
                    std::io::ErrorKind::AlreadyExists,
                    "something that is no socket stands there, and is left as it is",
                ));
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => (),
            Err(error) => return Err(error),
        }
        let listener = UnixListener::bind(path)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660))?;
        Ok(Self {
            listener,
            path: path.to_owned(),
            peers: FuturesUnordered::new(),
        })
    }

    /// The next peer that asks something that can be understood; others are told what is wrong.
    /// Nothing is lost when the future is dropped.
    pub async fn next(&mut self) -> std::io::Result<Caller> {
        loop {
            tokio::select! {
                Some(caller) = self.peers.next(), if !self.peers.is_empty() => {
                    if let Some(caller) = caller {
                        return Ok(caller);
                    }
                }
                accepted = self.listener.accept(), if self.peers.len() < PEERS_MAX => {
                    let (stream, _) = accepted?;
                    // A peer that is gone again has no user any more.
                    if let Ok(peer) = stream.peer_cred() {
                        self.peers.push(Box::pin(hear(stream, peer.uid())));
                    }
                }
            }
        }
    }
}

/// What a peer asks; `None` for one that was told what is wrong, or that said nothing.
async fn hear(mut stream: tokio::net::UnixStream, user: u32) -> Option<Caller> {
    let heard = async {
        match read_request(&mut stream).await {
            Ok(request) => Some(request),
            Err(refusal) => {
                send(&mut stream, &[Line::Error(refusal)]).await;
                None
            }
        }
    };
    let request = tokio::time::timeout(PATIENCE, heard).await.ok()??;
    Some(Caller {
        stream,
        user,
        request,
    })
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
