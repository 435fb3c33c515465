//! Every mail planned, how far it came, and what each recipient was last told.

use rusqlite::{OptionalExtension, Row};
use serde::{Deserialize, Serialize};

use crate::domain::call::keyed;
use crate::domain::event::{
    CauseState, DigestFailed, DigestPlanned, DigestSent, Entry, Slot, Stage, Told,
};
use crate::domain::failure::TextKey;
use crate::domain::record::{ObjectName, Side, Timestamp};
use crate::domain::schedule::Frequency;
use crate::store::columns::{count, counted, words};
use crate::store::{Tx, View};

keyed! {
    /// How far a mail came.
    State {
        /// Its bytes are fixed; it was not tried yet.
        Planned = "planned",
        /// The server has it.
        Sent = "sent",
        /// It is tried again.
        Failing = "failing",
        /// It was given up.
        Refused = "refused",
    }
}
words!(State, CauseState);

/// One mail.
#[derive(Debug, Clone, PartialEq)]
pub struct Mail {
    /// The slot it fills.
    pub slot: Slot,
    /// How far it came.
    pub state: State,
    /// Its Message-ID, without angle brackets.
    pub message_id: String,
    /// Key of its bytes in the annex.
    pub mail: TextKey,
    /// First and last seq it covers.
    pub covers: (i64, i64),
    /// When it was planned.
    pub planned_at: Timestamp,
    /// Tries so far.
    pub attempts: u32,
    /// When it was last tried.
    pub tried_at: Option<Timestamp>,
    /// How far the last failed dialogue came.
    pub stage: Option<Stage>,
    /// The server's last refusal, 0 for none.
    pub code: u16,
}

pub(super) fn planned(tx: &Tx<'_>, entry: &Entry, event: &DigestPlanned) -> anyhow::Result<()> {
    let slot = &event.slot;
    tx.sql()
        .prepare_cached(
            "insert into slots (recipient, frequency, due, state, message_id, mail, first_covered,
               last_covered, planned_seq, planned_at)
             values (?1, ?2, ?3, 'planned', ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute((
            slot.recipient,
            slot.frequency,
            &slot.due,
            &event.message_id,
            &event.mail,
            event.covers.0,
            event.covers.1,
            entry.seq,
            entry.at,
        ))?;
    for told in &event.told {
        tell(tx, entry, slot.recipient, told)?;
    }
    Ok(())
}

fn tell(tx: &Tx<'_>, entry: &Entry, recipient: i64, told: &Told) -> anyhow::Result<()> {
    let (subject, state, records) = subject(told);
    tx.sql()
        .prepare_cached(
            "insert into told (recipient, subject, state, records, seq, at)
             values (?1, ?2, ?3, ?4, ?5, ?6)
             on conflict do update set state = excluded.state, records = excluded.records,
               seq = excluded.seq, at = excluded.at",
        )?
        .execute((
            recipient,
            subject,
            state,
            count(records),
            entry.seq,
            entry.at,
        ))?;
    Ok(())
}

/// What is told of whom, in columns: subject, state, records.
fn subject(told: &Told) -> (String, &'static str, u64) {
    let suspension = |side: &Side| format!("suspension {}", side.key());
    let selection = |object: &ObjectName| format!("selection {object}");
    let budget = || "budget".to_owned();
    match told {
        Told::Cause(number, state, records) => (cause(*number), state.key(), *records),
        Told::Suspended(side) => (suspension(side), "suspended", 0),
        Told::Resumed(side) => (suspension(side), "resumed", 0),
        Told::Held(hold) => (format!("hold {hold}"), "held", 0),
        Told::Settled(hold) => (format!("hold {hold}"), "settled", 0),
        Told::SelectionHeld(object) => (selection(object), "held", 0),
        Told::SelectionGoes(object) => (selection(object), "goes", 0),
        Told::BudgetLow => (budget(), "low", 0),
        Told::BudgetEased => (budget(), "eased", 0),
        Told::BudgetExhausted => (budget(), "exhausted", 0),
        Told::BudgetFrees => (budget(), "frees", 0),
    }
}

fn cause(number: i64) -> String {
    format!("cause {number}")
}

pub(super) fn sent(tx: &Tx<'_>, entry: &Entry, event: &DigestSent) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached(
            "update slots set state = 'sent', attempts = ?2, tried_at = ?3 where message_id = ?1",
        )?
        .execute((&event.message_id, event.attempt, entry.at))?;
    Ok(())
}

