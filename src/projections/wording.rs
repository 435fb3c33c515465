//! A cause in words: its type's sentence with the names that stand beside the journal.

use std::collections::BTreeMap;

use crate::annex;
use crate::domain::catalogue::{Slug, Type};
use crate::domain::cause::{self, Naming};
use crate::store::View;

use super::causes::Cause;
use super::errors::{self, Filter, Place};

/// Refused values named in a sentence.
const VALUES_MAX: usize = 5;

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

/// The latest message, as long as it is kept.
pub fn message(view: &View<'_>, cause: &Cause) -> anyhow::Result<Option<String>> {
    match &cause.text {
        Some(key) => annex::text(view, key),
        None => Ok(None),
    }
}

/// What the sentence can name: the field's label, the rule, the refused values.
fn naming(view: &View<'_>, cause: &Cause) -> anyhow::Result<Naming> {
    let fingerprint = &cause.fingerprint;
    let schema = annex::schema(view, fingerprint.side, &fingerprint.object)?;
    let field = fingerprint.field.as_ref();
    let label = schema.and_then(|schema| Some(schema.field(field?)?.label.clone()));
    let rule = match &fingerprint.rule {
        Some(key) => annex::text(view, key)?,
        None => None,
    };
    let mut values: BTreeMap<String, u64> = BTreeMap::new();
    let filter = Filter {
        cause: Some(cause.number),
        ..Filter::default()
    };
    for error in errors::list(view, &filter, &Place::start())? {
        if let Some(key) = &error.value
            && let Some(value) = annex::text(view, key)?
        {
            *values.entry(value).or_default() += 1;
        }
    }
    let mut values: Vec<(String, u64)> = values.into_iter().collect();
    values.sort_by_key(|(_, records)| std::cmp::Reverse(*records));
    values.truncate(VALUES_MAX);
    Ok(Naming {
        label,
        rule,
        values,
    })
}
