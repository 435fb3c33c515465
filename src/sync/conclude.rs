//! Every record's answer becomes one journal entry, and the row leaves the inbox, in one transaction.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::decision::{Agreed, Decision, Met, Outcome, Planned, Settled, not_made};
use anyhow::Context as _;

use super::heirs;
use super::job::{Answer, Job, Made, Reported};
use super::left_out;
use super::parents::{self, Lack};
use super::selection;
use super::shadow;
use crate::annex;
use crate::domain::attempt::{self, Attempt, Shown};
use crate::domain::call::Lane;
use crate::domain::classify;
use crate::domain::event::{
    Action, Entry, Excluded, Known, Linked, LoopFound, Moved, RecordExcluded, RecordSynced, Span,
};
use crate::domain::failure::{Fact, Failure, RawFailure, System};
use crate::domain::fingerprint::PrintKey;
use crate::domain::mapping::Mapping;
use crate::domain::merge::Write;
use crate::domain::record::{PairIds, Record, RecordId, RecordKey, Timestamp};
use crate::domain::retry::{self, Release};
use crate::domain::schema::ObjectSchema;
use crate::inbox::{self, Rest, Row};
use crate::projections::{self, errors, pairs};
use crate::store::Tx;

/// How long a row waits whose pair is being written by another row.
pub(super) const AGAIN_MS: i64 = 1_000;

/// Code of a write that needs a parent without a partner.
const PARENT_NOT_LINKED: &str = "parent_not_linked";

/// How long a write rests that may name a parent which is gone: that one is looked at before.
const DOUBT_MS: i64 = 90_000;

