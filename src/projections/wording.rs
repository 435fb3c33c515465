//! A cause in words: its type's sentence with the names that stand beside the journal.

use crate::annex;
use crate::domain::catalogue::{Slug, Type};
use crate::domain::cause::{self, Fingerprint, Naming};
use crate::domain::record::{FieldName, Side};
use crate::domain::schema::ObjectSchema;
use crate::store::View;

use super::causes::Cause;
use super::errors;
use super::settings;

/// Refused values named in a sentence.
const VALUES_MAX: u32 = 5;

/// The type of a cause's latest error.
pub fn kind<'v>(view: &'v View<'_>, cause: &Cause) -> Option<&'v Type> {
    view.catalogue()
        .get(&cause.slug.clone().unwrap_or_else(Slug::other))
}

/// The cause in one sentence.
pub fn sentence(view: &View<'_>, cause: &Cause) -> anyhow::Result<String> {
    let naming = naming(view, cause)?;
    Ok(kind(view, cause).map_or_else(
        || cause.fingerprint.code.clone(),
        |kind| cause::sentence(kind, &cause.fingerprint, &naming),
    ))
}

/// What its errors say, with how many say it, most first, as long as the texts are kept. A
/// resolved cause has its latest message, which none says any more.
pub fn messages(view: &View<'_>, cause: &Cause) -> anyhow::Result<Vec<(String, u64)>> {
    let mut keys = errors::messages(view, cause.number)?;
    if keys.is_empty() {
        keys.extend(cause.text.clone().map(|key| (key, 0)));
    }
    let mut messages = Vec::new();
    for (key, errors) in keys {
        messages.extend(annex::text(view, &key)?.map(|text| (text, errors)));
    }
    Ok(messages)
}

/// The message that most of its errors have.
pub fn message(view: &View<'_>, cause: &Cause) -> anyhow::Result<Option<String>> {
    let messages = messages(view, cause)?;
    Ok(messages.into_iter().next().map(|(message, _)| message))
}

/// What the sentence can name: the field's label, the rule, the refused values.
fn naming(view: &View<'_>, cause: &Cause) -> anyhow::Result<Naming> {
    let fingerprint = &cause.fingerprint;
    let schema = annex::schema(view, fingerprint.side, &fingerprint.object)?;
    let told = match (&fingerprint.field, &schema) {
        (None, Some(schema)) => field_told(view, cause, schema)?,
        (Some(_), _) | (None, None) => None,
    };
    let field = fingerprint.field.as_ref().or(told.as_ref());
    let label = schema
        .as_ref()
        .and_then(|schema| Some(schema.field(field?)?.label.clone()));
    let rule = match &fingerprint.rule {
        Some(key) => annex::text(view, key)?,
        None => None,
    };
    let (values, more) = values(view, cause)?;
    Ok(Naming {
        object: Some(object(view, cause)?),
        label,
        field: told,
        rule,
        values,
        more,
    })
}

/// The object as people of the written side call it: `Contact` in Salesforce, `contact` in HubSpot.
pub fn object(view: &View<'_>, cause: &Cause) -> anyhow::Result<String> {
    let Fingerprint { side, object, .. } = &cause.fingerprint;
    let mappings = match side {
        Side::HubSpot => Vec::new(),
        Side::Salesforce => settings::mappings(view)?,
    };
    let mut mappings = mappings.into_iter().map(|setting| setting.event.mapping);
    Ok(mappings
        .find(|mapping| mapping.object == *object)
        .map_or_else(|| object.to_string(), |mapping| mapping.salesforce_type))
}

/// The custom field that every message names. One message that names another, or none, and
/// nothing is claimed.
fn field_told(
    view: &View<'_>,
    cause: &Cause,
    schema: &ObjectSchema,
) -> anyhow::Result<Option<FieldName>> {
    let mut told: Option<FieldName> = None;
    for (key, _) in errors::messages(view, cause.number)? {
        let message = annex::text(view, &key)?.unwrap_or_default();
        let words = message.split(|c: char| !c.is_alphanumeric() && c != '_');
        let mut fields = words
            .filter(|word| word.ends_with("__c"))
            .filter_map(|word| FieldName::parse(word).ok())
            .filter(|field| schema.field(field).is_some());
        match (fields.next(), &told) {
            (Some(field), Some(known)) if field != *known => return Ok(None),
            (Some(field), _) => told = Some(field),
            (None, _) => return Ok(None),
        }
    }
    Ok(told)
}

/// Refused values with their records, most first, and how many more there are.
fn values(view: &View<'_>, cause: &Cause) -> anyhow::Result<(Vec<(String, u64)>, u64)> {
    let (keys, all) = errors::values(view, cause.number, VALUES_MAX)?;
    let mut values = Vec::new();
    for (key, records) in keys {
        values.extend(annex::text(view, &key)?.map(|value| (value, records)));
    }
    // Of one value that is erased nothing is left to be told, not even that it was one.
    let more = all.saturating_sub(VALUES_MAX.into());
    Ok((values, more))
}
