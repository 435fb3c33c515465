//! One value against its described field: what is stored, or what Salesforce says of it.

use super::Salesforce;
use super::cell::Cell;
use super::ids;
use super::problem::{Problem, escaped};
use super::rows::{Row, Table};
use super::schema::{Field, Flag, Kind, Schema};
use super::settings::Switch;
use super::stages;

/// Values a multi-select field can take at once.
const CHOICES_MAX: usize = 100;

impl Salesforce {
    /// The cell as it is stored in `field`.
    pub(crate) fn settled(
        &self,
        schema: &Schema,
        field: &Field,
        cell: Cell,
        row: &Row,
    ) -> Result<Cell, Problem> {
        match cell {
            Cell::Text(text) => self.settled_text(schema, field, text, row),
            Cell::Number(number) => settled_number(field, number),
            Cell::Null if field.name == "OwnerId" => Err(Problem::data(
                "INVALID_CROSS_REFERENCE_KEY",
                "Owner ID: owner cannot be blank",
                &["OwnerId"],
            )),
            other @ (Cell::Null | Cell::Bool(_) | Cell::Moment(_)) => Ok(other),
        }
    }

    fn settled_text(
        &self,
        schema: &Schema,
        field: &Field,
        text: String,
        row: &Row,
    ) -> Result<Cell, Problem> {
        match field.kind {
            Kind::Reference | Kind::Id => return self.settled_reference(schema, field, &text, row),
            Kind::MultiPicklist => {
                check_choices(field, &text)?;
                self.check_offer(schema, field, &text, row)?;
            }
            // Codes of states and countries are looked at together, with errors of their own.
            Kind::Picklist if field.name.ends_with("Code") => {}
            Kind::Picklist if field.has(Flag::Restricted) => {
                check_choice(field, &text)?;
                self.check_offer(schema, field, &text, row)?;
            }
            Kind::Picklist
                if stages::is_stage(&schema.name, &field.name)
                    && !self.is_on(Switch::OpenStages) =>
            {
                check_choice(field, &text)?;
            }
            Kind::Date => return Ok(Cell::Text(text)),
            Kind::Picklist | Kind::Text | Kind::TextArea | Kind::Phone | Kind::Url => {
                check_length(field, &text)?;
            }
            Kind::Email => {
                check_length(field, &text)?;
                check_email(field, &text)?;
                if self.is_on(Switch::LowercaseEmails) {
                    return Ok(Cell::Text(text.to_lowercase()));
                }
            }
            Kind::Boolean
            | Kind::Int
            | Kind::Double
            | Kind::Currency
            | Kind::Percent
            | Kind::DateTime => {}
        }
        Ok(Cell::Text(text))
    }

    /// A closed list offers to a record what its record type lets it offer.
    fn check_offer(
        &self,
        schema: &Schema,
        field: &Field,
        text: &str,
        row: &Row,
    ) -> Result<(), Problem> {
        let column = schema.column("RecordTypeId");
        let Some(id) = column.and_then(|column| row.cell(column).text()) else {
            return Ok(());
        };
        let mut values = text.split(';');
        let missing = values.find(|value| !self.is_offered(id, &field.name, value));
        match missing.filter(|_| field.has(Flag::Restricted)) {
            Some(value) => Err(bad_choice(field, value)),
            None => Ok(()),
        }
    }

    fn settled_reference(
        &self,
        schema: &Schema,
        field: &Field,
        text: &str,
        row: &Row,
    ) -> Result<Cell, Problem> {
        let malformed = || {
            let message = format!(
                "{}: id value of incorrect type: {}",
                field.label,
                escaped(text)
            );
            Problem::data("MALFORMED_ID", message, &[&field.name])
        };
        let id = ids::parse(text).ok_or_else(malformed)?;
        let target = self.tables.of_id(&id).ok_or_else(malformed)?;
        let object = &target.schema.name;
        if !field.reference_to.contains(object) {
            if field.name == "OwnerId" && object == "Group" {
                return Err(no_queue());
            }
            return Err(malformed());
        }
        let found = target.row(&id);
        let Some(parent) = found.filter(|parent| parent.id != row.id) else {
            if field.name == "RecordTypeId" {
                return Err(no_record_type(&id));
            }
            let message = "invalid cross reference id";
            return Err(Problem::data("INVALID_CROSS_REFERENCE_KEY", message, &[]));
        };
        if parent.is_deleted() {
            return Err(Problem::data("ENTITY_IS_DELETED", "entity is deleted", &[]));
        }
        if self.unseen.contains(&id) {
            let message = format!(
                "insufficient access rights on cross-reference id: {}",
                &id[..15]
            );
            return Err(Problem::data(
                "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
                message,
                &[],
            ));
        }
        match field.name.as_str() {
            "OwnerId" => self.check_owner(schema, target, parent)?,
            "RecordTypeId" => {
                let types = self.record_types(&schema.name);
                if !types.iter().any(|one| one.id == id && one.active) {
                    return Err(no_record_type(&id));
                }
            }
            _ => {}
        }
        Ok(Cell::Text(id))
    }

