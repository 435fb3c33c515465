//! The chain of checksums: every row as it was written, and every gap named by a fold.

use std::collections::BTreeMap;

use super::{COLUMNS, Line};
use crate::domain::event::Event;
use crate::store::View;

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
        open: Vec::new(),
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

struct Walk {
    seq: i64,
    crc: u32,
    rows: u64,
    passed: u64,
    /// The folds by the first row that each one replaced.
    folds: BTreeMap<i64, Named>,
    /// The gaps of the fold that was crossed last: first row, last row, checksum after it. One
    /// fold at a time is kept, because a year has tens of thousands.
    open: Vec<(i64, i64, i64)>,
}

/// Where a fold stands, and the last row that it replaced.
struct Named {
    seq: i64,
    last: i64,
}

fn folds(view: &View<'_>) -> anyhow::Result<BTreeMap<i64, Named>> {
    let mut statement = view.sql().prepare(
        "select json_extract(payload, '$.range[0]'), json_extract(payload, '$.range[1]'), seq
         from journal where kind = 'history_folded' order by seq",
    )?;
    let rows = statement.query_map([], |row| {
        let (last, seq) = (row.get(1)?, row.get(2)?);
        Ok((row.get(0)?, Named { seq, last }))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

impl Walk {
    fn all(&mut self, view: &View<'_>) -> anyhow::Result<Option<Broken>> {
        let mut statement = view
            .sql()
            .prepare(&format!("select {COLUMNS} from journal order by seq"))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let line = Line::of(row)?;
            if let Some(gap) = self.bridge(view, line.seq)? {
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

    /// Crosses to the row at `next` over folded rows only, taking on the checksum that bridges
    /// each gap.
    fn bridge(&mut self, view: &View<'_>, next: i64) -> anyhow::Result<Option<Broken>> {
        while self.seq + 1 < next {
            let first = self.seq + 1;
            let Some((last, crc)) = self.gap(view, first)?.filter(|(last, _)| *last < next) else {
                let last = next - 1;
                return Ok(Some(Broken::Gap { first, last }));
            };
            self.seq = last;
            self.crc = u32::try_from(crc).unwrap_or(0);
            self.passed += 1;
        }
        Ok(None)
    }

    /// The gap that a fold names as beginning at `first`: its last row and the checksum after it.
    fn gap(&mut self, view: &View<'_>, first: i64) -> anyhow::Result<Option<(i64, i64)>> {
        let known = |gaps: &[(i64, i64, i64)]| {
            let found = gaps.iter().find(|gap| gap.0 == first);
            found.map(|gap| (gap.1, gap.2))
        };
        if let Some(found) = known(&self.open) {
            return Ok(Some(found));
        }
        let named = self.folds.range(..=first).next_back();
        let Some((_, named)) = named.filter(|(_, named)| first <= named.last) else {
            return Ok(None);
        };
        if let Some(entry) = super::at(view, named.seq)?
            && let Event::HistoryFolded(fold) = entry.event
        {
            self.open = fold.gaps();
        }
        Ok(known(&self.open))
    }
}
