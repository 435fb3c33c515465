//! One trial from its seed: trouble, calm, trouble, calm, and the checks on the way.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use syncline::domain::call::Lane;
use syncline::domain::event::{By, HoldSettled};
use syncline::domain::record::Side;
use syncline::inbox;
use syncline::journal;
use syncline::projections::{self, holds};
use syncline::simulator::faults::{OneShot, Rates};
use syncline::simulator::luck::Luck;
use syncline::simulator::salesforce::{FieldChange, Injected, InjectedKind, Op, Predicate};
use syncline::simulator::{Fault, Server, Simulator, hubspot, salesforce};
use tokio::runtime::Runtime;
use tokio::sync::Notify;

use super::people::{People, Place, records};
use super::plan::{Plan, pick};
use super::running::{Loop, Running};
use super::world::{Crash, MailFault, Mailroom, Network, TrialClock};

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Where records are created.
const UPSERT: &str = "/crm/objects/2026-09/contacts/batch/upsert";
const COMPOSITE: &str = "/services/data/v66.0/composite";

/// How often a rare state was reached.
pub(crate) type Tally = BTreeMap<&'static str, u64>;

/// One trial under way.
pub(crate) struct Trial {
    pub(crate) plan: Plan,
    pub(crate) luck: Luck,
    pub(crate) clock: Arc<TrialClock>,
    pub(crate) network: Arc<Network>,
    pub(crate) mailroom: Arc<Mailroom>,
    pub(crate) people: People,
    pub(crate) tally: Tally,
    pub(crate) running: Option<Running>,
    /// How far the journal was read for calls, and the Salesforce calls it holds by seq.
    pub(super) read_to: i64,
    pub(super) spent: BTreeMap<i64, u64>,
    runtime: Runtime,
    folder: tempfile::TempDir,
    /// Whether the store was told to refuse commits.
    refusing: bool,
    crashes_left: u32,
}

/// Runs the trial of `seed`; a failing one says so first.
pub(crate) fn run(seed: u64) -> Tally {
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let mut trial = Trial::new(Plan::of(seed));
        trial.whole();
        trial.tally
    }));
    outcome.unwrap_or_else(|panic| {
        let plan = Plan::of(seed);
        eprintln!("trial {seed} failed; replay it with SYNCLINE_TRIAL_SEED={seed} cargo test --test it trials");
        eprintln!("{plan:?}");
        resume_unwind(panic)
    })
}

impl Trial {
    pub(crate) fn new(plan: Plan) -> Self {
        let clock = Arc::new(TrialClock::new());
        let portal = hubspot::Settings {
            index_lag_ms: plan.index_lag_ms.0,
            index_lag_spread_ms: plan.index_lag_ms.1,
            seed: plan.seed,
            ..hubspot::Settings::default()
        };
        let org = salesforce::Settings {
            seed: plan.seed,
            ..salesforce::Settings::default()
        };
        let simulator = Simulator::new(
            hubspot::HubSpot::new(portal),
            salesforce::Salesforce::new(org),
            plan.seed,
        );
        let crashed = Arc::new(Notify::new());
        let network = Network::new(simulator, clock.clone(), crashed.clone(), plan.latency_ms);
        let memory = std::path::Path::new("/dev/shm");
        let folder = if memory.is_dir() {
            tempfile::tempdir_in(memory)
        } else {
            tempfile::tempdir()
        };
        let mut trial = Self {
            luck: Luck::new(plan.seed),
            clock,
            network: Arc::new(network),
            mailroom: Arc::new(Mailroom::new(crashed)),
            people: People::default(),
            tally: Tally::new(),
            running: None,
            read_to: 0,
            spent: BTreeMap::new(),
            runtime: tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap(),
            folder: folder.unwrap(),
            refusing: false,
            crashes_left: 4,
            plan,
        };
        trial.first_people();
        trial.start();
        trial
    }

    fn whole(&mut self) {
        self.trouble(self.plan.actions[0]);
        self.calm();
        self.settle();
        self.check_settled();
        self.people.epoch += 1;
        self.trouble(self.plan.actions[1]);
        self.calm();
        self.settle();
        self.check_settled();
        self.check_quiet();
        self.tally_up();
    }

    pub(crate) fn count(&mut self, what: &'static str, times: u64) {
        *self.tally.entry(what).or_default() += times;
    }

