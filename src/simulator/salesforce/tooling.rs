//! The little of the Tooling API that makes a custom field, and permission sets that let users see it.
//!
//! A field made this way is visible to nobody: rows of `FieldPermissions` under an assigned
//! `PermissionSet` show it to the integration user. Wording of refusals is assumed.

use serde_json::{Map, Value, json};

use super::Salesforce;
use super::call::{Answer, Call, settled};
use super::cell::Cell;
use super::problem::{Problem, escaped};
use super::rows::Row;
use super::save::Write;
use super::schema::{Field, Flag};
use super::settings::Switch;

/// Objects whose rows decide who sees a field.
const GRANTS: [&str; 3] = [
    "PermissionSet",
    "FieldPermissions",
    "PermissionSetAssignment",
];

/// Whether writing rows of this object is a change of the setup.
pub(crate) fn is_setup(object: &str) -> bool {
    GRANTS.contains(&object)
}

/// What the integration user may do with a field made over the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Grant {
    read: bool,
    edit: bool,
}

impl Salesforce {
    /// Everything below `/tooling`.
    pub(crate) fn tooling(&mut self, call: &Call, path: &[&str]) -> Answer {
        match (call.method.as_str(), path) {
            ("POST", ["sobjects", "CustomField"]) => settled(self.create_field(call)),
            _ => Problem::not_found().into(),
        }
    }

    fn create_field(&mut self, call: &Call) -> Result<Answer, Problem> {
        if self.is_on(Switch::SetupRefused) {
            let message = "insufficient access rights on object id";
            return Err(Problem::new(403, "INSUFFICIENT_ACCESS", message));
        }
        let body = call.object()?;
        let (object, field) = self.wanted_field(&body)?;
        let key = (object.clone(), field.name.clone());
        let now = super::moments::whole_second(self.clock);
        if let Some(schema) = self.tables.schema_mut(&object) {
            schema.add(field);
            schema.touch(now);
        }
        self.ungranted.insert(key);
        let id = self.mint.next("00N");
        let body = json!({"id": id, "success": true, "errors": [], "warnings": [], "infos": []});
        Ok(Answer::new(201, body))
    }

    fn wanted_field(&self, body: &Map<String, Value>) -> Result<(String, Field), Problem> {
        let flaw = |message: String| Problem::data("FIELD_INTEGRITY_EXCEPTION", message, &[]);
        let full = body.get("FullName").and_then(Value::as_str);
        let full = full.ok_or_else(|| {
            let message = "Required fields are missing: [FullName]";
            Problem::data("REQUIRED_FIELD_MISSING", message, &["FullName"])
        })?;
        let (object, name) = full
            .split_once('.')
            .filter(|(_, name)| name.ends_with("__c"))
            .ok_or_else(|| flaw(format!("{full} is no name of a custom field")))?;
        // Tasks and events share their custom fields, which are those of an Activity.
        let target = if object == "Activity" { "Task" } else { object };
        let table = self.tables.get(target).filter(|_| object != "Task");
        let schema = &table
            .ok_or_else(|| flaw(format!("Entity {object} takes no custom fields")))?
            .schema;
        let metadata = body.get("Metadata").unwrap_or(&Value::Null);
        let is = |name: &str| metadata[name].as_bool().unwrap_or(false);
        let label = metadata["label"].as_str().unwrap_or(name);
        if schema.column(name).is_some() {
            let message = format!("There is already a field named {label} on {object}.");
            return Err(Problem::data("DUPLICATE_DEVELOPER_NAME", message, &[]));
        }
        let is_key = is("externalId") || is("unique");
        if object == "Activity" && is_key && !self.is_on(Switch::ActivityKeys) {
            return Err(flaw(
                "A field of an activity cannot be unique or an external ID".to_owned(),
            ));
        }
        let line = line(metadata).map_err(flaw)?;
        let mut field = Field::parse(&format!("{name} {line}")).map_err(flaw)?;
        label.clone_into(&mut field.label);
        field.flags.set(Flag::ExternalId, is("externalId"));
        field.flags.set(Flag::IdLookup, is("externalId"));
        field.flags.set(Flag::Unique, is("unique"));
        field.flags.set(Flag::Hidden, true);
        Ok((schema.name.clone(), field))
    }

