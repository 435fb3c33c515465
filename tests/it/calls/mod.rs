//! What a first load costs in calls: 10,000 contacts of one side reach the other, and then all is
//! quiet. Run with `--nocapture` to see the table.

#![expect(
    clippy::unwrap_used,
    reason = "what a test sets up must work, and says so when it does not"
)]
#![expect(
    clippy::print_stdout,
    reason = "the figures are what the test is run for"
)]

mod load;
pub(crate) mod world;

use std::collections::BTreeMap;
use std::time::Instant;

use syncline::clock::Clock;
use syncline::control::{self, Request};
use syncline::domain::call::{Lane, Operation};
use syncline::domain::event::{CallsSpent, Event};
use syncline::domain::record::{ObjectName, Side};
use syncline::projections::pairs;
use syncline::simulator::Simulator;
use syncline::store::View;
use syncline::{inbox, journal};
use world::{BEGIN_MS, POLL_MS, World};

const CONTACTS: i64 = 10_000;

/// When the contacts were written: long before the daemon came.
const LONG_AGO_MS: i64 = BEGIN_MS - 40 * 86_400_000;

/// Minutes after which a run that is not quiet never will be.
const MINUTES_MAX: i64 = 60;

/// What a call was for, as the table shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Detection,
    Listing,
    ListingPages,
    Metadata,
    Match,
    Write,
    Pages,
    Jobs,
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Self::Detection => "detection, one per cycle",
            Self::Listing => "listing, one per 5 min",
            Self::Metadata => "metadata",
            Self::Match => "match and read again",
            Self::Write => "write",
            Self::Pages => "further pages of changes",
            Self::Jobs => "Bulk jobs and looks at them",
            Self::ListingPages => "its further pages",
        }
    }
}

/// Calls and records by part, in the order of the journal.
#[derive(Default)]
struct Bill {
    parts: BTreeMap<Part, (u64, u64)>,
    widths: Vec<u64>,
    /// Whether the last reading was a listing, whose further pages cost calls of their own.
    listing: bool,
}

impl Bill {
    fn add(&mut self, spent: &CallsSpent) {
        let part = match spent.operation {
            Operation::Poll => Part::Detection,
            Operation::Listing => Part::Listing,
            Operation::Page if self.listing && spent.lane == Lane::Detect => Part::ListingPages,
            Operation::Page => Part::Pages,
            Operation::Bulk => Part::Jobs,
            Operation::Match => Part::Match,
            Operation::Write | Operation::Load => Part::Write,
            Operation::Describe | Operation::Limits | Operation::Token | Operation::Versions => {
                Part::Metadata
            }
        };
        match part {
            Part::Listing => self.listing = true,
            Part::Detection => self.listing = false,
            Part::Write => self.widths.push(spent.records),
            Part::Metadata | Part::Match | Part::Pages | Part::ListingPages | Part::Jobs => (),
        }
        let (calls, records) = self.parts.entry(part).or_default();
        *calls += spent.calls;
        *records += spent.records;
    }

    fn calls(&self, part: Part) -> u64 {
        self.parts.get(&part).map_or(0, |(calls, _)| *calls)
    }

    fn all(&self) -> u64 {
        self.parts.values().map(|(calls, _)| calls).sum()
    }

    /// All but detection and listings, which standing still costs too.
    fn load(&self) -> u64 {
        let beside = [Part::Detection, Part::Listing, Part::ListingPages];
        self.all() - beside.map(|part| self.calls(part)).iter().sum::<u64>()
    }
}

/// A world, and what its journal said so far.
struct Run {
    world: World,
    seq: i64,
    salesforce: Bill,
    hubspot: Bill,
}

/// What one cycle brought.
struct Cycle {
    /// Calls to Salesforce.
    calls: u64,
    /// Entries about records.
    written: usize,
    /// Whether it journaled nothing but calls and their use.
    quiet: bool,
}

impl Run {
    async fn cycle(&mut self) -> Cycle {
        let before = self.salesforce.all();
        self.world.cycle().await;
        let (mut written, mut quiet) = (0, true);
        for event in self.news().await {
            match &event {
                Event::CallsSpent(spent) if spent.side == Side::Salesforce => {
                    self.salesforce.add(spent);
                }
                Event::CallsSpent(spent) => self.hubspot.add(spent),
                Event::UsageReported(_) => (),
                other => {
                    quiet = false;
                    written += usize::from(other.ids().is_some());
                }
            }
        }
        let calls = self.salesforce.all() - before;
        Cycle {
            calls,
            written,
            quiet,
        }
    }

