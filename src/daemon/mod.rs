//! Starts and stops the loops: the only spawn; signals; systemd's notifications.

mod apply;
mod inspect;
mod labels;
mod pulse;
mod signals;

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::config::{Config, Credentials};
use crate::control;
use crate::control::door::{Caller, Door};
use crate::control::{Refusal, Vantage};
use crate::crm::http::HttpTransport;
use crate::crm::hubspot::HubSpot;
use crate::crm::salesforce::Salesforce;
use crate::domain::catalogue::Catalogue;
use crate::domain::event::{Bound, DaemonStarted, DaemonStopped};
use crate::domain::record::Timestamp;
use crate::notifier::{Heartbeat, Notifier, Post, Watch};
use crate::projections::settings;
use crate::store::{Store, StoreError};
use crate::sync::{
    BoardKeeper, Connection, Context, HubSpotDetector, Retention, Retrier, SalesforceDetector,
    Wake, Writer,
};
use crate::{inbox, projections};
pub use apply::post;
pub use inspect::{inspection, kept_schemas};
use pulse::Pulse;
pub use signals::Signal;
use signals::Signals;

/// How long loops may finish what they are at before they are dropped; what they leave open is
/// settled by key at the next start.
const DRAIN: Duration = Duration::from_secs(8);

/// How long answers under way at the control socket may finish before a reload or the end.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Longest wait of any loop, so that each shows signs of life.
const WAIT_MAX_MS: i64 = 20_000;

/// How long a loop rests after its store failed.
const BROKEN_MS: i64 = 5_000;

/// Everything the daemon runs on.
pub struct Daemon {
    /// The store, held for writing.
    pub store: Arc<Store>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The configuration in force.
    pub config: Config,
    /// The secrets in force.
    pub credentials: Credentials,
    /// Reads them and the catalogue again, for SIGHUP.
    pub reload: Box<dyn Fn() -> Reread + Send + Sync>,
    /// Ends the daemon when it turns true; the demo's way to stop.
    pub stop: Option<watch::Receiver<bool>>,
}

/// What was read again, each part by itself: a wrong one leaves the former in force.
pub struct Reread {
    /// The configuration and its secrets; what is wrong is said in words, a mistake a line.
    pub settings: Result<(Config, Credentials), String>,
    /// The catalogue, or every mistake in the site's files.
    pub catalogue: Result<Catalogue, Vec<String>>,
}

/// Why a round of the loops ended.
enum Ended {
    Reload,
    Stop(&'static str),
}

impl Daemon {
    /// Runs until a signal or `stop` ends it.
    pub async fn run(mut self) -> anyhow::Result<()> {
        let mut signals = Signals::new().context("listening for signals")?;
        self.refuse_other_accounts().await?;
        let mut door = self.door()?;
        self.started().await?;
        loop {
            match self.round(&mut signals, &mut door).await? {
                Ended::Stop(why) => {
                    let event = DaemonStopped {
                        why: why.to_owned(),
                    };
                    self.store
                        .write(move |tx| projections::append(tx, None, event))
                        .await?;
                    tracing::info!("stopped: {why}");
                    return Ok(());
                }
                Ended::Reload => {
                    let reread = (self.reload)();
                    self.take_over(reread.settings);
                    self.relabel(reread.catalogue).await?;
                }
            }
        }
    }

    /// A store that belongs to other accounts stops the daemon before a call is spent for the
    /// wrong ones.
    async fn refuse_other_accounts(&self) -> anyhow::Result<()> {
        match self.store.read(settings::bound).await? {
            Some(setting) => Ok(refuse_other_accounts(&setting.event, &self.config)?),
            None => Ok(()),
        }
    }

    fn door(&self) -> anyhow::Result<Door> {
        let path = &self.config.control;
        Door::open(path).map_err(|error| {
            anyhow::Error::new(Refusal {
                exit: 73,
                message: format!(
                    "the control socket {} cannot be opened: {error}; correct \"control\" or its \
                     folder",
                    path.display()
                ),
            })
        })
    }

