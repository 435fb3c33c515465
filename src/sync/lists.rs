//! Inclusion lists: read by the HubSpot detector before its changes are, joiners each time, leavers
//! by reading all members, hourly and at once when their number does not fit.

use std::collections::BTreeSet;

use super::context::Context;
use super::gate::{Errand, Trouble};
use super::words::spoken_length;
use crate::crm::http::CallError;
use crate::crm::hubspot::{self, ListBy, MEMBERS_MAX};
use crate::domain::call::{Lane, Operation};
use crate::domain::digest::thousands;
use crate::domain::event::{Action, Excluded};
use crate::domain::guard::{self, Count, Verdict};
use crate::domain::mapping::Mapping;
use crate::domain::record::{ObjectName, RecordId, Side, Timestamp};
use crate::inbox::selection::{self, List};
use crate::store::Tx;

/// How old the last reading of all members may grow.
const WHOLE_EVERY_MS: i64 = 3_600_000;

/// HubSpot's ids of the types that it brings along.
const TYPES: [(&str, &str); 4] = [
    ("contacts", "0-1"),
    ("companies", "0-2"),
    ("deals", "0-3"),
    ("tasks", "0-27"),
];

/// Members as read now.
struct Reading {
    members: Vec<RecordId>,
    /// Where the last page begins.
    last: Option<String>,
}

impl Context {
    /// Reads who is in an object's list. Whatever was wrong before, `anew` reads it whole.
    pub(super) async fn refresh_list(&self, mapping: &Mapping, anew: bool) -> Result<(), Trouble> {
        let object = mapping.object.clone();
        let read = move |view: &crate::store::View<'_>| selection::list(view, &object);
        let known = self.store.read(read).await?;
        let Some(configured) = &mapping.list else {
            if known.is_some() {
                self.without_list(mapping).await?;
            }
            return Ok(());
        };
        let before = known.filter(|known| known.configured == *configured);
        let before = before.unwrap_or_else(|| List::new(configured));
        match self.look_at_list(mapping, before.clone(), anew).await {
            Err(Trouble::Call(CallError::Rejected { status, .. })) => {
                Ok(self.list_is_unreadable(mapping, before, status).await?)
            }
            looked => looked,
        }
    }

    async fn look_at_list(
        &self,
        mapping: &Mapping,
        before: List,
        anew: bool,
    ) -> Result<(), Trouble> {
        let (found, at) = self.find_list(mapping, &before.configured).await?;
        let at = at.unwrap_or_else(|| self.clock.now());
        self.read_list(mapping, before, found, at, anew).await
    }

    async fn find_list(
        &self,
        mapping: &Mapping,
        configured: &str,
    ) -> Result<(hubspot::List, Option<Timestamp>), Trouble> {
        let by = named_list(mapping, configured);
        let errand = errand(&mapping.object);
        let find = || self.hubspot.list_of_records(by);
        let reply = self.call(&errand, find).await?;
        Ok((reply.value, reply.server_time))
    }

    async fn read_list(
        &self,
        mapping: &Mapping,
        before: List,
        found: hubspot::List,
        at: Timestamp,
        anew: bool,
    ) -> Result<(), Trouble> {
        if found.type_id != type_id(&mapping.hubspot_type) && found.type_id.starts_with("0-") {
            let type_ = &mapping.hubspot_type;
            let says = format!("HubSpot's list {} holds no {type_}", before.configured);
            let remedy = format!("name a list of {type_} in the configuration");
            let before = List {
                id: None,
                shrunk: None,
                ..before
            };
            return Ok(self.hold_list(mapping, before, (says, remedy)).await?);
        }
        let is_known = before.id.as_ref() == Some(&found.id);
        let is_young = before.paged_at.is_some_and(|paged_at| {
            let age_ms = self.clock.now().since(paged_at);
            (0..WHOLE_EVERY_MS).contains(&age_ms)
        });
        let is_doubted = before.trouble.is_some();
        if is_known && is_young && !(is_doubted && (anew || before.accepted.is_some())) {
            let mut list = before.clone();
            if list.trouble.is_none() {
                let from = before.joined.as_deref();
                let reading = self.members(mapping, &found.id, from).await?;
                list.joined = reading.last;
                self.joined(mapping, &list, reading.members, at).await?;
            }
            if !self.is_apart(mapping, &list, found.size).await? {
                return Ok(());
            }
        }
        let reading = self.members(mapping, &found.id, None).await?;
        let list = List {
            id: Some(found.id),
            joined: reading.last,
            ..before
        };
        Ok(self
            .whole(mapping, list, reading.members, found.size, at)
            .await?)
    }

