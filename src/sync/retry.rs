//! What makes a failed record ready again: a schema that changed, a probe that succeeded, or a look
//! whether what is only likely to fail fails.
//!
//! A record that changed is seen by detection, and a transient failure waits in the inbox itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::Context as _;

use super::context::Context;
use super::scouts::{self, Beliefs};
use crate::domain::call::Lane;
use crate::domain::event::{Known, Mode};
use crate::domain::forecast::Faith;
use crate::domain::record::{ObjectName, PairNumber, RecordKey, Timestamp};
use crate::domain::retry::{self, RetryClass};
use crate::inbox::{self, State};
use crate::projections::causes::{self, Cause};
use crate::projections::errors::{Filter, Place};
use crate::projections::{errors, pairs, settings};
use crate::store::{Tx, View};

/// How long the loop waits when no probe is due earlier.
const LOOK_EVERY_MS: i64 = 60_000;

/// The loop that probes causes, one record each.
pub struct Retrier {
    context: Arc<Context>,
    behind: Behind,
}

/// Where the next look at the records of a cause begins, of all or of those that are only likely to
/// fail: a page of them could not be sent.
type Behind = BTreeMap<(i64, bool), PairNumber>;

impl Retrier {
    /// A loop over `context`.
    pub fn new(context: Arc<Context>) -> Self {
        let behind = Behind::new();
        Self { context, behind }
    }

    /// Sends the probes that are due, says when the next one is.
    pub async fn work(&mut self) -> anyhow::Result<Timestamp> {
        let now = self.context.clock.now();
        let settings = &self.context.settings;
        let forms = settings.objects().filter_map(|forms| {
            let object = forms.first()?.object.clone();
            Some((object, scouts::names(forms.iter())))
        });
        let mut look = Look {
            waits: settings.bounds.probes_ms,
            forms: forms.collect(),
            beliefs: BTreeMap::new(),
            behind: std::mem::take(&mut self.behind),
        };
        let (probes, next, behind) = self
            .context
            .store
            .write(move |tx| {
                let (probes, next) = look.probe_due(tx, now)?;
                Ok((probes, next, look.behind))
            })
            .await?;
        self.behind = behind;
        if probes > 0 {
            self.context.wakes.writer.ring();
        }
        let latest = now.plus(LOOK_EVERY_MS);
        Ok(next.map_or(latest, |next| next.clamp(now.plus(1), latest)))
    }
}

/// One look at all causes.
struct Look {
    waits: [i64; 3],
    /// The names under which the forms of each object are described.
    forms: BTreeMap<ObjectName, BTreeSet<ObjectName>>,
    /// What is believed of each object that was looked at.
    beliefs: BTreeMap<ObjectName, Beliefs>,
    behind: Behind,
}

impl Look {
    fn probe_due(
        &mut self,
        tx: &Tx<'_>,
        now: Timestamp,
    ) -> anyhow::Result<(usize, Option<Timestamp>)> {
        let (mut probes, mut next) = (0, None::<Timestamp>);
        let scouted = settings::mode(tx)? == Some(Mode::Sync);
        for cause in causes::open(tx)? {
            let beliefs = self.beliefs(tx, &cause.fingerprint.object)?;
            // What is believed to fail is not sent, and a look at it would find nothing.
            let held_until = match beliefs.of_cause(&cause.fingerprint) {
                Faith::Holds => Some(beliefs.until(&cause.fingerprint)),
                Faith::Due | Faith::Withdrawn => None,
            };
            let mut dues = Vec::new();
            if needs_probe(tx, &cause) {
                let opened_at = cause.back.as_ref().map_or(cause.opened.at, |back| back.at);
                let due = retry::probe_due(opened_at, cause.probed_at, cause.probes, &self.waits);
                dues.push((held_until.map_or(due, |until| until.max(due)), None));
            }
            if scouted && errors::is_likely(tx, cause.number)? {
                dues.push((held_until.unwrap_or(now), Some(Known::Likely)));
            }
            for (due, known) in dues {
                if due <= now {
                    let first = self.first_source(tx, &cause, known)?;
                    probes += make_ready(tx, first.as_slice())?;
                } else {
                    next = Some(next.map_or(due, |next| next.min(due)));
                }
            }
        }
        Ok((probes, next))
    }

    fn beliefs(&mut self, view: &View<'_>, object: &ObjectName) -> anyhow::Result<&Beliefs> {
        if !self.beliefs.contains_key(object) {
            let unmapped = || BTreeSet::from([object.clone()]);
            let names = self.forms.get(object).cloned().unwrap_or_else(unmapped);
            let beliefs = Beliefs::of(view, object, &names, self.waits[2])?;
            self.beliefs.insert(object.clone(), beliefs);
        }
        self.beliefs.get(object).context("they were read just now")
    }

    /// The source of the first error of a cause, known in this way, whose record would be sent now.
    /// Looks at a page of them, and goes on behind it the next time.
    fn first_source(
        &mut self,
        view: &View<'_>,
        cause: &Cause,
        known: Option<Known>,
    ) -> anyhow::Result<Option<RecordKey>> {
        let filter = Filter {
            cause: Some(cause.number),
            known,
            ..Filter::default()
        };
        let looked_at = (cause.number, known.is_some());
        let behind = self.behind.remove(&looked_at);
        let place = behind.map_or_else(Place::start, Place::behind_record);
        let page = errors::list(view, &filter, &place)?;
        for error in &page {
            let Some(source) = source(view, cause, error.record)? else {
                continue;
            };
            let rests = match inbox::of_record(view, &source)?.map(|row| row.state) {
                None | Some(State::Ready | State::Deferred | State::InFlight) => false,
                Some(State::Held | State::Waiting | State::WouldWrite) => true,
            };
            if !rests && !self.is_barred(view, cause, error.record)? {
                return Ok(Some(source));
            }
        }
        if let Some(last) = page.last() {
            self.behind.insert(looked_at, last.record);
        }
        Ok(None)
    }

