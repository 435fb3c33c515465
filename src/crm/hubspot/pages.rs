//! Records by the page: searched by their last change, or listed one after another.
//!
//! A search lags behind writes by seconds and never shows archived records; a list does neither.

use serde_json::{Value as Json, json};

use super::account::next;
use super::rows;
use crate::crm::source::Source;
use crate::crm::values::percent;
use crate::domain::event::Position;
use crate::domain::record::{FieldName, Record};

/// Records on one page of a search.
pub const SEARCH_MAX: u32 = 200;

/// Records on one page of a list.
pub const LIST_MAX: u32 = 100;

/// Characters of a search's body; a longer one is refused.
const BODY_CHARS_MAX: usize = 3_000;

/// Which changed records to look for.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// Where reading stands.
    pub from: Position,
    /// False: everything changed at or after the position's stamp, oldest first. True: only what
    /// changed exactly then and has a greater id, by id; drains a stamp shared by many.
    pub equal_only: bool,
    /// Records on the page, at most [`SEARCH_MAX`].
    pub limit: u32,
    /// Where the page begins, from the page before. HubSpot serves 10,000 records of one search.
    pub after: Option<String>,
}

/// A page of a search.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchPage {
    /// The records, in the search's order.
    pub records: Vec<Record>,
    /// Records found in all pages together.
    pub total: u64,
    /// Where the next page begins; `None` on the last one.
    pub after: Option<String>,
    /// False when the wanted properties did not fit into a search: the records have no fields,
    /// which [`super::HubSpot::read`] brings.
    pub with_fields: bool,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct ListPage {
    /// The records, by id.
    pub records: Vec<Record>,
    /// Where the next page begins; `None` on the last one.
    pub after: Option<String>,
}

/// A search ready to be sent.
pub(super) struct SearchBody {
    pub(super) json: Json,
    pub(super) with_fields: bool,
}

pub(super) fn search_body(source: &Source<'_>, search: &Search) -> SearchBody {
    let full = body_with(source, search, source.fields);
    let with_fields = full.to_string().chars().count() <= BODY_CHARS_MAX;
    SearchBody {
        json: if with_fields {
            full
        } else {
            body_with(source, search, &[])
        },
        with_fields,
    }
}

/// A search for the records whose `field` has one of `values`, which are compared in small letters
/// (hubspot.md §3.6).
pub(super) fn values_body(
    source: &Source<'_>,
    field: &FieldName,
    values: &[String],
    after: Option<&str>,
) -> Json {
    let mut body = json!({
        "filterGroups": [{ "filters": [{
            "propertyName": field.as_str(), "operator": "IN", "values": values,
        }] }],
        "sorts": [{ "propertyName": "hs_object_id", "direction": "ASCENDING" }],
        "properties": properties(source, &[]),
        "limit": SEARCH_MAX,
    });
    if let Some(after) = after {
        body["after"] = json!(after);
    }
    body
}

fn body_with(source: &Source<'_>, search: &Search, fields: &[FieldName]) -> Json {
    let stamp = rows::stamp_property(&source.schema.api_name);
    let at = search.from.stamp.0.to_string();
    let operator = if search.equal_only { "EQ" } else { "GTE" };
    let mut filters = vec![json!({"propertyName": stamp, "operator": operator, "value": at})];
    if let (true, Some(id)) = (search.equal_only, &search.from.id) {
        filters
            .push(json!({"propertyName": "hs_object_id", "operator": "GT", "value": id.as_str()}));
    }
    let order = if search.equal_only {
        "hs_object_id"
    } else {
        stamp
    };
    let mut body = json!({
        "filterGroups": [{ "filters": filters }],
        "sorts": [{ "propertyName": order, "direction": "ASCENDING" }],
        "properties": properties(source, fields),
        "limit": search.limit.min(SEARCH_MAX),
    });
    if let Some(after) = &search.after {
        body["after"] = json!(after);
    }
    body
}

/// The wanted properties and the stamp.
pub(super) fn properties<'a>(source: &Source<'_>, fields: &'a [FieldName]) -> Vec<&'a str> {
    let stamp = rows::stamp_property(&source.schema.api_name);
    fields
        .iter()
        .map(FieldName::as_str)
        .filter(|name| *name != stamp)
        .chain([stamp])
        .collect()
}

pub(super) fn list_query(source: &Source<'_>, after: Option<&str>, archived: bool) -> String {
    let names = properties(source, source.fields).join(",");
    let mut query = format!(
        "limit={LIST_MAX}&archived={archived}&properties={}",
        percent(&names)
    );
    if let Some(after) = after {
        query.push_str("&after=");
        query.push_str(&percent(after));
    }
    query
}

/// The records of a page; `None` when one cannot be read.
pub(super) fn records(body: &Json, source: &Source<'_>) -> Option<Vec<Record>> {
    body["results"]
        .as_array()?
        .iter()
        .map(|json| wanted(json, source))
        .collect()
}

/// One object with the wanted fields.
pub(super) fn wanted(json: &Json, source: &Source<'_>) -> Option<Record> {
    rows::record(json, source.object, source.schema, |name| {
        source.fields.contains(name)
    })
}

pub(super) fn search_page(
    body: &Json,
    source: &Source<'_>,
    with_fields: bool,
) -> Option<SearchPage> {
    Some(SearchPage {
        records: records(body, source)?,
        total: body["total"].as_u64()?,
        after: next(body),
        with_fields,
    })
}

pub(super) fn list_page(body: &Json, source: &Source<'_>) -> Option<ListPage> {
    Some(ListPage {
        records: records(body, source)?,
        after: next(body),
    })
}
