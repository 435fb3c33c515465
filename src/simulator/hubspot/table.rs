//! All records of one type, found by id and by every unique value.
//!
//! One door for every change, [`Table::replace`], so that no index can be forgotten and any change can be undone.

use super::record::Record;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// The property under which both `email` and `hs_additional_emails` are found.
pub const EMAIL: &str = "email";
const MORE_EMAILS: &str = "hs_additional_emails";

/// Records of one type.
#[derive(Debug, Default)]
pub struct Table {
    records: BTreeMap<u64, Arc<Record>>,
    archived: BTreeSet<u64>,
    /// Property → value in lower case → who has it; of records that are not archived.
    unique: HashMap<String, HashMap<String, u64>>,
}

impl Table {
    /// Starts to keep a property's values findable; fills the index from what is there.
    pub fn index(&mut self, property: &str) {
        let mut holders = HashMap::new();
        for record in self
            .records
            .values()
            .filter(|record| record.archived_at.is_none())
        {
            for key in keys(record, property) {
                holders.insert(key, record.id);
            }
        }
        self.unique.insert(property.to_owned(), holders);
    }

    /// Whether a record can be found by this property.
    pub fn is_indexed(&self, property: &str) -> bool {
        self.unique.contains_key(property)
    }

    /// Names of the properties by which records are found.
    pub fn indexed(&self) -> Vec<String> {
        let mut names: Vec<String> = self.unique.keys().cloned().collect();
        names.sort_unstable();
        names
    }

    /// The record of that id, archived or not.
    pub fn get(&self, id: u64) -> Option<&Arc<Record>> {
        self.records.get(&id)
    }

    /// Who has that value of a unique property; archived records hold nothing.
    pub fn holder(&self, property: &str, value: &str) -> Option<u64> {
        self.unique
            .get(property)?
            .get(&value.trim().to_lowercase())
            .copied()
    }

    /// Every record from `first` upwards that is, or is not, archived.
    pub fn from(&self, first: u64, archived: bool) -> Box<dyn Iterator<Item = &Arc<Record>> + '_> {
        if archived {
            return Box::new(
                self.archived
                    .range(first..)
                    .filter_map(|id| self.records.get(id)),
            );
        }
        let live = self.records.range(first..).map(|(_, record)| record);
        Box::new(live.filter(|record| record.archived_at.is_none()))
    }

    /// How many records are not archived.
    pub fn len(&self) -> usize {
        self.records.len() - self.archived.len()
    }

    /// Whether no record is there.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Puts the new state of `id` in place (`None` removes it) and returns the old one.
    pub fn replace(&mut self, id: u64, state: Option<Arc<Record>>) -> Option<Arc<Record>> {
        let before = self.records.remove(&id);
        if let Some(before) = &before {
            self.archived.remove(&id);
            self.unlist(before);
        }
        if let Some(record) = state {
            self.list(&record);
            self.records.insert(id, record);
        }
        before
    }

    fn list(&mut self, record: &Record) {
        if record.archived_at.is_some() {
            self.archived.insert(record.id);
            return;
        }
        for (property, holders) in &mut self.unique {
            for key in keys(record, property) {
                holders.insert(key, record.id);
            }
        }
    }

    fn unlist(&mut self, record: &Record) {
        for (property, holders) in &mut self.unique {
            for key in keys(record, property) {
                if holders.get(&key) == Some(&record.id) {
                    holders.remove(&key);
                }
            }
        }
    }
}

/// What a record is found under; a contact's additional addresses count as its address.
fn keys(record: &Record, property: &str) -> Vec<String> {
    let mut found: Vec<String> = record
        .value(property)
        .map(str::to_lowercase)
        .into_iter()
        .collect();
    if property == EMAIL {
        let more = record.value(MORE_EMAILS).unwrap_or_default();
        found.extend(
            more.split(';')
                .filter(|one| !one.is_empty())
                .map(str::to_lowercase),
        );
    }
    found
}
