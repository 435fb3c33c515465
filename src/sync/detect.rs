//! Reads changes since the cursor; each becomes a row of the inbox in the transaction that moves it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::context::Context;
use super::gate::{Errand, Trouble, refused};
use crate::crm::hubspot::Search;
use crate::crm::salesforce::{Query, QueryPage};
use crate::domain::call::{Lane, Operation};
use crate::domain::event::{CursorMoved, Position};
use crate::domain::mapping::Mapping;
use crate::domain::record::{ObjectName, Record, RecordId, RecordKey, Side, Timestamp};
use crate::inbox;
use crate::projections::{self, cursors, settings};
use crate::store::View;

/// How long it is remembered what was read: longer than any listing looks back.
const SEEN_MS: i64 = 3_600_000;

/// How far Salesforce's own nodes may differ from each other.
const CLOCK_ERROR_MS: i64 = 60_000;

/// How long a loop waits when its side cannot be read at all.
const BLOCKED_MS: i64 = 1_000;

/// When the loop looks again after trouble.
fn after(context: &Context, trouble: Trouble) -> anyhow::Result<Timestamp> {
    let now = context.clock.now();
    match trouble {
        Trouble::NotBefore(at) => Ok(at.max(now.plus(1))),
        Trouble::Suspended(_) => Ok(now.plus(context.settings.poll_ms)),
        Trouble::Call(_) => Ok(now.plus(BLOCKED_MS)),
        Trouble::Store(error) => Err(error),
    }
}

/// Where reading goes on.
fn stands(view: &View<'_>, side: Side, object: &ObjectName) -> anyhow::Result<Option<Position>> {
    Ok(cursors::get(view, side, object)?.map(|cursor| cursor.position))
}

/// Records of one answer.
struct Page {
    records: Vec<Record>,
    /// When its request began, on the monotonic clock; none when the records lack their values.
    began: Option<i64>,
}

impl Context {
    /// Notes a page: unseen rows into the inbox and the cursor to its end, in one transaction.
    async fn note(
        &self,
        side: Side,
        object: &ObjectName,
        page: Page,
        to: Position,
        moves: bool,
    ) -> anyhow::Result<()> {
        let now = self.clock.now();
        let sightings: Vec<(RecordKey, Timestamp)> = page
            .records
            .iter()
            .map(|record| (record.key.clone(), record.modified_at))
            .collect();
        if let Some(began) = page.began {
            let mut shared = self.shared();
            for record in page.records {
                shared.fresh.keep(record, began);
            }
        }
        let object = object.clone();
        let rows = self
            .store
            .write(move |tx| {
                let bound_at = settings::bound(tx)?.map_or(now, |bound| bound.at);
                let mut rows = 0;
                for (key, stamp) in &sightings {
                    let listed = vec![(key.id.clone(), *stamp)];
                    if inbox::unseen(tx, side, &object, listed)?.is_empty() {
                        continue;
                    }
                    inbox::note_seen(tx, key, *stamp)?;
                    let lane = if *stamp < bound_at {
                        Lane::Backfill
                    } else {
                        Lane::Live
                    };
                    inbox::see(tx, key, *stamp, lane, Timestamp(0))?;
                    rows += 1;
                }
                let before = stands(tx, side, &object)?;
                if moves && before.as_ref() != Some(&to) {
                    let records = rows as u64;
                    projections::append(
                        tx,
                        None,
                        CursorMoved {
                            side,
                            object,
                            position: to,
                            records,
                        },
                    )?;
                }
                Ok(rows)
            })
            .await?;
        if rows > 0 {
            self.wakes.writer.ring();
        }
        Ok(())
    }
}

/// The loop that looks for changes in Salesforce.
pub struct SalesforceDetector {
    context: Arc<Context>,
    listed_at: Option<Timestamp>,
}

impl SalesforceDetector {
    /// A loop over `context`.
    pub fn new(context: Arc<Context>) -> Self {
        Self {
            context,
            listed_at: None,
        }
    }

