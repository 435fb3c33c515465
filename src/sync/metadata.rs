//! Keeps schemas and owners fresh, journals what changed, and sees that the id fields exist.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::context::{Context, Schemas};
use super::gate::{Errand, Trouble, refused};
use super::schema_changes::{changes, spoken_change};
use crate::annex;
use crate::crm::http::CallError;
use crate::crm::salesforce::{Query, User, UserKind, users};
use crate::domain::budget::DAY_MS;
use crate::domain::call::{Lane, Operation};
use crate::domain::event::{SchemaChanged, Suspension};
use crate::domain::fitness::{self, Flaw, Weight};
use crate::domain::mapping::{FieldMapping, Mapping};
use crate::domain::merge::Owners;
use crate::domain::record::{FieldName, ObjectName, Side, Timestamp};
use crate::domain::schema::{Field, Kind, ObjectSchema};
use crate::projections;
use crate::store::View;

/// One call in so many may be spent on each description.
const DESCRIBES_SHARE: i64 = 8;

/// A description this young is not doubted.
const DOUBT_EVERY_MS: i64 = 300_000;

impl Context {
    /// Describes what is not described or too old. Called by the writer before it plans.
    pub(super) async fn refresh_metadata(&self) -> Result<(), Trouble> {
        let _describing = self.describing.lock().await;
        for mapping in &self.settings.mappings {
            let hubspot = self.fresh_schema(mapping, Side::HubSpot).await?;
            let salesforce = self.fresh_schema(mapping, Side::Salesforce).await?;
            let schemas = Schemas {
                hubspot,
                salesforce,
            };
            self.judge_mapping(mapping, &schemas).await?;
            self.shared()
                .schemas
                .insert(mapping.name().clone(), schemas);
        }
        self.refresh_owners().await
    }

    async fn fresh_schema(
        &self,
        mapping: &Mapping,
        side: Side,
    ) -> Result<Arc<ObjectSchema>, Trouble> {
        let now = self.clock.now();
        // A small allocation stretches this interval, too.
        let stretched = self.stretched(DESCRIBES_SHARE).await?;
        let age_max = self.settings.bounds.metadata_ms.max(stretched);
        let is_fresh = |schema: &ObjectSchema| {
            let whole = side == Side::HubSpot || schema.key_prefix.is_some();
            whole && (0..age_max).contains(&now.since(schema.read_at))
        };
        if let Some(schemas) = self.schemas(mapping.name()) {
            let schema = match side {
                Side::HubSpot => schemas.hubspot,
                Side::Salesforce => schemas.salesforce,
            };
            if is_fresh(&schema) {
                return Ok(schema);
            }
        }
        let object = described_as(mapping, side).clone();
        let kept = self
            .store
            .read(move |view| annex::schema(view, side, &object))
            .await?;
        if let Some(schema) = &kept
            && is_fresh(schema)
        {
            return Ok(Arc::new(with_associations(schema.clone(), mapping)));
        }
        let known = self.kept_whole(mapping, kept.as_ref(), now).await?;
        let mut schema = self.describe(mapping, side, known, now).await?;
        if side == Side::HubSpot {
            schema.full = self.full_ends(mapping, kept.as_ref()).await?;
        }
        self.keep_schema(mapping, kept, schema.clone()).await?;
        Ok(Arc::new(with_associations(schema, mapping)))
    }

