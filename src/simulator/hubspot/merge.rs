//! Two records become a third one with a new id; the old ids lead to it.

use super::HubSpot;
use super::association::link::{Changes, End};
use super::call::{Answer, Call, text_member};
use super::record::{Record, Source};
use super::refusal::Refusal;
use super::render::Shown;
use super::table::EMAIL;
use super::write::Undo;
use std::sync::Arc;

const MERGES_MAX: usize = 250;

impl HubSpot {
    pub(super) fn merge_asked(
        &mut self,
        call: &Call<'_>,
        object: usize,
    ) -> Result<Answer, Refusal> {
        let body = call.json()?;
        let id = |name: &str| text_member(&body, name).and_then(|id| id.parse::<u64>().ok());
        let (Some(primary), Some(other)) = (id("primaryObjectId"), id("objectIdToMerge")) else {
            return Err(Refusal::invalid(
                "Invalid input JSON on line 1, column 1: Some required fields were not set: \
                 [primaryObjectId, objectIdToMerge]",
            ));
        };
        let survivor = self.merge_records(object, primary, other, call.now)?;
        let record = self.objects[object]
            .table
            .get(survivor)
            .ok_or_else(Refusal::not_found)?;
        Ok(Answer::Json(
            200,
            self.record_json(object, record, &Shown::Everything, &[]),
        ))
    }

    /// Merges and returns the new id.
    pub(super) fn merge_records(
        &mut self,
        object: usize,
        primary: u64,
        other: u64,
        now: i64,
    ) -> Result<u64, Refusal> {
        let primary = self.alive(object, primary)?;
        let other = self.alive(object, other)?;
        if primary.id == other.id {
            return Err(Refusal::invalid("Cannot merge an object with itself"));
        }
        let merged = merged_ids(&primary, &other);
        if merged.len() > MERGES_MAX {
            let message = "Cannot have more than 250 identities on a profile";
            return Err(Refusal::invalid(message));
        }
        let id = self.next_id(object);
        let mut record = union(id, &primary, &other, now);
        let list: Vec<String> = merged.iter().map(u64::to_string).collect();
        record.set("hs_merged_object_ids", &list.join(";"), now, Source::Merge);
        if self.objects[object].plural == "contacts" {
            let vids = format!("{}:{now};{}:{now}", primary.id, other.id);
            record.set("hs_calculated_merged_vids", &vids, now, Source::Merge);
        }
        let mut undo = Undo::new();
        for old in [&primary, &other] {
            let gone = self.settings.merged_listed_as_archived.then(|| {
                let mut gone = Record::clone(old);
                gone.archived_at = Some(now);
                gone.merged_into = Some(id);
                Arc::new(gone)
            });
            let kept = &mut self.objects[object];
            kept.aliases.insert(old.id, id);
            undo.push((old.id, kept.table.replace(old.id, gone)));
        }
        undo.push((
            id,
            self.objects[object]
                .table
                .replace(id, Some(Arc::new(record))),
        ));
        self.commit(object, &undo, Source::Merge, now);
        // The primary's associations come first, so that its flags stay and the other's surplus ones drop [C].
        let mut changes = Changes::new();
        let heir = End { object, id };
        for old in [primary.id, other.id] {
            let old = End { object, id: old };
            self.associations.inherit(heir, old, &mut changes);
            self.lists.replace(old, Some(id), now);
        }
        self.settle(&changes, Source::Merge, now);
        Ok(id)
    }

    fn alive(&self, object: usize, id: u64) -> Result<Arc<Record>, Refusal> {
        let kept = &self.objects[object];
        let record = kept.table.get(kept.survivor(id));
        let record = record.filter(|record| record.archived_at.is_none());
        record.cloned().ok_or_else(Refusal::not_found)
    }
}

fn merged_ids(primary: &Record, other: &Record) -> Vec<u64> {
    let earlier = [primary, other].into_iter().flat_map(|record| {
        let list = record.value("hs_merged_object_ids").unwrap_or_default();
        list.split(';')
            .filter_map(|id| id.parse().ok())
            .collect::<Vec<u64>>()
    });
    earlier.chain([primary.id, other.id]).collect()
}

// The primary's values win; the other fills blanks, and its address is kept beside.
fn union(id: u64, primary: &Record, other: &Record, now: i64) -> Record {
    let mut record = primary.clone();
    record.id = id;
    record.created_at = primary.created_at.min(other.created_at);
    record.touch(now);
    for (name, value) in other.set_values() {
        if record.value(name).is_none() {
            record.set(name, value, now, Source::Merge);
        }
    }
    let main = record.value(EMAIL).unwrap_or_default().to_owned();
    let mut more: Vec<&str> = Vec::new();
    for source in [primary, other] {
        let all = [source.value("hs_additional_emails"), source.value(EMAIL)];
        for email in all.into_iter().flatten().flat_map(|list| list.split(';')) {
            if email != main && !more.contains(&email) {
                more.push(email);
            }
        }
    }
    let more = more.join(";");
    if !more.is_empty() {
        record.set("hs_additional_emails", &more, now, Source::Merge);
    }
    record
}