    async fn started(&self) -> anyhow::Result<()> {
        let event = DaemonStarted {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            config: self.config.digest(),
            catalogue: self.store.catalogue().digest(),
        };
        self.refresh().await?;
        self.store
            .write(move |tx| {
                projections::append(tx, None, event)?;
                inbox::return_in_flight(tx)?;
                Ok(())
            })
            .await?;
        Ok(())
    }

    /// Takes over what was read again; a wrong configuration changes nothing.
    fn take_over(&mut self, read: Result<(Config, Credentials), String>) {
        let read = read.and_then(|(config, credentials)| {
            usable(&config, &credentials)?;
            Ok((config, credentials))
        });
        match read {
            Ok((config, credentials)) => {
                let restart = self.config.needs_restart(&config);
                if !restart.is_empty() {
                    tracing::error!(
                        "reload refused: {} can change by a restart only",
                        restart.join(", ")
                    );
                    return;
                }
                let differences = self.config.differences(&config);
                for difference in &differences {
                    tracing::info!("reload: {difference}");
                }
                if differences.is_empty() {
                    tracing::info!(
                        "reload: the configuration says the same; credentials read again"
                    );
                }
                self.config = config;
                self.credentials = credentials;
            }
            Err(mistakes) => {
                // Each mistake is a line of its own, as every line of a log reads alone.
                for mistake in mistakes.lines() {
                    tracing::error!(
                        "reload refused, the former configuration stays in force: {mistake}"
                    );
                }
            }
        }
    }

    /// Runs all loops over one configuration.
    async fn round(&mut self, signals: &mut Signals, door: &mut Door) -> anyhow::Result<Ended> {
        apply::settings(&self.store, &self.config).await?;
        let context = Arc::new(self.context()?);
        let (stop, stopped) = watch::channel(false);
        let pulse = Arc::new(Pulse::new(Arc::clone(&self.clock)));
        let mut loops = self.spawn(&context, &stopped, &pulse);
        Pulse::ready();
        let mut ended = self.attend(signals, door, &context, &mut loops).await;
        if matches!(ended, Ok(Ended::Stop(_))) {
            Pulse::stopping();
        }
        // Everybody who listens is told; nobody listening is fine.
        let _ = stop.send(true);
        let reloading = matches!(ended, Ok(Ended::Reload));
        tokio::select! {
            biased;
            () = drain(&mut loops) => (),
            // Asked to stop while reloading: the patience of one drain is not spent twice.
            () = stop_asked(signals), if reloading => {
                Pulse::stopping();
                ended = Ok(Ended::Stop("signal"));
            }
        }
        loops.shutdown().await;
        ended
    }

    fn context(&self) -> anyhow::Result<Context> {
        let transport = Arc::new(HttpTransport::new().context("preparing HTTP")?);
        let hubspot = HubSpot::new(
            transport.clone(),
            apply::hubspot(&self.config, &self.credentials),
        );
        let salesforce = Salesforce::new(
            transport,
            apply::salesforce(&self.config, &self.credentials)?,
        );
        Context::new(
            Arc::clone(&self.store),
            Arc::clone(&self.clock),
            hubspot,
            salesforce,
            apply::sync(&self.config),
        )
    }

    fn post(&self) -> Option<Post> {
        post(&self.config, self.credentials.smtp_password.as_ref())
    }