    /// What may be asked about by its changes alone. That a permission counts as a change is
    /// promised nowhere: the whole is read once a day, and while an error waits for a change.
    async fn kept_whole<'k>(
        &self,
        mapping: &Mapping,
        kept: Option<&'k ObjectSchema>,
        now: Timestamp,
    ) -> anyhow::Result<Option<&'k ObjectSchema>> {
        let lately = |known: &&ObjectSchema| {
            known.modified.is_some() && (0..DAY_MS).contains(&now.since(known.whole_at))
        };
        let Some(known) = kept.filter(lately) else {
            return Ok(None);
        };
        let object = mapping.object.clone();
        let awaited = move |view: &View<'_>| super::retry::awaits_schema(view, &object);
        let awaited = self.store.read(awaited).await?;
        Ok((!awaited).then_some(known))
    }

    async fn describe(
        &self,
        mapping: &Mapping,
        side: Side,
        known: Option<&ObjectSchema>,
        now: Timestamp,
    ) -> Result<ObjectSchema, Trouble> {
        let errand = Errand::new(
            side,
            Operation::Describe,
            Lane::Metadata,
            &mapping.object,
            0,
        );
        let api_name = mapping.type_on(side);
        if side == Side::Salesforce {
            let reply = if let Some(known) = known {
                let again = || self.salesforce.describe_again(known, now);
                self.call(&errand, again).await?
            } else {
                let describe = || self.salesforce.describe(api_name, now);
                self.call(&errand, describe).await?
            };
            return self.with_offer(mapping, reply.value, &errand).await;
        }
        let properties = || self.hubspot.properties(api_name, now);
        let mut schema = self.call(&errand, properties).await?.value;
        let stage = schema.fields.values_mut();
        if let Some(field) = stage.into_iter().find(|field| is_stage(mapping, field)) {
            let stages = self.call(&errand, || self.hubspot.stages(api_name)).await?;
            field.choices = stages.value;
            field.restricted = true;
        }
        Ok(schema)
    }

    /// A description with what the record type of new records offers of closed lists that are
    /// written. It is asked for with the whole description and never apart from it.
    async fn with_offer(
        &self,
        mapping: &Mapping,
        mut schema: ObjectSchema,
        errand: &Errand,
    ) -> Result<ObjectSchema, Trouble> {
        let mapped = mapping
            .fields
            .iter()
            .map(|field| field.on(Side::Salesforce));
        let lists: BTreeSet<&FieldName> = mapped
            .filter(|name| {
                let field = schema.field(name);
                field.is_some_and(|field| field.restricted && !field.choices.is_empty())
            })
            .collect();
        let is_kept = schema.read_at != schema.whole_at;
        let Some(record_type) = schema.offer.record_type.clone() else {
            return Ok(schema);
        };
        if lists.is_empty() || is_kept {
            return Ok(schema);
        }
        let api_name = schema.api_name.clone();
        let ask = || self.salesforce.offered(&api_name, &record_type);
        let mut offered = match self.call(errand, ask).await {
            Ok(reply) => reply.value,
            // An org may keep this API from us: then nothing is known of its record types.
            Err(Trouble::Call(CallError::Rejected { .. })) => return Ok(schema),
            Err(trouble) => return Err(trouble),
        };
        offered.retain(|name, _| lists.contains(name));
        schema.offer.choices = offered;
        Ok(schema)
    }

    async fn keep_schema(
        &self,
        mapping: &Mapping,
        before: Option<ObjectSchema>,
        schema: ObjectSchema,
    ) -> anyhow::Result<()> {
        let changes = before
            .map(|before| changes(&before, &schema))
            .unwrap_or_default();
        let side = schema.side;
        let object = described_as(mapping, side).clone();
        let concerned = mapping.object.clone();
        let released = self
            .store
            .write(move |tx| {
                annex::keep_schema(tx, &object, &schema)?;
                if changes.is_empty() {
                    return Ok(None);
                }
                let event = SchemaChanged {
                    side,
                    object: object.clone(),
                    changes,
                };
                projections::append(tx, None, event.clone())?;
                let released = super::retry::release_for_schema(tx, &concerned)?;
                Ok(Some((event, released)))
            })
            .await?;
        if let Some((event, released)) = released {
            let (object, count) = (&event.object, event.changes.len());
            let first = event.changes.first().map(spoken_change).unwrap_or_default();
            let more = if count > 1 {
                format!(" and {} more", count - 1)
            } else {
                String::new()
            };
            tracing::info!(
                %side, %object,
                "schema changed: {side} {object}: {first}{more}; {released} records will be tried again"
            );
            self.wakes.writer.ring();
        }
        Ok(())
    }

    /// What stops the sync stops it before anything is planned: without both id fields a lost
    /// answer could double a record. What else is wrong with the mapping is told once.
    async fn judge_mapping(&self, mapping: &Mapping, schemas: &Schemas) -> Result<(), Trouble> {
        let kept = &self.settings.mappings;
        let (hubspot, salesforce) = (&schemas.hubspot, &schemas.salesforce);
        let flaws = fitness::flaws(mapping, hubspot, salesforce, kept);
        let stops = |flaw: &&Flaw| flaw.weight == Weight::Stops;
        if let Some(flaw) = flaws.iter().find(stops) {
            let name = flaw.field.as_ref().map_or("", FieldName::as_str);
            self.suspend(flaw.side, Suspension::FieldsMissing, 0, name)
                .await?;
            // The next probe describes again, because what is missing may have been added.
            self.forget_schema(mapping, flaw.side).await?;
            return Err(Trouble::Suspended(flaw.side));
        }
        self.tell_flaws(mapping, &flaws);
        Ok(())
    }

    /// Says once what of a mapping cannot work, in the sentences that `check` prints.
    fn tell_flaws(&self, mapping: &Mapping, flaws: &[Flaw]) {
        let (object, name) = (&mapping.object, mapping.name());
        let known = self.shared().flaws.insert(name.clone(), flaws.to_vec());
        let known = known.unwrap_or_default();
        for flaw in flaws.iter().filter(|flaw| !known.contains(flaw)) {
            let (side, says, remedy) = (flaw.side, &flaw.says, &flaw.remedy);
            match flaw.weight {
                Weight::Stops | Weight::NoCreation | Weight::Doubtful => (),
                Weight::LeftOut => tracing::error!(
                    %side, %object,
                    "{name}: {says}; what is mapped to it is not kept in step; {remedy}"
                ),
                Weight::Fails => tracing::error!(
                    %side, %object,
                    "{name}: {says}; records with a value there fail; {remedy}"
                ),
            }
        }
    }

    /// A query was refused because it names what is not there: the description is older than that,
    /// and is read anew before the next look. Not more often than every few minutes.
    pub(in crate::sync) async fn doubt_schema(&self, mapping: &Mapping) -> anyhow::Result<()> {
        let (now, side) = (self.clock.now(), Side::Salesforce);
        let known = self.schemas(mapping.name());
        let age = known.map(|schemas| now.since(schemas.salesforce.whole_at));
        if age.is_none_or(|age| (0..DOUBT_EVERY_MS).contains(&age)) {
            return Ok(());
        }
        self.shared().schemas.remove(mapping.name());
        let object = described_as(mapping, side).clone();
        self.store
            .write(move |tx| annex::age_schema(tx, side, &object))
            .await
    }

    async fn forget_schema(&self, mapping: &Mapping, side: Side) -> anyhow::Result<()> {
        self.shared().schemas.remove(mapping.name());
        let object = described_as(mapping, side).clone();
        self.store
            .write(move |tx| annex::forget_schema(tx, side, &object))
            .await
    }

    /// Owners are matched by e-mail; both lists are small and read as often as schemas.
    async fn refresh_owners(&self) -> Result<(), Trouble> {
        let now = self.clock.now();
        let read_at = self.shared().owners_read_at;
        let wanted = self
            .settings
            .mappings
            .iter()
            .any(|m| m.fields.iter().any(|field| field.owner));
        let age_max = self.stretched(DESCRIBES_SHARE).await?;
        let age_max = age_max.max(self.settings.bounds.metadata_ms);
        if !wanted || read_at.is_some_and(|at| (0..age_max).contains(&now.since(at))) {
            return Ok(());
        }
        let errand = Errand::about_account(Side::Salesforce, Operation::Describe);
        let mut people = self.salesforce_users(&errand).await?;
        people.retain(|user| user.kind == UserKind::Person);
        // Of users with one address all stand for the owner, and the active one is the owner's
        // partner, named last. One that is inactive is a partner all the same: a record that is
        // given to it Salesforce refuses, and says why.
        people.sort_by_key(|user| user.active);
        let mut by_email: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for user in people {
            if let Some(email) = user.email {
                let ids = by_email.entry(email.to_lowercase()).or_default();
                ids.push(user.id.as_str().to_owned());
            }
        }
        let mut owners = Owners::default();
        let mut after: Option<String> = None;
        let mut seen = BTreeSet::new();
        loop {
            let errand = Errand::about_account(Side::HubSpot, Operation::Describe);
            let page = self
                .call(&errand, || self.hubspot.owners(after.as_deref()))
                .await?
                .value;
            for owner in page.owners {
                let users = owner
                    .email
                    .and_then(|email| by_email.get(&email.to_lowercase()));
                for user in users.into_iter().flatten() {
                    owners.pair(owner.id.as_str(), user);
                }
            }
            match page.after {
                // A server that hands out the same page again must not keep us here for ever.
                Some(next) if seen.insert(next.clone()) => after = Some(next),
                Some(_) | None => break,
            }
        }
        let mut shared = self.shared();
        shared.owners = Arc::new(owners);
        shared.owners_read_at = Some(now);
        Ok(())
    }
}

