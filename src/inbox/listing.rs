//! Questions about the inbox that change nothing.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, Row as Line};

use crate::domain::plan::Planned;
use crate::domain::record::{ObjectName, PairNumber, RecordKey, Side, Timestamp};
use crate::store::View;
use crate::store::columns::counted;

use super::{Row, State, parent_of};

/// A row's columns, its pair as known now.
pub(super) const COLUMNS: &str = "i.number, i.side, i.object, i.id, i.stamp, i.seen_at, i.lane,
    i.state, i.not_before, p.record, i.parent, i.hold, i.ask,
    i.hold is not null or i.plan is not null, i.kept is not null, i.ties";

/// Finds the pair a row belongs to now: records are linked while their rows wait.
pub(super) const WITH_PAIR: &str = "as i left join pairs as p on p.record = case i.side
    when 'hubspot' then (select record from pairs where object = i.object and hubspot = i.id)
    else (select record from pairs where object = i.object and salesforce = i.id) end";

pub(super) fn row(line: &Line<'_>) -> rusqlite::Result<Row> {
    let parent: Option<String> = line.get(10)?;
    Ok(Row {
        number: line.get(0)?,
        key: RecordKey {
            side: line.get(1)?,
            object: line.get(2)?,
            id: line.get(3)?,
        },
        stamp: line.get(4)?,
        seen_at: line.get(5)?,
        lane: line.get(6)?,
        state: line.get(7)?,
        not_before: line.get(8)?,
        pair: line.get(9)?,
        parent: parent.as_deref().and_then(parent_of),
        hold: line.get(11)?,
        ask: line.get(12)?,
        stands_for_both: line.get(13)?,
        has_kept: line.get(14)?,
        ties: line.get(15)?,
    })
}

/// The row of a record.
pub fn of_record(view: &View<'_>, key: &RecordKey) -> anyhow::Result<Option<Row>> {
    Ok(view
        .sql()
        .prepare_cached(&format!(
            "select {COLUMNS} from inbox {WITH_PAIR}
             where i.side = ?1 and i.object = ?2 and i.id = ?3"
        ))?
        .query_row((key.side, &key.object, &key.id), row)
        .optional()?)
}

/// The rows of a pair: none, one, or one for each half.
pub fn of_pair(view: &View<'_>, pair: PairNumber) -> anyhow::Result<Vec<Row>> {
    let mut statement = view.sql().prepare_cached(
        "select side, object, id from
           (select 'hubspot' as side, object, hubspot as id from pairs where record = ?1
            union all select 'salesforce', object, salesforce from pairs where record = ?1)
         where id is not null",
    )?;
    let keys = statement.query_map([pair], |line| {
        Ok(RecordKey {
            side: line.get(0)?,
            object: line.get(1)?,
            id: line.get(2)?,
        })
    })?;
    let mut rows = Vec::new();
    for key in keys {
        rows.extend(of_record(view, &key?)?);
    }
    Ok(rows)
}

/// The members of a hold after row `after`, at most a page.
pub fn held(view: &View<'_>, hold: i64, after: i64) -> anyhow::Result<Vec<Row>> {
    let mut statement = view.sql().prepare_cached(&format!(
        "select {COLUMNS} from inbox {WITH_PAIR}
         where i.hold = ?1 and i.state = 'held' and i.number > ?2 order by i.number limit ?3"
    ))?;
    let rows = statement.query_map((hold, after, view.page_max()), row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The rows that only mode observe keeps from being written, after row `after`, at most a page.
pub fn would_write(view: &View<'_>, after: i64) -> anyhow::Result<Vec<Row>> {
    let mut statement = view.sql().prepare_cached(&format!(
        "select {COLUMNS} from inbox {WITH_PAIR}
         where i.state = 'would_write' and i.number > ?1 order by i.number limit ?2"
    ))?;
    let rows = statement.query_map((after, view.page_max()), row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// A row's number, its record, and what mode observe would write of it.
pub type PlanOfRow = (i64, RecordKey, Option<Vec<Planned>>);

/// What mode observe would write, after row `after`, at most a page: the row's number, its record,
/// and the writes; none where an older program left the row.
pub fn plans(view: &View<'_>, after: i64) -> anyhow::Result<Vec<PlanOfRow>> {
    let mut statement = view.sql().prepare_cached(
        "select number, side, object, id, plan from inbox
         where state = 'would_write' and number > ?1 order by number limit ?2",
    )?;
    let rows = statement.query_map((after, view.page_max()), |line| {
        let key = RecordKey {
            side: line.get(1)?,
            object: line.get(2)?,
            id: line.get(3)?,
        };
        Ok((line.get(0)?, key, line.get::<_, Option<String>>(4)?))
    })?;
    let mut plans = Vec::new();
    for row in rows {
        let (number, key, plan) = row?;
        let plan = plan.and_then(|plan| serde_json::from_str(&plan).ok());
        plans.push((number, key, plan));
    }
    Ok(plans)
}

/// How many changes of an object that were read on `side` may be taken, now or by themselves later.
pub fn changes_ready(view: &View<'_>, side: Side, object: &ObjectName) -> anyhow::Result<u64> {
    let mut statement = view.sql().prepare_cached(
        "select count(*) from inbox
         where state in ('ready', 'deferred') and side = ?1 and object = ?2",
    )?;
    Ok(counted(
        statement.query_row((side, object), |line| line.get(0))?,
    ))
}

/// How many rows of one object stand in one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// Which object.
    pub object: ObjectName,
    /// In which state.
    pub state: State,
    /// How many.
    pub rows: u64,
}

/// Rows per object and state.
pub fn counts(view: &View<'_>) -> anyhow::Result<Vec<Counted>> {
    let mut statement = view.sql().prepare_cached(
        "select object, state, count(*) from inbox group by object, state order by object, state",
    )?;
    let rows = statement.query_map([], |line| {
        Ok(Counted {
            object: line.get(0)?,
            state: line.get(1)?,
            rows: counted(line.get(2)?),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// How many rows serve each resync and still move by themselves, by its seq.
pub fn asked(view: &View<'_>) -> anyhow::Result<BTreeMap<i64, u64>> {
    let mut statement = view.sql().prepare_cached(
        "select ask, count(*) from inbox
         where ask is not null and state in ('ready', 'deferred', 'in_flight') group by ask",
    )?;
    let rows = statement.query_map([], |line| Ok((line.get(0)?, counted(line.get(1)?))))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Rows that serve the resync asked with `ask` and would be written, were the mode not observe.
pub fn unwritten(view: &View<'_>, ask: i64) -> anyhow::Result<u64> {
    let rows: i64 = view
        .sql()
        .prepare_cached("select count(*) from inbox where ask = ?1 and state = 'would_write'")?
        .query_row([ask], |row| row.get(0))?;
    Ok(counted(rows))
}

/// When the oldest change still unconcluded of `side` was seen, in a state that moves by itself.
pub fn oldest_seen(view: &View<'_>, side: Side) -> anyhow::Result<Option<Timestamp>> {
    Ok(view
        .sql()
        .prepare_cached(
            "select min(seen_at) from inbox
             where side = ?1 and state in ('ready', 'deferred', 'in_flight')",
        )?
        .query_row([side], |line| line.get(0))?)
}
