//! Which ends of mapped associations have no room in HubSpot. Read with the description, and kept
//! with it.

use std::collections::BTreeMap;

use super::context::Context;
use super::gate::{Errand, Trouble};
use super::lists::type_id;
use crate::crm::http::CallError;
use crate::crm::hubspot::has_primary;
use crate::domain::call::{Lane, Operation};
use crate::domain::mapping::Mapping;
use crate::domain::record::{FieldName, ObjectName, Side};
use crate::domain::schema::{Full, FullEnds, ObjectSchema};

/// What an account's own types have ids like.
const OWN_TYPE: &str = "2-";

/// What is asked about: an association, the object across, and that one's type.
type Asked<'a> = (&'a FieldName, &'a ObjectName, &'a str);

impl Context {
    /// The ends without room of all associations of the object. Most accounts have none: then it is
    /// one call. An account that keeps these reports from us has none that we know of; where they
    /// are out of order for now, what is `known` stands.
    pub(super) async fn full_ends(
        &self,
        mapping: &Mapping,
        known: Option<&ObjectSchema>,
    ) -> Result<Vec<FullEnds>, Trouble> {
        match self.ask_full_ends(mapping).await {
            Err(Trouble::Call(CallError::Rejected { .. })) => Ok(Vec::new()),
            Err(Trouble::Call(_)) => Ok(known.map(|known| known.full.clone()).unwrap_or_default()),
            asked => asked,
        }
    }

    async fn ask_full_ends(&self, mapping: &Mapping) -> Result<Vec<FullEnds>, Trouble> {
        let asked = self.asked_about(mapping);
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        let (side, object) = (Side::HubSpot, &mapping.object);
        let errand = Errand::new(side, Operation::Describe, Lane::Metadata, object, 0);
        let types = || self.hubspot.types_at_limit();
        let types = self.call(&errand, types).await?.value;
        let own = type_id(&mapping.hubspot_type);
        let mut found = BTreeMap::new();
        let pairs = asked.iter().flat_map(|(_, _, to)| [(own, *to), (*to, own)]);
        for (from, to) in pairs {
            if has_full(&types, from) && !found.contains_key(&(from, to)) {
                found.insert((from, to), self.full(&errand, from, to).await?);
            }
        }
        let of = |from, to| found.get(&(from, to)).cloned().unwrap_or_default();
        let ends = asked.into_iter().map(|(field, parent, across)| FullEnds {
            field: field.clone(),
            parent: parent.clone(),
            keeps_former: has_primary(own, across),
            here: of(own, across),
            across: of(across, own),
        });
        let is_full = |ends: &FullEnds| ends.here.total + ends.across.total > 0;
        Ok(ends.filter(is_full).collect())
    }

    /// Every association that any form of the object has.
    fn asked_about(&self, mapping: &Mapping) -> Vec<Asked<'_>> {
        let mut asked: Vec<Asked<'_>> = Vec::new();
        let fields = self.settings.forms_of(&mapping.object).iter();
        let fields = fields.flat_map(|form| form.parents().chain(form.junctions()));
        for (field, parent) in fields.flat_map(|one| one.parents.iter().map(move |to| (one, to))) {
            let across = self.settings.forms_of(parent).first();
            let Some(across) = across.map(|across| type_id(&across.hubspot_type)) else {
                continue;
            };
            if !asked.contains(&(&field.hubspot, parent, across)) {
                asked.push((&field.hubspot, parent, across));
            }
        }
        asked
    }

    async fn full(&self, errand: &Errand, from: &str, to: &str) -> Result<Full, Trouble> {
        let records = || self.hubspot.records_at_limit(from, to);
        let records = self.call(errand, records).await?.value;
        if records.total == 0 {
            return Ok(Full::default());
        }
        let own = match self.call(errand, || self.hubspot.own_limit(from, to)).await {
            Ok(reply) => reply.value,
            Err(Trouble::Call(CallError::Rejected { .. })) => None,
            Err(trouble) => return Err(trouble),
        };
        let ids = records.samples.iter().map(ToString::to_string);
        Ok(Full {
            limit: records.limit,
            by_administrator: own.is_some_and(|own| own <= records.limit),
            total: records.total,
            records: ids.collect(),
        })
    }
}

/// Whether a type is among those with full records. The ids of an account's own types are not known
/// by their names: where one of them has some, it may be any.
fn has_full(types: &[String], type_id: &str) -> bool {
    let by_id = |id: &str| id.contains('-') && id.starts_with(|c: char| c.is_ascii_digit());
    types
        .iter()
        .any(|one| one == type_id || !by_id(type_id) && one.starts_with(OWN_TYPE))
}
