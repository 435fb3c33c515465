//! Upserts of many rows: which record a key names, and which keys name none.

use std::collections::HashMap;

use super::Salesforce;
use super::cell::Cell;
use super::intake::live_ids;
use super::problem::Problem;
use super::save::Write;

impl Salesforce {
    /// `write` with the id of the record that `key` names in `column`, or without one where it is
    /// new. `doubles` counts the keys that come in the same call.
    pub(crate) fn keyed(
        &self,
        mut write: Write,
        column: usize,
        key: Option<String>,
        doubles: &HashMap<String, usize>,
    ) -> Result<Write, Problem> {
        let table = self.table(&write.object);
        let name = &table.schema.fields[column].name;
        let Some(key) = key else {
            let message = format!("{name} not specified");
            return Err(Problem::data("MISSING_ARGUMENT", message, &[]));
        };
        let double = doubles.get(&key.to_lowercase());
        if double.is_some_and(|rows| *rows > 1) {
            let message = format!("Duplicate external id specified: {key}");
            return Err(Problem::data("DUPLICATE_VALUE", message, &[name]));
        }
        let mut found = live_ids(table, column, &key);
        found.retain(|id| !self.unseen.contains(id));
        if found.len() > 1 {
            let message = format!(
                "{name}: more than one record found for external id field: [{}]",
                found.join(", ")
            );
            return Err(Problem::data("DUPLICATE_EXTERNAL_ID", message, &[]));
        }
        write.id = found.pop();
        if write.id.is_some() {
            // The key itself is not written again: it need not be updateable.
            write
                .cells
                .retain(|(own, _): &(usize, Cell)| *own != column);
        }
        Ok(write)
    }
}
