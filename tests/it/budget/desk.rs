//! A daemon's loops over a line on which servers may say anything, and a wall clock that may be set.

use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use crate::on_the_wire;
use jiff::tz::TimeZone;
use serde_json::json;
use syncline::cli::render::text;
use syncline::cli::render::time::Moment;
use syncline::clock::Clock;
use syncline::control::{Request, Vantage, answer};
use syncline::crm::http::{HttpRequest, HttpResponse, Sending, Transport, TransportError};
use syncline::crm::hubspot::HubSpot;
use syncline::crm::salesforce::Salesforce;
use syncline::domain::board::Board;
use syncline::domain::catalogue::Catalogue;
use syncline::domain::event::{AllocationSet, By, Event, Mode, ModeSet};
use syncline::domain::fingerprint::PrintKey;
use syncline::domain::guard;
use syncline::domain::mapping::Mapping;
use syncline::domain::record::{RecordId, Side, Timestamp};
use syncline::logging::{self, Form};
use syncline::simulator::{Outcome, Server, Simulator, hubspot, salesforce};
use syncline::store::{Access, Options, Store, View};
use syncline::sync::{
    Bounds, Connection, Context, HubSpotDetector, SalesforceDetector, Settings, Writer,
};
use syncline::{journal, projections};
use tokio::sync::Barrier;

use crate::calls::world::{BEGIN_MS, POLL_MS, empty};
use crate::objects::story::mappings;

/// True time, and a wall clock that shows another one.
#[derive(Default)]
pub(super) struct Hands {
    true_ms: AtomicI64,
    skew_ms: AtomicI64,
}

impl Hands {
    pub(super) fn pass(&self, ms: i64) {
        self.true_ms.fetch_add(ms, Ordering::SeqCst);
    }

    /// The wall clock is set so far from the truth.
    pub(super) fn set(&self, skew_ms: i64) {
        self.skew_ms.store(skew_ms, Ordering::SeqCst);
    }

    /// So long from now, as a `Date` header says it.
    pub(super) fn date(&self, ahead_ms: i64) -> String {
        let at = jiff::Timestamp::from_millisecond(self.truth() + ahead_ms).unwrap();
        at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    pub(super) fn truth(&self) -> i64 {
        BEGIN_MS + self.true_ms.load(Ordering::SeqCst)
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp(self.truth() + self.skew_ms.load(Ordering::SeqCst))
    }

    fn monotonic_ms(&self) -> i64 {
        self.true_ms.load(Ordering::SeqCst)
    }

    fn sleep_until(&self, instant: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.pass(instant.since(self.now()).max(0));
        Box::pin(std::future::ready(()))
    }
}

type Whisper = Box<dyn FnMut(&HttpRequest, &mut HttpResponse) + Send>;
type Meanwhile = Box<dyn FnMut(&HttpRequest) + Send>;

/// The way to both CRMs, on which somebody may change what they say.
pub(super) struct Line {
    pub(super) simulator: Mutex<Simulator>,
    hands: Arc<Hands>,
    whisper: Mutex<Option<Whisper>>,
    before: Mutex<Option<Meanwhile>>,
    /// What the next answers of HubSpot wait for, and how many turns of others after that.
    crossing: Mutex<Vec<(Arc<Barrier>, u8)>>,
}

impl Line {
    /// From now on every answer passes through `whisper`.
    pub(super) fn whisper(
        &self,
        whisper: impl FnMut(&HttpRequest, &mut HttpResponse) + Send + 'static,
    ) {
        *self.whisper.lock().unwrap() = Some(Box::new(whisper));
    }

    /// The next two answers of HubSpot are read when both requests were sent, one after the other.
    pub(super) fn cross(&self) {
        let barrier = Arc::new(Barrier::new(2));
        let (first, last) = ((Arc::clone(&barrier), 0), (barrier, 9));
        *self.crossing.lock().unwrap() = vec![last, first];
    }

