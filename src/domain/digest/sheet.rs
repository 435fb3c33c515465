//! Errors as rows of a CSV file, which opens in a spreadsheet and does nothing there.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use super::Attachment;

/// The largest file that goes with a mail, in bytes: servers and readers refuse much larger ones,
/// and a part of the errors would be taken for all of them.
pub const ATTACHED_BYTES_MAX: usize = 1_000_000;

/// The columns, in the order of [`ErrorRow::cells`]. A released column keeps its name and place.
pub const HEADER: [&str; 19] = [
    "cause",
    "type",
    "object",
    "to",
    "name",
    "hubspot",
    "salesforce",
    "field",
    "code",
    "message",
    "known",
    "since",
    "attempts",
    "who_fixes",
    "fix",
    "category",
    "hubspot_id",
    "salesforce_id",
    "last_seen",
];

/// One error of one record.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ErrorRow {
    /// `C-41`.
    pub cause: String,
    /// The type's slug.
    pub kind: String,
    /// `contact`.
    pub object: String,
    /// The side that was to be written.
    pub to: String,
    /// The record's display name; empty unless names are asked for.
    pub name: String,
    /// Link or id on HubSpot's side.
    pub hubspot: String,
    /// Link or id on Salesforce's side.
    pub salesforce: String,
    /// The field at fault.
    pub field: String,
    /// The raw code.
    pub code: String,
    /// The message as received.
    pub message: String,
    /// `answered`, `certain` or `likely`.
    pub known: String,
    /// Since when, RFC 3339.
    pub since: String,
    /// Answered attempts.
    pub attempts: u32,
    /// Who can fix it.
    pub who_fixes: String,
    /// What to do.
    pub fix: String,
    /// The kind of trouble that the type is of.
    pub category: String,
    /// HubSpot's id.
    pub hubspot_id: String,
    /// Salesforce's id.
    pub salesforce_id: String,
    /// When it was last seen, RFC 3339.
    pub last_seen: String,
}

impl ErrorRow {
    /// About how many bytes the row has in the file.
    pub fn bytes(&self) -> usize {
        let cells = self.cells();
        cells.iter().map(|cell| cell.len() + 1).sum()
    }

    /// The row's cells, each made [`harmless`].
    pub fn cells(&self) -> [Cow<'_, str>; 19] {
        [
            harmless(&self.cause),
            harmless(&self.kind),
            harmless(&self.object),
            harmless(&self.to),
            harmless(&self.name),
            harmless(&self.hubspot),
            harmless(&self.salesforce),
            harmless(&self.field),
            harmless(&self.code),
            harmless(&self.message),
            harmless(&self.known),
            harmless(&self.since),
            Cow::Owned(self.attempts.to_string()),
            harmless(&self.who_fixes),
            harmless(&self.fix),
            harmless(&self.category),
            harmless(&self.hubspot_id),
            harmless(&self.salesforce_id),
            harmless(&self.last_seen),
        ]
    }
}

/// `cell` such that no spreadsheet takes it for a formula: an apostrophe is put before a first
/// character that could begin one, also behind leading blanks and in its full-width form.
pub fn harmless(cell: &str) -> Cow<'_, str> {
    let dangerous = |c: char| {
        matches!(
            c,
            '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠'
        )
    };
    let first = cell.chars().next().is_some_and(dangerous);
    if first || cell.trim_start().chars().next().is_some_and(dangerous) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

/// Writes rows as CSV with a header line, in UTF-8, lines ending in CR LF as RFC 4180 has them.
pub struct Sheet<W: Write>(csv::Writer<W>);

impl<W: Write> Sheet<W> {
    /// A sheet that has its header.
    pub fn new(out: W) -> io::Result<Self> {
        let mut builder = csv::WriterBuilder::new();
        let mut writer = builder.terminator(csv::Terminator::CRLF).from_writer(out);
        writer.write_record(HEADER).map_err(unwrapped)?;
        Ok(Self(writer))
    }

    /// Adds a row.
    pub fn row(&mut self, row: &ErrorRow) -> io::Result<()> {
        let cells = row.cells();
        let bytes = cells.iter().map(|cell| cell.as_bytes());
        self.0.write_record(bytes).map_err(unwrapped)
    }

    /// What the rows were written to, with all of them.
    pub fn end(self) -> io::Result<W> {
        self.0.into_inner().map_err(csv::IntoInnerError::into_error)
    }
}

/// What went wrong below: a closed pipe is told apart from a full disk by its kind.
fn unwrapped(error: csv::Error) -> io::Error {
    let said = error.to_string();
    if let csv::ErrorKind::Io(error) = error.into_kind() {
        error
    } else {
        io::Error::other(said)
    }
}

/// The rows as one text.
pub fn sheet(rows: &[ErrorRow]) -> Vec<u8> {
    let written = || {
        let mut sheet = Sheet::new(Vec::new())?;
        rows.iter().try_for_each(|row| sheet.row(row))?;
        sheet.end()
    };
    written().expect("a vector takes every byte, and every row has the header's length")
}

/// The rows as a file of a mail; none without rows, or with too many.
pub(super) fn attachment(installation: &str, rows: &[ErrorRow]) -> Option<Attachment> {
    if rows.is_empty() {
        return None;
    }
    let safe = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: String = installation.chars().take(40).map(safe).collect();
    let mut bytes = "\u{feff}".as_bytes().to_vec();
    bytes.extend(sheet(rows));
    if bytes.len() > ATTACHED_BYTES_MAX {
        return None;
    }
    Some(Attachment {
        name: format!("syncline-{name}-errors.csv"),
        bytes,
    })
}
