//! One value against one property: the value as it will be stored, or why not.
//!
//! Knows nothing of other records: uniqueness is asked elsewhere.

use super::owner::Owners;
use super::pipeline;
use super::property::{Kind, Property};
use super::refusal::BadProperty;
use super::route::Generation;
use super::settings::{NullMeans, Settings};
use super::table::EMAIL;
use crate::simulator::stamp;
use serde_json::{Value, json};

/// Longest text a property takes.
const TEXT_MAX: usize = 65_536;
/// Endings that no address in the world has, and that people type.
const NO_DOMAINS: [&str; 8] = [
    "con",
    "cmo",
    "local",
    "localhost",
    "lan",
    "internal",
    "corp",
    "invalid",
];

/// What a value is checked against besides its property.
#[derive(Debug)]
pub struct Portal<'a> {
    /// The portal's switches.
    pub settings: &'a Settings,
    /// Who may own records.
    pub owners: &'a Owners,
    /// By which paths the value came.
    pub generation: Generation,
}

/// A value as it will be stored.
#[derive(Debug, PartialEq)]
pub struct Accepted {
    /// The canonical form; empty clears.
    pub value: String,
    /// A note for the answer, where the value was put right.
    pub warning: Option<Value>,
}

/// The text of a JSON value; `Ok(None)` means "leave it as it is".
pub fn text_of(value: &Value, settings: &Settings) -> Result<Option<String>, String> {
    match value {
        Value::String(text) => Ok(Some(text.clone())),
        Value::Number(number) => Ok(Some(number.to_string())),
        Value::Bool(truth) => Ok(Some(truth.to_string())),
        Value::Null => match settings.null_means {
            NullMeans::Cleared => Ok(Some(String::new())),
            NullMeans::Ignored => Ok(None),
        },
        Value::Array(_) | Value::Object(_) => {
            Err("Invalid input JSON on line 1, column 1: Cannot \
             deserialize value of type `java.lang.String` from Object value"
                .to_owned())
        }
    }
}

/// Checks `raw` and brings it into the stored form; `before` is what the record holds now.
pub fn accept(
    property: &Property,
    raw: &str,
    before: &str,
    portal: &Portal<'_>,
) -> Result<Accepted, BadProperty> {
    if raw.is_empty() {
        return Ok(plain(String::new()));
    }
    if property.name == "hubspot_owner_id" {
        return owner(property, raw, portal);
    }
    if matches!(property.name.as_str(), pipeline::PIPELINE | pipeline::STAGE) {
        // Whether it fits is seen from the whole record, not from one value.
        return Ok(plain(raw.to_owned()));
    }
    match property.kind {
        Kind::Text if property.name == EMAIL => email(property, raw),
        Kind::Text => text(property, raw),
        Kind::Number => number(property, raw, portal.settings),
        Kind::Bool => boolean(property, raw),
        Kind::Date => date(property, raw, portal.generation),
        Kind::DateTime => match stamp::parse(raw) {
            Some(at) => Ok(plain(stamp::iso(at))),
            None => Err(bad_date(property, raw)),
        },
        Kind::Enumeration if property.is_multiple() => several(property, raw, before),
        Kind::Enumeration => option(property, raw).map(|()| plain(raw.to_owned())),
    }
}

fn plain(value: String) -> Accepted {
    Accepted {
        value,
        warning: None,
    }
}

fn owner(property: &Property, raw: &str, portal: &Portal<'_>) -> Result<Accepted, BadProperty> {
    if portal.owners.may_own(raw.trim(), portal.settings) {
        return Ok(plain(raw.trim().to_owned()));
    }
    let message = format!("Owner {raw} does not exist");
    Err(BadProperty::new(
        &property.name,
        &portal.settings.bad_owner_code,
        message,
    ))
}

fn email(property: &Property, raw: &str) -> Result<Accepted, BadProperty> {
    let address = raw.trim().to_lowercase();
    if looks_like_address(&address) {
        return Ok(plain(address));
    }
    let message = format!("Email address {raw} is invalid");
    Err(BadProperty::new(&property.name, "INVALID_EMAIL", message))
}

