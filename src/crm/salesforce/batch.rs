//! Up to 200 rows in one Collections request, and what became of each.

use serde_json::{Value as Json, json};

use super::{answer, rows};
use crate::crm::http::{CallError, Method};
use crate::crm::values;
use crate::domain::failure::{Failure, RawFailure, System};
use crate::domain::record::{FieldName, Fields, RecordId};
use crate::domain::schema::{Kind, ObjectSchema};

/// Rows in one batch; Salesforce refuses more.
pub const ROWS_MAX: usize = 200;

/// What a batch does with its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BatchOperation {
    /// Creates or updates by an external id, which stands among each row's fields. Two rows of
    /// one batch with the same external id both fail.
    Upsert {
        /// The field that carries it.
        external_id_field: FieldName,
    },
    /// Creates, whatever is there already: nothing finds a row again whose answer was lost, so that
    /// whoever makes one has read before that there is none.
    Insert {
        /// The field by which the results of a load tell its rows apart.
        told_by: FieldName,
    },
    /// Updates by id.
    Update,
    /// Moves records to the recycle bin by id.
    Delete,
}

/// One row to write.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its id, needed for an update and a deletion, and not sent otherwise.
    pub id: Option<RecordId>,
    /// The fields to set; those left out stay as they are.
    pub fields: Fields,
}

/// Rows of one object, written by one operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch<'a> {
    /// The object, whose describe says how values are written.
    pub schema: &'a ObjectSchema,
    /// What is done.
    pub operation: BatchOperation,
    /// At most [`ROWS_MAX`].
    pub rows: Vec<Row>,
}

/// What became of one row.
#[derive(Debug, Clone, PartialEq)]
pub enum RowOutcome {
    /// It stands in Salesforce now; a deletion's is in the recycle bin.
    Written {
        /// Its id.
        id: RecordId,
        /// Whether it is new: an insert's is, an update's never.
        created: bool,
    },
    /// It was refused, with at least one failure. Nothing of it was saved.
    Failed(Vec<RawFailure>),
}

impl Batch<'_> {
    /// Why this batch cannot be sent as it stands.
    pub(super) fn flaw(&self) -> Option<&'static str> {
        if self.rows.is_empty() {
            return Some("a batch has no rows");
        }
        if self.rows.len() > ROWS_MAX {
            return Some("a batch has more than 200 rows");
        }
        match &self.operation {
            BatchOperation::Update | BatchOperation::Delete
                if self.rows.iter().any(|row| row.id.is_none()) =>
            {
                Some("a row to change or delete has no id")
            }
            BatchOperation::Upsert { external_id_field }
                if self
                    .rows
                    .iter()
                    .any(|row| !row.fields.contains_key(external_id_field)) =>
            {
                Some("a row to upsert has no external id")
            }
            BatchOperation::Update
            | BatchOperation::Delete
            | BatchOperation::Insert { .. }
            | BatchOperation::Upsert { .. } => None,
        }
    }

    /// How the resource is asked.
    pub(super) fn method(&self) -> Method {
        match &self.operation {
            BatchOperation::Upsert { .. } | BatchOperation::Update => Method::Patch,
            BatchOperation::Insert { .. } => Method::Post,
            BatchOperation::Delete => Method::Delete,
        }
    }

    /// The resource below the version.
    pub(super) fn path(&self) -> String {
        match &self.operation {
            BatchOperation::Upsert { external_id_field } => format!(
                "composite/sobjects/{}/{external_id_field}",
                values::percent(&self.schema.api_name)
            ),
            BatchOperation::Update | BatchOperation::Insert { .. } => {
                "composite/sobjects".to_owned()
            }
            BatchOperation::Delete => {
                let ids = self.rows.iter().filter_map(|row| row.id.as_ref());
                let ids: Vec<&str> = ids.map(RecordId::as_str).collect();
                format!("composite/sobjects?ids={}&allOrNone=false", ids.join(","))
            }
        }
    }

    /// What is sent; a deletion says all in its address.
    pub(super) fn body(&self) -> Option<Json> {
        if self.operation == BatchOperation::Delete {
            return None;
        }
        let records: Vec<Json> = self.rows.iter().map(|row| self.record(row)).collect();
        Some(json!({ "allOrNone": false, "records": records }))
    }

    fn record(&self, row: &Row) -> Json {
        let mut record = rows::encode(&row.fields, self.schema);
        record.insert(
            "attributes".to_owned(),
            json!({ "type": self.schema.api_name }),
        );
        if let (BatchOperation::Update, Some(id)) = (&self.operation, &row.id) {
            record.insert("id".to_owned(), json!(id.as_str()));
        }
        Json::Object(record)
    }

    /// Reads the answer, which lists one item per row in the order sent.
    pub(super) fn outcomes(&self, body: &Json) -> Result<Vec<RowOutcome>, CallError> {
        let items = body
            .as_array()
            .filter(|items| items.len() == self.rows.len())
            .ok_or_else(|| CallError::unreadable("an item per row"))?;
        self.rows
            .iter()
            .zip(items)
            .map(|(row, item)| self.outcome(row, item))
            .collect()
    }

    fn outcome(&self, row: &Row, item: &Json) -> Result<RowOutcome, CallError> {
        // Only `success` counts: items that were rolled back keep their ids.
        match item["success"].as_bool() {
            Some(true) => {
                let id = item["id"]
                    .as_str()
                    .and_then(|id| RecordId::parse(id).ok())
                    .ok_or_else(|| CallError::unreadable("a written row's id"))?;
                Ok(RowOutcome::Written {
                    id,
                    created: match self.operation {
                        // Its answer has no word of it.
                        BatchOperation::Insert { .. } => true,
                        BatchOperation::Upsert { .. }
                        | BatchOperation::Update
                        | BatchOperation::Delete => item["created"].as_bool().unwrap_or(false),
                    },
                })
            }
            Some(false) => Ok(RowOutcome::Failed(self.failures(row, item))),
            None => Err(CallError::unreadable("a row's success")),
        }
    }

    fn failures(&self, row: &Row, item: &Json) -> Vec<RawFailure> {
        let mut failures = answer::listed(&item["errors"], 0);
        if failures.is_empty() {
            failures.push(RawFailure {
                failure: Failure::of(System::Salesforce, "UNKNOWN_EXCEPTION"),
                message: String::new(),
                value: None,
                rule: None,
            });
        }
        for raw in &mut failures {
            if raw.value.is_none() {
                raw.value = self.refused(row, &raw.failure);
            }
        }
        failures
    }

    /// The value sent to the one field at fault, where a list or a lookup is concerned.
    fn refused(&self, row: &Row, failure: &Failure) -> Option<String> {
        let [name] = failure.fields.as_slice() else {
            return None;
        };
        let kind = self.schema.field(name)?.kind;
        if !matches!(kind, Kind::Picklist | Kind::MultiPicklist | Kind::Reference) {
            return None;
        }
        let value = row.fields.get(name)?;
        (!value.is_blank()).then(|| rows::text(value))
    }
}
