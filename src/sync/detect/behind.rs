//! Forms of which more changes wait than pages should bring: each is read by one export.

use std::collections::{BTreeMap, BTreeSet};

use super::feeds::Feed;
use super::late::position;
use crate::crm::salesforce::ExportPage;
use crate::domain::call::Operation;
use crate::domain::digest::thousands;
use crate::domain::event::Position;
use crate::domain::record::{ObjectName, Side, Timestamp};
use crate::inbox;
use crate::projections::settings;
use crate::store::View;
use crate::sync::context::Context;
use crate::sync::export::{Export, Step};
use crate::sync::gate::{Trouble, refused};

/// Rows of an export's page that are noted in one transaction.
pub(super) const ROWS_AT_ONCE: usize = 500;

/// How long rows wait for those before them to be planned, before it is looked again.
const GO_FIRST_MS: i64 = 500;

/// The forms that are far behind, by their names.
#[derive(Debug, Default)]
pub(super) struct Behind {
    reading: BTreeMap<ObjectName, Reading>,
    /// Forms whose export failed: pages bring their changes until they have caught up.
    refused: BTreeSet<ObjectName>,
    /// When an export ended last, on the monotonic clock.
    ended_ms: Option<i64>,
}

#[derive(Debug)]
struct Reading {
    feed: Feed,
    export: Export,
    /// Rows there were when it was asked, and those noted since.
    rows: u64,
    noted: u64,
    /// The page that is being noted.
    page: Option<ExportPage>,
    /// When a few of its rows were noted last, and when to go on, on the monotonic clock.
    noted_ms: i64,
    rest_until_ms: i64,
    /// Whether there were echoes of our own writes among them.
    brings_echoes: bool,
}

impl Behind {
    /// Whether changes of a form are read by an export.
    pub(super) fn is_reading(&self, form: &ObjectName) -> bool {
        self.reading.contains_key(form)
    }

    /// Whether any form is far behind.
    pub(super) fn is_going(&self) -> bool {
        !self.reading.is_empty()
    }

    /// Whether a load is going on: a form is far behind, or was within the last `span_ms`.
    pub(super) fn is_loading(&self, context: &Context, span_ms: i64) -> bool {
        let now_ms = context.clock.monotonic_ms();
        self.is_going()
            || self
                .ended_ms
                .is_some_and(|ended_ms| now_ms - ended_ms < span_ms)
    }

    /// When the next export wants to go on.
    pub(super) fn due(&self, context: &Context) -> Option<Timestamp> {
        let readings = self.reading.values();
        readings.map(|one| one.due(context)).min()
    }

    /// All forms have caught up: the next one that falls behind is tried by an export again.
    pub(super) fn caught_up(&mut self) {
        self.refused.clear();
    }

