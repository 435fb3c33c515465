//! The records that others belong to, and what carries a reference from one side to the other.

use std::collections::BTreeMap;

use crate::domain::mapping::FieldMapping;
use crate::domain::record::{ObjectName, RecordId, RecordKey, Side};

/// What is known of a record that another one belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parent {
    /// Its partner across.
    Linked(RecordId),
    /// It has none yet: its children wait.
    Pending,
    /// It is left out on purpose: its children go without it.
    Excluded,
}

/// The parents that the records at hand name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parents(BTreeMap<RecordKey, Parent>);

/// How HubSpot's half of a reference is written: which object, and which record of it.
pub fn association(object: &ObjectName, id: &RecordId) -> String {
    format!("{object}/{id}")
}

/// The records that a reference's value, in its canonical form on `side`, may name: HubSpot's says
/// of which object it is, Salesforce's does not.
pub fn named(mapped: &FieldMapping, side: Side, text: &str) -> Vec<RecordKey> {
    let key = |object: &ObjectName, id: &str| {
        let (object, id) = (object.clone(), RecordId::parse(id).ok()?);
        Some(RecordKey { side, object, id })
    };
    let mut objects = mapped.parents.iter();
    match (side, text.split_once('/')) {
        (Side::HubSpot, Some((named, id))) => objects
            .find(|object| object.as_str() == named)
            .and_then(|object| key(object, id))
            .into_iter()
            .collect(),
        (Side::HubSpot, None) => Vec::new(),
        (Side::Salesforce, _) => objects.filter_map(|object| key(object, text)).collect(),
    }
}

impl Parents {
    /// Notes what is known of a parent.
    pub fn note(&mut self, key: RecordKey, parent: Parent) {
        self.0.insert(key, parent);
    }

    /// The parent that a reference names, and what is known of it; `None` when it names none that
    /// is kept in step.
    pub fn find(
        &self,
        mapped: &FieldMapping,
        side: Side,
        text: &str,
    ) -> Option<(&RecordKey, &Parent)> {
        let mut keys = named(mapped, side, text).into_iter();
        keys.find_map(|key| self.0.get_key_value(&key))
    }

    /// What stands across for a reference of the side across from `to`, as `to` writes it.
    pub fn on(&self, to: Side, mapped: &FieldMapping, text: &str) -> Option<String> {
        match self.find(mapped, to.other(), text)? {
            (key, Parent::Linked(id)) => Some(written(to, &key.object, id)),
            (_, Parent::Pending | Parent::Excluded) => None,
        }
    }
}

/// A parent's id as a reference to it is written on `to`.
pub(super) fn written(to: Side, object: &ObjectName, id: &RecordId) -> String {
    match to {
        Side::HubSpot => association(object, id),
        Side::Salesforce => id.to_string(),
    }
}
