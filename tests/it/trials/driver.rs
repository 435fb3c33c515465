//! One trial from its seed: trouble, calm, trouble, calm, and the checks on the way.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use syncline::domain::call::Lane;
use syncline::domain::event::{By, Entry, HoldSettled};
use syncline::domain::record::Side;
use syncline::inbox;
use syncline::journal;
use syncline::projections::{self, holds};
use syncline::simulator::luck::Luck;
use syncline::simulator::{Simulator, hubspot, salesforce};
use tokio::runtime::Runtime;
use tokio::sync::Notify;

use super::kin::Moment;
use super::people::{self, People};
use super::plan::Plan;
use super::running::{Loop, Running};
use super::world::{Mailroom, Meddling, Network, TrialClock};

pub(super) const SECOND: i64 = 1_000;
pub(super) const MINUTE: i64 = 60 * SECOND;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;

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
    /// The journal as far as it was looked at.
    pub(super) known: RefCell<Vec<Entry>>,
    runtime: Runtime,
    folder: tempfile::TempDir,
    /// Whether the store was told to refuse commits.
    refusing: bool,
    pub(super) crashes_left: u32,
    /// The luck of those who edit while loops are at work.
    meddler: Luck,
    /// The luck of what concerns loads.
    pub(super) loader: Luck,
    /// Whether this is a troubled part.
    troubled: bool,
}

/// Runs a trial; a failing one says so first.
pub(crate) fn run(plan: &Plan) -> Tally {
    let seed = plan.seed;
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let mut trial = Trial::new(plan.clone());
        trial.whole();
        trial.tally
    }));
    outcome.unwrap_or_else(|panic| {
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
            bulk_ms_per_10k: plan.bulk_pace_ms,
            ..salesforce::Settings::default()
        };
        let mut portal = hubspot::HubSpot::new(portal);
        if plan.owner_known {
            portal.put_owner(people::owner("1", "ada@acme.example"));
        }
        if plan.we_own {
            portal.put_owner(people::owner("2", &org.user));
        }
        let simulator = Simulator::new(portal, salesforce::Salesforce::new(org), plan.seed);
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
            known: RefCell::default(),
            runtime: tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap(),
            folder: folder.unwrap(),
            refusing: false,
            crashes_left: 4,
            meddler: Luck::new(plan.seed ^ 0x6d65_6464),
            loader: Luck::new(plan.seed ^ 0x6c6f_6164),
            troubled: false,
            plan,
        };
        trial.first_people();
        trial.start();
        trial
    }

    fn whole(&mut self) {
        self.troubled = true;
        self.trouble(self.plan.actions[0]);
        self.calm();
        self.settle();
        self.check_settled();
        self.people.epoch += 1;
        self.troubled = true;
        self.trouble(self.plan.actions[1]);
        self.calm();
        self.settle();
        self.check_settled();
        self.check_quiet();
        self.mend();
        self.settle();
        self.pass_two_days();
        self.check_settled();
        self.check_mended();
        self.tally_up();
    }

    pub(crate) fn count(&mut self, what: &'static str, times: u64) {
        *self.tally.entry(what).or_default() += times;
    }

    pub(crate) fn store(&self) -> &syncline::store::Store {
        &self.running.as_ref().expect("a process runs").store
    }

    pub(super) fn seq(&self) -> i64 {
        self.running.as_ref().map_or(0, |running| {
            running.store.read_blocking(journal::last_seq).unwrap()
        })
    }

    fn first_people(&mut self) {
        if self.plan.several {
            for _ in 0..12 {
                self.kin_act();
                self.clock.pass(self.luck.below(2_000).cast_signed());
            }
            self.clock.pass(HOUR);
            return;
        }
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

    /// Somebody does something to records that belong together.
    pub(super) fn kin_act(&mut self) {
        let (now, seq) = (self.clock.true_ms(), self.seq());
        let mut simulator = self.network.simulator();
        let kin = &mut self.people.kin;
        kin.act(&mut simulator, &mut self.luck, Moment { now, seq });
    }

    pub(super) fn make(&mut self, side: Side, email: &str, late_ms: Option<i64>) {
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
        self.lend();
        let running = self.running.as_mut().expect("a process runs");
        let crashed = self.network.crashed.clone();
        let result = self.runtime.block_on(async {
            tokio::select! {
                biased;
                result = running.work(which) => Some(result),
                () = crashed.notified() => None,
            }
        });
        self.take_back();
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

    /// While a loop is at work, people go on editing.
    fn lend(&mut self) {
        if !self.troubled || self.plan.meddling == 0 {
            return;
        }
        let mut people = std::mem::take(&mut self.people);
        people.in_flight = true;
        self.network.meddle(Some(Meddling {
            people,
            luck: self.meddler.clone(),
            chance: self.plan.meddling,
            several: self.plan.several,
            store: self.running.as_ref().expect("a process runs").store.clone(),
        }));
    }

    fn take_back(&mut self) {
        if let Some(meddling) = self.network.meddle(None) {
            self.people = meddling.people;
            self.people.in_flight = false;
            self.meddler = meddling.luck;
        }
    }

    // Calm.

    /// Faults stop, clocks are right, credentials are good.
    fn calm(&mut self) {
        self.troubled = false;
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
    pub(super) fn settle(&mut self) {
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
    pub(super) fn settle_holds(&mut self) {
        let open = self.store().read_blocking(holds::open).unwrap();
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

    fn pass_two_days(&mut self) {
        for _ in 0..16 {
            self.round();
            self.clock.pass(3 * HOUR);
        }
    }

    /// Another two days without any change.
    fn check_quiet(&mut self) {
        let before = self.written();
        self.pass_two_days();
        let after = self.written();
        assert_eq!(
            before.1, after.1,
            "journaled although nobody changed anything"
        );
        assert_eq!(
            before.0, after.0,
            "something was written although nobody changed anything"
        );
    }
}
