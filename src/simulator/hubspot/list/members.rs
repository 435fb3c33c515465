//! The members of lists: paged by id or by time, changed, and asked from the record's side.

use super::super::HubSpot;
use super::super::call::{Answer, Call, text_member};
use super::super::refusal::Refusal;
use super::{Processing, Readable, Stay};
use crate::simulator::stamp;
use serde_json::{Map, Value, json};

/// Most members in one page.
const PAGE_MAX: usize = 250;
/// Most records in one question about their lists (assumed).
const RECORDS_MAX: usize = 100;

/// How a list is to be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Records come in.
    Add,
    /// Records go out.
    Remove,
    /// Some come and some go.
    Both,
}

impl HubSpot {
    pub(in super::super) fn list_members_by_id(
        &self,
        call: &Call<'_>,
        id: &str,
    ) -> Result<Answer, Refusal> {
        let members = &self.shown_list(id)?.members;
        let keyed = members.iter().map(|(id, stay)| (Key(0, *id), *stay));
        members_page(call, &keyed.collect::<Vec<_>>())
    }

    pub(in super::super) fn list_members_by_time(
        &self,
        call: &Call<'_>,
        id: &str,
    ) -> Result<Answer, Refusal> {
        let members = &self.shown_list(id)?.members;
        let keyed = members
            .iter()
            .map(|(id, stay)| (Key(stay.last, *id), *stay));
        let mut keyed: Vec<_> = keyed.collect();
        keyed.sort_by_key(|(key, _)| *key);
        members_page(call, &keyed)
    }

    /// Changes a list's members; ids of no record are told, and what is so already is ignored.
    pub(in super::super) fn change_members(
        &mut self,
        call: &Call<'_>,
        id: &str,
        change: Change,
    ) -> Result<Answer, Refusal> {
        let list = self.shown_list(id)?;
        if list.processing == Processing::Dynamic {
            let message = format!("The memberships of the DYNAMIC list {id} cannot be changed");
            return Err(Refusal::invalid(&message));
        }
        let object = list.object;
        let body: Value = serde_json::from_slice(call.body()).unwrap_or(Value::Null);
        let (coming, going) = match change {
            Change::Add => (ids(Some(&body))?, Vec::new()),
            Change::Remove => (Vec::new(), ids(Some(&body))?),
            Change::Both => (
                ids(body.get("recordIdsToAdd"))?,
                ids(body.get("recordIdsToRemove"))?,
            ),
        };
        let known = |id: &String| self.end(object, id).map(|end| end.id);
        let all = coming.iter().chain(&going);
        let missing: Vec<&String> = all.filter(|id| known(id).is_none()).collect();
        let (missing, now) = (json!(missing), call.now);
        let coming: Vec<u64> = coming.iter().filter_map(known).collect();
        let going: Vec<u64> = going.iter().filter_map(known).collect();
        let list = self.lists.get_mut(id).ok_or_else(Refusal::not_found)?;
        let added = coming.into_iter().filter(|id| list.add(*id, now));
        let added: Vec<String> = added.map(|id| id.to_string()).collect();
        let removed = going.into_iter().filter(|id| list.remove(*id, now));
        let removed: Vec<String> = removed.map(|id| id.to_string()).collect();
        // The first name is misspelled on the wire [S].
        Ok(Answer::Json(
            200,
            json!({
                "recordsIdsAdded": added, "recordIdsRemoved": removed, "recordIdsMissing": missing,
            }),
        ))
    }

    pub(in super::super) fn lists_of_record(
        &self,
        object: &str,
        id: &str,
    ) -> Result<Answer, Refusal> {
        let results = self.memberships(self.object_named(object)?, id);
        Ok(Answer::Json(
            200,
            json!({ "results": results, "total": results.len() }),
        ))
    }

