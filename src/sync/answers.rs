//! The answer to every write becomes one journal entry, and its row leaves the inbox.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::conclude::{self, AGAIN_MS, exclude, link};
use super::decision::Planned;
use super::job::{Answer, Job, Made, Reported};
use super::parents;
use super::shadow;
use crate::annex;
use crate::domain::attempt::{Attempt, Shown};
use crate::domain::call::Lane;
use crate::domain::classify;
use crate::domain::event::{Action, Excluded, Known, Linked, RecordSynced, Span};
use crate::domain::failure::RawFailure;
use crate::domain::fingerprint::PrintKey;
use crate::domain::forecast::Foretold;
use crate::domain::mapping::Mapping;
use crate::domain::merge::Write;
use crate::domain::record::{PairIds, Record, RecordId, RecordKey, Side, Timestamp};
use crate::domain::retry::{self, Release};
use crate::domain::schema::ObjectSchema;
use crate::inbox::{self, Rest, Row};
use crate::projections::{self, pairs};
use crate::store::Tx;

/// How long a write rests that may name a parent which is gone: that one is looked at before.
const DOUBT_MS: i64 = 90_000;

/// How long a row of unknown outcome waits before it is matched again.
pub(super) const UNKNOWN_MS: i64 = 500;

/// Journals a failure, which the call spent by entry `call` brought, and says what makes the row
/// ready again.
pub(super) fn failed(
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
        foretold: foretold(planned, &write),
        write,
    }
}

/// What was predicted of a write that is sent all the same; each thing once.
fn foretold(planned: &Planned, write: &Write) -> Vec<Foretold> {
    if !write.action.is_link() {
        return planned.foretold.on(write.to).clone();
    }
    let links = write.fields.keys().filter(|_| write.to == Side::HubSpot);
    let foretold = links.filter_map(|field| planned.foretold_links.get(field));
    let foretold: BTreeSet<&Foretold> = foretold.collect();
    foretold.into_iter().cloned().collect()
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
        let went = matches!(answer, Answer::Written(..) | Answer::Foretold(_));
        let open = match answer {
            Answer::Written(id, record) => {
                self.written(tx, job, &id, record.as_deref(), span, target)?;
                None
            }
            Answer::Failed(mut failures) => {
                for raw in &mut failures {
                    let foretold = job.attempt.foretold.iter();
                    foretold.for_each(|one| one.explain(raw, tx.key()));
                }
                let doubtful = parents::are_doubted(tx, &job.attempt, &failures, &target.mapping)?;
                let again = doubtful.then(|| tx.now().plus(DOUBT_MS));
                let ids = job.attempt.ids.clone();
                let said = job.attempt.refused(ids, &failures, tx.key());
                let releases = failed(tx, &job.attempt, failures, Known::Answered, call)?;
                if let Some(event) = said {
                    projections::append(tx, None, event)?;
                }
                remember_refusal(tx, &job.attempt)?;
                earliest(&releases).or(again).map(Open::failed)
            }
            Answer::Foretold(failures) => {
                conclude::predicted(tx, &job.attempt, failures, Known::Likely)?;
                None
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
        let withdrawn = shadow::accepted(tx, &job.attempt, &ids)?;
        self.fixed.extend(withdrawn);
        if job.attempt.write.action == Action::Deleted {
            return exclude(tx, ids, Excluded::Deleted);
        }
        if job.attempt.write.action == Action::Created {
            self.made.push(Made { ids });
        }
        Ok(())
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

/// Remembers what was refused.
fn remember_refusal(tx: &Tx<'_>, attempt: &Attempt) -> anyhow::Result<()> {
    let (object, side) = (attempt.ids.object.clone(), attempt.write.to.other());
    let Some(id) = attempt.ids.id(side).cloned() else {
        return Ok(());
    };
    let source = RecordKey { side, object, id };
    inbox::refuse(tx, &source, attempt.write.print(tx.key()))
}
