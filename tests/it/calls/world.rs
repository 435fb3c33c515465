//! Both simulated CRMs behind the real clients and loops, a clock that moves only when told, and a
//! store on a real disk. Nothing here is lost or late: how faults are borne is for the trials.

use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use crate::on_the_wire;
use serde_json::{Map, Value, json};
use syncline::clock::Clock;
use syncline::config::standard_mapping;
use syncline::crm::http::{HttpRequest, Sending, Transport, TransportError};
use syncline::crm::hubspot::HubSpot;
use syncline::crm::salesforce::Salesforce;
use syncline::domain::board::Board;
use syncline::domain::catalogue::Catalogue;
use syncline::domain::event::{AllocationSet, By, MappingChanged, Mode, ModeSet};
use syncline::domain::fingerprint::PrintKey;
use syncline::domain::guard;
use syncline::domain::mapping::Mapping;
use syncline::domain::record::{ObjectName, RecordId, Side, Timestamp};
use syncline::projections;
use syncline::simulator::hubspot::owner::{Owner, OwnerKind};
use syncline::simulator::{Outcome, Server, Simulator, hubspot, salesforce};
use syncline::store::{Access, Options, Store};
use syncline::sync::{
    BoardKeeper, Bounds, Connection, Context, HubSpotDetector, Retrier, SalesforceDetector,
    Settings, Writer,
};

/// Tuesday 17 November 2026, 08:00 UTC: when the daemon starts.
pub(crate) const BEGIN_MS: i64 = 1_794_902_400_000;

/// The usual time between two looks.
pub(crate) const POLL_MS: i64 = 60_000;

/// The allocation of the run.
pub(crate) const ALLOCATION: u64 = 20_000;

/// How long an answer takes, in ms: a small one, and what each kilobyte adds.
const LATENCY_MS: i64 = 120;
const LATENCY_PER_KB_MS: i64 = 1;

/// A clock that moves only when somebody waits or an answer takes its time.
pub(crate) struct RunClock(AtomicI64);

impl RunClock {
    pub(crate) fn ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    /// Time passes until `instant`, if that lies ahead.
    pub(crate) fn pass_until(&self, instant: i64) {
        self.0.fetch_max(instant, Ordering::SeqCst);
    }
}

impl Clock for RunClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.ms())
    }

    fn monotonic_ms(&self) -> i64 {
        self.ms()
    }

    fn sleep_until(&self, instant: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.pass_until(instant.0);
        Box::pin(std::future::ready(()))
    }
}

/// What happens once while a request is on its way whose address holds these words.
pub(crate) type Interruption = Arc<Mutex<Option<(&'static str, Box<dyn FnOnce() + Send>)>>>;

/// The way to both CRMs, in process.
pub(crate) struct Line {
    simulator: Arc<Mutex<Simulator>>,
    clock: Arc<RunClock>,
    interruption: Interruption,
}

impl Line {
    fn interrupt(&self, url: &str) {
        let mut due = self.interruption.lock().expect("nobody panicked with it");
        let happens = due.take_if(|(words, _)| url.contains(*words));
        drop(due);
        if let Some((_, happens)) = happens {
            happens();
        }
    }
}

impl Transport for Line {
    fn send(&self, request: HttpRequest) -> Sending<'_> {
        let server = match request.side {
            Side::HubSpot => Server::HubSpot,
            Side::Salesforce => Server::Salesforce,
        };
        self.interrupt(&request.url);
        let request = on_the_wire::request(&request);
        let mut simulator = self.simulator.lock().expect("nobody panicked with it");
        let outcome = simulator.handle(server, &request, self.clock.ms());
        let answer = match outcome {
            Outcome::Answered(answer) => {
                let carried = (request.body.len() + answer.body.len()) / 1024;
                let took = LATENCY_MS + LATENCY_PER_KB_MS * i64::try_from(carried).unwrap_or(0);
                self.clock.pass_until(self.clock.ms() + took);
                Ok(on_the_wire::answer(answer))
            }
            Outcome::Lost | Outcome::Reset | Outcome::Refused | Outcome::Hung { .. } => Err(
                TransportError::Unknown("a fault that nobody ordered".to_owned()),
            ),
        };
        Box::pin(std::future::ready(answer))
    }
}

