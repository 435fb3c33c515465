//! Looks at both accounts for `check`: whether the credentials are taken, what may be done, what is
//! there.
//!
//! Writes nothing, plans nothing and suspends nothing. Its calls pass the same gate as the loops':
//! asked of the budget in lane metadata and journaled before they are sent.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};

use super::allowance::Asker;
use super::context::Context;
use super::gate::{Errand, Spent, Trouble};
use super::lists::named_list;
use super::metadata::is_stage;
use super::roles::JunctionObject;
use crate::crm::http::{CallError, Reply, Usage};
use crate::crm::hubspot::{Account, List};
use crate::crm::salesforce::{Identity, Query};
use crate::domain::call::{Lane, Operation};
use crate::domain::mapping::Mapping;
use crate::domain::record::{FieldName, ObjectName, Side, Timestamp};
use crate::domain::schema::ObjectSchema;

/// How often a side that asks to be left alone is asked again, and the longest pause for that.
const SLOWED_TIMES: u32 = 2;
const WAIT_MAX_MS: i64 = 12_000;

/// Why something was not learnt.
#[derive(Debug, thiserror::Error)]
pub enum Missed {
    /// The call was made, or tried, and brought no good answer.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The budget has no call for it before then.
    #[error("the budget has no call for it now")]
    NotBefore(Timestamp),
    /// Something else would have had to answer before.
    #[error("not asked")]
    NotAsked,
    /// Our own store failed.
    #[error(transparent)]
    Store(#[from] anyhow::Error),
}

/// What was learnt, or why not.
type Learnt<T> = Result<T, Missed>;

/// Both accounts as they were found.
#[derive(Debug)]
pub struct Sight {
    /// Whose HubSpot token it is.
    pub account: Learnt<Account>,
    /// Whose Salesforce login it is.
    pub identity: Learnt<Identity>,
    /// The API versions that Salesforce speaks.
    pub versions: Learnt<Vec<String>>,
    /// What Salesforce said last of everybody's calls.
    pub usage: Option<Usage>,
    /// Whether HubSpot shows its owners; nothing when no owner is mapped.
    pub owners: Option<Learnt<()>>,
    /// Each object, in the order of the configuration.
    pub objects: Vec<SightedObject>,
}

/// One object in HubSpot, and its forms in Salesforce.
#[derive(Debug)]
pub struct SightedObject {
    /// Our name for it.
    pub object: ObjectName,
    /// Its properties.
    pub schema: Learnt<ObjectSchema>,
    /// Its records, archived ones left out: proves that they may be read.
    pub records: Learnt<u64>,
    /// Whether they may be written.
    pub writable: Learnt<bool>,
    /// The properties in which HubSpot's own integration left ids, and how many records have one.
    pub former: Vec<(FieldName, Learnt<u64>)>,
    /// The list that selects them, when one is configured.
    pub list: Option<Learnt<List>>,
    /// Its forms.
    pub forms: Vec<SightedForm>,
}

/// One form in Salesforce.
#[derive(Debug)]
pub struct SightedForm {
    /// Its mapping.
    pub mapping: Mapping,
    /// Its describe.
    pub schema: Learnt<ObjectSchema>,
    /// The records of it that our user sees.
    pub records: Learnt<u64>,
    /// The objects whose records tie its records to many others, by their names there.
    pub junctions: Vec<(String, Learnt<ObjectSchema>)>,
}

/// A look at both accounts.
pub struct Inspection {
    context: Context,
    calls: AtomicU64,
}

impl Inspection {
    /// A look through `context`, whose store knows an allocation.
    pub fn new(context: Context) -> Self {
        Self {
            context,
            calls: AtomicU64::new(0),
        }
    }

    /// Calls to Salesforce spent so far.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Looks at everything once.
    pub async fn look(&self) -> Sight {
        let account = self.account().await;
        let (versions, identity) = self.login().await;
        let with_hubspot = self.is_ours(account.as_ref().ok().map(|one| one.portal));
        let with_salesforce = identity
            .as_ref()
            .is_ok_and(|one| one.org == self.context.settings.org);
        let mut objects = Vec::new();
        for forms in self.context.settings.objects() {
            objects.push(self.object(forms, with_hubspot, with_salesforce).await);
        }
        self.count(&mut objects).await;
        Sight {
            owners: self.owners(with_hubspot).await,
            account,
            identity,
            versions,
            usage: self.usage(),
            objects,
        }
    }

    pub(super) fn context(&self) -> &Context {
        &self.context
    }

    fn is_ours(&self, portal: Option<i64>) -> bool {
        portal == Some(self.context.settings.portal)
    }

    fn usage(&self) -> Option<Usage> {
        let usage = self.context.shared().usage?;
        Some(Usage {
            used: usage.used,
            limit: usage.limit,
        })
    }

