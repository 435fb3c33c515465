//! Values from one side's form to the other's, and their canonical form.
//!
//! Knows fields as described, not rules: who wins is `merge`, and whether the target would refuse
//! a value is `preflight`. Here a value fails only when the target's field cannot hold its kind.

#![expect(
    clippy::result_large_err,
    reason = "a failure is journaled whole, and is rare: boxing it would only hide it"
)]

mod decimal;
mod host;
mod shape;

pub use decimal::Decimal;
pub use host::host;
pub use shape::{Carriage, carriage, long_id};

use super::event::ValuePrint;
use super::failure::RawFailure;
use super::fingerprint::PrintKey;
use super::record::Value;
use super::schema::{Choice, Field, Kind};
pub use shape::plain as shown;
use shape::{Misfit, plain, shape};

/// Code of a number with more digits before the point than its field takes.
pub const NUMBER_TOO_LARGE: &str = "number_too_large";

/// `value`, read from a field like `from`, as a field like `to` can hold it.
///
/// Numbers are rounded to the target's scale, halves away from zero; instants lose parts of a
/// second and, in a date, their time (UTC); choices become the target's internal value where one
/// matches, and stay as they are otherwise. A yes-or-no knows no blank: it becomes `false`.
///
/// # Errors
/// Our own failure naming the target's field: `not_a_number`, `not_a_boolean`, `not_a_date`,
/// `not_a_time`, `several_options`, `types_differ`, `number_too_large`.
pub fn convert(value: &Value, from: &Field, to: &Field) -> Result<Value, RawFailure> {
    let shaped = if from.kind == Kind::Unsupported {
        Err(Misfit::TypesDiffer)
    } else {
        shape(value, to.kind)
    };
    let shaped = shaped.map_err(|why| misfit(why, to))?;
    Ok(match shaped {
        Value::Blank if to.kind == Kind::Bool => Value::Bool(false),
        Value::Number(number) => Value::Number(fit_number(&number, to)?),
        Value::Text(text) if to.kind == Kind::Picklist => {
            Value::Text(internal_value(&text, from, to))
        }
        Value::Options(options) => {
            let mut found: Vec<String> = Vec::with_capacity(options.len());
            for option in options {
                let option = internal_value(&option, from, to);
                if !found.contains(&option) {
                    found.push(option);
                }
            }
            Value::Options(found)
        }
        Value::Blank | Value::Text(_) | Value::Bool(_) | Value::Date(..) | Value::DateTime(_) => {
            shaped
        }
    })
}

fn misfit(why: Misfit, to: &Field) -> RawFailure {
    let message = format!("{}: {}", to.label, why.says());
    RawFailure::ours(why.code(), &to.name, message)
}

/// Digits after the point that `field` keeps; `None` for as many as come.
fn scale(field: &Field) -> Option<usize> {
    if field.kind == Kind::Integer {
        Some(0)
    } else {
        field.scale.map(usize::from)
    }
}

/// Digits before the point that `field` takes; `None` where its side names no limit. Describe
/// answers say 0 for fields that have no precision.
pub(super) fn whole_digits_max(field: &Field) -> Option<usize> {
    let precision = usize::from(field.precision.filter(|precision| *precision > 0)?);
    Some(precision.saturating_sub(scale(field).unwrap_or(0)))
}

fn fit_number(number: &str, to: &Field) -> Result<String, RawFailure> {
    let decimal = Decimal::parse(number).ok_or_else(|| misfit(Misfit::NotANumber, to))?;
    let decimal = match scale(to) {
        Some(scale) => decimal.round(scale),
        None => decimal,
    };
    match whole_digits_max(to) {
        Some(most) if decimal.whole_digits() > most => {
            let message = format!(
                "{}: the number has {} digits before the point, and the field takes {most}",
                to.label,
                decimal.whole_digits()
            );
            Err(RawFailure::ours(NUMBER_TOO_LARGE, &to.name, message))
        }
        Some(_) | None => Ok(decimal.to_string()),
    }
}

