//! What makes a failed record ready again: a schema that changed, a probe that succeeded, or a look
//! whether what is only likely to fail fails.
//!
//! A record that changed is seen by detection, and a transient failure waits in the inbox itself.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::context::Context;
use crate::domain::call::Lane;
use crate::domain::cause::Fingerprint;
use crate::domain::event::{Known, Mode};
use crate::domain::forecast::{self, Faith};
use crate::domain::record::{ObjectName, PairNumber, RecordKey, Side, Timestamp};
use crate::domain::retry::{self, RetryClass};
use crate::inbox;
use crate::projections::causes::{self, Cause};
use crate::projections::errors::Filter;
use crate::projections::{errors, forecasts, pairs, settings};
use crate::store::{Tx, View};

/// How long the loop waits when no probe is due earlier.
const LOOK_EVERY_MS: i64 = 60_000;

/// The loop that probes causes, one record each.
pub struct Retrier {
    context: Arc<Context>,
}

impl Retrier {
    /// A loop over `context`.
    pub fn new(context: Arc<Context>) -> Self {
        Self { context }
    }

    /// Sends the probes that are due, says when the next one is.
    pub async fn work(&mut self) -> anyhow::Result<Timestamp> {
        let now = self.context.clock.now();
        let waits = self.context.settings.bounds.probes_ms;
        let (probes, next) = self
            .context
            .store
            .write(move |tx| probe_due(tx, now, &waits))
            .await?;
        if probes > 0 {
            self.context.wakes.writer.ring();
        }
        let latest = now.plus(LOOK_EVERY_MS);
        Ok(next.map_or(latest, |next| next.clamp(now.plus(1), latest)))
    }
}

fn probe_due(
    tx: &Tx<'_>,
    now: Timestamp,
    waits: &[i64; 3],
) -> anyhow::Result<(usize, Option<Timestamp>)> {
    let (mut probes, mut next) = (0, None::<Timestamp>);
    let scouted = settings::mode(tx)? == Some(Mode::Sync);
    for cause in causes::open(tx)? {
        let mut dues = Vec::new();
        if needs_probe(tx, &cause) {
            let opened_at = cause.back.as_ref().map_or(cause.opened.at, |back| back.at);
            let due = retry::probe_due(opened_at, cause.probed_at, cause.probes, waits);
            dues.push((due, None));
        }
        if scouted && errors::is_likely(tx, cause.number)? {
            dues.push((scout_due(tx, &cause, waits[2])?, Some(Known::Likely)));
        }
        for (due, known) in dues {
            if due <= now {
                let first = first_source(tx, &cause, known)?;
                probes += make_ready(tx, first.as_slice())?;
            } else {
                next = Some(next.map_or(due, |next| next.min(due)));
            }
        }
    }
    Ok((probes, next))
}

/// When one of the records that are only likely to fail by a cause is sent to see.
fn scout_due(view: &View<'_>, cause: &Cause, again_ms: i64) -> anyhow::Result<Timestamp> {
    let Fingerprint {
        side,
        object,
        field,
        ..
    } = &cause.fingerprint;
    let code = &cause.fingerprint.code;
    let mut beliefs = forecasts::beliefs(view, object)?.into_iter();
    let last = beliefs.find(|one| one.0 == *side && one.1 == *code && one.2 == *field);
    let last = last.map(|(.., belief)| belief);
    let changed = schema_seq(view, *side, object)?;
    Ok(
        match forecast::faith(last, changed, None, again_ms, view.now()) {
            Faith::Due | Faith::Withdrawn => view.now(),
            Faith::Holds => last.map_or(view.now(), |last| last.at.plus(again_ms)),
        },
    )
}

/// The entry that last changed an object's schema on a side; none while that is as it was.
pub(super) fn schema_seq(
    view: &View<'_>,
    side: Side,
    object: &ObjectName,
) -> anyhow::Result<Option<i64>> {
    Ok(settings::schema_changed(view, side, object)?.map(|setting| setting.seq))
}

/// The source of the first error of a cause that is known in this way.
fn first_source(
    view: &View<'_>,
    cause: &Cause,
    known: Option<Known>,
) -> anyhow::Result<Option<RecordKey>> {
    let filter = Filter {
        cause: Some(cause.number),
        known,
        ..Filter::default()
    };
    match errors::first(view, &filter, 1)?.first() {
        Some(error) => source(view, cause, error.record),
        None => Ok(None),
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
