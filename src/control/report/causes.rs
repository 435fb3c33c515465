//! Causes and errors as they are answered.

use serde::{Deserialize, Serialize};

use crate::domain::digest::ErrorRow;
use crate::domain::event::{Known, Remark};
use crate::domain::record::{ObjectName, Side, Timestamp};
use crate::projections::errors::{Mark, Place, WAITING};

/// Which way a cause's records go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trend {
    /// It opened within the hour.
    New,
    /// It was resolved once and came back within the hour.
    Back,
    /// Records joined it within the hour.
    Up,
    /// None did.
    Flat,
}

impl CauseLine {
    /// Whether its records only wait for a parent, which no total of errors counts.
    pub fn waits(&self) -> bool {
        self.kind == WAITING
    }
}

impl Trend {
    /// Its word in a table.
    pub fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Back => "back",
            Self::Up => "up",
            Self::Flat => "flat",
        }
    }
}

reports! {
    /// One cause in a list.
    CauseLine {
        /// `C-41`
        number: i64,
        /// Records failing by it.
        records: u64,
        /// Since when.
        since: Timestamp,
        /// Whether it was resolved once and is back.
        back: bool,
        /// Which way its records go.
        trend: Trend,
        /// The type's slug.
        kind: String,
        /// In a sentence.
        what: String,
        /// Who can fix it.
        who_fixes: String,
        /// What people said of it, as far as it is in force.
        #[serde(default)]
        remarks: Vec<RemarkLine>,
    }
    /// What a person said of a cause.
    RemarkLine {
        /// What.
        remark: Remark,
        /// The note, as long as it is kept.
        note: Option<String>,
        /// Since when.
        since: Timestamp,
        /// When it ends by itself.
        until: Option<Timestamp>,
        /// The user who said it.
        by: Option<u32>,
    }
    /// Causes of current errors.
    Causes {
        /// When this was true.
        at: Timestamp,
        /// Open errors.
        errors: u64,
        /// Records with one.
        records: u64,
        /// Their causes, whether they are listed or not.
        #[serde(default)]
        many: u64,
        /// Records that only wait for a parent, and are in none of the other numbers.
        #[serde(default)]
        waiting: u64,
        /// Records with more than one error.
        several: u64,
        /// Errors known without a call.
        predicted: u64,
        /// How predicted failures fared that were sent all the same, those that were wrong most
        /// often first; nothing where none was sent.
        #[serde(default)]
        tried: Vec<Tried>,
        /// In the order of their records, or as they were asked for.
        causes: Vec<CauseLine>,
        /// The last of those, where others stand behind it.
        #[serde(default)]
        next: Option<i64>,
    }
    /// One prediction, over all records that were sent in spite of it.
    Tried {
        /// The side that was written.
        to: Side,
        /// Which object.
        object: ObjectName,
        /// The raw code that was predicted.
        code: String,
        /// The field it was predicted of, by the target's name; empty where none is named.
        field: String,
        /// Records sent.
        sent: u64,
        /// Of these, those that were accepted: the prediction was wrong.
        accepted: u64,
    }
    /// Current errors.
    Errors {
        /// All that fit the filter.
        total: u64,
        /// A page of them.
        errors: Vec<ErrorLine>,
        /// What to ask for those behind them with; none where nothing stood behind.
        #[serde(default)]
        next: Option<Mark>,
    }
    /// One open error.
    ErrorLine {
        /// Pair number.
        record: i64,
        /// Which object.
        object: ObjectName,
        /// HubSpot's id.
        hubspot: Option<String>,
        /// Salesforce's id.
        salesforce: Option<String>,
        /// The name people know it by, where it is kept.
        #[serde(default)]
        label: Option<String>,
        /// The side that was to be written.
        to: Side,
        /// The field at fault.
        field: String,
        /// The raw code.
        code: String,
        /// The type's slug.
        kind: String,
        /// `C-41`
        cause: i64,
        /// How it is known.
        known: Known,
        /// First seen.
        since: Timestamp,
        /// Answered attempts.
        attempts: u64,
        /// The message, as long as it is kept.
        message: Option<String>,
    }
    /// A page of errors as rows of a sheet.
    Sheet {
        /// The rows.
        rows: Vec<ErrorRow>,
        /// Where the next page begins; none when there was nothing.
        next: Option<Place>,
    }
    /// One cause with everything known.
    CauseStory {
        /// Its line.
        line: CauseLine,
        /// The side that was to be written.
        to: Side,
        /// Which object.
        object: ObjectName,
        /// The field at fault.
        field: String,
        /// The raw code.
        code: String,
        /// Whether the other side ever said so; what is only predicted was checked by Syncline.
        answered: bool,
        /// The latest message.
        message: Option<String>,
        /// Its type.
        kind: KindStory,
        /// Some of its records.
        examples: Vec<ErrorLine>,
    }
    /// One type.
    KindStory {
        /// Its slug.
        slug: String,
        /// Its name.
        name: String,
        /// Its group.
        category: String,
        /// What it means.
        meaning: String,
        /// What to do, in the order to try.
        fix: Vec<String>,
        /// Who can do it.
        who_fixes: String,
        /// What makes its records ready again.
        retry: Vec<String>,
        /// Open errors of it.
        errors: u64,
        /// Records with one.
        records: u64,
    }
}
