//! The records that others belong to: found by their links, and fetched when they have none.

use std::collections::BTreeSet;

use super::context::Context;
use super::forms::Forms;
use crate::domain::attempt::Attempt;
use crate::domain::call::Lane;
use crate::domain::convert::canonical;
use crate::domain::event::Excluded;
use crate::domain::failure::RawFailure;
use crate::domain::mapping::{FieldMapping, Mapping};
use crate::domain::merge::{Parent, Parents, association, is_lead, named};
use crate::domain::record::{FieldName, Record, RecordId, RecordKey, Side, Timestamp, Value};
use crate::inbox::{self, Release};
use crate::projections::pairs::{self, State};
use crate::store::{Tx, View};

impl Context {
    /// What is known of every parent that `records` name.
    pub(super) async fn parents_of(
        &self,
        forms: &Forms,
        records: impl Iterator<Item = &Record>,
    ) -> anyhow::Result<Parents> {
        let mut keys = BTreeSet::new();
        for record in records {
            keys.extend(self.references(forms, record));
        }
        if keys.is_empty() {
            return Ok(Parents::default());
        }
        self.store
            .read(move |view| {
                let mut parents = Parents::default();
                for key in keys {
                    let parent = parent(view, &key)?;
                    parents.note(key, parent);
                }
                Ok(parents)
            })
            .await
    }

    /// The records that `record` refers to and that are kept in step.
    fn references(&self, forms: &Forms, record: &Record) -> Vec<RecordKey> {
        let side = record.key.side;
        let mut keys = Vec::new();
        for mapped in forms.associations() {
            for text in texts(forms, record, mapped) {
                let named = named(mapped, side, &text).into_iter();
                keys.extend(named.filter(|key| self.may_be_of(key)));
            }
        }
        keys
    }

    /// Whether the record's id is one that its object's records have.
    fn may_be_of(&self, key: &RecordKey) -> bool {
        let mappings = self.settings.forms_of(&key.object);
        match key.side {
            _ if mappings.is_empty() => false,
            Side::HubSpot => true,
            Side::Salesforce => self
                .forms(mappings)
                .is_none_or(|forms| forms.knows(&key.id)),
        }
    }
}

/// The references that a record holds in one mapped field, as its side writes them.
fn texts(forms: &Forms, record: &Record, mapped: &FieldMapping) -> Vec<String> {
    let side = record.key.side;
    let name = mapped.on(side);
    let Some(value) = record.fields.get(name) else {
        return Vec::new();
    };
    match (value, mapped.parents.first()) {
        (Value::Options(ids), Some(object)) if side == Side::HubSpot => {
            let ids = ids.iter().filter_map(|id| RecordId::parse(id).ok());
            ids.map(|id| association(object, &id)).collect()
        }
        (Value::Options(ids), _) => ids.clone(),
        (_, _) => {
            let field = forms
                .all()
                .find_map(|form| form.schemas.on(side).field(name));
            let text = field.map(|field| canonical(value, field));
            text.into_iter().collect()
        }
    }
}

/// What is known of one parent.
fn parent(view: &View<'_>, key: &RecordKey) -> anyhow::Result<Parent> {
    let pair = match pairs::by_key(view, key)? {
        Some(number) => pairs::get(view, number)?,
        None => None,
    };
    let Some(pair) = pair else {
        return Ok(Parent::Pending);
    };
    match pair.ids.id(key.side.other()) {
        Some(_) if pair.why == Some(Excluded::Deleted) => Ok(Parent::Excluded),
        Some(partner) => Ok(Parent::Linked(partner.clone())),
        None if pair.state == State::Excluded => Ok(Parent::Excluded),
        None => Ok(Parent::Pending),
    }
}

/// Why something waits for a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lack {
    /// It has no partner yet.
    Partner,
    /// Its partner is a lead, which becomes a contact once it is converted.
    Contact,
}

/// What a record lacks that another one refers to; a junction's end must be a contact.
pub(super) fn lack(
    view: &View<'_>,
    key: &RecordKey,
    at_junction: bool,
) -> anyhow::Result<Option<Lack>> {
    Ok(match parent(view, key)? {
        Parent::Pending => Some(Lack::Partner),
        Parent::Linked(partner) if at_junction && is_lead(&partner) => Some(Lack::Contact),
        Parent::Linked(_) | Parent::Excluded => None,
    })
}

/// Codes of writes that name a record which is gone or hidden.
const DOUBTS: [&str; 3] = [
    "ENTITY_IS_DELETED",
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
    "INVALID_CROSS_REFERENCE_KEY",
];

/// Whether a refused write, tried for the first time, may name a parent that is gone without our
/// knowing: then each parent it names is looked at.
pub(super) fn are_doubted(
    tx: &Tx<'_>,
    attempt: &Attempt,
    failures: &[RawFailure],
    mapping: &Mapping,
) -> anyhow::Result<bool> {
    let write = &attempt.write;
    let mut codes = failures.iter().map(|raw| raw.failure.code.as_str());
    let is_about = write.action.is_link() || codes.any(|code| DOUBTS.contains(&code));
    if attempt.number > 1 || !is_about {
        return Ok(false);
    }
    let mut doubted = false;
    for mapped in mapping.parents().chain(mapping.junctions()) {
        let is_of = |name: &&FieldName| match mapped.junction() {
            None => *name == mapped.on(write.to),
            Some(_) => name.as_str().starts_with(mapped.hubspot.as_str()),
        };
        for (_, value) in write.fields.iter().filter(|(name, _)| is_of(name)) {
            let Value::Text(text) = value else { continue };
            for key in named(mapped, write.to, text) {
                if pairs::by_key(tx, &key)?.is_some() {
                    inbox::see(tx, &key, Timestamp(0), Lane::Parent, Timestamp(0))?;
                    doubted = true;
                }
            }
        }
    }
    Ok(doubted)
}

/// Asks for a parent that has no partner: its row is looked at in the lane of parents. One that
/// fails is tried again when its own error says so.
pub(super) fn fetch(tx: &Tx<'_>, parent: &RecordKey) -> anyhow::Result<()> {
    if let Some(number) = pairs::by_key(tx, parent)?
        && pairs::get(tx, number)?.is_some_and(|pair| pair.state == State::Failing)
    {
        return Ok(());
    }
    inbox::see(tx, parent, Timestamp(0), Lane::Parent, Timestamp(0)).map(drop)
}

/// Lets the children of these records go on: they have a partner now, or will never have one.
pub(super) fn release_children(tx: &Tx<'_>, keys: &[RecordKey]) -> anyhow::Result<u64> {
    let mut released = 0;
    for key in keys {
        released += inbox::release(tx, Release::Parent(key))?;
    }
    Ok(released)
}