    /// Starts every loop: the only place where something is spawned.
    #[expect(clippy::disallowed_methods, reason = "the daemon is what spawns")]
    fn spawn(
        &self,
        context: &Arc<Context>,
        stopped: &watch::Receiver<bool>,
        pulse: &Arc<Pulse>,
    ) -> JoinSet<&'static str> {
        let mut loops = JoinSet::new();
        let shared = || (Arc::clone(context), stopped.clone(), Arc::clone(pulse));
        loops.spawn(keep(shared(), Connection::new(Arc::clone(context))));
        loops.spawn(keep(shared(), SalesforceDetector::new(Arc::clone(context))));
        loops.spawn(keep(shared(), HubSpotDetector::new(Arc::clone(context))));
        loops.spawn(keep(shared(), Writer::new(Arc::clone(context))));
        loops.spawn(keep(shared(), Retrier::new(Arc::clone(context))));
        loops.spawn(keep(shared(), BoardKeeper::new(Arc::clone(context))));
        loops.spawn(keep(shared(), Retention::new(Arc::clone(context))));
        if let Some(post) = self.post() {
            let (store, clock) = (Arc::clone(&self.store), Arc::clone(&self.clock));
            let notifier = Notifier::new(store, clock, post.mailer, post.teller);
            loops.spawn(keep(shared(), notifier));
        } else {
            // Nobody is mailed; the log still tells.
            let (store, clock) = (Arc::clone(&self.store), Arc::clone(&self.clock));
            loops.spawn(keep(
                shared(),
                Watch::new(store, clock, self.config.budget.told),
            ));
        }
        let url = self
            .config
            .mail
            .as_ref()
            .and_then(|mail| mail.heartbeat.as_ref());
        // Without a client for HTTP there would be no context either.
        if let (Some(url), Ok(transport)) = (url, HttpTransport::new()) {
            let transport = Arc::new(transport);
            let (store, clock) = (Arc::clone(&self.store), Arc::clone(&self.clock));
            let heartbeat = Heartbeat::new(store, clock, transport, url.as_str().to_owned());
            loops.spawn(keep(shared(), heartbeat));
        }
        loops
    }

    /// Answers at the door and waits for a reason to end the round.
    async fn attend(
        &mut self,
        signals: &mut Signals,
        door: &mut Door,
        context: &Context,
        loops: &mut JoinSet<&'static str>,
    ) -> anyhow::Result<Ended> {
        let post = self.post();
        // A rebuild takes minutes and some readers are slow: signals are heard all the same.
        let mut talks = FuturesUnordered::new();
        let ended = loop {
            tokio::select! {
                biased;
                signal = signals.next() => match signal {
                    Signal::Reload => break Ended::Reload,
                    Signal::Stop => break Ended::Stop("signal"),
                },
                () = told_to_stop(&mut self.stop) => break Ended::Stop("done"),
                ended = loops.join_next() => match ended {
                    Some(Ok(name)) => anyhow::bail!("the {name} loop ended by itself"),
                    Some(Err(error)) => anyhow::bail!("a loop panicked: {error}"),
                    None => anyhow::bail!("no loop runs"),
                },
                Some(()) = talks.next(), if !talks.is_empty() => (),
                caller = door.next() => {
                    talks.push(talk(context, post.as_ref(), caller.context("the control socket")?));
                }
            }
        };
        let finished = async { while talks.next().await.is_some() {} };
        // What was asked is done, even when nobody waits for the answer any more.
        let _ = tokio::time::timeout(LAST_WORDS, finished).await;
        Ok(ended)
    }
}

/// Does what a peer asks, and tells it.
async fn talk(context: &Context, post: Option<&Post>, caller: Caller) {
    let now = context.clock.now();
    let answer = match context.live().await {
        Ok(live) => {
            let vantage = Vantage::Daemon {
                live,
                out_of_room: context.store.is_out_of_room(),
            };
            let (request, user) = (&caller.request, caller.user);
            control::answer_with(&context.store, request, user, now, vantage, post).await
        }
        Err(error) => Err(error.into()),
    };
    if caller.request.writes() {
        context.wakes.ring_all();
    }
    caller.answer(answer).await;
}

/// Returns when a signal asks to stop; one that asks to reload changes nothing meanwhile.
async fn stop_asked(signals: &mut Signals) {
    while signals.next().await != Signal::Stop {}
}

async fn told_to_stop(stop: &mut Option<watch::Receiver<bool>>) {
    match stop {
        Some(stop) => {
            // A sender that is gone will never say stop.
            if stop.wait_for(|stop| *stop).await.is_err() {
                std::future::pending::<()>().await;
            }
        }
        None => std::future::pending().await,
    }
}

/// What a loop does between two waits.
trait Work: Send {
    /// What the log calls it.
    const NAME: &'static str;

