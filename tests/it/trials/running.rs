//! Syncline as one process of a trial: the real store, clients and loops, without a spawn.

use std::path::Path;
use std::sync::Arc;

use crate::on_the_wire;
use syncline::clock::Clock;
use syncline::config::{MailAddress, Mailbox};
use syncline::crm::hubspot::{HubSpot, HubSpotSettings};
use syncline::crm::salesforce::Salesforce;
use syncline::crm::token::Secret;
use syncline::domain::board::Board;
use syncline::domain::budget::Thresholds;
use syncline::domain::catalogue::Catalogue;
use syncline::domain::event::{
    AllocationSet, By, DaemonStarted, MappingChanged, Mode, ModeSet, NotificationsSet,
    RecipientSetting, Scheduled,
};
use syncline::domain::fingerprint::PrintKey;
use syncline::domain::mapping::Mapping;
use syncline::domain::record::{RecordId, Timestamp};
use syncline::domain::schedule::{Frequency, Schedule};
use syncline::notifier::{Notifier, Teller};
use syncline::simulator;
use syncline::store::{Access, Options, Store, Tx};
use syncline::sync::{
    Connection, Context, HubSpotDetector, Retention, Retrier, SalesforceDetector, Settings, Writer,
};
use syncline::{annex, inbox, projections};

use super::plan::Plan;
use super::world::{Mailroom, Network, TrialClock};

/// Who is told, daily and at once.
pub(crate) const DAILY: &str = "daily@acme.example";
pub(crate) const AT_ONCE: &str = "now@acme.example";

/// The loops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loop {
    Connection,
    Salesforce,
    HubSpot,
    Writer,
    Retrier,
    Notifier,
    Retention,
}

impl Loop {
    pub(crate) const ALL: [Self; 7] = [
        Self::Connection,
        Self::Salesforce,
        Self::HubSpot,
        Self::Writer,
        Self::Retrier,
        Self::Notifier,
        Self::Retention,
    ];
}

/// One process.
pub(crate) struct Running {
    pub(crate) store: Arc<Store>,
    connection: Connection,
    salesforce: SalesforceDetector,
    hubspot: HubSpotDetector,
    writer: Writer,
    retrier: Retrier,
    notifier: Notifier,
    retention: Retention,
}

impl Running {
    /// Opens the store in `dir` and does what a start of the daemon does.
    pub(crate) fn start(
        plan: &Plan,
        dir: &Path,
        clock: &Arc<TrialClock>,
        network: &Arc<Network>,
        mailroom: &Arc<Mailroom>,
        refuse_commits_after: Option<u64>,
    ) -> anyhow::Result<Self> {
        let options = Options {
            refuse_commits_after,
            page_max: plan.page_max,
            ballast_bytes: 0,
            print_key: Some(PrintKey([7; 16])),
            ..Options::default()
        };
        let wall: Arc<dyn Clock> = clock.clone();
        let catalogue = Arc::new(Catalogue::shipped());
        let access = Access::Write { unit: None };
        let store = Store::open_with(dir, access, catalogue, wall.clone(), options)?;
        let store = Arc::new(store);
        let (seed, allocation, mappings) = (plan.seed, plan.allocation, plan.mappings());
        store.write_blocking(move |tx| {
            // Back-off is jittered on the writer's thread: there, too, a seed repeats itself.
            fastrand::seed(seed);
            projections::refresh(tx)?;
            projections::append(tx, None, started(tx))?;
            inbox::return_in_flight(tx)?;
            settings(tx, allocation, mappings)
        })?;
        let org = simulator::salesforce::Settings::default();
        let portal = simulator::hubspot::Settings::default();
        let context = Arc::new(Context::new(
            store.clone(),
            wall.clone(),
            hubspot(network, &portal),
            salesforce(network, &org),
            Settings {
                portal: portal.portal_id.cast_signed(),
                org: RecordId::parse(&org.org_id)?,
                mappings: plan.mappings(),
                board: Board::default(),
                guard: plan.guard(),
                poll_ms: 60_000,
                bounds: plan.bounds(),
            },
        )?);
        let teller = teller(&portal, &org)?;
        Ok(Self {
            connection: Connection::new(context.clone()),
            salesforce: SalesforceDetector::new(context.clone()),
            hubspot: HubSpotDetector::new(context.clone()),
            writer: Writer::new(context.clone()),
            retrier: Retrier::new(context.clone()),
            retention: Retention::new(context),
            notifier: Notifier::new(store.clone(), wall, mailroom.clone(), teller),
            store,
        })
    }

