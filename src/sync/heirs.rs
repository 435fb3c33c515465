//! Records that others took the place of: a lead that was converted, a record that was merged away.
//!
//! Salesforce says so on the record that is gone (salesforce.md §5.5), HubSpot on the one that came
//! of the merge and has an id of its own (hubspot.md §3.8).

use std::collections::BTreeMap;

use super::context::Context;
use super::matching::pair_of;
use crate::domain::event::{Excluded, Linked};
use crate::domain::record::{FieldName, Record, RecordId, RecordKey, Side, Value};
use crate::projections::pairs::Pair;

const CONVERTED: &str = "IsConverted";
const CONTACT: &str = "ConvertedContactId";
const MASTER: &str = "MasterRecordId";
const ANCESTORS: &str = "hs_merged_object_ids";

/// How a record came to be gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is a lead, and was converted.
    Converted,
    /// It was merged into another.
    Merged,
}

impl Fate {
    /// Why its pair goes on with another record.
    pub(super) fn linked(self) -> Linked {
        match self {
            Self::Converted => Linked::Converted,
            Self::Merged => Linked::Merged,
        }
    }

    /// Why it is left out itself.
    pub(super) fn excluded(self) -> Excluded {
        match self {
            Self::Converted => Excluded::Converted,
            Self::Merged => Excluded::Merged,
        }
    }
}

/// What took a record's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Succession {
    pub(super) fate: Fate,
    /// The record that goes on, where it can be seen.
    pub(super) heir: Option<RecordId>,
}

impl Succession {
    /// The fields that tell, on `side`; objects that know no such thing have none of them.
    pub(super) fn fields(side: Side) -> impl Iterator<Item = FieldName> {
        let names: &[&str] = match side {
            Side::HubSpot => &[ANCESTORS],
            Side::Salesforce => &[CONVERTED, CONTACT, MASTER],
        };
        names.iter().filter_map(|name| FieldName::parse(name).ok())
    }

    /// The succession that a Salesforce record tells of.
    pub(super) fn of(record: &Record) -> Option<Self> {
        if shown(record, CONVERTED) == Some(&Value::Bool(true)) {
            return Some(Self {
                fate: Fate::Converted,
                heir: id(record, CONTACT),
            });
        }
        let heir = id(record, MASTER).filter(|_| record.deleted)?;
        Some(Self {
            fate: Fate::Merged,
            heir: Some(heir),
        })
    }
}

/// The ids that a merged HubSpot record had before.
fn ancestors(record: &Record) -> Vec<RecordId> {
    if record.key.side != Side::HubSpot {
        return Vec::new();
    }
    let Some(Value::Text(text)) = shown(record, ANCESTORS) else {
        return Vec::new();
    };
    let ids = text.split(';').map(str::trim);
    let ids = ids.filter_map(|id| RecordId::parse(id).ok());
    ids.filter(|id| *id != record.key.id).collect()
}

fn shown<'r>(record: &'r Record, wanted: &str) -> Option<&'r Value> {
    let mut fields = record.fields.iter();
    fields.find_map(|(name, value)| (name.as_str() == wanted).then_some(value))
}

fn id(record: &Record, name: &str) -> Option<RecordId> {
    match shown(record, name)? {
        Value::Text(id) => RecordId::parse(id).ok(),
        Value::Blank
        | Value::Number(_)
        | Value::Bool(_)
        | Value::Date(..)
        | Value::DateTime(_)
        | Value::Options(_) => None,
    }
}

/// Linked pairs by the merged record that takes them over, the one synced last first.
pub(super) type Estates = BTreeMap<RecordKey, Vec<Pair>>;

impl Context {
    /// The pairs that merged HubSpot records among `records` take over.
    pub(super) async fn estates<'r>(
        &self,
        records: impl Iterator<Item = &'r Record>,
    ) -> anyhow::Result<Estates> {
        let mut asked: Vec<(RecordKey, Vec<RecordId>)> = Vec::new();
        for record in records {
            let ids = ancestors(record);
            if !ids.is_empty() {
                asked.push((record.key.clone(), ids));
            }
        }
        if asked.is_empty() {
            return Ok(Estates::new());
        }
        self.store
            .read(move |view| {
                let mut estates = Estates::new();
                for (key, ids) in asked {
                    let mut pairs: Vec<Pair> = Vec::new();
                    for id in ids {
                        let former = RecordKey { id, ..key.clone() };
                        pairs.extend(pair_of(view, &former)?.filter(Pair::is_linked));
                    }
                    pairs.sort_by_key(|pair| std::cmp::Reverse((pair.synced_at, pair.last_seq)));
                    if !pairs.is_empty() {
                        estates.insert(key, pairs);
                    }
                }
                Ok(estates)
            })
            .await
    }
}
