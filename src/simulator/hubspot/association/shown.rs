//! Associations as they travel: in the v4 answers, and inside records.

use super::super::HubSpot;
use super::super::record::Record;
use super::label::{Category, Kind, Label, Role};
use super::link::End;
use super::switches::IdShape;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// One page of what a record is tied to.
#[derive(Debug)]
pub struct Page {
    /// The associations.
    pub results: Vec<Value>,
    /// Where the next page starts, if there is one.
    pub next: Option<u64>,
}

impl HubSpot {
    /// An id as the portal's v4 answers write it.
    pub(in super::super) fn v4_id(&self, id: u64) -> Value {
        match self.settings.associations.ids {
            IdShape::Numbers => json!(id),
            IdShape::Strings => json!(id.to_string()),
        }
    }

    /// A page of v4 associations, by id from `first` on.
    pub(in super::super) fn tied_page(
        &self,
        from: End,
        object: usize,
        first: u64,
        most: usize,
    ) -> Page {
        let mut ties = self.associations.links.of(from, object, first);
        let results = ties
            .by_ref()
            .take(most)
            .map(|(id, kinds)| {
                let kinds: Vec<Value> = self
                    .labels_of(from.object, object, kinds)
                    .map(Label::to_json)
                    .collect();
                json!({ "toObjectId": self.v4_id(id), "associationTypes": kinds })
            })
            .collect();
        let next = ties.next().map(|(id, _)| id);
        Page { results, next }
    }

    /// What a labelled write answers: the two records and the labels between them.
    pub(in super::super) fn labelled_json(&self, from: End, to: End) -> Value {
        let kinds = self.associations.links.kinds(from, to);
        let labels: Vec<&String> = self
            .labels_of(from.object, to.object, &kinds)
            .filter_map(|label| label.name.as_ref())
            .collect();
        json!({
            "fromObjectTypeId": self.objects[from.object].type_id, "fromObjectId": self.v4_id(from.id),
            "toObjectTypeId": self.objects[to.object].type_id, "toObjectId": self.v4_id(to.id),
            "labels": labels,
        })
    }

    /// What a default write answers for one direction.
    pub(in super::super) fn default_json(&self, from: End, to: End) -> Value {
        let plain = self.associations.labels.plain(from.object, to.object);
        let spec = plain.map(|label| {
            json!({
                "associationCategory": label.kind.category.name(),
                "associationTypeId": label.kind.id,
            })
        });
        json!({
            "from": { "id": from.id.to_string() }, "to": { "id": to.id.to_string() },
            "associationSpec": spec,
        })
    }

    /// The member `associations` of a record, by the plurals of the types asked for; `None` without any.
    pub(in super::super) fn record_ties(
        &self,
        object: usize,
        record: &Record,
        asked: &[usize],
    ) -> Option<Value> {
        let from = End {
            object,
            id: record.id,
        };
        let most = self.settings.associations.page_max;
        let mut out = Map::new();
        for other in asked {
            let mut ties = self.associations.links.of(from, *other, 0);
            let mut results = Vec::new();
            for (id, kinds) in ties.by_ref().take(most) {
                for label in self.labels_of(object, *other, kinds) {
                    results.push(json!({ "id": id.to_string(), "type": self.wire_name(label) }));
                }
            }
            if results.is_empty() {
                continue;
            }
            let mut member = json!({ "results": results });
            if let Some((next, _)) = ties.next() {
                member["paging"] = json!({ "next": { "after": next.to_string() } });
            }
            out.insert(self.objects[*other].plural.clone(), member);
        }
        (!out.is_empty()).then_some(Value::Object(out))
    }

    pub(super) fn labels_of<'a>(
        &'a self,
        from: usize,
        to: usize,
        kinds: &'a BTreeSet<Kind>,
    ) -> impl Iterator<Item = &'a Label> {
        let labels = &self.associations.labels;
        kinds
            .iter()
            .filter_map(move |kind| labels.find(from, to, *kind))
    }

    /// The old name of a kind: the primary one has the bare name, and beside it the unlabelled one says so
    /// (assumed, as is a label's own words in small letters).
    pub(super) fn wire_name(&self, label: &Label) -> String {
        let name = |object: usize| self.objects[object].singular.as_str();
        let bare = format!("{}_to_{}", name(label.from), name(label.to));
        let has_primary = self
            .associations
            .labels
            .primary(label.from, label.to)
            .is_some();
        match (label.role, &label.name) {
            (Role::Plain, _) if has_primary && label.kind.category == Category::HubSpot => {
                format!("{bare}_unlabeled")
            }
            (Role::Plain | Role::Primary, _) | (Role::Named, None) => bare,
            (Role::Named, Some(words)) => words.to_lowercase().replace(' ', "_"),
        }
    }
}
