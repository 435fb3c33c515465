//! Numbers: given once, at a record's first event, and never again.

use rusqlite::OptionalExtension;

use crate::domain::event::{Entry, Linked, Moved, RecordLinked};
use crate::domain::record::{PairIds, PairNumber, RecordKey};
use crate::store::Tx;

use super::by_key;

/// The number of a record: the one it has, or the next, which is its own from its first event on.
/// Asked again within the job the answer is the same.
pub fn number_of(tx: &Tx<'_>, key: &RecordKey) -> anyhow::Result<PairNumber> {
    match known(tx, key)? {
        Some(number) => Ok(number),
        None => hand_out(tx, [key.clone()]),
    }
}

/// The number of a pair: the lower one when both halves have their own, the next when neither has.
pub fn number_of_ids(tx: &Tx<'_>, ids: &PairIds) -> anyhow::Result<PairNumber> {
    let keys = ids.keys();
    let mut lowest = None;
    for key in &keys {
        lowest = [lowest, known(tx, key)?].into_iter().flatten().min();
    }
    match lowest {
        Some(number) => Ok(number),
        None => hand_out(tx, keys),
    }
}

/// Journals that two records belong together: the lower number goes on, the other is absorbed.
/// `moved` holds what both showed where nothing is to be done.
pub fn link(tx: &Tx<'_>, ids: PairIds, why: Linked, moved: Vec<Moved>) -> anyhow::Result<Entry> {
    let number = number_of_ids(tx, &ids)?;
    let mut absorbed = None;
    for key in ids.keys() {
        absorbed = absorbed.or(known(tx, &key)?.filter(|other| *other != number));
    }
    // Only a number that stands in the journal has a history to be read with ours.
    let absorbed = match absorbed {
        Some(other) => super::get(tx, other)?.map(|pair| pair.number),
        None => None,
    };
    let event = RecordLinked {
        ids,
        absorbed,
        why,
        moved,
    };
    crate::projections::append(tx, Some(number), event)
}

fn known(tx: &Tx<'_>, key: &RecordKey) -> anyhow::Result<Option<PairNumber>> {
    if let Some(pair) = by_key(tx, key)? {
        return Ok(Some(pair));
    }
    Ok(tx.scratch().borrow().handed.get(key).copied())
}

fn hand_out(tx: &Tx<'_>, keys: impl IntoIterator<Item = RecordKey>) -> anyhow::Result<PairNumber> {
    let highest = tx.scratch().borrow().highest;
    let highest = match highest {
        Some(highest) => highest,
        None => tx
            .sql()
            .prepare_cached("select coalesce(max(record), 0) from pairs")?
            .query_row([], |row| row.get(0))?,
    };
    let next = PairNumber(highest + 1);
    let mut scratch = tx.scratch().borrow_mut();
    scratch.highest = Some(next.0);
    for key in keys {
        scratch.handed.insert(key, next);
    }
    Ok(next)
}

/// The number that goes on in place of `number`: itself, unless it was absorbed meanwhile.
pub(in crate::projections) fn living(
    tx: &Tx<'_>,
    number: PairNumber,
) -> anyhow::Result<PairNumber> {
    let mut statement = tx
        .sql()
        .prepare_cached("select absorbed_into from pairs where record = ?1")?;
    let mut living = number;
    while let Some(into) = statement
        .query_row([living], |row| row.get::<_, Option<PairNumber>>(0))
        .optional()?
        .flatten()
    {
        living = into;
    }
    Ok(living)
}

/// The pair carries its number from now on.
pub(in crate::projections) fn forget_handed(tx: &Tx<'_>, ids: &PairIds) {
    let mut scratch = tx.scratch().borrow_mut();
    if !scratch.handed.is_empty() {
        for key in ids.keys() {
            scratch.handed.remove(&key);
        }
    }
}
