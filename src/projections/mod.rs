//! Tables derived from the journal, the catalogue and the texts: dropped and derived again, they
//! are the same byte for byte.
//!
//! [`append`] is the door by which facts enter: it keeps them in the journal and derives what
//! follows in the same transaction. Nothing here has an effect outside its tables.

pub mod allowance;
pub mod calls;
pub mod causes;
pub mod costs;
pub mod cursors;
pub mod days;
pub mod errors;
pub mod figures;
mod fold;
pub mod forecasts;
pub mod handover;
pub mod holds;
pub mod hours;
pub mod jobs;
pub mod links;
pub mod pairs;
pub mod prints;
mod rebuild;
pub mod records;

mod relabel;
pub mod remarks;
pub mod settings;
pub mod slots;
pub mod spending;
pub mod wording;

use anyhow::Context;

use crate::domain::event::{Action, Entry, Event, Linked, RecordLinked, RecordSynced};
use crate::domain::record::PairNumber;
use crate::journal;
use crate::store::Tx;

pub use fold::fold;
pub use rebuild::{Refreshed, TABLES, dump, rebuild, refresh};
pub use relabel::{Labelled, relabel};

/// Keeps a fact and derives what follows from it. An event about a record gets its record's number
/// when `record` names none, and the number that goes on when it names an absorbed one; failures
/// get their causes' numbers, which are kept before them.
pub fn append(
    tx: &Tx<'_>,
    record: Option<PairNumber>,
    event: impl Into<Event>,
) -> anyhow::Result<Entry> {
    let event = event.into();
    let record = match (record, event.ids()) {
        (None, Some(ids)) => Some(pairs::number_of_ids(tx, ids)?),
        (Some(record), _) => Some(pairs::living(tx, record)?),
        (None, None) => None,
    };
    if let Event::RecordFailed(failed) = &event {
        for failure in &failed.failures {
            causes::number_of(tx, failed.to, &failed.ids.object, failure)?;
        }
    }
    let entry = journal::keep(tx, record, event)?;
    if let Err(error) = apply(tx, &entry) {
        tx.scratch().borrow_mut().doomed = true;
        return Err(error);
    }
    if let Some(ids) = entry.event.ids() {
        // From its first event on, a number is known by the pair.
        pairs::forget_handed(tx, ids);
    }
    Ok(entry)
}

/// [`append`] for many facts of one transaction; returns the last one's place.
pub fn append_all(
    tx: &Tx<'_>,
    events: impl IntoIterator<Item = (Option<PairNumber>, Event)>,
) -> anyhow::Result<Option<i64>> {
    let mut last = None;
    for (record, event) in events {
        last = Some(append(tx, record, event)?.seq);
    }
    Ok(last)
}