    /// Queues own what they were made for; users own everything while they are active.
    fn check_owner(&self, schema: &Schema, owners: &Table, owner: &Row) -> Result<(), Problem> {
        let id = &owner.id;
        if owners.schema.name == "Group" && !self.queue_takes(id, &schema.name) {
            return Err(no_queue());
        }
        let active = owners.schema.column("IsActive");
        if active.is_none_or(|column| owner.cell(column).is_true()) {
            return Ok(());
        }
        let message = format!(
            "operation performed with inactive user [{id}] as owner of {}",
            schema.name.to_lowercase()
        );
        Err(Problem::data(
            "INACTIVE_OWNER_OR_USER",
            message,
            &["OwnerId"],
        ))
    }
}

fn no_queue() -> Problem {
    let message = "Queue not associated with this SObject type";
    Problem::data("INVALID_OPERATION", message, &[])
}

fn no_record_type(id: &str) -> Problem {
    let message = format!(
        "Record Type ID: this ID value isn't valid for the user: {}",
        &id[..15]
    );
    Problem::data("INVALID_CROSS_REFERENCE_KEY", message, &["RecordTypeId"])
}

fn check_length(field: &Field, text: &str) -> Result<(), Problem> {
    if text.len() <= field.length || text.chars().count() <= field.length {
        return Ok(());
    }
    let message = format!(
        "{}: data value too large: {} (max length={})",
        field.label,
        escaped(text),
        field.length
    );
    Err(Problem::data("STRING_TOO_LONG", message, &[&field.name]))
}

fn check_choices(field: &Field, text: &str) -> Result<(), Problem> {
    let values: Vec<&str> = text.split(';').collect();
    if values.len() > CHOICES_MAX {
        let message = format!("{}: too many values", field.label);
        return Err(Problem::data(
            "TOO_MANY_ENUM_VALUE",
            message,
            &[&field.name],
        ));
    }
    check_length(field, text)?;
    if field.has(Flag::Restricted) {
        values
            .iter()
            .try_for_each(|value| check_choice(field, value))?;
    }
    Ok(())
}

fn check_choice(field: &Field, value: &str) -> Result<(), Problem> {
    if field.offers(value) {
        return Ok(());
    }
    Err(bad_choice(field, value))
}

fn bad_choice(field: &Field, value: &str) -> Problem {
    let message = format!(
        "{}: bad value for restricted picklist field: {}",
        field.label,
        escaped(value)
    );
    Problem::data(
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        message,
        &[&field.name],
    )
}

fn check_email(field: &Field, text: &str) -> Result<(), Problem> {
    if is_email(text) {
        return Ok(());
    }
    let message = format!("{}: invalid email address: {}", field.label, escaped(text));
    Err(Problem::data(
        "INVALID_EMAIL_ADDRESS",
        message,
        &[&field.name],
    ))
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let local_ok = !local.is_empty()
        && !local.starts_with('.')
        && !local.ends_with('.')
        && local
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c));
    let labels: Vec<&str> = domain.split('.').collect();
    let label_ok = |label: &&str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    local_ok && labels.len() > 1 && labels.iter().all(label_ok)
}

/// Extra decimals are cut off silently; extra digits before the point are refused.
fn settled_number(field: &Field, number: f64) -> Result<Cell, Problem> {
    let digits = i32::try_from(field.length.saturating_sub(field.scale)).unwrap_or(18);
    if number.abs() >= 10_f64.powi(digits) {
        let message = format!(
            "{}: value outside of valid range on numeric field: {number}",
            field.label
        );
        return Err(Problem::data(
            "NUMBER_OUTSIDE_VALID_RANGE",
            message,
            &[&field.name],
        ));
    }
    let unit = 10_f64.powi(i32::try_from(field.scale).unwrap_or(0));
    let (scaled, nearest) = (number * unit, (number * unit).round());
    let cut = if (scaled - nearest).abs() < 1e-6 {
        nearest
    } else {
        scaled.trunc()
    };
    Ok(Cell::Number(cut / unit))
}