impl Context {
    /// Every user of the org, all pages.
    async fn salesforce_users(&self, errand: &Errand) -> Result<Vec<User>, Trouble> {
        let queries = [Query::users()];
        let reply = self
            .call(errand, || self.salesforce.query(&queries))
            .await?;
        let mut people = Vec::new();
        let mut page = reply
            .value
            .into_iter()
            .next()
            .transpose()
            .map_err(refused)?;
        while let Some(part) = page.take() {
            people.extend(users(&part.records));
            if let Some(locator) = part.locator {
                page = Some(
                    self.call(errand, || self.salesforce.next_page(&locator))
                        .await?
                        .value,
                );
            }
        }
        Ok(people)
    }
}

/// The name under which a schema is kept: HubSpot's is the same for all forms of an object.
fn described_as(mapping: &Mapping, side: Side) -> &ObjectName {
    match side {
        Side::HubSpot => &mapping.object,
        Side::Salesforce => mapping.name(),
    }
}

/// Whether the property holds stages, whose choices HubSpot keeps in its pipelines.
pub(super) fn is_stage(mapping: &Mapping, field: &Field) -> bool {
    let is_mapped = mapping.fields.iter().any(|one| one.hubspot == field.name);
    is_mapped && matches!(field.name.as_str(), "dealstage" | "hs_pipeline_stage")
}

