//! The append-only journal. Knows where facts are kept, not what they mean.
//!
//! Facts enter through `projections::append`, which keeps them here and derives what follows from
//! them in the same transaction; `keep` alone would leave the projections behind.

use anyhow::Context;
use rusqlite::{OptionalExtension, Row};

use crate::domain::event::{Entry, Event, HistoryFolded};
use crate::domain::record::{PairNumber, Timestamp};
use crate::store::{Tx, View};

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

/// A journal that was walked from end to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// Rows walked.
    pub rows: u64,
    /// The last one's seq.
    pub last: i64,
    /// Gaps, each named by a fold.
    pub folds: u64,
}

/// What is wrong with a journal. Everything before the place named is sound.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A row is not as it was written.
    #[error("journal entry {seq} is not as it was written; restore the last backup")]
    Changed {
        /// Which.
        seq: i64,
    },
    /// Rows are missing that no fold names.
    #[error("journal entries {first} to {last} are missing and no fold names them")]
    Gap {
        /// First row missing.
        first: i64,
        /// Last row missing.
        last: i64,
    },
    /// A row cannot be read.
    #[error("the journal cannot be read after entry {after}: {why}")]
    Unreadable {
        /// The last row that could be.
        after: i64,
        /// What SQLite or the decoder says.
        why: String,
    },
}

/// Walks the whole chain: every row's checksum, and every gap against the folds.
pub fn verify_chain(view: &View<'_>) -> Result<Verified, Broken> {
    let mut walk = Walk {
        seq: 0,
        crc: 0,
        rows: 0,
        passed: 0,
        folds: folds(view).map_err(|error| unreadable(0, &error))?,
    };
    let walked = walk.all(view);
    match walked {
        Ok(Some(broken)) => Err(broken),
        Ok(None) => Ok(Verified {
            rows: walk.rows,
            last: walk.seq,
            folds: walk.passed,
        }),
        Err(error) => Err(unreadable(walk.seq, &error)),
    }
}

fn unreadable(after: i64, error: &anyhow::Error) -> Broken {
    Broken::Unreadable {
        after,
        // SQLite's error says the same once more as its own cause.
        why: match error.downcast_ref::<rusqlite::Error>() {
            Some(error) => error.to_string(),
            None => format!("{error:#}"),
        },
    }
}

fn folds(view: &View<'_>) -> anyhow::Result<Vec<HistoryFolded>> {
    let mut statement = view
        .sql()
        .prepare("select payload from journal where kind = 'history_folded' order by seq")?;
    let payloads = statement.query_map([], |row| row.get::<_, String>(0))?;
    payloads
        .map(|payload| Ok(serde_json::from_str(&payload?)?))
        .collect()
}

struct Walk {
    seq: i64,
    crc: u32,
    rows: u64,
    passed: u64,
    folds: Vec<HistoryFolded>,
}

impl Walk {
    fn all(&mut self, view: &View<'_>) -> anyhow::Result<Option<Broken>> {
        let mut statement = view
            .sql()
            .prepare(&format!("select {COLUMNS} from journal order by seq"))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let line = Line::of(row)?;
            if let Some(gap) = self.bridge(line.seq) {
                return Ok(Some(gap));
            }
            self.crc = line.link(self.crc);
            if i64::from(self.crc) != line.crc {
                return Ok(Some(Broken::Changed { seq: line.seq }));
            }
            self.seq = line.seq;
            self.rows += 1;
        }
        // SQLite remembers the highest seq ever given: a cut end shows there.
        let given: i64 = view.sql().query_row(
            "select coalesce(max(seq), 0) from sqlite_sequence where name = 'journal'",
            [],
            |row| row.get(0),
        )?;
        let cut = given > self.seq;
        Ok(cut.then_some(Broken::Gap {
            first: self.seq + 1,
            last: given,
        }))
    }

    /// Crosses to the row at `next` over folds only, taking on the checksum each one bridges.
    fn bridge(&mut self, next: i64) -> Option<Broken> {
        while self.seq + 1 < next {
            let first = self.seq + 1;
            let fold = self
                .folds
                .iter()
                .find(|fold| fold.range.0 == first && fold.range.1 < next);
            let Some(fold) = fold else {
                return Some(Broken::Gap {
                    first,
                    last: next - 1,
                });
            };
            self.seq = fold.range.1;
            self.crc = u32::try_from(fold.crc).unwrap_or(0);
            self.passed += 1;
        }
        None
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
