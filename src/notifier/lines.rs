//! Causes as a reader is told them.

use jiff::tz::TimeZone;

use super::Teller;
use crate::annex;
use crate::domain::catalogue::WhoFixes;
use crate::domain::digest::{
    ATTACHED_BYTES_MAX, CauseLine, CurrentCause, ErrorRow, LineState, Said, Ticket, ToldCause,
    Trend, count, thousands,
};
use crate::domain::event::{CauseState, RecipientSetting, Remark};
use crate::domain::failure::System;
use crate::domain::record::Timestamp;
use crate::domain::retry::RetryClass;
use crate::projections::causes::{self, Cause};
use crate::projections::errors::{self, Filter, OpenError, Place};
use crate::projections::links::Links;
use crate::projections::{handover, pairs, remarks, slots, wording};
use crate::store::View;

/// Records linked to as examples.
const EXAMPLES_MAX: usize = 3;

/// Causes told of which a ticket goes along.
const TICKETS_MAX: usize = 3;

/// No row of the sheet is shorter than this, in bytes: so many errors need not be looked at to know
/// that they are too many.
const ROW_BYTES_MIN: u64 = 100;

/// Over how long the pace of a growing cause is measured at most; below the half of a minute's
/// worth nothing is claimed.
const PACE_OVER_MS: i64 = 600_000;
const PACE_HALF_MIN_MS: i64 = 15_000;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 86_400_000;

/// A reader's way of saying when and where.
pub(super) struct Reader<'a> {
    pub(super) teller: &'a Teller,
    pub(super) zone: TimeZone,
    pub(super) zone_name: &'a str,
    pub(super) now: Timestamp,
}

impl Reader<'_> {
    fn local(&self, at: Timestamp, form: &str) -> String {
        jiff::Timestamp::from_millisecond(at.0)
            .map(|at| self.zone.to_datetime(at).strftime(form).to_string())
            .unwrap_or_default()
    }

    /// `Tuesday 17 November 2026, 08:00 Europe/Rome`
    pub(super) fn long(&self, at: Timestamp) -> String {
        format!(
            "{} {}",
            self.local(at, "%A %-d %B %Y, %H:%M"),
            self.zone_name
        )
    }

    /// `Mon 16:42` within a week, else `3 Nov`.
    pub(super) fn short(&self, at: Timestamp) -> String {
        if self.now.since(at) < 6 * DAY_MS {
            self.local(at, "%a %H:%M")
        } else {
            self.local(at, "%-d %b")
        }
    }

    /// `12 Oct`, of a day counted in UTC.
    pub(super) fn day(at: Timestamp) -> String {
        jiff::Timestamp::from_millisecond(at.0)
            .map(|at| at.strftime("%-d %b").to_string())
            .unwrap_or_default()
    }

    /// `20 Nov` for what ends with that day, else with its time.
    fn end(&self, at: Timestamp) -> String {
        if self.local(at, "%H:%M:%S") == "00:00:00" {
            self.local(at.plus(-1), "%-d %b")
        } else {
            self.local(at, "%-d %b %H:%M")
        }
    }
}

/// Whether a reader asked for causes of this kind.
pub(super) fn concerns(view: &View<'_>, recipient: &RecipientSetting, cause: &Cause) -> bool {
    let all_or =
        |list: &[String], word: &str| list.is_empty() || list.iter().any(|one| one == word);
    let objects = &recipient.objects;
    let Some(kind) = wording::kind(view, cause) else {
        return true;
    };
    all_or(&recipient.who_fixes, kind.who_fixes.key())
        && all_or(&recipient.types, kind.slug.as_str())
        && (objects.is_empty() || objects.contains(&cause.fingerprint.object))
}

/// One cause as told to a reader. `records` are those told, which for a resolved one are gone.
pub(super) fn line(
    view: &View<'_>,
    reader: &Reader<'_>,
    cause: &Cause,
    state: LineState,
    records: u64,
    records_told: Option<u64>,
) -> anyhow::Result<CauseLine> {
    let kind = wording::kind(view, cause);
    let filter = Filter {
        cause: Some(cause.number),
        ..Filter::default()
    };
    let page = errors::first(view, &filter, EXAMPLES_MAX)?;
    let examples = examples(view, cause, &page)?;
    let messages = wording::messages(view, cause)?;
    let per_minute = per_minute(view, cause)?;
    let who = kind.map(|kind| role(kind.who_fixes)).unwrap_or_default();
    let opened = cause.since().at;
    let ended = cause.resolved.map_or(reader.now, |resolved| resolved.at);
    Ok(CauseLine {
        number: cause.number,
        state,
        sentence: wording::sentence(view, cause)?,
        detail: also_said(&messages),
        said: Some(Said {
            system: page.first().map_or_else(
                || cause.fingerprint.side.to_string(),
                |error| system(error).to_owned(),
            ),
            code: cause.fingerprint.code.clone(),
            fields: cause
                .fingerprint
                .field
                .iter()
                .map(ToString::to_string)
                .collect(),
            message: messages.into_iter().next().map(|(message, _)| message),
        }),
        records,
        records_told,
        per_minute,
        since: reader.short(opened),
        resolved: cause
            .resolved
            .or(cause.back)
            .map(|moment| reader.short(moment.at)),
        open_days: u32::try_from(ended.since(opened) / DAY_MS).unwrap_or(0),
        trend: trend(view, cause, per_minute)?,
        meaning: kind.map(|kind| kind.meaning.clone()).unwrap_or_default(),
        fix: kind.map(|kind| kind.fix.clone()).unwrap_or_default(),
        who_fixes: who.to_owned(),
        again: kind.map(|kind| again(&kind.retry, records).to_owned()),
        note: note(view, reader, cause)?,
        examples,
    })
}