    async fn account(&self) -> Learnt<Account> {
        let errand = Errand::about_account(Side::HubSpot, Operation::Limits);
        let send = || self.context.hubspot.account();
        Ok(self.ask(&errand, send).await?.value)
    }

    /// The versions are free and tell Salesforce's clock, without which nothing may be spent.
    async fn login(&self) -> (Learnt<Vec<String>>, Learnt<Identity>) {
        let salesforce = &self.context.salesforce;
        let errand = Errand::about_account(Side::Salesforce, Operation::Versions);
        let versions = self.ask(&errand, || salesforce.versions()).await;
        let versions = versions.map(|reply| reply.value);
        if let Err(Missed::Call(CallError::NotSent(_))) = &versions {
            return (versions, Err(Missed::NotAsked));
        }
        let errand = Errand::about_account(Side::Salesforce, Operation::Token);
        let now = self.context.clock.now();
        let now = self.context.salesforce_now().unwrap_or(now);
        let identity = self.ask(&errand, || salesforce.fetch_token(now)).await;
        (versions, identity.map(|reply| reply.value))
    }

    async fn owners(&self, with_hubspot: bool) -> Option<Learnt<()>> {
        let mut fields = self.context.settings.mappings.iter();
        if !fields.any(|one| one.fields.iter().any(|field| field.owner)) {
            return None;
        }
        if !with_hubspot {
            return Some(Err(Missed::NotAsked));
        }
        let errand = Errand::about_account(Side::HubSpot, Operation::Describe);
        let send = || self.context.hubspot.owners(None);
        Some(self.ask(&errand, send).await.map(drop))
    }

    async fn object(
        &self,
        forms: &[Mapping],
        with_hubspot: bool,
        with_salesforce: bool,
    ) -> SightedObject {
        let first = &forms[0];
        let type_ = first.hubspot_type.as_str();
        let hubspot = &self.context.hubspot;
        let errand = |operation| {
            let lane = Lane::Metadata;
            Errand::new(Side::HubSpot, operation, lane, &first.object, 0)
        };
        let mut seen = SightedObject {
            object: first.object.clone(),
            schema: Err(Missed::NotAsked),
            records: Err(Missed::NotAsked),
            writable: Err(Missed::NotAsked),
            former: Vec::new(),
            list: first.list.as_ref().map(|_| Err(Missed::NotAsked)),
            forms: Vec::new(),
        };
        if with_hubspot {
            seen.schema = self.properties(first).await;
            let search = errand(Operation::Page);
            let records = self.ask(&search, || hubspot.count(type_, None)).await;
            seen.records = records.map(|reply| reply.value);
            for name in forms.iter().filter_map(|form| form.former_id.as_ref()) {
                let schema = seen.schema.as_ref().ok();
                if schema.is_some_and(|schema| schema.field(name).is_some()) {
                    let having = || hubspot.count(type_, Some(name));
                    let left = self.ask(&search, having).await.map(|reply| reply.value);
                    seen.former.push((name.clone(), left));
                }
            }
            let write = errand(Operation::Describe);
            let writable = self.ask(&write, || hubspot.may_write(type_)).await;
            seen.writable = writable.map(|reply| reply.value);
            if let Some(list) = &first.list {
                seen.list = Some(self.list(first, list).await);
            }
        }
        for mapping in forms {
            let mut form = SightedForm {
                mapping: mapping.clone(),
                schema: Err(Missed::NotAsked),
                records: Err(Missed::NotAsked),
                junctions: Vec::new(),
            };
            if with_salesforce {
                form.schema = self.described(mapping, &mapping.salesforce_type).await;
                for junction in JunctionObject::all_of(mapping) {
                    let name = junction.source().schema.api_name.clone();
                    let schema = self.described(mapping, &name).await;
                    form.junctions.push((name, schema));
                }
            }
            seen.forms.push(form);
        }
        seen
    }

    async fn described(&self, mapping: &Mapping, type_: &str) -> Learnt<ObjectSchema> {
        let (side, lane, now) = (Side::Salesforce, Lane::Metadata, self.context.clock.now());
        let errand = Errand::new(side, Operation::Describe, lane, &mapping.object, 0);
        let describe = || self.context.salesforce.describe(type_, now);
        self.ask(&errand, describe).await.map(|reply| reply.value)
    }

