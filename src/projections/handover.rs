//! A cause as a ticket, gathered from what is known of its errors and records.

use std::collections::BTreeMap;

use super::causes::Cause;
use super::errors::{self, Filter, OpenError, Place};
use super::links::{self, Links};
use super::{pairs, settings, wording};
use crate::domain::catalogue::Slug;
use crate::domain::handover::{HandOver, HandedRecord, Query};
use crate::domain::record::{ObjectName, PairIds, Side};
use crate::domain::retry::RetryClass;
use crate::store::View;

/// Records named.
const RECORDS: usize = 3;

/// Messages quoted.
const MESSAGES: usize = 3;

/// How the ids of leads begin.
const LEADS: &str = "00Q";

/// The ticket of a cause, as things are now.
pub fn hand_over(view: &View<'_>, cause: &Cause) -> anyhow::Result<HandOver> {
    let number = cause.number;
    let slug = cause.slug.clone().unwrap_or_else(Slug::other);
    let Some(kind) = view.catalogue().get(&slug) else {
        anyhow::bail!("the catalogue lacks {slug}")
    };
    let filter = Filter {
        cause: Some(number),
        ..Filter::default()
    };
    let errors = errors::list(view, &filter, &Place::start())?;
    let records = records(view, cause, &errors)?;
    let bound = settings::bound(view)?.map(|setting| setting.event);
    let mut messages = wording::messages(view, cause)?;
    messages.truncate(MESSAGES);
    let field = &cause.fingerprint.field;
    Ok(HandOver {
        number,
        at: view.now(),
        what: wording::sentence(view, cause)?,
        to: cause.fingerprint.side,
        org: bound.as_ref().map(|bound| bound.org.to_string()),
        portal: bound.map(|bound| bound.portal),
        address: links::address(view, Side::Salesforce)?,
        user: links::user(view)?,
        object: wording::object(view, cause)?,
        field: field.as_ref().map(ToString::to_string),
        code: cause.fingerprint.code.clone(),
        answered: errors::is_answered(view, number)?,
        messages,
        since: cause.since().at,
        back: cause.back.is_some(),
        records: cause.records,
        queries: queries(view, cause, &records)?,
        examples: records,
        kind: kind.slug.as_str().to_owned(),
        meaning: kind.meaning.clone(),
        who_fixes: kind.who_fixes.title().to_owned(),
        fix: kind.fix.clone(),
        probed: kind.retry.contains(&RetryClass::Config),
    })
}

/// Some of its records; those that are in Salesforce first where that is to be mended.
fn records(
    view: &View<'_>,
    cause: &Cause,
    errors: &[OpenError],
) -> anyhow::Result<Vec<HandedRecord>> {
    let (mut there, mut others) = (Vec::new(), Vec::new());
    for error in errors {
        if there.len() == RECORDS {
            break;
        }
        let Some(pair) = pairs::get(view, error.record)? else {
            continue;
        };
        let known = pair.ids.id(cause.fingerprint.side).is_some();
        let list = if known { &mut there } else { &mut others };
        if list.len() < RECORDS {
            list.push(pair.ids);
        }
    }
    there.extend(others);
    there.truncate(RECORDS);
    let links = Links::of(view)?;
    let handed = |ids: &PairIds| HandedRecord {
        hubspot: ids.hubspot.as_ref().map(ToString::to_string),
        salesforce: ids.salesforce.as_ref().map(ToString::to_string),
        hubspot_link: links.record(Side::HubSpot, ids),
        salesforce_link: links.record(Side::Salesforce, ids),
    };
    Ok(there.iter().map(handed).collect())
}

/// What shows these records in Salesforce: a query for each type that they are of.
fn queries(view: &View<'_>, cause: &Cause, records: &[HandedRecord]) -> anyhow::Result<Vec<Query>> {
    let mut by_type: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for id in records
        .iter()
        .filter_map(|record| record.salesforce.as_deref())
    {
        let type_ = type_of(view, &cause.fingerprint.object, id)?;
        by_type.entry(type_).or_default().push(id);
    }
    let field = match cause.fingerprint.side {
        Side::Salesforce => cause.fingerprint.field.as_ref(),
        // HubSpot's property has another name in Salesforce, or none.
        Side::HubSpot => None,
    };
    let columns = field.filter(|field| field.as_str() != "Id");
    let columns = columns
        .map(|field| format!(", {field}"))
        .unwrap_or_default();
    let query = |(type_, ids): (String, Vec<&str>)| {
        let ids: Vec<String> = ids.iter().map(|id| format!("'{id}'")).collect();
        let soql = format!(
            "SELECT Id{columns}, LastModifiedDate FROM {type_} WHERE Id IN ({})",
            ids.join(", ")
        );
        Query { soql }
    };
    Ok(by_type.into_iter().map(query).collect())
}

/// Salesforce's type of the record with that id: an object may have two.
fn type_of(view: &View<'_>, object: &ObjectName, id: &str) -> anyhow::Result<String> {
    let mappings = settings::mappings(view)?.into_iter();
    let types: Vec<String> = mappings
        .map(|setting| setting.event.mapping)
        .filter(|mapping| mapping.object == *object)
        .map(|mapping| mapping.salesforce_type)
        .collect();
    let is_lead = id.starts_with(LEADS);
    let fitting = types.iter().find(|type_| (*type_ == "Lead") == is_lead);
    Ok(fitting
        .or(types.first())
        .cloned()
        .unwrap_or_else(|| object.to_string()))
}
