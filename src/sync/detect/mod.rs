//! Reads changes since the cursor; each becomes a row of the inbox in the transaction that moves it.

mod behind;
mod feeds;
mod hubspot;
mod late;
mod salesforce;
mod sweep;
mod tie;
mod urgency;

pub use hubspot::HubSpotDetector;
pub use salesforce::SalesforceDetector;

use std::collections::{BTreeMap, HashMap};

use crate::crm::http::CallError;
use crate::crm::salesforce::{Query, QueryPage};
use crate::domain::budget::DAY_MS;
use crate::domain::call::{Lane, Operation};
use crate::domain::event::{CursorMoved, Position};
use crate::domain::failure::RawFailure;
use crate::domain::mapping::Mapping;
use crate::domain::record::{ObjectName, Record, RecordId, RecordKey, Side, Timestamp};
use crate::inbox;
use crate::projections::{self, cursors, settings};
use crate::store::View;
use crate::sync::allowance::policy;
use crate::sync::context::Context;
use crate::sync::gate::{Errand, Trouble};
use feeds::Feed;
use tie::Tie;

/// How long it is remembered what was read: longer than any listing looks back.
pub(super) const SEEN_MS: i64 = 3_600_000;

/// How far Salesforce's own nodes may be ahead of each other in stamping.
pub(super) const CLOCK_ERROR_MS: i64 = 1_000;

/// One call in so many may be spent on looking for changes, and on listing late commits.
pub(super) const LOOKS_SHARE: i64 = 4;
pub(super) const LISTINGS_SHARE: i64 = 8;

/// How long a loop waits when its side cannot be read at all.
pub(super) const BLOCKED_MS: i64 = 1_000;

/// When the loop looks again after trouble.
pub(super) fn after(context: &Context, trouble: Trouble) -> anyhow::Result<Timestamp> {
    let now = context.clock.now();
    match trouble {
        Trouble::NotBefore(at) => Ok(at.max(now.plus(1))),
        // What is refused is refused again a second later, and each asking costs a call.
        Trouble::Suspended(_) | Trouble::Call(CallError::Rejected { .. }) => {
            Ok(now.plus(context.settings.poll_ms))
        }
        Trouble::Call(_) => Ok(now.plus(BLOCKED_MS)),
        Trouble::Store(error) => Err(error),
    }
}

/// Where reading goes on.
pub(super) fn stands(
    view: &View<'_>,
    side: Side,
    object: &ObjectName,
) -> anyhow::Result<Option<Position>> {
    Ok(cursors::get(view, side, object)?.map(|cursor| cursor.position))
}

/// What a query brought, or why it was refused.
pub(super) type Answer = Result<QueryPage, Vec<RawFailure>>;

/// Records of one answer.
pub(super) struct Page {
    pub(super) records: Vec<Record>,
    /// When its request began, on the monotonic clock; none when the records lack their values.
    pub(super) began: Option<i64>,
}

/// One record as it was read, and whose row it makes: its own, or that of the record it ties.
pub(super) struct Sighted {
    pub(super) read: RecordKey,
    pub(super) row: RecordKey,
    pub(super) stamp: Timestamp,
    /// What we may have tied by it ourselves.
    pub(super) tie: Option<Tie>,
    /// The lane that a row stays in, where what was read makes it no more urgent, and whose row that
    /// is, instead.
    pub(super) lane: Option<(Lane, RecordKey)>,
}

/// Where reading goes on after a page.
pub(super) struct Mark {
    pub(super) side: Side,
    /// The name under which it is kept where reading stands.
    pub(super) read_as: ObjectName,
    pub(super) to: Position,
    /// Whether the page moves it there.
    pub(super) moves: bool,
}

impl Context {
    /// Those of a listing never read; the others are remembered for as long as they are listed.
    pub(in crate::sync) async fn unseen(
        &self,
        object: &ObjectName,
        listed: Vec<(RecordId, Timestamp)>,
    ) -> anyhow::Result<Vec<RecordId>> {
        let (side, object) = (Side::Salesforce, object.clone());
        self.store
            .write(move |tx| {
                let unseen = inbox::unseen(tx, side, &object, listed.clone())?;
                for one in listed.into_iter().filter(|one| !unseen.contains(one)) {
                    let (object, (id, stamp)) = (object.clone(), one);
                    inbox::note_seen(tx, &RecordKey { side, object, id }, stamp)?;
                }
                Ok(unseen.into_iter().map(|(id, _)| id).collect())
            })
            .await
    }

    /// Asks Salesforce one query for each feed, as many in a call as it takes; each has its own
    /// answer.
    async fn ask_feeds<'f>(
        &self,
        operation: Operation,
        asked: Vec<(&'f Feed, Query)>,
    ) -> Result<Vec<(&'f Feed, Answer)>, Trouble> {
        let most = self.settings.bounds.match_queries.max(1);
        let mut answers = Vec::with_capacity(asked.len());
        for part in asked.chunks(most) {
            let mut errand = Errand::about_account(Side::Salesforce, operation);
            errand.lane = Lane::Detect;
            if let [(feed, _)] = part {
                errand.object = Some(feed.mapping.object.clone());
            }
            let queries: Vec<Query> = part.iter().map(|(_, query)| query.clone()).collect();
            let reply = self
                .call(&errand, || self.salesforce.query(&queries))
                .await?;
            let mut pages = reply.value.into_iter();
            for (feed, _) in part {
                answers.push((*feed, pages.next().unwrap_or(Err(Vec::new()))));
            }
        }
        Ok(answers)
    }

