//! Finds each row's record and its partner: by link, else by id field, else by key, and by nothing
//! that lags.

use std::collections::BTreeMap;

use super::context::{Context, Schemas};
use super::gate::{Errand, Trouble, refused};
use super::partner::{
    Catch, Found, Partner, Wanted, choose, doubled_keys, key_of, marked_partner, wanted,
};
use crate::crm::hubspot::Keys;
use crate::crm::salesforce::Query;
use crate::domain::attempt::Intent;
use crate::domain::call::{Lane, Operation};
use crate::domain::fingerprint::PrintKey;
use crate::domain::mapping::Mapping;
use crate::domain::merge::{self, Base, Prints, Provisional};
use crate::domain::record::{FieldName, Record, RecordId, RecordKey, Side, Timestamp};
use crate::inbox::{self, Row};
use crate::projections::pairs::Pair;
use crate::projections::{pairs, prints};
use crate::store::View;

/// A row with all that is known about it before anything is read.
pub(super) struct Known {
    pub(super) row: Row,
    pub(super) pair: Option<Pair>,
    pub(super) base: Base,
    /// Writes of unknown outcome that serve the row, or that of its linked partner.
    pub(super) intents: Vec<Intent>,
}

impl Context {
    /// Loads pair and prints of each row.
    pub(super) async fn known(&self, rows: Vec<Row>) -> anyhow::Result<Vec<Known>> {
        self.store
            .read(move |view| {
                rows.into_iter()
                    .map(|row| {
                        let pair = pair_of(view, &row.key)?;
                        let base = match &pair {
                            Some(pair) => base(view, pair)?,
                            None => Base::default(),
                        };
                        let mut intents = inbox::intents(view, &row.key)?;
                        if let Some(partner) =
                            pair.as_ref().and_then(|pair| half_across(pair, &row))
                        {
                            intents.extend(inbox::intents(view, &partner)?);
                        }
                        Ok(Known {
                            row,
                            pair,
                            base,
                            intents,
                        })
                    })
                    .collect()
            })
            .await
    }

    /// The rows' own records, as kept since they were detected (true) or read again. Records that
    /// are gone are left out.
    pub(super) async fn sources(
        &self,
        mapping: &Mapping,
        schemas: &Schemas,
        known: &[Known],
        lane: Lane,
    ) -> Result<BTreeMap<RecordKey, (Record, bool)>, Trouble> {
        let now = self.clock.monotonic_ms();
        let mut records = BTreeMap::new();
        let mut missing: BTreeMap<Side, Vec<RecordId>> = BTreeMap::new();
        {
            let mut shared = self.shared();
            for one in known {
                let key = &one.row.key;
                match shared.fresh.take(key, now, self.settings.poll_ms) {
                    Some(record) => {
                        records.insert(key.clone(), (record, true));
                    }
                    None => missing.entry(key.side).or_default().push(key.id.clone()),
                }
            }
        }
        for (side, ids) in missing {
            for record in self.read_ids(mapping, schemas, side, &ids, lane).await? {
                records.insert(record.key.clone(), (record, false));
            }
        }
        Ok(records)
    }

    async fn read_ids(
        &self,
        mapping: &Mapping,
        schemas: &Schemas,
        side: Side,
        ids: &[RecordId],
        lane: Lane,
    ) -> Result<Vec<Record>, Trouble> {
        match side {
            Side::HubSpot => {
                self.read_hubspot(mapping, schemas, By::Ids(ids), lane)
                    .await
            }
            Side::Salesforce => {
                let fields = mapping.fields_on(side);
                let source = schemas.source(mapping, side, &fields);
                self.query_all(mapping, Query::by_ids(&source, ids), ids.len(), lane)
                    .await
            }
        }
    }

