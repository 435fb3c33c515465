//! Deleting, undeleting, merging and converting: what changes rows without saving fields.

use super::Salesforce;
use super::cell::Cell;
use super::problem::Problem;
use super::rows::Row;
use super::save::{Doer, Verb};
use super::schema;

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
        self.mark_deleted(&object, id, true, by);
        if object == "Account" {
            for child in ["Contact", "Opportunity"] {
                for id in self.children(child, "AccountId", id) {
                    self.mark_deleted(child, &id, true, by);
                }
            }
        }
        Ok(())
    }

    /// Takes a row out of the recycle bin; its stamp moves.
    pub(crate) fn restore(&mut self, id: &str) -> Result<(), Problem> {
        let object = self.object_of(id)?;
        self.mark_deleted(&object, id, false, Doer::Human);
        Ok(())
    }

    /// Merges `losers` into `winner`: they are deleted and name it, their children go over to it.
    pub(crate) fn merge_rows(&mut self, winner: &str, losers: &[String]) -> Result<(), Problem> {
        let object = self.object_of(winner)?;
        let column = self.table(&object).schema.column("MasterRecordId");
        let master = column.ok_or_else(|| {
            Problem::data(
                "INVALID_OPERATION",
                format!("{object} cannot be merged"),
                &[],
            )
        })?;
        for loser in losers {
            if object == "Account" {
                for child in self.children("Contact", "AccountId", loser) {
                    self.change("Contact", &child, "AccountId", winner);
                }
            }
            self.object_of(loser)?;
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

    /// Marks a lead as converted into a contact and an account that exist.
    pub(crate) fn convert(
        &mut self,
        lead: &str,
        contact: &str,
        account: &str,
    ) -> Result<(), Problem> {
        self.object_of(lead)?;
        let Some(mut row) = self.table("Lead").row(lead).cloned() else {
            return Err(Problem::not_found());
        };
        let day = super::moments::wire(self.clock)[..10].to_owned();
        for (name, cell) in [
            ("IsConverted", Cell::Bool(true)),
            ("ConvertedDate", Cell::Text(day)),
            ("ConvertedContactId", Cell::Text(contact.to_owned())),
            ("ConvertedAccountId", Cell::Text(account.to_owned())),
            ("Status", Cell::Text("Closed - Converted".to_owned())),
        ] {
            if let Some(column) = self.table("Lead").schema.column(name) {
                row.set(column, cell);
            }
        }
        self.store("Lead", row, Doer::Human);
        Ok(())
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

    fn children(&self, object: &str, field: &str, parent: &str) -> Vec<String> {
        let table = self.table(object);
        let Some(column) = table.schema.column(field) else {
            return Vec::new();
        };
        let belongs = |row: &&Row| !row.is_deleted() && row.cell(column).text() == Some(parent);
        table
            .rows()
            .filter(belongs)
            .map(|row| row.id.clone())
            .collect()
    }

    fn change(&mut self, object: &str, id: &str, field: &str, to: &str) {
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
