//! `syncline demo`: the real daemon against two simulated CRMs, over real HTTP and real mail.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::tz::TimeZone;
use serde::Serialize;
use tokio::sync::watch;

use super::args::{Arguments, Demo};
use super::demo_configuration::write_configuration;
use super::out;
use super::run::{read, refused, reread, runtime, start_log};
use super::simulator::simulator as simulated;
use crate::clock::{Clock, SystemClock};
use crate::control::report::{HoldLine, Report, Status};
use crate::control::{self, Refusal, Request};
use crate::daemon::Daemon;
use crate::domain::call::Lane;
use crate::domain::catalogue::Catalogue;
use crate::domain::digest::thousands;
use crate::inbox::{self, State};
use crate::notifier;
use crate::simulator::shell::{self, Ports, Running};
use crate::simulator::smtp::{Sink, SinkSettings};
use crate::simulator::{Simulator, demo as data};
use crate::store::{Access, Store};

/// Seed of ids and faults.
const SEED: u64 = 1;

/// How often the guide looks how far things are.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Longest time `--once` waits for everything to be synced and told.
const ONCE_MAX: Duration = Duration::from_secs(55);

/// Time between two changes that the running demo makes in the CRMs.
const DRIP_EVERY: Duration = Duration::from_secs(20);

/// The guide waits so long for the mail about a hold.
const MAIL_MAX_MS: i64 = 10_000;

/// A file that marks a folder as a demo's, so that nothing else is ever emptied.
const MARK: &str = ".syncline-demo";

/// What `--once --json` prints.
#[derive(Serialize)]
struct Outcome {
    /// Changes written, both ways.
    synced: u64,
    /// Records with an open error.
    failing: u64,
    /// Records left out on purpose.
    excluded: u64,
    /// Salesforce calls by the journal.
    calls_spent: u64,
    /// Salesforce calls by the simulator's own count.
    calls_counted: u64,
    /// Calls allowed in any 24 h.
    allocation: u64,
    /// Open errors by type.
    types: std::collections::BTreeMap<String, u64>,
    /// The mails, as files.
    digests: Vec<PathBuf>,
    /// The store's folder.
    store: PathBuf,
}

/// Runs the demo until it is done or somebody stops it.
pub(super) fn run(arguments: &Arguments, demo: &Demo) -> Result<u8, Refusal> {
    let folder = prepare(&demo.folder.clone().unwrap_or_else(usual_folder))?;
    if !demo.once || !arguments.json {
        start_log(arguments.log, TimeZone::UTC)?;
    }
    let talk = !arguments.json;
    runtime()?.block_on(async {
        let stage = Stage::set(&folder).await?;
        stage.play(demo.once, talk).await?;
        let outcome = stage.outcome().await?;
        stage.strike().await;
        if arguments.json {
            let json = serde_json::to_string(&outcome).map_err(|error| failed(&error))?;
            out::text(&format!("{json}\n"))?;
        } else {
            out::text(&closing(&outcome))?;
        }
        Ok(0)
    })
}

fn failed(error: &dyn std::fmt::Display) -> Refusal {
    Refusal {
        exit: 70,
        message: error.to_string(),
    }
}

fn usual_folder() -> PathBuf {
    std::env::temp_dir().join(format!(
        "syncline-demo-{}",
        rustix::process::getuid().as_raw()
    ))
}

/// An empty folder: a new one, or a former demo's.
fn prepare(folder: &Path) -> Result<PathBuf, Refusal> {
    let told = |error: std::io::Error| Refusal {
        exit: 73,
        message: format!(
            "{}: {error}; name another folder with --folder",
            folder.display()
        ),
    };
    if folder.exists() {
        let empty = fs::read_dir(folder).map_err(told)?.next().is_none();
        if !empty && !folder.join(MARK).exists() {
            return Err(Refusal::usage(format!(
                "{} is not empty and no former demo's; name another folder with --folder",
                folder.display()
            )));
        }
        refuse_running(folder)?;
        fs::remove_dir_all(folder).map_err(told)?;
    }
    fs::create_dir_all(folder.join("credentials")).map_err(told)?;
    fs::create_dir_all(folder.join("mails")).map_err(told)?;
    fs::write(folder.join(MARK), "").map_err(told)?;
    fs::canonicalize(folder).map_err(told)
}