/// What people said of it: `SFADM-812, until 20 Nov`.
fn note(view: &View<'_>, reader: &Reader<'_>, cause: &Cause) -> anyhow::Result<Option<String>> {
    let remarks = remarks::of(view, cause.number)?;
    let mut said = Vec::new();
    for remark in Remark::ALL {
        let Some(one) = remarks.in_force(*remark, cause, view.now()) else {
            continue;
        };
        let noted = match &one.note {
            Some(key) => annex::text(view, key)?,
            None => None,
        };
        let until = one
            .until
            .map(|until| format!("until {}", reader.end(until)));
        // A note says by itself that somebody works on it.
        let word = match (remark, &noted) {
            (Remark::Acknowledged, Some(_)) => None,
            (Remark::Acknowledged | Remark::Muted, _) => Some(remark.to_string()),
        };
        let words = [word, noted, until].into_iter().flatten();
        said.push(words.collect::<Vec<_>>().join(", "));
    }
    Ok((!said.is_empty()).then(|| said.join("; ")))
}

/// Whether nobody is to be told of it.
pub(super) fn is_muted(view: &View<'_>, cause: &Cause) -> anyhow::Result<bool> {
    let remarks = remarks::of(view, cause.number)?;
    Ok(remarks.in_force(Remark::Muted, cause, view.now()).is_some())
}

/// A cause as it is for a digest, which says of a side itself that it stands still and leaves
/// nothing out.
pub(super) fn current(view: &View<'_>, cause: &Cause) -> anyhow::Result<CurrentCause> {
    Ok(CurrentCause {
        records: cause.records,
        muted: is_muted(view, cause)?,
        suspended: false,
    })
}

/// What a reader was last told of a cause. Its end, told nobody because it was muted, counts as
/// told once it is back: it is back then, and not as it was.
pub(super) fn told_of(
    view: &View<'_>,
    recipient: i64,
    cause: &Cause,
) -> anyhow::Result<Option<ToldCause>> {
    let Some(told) = slots::told_cause(view, recipient, cause.number)? else {
        return Ok(None);
    };
    let ended = remarks::of(view, cause.number)?.hid_the_end(cause, told.seq);
    Ok(Some(ToldCause {
        state: if ended {
            CauseState::Resolved
        } else {
            told.state
        },
        records: told.records,
    }))
}

/// Who fixes it, in full: a mail has the room that a table lacks.
fn role(who: WhoFixes) -> &'static str {
    match who {
        WhoFixes::SalesforceAdmin => "Salesforce admin",
        WhoFixes::HubSpotAdmin => "HubSpot admin",
        WhoFixes::RevOps | WhoFixes::Operator => who.title(),
    }
}

/// Who gave the verdict: the CRM, or our own check before a call.
fn system(error: &OpenError) -> &'static str {
    let system = match error.known {
        crate::domain::event::Known::Answered => System::from(error.to),
        crate::domain::event::Known::Certain | crate::domain::event::Known::Likely => {
            System::Syncline
        }
    };
    match system {
        System::HubSpot => "HubSpot",
        System::Salesforce => "Salesforce",
        System::Syncline => "Syncline's check",
    }
}

/// Records that join a minute, while they keep joining: the rate of the younger half of the last
/// minutes. A burst that is over has nothing in that half and is no growth.
fn per_minute(view: &View<'_>, cause: &Cause) -> anyhow::Result<Option<u64>> {
    let now = view.now();
    let half_ms = now.since(cause.since().at).min(PACE_OVER_MS) / 2;
    if half_ms < PACE_HALF_MIN_MS {
        return Ok(None);
    }
    let joined = |ago_ms: i64| errors::joined(view, cause.number, now.plus(-ago_ms));
    let young = joined(half_ms)?;
    if joined(2 * half_ms)? == young {
        return Ok(None);
    }
    let half = half_ms.unsigned_abs();
    let rate = (young.saturating_mul(60_000) + half / 2) / half;
    Ok(Some(rate).filter(|rate| *rate > 0))
}

