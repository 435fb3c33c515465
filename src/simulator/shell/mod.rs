//! The HTTP shell: the simulator on three loopback ports, in wall time.
//!
//! Carries bytes and breaks connections; knows nothing of what they mean.

mod door;

use super::{Outcome, Server, Simulator, wire};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::get;
use door::{Door, End, Line};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Largest request body: a Bulk upload may have 150 MB.
const BODY_MAX: usize = 160 * 1024 * 1024;
/// How long a stop waits for answers that are under way.
const STOP_PATIENCE: Duration = Duration::from_secs(2);

/// Tells the time, Unix ms: the shell itself reads no clock.
pub type Now = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Where to listen (port 0 takes any free one), and how long silence lasts.
#[derive(Debug, Clone)]
pub struct Ports {
    /// The portal.
    pub hubspot: SocketAddr,
    /// The org.
    pub salesforce: SocketAddr,
    /// The administrators' door.
    pub admin: SocketAddr,
    /// After this a connection that gets no answer is closed.
    pub hang_limit: Duration,
}

impl Default for Ports {
    fn default() -> Ports {
        let any = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
        Ports {
            hubspot: any,
            salesforce: any,
            admin: any,
            hang_limit: Duration::from_mins(5),
        }
    }
}

/// Why the shell could not start.
#[derive(Debug, thiserror::Error)]
pub enum ShellError {
    /// The model has no doors to the world: what it accepts and stores is nobody's business outside.
    #[error("{0} is not a loopback address: the simulator listens on loopback only")]
    NotLoopback(SocketAddr),
    /// The address could not be had.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

/// A simulator that is being served.
#[derive(Debug)]
pub struct Running {
    /// Where the portal answers.
    pub hubspot: SocketAddr,
    /// Where the org answers.
    pub salesforce: SocketAddr,
    /// Where commands are taken.
    pub admin: SocketAddr,
    stopping: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Running {
    /// Stops listening, gives answers under way two seconds, and closes the rest.
    pub async fn stop(self) {
        self.stopping.send_replace(true);
        for mut task in self.tasks {
            if timeout(STOP_PATIENCE, &mut task).await.is_err() {
                task.abort();
            }
        }
    }
}

#[derive(Clone)]
struct Served {
    simulator: Arc<Mutex<Simulator>>,
    server: Server,
    now: Now,
    hang_limit: Duration,
    stopping: watch::Receiver<bool>,
}

impl Served {
    // A panic in another request's model code must not silence all later ones.
    fn model(&self) -> MutexGuard<'_, Simulator> {
        self.simulator
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves the simulator until [`Running::stop`]. Refuses every address that is not loopback.
pub async fn serve(
    simulator: Arc<Mutex<Simulator>>,
    ports: &Ports,
    now: Now,
) -> Result<Running, ShellError> {
    let hubspot = listen(ports.hubspot).await?;
    let salesforce = listen(ports.salesforce).await?;
    let admin = listen(ports.admin).await?;
    let (stopping, stopped) = watch::channel(false);
    let served = |server| Served {
        simulator: Arc::clone(&simulator),
        server,
        now: Arc::clone(&now),
        hang_limit: ports.hang_limit,
        stopping: stopped.clone(),
    };
    let mut running = Running {
        hubspot: hubspot.1,
        salesforce: salesforce.1,
        admin: admin.1,
        stopping,
        tasks: Vec::new(),
    };
    for ((listener, address), server) in
        [(hubspot, Server::HubSpot), (salesforce, Server::Salesforce)]
    {
        let door = Door::new(listener, address, server, Arc::clone(&simulator));
        let router = Router::new().fallback(answer).with_state(served(server));
        let service = router.into_make_service_with_connect_info::<Line>();
        let stop = until_stopped(stopped.clone());
        running.tasks.push(spawn(async move {
            // Serving ends only by the stop signal; an accept that fails is tried again inside.
            let _ = axum::serve(door, service)
                .with_graceful_shutdown(stop)
                .await;
        }));
    }
    let router = Router::new()
        .route("/", get(help).post(command))
        .route("/state", get(state))
        .with_state(served(Server::HubSpot));
    let stop = until_stopped(stopped);
    running.tasks.push(spawn(async move {
        let _ = axum::serve(admin.0, router)
            .with_graceful_shutdown(stop)
            .await;
    }));
    Ok(running)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the simulator's shell has its own tasks and stops them in Running::stop"
)]
fn spawn(task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    tokio::spawn(task)
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ShellError> {
    if !address.ip().is_loopback() {
        return Err(ShellError::NotLoopback(address));
    }
    let failed = |source| ShellError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

async fn until_stopped(mut stopping: watch::Receiver<bool>) {
    // A sender that is gone is a Running that was dropped: stop as well.
    let _ = stopping.wait_for(|stop| *stop).await;
}

/// What can be said to the administrators' door.
async fn help() -> &'static str {
    super::admin::HELP
}

async fn answer(
    State(served): State<Served>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
) -> Response {
    let wants_gzip = accepts_gzip(&request);
    let Some(request) = take_apart(request).await else {
        line.cut(End::Reset);
        return Response::new(Body::empty());
    };
    let now = (served.now)();
    let outcome = served.model().handle(served.server, &request, now);
    match outcome {
        Outcome::Answered(response) => put_together(response, wants_gzip),
        Outcome::Lost => hang_up(&line, End::Closed),
        // A listener that has taken the bytes cannot refuse them any more; a server taken down refuses.
        Outcome::Reset | Outcome::Refused => hang_up(&line, End::Reset),
        Outcome::Hung { .. } => {
            let stopped = until_stopped(served.stopping.clone());
            let _ = timeout(served.hang_limit, stopped).await;
            hang_up(&line, End::Closed)
        }
    }
}

fn hang_up(line: &Line, end: End) -> Response {
    line.cut(end);
    Response::new(Body::empty())
}

fn accepts_gzip(request: &Request) -> bool {
    let wanted = request.headers().get(header::ACCEPT_ENCODING);
    wanted
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("gzip"))
}

// `None` when the body did not arrive whole or cannot be unpacked.
async fn take_apart(request: Request) -> Option<wire::Request> {
    let (head, body) = request.into_parts();
    let mut body = axum::body::to_bytes(body, BODY_MAX).await.ok()?.to_vec();
    let headers: Vec<(String, String)> = head
        .headers
        .iter()
        .map(|(name, value)| {
            (
                name.as_str().to_owned(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect();
    if headers
        .iter()
        .any(|(name, value)| name == "content-encoding" && value == "gzip")
    {
        let mut plain = Vec::new();
        let limit = BODY_MAX as u64;
        GzDecoder::new(body.as_slice())
            .take(limit)
            .read_to_end(&mut plain)
            .ok()?;
        body = plain;
    }
    Some(wire::Request {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers,
        body,
    })
}

fn put_together(answer: wire::Response, wants_gzip: bool) -> Response {
    let is_cut = answer.is_cut();
    let mut response = Response::new(Body::empty());
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in &answer.headers {
        let pair = (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_str(value),
        );
        if let (Ok(name), Ok(value)) = pair {
            response.headers_mut().append(name, value);
        }
    }
    if is_cut {
        *response.body_mut() = half_a_body(answer.body);
    } else if let Some(packed) = Some(&answer.body)
        .filter(|body| wants_gzip && !body.is_empty())
        .and_then(|body| gzip(body))
    {
        let encoding = HeaderValue::from_static("gzip");
        response
            .headers_mut()
            .insert(header::CONTENT_ENCODING, encoding);
        *response.body_mut() = Body::from(packed);
    } else {
        *response.body_mut() = Body::from(answer.body);
    }
    response
}

fn gzip(body: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).ok()?;
    encoder.finish().ok()
}

// Pauses between the half and the break, so that status, headers and half are sent before the line dies.
fn half_a_body(half: Vec<u8>) -> Body {
    let mut half = Some(Bytes::from(half));
    let mut pauses = 0;
    Body::from_stream(futures_util::stream::poll_fn(move |context| {
        if let Some(half) = half.take() {
            return Poll::Ready(Some(Ok(half)));
        }
        pauses += 1;
        if pauses < 3 {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(io::Error::from(io::ErrorKind::ConnectionReset))))
    }))
}

async fn command(State(served): State<Served>, body: Bytes) -> (StatusCode, String) {
    let now = (served.now)();
    let outcome = serde_json::from_slice(&body)
        .map_err(|error| format!("not JSON: {error}"))
        .and_then(|command| served.model().command(&command, now));
    match outcome {
        Ok(value) => (StatusCode::OK, value.to_string()),
        Err(message) => (
            StatusCode::BAD_REQUEST,
            serde_json::json!({ "error": message }).to_string(),
        ),
    }
}

async fn state(State(served): State<Served>) -> String {
    let now = (served.now)();
    served.model().state(now).to_string()
}