    pub(crate) fn store(&self) -> &syncline::store::Store {
        &self.running.as_ref().expect("a process runs").store
    }

    fn seq(&self) -> i64 {
        self.running.as_ref().map_or(0, |running| {
            running
                .store
                .read_blocking(|view| journal::last_seq(view))
                .unwrap()
        })
    }

    fn first_people(&mut self) {
        let [hubspot, salesforce, both] = self.plan.people;
        let mut number = 0;
        for (count, sides) in [
            (hubspot, &[Side::HubSpot][..]),
            (salesforce, &[Side::Salesforce][..]),
            (both, &Side::BOTH[..]),
        ] {
            for _ in 0..count {
                number += 1;
                for side in sides {
                    self.make(*side, &format!("p{number}@people.example"), None);
                    self.clock.pass(self.luck.below(2_000).cast_signed());
                }
            }
        }
        self.clock.pass(HOUR);
    }

    fn make(&mut self, side: Side, email: &str, late_ms: Option<i64>) {
        let (now, seq) = (self.clock.true_ms(), self.seq());
        let mut simulator = self.network.simulator();
        self.people.make(
            &mut simulator,
            &mut self.luck,
            side,
            email,
            now,
            seq,
            late_ms,
        );
    }

    // The process.

    fn start(&mut self) {
        let refuse = (self.plan.full_disks && self.crashes_left > 0 && self.luck.below(4) == 0)
            .then(|| 20 + self.luck.below(200));
        for refuse in [refuse, None] {
            self.refusing = refuse.is_some();
            let started = Running::start(
                &self.plan,
                self.folder.path(),
                &self.clock,
                &self.network,
                &self.mailroom,
                refuse,
            );
            match started {
                Ok(running) => {
                    self.running = Some(running);
                    return;
                }
                Err(error) => assert!(self.refusing, "the process does not start: {error:#}"),
            }
        }
    }

    pub(crate) fn restart(&mut self) {
        self.crashes_left = self.crashes_left.saturating_sub(1);
        self.network.plan_crash(None);
        self.mailroom.plan_crash(None);
        self.running = None;
        self.start();
        self.check_replay();
    }

    /// One look of one loop; a process that died is started again.
    pub(crate) fn look(&mut self, which: Loop) {
        self.network.begin();
        let running = self.running.as_mut().expect("a process runs");
        let crashed = self.network.crashed.clone();
        let result = self.runtime.block_on(async {
            tokio::select! {
                biased;
                result = running.work(which) => Some(result),
                () = crashed.notified() => None,
            }
        });
        match result {
            Some(Ok(at)) => {
                if std::env::var_os("SYNCLINE_TRIAL_SAY").is_some() {
                    let since = at.0 - self.clock.true_ms();
                    eprintln!("{} {which:?}: again in {since} ms", self.clock.true_ms());
                }
            }
            Some(Err(error)) => {
                assert!(self.refusing, "{which:?} failed: {error:#}");
                self.count("the disk was full", 1);
                self.restart();
            }
            None => {
                self.count("a crash", 1);
                self.restart();
            }
        }
        self.check_calls();
    }

    // Trouble.

    fn trouble(&mut self, actions: u32) {
        for server in [Server::HubSpot, Server::Salesforce] {
            let rates = Rates::everything(self.plan.faults);
            self.network.simulator().faults.set_rates(server, rates);
        }
        if self.plan.faults > 0 {
            // The answers of a creation on each side are lost, whatever the rates say.
            let skip = u32::try_from(self.luck.below(4)).unwrap();
            self.lose_answer(Server::HubSpot, UPSERT, skip / 3, Fault::Lost);
            self.lose_answer(Server::Salesforce, COMPOSITE, skip, Fault::HungAfter);
        }
        for _ in 0..actions {
            match self.luck.below(100) {
                0..=59 => {
                    let which = Loop::ALL[pick(&mut self.luck, Loop::ALL.len())];
                    self.look(which);
                }
                60..=76 => self.time_passes(),
                77..=93 => self.people_act(),
                94..=96 => self.admins_act(),
                _ => self.misfortune(),
            }
        }
    }

    fn time_passes(&mut self) {
        let most =
            [SECOND, 5 * SECOND, 70 * SECOND, 20 * MINUTE, 3 * HOUR][pick(&mut self.luck, 5)];
        self.clock
            .pass(self.luck.below(most.unsigned_abs()).cast_signed());
    }

