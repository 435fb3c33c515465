//! What people are mailed: a real store, the real notifier, and a mailbox kept in memory.

#![expect(
    clippy::unwrap_used,
    reason = "what a test sets up must work, and says so when it does not"
)]

mod at_once;
mod budget;
mod crashes;
mod delivery;
mod health;
mod log;
mod on_time;
mod readers;
mod remarks;
mod switched;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use syncline::annex;
use syncline::clock::Clock;
use syncline::config::{MailAddress, Mailbox};
use syncline::domain::budget::Thresholds;
use syncline::domain::call::{Lane, Operation};
use syncline::domain::catalogue::Catalogue;
use syncline::domain::event::{
    Action, By, CallsSpent, ConnectionSuspended, CycleHeld, Event, HoldSettled, NotificationsSet,
    RecipientSetting, Scheduled, Suspension,
};
use syncline::domain::record::{ObjectName, PairIds, RecordId, Side, Timestamp};
use syncline::domain::schedule::Frequency;
use syncline::inbox::selection;
use syncline::mail::{MailError, Mailer, Outgoing, Sending};
use syncline::notifier::{Notifier, Teller};
use syncline::projections;
use syncline::store::{Access, Options, Store, Tx};

use crate::facts::{failure, refused, written};
use crate::store::{StandingClock, options};

pub(super) const SECOND: i64 = 1_000;
pub(super) const MINUTE: i64 = 60 * SECOND;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;

/// Tuesday 17 November 2026, 09:00 in Rome.
const BEGIN: i64 = 1_794_902_400_000;

/// What the server does with mails, in order; afterwards it takes them.
pub(super) type Faults = VecDeque<MailError>;

/// A server in memory.
#[derive(Default)]
pub(super) struct Server {
    pub(super) offered: Mutex<Vec<Outgoing>>,
    pub(super) faults: Mutex<Faults>,
}

impl Mailer for Server {
    fn send<'a>(&'a self, mail: &'a Outgoing) -> Sending<'a> {
        self.offered.lock().unwrap().push(mail.clone());
        let fault = self.faults.lock().unwrap().pop_front();
        Box::pin(async move { fault.map_or(Ok(()), Err) })
    }
}

/// One installation.
pub(super) struct World {
    dir: tempfile::TempDir,
    pub(super) clock: Arc<StandingClock>,
    pub(super) server: Arc<Server>,
    store: Option<Arc<Store>>,
    notifier: Option<Notifier>,
    seen: usize,
    pub(super) names: bool,
}