/// Everything of one run. The folder goes last.
pub(crate) struct World {
    pub(crate) simulator: Arc<Mutex<Simulator>>,
    pub(crate) clock: Arc<RunClock>,
    pub(crate) store: Arc<Store>,
    pub(crate) interruption: Interruption,
    /// The guard's limits from the next start on.
    pub(crate) guard: guard::Limits,
    /// The bounds of the loops from the next start on.
    pub(crate) bounds: Bounds,
    /// Whether HubSpot's records show their state, from the next start on.
    pub(crate) board: Board,
    connection: Connection,
    salesforce: SalesforceDetector,
    hubspot: HubSpotDetector,
    writer: Writer,
    retrier: Retrier,
    keeper: BoardKeeper,
    _folder: tempfile::TempDir,
}

impl World {
    /// A daemon that was just started over `simulator`, configured as it is delivered.
    pub(crate) async fn new(simulator: Simulator) -> Self {
        Self::with(simulator, vec![contact()]).await
    }

    /// The same, with these objects kept in step.
    pub(crate) async fn with(simulator: Simulator, mappings: Vec<Mapping>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(RunClock(AtomicI64::new(BEGIN_MS)));
        let options = Options {
            ballast_bytes: 0,
            print_key: Some(PrintKey([7; 16])),
            ..Options::default()
        };
        let (catalogue, access) = (Arc::new(Catalogue::shipped()), Access::Write { unit: None });
        let ticking: Arc<dyn Clock> = clock.clone();
        let store = Store::open_with(folder.path(), access, catalogue, ticking, options).unwrap();
        let store = Arc::new(store);
        configure(&store, &mappings).await;
        let simulator = Arc::new(Mutex::new(simulator));
        let interruption = Interruption::default();
        let (guard, bounds) = (guard::Limits::default(), Bounds::default());
        let board = Board::default();
        let line = line(&simulator, &clock, &interruption);
        let context = Arc::new(context(
            line,
            &clock,
            &store,
            mappings,
            (guard, &bounds, board),
        ));
        Self {
            guard,
            bounds,
            board,
            interruption,
            simulator,
            clock,
            store,
            connection: Connection::new(Arc::clone(&context)),
            salesforce: SalesforceDetector::new(Arc::clone(&context)),
            hubspot: HubSpotDetector::new(Arc::clone(&context)),
            writer: Writer::new(Arc::clone(&context)),
            retrier: Retrier::new(Arc::clone(&context)),
            keeper: BoardKeeper::new(context),
            _folder: folder,
        }
    }

    /// The configuration is read again with another mode.
    pub(crate) async fn set_mode(&self, mode: Mode) {
        let write = move |tx: &syncline::store::Tx<'_>| set_mode(tx, mode);
        self.store.write(write).await.unwrap();
    }

    /// The loops of a daemon that was started anew with these objects.
    pub(crate) async fn configure(&mut self, mappings: Vec<Mapping>) {
        configure(&self.store, &mappings).await;
        let line = line(&self.simulator, &self.clock, &self.interruption);
        let limits = (self.guard, &self.bounds, self.board);
        let context = context(line, &self.clock, &self.store, mappings, limits);
        let context = Arc::new(context);
        self.connection = Connection::new(Arc::clone(&context));
        self.salesforce = SalesforceDetector::new(Arc::clone(&context));
        self.hubspot = HubSpotDetector::new(Arc::clone(&context));
        self.writer = Writer::new(Arc::clone(&context));
        self.retrier = Retrier::new(Arc::clone(&context));
        self.keeper = BoardKeeper::new(context);
    }

    /// One poll interval: every loop once, but the writer after each that read, and those that want
    /// to go on as often as they ask for.
    pub(crate) async fn cycle(&mut self) {
        let next = self.clock.ms() + POLL_MS;
        self.connection.work().await.unwrap();
        self.retrier.work().await.unwrap();
        let mut read_again = self.salesforce.work().await.unwrap();
        self.writer.work().await.unwrap();
        self.hubspot.work().await.unwrap();
        for looks in 1.. {
            assert!(looks < 1_000, "the writer looks again and again at nothing");
            let write_again = self.writer.work().await.unwrap();
            let soonest = write_again.min(read_again);
            if soonest.0 >= next {
                break;
            }
            self.clock.pass_until(soonest.0);
            if read_again <= soonest {
                read_again = self.salesforce.work().await.unwrap();
            }
        }
        self.keeper.work().await.unwrap();
        self.clock.pass_until(next);
    }
}

