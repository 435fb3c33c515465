//! A planned write against the target's schema: the failures that are known before any call.
//!
//! Refuses to guess, and to believe metadata older than an hour. What the target checks before any
//! automation is certain; what it checks behind that is likely, because a flow or trigger may fill
//! in what is missing or cut what is too long. Codes are the target's own, so that a predicted and
//! an answered error are one cause.

mod links;
mod places;

pub use links::check_links;

use std::collections::BTreeSet;

use crate::domain::convert::{Decimal, whole_digits_max};
use crate::domain::event::{Action, Known};
use crate::domain::failure::{Fact, Failure, RawFailure, System};
use crate::domain::forecast::Predicted;
use crate::domain::mapping::Mapping;
use crate::domain::merge::Write;
use crate::domain::record::{FieldName, Side, Timestamp, Value};
use crate::domain::schema::{Choice, Field, Kind, ObjectSchema};

/// Age in milliseconds from which metadata proves nothing.
pub const METADATA_AGE_MAX_MS: i64 = 3_600_000;

/// One thing that both sides check, under two names.
struct Code {
    hubspot: &'static str,
    salesforce: &'static str,
}

// Salesforce's codes: salesforce.md §6.2; HubSpot's: hubspot.md §6.2.
const UNKNOWN_FIELD: Code = Code {
    hubspot: "PROPERTY_DOESNT_EXIST",
    salesforce: "INVALID_FIELD",
};
const READ_ONLY: Code = Code {
    hubspot: "READ_ONLY_VALUE",
    salesforce: "INVALID_FIELD_FOR_INSERT_UPDATE",
};
const MISSING: Code = Code {
    hubspot: "MISSING_REQUIRED_PROPERTY",
    salesforce: "REQUIRED_FIELD_MISSING",
};
const TOO_LONG: Code = Code {
    hubspot: "PROPERTY_VALUE_TOO_LONG",
    salesforce: "STRING_TOO_LONG",
};
const BAD_OPTION: Code = Code {
    hubspot: "INVALID_OPTION",
    salesforce: "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
};
const BAD_EMAIL: Code = Code {
    hubspot: "INVALID_EMAIL",
    salesforce: "INVALID_EMAIL_ADDRESS",
};
const BAD_NUMBER: Code = Code {
    hubspot: "INVALID_INTEGER",
    salesforce: "INVALID_TYPE_ON_FIELD_IN_RECORD",
};
const BAD_BOOLEAN: Code = Code {
    hubspot: "INVALID_BOOLEAN",
    salesforce: "INVALID_TYPE_ON_FIELD_IN_RECORD",
};
const BAD_DATE: Code = Code {
    hubspot: "INVALID_DATE",
    salesforce: "INVALID_TYPE_ON_FIELD_IN_RECORD",
};
/// The field of a Salesforce record that names its record type.
const RECORD_TYPE: &str = "RecordTypeId";

const OUT_OF_RANGE: &str = "NUMBER_OUTSIDE_VALID_RANGE";
const MALFORMED_ID: &str = "MALFORMED_ID";

/// Everything about `write` that its target is to refuse; empty when nothing is, or when `schema`
/// is too old at `now` to prove it. `schema` is the target's.
pub fn check(write: &Write, schema: &ObjectSchema, now: Timestamp) -> Vec<Predicted> {
    if now.since(schema.read_at) >= METADATA_AGE_MAX_MS {
        return Vec::new();
    }
    let fields = write.fields.iter();
    let mut failures: Vec<Predicted> = fields
        .filter_map(|(name, value)| match schema.field(name) {
            Some(field) => check_field(write, field, value)
                .map(|raw| Predicted {
                    known: known(write.to, &raw),
                    raw,
                })
                .or_else(|| {
                    let raw = not_offered(write, schema, field, value, now)?;
                    let known = Known::Likely;
                    Some(Predicted { raw, known })
                })
                // A state and its country are judged together.
                .filter(|one| !is_option(&one.raw) || !places::is_code(schema, field)),
            None => Some(Predicted {
                raw: unknown(write.to, name),
                known: Known::Certain,
            }),
        })
        .collect();
    if write.action == Action::Created {
        failures.extend(missing(write, schema).map(|raw| Predicted {
            known: known(write.to, &raw),
            raw,
        }));
    }
    if write.to == Side::Salesforce {
        let named = failures.iter().flat_map(|one| &one.raw.failure.fields);
        let failed: BTreeSet<FieldName> = named.cloned().collect();
        let wrong = places::check(write, schema, &failed).into_iter();
        failures.extend(wrong.map(|raw| Predicted {
            raw,
            known: Known::Likely,
        }));
    }
    failures
}