    /// What was journaled since it was last asked.
    async fn news(&mut self) -> Vec<Event> {
        let mut after = self.seq;
        let read = move |view: &View<'_>| {
            let mut events = Vec::new();
            loop {
                let page = journal::read(view, after, 1_000)?;
                let Some(last) = page.last() else {
                    return Ok((after, events));
                };
                after = last.seq;
                events.extend(page.into_iter().map(|entry| entry.event));
            }
        };
        let (seq, events) = self.world.store.read(read).await.unwrap();
        self.seq = seq;
        events
    }

    /// Approves the one hold there is, as the verb does.
    async fn approve(&self) {
        let request = Request::SettleHold {
            number: 1,
            approve: true,
        };
        let now = self.world.clock.now();
        let approved = control::answer(
            &self.world.store,
            &request,
            0,
            now,
            control::Vantage::Beside,
        )
        .await;
        approved.unwrap();
    }

    /// How both sides stand: when each record was last written, by id.
    fn stamps(&self) -> BTreeMap<String, String> {
        let simulator = self.world.simulator.lock().unwrap();
        let hubspot = simulator.hubspot.records("contacts").into_iter();
        let mut stamps: BTreeMap<String, String> = hubspot
            .map(|record| (record.id.to_string(), record.updated_at.to_string()))
            .collect();
        for record in simulator.salesforce.records("Contact") {
            let (id, stamp) = (&record["Id"], &record["SystemModstamp"]);
            stamps.insert(id.to_string(), stamp.to_string());
        }
        stamps
    }

    /// A cycle without a listing costs one call to Salesforce and moves nothing anywhere.
    async fn assert_rest(&mut self) {
        let before = self.stamps();
        let mut costs = Vec::new();
        for _ in 0..5 {
            let one = self.cycle().await;
            assert!(one.quiet, "something was journaled");
            costs.push(one.calls);
        }
        costs.sort_unstable();
        assert_eq!(costs, [1, 1, 1, 1, 2], "five cycles and their one listing");
        assert!(self.stamps() == before, "something was written");
    }

    /// Calls by Salesforce's own count.
    fn counted(&self) -> u64 {
        self.world
            .simulator
            .lock()
            .unwrap()
            .salesforce_calls_counted()
    }

    /// What we journaled as spent is what Salesforce counted, and every contact is there in step.
    async fn assert_counted(&self) {
        let counted = self.counted();
        assert_eq!(counted, self.salesforce.all(), "counted there, spent here");
        let stands = |view: &View<'_>| {
            let object = ObjectName::parse("contact")?;
            Ok((
                inbox::counts(view)?,
                pairs::total(view, &object)?,
                pairs::counts(view)?,
            ))
        };
        let (waiting, linked, states) = self.world.store.read(stands).await.unwrap();
        assert_eq!(waiting, [], "the inbox is empty");
        let contacts = u64::try_from(CONTACTS).unwrap();
        assert_eq!(linked, contacts);
        assert_eq!(states.len(), 1, "all are in one state: {states:?}");
        assert_eq!(self.stamps().len() as u64, contacts * 2);
    }

    fn print(&self, what: &str) {
        println!("{what}");
        println!("  {:<26} {:>6} {:>8}", "Salesforce", "calls", "records");
        for (part, (calls, records)) in &self.salesforce.parts {
            println!("  {:<26} {calls:>6} {records:>8}", part.name());
        }
        println!("  {:<26} {:>6}", "for the load", self.salesforce.load());
        println!("  {:<26} {:>6}", "in all", self.salesforce.all());
        println!("  widths of writes: {:?}", self.salesforce.widths);
        let parts = self.hubspot.parts.iter();
        let parts: Vec<String> = parts
            .map(|(part, (calls, _))| format!("{} {calls}", part.name()))
            .collect();
        println!("  HubSpot: {}", parts.join(", "));
    }
}

/// Runs a first load to its quiet end, prints what it cost, and holds it to the limits.
#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
async fn check(what: &str, simulator: Simulator) {
    let began = Instant::now();
    let mut run = Run {
        world: World::new(simulator).await,
        seq: 0,
        salesforce: Bill::default(),
        hubspot: Bill::default(),
    };
    assert_eq!(run.cycle().await.written, 0, "a first load is held");
    run.approve().await;
    let (mut done, mut done_after, mut quiet_for) = (0, began.elapsed(), 0);
    // Two listings must have passed over what was written: that is the longest overlap.
    while quiet_for < 12 {
        let one = run.cycle().await;
        let minute = (run.world.clock.ms() - BEGIN_MS) / POLL_MS;
        assert!(minute < MINUTES_MAX, "it does not come to rest");
        if one.quiet {
            quiet_for += 1;
        } else {
            (done, done_after, quiet_for) = (minute, began.elapsed(), 0);
        }
    }
    run.assert_rest().await;
    run.print(what);
    println!(
        "  at rest after {done} min simulated, {:.1} s of wall time; {:.1} s with the quiet cycles",
        done_after.as_secs_f64(),
        began.elapsed().as_secs_f64()
    );
    run.assert_counted().await;
    let bill = &run.salesforce;
    assert!(bill.load() <= 35, "{} calls", bill.load());
    assert!(bill.calls(Part::Write) <= 15);
    assert!(bill.widths.starts_with(&[200, 400, 800, 1_000]));
    // Both listings that pass over what was written, 2,000 rows a page.
    assert!(bill.calls(Part::ListingPages) <= 8);
    assert!(done <= 10, "a first load must not stall: {done} min");
}

#[tokio::test]
async fn ten_thousand_contacts_reach_salesforce_in_few_calls() {
    let mut simulator = world::empty();
    for number in 0..CONTACTS {
        let contact = world::hubspot_contact(number);
        let at = LONG_AGO_MS + number * 1_000;
        let put = simulator.hubspot.put("contacts", None, &contact, at);
        put.unwrap();
    }
    check("10,000 contacts from HubSpot to Salesforce", simulator).await;
}

#[tokio::test]
async fn ten_thousand_contacts_reach_hubspot_in_few_calls() {
    let mut simulator = world::empty();
    for number in 0..CONTACTS {
        let contact = world::salesforce_contact(number);
        let at = LONG_AGO_MS + number * 1_000;
        simulator.salesforce.put("Contact", contact, at).unwrap();
    }
    check("10,000 contacts from Salesforce to HubSpot", simulator).await;
}
