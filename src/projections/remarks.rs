//! What people said of causes: that somebody works on one, or that nobody is to be told of it.
//!
//! It ends when a person takes it back, when its time is over, when the cause grows as mails
//! measure growth, or when the cause was resolved and comes back.

use rusqlite::Row;

use crate::domain::digest::grown_at;
use crate::domain::event::{By, CauseAcknowledged, CauseMuted, CauseReleased, Entry, Remark};
use crate::domain::failure::TextKey;
use crate::domain::record::Timestamp;
use crate::store::columns::{count, counted};
use crate::store::{Tx, View};

use super::causes::{Cause, Moment};

/// What was said of one cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// What.
    pub remark: Remark,
    /// Where and when.
    pub said: Moment,
    /// Records that failed by the cause then.
    pub records: u64,
    /// Key of what the person noted.
    pub note: Option<TextKey>,
    /// When it ends by itself.
    pub until: Option<Timestamp>,
    /// Who said it.
    pub by: By,
    /// When the cause grew or came back, which ended it.
    pub lapsed: Option<Moment>,
}

/// The remarks on one cause, those that ended by themselves too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remarks(Vec<Said>);

impl Remarks {
    /// The remark of that kind on `cause`, while it is in force. A cause that ended while nobody
    /// was to be told of it stays untold.
    pub fn in_force(&self, remark: Remark, cause: &Cause, now: Timestamp) -> Option<&Said> {
        let at = cause.resolved.map_or(now, |resolved| resolved.at);
        let said = self.0.iter().find(|said| said.remark == remark)?;
        let is_over = said.lapsed.is_some() || said.until.is_some_and(|until| until <= at);
        (!is_over).then_some(said)
    }

    /// Whether the cause came back while nobody was to be told of it, after the entry at `seq`:
    /// whoever was told before that has not heard of its end.
    pub fn hid_the_end(&self, cause: &Cause, seq: i64) -> bool {
        let muted = self.0.iter().find(|said| said.remark == Remark::Muted);
        let lapsed = muted.and_then(|said| said.lapsed);
        lapsed.is_some_and(|lapsed| cause.back == Some(lapsed) && lapsed.seq > seq)
    }
}

pub(super) fn acknowledged(
    tx: &Tx<'_>,
    entry: &Entry,
    event: &CauseAcknowledged,
) -> anyhow::Result<()> {
    let said = Said {
        remark: Remark::Acknowledged,
        said: moment(entry),
        records: event.records,
        note: event.note.clone(),
        until: event.until,
        by: event.by.clone(),
        lapsed: None,
    };
    keep(tx, event.number, &said)
}

pub(super) fn muted(tx: &Tx<'_>, entry: &Entry, event: &CauseMuted) -> anyhow::Result<()> {
    let said = Said {
        remark: Remark::Muted,
        said: moment(entry),
        records: event.records,
        note: event.note.clone(),
        until: event.until,
        by: event.by.clone(),
        lapsed: None,
    };
    keep(tx, event.number, &said)
}

fn moment(entry: &Entry) -> Moment {
    Moment {
        seq: entry.seq,
        at: entry.at,
    }
}

fn keep(tx: &Tx<'_>, cause: i64, said: &Said) -> anyhow::Result<()> {
    let user = said.by.user();
    tx.sql()
        .prepare_cached(
            "insert into remarks (cause, remark, seq, at, records, note, until, user)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             on conflict do update set seq = excluded.seq, at = excluded.at,
               records = excluded.records, note = excluded.note, until = excluded.until,
               user = excluded.user, lapsed_seq = null, lapsed_at = null",
        )?
        .execute((
            cause,
            said.remark,
            said.said.seq,
            said.said.at,
            count(said.records),
            &said.note,
            said.until,
            user,
        ))?;
    Ok(())
}

pub(super) fn released(tx: &Tx<'_>, event: &CauseReleased) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached("delete from remarks where cause = ?1 and remark = ?2")?
        .execute((event.number, event.remark))?;
    Ok(())
}

/// One record more fails by the cause, or the first one again: what was said of fewer, or before
/// its end, holds no longer.
pub(super) fn cause_gained(tx: &Tx<'_>, entry: &Entry, cause: &Gained) -> anyhow::Result<()> {
    let mut statement = tx.sql().prepare_cached(
        "select remark, records from remarks where cause = ?1 and lapsed_seq is null",
    )?;
    let mut rows = statement.query([cause.number])?;
    while let Some(row) = rows.next()? {
        let (remark, then): (Remark, i64) = (row.get(0)?, row.get(1)?);
        if cause.is_back || cause.records >= grown_at(counted(then)) {
            tx.sql()
                .prepare_cached(
                    "update remarks set lapsed_seq = ?3, lapsed_at = ?4
                     where cause = ?1 and remark = ?2",
                )?
                .execute((cause.number, remark, entry.seq, entry.at))?;
        }
    }
    Ok(())
}

/// A cause that gained a record.
pub(super) struct Gained {
    pub(super) number: i64,
    pub(super) records: u64,
    pub(super) is_back: bool,
}

const COLUMNS: &str = "remark, seq, at, records, note, until, user, lapsed_seq, lapsed_at";

fn said(row: &Row<'_>) -> rusqlite::Result<Said> {
    let user: Option<u32> = row.get(6)?;
    let lapsed: Option<i64> = row.get(7)?;
    Ok(Said {
        remark: row.get(0)?,
        said: Moment {
            seq: row.get(1)?,
            at: row.get(2)?,
        },
        records: counted(row.get(3)?),
        note: row.get(4)?,
        until: row.get(5)?,
        by: user.map_or(By::Configuration, By::Operator),
        lapsed: match lapsed {
            Some(seq) => Some(Moment {
                seq,
                at: row.get(8)?,
            }),
            None => None,
        },
    })
}

/// What was said of a cause.
pub fn of(view: &View<'_>, cause: i64) -> anyhow::Result<Remarks> {
    let mut statement = view
        .sql()
        .prepare_cached(&format!("select {COLUMNS} from remarks where cause = ?1"))?;
    let rows = statement.query_map([cause], said)?;
    Ok(Remarks(rows.collect::<rusqlite::Result<_>>()?))
}
