//! Lists themselves: one by id or name, several by id or search, a new one.

use super::super::HubSpot;
use super::super::call::{Answer, Call, text_member, words_member};
use super::super::refusal::Refusal;
use super::{List, Processing, Readable};
use serde_json::{Value, json};

/// Most lists in one answer of a search.
const COUNT_MAX: usize = 500;

impl HubSpot {
    pub(in super::super) fn read_list(&self, id: &str) -> Result<Answer, Refusal> {
        let list = self.shown_list(id)?;
        Ok(Answer::Json(200, json!({ "list": self.list_json(list) })))
    }

    pub(in super::super) fn read_list_named(
        &self,
        object: &str,
        name: &str,
    ) -> Result<Answer, Refusal> {
        let object = self.object_named(object)?;
        let Some(list) = self.lists.named(object, name) else {
            let message = format!("List does not exist with name {name}.");
            return Err(Refusal::new(404, "OBJECT_NOT_FOUND", &message)
                .with("subCategory", json!("ILS.LIST_NOT_FOUND")));
        };
        self.read_list(&list.id.to_string())
    }

    /// Several by `listIds`; one that is not shown is left out.
    pub(in super::super) fn lists_by_id(&self, call: &Call<'_>) -> Answer {
        let ids = call.list("listIds");
        let found = ids.iter().filter_map(|id| self.shown_list(id).ok());
        let lists: Vec<Value> = found.map(|list| self.list_json(list)).collect();
        Answer::Json(200, json!({ "lists": lists }))
    }

    pub(in super::super) fn search_lists(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let body = call.json()?;
        let number = |name: &str, usual: usize| match text_member(&body, name) {
            None => Ok(usual),
            Some(text) => text
                .parse::<usize>()
                .map_err(|_| Refusal::invalid(&format!("{name} is not a number: {text}"))),
        };
        let (count, offset) = (number("count", 20)?, number("offset", 0)?);
        if count > COUNT_MAX {
            let message = format!("count must not be greater than {COUNT_MAX}");
            return Err(Refusal::invalid(&message));
        }
        let words = text_member(&body, "query")
            .unwrap_or_default()
            .to_lowercase();
        let kinds = words_member(&body, "processingTypes");
        let object = text_member(&body, "objectTypeId");
        let object = object.map(|name| self.object_named(&name)).transpose()?;
        let wanted = |list: &&List| {
            list.readable == Readable::Yes
                && list.name.to_lowercase().contains(&words)
                && (kinds.is_empty() || kinds.iter().any(|kind| kind == list.processing.name()))
                && object.is_none_or(|object| object == list.object)
        };
        let found: Vec<&List> = self.lists.all().filter(wanted).collect();
        let page = found.iter().skip(offset).take(count);
        let lists: Vec<Value> = page.map(|list| self.list_json(list)).collect();
        let next = offset + lists.len();
        Ok(Answer::Json(
            200,
            json!({
                "lists": lists, "hasMore": next < found.len(), "offset": next,
                "total": found.len(),
            }),
        ))
    }

    pub(in super::super) fn create_list(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let body = call.json()?;
        let wanted = ["name", "objectTypeId", "processingType"];
        let missing: Vec<&str> = wanted
            .into_iter()
            .filter(|name| text_member(&body, name).is_none())
            .collect();
        if !missing.is_empty() {
            return Err(Refusal::invalid(&format!(
                "Invalid input JSON on line 1, column 1. Some required fields were not set: [{}]",
                missing.join(", ")
            )));
        }
        let [name, object, kind] = wanted.map(|name| text_member(&body, name).unwrap_or_default());
        let processing = Processing::named(&kind)
            .ok_or_else(|| Refusal::invalid(&format!("{kind} is not a valid processing type")))?;
        let id = self.make_list(&name, &object, processing, call.now)?;
        self.read_list(&id)
    }

    /// Makes a list, unless the type has one of that name (the refusal is assumed).
    pub(super) fn make_list(
        &mut self,
        name: &str,
        object: &str,
        processing: Processing,
        now: i64,
    ) -> Result<String, Refusal> {
        let object = self.object_named(object)?;
        if self.lists.named(object, name).is_some() {
            let message = format!("A list with the name '{name}' already exists");
            return Err(Refusal::invalid(&message));
        }
        let list = self.lists.make(name, object, processing, now);
        Ok(list.id.to_string())
    }
}
