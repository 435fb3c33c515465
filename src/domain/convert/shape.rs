//! A value in the shape that a kind of field holds.
//!
//! Knows kinds, not fields: lengths, scales and choices are the caller's.

use crate::domain::record::{Timestamp, Value};
use crate::domain::schema::Kind;

use super::decimal::Decimal;

const DAY_MS: i64 = 86_400_000;
const SECOND_MS: i64 = 1000;

/// Why a value has no shape of that kind: the code of the failure to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Misfit {
    NotANumber,
    NotABoolean,
    NotADate,
    NotATime,
    SeveralOptions,
    TypesDiffer,
}

impl Misfit {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::NotANumber => "not_a_number",
            Self::NotABoolean => "not_a_boolean",
            Self::NotADate => "not_a_date",
            Self::NotATime => "not_a_time",
            Self::SeveralOptions => "several_options",
            Self::TypesDiffer => "types_differ",
        }
    }

    pub(super) fn says(self) -> &'static str {
        match self {
            Self::NotANumber => "the value is not a number",
            Self::NotABoolean => "the value is neither true nor false",
            Self::NotADate => "the value is not a date, or has a time without a zone",
            Self::NotATime => "the value is not a time of day",
            Self::SeveralOptions => "several options are chosen, and the field takes one",
            Self::TypesDiffer => "the two fields hold things of different types",
        }
    }
}

/// `value` as a field of `kind` would hold it; blank stays blank.
pub(super) fn shape(value: &Value, kind: Kind) -> Result<Value, Misfit> {
    if is_blank(value) {
        return Ok(Value::Blank);
    }
    match kind {
        Kind::Text | Kind::LongText | Kind::Html | Kind::Phone | Kind::Url => {
            Ok(Value::Text(plain(value)))
        }
        Kind::Email => Ok(Value::Text(plain(value).trim().to_owned())),
        Kind::Number | Kind::Integer => number(value),
        Kind::Bool => boolean(value),
        Kind::Date => day(value),
        Kind::DateTime => instant(value),
        Kind::Time => time_of_day(value),
        Kind::Picklist => choice(value),
        Kind::MultiPicklist => Ok(several(value)),
        Kind::Reference | Kind::Id => id(value),
        Kind::Unsupported => Err(Misfit::TypesDiffer),
    }
}

/// How values of one kind of field go into another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carriage {
    /// All of them.
    Always,
    /// Those that happen to look like it: a text that is a number.
    Sometimes,
    /// None.
    Never,
}

/// How values of a field of kind `from` go into one of kind `to`: what `shape` does with values
/// that such a field can hold.
pub fn carriage(from: Kind, to: Kind) -> Carriage {
    if from == Kind::Unsupported {
        return Carriage::Never;
    }
    let samples = samples(from);
    let carried = samples.iter().filter(|value| shape(value, to).is_ok());
    match carried.count() {
        0 => Carriage::Never,
        all if all == samples.len() => Carriage::Always,
        _ => Carriage::Sometimes,
    }
}

/// Values that a field of that kind can hold, one of every look that [`shape`] tells apart.
fn samples(kind: Kind) -> Vec<Value> {
    const TEXTS: [&str; 6] = [
        "words",
        "7",
        "true",
        "2026-01-05",
        "2026-01-05T10:11:12Z",
        "10:11:12",
    ];
    let texts = || TEXTS.iter().map(|&text| Value::Text(text.to_owned()));
    match kind {
        Kind::Text
        | Kind::LongText
        | Kind::Html
        | Kind::Email
        | Kind::Phone
        | Kind::Url
        | Kind::Picklist
        | Kind::Reference
        | Kind::Id => texts().collect(),
        Kind::Number | Kind::Integer => vec![Value::Number("7".to_owned())],
        Kind::Bool => vec![Value::Bool(true)],
        Kind::Date => vec![Value::Date(2026, 1, 5)],
        Kind::DateTime => vec![Value::DateTime(Timestamp(0))],
        Kind::Time => texts().skip(5).collect(),
        Kind::MultiPicklist => vec![
            Value::Options(vec!["one".to_owned()]),
            Value::Options(vec!["one".to_owned(), "two".to_owned()]),
        ],
        Kind::Unsupported => Vec::new(),
    }
}

