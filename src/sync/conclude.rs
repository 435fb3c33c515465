//! Every decision about a record is journaled, and its row leaves the inbox or goes on, in one
//! transaction.

use anyhow::Context as _;

use super::answers::failed;
use super::decision::{Agreed, Decision, Met, Outcome, Planned, Settled};
use super::heirs;
use super::left_out;
use super::parents::{self, Lack};
use super::selection;
use super::sift::not_made;
use crate::annex;
use crate::domain::attempt::{self, Attempt};
use crate::domain::call::Lane;
use crate::domain::event::{Entry, Excluded, Known, Linked, LoopFound, Moved, RecordExcluded};
use crate::domain::failure::{Fact, Failure, RawFailure, System};
use crate::domain::record::{PairIds, RecordKey};
use crate::inbox::{self, Rest, Row};
use crate::projections::{self, errors, pairs};
use crate::store::Tx;

/// How long a row waits whose pair is being written by another row.
pub(super) const AGAIN_MS: i64 = 1_000;

/// Code of a write that needs a parent without a partner.
const PARENT_NOT_LINKED: &str = "parent_not_linked";

/// Journals a decision; returns what is to be written.
pub(super) fn decision(tx: &Tx<'_>, decision: Decision) -> anyhow::Result<Option<Planned>> {
    let lane = decision.row.lane;
    if left_out::overruled(tx, &decision)? {
        return Ok(None);
    }
    if let Some(Met { ids, why, moved }) = decision.link {
        let linked = link(tx, ids, why, moved)?;
        let pair = linked.record.context("a link is about a record")?;
        if !inbox::join(tx, &decision.row, pair)? {
            settle(tx, &decision.row, decision.ids, &Settled::Again)?;
            return Ok(None);
        }
    }
    let ids = decision.ids;
    if let Some(turn) = &decision.turn {
        selection::turned(tx, &ids, turn)?;
    }
    for Agreed { to, moved, marked } in decision.agreed {
        if moved.is_empty() && marked.is_empty() && !errors::stand(tx, &ids, to)? {
            continue;
        }
        let event = attempt::agreed(ids.clone(), to, moved, marked, lane);
        projections::append(tx, None, event)?;
    }
    for refused in decision.failures {
        let attempt = Attempt {
            ids: refused.ids,
            write: refused.write,
            lane,
            number: 0,
            ask: decision.row.ask,
            foretold: Vec::new(),
        };
        let known = if refused.is_certain {
            Known::Certain
        } else {
            Known::Likely
        };
        predicted(tx, &attempt, refused.raw, known)?;
    }
    match decision.outcome {
        Outcome::Planned(planned) if is_futile(tx, &planned)? => {
            settle(tx, &planned.row, ids, &Settled::Quiet)?;
            Ok(None)
        }
        Outcome::Planned(planned) => Ok(Some(*planned)),
        Outcome::Settled(settled) => {
            settle(tx, &decision.row, ids, &settled)?;
            Ok(None)
        }
    }
}

/// Whether all there is to be written was refused already, and what changed since is nothing that
/// the write carries: a property that is not mapped, or the state that we show in HubSpot.
fn is_futile(tx: &Tx<'_>, planned: &Planned) -> anyhow::Result<bool> {
    let row = &planned.row;
    let plain = row.lane == Lane::Live && row.hold.is_none() && row.ask.is_none();
    let ([write], true, true, None) = (
        planned.writes.as_slice(),
        planned.links.is_empty(),
        plain,
        &planned.waits,
    ) else {
        return Ok(false);
    };
    Ok(write.to != row.key.side
        && inbox::refused(tx, &row.key)? == Some(write.print(tx.key()))
        && errors::stand(tx, &planned.ids, write.to)?)
}