pub(super) fn failed(tx: &Tx<'_>, entry: &Entry, event: &DigestFailed) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached(
            "update slots set state = iif(?2, 'failing', 'refused'), attempts = ?3, tried_at = ?4,
               stage = ?5, code = ?6 where message_id = ?1",
        )?
        .execute((
            &event.message_id,
            event.again,
            event.attempt,
            entry.at,
            event.stage,
            event.code,
        ))?;
    Ok(())
}

const COLUMNS: &str = "recipient, frequency, due, state, message_id, mail, first_covered,
    last_covered, planned_at, attempts, tried_at, stage, coalesce(code, 0)";

fn mail(row: &Row<'_>) -> rusqlite::Result<Mail> {
    Ok(Mail {
        slot: Slot {
            recipient: row.get(0)?,
            frequency: row.get(1)?,
            due: row.get(2)?,
        },
        state: row.get(3)?,
        message_id: row.get(4)?,
        mail: row.get(5)?,
        covers: (row.get(6)?, row.get(7)?),
        planned_at: row.get(8)?,
        attempts: row.get(9)?,
        tried_at: row.get(10)?,
        stage: row.get(11)?,
        code: row.get(12)?,
    })
}

/// The mail that fills a slot; none while it is free.
pub fn get(view: &View<'_>, slot: &Slot) -> anyhow::Result<Option<Mail>> {
    Ok(view
        .sql()
        .prepare_cached(&format!(
            "select {COLUMNS} from slots where recipient = ?1 and frequency = ?2 and due = ?3"
        ))?
        .query_row((slot.recipient, slot.frequency, &slot.due), mail)
        .optional()?)
}

/// The mail planned last for a recipient at a frequency: what the next one is counted from.
pub fn last(view: &View<'_>, recipient: i64, frequency: Frequency) -> anyhow::Result<Option<Mail>> {
    Ok(view
        .sql()
        .prepare_cached(&format!(
            "select {COLUMNS} from slots where recipient = ?1 and frequency = ?2
             order by planned_seq desc limit 1"
        ))?
        .query_row((recipient, frequency), mail)
        .optional()?)
}

/// The mail planned last for a recipient, at whatever frequency.
pub fn last_of(view: &View<'_>, recipient: i64) -> anyhow::Result<Option<Mail>> {
    Ok(view
        .sql()
        .prepare_cached(&format!(
            "select {COLUMNS} from slots where recipient = ?1 order by planned_seq desc limit 1"
        ))?
        .query_row([recipient], mail)
        .optional()?)
}

