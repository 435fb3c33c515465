//! HubSpot: searches from the cursor less the index lag; equal stamps are drained by id.

use super::sweep::Sweep;
use super::{BLOCKED_MS, Page, after, stands};
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::crm::hubspot::Search;
use crate::domain::board::{Board, Property};
use crate::domain::call::{Lane, Operation};
use crate::domain::event::Position;
use crate::domain::mapping::Mapping;
use crate::domain::record::{FieldName, ObjectName, Record, RecordId, Side, Timestamp};
use crate::sync::context::Context;
use crate::sync::gate::{Errand, Trouble};

/// The loop that looks for changes in HubSpot.
pub struct HubSpotDetector {
    context: Arc<Context>,
    /// When, by HubSpot's clock, the last reading that came to its end was begun.
    read_at: BTreeMap<ObjectName, Timestamp>,
    sweep: Sweep,
}

impl HubSpotDetector {
    /// A loop over `context`.
    pub fn new(context: Arc<Context>) -> Self {
        Self {
            context,
            read_at: BTreeMap::new(),
            sweep: Sweep::default(),
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
        let objects = self.context.settings.objects();
        let firsts: Vec<Mapping> = objects.filter_map(|forms| forms.first().cloned()).collect();
        for mapping in firsts {
            // A run's first look reads a list that was not believed as a whole: what stood in its
            // way may have been settled in the configuration.
            let anew = !self.read_at.contains_key(&mapping.object);
            self.context.refresh_list(&mapping, anew).await?;
            self.read_object(&mapping).await?;
        }
        self.sweep.look(&self.context).await
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
                if !Self::step_over_drained(&mut from, full) {
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
            context.hear_pressed(mapping, &page.records).await?;
            context
                .note(Side::HubSpot, mapping, page, to, moves)
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
    fn step_over_drained(from: &mut Position, full: bool) -> bool {
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
        let Some(schemas) = context.schemas(mapping.name()) else {
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
        // Values from a search are not used, so none are asked for but the wish to be tried again.
        let wishes: Vec<FieldName> = match context.settings.board {
            Board::Shown => Property::Resync.field().into_iter().collect(),
            Board::Hidden => Vec::new(),
        };
        let source = schemas.source(mapping, Side::HubSpot, &wishes);
        let errand = Errand::new(Side::HubSpot, operation, Lane::Detect, &mapping.object, 0);
        let asked = context.clock.monotonic_ms();
        let send = || context.hubspot.search_changes(&source, &search);
        let reply = context.call(&errand, send).await?;
        let took_ms = context.clock.monotonic_ms() - asked;
        // A search shows what its index knew, which may be older than what we wrote since: values
        // planned from it could carry an old one back. They are read again by id.
        let page = Page {
            records: reply.value.records,
            began: None,
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