impl World {
    /// An installation that tells these people, at an hour of its own.
    pub(super) fn at(begin: i64, people: Vec<(&'static str, RecipientSetting)>) -> Self {
        let mut world = Self {
            dir: tempfile::tempdir().unwrap(),
            clock: Arc::new(StandingClock(AtomicI64::new(begin))),
            server: Arc::default(),
            store: None,
            notifier: None,
            seen: 0,
            names: false,
        };
        world.start();
        world.write(move |tx| {
            let mut recipients = Vec::new();
            for (address, setting) in people {
                let recipient = annex::recipient_key(tx, address)?;
                recipients.push(RecipientSetting {
                    recipient,
                    ..setting
                });
            }
            let by = By::Configuration;
            projections::append(tx, None, NotificationsSet { recipients, by })
        });
        world
    }

    pub(super) fn of(people: Vec<(&'static str, RecipientSetting)>) -> Self {
        Self::at(BEGIN, people)
    }

    /// One whose first load is over.
    pub(super) fn loaded(people: Vec<(&'static str, RecipientSetting)>) -> Self {
        let mut world = Self::of(people);
        world.read_both();
        assert_eq!(world.subjects(), Vec::<String>::new());
        world
    }

    fn start(&mut self) {
        let mailer = Arc::clone(&self.server) as Arc<dyn Mailer>;
        self.start_with_mailer(options(), mailer);
    }

    /// Opens the store with these bounds; a notifier works on it.
    pub(super) fn start_with_mailer(&mut self, options: Options, mailer: Arc<dyn Mailer>) {
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        let catalogue = Arc::new(Catalogue::shipped());
        let access = Access::Write { unit: None };
        let store = Store::open_with(
            self.dir.path(),
            access,
            catalogue,
            Arc::clone(&clock),
            options,
        );
        let store = Arc::new(store.unwrap());
        let teller = teller(self.names);
        self.notifier = Some(Notifier::new(Arc::clone(&store), clock, mailer, teller));
        self.store = Some(store);
    }

    pub(super) fn close(&mut self) {
        self.notifier = None;
        self.store = None;
    }

    pub(super) fn restart(&mut self) {
        self.close();
        self.start();
    }

    pub(super) fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> anyhow::Result<T> + Send + 'static,
    ) -> T {
        self.store.as_ref().unwrap().write_blocking(work).unwrap()
    }

    pub(super) fn append(&self, event: impl Into<Event> + Send + 'static) {
        self.write(|tx| projections::append(tx, None, event));
    }

    pub(super) fn pass(&self, milliseconds: i64) {
        self.clock.0.fetch_add(milliseconds, Ordering::Relaxed);
    }

    /// The notifier looks once.
    pub(super) fn look(&mut self) {
        self.try_to_look().unwrap();
    }

    /// The notifier looks once, which may go wrong.
    pub(super) fn try_to_look(&mut self) -> anyhow::Result<Timestamp> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let notifier = self.notifier.as_mut().unwrap();
        runtime.block_on(notifier.work())
    }

    /// The notifier looks as often as there is something to do; says what it mailed.
    pub(super) fn mailed(&mut self) -> Vec<Outgoing> {
        for _ in 0..3 {
            self.look();
        }
        let offered = self.server.offered.lock().unwrap();
        let new = offered[self.seen..].to_vec();
        self.seen = offered.len();
        new
    }

    /// To whom, and the subject without its prefix.
    pub(super) fn subjects(&mut self) -> Vec<String> {
        self.mailed().iter().map(subject).collect()
    }

    /// Both sides were read once, and nothing is left to do.
    pub(super) fn read_both(&self) {
        for side in Side::BOTH {
            self.spend(side, 1);
        }
    }

    pub(super) fn spend(&self, side: Side, calls: u64) {
        let until = Timestamp(self.clock.0.load(Ordering::Relaxed)).plus(DAY);
        self.append(CallsSpent {
            side,
            operation: Operation::Poll,
            lane: Lane::Detect,
            object: Some(contact()),
            calls,
            records: 0,
            until,
        });
    }

    /// These records fail by a code on a field.
    pub(super) fn fail(
        &self,
        records: std::ops::Range<u32>,
        code: &'static str,
        field: &'static str,
    ) {
        self.fail_saying(records, code, field, "");
    }

    /// These records fail by a code on a field, with a message.
    pub(super) fn fail_saying(
        &self,
        records: std::ops::Range<u32>,
        code: &'static str,
        field: &'static str,
        message: &'static str,
    ) {
        self.write(move |tx| {
            for number in records {
                let mut failure = failure(code, field)?;
                if !message.is_empty() {
                    failure.text = Some(annex::remember_text(tx, message)?);
                }
                projections::append(tx, None, refused(ids(number), failure))?;
            }
            Ok(())
        });
    }

    /// These records are written.
    pub(super) fn mend(&self, records: std::ops::Range<u32>) {
        self.write(move |tx| {
            for number in records {
                projections::append(tx, None, written(ids(number))?)?;
            }
            Ok(())
        });
    }

    pub(super) fn suspend(&self, side: Side) {
        self.append(ConnectionSuspended {
            side,
            reason: Suspension::Credentials,
            status: 401,
            code: String::new(),
        });
    }

    /// The text part of the one mail that is due now.
    pub(super) fn last_text(&mut self) -> String {
        let mailed = self.mailed();
        assert_eq!(mailed.len(), 1);
        text(&mailed[0])
    }

    pub(super) fn hold(&self, hold: i64, to: Side, records: u64) {
        self.append(CycleHeld {
            hold,
            object: contact(),
            to,
            action: Action::Created,
            records,
            limit: 100,
            field: None,
        });
    }

    /// What is said of the contacts' inclusion list from now on.
    pub(super) fn doubt(&self, says: Option<(&str, &str)>) {
        let since = Timestamp(self.clock.0.load(Ordering::Relaxed));
        let trouble = says.map(|(says, remedy)| selection::Trouble {
            says: says.to_owned(),
            remedy: remedy.to_owned(),
            since,
        });
        self.write(move |tx| {
            let list = selection::List {
                trouble,
                ..selection::List::new("12")
            };
            selection::keep_list(tx, &contact(), &list)
        });
    }

    pub(super) fn settle(&self, hold: i64, approved: bool, records: u64) {
        let by = By::Operator(1_000);
        self.append(HoldSettled {
            hold,
            approved,
            records,
            by,
        });
    }
}

fn teller(names: bool) -> Teller {
    Teller {
        installation: "prod".to_owned(),
        from: Mailbox::parse("Syncline <syncline@acme.example>").unwrap(),
        contact: MailAddress::parse("ops@acme.example").unwrap(),
        portal: 4_711_002,
        org: "00D5g000004XyZwEAM".to_owned(),
        gather_ms: MINUTE,
        names,
        per_hour: 6,
        told: Thresholds::default(),
    }
}

pub(super) fn contact() -> ObjectName {
    ObjectName::parse("contact").unwrap()
}

fn ids(number: u32) -> PairIds {
    PairIds {
        object: contact(),
        hubspot: Some(RecordId::parse(&format!("{}", 90_000 + number)).unwrap()),
        salesforce: Some(RecordId::parse(&format!("003Qy{number:010}AAA")).unwrap()),
    }
}

/// Told at once.
pub(super) fn now() -> RecipientSetting {
    RecipientSetting {
        recipient: 0,
        immediately: true,
        schedules: vec![],
        zone: "Europe/Rome".to_owned(),
        who_fixes: vec![],
        objects: vec![],
        types: vec![],
        off: false,
    }
}

/// Told at set times.
pub(super) fn timed(frequency: Frequency, cron: &str) -> RecipientSetting {
    RecipientSetting {
        immediately: false,
        schedules: vec![Scheduled {
            frequency,
            cron: cron.to_owned(),
        }],
        ..now()
    }
}

/// Told daily at eight.
pub(super) fn daily() -> RecipientSetting {
    timed(Frequency::Daily, "0 0 8 * * *")
}

/// The text part, quoted-printable undone.
pub(super) fn text(mail: &Outgoing) -> String {
    let mail = String::from_utf8_lossy(&mail.bytes).replace("\r\n", "\n");
    let part = mail.split_once("Content-Type: text/plain").unwrap().1;
    let body = part.split_once("\n\n").unwrap().1;
    let body = body.split("\n--").next().unwrap().replace("=\n", "");
    let mut bytes = Vec::new();
    let mut rest = body.as_str();
    while let Some((before, after)) = rest.split_once('=') {
        bytes.extend(before.bytes());
        let code = after
            .get(..2)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(code.unwrap_or(b'='));
        rest = &after[if code.is_some() { 2 } else { 0 }..];
    }
    bytes.extend(rest.bytes());
    String::from_utf8(bytes).unwrap()
}

/// `revops: 1 new · …`, the subject unfolded, its few encoded words left out.
pub(super) fn subject(mail: &Outgoing) -> String {
    let text = String::from_utf8_lossy(&mail.bytes).replace("\r\n ", " ");
    let line = text.lines().find(|line| line.starts_with("Subject: "));
    let line = line
        .unwrap()
        .trim_start_matches("Subject: [Syncline prod] ");
    let plain = line.replace("=?utf-8?b?wrc=?=", "·");
    let name = mail.to.as_str().split('@').next().unwrap_or_default();
    format!("{name}: {plain}")
}
