//! Rows that a fold replaces: which they are, and their leaving.

use std::fmt::Write;

use anyhow::ensure;
use ring::digest::{Context, SHA256};
use rusqlite::OptionalExtension;

use super::{COLUMNS, Line};
use crate::domain::event::Entry;
use crate::store::{Tx, View};

/// Old rows of some kinds, to be folded together.
#[derive(Debug)]
pub(crate) struct Old {
    /// Spans without a gap among them: first row, last row, and the checksum after it.
    pub(crate) gaps: Vec<(i64, i64, i64)>,
    /// What they say.
    pub(crate) entries: Vec<Entry>,
    /// SHA-256 over all their columns, hexadecimal.
    pub(crate) sha256: String,
}

/// The last row that the newest fold replaced; 0 before the first fold.
pub(crate) fn folded_until(view: &View<'_>) -> anyhow::Result<i64> {
    let until = view
        .sql()
        .prepare_cached(
            "select json_extract(payload, '$.range[1]') from journal
             where kind = 'history_folded' order by seq desc limit 1",
        )?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(until.unwrap_or(0))
}

/// The oldest rows of `kinds` after `after` and before `before`, but those of `kept`, at most a
/// page; none when there is nothing to fold.
pub(crate) fn old(
    view: &View<'_>,
    kinds: &[&'static str],
    (after, before): (i64, i64),
    kept: &[i64],
) -> anyhow::Result<Option<Old>> {
    let named = kinds.join("', '");
    let mut statement = view.sql().prepare_cached(&format!(
        "select {COLUMNS} from journal where seq > ?1 and seq < ?2 and kind in ('{named}')
         order by seq"
    ))?;
    let mut lines = statement.query((after, before))?;
    let mut gaps: Vec<(i64, i64, i64)> = Vec::new();
    let (mut entries, mut digest) = (Vec::new(), Context::new(&SHA256));
    while entries.len() < view.page_max() as usize
        && let Some(row) = lines.next()?
    {
        let line = Line::of(row)?;
        if kept.contains(&line.seq) {
            continue;
        }
        line.digest(&mut digest);
        match gaps.last_mut().filter(|gap| gap.1 + 1 == line.seq) {
            Some(gap) => (gap.1, gap.2) = (line.seq, line.crc),
            None => gaps.push((line.seq, line.seq, line.crc)),
        }
        entries.push(line.entry()?);
    }
    let mut sha256 = String::with_capacity(64);
    for byte in digest.finish().as_ref() {
        write!(sha256, "{byte:02x}")?;
    }
    Ok((!entries.is_empty()).then_some(Old {
        gaps,
        entries,
        sha256,
    }))
}

/// Deletes the rows that the journal's last entry, a fold, has replaced.
pub(crate) fn cut(tx: &Tx<'_>, old: &Old) -> anyhow::Result<()> {
    let mut statement = tx
        .sql()
        .prepare_cached("delete from journal where seq between ?1 and ?2")?;
    let mut gone = 0;
    for (first, last, _) in &old.gaps {
        gone += statement.execute((first, last))?;
    }
    ensure!(
        gone == old.entries.len(),
        "a fold of {} rows deleted {gone}",
        old.entries.len()
    );
    Ok(())
}

impl Line {
    /// Adds all columns; lengths stand before texts.
    fn digest(&self, digest: &mut Context) {
        let record = self.record.unwrap_or(-1);
        for number in [self.seq, self.at, self.run, self.v, record, self.crc] {
            digest.update(&number.to_le_bytes());
        }
        for text in [&self.kind, &self.payload] {
            digest.update(&(text.len() as u64).to_le_bytes());
            digest.update(text.as_bytes());
        }
    }
}
