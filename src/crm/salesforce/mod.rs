//! Salesforce's REST API: one method, one HTTP request.

mod answer;
mod batch;
mod bulk;
mod client;
mod composite;
mod describe;
mod query;
mod rows;
mod setup;
mod users;

pub use batch::{Batch, BatchOperation, ROWS_MAX, Row, RowOutcome};
pub use bulk::{
    ExportLocator, ExportPage, Job, JobId, JobKind, JobPage, JobState, JobsLocator, Load, Loaded,
    LoadedRow, NoRoom, ResultList, SHEET_BYTES_MAX, Sheet,
};
pub use client::{API_VERSION, Identity, Salesforce, SalesforceSettings};
pub use composite::{BATCHES_MAX, QUERIES_MAX};
pub use query::{Locator, Query, QueryPage};
pub use setup::FieldGrant;
pub use users::{User, UserKind, users};
