//! A save from values that could be read to a stored row, stage by stage; the first stage that fails answers.

use super::Salesforce;
use super::cell::Cell;
use super::places::Place;
use super::problem::Problem;
use super::rows::{Row, Table};
use super::rules::{InjectedKind, Rewrite};
use super::schema::{self, Flag, Kind};
use super::settings::Switch;
use super::tooling;

/// Who saves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doer {
    /// The user of the API session: field-level security, access and locks hold.
    Integration,
    /// Somebody in the org who may do everything.
    Human,
}

/// How strictly a save is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Care {
    /// As for any user.
    Full,
    /// As for any user who saves although a duplicate rule alerts.
    DespiteAlerts,
    /// Nothing is checked: the row is as the trial wants it.
    Unchecked,
}

/// One row to create (without id) or update.
#[derive(Debug)]
pub(crate) struct Write {
    /// The object's exact API name.
    pub(crate) object: String,
    pub(crate) id: Option<String>,
    pub(crate) cells: Vec<(usize, Cell)>,
    pub(crate) by: Doer,
    pub(crate) care: Care,
}

/// A row of the integration user that the org did not save.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// When, in Unix ms of the org's clock.
    pub at_ms: i64,
    /// API name of the object.
    pub object: String,
    /// Every code that was answered.
    pub codes: Vec<&'static str>,
}

type Problems = Vec<Problem>;

impl Salesforce {
    /// Saves one row and answers its id, or tells all errors of the first stage that had any.
    pub(crate) fn save(&mut self, write: &Write) -> Result<String, Problems> {
        let saved = self.save_unnoted(write);
        if let (Doer::Integration, Err(problems)) = (write.by, &saved) {
            let codes = problems.iter().map(|problem| problem.code);
            self.refusals.push(Refusal {
                at_ms: self.clock,
                object: write.object.clone(),
                codes: codes.collect(),
            });
        }
        saved
    }

    fn save_unnoted(&mut self, write: &Write) -> Result<String, Problems> {
        if write.by == Doer::Integration {
            self.check_access(write)?;
        }
        let base = match &write.id {
            Some(id) => self
                .tables
                .row(id)
                .cloned()
                .ok_or_else(|| vec![missing()])?,
            None => self.blank(write),
        };
        let row = if write.care == Care::Unchecked {
            let mut row = base;
            write
                .cells
                .iter()
                .for_each(|(column, cell)| row.set(*column, cell.clone()));
            row
        } else {
            self.checked(write, base)?
        };
        let id = self.store(&write.object, row, write.by);
        self.keep_one_primary(&write.object, &id, write.by);
        Ok(id)
    }

    fn check_access(&mut self, write: &Write) -> Result<(), Problems> {
        let table = self.table(&write.object);
        let verb = if write.id.is_some() {
            Verb::Update
        } else {
            Verb::Create
        };
        if self.denied.contains(&(table.schema.name.clone(), verb)) {
            let done = if verb == Verb::Update {
                "updated"
            } else {
                "inserted"
            };
            let message = format!("entity type cannot be {done}: {}", table.schema.label);
            return Err(vec![Problem::data(
                "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
                message,
                &[],
            )]);
        }
        if let Some(id) = &write.id {
            self.check_row_access(id).map_err(|problem| vec![problem])?;
        }
        if tooling::is_setup(&write.object) && self.is_on(Switch::SetupRefused) {
            let message = "insufficient access rights on object id";
            let code = "INSUFFICIENT_ACCESS_OR_READONLY";
            return Err(vec![Problem::data(code, message, &[])]);
        }
        let refused: Vec<&str> = write
            .cells
            .iter()
            .map(|(column, _)| &table.schema.fields[*column])
            .filter(|field| {
                !field.has(if write.id.is_some() {
                    Flag::Updateable
                } else {
                    Flag::Createable
                })
            })
            .map(|field| field.name.as_str())
            .collect();
        if !refused.is_empty() {
            let message = format!(
                "Unable to create/update fields: {}. Please check the security settings of this \
                 field and verify that it is read/write for your profile or permission set.",
                refused.join(", ")
            );
            let problem = Problem::data("INVALID_FIELD_FOR_INSERT_UPDATE", message, &refused);
            return Err(vec![problem]);
        }
        if self.locked_rows > 0 {
            self.locked_rows -= 1;
            let id = write
                .id
                .as_deref()
                .map_or("000000000000000", |id| &id[..15]);
            let message =
                format!("unable to obtain exclusive access to this record or 200 records: {id}");
            return Err(vec![Problem::data("UNABLE_TO_LOCK_ROW", message, &[])]);
        }
        if write.id.is_none() && self.is_on(Switch::StorageFull) {
            let message = "storage limit exceeded";
            return Err(vec![Problem::data("STORAGE_LIMIT_EXCEEDED", message, &[])]);
        }
        Ok(())
    }

