//! Every record with the one state that people are told, one by one: a question over pairs and
//! inbox whose sums are those of [`super::figures::standings`].

use rusqlite::{Row, params};
use serde::{Deserialize, Serialize};

use crate::domain::call::keyed;
use crate::domain::event::Excluded;
use crate::domain::record::{ObjectName, PairIds, PairNumber, Timestamp};
use crate::store::View;
use crate::store::columns::{counted, words};

keyed! {
    /// Where a record stands, as `status` counts it.
    State {
        /// Nothing is known to be wrong and nothing waits.
        InSync = "in_sync",
        /// An error other than a missing parent is open.
        Failing = "failing",
        /// Its parent is missing, or it was read and not yet tried.
        Waiting = "waiting",
        /// Its change waits for the budget.
        Deferred = "deferred",
        /// Its change was stopped by the guard.
        Held = "held",
        /// Its change would be written, were the mode not observe.
        WouldWrite = "would_write",
        /// Left out on purpose.
        Excluded = "excluded",
    }
}
words!(State);

/// One record, or one pair.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Its number; none before its first event.
    pub number: Option<PairNumber>,
    /// Its halves.
    pub ids: PairIds,
    /// Where it stands.
    pub state: State,
    /// Why it is left out.
    pub why: Option<Excluded>,
    /// The hold it is stopped by.
    pub hold: Option<i64>,
    /// When a deferred change is due.
    pub not_before: Option<Timestamp>,
    /// Whether it waits only for its first try.
    pub is_new: bool,
    /// When something was last written for it.
    pub synced_at: Option<Timestamp>,
    /// What to ask for the records behind it with.
    pub place: Place,
}

/// In which order records are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// As they were first met: numbered ones first, then those that only have a row.
    #[default]
    Record,
    /// The other way round.
    Newest,
}

impl Order {
    /// Every one.
    pub const ALL: &'static [Self] = &[Self::Record, Self::Newest];

    /// Its name.
    pub fn key(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Newest => "newest",
        }
    }
}

/// How far a listing came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The last number listed.
    pub number: i64,
    /// The last row listed.
    pub row: i64,
}

/// Behind all numbered records, or before them, by the order.
const NO_NUMBER: i64 = i64::MAX;

impl Place {
    /// Before the first record in that order.
    pub fn start_of(order: Order) -> Self {
        match order {
            Order::Record => Self { number: 0, row: 0 },
            Order::Newest => Self {
                number: NO_NUMBER,
                row: i64::MAX,
            },
        }
    }

    /// Behind the record of that number: all rows are still to come, or were there before.
    pub fn behind_number(number: i64) -> Self {
        Self { number, row: 0 }
    }

    /// Behind the row of that number.
    pub fn behind_row(row: i64) -> Self {
        Self {
            number: NO_NUMBER,
            row,
        }
    }
}

/// Which records to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only in this state.
    pub state: Option<State>,
    /// Only this object.
    pub object: Option<ObjectName>,
    /// Only those left out for this reason.
    pub why: Option<Excluded>,
    /// Only these.
    pub named: Option<Named>,
    /// In which order.
    pub order: Order,
}

/// Records picked out by what they are called: pairs by number, and rows of records that have
/// none yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    /// Pairs.
    pub numbers: Vec<PairNumber>,
    /// Rows of the inbox.
    pub rows: Vec<i64>,
}

impl Filter {
    /// The numbers and the rows picked out, as JSON that SQLite reads.
    fn picked(&self) -> serde_json::Result<[Option<String>; 2]> {
        let Some(named) = &self.named else {
            return Ok([None, None]);
        };
        let numbers: Vec<i64> = named.numbers.iter().map(|number| number.0).collect();
        Ok([
            Some(serde_json::to_string(&numbers)?),
            Some(serde_json::to_string(&named.rows)?),
        ])
    }
}

/// An open error outweighs a resting row, and a resting row outweighs "in sync"; of a pair with two
/// rows the one that needs a person counts.
const NUMBERED: &str = "
    from (select p.*, iif(p.state <> 'in_sync', null,
        (select i.number from inbox as i
         where i.object = p.object and i.state not in ('ready', 'in_flight')
           and (i.side = 'hubspot' and i.id = p.hubspot
             or i.side = 'salesforce' and i.id = p.salesforce)
         order by case i.state when 'held' then 1 when 'would_write' then 2
           when 'deferred' then 3 else 4 end, i.number limit 1)) as resting
      from pairs as p
      where p.record {behind} ?1 and p.state <> 'absorbed' and (?2 is null or p.object = ?2)
        and (?3 is null or p.why = ?3) and {picked}) as p
    left join inbox as i on i.number = p.resting
    where ?4 is null or coalesce(i.state, p.state) = ?4";