    /// Reads everything that changed, then says when to look again.
    pub async fn work(&mut self) -> anyhow::Result<Timestamp> {
        let now = self.context.clock.now();
        if !self.context.is_open() {
            return Ok(now.plus(BLOCKED_MS));
        }
        match self.read_all().await {
            Ok(()) => Ok(now.plus(self.context.settings.poll_ms)),
            Err(trouble) => after(&self.context, trouble),
        }
    }

    async fn read_all(&mut self) -> Result<(), Trouble> {
        self.context.refresh_metadata().await?;
        for mapping in self.context.settings.mappings.clone() {
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
            self.context
                .store
                .write(move |tx| inbox::prune_seen(tx, now.plus(-SEEN_MS)))
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
        // No upper bound but the clock's own error: what is committed late is found by listing.
        let server_now = context
            .salesforce_now()
            .unwrap_or_else(|| context.clock.now());
        let query = Query::changes(&source, &from, server_now.plus(CLOCK_ERROR_MS), page_max);
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

    fn listing_is_due(&self) -> bool {
        let every = self.context.settings.bounds.listing_every_ms;
        let now = self.context.clock.now();
        self.listed_at
            .is_none_or(|at| now.since(at) >= every || now < at)
    }

    /// A row becomes visible when its transaction commits, behind a cursor that has moved on: ids
    /// and stamps of the last minutes are listed, and only those never seen are fetched.
    async fn find_late_commits(&self, mapping: &Mapping) -> Result<(), Trouble> {
        let context = &self.context;
        let object = &mapping.object;
        let (Some(schemas), Some(server_now)) = (context.schemas(object), context.salesforce_now())
        else {
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
        let since = server_now
            .plus(-context.settings.bounds.listing_back_ms)
            .min(position.stamp);
        let source = schemas.source(mapping, Side::Salesforce, &[]);
        let mut page = self
            .query(object, Operation::Listing, Query::listing(&source, since))
            .await?;
        let mut unseen: Vec<RecordId> = Vec::new();
        loop {
            let listed = page
                .records
                .iter()
                .map(|one| (one.key.id.clone(), one.modified_at))
                .collect();
            let name = object.clone();
            let new = context
                .store
                .read(move |view| inbox::unseen(view, Side::Salesforce, &name, listed))
                .await?;
            unseen.extend(new.into_iter().map(|(id, _)| id));
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

/// The loop that looks for changes in HubSpot.
pub struct HubSpotDetector {
    context: Arc<Context>,
    /// When, by HubSpot's clock, the last reading that came to its end was begun.
    read_at: BTreeMap<ObjectName, Timestamp>,
}

impl HubSpotDetector {
    /// A loop over `context`.
    pub fn new(context: Arc<Context>) -> Self {
        Self {
            context,
            read_at: BTreeMap::new(),
        }
    }

    /// Reads everything that changed, then says when to look again.
    pub async fn work(&mut self) -> anyhow::Result<Timestamp> {
        let now = self.context.clock.now();
        if !self.context.is_open() {
            return Ok(now.plus(BLOCKED_MS));
        }
        match self.read_all().await {
            Ok(()) => Ok(now.plus(self.context.settings.poll_ms)),
            Err(trouble) => after(&self.context, trouble),
        }
    }

    async fn read_all(&mut self) -> Result<(), Trouble> {
        self.context.refresh_metadata().await?;
        for mapping in self.context.settings.mappings.clone() {
            self.read_object(&mapping).await?;
        }
        Ok(())
    }

    /// Searches from the beginning of the last reading less the index lag: what is older was in the
    /// index by then. Going by the cursor would read its last minute again for as long as nothing
    /// changes, and pass over what was indexed late during a long reading; only a run's first
    /// reading has nothing better.
    async fn read_object(&mut self, mapping: &Mapping) -> Result<(), Trouble> {
        let context = &self.context;
        let object = mapping.object.clone();
        let stands = {
            let object = object.clone();
            context
                .store
                .read(move |view| stands(view, Side::HubSpot, &object))
                .await?
        };
        let lag_ms = context.settings.bounds.index_lag_ms;
        let start = stands.as_ref().map_or(Timestamp(0), |position| {
            let read_at = self.read_at.get(&object).copied();
            read_at.unwrap_or(position.stamp).plus(-lag_ms)
        });
        let read_at = self.read_from(mapping, start, stands).await?;
        self.read_at
            .extend(read_at.map(|read_at| (object, read_at)));
        Ok(())
    }

    /// Reads page by page from `start`; returns when that was begun. Equal stamps are drained by
    /// id, so that no search ever pages past a record.
    async fn read_from(
        &self,
        mapping: &Mapping,
        start: Timestamp,
        stands: Option<Position>,
    ) -> Result<Option<Timestamp>, Trouble> {
        let context = &self.context;
        let object = mapping.object.clone();
        let mut from = Position {
            stamp: start,
            id: None,
        };
        let (mut operation, mut read_at) = (Operation::Poll, None);
        loop {
            let (page, asked_at) = self.search(mapping, &from, operation).await?;
            if operation == Operation::Poll {
                (operation, read_at) = (Operation::Page, asked_at);
            }
            let full = page.records.len() >= context.settings.bounds.hubspot_page as usize;
            let Some(next) = next_position(&from, &page.records, full) else {
                if !self.step_over_drained(&mut from, full) {
                    return Ok(read_at);
                }
                continue;
            };
            // The cursor never goes back into the overlap it was read from.
            let moves = stands
                .as_ref()
                .is_none_or(|stands| next.stamp > stands.stamp);
            let to = Position {
                stamp: next.stamp,
                id: None,
            };
            context
                .note(Side::HubSpot, &object, page, to, moves)
                .await?;
            let drained = from.id.is_some() && !full;
            from = next;
            if drained {
                from = Position {
                    stamp: from.stamp.plus(1),
                    id: None,
                };
            } else if !full {
                return Ok(read_at);
            }
        }
    }

    /// An empty drain means that the stamp is done: go on after it.
    fn step_over_drained(&self, from: &mut Position, full: bool) -> bool {
        if from.id.is_some() && !full {
            *from = Position {
                stamp: from.stamp.plus(1),
                id: None,
            };
            return true;
        }
        false
    }

    /// A page, and when it was asked for by HubSpot's clock.
    async fn search(
        &self,
        mapping: &Mapping,
        from: &Position,
        operation: Operation,
    ) -> Result<(Page, Option<Timestamp>), Trouble> {
        let context = &self.context;
        let Some(schemas) = context.schemas(&mapping.object) else {
            let page = Page {
                records: Vec::new(),
                began: None,
            };
            return Ok((page, None));
        };
        let search = Search {
            from: from.clone(),
            equal_only: from.id.is_some(),
            limit: context.settings.bounds.hubspot_page,
            after: None,
        };
        let fields = mapping.fields_on(Side::HubSpot);
        let source = schemas.source(mapping, Side::HubSpot, &fields);
        let errand = Errand::new(Side::HubSpot, operation, Lane::Detect, &mapping.object, 0);
        let began = context.clock.monotonic_ms();
        let send = || context.hubspot.search_changes(&source, &search);
        let reply = context.call(&errand, send).await?;
        let took_ms = context.clock.monotonic_ms() - began;
        let page = Page {
            records: reply.value.records,
            began: reply.value.with_fields.then_some(began),
        };
        Ok((page, reply.server_time.map(|at| at.plus(-took_ms))))
    }
}

/// Where to go on after a page; `None` when it was empty.
fn next_position(from: &Position, records: &[Record], full: bool) -> Option<Position> {
    let (first, last) = (records.first()?, records.last()?);
    if from.id.is_some() {
        return Some(Position {
            stamp: from.stamp,
            id: Some(last.key.id.clone()),
        });
    }
    if full && first.modified_at == last.modified_at {
        // A whole page of one stamp: read the rest of it by id, from the beginning.
        return Some(Position {
            stamp: last.modified_at,
            id: Some(zero_id(&last.key.id)),
        });
    }
    Some(Position {
        stamp: last.modified_at,
        id: None,
    })
}

/// An id before all others of the same shape.
fn zero_id(id: &RecordId) -> RecordId {
    RecordId::parse("0").unwrap_or_else(|_| id.clone())
}
