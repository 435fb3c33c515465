//! What would be written, and what it would cost.

use serde::{Deserialize, Serialize};

use crate::domain::event::Mode;
use crate::domain::record::{ObjectName, Side};

reports! {
    /// What mode observe would write.
    Plan {
        /// Whether anything is written now.
        mode: Option<Mode>,
        /// Writes by object, side and kind.
        writes: Vec<PlannedWrites>,
        /// Fields whose values would be written over.
        overwrites: Vec<PlannedField>,
        /// Open errors by type: what would fail, and what fails.
        failures: Vec<PlannedFailure>,
        /// Calls to Salesforce by part.
        calls: Vec<PlannedCalls>,
        /// Shortest time that they take under the allocation and HubSpot's pace, in ms.
        time_ms: i64,
        /// Rows that are read and not planned yet.
        unplanned: u64,
        /// Calls in any 24 h.
        allocation: u64,
    }
    /// Writes of one kind.
    PlannedWrites {
        /// Which object.
        object: ObjectName,
        /// Where.
        to: Side,
        /// Records to be made.
        created: u64,
        /// Records to be changed.
        updated: u64,
        /// Records of which values would be emptied.
        blanked: u64,
        /// Records to be deleted.
        deleted: u64,
        /// Associations to be set or taken away.
        associated: u64,
        /// Links that write nothing but the id field.
        linked: u64,
    }
    /// A field whose values would be written over.
    PlannedField {
        /// Of which object.
        object: ObjectName,
        /// Where.
        to: Side,
        /// The field there.
        field: String,
        /// In how many records.
        records: u64,
        /// The first of them.
        examples: Vec<PlannedOverwrite>,
    }
    /// One value that would be written over.
    PlannedOverwrite {
        /// Whose.
        id: String,
        /// What stands there.
        before: String,
        /// What would.
        after: String,
    }
    /// Errors of one type.
    PlannedFailure {
        /// The type.
        kind: String,
        /// How many errors.
        errors: u64,
        /// On how many records.
        records: u64,
    }
    /// Calls for one part of the work.
    PlannedCalls {
        /// Which part.
        part: String,
        /// How many.
        calls: u64,
    }
}