/// A demo that still runs there keeps its folder.
fn refuse_running(folder: &Path) -> Result<(), Refusal> {
    let store = folder.join("store");
    if !store.exists() {
        return Ok(());
    }
    let clock = Arc::new(SystemClock::new());
    let access = Access::Write { unit: None };
    match Store::open(&store, access, Arc::new(Catalogue::shipped()), clock) {
        Err(error @ crate::store::StoreError::Locked { .. }) => Err(refused(&error)),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Everything the demo runs on.
struct Stage {
    folder: PathBuf,
    simulator: Arc<Mutex<Simulator>>,
    servers: Running,
    sink: Sink,
    store: Arc<Store>,
    clock: Arc<SystemClock>,
}

impl Stage {
    async fn set(folder: &Path) -> Result<Self, Refusal> {
        let clock = Arc::new(SystemClock::new());
        let mut simulator = simulated(SEED);
        data::fill(&mut simulator, clock.now().0);
        let simulator = Arc::new(Mutex::new(simulator));
        let time = Arc::clone(&clock);
        let servers = shell::serve(
            Arc::clone(&simulator),
            &Ports::default(),
            Arc::new(move || time.now().0),
        )
        .await
        .map_err(|error| failed(&error))?;
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let directory = Some(folder.join("mails"));
        let sink = Sink::start(SinkSettings { listen, directory })
            .await
            .map_err(|error| failed(&error))?;
        write_configuration(folder, &servers, sink.address(), &simulator)
            .map_err(|error| failed(&error))?;
        let access = Access::Write { unit: None };
        let catalogue = Arc::new(Catalogue::shipped());
        let store = Store::open(&folder.join("store"), access, catalogue, clock.clone())
            .map_err(|error| refused(&error))?;
        Ok(Self {
            folder: folder.to_owned(),
            simulator,
            servers,
            sink,
            store: Arc::new(store),
            clock,
        })
    }

    /// Runs the daemon with a guide beside it.
    async fn play(&self, once: bool, talk: bool) -> Result<(), Refusal> {
        let configuration = self.folder.join("syncline.toml");
        let (config, credentials) =
            read(&configuration).map_err(|message| Refusal { exit: 78, message })?;
        let (stop, stopped) = watch::channel(false);
        let daemon = Daemon {
            store: Arc::clone(&self.store),
            clock: self.clock.clone(),
            config,
            credentials,
            reload: Box::new(move || reread(&configuration)),
            stop: Some(stopped),
        };
        let guide = async {
            let guided = self.guide(once, talk).await;
            // The daemon may have stopped already, by a signal.
            let _ = stop.send(true);
            guided
        };
        let running = daemon.run();
        tokio::pin!(guide, running);
        tokio::select! {
            ended = &mut running => ended.map_err(Refusal::from),
            guided = &mut guide => {
                running.await.map_err(Refusal::from)?;
                guided
            }
        }
    }

    /// Approves the first load, waits until it is through, makes a change, waits for its mail.
    async fn guide(&self, once: bool, talk: bool) -> Result<(), Refusal> {
        let say = |line: String| if talk { out::text(&line) } else { Ok(()) };
        say(format!(
            "\nSyncline demo. Everything it does is in {}\n\n",
            self.folder.display()
        ))?;
        let guided = async {
            self.first_load(&say).await?;
            self.until_first_load_is_over().await?;
            data::surprise(&mut self.simulator(), self.clock.now().0);
            self.until(Self::is_told).await
        };
        if !once {
            guided.await?;
            say(self.where_to_look())?;
            return self.go_on().await;
        }
        match tokio::time::timeout(ONCE_MAX, guided).await {
            Ok(guided) => guided,
            Err(_) => Err(Refusal {
                exit: 75,
                message: format!(
                    "not done within {} s; the machine is too busy, try again",
                    ONCE_MAX.as_secs()
                ),
            }),
        }
    }

    async fn first_load(&self, say: &dyn Fn(String) -> Result<(), Refusal>) -> Result<(), Refusal> {
        loop {
            let status = self.status().await?;
            for hold in status.held.iter().filter(|hold| self.is_mailed(hold)) {
                say(format!(
                    "\nThe guard holds a first load: {} {} records to be {} in {}. Approving it, as you would:\n  syncline approve H-{}\n",
                    thousands(hold.records),
                    hold.object,
                    hold.action,
                    hold.to,
                    hold.number
                ))?;
                self.ask(&Request::SettleHold {
                    number: hold.number,
                    approve: true,
                })
                .await?;
            }
            if is_settled(&status, self.is_busy().await?) {
                return Ok(());
            }
            self.pause(LOOK_EVERY).await;
        }
    }

    /// Whether people were told of a hold. Longer than a while nobody waits for mail.
    fn is_mailed(&self, hold: &HoldLine) -> bool {
        let line = format!("HELD H-{}:", hold.number);
        let told = self
            .sink
            .mails()
            .iter()
            .any(|mail| mail.text().contains(&line));
        told || self.clock.now().since(hold.since) > MAIL_MAX_MS
    }

    /// Goes on until Ctrl-C, which the daemon hears.
    async fn go_on(&self) -> Result<(), Refusal> {
        let mut step = 1;
        loop {
            self.pause(DRIP_EVERY).await;
            data::drip(&mut self.simulator(), step, self.clock.now().0);
            step += 1;
        }
    }

    async fn until(&self, done: impl Fn(&Self, &Status, bool) -> bool) -> Result<(), Refusal> {
        loop {
            self.pause(LOOK_EVERY).await;
            let status = self.status().await?;
            let busy = self.is_busy().await?;
            if done(self, &status, busy) {
                return Ok(());
            }
        }
    }

    /// Everything is written, and both kinds of mail have arrived.
    fn is_told(&self, status: &Status, busy: bool) -> bool {
        let mails = self.sink.mails();
        let of = |series: &str, word: &str| {
            mails.iter().any(|mail| {
                let is = |name: &str, text: &str| {
                    mail.header(name).is_some_and(|value| value.contains(text))
                };
                is("x-syncline-mail", series) && is("subject", word)
            })
        };
        is_settled(status, busy) && status.mails_waiting == 0 && of("now", "NEW") && of("daily", "")
    }

    /// Whether something is still to be done that needs nobody: a child whose parent fails waits for
    /// a person, and what failed is tried again for ever.
    async fn is_busy(&self) -> Result<bool, Refusal> {
        let busy = self.store.read(|view| {
            let lanes = Lane::ALL.iter().copied();
            let lanes: Vec<Lane> = lanes.filter(|lane| *lane != Lane::Retry).collect();
            let counts = inbox::counts(view)?;
            let under_way = |state| matches!(state, State::InFlight | State::Held);
            let under_way = counts.iter().any(|one| under_way(one.state));
            Ok(under_way || inbox::next_due(view, &lanes)?.is_some())
        });
        Ok(busy.await?)
    }

    /// From here on, what fails is news and no part of the first load.
    async fn until_first_load_is_over(&self) -> Result<(), Refusal> {
        while !self.store.read(notifier::is_first_load_over).await? {
            self.pause(LOOK_EVERY).await;
        }
        Ok(())
    }

    async fn status(&self) -> Result<Status, Refusal> {
        match self.ask(&Request::Status).await? {
            Report::Status(status) => Ok(*status),
            Report::Causes(_)
            | Report::Errors(_)
            | Report::Sheet(_)
            | Report::Cause(_)
            | Report::Kind(_)
            | Report::HandOver(_)
            | Report::Records(_)
            | Report::Record(_)
            | Report::Budget(_)
            | Report::Plan(_)
            | Report::Hold(_)
            | Report::Resync(_)
            | Report::Readers(_)
            | Report::Preview(_)
            | Report::Entries(_)
            | Report::Done(_) => Err(failed(&"status was answered with something else")),
        }
    }

    async fn ask(&self, request: &Request) -> Result<Report, Refusal> {
        let user = rustix::process::getuid().as_raw();
        let now = self.clock.now();
        control::answer(&self.store, request, user, now, control::Vantage::Beside).await
    }

    async fn pause(&self, length: Duration) {
        let milliseconds = i64::try_from(length.as_millis()).unwrap_or(i64::MAX);
        self.clock
            .sleep_until(self.clock.now().plus(milliseconds))
            .await;
    }

    fn simulator(&self) -> MutexGuard<'_, Simulator> {
        self.simulator
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn where_to_look(&self) -> String {
        let folder = self.folder.display();
        format!(
            "\nIt runs on, and small changes drip in. Where to look, from another terminal:\n\
             \x20 syncline --store {folder}/store status\n\
             \x20 syncline --store {folder}/store errors\n\
             \x20 syncline --store {folder}/store budget\n\
             \x20 mails           {folder}/mails/\n\
             \x20 both CRMs       curl http://{}/state\n\
             Stop with Ctrl-C.\n\n",
            self.servers.admin
        )
    }

    async fn outcome(&self) -> Result<Outcome, Refusal> {
        let status = self.status().await?;
        let figures = self.store.read(control::figures).await?;
        let mut digests: Vec<PathBuf> = fs::read_dir(self.folder.join("mails"))
            .map_err(|error| failed(&error))?
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
            .collect();
        digests.sort();
        Ok(Outcome {
            synced: figures.synced,
            failing: status.failing,
            excluded: status.objects.iter().map(|line| line.excluded).sum(),
            calls_spent: figures.calls_spent,
            calls_counted: self.simulator().salesforce_calls_counted(),
            allocation: status.calls.allocation,
            types: figures.types,
            digests,
            store: self.folder.join("store"),
        })
    }

    async fn strike(self) {
        self.servers.stop().await;
        self.sink.stop().await;
    }
}

/// Both sides were read, and of what they hold nothing is still to be done.
fn is_settled(status: &Status, busy: bool) -> bool {
    let read = status.sides.iter().all(|side| side.read_at.is_some());
    let any: u64 = status.objects.iter().map(|line| line.in_sync).sum();
    read && !busy && any > 0
}

fn closing(outcome: &Outcome) -> String {
    let mut text = format!(
        "\n{} changes synced, {} records failing, {} excluded; {} of {} Salesforce calls (the simulator counted {})\n",
        thousands(outcome.synced),
        thousands(outcome.failing),
        thousands(outcome.excluded),
        thousands(outcome.calls_spent),
        thousands(outcome.allocation),
        thousands(outcome.calls_counted)
    );
    for digest in &outcome.digests {
        text.push_str(&format!("mail   {}\n", digest.display()));
    }
    text.push_str(&format!("store  {}\n", outcome.store.display()));
    text
}
