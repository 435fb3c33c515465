//! Associations between two types of records: read, set and taken away.
//!
//! HubSpot keeps them apart from properties, in both directions, with labels; of a record's
//! companies one may be the primary one, which is what a lookup across can hold.

use serde_json::{Value as Json, json};

use super::answer;
use crate::domain::failure::RawFailure;
use crate::domain::record::RecordId;

/// Records whose associations are read in one call (hubspot.md §4.4).
pub const ASSOCIATIONS_READ_MAX: usize = 1_000;

/// Associations set in one call (hubspot.md §4.4 allows 2,000).
pub const ASSOCIATIONS_WRITE_MAX: usize = 1_000;

/// One record that is associated with another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Associated {
    /// Whose association it is.
    pub from: RecordId,
    /// With which record.
    pub to: RecordId,
    /// Whether it carries the label Primary.
    pub primary: bool,
}

/// A page of associations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssociationsPage {
    /// What was found; a record without associations is not in it.
    pub found: Vec<Associated>,
    /// Records that have more of them, with where the rest begins.
    pub more: Vec<(RecordId, String)>,
}

/// Two records to associate, or to part.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// The record whose association it is.
    pub from: RecordId,
    /// The record across.
    pub to: RecordId,
}

/// What became of an association that was to be set.
#[derive(Debug, Clone, PartialEq)]
pub enum LinkOutcome {
    /// It stands.
    Set,
    /// It was refused, with at least one failure.
    Failed(Vec<RawFailure>),
    /// The answer does not speak of it.
    Unmentioned,
}

/// How an association is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// With the label Primary, by its type id.
    Primary(u32),
    /// Without a label.
    Default,
}

// The type ids of the label Primary, by direction (hubspot.md §4.4). All other pairs of types have
// no such label.
pub(super) fn kind(from: &str, to: &str) -> Kind {
    match (standard(from), standard(to)) {
        ("contact", "company") => Kind::Primary(1),
        ("deal", "company") => Kind::Primary(5),
        (_, _) => Kind::Default,
    }
}

/// Whether of all records of type `to` that one of type `from` is associated with one is the
/// primary one: then setting another one moves that label, and the former stays without it.
pub fn has_primary(from: &str, to: &str) -> bool {
    matches!(kind(from, to), Kind::Primary(_))
}

/// The singular name of a standard type, however it is written.
fn standard(type_: &str) -> &str {
    match type_ {
        "contacts" | "0-1" => "contact",
        "companies" | "0-2" => "company",
        "deals" | "0-3" => "deal",
        other => other,
    }
}

pub(super) fn read_body(asked: &[(RecordId, Option<String>)]) -> Json {
    let inputs: Vec<Json> = asked
        .iter()
        .map(|(id, after)| match after {
            Some(after) => json!({ "id": id.as_str(), "after": after }),
            None => json!({ "id": id.as_str() }),
        })
        .collect();
    json!({ "inputs": inputs })
}

/// Reads a page. Errors that say that a record has none are no errors (hubspot.md §4.4).
pub(super) fn page(body: &Json) -> Option<AssociationsPage> {
    let mut page = AssociationsPage {
        found: Vec::new(),
        more: Vec::new(),
    };
    for result in body["results"].as_array()? {
        let from = id(&result["from"]["id"])?;
        for to in result["to"].as_array().into_iter().flatten() {
            page.found.push(Associated {
                from: from.clone(),
                to: id(&to["toObjectId"])?,
                primary: is_primary(&to["associationTypes"]),
            });
        }
        if let Some(after) = result["paging"]["next"]["after"].as_str() {
            page.more.push((from, after.to_owned()));
        }
    }
    Some(page)
}

fn is_primary(types: &Json) -> bool {
    let mut types = types.as_array().into_iter().flatten();
    types.any(|one| {
        let by_id = matches!(one["typeId"].as_u64(), Some(1 | 5));
        one["category"] == "HUBSPOT_DEFINED" && (by_id || one["label"] == "Primary")
    })
}

/// An id, which answers give as a number or as a text.
fn id(json: &Json) -> Option<RecordId> {
    let text = match json {
        Json::String(text) => text.clone(),
        Json::Number(number) => number.to_string(),
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => return None,
    };
    RecordId::parse(&text).ok()
}

pub(super) fn resource(kind: Kind) -> &'static str {
    match kind {
        Kind::Primary(_) => "batch/create",
        Kind::Default => "batch/associate/default",
    }
}

pub(super) fn write_body(kind: Kind, links: &[Link]) -> Json {
    let inputs: Vec<Json> = links
        .iter()
        .map(|link| {
            let mut input = json!({
                "from": { "id": link.from.as_str() },
                "to": { "id": link.to.as_str() },
            });
            if let Kind::Primary(type_id) = kind {
                input["types"] = json!([{
                    "associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id,
                }]);
            }
            input
        })
        .collect();
    json!({ "inputs": inputs })
}

pub(super) fn archive_body(links: &[Link]) -> Json {
    let inputs: Vec<Json> = links
        .iter()
        .map(|link| {
            json!({ "from": { "id": link.from.as_str() }, "to": [{ "id": link.to.as_str() }] })
        })
        .collect();
    json!({ "inputs": inputs })
}

/// The outcome of each link, in the order sent; `None` when the answer is no batch answer.
pub(super) fn outcomes(body: &Json, links: &[Link]) -> Option<Vec<LinkOutcome>> {
    let results = body["results"].as_array()?;
    let errors = body["errors"].as_array().map_or(&[][..], Vec::as_slice);
    let set: Vec<Link> = results.iter().filter_map(shown).collect();
    let mut outcomes: Vec<LinkOutcome> = links
        .iter()
        .map(|link| {
            if let Some(error) = errors.iter().find(|error| names(error, link)) {
                LinkOutcome::Failed(answer::failures(error, 0))
            } else if errors.is_empty() || set.contains(link) {
                LinkOutcome::Set
            } else {
                LinkOutcome::Unmentioned
            }
        })
        .collect();
    let mut open = outcomes
        .iter_mut()
        .filter(|outcome| **outcome == LinkOutcome::Unmentioned);
    // One error that names nobody belongs to the one link that nothing else speaks of.
    if let ([error], Some(only), None) = (errors, open.next(), open.next()) {
        *only = LinkOutcome::Failed(answer::failures(error, 0));
    }
    Some(outcomes)
}

fn shown(result: &Json) -> Option<Link> {
    let end = |flat: &str, nested: &str| id(&result[flat]).or_else(|| id(&result[nested]["id"]));
    Some(Link {
        from: end("fromObjectId", "from")?,
        to: end("toObjectId", "to")?,
    })
}

/// Whether an error speaks of a link: its context names the record at both ends, or at the one it
/// names at all.
fn names(error: &Json, link: &Link) -> bool {
    let ids = |key: &str| -> Vec<RecordId> {
        let list = error["context"][key].as_array();
        list.into_iter().flatten().filter_map(id).collect()
    };
    let (from, to) = (ids("fromObjectId"), ids("toObjectId"));
    let fits = |ids: &[RecordId], id: &RecordId| ids.is_empty() || ids.contains(id);
    !(from.is_empty() && to.is_empty()) && fits(&from, &link.from) && fits(&to, &link.to)
}
