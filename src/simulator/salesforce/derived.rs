//! What the org computes on every save: full names, and what a stage or a status says of its record.

use super::Salesforce;
use super::cell::Cell;
use super::rows::{Row, Table};
use super::save::{Doer, Write};

impl Salesforce {
    /// Fills in the fields that nobody writes.
    pub(crate) fn derive(&self, object: &str, row: &mut Row) {
        let table = self.table(object);
        if let Some((column, name)) = full_name(table, row) {
            row.set(column, Cell::Text(name));
        }
        let text = |name: &str| table.schema.column(name).and_then(|at| row.cell(at).text());
        let derived = match object {
            "Opportunity" => {
                let stage = text("StageName").and_then(|name| self.stage_row(name));
                stage.map_or_else(Vec::new, |stage| {
                    let cell = |name: &str| self.stage_cell(stage, name);
                    vec![("IsClosed", cell("IsClosed")), ("IsWon", cell("IsWon"))]
                })
            }
            "Task" => {
                let done = text("Status") == Some("Completed");
                vec![("IsClosed", Cell::Bool(done))]
            }
            _ => Vec::new(),
        };
        for (name, cell) in derived {
            if let Some(column) = table.schema.column(name) {
                row.set(column, cell);
            }
        }
    }

    /// A stage brings its probability along, unless the save names one.
    pub(crate) fn settle_probability(&self, write: &Write, row: &mut Row) {
        let schema = &self.table(&write.object).schema;
        let (Some(stage), Some(probability)) =
            (schema.column("StageName"), schema.column("Probability"))
        else {
            return;
        };
        let written = |at: usize| write.cells.iter().any(|(own, _)| *own == at);
        if write.object != "Opportunity" || !written(stage) || written(probability) {
            return;
        }
        if let Some(found) = row.cell(stage).text().and_then(|name| self.stage_row(name)) {
            row.set(probability, self.stage_cell(found, "DefaultProbability"));
        }
    }

    /// An opportunity has one primary contact: a new one takes the place of the old (assumed).
    pub(crate) fn keep_one_primary(&mut self, object: &str, id: &str, by: Doer) {
        if object != "OpportunityContactRole" {
            return;
        }
        let table = self.table(object);
        let columns = (
            table.schema.column("OpportunityId"),
            table.schema.column("IsPrimary"),
        );
        let ((Some(parent), Some(primary)), Some(row)) = (columns, table.row(id)) else {
            return;
        };
        if !row.cell(primary).is_true() {
            return;
        }
        let key = row.cell(parent).key();
        let others: Vec<Row> = table
            .ids_with(parent, &key)
            .filter(|other| *other != id)
            .filter_map(|other| table.row(other))
            .filter(|other| other.cell(primary).is_true())
            .cloned()
            .collect();
        for mut other in others {
            other.set(primary, Cell::Bool(false));
            self.store(object, other, by);
        }
    }
}

/// The computed `Name` of a person, where the object has first and last names.
fn full_name(table: &Table, row: &Row) -> Option<(usize, String)> {
    let name = table.schema.column("Name")?;
    let last = row
        .cell(table.schema.column("LastName")?)
        .text()
        .unwrap_or_default();
    let first = row
        .cell(table.schema.column("FirstName")?)
        .text()
        .unwrap_or_default();
    Some((name, format!("{first} {last}").trim().to_owned()))
}
