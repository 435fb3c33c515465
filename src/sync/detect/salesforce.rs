//! Salesforce: a keyset from the exact cursor, and a listing that finds late commits.

use super::{
    BLOCKED_MS, CLOCK_ERROR_MS, LISTINGS_SHARE, LOOKS_SHARE, Page, SEEN_MS, after, stands,
};
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::crm::salesforce::{Query, QueryPage};
use crate::domain::call::{Lane, Operation};
use crate::domain::event::Position;
use crate::domain::failure::RawFailure;
use crate::domain::mapping::Mapping;
use crate::domain::record::{ObjectName, RecordId, Side, Timestamp};
use crate::inbox;
use crate::store::View;
use crate::sync::context::Context;
use crate::sync::forms::Form;
use crate::sync::gate::{Errand, Trouble, refused};

/// What a query brought, or why it was refused.
type Answer = Result<QueryPage, Vec<RawFailure>>;

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
        let mappings = self.context.settings.mappings.clone();
        for mapping in &mappings {
            self.note_beginning(mapping.name()).await?;
        }
        self.read_changes(&mappings).await?;
        if self.listing_is_due() {
            self.find_late_commits(&mappings).await?;
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

    /// Reads everything from the exact cursors: the first pages of all forms in as few calls as
    /// they fit into, then further pages of those that have more.
    async fn read_changes(&self, mappings: &[Mapping]) -> Result<(), Trouble> {
        let mut operation = Operation::Poll;
        let mut left: Vec<&Mapping> = mappings.iter().collect();
        let mut refused: Option<Trouble> = None;
        while !left.is_empty() {
            let (more, trouble) = self.read_pages(&left, operation).await?;
            left = more;
            refused = refused.or(trouble);
            operation = Operation::Page;
        }
        refused.map_or(Ok(()), Err)
    }

    /// Reads a page of each; returns those that may have more, and why one was refused: the others
    /// go on without it.
    async fn read_pages<'m>(
        &self,
        mappings: &[&'m Mapping],
        operation: Operation,
    ) -> Result<(Vec<&'m Mapping>, Option<Trouble>), Trouble> {
        let context = &self.context;
        let Some(until) = self.settled().await? else {
            return Ok((Vec::new(), None));
        };
        let page_max = context.settings.bounds.salesforce_page;
        let mut asked = Vec::new();
        for mapping in mappings {
            let name = mapping.name().clone();
            let stood = context
                .store
                .read(move |view| stands(view, Side::Salesforce, &name))
                .await?;
            let Some(schemas) = context.schemas(mapping.name()) else {
                continue;
            };
            let from = stood.unwrap_or(Position {
                stamp: Timestamp(0),
                id: None,
            });
            let mapping: &'m Mapping = mapping;
            let form = Form {
                mapping: mapping.clone(),
                schemas,
            };
            let fields = form.fields(Side::Salesforce);
            let source = form.source(Side::Salesforce, &fields);
            let query = Query::changes(&source, &from, until, page_max);
            asked.push((mapping, query));
        }
        let began = context.clock.monotonic_ms();
        let (mut more, mut trouble) = (Vec::new(), None);
        for (mapping, page) in self.query(operation, asked).await? {
            let page = match page {
                Ok(page) => page,
                Err(failures) => {
                    trouble = Some(refused(failures));
                    continue;
                }
            };
            if self.note_page(mapping, page, began).await? {
                more.push(mapping);
            }
        }
        Ok((more, trouble))
    }

    /// Notes a page of changes; true when there may be more.
    async fn note_page(
        &self,
        mapping: &Mapping,
        page: QueryPage,
        began: i64,
    ) -> anyhow::Result<bool> {
        let page_max = self.context.settings.bounds.salesforce_page as usize;
        let full = page.records.len() >= page_max || !page.done;
        let Some(last) = page.records.last() else {
            return Ok(false);
        };
        let to = Position {
            stamp: last.modified_at,
            id: Some(last.key.id.clone()),
        };
        let page = Page {
            records: page.records,
            began: Some(began),
        };
        self.context
            .note(Side::Salesforce, mapping, page, to, true)
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
    async fn find_late_commits(&self, mappings: &[Mapping]) -> Result<(), Trouble> {
        let Some(until) = self.settled().await? else {
            return Ok(());
        };
        let mut asked = Vec::new();
        for mapping in mappings {
            asked.extend(self.listing(mapping, until).await?);
        }
        let mut unseen = Vec::new();
        for (mapping, page) in self.query(Operation::Listing, asked).await? {
            let page = page.map_err(refused)?;
            unseen.push((mapping, self.unseen(mapping, page).await?));
        }
        for (mapping, ids) in unseen {
            self.fetch(mapping, &ids).await?;
        }
        Ok(())
    }

    /// The listing of one form; none before anything of it was read.
    async fn listing<'m>(
        &self,
        mapping: &'m Mapping,
        until: Timestamp,
    ) -> Result<Option<(&'m Mapping, Query)>, Trouble> {
        let context = &self.context;
        let name = mapping.name();
        let Some(position) = self.position(name).await? else {
            return Ok(None);
        };
        let Some(schemas) = context.schemas(name) else {
            return Ok(None);
        };
        // As far back as ever from when this listing was due, or, before the first one of this run,
        // from where reading stands: after an outage a late commit may lie before the last minutes.
        let every = context.settings.bounds.listing_every_ms;
        let began = self.began_at.get(name).copied();
        let began = began.unwrap_or(position.stamp);
        let due = self.listed_to.map_or(began, |to| to.plus(every));
        let since = until
            .min(due)
            .plus(-context.settings.bounds.listing_back_ms);
        let source = schemas.source(mapping, Side::Salesforce, &[]);
        Ok(Some((mapping, Query::listing(&source, since, until))))
    }

    /// The ids of a listing, page by page, that were never read.
    async fn unseen(
        &self,
        mapping: &Mapping,
        mut page: QueryPage,
    ) -> Result<Vec<RecordId>, Trouble> {
        let context = &self.context;
        let object = &mapping.object;
        let mut unseen = Vec::new();
        loop {
            let listed = page
                .records
                .iter()
                .map(|one| (one.key.id.clone(), one.modified_at))
                .collect();
            unseen.extend(context.unseen(object, listed).await?);
            let Some(locator) = page.locator.take() else {
                return Ok(unseen);
            };
            let errand = Errand::new(Side::Salesforce, Operation::Page, Lane::Detect, object, 0);
            page = context
                .call(&errand, || context.salesforce.next_page(&locator))
                .await?
                .value;
        }
    }

    /// Reads records that were committed late.
    async fn fetch(&self, mapping: &Mapping, ids: &[RecordId]) -> Result<(), Trouble> {
        let context = &self.context;
        let (Some(schemas), Some(position)) = (
            context.schemas(mapping.name()),
            self.position(mapping.name()).await?,
        ) else {
            return Ok(());
        };
        let form = Form {
            mapping: mapping.clone(),
            schemas,
        };
        let fields = form.fields(Side::Salesforce);
        let source = form.source(Side::Salesforce, &fields);
        for ids in ids.chunks(context.settings.bounds.match_keys) {
            for query in Query::by_ids(&source, ids) {
                let began = Some(context.clock.monotonic_ms());
                for (_, page) in self.query(Operation::Page, vec![(mapping, query)]).await? {
                    let records = page.map_err(refused)?.records;
                    let (page, stands) = (Page { records, began }, position.clone());
                    context
                        .note(Side::Salesforce, mapping, page, stands, false)
                        .await?;
                }
            }
        }
        Ok(())
    }

    async fn position(&self, name: &ObjectName) -> anyhow::Result<Option<Position>> {
        let name = name.clone();
        let read = move |view: &View<'_>| stands(view, Side::Salesforce, &name);
        self.context.store.read(read).await
    }

    /// Asks one query for each, as many in a call as it takes; each has its own answer.
    async fn query<'m>(
        &self,
        operation: Operation,
        asked: Vec<(&'m Mapping, Query)>,
    ) -> Result<Vec<(&'m Mapping, Answer)>, Trouble> {
        let context = &self.context;
        let most = context.settings.bounds.match_queries.max(1);
        let mut answers = Vec::with_capacity(asked.len());
        for part in asked.chunks(most) {
            let mut errand = Errand::about_account(Side::Salesforce, operation);
            errand.lane = Lane::Detect;
            if let [(mapping, _)] = part {
                errand.object = Some(mapping.object.clone());
            }
            let queries: Vec<Query> = part.iter().map(|(_, query)| query.clone()).collect();
            let reply = context
                .call(&errand, || context.salesforce.query(&queries))
                .await?;
            let mut pages = reply.value.into_iter();
            for (mapping, _) in part {
                answers.push((*mapping, pages.next().unwrap_or(Err(Vec::new()))));
            }
        }
        Ok(answers)
    }
}