    /// Whether a look costs calls: it is not looked before it is time, unless the bell rings.
    const COSTS: bool;

    /// The bell that ends its wait early.
    fn bell(context: &Context) -> &Wake;

    /// Does all that is due; returns when to look again.
    fn work(&mut self) -> impl Future<Output = anyhow::Result<Timestamp>> + Send;
}

macro_rules! works {
    ($costs:literal; $($worker:ty: $bell:ident),* $(,)?) => {$(
        impl Work for $worker {
            const NAME: &'static str = stringify!($bell);
            const COSTS: bool = $costs;

            fn bell(context: &Context) -> &Wake {
                &context.wakes.$bell
            }

            fn work(&mut self) -> impl Future<Output = anyhow::Result<Timestamp>> + Send {
                self.work()
            }
        }
    )*};
}
works! {
    true;
    SalesforceDetector: salesforce,
    HubSpotDetector: hubspot,
}
works! {
    false;
    Connection: connection,
    Writer: writer,
    Retrier: retrier,
    BoardKeeper: board,
    Retention: retention,
    Notifier: notifier,
    Watch: notifier,
    Heartbeat: heartbeat,
}

/// What every loop is given.
type Given = (Arc<Context>, watch::Receiver<bool>, Arc<Pulse>);

/// One loop: look, do, and wait in exactly one place.
async fn keep<W: Work>((context, mut stopped, pulse): Given, mut worker: W) -> &'static str {
    let name = W::NAME;
    let mut broken = false;
    loop {
        let now = context.clock.now();
        let look_again = match worker.work().await {
            Ok(at) => {
                if std::mem::take(&mut broken) {
                    tracing::info!(notice = true, "{name}: works again");
                }
                at
            }
            Err(error) => {
                if !std::mem::replace(&mut broken, true) {
                    tracing::error!("{name}: {error:#}; nothing is lost, trying on");
                }
                now.plus(BROKEN_MS)
            }
        };
        let due_ms = context.clock.monotonic_ms() + look_again.since(now);
        loop {
            pulse.beat(name);
            let now = context.clock.now();
            tokio::select! {
                biased;
                _ = stopped.wait_for(|stopped| *stopped) => return name,
                () = W::bell(&context).heard() => break,
                () = context.clock.sleep_until(look_again.min(now.plus(WAIT_MAX_MS))) => (),
            }
            // A clock that was set back does not put off what was due in a minute.
            let clock = &context.clock;
            if !W::COSTS || clock.now() >= look_again || clock.monotonic_ms() >= due_ms {
                break;
            }
        }
    }
}

/// Refuses a configuration that names other accounts than the store is bound to.
pub fn refuse_other_accounts(bound: &Bound, config: &Config) -> Result<(), StoreError> {
    let (other_portal, other_org) = (config.hubspot.portal, &config.salesforce.org);
    if bound.portal == other_portal && bound.org == *other_org {
        return Ok(());
    }
    Err(StoreError::OtherAccounts {
        portal: bound.portal,
        org: bound.org.clone(),
        other_portal,
        other_org: other_org.clone(),
    })
}

/// Whether the loops could run on what was read; says in words why not.
pub fn usable(config: &Config, credentials: &Credentials) -> Result<(), String> {
    apply::salesforce(config, credentials)
        .map(drop)
        .map_err(|error| format!("{error:#}"))
}

/// Lets the loops finish for a while; those that hang at an answer are for the caller to drop.
async fn drain(loops: &mut JoinSet<&'static str>) {
    let finished = async { while loops.join_next().await.is_some() {} };
    if tokio::time::timeout(DRAIN, finished).await.is_err() {
        tracing::warn!(
            "a call is still without an answer; its outcome is settled by key at the next start"
        );
    }
}

/// Where the systemd unit's name comes from, for the store's lock.
pub fn unit() -> Option<String> {
    std::fs::read_to_string(PathBuf::from("/proc/self/cgroup"))
        .ok()?
        .lines()
        .find_map(|line| {
            line.rsplit('/')
                .next()
                .filter(|name| name.ends_with(".service"))
        })
        .map(str::to_owned)
}
