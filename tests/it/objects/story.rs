//! People at work in two CRMs, a daemon between them, and what each can see.

use serde_json::{Map, Value};
use syncline::domain::event::{Action, Entry, Event};
use syncline::domain::mapping::Mapping;
use syncline::domain::record::Side;
use syncline::journal;
use syncline::simulator::hubspot::association::admin::{Associated, Tie};
use syncline::simulator::salesforce;
use syncline::simulator::{Simulator, hubspot};

use crate::calls::world::{World, empty};

/// One run, with the objects that a configuration names.
pub(crate) struct Story {
    pub(crate) world: World,
    told_to: i64,
}

impl Story {
    /// Two empty CRMs, kept in step by what stands below `[objects]`.
    pub(crate) async fn new(objects: &str) -> Self {
        Self::over(empty(), objects).await
    }

    pub(crate) async fn over(simulator: Simulator, objects: &str) -> Self {
        let world = World::with(simulator, mappings(objects)).await;
        Self { world, told_to: 0 }
    }

    /// The daemon is started anew with another configuration, over the same store.
    pub(crate) async fn configure(&mut self, objects: &str) {
        self.world.configure(mappings(objects)).await;
    }

    pub(crate) fn now(&self) -> i64 {
        self.world.clock.ms()
    }

    /// The portal, for what people do there.
    pub(crate) fn in_hubspot<T>(&self, act: impl FnOnce(&mut hubspot::HubSpot, i64) -> T) -> T {
        let mut simulator = self.world.simulator.lock().unwrap();
        act(&mut simulator.hubspot, self.now())
    }

    /// The org, for what people do there.
    pub(crate) fn in_salesforce<T>(
        &self,
        act: impl FnOnce(&mut salesforce::Salesforce, i64) -> T,
    ) -> T {
        let mut simulator = self.world.simulator.lock().unwrap();
        act(&mut simulator.salesforce, self.now())
    }

    /// A new record in HubSpot.
    pub(crate) fn hubspot(&self, kind: &str, properties: Value) -> String {
        let properties = map(properties);
        self.in_hubspot(|portal, now| portal.put(kind, None, &properties, now).unwrap())
    }

    /// A person changes a record in HubSpot.
    pub(crate) fn change_hubspot(&self, kind: &str, id: &str, properties: Value) {
        let properties = map(properties);
        self.in_hubspot(|portal, now| portal.put(kind, Some(id), &properties, now).unwrap());
    }

    /// A new record in Salesforce, or a change of the one whose `Id` is given.
    pub(crate) fn salesforce(&self, object: &str, fields: Value) -> String {
        let fields = map(fields);
        self.in_salesforce(|org, now| org.put(object, fields, now).unwrap())
    }

    /// Two records are associated in HubSpot; a company as the primary one.
    pub(crate) fn associate(&self, from: (&str, &str), to: (&str, &str)) {
        let tie = if to.0 == "companies" && matches!(from.0, "contacts" | "deals") {
            Tie::Primary
        } else {
            Tie::Plain
        };
        self.in_hubspot(|portal, now| {
            portal
                .associate(from.0, from.1, to.0, to.1, tie, now)
                .unwrap();
        });
    }

    /// Whom a HubSpot record is associated with, the primary one marked by a star.
    pub(crate) fn associated(&self, from: (&str, &str), to: &str) -> Vec<String> {
        let found = self.in_hubspot(|portal, _| portal.associations_of(from.0, from.1, to));
        let shown = |one: Associated| {
            let star = if one.is_primary { "*" } else { "" };
            format!("{}{star}", one.id)
        };
        found.into_iter().map(shown).collect()
    }

    /// What Salesforce's id field says for a HubSpot record.
    pub(crate) fn mark(&self, id: &str) -> String {
        let portal = self.in_hubspot(|portal, _| portal.settings().portal_id);
        format!("{portal}-{id}")
    }

    /// Minutes go by.
    pub(crate) async fn minutes(&mut self, minutes: u32) {
        for _ in 0..minutes {
            self.world.cycle().await;
        }
    }

