//! Open errors as rows of a sheet, with everything that a person needs to work on them elsewhere.

use super::OpenError;
use crate::annex;
use crate::domain::digest::ErrorRow;
use crate::domain::record::{Side, Timestamp};
use crate::projections::links::Links;
use crate::projections::pairs;
use crate::store::View;

/// `error` as a row, with the record's name where `named` says so: a mail may not show it.
pub fn row(
    view: &View<'_>,
    links: &Links,
    error: &OpenError,
    named: bool,
) -> anyhow::Result<ErrorRow> {
    let ids = pairs::get(view, error.record)?.map(|pair| pair.ids);
    let id = |side| {
        let id = ids.as_ref().and_then(|ids| ids.id(side));
        id.map(ToString::to_string).unwrap_or_default()
    };
    let link = |side| {
        let link = ids.as_ref().and_then(|ids| links.record(side, ids));
        link.unwrap_or_default()
    };
    let message = match &error.text {
        Some(key) => annex::text(view, key)?.unwrap_or_default(),
        None => String::new(),
    };
    let kind = view.catalogue().get(&error.slug);
    Ok(ErrorRow {
        cause: format!("C-{}", error.cause),
        kind: error.slug.as_str().to_owned(),
        object: error.object.to_string(),
        to: error.to.key().to_owned(),
        name: match ids.as_ref().filter(|_| named) {
            Some(ids) => annex::name(view, ids)?.unwrap_or_default(),
            None => String::new(),
        },
        hubspot: link(Side::HubSpot),
        salesforce: link(Side::Salesforce),
        field: error
            .field
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        code: error.code.clone(),
        message,
        known: error.known.key().to_owned(),
        since: rfc3339(error.first_at),
        attempts: error.attempts,
        who_fixes: kind
            .map(|kind| kind.who_fixes.key().to_owned())
            .unwrap_or_default(),
        fix: kind.map(|kind| kind.fix.join(" ")).unwrap_or_default(),
        category: kind
            .map(|kind| kind.category.key().to_owned())
            .unwrap_or_default(),
        hubspot_id: id(Side::HubSpot),
        salesforce_id: id(Side::Salesforce),
        last_seen: rfc3339(error.last_at),
    })
}

fn rfc3339(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0)
        .map(|at| at.to_string())
        .unwrap_or_default()
}