    /// From now on this happens while a request is on its way.
    pub(super) fn before(&self, happens: impl FnMut(&HttpRequest) + Send + 'static) {
        *self.before.lock().unwrap() = Some(Box::new(happens));
    }
}

impl Transport for Line {
    fn send(&self, request: HttpRequest) -> Sending<'_> {
        let server = match request.side {
            Side::HubSpot => Server::HubSpot,
            Side::Salesforce => Server::Salesforce,
        };
        if let Some(happens) = self.before.lock().unwrap().as_mut() {
            happens(&request);
        }
        let (now, sent) = (self.hands.truth(), on_the_wire::request(&request));
        let outcome = self.simulator.lock().unwrap().handle(server, &sent, now);
        self.hands.pass(100);
        let answer = match outcome {
            Outcome::Answered(answer) => {
                let mut answer = on_the_wire::answer(answer);
                if let Some(whisper) = self.whisper.lock().unwrap().as_mut() {
                    whisper(&request, &mut answer);
                }
                Ok(answer)
            }
            Outcome::Refused => Err(TransportError::NotSent("nobody listens".to_owned())),
            Outcome::Lost | Outcome::Reset | Outcome::Hung { .. } => {
                Err(TransportError::Unknown("no answer".to_owned()))
            }
        };
        let crossing = match request.side {
            Side::HubSpot => self.crossing.lock().unwrap().pop(),
            Side::Salesforce => None,
        };
        Box::pin(async move {
            if let Some((barrier, turns)) = crossing {
                barrier.wait().await;
                for _ in 0..turns {
                    tokio::task::yield_now().await;
                }
            }
            answer
        })
    }
}

/// Sets a header as a server may: there is one of each name.
pub(super) fn set_header(answer: &mut HttpResponse, name: &str, value: &str) {
    answer.headers.retain(|(known, _)| known != name);
    answer.headers.push((name.to_owned(), value.to_owned()));
}

/// Whether it is the free request that tells Salesforce's time.
pub(super) fn asks_the_time(request: &HttpRequest) -> bool {
    request.url.ends_with("/services/data/")
}

#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What is logged while it is there.
pub(super) struct Log {
    paper: Paper,
    _guard: tracing::subscriber::DefaultGuard,
}

impl Log {
    /// Its lines that hold these words, without the day.
    pub(super) fn lines(&self, words: &str) -> Vec<String> {
        let text = String::from_utf8(self.paper.0.lock().unwrap().clone()).unwrap();
        let lines = text.lines().filter(|line| line.contains(words));
        lines.map(|line| line[7..].to_owned()).collect()
    }
}

/// Everything of one run. The folder goes last.
pub(super) struct Desk {
    pub(super) line: Arc<Line>,
    pub(super) hands: Arc<Hands>,
    pub(super) store: Arc<Store>,
    pub(super) context: Arc<Context>,
    pub(super) connection: Connection,
    pub(super) salesforce: SalesforceDetector,
    pub(super) hubspot: HubSpotDetector,
    pub(super) writer: Writer,
    _folder: tempfile::TempDir,
}

impl Desk {
    /// A daemon that was just started, with contacts kept in step and so many calls allowed.
    pub(super) async fn new(allocation: u64) -> Self {
        Self::over(allocation, None).await
    }

    /// The same, on a disk that is full after so many commits.
    pub(super) async fn over(allocation: u64, refuse_commits_after: Option<u64>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let hands = Arc::new(Hands::default());
        let options = Options {
            ballast_bytes: 0,
            refuse_commits_after,
            print_key: Some(PrintKey([7; 16])),
            ..Options::default()
        };
        let (catalogue, access) = (Arc::new(Catalogue::shipped()), Access::Write { unit: None });
        let store = Store::open_with(folder.path(), access, catalogue, hands.clone(), options);
        let store = Arc::new(store.unwrap());
        let line = Arc::new(Line {
            simulator: Mutex::new(empty()),
            hands: Arc::clone(&hands),
            whisper: Mutex::default(),
            before: Mutex::default(),
            crossing: Mutex::default(),
        });
        let mappings = mappings("[objects.contact]\nleads = false\n");
        let context = context(&line, &hands, &store, mappings);
        let desk = Self {
            connection: Connection::new(Arc::clone(&context)),
            salesforce: SalesforceDetector::new(Arc::clone(&context)),
            hubspot: HubSpotDetector::new(Arc::clone(&context)),
            writer: Writer::new(Arc::clone(&context)),
            context,
            line,
            hands,
            store,
            _folder: folder,
        };
        let (mode, by) = (Mode::Sync, By::Configuration);
        desk.append(ModeSet { mode, by }).await;
        desk.allow(allocation).await;
        desk
    }

    pub(super) async fn append(&self, event: impl Into<Event>) {
        let event = event.into();
        let write = move |tx: &syncline::store::Tx<'_>| projections::append(tx, None, event);
        self.store.write(write).await.unwrap();
    }