    /// What a HubSpot record shows of some properties.
    pub(crate) fn shows_hubspot(&self, kind: &str, id: &str, names: &[&str]) -> Vec<String> {
        self.in_hubspot(|portal, _| {
            let record = portal.get(kind, id).expect("the record is there");
            let shown = |name: &&str| record.value(name).unwrap_or_default().to_owned();
            names.iter().map(shown).collect()
        })
    }

    /// What a Salesforce record shows of some fields.
    pub(crate) fn shows_salesforce(&self, object: &str, id: &str, names: &[&str]) -> Vec<String> {
        let record = self.in_salesforce(|org, _| org.get(object, id));
        let record = record.expect("the record is there");
        let shown = |name: &&str| match &record[*name] {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        };
        names.iter().map(shown).collect()
    }

    /// The only record of an object in Salesforce.
    pub(crate) fn only_in_salesforce(&self, object: &str) -> String {
        let records = self.in_salesforce(|org, _| org.records(object));
        assert_eq!(records.len(), 1, "{object}: {records:?}");
        records[0]["Id"].as_str().unwrap().to_owned()
    }

    /// The only record of a type in HubSpot.
    pub(crate) fn only_in_hubspot(&self, kind: &str) -> String {
        self.in_hubspot(|portal, _| {
            let records = portal.records(kind);
            assert_eq!(records.len(), 1, "{kind}");
            records[0].id.to_string()
        })
    }

    pub(crate) fn journal(&self) -> Vec<Entry> {
        let mut all: Vec<Entry> = Vec::new();
        loop {
            let after = all.last().map_or(0, |entry| entry.seq);
            let read = |view: &syncline::store::View<'_>| journal::read(view, after, 1_000);
            let page = self.world.store.read_blocking(read).unwrap();
            if page.is_empty() {
                return all;
            }
            all.extend(page);
        }
    }

    /// What the journal says of records since it was last asked, one line each.
    pub(crate) fn told(&mut self) -> Vec<String> {
        let entries = self.journal();
        let new = entries.iter().filter(|entry| entry.seq > self.told_to);
        let lines = new.filter_map(line).collect();
        self.told_to = entries.last().map_or(0, |entry| entry.seq);
        lines
    }

    /// Calls to Salesforce for one operation so far.
    pub(crate) fn calls(&self, operation: syncline::domain::call::Operation) -> usize {
        let spent = self.journal().into_iter().filter(|entry| {
            matches!(&entry.event, Event::CallsSpent(spent)
                if spent.side == Side::Salesforce && spent.operation == operation)
        });
        spent.count()
    }
}

fn line(entry: &Entry) -> Option<String> {
    let to = |side: Side| format!("to {side}");
    Some(match &entry.event {
        Event::RecordSynced(event) if event.action == Action::Agreed => return None,
        Event::RecordSynced(event) if event.only_marks() => return None,
        Event::RecordSynced(event) => {
            format!("{} {} {}", event.ids.object, event.action, to(event.to))
        }
        Event::RecordFailed(event) => {
            let codes: Vec<&str> = event.failures.iter().map(|one| one.code.as_str()).collect();
            let object = &event.ids.object;
            format!("{object} failed {}: {}", to(event.to), codes.join(" "))
        }
        Event::RecordExcluded(event) => format!("{} excluded: {}", event.ids.object, event.why),
        Event::RecordIncluded(event) => format!("{} included", event.ids.object),
        Event::RecordLinked(event) => format!("{} linked: {}", event.ids.object, event.why),
        Event::RecordUnlinked(event) => format!("{} unlinked: {}", event.ids.object, event.why),
        Event::LoopFound(event) => format!("{} loops: {}", event.ids.object, event.field),
        _ => return None,
    })
}

/// The mappings of a configuration that says this below `[objects]`.
pub(crate) fn mappings(objects: &str) -> Vec<Mapping> {
    let text = format!(
        r#"
[hubspot]
portal = 4711002
[salesforce]
org = "00D5g000004XyZwEAK"
login = "https://acme.my.salesforce.com"
client_id = "3MVG9"
user = "syncline@acme.example"
[budget]
allocation = 20000
{objects}
"#
    );
    let config = syncline::config::parse(&text, "story.toml");
    config
        .unwrap_or_else(|mistakes| panic!("{mistakes}"))
        .objects
}

pub(crate) fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is no record"),
    }
}
