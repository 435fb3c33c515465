//! What people decide about pairs by hand, and what the next cycles make of it.

#![expect(
    clippy::unwrap_used,
    reason = "what a test sets up must work, and says so when it does not"
)]

mod cycles;
mod stories;
mod verdicts;

use jiff::tz::TimeZone;
use serde_json::{Value, json};
use syncline::cli::render::text;
use syncline::cli::render::time::Moment;
use syncline::clock::Clock;
use syncline::control::deed::{Deed, Named, parse_id};
use syncline::control::{Refusal, Request, Vantage, answer};
use syncline::domain::event::Event;
use syncline::domain::record::Side;
use syncline::journal;
use syncline::projections::records::Order;
use syncline::store::Store;

use crate::calls::world::{BEGIN_MS, World, empty};

/// When the first records were written: long before the daemon came.
const LONG_AGO_MS: i64 = BEGIN_MS - 40 * 86_400_000;

/// Both CRMs, the loops, and a person at the command line.
struct Desk {
    world: World,
}

impl Desk {
    async fn new(hubspot: &[Value], salesforce: &[Value]) -> Self {
        let mut simulator = empty();
        for fields in hubspot {
            let fields = fields.as_object().unwrap();
            let put = simulator.hubspot.put("contacts", None, fields, LONG_AGO_MS);
            put.unwrap();
        }
        for fields in salesforce {
            let fields = fields.as_object().unwrap().clone();
            let put = simulator.salesforce.put("Contact", fields, LONG_AGO_MS);
            put.unwrap();
        }
        let world = World::new(simulator).await;
        let mut desk = Self { world };
        desk.cycles(4).await;
        desk
    }

    /// Rita stands once in HubSpot and twice in Salesforce.
    async fn doubled() -> Self {
        let rita = json!({ "email": "rita@deeds.example", "lastname": "Rossi" });
        let other = |city: &str| json!({ "Email": "rita@deeds.example", "LastName": "Rossi", "MailingCity": city });
        Self::new(&[rita], &[other("Rome"), other("Milan")]).await
    }

    async fn cycles(&mut self, count: usize) {
        for _ in 0..count {
            self.world.cycle().await;
        }
    }

    /// The ids on one side, in the order in which they were made.
    fn ids(&self, side: Side) -> Vec<String> {
        let simulator = self.world.simulator.lock().unwrap();
        match side {
            Side::HubSpot => {
                let records = simulator.hubspot.records("contacts").into_iter();
                records.map(|one| one.id.to_string()).collect()
            }
            Side::Salesforce => {
                let records = simulator.salesforce.records("Contact").into_iter();
                let id = |one: Value| one["Id"].as_str().unwrap().to_owned();
                records.map(id).collect()
            }
        }
    }

    fn hubspot_value(&self, id: &str, name: &str) -> String {
        let simulator = self.world.simulator.lock().unwrap();
        let record = simulator.hubspot.get("contacts", id).unwrap();
        record.value(name).unwrap_or_default().to_owned()
    }

    fn salesforce_value(&self, id: &str, name: &str) -> String {
        let simulator = self.world.simulator.lock().unwrap();
        let record = simulator.salesforce.get("Contact", id).unwrap();
        record[name].as_str().unwrap_or_default().to_owned()
    }

    /// A person in HubSpot writes.
    fn in_hubspot(&self, id: &str, fields: &Value) {
        let now = self.world.clock.ms();
        let mut simulator = self.world.simulator.lock().unwrap();
        let fields = fields.as_object().unwrap();
        let put = simulator.hubspot.put("contacts", Some(id), fields, now);
        put.unwrap();
    }

    /// A person in Salesforce writes.
    fn in_salesforce(&self, id: &str, fields: &Value) {
        let now = self.world.clock.ms();
        let mut simulator = self.world.simulator.lock().unwrap();
        let mut fields = fields.as_object().unwrap().clone();
        fields.insert("Id".to_owned(), json!(id));
        simulator.salesforce.put("Contact", fields, now).unwrap();
    }

    async fn say(&self, deed: Deed, ids: &[&str]) -> String {
        let now = self.world.clock.now();
        let request = decide(deed, vec![named(ids)]);
        said(ask(&self.world.store, &request, now.0).await)
    }

    /// What `records list` prints.
    async fn list(&self) -> String {
        let request = Request::Records {
            state: None,
            object: None,
            why: None,
            name: None,
            order: Order::Record,
            limit: 100,
            after: None,
        };
        let shown = ask(&self.world.store, &request, self.world.clock.ms()).await;
        let table = said(shown);
        // The words below the table are another test's.
        table.split("\n\n").next().unwrap().to_owned()
    }

    /// The kinds of what was journaled about records, in order.
    async fn facts(&self) -> Vec<String> {
        let read = |view: &syncline::store::View<'_>| journal::read(view, 0, 1_000);
        let entries = self.world.store.read(read).await.unwrap();
        let of_records = entries.iter().filter(|entry| entry.record.is_some());
        of_records
            .map(|entry| {
                let why = match &entry.event {
                    Event::RecordExcluded(event) => event.why.key(),
                    Event::RecordUnlinked(event) => event.why.key(),
                    Event::RecordLinked(event) => event.why.key(),
                    Event::RecordSynced(event) => event.action.key(),
                    _ => "",
                };
                format!("{} {why}", entry.event.kind())
                    .trim_end()
                    .to_owned()
            })
            .collect()
    }
}

fn named(ids: &[&str]) -> Named {
    let mut named = Named::default();
    for text in ids {
        match parse_id(text).unwrap() {
            (Side::HubSpot, id) => named.hubspot = Some(id),
            (Side::Salesforce, id) => named.salesforce = Some(id),
        }
    }
    named
}

fn decide(deed: Deed, records: Vec<Named>) -> Request {
    Request::Decide {
        deed,
        records,
        sure: true,
    }
}

/// What is printed, or why it is refused.
fn said(answer: Result<String, Refusal>) -> String {
    answer.unwrap_or_else(|refusal| format!("{} (exit {})\n", refusal.message, refusal.exit))
}

async fn ask(store: &Store, request: &Request, now_ms: i64) -> Result<String, Refusal> {
    let now = syncline::domain::record::Timestamp(now_ms);
    let report = answer(store, request, 1000, now, Vantage::Beside).await?;
    let zone = TimeZone::UTC;
    Ok(text(&report, &Moment { now, zone }))
}
