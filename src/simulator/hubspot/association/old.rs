//! The v3 form of one record's associations, which names kinds by number or by their old names.

use super::super::HubSpot;
use super::super::call::{Answer, Call};
use super::super::record::Source;
use super::super::refusal::Refusal;
use super::super::render::Shown;
use super::address::Pair;
use super::label::{Category, Kind};
use super::link::{Changes, End};
use super::single::cursor;
use super::targets::How;
use serde_json::{Value, json};

impl HubSpot {
    pub(in super::super) fn list_ties_v3(
        &self,
        call: &Call<'_>,
        from: &str,
        id: &str,
        to: &str,
    ) -> Result<Answer, Refusal> {
        let (from, to) = (self.object_named(from)?, self.object_named(to)?);
        let end = self.end(from, id).ok_or_else(Refusal::not_found)?;
        let most = self.settings.associations.page_max;
        let limit = call.limit(most, most)?;
        let first = cursor(call.param("after"))?;
        let mut ties = self.associations.links.of(end, to, first);
        let mut results: Vec<Value> = Vec::new();
        for (id, kinds) in ties.by_ref().take(limit) {
            results.extend(
                self.labels_of(from, to, kinds)
                    .map(|label| json!({ "id": id.to_string(), "type": self.wire_name(label) })),
            );
        }
        let mut body = json!({ "results": results });
        if let Some((next, _)) = ties.next() {
            body["paging"] = json!({ "next": { "after": next.to_string() } });
        }
        Ok(Answer::Json(200, body))
    }

    /// Adds a kind to two records and answers with the first of them.
    pub(in super::super) fn put_tie_v3(
        &mut self,
        call: &Call<'_>,
        pair: &Pair,
        kind: &str,
    ) -> Result<Answer, Refusal> {
        let (from, to) = self.both(pair)?;
        let kind = self.kind_named(from, to, kind)?;
        let mut changes = Changes::new();
        self.join(from, to, How::Besides(&[kind]), &mut changes)?;
        self.settle(&changes, Source::Integration, call.now);
        let record = self.objects[from.object].table.get(from.id);
        let record = record.ok_or_else(Refusal::not_found)?;
        let mut body = self.record_json(from.object, record, &Shown::Asked(Vec::new()), &[]);
        if let Some(ties) = self.record_ties(from.object, record, &[to.object]) {
            body["associations"] = ties;
        }
        Ok(Answer::Json(200, body))
    }

    /// Takes a kind from two records; what is not there is no error.
    pub(in super::super) fn delete_tie_v3(
        &mut self,
        call: &Call<'_>,
        pair: &Pair,
        kind: &str,
    ) -> Result<Answer, Refusal> {
        if let Ok((from, to)) = self.both(pair) {
            let kind = self.kind_named(from, to, kind)?;
            let mut changes = Changes::new();
            self.associations.untie(from, to, &[kind], &mut changes);
            self.settle(&changes, Source::Integration, call.now);
        }
        Ok(Answer::Nothing)
    }

    // A bare number is one of HubSpot's (assumed).
    fn kind_named(&self, from: End, to: End, name: &str) -> Result<Kind, Refusal> {
        if let Ok(id) = name.parse() {
            let category = Category::HubSpot;
            return Ok(Kind { category, id });
        }
        let mut labels = self.associations.labels.of(from.object, to.object);
        let label = labels.find(|label| self.wire_name(label) == name);
        let label = label
            .ok_or_else(|| Refusal::invalid(&format!("{name} is not a valid association type")))?;
        Ok(label.kind)
    }
}
