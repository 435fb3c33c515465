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

mod world;

use std::collections::BTreeMap;
use std::time::Instant;

use syncline::control::{self, Request};
use syncline::domain::call::Operation;
use syncline::domain::event::{CallsSpent, Event};
use syncline::domain::record::Side;
use syncline::projections::pairs;
use syncline::simulator::Simulator;
use syncline::{inbox, journal};
use world::{BEGIN_MS, POLL_MS, World};

const CONTACTS: i64 = 1_000;

/// When the contacts were written: long before the daemon came.
const LONG_AGO_MS: i64 = BEGIN_MS - 40 * 86_400_000;

/// Cycles after which a run that is not quiet never will be.
const CYCLES_MAX: i64 = 60;

/// What a call was for, as the table shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Detection,
    Listing,
    Metadata,
    Match,
    Write,
    ReadBack,
    ListingPages,
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Self::Detection => "detection, one per cycle",
            Self::Listing => "listing, one per 5 min",
            Self::Metadata => "metadata",
            Self::Match => "match and read again",
            Self::Write => "write",
            Self::ReadBack => "further pages of changes",
            Self::ListingPages => "further pages of listings",
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
            Operation::Page if self.listing => Part::ListingPages,
            Operation::Page => Part::ReadBack,
            Operation::Match => Part::Match,
            Operation::Write => Part::Write,
            Operation::Describe | Operation::Limits | Operation::Token | Operation::Versions => {
                Part::Metadata
            }
        };
        match part {
            Part::Listing => self.listing = true,
            Part::Detection => self.listing = false,
            Part::Write => self.widths.push(spent.records),
            Part::Metadata | Part::Match | Part::ReadBack | Part::ListingPages => (),
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

    /// All but what standing still costs too.
    fn load(&self) -> u64 {
        self.all() - self.calls(Part::Detection) - self.calls(Part::Listing)
    }
}

/// Every entry of the journal after `after`.
async fn entries(world: &World, after: i64) -> Vec<Event> {
    let read = move |view: &syncline::store::View<'_>| {
        let (mut all, mut after) = (Vec::new(), after);
        loop {
            let page = journal::read(view, after, 1_000)?;
            let Some(last) = page.last() else {
                return Ok(all);
            };
            after = last.seq;
            all.extend(page.into_iter().map(|entry| entry.event));
        }
    };
    world.store.read(read).await.unwrap()
}

async fn bill(world: &World, side: Side, after: i64) -> Bill {
    let mut bill = Bill::default();
    for event in entries(world, after).await {
        if let Event::CallsSpent(spent) = event
            && spent.side == side
        {
            bill.add(&spent);
        }
    }
    bill
}