    /// Some record of a side that is alive.
    fn someone(&mut self, side: Side) -> Option<Place> {
        let records = records(&self.network.simulator(), side, false);
        let one = records.get(pick(&mut self.luck, records.len()))?;
        Some((side, one.id.clone()))
    }

    fn edit(&mut self, place: &Place) {
        let (now, seq) = (self.clock.true_ms(), self.seq());
        let mut simulator = self.network.simulator();
        self.people
            .edit(&mut simulator, &mut self.luck, place, now, seq);
    }

    fn people_act(&mut self) {
        let side = Side::BOTH[pick(&mut self.luck, 2)];
        match self.luck.below(20) {
            0..=9 => {
                if let Some(place) = self.someone(side) {
                    self.edit(&place);
                }
            }
            // Both sides of one pair, within one millisecond, one second, or a minute.
            10..=13 => {
                let Some(place) = self.someone(Side::HubSpot) else {
                    return;
                };
                let records = records(&self.network.simulator(), Side::HubSpot, false);
                let across = records.iter().find(|one| one.id == place.1);
                let across = across.and_then(|one| one.mark.clone());
                self.edit(&place);
                let wait = [0, 0, 700, 30 * SECOND][pick(&mut self.luck, 4)];
                self.clock.pass(wait);
                if let Some(id) = across {
                    self.edit(&(Side::Salesforce, id));
                }
            }
            14 => {
                if let Some(place) = self.someone(side) {
                    let now = self.clock.true_ms();
                    let mut simulator = self.network.simulator();
                    self.people.delete(&mut simulator, &place, now);
                }
            }
            15 => {
                let late = self.luck.below(200).cast_signed() * SECOND + 1;
                let email = format!("late{}@people.example", self.people.made.len());
                self.make(Side::Salesforce, &email, Some(late));
            }
            16 => {
                // A second Salesforce record with an e-mail that is known already.
                let known = records(&self.network.simulator(), Side::Salesforce, false);
                let email = known
                    .first()
                    .and_then(|one| one.fields.get("email").cloned());
                if let Some(email) = email.filter(|_| self.luck.below(3) == 0) {
                    self.people.doubled.insert(email.clone());
                    self.make(Side::Salesforce, &email, None);
                }
            }
            _ => {
                let email = format!("new{}@people.example", self.people.made.len());
                self.make(side, &email, None);
            }
        }
    }

    fn admins_act(&mut self) {
        let mut simulator = self.network.simulator();
        let org = &mut simulator.salesforce;
        match self.luck.below(5) {
            0 => org.inject(phone_rule()),
            1 => {
                org.remove_rule("Phone_Format");
            }
            2 => {
                let change = FieldChange::RemoveValue("Bronze".to_owned());
                org.change_field("Contact", "Tier__c", change).unwrap();
            }
            3 => {
                for value in ["Bronze", "Platinum"] {
                    let change = FieldChange::AddValue(value.to_owned());
                    org.change_field("Contact", "Tier__c", change).unwrap();
                }
            }
            _ => {
                drop(simulator);
                self.settle_holds();
            }
        }
    }

    fn misfortune(&mut self) {
        let luck = &mut self.luck;
        match luck.below(8) {
            0 | 1 if self.plan.crashes && self.crashes_left > 0 => {
                let crash = Crash {
                    after: u32::try_from(luck.below(5)).unwrap(),
                    with_effect: luck.below(2) == 0,
                };
                self.network.plan_crash(Some(crash));
            }
            2 if self.plan.crashes => {
                let crash = Crash {
                    after: 0,
                    with_effect: luck.below(2) == 0,
                };
                self.mailroom.plan_crash(Some(crash));
            }
            3 if self.plan.jumps => {
                let most = [2 * MINUTE, 2 * HOUR, 3 * DAY][pick(luck, 3)];
                let by = luck.below(2 * most.unsigned_abs()).cast_signed() - most;
                self.clock.set_skew(by);
            }
            4 if self.plan.lapses => {
                let mut simulator = self.network.simulator();
                match luck.below(3) {
                    0 => simulator.hubspot.set_token_ok(false),
                    1 => {
                        simulator.salesforce.set_credentials_ok(false);
                        simulator.salesforce.expire_sessions();
                    }
                    _ => {
                        simulator.hubspot.set_token_ok(true);
                        simulator.salesforce.set_credentials_ok(true);
                    }
                }
            }
            5 => self.network.simulator().salesforce.expire_sessions(),
            6 => {
                let fault = [MailFault::Greylisted, MailFault::Ambiguous][pick(luck, 2)];
                self.mailroom.faults.lock().unwrap().push(fault);
            }
            _ => {
                let fault = [Fault::Lost, Fault::HungAfter, Fault::AnswerAfter(503)][pick(luck, 3)];
                let (server, path) =
                    [(Server::HubSpot, UPSERT), (Server::Salesforce, COMPOSITE)][pick(luck, 2)];
                self.lose_answer(server, path, 0, fault);
            }
        }
    }

