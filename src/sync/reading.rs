//! Reads records of both sides by id, id field and key: from nothing that lags, but for companies,
//! whose domain HubSpot answers to in a search alone.

use std::collections::{BTreeMap, BTreeSet};

use super::context::Context;
use super::forms::{Form, Forms};
use super::gate::{Errand, Trouble, refused};
use super::partner::Wanted;
use crate::crm::hubspot::Keys;
use crate::crm::salesforce::Query;
use crate::domain::call::{Lane, Operation};
use crate::domain::record::{FieldName, Record, RecordId, Side, Timestamp};

/// Characters of the values in one search: HubSpot's limit is for the whole body (hubspot.md §3.6).
const SEARCH_CHARS_MAX: usize = 1_500;

/// The ways in which a web address names a host.
const ADDRESSES: [&str; 12] = [
    "{}",
    "{}/",
    "www.{}",
    "www.{}/",
    "http://{}",
    "http://{}/",
    "https://{}",
    "https://{}/",
    "http://www.{}",
    "http://www.{}/",
    "https://www.{}",
    "https://www.{}/",
];

/// What HubSpot records are asked for by.
#[derive(Clone, Copy)]
pub(super) enum By<'a> {
    Ids(&'a [RecordId]),
    Property(&'a FieldName, &'a [String]),
}

impl<'a> By<'a> {
    /// The keys in parts that fit into a call.
    fn parts(self, most: usize) -> Vec<Keys<'a>> {
        match self {
            Self::Ids(ids) => ids.chunks(most).map(Keys::Ids).collect(),
            Self::Property(name, values) => values
                .chunks(most)
                .map(|values| Keys::Property { name, values })
                .collect(),
        }
    }
}

impl Context {
    /// The records of these ids, deleted ones included where the side tells.
    pub(super) async fn read_ids(
        &self,
        forms: &Forms,
        side: Side,
        ids: &[RecordId],
        lane: Lane,
    ) -> Result<Vec<Record>, Trouble> {
        if side == Side::HubSpot {
            let mut records = self.read_hubspot(forms, By::Ids(ids), lane).await?;
            let found: BTreeSet<&RecordId> = records.iter().map(|record| &record.key.id).collect();
            let missing = ids.iter().filter(|id| !found.contains(id));
            let missing: Vec<RecordId> = missing.cloned().collect();
            records.extend(self.read_archive(forms, &missing, lane).await?);
            return Ok(records);
        }
        let mut records = Vec::with_capacity(ids.len());
        for (place, form) in forms.all().enumerate() {
            let own = ids.iter().filter(|id| forms.place_of(Some(id)) == place);
            let own: Vec<RecordId> = own.cloned().collect();
            if own.is_empty() {
                continue;
            }
            let fields = form.fields(side);
            let queries = Query::by_ids(&form.source(side, &fields), &own);
            records.extend(self.query_all(forms, queries, own.len(), lane).await?);
        }
        Ok(records)
    }

    /// HubSpot records by id, or by the value of a unique property, with their associations.
    pub(super) async fn read_hubspot(
        &self,
        forms: &Forms,
        by: By<'_>,
        lane: Lane,
    ) -> Result<Vec<Record>, Trouble> {
        let fields = forms.properties();
        let source = forms.first.source(Side::HubSpot, &fields);
        let mut records = Vec::new();
        for keys in by.parts(self.settings.bounds.hubspot_batch.max(1)) {
            let carried = match keys {
                Keys::Ids(ids) => ids.len(),
                Keys::Property { values, .. } => values.len(),
            };
            let errand = Errand::new(
                Side::HubSpot,
                Operation::Match,
                lane,
                forms.object(),
                carried,
            );
            let send = || self.hubspot.read(&source, keys, &[]);
            records.extend(self.call(&errand, send).await?.value.records);
        }
        self.add_associations(forms, &mut records, lane).await?;
        Ok(records)
    }

