//! The labels of a pair of types, and which types have records at their limits.

use super::super::HubSpot;
use super::super::call::{Answer, Call, text_member};
use super::super::record::Source;
use super::super::refusal::Refusal;
use super::ceiling::SetBy;
use super::label::{Category, Label, Role, USER_LABELS_MAX, Wording};
use super::link::Changes;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// From this share of a limit on a record is near it (assumed).
const NEAR_PERCENT: usize = 80;

impl HubSpot {
    pub(in super::super) fn list_labels(&self, from: usize, to: usize) -> Answer {
        let labels = self.associations.labels.of(from, to);
        let results: Vec<Value> = labels.map(Label::to_json).collect();
        Answer::Json(200, json!({ "results": results }))
    }

    pub(in super::super) fn create_label(
        &mut self,
        call: &Call<'_>,
        from: usize,
        to: usize,
    ) -> Result<Answer, Refusal> {
        let body = call.json()?;
        text_member(&body, "name").ok_or_else(|| missing("name"))?;
        let made = self.make_label(from, to, &wording(&body)?)?;
        let results: Vec<Value> = made.iter().map(Label::to_json).collect();
        Ok(Answer::Json(200, json!({ "results": results })))
    }

    /// Makes a label, unless the pair has one of that name or too many.
    pub(in super::super) fn make_label(
        &mut self,
        from: usize,
        to: usize,
        words: &Wording,
    ) -> Result<Vec<Label>, Refusal> {
        let labels = &mut self.associations.labels;
        if labels.worded(from, to, &words.name).is_some() {
            let message = format!("An association label '{}' already exists", words.name);
            return Err(Refusal::invalid(&message));
        }
        let made = labels
            .of(from, to)
            .filter(|label| label.kind.category == Category::User && label.role == Role::Named);
        if made.count() >= USER_LABELS_MAX {
            let message =
                format!("A pair of object types has at most {USER_LABELS_MAX} association labels");
            return Err(Refusal::invalid(&message));
        }
        Ok(labels.make(from, to, words))
    }

    pub(in super::super) fn update_label(
        &mut self,
        call: &Call<'_>,
        from: usize,
        to: usize,
    ) -> Result<Answer, Refusal> {
        let body = call.json()?;
        let id = text_member(&body, "associationTypeId").and_then(|id| id.parse().ok());
        let id = id.ok_or_else(|| missing("associationTypeId"))?;
        let words = wording(&body)?;
        if self.associations.labels.reword(from, to, id, &words) {
            Ok(Answer::Nothing)
        } else {
            Err(Refusal::not_found())
        }
    }

    /// Takes a label away, from the pair of types and from every pair of records.
    pub(in super::super) fn delete_label(
        &mut self,
        call: &Call<'_>,
        from: usize,
        to: usize,
        id: &str,
    ) -> Result<Answer, Refusal> {
        let id = id.parse().map_err(|_| Refusal::not_found())?;
        let kind = super::label::Kind {
            category: Category::User,
            id,
        };
        let label = self.associations.labels.find(from, to, kind);
        if label.is_none_or(|label| label.role != Role::Named) {
            return Err(Refusal::not_found());
        }
        let mut changes = Changes::new();
        for (one, other) in self.associations.links.tied_by(from, to, kind) {
            self.associations.untie(one, other, &[kind], &mut changes);
        }
        self.associations.labels.remove(from, to, id);
        self.settle(&changes, Source::Integration, call.now);
        Ok(Answer::Nothing)
    }

    /// Types with records near or at a limit, in the shape of the limits API's public page (the guides).
    pub(in super::super) fn types_at_limit(&self) -> Answer {
        let mut types: BTreeMap<usize, (bool, bool)> = BTreeMap::new();
        for ((from, to), ceiling) in self.associations.ceilings.all() {
            let max = ceiling.max as usize;
            let counts = self.associations.links.counts(from, to);
            let fullest = counts.map(|(_, count)| count).max().unwrap_or(0);
            let entry = types.entry(from).or_default();
            entry.0 |= fullest >= max;
            entry.1 |= fullest * 100 >= max * NEAR_PERCENT;
        }
        let shown = types.into_iter().filter(|(_, (_, near))| *near);
        let results: Vec<Value> = shown
            .map(|(place, (at, near))| {
                let object = &self.objects[place];
                json!({
                    "objectTypeId": object.type_id, "singularLabel": object.singular,
                    "pluralLabel": object.plural, "hasRecordsAtLimit": at,
                    "hasRecordsNearLimit": near,
                })
            })
            .collect();
        Answer::Json(200, json!({ "results": results }))
    }

    /// Records near or at the limit of one direction, in the shape of the limits API's public page.
    /// Without a limit there is none (assumed: 0).
    pub(in super::super) fn records_at_limit(&self, from: usize, to: usize) -> Answer {
        let ceiling = self.associations.ceilings.of(from, to);
        let max = ceiling.map_or(0, |ceiling| ceiling.max as usize);
        let counts = self.associations.links.counts(from, to);
        let (mut at, mut near) = (Vec::new(), Vec::new());
        for (id, count) in counts.filter(|(_, count)| max > 0 && *count > 0) {
            if count >= max {
                at.push((id, count));
            } else if count * 100 >= max * NEAR_PERCENT {
                near.push((id, count));
            }
        }
        let singular = &self.objects[from].singular;
        let samples = |records: &[(u64, usize)], of: fn(usize, usize) -> Value| -> Vec<Value> {
            let some = records.iter().take(self.settings.associations.samples_max);
            some.map(|(id, count)| {
                let mut sample = of(*count, max);
                sample["objectId"] = json!(id);
                sample["label"] = json!(format!("{singular} {id}"));
                sample
            })
            .collect()
        };
        let near_samples = samples(
            &near,
            |count, max| json!({ "usage": count, "percentage": count * 100 / max }),
        );
        let body = json!({
            "limit": max,
            "totalRecordsAtLimit": at.len(), "totalRecordsNearLimit": near.len(),
            "atLimitFromRecordSamples": samples(&at, |_, _| json!({})),
            "nearLimitFromRecordSamples": near_samples,
        });
        Answer::Json(200, body)
    }

    /// The limits of one direction that administrators set, below what the product allows.
    pub(in super::super) fn configurations(&self, from: usize, to: usize) -> Answer {
        let ceiling = self.associations.ceilings.of(from, to);
        let own = ceiling.filter(|ceiling| ceiling.set_by == SetBy::Administrator);
        let plain = self.associations.labels.plain(from, to);
        let results: Vec<Value> = own
            .zip(plain)
            .map(|(ceiling, label)| {
                json!({
                    "category": "HUBSPOT_DEFINED", "typeId": label.kind.id, "label": null,
                    "userEnforcedMaxToObjectIds": ceiling.max,
                })
            })
            .into_iter()
            .collect();
        Answer::Json(200, json!({ "results": results }))
    }
}

fn wording(body: &Map<String, Value>) -> Result<Wording, Refusal> {
    let name = text_member(body, "label").filter(|label| !label.is_empty());
    Ok(Wording {
        name: name.ok_or_else(|| missing("label"))?,
        inverse: text_member(body, "inverseLabel"),
    })
}

fn missing(name: &str) -> Refusal {
    Refusal::invalid(&format!(
        "Invalid input JSON on line 1, column 1: Some required fields were not set: [{name}]"
    ))
}