/// The target's internal value for a source's option: the same, the same in other letters, or the
/// one whose label people read as this option or its label. Else the option as it is.
fn internal_value(option: &str, from: &Field, to: &Field) -> String {
    let alike = |a: &str, b: &str| a.trim().to_lowercase() == b.trim().to_lowercase();
    let exactly = |choice: &&Choice| choice.value == option;
    let by_value = |choice: &&Choice| alike(&choice.value, option);
    let labels: Vec<&str> = from
        .choices
        .iter()
        .filter(|choice| choice.value == option)
        .map(|choice| choice.label.as_str())
        .chain([option])
        .collect();
    let by_label = |choice: &&Choice| labels.iter().any(|label| alike(&choice.label, label));
    let choices = || to.choices.iter();
    choices()
        .find(exactly)
        .or_else(|| choices().find(by_value))
        .or_else(|| choices().filter(|choice| choice.active).find(by_label))
        .or_else(|| choices().find(by_label))
        .map_or_else(|| option.to_owned(), |choice| choice.value.clone())
}

/// The one text that a side's value has however it is written: what fingerprints are made of.
///
/// Blanks around a text do not count, because Salesforce drops them and HubSpot keeps them; line
/// ends are LF; e-mails are lower-case; numbers stand at the field's scale without trailing zeros;
/// instants in whole seconds; options sorted, each once. Blank is the empty text for every kind.
pub fn canonical(value: &Value, field: &Field) -> String {
    let value = shape(value, field.kind).unwrap_or_else(|_| match value {
        // What does not fit its own field is compared as it is written.
        Value::Options(_) => value.clone(),
        Value::Blank
        | Value::Text(_)
        | Value::Number(_)
        | Value::Bool(_)
        | Value::Date(..)
        | Value::DateTime(_) => Value::Text(plain(value)),
    });
    match value {
        Value::Text(text) => {
            let text = text.replace("\r\n", "\n").replace('\r', "\n");
            let text = text.trim();
            match field.kind {
                Kind::Email => text.to_lowercase(),
                Kind::Text
                | Kind::LongText
                | Kind::Html
                | Kind::Phone
                | Kind::Url
                | Kind::Number
                | Kind::Integer
                | Kind::Bool
                | Kind::Date
                | Kind::DateTime
                | Kind::Time
                | Kind::Picklist
                | Kind::MultiPicklist
                | Kind::Reference
                | Kind::Id
                | Kind::Unsupported => text.to_owned(),
            }
        }
        Value::Number(ref number) => match (Decimal::parse(number), scale(field)) {
            (Some(decimal), Some(scale)) => decimal.round(scale).to_string(),
            (Some(_) | None, _) => plain(&value),
        },
        Value::Options(options) => {
            let mut options: Vec<&str> = options.iter().map(|option| option.trim()).collect();
            options.retain(|option| !option.is_empty());
            options.sort_unstable();
            options.dedup();
            options.join(";")
        }
        Value::Blank | Value::Bool(_) | Value::Date(..) | Value::DateTime(_) => plain(&value),
    }
}

/// The fingerprint of `value` as `field`'s side shows it.
pub fn print(key: &PrintKey, value: &Value, field: &Field) -> ValuePrint {
    key.print(&canonical(value, field))
}

/// Whether the two sides agree: carrying one value across would give the other.
///
/// One direction is enough. A scale, a date or a list of choices holds less than what stands
/// across, and copying back what was cut would make a two-way rule swing.
pub fn same(a: &Value, a_field: &Field, b: &Value, b_field: &Field) -> bool {
    let gives = |value: &Value, from: &Field, to: &Field, wanted: &Value| {
        convert(value, from, to)
            .is_ok_and(|carried| canonical(&carried, to) == canonical(wanted, to))
    };
    gives(a, a_field, b_field, b) || gives(b, b_field, a_field, a)
}