/// Associations as the fields that they are mapped as: HubSpot describes them nowhere, and
/// Salesforce describes an association with many as an object of its own.
fn with_associations(mut schema: ObjectSchema, mapping: &Mapping) -> ObjectSchema {
    let (one, many) = (mapping.parents(), mapping.junctions());
    let one = one.filter(|_| schema.side == Side::HubSpot);
    let fields: Vec<Field> = one
        .map(|mapped| association(mapped, Side::HubSpot, Kind::Reference))
        .chain(many.map(|mapped| association(mapped, schema.side, Kind::MultiPicklist)))
        .collect();
    let named = fields.into_iter().map(|field| (field.name.clone(), field));
    schema.fields.extend(named);
    schema
}

fn association(mapped: &FieldMapping, side: Side, kind: Kind) -> Field {
    let parents: Vec<&str> = mapped.parents.iter().map(ObjectName::as_str).collect();
    Field {
        name: mapped.on(side).clone(),
        label: format!("association with {}", parents.join(" or ")),
        kind,
        length: None,
        precision: None,
        scale: None,
        required: false,
        unique: false,
        key: false,
        creatable: true,
        updatable: true,
        restricted: false,
        calculated: false,
        choices: Vec::new(),
        controller: None,
        refers_to: Vec::new(),
    }
}