    pub(super) async fn allow(&self, allocation: u64) {
        let (reserve_percent, by) = (10, By::Operator(1000));
        self.append(AllocationSet {
            allocation,
            reserve_percent,
            by,
        })
        .await;
    }

    /// The daemon is started anew over the same store.
    pub(super) fn restart(&mut self) {
        let mappings = mappings("[objects.contact]\nleads = false\n");
        let context = context(&self.line, &self.hands, &self.store, mappings);
        self.connection = Connection::new(Arc::clone(&context));
        self.salesforce = SalesforceDetector::new(Arc::clone(&context));
        self.hubspot = HubSpotDetector::new(Arc::clone(&context));
        self.writer = Writer::new(Arc::clone(&context));
        self.context = context;
    }

    /// Minutes go by in which every loop looks once.
    pub(super) async fn minutes(&mut self, minutes: u32) {
        for _ in 0..minutes {
            let before = self.hands.monotonic_ms();
            self.connection.work().await.unwrap();
            self.salesforce.work().await.unwrap();
            self.hubspot.work().await.unwrap();
            self.writer.work().await.unwrap();
            self.hands
                .pass((before + POLL_MS - self.hands.monotonic_ms()).max(0));
        }
    }

    /// A new contact in HubSpot.
    pub(super) fn hubspot_contact(&self, number: usize) {
        let email = format!("p{number}@acme.example");
        let contact = json!({ "email": email, "lastname": format!("Lovelace {number}") });
        let (now, mut simulator) = (self.hands.truth(), self.line.simulator.lock().unwrap());
        let contact = contact.as_object().unwrap();
        let put = simulator.hubspot.put("contacts", None, contact, now);
        put.unwrap();
    }

    /// What `budget` prints, asked in the daemon.
    pub(super) async fn shown(&self) -> String {
        let (live, now) = (self.context.live().await.unwrap(), self.hands.now());
        let out_of_room = false;
        let vantage = Vantage::Daemon { live, out_of_room };
        let report = answer(&self.store, &Request::Budget, 1000, now, vantage);
        let zone = TimeZone::UTC;
        text(&report.await.unwrap(), &Moment { now, zone })
    }

    /// Its line that begins so.
    pub(super) async fn line_of(&self, begins: &str) -> String {
        let shown = self.shown().await;
        let mut lines = shown.lines().filter(|line| line.starts_with(begins));
        lines.next().unwrap_or("no such line").to_owned()
    }

    /// Calls that Salesforce counted so far.
    pub(super) fn counted(&self) -> u64 {
        self.line
            .simulator
            .lock()
            .unwrap()
            .salesforce
            .calls_counted()
    }

    /// From now on what is logged on this thread is written down.
    pub(super) fn listen(&self) -> Log {
        let (paper, zone) = (Paper::default(), TimeZone::UTC);
        let (writer, clock) = (paper.clone(), self.hands.clone());
        let made = logging::to_writer(Form::Text, "info", clock, zone, move || writer.clone());
        let guard = tracing::subscriber::set_default(made.unwrap().0);
        Log {
            paper,
            _guard: guard,
        }
    }

    /// What was journaled, from its beginning on.
    pub(super) fn journal(&self) -> Vec<Event> {
        let mut all: Vec<Event> = Vec::new();
        let mut after = 0;
        loop {
            let read = move |view: &View<'_>| journal::read(view, after, 1_000);
            let page = self.store.read_blocking(read).unwrap();
            let Some(last) = page.last() else { return all };
            after = last.seq;
            all.extend(page.into_iter().map(|entry| entry.event));
        }
    }
}

fn context(
    line: &Arc<Line>,
    hands: &Arc<Hands>,
    store: &Arc<Store>,
    mappings: Vec<Mapping>,
) -> Arc<Context> {
    let portal = hubspot::Settings::default();
    let org = salesforce::Settings::default();
    let settings = Settings {
        portal: i64::try_from(portal.portal_id).unwrap(),
        org: RecordId::parse(&org.org_id).unwrap(),
        mappings,
        board: Board::default(),
        guard: guard::Limits::default(),
        poll_ms: POLL_MS,
        bounds: Bounds::default(),
    };
    let hubspot = HubSpot::new(line.clone(), on_the_wire::hubspot());
    let salesforce = Salesforce::new(line.clone(), on_the_wire::salesforce(&org));
    let context = Context::new(
        Arc::clone(store),
        hands.clone(),
        hubspot,
        salesforce,
        settings,
    );
    Arc::new(context.unwrap())
}