/// Growing while records keep joining, or joined within the last hour and others did not.
fn trend(view: &View<'_>, cause: &Cause, per_minute: Option<u64>) -> anyhow::Result<Trend> {
    let young = errors::joined(view, cause.number, view.now().plus(-HOUR_MS))?;
    let grows = per_minute.is_some() || (young > 0 && young < cause.records);
    Ok(if grows { Trend::Growing } else { Trend::Steady })
}

/// What errors of one cause say where not all say the same; the message most often said is shown
/// by itself. Where each names its own record, none is worth counting.
fn also_said(messages: &[(String, u64)]) -> Option<String> {
    let ((_, most), others) = messages.split_first()?;
    if *most == 1 {
        return None;
    }
    let said = match others {
        [] => return None,
        [(text, records)] => format!("of {}: \"{text}\"", thousands(*records)),
        _ => {
            let records = others.iter().map(|(_, records)| records).sum();
            format!("{} other messages on {}", others.len(), thousands(records))
        }
    };
    Some(format!("Said of {}; {said}.", count(*most, "record")))
}

fn again(classes: &[RetryClass], records: u64) -> &'static str {
    let config = classes.contains(&RetryClass::Config);
    let data = config || classes.contains(&RetryClass::Data);
    match (config, data, records) {
        (true, _, 1) => "it is tried again when it changes, and every few hours",
        (true, _, _) => "each is tried again when it changes, and one of them every few hours",
        (false, true, 1) => "it is tried again when it changes",
        (false, true, _) => "each is tried again when it changes",
        (false, false, 1) => "it is tried again when a person asks",
        (false, false, _) => "each is tried again when a person asks",
    }
}

/// Links to where the fix is made: the source first.
fn examples(view: &View<'_>, cause: &Cause, errors: &[OpenError]) -> anyhow::Result<Vec<String>> {
    let source = cause.fingerprint.side.other();
    let links = Links::of(view)?;
    let mut examples = Vec::new();
    for error in errors {
        if let Some(pair) = pairs::get(view, error.record)? {
            examples.extend(links.record(source, &pair.ids));
        }
    }
    Ok(examples)
}

/// Tickets of causes told that an admin of either side mends, the largest first.
pub(super) fn tickets(
    view: &View<'_>,
    reader: &Reader<'_>,
    lines: &[CauseLine],
) -> anyhow::Result<Vec<Ticket>> {
    let mut tickets = Vec::new();
    for line in lines {
        let told = match line.state {
            LineState::News(state) => state != CauseState::Resolved,
            LineState::StillOpen => false,
        };
        let Some(cause) = causes::get(view, line.number)?.filter(|_| told) else {
            continue;
        };
        let admins = wording::kind(view, &cause).is_some_and(|kind| match kind.who_fixes {
            WhoFixes::SalesforceAdmin | WhoFixes::HubSpotAdmin => true,
            WhoFixes::RevOps | WhoFixes::Operator => false,
        });
        if !admins {
            continue;
        }
        let stamp = |at| reader.local(at, "%Y-%m-%d %H:%M:%S");
        let text = handover::hand_over(view, &cause)?.text(reader.zone_name, stamp);
        tickets.push(Ticket {
            number: line.number,
            who: line.who_fixes.clone(),
            lines: text.lines().map(str::to_owned).collect(),
        });
        if tickets.len() == TICKETS_MAX {
            break;
        }
    }
    Ok(tickets)
}

/// Every open error of these causes as rows to attach; none when they are too many for a mail.
pub(super) fn rows(
    view: &View<'_>,
    reader: &Reader<'_>,
    numbers: &[i64],
) -> anyhow::Result<Vec<ErrorRow>> {
    let room = ATTACHED_BYTES_MAX as u64 / ROW_BYTES_MIN;
    let mut errors_of_all = 0_u64;
    for number in numbers {
        errors_of_all += causes::get(view, *number)?.map_or(0, |cause| cause.records);
    }
    if errors_of_all > room {
        return Ok(Vec::new());
    }
    let mut sheet = errors::Rows::of(view, reader.teller.names)?;
    let (mut rows, mut bytes) = (Vec::new(), 0);
    for number in numbers {
        let filter = Filter {
            cause: Some(*number),
            ..Filter::default()
        };
        let mut place = Place::start();
        loop {
            let page = errors::list(view, &filter, &place)?;
            let Some(last) = page.last() else { break };
            place = Place::behind(last);
            for error in &page {
                let row = sheet.row(error)?;
                bytes += row.bytes();
                if bytes > ATTACHED_BYTES_MAX {
                    return Ok(Vec::new());
                }
                rows.push(row);
            }
        }
    }
    Ok(rows)
}
