//! What was last seen in each field of a pair: the base of a three-way comparison.

use std::collections::BTreeMap;

use rusqlite::OptionalExtension;

use crate::domain::event::{Moved, ValuePrint};
use crate::domain::record::{FieldName, PairNumber};
use crate::store::{Tx, View};

/// Fingerprints per field, by HubSpot's name: of HubSpot's value, of Salesforce's.
pub type Prints = BTreeMap<FieldName, (Option<ValuePrint>, Option<ValuePrint>)>;

/// The fingerprints of a pair; empty before both halves were compared for the first time.
pub fn of(view: &View<'_>, record: PairNumber) -> anyhow::Result<Prints> {
    let mut statement = view
        .sql()
        .prepare_cached("select field, hubspot, salesforce from prints where record = ?1")?;
    let rows = statement.query_map([record], |row| {
        Ok((row.get(0)?, (row.get(1)?, row.get(2)?)))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The fingerprints of one field of a pair.
pub fn of_field(
    view: &View<'_>,
    record: PairNumber,
    field: &FieldName,
) -> anyhow::Result<Option<(Option<ValuePrint>, Option<ValuePrint>)>> {
    Ok(view
        .sql()
        .prepare_cached("select hubspot, salesforce from prints where record = ?1 and field = ?2")?
        .query_row((record, field), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?)
}

pub(super) fn moved(tx: &Tx<'_>, record: PairNumber, moved: &[Moved]) -> anyhow::Result<()> {
    let mut statement = tx.sql().prepare_cached(
        "insert into prints (record, field, hubspot, salesforce) values (?1, ?2, ?3, ?4)
         on conflict do update set hubspot = coalesce(excluded.hubspot, hubspot),
           salesforce = coalesce(excluded.salesforce, salesforce)",
    )?;
    for one in moved {
        statement.execute((record, &one.field, one.hubspot, one.salesforce))?;
    }
    Ok(())
}

pub(super) fn forget(tx: &Tx<'_>, record: PairNumber) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached("delete from prints where record = ?1")?
        .execute([record])?;
    Ok(())
}