fn contact() -> Mapping {
    let object = ObjectName::parse("contact").unwrap();
    standard_mapping(&object).unwrap().unwrap()
}

async fn configure(store: &Store, mappings: &[Mapping]) {
    let mappings = mappings.to_vec();
    let write = move |tx: &syncline::store::Tx<'_>| {
        let by = By::Configuration;
        let allocation = AllocationSet {
            allocation: ALLOCATION,
            reserve_percent: 10,
            by: by.clone(),
        };
        projections::append(tx, None, allocation)?;
        set_mode(tx, Mode::Sync)?;
        for mapping in mappings {
            let by = by.clone();
            projections::append(tx, None, MappingChanged { mapping, by })?;
        }
        Ok(())
    };
    store.write(write).await.unwrap();
}

/// The mode as a reload takes it over.
fn set_mode(tx: &syncline::store::Tx<'_>, mode: Mode) -> anyhow::Result<()> {
    let by = By::Configuration;
    projections::append(tx, None, ModeSet { mode, by })?;
    if mode == Mode::Sync {
        syncline::inbox::release(tx, syncline::inbox::Release::WouldWrite)?;
    }
    Ok(())
}

fn line(
    simulator: &Arc<Mutex<Simulator>>,
    clock: &Arc<RunClock>,
    interruption: &Interruption,
) -> Arc<Line> {
    Arc::new(Line {
        simulator: Arc::clone(simulator),
        clock: Arc::clone(clock),
        interruption: Arc::clone(interruption),
    })
}

fn context(
    line: Arc<Line>,
    clock: &Arc<RunClock>,
    store: &Arc<Store>,
    mappings: Vec<Mapping>,
    (guard, bounds, board): (guard::Limits, &Bounds, Board),
) -> Context {
    let (portal, org) = (
        hubspot::Settings::default(),
        salesforce::Settings::default(),
    );
    let settings = Settings {
        portal: i64::try_from(portal.portal_id).unwrap(),
        org: RecordId::parse(&org.org_id).unwrap(),
        mappings,
        board,
        guard,
        poll_ms: POLL_MS,
        bounds: bounds.clone(),
    };
    let ticking: Arc<dyn Clock> = clock.clone();
    Context::new(
        Arc::clone(store),
        ticking,
        HubSpot::new(line.clone(), on_the_wire::hubspot()),
        Salesforce::new(line, on_the_wire::salesforce(&org)),
        settings,
    )
    .unwrap()
}

/// Two CRMs without records, and one person who is known to both.
pub(crate) fn empty() -> Simulator {
    let mut portal = hubspot::HubSpot::new(hubspot::Settings::default());
    portal.put_owner(Owner {
        id: "41629779".to_owned(),
        email: "ada@acme.example".to_owned(),
        first_name: "Ada".to_owned(),
        last_name: "Admin".to_owned(),
        kind: OwnerKind::Person,
        archived: false,
    });
    let org = salesforce::Salesforce::new(salesforce::Settings::default());
    Simulator::new(portal, org, 1)
}

/// Contact `number` as HubSpot has it.
pub(crate) fn hubspot_contact(number: i64) -> Map<String, Value> {
    map(&json!({
        "email": format!("crowd.{number}@crowd.example"), "firstname": "Crowd",
        "lastname": format!("Member {number}"), "phone": format!("+39 02 555 {number:05}"),
        "jobtitle": "Member", "address": format!("Via Larga {number}"), "city": "Rome",
        "zip": "00184", "country": "Italy",
    }))
}

/// Contact `number` as Salesforce has it.
pub(crate) fn salesforce_contact(number: i64) -> Map<String, Value> {
    map(&json!({
        "Email": format!("crowd.{number}@crowd.example"), "FirstName": "Crowd",
        "LastName": format!("Member {number}"), "Phone": format!("+39 02 555 {number:05}"),
        "Title": "Member", "MailingStreet": format!("Via Larga {number}"), "MailingCity": "Rome",
        "MailingPostalCode": "00184", "MailingCountry": "Italy",
    }))
}

fn map(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}