    /// Whether the integration user may write this existing row.
    pub(crate) fn check_row_access(&self, id: &str) -> Result<(), Problem> {
        let row = self.tables.row(id).ok_or_else(missing)?;
        if row.is_deleted() {
            return Err(Problem::data("ENTITY_IS_DELETED", "entity is deleted", &[]));
        }
        if self.unseen.contains(id) {
            let message = format!(
                "insufficient access rights on cross-reference id: {}",
                &id[..15]
            );
            let code = "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY";
            return Err(Problem::data(code, message, &[]));
        }
        if self.read_only.contains(id) {
            let message = "insufficient access rights on object id";
            return Err(Problem::data(
                "INSUFFICIENT_ACCESS_OR_READONLY",
                message,
                &[],
            ));
        }
        let converted = self
            .tables
            .of_id(id)
            .and_then(|table| table.schema.column("IsConverted"));
        if converted.is_some_and(|column| row.cell(column).is_true()) {
            let message = "cannot reference converted lead";
            return Err(Problem::data("CANNOT_UPDATE_CONVERTED_LEAD", message, &[]));
        }
        Ok(())
    }

    /// A new row with its id and the defaults of its fields.
    fn blank(&mut self, write: &Write) -> Row {
        let prefix = self.table(&write.object).schema.prefix.clone();
        let mut row = Row::new(self.mint.next(&prefix));
        let table = self.table(&write.object);
        for (column, field) in table.schema.fields.iter().enumerate() {
            let default = field.choices.iter().find(|choice| choice.default);
            if field.kind == Kind::Boolean {
                row.set(column, Cell::Bool(false));
            } else if field.name == "OwnerId" {
                row.set(column, Cell::Text(self.doer_id(write.by)));
            } else if field.name == "RecordTypeId" {
                row.set(column, self.default_record_type(&write.object));
            } else if let Some(choice) = default {
                row.set(column, Cell::Text(choice.value.clone()));
            }
        }
        row.set(
            schema::CREATED_DATE,
            Cell::Moment(super::moments::whole_second(self.clock)),
        );
        row.set(schema::CREATED_BY, Cell::Text(self.doer_id(write.by)));
        row
    }

    /// The row with the new values in it, if every stage lets it pass.
    fn checked(&self, write: &Write, mut row: Row) -> Result<Row, Problems> {
        let table = self.table(&write.object);
        let mut problems = Vec::new();
        // Before-save flows come first: lengths, requirements and rules see what they made of it.
        // Source: Salesforce, "Triggers and Order of Execution".
        for (column, rewrite) in self.rewrites(table, &write.object) {
            let rewritten = rewritten(row.cell(column), rewrite);
            row.set(column, rewritten);
        }
        for (column, cell) in &write.cells {
            let field = &table.schema.fields[*column];
            let mut rewrites = self.rewrites(table, &write.object);
            let rewrite = rewrites.find(|(of, _)| of == column);
            let cell = rewrite.map_or_else(|| cell.clone(), |(_, one)| rewritten(cell, one));
            match self.settled(&table.schema, field, cell, &row) {
                Ok(cell) => row.set(*column, cell),
                Err(problem) => problems.push(problem),
            }
        }
        self.stage(problems)?;
        self.stage(
            settle_places(table, write, &mut row)
                .err()
                .into_iter()
                .collect(),
        )?;
        self.settle_probability(write, &mut row);
        self.stage(required(table, write, &row).into_iter().collect())?;
        self.stage(taken(table, write, &row))?;
        self.stage(self.check_grant(write, &row).into_iter().collect())?;
        let despite = write.care == Care::DespiteAlerts;
        for stage in [is_duplicate_rule, is_validation_rule, is_trigger, is_flow] {
            let refused = self
                .rules
                .iter()
                .filter(|rule| stage(&rule.kind))
                .filter_map(|rule| rule.refusal(table, &row, despite));
            self.stage(refused.collect())?;
        }
        Ok(row)
    }

    /// What the org's automation makes of texts, by column.
    fn rewrites<'a>(
        &'a self,
        table: &'a Table,
        object: &'a str,
    ) -> impl Iterator<Item = (usize, &'a Rewrite)> {
        let of = self
            .automations
            .iter()
            .filter(move |(of, _, _)| of == object);
        of.filter_map(|(_, field, rewrite)| Some((table.schema.column(field)?, rewrite)))
    }

    fn stage(&self, mut problems: Problems) -> Result<(), Problems> {
        if self.is_on(Switch::FirstErrorOnly) {
            problems.truncate(1);
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(problems)
        }
    }

    /// Stamps the row and keeps it.
    pub(crate) fn store(&mut self, object: &str, mut row: Row, by: Doer) -> String {
        self.derive(object, &mut row);
        let now = Cell::Moment(super::moments::whole_second(self.clock));
        row.set(schema::MODIFIED_DATE, now.clone());
        row.set(schema::STAMP, now);
        row.set(schema::MODIFIED_BY, Cell::Text(self.doer_id(by)));
        let id = row.id.clone();
        self.tables.write(object, row);
        self.grants_moved |= tooling::is_setup(object);
        id
    }
}

