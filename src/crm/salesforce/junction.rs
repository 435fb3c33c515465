//! Records of a junction object: made with their two ends, and deleted by id. Nothing of ours tells
//! one from another, so that whoever makes one has read before that there is none.

use serde_json::{Value as Json, json};

use super::batch::{ROWS_MAX, RowOutcome};
use super::client::{Salesforce, reply, write_headers};
use super::composite::{self, Part};
use super::{answer, rows};
use crate::crm::http::{CallError, Method, Reply};
use crate::domain::failure::RawFailure;
use crate::domain::record::{Fields, RecordId};
use crate::domain::schema::ObjectSchema;

/// Up to 200 of them, made or deleted by one Collections request (salesforce.md §2.6).
#[derive(Debug, Clone, PartialEq)]
pub struct Ties<'a> {
    /// The junction object, whose describe says how values are written.
    pub schema: &'a ObjectSchema,
    /// What is done.
    pub change: TieChange,
}

/// What is done with them.
#[derive(Debug, Clone, PartialEq)]
pub enum TieChange {
    /// Ones with these fields are made.
    Make(Vec<Fields>),
    /// These are deleted.
    Delete(Vec<RecordId>),
}

impl Ties<'_> {
    fn count(&self) -> usize {
        match &self.change {
            TieChange::Make(rows) => rows.len(),
            TieChange::Delete(ids) => ids.len(),
        }
    }

    fn method(&self) -> (Method, &'static str) {
        match self.change {
            TieChange::Make(_) => (Method::Post, "POST"),
            TieChange::Delete(_) => (Method::Delete, "DELETE"),
        }
    }

    /// The resource below the version: what is to be deleted stands in it.
    fn path(&self) -> String {
        match &self.change {
            TieChange::Make(_) => "composite/sobjects".to_owned(),
            TieChange::Delete(ids) => {
                let ids: Vec<&str> = ids.iter().map(RecordId::as_str).collect();
                format!("composite/sobjects?ids={}&allOrNone=false", ids.join(","))
            }
        }
    }

    fn body(&self) -> Option<Json> {
        let TieChange::Make(made) = &self.change else {
            return None;
        };
        let record = |fields: &Fields| {
            let mut record = rows::encode(fields, self.schema);
            let kind = json!({ "type": self.schema.api_name });
            record.insert("attributes".to_owned(), kind);
            Json::Object(record)
        };
        let records: Vec<Json> = made.iter().map(record).collect();
        Some(json!({ "allOrNone": false, "records": records }))
    }

    /// Reads the answer, which lists one item per row in the order sent.
    fn outcomes(&self, body: &Json) -> Result<Vec<RowOutcome>, CallError> {
        let items = body
            .as_array()
            .filter(|items| items.len() == self.count())
            .ok_or_else(|| CallError::unreadable("an item per row"))?;
        let made = matches!(self.change, TieChange::Make(_));
        let outcome = |item: &Json| match item["success"].as_bool() {
            Some(true) => {
                let id = item["id"].as_str();
                let id = id.and_then(|id| RecordId::parse(id).ok());
                let id = id.ok_or_else(|| CallError::unreadable("a written row's id"))?;
                Ok(RowOutcome::Written { id, created: made })
            }
            Some(false) => Ok(RowOutcome::Failed(answer::listed(&item["errors"], 0))),
            None => Err(CallError::unreadable("a row's success")),
        };
        items.iter().map(outcome).collect()
    }
}

impl Salesforce {
    /// Makes and deletes, 1 to [`super::BATCHES_MAX`] parts in one call; the results stand in the
    /// same order. A part refused with a status of 500 or more may have taken effect; any other
    /// refusal saved nothing of it.
    pub async fn tie(
        &self,
        parts: &[Ties<'_>],
    ) -> Result<Reply<Vec<Result<Vec<RowOutcome>, Vec<RawFailure>>>>, CallError> {
        let fits = |part: &Ties<'_>| (1..=ROWS_MAX).contains(&part.count());
        if !(1..=composite::BATCHES_MAX).contains(&parts.len()) || !parts.iter().all(fits) {
            let why = "a call takes 1 to 5 parts of 1 to 200 rows";
            return Err(CallError::NotSent(why.to_owned()));
        }
        let composed = parts.iter().map(|part| Part {
            method: part.method().1,
            url: self.versioned(&part.path()),
            headers: write_headers(),
            body: part.body(),
        });
        let response = match parts {
            [part] => {
                let mut request = self.request(&self.versioned(&part.path()))?;
                if let Some(body) = part.body() {
                    request = request.with_json(part.method().0, &body);
                } else {
                    request.method = part.method().0;
                }
                let response = self.send(request).await?;
                let outcomes = part.outcomes(&response.json()?)?;
                return Ok(reply(&response, vec![Ok(outcomes)]));
            }
            _ => self.composite(composed.collect()).await?,
        };
        let outcomes = composite::answers(&response, parts.len())?
            .into_iter()
            .zip(parts)
            .map(|(answer, part)| match answer {
                Ok(body) => part.outcomes(&body).map(Ok),
                Err(failures) => Ok(Err(failures)),
            })
            .collect::<Result<Vec<_>, CallError>>()?;
        Ok(reply(&response, outcomes))
    }
}
