//! Rows to write as the one file of a load, encoded as they come: only the file is kept.
//!
//! Rules and limits: "Prepare CSV Files" of the Bulk API 2.0 guide.

use std::collections::BTreeSet;

use super::Load;
use super::csv;
use crate::crm::salesforce::batch::{BatchOperation, Row};
use crate::crm::salesforce::rows;
use crate::domain::record::{FieldName, Value};
use crate::domain::schema::Kind;

/// Bytes of one file. Salesforce takes 100 MB; this much passes a slow line within an answer's
/// time-out, and its results fit the largest answer that is read.
pub const SHEET_BYTES_MAX: usize = 20 * 1024 * 1024;

/// Characters in one cell.
const CELL_CHARS_MAX: usize = 131_072;
/// Characters in one row.
const ROW_CHARS_MAX: usize = 400_000;
/// Columns.
const COLUMNS_MAX: usize = 5_000;
/// Characters in the header.
const HEADER_CHARS_MAX: usize = 32_000;

/// The cell that empties a field; an empty cell leaves it as it is.
const NOTHING: &str = "#N/A";

/// Why a row did not go into a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoRoom {
    /// The file is as long as it may be: begin another load.
    #[error("the file is full")]
    Full,
    /// No file can carry this row: send it in a batch.
    #[error("the row cannot go by Bulk: {0}")]
    Unfit(&'static str),
}

/// The file of one load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    columns: Vec<(FieldName, Kind)>,
    known: BTreeSet<FieldName>,
    /// Whether the first column is the id, which is no field of a row.
    by_id: bool,
    text: String,
    rows: usize,
    bytes_max: usize,
}

impl Sheet {
    /// A file without rows for `load`, with its key and `fields` as columns. A row leaves alone
    /// what it does not set.
    pub fn new(load: &Load<'_>, fields: &[FieldName]) -> Result<Self, NoRoom> {
        Self::with_limit(load, fields, SHEET_BYTES_MAX)
    }

    /// As [`Sheet::new`], with at most `bytes_max` bytes; the first row always finds room.
    pub fn with_limit(
        load: &Load<'_>,
        fields: &[FieldName],
        bytes_max: usize,
    ) -> Result<Self, NoRoom> {
        let key = load.key().to_owned();
        let others = fields.iter().filter(|field| field.as_str() != key);
        let mut columns: Vec<(FieldName, Kind)> = Vec::new();
        let by_id = match &load.operation {
            BatchOperation::Upsert {
                external_id_field: key,
            }
            | BatchOperation::Insert { told_by: key } => {
                columns.push((key.clone(), Kind::Text));
                false
            }
            BatchOperation::Update | BatchOperation::Delete => true,
        };
        columns.extend(others.map(|field| {
            let kind = load.schema.field(field).map_or(Kind::Text, |own| own.kind);
            (field.clone(), kind)
        }));
        let id = by_id.then_some("Id");
        let names: Vec<&str> = id
            .into_iter()
            .chain(columns.iter().map(|(name, _)| name.as_str()))
            .collect();
        let text = names.join(",") + "\n";
        if names.len() > COLUMNS_MAX || text.len() > HEADER_CHARS_MAX {
            return Err(NoRoom::Unfit("there are too many columns"));
        }
        Ok(Self {
            known: columns.iter().map(|(name, _)| name.clone()).collect(),
            columns,
            by_id,
            text,
            rows: 0,
            bytes_max,
        })
    }

    /// Appends a row. An error leaves the file as it was.
    pub fn push(&mut self, row: &Row) -> Result<(), NoRoom> {
        if row.fields.keys().any(|name| !self.known.contains(name)) {
            return Err(NoRoom::Unfit("it sets a field that is no column"));
        }
        let before = self.text.len();
        if let Err(flaw) = self.write(row) {
            self.text.truncate(before);
            return Err(NoRoom::Unfit(flaw));
        }
        if self.rows > 0 && self.text.len() > self.bytes_max {
            self.text.truncate(before);
            return Err(NoRoom::Full);
        }
        self.rows += 1;
        Ok(())
    }

    fn write(&mut self, row: &Row) -> Result<(), &'static str> {
        let mut chars = 0;
        if self.by_id {
            let id = row.id.as_ref().ok_or("it has no id")?;
            self.text.push_str(id.as_str());
        }
        for (place, (name, kind)) in self.columns.iter().enumerate() {
            if place > 0 || self.by_id {
                self.text.push(',');
            }
            let Some(value) = row.fields.get(name) else {
                if place == 0 && !self.by_id {
                    return Err("it has no external id");
                }
                continue;
            };
            let cell = cell(value, *kind)?;
            if place == 0 && !self.by_id && cell == NOTHING {
                return Err("it has no external id");
            }
            let length = cell.chars().count();
            if length > CELL_CHARS_MAX {
                return Err("a value is too long");
            }
            chars += length;
            csv::write_cell(&mut self.text, &cell);
        }
        if chars > ROW_CHARS_MAX {
            return Err("its values are too long together");
        }
        self.text.push('\n');
        Ok(())
    }

    /// Rows so far.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The file as it is sent.
    pub fn bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.text.into_bytes()
    }
}

/// A value as a cell, in the form its kind asks for.
fn cell(value: &Value, kind: Kind) -> Result<String, &'static str> {
    match value {
        // A checkbox knows no null: unticked is all the blank it has.
        Value::Blank if kind == Kind::Bool => return Ok("false".to_owned()),
        Value::Blank => return Ok(NOTHING.to_owned()),
        Value::Text(_)
        | Value::Number(_)
        | Value::Bool(_)
        | Value::Date(..)
        | Value::DateTime(_)
        | Value::Options(_) => {}
    }
    let text = rows::text(value);
    if text == NOTHING {
        return Err("a value reads like the mark that empties a field");
    }
    // An empty cell would leave the field alone, and this value means to empty it.
    Ok(if text.is_empty() {
        NOTHING.to_owned()
    } else {
        text
    })
}
