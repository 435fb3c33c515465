//! HubSpot's associations as fields of the records that have them.

use std::collections::BTreeMap;

use super::context::Context;
use super::forms::Forms;
use super::gate::{Errand, Trouble};
use crate::crm::hubspot::{ASSOCIATIONS_READ_MAX, Associated};
use crate::domain::call::{Lane, Operation};
use crate::domain::mapping::FieldMapping;
use crate::domain::merge::association;
use crate::domain::record::{ObjectName, Record, RecordId, Side, Value};

/// With whom each record is associated, of one object: one of them, which a lookup can hold.
type Chosen = BTreeMap<RecordId, RecordId>;

impl Context {
    /// Fills in the associations that `records` have as mapped: of several the primary one, else
    /// the oldest.
    pub(super) async fn add_associations(
        &self,
        forms: &Forms,
        records: &mut [Record],
        lane: Lane,
    ) -> Result<(), Trouble> {
        let mut mapped: Vec<FieldMapping> = Vec::new();
        for one in forms.associations() {
            if !mapped.iter().any(|known| known.hubspot == one.hubspot) {
                mapped.push(one.clone());
            }
        }
        if records.is_empty() {
            return Ok(());
        }
        let mut known: BTreeMap<ObjectName, Chosen> = BTreeMap::new();
        for one in &mapped {
            for parent in &one.parents {
                if !known.contains_key(parent) {
                    let chosen = self.associated(forms, parent, records, lane).await?;
                    known.insert(parent.clone(), chosen);
                }
            }
            for record in records.iter_mut() {
                let named = one.parents.iter().find_map(|parent| {
                    let id = known.get(parent)?.get(&record.key.id)?;
                    Some(association(parent, id))
                });
                let value = named.map_or(Value::Blank, Value::Text);
                record.fields.insert(one.hubspot.clone(), value);
            }
        }
        Ok(())
    }

    /// The record of object `parent` that each of `records` belongs to.
    async fn associated(
        &self,
        forms: &Forms,
        parent: &ObjectName,
        records: &[Record],
        lane: Lane,
    ) -> Result<Chosen, Trouble> {
        let Some(to) = self.settings.forms_of(parent).first() else {
            return Ok(Chosen::new());
        };
        let from = forms.first.mapping.hubspot_type.as_str();
        let to = to.hubspot_type.as_str();
        let live = records.iter().filter(|record| !record.deleted);
        let mut asked: Vec<(RecordId, Option<String>)> =
            live.map(|record| (record.key.id.clone(), None)).collect();
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
        Ok(choose(found))
    }
}

/// Of each record's associations the primary one, else the one with the lowest id: the same at
/// every reading.
fn choose(mut found: Vec<Associated>) -> Chosen {
    let number = |id: &RecordId| (id.as_str().len(), id.as_str().to_owned());
    found.sort_by_key(|one| (!one.primary, number(&one.to)));
    let mut chosen = Chosen::new();
    for one in found {
        chosen.entry(one.from).or_insert(one.to);
    }
    chosen
}
