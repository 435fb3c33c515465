//! Whether a write may be done: every value, every rule, every unique value, before anything changes.

use super::HubSpot;
use super::object::{Needs, ObjectType};
use super::pipeline;
use super::property::{Access, Presence};
use super::record::{Record, Source};
use super::refusal::{BadProperty, Place, Refusal};
use super::route::Generation;
use super::standard::LIFECYCLE;
use super::table::EMAIL;
use super::validate::{self, Portal};
use super::write::Writer;
use serde_json::{Map, Value};

/// A write that may be done.
#[derive(Debug)]
pub struct Draft {
    /// Names and stored values.
    pub values: Vec<(String, String)>,
    /// Notes about values that were put right.
    pub warnings: Vec<Value>,
}

impl Draft {
    /// What a property will hold once the draft is done to `record`; empty is nothing.
    fn after<'a>(&'a self, record: &'a Record, name: &str) -> &'a str {
        let drafted = self.values.iter().find(|(have, _)| have == name);
        let before = record.value(name).unwrap_or_default();
        drafted.map_or(before, |(_, value)| value.as_str())
    }
}

impl HubSpot {
    /// Checks a write to `record` as it is now; `new` is a record that is not kept yet.
    pub(super) fn check(
        &self,
        object: usize,
        record: &Record,
        new: bool,
        properties: &Map<String, Value>,
        writer: Writer,
    ) -> Result<Draft, Refusal> {
        let kept = &self.objects[object];
        let mut draft = self.accept_all(kept, record, properties, writer)?;
        hold_lifecycle(record, &mut draft, writer);
        if writer.source == Source::Integration {
            self.obey_rules(kept, record, new, &draft, writer)?;
        }
        if new && writer.source != Source::Person {
            self.need(kept, &draft)?;
        }
        self.keep_unique(kept, record.id, &draft)?;
        Ok(draft)
    }

    // All bad properties are told at once, so that a person can mend them at once.
    fn accept_all(
        &self,
        kept: &ObjectType,
        record: &Record,
        properties: &Map<String, Value>,
        writer: Writer,
    ) -> Result<Draft, Refusal> {
        let portal = Portal {
            settings: &self.settings,
            owners: &self.owners,
            generation: writer.generation,
        };
        let mut draft = Draft {
            values: Vec::new(),
            warnings: Vec::new(),
        };
        let mut bad = Vec::new();
        for (name, value) in properties {
            let text = validate::text_of(value, &self.settings);
            let Some(raw) = text.map_err(|message| Refusal::invalid(&message))? else {
                continue;
            };
            let before = record.value(name).unwrap_or_default();
            match accept_one(kept, name, &raw, before, &portal) {
                Ok(accepted) => {
                    draft.values.push((name.clone(), accepted.value));
                    draft.warnings.extend(accepted.warning);
                }
                Err(one) => bad.push(one),
            }
        }
        let touched = |name: &str| draft.values.iter().any(|(have, _)| have == name);
        bad.extend(pipeline::misplaced(kept, touched, |name| {
            draft.after(record, name)
        }));
        if bad.is_empty() {
            Ok(draft)
        } else {
            Err(Refusal::bad_properties(&bad, &self.settings))
        }
    }

    fn obey_rules(
        &self,
        kept: &ObjectType,
        record: &Record,
        new: bool,
        draft: &Draft,
        writer: Writer,
    ) -> Result<(), Refusal> {
        let after = |name: &str| draft.after(record, name);
        let touched = |name: &str| new || draft.values.iter().any(|(have, _)| have == name);
        if writer.generation == Generation::September2026 {
            let required = kept.properties.values().filter(|property| {
                property.presence == Presence::Required && !property.is_archived()
            });
            let names: Vec<&str> = required
                .map(|property| property.name.as_str())
                .filter(|name| touched(name) && after(name).is_empty())
                .collect();
            if !names.is_empty() {
                return Err(Refusal::values_demanded(&names));
            }
        }
        let broken = kept.rules.iter().filter(|rule| {
            let given = rule.given.as_ref();
            let looks = touched(&rule.property) || given.is_some_and(|(name, _)| touched(name));
            looks
                && given.is_none_or(|(name, value)| after(name) == value)
                && rule.when.refuses(after(&rule.property))
        });
        let bad: Vec<BadProperty> = broken
            .map(|rule| BadProperty::new(&rule.property, &rule.code, rule.message.clone()))
            .collect();
        if bad.is_empty() {
            Ok(())
        } else {
            Err(Refusal::bad_properties(&bad, &self.settings))
        }
    }

    fn need(&self, kept: &ObjectType, draft: &Draft) -> Result<(), Refusal> {
        let set = |name: &&String| {
            draft
                .values
                .iter()
                .any(|(have, value)| have == *name && !value.is_empty())
        };
        let missing: Vec<&String> = match &kept.needs {
            Needs::All(names) => names.iter().filter(|name| !set(name)).collect(),
            Needs::Any(names) if names.iter().any(|name| set(&name)) => Vec::new(),
            Needs::Any(_) if self.settings.empty_contact_accepted => Vec::new(),
            Needs::Any(names) => names.iter().collect(),
        };
        if missing.is_empty() {
            return Ok(());
        }
        Err(Refusal::required_missing(&kept.caps, &missing))
    }

    fn keep_unique(&self, kept: &ObjectType, id: u64, draft: &Draft) -> Result<(), Refusal> {
        for (name, value) in &draft.values {
            let property = if name == "hs_additional_emails" {
                EMAIL
            } else {
                name
            };
            if value.is_empty() || !kept.table.is_indexed(property) {
                continue;
            }
            let holders = value
                .split(';')
                .filter_map(|one| kept.table.holder(property, one));
            if let Some(existing) = holders.into_iter().find(|holder| *holder != id) {
                if property == EMAIL {
                    return Err(Refusal::conflict(existing));
                }
                let portal_id = self.settings.portal_id;
                let place = Place {
                    portal_id,
                    caps: &kept.caps,
                    property,
                    id,
                };
                return Err(Refusal::taken(&place, value, existing));
            }
        }
        Ok(())
    }
}

fn accept_one(
    kept: &ObjectType,
    name: &str,
    raw: &str,
    before: &str,
    portal: &Portal<'_>,
) -> Result<validate::Accepted, BadProperty> {
    let Some(property) = kept.property(name) else {
        let message = format!("Property \"{name}\" does not exist");
        return Err(BadProperty::new(name, "PROPERTY_DOESNT_EXIST", message));
    };
    if property.access == Access::ReadOnly {
        let message = format!("\"{name}\" is a read only property; its value cannot be set.");
        return Err(BadProperty::new(name, "READ_ONLY_VALUE", message));
    }
    validate::accept(property, raw, before, portal)
}

// An application may move a contact's life forward or clear it; a step back is accepted and not done.
fn hold_lifecycle(record: &Record, draft: &mut Draft, writer: Writer) {
    if writer.source == Source::Person {
        return;
    }
    let rank = |stage: &str| LIFECYCLE.iter().position(|known| *known == stage);
    let now_at = record.value("lifecyclestage").and_then(rank);
    draft.values.retain(|(name, value)| {
        name != "lifecyclestage"
            || rank(value).is_none_or(|next| now_at.is_none_or(|at| at <= next))
    });
}
