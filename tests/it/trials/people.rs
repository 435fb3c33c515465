//! What people do on both sides, and what they may expect to find there afterwards.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};
use syncline::domain::record::Side;
use syncline::simulator::Simulator;
use syncline::simulator::hubspot::owner::{Owner, OwnerKind};
use syncline::simulator::luck::Luck;

use super::kin::Kin;
use super::plan::{EDITED, pick};

/// The last value a person gave a field.
#[derive(Debug, Clone)]
pub(crate) struct Edit {
    pub(crate) value: String,
    /// Counts the moments at which everything was known to be in step.
    pub(crate) epoch: u32,
    /// The journal's end when it was made.
    pub(crate) seq: i64,
    /// When it was made, by the servers' clock.
    pub(crate) at: i64,
    /// Whether it was made while a loop was at work: between a reading and the write after it.
    pub(crate) in_flight: bool,
}

/// One record of one side.
pub(crate) type Place = (Side, String);

/// Everything people did.
#[derive(Debug, Default)]
pub(crate) struct People {
    /// By record and HubSpot's name of the field.
    pub(crate) edits: BTreeMap<(Place, &'static str), Edit>,
    /// Every value that people ever gave a field.
    pub(crate) ever: BTreeMap<(Place, &'static str), BTreeSet<String>>,
    /// When a record was last saved by a person, changed or not.
    pub(crate) saved: BTreeMap<Place, i64>,
    /// Records people made, in the order they were made.
    pub(crate) made: Vec<Place>,
    /// Records people deleted, and when.
    pub(crate) deleted: BTreeMap<Place, i64>,
    /// Salesforce rows whose transaction committed late.
    pub(crate) late: Vec<String>,
    /// E-mails that two records of one side share.
    pub(crate) doubled: BTreeSet<String>,
    pub(crate) epoch: u32,
    /// Whether a loop is at work now.
    pub(crate) in_flight: bool,
    /// What they did to records that belong together.
    pub(crate) kin: Kin,
    counter: u64,
}

impl People {
    fn count(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    /// A value nobody wrote before, or one of the few a field knows; some are refused across.
    fn value(&mut self, luck: &mut Luck, field: &str, side: Side) -> String {
        let number = self.count();
        let lot = luck.below(20);
        match (field, side) {
            ("phone", _) if lot < 4 => format!("0{number}"),
            ("phone", _) => format!("+49{number}"),
            ("customer_tier", Side::HubSpot) => {
                ["gold", "silver", "bronze", "platinum"][pick(luck, 4)].to_owned()
            }
            ("customer_tier", Side::Salesforce) => {
                ["Gold", "Silver", "Bronze"][pick(luck, 3)].to_owned()
            }
            ("firstname", Side::HubSpot) if lot == 0 => format!("{number}{}", "x".repeat(60)),
            ("lastname", _) => format!("Last{number}"),
            ("firstname", _) => format!("First{number}"),
            (_, _) if lot < 4 => String::new(),
            (_, _) => format!("v{number}"),
        }
    }

    fn note(&mut self, place: &Place, fields: &[(&'static str, String)], at: i64, seq: i64) {
        self.saved.insert(place.clone(), at);
        for (field, value) in fields {
            let edit = Edit {
                value: value.clone(),
                epoch: self.epoch,
                seq,
                at,
                in_flight: self.in_flight,
            };
            let here = (place.clone(), *field);
            self.ever
                .entry(here.clone())
                .or_default()
                .insert(value.to_lowercase());
            self.edits.insert(here, edit);
        }
    }

    /// A person makes a contact with this e-mail; `late_ms` later than its stamp says.
    pub(crate) fn make(
        &mut self,
        simulator: &mut Simulator,
        luck: &mut Luck,
        side: Side,
        email: &str,
        now: i64,
        seq: i64,
        late_ms: Option<i64>,
    ) {
        let mut fields = vec![("lastname", format!("Last{}", self.count()))];
        for (field, _, _) in EDITED {
            if field != "lastname" && luck.below(2) == 0 {
                fields.push((field, self.value(luck, field, side)));
            }
        }
        let token = format!("T{}", self.count());
        let mut values = values(side, &fields);
        let (email_field, title_field) = match side {
            Side::HubSpot => ("email", "jobtitle"),
            Side::Salesforce => ("Email", "Title"),
        };
        values.insert(email_field.to_owned(), json!(email));
        values.insert(title_field.to_owned(), json!(token));
        let made = match (side, late_ms) {
            (Side::HubSpot, _) => simulator.hubspot.put("contacts", None, &values, now).ok(),
            (Side::Salesforce, None) => simulator.salesforce.put("Contact", values, now).ok(),
            (Side::Salesforce, Some(late_ms)) => simulator
                .salesforce
                .late_commit("Contact", values, now, now + late_ms)
                .ok(),
        };
        let Some(id) = made else { return };
        if late_ms.is_some() && side == Side::Salesforce {
            self.late.push(id.clone());
        }
        let place = (side, id);
        self.note(&place, &fields, now, seq);
        self.made.push(place);
    }

    /// A person changes one or two fields of a record, or these; returns which.
    pub(crate) fn edit(
        &mut self,
        simulator: &mut Simulator,
        luck: &mut Luck,
        place: &Place,
        these: &[&'static str],
        now: i64,
        seq: i64,
    ) -> Vec<&'static str> {
        let mut fields: Vec<(&'static str, String)> = Vec::new();
        for field in these {
            fields.push((field, self.value(luck, field, place.0)));
        }
        let more = if these.is_empty() {
            1 + luck.below(2)
        } else {
            0
        };
        for _ in 0..more {
            let (field, _, _) = EDITED[pick(luck, EDITED.len())];
            if fields.iter().all(|(known, _)| *known != field) {
                fields.push((field, self.value(luck, field, place.0)));
            }
        }
        // Saving what stands there already changes nothing.
        let shown = records(simulator, place.0, false);
        let shown = shown.iter().find(|one| one.id == place.1);
        let before = |field| shown.and_then(|one| one.fields.get(field));
        let changed: Vec<(&'static str, String)> = fields
            .iter()
            .filter(|(field, value)| before(field).map_or("", String::as_str) != value)
            .cloned()
            .collect();
        let mut values = values(place.0, &fields);
        let done = match place.0 {
            Side::HubSpot => {
                let id = Some(place.1.as_str());
                simulator.hubspot.put("contacts", id, &values, now).is_ok()
            }
            Side::Salesforce => {
                values.insert("Id".to_owned(), json!(place.1));
                simulator.salesforce.put("Contact", values, now).is_ok()
            }
        };
        if done {
            self.note(place, &changed, now, seq);
        }
        fields.into_iter().map(|(field, _)| field).collect()
    }

    /// A person deletes a record.
    pub(crate) fn delete(&mut self, simulator: &mut Simulator, place: &Place, now: i64) {
        let done = match place.0 {
            Side::HubSpot => simulator.hubspot.archive("contacts", &place.1, now).is_ok(),
            Side::Salesforce => simulator
                .salesforce
                .delete("Contact", &place.1, now)
                .is_ok(),
        };
        if done {
            self.deleted.insert(place.clone(), now);
        }
    }
}

fn values(side: Side, fields: &[(&'static str, String)]) -> Map<String, Json> {
    let name = |field: &'static str| {
        let known = EDITED.into_iter().find(|(hubspot, _, _)| *hubspot == field);
        known.map_or(field, |(hubspot, salesforce, _)| match side {
            Side::HubSpot => hubspot,
            Side::Salesforce => salesforce,
        })
    };
    let value = |text: &str| match (side, text) {
        (Side::Salesforce, "") => Json::Null,
        (Side::Salesforce | Side::HubSpot, text) => json!(text),
    };
    fields
        .iter()
        .map(|(field, text)| (name(field).to_owned(), value(text)))
        .collect()
}

/// One living record as a side holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) id: String,
    /// By HubSpot's names, `email` and `jobtitle` too; blank ones left out.
    pub(crate) fields: BTreeMap<&'static str, String>,
    pub(crate) mark: Option<String>,
    /// Last write of anybody.
    pub(crate) stamp: String,
    /// Whether our user made it.
    pub(crate) ours: bool,
}

const BESIDES: [(&str, &str); 2] = [("email", "Email"), ("jobtitle", "Title")];

fn names() -> impl Iterator<Item = (&'static str, &'static str)> {
    EDITED
        .into_iter()
        .map(|(hubspot, salesforce, _)| (hubspot, salesforce))
        .chain(BESIDES)
}

/// The living records of a side, and those that are gone when `gone`.
pub(crate) fn records(simulator: &Simulator, side: Side, gone: bool) -> Vec<Shown> {
    match side {
        Side::HubSpot => {
            let records = simulator.hubspot.records("contacts").into_iter();
            let shown = records.map(|record| Shown {
                id: record.id.to_string(),
                fields: names()
                    .filter_map(|(name, _)| Some((name, record.value(name)?.to_owned())))
                    .collect(),
                mark: record.value("syncline_salesforce_id").map(str::to_owned),
                stamp: record.updated_at.to_string(),
                ours: record.value("hs_object_source") == Some("INTEGRATION"),
            });
            shown.collect()
        }
        Side::Salesforce => {
            let user = simulator_user();
            let records = simulator.salesforce.records("Contact");
            let living = records
                .iter()
                .filter(|record| gone || record["IsDeleted"] != json!(true));
            living
                .map(|record| {
                    let text = |name: &str| record[name].as_str().map(str::to_owned);
                    Shown {
                        id: text("Id").unwrap(),
                        fields: names()
                            .filter_map(|(name, field)| Some((name, text(field)?)))
                            .collect(),
                        mark: text("Syncline_HubSpot_Id__c"),
                        stamp: text("SystemModstamp").unwrap_or_default(),
                        ours: text("CreatedById").as_deref() == Some(user.as_str()),
                    }
                })
                .collect()
        }
    }
}

fn simulator_user() -> String {
    syncline::simulator::salesforce::Settings::default().user_id
}

/// Somebody who owns records in HubSpot.
pub(crate) fn owner(id: &str, email: &str) -> Owner {
    Owner {
        id: id.to_owned(),
        email: email.to_owned(),
        first_name: String::new(),
        last_name: id.to_owned(),
        kind: OwnerKind::Person,
        archived: false,
    }
}