/// Rows are all there is of a record before its first event.
const UNNUMBERED: &str = "
    from (select i.*, case when i.state in ('ready', 'in_flight') then 'waiting' else i.state end
        as stands
      from inbox as i
      where i.number {behind} ?1 and (?2 is null or i.object = ?2) and ?3 is null and {picked}
        and case i.side when 'hubspot'
          then not exists (select 1 from pairs where object = i.object and hubspot = i.id)
          else not exists (select 1 from pairs where object = i.object and salesforce = i.id) end) as i
    where ?4 is null or i.stands = ?4";

/// Records behind `after`, at most a page.
pub fn list(view: &View<'_>, filter: &Filter, after: Place) -> anyhow::Result<Vec<Record>> {
    let most = i64::from(view.page_max());
    let parts = match filter.order {
        Order::Record => [numbered, unnumbered],
        Order::Newest => [unnumbered, numbered],
    };
    let mut records: Vec<Record> = Vec::new();
    for part in parts {
        let room = most - i64::try_from(records.len())?;
        if room > 0 {
            records.extend(part(view, filter, after, room)?);
        }
    }
    Ok(records)
}

fn numbered(
    view: &View<'_>,
    filter: &Filter,
    after: Place,
    most: i64,
) -> anyhow::Result<Vec<Record>> {
    let [numbers, _] = filter.picked()?;
    let from = picking(NUMBERED, "p.record", "?6", filter);
    let mut statement = view.sql().prepare_cached(&format!(
        "select p.record, p.object, p.hubspot, p.salesforce, coalesce(i.state, p.state), p.why,
           i.hold, i.not_before, p.synced_at {from} order by p.record {} limit ?5",
        direction(filter.order)
    ))?;
    let rows = statement.query_map(
        params![
            after.number,
            filter.object,
            filter.why,
            filter.state,
            most,
            numbers
        ],
        |row| {
            let number: PairNumber = row.get(0)?;
            let place = Place::behind_number(number.0);
            record(row, Some(number), place, false)
        },
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn unnumbered(
    view: &View<'_>,
    filter: &Filter,
    after: Place,
    most: i64,
) -> anyhow::Result<Vec<Record>> {
    let [_, picked] = filter.picked()?;
    let from = picking(UNNUMBERED, "i.number", "?6", filter);
    let mut statement = view.sql().prepare_cached(&format!(
        "select i.number, i.object, iif(i.side = 'hubspot', i.id, null),
           iif(i.side = 'salesforce', i.id, null), i.stands, null, i.hold, i.not_before, null,
           i.state in ('ready', 'in_flight') {from} order by i.number {} limit ?5",
        direction(filter.order)
    ))?;
    let rows = statement.query_map(
        params![
            after.row,
            filter.object,
            filter.why,
            filter.state,
            most,
            picked
        ],
        |row| {
            let place = Place::behind_row(row.get(0)?);
            record(row, None, place, row.get(9)?)
        },
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn record(
    row: &Row<'_>,
    number: Option<PairNumber>,
    place: Place,
    is_new: bool,
) -> rusqlite::Result<Record> {
    let state: State = row.get(4)?;
    let hold: Option<i64> = row.get(6)?;
    let not_before: Option<Timestamp> = row.get(7)?;
    Ok(Record {
        number,
        ids: PairIds {
            object: row.get(1)?,
            hubspot: row.get(2)?,
            salesforce: row.get(3)?,
        },
        state,
        why: row.get(5)?,
        // An approved row still names its hold.
        hold: hold.filter(|_| state == State::Held),
        not_before: not_before.filter(|_| state == State::Deferred),
        is_new,
        synced_at: row.get(8)?,
        place,
    })
}

/// How many records fit.
pub fn count(view: &View<'_>, filter: &Filter) -> anyhow::Result<u64> {
    let parts = [(NUMBERED, "p.record"), (UNNUMBERED, "i.number")];
    let start = Place::start_of(filter.order);
    let starts = [start.number, start.row];
    let mut sum = 0;
    for (((part, column), picked), start) in parts.into_iter().zip(filter.picked()?).zip(starts) {
        let from = picking(part, column, "?5", filter);
        let records: i64 = view
            .sql()
            .prepare_cached(&format!("select count(*) {from}"))?
            .query_row(
                params![start, filter.object, filter.why, filter.state, picked],
                |row| row.get(0),
            )?;
        sum += counted(records);
    }
    Ok(sum)
}

/// The query with what picks its rows out: where nobody was named, nothing, or SQLite would look
/// at every row.
fn picking(query: &str, column: &str, parameter: &str, filter: &Filter) -> String {
    let picked = if filter.named.is_some() {
        format!("{column} in (select value from json_each({parameter}))")
    } else {
        format!("{parameter} is null")
    };
    let behind = match filter.order {
        Order::Record => ">",
        Order::Newest => "<",
    };
    query
        .replace("{picked}", &picked)
        .replace("{behind}", behind)
}

fn direction(order: Order) -> &'static str {
    match order {
        Order::Record => "asc",
        Order::Newest => "desc",
    }
}
