//! Salesforce: a keyset from the exact cursor, and a listing that finds late commits.

use super::{
    BLOCKED_MS, CLOCK_ERROR_MS, LISTINGS_SHARE, LOOKS_SHARE, Page, SEEN_MS, after, stands,
};
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::crm::salesforce::{Query, QueryPage};
use crate::domain::call::{Lane, Operation};
use crate::domain::event::Position;
use crate::domain::mapping::Mapping;
use crate::domain::record::{ObjectName, RecordId, Side, Timestamp};
use crate::inbox;
use crate::store::View;
use crate::sync::context::Context;
use crate::sync::gate::{Errand, Trouble, refused};

/// The loop that looks for changes in Salesforce.
pub struct SalesforceDetector {
    context: Arc<Context>,
    listed_at: Option<Timestamp>,
    /// Salesforce's time when the last listing began.
    listed_to: Option<Timestamp>,
    /// When changes were looked for last.
    looked_at: Option<Timestamp>,
    listings_stretched: i64,
    /// Where reading stood when this run's began; kept until its first listing.
    began_at: BTreeMap<ObjectName, Timestamp>,
}

impl SalesforceDetector {
    /// A loop over `context`.
    pub fn new(context: Arc<Context>) -> Self {
        Self {
            context,
            listed_at: None,
            listed_to: None,
            looked_at: None,
            listings_stretched: 0,
            began_at: BTreeMap::new(),
        }
    }

    /// Reads everything that changed, then says when to look again.
    pub async fn work(&mut self) -> anyhow::Result<Timestamp> {
        let now = self.context.clock.now();
        if !self.context.is_open() {
            return Ok(now.plus(BLOCKED_MS));
        }
        // A small allocation stretches the interval, so that looking leaves calls for writing.
        let stretched = self.context.stretched(LOOKS_SHARE).await?;
        if let Some(looked_at) = self.looked_at
            && (0..stretched).contains(&now.since(looked_at))
        {
            return Ok(looked_at.plus(stretched.max(self.context.settings.poll_ms)));
        }
        match self.read_all().await {
            Ok(()) => {
                self.looked_at = Some(now);
                Ok(now.plus(stretched.max(self.context.settings.poll_ms)))
            }
            Err(trouble) => after(&self.context, trouble),
        }
    }

    async fn read_all(&mut self) -> Result<(), Trouble> {
        self.context.refresh_metadata().await?;
        self.listings_stretched = self.context.stretched(LISTINGS_SHARE).await?;
        for mapping in self.context.settings.mappings.clone() {
            self.note_beginning(&mapping.object).await?;
            let mut operation = Operation::Poll;
            while self.read_page(&mapping, operation).await? {
                operation = Operation::Page;
            }
            if self.listing_is_due() {
                self.find_late_commits(&mapping).await?;
            }
        }
        if self.listing_is_due() {
            let now = self.context.clock.now();
            self.listed_at = Some(now);
            self.listed_to = self.context.salesforce_now();
            self.began_at.clear();
            // Until it was met by the next listing, however late that is.
            let kept = SEEN_MS.max(3 * self.listings_stretched);
            self.context
                .store
                .write(move |tx| inbox::prune_seen(tx, now.plus(-kept)))
                .await?;
        }
        Ok(())
    }

    /// Reads one page from the exact cursor; true when there may be more.
    async fn read_page(&self, mapping: &Mapping, operation: Operation) -> Result<bool, Trouble> {
        let context = &self.context;
        let object = mapping.object.clone();
        let from = {
            let object = object.clone();
            context
                .store
                .read(move |view| stands(view, Side::Salesforce, &object))
                .await?
        };
        let Some(schemas) = context.schemas(&object) else {
            return Ok(false);
        };
        let from = from.unwrap_or(Position {
            stamp: Timestamp(0),
            id: None,
        });
        let page_max = context.settings.bounds.salesforce_page;
        let fields = mapping.fields_on(Side::Salesforce);
        let source = schemas.source(mapping, Side::Salesforce, &fields);
        let Some(until) = self.settled().await? else {
            return Ok(false);
        };
        let query = Query::changes(&source, &from, until, page_max);
        let began = Some(context.clock.monotonic_ms());
        let page = self.query(&object, operation, query).await?;
        let full = page.records.len() >= page_max as usize || !page.done;
        let Some(last) = page.records.last() else {
            return Ok(false);
        };
        let to = Position {
            stamp: last.modified_at,
            id: Some(last.key.id.clone()),
        };
        let page = Page {
            records: page.records,
            began,
        };
        context
            .note(Side::Salesforce, &object, page, to, true)
            .await?;
        Ok(full)
    }

