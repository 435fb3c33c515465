//! What two descriptions of an object differ in.

use std::collections::BTreeSet;

use crate::domain::event::SchemaChange;
use crate::domain::record::FieldName;
use crate::domain::schema::{Field, Full, FullEnds, ObjectSchema};

/// What differs between two readings, field by field.
pub(super) fn changes(before: &ObjectSchema, after: &ObjectSchema) -> Vec<SchemaChange> {
    let mut changes = Vec::new();
    for (name, field) in &after.fields {
        match before.fields.get(name) {
            None => changes.push(SchemaChange::FieldAdded(name.clone())),
            Some(old) => changes.extend(field_change(old, field)),
        }
    }
    for name in before
        .fields
        .keys()
        .filter(|name| !after.fields.contains_key(name))
    {
        changes.push(SchemaChange::FieldRemoved(name.clone()));
    }
    let offers = after.offer.choices.iter();
    changes.extend(offers.filter_map(|(name, offered)| {
        let before = before.offer.choices.get(name)?;
        choices_changed(name, before, offered)
    }));
    let roomier = before.full.iter().filter(|ends| has_more_room(ends, after));
    let roomier: BTreeSet<&FieldName> = roomier.map(|ends| &ends.field).collect();
    changes.extend(roomier.into_iter().cloned().map(SchemaChange::FieldChanged));
    changes
}

/// Whether records at either end of an association had no room and have some now. That others have
/// none any more lets nothing go.
fn has_more_room(before: &FullEnds, after: &ObjectSchema) -> bool {
    let is_it = |ends: &&FullEnds| ends.field == before.field && ends.parent == before.parent;
    let Some(now) = after.full.iter().find(is_it) else {
        return true;
    };
    let gained = |before: &Full, now: &Full| {
        // Of many only some are named, and not always the same.
        let all_named = now.records.len() as u64 >= now.total;
        let left = !before.records.is_subset(&now.records);
        now.limit > before.limit || now.total < before.total || all_named && left
    };
    gained(&before.here, &now.here) || gained(&before.across, &now.across)
}

/// What a list gained or lost.
fn choices_changed(
    name: &FieldName,
    before: &BTreeSet<String>,
    after: &BTreeSet<String>,
) -> Option<SchemaChange> {
    let count = |set: usize| u32::try_from(set).unwrap_or(u32::MAX);
    let gained = count(after.difference(before).count());
    let lost = count(before.difference(after).count());
    match (gained, lost) {
        (0, 0) => None,
        (0, lost) => Some(SchemaChange::ChoicesRemoved(name.clone(), lost)),
        (gained, _) => Some(SchemaChange::ChoicesAdded(name.clone(), gained)),
    }
}

fn field_change(old: &Field, new: &Field) -> Option<SchemaChange> {
    if old == new {
        return None;
    }
    let active = |field: &Field| -> BTreeSet<String> {
        field
            .choices
            .iter()
            .filter(|c| c.active)
            .map(|c| c.value.clone())
            .collect()
    };
    let changed = choices_changed(&new.name, &active(old), &active(new));
    Some(changed.unwrap_or_else(|| SchemaChange::FieldChanged(new.name.clone())))
}

/// A change in words.
pub(super) fn spoken_change(change: &SchemaChange) -> String {
    match change {
        SchemaChange::FieldAdded(field) => format!("{field} is new"),
        SchemaChange::FieldRemoved(field) => format!("{field} is gone"),
        SchemaChange::ChoicesAdded(field, count) => format!("{field} gained {count} values"),
        SchemaChange::ChoicesRemoved(field, count) => format!("{field} lost {count} values"),
        SchemaChange::FieldChanged(field) => format!("{field} changed"),
    }
}