    /// Reads HubSpot records by id, or by the value of a unique property.
    async fn read_hubspot(
        &self,
        mapping: &Mapping,
        schemas: &Schemas,
        by: By<'_>,
        lane: Lane,
    ) -> Result<Vec<Record>, Trouble> {
        let fields = mapping.fields_on(Side::HubSpot);
        let source = schemas.source(mapping, Side::HubSpot, &fields);
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
                &mapping.object,
                carried,
            );
            let send = || self.hubspot.read(&source, keys, &[]);
            records.extend(self.call(&errand, send).await?.value.records);
        }
        Ok(records)
    }

    /// Reads Salesforce records by id, id field and key: up to five lists in one call.
    async fn query_salesforce(
        &self,
        mapping: &Mapping,
        schemas: &Schemas,
        wanted: &[Wanted],
        lane: Lane,
    ) -> Result<Vec<Record>, Trouble> {
        let fields = mapping.fields_on(Side::Salesforce);
        let source = schemas.source(mapping, Side::Salesforce, &fields);
        let key_field = mapping.match_by.as_ref().map(|field| &field.salesforce);
        let queries: Vec<Query> = wanted
            .chunks(self.settings.bounds.match_keys.max(1))
            .map(|list| {
                let ids: Vec<&str> = list
                    .iter()
                    .filter_map(|one| Some(one.id.as_ref()?.as_str()))
                    .collect();
                let marks: Vec<&str> = list.iter().filter_map(|one| one.mark.as_deref()).collect();
                let keys: Vec<&str> = list.iter().filter_map(|one| one.key.as_deref()).collect();
                let mut lists = vec![("Id", ids), (mapping.salesforce_id_field.as_str(), marks)];
                lists.extend(key_field.map(|field| (field.as_str(), keys)));
                Query::by_any(&source, &lists)
            })
            .collect();
        self.query_all(mapping, queries, wanted.len(), lane).await
    }

    /// Asks queries, up to five in one call, and follows their locators.
    async fn query_all(
        &self,
        mapping: &Mapping,
        queries: Vec<Query>,
        carried: usize,
        lane: Lane,
    ) -> Result<Vec<Record>, Trouble> {
        let mut records = Vec::with_capacity(carried);
        for call in queries.chunks(self.settings.bounds.match_queries.max(1)) {
            let errand = Errand::new(
                Side::Salesforce,
                Operation::Match,
                lane,
                &mapping.object,
                carried,
            );
            let reply = self.call(&errand, || self.salesforce.query(call)).await?;
            for page in reply.value {
                let mut page = page.map_err(refused)?;
                records.append(&mut page.records);
                while let Some(locator) = page.locator.take() {
                    let errand =
                        Errand::new(Side::Salesforce, Operation::Page, lane, &mapping.object, 0);
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

    /// Each source's partner. `sources` are the records still in question, with what is known.
    pub(super) async fn partners(
        &self,
        mapping: &Mapping,
        schemas: &Schemas,
        sources: &[(Option<&Pair>, &Record)],
        lane: Lane,
    ) -> Result<Vec<Partner>, Trouble> {
        let mut in_salesforce = self
            .partners_in_salesforce(mapping, schemas, sources, lane)
            .await?;
        let mut in_hubspot = self
            .partners_in_hubspot(mapping, schemas, sources, lane)
            .await?;
        self.set_aside(&mut in_salesforce).await?;
        self.set_aside(&mut in_hubspot).await?;
        let mut partners = Vec::with_capacity(sources.len());
        let doubled = doubled_keys(sources, mapping);
        for (pair, record) in sources {
            let catch = match record.key.side {
                Side::HubSpot => &in_salesforce,
                Side::Salesforce => &in_hubspot,
            };
            partners.push(choose(
                self.settings.portal,
                mapping,
                *pair,
                record,
                catch,
                &doubled,
            ));
        }
        self.refuse_taken(sources, &mut partners).await?;
        Ok(partners)
    }

    async fn partners_in_salesforce(
        &self,
        mapping: &Mapping,
        schemas: &Schemas,
        sources: &[(Option<&Pair>, &Record)],
        lane: Lane,
    ) -> Result<Catch, Trouble> {
        let wanted: Vec<Wanted> = sources
            .iter()
            .filter(|(_, record)| record.key.side == Side::HubSpot)
            .map(|(pair, record)| wanted(self.settings.portal, mapping, *pair, record))
            .collect();
        let mut catch = Catch::default();
        for record in self
            .query_salesforce(mapping, schemas, &wanted, lane)
            .await?
        {
            if !record.deleted {
                catch.add(record, mapping);
            }
        }
        Ok(catch)
    }

    /// HubSpot is asked by id, then by its id property, then by key: three ways, each only for what
    /// the one before did not find.
    async fn partners_in_hubspot(
        &self,
        mapping: &Mapping,
        schemas: &Schemas,
        sources: &[(Option<&Pair>, &Record)],
        lane: Lane,
    ) -> Result<Catch, Trouble> {
        let mut catch = Catch::default();
        let (mut ids, mut marks, mut keys) = (Vec::new(), Vec::new(), Vec::new());
        for (pair, record) in sources {
            if record.key.side != Side::Salesforce {
                continue;
            }
            if let Some(id) = pair.and_then(|pair| pair.ids.hubspot.clone()) {
                ids.push(id);
                continue;
            }
            ids.extend(marked_partner(self.settings.portal, mapping, record));
            marks.push(record.key.id.to_string());
            keys.extend(key_of(record, mapping));
        }
        for record in self
            .read_hubspot(mapping, schemas, By::Ids(&ids), lane)
            .await?
        {
            catch.add(record, mapping);
        }
        marks.retain(|mark| !catch.marked.contains_key(&mark.to_lowercase()));
        let by_mark = By::Property(&mapping.hubspot_id_field, &marks);
        for record in self.read_hubspot(mapping, schemas, by_mark, lane).await? {
            catch.add(record, mapping);
        }
        keys.retain(|key| !catch.keyed.contains_key(key));
        keys.sort();
        keys.dedup();
        if let Some(field) = &mapping.match_by {
            let by_key = By::Property(&field.hubspot, &keys);
            for record in self.read_hubspot(mapping, schemas, by_key, lane).await? {
                catch.add(record, mapping);
            }
        }
        Ok(catch)
    }

    /// A partner that is already half of another pair, or that a person left out, is nobody's to take.
    async fn refuse_taken(
        &self,
        sources: &[(Option<&Pair>, &Record)],
        partners: &mut [Partner],
    ) -> anyhow::Result<()> {
        let mut asked: Vec<(usize, RecordKey, RecordKey)> = Vec::new();
        for (place, ((_, source), partner)) in sources.iter().zip(partners.iter()).enumerate() {
            if let Partner::Found(record, Found::ById | Found::ByKey) = partner {
                asked.push((place, source.key.clone(), record.key.clone()));
            }
        }
        let taken = self
            .store
            .read(move |view| {
                let mut taken = Vec::new();
                for (place, source, partner) in asked {
                    let pair = pair_of(view, &partner)?;
                    let left_out = pair.as_ref().is_some_and(Pair::is_left_out);
                    let across = pair.and_then(|pair| pair.ids.id(source.side).cloned());
                    if left_out || across.is_some_and(|id| id != source.id) {
                        taken.push(place);
                    }
                }
                Ok(taken)
            })
            .await?;
        for place in taken {
            partners[place] = Partner::Ambiguous;
        }
        Ok(())
    }

    /// When HubSpot's properties changed last; read only where both sides changed.
    pub(super) async fn history(
        &self,
        mapping: &Mapping,
        schemas: &Schemas,
        asked: &[(RecordId, Vec<FieldName>)],
        lane: Lane,
    ) -> Result<BTreeMap<(RecordId, FieldName), Timestamp>, Trouble> {
        let mut changed_at = BTreeMap::new();
        let source = schemas.source(mapping, Side::HubSpot, &[]);
        for part in asked.chunks((self.settings.bounds.hubspot_batch / 2).max(1)) {
            let mut fields: Vec<FieldName> =
                part.iter().flat_map(|(_, names)| names.clone()).collect();
            fields.sort();
            fields.dedup();
            let ids: Vec<RecordId> = part.iter().map(|(id, _)| id.clone()).collect();
            let errand = Errand::new(
                Side::HubSpot,
                Operation::Match,
                lane,
                &mapping.object,
                part.len(),
            );
            let send = || self.hubspot.read(&source, Keys::Ids(&ids), &fields);
            changed_at.extend(self.call(&errand, send).await?.value.changed_at);
        }
        Ok(changed_at)
    }

    /// What `merge` must know beside the records.
    pub(super) fn look(
        &self,
        mapping: &Mapping,
        schemas: &Schemas,
        record: &Record,
        base: &Base,
    ) -> merge::Seen {
        let owners = self.shared().owners.clone();
        let (user, key) = (self.salesforce.our_user(), self.store.key());
        merge::look(
            record,
            base,
            &self.merge_known(mapping, schemas, &owners, user.as_ref(), &key),
        )
    }

    pub(super) fn merge_known<'a>(
        &'a self,
        mapping: &'a Mapping,
        schemas: &'a Schemas,
        owners: &'a merge::Owners,
        our_user: Option<&'a RecordId>,
        key: &'a PrintKey,
    ) -> merge::Known<'a> {
        merge::Known {
            mapping,
            hubspot_schema: &schemas.hubspot,
            salesforce_schema: &schemas.salesforce,
            key,
            our_user,
            owners,
            portal: self.settings.portal,
        }
    }
}

/// The pair that holds a record.
pub(super) fn pair_of(view: &View<'_>, key: &RecordKey) -> anyhow::Result<Option<Pair>> {
    match pairs::by_key(view, key)? {
        Some(number) => pairs::get(view, number),
        None => Ok(None),
    }
}

/// The other half of a row's pair.
fn half_across(pair: &Pair, row: &Row) -> Option<RecordKey> {
    let side = row.key.side.other();
    Some(RecordKey {
        side,
        object: row.key.object.clone(),
        id: pair.ids.id(side)?.clone(),
    })
}

/// What was last seen in the fields of a pair.
fn base(view: &View<'_>, pair: &Pair) -> anyhow::Result<Base> {
    let prints = prints::of(view, pair.number)?
        .into_iter()
        .map(|(field, (hubspot, salesforce))| {
            (
                field,
                Prints {
                    hubspot,
                    salesforce,
                },
            )
        })
        .collect();
    let provisional = Side::BOTH
        .into_iter()
        .filter_map(|to| {
            let one = pair.provisional.on(to).as_ref()?;
            Some(Provisional {
                to,
                span: one.span.clone(),
                written: one.written.clone(),
            })
        })
        .collect();
    Ok(Base {
        linked_before: pair.is_linked(),
        prints,
        provisional,
    })
}

/// What HubSpot records are asked for by.
#[derive(Clone, Copy)]
enum By<'a> {
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