    /// Up to where stamps are final. Salesforce stamps whole seconds: a record read within its
    /// stamp's own second may change once more under the same stamp, behind the cursor, and nothing
    /// would ever tell. So the second under way, by a clock that never runs ahead, is left to the
    /// next look.
    async fn settled(&self) -> Result<Option<Timestamp>, Trouble> {
        let now = self.context.salesforce_time().await?;
        Ok(now.map(|now| {
            let second = now.plus(-CLOCK_ERROR_MS).0.div_euclid(1_000);
            Timestamp(second * 1_000)
        }))
    }

    /// Before the first listing of this run: a poll moves the cursor past what is committed late.
    async fn note_beginning(&mut self, object: &ObjectName) -> anyhow::Result<()> {
        if self.listed_to.is_some() || self.began_at.contains_key(object) {
            return Ok(());
        }
        let name = object.clone();
        let read = move |view: &View<'_>| stands(view, Side::Salesforce, &name);
        let stood = self.context.store.read(read).await?.map(|one| one.stamp);
        let stood = stood.or_else(|| self.context.salesforce_now());
        self.began_at.extend(stood.map(|at| (object.clone(), at)));
        Ok(())
    }

    fn listing_is_due(&self) -> bool {
        let every = self.context.settings.bounds.listing_every_ms;
        let every = every.max(self.listings_stretched);
        let now = self.context.clock.now();
        self.listed_at
            .is_none_or(|at| now.since(at) >= every || now < at)
    }

    /// A row becomes visible when its transaction commits, behind a cursor that has moved on: ids
    /// and stamps of the last minutes are listed, and only those never seen are fetched.
    async fn find_late_commits(&self, mapping: &Mapping) -> Result<(), Trouble> {
        let context = &self.context;
        let object = &mapping.object;
        let (Some(schemas), Some(until)) = (context.schemas(object), self.settled().await?) else {
            return Ok(());
        };
        let position = {
            let object = object.clone();
            context
                .store
                .read(move |view| stands(view, Side::Salesforce, &object))
                .await?
        };
        let Some(position) = position else {
            return Ok(());
        };
        // As far back as ever from when this listing was due, or, before the first one of this run,
        // from where reading stands: after an outage a late commit may lie before the last minutes.
        let every = context.settings.bounds.listing_every_ms;
        let began = self.began_at.get(object).copied();
        let began = began.unwrap_or(position.stamp);
        let due = self.listed_to.map_or(began, |to| to.plus(every));
        let since = until
            .min(due)
            .plus(-context.settings.bounds.listing_back_ms);
        let source = schemas.source(mapping, Side::Salesforce, &[]);
        let mut page = self
            .query(
                object,
                Operation::Listing,
                Query::listing(&source, since, until),
            )
            .await?;
        let mut unseen: Vec<RecordId> = Vec::new();
        loop {
            let listed = page
                .records
                .iter()
                .map(|one| (one.key.id.clone(), one.modified_at))
                .collect();
            unseen.extend(context.unseen(object, listed).await?);
            let Some(locator) = page.locator.take() else {
                break;
            };
            let errand = Errand::new(Side::Salesforce, Operation::Page, Lane::Detect, object, 0);
            page = context
                .call(&errand, || context.salesforce.next_page(&locator))
                .await?
                .value;
        }
        let fields = mapping.fields_on(Side::Salesforce);
        let source = schemas.source(mapping, Side::Salesforce, &fields);
        for ids in unseen.chunks(context.settings.bounds.match_keys) {
            for query in Query::by_ids(&source, ids) {
                let began = Some(context.clock.monotonic_ms());
                let records = self.query(object, Operation::Page, query).await?.records;
                let (page, stands) = (Page { records, began }, position.clone());
                context
                    .note(Side::Salesforce, object, page, stands, false)
                    .await?;
            }
        }
        Ok(())
    }

    async fn query(
        &self,
        object: &ObjectName,
        operation: Operation,
        query: Query,
    ) -> Result<QueryPage, Trouble> {
        let context = &self.context;
        let errand = Errand::new(Side::Salesforce, operation, Lane::Detect, object, 0);
        let queries = [query];
        let reply = context
            .call(&errand, || context.salesforce.query(&queries))
            .await?;
        match reply.value.into_iter().next() {
            Some(Ok(page)) => Ok(page),
            Some(Err(failures)) => Err(refused(failures)),
            None => Err(refused(Vec::new())),
        }
    }
}
