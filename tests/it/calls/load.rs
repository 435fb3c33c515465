//! What a first load of companies, contacts and deals costs in calls: 2,700 records under
//! bounds of a hundredth stand for 270,000. Run with `--nocapture` to see the table.

use serde_json::{Map, Value, json};
use syncline::clock::Clock;
use syncline::control::{self, Request};
use syncline::domain::guard;
use syncline::projections::holds;
use syncline::simulator::Simulator;
use syncline::sync::Bounds;
use syncline::{inbox, store::View};

use super::world::{self, BEGIN_MS, POLL_MS, World};
use super::{Bill, LONG_AGO_MS, MINUTES_MAX, Part, Run};
use crate::objects::story;

/// Contact roles are read by calls of their own, beside what is read ahead: here there are none.
const OBJECTS: &str = "[objects.company]\n[objects.contact]\n[objects.deal]\n\
    [[objects.deal.fields]]\nhubspot = \"associations.contact\"\nrule = \"off\"\n";

/// Records of each type: 20,000, 200,000 and 50,000 by a hundredth.
const COMPANIES: i64 = 200;
const CONTACTS: i64 = 2_000;
const DEALS: i64 = 500;

/// Minutes after which a person approves what is held.
const APPROVED_AFTER: i64 = 5;

/// Every bound by a hundredth.
fn hundredth() -> Bounds {
    Bounds {
        salesforce_page: 20,
        match_keys: 5,
        collection: 2,
        cycle: 101,
        break_even: 100,
        parcel_rows: 500,
        bulk_rows: 200,
        bulk_page: 250,
        snapshot_rows: 50,
        snapshot_moved: 20,
        ..Bounds::default()
    }
}

impl Run {
    /// Approves all that is held, as a person does.
    async fn approve_all(&self) {
        let open = self.world.store.read(holds::open).await.unwrap();
        for hold in open {
            let request = Request::SettleHold {
                number: hold.number,
                approve: true,
            };
            let (store, now) = (&self.world.store, self.world.clock.now());
            let settled = control::answer(store, &request, 0, now, control::Vantage::Beside);
            settled.await.unwrap();
        }
    }
}

/// Runs a first load to its quiet end, prints what it cost, and holds it to the limit.
async fn check(what: &str, simulator: Simulator) {
    let mut world = World::with(simulator, story::mappings(OBJECTS)).await;
    world.bounds = hundredth();
    world.guard = guard::Limits {
        floor: 1,
        ..guard::Limits::default()
    };
    world.configure(story::mappings(OBJECTS)).await;
    let mut run = Run {
        world,
        seq: 0,
        salesforce: Bill::default(),
        hubspot: Bill::default(),
    };
    let mut quiet_for = 0;
    while quiet_for < 12 {
        let quiet = run.cycle().await.quiet;
        let minute = (run.world.clock.ms() - BEGIN_MS) / POLL_MS;
        assert!(minute < 3 * MINUTES_MAX, "it does not come to rest");
        if minute >= APPROVED_AFTER {
            run.approve_all().await;
        }
        quiet_for = if quiet && minute > APPROVED_AFTER {
            quiet_for + 1
        } else {
            0
        };
    }
    run.print(what);
    let waiting = run.world.store.read(|view: &View<'_>| inbox::counts(view));
    assert_eq!(waiting.await.unwrap(), [], "the inbox is empty");
    {
        let simulator = run.world.simulator.lock().unwrap();
        for (kind, object, records) in [
            ("companies", "Account", COMPANIES),
            ("contacts", "Contact", CONTACTS),
            ("deals", "Opportunity", DEALS),
        ] {
            let records = usize::try_from(records).unwrap();
            assert_eq!(simulator.hubspot.records(kind).len(), records, "{kind}");
            assert_eq!(
                simulator.salesforce.records(object).len(),
                records,
                "{object}"
            );
        }
    }
    let of = |part| run.salesforce.calls(part);
    let read = of(Part::Match) + of(Part::Pages) + of(Part::Jobs) + of(Part::ListingPages);
    println!(
        "  {read} calls to read, beside {} that write",
        of(Part::Write)
    );
    // Every cycle of a hundred asks what moved, before the hold and after it: 54. Companies come in
    // ten pages, all else by jobs of a few calls and pages of 250, with some of it more than once as
    // the load goes on; six parcels cost five calls each. Without jobs it would be 27 for each time
    // that all is matched, read again, paged or listed at 100 rows a call, 160 more for companies,
    // whose domains have 12 spellings, and 270 for the writes at ten rows a call.
    let all = run.salesforce.all();
    assert!(all <= 250, "{all} calls in all");
    assert!(of(Part::Jobs) > 0 && of(Part::Match) > 0);
}

fn map(value: Value) -> Map<String, Value> {
    story::map(value)
}

#[tokio::test]
async fn a_first_load_of_three_objects_reaches_salesforce_in_250_calls() {
    let mut simulator = world::empty();
    let portal = &mut simulator.hubspot;
    let mut at = LONG_AGO_MS;
    let mut put = |kind: &str, fields: Map<String, Value>| {
        at += 1_000;
        portal.put(kind, None, &fields, at).unwrap();
    };
    for number in 0..COMPANIES {
        let fields = json!({ "name": format!("Company {number}"),
            "domain": format!("d{number}.example") });
        put("companies", map(fields));
    }
    for number in 0..CONTACTS {
        put("contacts", world::hubspot_contact(number));
    }
    for number in 0..DEALS {
        let fields = json!({ "dealname": format!("Deal {number}"), "dealstage": "contractsent",
            "pipeline": "default", "closedate": "2026-12-31T00:00:00Z" });
        put("deals", map(fields));
    }
    check("2,700 records from HubSpot to Salesforce", simulator).await;
}

#[tokio::test]
async fn a_first_load_of_three_objects_reaches_hubspot_in_250_calls() {
    let mut simulator = world::empty();
    let org = &mut simulator.salesforce;
    let mut at = LONG_AGO_MS;
    let mut put = |object: &str, fields: Map<String, Value>| {
        at += 1_000;
        org.put(object, fields, at).unwrap();
    };
    for number in 0..COMPANIES {
        let fields = json!({ "Name": format!("Company {number}"),
            "Website": format!("https://d{number}.example") });
        put("Account", map(fields));
    }
    for number in 0..CONTACTS {
        put("Contact", world::salesforce_contact(number));
    }
    for number in 0..DEALS {
        let fields = json!({ "Name": format!("Deal {number}"), "StageName": "Prospecting",
            "CloseDate": "2026-12-31" });
        put("Opportunity", map(fields));
    }
    check("2,700 records from Salesforce to HubSpot", simulator).await;
}
