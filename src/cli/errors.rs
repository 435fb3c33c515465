//! `syncline errors` as it is typed: which errors, and what is said of a cause.

use jiff::ToSpan;
use jiff::civil::{Date, Time};

use super::args::{ErrorsVerb, Saying, Verb, Which};
use super::ask::{Place, numbered, object_named, word};
use super::handover;
use crate::clock::{Clock, SystemClock};
use crate::control::request::{self, Refusal, Request};
use crate::domain::event::Remark;
use crate::domain::record::{Side, Timestamp};
use crate::projections::errors::{Malformed, Mark, Order};

/// Hours of a day.
const DAY_H: u32 = 24;

const HOUR_MS: i64 = 3_600_000;

/// What a verb of `errors` asks.
pub(super) fn request(place: &Place, verb: &ErrorsVerb) -> Result<Request, Refusal> {
    Ok(match verb {
        ErrorsVerb::List {
            which: typed,
            limit,
            sort,
            after,
        } => Request::Errors {
            which: which(typed)?,
            order: sort
                .as_deref()
                .map(|text| word("order", text, Order::ALL, Order::key))
                .transpose()?,
            limit: *limit,
            after: after.as_deref().map(mark).transpose()?,
        },
        ErrorsVerb::Export { which: typed } => Request::Sheet {
            which: which(typed)?,
            after: None,
        },
        ErrorsVerb::Show {
            what,
            handover: true,
            ..
        } => Request::HandOver {
            number: numbered("C", what)?,
        },
        ErrorsVerb::Show { what, .. } => match numbered("C", what) {
            Ok(number) => Request::Cause { number },
            Err(_) => Request::Kind { slug: what.clone() },
        },
        ErrorsVerb::Ack(saying) => say(place, Remark::Acknowledged, saying)?,
        ErrorsVerb::Mute(saying) => say(place, Remark::Muted, saying)?,
    })
}

fn mark(text: &str) -> Result<Mark, Refusal> {
    text.parse()
        .map_err(|error: Malformed| Refusal::usage(error.to_string()))
}

/// Writes the sheet that goes with a ticket, where one is asked for.
pub(super) fn write_sheet(place: &Place, verb: &Verb) -> Result<(), Refusal> {
    if let Verb::Errors(errors) = verb
        && let Some(ErrorsVerb::Show {
            what,
            csv: Some(file),
            ..
        }) = &errors.verb
    {
        handover::sheet(place, numbered("C", what)?, file)?;
    }
    Ok(())
}

fn say(place: &Place, remark: Remark, typed: &Saying) -> Result<Request, Refusal> {
    let number = numbered("C", &typed.cause)?;
    if typed.drop {
        return Ok(Request::TakeBack { number, remark });
    }
    let until = typed.until.as_deref();
    Ok(Request::Say {
        number,
        saying: request::Saying {
            remark,
            note: typed.note.clone(),
            until: until.map(|text| end(place, text)).transpose()?,
        },
    })
}

/// The end of a day in the reader's zone, or so many hours or days from now.
fn end(place: &Place, text: &str) -> Result<Timestamp, Refusal> {
    let day: Result<Date, _> = text.parse();
    let Ok(day) = day else {
        let hours = hours(text).map_err(|_| {
            Refusal::usage(format!(
                "{text:?} is neither a day nor a length of time; write 2026-12-20, 12h or 7d"
            ))
        })?;
        let now = SystemClock::new().now();
        return Ok(now.plus(i64::from(hours) * HOUR_MS));
    };
    let next = day.checked_add(1.day());
    let midnight = next.and_then(|next| {
        let midnight = next.to_datetime(Time::midnight());
        place.zone.to_timestamp(midnight)
    });
    midnight
        .map(|midnight| Timestamp(midnight.as_millisecond()))
        .map_err(|error| Refusal::usage(error.to_string()))
}

/// Which errors are asked for, as they were typed.
pub(super) fn which(typed: &Which) -> Result<request::Which, Refusal> {
    let cause = typed.cause.as_deref();
    let to = typed.to.as_deref();
    Ok(request::Which {
        cause: cause.map(|text| numbered("C", text)).transpose()?,
        kind: typed.kind.clone(),
        object: typed.object.as_deref().map(object_named).transpose()?,
        to: to
            .map(|text| word("side", text, &Side::BOTH, Side::key))
            .transpose()?,
        older_h: typed.older.as_deref().map(hours).transpose()?,
    })
}

/// The hours of `12h` or `7d`.
fn hours(text: &str) -> Result<u32, Refusal> {
    let number = |unit| {
        text.strip_suffix(unit)
            .and_then(|digits: &str| digits.parse().ok())
    };
    let days = number('d').and_then(|days: u32| days.checked_mul(DAY_H));
    number('h').or(days).ok_or_else(|| {
        Refusal::usage(format!(
            "{text:?} is no age; write hours or days, such as 12h or 7d"
        ))
    })
}
