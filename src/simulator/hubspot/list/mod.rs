//! Lists of records: who is in which, since when, and who may look.

pub mod address;
pub mod admin;
pub mod answer;
pub mod members;

use super::HubSpot;
use super::association::link::End;
use super::refusal::Refusal;
use crate::simulator::stamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How a list gets its members; the names are those of the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Processing {
    /// `MANUAL`: people and applications put them in.
    Manual,
    /// `SNAPSHOT`: HubSpot fills it once, then as manual.
    Snapshot,
    /// `DYNAMIC`: HubSpot alone, by filters. The simulator knows no filters: its people say who is in.
    Dynamic,
}

impl Processing {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Processing::Manual => "MANUAL",
            Processing::Snapshot => "SNAPSHOT",
            Processing::Dynamic => "DYNAMIC",
        }
    }

    /// The one of that name on the wire.
    pub fn named(name: &str) -> Option<Processing> {
        [
            Processing::Manual,
            Processing::Snapshot,
            Processing::Dynamic,
        ]
        .into_iter()
        .find(|one| one.name() == name)
    }
}

/// Whether the API shows a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readable {
    /// It does.
    Yes,
    /// 403: the application may not see it.
    Forbidden,
    /// 404: as if it were not there.
    Missing,
}

/// When a record came into a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stay {
    /// For the first time, Unix ms.
    pub first: i64,
    /// For the last time, Unix ms.
    pub last: i64,
}

/// One list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// Its id; a text on the wire.
    pub id: u64,
    /// What people call it.
    pub name: String,
    /// Place of the type of its members.
    pub object: usize,
    /// How it gets its members.
    pub processing: Processing,
    /// Counts its changes.
    pub version: u64,
    /// When it was made, Unix ms.
    pub created_at: i64,
    /// When it or its members changed, Unix ms.
    pub updated_at: i64,
    /// Whether the API shows it.
    pub readable: Readable,
    /// The members, by id.
    pub members: BTreeMap<u64, Stay>,
}

impl List {
    /// Puts a record in; `false` when it is in already.
    pub fn add(&mut self, id: u64, now: i64) -> bool {
        if self.members.contains_key(&id) {
            return false;
        }
        let stay = Stay {
            first: now,
            last: now,
        };
        self.members.insert(id, stay);
        self.changed(now);
        true
    }

    /// Takes a record out; `false` when it is not in.
    pub fn remove(&mut self, id: u64, now: i64) -> bool {
        let gone = self.members.remove(&id).is_some();
        if gone {
            self.changed(now);
        }
        gone
    }

    fn changed(&mut self, now: i64) {
        self.version += 1;
        self.updated_at = self.updated_at.max(now);
    }
}

/// All lists of a portal, by id.
#[derive(Debug, Default)]
pub struct Lists {
    all: BTreeMap<u64, List>,
    last_id: u64,
}

impl Lists {
    /// The list of that id, whether or not the API shows it.
    pub fn get(&self, id: &str) -> Option<&List> {
        self.all.get(&id.parse().ok()?)
    }

    /// The same, to change it.
    pub fn get_mut(&mut self, id: &str) -> Option<&mut List> {
        self.all.get_mut(&id.parse().ok()?)
    }

    /// Every list, by id.
    pub fn all(&self) -> impl Iterator<Item = &List> {
        self.all.values()
    }

    /// The list of that name, by type; capitals make no difference (assumed).
    pub fn named(&self, object: usize, name: &str) -> Option<&List> {
        let same = |list: &&List| list.object == object && list.name.eq_ignore_ascii_case(name);
        self.all.values().find(same)
    }

    /// Makes an empty list.
    pub fn make(&mut self, name: &str, object: usize, processing: Processing, now: i64) -> &List {
        self.last_id += 1;
        let list = List {
            id: self.last_id,
            name: name.to_owned(),
            object,
            processing,
            version: 1,
            created_at: now,
            updated_at: now,
            readable: Readable::Yes,
            members: BTreeMap::new(),
        };
        self.all.entry(self.last_id).or_insert(list)
    }

    /// Deletes a list; `false` when there is none of that id.
    pub fn delete(&mut self, id: &str) -> bool {
        id.parse()
            .is_ok_and(|id: u64| self.all.remove(&id).is_some())
    }

    /// Takes a record that is gone out of every list; its heir, if it has one, takes its place (assumed).
    pub fn replace(&mut self, gone: End, heir: Option<u64>, now: i64) {
        let lists = self.all.values_mut();
        for list in lists.filter(|list| list.object == gone.object) {
            if list.remove(gone.id, now)
                && let Some(heir) = heir
            {
                list.add(heir, now);
            }
        }
    }
}

impl HubSpot {
    /// The list as the API shows it.
    fn list_json(&self, list: &List) -> Value {
        json!({
            "listId": list.id.to_string(), "name": list.name,
            "objectTypeId": self.objects[list.object].type_id,
            "processingType": list.processing.name(), "processingStatus": "COMPLETE",
            "size": list.members.len(), "listVersion": list.version,
            "additionalProperties": { "hs_list_size": list.members.len().to_string() },
            "createdAt": stamp::iso(list.created_at), "updatedAt": stamp::iso(list.updated_at),
        })
    }

    /// A list that the API shows, or the refusal. The reference has no bodies for these: they are assumed.
    fn shown_list(&self, id: &str) -> Result<&List, Refusal> {
        let list = self.lists.get(id);
        match list.map(|list| (list.readable, list)) {
            Some((Readable::Yes, list)) => Ok(list),
            Some((Readable::Forbidden, _)) => {
                let message = format!("You do not have permission to view the list with ID {id}");
                Err(Refusal::new(403, "PERMISSION_DENIED", &message))
            }
            Some((Readable::Missing, _)) | None => {
                let message = format!("List does not exist with ID {id}.");
                Err(Refusal::new(404, "OBJECT_NOT_FOUND", &message)
                    .with("subCategory", json!("ILS.LIST_NOT_FOUND")))
            }
        }
    }
}
