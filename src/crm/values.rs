//! How both sides write instants, days and numbers, and how URLs write anything.
//!
//! Knows no field: what a field holds is its schema's word.

use jiff::fmt::rfc2822::DateTimeParser;

use crate::domain::record::{Timestamp, Value};

/// Reads `2026-01-05T10:11:12.000+0000`, `…Z`, and any other ISO 8601 instant.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    let parsed: jiff::Timestamp = text.trim().parse().ok()?;
    Some(Timestamp(parsed.as_millisecond()))
}

/// Reads an ISO instant or Unix milliseconds.
pub(super) fn instant_or_ms(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    text.parse().ok().map(Timestamp).or_else(|| instant(text))
}

/// Writes an instant as `2026-01-05T10:11:12Z`, with milliseconds where there are any.
pub(super) fn iso(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0)
        .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
        .to_string()
}

/// Reads an HTTP date: `Wed, 21 Oct 2026 07:28:00 GMT`.
pub(super) fn http_date(text: &str) -> Option<Timestamp> {
    let parsed = DateTimeParser::new().parse_timestamp(text.trim()).ok()?;
    Some(Timestamp(parsed.as_millisecond()))
}

/// Reads `2026-01-05`.
pub(super) fn day(text: &str) -> Option<Value> {
    let date: jiff::civil::Date = text.trim().parse().ok()?;
    let month = u8::try_from(date.month()).ok()?;
    let day = u8::try_from(date.day()).ok()?;
    Some(Value::Date(date.year(), month, day))
}

/// The day an instant falls on in UTC, as HubSpot gives dates in its milliseconds form.
pub(super) fn day_of(at: Timestamp) -> Option<Value> {
    day(iso(at).get(..10)?)
}

/// Writes a day as `2026-01-05`.
pub(super) fn iso_day(year: i16, month: u8, day: u8) -> String {
    format!("{year:04}-{month:02}-{day:02}")
}

/// Milliseconds from `now` to the next midnight in the named zone; an hour for an unknown zone.
pub(super) fn until_midnight_ms(now: Timestamp, zone: &str) -> i64 {
    const HOUR: i64 = 3_600_000;
    let next = || {
        let zone = jiff::tz::TimeZone::get(zone).ok()?;
        let here = jiff::Timestamp::from_millisecond(now.0)
            .ok()?
            .to_zoned_datetime(zone);
        let midnight = here.tomorrow().ok()?.start_of_day().ok()?;
        Some(midnight.timestamp().as_millisecond() - now.0)
    };
    next().unwrap_or(HOUR)
}

/// A number in plain notation with the digits it came with: `1.0E7` becomes `10000000`, `-12.50`
/// stays. `None` when the text is no decimal number.
pub(super) fn plain_decimal(text: &str) -> Option<String> {
    let text = text.trim();
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (sign, digits) = match mantissa.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", mantissa.strip_prefix('+').unwrap_or(mantissa)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all: String = [whole, fraction].concat();
    if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) || exponent.abs() > 400 {
        return None;
    }
    if exponent == 0 {
        let point = if fraction.is_empty() { "" } else { "." };
        let whole = if whole.is_empty() { "0" } else { whole };
        return Some(format!("{sign}{whole}{point}{fraction}"));
    }
    Some(format!("{sign}{}", shifted(&all, whole.len(), exponent)))
}

/// `digits` with the point moved: it stood after `whole` digits and moves `exponent` to the right.
fn shifted(digits: &str, whole: usize, exponent: i32) -> String {
    let point = i32::try_from(whole).unwrap_or(i32::MAX) + exponent;
    let length = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or(0));
    let text = if point <= 0 {
        format!("0.{}{digits}", zeros(-point))
    } else if point >= length {
        format!("{digits}{}", zeros(point - length))
    } else {
        let (whole, fraction) = digits.split_at(usize::try_from(point).unwrap_or(0));
        format!("{whole}.{fraction}")
    };
    // An exponent form has no digits of its own to keep: `1.05E1` is 10.5, and `1.0E-1` is 0.10.
    let trimmed = text.trim_start_matches('0');
    if trimmed.is_empty() || trimmed.starts_with('.') {
        format!("0{trimmed}")
    } else {
        trimmed.to_owned()
    }
}

/// Percent-encodes everything but unreserved characters: fit for paths, queries and forms.
pub(super) fn percent(text: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    out
}

/// Splits `a;b` into its parts, blanks left out.
pub(super) fn options(text: &str) -> Value {
    let parts: Vec<String> = text
        .split(';')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect();
    if parts.is_empty() {
        Value::Blank
    } else {
        Value::Options(parts)
    }
}
