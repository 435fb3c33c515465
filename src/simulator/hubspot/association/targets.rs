//! The two records of an association found, tied, and the words of what stands in the way.

use super::super::HubSpot;
use super::super::call::text_member;
use super::super::refusal::Refusal;
use super::Obstacle;
use super::label::{Category, Kind};
use super::link::{Changes, End};
use super::switches::FirstCompany;
use serde_json::{Value, json};

/// How two records are to be tied.
#[derive(Debug, Clone, Copy)]
pub enum How<'a> {
    /// By what is usual between their types.
    Usual,
    /// By these kinds besides those already there.
    Besides(&'a [Kind]),
    /// By these kinds and no others.
    Only(&'a [Kind]),
}

impl HubSpot {
    /// The record a path or an input means, if it is there; an id that was merged away is followed (assumed).
    pub(in super::super) fn end(&self, object: usize, id: &str) -> Option<End> {
        let kept = &self.objects[object];
        let id = kept.survivor(id.parse().ok()?);
        let record = kept.table.get(id)?;
        record.archived_at.is_none().then_some(End { object, id })
    }

    /// The record, or the refusal of a batch and of an inline association (E18; the text is assumed).
    pub(in super::super) fn valid_end(&self, object: usize, id: &str) -> Result<End, Refusal> {
        self.end(object, id).ok_or_else(|| {
            let caps = &self.objects[object].caps;
            Refusal::invalid(&format!("{caps}={id} is not valid"))
        })
    }

    /// Ties two records, or says what stands in the way; then nothing has changed.
    pub(in super::super) fn join(
        &mut self,
        from: End,
        to: End,
        how: How<'_>,
        changes: &mut Changes,
    ) -> Result<(), Refusal> {
        let first = self.settings.associations.first_company;
        let usual = |first| self.associations.usual(from, to, first);
        let mut kinds = match how {
            How::Usual => usual(first != FirstCompany::StaysPlain),
            How::Besides(kinds) | How::Only(kinds) => kinds.to_vec(),
        };
        if first == FirstCompany::PrimaryAlways {
            kinds.extend(usual(true));
        }
        let tied = if matches!(how, How::Only(_)) {
            self.associations.tie_only(from, to, &kinds, changes)
        } else {
            self.associations.tie(from, to, &kinds, changes)
        };
        tied.map_err(|obstacle| self.obstacle(obstacle, from, to))
    }

    fn obstacle(&self, obstacle: Obstacle, from: End, to: End) -> Refusal {
        let name = |end: End| self.objects[end.object].singular.as_str();
        match obstacle {
            Obstacle::Itself => Refusal::invalid("Cannot associate an object with itself"),
            Obstacle::NoKind(None) => Refusal::invalid(&format!(
                "{} and {} cannot be associated",
                name(from),
                name(to)
            )),
            Obstacle::NoKind(Some(kind)) => Refusal::invalid(&format!(
                "One or more association types are not valid: association type id {} doesn't \
                 exist between {} and {}",
                kind.id,
                name(from),
                name(to)
            )),
            Obstacle::Full { end, ceiling } => {
                let other = if end == from { to } else { from };
                let message = format!(
                    "{}={} cannot have more than {} associations to {}",
                    self.objects[end.object].caps,
                    end.id,
                    ceiling.max,
                    self.objects[other.object].plural
                );
                Refusal::invalid(&message)
                    .with("subCategory", json!(ceiling.set_by.sub_category()))
                    .with(
                        "context",
                        json!({
                            "fromObjectId": [end.id.to_string()], "fromObjectType": [name(end)],
                            "toObjectType": [name(other)], "limit": [ceiling.max.to_string()],
                        }),
                    )
            }
        }
    }
}

/// Reads `[{"associationCategory", "associationTypeId"}]`; a list that is empty or absent is a mistake.
pub fn kinds_from(list: Option<&Value>) -> Result<Vec<Kind>, Refusal> {
    let list = list
        .and_then(Value::as_array)
        .filter(|list| !list.is_empty());
    let list = list.ok_or_else(|| {
        Refusal::invalid(
            "Invalid input JSON on line 1, column 1: Some required fields were not set: [types]",
        )
    })?;
    list.iter().map(kind_from).collect()
}

fn kind_from(one: &Value) -> Result<Kind, Refusal> {
    let wrong = || {
        Refusal::invalid(
            "Invalid input JSON on line 1, column 1: Cannot deserialize value of type association \
             spec: associationCategory and associationTypeId are required",
        )
    };
    let one = one.as_object().ok_or_else(wrong)?;
    let category = text_member(one, "associationCategory");
    let category = category.and_then(|name| Category::named(&name));
    let id = text_member(one, "associationTypeId").and_then(|id| id.parse().ok());
    match (category, id) {
        (Some(category), Some(id)) => Ok(Kind { category, id }),
        _ => Err(wrong()),
    }
}