/// Whether there is nothing to carry: a list of blank options holds nothing either.
fn is_blank(value: &Value) -> bool {
    match value {
        Value::Options(options) => options.iter().all(|option| option.trim().is_empty()),
        Value::Blank
        | Value::Text(_)
        | Value::Number(_)
        | Value::Bool(_)
        | Value::Date(..)
        | Value::DateTime(_) => value.is_blank(),
    }
}

/// The value as text, the way people and both APIs write it.
pub fn plain(value: &Value) -> String {
    match value {
        Value::Blank => String::new(),
        Value::Text(text) => text.clone(),
        Value::Number(number) => {
            Decimal::parse(number).map_or_else(|| number.clone(), |number| number.to_string())
        }
        Value::Bool(yes) => yes.to_string(),
        Value::Date(year, month, day) => format!("{year:04}-{month:02}-{day:02}"),
        Value::DateTime(at) => {
            let second = at.0.div_euclid(SECOND_MS);
            jiff::Timestamp::from_second(second)
                .map_or_else(|_| second.to_string(), |at| at.to_string())
        }
        Value::Options(options) => options.join(";"),
    }
}

fn number(value: &Value) -> Result<Value, Misfit> {
    match value {
        Value::Text(text) | Value::Number(text) => Decimal::parse(text)
            .map(|number| Value::Number(number.to_string()))
            .ok_or(Misfit::NotANumber),
        Value::Blank
        | Value::Bool(_)
        | Value::Date(..)
        | Value::DateTime(_)
        | Value::Options(_) => Err(Misfit::TypesDiffer),
    }
}

fn boolean(value: &Value) -> Result<Value, Misfit> {
    match value {
        Value::Bool(yes) => Ok(Value::Bool(*yes)),
        Value::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" => Ok(Value::Bool(true)),
            "false" | "no" => Ok(Value::Bool(false)),
            _ => Err(Misfit::NotABoolean),
        },
        Value::Blank
        | Value::Number(_)
        | Value::Date(..)
        | Value::DateTime(_)
        | Value::Options(_) => Err(Misfit::TypesDiffer),
    }
}

fn day(value: &Value) -> Result<Value, Misfit> {
    match value {
        Value::Date(..) => Ok(value.clone()),
        Value::DateTime(at) => day_of(*at).ok_or(Misfit::NotADate),
        Value::Text(text) => read_day(text)
            .or_else(|| read_instant(text).and_then(day_of))
            .ok_or(Misfit::NotADate),
        Value::Blank | Value::Number(_) | Value::Bool(_) | Value::Options(_) => {
            Err(Misfit::TypesDiffer)
        }
    }
}

fn instant(value: &Value) -> Result<Value, Misfit> {
    let at = match value {
        Value::DateTime(at) => Some(*at),
        Value::Date(year, month, day) => midnight(*year, *month, *day),
        Value::Text(text) => read_instant(text).or_else(|| match read_day(text) {
            Some(Value::Date(year, month, day)) => midnight(year, month, day),
            Some(_) | None => None,
        }),
        Value::Blank | Value::Number(_) | Value::Bool(_) | Value::Options(_) => {
            return Err(Misfit::TypesDiffer);
        }
    };
    // Salesforce keeps no parts of a second, so none are carried: they could not come back.
    at.map(|at| {
        Value::DateTime(Timestamp(
            at.0.div_euclid(SECOND_MS).saturating_mul(SECOND_MS),
        ))
    })
    .ok_or(Misfit::NotADate)
}

fn midnight(year: i16, month: u8, day: u8) -> Option<Timestamp> {
    let month = i8::try_from(month).ok()?;
    let day = i8::try_from(day).ok()?;
    let date = jiff::civil::Date::new(year, month, day).ok()?;
    let epoch = jiff::civil::date(1970, 1, 1);
    let days = date.since(epoch).ok()?.get_days();
    Some(Timestamp(i64::from(days) * DAY_MS))
}