    /// Those of these ids whose records lie in HubSpot's archive.
    async fn read_archive(
        &self,
        forms: &Forms,
        ids: &[RecordId],
        lane: Lane,
    ) -> Result<Vec<Record>, Trouble> {
        let source = forms.first.source(Side::HubSpot, &[]);
        let mut records = Vec::new();
        for part in ids.chunks(self.settings.bounds.hubspot_batch.max(1)) {
            let (object, carried) = (forms.object(), part.len());
            let errand = Errand::new(Side::HubSpot, Operation::Match, lane, object, carried);
            let send = || self.hubspot.read_archived(&source, part);
            records.extend(self.call(&errand, send).await?.value.records);
        }
        Ok(records)
    }

    /// HubSpot records by the value of a property that is not unique.
    pub(super) async fn search_hubspot(
        &self,
        forms: &Forms,
        field: &FieldName,
        values: &[String],
        lane: Lane,
    ) -> Result<Vec<Record>, Trouble> {
        let fields = forms.properties();
        let source = forms.first.source(Side::HubSpot, &fields);
        let mut ids: BTreeSet<RecordId> = BTreeSet::new();
        for part in short_parts(values) {
            let mut after: Option<String> = None;
            let (object, carried) = (forms.object(), part.len());
            loop {
                let errand = Errand::new(Side::HubSpot, Operation::Page, lane, object, carried);
                let send = || {
                    self.hubspot
                        .search_values(&source, field, part, after.as_deref())
                };
                let page = self.call(&errand, send).await?.value;
                ids.extend(page.records.into_iter().map(|record| record.key.id));
                match page.after {
                    Some(next) if Some(&next) != after.as_ref() => after = Some(next),
                    Some(_) | None => break,
                }
            }
        }
        // A search shows what its index knew: the records themselves are read by id.
        let ids: Vec<RecordId> = ids.into_iter().collect();
        self.read_hubspot(forms, By::Ids(&ids), lane).await
    }

    /// HubSpot's records that name one of these Salesforce records by what HubSpot's own integration
    /// left in them. It asks nobody where the portal has no such property.
    pub(super) async fn claimants(
        &self,
        forms: &Forms,
        mut ids: Vec<RecordId>,
        lane: Lane,
    ) -> Result<Vec<Record>, Trouble> {
        ids.sort();
        ids.dedup();
        let mut records = Vec::new();
        for (place, form) in forms.all().enumerate() {
            let Some(property) = form.former_id() else {
                continue;
            };
            let own = ids.iter().filter(|id| forms.place_of(Some(id)) == place);
            // It kept 18 characters or 15; what was found is compared letter by letter later.
            let values: Vec<String> = own
                .flat_map(|id| [id.as_str(), id.as_str().get(..15).unwrap_or_default()])
                .filter(|id| !id.is_empty())
                .map(str::to_lowercase)
                .collect();
            records.extend(self.search_hubspot(forms, property, &values, lane).await?);
        }
        Ok(records)
    }

    /// Salesforce records by id, id field and key: up to five lists in one call.
    pub(super) async fn query_salesforce(
        &self,
        forms: &Forms,
        wanted: &[Wanted],
        lane: Lane,
    ) -> Result<Vec<Record>, Trouble> {
        let mut queries = Vec::new();
        for (place, form) in forms.all().enumerate() {
            let wanted: Vec<Wanted> = wanted
                .iter()
                .map(|one| one.in_form(forms, place))
                .filter(|one| !one.is_empty())
                .collect();
            let most = (self.settings.bounds.match_keys / spellings_of(form)).max(1);
            queries.extend(wanted.chunks(most).map(|list| query(form, list)));
        }
        self.query_all(forms, queries, wanted.len(), lane).await
    }

    /// Asks queries, up to five in one call, and follows their locators.
    pub(super) async fn query_all(
        &self,
        forms: &Forms,
        queries: Vec<Query>,
        carried: usize,
        lane: Lane,
    ) -> Result<Vec<Record>, Trouble> {
        let object = forms.object();
        let mut records = Vec::with_capacity(carried);
        for call in queries.chunks(self.settings.bounds.match_queries.max(1)) {
            let errand = Errand::new(Side::Salesforce, Operation::Match, lane, object, carried);
            let reply = self.call(&errand, || self.salesforce.query(call)).await?;
            for page in reply.value {
                let mut page = page.map_err(refused)?;
                records.append(&mut page.records);
                while let Some(locator) = page.locator.take() {
                    let errand = Errand::new(Side::Salesforce, Operation::Page, lane, object, 0);
                    page = self
                        .call(&errand, || self.salesforce.next_page(&locator))
                        .await?
                        .value;
                    records.append(&mut page.records);
                }
            }
        }
        Ok(records)
    }