fn is_option(raw: &RawFailure) -> bool {
    raw.failure.code == BAD_OPTION.salesforce
}

/// Salesforce looks at lengths, requirements, addresses and ranges behind the flows and triggers that
/// run before a save; HubSpot has none. Source: Salesforce, "Triggers and Order of Execution".
fn known(to: Side, raw: &RawFailure) -> Known {
    let behind_automation = [
        TOO_LONG.salesforce,
        MISSING.salesforce,
        BAD_EMAIL.salesforce,
        OUT_OF_RANGE,
    ];
    if to == Side::Salesforce && behind_automation.contains(&raw.failure.code.as_str()) {
        Known::Likely
    } else {
        Known::Certain
    }
}

/// Notes of each option that the target lacks whether its own side has switched it off: then the
/// record stands in something that is no more, and the target's list is not at fault. `source` is
/// the schema of the side that the write comes from.
pub fn note_retired(
    failures: &mut [RawFailure],
    to: Side,
    mapping: &Mapping,
    source: &ObjectSchema,
) {
    for raw in failures {
        let (Some(option), Some(field)) = (&raw.value, raw.failure.fields.first()) else {
            continue;
        };
        if !raw.failure.facts.contains(&Fact::OptionKnown(false)) {
            continue;
        }
        let mapped = mapping.fields.iter().find(|mapped| mapped.on(to) == field);
        let retired = mapped.is_some_and(|mapped| {
            let from = source.field(mapped.on(to.other()));
            from.is_some_and(|from| {
                from.choices.iter().any(|choice| {
                    let name = mapped.option_on(to, &choice.value);
                    !choice.active && name.unwrap_or(&choice.value) == option
                })
            })
        });
        if retired {
            raw.failure.facts.push(Fact::OptionActive(false));
        }
    }
}

fn failure(to: Side, code: &Code, field: &Field, says: &str) -> RawFailure {
    let code = match to {
        Side::HubSpot => code.hubspot,
        Side::Salesforce => code.salesforce,
    };
    refused(code, field, says)
}

fn refused(code: &str, field: &Field, says: &str) -> RawFailure {
    let mut failure = Failure::of(System::Syncline, code);
    failure.fields.push(field.name.clone());
    failure.facts.push(Fact::FieldDescribed(true));
    RawFailure {
        failure,
        message: format!("{}: {says}", field.label),
        value: None,
        rule: None,
    }
}

fn unknown(to: Side, name: &FieldName) -> RawFailure {
    let code = match to {
        Side::HubSpot => UNKNOWN_FIELD.hubspot,
        Side::Salesforce => UNKNOWN_FIELD.salesforce,
    };
    let message = format!("{to} shows us no field {name}: it does not exist, or is hidden from us");
    let mut unknown = RawFailure::ours(code, name, message);
    unknown.failure.facts.push(Fact::FieldDescribed(false));
    unknown
}

