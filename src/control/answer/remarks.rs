//! What people say of causes: that somebody works on one, or that nobody is to be told of it.

use super::errors::known_cause;
use super::{done, refuse, unwrap};
use crate::annex;
use crate::control::report::{RemarkLine, Report};
use crate::control::request::{Refusal, Saying};
use crate::domain::digest::{count, duration, grown_at, thousands};
use crate::domain::event::{By, CauseAcknowledged, CauseMuted, CauseReleased, Event, Remark};
use crate::projections;
use crate::projections::causes::Cause;
use crate::projections::remarks::{self, Said};
use crate::store::{Store, View};

/// Characters of a note: the key of a ticket and a few words, as the last column of a mail holds.
const NOTE_MAX: usize = 80;

/// Says it of an open cause; of one that is over there is nothing to say.
pub(super) async fn say(
    store: &Store,
    number: i64,
    saying: Saying,
    by: By,
) -> Result<Report, Refusal> {
    let note = noted(&saying)?;
    store
        .write(move |tx| {
            let cause = known_cause(tx, number)?;
            if cause.records == 0 {
                return Ok(done(format!(
                    "C-{number} is resolved: no record fails by it, so nothing was noted"
                )));
            }
            if let Some(until) = saying.until.filter(|until| *until <= tx.now()) {
                let ms = tx.now().since(until);
                return Err(refuse(Refusal::usage(format!(
                    "that is over since {}; name a day to come",
                    duration(ms)
                ))));
            }
            let note = match &note {
                Some(note) => Some(annex::remember_text(tx, note)?),
                None => None,
            };
            let (records, until) = (cause.records, saying.until);
            let event: Event = match saying.remark {
                Remark::Acknowledged => CauseAcknowledged {
                    number,
                    records,
                    note,
                    until,
                    by,
                }
                .into(),
                Remark::Muted => CauseMuted {
                    number,
                    records,
                    note,
                    until,
                    by,
                }
                .into(),
            };
            projections::append(tx, None, event)?;
            let lasts_ms = until.map(|until| until.since(tx.now()));
            Ok(done(consequence(&cause, saying.remark, lasts_ms)))
        })
        .await
        .map_err(unwrap)
}

/// The note on one line; none when nothing was noted.
fn noted(saying: &Saying) -> Result<Option<String>, Refusal> {
    let words: Vec<&str> = saying
        .note
        .as_deref()
        .map(|note| note.split_whitespace().collect())
        .unwrap_or_default();
    let note = words.join(" ");
    let length = note.chars().count();
    if length > NOTE_MAX {
        return Err(Refusal::usage(format!(
            "a note has at most {NOTE_MAX} characters and this one {length}; name the ticket and \
             write the rest there"
        )));
    }
    Ok((!note.is_empty()).then_some(note))
}

fn consequence(cause: &Cause, remark: Remark, lasts_ms: Option<i64>) -> String {
    let lasts = lasts_ms.map(|ms| format!("for {} at most, ", duration(ms)));
    let ends = format!(
        "{}until {} records fail by it, or it is resolved and comes back",
        lasts.unwrap_or_default(),
        thousands(grown_at(cause.records))
    );
    let (number, records) = (cause.number, count(cause.records, "record"));
    match remark {
        Remark::Acknowledged => {
            format!("C-{number} ({records}) is acknowledged: lists and mails say so, {ends}")
        }
        Remark::Muted => {
            format!("C-{number} ({records}) is muted: no mail is sent because of it, {ends}")
        }
    }
}

/// Takes it back.
pub(super) async fn take_back(
    store: &Store,
    number: i64,
    remark: Remark,
    by: By,
) -> Result<Report, Refusal> {
    store
        .write(move |tx| {
            let cause = known_cause(tx, number)?;
            let said = remarks::of(tx, number)?;
            if said.in_force(remark, &cause, tx.now()).is_none() {
                return Ok(done(format!("C-{number} is not {remark}")));
            }
            let event = CauseReleased { number, remark, by };
            projections::append(tx, None, event)?;
            Ok(done(format!("C-{number} is no longer {remark}")))
        })
        .await
        .map_err(unwrap)
}

/// What is in force of what was said of a cause, for lists.
pub(super) fn lines(view: &View<'_>, cause: &Cause) -> anyhow::Result<Vec<RemarkLine>> {
    let said = remarks::of(view, cause.number)?;
    let in_force = Remark::ALL
        .iter()
        .filter_map(|remark| said.in_force(*remark, cause, view.now()));
    in_force.map(|said| line(view, said)).collect()
}

fn line(view: &View<'_>, said: &Said) -> anyhow::Result<RemarkLine> {
    let note = match &said.note {
        Some(key) => annex::text(view, key)?,
        None => None,
    };
    Ok(RemarkLine {
        remark: said.remark,
        note,
        since: said.said.at,
        until: said.until,
        by: said.by.user(),
    })
}