    /// When HubSpot's properties changed last; read only where both sides changed.
    pub(super) async fn history(
        &self,
        forms: &Forms,
        asked: &[(RecordId, Vec<FieldName>)],
        lane: Lane,
    ) -> Result<BTreeMap<(RecordId, FieldName), Timestamp>, Trouble> {
        let mut changed_at = BTreeMap::new();
        let source = forms.first.source(Side::HubSpot, &[]);
        for part in asked.chunks((self.settings.bounds.hubspot_batch / 2).max(1)) {
            let mut fields: Vec<FieldName> =
                part.iter().flat_map(|(_, names)| names.clone()).collect();
            fields.sort();
            fields.dedup();
            let ids: Vec<RecordId> = part.iter().map(|(id, _)| id.clone()).collect();
            let (object, carried) = (forms.object(), part.len());
            let errand = Errand::new(Side::HubSpot, Operation::Match, lane, object, carried);
            let send = || self.hubspot.read(&source, Keys::Ids(&ids), &fields);
            changed_at.extend(self.call(&errand, send).await?.value.changed_at);
        }
        Ok(changed_at)
    }
}

/// One query for a list: by id, by id field where the org has it, and by key.
fn query(form: &Form, list: &[Wanted]) -> Query {
    let ids: Vec<&str> = list
        .iter()
        .filter_map(|one| Some(one.id.as_ref()?.as_str()))
        .collect();
    let marks: Vec<&str> = list.iter().filter_map(|one| one.mark.as_deref()).collect();
    let match_by = form.mapping.match_by.as_ref();
    let by_host = match_by.is_some_and(|by| by.domain);
    let keys: Vec<String> = list
        .iter()
        .filter_map(|one| one.key.as_deref())
        .flat_map(|key| spellings(key, by_host))
        .collect();
    let mut lists = vec![
        ("Id", ids),
        (form.mapping.salesforce_id_field.as_str(), marks),
    ];
    if let Some(by) = match_by {
        let keys = keys.iter().map(String::as_str).collect();
        lists.push((by.salesforce.as_str(), keys));
    }
    let fields = form.fields(Side::Salesforce);
    Query::by_any(&form.source(Side::Salesforce, &fields), &lists)
}

/// In how many ways Salesforce may spell a key of this form: a list holds that much fewer records.
fn spellings_of(form: &Form) -> usize {
    let by_host = form.mapping.match_by.as_ref().is_some_and(|by| by.domain);
    if by_host { ADDRESSES.len() } else { 1 }
}

/// So many values the lists hold by which `rows` are looked for.
pub(super) fn listed(forms: &Forms, rows: u64) -> u64 {
    let spellings = forms.all().map(spellings_of).max().unwrap_or(1);
    rows.saturating_mul(spellings as u64)
}

/// Every way in which Salesforce may spell a key.
fn spellings(key: &str, by_host: bool) -> Vec<String> {
    if by_host {
        ADDRESSES
            .iter()
            .map(|form| form.replace("{}", key))
            .collect()
    } else {
        vec![key.to_owned()]
    }
}

/// The values in parts that fit into a search.
fn short_parts(values: &[String]) -> Vec<&[String]> {
    let mut parts = Vec::new();
    let (mut from, mut chars) = (0, 0);
    for (place, value) in values.iter().enumerate() {
        let length = value.chars().count() + 3;
        if chars + length > SEARCH_CHARS_MAX && place > from {
            parts.push(&values[from..place]);
            (from, chars) = (place, 0);
        }
        chars += length;
    }
    if from < values.len() {
        parts.push(&values[from..]);
    }
    parts
}