/// Mails that still have to go out, in the order in which they were planned.
pub fn unsent(view: &View<'_>) -> anyhow::Result<Vec<Mail>> {
    let mut statement = view.sql().prepare_cached(&format!(
        "select {COLUMNS} from slots where state in ('planned', 'failing') order by planned_seq"
    ))?;
    let rows = statement.query_map([], mail)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Mail that does not get out.
#[derive(Debug, Clone, PartialEq)]
pub struct Dead {
    /// The mail that waits longest.
    pub first: Mail,
    /// How many wait.
    pub waiting: u64,
}

/// How long a mail may wait, while none gets out, before it is not its recipient's server alone.
const PATIENCE_MS: i64 = 3_600_000;

/// Whether mail itself is dead: the server cannot be reached or refuses us, more than once and with
/// no mail taken since, or none at all was taken for an hour.
pub fn dead(view: &View<'_>) -> anyhow::Result<Option<Dead>> {
    let mut waiting = unsent(view)?;
    waiting.retain(|mail| mail.state == State::Failing);
    let sent: Option<Timestamp> = view
        .sql()
        .prepare_cached("select max(tried_at) from slots where state = 'sent'")?
        .query_row([], |row| row.get(0))?;
    let is_dead = waiting.iter().any(|mail| {
        let none_since = |at: Timestamp| sent.is_none_or(|sent| sent < at);
        let shut_out = match mail.stage {
            Some(Stage::Connect | Stage::Hello) => mail.attempts > 1,
            Some(Stage::Envelope | Stage::Data) | None => false,
        };
        let refused_now = shut_out && mail.tried_at.is_some_and(none_since);
        let age = view.now().since(mail.planned_at);
        refused_now || (age > PATIENCE_MS && none_since(mail.planned_at))
    });
    let number = waiting.len() as u64;
    let first = waiting.into_iter().next().filter(|_| is_dead);
    Ok(first.map(|first| Dead {
        first,
        waiting: number,
    }))
}

/// Mails at a frequency planned for a recipient after `since`: few, because only so many go out in
/// an hour.
pub fn planned_since(
    view: &View<'_>,
    recipient: i64,
    frequency: Frequency,
    since: Timestamp,
) -> anyhow::Result<Vec<Mail>> {
    let mut statement = view.sql().prepare_cached(&format!(
        "select {COLUMNS} from slots
         where recipient = ?1 and frequency = ?2 and planned_at > ?3 order by planned_seq"
    ))?;
    let rows = statement.query_map((recipient, frequency, since), mail)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The last mails planned, newest first, at most a page.
pub fn recent(view: &View<'_>) -> anyhow::Result<Vec<Mail>> {
    let mut statement = view.sql().prepare_cached(&format!(
        "select {COLUMNS} from slots order by planned_seq desc limit ?1"
    ))?;
    let rows = statement.query_map([view.page_max()], mail)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// What a recipient was last told of a cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToldCause {
    /// Its state.
    pub state: CauseState,
    /// The records it then had.
    pub records: u64,
    /// The entry that planned the mail.
    pub seq: i64,
    /// When that was.
    pub at: Timestamp,
}

/// What a recipient was last told of cause `number`; none when never.
pub fn told_cause(
    view: &View<'_>,
    recipient: i64,
    number: i64,
) -> anyhow::Result<Option<ToldCause>> {
    Ok(view
        .sql()
        .prepare_cached(
            "select state, records, seq, at from told where recipient = ?1 and subject = ?2",
        )?
        .query_row((recipient, cause(number)), |row| {
            Ok(ToldCause {
                state: row.get(0)?,
                records: counted(row.get(1)?),
                seq: row.get(2)?,
                at: row.get(3)?,
            })
        })
        .optional()?)
}

/// Whether the last thing a recipient was told of this subject is what `told` says.
pub fn was_told(view: &View<'_>, recipient: i64, told: &Told) -> anyhow::Result<bool> {
    let (subject, word, _) = subject(told);
    Ok(view
        .sql()
        .prepare_cached(
            "select exists (select 1 from told
               where recipient = ?1 and subject = ?2 and state = ?3)",
        )?
        .query_row((recipient, subject, word), |row| row.get(0))?)
}

/// The objects whose list or condition a recipient was last told to be in doubt.
pub fn selections_told(view: &View<'_>, recipient: i64) -> anyhow::Result<Vec<ObjectName>> {
    let mut statement = view.sql().prepare_cached(
        "select substr(subject, 11) from told
         where recipient = ?1 and state = 'held' and subject like 'selection %' order by subject",
    )?;
    let objects = statement.query_map([recipient], |row| row.get(0))?;
    Ok(objects.collect::<rusqlite::Result<_>>()?)
}

/// When a recipient was told this, if it is the last thing told of its subject.
pub fn told_at(view: &View<'_>, recipient: i64, told: &Told) -> anyhow::Result<Option<Timestamp>> {
    let (subject, word, _) = subject(told);
    Ok(view
        .sql()
        .prepare_cached("select at from told where recipient = ?1 and subject = ?2 and state = ?3")?
        .query_row((recipient, subject, word), |row| row.get(0))
        .optional()?)
}
