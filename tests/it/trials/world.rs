//! One trial's world: both simulated CRMs, a clock that only moves when told, mails kept in memory,
//! a real store on a real disk, and a network that loses what the seed says it loses.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use syncline::clock::Clock;
use syncline::crm::http::{HttpRequest, HttpResponse, Method, Sending, Transport, TransportError};
use syncline::domain::record::{Side, Timestamp};
use syncline::mail::{Mailer, MailError, Outgoing};
use syncline::simulator::{Outcome, Server, Simulator, wire};

/// Every trial begins here: Tuesday 17 November 2026, 08:00 UTC.
pub(crate) const BEGIN_MS: i64 = 1_794_902_400_000;

/// A clock that trials move. The servers have a clock of their own: `true_ms` never jumps.
#[derive(Debug, Default)]
pub(crate) struct TrialClock {
    true_ms: AtomicI64,
    skew_ms: AtomicI64,
}

impl TrialClock {
    pub(crate) fn new() -> Self {
        Self { true_ms: AtomicI64::new(BEGIN_MS), skew_ms: AtomicI64::new(0) }
    }

    /// Time passes, for everybody.
    pub(crate) fn pass(&self, milliseconds: i64) {
        self.true_ms.fetch_add(milliseconds, Ordering::SeqCst);
    }

    /// Our wall clock jumps; nobody else's does.
    pub(crate) fn jump(&self, milliseconds: i64) {
        self.skew_ms.fetch_add(milliseconds, Ordering::SeqCst);
    }

    /// The time as the servers know it.
    pub(crate) fn true_ms(&self) -> i64 {
        self.true_ms.load(Ordering::SeqCst)
    }
}

impl Clock for TrialClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.true_ms() + self.skew_ms.load(Ordering::SeqCst))
    }

    fn monotonic_ms(&self) -> i64 {
        self.true_ms()
    }

    fn sleep_until(&self, instant: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let left = instant.since(self.now());
        if left > 0 {
            self.pass(left);
        }
        Box::pin(std::future::ready(()))
    }
}

/// Where the process dies: at the nth request or mail, before or after its effect.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Crash {
    /// Requests left until it happens; `None` for never.
    pub(crate) after_requests: Option<u32>,
    /// Whether the other side still sees the last one.
    pub(crate) with_effect: bool,
}

/// The network between Syncline and the simulator.
pub(crate) struct TrialTransport {
    pub(crate) simulator: Arc<Mutex<Simulator>>,
    pub(crate) clock: Arc<TrialClock>,
    pub(crate) crash: Mutex<Crash>,
    /// How long every answer takes.
    pub(crate) latency_ms: i64,
}

impl TrialTransport {
    fn answer(&self, request: &HttpRequest) -> Result<HttpResponse, TransportError> {
        let server = match request.side {
            Side::HubSpot => Server::HubSpot,
            Side::Salesforce => Server::Salesforce,
        };
        self.clock.pass(self.latency_ms);
        let mut simulator = self.simulator.lock().expect("the simulator's lock");
        match simulator.handle(server, &wire_request(request), self.clock.true_ms()) {
            Outcome::Answered(answer) => Ok(HttpResponse {
                status: answer.status,
                headers: answer.headers,
                body: answer.body,
            }),
            Outcome::Refused => Err(TransportError::NotSent("connection refused".to_owned())),
            Outcome::Lost | Outcome::Reset => {
                Err(TransportError::Unknown("connection reset".to_owned()))
            }
            Outcome::Hung { .. } => {
                self.clock.pass(120_000);
                Err(TransportError::Unknown("timed out".to_owned()))
            }
        }
    }

    /// Whether the process dies with this request; counts it down.
    fn dies(&self) -> Option<bool> {
        let mut crash = self.crash.lock().expect("the crash's lock");
        let left = crash.after_requests?;
        crash.after_requests = left.checked_sub(1);
        (left == 0).then_some(crash.with_effect)
    }
}

impl Transport for TrialTransport {
    fn send(&self, request: HttpRequest) -> Sending<'_> {
        match self.dies() {
            Some(with_effect) => {
                if with_effect {
                    let _ = self.answer(&request);
                }
                // Never returns: the driver sees that nothing moves and drops everything.
                Box::pin(std::future::pending())
            }
            None => Box::pin(std::future::ready(self.answer(&request))),
        }
    }
}

fn wire_request(request: &HttpRequest) -> wire::Request {
    let method = match request.method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Patch => "PATCH",
        Method::Delete => "DELETE",
    };
    let rest = request.url.split_once("://").map_or(request.url.as_str(), |(_, rest)| rest);
    let path = rest.find('/').map_or("/", |start| &rest[start..]);
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    wire::Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: request.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        body: request.body.clone().unwrap_or_default(),
    }
}

/// A mailbox that keeps what arrived and fails as the trial says.
#[derive(Default)]
pub(crate) struct Mailbox {
    /// Message-ID → how often and with which bytes it arrived.
    pub(crate) arrived: Mutex<BTreeMap<String, Vec<Vec<u8>>>>,
    /// What happens to the next mails: `true` arrives but the answer is lost, `false` is refused
    /// with 451 before it arrives.
    pub(crate) faults: Mutex<Vec<bool>>,
}

impl Mailer for Mailbox {
    fn send<'a>(
        &'a self,
        mail: &'a Outgoing,
    ) -> Pin<Box<dyn Future<Output = Result<(), MailError>> + Send + 'a>> {
        use syncline::domain::event::Stage;
        let fault = self.faults.lock().expect("the faults' lock").pop();
        let result = match fault {
            Some(false) => Err(MailError {
                stage: Stage::Envelope,
                code: 451,
                permanent: false,
                ambiguous: false,
                text: "greylisted".to_owned(),
            }),
            Some(true) => Err(MailError {
                stage: Stage::Data,
                code: 0,
                permanent: false,
                ambiguous: true,
                text: "connection lost".to_owned(),
            }),
            None => Ok(()),
        };
        if fault != Some(false) {
            let mut arrived = self.arrived.lock().expect("the mailbox's lock");
            arrived.entry(mail.message_id.clone()).or_default().push(mail.bytes.clone());
        }
        Box::pin(std::future::ready(result))
    }
}

/// A folder that is gone with the trial.
pub(crate) struct Folder(pub(crate) tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.0.path().to_owned()
    }
}