fn looks_like_address(address: &str) -> bool {
    let Some((local, domain)) = address.rsplit_once('@') else {
        return false;
    };
    let labels: Vec<&str> = domain.split('.').collect();
    let sound = |label: &&str| {
        !label.is_empty()
            && label
                .chars()
                .all(|letter| letter.is_alphanumeric() || letter == '-')
    };
    let last = labels.last().copied().unwrap_or_default();
    !local.is_empty()
        && !local.contains('@')
        && !address
            .chars()
            .any(|letter| letter.is_whitespace() || letter == ',')
        && labels.len() >= 2
        && labels.iter().all(sound)
        && last.len() >= 2
        && !last.chars().all(|letter| letter.is_ascii_digit())
        && !NO_DOMAINS.contains(&last)
}

fn text(property: &Property, raw: &str) -> Result<Accepted, BadProperty> {
    if raw.chars().count() <= TEXT_MAX {
        return Ok(plain(raw.to_owned()));
    }
    let message = format!(
        "Property \"{}\" value length exceeds {TEXT_MAX}",
        property.name
    );
    Err(BadProperty::new(
        &property.name,
        "PROPERTY_VALUE_TOO_LONG",
        message,
    ))
}

fn number(property: &Property, raw: &str, settings: &Settings) -> Result<Accepted, BadProperty> {
    let trimmed = raw.trim();
    let digits = trimmed.chars().any(|letter| letter.is_ascii_digit());
    if digits && trimmed.parse::<f64>().is_ok_and(f64::is_finite) {
        return Ok(plain(trimmed.to_owned()));
    }
    let message = format!("{raw} was not a valid long.");
    Err(BadProperty::new(
        &property.name,
        &settings.bad_number_code,
        message,
    ))
}

fn boolean(property: &Property, raw: &str) -> Result<Accepted, BadProperty> {
    let lower = raw.trim().to_lowercase();
    if lower == "true" || lower == "false" {
        return Ok(plain(lower));
    }
    let message = format!("{raw} was not a valid boolean");
    Err(BadProperty::new(&property.name, "INVALID_BOOLEAN", message))
}

fn date(property: &Property, raw: &str, generation: Generation) -> Result<Accepted, BadProperty> {
    let at = stamp::parse(raw).ok_or_else(|| bad_date(property, raw))?;
    let value = stamp::iso_date(at);
    if stamp::is_midnight(at) {
        return Ok(plain(value));
    }
    if generation == Generation::September2026 {
        let warning = json!({
            "category": "PROPERTY_VALUE_NORMALIZED",
            "message": format!("{} was normalized", property.name),
            "context": {
                "propertyName": property.name, "rawValue": raw, "normalizedValue": value,
            },
        });
        return Ok(Accepted {
            value,
            warning: Some(warning),
        });
    }
    let rest = at - stamp::midnight(at);
    let (hour, minute) = (rest / 3_600_000, rest / 60_000 % 60);
    let (second, fraction) = (rest / 1000 % 60, rest % 1000);
    let message = format!("{raw} is at {hour}:{minute}:{second}.{fraction} UTC, not midnight!");
    Err(BadProperty::new(&property.name, "INVALID_DATE", message))
}

fn bad_date(property: &Property, raw: &str) -> BadProperty {
    BadProperty::new(
        &property.name,
        "INVALID_DATE",
        format!("{raw} was not a valid date"),
    )
}

// A leading semicolon adds to what is there instead of replacing it.
fn several(property: &Property, raw: &str, before: &str) -> Result<Accepted, BadProperty> {
    let kept = if raw.starts_with(';') { before } else { "" };
    let mut values: Vec<&str> = kept.split(';').filter(|value| !value.is_empty()).collect();
    for value in raw.split(';').filter(|value| !value.is_empty()) {
        option(property, value)?;
        if !values.contains(&value) {
            values.push(value);
        }
    }
    Ok(plain(values.join(";")))
}

fn option(property: &Property, value: &str) -> Result<(), BadProperty> {
    if property.options.iter().any(|choice| choice.value == value) {
        return Ok(());
    }
    let all: Vec<&str> = property
        .options
        .iter()
        .map(|choice| choice.value.as_str())
        .collect();
    let all = all.join(", ");
    let message = format!("{value} was not one of the allowed options: [{all}]");
    Err(BadProperty::new(&property.name, "INVALID_OPTION", message))
}
