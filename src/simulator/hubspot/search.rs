//! Search: records as they were a moment ago, found by filters, and no deeper than the portal allows.

use super::HubSpot;
use super::call::{Answer, Call, text_member, words_member};
use super::filter::{Clause, Query};
use super::object::ObjectType;
use super::record::Record;
use super::refusal::Refusal;
use super::render::Shown;
use serde_json::{Map, Value, json};
use std::cmp::Ordering;
use std::sync::Arc;

const BODY_MAX: usize = 3_000;
const PAGE_MAX: usize = 200;
const SEARCHED: [&str; 8] = [
    "email",
    "hs_additional_emails",
    "firstname",
    "lastname",
    "phone",
    "company",
    "name",
    "domain",
];

/// How the found records are ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Order {
    Ascending(String),
    Descending(String),
}

impl HubSpot {
    pub(super) fn search(&self, call: &Call<'_>, object: usize) -> Result<Answer, Refusal> {
        if call.body().len() > BODY_MAX {
            let message = format!("The request body must not be longer than {BODY_MAX} characters");
            return Err(Refusal::invalid(&message));
        }
        let body = call.json()?;
        let kept = &self.objects[object];
        let query = Query::read(&body, kept, &|other, id| self.tied_to(object, other, id))?;
        let order = order(&body, kept)?;
        let (limit, after) = window(&body, self.settings.search_depth)?;
        let found = find(kept, &query, &order, text_member(&body, "query").as_deref());
        let shown = Shown::Asked(words_member(&body, "properties"));
        let page = found.iter().skip(after).take(limit);
        let results: Vec<Value> = page
            .map(|record| self.record_json(object, record, &shown, &[]))
            .collect();
        let mut answer = json!({ "total": found.len() });
        answer["results"] = Value::Array(results);
        if after + limit < found.len() {
            answer["paging"] = json!({ "next": { "after": (after + limit).to_string() } });
        }
        Ok(Answer::Json(200, answer))
    }
}

fn window(body: &Map<String, Value>, depth: usize) -> Result<(usize, usize), Refusal> {
    let number = |name: &str, usual: usize| match text_member(body, name) {
        None => Ok(usual),
        Some(text) => text
            .parse::<usize>()
            .map_err(|_| Refusal::invalid(&format!("{name} is not a number: {text}"))),
    };
    let (limit, after) = (number("limit", 10)?, number("after", 0)?);
    if limit > PAGE_MAX {
        return Err(Refusal::invalid(&format!(
            "limit must not be greater than {PAGE_MAX}"
        )));
    }
    if after + limit > depth {
        let message = format!("Paging past {depth} results is not supported");
        return Err(Refusal::invalid(&message));
    }
    Ok((limit, after))
}

// Without an order: by creation, which is by id.
fn order(body: &Map<String, Value>, kept: &ObjectType) -> Result<Order, Refusal> {
    let sorts = body.get("sorts").and_then(Value::as_array);
    let order = match sorts.map(Vec::as_slice) {
        None | Some([]) => return Ok(Order::Ascending("hs_object_id".to_owned())),
        Some([Value::String(name)]) => match name.strip_prefix('-') {
            Some(name) => Order::Descending(name.to_owned()),
            None => Order::Ascending(name.clone()),
        },
        Some([Value::Object(sort)]) => {
            let name = text_member(sort, "propertyName").unwrap_or_default();
            match sort.get("direction").and_then(Value::as_str) {
                Some("DESCENDING") => Order::Descending(name),
                _ => Order::Ascending(name),
            }
        }
        Some(_) => return Err(Refusal::invalid("Only one sort is supported")),
    };
    let (Order::Ascending(name) | Order::Descending(name)) = &order;
    if kept.property(name).is_none() {
        return Err(Refusal::invalid(&format!(
            "Property \"{name}\" does not exist"
        )));
    }
    Ok(order)
}

fn find<'a>(
    kept: &'a ObjectType,
    query: &Query,
    order: &Order,
    words: Option<&str>,
) -> Vec<&'a Arc<Record>> {
    let words = words
        .map(str::to_lowercase)
        .filter(|words| !words.is_empty());
    // One group that bounds the time of the last change is what a sync asks: the index answers it.
    let by_modified = matches!(order, Order::Ascending(name) if name == kept.modified);
    let mut found = match query.modified_bounds(kept.modified) {
        Some(bounds) => kept.index.modified_within(bounds),
        None if by_modified => kept.index.modified_within(i64::MIN..=i64::MAX),
        None => kept.index.all(),
    };
    found.retain(|record| {
        query.accepts(kept, record) && words.as_ref().is_none_or(|words| has_words(record, words))
    });
    match order {
        Order::Ascending(name) if name == kept.modified && by_modified => {}
        Order::Ascending(name) => sort(kept, &mut found, name, false),
        Order::Descending(name) => sort(kept, &mut found, name, true),
    }
    found
}

fn sort(kept: &ObjectType, found: &mut [&Arc<Record>], name: &str, reversed: bool) {
    let compare = |one: &Record, other: &Record| -> Ordering {
        if name == "hs_object_id" {
            return one.id.cmp(&other.id);
        }
        let kind = kept.property(name).map(|property| property.kind);
        let values = [one, other].map(|record| kept.value(record, name));
        match values {
            [Some(one), Some(other)] => kind.map_or(Ordering::Equal, |kind| {
                Clause::compare(kind, &one, &other).unwrap_or(Ordering::Equal)
            }),
            [Some(_), None] => Ordering::Less,
            [None, Some(_)] => Ordering::Greater,
            [None, None] => Ordering::Equal,
        }
    };
    found.sort_by(|one, other| {
        let by_value = compare(one, other);
        let by_value = if reversed {
            by_value.reverse()
        } else {
            by_value
        };
        by_value.then_with(|| one.id.cmp(&other.id))
    });
}

fn has_words(record: &Record, words: &str) -> bool {
    SEARCHED
        .iter()
        .filter_map(|name| record.value(name))
        .any(|value| value.to_lowercase().contains(words))
}