/// How both sides stand: when each record was last written, by id.
fn stamps(world: &World) -> BTreeMap<String, String> {
    let simulator = world.simulator.lock().unwrap();
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

/// What one cycle brought.
struct Cycle {
    calls: u64,
    written: usize,
    /// Whether it journaled nothing but calls and their use.
    quiet: bool,
    sf: BTreeMap<Part, (u64, u64)>,
    hs: BTreeMap<Part, (u64, u64)>,
}

async fn cycle(world: &mut World) -> Cycle {
    let after = last_seq(world).await;
    world.cycle().await;
    let events = entries(world, after).await;
    let spent = |event: &Event| matches!(event, Event::CallsSpent(_) | Event::UsageReported(_));
    let written = |event: &&Event| matches!(event, Event::RecordSynced(_));
    Cycle {
        calls: bill(world, Side::Salesforce, after).await.all(),
        written: events.iter().filter(written).count(),
        quiet: events.iter().all(spent),
        sf: bill(world, Side::Salesforce, after).await.parts,
        hs: bill(world, Side::HubSpot, after).await.parts,
    }
}

async fn last_seq(world: &World) -> i64 {
    world.store.read(journal::last_seq).await.unwrap()
}

/// Approves the one hold there is, as the verb does.
async fn approve(world: &World) {
    let request = Request::SettleHold {
        number: 1,
        approve: true,
    };
    let now = syncline::clock::Clock::now(&*world.clock);
    control::answer(&world.store, &request, 0, now)
        .await
        .unwrap();
}

fn print(what: &str, salesforce: &Bill, hubspot: &Bill) {
    println!("{what}");
    println!("  {:<28} {:>6} {:>8}", "Salesforce", "calls", "records");
    for (part, (calls, records)) in &salesforce.parts {
        println!("  {:<28} {calls:>6} {records:>8}", part.name());
    }
    println!("  {:<28} {:>6}", "for the load", salesforce.load());
    println!("  {:<28} {:>6}", "in all", salesforce.all());
    println!("  widths of writes: {:?}", salesforce.widths);
    let parts = hubspot.parts.iter();
    let parts: Vec<String> = parts
        .map(|(part, (calls, _))| format!("{} {calls}", part.name()))
        .collect();
    println!("  HubSpot: {}", parts.join(", "));
}

/// Runs a first load to its quiet end, prints what it cost, and returns the Salesforce bill.
#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
async fn load(what: &str, simulator: Simulator) -> Bill {
    let began = Instant::now();
    let mut world = World::new(simulator).await;
    let first = cycle(&mut world).await;
    assert_eq!(first.written, 0, "a first load is held");
    approve(&world).await;
    let (mut done_at, mut quiet_for, mut done_after) = (0, 0, began.elapsed());
    println!("  held after {:.1} s", done_after.as_secs_f64());
    // Two listings must have passed over what was written: that is the longest overlap.
    while quiet_for < 12 {
        let one = cycle(&mut world).await;
        if one.quiet {
            quiet_for += 1;
        } else {
            (done_at, quiet_for, done_after) = (world.clock.ms(), 0, began.elapsed());
        }
        let minute = (world.clock.ms() - BEGIN_MS) / POLL_MS;
        println!(
            "  minute {minute}: {} calls, {} journaled, {:.1} s {:?} {:?}",
            one.calls,
            one.written,
            began.elapsed().as_secs_f64(),
            one.sf,
            one.hs
        );
        assert!(minute < CYCLES_MAX, "it does not come to rest");
    }
    assert_rest(&mut world).await;
    let bill_of = |side| bill(&world, side, 0);
    let (salesforce, hubspot) = (
        bill_of(Side::Salesforce).await,
        bill_of(Side::HubSpot).await,
    );
    print(what, &salesforce, &hubspot);
    println!(
        "  all written after {} min of simulated time, {:.1} s of ours; {:.1} s in all",
        (done_at - BEGIN_MS) / POLL_MS,
        done_after.as_secs_f64(),
        began.elapsed().as_secs_f64()
    );
    assert_counted(&world, &salesforce).await;
    salesforce
}

/// A cycle without a listing costs one call to Salesforce and moves nothing anywhere.
async fn assert_rest(world: &mut World) {
    let before = stamps(world);
    let mut costs = Vec::new();
    for _ in 0..5 {
        let one = cycle(world).await;
        assert!(one.quiet, "something was journaled");
        costs.push(one.calls);
    }
    costs.sort_unstable();
    assert_eq!(costs, [1, 1, 1, 1, 2], "five cycles and their one listing");
    assert!(stamps(world) == before, "something was written");
}

/// What we journaled as spent is what Salesforce counted, and every contact is there in step.
async fn assert_counted(world: &World, bill: &Bill) {
    let counted = world.simulator.lock().unwrap().salesforce_calls_counted();
    assert_eq!(counted, bill.all(), "counted there and spent here");
    let (waiting, linked) = world
        .store
        .read(|view| {
            let object = syncline::domain::record::ObjectName::parse("contact")?;
            Ok((inbox::counts(view)?, pairs::total(view, &object)?))
        })
        .await
        .unwrap();
    assert_eq!(waiting, [], "the inbox is empty");
    assert_eq!(linked, u64::try_from(CONTACTS).unwrap());
    assert_eq!(stamps(world).len(), usize::try_from(CONTACTS).unwrap() * 2);
}

#[tokio::test]
async fn ten_thousand_contacts_reach_salesforce_in_few_calls() {
    let mut simulator = world::empty();
    for number in 0..CONTACTS {
        let contact = world::hubspot_contact(number);
        let at = LONG_AGO_MS + number * 1_000;
        simulator
            .hubspot
            .put("contacts", None, &contact, at)
            .unwrap();
    }
    let bill = load("10,000 contacts from HubSpot to Salesforce", simulator).await;
    assert!(bill.load() <= 35, "{} calls", bill.load());
}

#[tokio::test]
async fn ten_thousand_contacts_reach_hubspot_in_few_calls() {
    let mut simulator = world::empty();
    for number in 0..CONTACTS {
        let contact = world::salesforce_contact(number);
        let at = LONG_AGO_MS + number * 1_000;
        simulator.salesforce.put("Contact", contact, at).unwrap();
    }
    let bill = load("10,000 contacts from Salesforce to HubSpot", simulator).await;
    assert!(bill.load() <= 35, "{} calls", bill.load());
}
