//! The append-only journal. Knows where facts are kept, not what they mean.
//!
//! Facts enter through `projections::append`, which keeps them here and derives what follows from
//! them in the same transaction; `keep` alone would leave the projections behind.

mod chain;
mod fold;

use anyhow::Context;
use rusqlite::{OptionalExtension, Row};

use crate::domain::event::{Entry, Event};
use crate::domain::record::{PairNumber, Timestamp};
use crate::store::{Tx, View};

pub use chain::{Broken, Verified, verify_chain};
pub(crate) use fold::{cut, folded_until, old};

const INSERT: &str = "insert into journal (seq, at, run, kind, v, record, payload, crc)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
const COLUMNS: &str = "seq, at, run, kind, v, record, payload, crc";

/// Writes `event` down and returns it with its place.
pub(crate) fn keep(tx: &Tx<'_>, record: Option<PairNumber>, event: Event) -> anyhow::Result<Entry> {
    let (last, crc) = last_link(tx)?;
    let line = Line {
        seq: last + 1,
        at: tx.now().0,
        run: tx.run(),
        kind: event.kind().to_owned(),
        v: event.version(),
        record: record.map(|record| record.0),
        payload: event.payload()?,
        crc: 0,
    };
    let crc = line.link(crc);
    tx.sql()
        .prepare_cached(INSERT)?
        .execute(rusqlite::params![
            line.seq,
            line.at,
            line.run,
            line.kind,
            line.v,
            line.record,
            line.payload,
            crc
        ])
        .with_context(|| format!("could not append {}", line.kind))?;
    tx.scratch().borrow_mut().last = Some((line.seq, crc));
    Ok(Entry {
        seq: line.seq,
        at: tx.now(),
        run: line.run,
        record,
        event,
    })
}

/// The last seq and its checksum; (0, 0) for an empty journal.
fn last_link(tx: &Tx<'_>) -> anyhow::Result<(i64, u32)> {
    if let Some(last) = tx.scratch().borrow().last {
        return Ok(last);
    }
    let last = tx
        .sql()
        .prepare_cached("select seq, crc from journal order by seq desc limit 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(last.unwrap_or((0, 0)))
}

/// The entries after `seq`, oldest first, at most `limit` and never more than a page; the caller
/// comes back for more with the last one's seq.
pub fn read(view: &View<'_>, after: i64, limit: u32) -> anyhow::Result<Vec<Entry>> {
    let mut statement = view.sql().prepare_cached(&format!(
        "select {COLUMNS} from journal where seq > ?1 order by seq limit ?2"
    ))?;
    let lines = statement.query_map((after, limit.min(view.page_max())), Line::of)?;
    lines.map(|line| line?.entry()).collect()
}

/// The last entries, oldest first, at most `limit` and never more than a page.
pub fn tail(view: &View<'_>, limit: u32) -> anyhow::Result<Vec<Entry>> {
    let mut statement = view.sql().prepare_cached(&format!(
        "select {COLUMNS} from journal order by seq desc limit ?1"
    ))?;
    let lines = statement.query_map([limit.min(view.page_max())], Line::of)?;
    let mut entries: Vec<Entry> = lines
        .map(|line| line?.entry())
        .collect::<anyhow::Result<_>>()?;
    entries.reverse();
    Ok(entries)
}

/// The entry at `seq`, unless it was folded away.
pub fn at(view: &View<'_>, seq: i64) -> anyhow::Result<Option<Entry>> {
    view.sql()
        .prepare_cached(&format!("select {COLUMNS} from journal where seq = ?1"))?
        .query_row([seq], Line::of)
        .optional()?
        .map(Line::entry)
        .transpose()
}

/// Entries about one pair number after `seq`, oldest first, at most a page. What an absorbed
/// number went through is read with `projections::pairs::history`.
pub fn of_record(view: &View<'_>, record: PairNumber, after: i64) -> anyhow::Result<Vec<Entry>> {
    let mut statement = view.sql().prepare_cached(&format!(
        "select {COLUMNS} from journal where record = ?1 and seq > ?2 order by seq limit ?3"
    ))?;
    let lines = statement.query_map((record, after, view.page_max()), Line::of)?;
    lines.map(|line| line?.entry()).collect()
}

/// The last entries about one pair number, the newest first, at most `limit` and never more than a
/// page.
pub fn last_of_record(
    view: &View<'_>,
    record: PairNumber,
    limit: u32,
) -> anyhow::Result<Vec<Entry>> {
    let mut statement = view.sql().prepare_cached(&format!(
        "select {COLUMNS} from journal where record = ?1 order by seq desc limit ?2"
    ))?;
    let lines = statement.query_map((record, limit.min(view.page_max())), Line::of)?;
    lines.map(|line| line?.entry()).collect()
}

/// The place of the last entry; 0 for an empty journal.
pub fn last_seq(view: &View<'_>) -> anyhow::Result<i64> {
    Ok(view
        .sql()
        .prepare_cached("select coalesce(max(seq), 0) from journal")?
        .query_row([], |row| row.get(0))?)
}

/// A row as it stands.
struct Line {
    seq: i64,
    at: i64,
    run: i64,
    kind: String,
    v: i64,
    record: Option<i64>,
    payload: String,
    crc: i64,
}

impl Line {
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            seq: row.get(0)?,
            at: row.get(1)?,
            run: row.get(2)?,
            kind: row.get(3)?,
            v: row.get(4)?,
            record: row.get(5)?,
            payload: row.get(6)?,
            crc: row.get(7)?,
        })
    }

    fn entry(self) -> anyhow::Result<Entry> {
        let event = Event::decode(&self.kind, self.v, &self.payload)
            .with_context(|| format!("journal entry {}", self.seq))?;
        Ok(Entry {
            seq: self.seq,
            at: Timestamp(self.at),
            run: self.run,
            record: self.record.map(PairNumber),
            event,
        })
    }

    /// The checksum of this row after a row with checksum `previous`. Lengths stand before texts,
    /// so that no two rows spell the same bytes.
    fn link(&self, previous: u32) -> u32 {
        let mut crc = crc32c::crc32c(&previous.to_le_bytes());
        for number in [self.seq, self.at, self.run, self.v] {
            crc = crc32c::crc32c_append(crc, &number.to_le_bytes());
        }
        crc = crc32c::crc32c_append(crc, &[u8::from(self.record.is_some())]);
        crc = crc32c::crc32c_append(crc, &self.record.unwrap_or(0).to_le_bytes());
        for text in [&self.kind, &self.payload] {
            crc = crc32c::crc32c_append(crc, &(text.len() as u64).to_le_bytes());
            crc = crc32c::crc32c_append(crc, text.as_bytes());
        }
        crc
    }
}

/// Rows the journal holds now; folded ones are not among them.
pub fn rows(view: &View<'_>) -> anyhow::Result<u64> {
    let rows: i64 = view
        .sql()
        .query_row("select count(*) from journal", [], |row| row.get(0))?;
    Ok(crate::store::columns::counted(rows))
}

/// Checks the file itself, page by page; the first trouble in SQLite's words.
pub fn quick_check(view: &View<'_>) -> anyhow::Result<Option<String>> {
    let said: String = view
        .sql()
        .query_row("pragma quick_check(1)", [], |row| row.get(0))?;
    Ok((said != "ok").then_some(said))
}