    /// Asks how many changes wait in each of these forms, whose page was full; what is far behind is
    /// read by an export from now on, and the others are returned.
    pub(super) async fn sift<'f>(
        &mut self,
        context: &Context,
        full: Vec<&'f Feed>,
        until: Timestamp,
    ) -> Result<Vec<&'f Feed>, Trouble> {
        let (mut left, asked): (Vec<&Feed>, Vec<&Feed>) = full
            .into_iter()
            .partition(|one| self.refused.contains(one.name()));
        let mut counts = Vec::new();
        let mut exports = Vec::new();
        let bound = context.store.read(settings::bound).await?;
        for feed in asked {
            let stood = position(context, feed.name()).await?;
            let is_first = stood
                .as_ref()
                .zip(bound.as_ref())
                .is_some_and(|(from, bound)| from.stamp < bound.at);
            let backlog = stood.and_then(|from| feed.backlog(context, &from, until));
            let Some((count, changes)) = backlog else {
                left.push(feed);
                continue;
            };
            counts.push((feed, count));
            exports.push((changes, is_first));
        }
        let answers = context.ask_feeds(Operation::Page, counts).await?;
        for ((feed, answer), (changes, is_first)) in answers.into_iter().zip(exports) {
            let rows = answer.map_err(refused)?.total;
            let bounds = &context.settings.bounds;
            if rows <= bounds.bulk_rows {
                left.push(feed);
                continue;
            }
            let (object, name) = (&feed.mapping.object, feed.name());
            tracing::info!(
                %object,
                "{name}: {} changes in Salesforce are to be read; a Bulk query is asked for them",
                thousands(rows)
            );
            let reading = Reading {
                feed: feed.clone(),
                export: Export::new(context, object, changes, bounds.bulk_page),
                rows,
                noted: 0,
                page: None,
                noted_ms: 0,
                rest_until_ms: 0,
                brings_echoes: false,
            };
            self.reading.insert(name.clone(), reading);
            if is_first {
                context.note_brought(name, Some(object));
            }
        }
        Ok(left)
    }

    /// Takes the next step of every export that is due.
    pub(super) async fn go_on(&mut self, context: &Context) -> anyhow::Result<()> {
        let names: Vec<ObjectName> = self.reading.keys().cloned().collect();
        for name in names {
            let Some(reading) = self.reading.get_mut(&name) else {
                continue;
            };
            match reading.go_on(context).await? {
                Step::Waits | Step::Page(_) => (),
                Step::Over => {
                    let (object, read) = (&reading.feed.mapping.object, thousands(reading.noted));
                    tracing::info!(%object, "{name}: {read} changes were read by a Bulk query");
                    self.ended_ms = Some(context.clock.monotonic_ms());
                    context.note_brought(&name, None);
                    self.reading.remove(&name);
                }
                Step::Failed(why) => {
                    let object = &reading.feed.mapping.object;
                    let left = thousands(reading.rows.saturating_sub(reading.noted));
                    tracing::warn!(
                        %object,
                        "{name}: the Bulk query for changes is given up ({why}); about {left} are \
                         read page by page instead, which costs more calls and loses nothing"
                    );
                    context.note_brought(&name, None);
                    self.reading.remove(&name);
                    self.refused.insert(name);
                }
            }
        }
        Ok(())
    }
}

impl Reading {
    /// Goes on with the page at hand, or with the export.
    async fn go_on(&mut self, context: &Context) -> anyhow::Result<Step> {
        if self.page.is_none() {
            match self.export.step(context).await? {
                Step::Page(page) => self.page = Some(page),
                step @ (Step::Waits | Step::Over | Step::Failed(_)) => return Ok(step),
            }
        }
        self.note(context).await?;
        Ok(Step::Waits)
    }

    /// Notes the page a few rows at a time: the cursor moves with each, as by a page of a query.
    async fn note(&mut self, context: &Context) -> anyhow::Result<()> {
        let room = context.shared().fresh.room() / 2;
        while !self.lets_writer_go_first(context, room).await? {
            let page = self.page.as_mut();
            let most = ROWS_AT_ONCE.min(room.max(1));
            let records = page.map_or_else(Vec::new, |page| page.take(most));
            let Some(last) = records.last() else {
                self.page = None;
                return Ok(());
            };
            let us = context.salesforce.our_user();
            self.noted += records.len() as u64;
            self.noted_ms = context.clock.monotonic_ms();
            self.brings_echoes = us.is_some() && records.iter().any(|one| one.modified_by == us);
            let to = Position {
                stamp: last.modified_at,
                id: Some(last.key.id.clone()),
            };
            let began = Some(self.export.began_ms());
            self.feed.note(context, records, began, (to, true)).await?;
        }
        Ok(())
    }

    /// Echoes of what we wrote are let in as fast as they are told for what they are: all at once
    /// they could not be kept, and each would be read again. Rows that wait for something else do not
    /// stand in the way for longer than a poll.
    async fn lets_writer_go_first(
        &mut self,
        context: &Context,
        room: usize,
    ) -> anyhow::Result<bool> {
        let now_ms = context.clock.monotonic_ms();
        if !self.brings_echoes || now_ms - self.noted_ms >= context.settings.poll_ms {
            return Ok(false);
        }
        let object = self.feed.mapping.object.clone();
        let ready = move |view: &View<'_>| inbox::changes_ready(view, Side::Salesforce, &object);
        let is_full = context.store.read(ready).await? >= room as u64;
        if is_full {
            self.rest_until_ms = now_ms + GO_FIRST_MS;
        }
        Ok(is_full)
    }

    fn due(&self, context: &Context) -> Timestamp {
        if self.page.is_none() {
            return self.export.due(context);
        }
        let rest_ms = self.rest_until_ms - context.clock.monotonic_ms();
        context.clock.now().plus(rest_ms.max(0))
    }
}
