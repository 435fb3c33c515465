//! Every record's answer becomes one journal entry, and the row leaves the inbox, in one transaction.

use std::collections::BTreeSet;

use super::planning::{Agreed, Decision, Outcome, Planned, Settled};
use crate::annex;
use crate::domain::attempt::{self, Attempt, Shown};
use crate::domain::call::Lane;
use crate::domain::classify;
use crate::domain::event::{Known, Linked, RecordExcluded};
use crate::domain::failure::RawFailure;
use crate::domain::merge::Write;
use crate::domain::record::{PairIds, RecordId};
use crate::domain::retry::{self, Release};
use crate::inbox::{self, Rest, Row};
use crate::projections::{self, pairs};
use crate::store::Tx;

/// How long a row waits whose pair is being written by another row.
const AGAIN_MS: i64 = 1_000;

/// Journals a decision; returns what is to be written.
pub(super) fn decision(tx: &Tx<'_>, decision: Decision) -> anyhow::Result<Option<Planned>> {
    let lane = decision.row.lane;
    if let Some((ids, why)) = decision.link {
        pairs::link(tx, ids, why)?;
    }
    let ids = decision.ids;
    for Agreed { to, moved, marked } in decision.agreed {
        let event = attempt::agreed(ids.clone(), to, moved, marked, lane);
        projections::append(tx, None, event)?;
    }
    for (ids, write, raw) in decision.failures {
        let attempt = Attempt {
            ids,
            write,
            lane,
            number: 0,
            ask: decision.row.ask,
        };
        failed(tx, &attempt, raw, Known::Certain)?;
    }
    match decision.outcome {
        Outcome::Planned(planned) => Ok(Some(*planned)),
        Outcome::Settled(settled) => {
            settle(tx, &decision.row, ids, &settled)?;
            Ok(None)
        }
    }
}

fn settle(tx: &Tx<'_>, row: &Row, ids: PairIds, settled: &Settled) -> anyhow::Result<()> {
    match settled {
        Settled::Quiet => (),
        Settled::Again => {
            return inbox::put_back(tx, row, &Rest::Deferred(tx.now().plus(AGAIN_MS)));
        }
        Settled::Excluded(why) => {
            projections::append(tx, None, RecordExcluded { ids, why: *why })?;
        }
    }
    inbox::conclude(tx, row).map(drop)
}

/// Journals a success. A record made now is linked first. Adds to `fixed` the causes that a try in
/// the retry lane has shown to be gone.
pub(super) fn synced(
    tx: &Tx<'_>,
    attempt: &Attempt,
    id: &RecordId,
    shown: &Shown<'_>,
    fixed: &mut BTreeSet<i64>,
) -> anyhow::Result<PairIds> {
    let number = pairs::number_of_ids(tx, &attempt.ids)?;
    fixed.extend(super::retry::causes_of(tx, number, attempt.lane)?);
    let event = attempt.synced(id, shown);
    let ids = event.ids.clone();
    if attempt.ids.id(attempt.write.to).is_none() {
        pairs::link(tx, ids.clone(), Linked::Created)?;
    }
    projections::append(tx, None, event)?;
    Ok(ids)
}

/// Journals a failure, and says what makes the row ready again.
pub(super) fn failed(
    tx: &Tx<'_>,
    attempt: &Attempt,
    raw: Vec<RawFailure>,
    known: Known,
) -> anyhow::Result<Vec<Release>> {
    let catalogue = tx.catalogue();
    let mut failures = Vec::with_capacity(raw.len());
    let mut releases = Vec::new();
    for one in raw {
        let transient = classify::is_transient(&one.failure, &one.message);
        let slug = classify::classify(catalogue, attempt.write.to, &one.failure, &one.message);
        let classes = catalogue
            .get(&slug)
            .map(|kind| kind.retry.clone())
            .unwrap_or_default();
        let luck = fastrand::u64(..);
        releases.extend(retry::releases(
            &classes,
            transient,
            attempt.number,
            tx.now(),
            luck,
        ));
        failures.push(annex::remember_failure(tx, one)?);
    }
    projections::append(tx, None, attempt.failed(failures, known))?;
    Ok(releases)
}

/// What a failed row does next: it waits for the earliest instant, or leaves until something else
/// makes it ready.
pub(super) fn after_failure(tx: &Tx<'_>, row: &Row, releases: &[Release]) -> anyhow::Result<()> {
    let at = releases.iter().filter_map(|release| match release {
        Release::At(at) => Some(*at),
        Release::RecordChanges
        | Release::SchemaChanges
        | Release::ParentLinks
        | Release::OnResync => None,
    });
    match at.min() {
        Some(at) => {
            inbox::conclude(tx, row)?;
            inbox::see(tx, &row.key, row.stamp, Lane::Retry, at).map(drop)
        }
        None => inbox::conclude(tx, row).map(drop),
    }
}

/// The attempt that a planned write makes now.
pub(super) fn attempt(planned: &Planned, write: &Write) -> Attempt {
    let tried = *planned.tried.on(write.to);
    let again = matches!(planned.row.lane, Lane::Retry | Lane::Resync);
    Attempt {
        ids: planned.ids.clone(),
        write: write.clone(),
        lane: planned.row.lane,
        number: if again { tried + 1 } else { 1 },
        ask: planned.row.ask,
    }
}