fn settle(tx: &Tx<'_>, row: &Row, ids: PairIds, settled: &Settled) -> anyhow::Result<()> {
    match settled {
        Settled::Quiet => (),
        Settled::Gone => {
            // There is nothing to tell, unless others wait for it: they go on without it.
            if parents::release_children(tx, &ids.keys())? > 0 {
                let why = Excluded::Deleted;
                projections::append(tx, None, RecordExcluded { ids, why })?;
            }
        }
        Settled::Again => {
            return inbox::put_back(tx, row, &Rest::Deferred(tx.now().plus(AGAIN_MS)));
        }
        Settled::Rests => {
            let rest = Rest::Deferred(tx.now().plus(selection::REST_MS));
            return inbox::put_back(tx, row, &rest);
        }
        Settled::NotYet(at) => return inbox::put_back(tx, row, &Rest::Deferred(*at)),
        Settled::Awaits { maker, shown } => {
            if let Some(shown) = shown {
                inbox::keep(tx, (**shown).clone())?;
            }
            return inbox::put_back(tx, row, &Rest::Waiting(Some(maker.clone())));
        }
        Settled::Found(effects) => {
            for effect in effects {
                projections::append(tx, None, effect.clone())?;
            }
            inbox::settled(tx, &ids.keys())?;
            return inbox::put_back(tx, row, &Rest::Ready);
        }
        // A row planned beside it has linked the record meanwhile: what was found without that link
        // does not hold.
        Settled::Excluded(_) if ids.keys().len() == 1 && is_linked(tx, &row.key)? => {
            return inbox::put_back(tx, row, &Rest::Ready);
        }
        Settled::Excluded(why) => exclude(tx, ids, *why)?,
        Settled::Inherited { gone, heir, fate } => {
            return heirs::inherited(tx, row, ids, (gone, heir), *fate);
        }
        Settled::Looped(field) => {
            let field = field.clone();
            projections::append(tx, None, LoopFound { ids, field })?;
            return inbox::put_back(tx, row, &Rest::Ready);
        }
        Settled::Merged {
            merged: key,
            estate,
        } => return heirs::merged(tx, row, key, estate),
    }
    inbox::conclude(tx, row).map(drop)
}

fn is_linked(tx: &Tx<'_>, key: &RecordKey) -> anyhow::Result<bool> {
    let pair = match pairs::by_key(tx, key)? {
        Some(number) => pairs::get(tx, number)?,
        None => None,
    };
    Ok(pair.is_some_and(|pair| pair.is_linked()))
}

/// Journals that a record is left out; children that waited for it go on without it.
pub(super) fn exclude(tx: &Tx<'_>, ids: PairIds, why: Excluded) -> anyhow::Result<()> {
    let keys = ids.keys();
    projections::append(tx, None, RecordExcluded { ids, why })?;
    parents::release_children(tx, &keys).map(drop)
}

/// Journals a link; children that waited for either half go on.
pub(super) fn link(
    tx: &Tx<'_>,
    ids: PairIds,
    why: Linked,
    moved: Vec<Moved>,
) -> anyhow::Result<Entry> {
    let keys = ids.keys();
    let entry = pairs::link(tx, ids, why, moved)?;
    parents::release_children(tx, &keys)?;
    Ok(entry)
}

/// A row whose write needs a parent that has no partner yet rests until it has one, and the parent
/// is asked for.
pub(super) fn wait(tx: &Tx<'_>, planned: &Planned) -> anyhow::Result<()> {
    let Some((to, parent)) = &planned.waits else {
        return Ok(());
    };
    let Some(lack) = parents::lack(tx, parent, planned.at_junction)? else {
        // A person linked it, or left it out, while this was planned.
        return inbox::put_back(tx, &planned.row, &Rest::Ready);
    };
    let mut writes = planned.writes.iter().chain(&planned.links);
    let write = writes.find(|write| write.to == *to).cloned();
    let attempt = Attempt {
        ids: planned.ids.clone(),
        write: write.unwrap_or_else(|| not_made(*to, planned.ids.id(*to))),
        lane: planned.row.lane,
        number: 0,
        ask: planned.row.ask,
        foretold: Vec::new(),
    };
    let (object, id) = (&parent.object, &parent.id);
    let message = match lack {
        Lack::Partner => format!("{object} {id} has no partner yet"),
        Lack::Contact => format!("{object} {id} is a lead in Salesforce until it is converted"),
    };
    let mut failure = Failure::of(System::Syncline, PARENT_NOT_LINKED);
    failure.facts.push(Fact::ParentLinked(false));
    let raw = RawFailure {
        failure,
        message,
        value: None,
        rule: None,
    };
    predicted(tx, &attempt, vec![raw], Known::Certain)?;
    inbox::put_back(tx, &planned.row, &Rest::Waiting(Some(parent.clone())))?;
    match lack {
        Lack::Partner => parents::fetch(tx, parent),
        Lack::Contact => Ok(()),
    }
}

/// Journals a prediction, unless it is known: a record that is looked at again and fails as before
/// has nothing to tell. A probe, and a person who asked, are answered all the same.
pub(super) fn predicted(
    tx: &Tx<'_>,
    attempt: &Attempt,
    raw: Vec<RawFailure>,
    known: Known,
) -> anyhow::Result<()> {
    let asked = attempt.lane == Lane::Retry || attempt.ask.is_some();
    if !asked {
        let mut failures = Vec::with_capacity(raw.len());
        for one in &raw {
            failures.push(annex::remember_failure(tx, one.clone())?);
        }
        if errors::is_predicted(tx, &attempt.ids, attempt.write.to, known, &failures)? {
            return Ok(());
        }
    }
    failed(tx, attempt, raw, known, None).map(drop)
}
