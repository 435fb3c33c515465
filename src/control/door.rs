//! The control socket: JSON lines, one request a connection. Knows nothing of what is asked.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;
use tokio::sync::oneshot;

use super::report::Report;
use super::request::{Refusal, Request};

/// Version of the protocol; another one is refused with both versions named.
const VERSION: u32 = 1;

/// Longest request, in bytes: ten thousand records named by both ids fit.
const REQUEST_MAX: u64 = 2 * 1024 * 1024;

/// How long a peer may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(5);

/// Peers heard at a time; for one more the one that has been silent longest is hung up on.
const PEERS_MAX: usize = 64;

/// How long the daemon may take for its first word: a living one says at once that it has heard.
const FIRST_WORD: Duration = Duration::from_secs(10);

/// Between two tries to connect to a daemon whose queue is full.
const KNOCK_EVERY: Duration = Duration::from_millis(100);

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
    /// The request was understood, and its answer may take a while.
    Progress(String),
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
    /// The peers' lines, oldest first: dropping one hangs up.
    lines: VecDeque<oneshot::Sender<()>>,
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
                    ErrorKind::AlreadyExists,
                    "something that is no socket stands there, and is left as it is",
                ));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => (),
            Err(error) => return Err(error),
        }
        let listener = UnixListener::bind(path)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660))?;
        Ok(Self {
            listener,
            path: path.to_owned(),
            peers: FuturesUnordered::new(),
            lines: VecDeque::new(),
        })
    }

    /// The next peer that asks something that can be understood; others are told what is wrong.
    /// Nothing is lost when the future is dropped.
    pub async fn next(&mut self) -> std::io::Result<Caller> {
        loop {
            tokio::select! {
                biased;
                Some(caller) = self.peers.next(), if !self.peers.is_empty() => {
                    if let Some(caller) = caller {
                        return Ok(caller);
                    }
                }
                accepted = self.listener.accept() => {
                    let (stream, _) = accepted?;
                    // A peer that is gone again has no user any more.
                    if let Ok(peer) = stream.peer_cred() {
                        self.welcome(stream, peer.uid());
                    }
                }
            }
        }
    }
}

impl Door {
    fn welcome(&mut self, stream: tokio::net::UnixStream, user: u32) {
        self.lines.retain(|line| !line.is_closed());
        if self.lines.len() >= PEERS_MAX {
            self.lines.pop_front();
        }
        let (line, cut) = oneshot::channel();
        self.lines.push_back(line);
        self.peers.push(Box::pin(async move {
            tokio::select! {
                biased;
                caller = hear(stream, user) => caller,
                // Nothing is ever sent: this is the other end being dropped.
                _ = cut => None,
            }
        }));
    }
}

/// What a peer asks; `None` for one that was told what is wrong, or that said nothing.
async fn hear(mut stream: tokio::net::UnixStream, user: u32) -> Option<Caller> {
    let heard = async {
        match read_request(&mut stream).await {
            Ok(request) => {
                send(&mut stream, &[Line::Progress("heard".to_owned())]).await;
                Some(request)
            }
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
    let mut value: serde_json::Value = serde_json::from_str(text)
        .map_err(|error| Refusal::usage(format!("the request is not JSON: {error}")))?;
    match value.get("v").and_then(serde_json::Value::as_u64) {
        Some(v) if v == u64::from(VERSION) => (),
        v => {
            let asked = v.map_or("no version".to_owned(), |v| format!("version {v}"));
            let message = format!(
                "the daemon speaks version {VERSION} of the control protocol, the request {asked}; \
                 use the syncline of the running daemon"
            );
            return Err(Refusal { exit: 76, message });
        }
    }
    // A verb without arguments may be asked with none or with an empty object.
    if let Some(members) = value.as_object_mut()
        && members
            .get("args")
            .is_some_and(|args| *args == serde_json::json!({}))
    {
        members.remove("args");
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
    match connect(path) {
        Ok(stream) => Some(ask_over(stream, request)),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            let message = format!(
                "no permission for {}; add yourself to the group of the syncline service",
                path.display()
            );
            Some(Err(Refusal { exit: 77, message }))
        }
        Err(error) if error.kind() == ErrorKind::WouldBlock => Some(Err(mute(None))),
        Err(_) => None,
    }
}

/// Connects without waiting longer than for a first word: the queue of a daemon that stands still
/// fills up, and a blocking connect would then wait for ever.
#[expect(
    clippy::disallowed_methods,
    reason = "a verb that knocks waits between two tries"
)]
fn connect(path: &Path) -> std::io::Result<UnixStream> {
    let address = SocketAddrUnix::new(path)?;
    let mut waited = Duration::ZERO;
    loop {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket =
            rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
        match rustix::net::connect(&socket, &address) {
            Ok(()) => {
                let stream = UnixStream::from(socket);
                stream.set_nonblocking(false)?;
                return Ok(stream);
            }
            Err(rustix::io::Errno::AGAIN) if waited < FIRST_WORD => {
                std::thread::sleep(KNOCK_EVERY);
                waited += KNOCK_EVERY;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// What is said of a daemon that takes connections, as the kernel does for it, and says nothing.
fn mute(pid: Option<i32>) -> Refusal {
    let process = pid
        .map(|pid| format!(" (process {pid})"))
        .unwrap_or_default();
    let seconds = FIRST_WORD.as_secs();
    Refusal {
        exit: 75,
        message: format!(
            "the daemon{process} runs and has not answered within {seconds} s; see its log, and \
             whether it was stopped"
        ),
    }
}

fn ask_over(mut stream: UnixStream, request: &Request) -> Result<Report, Refusal> {
    let pid = rustix::net::sockopt::socket_peercred(&stream)
        .ok()
        .map(|peer| peer.pid.as_raw_pid());
    let broken = |error: &dyn std::fmt::Display| Refusal {
        exit: 69,
        message: format!("the daemon hung up: {error}; see its log"),
    };
    let hindered = |error: std::io::Error| {
        if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) {
            mute(pid)
        } else {
            broken(&error)
        }
    };
    stream
        .set_read_timeout(Some(FIRST_WORD))
        .and_then(|()| stream.set_write_timeout(Some(FIRST_WORD)))
        .map_err(hindered)?;
    let asked = Asked {
        v: VERSION,
        request: request.clone(),
    };
    let mut text = serde_json::to_string(&asked).map_err(|error| broken(&error))?;
    text.push('\n');
    stream.write_all(text.as_bytes()).map_err(hindered)?;
    let patience = stream.try_clone().map_err(|error| broken(&error))?;
    let mut report = None;
    for line in BufReader::new(stream).lines() {
        let line = line.map_err(hindered)?;
        match serde_json::from_str(&line).map_err(|error| broken(&error))? {
            Line::Progress(_) => patience
                .set_read_timeout(Some(ANSWER_PATIENCE))
                .map_err(|error| broken(&error))?,
            Line::Row(row) => report = Some(*row),
            Line::Error(refusal) => return Err(refusal),
            Line::Done => break,
        }
    }
    report.ok_or_else(|| broken(&"no answer"))
}