    async fn properties(&self, mapping: &Mapping) -> Learnt<ObjectSchema> {
        let now = self.context.clock.now();
        let (side, type_) = (Side::HubSpot, mapping.hubspot_type.as_str());
        let errand = Errand::new(
            side,
            Operation::Describe,
            Lane::Metadata,
            &mapping.object,
            0,
        );
        let hubspot = &self.context.hubspot;
        let properties = || hubspot.properties(type_, now);
        let mut schema = self.ask(&errand, properties).await?.value;
        let stage = schema.fields.values_mut();
        if let Some(field) = stage.into_iter().find(|field| is_stage(mapping, field)) {
            field.choices = self.ask(&errand, || hubspot.stages(type_)).await?.value;
        }
        Ok(schema)
    }

    /// A list is named by its number or its name, and both are asked for.
    async fn list(&self, mapping: &Mapping, name: &str) -> Learnt<List> {
        let (side, lane) = (Side::HubSpot, Lane::Metadata);
        let errand = Errand::new(side, Operation::Describe, lane, &mapping.object, 0);
        let hubspot = &self.context.hubspot;
        let by = named_list(mapping, name);
        let asked = self.ask(&errand, || hubspot.list_of_records(by)).await;
        asked.map(|reply| reply.value)
    }

    /// The records that our user sees, up to five objects in one call.
    async fn count(&self, objects: &mut [SightedObject]) {
        let mut forms: Vec<&mut SightedForm> = objects
            .iter_mut()
            .flat_map(|object| &mut object.forms)
            .filter(|form| form.schema.is_ok())
            .collect();
        let most = self.context.settings.bounds.match_queries.max(1);
        for part in forms.chunks_mut(most) {
            let queries: Vec<Query> = part
                .iter()
                .filter_map(|form| form.schema.as_ref().ok().map(Query::count))
                .collect();
            let errand = Errand::about_account(Side::Salesforce, Operation::Describe);
            let query = || self.context.salesforce.query(&queries);
            match self.ask(&errand, query).await {
                Ok(reply) => {
                    for (form, page) in part.iter_mut().zip(reply.value) {
                        form.records = page.map(|page| page.total).map_err(|failures| {
                            let status = 400;
                            CallError::Rejected { status, failures }.into()
                        });
                    }
                }
                Err(missed) => {
                    if let Some(form) = part.first_mut() {
                        form.records = Err(missed);
                    }
                }
            }
        }
    }

    /// Asks within the budget, and again where the side wants to be left alone for a moment: a person
    /// waits, and a second check in the same second must not read as a side that is down.
    pub(super) async fn ask<T, F, Sent>(&self, errand: &Errand, send: F) -> Learnt<Reply<T>>
    where
        F: Fn() -> Sent,
        Sent: Future<Output = Result<Reply<T>, CallError>>,
    {
        for _ in 0..SLOWED_TIMES {
            match self.ask_once(errand, &send).await {
                Err(Missed::Call(CallError::Slowed {
                    wait_ms,
                    daily: false,
                })) if wait_ms <= WAIT_MAX_MS => {
                    let clock = &self.context.clock;
                    clock.sleep_until(clock.now().plus(wait_ms.max(1))).await;
                }
                answer => return answer,
            }
        }
        self.ask_once(errand, &send).await
    }

    /// Sends one request within the budget, once.
    async fn ask_once<T, F, Sent>(&self, errand: &Errand, send: &F) -> Learnt<Reply<T>>
    where
        F: Fn() -> Sent,
        Sent: Future<Output = Result<Reply<T>, CallError>>,
    {
        let context = &self.context;
        context.wait_for_pace(errand).await;
        let spent = self.spend(errand).await?;
        match send().await {
            Ok(reply) => {
                let usage = reply.usage.map(|usage| (usage.used, usage.limit));
                context.heard(errand.side, reply.server_time, usage).await?;
                Ok(reply)
            }
            Err(error) => {
                if let (CallError::NotSent(_), Some(spent)) = (&error, spent) {
                    context.give_back(errand, spent).await?;
                }
                Err(error.into())
            }
        }
    }

    /// Takes the calls from the budget and journals them, if there are any.
    async fn spend(&self, errand: &Errand) -> Learnt<Option<Spent>> {
        let (context, calls) = (&self.context, errand.calls());
        if calls == 0 {
            return Ok(None);
        }
        if errand.side == Side::Salesforce && context.salesforce_now().is_none() {
            return Err(Missed::NotAsked);
        }
        match context.charge(errand, Asker::Person).await {
            Ok(spent) => {
                if errand.side == Side::Salesforce {
                    self.calls.fetch_add(calls, Ordering::Relaxed);
                }
                Ok(Some(spent))
            }
            Err(Trouble::NotBefore(at)) => Err(Missed::NotBefore(at)),
            Err(Trouble::Call(error)) => Err(error.into()),
            Err(Trouble::Store(error)) => Err(error.into()),
            Err(Trouble::Suspended(_)) => Err(Missed::NotAsked),
        }
    }
}