    /// The interval at which one call each takes one of `share` calls of the allocation.
    pub(super) async fn stretched(&self, share: i64) -> anyhow::Result<i64> {
        let policy = self.store.read(policy).await?;
        let allocation = i64::try_from(policy.allocation).unwrap_or(i64::MAX).max(1);
        Ok(share * DAY_MS / allocation)
    }

    /// Notes a page: unseen rows into the inbox and the cursor to its end, in one transaction.
    pub(in crate::sync) async fn note(
        &self,
        side: Side,
        mapping: &Mapping,
        page: Page,
        to: Position,
        moves: bool,
    ) -> anyhow::Result<()> {
        let mut lanes = BTreeMap::new();
        if let Some(forms) = self.forms(self.settings.forms_of(&mapping.object)) {
            if side == Side::Salesforce {
                let read = page.records.iter();
                self.note_read(&forms, read, page.began).await?;
            }
            lanes = self.go_with_loads(&forms, &page.records).await?;
        }
        let sighted = |record: &Record| Sighted {
            read: record.key.clone(),
            row: record.key.clone(),
            stamp: record.modified_at,
            tie: None,
            lane: lanes.get(&record.key).cloned(),
        };
        let sightings: Vec<Sighted> = page.records.iter().map(sighted).collect();
        let crowded_out = self.keep_fresh(page);
        // HubSpot has one type for all forms, and one place where reading stands.
        let read_as = match side {
            Side::HubSpot => mapping.object.clone(),
            Side::Salesforce => mapping.name().clone(),
        };
        let mark = Mark {
            side,
            read_as,
            to,
            moves,
        };
        self.note_sightings(sightings, crowded_out, mark).await
    }

    /// Keeps a page's records in memory for as long as it has room; those that we wrote and that have
    /// to be kept elsewhere are returned: to be told for an echo each would cost a reading.
    fn keep_fresh(&self, page: Page) -> Vec<Record> {
        let mut crowded_out = Vec::new();
        let Some(began) = page.began else {
            return crowded_out;
        };
        let now = self.clock.monotonic_ms();
        let is_new = now - began <= self.settings.poll_ms;
        let us = self.salesforce.our_user();
        let mut shared = self.shared();
        for record in page.records {
            let is_ours = us.is_some() && record.modified_by == us;
            // What a job found some minutes ago would only crowd out what is fresh.
            if is_new || is_ours {
                let left = shared.fresh.keep(record, began, now);
                crowded_out.extend(left.filter(|_| is_ours));
            }
        }
        crowded_out
    }

    /// Notes what was read: rows of what was never met into the inbox, beside them the records that are
    /// `kept` with them, and the cursor to the page's end, in one transaction.
    pub(super) async fn note_sightings(
        &self,
        sightings: Vec<Sighted>,
        kept: Vec<Record>,
        mark: Mark,
    ) -> anyhow::Result<()> {
        let now = self.clock.now();
        let Mark {
            side,
            read_as,
            to,
            moves,
        } = mark;
        let rows = self
            .store
            .write(move |tx| {
                let bound_at = settings::bound(tx)?.map_or(now, |bound| bound.at);
                let mut rows: u64 = 0;
                let kept = kept.into_iter().map(|record| (record.key.clone(), record));
                let mut kept: HashMap<RecordKey, Record> = kept.collect();
                for sighted in &sightings {
                    let Sighted {
                        read, row, stamp, ..
                    } = sighted;
                    let listed = vec![(read.id.clone(), *stamp)];
                    let met = inbox::unseen(tx, side, &read.object, listed)?.is_empty();
                    // Remembered for as long as it is met, or it would be read anew every hour.
                    inbox::note_seen(tx, read, *stamp)?;
                    let tie = sighted.tie.as_ref();
                    let is_echo = tie.map(|tie| tie.is_known(tx, row)).transpose()?;
                    if met || is_echo == Some(true) {
                        continue;
                    }
                    let (row, lane) = match &sighted.lane {
                        Some((lane, with)) if inbox::of_record(tx, with)?.is_some() => {
                            (with, *lane)
                        }
                        Some(_) | None if *stamp < bound_at => (row, Lane::Backfill),
                        Some(_) | None => (row, Lane::Live),
                    };
                    // What ties a record changed after it, as far as its row is concerned: one in
                    // flight now may have been read before.
                    let known = inbox::of_record(tx, row)?.filter(|_| read != row);
                    let stamp = match known {
                        Some(known) if read.side == row.side => known.stamp.plus(1).max(*stamp),
                        // The other side's clock says nothing of this one's record.
                        Some(known) => known.stamp.plus(1),
                        None => *stamp,
                    };
                    inbox::see(tx, row, stamp, lane, Timestamp(0))?;
                    if let Some(record) = kept.remove(row) {
                        inbox::keep(tx, record)?;
                    }
                    if read != row {
                        inbox::note_ties(tx, row)?;
                    }
                    rows += 1;
                }
                let before = stands(tx, side, &read_as)?;
                if moves && before.as_ref() != Some(&to) {
                    let records = rows;
                    projections::append(
                        tx,
                        None,
                        CursorMoved {
                            side,
                            object: read_as,
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
