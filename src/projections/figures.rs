//! The numbers that `status`, the page and the digests show, gathered from several tables.

use std::collections::BTreeMap;

use crate::domain::event::{Action, Entry, Event, Excluded, RecordExcluded, RecordSynced};
use crate::domain::record::{ObjectName, Side};
use crate::inbox;
use crate::journal;
use crate::store::columns::counted;
use crate::store::{Tx, View};

use super::days;
use super::pairs::{self, Pair};

/// Entries summed into one row.
const BLOCK: i64 = 256;

/// What may be left where it was made.
const CHANGE: &str = "change";
const DELETION: &str = "deletion";

/// Where the records of one object stand; every record is in exactly one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// Nothing is known to be wrong and nothing waits.
    pub in_sync: u64,
    /// An error other than a missing parent is open.
    pub failing: u64,
    /// Their parent is missing.
    pub waiting: u64,
    /// Their change waits for the budget.
    pub deferred: u64,
    /// Their change was stopped by the guard.
    pub held: u64,
    /// Their change would be written, were the mode not observe.
    pub would_write: u64,
    /// Left out on purpose.
    pub excluded: u64,
    /// Read, and not yet tried for the first time.
    pub pending: u64,
}

impl Standing {
    /// All records of the object.
    pub fn total(&self) -> u64 {
        self.in_sync
            + self.failing
            + self.waiting
            + self.deferred
            + self.held
            + self.would_write
            + self.excluded
            + self.pending
    }

    fn of_pairs(&mut self, state: pairs::State) -> &mut u64 {
        match state {
            pairs::State::InSync | pairs::State::Absorbed => &mut self.in_sync,
            pairs::State::Failing => &mut self.failing,
            pairs::State::Waiting => &mut self.waiting,
            pairs::State::Excluded => &mut self.excluded,
        }
    }

    /// Where a record in sync, or without a number yet, is shown because of its row.
    fn of_inbox(&mut self, state: inbox::State) -> &mut u64 {
        match state {
            inbox::State::Ready | inbox::State::InFlight => &mut self.pending,
            inbox::State::Deferred => &mut self.deferred,
            inbox::State::Waiting => &mut self.waiting,
            inbox::State::Held => &mut self.held,
            inbox::State::WouldWrite => &mut self.would_write,
        }
    }
}

/// Where the records of every object stand. An open error outweighs a resting row, and a resting
/// row outweighs "in sync"; a row that is ready or in flight leaves a numbered record as it is.
pub fn standings(view: &View<'_>) -> anyhow::Result<BTreeMap<ObjectName, Standing>> {
    let mut standings: BTreeMap<ObjectName, Standing> = BTreeMap::new();
    for counted in pairs::counts(view)? {
        let standing = standings.entry(counted.object).or_default();
        *standing.of_pairs(counted.state) += counted.pairs;
    }
    for rest in rests(view)? {
        let standing = standings.entry(rest.object).or_default();
        if rest.numbered {
            standing.in_sync = standing.in_sync.saturating_sub(rest.records);
        }
        *standing.of_inbox(rest.state) += rest.records;
    }
    Ok(standings)
}

struct Resting {
    object: ObjectName,
    state: inbox::State,
    numbered: bool,
    records: u64,
}

