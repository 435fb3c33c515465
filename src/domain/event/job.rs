//! A Bulk job's life.

use serde::{Deserialize, Serialize};

use super::payload::payloads;
use crate::domain::call::Lane;
use crate::domain::load::{LoadOperation, LoadState};
use crate::domain::record::{ObjectName, RecordId, Timestamp};

payloads! {
    /// Payload of `job_intended`.
    JobIntended {
        /// Which object.
        object: ObjectName,
        /// Which form of it: the name of its mapping.
        form: ObjectName,
        /// What the job does with its rows.
        operation: LoadOperation,
        /// The lane its calls are spent in.
        lane: Lane,
        /// The parcel whose rows it carries.
        parcel: i64,
        /// How many rows.
        rows: u64,
        /// Salesforce's clock then: a job whose creation was not answered is younger.
        since: Timestamp,
    }
    /// Payload of `job_opened`.
    JobOpened {
        /// The seq of its `job_intended`.
        job: i64,
        /// The id that Salesforce gave it.
        id: RecordId,
    }
    /// Payload of `job_moved`.
    JobMoved {
        /// The seq of its `job_intended`.
        job: i64,
        /// Where it stands now.
        state: LoadState,
        /// Salesforce's clock then, when an answer told it.
        at: Option<Timestamp>,
        /// Rows processed by then, refused ones among them.
        processed: u64,
        /// Rows refused by then.
        refused: u64,
    }
}
