//! One trial's surroundings: both simulated CRMs, a clock that only moves when told, a network that
//! loses what the seed says it loses, and a mailbox that keeps what arrived.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use crate::on_the_wire;
use syncline::clock::Clock;
use syncline::crm::http::{HttpRequest, HttpResponse, Sending, Transport, TransportError};
use syncline::domain::record::{Side, Timestamp};
use syncline::journal;
use syncline::mail::{MailError, Mailer, Outgoing, Stage};
use syncline::simulator::luck::Luck;
use syncline::simulator::{Outcome, Server, Simulator};
use syncline::store::Store;
use tokio::sync::Notify;

use super::kin::Moment;
use super::people::{People, Place, records};
use super::plan::pick;

/// Every trial begins here: Tuesday 17 November 2026, 08:00 UTC.
pub(crate) const BEGIN_MS: i64 = 1_794_902_400_000;

/// Requests of one look of one loop; more of them are an endless loop.
const REQUESTS_MAX: u32 = 3_000;

/// A clock that trials move. The servers have a clock of their own: [`TrialClock::true_ms`] never
/// jumps.
#[derive(Debug)]
pub(crate) struct TrialClock {
    true_ms: AtomicI64,
    skew_ms: AtomicI64,
}

impl TrialClock {
    pub(crate) fn new() -> Self {
        Self {
            true_ms: AtomicI64::new(BEGIN_MS),
            skew_ms: AtomicI64::new(0),
        }
    }

    /// Time passes, for everybody.
    pub(crate) fn pass(&self, milliseconds: i64) {
        self.true_ms.fetch_add(milliseconds, Ordering::SeqCst);
    }

    /// Our wall clock is set this much off everybody else's.
    pub(crate) fn set_skew(&self, milliseconds: i64) {
        self.skew_ms.store(milliseconds, Ordering::SeqCst);
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
        self.pass(instant.since(self.now()).max(0));
        Box::pin(std::future::ready(()))
    }
}

/// When the process dies: some requests or mails from now, before or after the effect.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crash {
    /// Requests, or mails, that still go through.
    pub(crate) after: u32,
    /// Whether the last one takes effect.
    pub(crate) with_effect: bool,
}

/// Counts a planned crash down; `Some` when it happens now.
fn dies(crash: &Mutex<Option<Crash>>) -> Option<bool> {
    let mut crash = crash.lock().unwrap();
    let planned = crash.as_mut()?;
    if planned.after > 0 {
        planned.after -= 1;
        return None;
    }
    crash.take().map(|planned| planned.with_effect)
}

/// Somebody who edits records while requests about them are on their way.
pub(crate) struct Meddling {
    pub(crate) people: People,
    pub(crate) luck: Luck,
    /// Before so many of a thousand requests.
    pub(crate) chance: u64,
    pub(crate) store: Arc<Store>,
    /// Whether records of several objects are there.
    pub(crate) several: bool,
}

impl Meddling {
    /// Perhaps edits a record that the request names, or any other when it names none.
    fn edit_before(&mut self, request: &HttpRequest, simulator: &mut Simulator, now: i64) {
        if self.luck.below(1_000) >= self.chance {
            return;
        }
        if self.several {
            let body = String::from_utf8_lossy(request.body.as_deref().unwrap_or_default());
            let seq = self.store.read_blocking(journal::last_seq).unwrap();
            let when = Moment { now, seq };
            let kin = &mut self.people.kin;
            kin.meddle(simulator, &mut self.luck, &body, when);
            return;
        }
        let side = Side::BOTH[pick(&mut self.luck, 2)];
        let shown = records(simulator, side, false);
        let body = String::from_utf8_lossy(request.body.as_deref().unwrap_or_default());
        let named: Vec<Place> = shown
            .iter()
            .filter(|one| {
                let mark = one.mark.as_deref().unwrap_or(&one.id);
                body.contains(&one.id) || body.contains(mark)
            })
            .map(|one| (side, one.id.clone()))
            .collect();
        let all: Vec<Place> = shown.into_iter().map(|one| (side, one.id)).collect();
        let among = if named.is_empty() { all } else { named };
        let Some(place) = among.get(pick(&mut self.luck, among.len())) else {
            return;
        };
        let seq = self.store.read_blocking(journal::last_seq).unwrap();
        self.people
            .edit(simulator, &mut self.luck, place, &[], now, seq);
    }
}

/// The network between Syncline and the simulator.
pub(crate) struct Network {
    simulator: Mutex<Simulator>,
    clock: Arc<TrialClock>,
    crash: Mutex<Option<Crash>>,
    pub(crate) crashed: Arc<Notify>,
    requests: AtomicU32,
    latency_ms: i64,
    meddling: Mutex<Option<Meddling>>,
    lost_links: AtomicU64,
    moved: Mutex<[u64; 2]>,
}

impl Network {
    pub(crate) fn new(
        simulator: Simulator,
        clock: Arc<TrialClock>,
        crashed: Arc<Notify>,
        latency_ms: i64,
    ) -> Self {
        Self {
            simulator: Mutex::new(simulator),
            clock,
            crash: Mutex::new(None),
            crashed,
            requests: AtomicU32::new(0),
            latency_ms,
            meddling: Mutex::new(None),
            lost_links: AtomicU64::new(0),
            moved: Mutex::default(),
        }
    }

    /// How many associations took effect without an answer.
    pub(crate) fn lost_links(&self) -> u64 {
        self.lost_links.load(Ordering::SeqCst)
    }

    /// How often it was asked what moved since all was read ahead, and how often something had.
    pub(crate) fn moved(&self) -> [u64; 2] {
        *self.moved.lock().unwrap()
    }

