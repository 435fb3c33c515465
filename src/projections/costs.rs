//! What causes cost: calls in which a record was refused by each, by the hour.

use std::collections::BTreeSet;

use crate::domain::event::{Entry, Known, RecordFailed};
use crate::domain::record::{Side, Timestamp};
use crate::store::columns::{count, counted};
use crate::store::{Tx, View};

use super::causes;
use super::hours::hour_at;

/// How long an hour's sums stay.
const KEPT_HOURS: i64 = 48;

/// What one cause cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// The cause's number.
    pub cause: i64,
    /// Calls in which at least one record was refused by it; what jobs refused is in none.
    pub calls: u64,
    /// Records refused by it, each try counted.
    pub records: u64,
}

/// An answer refused a record: it counts once for each of its causes. What was predicted cost
/// nothing.
pub(super) fn refused(tx: &Tx<'_>, entry: &Entry, event: &RecordFailed) -> anyhow::Result<()> {
    if event.known != Known::Answered {
        return Ok(());
    }
    let mut refused_by = BTreeSet::new();
    for failure in &event.failures {
        refused_by.extend(causes::find(tx, event.to, &event.ids.object, failure)?);
    }
    let hour = hour_at(entry.at);
    for cause in refused_by {
        // Answers of one call are journaled one after the other.
        tx.sql()
            .prepare_cached(
                "insert into costs (hour, cause, records, calls, call)
                 values (?1, ?2, 1, ?3 is not null, ?3)
                 on conflict do update set records = records + 1,
                   calls = calls + (excluded.call is not null and excluded.call is not call),
                   call = coalesce(excluded.call, call)",
            )?
            .execute((hour, cause, event.call))?;
    }
    tx.sql()
        .prepare_cached("delete from costs where hour < ?1")?
        .execute([hour.saturating_sub(KEPT_HOURS)])?;
    Ok(())
}

/// What the causes on `side` cost in the last `hours` hours, the one of `now` among them; the
/// dearest first, `most` at most.
pub fn dearest(
    view: &View<'_>,
    side: Side,
    now: Timestamp,
    hours: i64,
    most: usize,
) -> anyhow::Result<Vec<Cost>> {
    let mut statement = view.sql().prepare_cached(
        "select cause, sum(costs.calls) as calls, sum(costs.records) as records
         from costs join causes on number = cause
         where hour > ?1 and side = ?2
         group by cause order by calls desc, records desc, cause limit ?3",
    )?;
    let since = hour_at(now).saturating_sub(hours);
    let rows = statement.query_map((since, side, count(most as u64)), |row| {
        Ok(Cost {
            cause: row.get(0)?,
            calls: counted(row.get(1)?),
            records: counted(row.get(2)?),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
