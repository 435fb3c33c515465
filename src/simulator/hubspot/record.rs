//! One record and the history of each of its values.

use std::collections::BTreeMap;

/// Older versions of a value than this are forgotten, oldest first.
const VERSIONS_MAX: usize = 20;

/// Who set a value; `sourceType` on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A person in HubSpot's pages.
    Person,
    /// An application through the API: for us, our own writes.
    Integration,
    /// A workflow of the portal.
    Workflow,
    /// The union of two records.
    Merge,
}

impl Source {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Source::Person => "CRM_UI",
            Source::Integration => "INTEGRATION",
            Source::Workflow => "AUTOMATION_PLATFORM",
            Source::Merge => "MERGE_OBJECTS",
        }
    }
}

/// One value at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The value; empty means cleared.
    pub value: String,
    /// When it was set, Unix ms.
    pub at: i64,
    /// Who set it.
    pub source: Source,
}

/// One record of any type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its number; a string of digits on the wire.
    pub id: u64,
    /// When it was created, Unix ms.
    pub created_at: i64,
    /// When it was last written, by anybody and whether or not a value changed; Unix ms.
    pub updated_at: i64,
    /// When it was archived, if it was.
    pub archived_at: Option<i64>,
    /// The record it was merged into, if it was.
    pub merged_into: Option<u64>,
    /// Versions of each value, newest last, never empty.
    values: BTreeMap<String, Vec<Version>>,
}

impl Record {
    /// A record without values.
    pub fn new(id: u64, now: i64) -> Record {
        Record {
            id,
            created_at: now,
            updated_at: now,
            archived_at: None,
            merged_into: None,
            values: BTreeMap::new(),
        }
    }

    /// The value, unless it was never set or is cleared.
    pub fn value(&self, name: &str) -> Option<&str> {
        let newest = self.values.get(name)?.last()?;
        (!newest.value.is_empty()).then_some(newest.value.as_str())
    }

    /// Versions of a value, newest last.
    pub fn history(&self, name: &str) -> &[Version] {
        self.values.get(name).map_or(&[], Vec::as_slice)
    }

    /// Sets a value; setting what is already there adds no version.
    pub fn set(&mut self, name: &str, value: &str, at: i64, source: Source) {
        if self.value(name).unwrap_or_default() == value {
            return;
        }
        let versions = self.values.entry(name.to_owned()).or_default();
        versions.push(Version {
            value: value.to_owned(),
            at,
            source,
        });
        if versions.len() > VERSIONS_MAX {
            versions.remove(0);
        }
    }

    /// Notes that the record was written; time never runs back on a record.
    pub fn touch(&mut self, now: i64) {
        self.updated_at = self.updated_at.max(now);
    }

    /// Names and values of everything that is set.
    pub fn set_values(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values
            .keys()
            .filter_map(|name| Some((name.as_str(), self.value(name)?)))
    }

    /// Forgets every version of a value, as removing its property does.
    pub fn forget(&mut self, name: &str) {
        self.values.remove(name);
    }
}
