//! Deleting, undeleting, merging and converting: what changes rows without saving fields.

use super::Salesforce;
use super::cell::Cell;
use super::problem::Problem;
use super::rows::Row;
use super::save::{Doer, Verb};
use super::schema;

/// Records that one merge can take into another.
const LOSERS_MAX: usize = 2;

impl Salesforce {
    /// Puts a row into the recycle bin; an account takes its contacts and opportunities along.
    pub(crate) fn remove(&mut self, id: &str, by: Doer) -> Result<(), Problem> {
        let object = self.object_of(id)?;
        if by == Doer::Integration {
            self.check_row_access(id)?;
            if self.denied.contains(&(object.clone(), Verb::Delete)) {
                let message = "insufficient access rights on object id";
                return Err(Problem::data(
                    "INSUFFICIENT_ACCESS_OR_READONLY",
                    message,
                    &[],
                ));
            }
        }
        self.bin(&object, id, by);
        Ok(())
    }

    /// Deletes a row, and with it what cannot stand without it.
    fn bin(&mut self, object: &str, id: &str, by: Doer) {
        self.mark_deleted(object, id, true, by);
        let dependents: &[(&str, &str)] = match object {
            "Account" => &[("Contact", "AccountId"), ("Opportunity", "AccountId")],
            "Contact" => &[("OpportunityContactRole", "ContactId")],
            "Opportunity" => &[("OpportunityContactRole", "OpportunityId")],
            _ => &[],
        };
        for (child, field) in dependents {
            for dependent in self.children(child, field, id) {
                self.bin(child, &dependent, by);
            }
        }
    }

    /// Takes a row out of the recycle bin; its stamp moves.
    pub(crate) fn restore(&mut self, id: &str) -> Result<(), Problem> {
        let object = self.object_of(id)?;
        self.mark_deleted(&object, id, false, Doer::Human);
        Ok(())
    }

    /// Merges `losers` into `winner`: they are deleted and name it, their children go over to it.
    pub(crate) fn merge_rows(&mut self, winner: &str, losers: &[String]) -> Result<(), Problem> {
        let refused = |message: String| Problem::data("INVALID_OPERATION", message, &[]);
        let object = self.object_of(winner)?;
        let column = self.table(&object).schema.column("MasterRecordId");
        let master = column.ok_or_else(|| refused(format!("{object} cannot be merged")))?;
        if losers.len() > LOSERS_MAX || losers.iter().any(|loser| loser == winner) {
            return Err(refused("a merge takes two or three records".to_owned()));
        }
        for id in losers.iter().map(String::as_str).chain([winner]) {
            if self.object_of(id)? != object {
                return Err(refused(
                    "records of different types cannot be merged".to_owned(),
                ));
            }
            if self.tables.row(id).is_some_and(Row::is_deleted) {
                return Err(Problem::data("ENTITY_IS_DELETED", "entity is deleted", &[]));
            }
        }
        for loser in losers {
            self.hand_over(&object, loser, winner);
            let Some(mut row) = self.tables.row(loser).cloned() else {
                continue;
            };
            row.set(master, Cell::Text(winner.to_owned()));
            row.set(schema::IS_DELETED, Cell::Bool(true));
            self.store(&object, row, Doer::Human);
        }
        if let Some(row) = self.tables.row(winner).cloned() {
            self.store(&object, row, Doer::Human);
        }
        Ok(())
    }

    /// Lets every living row that looks up `from` look up `to` instead. What a lead was converted
    /// into stays as it was (assumed), and so does the chain of merges.
    fn hand_over(&mut self, object: &str, from: &str, to: &str) {
        let lookups: Vec<(String, String)> = self
            .tables
            .all()
            .flat_map(|table| {
                let fields = table.schema.fields.iter();
                let lookups = fields.filter(|field| {
                    field.reference_to.iter().any(|target| target == object)
                        && field.name != "MasterRecordId"
                        && !field.name.starts_with("Converted")
                });
                lookups.map(|field| (table.schema.name.clone(), field.name.clone()))
            })
            .collect();
        for (child, field) in lookups {
            for id in self.children(&child, &field, from) {
                if id != to {
                    self.change(&child, &id, &field, to);
                }
            }
        }
    }

    fn object_of(&self, id: &str) -> Result<String, Problem> {
        let table = self
            .tables
            .of_id(id)
            .filter(|table| table.row(id).is_some());
        table.map(|table| table.schema.name.clone()).ok_or_else(|| {
            Problem::data(
                "INVALID_CROSS_REFERENCE_KEY",
                "invalid cross reference id",
                &[],
            )
        })
    }

    /// Ids of the living rows of `object` whose lookup `field` names `parent`.
    pub(crate) fn children(&self, object: &str, field: &str, parent: &str) -> Vec<String> {
        let table = self.table(object);
        let Some(column) = table.schema.column(field) else {
            return Vec::new();
        };
        if table.is_indexed(column) {
            return super::intake::live_ids(table, column, parent);
        }
        let belongs = |row: &&Row| !row.is_deleted() && row.cell(column).text() == Some(parent);
        table
            .rows()
            .filter(belongs)
            .map(|row| row.id.clone())
            .collect()
    }

    pub(crate) fn change(&mut self, object: &str, id: &str, field: &str, to: &str) {
        let column = self.table(object).schema.column(field);
        if let (Some(column), Some(mut row)) = (column, self.tables.row(id).cloned()) {
            row.set(column, Cell::Text(to.to_owned()));
            self.store(object, row, Doer::Human);
        }
    }

    fn mark_deleted(&mut self, object: &str, id: &str, deleted: bool, by: Doer) {
        if let Some(mut row) = self.tables.row(id).cloned() {
            row.set(schema::IS_DELETED, Cell::Bool(deleted));
            self.store(object, row, by);
        }
    }
}
