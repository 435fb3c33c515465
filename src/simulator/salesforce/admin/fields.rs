//! Changes to the schema: fields that come, go and change while records and mappings know them.

use serde::{Deserialize, Serialize};

use crate::simulator::salesforce::moments;
use crate::simulator::salesforce::problem::Problem;
use crate::simulator::salesforce::schema::{Choice, Field, Flag, Kind};
use crate::simulator::salesforce::{Salesforce, Switch};
use crate::simulator::salesforce::{places, stages, standard};

/// A change an administrator makes to one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldChange {
    /// Adds a picklist value, or makes it active again.
    AddValue(String),
    /// Deactivates a picklist value; it stays in the describe.
    RemoveValue(String),
    /// Sets the length of a text.
    SetLength(usize),
    /// Closes a picklist's list, or opens it.
    Restrict(bool),
    /// Hides the field from the integration user, or shows it again.
    Hide(bool),
    /// Lets the integration user write the field, or only read it.
    Writable(bool),
    /// Makes the field required for everybody, or optional.
    Require(bool),
    /// Deletes the field with its values.
    Remove,
    /// Adds a field by a line such as `string(40) cunFS` or `picklist(255) cunRFS {A; B}`.
    Add(String),
}

impl Salesforce {
    /// Changes one field of the schema; the describe's `Last-Modified` moves on. A value of a stage
    /// that comes or goes is a stage that comes or goes.
    pub fn change_field(
        &mut self,
        object: &str,
        field: &str,
        change: FieldChange,
    ) -> Result<(), Problem> {
        let object = self.named(object)?;
        let clock = moments::whole_second(self.clock);
        let permission = matches!(change, FieldChange::Hide(_) | FieldChange::Writable(_));
        let unnoticed = permission && self.is_on(Switch::PermissionsOutsideDescribe);
        let schema = self
            .tables
            .schema_mut(&object)
            .ok_or_else(Problem::not_found)?;
        if !unnoticed {
            schema.touch(clock);
        }
        if let FieldChange::Add(line) = change {
            let parsed = Field::parse(&format!("{field} {line}"));
            let field = parsed.map_err(|why| Problem::new(400, "INVALID_INPUT", why))?;
            schema.add(field);
            return Ok(());
        }
        let column = schema.column(field).ok_or_else(|| {
            let message = format!("No such column '{field}' on sobject of type {object}");
            Problem::new(400, "INVALID_FIELD", message)
        })?;
        let choices = matches!(
            change,
            FieldChange::AddValue(_) | FieldChange::RemoveValue(_)
        );
        alter(&mut schema.fields[column], change);
        if choices && stages::is_stage(&object, &schema.fields[column].name) {
            self.stages_from_choices();
        }
        Ok(())
    }

    /// Adds a state to a country of the org's State and Country/Territory picklists, for every object
    /// with an address.
    pub fn add_state(&mut self, country: &str, code: &str, name: &str) {
        let clock = moments::whole_second(self.clock);
        for (object, address) in standard::ADDRESSES {
            if let Some(schema) = self.tables.schema_mut(object)
                && places::add_state(schema, address, country, (code, name))
            {
                schema.touch(clock);
            }
        }
    }

    /// Gives an object that has none the external id field that the client writes, as an
    /// administrator would: `Task`, say, or an object of the org's own.
    pub fn add_key_field(&mut self, object: &str) -> Result<(), Problem> {
        let object = self.named(object)?;
        let clock = moments::whole_second(self.clock);
        if let Some(schema) = self.tables.schema_mut(&object) {
            standard::add_key_field(schema);
            schema.touch(clock);
        }
        Ok(())
    }
}

fn alter(field: &mut Field, change: FieldChange) {
    match change {
        FieldChange::AddValue(value) => {
            let known = field
                .choices
                .iter_mut()
                .find(|choice| choice.value == value);
            match known {
                Some(choice) => choice.active = true,
                None => field.choices.push(Choice::new(&value)),
            }
        }
        FieldChange::RemoveValue(value) => {
            let known = field
                .choices
                .iter_mut()
                .filter(|choice| choice.value == value);
            known.for_each(|choice| choice.active = false);
        }
        FieldChange::SetLength(length) => field.length = length,
        FieldChange::Restrict(on) => field.flags.set(Flag::Restricted, on),
        FieldChange::Hide(on) => field.flags.set(Flag::Hidden, on),
        FieldChange::Writable(on) => {
            field.flags.set(Flag::Createable, on);
            field.flags.set(Flag::Updateable, on);
        }
        FieldChange::Require(on) => {
            field
                .flags
                .set(Flag::Nillable, !on && field.kind != Kind::Boolean);
        }
        FieldChange::Remove => field.flags.set(Flag::Removed, true),
        // Handled where the schema is at hand: a new field has no column to alter.
        FieldChange::Add(_) => {}
    }
}