/// Inbox rows that move a record away from "in sync", or that are all there is of a record. Of a
/// pair with two rows the one that needs a person counts. What a job has made in Salesforce counts with
/// the record that it was made for and waits for.
fn rests(view: &View<'_>) -> anyhow::Result<Vec<Resting>> {
    let mut statement = view.sql().prepare_cached(
        "with rows (object, state, pair, record_state, number) as (
           select i.object, i.state, p.record, p.state, i.number from inbox as i
             left join pairs as p on p.record = case i.side
               when 'hubspot' then
                 (select record from pairs where object = i.object and hubspot = i.id)
               else (select record from pairs where object = i.object and salesforce = i.id) end
             where i.side = 'hubspot' or i.state <> 'waiting' or i.parent is null
               or i.parent not like 'hubspot/' || i.object || '/%'
         ), ranked (object, state, numbered, place) as (
           select object, state, pair is not null, row_number() over (
             partition by coalesce(pair, -number) order by case state when 'held' then 1
               when 'would_write' then 2 when 'deferred' then 3 else 4 end, number)
           from rows
           where pair is null or (record_state = 'in_sync' and state not in ('ready', 'in_flight'))
         )
         select object, state, numbered, count(*) from ranked where place = 1
         group by object, state, numbered order by object, state, numbered",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(Resting {
            object: row.get(0)?,
            state: row.get(1)?,
            numbered: row.get(2)?,
            records: counted(row.get(3)?),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn synced(tx: &Tx<'_>, entry: &Entry, event: &RecordSynced) -> anyhow::Result<()> {
    if !event.lost.is_empty() {
        uncarried(tx, entry.seq, CHANGE, 1)?;
    }
    if event.action == Action::Deleted {
        // Its record is left out as deleted next, which counts it as one that is not carried.
        uncarried(tx, entry.seq, DELETION, -1)?;
    }
    if event.only_marks() {
        return Ok(());
    }
    tx.sql()
        .prepare_cached(
            "insert into synced (block, object, side, records) values (?1, ?2, ?3, 1)
             on conflict do update set records = records + 1",
        )?
        .execute((entry.seq / BLOCK, &event.ids.object, event.to))?;
    if let Some(way_ms) = event.way_ms {
        tx.sql()
            .prepare_cached(
                "insert into ways (block, slowest) values (?1, ?2)
                 on conflict do update set slowest = max(slowest, excluded.slowest)",
            )?
            .execute((entry.seq / BLOCK, way_ms))?;
    }
    Ok(())
}

/// A record of a pair was deleted on one side, and nothing follows from it on the other.
pub(super) fn excluded(tx: &Tx<'_>, entry: &Entry, event: &RecordExcluded) -> anyhow::Result<()> {
    if is_deleted_half(event) {
        uncarried(tx, entry.seq, DELETION, 1)?;
    }
    Ok(())
}

fn is_deleted_half(event: &RecordExcluded) -> bool {
    let both = event.ids.hubspot.is_some() && event.ids.salesforce.is_some();
    event.why == Excluded::Deleted && both
}

fn uncarried(tx: &Tx<'_>, seq: i64, what: &str, number: i64) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached(
            "insert into uncarried (block, what, number) values (?1, ?2, ?3)
             on conflict do update set number = number + excluded.number",
        )?
        .execute((seq / BLOCK, what, number))?;
    Ok(())
}

/// Notes that a record came to fail, or ceased to.
pub(super) fn turned(tx: &Tx<'_>, entry: &Entry, pair: &Pair, failing: bool) -> anyhow::Result<()> {
    days::turned(tx, entry.at, failing)?;
    tx.sql()
        .prepare_cached(
            "insert into turns (seq, record, object, failing) values (?1, ?2, ?3, ?4)
             on conflict do update set failing = excluded.failing",
        )?
        .execute((entry.seq, pair.number, &pair.ids.object, failing))?;
    Ok(())
}

/// What was not carried across.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Uncarried {
    /// Changes on both sides of which one side's lost.
    pub changes: u64,
    /// Deletions of one half that left the other half as it was.
    pub deletions: u64,
}

/// What was not carried across after entry `after` and up to entry `to`.
pub fn uncarried_between(view: &View<'_>, after: i64, to: i64) -> anyhow::Result<Uncarried> {
    let (mut changes, mut deletions) = (0, 0);
    let (whole, ends) = blocks(after, to);
    let mut statement = view.sql().prepare_cached(
        "select what, sum(number) from uncarried where block >= ?1 and block < ?2 group by what",
    )?;
    let rows = statement.query_map(whole, |row| Ok((row.get(0)?, row.get(1)?)))?;
    for row in rows {
        let (what, number): (String, i64) = row?;
        if what == CHANGE {
            changes += number;
        } else {
            deletions += number;
        }
    }
    for (after, to) in ends {
        read(view, after, to, |event| {
            if let Event::RecordSynced(event) = event
                && event.action != Action::Agreed
            {
                changes += i64::from(!event.lost.is_empty());
                deletions -= i64::from(event.action == Action::Deleted);
            }
            if let Event::RecordExcluded(event) = event {
                deletions += i64::from(is_deleted_half(event));
            }
        })?;
    }
    Ok(Uncarried {
        changes: counted(changes.max(0)),
        deletions: counted(deletions.max(0)),
    })
}