    /// One look of one loop.
    pub(crate) async fn work(&mut self, which: Loop) -> anyhow::Result<Timestamp> {
        match which {
            Loop::Connection => self.connection.work().await,
            Loop::Salesforce => self.salesforce.work().await,
            Loop::HubSpot => self.hubspot.work().await,
            Loop::Writer => self.writer.work().await,
            Loop::Retrier => self.retrier.work().await,
            Loop::Notifier => self.notifier.work().await,
            Loop::Retention => self.retention.work().await,
        }
    }
}

fn started(tx: &Tx<'_>) -> DaemonStarted {
    DaemonStarted {
        version: "trial".to_owned(),
        config: "trial".to_owned(),
        catalogue: tx.catalogue().digest(),
    }
}

/// What the configuration says, journaled once.
fn settings(tx: &Tx<'_>, allocation: u64, mappings: Vec<Mapping>) -> anyhow::Result<()> {
    if projections::settings::mode(tx)?.is_some() {
        return Ok(());
    }
    let by = By::Configuration;
    let recipient = |address, immediately, schedules| -> anyhow::Result<RecipientSetting> {
        Ok(RecipientSetting {
            recipient: annex::recipient_key(tx, address)?,
            immediately,
            schedules,
            zone: "Europe/Rome".to_owned(),
            who_fixes: Vec::new(),
            objects: Vec::new(),
            types: Vec::new(),
            off: false,
        })
    };
    let eight = Schedule::daily("08:00").map_err(anyhow::Error::msg)?;
    let daily = Scheduled {
        frequency: Frequency::Daily,
        cron: eight.expression().to_owned(),
    };
    let recipients = vec![
        recipient(DAILY, false, vec![daily])?,
        recipient(AT_ONCE, true, Vec::new())?,
    ];
    let reserve_percent = 10;
    projections::append(
        tx,
        None,
        AllocationSet {
            allocation,
            reserve_percent,
            by: by.clone(),
        },
    )?;
    for mapping in mappings {
        let by = by.clone();
        projections::append(tx, None, MappingChanged { mapping, by })?;
    }
    projections::append(
        tx,
        None,
        NotificationsSet {
            recipients,
            by: by.clone(),
        },
    )?;
    let mode = Mode::Sync;
    projections::append(tx, None, ModeSet { mode, by })?;
    Ok(())
}

fn hubspot(network: &Arc<Network>, portal: &simulator::hubspot::Settings) -> HubSpot {
    HubSpot::new(
        network.clone(),
        HubSpotSettings {
            token: Secret::new(&portal.token),
            ..on_the_wire::hubspot()
        },
    )
}

fn salesforce(network: &Arc<Network>, org: &simulator::salesforce::Settings) -> Salesforce {
    Salesforce::new(network.clone(), on_the_wire::salesforce(org))
}

fn teller(
    portal: &simulator::hubspot::Settings,
    org: &simulator::salesforce::Settings,
) -> anyhow::Result<Teller> {
    Ok(Teller {
        installation: "Trial".to_owned(),
        from: Mailbox::parse("Syncline <syncline@acme.example>")?,
        contact: MailAddress::parse("ops@acme.example")?,
        portal: portal.portal_id.cast_signed(),
        org: org.org_id.clone(),
        gather_ms: 60_000,
        names: false,
        per_hour: 6,
        told: Thresholds::default(),
    })
}