    /// Whether HubSpot counts otherwise than when all members were read last: somebody left.
    async fn is_apart(
        &self,
        mapping: &Mapping,
        list: &List,
        size: Option<u64>,
    ) -> anyhow::Result<bool> {
        let Some(size) = size else { return Ok(false) };
        let object = mapping.object.clone();
        let read = move |view: &crate::store::View<'_>| selection::members(view, &object);
        let members = self.store.read(read).await?;
        Ok(apart(size, members) != list.apart)
    }

    /// The members from a page on, those who joined last at the end.
    async fn members(
        &self,
        mapping: &Mapping,
        list: &str,
        from: Option<&str>,
    ) -> Result<Reading, Trouble> {
        let limit = self.settings.bounds.hubspot_page.clamp(1, MEMBERS_MAX);
        let mut begins = from.map(str::to_owned);
        let mut members = Vec::new();
        let mut seen = BTreeSet::new();
        loop {
            let errand = errand(&mapping.object);
            let after = begins.as_deref();
            let read = || self.hubspot.list_members(list, after, limit);
            let page = self.call(&errand, read).await?.value;
            members.extend(page.members);
            match page.after {
                // A server that hands out the same page again must not keep us here for ever.
                Some(next) if seen.insert(next.clone()) => begins = Some(next),
                Some(_) | None => {
                    return Ok(Reading {
                        members,
                        last: begins,
                    });
                }
            }
        }
    }

    /// Notes who joined.
    async fn joined(
        &self,
        mapping: &Mapping,
        list: &List,
        members: Vec<RecordId>,
        at: Timestamp,
    ) -> anyhow::Result<()> {
        let (object, list) = (mapping.object.clone(), list.clone());
        let joiners = self
            .store
            .write(move |tx| {
                if selection::list(tx, &object)?.as_ref() != Some(&list) {
                    selection::keep_list(tx, &object, &list)?;
                }
                let joiners = selection::join(tx, &object, &members)?;
                let (side, lane) = (Side::HubSpot, Lane::Live);
                selection::look_at(tx, side, &object, &joiners, at, lane)?;
                Ok(joiners.len())
            })
            .await?;
        if joiners > 0 {
            self.wakes.writer.ring();
        }
        Ok(())
    }