/// How long a row of unknown outcome waits before it is matched again.
pub(super) const UNKNOWN_MS: i64 = 500;

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
    for (ids, write, raw) in decision.failures {
        let attempt = Attempt {
            ids,
            write,
            lane,
            number: 0,
            ask: decision.row.ask,
            foretold: Vec::new(),
        };
        predicted(tx, &attempt, raw)?;
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

/// Remembers what was refused.
fn remember_refusal(tx: &Tx<'_>, attempt: &Attempt) -> anyhow::Result<()> {
    let (object, side) = (attempt.ids.object.clone(), attempt.write.to.other());
    let Some(id) = attempt.ids.id(side).cloned() else {
        return Ok(());
    };
    let source = RecordKey { side, object, id };
    inbox::refuse(tx, &source, attempt.write.print(tx.key()))
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
                inbox::keep(tx, row, (**shown).clone())?;
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
    predicted(tx, &attempt, vec![raw])?;
    inbox::put_back(tx, &planned.row, &Rest::Waiting(Some(parent.clone())))?;
    match lack {
        Lack::Partner => parents::fetch(tx, parent),
        Lack::Contact => Ok(()),
    }
}

/// Journals a success. A record made now is linked first. Adds to `fixed` the causes that a try in
/// the retry lane has shown to be gone.
fn synced(
    tx: &Tx<'_>,
    attempt: &Attempt,
    id: &RecordId,
    shown: &Shown<'_>,
    way_ms: Option<i64>,
    fixed: &mut BTreeSet<i64>,
) -> anyhow::Result<PairIds> {
    let number = pairs::number_of_ids(tx, &attempt.ids)?;
    fixed.extend(super::retry::causes_of(tx, number, attempt.lane)?);
    let event = RecordSynced {
        way_ms,
        ..attempt.synced(id, shown)
    };
    let ids = event.ids.clone();
    if attempt.ids.id(attempt.write.to).is_none() {
        link(tx, ids.clone(), Linked::Created, Vec::new())?;
    }
    projections::append(tx, None, event)?;
    Ok(ids)
}

/// How long a change of today has been on its way at `now`: neither a person nor the mode held it
/// up. The two clocks may differ by a little.
fn way_ms(row: &Row, now: Timestamp) -> Option<i64> {
    let on_its_way = row.lane == Lane::Live && row.hold.is_none() && !row.stands_for_both;
    on_its_way.then(|| now.since(row.stamp).max(0))
}

/// Journals a prediction, unless it is known: a record that is looked at again and fails as before
/// has nothing to tell. A probe, and a person who asked, are answered all the same.
fn predicted(tx: &Tx<'_>, attempt: &Attempt, raw: Vec<RawFailure>) -> anyhow::Result<()> {
    let asked = attempt.lane == Lane::Retry || attempt.ask.is_some();
    if !asked {
        let mut failures = Vec::with_capacity(raw.len());
        for one in &raw {
            failures.push(annex::remember_failure(tx, one.clone())?);
        }
        if errors::is_predicted(tx, &attempt.ids, attempt.write.to, &failures)? {
            return Ok(());
        }
    }
    failed(tx, attempt, raw, Known::Certain, None).map(drop)
}

/// Journals a failure, which the call spent by entry `call` brought, and says what makes the row
/// ready again.
fn failed(
    tx: &Tx<'_>,
    attempt: &Attempt,
    raw: Vec<RawFailure>,
    known: Known,
    call: Option<i64>,
) -> anyhow::Result<Vec<Release>> {
    let catalogue = tx.catalogue();
    let mut failures = Vec::with_capacity(raw.len());
    let mut releases = Vec::new();
    for one in raw {
        let transient = classify::is_transient(&one.failure, &one.message);
        let slug = classify::classify(
            catalogue,
            attempt.write.to,
            &attempt.ids.object,
            &one.failure,
            &one.message,
        );
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
    projections::append(tx, None, attempt.failed(failures, known, call))?;
    Ok(releases)
}

/// The earliest instant at which a failure is worth another try by itself.
fn earliest(releases: &[Release]) -> Option<Timestamp> {
    let at = releases.iter().filter_map(|release| match release {
        Release::At(at) => Some(*at),
        Release::RecordChanges
        | Release::SchemaChanges
        | Release::ParentLinks
        | Release::OnResync => None,
    });
    at.min()
}

/// Ends a row after its last write: it leaves, until something else makes it ready or until it is
/// tried again. One of unknown outcome stays.
pub(super) fn leave(tx: &Tx<'_>, row: &Row, open: Option<Open>) -> anyhow::Result<()> {
    match open {
        Some(open) if open.unknown => inbox::put_back(tx, row, &Rest::Deferred(open.at)),
        Some(open) => {
            inbox::conclude(tx, row)?;
            inbox::see(tx, &row.key, row.stamp, Lane::Retry, open.at).map(drop)
        }
        None => inbox::conclude(tx, row).map(drop),
    }
}

/// The attempt that a planned write makes now.
pub(super) fn attempt(planned: &Planned, write: Write) -> Attempt {
    let tried = *planned.tried.on(write.to);
    let again = matches!(planned.row.lane, Lane::Retry | Lane::Resync);
    Attempt {
        ids: planned.ids.clone(),
        lane: planned.row.lane,
        number: if again { tried + 1 } else { 1 },
        ask: planned.row.ask,
        foretold: planned.foretold.on(write.to).clone(),
        write,
    }
}

/// The side that was written, as far as its answers need it.
pub(super) struct Target {
    pub(super) mapping: Mapping,
    pub(super) schema: Arc<ObjectSchema>,
    pub(super) key: PrintKey,
}

/// What one call's answers came to.
#[derive(Default)]
pub(super) struct Concluded {
    pub(super) made: Vec<Made>,
    pub(super) fixed: BTreeSet<i64>,
    /// Rows by number of which one write is open.
    pub(super) open: BTreeMap<i64, Open>,
}

/// A row that may not leave with its last write, because another one of its writes is open.
#[derive(Debug, Clone, Copy)]
pub(super) struct Open {
    /// When it is looked at again.
    at: Timestamp,
    /// Whether that write may have taken effect: then the row stays, with what it was about to do.
    unknown: bool,
}

impl Open {
    /// A write failed, and is worth another try at `at`.
    fn failed(at: Timestamp) -> Self {
        Self { at, unknown: false }
    }

    /// A write's outcome is unknown at `now`.
    pub(super) fn unknown(now: Timestamp) -> Self {
        Self {
            at: now.plus(UNKNOWN_MS),
            unknown: true,
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            at: self.at.min(other.at),
            unknown: self.unknown || other.unknown,
        }
    }
}

impl Concluded {
    /// Journals one job's answer; one that is not mentioned has an unknown outcome.
    pub(super) fn one(
        &mut self,
        tx: &Tx<'_>,
        job: &Job,
        reported: Option<Reported>,
        target: &Target,
    ) -> anyhow::Result<()> {
        let (answer, span, call) = reported.map_or((Answer::Unknown, None, None), |one| {
            (one.answer, one.span, one.call)
        });
        let went = matches!(answer, Answer::Written(..));
        let open = match answer {
            Answer::Written(id, record) => {
                self.written(tx, job, &id, record.as_deref(), span, target)?;
                None
            }
            Answer::Failed(failures) => {
                let doubtful = parents::are_doubted(tx, &job.attempt, &failures, &target.mapping)?;
                let again = doubtful.then(|| tx.now().plus(DOUBT_MS));
                let releases = failed(tx, &job.attempt, failures, Known::Answered, call)?;
                shadow::tried(tx, &job.attempt, &job.attempt.ids, false)?;
                remember_refusal(tx, &job.attempt)?;
                earliest(&releases).or(again).map(Open::failed)
            }
            Answer::Unknown => Some(Open::unknown(tx.now())),
        };
        let Some(row) = &job.row else { return Ok(()) };
        if !job.attempt.write.action.is_link() && !open.is_some_and(|open| open.unknown) {
            inbox::answered(tx, row.number, job.attempt.write.to)?;
        }
        self.note_open(row.number, open);
        match self.open.remove(&row.number) {
            None if job.last && job.again && went => {
                inbox::put_back(tx, row, &Rest::Deferred(tx.now().plus(AGAIN_MS)))
            }
            open if job.last => leave(tx, row, open),
            open => {
                self.note_open(row.number, open);
                Ok(())
            }
        }
    }

    /// Notes that a write of a row is open, when it is.
    fn note_open(&mut self, row: i64, open: Option<Open>) {
        if let Some(open) = open {
            let known = self.open.entry(row).or_insert(open);
            *known = known.and(open);
        }
    }

    fn written(
        &mut self,
        tx: &Tx<'_>,
        job: &Job,
        id: &RecordId,
        record: Option<&Record>,
        span: Option<Span>,
        target: &Target,
    ) -> anyhow::Result<()> {
        let shown = match record {
            Some(record) => Shown::Record(record, &target.schema, &target.mapping, &target.key),
            None if !job.attempt.write.action.sets_values() => Shown::AsWritten,
            None => Shown::Later(span.unwrap_or(Span {
                from: tx.now(),
                to: tx.now(),
            })),
        };
        let way_ms = job.row.as_ref().and_then(|row| way_ms(row, tx.now()));
        let ids = synced(tx, &job.attempt, id, &shown, way_ms, &mut self.fixed)?;
        shadow::tried(tx, &job.attempt, &ids, true)?;
        if job.attempt.write.action == Action::Deleted {
            return exclude(tx, ids, Excluded::Deleted);
        }
        if job.attempt.write.action == Action::Created {
            self.made.push(Made { ids });
        }
        Ok(())
    }
}