    pub(in super::super) fn lists_of_records(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let body = call.json()?;
        let inputs = body.get("inputs").and_then(Value::as_array);
        let inputs = inputs.map_or(&[][..], Vec::as_slice);
        if inputs.is_empty() || inputs.len() > RECORDS_MAX {
            return Err(Refusal::invalid(&format!(
                "Batch input provided should have at least one object and at most {RECORDS_MAX}."
            )));
        }
        let empty = Map::new();
        let mut results = Vec::new();
        for input in inputs {
            let input = input.as_object().unwrap_or(&empty);
            let [object, id] = ["objectTypeId", "recordId"]
                .map(|name| text_member(input, name).unwrap_or_default());
            let place = self.object_named(&object)?;
            results.push(json!({
                "objectTypeId": self.objects[place].type_id, "recordId": id,
                "recordListMemberships": self.memberships(place, &id),
            }));
        }
        let at = stamp::iso(call.now);
        Ok(Answer::Json(
            200,
            json!({ "status": "COMPLETE", "results": results, "startedAt": at, "completedAt": at }),
        ))
    }

    fn memberships(&self, object: usize, id: &str) -> Vec<Value> {
        let Some(end) = self.end(object, id) else {
            return Vec::new();
        };
        let lists = self.lists.all();
        let shown = lists.filter(|list| list.object == object && list.readable == Readable::Yes);
        shown
            .filter_map(|list| Some((list, list.members.get(&end.id)?)))
            .map(|(list, stay)| {
                json!({
                    "listId": list.id.to_string(), "listVersion": list.version,
                    "firstAddedTimestamp": stamp::iso(stay.first),
                    "lastAddedTimestamp": stamp::iso(stay.last), "isPublicList": false,
                })
            })
            .collect()
    }
}

/// Where a member stands: when it joined, or 0 in the order of ids, and its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key(i64, u64);

impl Key {
    fn cursor(self) -> String {
        format!("{}-{}", self.0, self.1)
    }

    fn parse(text: &str) -> Result<Key, Refusal> {
        let parts = text.split_once('-');
        let key = parts.and_then(|(at, id)| Some(Key(at.parse().ok()?, id.parse().ok()?)));
        key.ok_or_else(|| Refusal::invalid("after is not a valid paging cursor"))
    }
}

// `after` and `before` say where a page that was seen ended and began; whoever stood there may have left since.
fn members_page(call: &Call<'_>, members: &[(Key, Stay)]) -> Result<Answer, Refusal> {
    let limit = call.limit(100, PAGE_MAX)?;
    let key = |name: &str| call.param(name).map(Key::parse).transpose();
    let (first, last) = if let Some(before) = key("before")? {
        let last = members.partition_point(|(key, _)| *key < before);
        (last.saturating_sub(limit), last)
    } else {
        let after = key("after")?;
        let first = members.partition_point(|(key, _)| Some(*key) <= after);
        (first, members.len().min(first + limit))
    };
    let page = members.get(first..last).unwrap_or_default();
    let results: Vec<Value> = page
        .iter()
        .map(|(key, stay)| {
            let joined = stamp::iso(stay.last);
            json!({ "recordId": key.1.to_string(), "membershipTimestamp": joined })
        })
        .collect();
    let mut body = json!({ "results": results, "total": members.len() });
    let link = |name: &str, key: Key| {
        let (path, cursor) = (call.path(), key.cursor());
        let link = format!("https://api.hubapi.com{path}?limit={limit}&{name}={cursor}");
        json!({ name: cursor, "link": link })
    };
    if let Some((key, _)) = page.last().filter(|_| last < members.len()) {
        body["paging"]["next"] = link("after", *key);
    }
    if let Some((key, _)) = page.first().filter(|_| first > 0) {
        body["paging"]["prev"] = link("before", *key);
    }
    Ok(Answer::Json(200, body))
}

// A bare list of ids, as texts or numbers; absent is empty, anything else a mistake.
fn ids(list: Option<&Value>) -> Result<Vec<String>, Refusal> {
    let Some(list) = list else {
        return Ok(Vec::new());
    };
    let list = list.as_array().ok_or_else(|| {
        Refusal::invalid(
            "Invalid input JSON on line 1, column 1: Cannot deserialize value of type list of ids",
        )
    })?;
    let text = |id: &Value| match id {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    Ok(list.iter().filter_map(text).collect())
}
