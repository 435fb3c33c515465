//! Questions about pairs.

use rusqlite::types::FromSqlError;
use rusqlite::{OptionalExtension, Row};

use crate::domain::event::Entry;
use crate::domain::record::{ObjectName, PairIds, PairNumber, RecordKey, Side};
use crate::journal;
use crate::store::View;
use crate::store::columns::counted;

use super::{Pair, PerSide, Provisional, State};

const COLUMNS: &str = "record, object, hubspot, salesforce, state, why, absorbed_into, created_on,
    hubspot_marked, salesforce_marked, attempts_to_hubspot, attempts_to_salesforce,
    hubspot_provisional, salesforce_provisional, loop_field, first_seq, last_seq, synced_at";

fn pair(row: &Row<'_>) -> rusqlite::Result<Pair> {
    Ok(Pair {
        number: row.get(0)?,
        ids: PairIds {
            object: row.get(1)?,
            hubspot: row.get(2)?,
            salesforce: row.get(3)?,
        },
        state: row.get(4)?,
        why: row.get(5)?,
        absorbed_into: row.get(6)?,
        created_on: row.get(7)?,
        marked: PerSide {
            hubspot: row.get(8)?,
            salesforce: row.get(9)?,
        },
        attempts: PerSide {
            hubspot: row.get(10)?,
            salesforce: row.get(11)?,
        },
        provisional: PerSide {
            hubspot: provisional(row, 12)?,
            salesforce: provisional(row, 13)?,
        },
        loop_field: row.get(14)?,
        first_seq: row.get(15)?,
        last_seq: row.get(16)?,
        synced_at: row.get(17)?,
    })
}

fn provisional(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Provisional>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| serde_json::from_str(&text))
        .transpose()
        .map_err(|error| FromSqlError::other(error).into())
}

/// The pair of that number, also an absorbed one.
pub fn get(view: &View<'_>, number: PairNumber) -> anyhow::Result<Option<Pair>> {
    Ok(view
        .sql()
        .prepare_cached(&format!("select {COLUMNS} from pairs where record = ?1"))?
        .query_row([number], pair)
        .optional()?)
}

/// The halves of the pair of that number.
pub fn ids(view: &View<'_>, number: PairNumber) -> anyhow::Result<Option<PairIds>> {
    Ok(view
        .sql()
        .prepare_cached("select object, hubspot, salesforce from pairs where record = ?1")?
        .query_row([number], |row| {
            Ok(PairIds {
                object: row.get(0)?,
                hubspot: row.get(1)?,
                salesforce: row.get(2)?,
            })
        })
        .optional()?)
}

/// The pair that goes on under that number or under the one that absorbed it.
pub fn resolve(view: &View<'_>, number: PairNumber) -> anyhow::Result<Option<Pair>> {
    let mut found = get(view, number)?;
    // A number is absorbed by one that lives on, so this ends.
    while let Some(into) = found.as_ref().and_then(|pair| pair.absorbed_into) {
        found = get(view, into)?;
    }
    Ok(found)
}

/// The number of the pair that a record is a half of.
pub fn by_key(view: &View<'_>, key: &RecordKey) -> anyhow::Result<Option<PairNumber>> {
    let sql = match key.side {
        Side::HubSpot => "select record from pairs where object = ?1 and hubspot = ?2",
        Side::Salesforce => "select record from pairs where object = ?1 and salesforce = ?2",
    };
    Ok(view
        .sql()
        .prepare_cached(sql)?
        .query_row((&key.object, &key.id), |row| row.get(0))
        .optional()?)
}

/// Everything that happened to a pair, and to the numbers it absorbed, after entry `after`, oldest
/// first, at most a page.
pub fn history(view: &View<'_>, number: PairNumber, after: i64) -> anyhow::Result<Vec<Entry>> {
    let mut statement = view.sql().prepare_cached(
        "with recursive all_of (record) as (
           values (?1)
           union
           select pairs.record from pairs join all_of on pairs.absorbed_into = all_of.record
         ) select record from all_of",
    )?;
    let numbers: Vec<PairNumber> = statement
        .query_map([number], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut entries = Vec::new();
    for number in numbers {
        entries.extend(journal::of_record(view, number, after)?);
    }
    entries.sort_by_key(|entry| entry.seq);
    entries.truncate(usize::try_from(view.page_max()).unwrap_or(usize::MAX));
    Ok(entries)
}

/// Which pairs to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only this object.
    pub object: Option<ObjectName>,
    /// Only in this state.
    pub state: Option<State>,
}

/// Pairs by number after `after`, at most a page; absorbed ones only when asked for.
pub fn list(view: &View<'_>, filter: &Filter, after: PairNumber) -> anyhow::Result<Vec<Pair>> {
    let mut statement = view.sql().prepare_cached(&format!(
        "select {COLUMNS} from pairs where record > ?1 and (?2 is null or object = ?2)
           and iif(?3 is null, state <> 'absorbed', state = ?3)
         order by record limit ?4"
    ))?;
    let rows = statement.query_map((after, &filter.object, filter.state, view.page_max()), pair)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// How many pairs of one object are in one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// Which object.
    pub object: ObjectName,
    /// In which state.
    pub state: State,
    /// How many.
    pub pairs: u64,
}

/// Pairs per object and state; absorbed numbers are no pairs any more.
pub fn counts(view: &View<'_>) -> anyhow::Result<Vec<Counted>> {
    let mut statement = view.sql().prepare_cached(
        "select object, state, count(*) from pairs where state <> 'absorbed'
         group by object, state order by object, state",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(Counted {
            object: row.get(0)?,
            state: row.get(1)?,
            pairs: counted(row.get(2)?),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Linked pairs of `object`: what the guard's percentages are of.
pub fn total(view: &View<'_>, object: &ObjectName) -> anyhow::Result<u64> {
    let pairs: i64 = view
        .sql()
        .prepare_cached(
            "select count(*) from pairs
             where object = ?1 and hubspot is not null and salesforce is not null",
        )?
        .query_row([object], |row| row.get(0))?;
    Ok(counted(pairs))
}