/// The first certain failure of one value; a second one would only follow from the same value.
fn check_field(write: &Write, field: &Field, value: &Value) -> Option<RawFailure> {
    let to = write.to;
    let writable = match write.action {
        Action::Created => field.creatable,
        Action::Updated | Action::Blanked => field.updatable,
        Action::Deleted | Action::Associated | Action::Parted | Action::Agreed => true,
    };
    if !writable {
        let mut failure = failure(to, &READ_ONLY, field, "we may not write this field");
        failure.failure.facts.push(Fact::FieldWritable(false));
        return Some(failure);
    }
    if value.is_blank() {
        return emptied(write, field);
    }
    match field.kind {
        Kind::Text | Kind::LongText | Kind::Phone | Kind::Url => too_long(to, field, value),
        Kind::Email => too_long(to, field, value).or_else(|| bad_email(to, field, value)),
        Kind::Picklist | Kind::MultiPicklist => bad_option(to, field, value),
        Kind::Number | Kind::Integer => bad_number(to, field, value),
        Kind::Bool => match value {
            Value::Text(text) if !is_boolean(text) => {
                Some(failure(to, &BAD_BOOLEAN, field, "neither true nor false"))
            }
            Value::Text(_)
            | Value::Blank
            | Value::Number(_)
            | Value::Bool(_)
            | Value::Date(..)
            | Value::DateTime(_)
            | Value::Options(_) => None,
        },
        Kind::Date | Kind::DateTime => match value {
            // A date begins with its year; everything that has no digit cannot be one.
            Value::Text(text) if !text.contains(|c: char| c.is_ascii_digit()) => {
                Some(failure(to, &BAD_DATE, field, "not a date"))
            }
            Value::Text(_)
            | Value::Blank
            | Value::Number(_)
            | Value::Bool(_)
            | Value::Date(..)
            | Value::DateTime(_)
            | Value::Options(_) => None,
        },
        Kind::Reference => bad_id(to, field, value),
        // A side cleans markup before it measures it.
        Kind::Html | Kind::Time | Kind::Id | Kind::Unsupported => None,
    }
}

fn is_boolean(text: &str) -> bool {
    let text = text.trim().to_ascii_lowercase();
    matches!(text.as_str(), "true" | "false" | "yes" | "no" | "0" | "1")
}

/// Salesforce refuses to empty a field that a record cannot be without. HubSpot's required
/// properties are asked for when a record is made, so nothing is certain there.
fn emptied(write: &Write, field: &Field) -> Option<RawFailure> {
    let refused = write.to == Side::Salesforce
        && field.required
        && field.kind != Kind::Bool
        && write.action != Action::Created;
    refused.then(|| value_missing(write.to, field))
}

fn missing<'a>(
    write: &'a Write,
    schema: &'a ObjectSchema,
) -> impl Iterator<Item = RawFailure> + 'a {
    let required = schema.fields.values().filter(|field| {
        field.required && field.creatable && !field.calculated && field.kind != Kind::Bool
    });
    required
        .filter(|field| write.fields.get(&field.name).is_none_or(Value::is_blank))
        .map(|field| value_missing(write.to, field))
}

fn value_missing(to: Side, field: &Field) -> RawFailure {
    let mut failure = failure(
        to,
        &MISSING,
        field,
        "a value is required, and there is none",
    );
    failure.failure.facts.push(Fact::ValueMissing);
    failure
}

/// Counted as kindly as possible: blanks around it dropped, line ends as one character.
fn too_long(to: Side, field: &Field, value: &Value) -> Option<RawFailure> {
    let most = usize::try_from(field.length.filter(|length| *length > 0)?).ok()?;
    let Value::Text(text) = value else {
        return None;
    };
    let length = text.trim().replace("\r\n", "\n").chars().count();
    (length > most).then(|| {
        let says = format!("the text has {length} characters, and the field takes {most}");
        failure(to, &TOO_LONG, field, &says)
    })
}

/// What is no address by anybody's reading: no `@`, nothing before or after it, or a blank inside.
fn bad_email(to: Side, field: &Field, value: &Value) -> Option<RawFailure> {
    let Value::Text(text) = value else {
        return None;
    };
    let text = text.trim();
    let quoted = text.contains('"');
    let parts = text.rsplit_once('@');
    let whole = parts.is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
    let blank_inside = text.contains(char::is_whitespace) && !quoted;
    (!whole || blank_inside).then(|| failure(to, &BAD_EMAIL, field, "not an e-mail address"))
}

fn bad_option(to: Side, field: &Field, value: &Value) -> Option<RawFailure> {
    if !field.restricted || field.choices.is_empty() {
        return None;
    }
    chosen(field, value).into_iter().find_map(|option| {
        let known: Vec<&Choice> = field
            .choices
            .iter()
            .filter(|choice| is_meant(choice, option))
            .collect();
        // HubSpot hides options from people, and still takes them from the API.
        let active = known
            .iter()
            .any(|choice| choice.active || to == Side::HubSpot);
        (!active).then(|| {
            let says = if known.is_empty() {
                "the option is not in the list, and the list is closed"
            } else {
                "the option is in the list, but inactive"
            };
            let mut failure = failure(to, &BAD_OPTION, field, says);
            failure.failure.facts.extend([
                Fact::ListRestricted(true),
                Fact::OptionKnown(!known.is_empty()),
            ]);
            // Of an option that the list lacks there is nothing to be said.
            if !known.is_empty() {
                failure.failure.facts.push(Fact::OptionActive(false));
            }
            failure.value = Some(option.to_owned());
            failure
        })
    })
}