/// What a user may be forbidden to do with an object.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Create records.
    Create,
    /// Change records.
    Update,
    /// Delete records.
    Delete,
}

/// What a flow makes of a text, or of an empty cell; it leaves others as they are.
fn rewritten(cell: &Cell, rewrite: &Rewrite) -> Cell {
    match (cell, rewrite) {
        (Cell::Text(text), _) => Cell::Text(rewrite.applied(text)),
        (Cell::Null, Rewrite::FillIn(value)) => Cell::Text(value.clone()),
        (Cell::Null | Cell::Bool(_) | Cell::Number(_) | Cell::Moment(_), _) => cell.clone(),
    }
}

fn missing() -> Problem {
    Problem::data(
        "INVALID_CROSS_REFERENCE_KEY",
        "invalid cross reference id",
        &[],
    )
}

fn is_duplicate_rule(kind: &InjectedKind) -> bool {
    matches!(kind, InjectedKind::DuplicateRule { .. })
}

fn is_validation_rule(kind: &InjectedKind) -> bool {
    matches!(kind, InjectedKind::ValidationRule | InjectedKind::Quota)
}

fn is_trigger(kind: &InjectedKind) -> bool {
    matches!(kind, InjectedKind::TriggerFailure)
}

fn is_flow(kind: &InjectedKind) -> bool {
    matches!(kind, InjectedKind::FlowFailure)
}

/// A create must have all required fields; an update only may not empty any.
fn required(table: &Table, write: &Write, row: &Row) -> Option<Problem> {
    let written = |column| write.cells.iter().any(|(own, _)| *own == column);
    let names: Vec<&str> = table
        .schema
        .fields
        .iter()
        .enumerate()
        .filter(|(column, field)| {
            let looked_at = field.is_required() && write.id.is_none() || written(*column);
            let may_be_empty = field.has(Flag::Nillable) || field.has(Flag::Removed);
            looked_at && !may_be_empty && row.cell(*column).is_null()
        })
        .map(|(_, field)| field.name.as_str())
        .collect();
    if names.is_empty() {
        return None;
    }
    let message = format!("Required fields are missing: [{}]", names.join(", "));
    Some(Problem::data("REQUIRED_FIELD_MISSING", message, &names))
}

/// Unique values that another living row already has.
fn taken(table: &Table, write: &Write, row: &Row) -> Problems {
    let clash = |(column, _): &(usize, Cell)| {
        let field = &table.schema.fields[*column];
        let value = row
            .cell(*column)
            .text()
            .filter(|_| field.has(Flag::Unique))?;
        let ids = super::intake::live_ids(table, *column, value);
        let winner = ids.into_iter().find(|id| *id != row.id)?;
        let message = format!(
            "duplicate value found: {} duplicates value on record with id: {}",
            field.name,
            &winner[..15]
        );
        Some(Problem::data("DUPLICATE_VALUE", message, &[]))
    };
    write.cells.iter().filter_map(clash).collect()
}

/// Brings state, country and their codes together, where the org has these picklists.
fn settle_places(table: &Table, write: &Write, row: &mut Row) -> Result<(), Problem> {
    for address in ["Mailing", "Billing", ""] {
        let column = |name: &str| table.schema.column(&format!("{address}{name}"));
        let columns = [
            column("State"),
            column("StateCode"),
            column("Country"),
            column("CountryCode"),
        ];
        let [
            Some(state),
            Some(state_code),
            Some(country),
            Some(country_code),
        ] = columns
        else {
            continue;
        };
        let written = |at: usize| write.cells.iter().any(|(own, _)| *own == at);
        if !columns.iter().flatten().any(|column| written(*column)) {
            continue;
        }
        // A code that is written alone beats the name that is stored, and takes it along when empty.
        let named = |name: usize, code: usize| {
            (written(name) || !written(code))
                .then(|| row.cell(name).text())
                .flatten()
        };
        let coded = |name: usize, code: usize| {
            (written(code) || !written(name))
                .then(|| row.cell(code).text())
                .flatten()
        };
        let place = Place {
            address,
            state: named(state, state_code),
            state_code: coded(state, state_code),
            country: named(country, country_code),
            country_code: coded(country, country_code),
        };
        let fields = &table.schema.fields;
        let settled = place.settle(&fields[state_code], &fields[country_code])?;
        for (column, text) in [state, state_code, country, country_code]
            .into_iter()
            .zip(settled)
        {
            row.set(column, text.map_or(Cell::Null, Cell::Text));
        }
    }
    Ok(())
}
