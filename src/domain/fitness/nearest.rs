//! The name that was probably meant.

use super::super::record::FieldName;
use super::super::schema::{Field, ObjectSchema};

/// How alike two names must be, of 1: below, a guess misleads more often than it helps.
const ALIKE_MIN: f64 = 0.82;

/// The field of `schema` whose name or label comes nearest to `name`, among those that `fits`.
pub(super) fn nearest<'a>(
    schema: &'a ObjectSchema,
    name: &FieldName,
    fits: impl Fn(&Field) -> bool,
) -> Option<&'a Field> {
    let wanted = bare(name.as_str());
    let likeness = |field: &Field| {
        let name = strsim::jaro_winkler(&bare(field.name.as_str()), &wanted);
        name.max(strsim::jaro_winkler(&bare(&field.label), &wanted))
    };
    schema
        .fields
        .values()
        .filter(|field| fits(field))
        .map(|field| (likeness(field), field))
        .filter(|(likeness, _)| *likeness >= ALIKE_MIN)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, field)| field)
}

/// A name without what says nothing of its meaning: case, underscores, Salesforce's suffix.
fn bare(name: &str) -> String {
    let lower = name.to_lowercase();
    let stem = lower.strip_suffix("__c").unwrap_or(&lower);
    stem.chars().filter(|c| c.is_alphanumeric()).collect()
}
