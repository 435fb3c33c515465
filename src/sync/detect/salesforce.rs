//! Salesforce: a keyset from the exact cursor, and a listing that finds late commits.

use super::behind::Behind;
use super::feeds::{self, Feed};
use super::late::{Late, position};
use super::{BLOCKED_MS, CLOCK_ERROR_MS, LISTINGS_SHARE, LOOKS_SHARE, SEEN_MS, after, stands};
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::annex;
use crate::crm::salesforce::{Query, QueryPage};
use crate::domain::call::{Lane, Operation};
use crate::domain::event::Position;
use crate::domain::record::{ObjectName, RecordId, Side, Timestamp};
use crate::inbox;
use crate::store::View;
use crate::sync::context::Context;
use crate::sync::gate::{Errand, Trouble, refused};

/// Under which name it is kept up to when late commits were listed.
const LISTED: &str = "listed salesforce";

/// How many intervals of listings a load may put off the next one.
const PATIENCE: i64 = 12;

/// What a query is refused with that names a field which is not there, or is hidden from us
/// (salesforce.md §6.2).
const UNKNOWN_FIELD: &str = "INVALID_FIELD";

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
    behind: Behind,
    /// The listing under way.
    late: Option<Late>,
    /// Since when a load puts off a listing that is due, on the monotonic clock.
    listing_waits_since_ms: Option<i64>,
    /// When a load was under way last, on the monotonic clock.
    loaded_ms: Option<i64>,
    /// Whether an export of a listing failed, so that pages bring the next one.
    lists_by_pages: bool,
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
            behind: Behind::default(),
            late: None,
            listing_waits_since_ms: None,
            loaded_ms: None,
            lists_by_pages: false,
        }
    }

    /// Reads everything that changed, then says when to look again.
    pub async fn work(&mut self) -> anyhow::Result<Timestamp> {
        let now = self.context.clock.now();
        if !self.context.is_open() {
            return Ok(now.plus(BLOCKED_MS));
        }
        self.behind.go_on(&self.context).await?;
        self.go_on_listing().await?;
        self.end_listing().await?;
        // A small allocation stretches the interval, so that looking leaves calls for writing.
        let stretched = self.context.stretched(LOOKS_SHARE).await?;
        let every = stretched.max(self.context.settings.poll_ms);
        // Going on with an export is no reason to look for changes more often.
        let exports = self.behind.is_going() || self.late.is_some();
        let rests = if exports { every } else { stretched };
        if let Some(looked_at) = self.looked_at
            && (0..rests).contains(&now.since(looked_at))
        {
            return Ok(self.or_due(looked_at.plus(every)));
        }
        match self.read_all().await {
            Ok(()) => {
                self.looked_at = Some(now);
                Ok(self.or_due(now.plus(every)))
            }
            Err(trouble) => Ok(self.or_due(after(&self.context, trouble)?)),
        }
    }

    /// This time, or an earlier one at which an export wants to go on.
    fn or_due(&self, at: Timestamp) -> Timestamp {
        let late = self.late.as_ref();
        let late = late.and_then(|late| late.due(&self.context));
        let due = [self.behind.due(&self.context), late]
            .into_iter()
            .flatten()
            .min();
        let soon = self.context.clock.now().plus(1);
        due.map_or(at, |due| at.min(due.max(soon)))
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
        if self.late.is_none() && self.listing_is_due() && !self.listing_waits().await? {
            let began = self.context.salesforce_now();
            let mut late = Late::begun(began);
            self.find_late_commits(&feeds, &mut late).await?;
            self.late = Some(late);
        }
        self.end_listing().await?;
        Ok(())
    }

    /// Whether a listing that is due waits: while a load is going on, in either direction, each would
    /// list the same rows once more, and one afterwards lists them all, from when it was due. Not for
    /// hours.
    async fn listing_waits(&mut self) -> anyhow::Result<bool> {
        let every = self.context.settings.bounds.listing_every_ms;
        let now_ms = self.context.clock.monotonic_ms();
        if !self.context.store.read(inbox::loading).await?.is_empty() {
            self.loaded_ms = Some(now_ms);
        }
        let loads = self.loaded_ms.is_some_and(|at| now_ms - at < every);
        if !loads && !self.behind.is_loading(&self.context, every) {
            return Ok(false);
        }
        let since_ms = *self.listing_waits_since_ms.get_or_insert(now_ms);
        Ok(now_ms - since_ms < PATIENCE * every)
    }

    /// Goes on with a listing that exports bring.
    async fn go_on_listing(&mut self) -> anyhow::Result<()> {
        let Some(late) = &mut self.late else {
            return Ok(());
        };
        if !late.go_on(&self.context).await? {
            // What it did not come to is listed anew, by pages.
            self.late = None;
            self.lists_by_pages = true;
        }
        Ok(())
    }

    /// Notes that a listing has come to its end, when it has.
    async fn end_listing(&mut self) -> anyhow::Result<()> {
        let Some(late) = self.late.take_if(|late| late.is_over()) else {
            return Ok(());
        };
        let now = self.context.clock.now();
        self.listed_at = Some(now);
        self.listed_to = late.began();
        self.lists_by_pages = false;
        self.listing_waits_since_ms = None;
        self.began_at.clear();
        // Until it was met by the next listing, however late that is.
        let kept = SEEN_MS.max(3 * self.listings_stretched);
        let listed_to = self.listed_to;
        self.context
            .store
            .write(move |tx| {
                if let Some(listed_to) = listed_to {
                    annex::set_meta(tx, LISTED, Some(&listed_to.0.to_string()))?;
                }
                inbox::prune_seen(tx, now.plus(-kept))
            })
            .await
    }

    /// Reads everything from the exact cursors: the first pages of all feeds in as few calls as
    /// they fit into, then further pages of those that have more.
    async fn read_changes(&mut self, feeds: &[Feed]) -> Result<(), Trouble> {
        let mut operation = Operation::Poll;
        let near = |one: &&Feed| !self.behind.is_reading(one.name());
        let mut left: Vec<&Feed> = feeds.iter().filter(near).collect();
        let mut refused: Option<Trouble> = None;
        while !left.is_empty() {
            let (more, trouble) = self.read_pages(&left, operation).await?;
            left = more;
            refused = refused.or(trouble);
            if operation == Operation::Poll
                && !left.is_empty()
                && let Some(until) = self.settled().await?
            {
                left = self.behind.sift(&self.context, left, until).await?;
            }
            operation = Operation::Page;
        }
        if let Some(trouble) = refused {
            return Err(trouble);
        }
        self.behind.caught_up();
        Ok(())
    }

    /// Reads a page of each; returns those that may have more, and why one was refused: the others
    /// go on without it.
    async fn read_pages<'f>(
        &self,
        feeds: &[&'f Feed],
        operation: Operation,
    ) -> Result<(Vec<&'f Feed>, Option<Trouble>), Trouble> {
        let context = &self.context;
        let Some(until) = self.settled().await? else {
            return Ok((Vec::new(), None));
        };
        let mut asked = Vec::new();
        for feed in feeds {
            let stood = position(context, feed.name()).await?;
            let from = stood.unwrap_or(Position {
                stamp: Timestamp(0),
                id: None,
            });
            let query = feed.changes(context, &from, until);
            asked.extend(query.map(|query| (*feed, query)));
        }
        let began = context.clock.monotonic_ms();
        let (mut more, mut trouble) = (Vec::new(), None);
        for (feed, page) in context.ask_feeds(operation, asked).await? {
            let page = match page {
                Ok(page) => page,
                Err(failures) => {
                    if failures.iter().any(|one| one.failure.code == UNKNOWN_FIELD) {
                        context.doubt_schema(&feed.mapping).await?;
                    }
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
    async fn note_page(&self, feed: &Feed, page: QueryPage, began: i64) -> anyhow::Result<bool> {
        let page_max = self.context.settings.bounds.salesforce_page as usize;
        let full = page.records.len() >= page_max || !page.done;
        let Some(last) = page.records.last() else {
            return Ok(false);
        };
        let to = Position {
            stamp: last.modified_at,
            id: Some(last.key.id.clone()),
        };
        feed.note(&self.context, page.records, Some(began), (to, true))
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
        // A run that ended while its listing waited for a load owes that one too.
        let listed = self.context.store.read(|view| annex::meta(view, LISTED));
        let listed = listed.await?.and_then(|text| text.parse().ok());
        let every = self.context.settings.bounds.listing_every_ms;
        let owed = listed.map(|listed| Timestamp(listed).plus(every));
        let stood = stood.map(|stood| owed.map_or(stood, |owed| stood.min(owed)));
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
    /// A listing longer than pages should bring is left to `late`.
    async fn find_late_commits(&self, feeds: &[Feed], late: &mut Late) -> Result<(), Trouble> {
        let Some(until) = self.settled().await? else {
            return Ok(());
        };
        let mut asked = Vec::new();
        for feed in feeds {
            asked.extend(self.listing(feed, until).await?.map(|query| (feed, query)));
        }
        let context = &self.context;
        let queries: Vec<Query> = asked.iter().map(|(_, query)| query.clone()).collect();
        let answers = context.ask_feeds(Operation::Listing, asked).await?;
        let mut unseen = Vec::new();
        for ((feed, page), query) in answers.into_iter().zip(queries) {
            let page = page.map_err(refused)?;
            if page.total > context.settings.bounds.bulk_rows && !self.lists_by_pages {
                late.export(context, feed, query);
                continue;
            }
            unseen.push((feed, self.unseen(feed, page).await?));
        }
        for (feed, ids) in unseen {
            context.fetch_late(feed, &ids).await?;
        }
        Ok(())
    }

    /// The listing of one feed; none before anything of it was read.
    async fn listing(&self, feed: &Feed, until: Timestamp) -> Result<Option<Query>, Trouble> {
        let context = &self.context;
        let name = feed.name();
        let Some(position) = position(context, name).await? else {
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
    async fn unseen(&self, feed: &Feed, mut page: QueryPage) -> Result<Vec<RecordId>, Trouble> {
        let context = &self.context;
        let object = &feed.mapping.object;
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
            let errand = Errand::new(Side::Salesforce, Operation::Page, Lane::Detect, object, 0);
            page = context
                .call(&errand, || context.salesforce.next_page(&locator))
                .await?
                .value;
        }
    }
}
