//! What people do to the portal behind the API's back: edit, delete, merge, and change the rules.

use super::HubSpot;
use super::owner::Owner;
use super::property::{Access, Choice, Presence, Property};
use super::record::Record;
use super::refusal::Refusal;
use super::rule::{Automation, Rule};
use super::settings::Settings;
use super::write::{Undo, Writer};
use serde_json::{Map, Value};

/// One change to a property's definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PropertyChange {
    /// Define it, in place of one of the same name.
    Add(Property),
    /// Remove it; its values go with it.
    Remove,
    /// Allow one more value.
    AddOption(Choice),
    /// Allow a value no more; records that hold it keep it.
    RemoveOption(String),
    /// Who may write it.
    Access(Access),
    /// Whether it must be there.
    Presence(Presence),
}

impl HubSpot {
    /// Writes as a person: updates the record of that id, or creates one (under that id, if given).
    /// Values are checked as the API checks them, but no rule and no required value stands in the way.
    pub fn put(
        &mut self,
        object_type: &str,
        id: Option<&str>,
        properties: &Map<String, Value>,
        now: i64,
    ) -> Result<String, Refusal> {
        self.advance(now);
        let object = self.object_named(object_type)?;
        let id = id
            .map(number)
            .transpose()?
            .map(|id| self.objects[object].survivor(id));
        let is_there = id.is_some_and(|id| {
            self.objects[object]
                .table
                .get(id)
                .is_some_and(|record| record.archived_at.is_none())
        });
        let mut undo = Undo::new();
        let written = match id.filter(|_| is_there) {
            Some(id) => self.update(object, id, properties, Writer::PERSON, now, &mut undo)?,
            None => self.create(object, id, properties, Writer::PERSON, now, &mut undo)?,
        };
        self.commit(object, &undo, Writer::PERSON.source, now);
        Ok(written.id.to_string())
    }

    /// Archives as a person.
    pub fn archive(&mut self, object_type: &str, id: &str, now: i64) -> Result<(), Refusal> {
        self.advance(now);
        let object = self.object_named(object_type)?;
        let id = self.objects[object].survivor(number(id)?);
        if self.archive_record(object, id, now) {
            Ok(())
        } else {
            Err(Refusal::not_found())
        }
    }

    /// Merges as a person and returns the new record's id.
    pub fn merge(
        &mut self,
        object_type: &str,
        primary: &str,
        other: &str,
        now: i64,
    ) -> Result<String, Refusal> {
        self.advance(now);
        let object = self.object_named(object_type)?;
        let survivor = self.merge_records(object, number(primary)?, number(other)?, now)?;
        Ok(survivor.to_string())
    }

    /// Every record that is not archived, by id; nothing for a type that does not exist.
    pub fn records(&self, object_type: &str) -> Vec<&Record> {
        let object = self
            .objects
            .iter()
            .find(|object| object.is_named(object_type));
        object.map_or_else(Vec::new, |object| {
            object.table.from(0, false).map(AsRef::as_ref).collect()
        })
    }

    /// One record, archived or not, also by an id that was merged away.
    pub fn get(&self, object_type: &str, id: &str) -> Option<&Record> {
        let object = self
            .objects
            .iter()
            .find(|object| object.is_named(object_type))?;
        let id = object.survivor(id.parse().ok()?);
        object.table.get(id).map(AsRef::as_ref)
    }

    /// Names of the types this portal has, in the plural.
    pub fn object_types(&self) -> Vec<&str> {
        self.objects
            .iter()
            .map(|object| object.plural.as_str())
            .collect()
    }

    /// Brings an archived record back, as a person may for 90 days: with its values, without its
    /// associations and lists (assumed). Refused where somebody else has a unique value of it by now.
    pub fn restore(&mut self, object_type: &str, id: &str, now: i64) -> Result<(), Refusal> {
        self.advance(now);
        let object = self.object_named(object_type)?;
        self.restore_record(object, number(id)?, now)
    }