    /// Notes all members, unless so many are gone that something else must be the matter.
    async fn whole(
        &self,
        mapping: &Mapping,
        mut list: List,
        members: Vec<RecordId>,
        size: Option<u64>,
        at: Timestamp,
    ) -> anyhow::Result<()> {
        // However long the list is, a person can let a percentage of it go.
        let limits = guard::Limits {
            records: u64::MAX,
            ..self.settings.guard
        };
        let object = mapping.object.clone();
        let now: BTreeSet<RecordId> = members.iter().cloned().collect();
        let shrunk = {
            let (object, first) = (object.clone(), list.paged_at.is_none());
            let accepted = list.accepted.take();
            let read = move |view: &crate::store::View<'_>| {
                let left = selection::leavers(view, &object, &now)?;
                let count = Count {
                    last_24h: 0,
                    this_cycle: left.len() as u64,
                    pairs: selection::members(view, &object)?,
                };
                let accepted = accepted.is_some_and(|most| count.this_cycle <= most);
                let held = guard::judge(Action::Deleted, count, &limits) != Verdict::Go;
                Ok((left, (held && !first && !accepted).then_some(count)))
            };
            self.store.read(read).await?
        };
        let (left, held) = shrunk;
        let first = list.paged_at.is_none();
        list.paged_at = Some(self.clock.now());
        if let Some(count) = held {
            list.apart = size.map_or(0, |size| apart(size, count.pairs));
            list.shrunk = Some(count.this_cycle);
            let says = shrunk_says(mapping, &list.configured, count);
            let accept = format!("syncline approve --list {}", mapping.object);
            let remedy = format!("correct the list, or accept it: {accept}");
            return self.hold_list(mapping, list, (says, remedy)).await;
        }
        list.apart = size.map_or(0, |size| apart(size, members.len() as u64));
        let over = list.trouble.take();
        list.shrunk = None;
        let rows = self
            .store
            .write(move |tx| {
                selection::keep_list(tx, &object, &list)?;
                selection::leave(tx, &object, &left)?;
                let joiners = selection::join(tx, &object, &members)?;
                // Who is in a list that was never read before is known by other means, or will be.
                let (joiners, lane) = if first {
                    (Vec::new(), Lane::Backfill)
                } else {
                    (joiners, Lane::Live)
                };
                look(tx, &object, &joiners, &left, at, lane)
            })
            .await?;
        if let Some(over) = over {
            let object = &mapping.object;
            let length = spoken_length(self.clock.now().since(over.since));
            tracing::info!(
                notice = true, %object,
                "{object}: HubSpot's list is read again after {length}; writing to Salesforce goes on"
            );
        }
        if rows > 0 {
            self.wakes.writer.ring();
        }
        Ok(())
    }

    async fn list_is_unreadable(
        &self,
        mapping: &Mapping,
        before: List,
        status: u16,
    ) -> anyhow::Result<()> {
        // Once it can be read again it is read whole.
        let before = List {
            id: None,
            shrunk: None,
            ..before
        };
        let configured = &before.configured;
        let (what, remedy) = match status {
            403 => (
                "may not be read by us",
                "give the token the scope crm.lists.read and access to the list",
            ),
            404 => (
                "is not there",
                "restore it in HubSpot, or name another in the configuration",
            ),
            _ => (
                "cannot be read",
                "see whether it opens in HubSpot, or name another in the configuration",
            ),
        };
        let says = format!("HubSpot's list {configured} {what} ({status})");
        self.hold_list(mapping, before, (says, remedy.to_owned()))
            .await
    }

    /// A list that cannot be believed leaves nothing out: all that it would let through waits.
    async fn hold_list(
        &self,
        mapping: &Mapping,
        mut list: List,
        (says, remedy): (String, String),
    ) -> anyhow::Result<()> {
        let object = mapping.object.clone();
        let told = format!("{says}; {remedy}");
        let is_news = self
            .store
            .write(move |tx| {
                let before = list.trouble.take();
                let is_news = before.as_ref().is_none_or(|before| before.says != says);
                let since = before.map_or(tx.now(), |before| before.since);
                list.trouble = Some(selection::Trouble {
                    says,
                    remedy,
                    since,
                });
                selection::keep_list(tx, &object, &list)?;
                Ok(is_news)
            })
            .await?;
        if is_news {
            let object = &mapping.object;
            tracing::error!(
                %object,
                "HELD {object} to Salesforce: {told}; changes wait, nothing is left out by it"
            );
        }
        Ok(())
    }

    /// The configuration names no list any more: what it left out is taken up again.
    async fn without_list(&self, mapping: &Mapping) -> anyhow::Result<()> {
        let object = mapping.object.clone();
        let records = self
            .store
            .write(move |tx| {
                selection::forget_list(tx, &object)?;
                let left_out = selection::left_out(tx, &object, Excluded::List)?;
                let (side, at, lane) = (Side::HubSpot, tx.now(), Lane::Backfill);
                selection::look_at(tx, side, &object, &left_out, at, lane)?;
                Ok(left_out.len())
            })
            .await?;
        let object = &mapping.object;
        tracing::info!(%object, "{object}: no list any more; {records} records are taken up again");
        self.wakes.writer.ring();
        Ok(())
    }
}

/// Has all those looked at of whom the list says something new; returns how many.
fn look(
    tx: &Tx<'_>,
    object: &ObjectName,
    joiners: &[RecordId],
    left: &[RecordId],
    at: Timestamp,
    lane: Lane,
) -> anyhow::Result<usize> {
    let mut all: BTreeSet<RecordId> = joiners.iter().chain(left).cloned().collect();
    all.extend(selection::at_odds(tx, object)?);
    let all: Vec<RecordId> = all.into_iter().collect();
    selection::look_at(tx, Side::HubSpot, object, &all, at, lane)?;
    Ok(all.len())
}

fn shrunk_says(mapping: &Mapping, configured: &str, count: Count) -> String {
    let (left, all) = (thousands(count.this_cycle), thousands(count.pairs));
    format!(
        "{left} of {all} {} left HubSpot's list {configured} at once, which the guard does not let \
         pass",
        mapping.hubspot_type
    )
}

fn errand(object: &ObjectName) -> Errand {
    Errand::new(Side::HubSpot, Operation::Listing, Lane::Detect, object, 0)
}

/// Members that are counted more than they are shown.
fn apart(size: u64, members: u64) -> i64 {
    i64::try_from(i128::from(size) - i128::from(members)).unwrap_or(i64::MAX)
}

/// How the configuration names a list: by its number, or by its name among those of the type.
pub(super) fn named_list<'a>(mapping: &'a Mapping, configured: &'a str) -> ListBy<'a> {
    if configured.chars().all(|letter| letter.is_ascii_digit()) {
        ListBy::Id(configured)
    } else {
        ListBy::Name {
            type_id: type_id(&mapping.hubspot_type),
            name: configured,
        }
    }
}

/// The id by which lists and limits know a type; custom ones go by their own.
pub(super) fn type_id(hubspot_type: &str) -> &str {
    let known = TYPES.iter().find(|(name, _)| *name == hubspot_type);
    known.map_or(hubspot_type, |(_, id)| id)
}