    /// What is wrong with a row that grants something, if anything is.
    pub(crate) fn check_grant(&self, write: &Write, row: &Row) -> Option<Problem> {
        let table = self.table(&write.object);
        let text = |row: &Row, name: &str| {
            let column = table.schema.column(name);
            column.and_then(|column| row.cell(column).text().map(str::to_owned))
        };
        let keys: [&str; 2] = match write.object.as_str() {
            "FieldPermissions" => ["ParentId", "Field"],
            "PermissionSetAssignment" => ["AssigneeId", "PermissionSetId"],
            _ => return None,
        };
        if let Some(path) = text(row, "Field")
            && self.field_at(&path).is_none()
        {
            let message = format!(
                "Field Name: bad value for restricted picklist field: {}",
                escaped(&path)
            );
            let code = "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST";
            return Some(Problem::data(code, message, &["Field"]));
        }
        let same = |other: &&Row| {
            other.id != row.id
                && !other.is_deleted()
                && keys.iter().all(|key| text(other, key) == text(row, key))
        };
        table.rows().find(same).map(|_| {
            let message = "duplicate value found: <unknown> duplicates value on record with id: \
                           <unknown>";
            Problem::data("DUPLICATE_VALUE", escaped(message), &[])
        })
    }

    /// `Contact.Tier__c` as object and field, whoever may see it.
    fn field_at(&self, path: &str) -> Option<(String, String)> {
        let (object, field) = path.split_once('.')?;
        let schema = &self.tables.get(object)?.schema;
        let column = schema.column(field)?;
        Some((schema.name.clone(), schema.fields[column].name.clone()))
    }

    /// Shows the integration user the fields that permission sets grant now, and hides the others
    /// among those made over the API.
    pub(crate) fn settle_grants(&mut self) {
        if !std::mem::take(&mut self.grants_moved) {
            return;
        }
        let now = super::moments::whole_second(self.clock);
        for key in self.ungranted.clone() {
            let grant = self.grant_of(&key);
            let Some(schema) = self.tables.schema_mut(&key.0) else {
                continue;
            };
            let Some(column) = schema.column(&key.1) else {
                continue;
            };
            let before = schema.fields[column].flags;
            let flags = &mut schema.fields[column].flags;
            flags.set(Flag::Hidden, !grant.read);
            flags.set(Flag::Createable, grant.edit);
            flags.set(Flag::Updateable, grant.edit);
            if *flags != before {
                schema.touch(now);
            }
        }
    }

    fn grant_of(&self, key: &(String, String)) -> Grant {
        let rows = |object: &'static str| {
            let table = self.table(object);
            let living = table.rows().filter(|row| !row.is_deleted());
            living.map(move |row| (row, &table.schema))
        };
        let ours = &self.settings.user_id;
        let sets: Vec<String> = rows("PermissionSetAssignment")
            .filter(|(row, schema)| {
                let column = schema.column("AssigneeId");
                column.is_some_and(|column| row.cell(column).text() == Some(ours))
            })
            .filter_map(|(row, schema)| {
                let set = row.cell(schema.column("PermissionSetId")?).text()?;
                Some(set.to_owned())
            })
            .collect();
        let mut grant = Grant::default();
        for (row, schema) in rows("FieldPermissions") {
            let cell = |name: &str| schema.column(name).map(|column| row.cell(column));
            let text = |name: &str| cell(name).and_then(|cell| cell.text());
            let held = text("ParentId").is_some_and(|set| sets.iter().any(|own| own == set));
            let here = text("Field").and_then(|path| self.field_at(path));
            if held && here.as_ref() == Some(key) {
                grant.read |= cell("PermissionsRead").is_some_and(Cell::is_true);
                grant.edit |= cell("PermissionsEdit").is_some_and(Cell::is_true);
            }
        }
        grant
    }
}

/// Type and flags of a field in the words of the built-in tables.
fn line(metadata: &Value) -> Result<String, String> {
    let number = |name: &str| {
        let number = metadata[name].as_u64();
        number.ok_or_else(|| format!("a {} needs {name}", metadata["type"]))
    };
    Ok(match metadata["type"].as_str().unwrap_or_default() {
        "Text" => format!("string({}) cunFS", number("length")?),
        "LongTextArea" => format!("textarea({}) cun", number("length")?),
        "Number" => format!(
            "double({},{}) cunFS",
            number("precision")?,
            number("scale")?
        ),
        "Checkbox" => "boolean cudFS".to_owned(),
        "Date" => "date cunFS".to_owned(),
        "DateTime" => "datetime cunFS".to_owned(),
        "Email" => "email(80) cunFS".to_owned(),
        "Url" => "url(255) cunFS".to_owned(),
        other => return Err(format!("fields of type {other} are not made here")),
    })
}
