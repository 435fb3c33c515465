//! Records one at a time: list, create, read, update, archive.

use super::HubSpot;
use super::association::link::Changes;
use super::call::{Answer, Call, properties_member};
use super::record::Record;
use super::refusal::Refusal;
use super::render::Shown;
use super::write::{Undo, Writer, Written};
use serde_json::{Value, json};
use std::sync::Arc;

const PAGE_MAX: usize = 100;
/// A page with histories is smaller.
const PAGE_WITH_HISTORY_MAX: usize = 50;

impl HubSpot {
    pub(super) fn list(&self, call: &Call<'_>, object: usize) -> Result<Answer, Refusal> {
        let histories = call.list("propertiesWithHistory");
        let most = if histories.is_empty() {
            PAGE_MAX
        } else {
            PAGE_WITH_HISTORY_MAX
        };
        let limit = call.limit(10, most)?;
        let first = match call.param("after").map(str::parse::<u64>) {
            None => 0,
            Some(Ok(after)) => after,
            Some(Err(_)) => return Err(Refusal::invalid("after is not a valid paging cursor")),
        };
        let shown = Shown::Asked(call.list("properties"));
        let others = self.types_named(&call.list("associations"))?;
        let table = &self.objects[object].table;
        let mut records = table.from(first, call.is_set("archived"));
        let page: Vec<&Arc<Record>> = records.by_ref().take(limit).collect();
        let results: Vec<Value> = page
            .iter()
            .map(|record| {
                let mut body = self.record_json(object, record, &shown, &histories);
                if let Some(ties) = self.record_ties(object, record, &others) {
                    body["associations"] = ties;
                }
                body
            })
            .collect();
        let mut body = json!({ "results": results });
        if let Some(next) = records.next() {
            let link = format!(
                "https://api.hubapi.com{}?limit={limit}&after={}",
                call.path(),
                next.id
            );
            body["paging"] = json!({ "next": { "after": next.id.to_string(), "link": link } });
        }
        Ok(Answer::Json(200, body))
    }

    pub(super) fn create_one(&mut self, call: &Call<'_>, object: usize) -> Result<Answer, Refusal> {
        let body = call.json()?;
        let (writer, mut undo) = (Writer::application(call.generation), Undo::new());
        let mut changes = Changes::new();
        let written = self.create_tied(object, &body, writer, call.now, &mut undo, &mut changes)?;
        self.commit(object, &undo, writer.source, call.now);
        self.settle(&changes, writer.source, call.now);
        Ok(Answer::Json(201, self.written_json(object, &written)))
    }

    pub(super) fn read_one(
        &self,
        call: &Call<'_>,
        object: usize,
        id: &str,
    ) -> Result<Answer, Refusal> {
        let kept = &self.objects[object];
        let id = self.resolve(object, id, call.param("idProperty"))?;
        let wants_archived = call.is_set("archived");
        let record = kept
            .table
            .get(id)
            .filter(|record| record.archived_at.is_some() == wants_archived)
            .ok_or_else(Refusal::not_found)?;
        let shown = Shown::Asked(call.list("properties"));
        let histories = call.list("propertiesWithHistory");
        let others = self.types_named(&call.list("associations"))?;
        let mut body = self.record_json(object, record, &shown, &histories);
        if let Some(ties) = self.record_ties(object, record, &others) {
            body["associations"] = ties;
        }
        Ok(Answer::Json(200, body))
    }

    pub(super) fn update_one(
        &mut self,
        call: &Call<'_>,
        object: usize,
        id: &str,
    ) -> Result<Answer, Refusal> {
        let id = self.resolve(object, id, call.param("idProperty"))?;
        let properties = properties_member(&call.json()?)?;
        if properties.is_empty() {
            let message = "No properties found to update, please provide at least one.";
            return Err(Refusal::invalid(message));
        }
        let (writer, mut undo) = (Writer::application(call.generation), Undo::new());
        let written = self.update(object, id, &properties, writer, call.now, &mut undo)?;
        self.commit(object, &undo, writer.source, call.now);
        Ok(Answer::Json(200, self.written_json(object, &written)))
    }

    /// Archives; an id that nobody has is answered like one that was archived.
    pub(super) fn archive_one(&mut self, call: &Call<'_>, object: usize, id: &str) -> Answer {
        if let Ok(id) = self.resolve(object, id, call.param("idProperty")) {
            self.archive_record(object, id, call.now);
        }
        Answer::Nothing
    }

    /// The types that a read wants to see associations to.
    fn types_named(&self, names: &[String]) -> Result<Vec<usize>, Refusal> {
        names.iter().map(|name| self.object_named(name)).collect()
    }

    /// The id a path or an input means: its own, a merged-away one's, or the holder of a unique value.
    pub(super) fn resolve(
        &self,
        object: usize,
        id: &str,
        id_property: Option<&str>,
    ) -> Result<u64, Refusal> {
        let kept = &self.objects[object];
        match id_property {
            None | Some("" | "hs_object_id") => {
                let id: u64 = id.parse().map_err(|_| Refusal::not_found())?;
                Ok(kept.survivor(id))
            }
            Some(property) => {
                self.must_be_unique(object, property)?;
                kept.table
                    .holder(property, id)
                    .ok_or_else(Refusal::not_found)
            }
        }
    }

    /// Refuses an `idProperty` by which no record can be found.
    pub(super) fn must_be_unique(&self, object: usize, property: &str) -> Result<(), Refusal> {
        let kept = &self.objects[object];
        if kept.property(property).is_some() && kept.table.is_indexed(property) {
            return Ok(());
        }
        Err(Refusal::invalid(&format!(
            "Property \"{property}\" is not a unique identifier property"
        )))
    }

    /// The answer to a write: everything that is set.
    pub(super) fn written_json(&self, object: usize, written: &Written) -> Value {
        let Some(record) = self.objects[object].table.get(written.id) else {
            return Value::Null;
        };
        let mut body = self.record_json(object, record, &Shown::Everything, &[]);
        if !written.warnings.is_empty() {
            body["warnings"] = json!(written.warnings);
        }
        body
    }
}