/// Whole blocks between two entries (first, and behind the last), and the ragged ends beside them
/// (after this entry, up to that).
fn blocks(after: i64, to: i64) -> ((i64, i64), Vec<(i64, i64)>) {
    let first = (after + 1).div_euclid(BLOCK) + 1;
    let last = (to + 1).div_euclid(BLOCK);
    if first >= last {
        return ((0, 0), vec![(after, to)]);
    }
    let ends = vec![(after, first * BLOCK - 1), (last * BLOCK - 1, to)];
    ((first, last), ends)
}

/// Writes that succeeded after entry `after` and up to entry `to`, per object and side written.
pub fn synced_between(
    view: &View<'_>,
    after: i64,
    to: i64,
) -> anyhow::Result<BTreeMap<(ObjectName, Side), u64>> {
    let mut sums = BTreeMap::new();
    let (whole, ends) = blocks(after, to);
    let mut statement = view.sql().prepare_cached(
        "select object, side, sum(records) from synced where block >= ?1 and block < ?2
         group by object, side",
    )?;
    let rows = statement.query_map(whole, |row| {
        Ok(((row.get(0)?, row.get(1)?), counted(row.get(2)?)))
    })?;
    for row in rows {
        let (key, records) = row?;
        *sums.entry(key).or_insert(0) += records;
    }
    for (after, to) in ends {
        read(view, after, to, |event| {
            if let Event::RecordSynced(event) = event
                && event.action != Action::Agreed
                && !event.only_marks()
            {
                let key = (event.ids.object.clone(), event.to);
                *sums.entry(key).or_insert(0) += 1;
            }
        })?;
    }
    Ok(sums)
}

/// How long the slowest change that was written after entry `after` and up to entry `to` took from
/// one side to the other, in milliseconds; none where none tells.
pub fn slowest_between(view: &View<'_>, after: i64, to: i64) -> anyhow::Result<Option<i64>> {
    let (whole, ends) = blocks(after, to);
    let mut slowest: Option<i64> = view
        .sql()
        .prepare_cached("select max(slowest) from ways where block >= ?1 and block < ?2")?
        .query_row(whole, |row| row.get(0))?;
    for (after, to) in ends {
        read(view, after, to, |event| {
            if let Event::RecordSynced(event) = event
                && !event.only_marks()
            {
                slowest = slowest.max(event.way_ms);
            }
        })?;
    }
    Ok(slowest)
}

/// The ragged ends, entry by entry.
fn read(
    view: &View<'_>,
    mut after: i64,
    to: i64,
    mut each: impl FnMut(&Event),
) -> anyhow::Result<()> {
    while after < to {
        let page = journal::read(view, after, u32::MAX)?;
        let Some(last) = page.last() else {
            break;
        };
        after = last.seq;
        for entry in page.iter().filter(|entry| entry.seq <= to) {
            each(&entry.event);
        }
    }
    Ok(())
}

/// How the set of failing records changed between two entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Turned {
    /// Failing at the end and not at the beginning.
    pub newly_failing: u64,
    /// Failing at the beginning and not at the end.
    pub fixed: u64,
}

impl Turned {
    /// How many failed at the beginning, where so many do at the end.
    pub fn before(self, failing: u64) -> u64 {
        (failing + self.fixed).saturating_sub(self.newly_failing)
    }
}

/// Records that came to fail, and that ceased to, after entry `after` and up to entry `to`. Those
/// that did both count in neither, so that the numbers explain the difference of two totals.
pub fn turned_between(view: &View<'_>, after: i64, to: i64) -> anyhow::Result<Turned> {
    // Turns of a record alternate: the first one tells what was before it, the last one what is
    // after it.
    Ok(view
        .sql()
        .prepare_cached(
            "with spans (record, first, last) as (
               select record, min(seq), max(seq) from turns
               where seq > ?1 and seq <= ?2 group by record
             )
             select coalesce(sum(began.failing and ended.failing), 0),
               coalesce(sum(not began.failing and not ended.failing), 0)
             from spans
             join turns as began on began.seq = spans.first and began.record = spans.record
             join turns as ended on ended.seq = spans.last and ended.record = spans.record",
        )?
        .query_row((after, to), |row| {
            Ok(Turned {
                newly_failing: counted(row.get(0)?),
                fixed: counted(row.get(1)?),
            })
        })?)
}

/// Records failing now.
pub fn failing(view: &View<'_>) -> anyhow::Result<u64> {
    let records: i64 = view
        .sql()
        .prepare_cached("select count(*) from pairs where state = 'failing'")?
        .query_row([], |row| row.get(0))?;
    Ok(counted(records))
}