    /// The next answer but `skip` at `path` is lost after the request took effect.
    fn lose_answer(&self, server: Server, path: &str, skip: u32, fault: Fault) {
        self.network.simulator().faults.order(OneShot {
            server,
            method: Some("POST".to_owned()),
            path: path.to_owned(),
            skip,
            times: 1,
            fault,
        });
    }

    // Calm.

    /// Faults stop, clocks are right, credentials are good.
    fn calm(&mut self) {
        let mut simulator = self.network.simulator();
        simulator.faults.calm();
        simulator.hubspot.set_token_ok(true);
        simulator.salesforce.set_credentials_ok(true);
        drop(simulator);
        self.clock.set_skew(0);
        self.mailroom.faults.lock().unwrap().clear();
        self.network.plan_crash(None);
        self.mailroom.plan_crash(None);
        if self.refusing {
            self.crashes_left = 0;
            self.restart();
        }
        self.crashes_left = 4;
    }

    /// Days pass with everything working, until nothing is left to do.
    fn settle(&mut self) {
        let mut still = 0;
        for round in 0..400 {
            self.round();
            let pass = match round {
                0..=9 => 61 * SECOND,
                10..=29 => 6 * MINUTE,
                _ => 50 * MINUTE,
            };
            self.clock.pass(pass);
            // A probe of what still fails may wait for its call; all else must be done.
            let retry = Lane::Retry;
            let lanes = Lane::ALL.iter().copied().filter(|lane| *lane != retry);
            let lanes: Vec<Lane> = lanes.collect();
            let open = self
                .store()
                .read_blocking(|view| inbox::next_due(view, &lanes));
            let done = open.unwrap().is_none() && round >= 30;
            still = if done { still + 1 } else { 0 };
            // More than a day more: every digest was due.
            if still >= 30 {
                return;
            }
        }
        let now = self.clock.true_ms();
        panic!(
            "after 370 quiet hours rows are left at {now}: {}",
            self.rows()
        );
    }

    fn round(&mut self) {
        for which in Loop::ALL {
            self.look(which);
        }
        self.settle_holds();
        self.look(Loop::Writer);
        self.look(Loop::Notifier);
    }

    /// A person approves what the guard holds, as the verb does.
    fn settle_holds(&mut self) {
        let open = self
            .store()
            .read_blocking(|view| holds::open(view))
            .unwrap();
        for hold in open {
            let number = hold.number;
            let approved = self.store().write_blocking(move |tx| {
                let records = inbox::approve(tx, number)?;
                let by = By::Operator(0);
                let settled = HoldSettled {
                    hold: number,
                    approved: true,
                    records,
                    by,
                };
                projections::append(tx, None, settled)
            });
            assert!(approved.is_ok() || self.refusing, "{approved:?}");
        }
    }

    /// Another two days without any change.
    fn check_quiet(&mut self) {
        let before = self.written();
        for _ in 0..16 {
            self.round();
            self.clock.pass(3 * HOUR);
        }
        let after = self.written();
        assert_eq!(
            before, after,
            "something was written although nobody changed anything"
        );
    }
}

fn phone_rule() -> Injected {
    Injected {
        name: "Phone_Format".to_owned(),
        object: "Contact".to_owned(),
        kind: InjectedKind::ValidationRule,
        when: vec![Predicate {
            field: "Phone".to_owned(),
            op: Op::NotStartsWith,
            value: "+".to_owned(),
        }],
        message: "Phone must start with + and the country code.".to_owned(),
        fields: vec!["Phone".to_owned()],
        active: true,
    }
}