    fn note_moved(&self, request: &HttpRequest, answer: &[u8]) {
        let body = String::from_utf8_lossy(request.body.as_deref().unwrap_or_default());
        if !body.contains("LastModifiedById%20%21%3D") {
            return;
        }
        let answer: serde_json::Value = serde_json::from_slice(answer).unwrap_or_default();
        let parts = answer["compositeResponse"].as_array();
        let mut parts = parts.into_iter().flatten();
        let found = parts.any(|part| part["body"]["totalSize"].as_u64() > Some(0));
        let [asked, had] = &mut *self.moved.lock().unwrap();
        *asked += 1;
        *had += u64::from(found);
    }

    /// Lets somebody meddle from now on, or nobody; returns who did until now.
    pub(crate) fn meddle(&self, meddling: Option<Meddling>) -> Option<Meddling> {
        std::mem::replace(&mut *self.meddling.lock().unwrap(), meddling)
    }

    pub(crate) fn simulator(&self) -> MutexGuard<'_, Simulator> {
        self.simulator.lock().unwrap()
    }

    pub(crate) fn plan_crash(&self, crash: Option<Crash>) {
        *self.crash.lock().unwrap() = crash;
    }

    /// A loop begins a look: its requests are counted from here.
    pub(crate) fn begin(&self) {
        self.requests.store(0, Ordering::SeqCst);
    }

    fn answer(&self, request: &HttpRequest) -> Result<HttpResponse, TransportError> {
        let server = match request.side {
            Side::HubSpot => Server::HubSpot,
            Side::Salesforce => Server::Salesforce,
        };
        self.clock.pass(self.latency_ms);
        let now = self.clock.true_ms();
        if let Some(meddling) = self.meddling.lock().unwrap().as_mut() {
            meddling.edit_before(request, &mut self.simulator(), now);
        }
        let unknown = |why: &str| Err(TransportError::Unknown(why.to_owned()));
        let outcome = self
            .simulator()
            .handle(server, &on_the_wire::request(request), now);
        let sets_links = request.url.contains("/associations/") && !request.url.ends_with("/read");
        if sets_links && matches!(outcome, Outcome::Lost) {
            self.lost_links.fetch_add(1, Ordering::SeqCst);
        }
        if let Outcome::Answered(answer) = &outcome {
            self.note_moved(request, &answer.body);
        }
        match outcome {
            Outcome::Answered(answer) if answer.is_cut() => unknown("the answer broke off"),
            Outcome::Answered(answer) => Ok(on_the_wire::answer(answer)),
            Outcome::Refused => Err(TransportError::NotSent("connection refused".to_owned())),
            Outcome::Lost | Outcome::Reset => unknown("connection reset"),
            Outcome::Hung { .. } => {
                self.clock.pass(120_000);
                unknown("timed out")
            }
        }
    }
}

impl Transport for Network {
    fn send(&self, request: HttpRequest) -> Sending<'_> {
        let requests = self.requests.fetch_add(1, Ordering::SeqCst);
        assert!(
            requests < REQUESTS_MAX,
            "an endless loop of requests: {request:?}"
        );
        match dies(&self.crash) {
            Some(with_effect) => {
                if with_effect {
                    drop(self.answer(&request));
                }
                // Never returns: the driver hears it and drops everything.
                self.crashed.notify_one();
                Box::pin(std::future::pending())
            }
            None => Box::pin(std::future::ready(self.answer(&request))),
        }
    }
}

/// What goes wrong with a mail.
#[derive(Debug, Clone, Copy)]
pub(crate) enum MailFault {
    /// It is refused for now, before its content was sent.
    Greylisted,
    /// It arrives, and the server's word is lost.
    Ambiguous,
}

/// A mailbox that keeps what arrived.
pub(crate) struct Mailroom {
    /// Message-ID → the bytes of each arrival.
    pub(crate) arrived: Mutex<BTreeMap<String, Vec<Vec<u8>>>>,
    /// Faults of the next mails, the last one first.
    pub(crate) faults: Mutex<Vec<MailFault>>,
    crash: Mutex<Option<Crash>>,
    crashed: Arc<Notify>,
}

impl Mailroom {
    pub(crate) fn new(crashed: Arc<Notify>) -> Self {
        Self {
            arrived: Mutex::default(),
            faults: Mutex::default(),
            crash: Mutex::new(None),
            crashed,
        }
    }

    pub(crate) fn plan_crash(&self, crash: Option<Crash>) {
        *self.crash.lock().unwrap() = crash;
    }

    fn keep(&self, mail: &Outgoing) {
        let mut arrived = self.arrived.lock().unwrap();
        let id = mail.message_id.as_str().to_owned();
        arrived.entry(id).or_default().push(mail.bytes.clone());
    }
}

impl Mailer for Mailroom {
    fn send<'a>(&'a self, mail: &'a Outgoing) -> syncline::mail::Sending<'a> {
        if let Some(with_effect) = dies(&self.crash) {
            if with_effect {
                self.keep(mail);
            }
            self.crashed.notify_one();
            return Box::pin(std::future::pending());
        }
        let fault = self.faults.lock().unwrap().pop();
        let result = match fault {
            Some(MailFault::Greylisted) => Err(MailError {
                stage: Stage::Envelope,
                code: 451,
                permanent: false,
                ambiguous: false,
                text: "greylisted".to_owned(),
            }),
            Some(MailFault::Ambiguous) => {
                self.keep(mail);
                Err(MailError {
                    stage: Stage::Data,
                    code: 0,
                    permanent: false,
                    ambiguous: true,
                    text: "connection lost".to_owned(),
                })
            }
            None => {
                self.keep(mail);
                Ok(())
            }
        };
        Box::pin(std::future::ready(result))
    }
}