    /// Changes a property's definition.
    pub fn change_property(
        &mut self,
        object_type: &str,
        name: &str,
        change: PropertyChange,
        now: i64,
    ) -> Result<(), Refusal> {
        let object = self.object_named(object_type)?;
        let kept = &mut self.objects[object];
        if let PropertyChange::Add(property) = change {
            kept.add_property(property);
            return Ok(());
        }
        let known = kept
            .properties
            .get_mut(name)
            .filter(|property| !property.is_archived());
        let property = known.ok_or_else(|| {
            Refusal::new(
                404,
                "OBJECT_NOT_FOUND",
                &format!("Property '{name}' does not exist"),
            )
        })?;
        match change {
            PropertyChange::Add(_) => {}
            PropertyChange::Remove => property.archived_at = Some(now),
            PropertyChange::AddOption(choice) => property.options.push(choice),
            PropertyChange::RemoveOption(value) => {
                property.options.retain(|choice| choice.value != value);
            }
            PropertyChange::Access(access) => property.access = access,
            PropertyChange::Presence(presence) => property.presence = presence,
        }
        Ok(())
    }

    /// Adds a validation rule, or replaces the one of the same id.
    pub fn add_rule(&mut self, object_type: &str, rule: Rule) -> Result<(), Refusal> {
        let object = self.object_named(object_type)?;
        let rules = &mut self.objects[object].rules;
        rules.retain(|one| one.id != rule.id);
        rules.push(rule);
        Ok(())
    }

    /// Takes a validation rule away; a rule that is not there is no error.
    pub fn remove_rule(&mut self, object_type: &str, id: &str) -> Result<(), Refusal> {
        let object = self.object_named(object_type)?;
        self.objects[object].rules.retain(|rule| rule.id != id);
        Ok(())
    }

    /// Lets a workflow rewrite a property whenever it changes.
    pub fn add_automation(
        &mut self,
        object_type: &str,
        automation: Automation,
    ) -> Result<(), Refusal> {
        let object = self.object_named(object_type)?;
        self.objects[object].automations.push(automation);
        Ok(())
    }

    /// Switches off every workflow on a property.
    pub fn remove_automation(&mut self, object_type: &str, property: &str) -> Result<(), Refusal> {
        let object = self.object_named(object_type)?;
        self.objects[object]
            .automations
            .retain(|one| one.property != property);
        Ok(())
    }

    /// Adds an owner, or replaces the one of the same id.
    pub fn put_owner(&mut self, owner: Owner) {
        self.owners.put(owner);
    }

    /// Everybody who owns records, or did.
    pub fn owners(&self) -> &[Owner] {
        self.owners.all()
    }

    /// Takes the static token out of use (401), or back into it.
    pub fn set_token_ok(&mut self, ok: bool) {
        self.gate.set_token_ok(ok);
    }

    /// Revokes the OAuth grant (`BAD_REFRESH_TOKEN`), or takes it back into use.
    pub fn set_refresh_ok(&mut self, ok: bool) {
        self.gate.set_refresh_ok(ok);
    }

    /// Lets every OAuth access token run out now.
    pub fn expire_access_tokens(&mut self, now: i64) {
        self.gate.expire_access_tokens(now);
    }

    /// Disables the whole portal (403), or enables it.
    pub fn set_portal_open(&mut self, open: bool) {
        self.gate.set_portal_open(open);
    }

    /// Grants these scopes and no others; `None` grants everything.
    pub fn grant_scopes(&mut self, scopes: Option<Vec<String>>) {
        self.gate.grant(scopes);
    }

    /// Makes it look as if that many calls had been used today.
    pub fn preload_usage(&mut self, used: u64, now: i64) {
        self.limits.preload_day(used, now);
    }

    /// Changes how long a write stays unseen by search; writes already on their way keep their time.
    pub fn set_index_lag(&mut self, lag_ms: i64, spread_ms: i64) {
        self.settings.index_lag_ms = lag_ms;
        self.settings.index_lag_spread_ms = spread_ms;
    }

    /// The portal's switches.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }
}

fn number(id: &str) -> Result<u64, Refusal> {
    id.parse().map_err(|_| Refusal::not_found())
}
