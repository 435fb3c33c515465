//! Rows that were committed late, behind the cursor: found by listings, and fetched by their ids.

use super::behind::ROWS_AT_ONCE;
use super::feeds::Feed;
use super::{after, stands};
use crate::crm::salesforce::{ExportPage, Query};
use crate::domain::call::Operation;
use crate::domain::event::Position;
use crate::domain::record::{ObjectName, RecordId, Side, Timestamp};
use crate::store::View;
use crate::sync::context::Context;
use crate::sync::export::{Export, Step};
use crate::sync::gate::{Trouble, refused};

/// A listing's row is an id and a stamp: so many times as many of them make a page.
const SHORT_ROWS: u32 = 8;

/// One listing of all forms, as far as exports bring it.
#[derive(Debug)]
pub(super) struct Late {
    began: Option<Timestamp>,
    lists: Vec<List>,
}

/// One form's listing.
#[derive(Debug)]
struct List {
    feed: Feed,
    export: Export,
    page: Option<ExportPage>,
    /// Listed rows that were never read.
    unseen: Vec<RecordId>,
    /// When to go on after trouble, on the monotonic clock.
    rest_until_ms: i64,
}

impl Late {
    /// A listing that began at `began`, by Salesforce's clock, and waits for no export yet.
    pub(super) fn begun(began: Option<Timestamp>) -> Self {
        Self {
            began,
            lists: Vec::new(),
        }
    }

    /// When it began, by Salesforce's clock.
    pub(super) fn began(&self) -> Option<Timestamp> {
        self.began
    }

    /// Whether every row of it was read, or is known.
    pub(super) fn is_over(&self) -> bool {
        self.lists.is_empty()
    }

    /// Leaves a form's listing to an export.
    pub(super) fn export(&mut self, context: &Context, feed: &Feed, query: Query) {
        let rows = context.settings.bounds.bulk_page.saturating_mul(SHORT_ROWS);
        self.lists.push(List {
            feed: feed.clone(),
            export: Export::new(context, &feed.mapping.object, query, rows),
            page: None,
            unseen: Vec::new(),
            rest_until_ms: context.clock.monotonic_ms(),
        });
    }

    /// When it wants to go on.
    pub(super) fn due(&self, context: &Context) -> Option<Timestamp> {
        let (now, now_ms) = (context.clock.now(), context.clock.monotonic_ms());
        let due = |list: &List| {
            let rested = now.plus((list.rest_until_ms - now_ms).max(0));
            list.export.due(context).max(rested)
        };
        self.lists.iter().map(due).min()
    }

    /// Goes on as far as it can now; false when an export failed, so that there is no listing.
    pub(super) async fn go_on(&mut self, context: &Context) -> anyhow::Result<bool> {
        let mut left = Vec::with_capacity(self.lists.len());
        for mut list in std::mem::take(&mut self.lists) {
            if context.clock.monotonic_ms() < list.rest_until_ms {
                left.push(list);
                continue;
            }
            match list.go_on(context).await {
                Ok(Step::Over) => (),
                Ok(Step::Waits | Step::Page(_)) => left.push(list),
                Ok(Step::Failed(why)) => {
                    let (object, name) = (&list.feed.mapping.object, list.feed.name());
                    tracing::warn!(
                        %object,
                        "{name}: the Bulk query that lists late commits is given up ({why}); they \
                         are listed page by page instead, which costs more calls and loses nothing"
                    );
                    return Ok(false);
                }
                Err(trouble) => {
                    let rest_ms = after(context, trouble)?.since(context.clock.now());
                    list.rest_until_ms = context.clock.monotonic_ms() + rest_ms;
                    left.push(list);
                }
            }
        }
        self.lists = left;
        Ok(true)
    }
}

impl List {
    /// Fetches what is known to be unseen, goes through the rest of the page, and asks for the next
    /// one: what trouble leaves undone is done first when it is over.
    async fn go_on(&mut self, context: &Context) -> Result<Step, Trouble> {
        loop {
            context.fetch_late(&self.feed, &self.unseen).await?;
            self.unseen.clear();
            let page = self.page.as_mut();
            let records = page.map_or_else(Vec::new, |page| page.take(ROWS_AT_ONCE));
            if records.is_empty() {
                return Ok(match self.export.step(context).await? {
                    Step::Page(page) => {
                        self.page = Some(page);
                        Step::Waits
                    }
                    step @ (Step::Waits | Step::Over | Step::Failed(_)) => step,
                });
            }
            let listed = records.into_iter().map(|one| (one.key.id, one.modified_at));
            let listed = listed.collect();
            self.unseen = context.unseen(self.feed.read_as(), listed).await?;
        }
    }
}

/// Where reading of a form stands.
pub(super) async fn position(
    context: &Context,
    name: &ObjectName,
) -> anyhow::Result<Option<Position>> {
    let name = name.clone();
    let read = move |view: &View<'_>| stands(view, Side::Salesforce, &name);
    context.store.read(read).await
}

impl Context {
    /// Reads records that were committed late.
    pub(super) async fn fetch_late(&self, feed: &Feed, ids: &[RecordId]) -> Result<(), Trouble> {
        if ids.is_empty() {
            return Ok(());
        }
        let Some(position) = position(self, feed.name()).await? else {
            return Ok(());
        };
        for ids in ids.chunks(self.settings.bounds.match_keys) {
            for query in feed.by_ids(self, ids) {
                let began = Some(self.clock.monotonic_ms());
                let asked = vec![(feed, query)];
                for (_, page) in self.ask_feeds(Operation::Page, asked).await? {
                    let records = page.map_err(refused)?.records;
                    feed.note(self, records, began, (position.clone(), false))
                        .await?;
                }
            }
        }
        Ok(())
    }
}
