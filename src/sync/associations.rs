//! HubSpot's associations as fields of the records that have them.

use std::collections::BTreeMap;

use super::context::Context;
use super::forms::Forms;
use super::gate::{Errand, Trouble};
use crate::crm::hubspot::{ASSOCIATIONS_READ_MAX, Associated, has_primary};
use crate::domain::call::{Lane, Operation};
use crate::domain::mapping::FieldMapping;
use crate::domain::merge::association;
use crate::domain::record::{FieldName, ObjectName, Record, RecordId, Side, Value};

/// With whom each record is associated, of one object: first the one that a lookup can hold.
type Known = BTreeMap<RecordId, Vec<Associated>>;

impl Context {
    /// Fills in the associations that `records` have as mapped. A lookup holds one of them: the
    /// primary one where there can be one, else the oldest; a junction holds all.
    pub(super) async fn add_associations(
        &self,
        forms: &Forms,
        records: &mut [Record],
        lane: Lane,
    ) -> Result<(), Trouble> {
        let live = records.iter().filter(|record| !record.deleted);
        let ids: Vec<RecordId> = live.map(|record| record.key.id.clone()).collect();
        for (name, values) in self.associations_of(forms, &ids, lane).await? {
            for record in records.iter_mut() {
                let value = values.get(&record.key.id).cloned();
                let value = value.unwrap_or(Value::Blank);
                record.fields.insert(name.clone(), value);
            }
        }
        Ok(())
    }

    /// What each mapped association shows for these records; those without one are left out.
    pub(in crate::sync) async fn associations_of(
        &self,
        forms: &Forms,
        ids: &[RecordId],
        lane: Lane,
    ) -> Result<BTreeMap<FieldName, BTreeMap<RecordId, Value>>, Trouble> {
        let mut shown = BTreeMap::new();
        if ids.is_empty() {
            return Ok(shown);
        }
        let mut known: BTreeMap<ObjectName, Known> = BTreeMap::new();
        let mapped: Vec<FieldMapping> = forms.associations().cloned().collect();
        for one in mapped {
            for parent in &one.parents {
                if !known.contains_key(parent) {
                    let found = self.associated(forms, parent, ids, lane).await?;
                    known.insert(parent.clone(), found);
                }
            }
            let holds = |id: &RecordId| match one.junction() {
                Some(_) => Some(all_of(&one, id, &known)),
                None => self.chosen(forms, &one, id, &known),
            };
            let values = ids.iter().filter_map(|id| Some((id.clone(), holds(id)?)));
            shown.insert(one.hubspot.clone(), values.collect());
        }
        Ok(shown)
    }

    /// The one record that a lookup across can hold.
    fn chosen(
        &self,
        forms: &Forms,
        mapped: &FieldMapping,
        id: &RecordId,
        known: &BTreeMap<ObjectName, Known>,
    ) -> Option<Value> {
        let from = forms.first.mapping.hubspot_type.as_str();
        mapped.parents.iter().find_map(|parent| {
            let first = known.get(parent)?.get(id)?.first()?;
            let to = self.settings.forms_of(parent).first()?;
            // Where one may be the primary one, the others are no lookup across: with none it is
            // blank.
            let fits = first.primary || !has_primary(from, &to.hubspot_type);
            fits.then(|| Value::Text(association(parent, &first.to)))
        })
    }

    /// The records of object `parent` that each of `ids` is associated with.
    async fn associated(
        &self,
        forms: &Forms,
        parent: &ObjectName,
        ids: &[RecordId],
        lane: Lane,
    ) -> Result<Known, Trouble> {
        let Some(to) = self.settings.forms_of(parent).first() else {
            return Ok(Known::new());
        };
        let from = forms.first.mapping.hubspot_type.as_str();
        let to = to.hubspot_type.as_str();
        let mut asked: Vec<(RecordId, Option<String>)> =
            ids.iter().map(|id| (id.clone(), None)).collect();
        let mut found: Vec<Associated> = Vec::new();
        while !asked.is_empty() {
            let mut more = Vec::new();
            for part in asked.chunks(ASSOCIATIONS_READ_MAX) {
                let (object, carried) = (forms.object(), part.len());
                let errand = Errand::new(Side::HubSpot, Operation::Match, lane, object, carried);
                let send = || self.hubspot.associations(from, to, part);
                let page = self.call(&errand, send).await?.value;
                found.extend(page.found);
                // A server that hands out the same page again must not keep us here for ever.
                let next = page.more.into_iter().map(|(id, after)| (id, Some(after)));
                more.extend(next.filter(|one| !part.contains(one)));
            }
            asked = more;
        }
        Ok(sorted(found))
    }
}

/// Every record that `id` is associated with.
fn all_of(mapped: &FieldMapping, id: &RecordId, known: &BTreeMap<ObjectName, Known>) -> Value {
    let parents = mapped.parents.iter();
    let found = parents.filter_map(|parent| known.get(parent)?.get(id));
    let ids = found.flatten().map(|one| one.to.to_string());
    Value::Options(ids.collect())
}

/// Each record's associations, the primary one first and the others by their ids: the same at every
/// reading.
fn sorted(mut found: Vec<Associated>) -> Known {
    let number = |id: &RecordId| (id.as_str().len(), id.as_str().to_owned());
    found.sort_by_key(|one| (!one.primary, number(&one.to)));
    let mut known = Known::new();
    for one in found {
        known.entry(one.from.clone()).or_default().push(one);
    }
    known
}