/// Derives what follows from one entry: the whole of which event moves which table.
pub fn apply(tx: &Tx<'_>, entry: &Entry) -> anyhow::Result<()> {
    let derived = match &entry.event {
        Event::DaemonStarted(_)
        | Event::DaemonStopped(_)
        | Event::ListAccepted(_)
        | Event::ResyncAsked(_) => Ok(()),
        Event::HistoryFolded(event) => hours::folded(tx, event),
        Event::Bound(_)
        | Event::AllocationSet(_)
        | Event::BackfillSet(_)
        | Event::NotificationsSet(_)
        | Event::CatalogueChanged(_)
        | Event::ModeSet(_)
        | Event::Paused(_) => settings::set(tx, entry, ""),
        Event::Resumed(_) => settings::unset(tx, "paused", ""),
        Event::MappingChanged(event) => settings::set(tx, entry, event.mapping.name().as_str()),
        Event::ConnectionSuspended(event) => settings::set(tx, entry, event.side.key()),
        Event::ConnectionResumed(event) => {
            settings::unset(tx, "connection_suspended", event.side.key())
        }
        Event::SchemaChanged(event) => {
            settings::set(tx, entry, &settings::schema_part(event.side, &event.object))
        }
        Event::CallsSpent(event) => calls::spent(tx, entry, event),
        Event::CallsReturned(event) => calls::returned(tx, event),
        Event::UsageReported(event) => calls::reported(tx, entry, event),
        Event::CursorMoved(event) => cursors::moved(tx, entry, event),
        Event::CauseNumbered(event) => causes::numbered(tx, entry, event),
        Event::CauseAcknowledged(event) => remarks::acknowledged(tx, entry, event),
        Event::CauseMuted(event) => remarks::muted(tx, entry, event),
        Event::CauseReleased(event) => remarks::released(tx, event),
        Event::RecordSynced(event) => synced(tx, entry, event),
        Event::RecordFailed(event) => {
            let record = about(entry)?;
            costs::refused(tx, entry, event)?;
            // What was on its way when a person left the record out is no error of it any more.
            if !pairs::get(tx, record)?.is_some_and(|pair| pair.is_left_out()) {
                errors::failed(tx, entry, record, event)?;
            }
            pairs::failed(tx, entry, record, event)
        }
        Event::PredictionTried(event) => forecasts::tried(tx, entry, event),
        Event::RecordExcluded(event) => {
            let record = about(entry)?;
            errors::cleared(tx, entry, record)?;
            figures::excluded(tx, entry, event)?;
            pairs::excluded(tx, entry, record, event)
        }
        Event::RecordIncluded(event) => pairs::included(tx, entry, about(entry)?, event),
        Event::RecordLinked(event) => linked(tx, entry, event),
        Event::RecordUnlinked(event) => {
            let record = about(entry)?;
            errors::cleared(tx, entry, record)?;
            prints::forget(tx, record)?;
            pairs::unlinked(tx, entry, record, event)
        }
        Event::LoopFound(event) => pairs::looped(tx, entry, about(entry)?, event),
        Event::CycleHeld(event) => holds::held(tx, entry, event),
        Event::HoldSettled(event) => holds::settled(tx, entry, event),
        Event::JobIntended(event) => jobs::intended(tx, entry, event),
        Event::JobOpened(event) => jobs::opened(tx, entry, event),
        Event::JobMoved(event) => jobs::moved(tx, entry, event),
        Event::DigestPlanned(event) => slots::planned(tx, entry, event),
        Event::DigestSent(event) => slots::sent(tx, entry, event),
        Event::DigestFailed(event) => slots::failed(tx, entry, event),
        Event::RecordForgotten(event) => errors::forgotten(tx, entry, about(entry)?, event),
    };
    derived.with_context(|| {
        format!(
            "could not apply entry {} ({})",
            entry.seq,
            entry.event.kind()
        )
    })
}

fn synced(tx: &Tx<'_>, entry: &Entry, event: &RecordSynced) -> anyhow::Result<()> {
    let record = about(entry)?;
    errors::synced(tx, entry, record, event)?;
    prints::moved(tx, record, &event.moved)?;
    if event.action != Action::Agreed {
        holds::wrote(tx, entry, event)?;
        figures::synced(tx, entry, event)?;
    }
    pairs::synced(tx, entry, record, event)
}

fn linked(tx: &Tx<'_>, entry: &Entry, event: &RecordLinked) -> anyhow::Result<()> {
    let record = about(entry)?;
    if let Some(absorbed) = event.absorbed {
        errors::cleared(tx, entry, absorbed)?;
        prints::forget(tx, absorbed)?;
        pairs::absorbed(tx, entry, absorbed, record)?;
    }
    if event.why == Linked::Operator {
        // What either was compared with before says nothing of these two.
        prints::forget(tx, record)?;
    }
    prints::moved(tx, record, &event.moved)?;
    pairs::linked(tx, entry, record, event)
}

fn about(entry: &Entry) -> anyhow::Result<PairNumber> {
    entry.record.context("it is about a record and names none")
}
