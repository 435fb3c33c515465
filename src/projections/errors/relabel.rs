//! Labels of open errors by another catalogue.

use super::apply::{olds, type_of};
use super::{WAITING, tally};
use crate::annex;
use crate::domain::catalogue::Slug;
use crate::domain::cause::Fingerprint;
use crate::domain::event::{Entry, Event, RecordFailed};
use crate::domain::failure::Failure;
use crate::domain::record::PairNumber;
use crate::journal;
use crate::store::{Tx, View};

/// What a page of records came to.
pub(in crate::projections) enum Relabelled {
    /// All up to this record bear the labels of the catalogue in force.
    UpTo(PairNumber),
    /// There are no others.
    All,
    /// A record waits now that failed, or the other way round; its label was left.
    StateMoved,
}

/// Labels the errors of a page of records behind `after`.
pub(in crate::projections) fn relabel(
    tx: &Tx<'_>,
    after: PairNumber,
) -> anyhow::Result<Relabelled> {
    let mut statement = tx.sql().prepare_cached(
        "select distinct record from errors where record > ?1 order by record limit ?2",
    )?;
    let records: Vec<PairNumber> = statement
        .query_map((after, tx.page_max()), |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let Some(last) = records.last().copied() else {
        return Ok(Relabelled::All);
    };
    for record in records {
        if !relabel_record(tx, record)? {
            return Ok(Relabelled::StateMoved);
        }
    }
    Ok(Relabelled::UpTo(last))
}

/// False when a label would move the record's state.
fn relabel_record(tx: &Tx<'_>, record: PairNumber) -> anyhow::Result<bool> {
    let before = olds(tx, record)?;
    let mut moved = false;
    for old in &before {
        let last_seq: i64 = tx
            .sql()
            .prepare_cached(
                "select last_seq from errors where record = ?1 and side = ?2 and field = ?3
                   and code = ?4 and rule = ?5",
            )?
            .query_row(old.place(record), |row| row.get(0))?;
        let told = told_in(tx, last_seq, |event, failure| {
            event.to == old.key.side && old.is_of(failure)
        })?;
        let Some(slug) = told.filter(|slug| *slug != old.slug) else {
            continue;
        };
        if (slug.as_str() == WAITING) != (old.slug.as_str() == WAITING) {
            return Ok(false);
        }
        moved = true;
        let (record, side, field, code, rule) = old.place(record);
        tx.sql()
            .prepare_cached(
                "update errors set type = ?6 where record = ?1 and side = ?2 and field = ?3
                   and code = ?4 and rule = ?5",
            )?
            .execute((record, side, field, code, rule, &slug))?;
    }
    if moved {
        // What the errors say is as before: no entry has added to it.
        tally::moved(tx, 0, &before, &olds(tx, record)?)?;
    }
    Ok(true)
}

/// The type that the catalogue in force gives to the failure of the entry at `seq` that is meant; none where the entry was folded away, or the text that it came with erased: then nobody
/// can tell, and the label stays.
fn told_in(
    tx: &Tx<'_>,
    seq: i64,
    is_meant: impl Fn(&RecordFailed, &Failure) -> bool,
) -> anyhow::Result<Option<Slug>> {
    let Some(Entry {
        event: Event::RecordFailed(event),
        ..
    }) = journal::at(tx, seq)?
    else {
        return Ok(None);
    };
    // Of two that are one error the first counts.
    let mut failures = event.failures.iter();
    match failures.find(|failure| is_meant(&event, failure)) {
        Some(failure) if is_kept(tx, failure)? => Ok(Some(type_of(tx, &event, failure)?)),
        Some(_) | None => Ok(None),
    }
}

fn is_kept(view: &View<'_>, failure: &Failure) -> anyhow::Result<bool> {
    Ok(match &failure.text {
        Some(key) => annex::text(view, key)?.is_some(),
        None => true,
    })
}

/// The type of the failure of a cause in the entry that last told of it.
pub(in crate::projections) fn told_of(
    tx: &Tx<'_>,
    seq: i64,
    cause: &Fingerprint,
) -> anyhow::Result<Option<Slug>> {
    told_in(tx, seq, |event, failure| {
        Fingerprint::of(event.to, &event.ids.object, failure) == *cause
    })
}
