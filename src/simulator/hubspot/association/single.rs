//! The associations of one record: list, set labels, associate, take apart.

use super::super::HubSpot;
use super::super::call::{Answer, Call};
use super::super::record::Source;
use super::super::refusal::Refusal;
use super::address::Pair;
use super::link::{Changes, End};
use super::targets::{How, kinds_from};
use crate::simulator::stamp;
use serde_json::{Value, json};

impl HubSpot {
    pub(in super::super) fn list_ties(
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
        let page = self.tied_page(end, to, first, limit);
        let mut body = json!({ "results": page.results });
        if let Some(next) = page.next {
            let path = call.path();
            let link = format!("https://api.hubapi.com{path}?limit={limit}&after={next}");
            body["paging"] = json!({ "next": { "after": next.to_string(), "link": link } });
        }
        Ok(Answer::Json(200, body))
    }

    /// Puts these labels in the place of those that were there.
    pub(in super::super) fn put_labels(
        &mut self,
        call: &Call<'_>,
        pair: &Pair,
    ) -> Result<Answer, Refusal> {
        let (from, to) = self.both(pair)?;
        let body: Value = serde_json::from_slice(call.body()).map_err(|error| {
            Refusal::invalid(&format!(
                "Invalid input JSON on line {}, column {}: Cannot deserialize value",
                error.line(),
                error.column()
            ))
        })?;
        let kinds = kinds_from(Some(&body))?;
        let mut changes = Changes::new();
        self.join(from, to, How::Only(&kinds), &mut changes)?;
        self.settle(&changes, Source::Integration, call.now);
        Ok(Answer::Json(201, self.labelled_json(from, to)))
    }

    pub(in super::super) fn put_default(
        &mut self,
        call: &Call<'_>,
        pair: &Pair,
    ) -> Result<Answer, Refusal> {
        let (from, to) = self.both(pair)?;
        let mut changes = Changes::new();
        self.join(from, to, How::Usual, &mut changes)?;
        self.settle(&changes, Source::Integration, call.now);
        let results = [self.default_json(from, to), self.default_json(to, from)];
        let at = stamp::iso(call.now);
        Ok(Answer::Json(
            200,
            json!({ "status": "COMPLETE", "results": results, "startedAt": at, "completedAt": at }),
        ))
    }

    /// Leaves nothing between two records; what is not there is no error.
    pub(in super::super) fn delete_tie(
        &mut self,
        call: &Call<'_>,
        pair: &Pair,
    ) -> Result<Answer, Refusal> {
        let (from, to) = (self.object_named(&pair.from)?, self.object_named(&pair.to)?);
        if let (Some(from), Some(to)) = (self.end(from, &pair.id), self.end(to, &pair.to_id)) {
            let mut changes = Changes::new();
            self.associations.part(from, to, &mut changes);
            self.settle(&changes, Source::Integration, call.now);
        }
        Ok(Answer::Nothing)
    }

    /// The two records of an address. One that is missing is 404 here, unlike in a batch (assumed).
    pub(super) fn both(&self, pair: &Pair) -> Result<(End, End), Refusal> {
        let (from, to) = (self.object_named(&pair.from)?, self.object_named(&pair.to)?);
        let from = self.end(from, &pair.id).ok_or_else(Refusal::not_found)?;
        let to = self.end(to, &pair.to_id).ok_or_else(Refusal::not_found)?;
        Ok((from, to))
    }
}

/// Reads a paging cursor, which is the id that the page starts with; absent is the first page.
pub fn cursor(after: Option<&str>) -> Result<u64, Refusal> {
    match after.map(str::parse::<u64>) {
        None => Ok(0),
        Some(Ok(after)) => Ok(after),
        Some(Err(_)) => Err(Refusal::invalid("after is not a valid paging cursor")),
    }
}