    /// Whether a record is not sent for something else that is predicted of it.
    fn is_barred(
        &mut self,
        view: &View<'_>,
        cause: &Cause,
        record: PairNumber,
    ) -> anyhow::Result<bool> {
        let side = cause.fingerprint.side;
        let beliefs = self.beliefs(view, &cause.fingerprint.object)?;
        let errors = errors::of_record(view, record)?.into_iter();
        let mut others = errors.filter(|error| error.to == side && error.cause != cause.number);
        Ok(others.any(|error| match error.known {
            Known::Answered => false,
            Known::Certain => true,
            Known::Likely => beliefs.holds(&(side, error.code, error.field, error.rule)),
        }))
    }
}

/// The record that a pair's writes come from which fail by a cause.
fn source(view: &View<'_>, cause: &Cause, number: PairNumber) -> anyhow::Result<Option<RecordKey>> {
    let side = cause.fingerprint.side.other();
    Ok(pairs::get(view, number)?.and_then(|pair| {
        let object = pair.ids.object.clone();
        let id = pair.ids.id(side).cloned()?;
        Some(RecordKey { side, object, id })
    }))
}

/// A fix that leaves no trace at the record is found by a probe only: rules, flows, permissions.
fn needs_probe(view: &View<'_>, cause: &Cause) -> bool {
    let kind = cause
        .slug
        .as_ref()
        .and_then(|slug| view.catalogue().get(slug));
    kind.is_some_and(|kind| kind.retry.contains(&RetryClass::Config))
}

/// Some source records of a cause's errors.
struct Page {
    sources: Vec<RecordKey>,
    /// The pair after which the next page begins, when there is one.
    last: Option<PairNumber>,
}

fn page_of_sources(view: &View<'_>, cause: &Cause, after: PairNumber) -> anyhow::Result<Page> {
    let numbers = causes::records(view, cause.number, after)?;
    let last = numbers.last().copied();
    let mut sources = Vec::with_capacity(numbers.len());
    for number in numbers {
        sources.extend(source(view, cause, number)?);
    }
    Ok(Page { sources, last })
}

/// Makes every record of a cause ready, page by page; returns how many.
fn make_all_ready(tx: &Tx<'_>, cause: &Cause) -> anyhow::Result<usize> {
    let (mut ready, mut after) = (0, PairNumber(i64::MIN));
    loop {
        let page = page_of_sources(tx, cause, after)?;
        ready += make_ready(tx, &page.sources)?;
        match page.last {
            Some(last) => after = last,
            None => return Ok(ready),
        }
    }
}

/// Puts records into the retry lane. They have no newer stamp: a row that is there already stays
/// as it is.
fn make_ready(tx: &Tx<'_>, keys: &[RecordKey]) -> anyhow::Result<usize> {
    for key in keys {
        inbox::see(tx, key, Timestamp(0), Lane::Retry, Timestamp(0))?;
    }
    Ok(keys.len())
}

/// The causes that a success in the retry lane has shown to be fixed: asked before it is journaled.
pub(super) fn causes_of(
    view: &View<'_>,
    number: PairNumber,
    lane: Lane,
) -> anyhow::Result<BTreeSet<i64>> {
    if lane != Lane::Retry {
        return Ok(BTreeSet::new());
    }
    Ok(errors::of_record(view, number)?
        .into_iter()
        .map(|error| error.cause)
        .collect())
}

/// Makes every other record of these causes ready; returns the causes that had some, with how many.
pub(super) fn release(tx: &Tx<'_>, fixed: &BTreeSet<i64>) -> anyhow::Result<Vec<(i64, usize)>> {
    let mut released = Vec::new();
    for number in fixed {
        let Some(cause) = causes::get(tx, *number)? else {
            continue;
        };
        let records = make_all_ready(tx, &cause)?;
        if records > 0 {
            released.push((*number, records));
        }
    }
    Ok(released)
}

/// Whether an error of an object may be over as soon as its schema has changed.
pub(super) fn awaits_schema(view: &View<'_>, object: &ObjectName) -> anyhow::Result<bool> {
    let mut causes = causes::open(view)?.into_iter();
    Ok(causes.any(|cause| cause.fingerprint.object == *object && needs_probe(view, &cause)))
}

/// A changed schema of an object releases the records whose errors a changed schema can fix.
pub(super) fn release_for_schema(tx: &Tx<'_>, object: &ObjectName) -> anyhow::Result<usize> {
    let mut released = 0;
    for cause in causes::open(tx)? {
        if cause.fingerprint.object == *object && needs_probe(tx, &cause) {
            released += make_all_ready(tx, &cause)?;
        }
    }
    Ok(released)
}

/// A changed mapping of an object releases what a changed mapping can fix, and what waits for parents
/// that it may not name any more; returns how many.
pub fn release_for_mapping(tx: &Tx<'_>, object: &ObjectName) -> anyhow::Result<u64> {
    let waiting = inbox::release(tx, inbox::Release::Waiting(object))?;
    Ok(waiting + release_for_schema(tx, object)? as u64)
}