/// The options that a value names: a text names several where a list takes several.
fn chosen<'v>(field: &Field, value: &'v Value) -> Vec<&'v str> {
    match value {
        Value::Text(text) if field.kind == Kind::MultiPicklist => {
            let options = text.split(';').map(str::trim);
            options.filter(|option| !option.is_empty()).collect()
        }
        Value::Text(text) => vec![text],
        Value::Options(options) => options.iter().map(String::as_str).collect(),
        Value::Blank | Value::Number(_) | Value::Bool(_) | Value::Date(..) | Value::DateTime(_) => {
            Vec::new()
        }
    }
}

/// A closed list may offer less to the record type that a new record gets. What it offers is read
/// with the whole description only, so that this proves nothing as soon as that is old.
fn not_offered(
    write: &Write,
    schema: &ObjectSchema,
    field: &Field,
    value: &Value,
    now: Timestamp,
) -> Option<RawFailure> {
    let offered = schema.offer.choices.get(&field.name)?;
    let is_new = write.action == Action::Created
        && !write.fields.keys().any(|name| name.as_str() == RECORD_TYPE);
    let is_known = now.since(schema.whole_at) < METADATA_AGE_MAX_MS;
    if !is_new || !is_known || !field.restricted {
        return None;
    }
    let is_offered = |option: &str| {
        let choices = field.choices.iter();
        let mut meant = choices.filter(|choice| is_meant(choice, option));
        meant.any(|choice| offered.contains(&choice.value))
    };
    let refused = chosen(field, value)
        .into_iter()
        .find(|option| !is_offered(option))?;
    let says = "the list has the option, but does not offer it to the record type of new records";
    let mut failure = failure(write.to, &BAD_OPTION, field, says);
    failure.failure.facts.extend([
        Fact::ListRestricted(true),
        Fact::OptionKnown(true),
        Fact::OptionActive(false),
    ]);
    failure.value = Some(refused.to_owned());
    Some(failure)
}

/// Generous on purpose: sides differ in how they look at letters and labels.
fn is_meant(choice: &Choice, option: &str) -> bool {
    let option = option.trim().to_lowercase();
    choice.value.trim().to_lowercase() == option || choice.label.trim().to_lowercase() == option
}

fn bad_number(to: Side, field: &Field, value: &Value) -> Option<RawFailure> {
    let (Value::Number(text) | Value::Text(text)) = value else {
        return None;
    };
    let Some(number) = Decimal::parse(text) else {
        return Some(failure(to, &BAD_NUMBER, field, "not a number"));
    };
    if to == Side::HubSpot {
        return None;
    }
    let digits = number.whole_digits();
    // Salesforce's whole numbers have 32 bits: at most ten digits.
    let most = match (whole_digits_max(field), field.kind == Kind::Integer) {
        (Some(most), _) => most,
        (None, true) => 10,
        (None, false) => return None,
    };
    (digits > most).then(|| {
        let says =
            format!("the number has {digits} digits before the point, and the field takes {most}");
        refused(OUT_OF_RANGE, field, &says)
    })
}

/// Salesforce's ids have 15 or 18 letters and digits; nothing else ever passes for one.
fn bad_id(to: Side, field: &Field, value: &Value) -> Option<RawFailure> {
    let Value::Text(text) = value else {
        return None;
    };
    let text = text.trim();
    let formed =
        matches!(text.len(), 15 | 18) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (to == Side::Salesforce && !formed).then(|| {
        let mut failure = refused(MALFORMED_ID, field, "not a Salesforce id");
        failure.failure.facts.push(Fact::FieldIsReference);
        failure.value = Some(text.to_owned());
        failure
    })
}
