//! Salesforce: a keyset from the exact cursor, and a listing that finds late commits.

use super::feeds::{self, Feed};
use super::{BLOCKED_MS, CLOCK_ERROR_MS, LISTINGS_SHARE, LOOKS_SHARE, SEEN_MS, after, stands};
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::crm::salesforce::{Query, QueryPage};
use crate::domain::call::{Lane, Operation};
use crate::domain::event::Position;
use crate::domain::failure::RawFailure;
use crate::domain::record::{ObjectName, RecordId, Side, Timestamp};
use crate::inbox;
use crate::store::View;
use crate::sync::context::Context;
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
        let feeds = feeds::all(&mappings);
        for feed in &feeds {
            self.note_beginning(feed.name()).await?;
        }
        self.read_changes(&feeds).await?;
        if self.listing_is_due() {
            self.find_late_commits(&feeds).await?;
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

    /// Reads everything from the exact cursors: the first pages of all feeds in as few calls as
    /// they fit into, then further pages of those that have more.
    async fn read_changes(&self, feeds: &[Feed<'_>]) -> Result<(), Trouble> {
        let mut operation = Operation::Poll;
        let mut left: Vec<&Feed<'_>> = feeds.iter().collect();
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
    async fn read_pages<'f, 'm>(
        &self,
        feeds: &[&'f Feed<'m>],
        operation: Operation,
    ) -> Result<(Vec<&'f Feed<'m>>, Option<Trouble>), Trouble> {
        let context = &self.context;
        let Some(until) = self.settled().await? else {
            return Ok((Vec::new(), None));
        };
        let mut asked = Vec::new();
        for feed in feeds {
            let from = self.position(feed.name()).await?.unwrap_or(Position {
                stamp: Timestamp(0),
                id: None,
            });
            let query = feed.changes(context, &from, until);
            asked.extend(query.map(|query| (*feed, query)));
        }
        let began = context.clock.monotonic_ms();
        let (mut more, mut trouble) = (Vec::new(), None);
        for (feed, page) in self.query(operation, asked).await? {
            let page = match page {
                Ok(page) => page,
                Err(failures) => {
                    trouble = Some(refused(failures));
                    continue;
                }
            };
            if self.note_page(feed, page, began).await? {
                more.push(feed);
            }
        }
        Ok((more, trouble))
    }

    /// Notes a page of changes; true when there may be more.
    async fn note_page(
        &self,
        feed: &Feed<'_>,
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
        feed.note(&self.context, page, Some(began), (to, true))
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
    async fn find_late_commits(&self, feeds: &[Feed<'_>]) -> Result<(), Trouble> {
        let Some(until) = self.settled().await? else {
            return Ok(());
        };
        let mut asked = Vec::new();
        for feed in feeds {
            asked.extend(self.listing(feed, until).await?.map(|query| (feed, query)));
        }
        let mut unseen = Vec::new();
        for (feed, page) in self.query(Operation::Listing, asked).await? {
            let page = page.map_err(refused)?;
            unseen.push((feed, self.unseen(feed, page).await?));
        }
        for (feed, ids) in unseen {
            self.fetch(feed, &ids).await?;
        }
        Ok(())
    }

    /// The listing of one feed; none before anything of it was read.
    async fn listing(&self, feed: &Feed<'_>, until: Timestamp) -> Result<Option<Query>, Trouble> {
        let context = &self.context;
        let name = feed.name();
        let Some(position) = self.position(name).await? else {
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
        Ok(feed.listing(context, since, until))
    }

    /// The ids of a listing, page by page, that were never read.
    async fn unseen(&self, feed: &Feed<'_>, mut page: QueryPage) -> Result<Vec<RecordId>, Trouble> {
        let context = &self.context;
        let mut unseen = Vec::new();
        loop {
            let listed = page
                .records
                .iter()
                .map(|one| (one.key.id.clone(), one.modified_at))
                .collect();
            unseen.extend(context.unseen(feed.read_as(), listed).await?);
            let Some(locator) = page.locator.take() else {
                return Ok(unseen);
            };
            let object = &feed.mapping.object;
            let errand = Errand::new(Side::Salesforce, Operation::Page, Lane::Detect, object, 0);
            page = context
                .call(&errand, || context.salesforce.next_page(&locator))
                .await?
                .value;
        }
    }

    /// Reads records that were committed late.
    async fn fetch(&self, feed: &Feed<'_>, ids: &[RecordId]) -> Result<(), Trouble> {
        let context = &self.context;
        let Some(position) = self.position(feed.name()).await? else {
            return Ok(());
        };
        for ids in ids.chunks(context.settings.bounds.match_keys) {
            for query in feed.by_ids(context, ids) {
                let began = Some(context.clock.monotonic_ms());
                for (_, page) in self.query(Operation::Page, vec![(feed, query)]).await? {
                    let page = page.map_err(refused)?;
                    feed.note(context, page, began, (position.clone(), false))
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
    async fn query<'f, 'm>(
        &self,
        operation: Operation,
        asked: Vec<(&'f Feed<'m>, Query)>,
    ) -> Result<Vec<(&'f Feed<'m>, Answer)>, Trouble> {
        let context = &self.context;
        let most = context.settings.bounds.match_queries.max(1);
        let mut answers = Vec::with_capacity(asked.len());
        for part in asked.chunks(most) {
            let mut errand = Errand::about_account(Side::Salesforce, operation);
            errand.lane = Lane::Detect;
            if let [(feed, _)] = part {
                errand.object = Some(feed.mapping.object.clone());
            }
            let queries: Vec<Query> = part.iter().map(|(_, query)| query.clone()).collect();
            let reply = context
                .call(&errand, || context.salesforce.query(&queries))
                .await?;
            let mut pages = reply.value.into_iter();
            for (feed, _) in part {
                answers.push((*feed, pages.next().unwrap_or(Err(Vec::new()))));
            }
        }
        Ok(answers)
    }
}