fn day_of(at: Timestamp) -> Option<Value> {
    let at = jiff::Timestamp::from_second(at.0.div_euclid(SECOND_MS)).ok()?;
    civil(jiff::tz::Offset::UTC.to_datetime(at).date())
}

fn civil(date: jiff::civil::Date) -> Option<Value> {
    let month = u8::try_from(date.month()).ok()?;
    let day = u8::try_from(date.day()).ok()?;
    Some(Value::Date(date.year(), month, day))
}

/// Reads `2026-01-05` and nothing longer: a time without a zone has two meanings.
fn read_day(text: &str) -> Option<Value> {
    let text = text.trim();
    if text.len() != "2026-01-05".len() {
        return None;
    }
    text.parse().ok().and_then(civil)
}

/// Reads an instant with its offset: `2026-01-05T10:11:12.000+0000`, `2026-01-05T10:11:12Z`.
fn read_instant(text: &str) -> Option<Timestamp> {
    let at: jiff::Timestamp = text.trim().parse().ok()?;
    Some(Timestamp(at.as_millisecond()))
}

fn time_of_day(value: &Value) -> Result<Value, Misfit> {
    let Value::Text(text) = value else {
        return Err(Misfit::TypesDiffer);
    };
    let text = text.trim();
    let text = text.strip_suffix(['Z', 'z']).unwrap_or(text);
    let time: jiff::civil::Time = text.parse().map_err(|_| Misfit::NotATime)?;
    Ok(Value::Text(format!(
        "{:02}:{:02}:{:02}.{:03}Z",
        time.hour(),
        time.minute(),
        time.second(),
        time.millisecond()
    )))
}

fn choice(value: &Value) -> Result<Value, Misfit> {
    match value {
        Value::Options(options) => match options.as_slice() {
            [only] => Ok(Value::Text(only.trim().to_owned())),
            [] | [_, _, ..] => Err(Misfit::SeveralOptions),
        },
        Value::Blank
        | Value::Text(_)
        | Value::Number(_)
        | Value::Bool(_)
        | Value::Date(..)
        | Value::DateTime(_) => Ok(Value::Text(plain(value).trim().to_owned())),
    }
}

/// The options in their order, each once; a text is read as a list parted by semicolons.
fn several(value: &Value) -> Value {
    let mut options: Vec<String> = Vec::new();
    for option in plain(value).split(';').map(str::trim) {
        if !option.is_empty() && !options.iter().any(|known| known == option) {
            options.push(option.to_owned());
        }
    }
    if options.is_empty() {
        Value::Blank
    } else {
        Value::Options(options)
    }
}

fn id(value: &Value) -> Result<Value, Misfit> {
    match value {
        Value::Text(text) => Ok(Value::Text(long_id(text.trim()))),
        Value::Number(_) => Ok(Value::Text(plain(value))),
        Value::Blank
        | Value::Bool(_)
        | Value::Date(..)
        | Value::DateTime(_)
        | Value::Options(_) => Err(Misfit::TypesDiffer),
    }
}

/// A Salesforce id in its 18-character form; every other text as it is.
///
/// The three characters appended say which of the 15 are capitals, five to a character
/// (salesforce.md §2.4). HubSpot's ids are digits only and never taken for short Salesforce ids.
pub fn long_id(text: &str) -> String {
    const MAP: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
    let short = text.len() == 15
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && text.bytes().any(|byte| byte.is_ascii_alphabetic());
    if !short {
        return text.to_owned();
    }
    let suffix = text.as_bytes().chunks(5).map(|chunk| {
        let capitals = chunk
            .iter()
            .enumerate()
            .filter(|(_, byte)| byte.is_ascii_uppercase())
            .fold(0_usize, |bits, (place, _)| bits | 1 << place);
        char::from(MAP[capitals])
    });
    text.chars().chain(suffix).collect()
}
