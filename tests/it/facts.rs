//! Facts as tests write them into a journal: a refused update and one that went through.

use syncline::domain::call::Lane;
use syncline::domain::event::{Action, Known, RecordFailed, RecordSynced};
use syncline::domain::failure::{Failure, System};
use syncline::domain::record::{FieldName, PairIds, Side};

/// What Salesforce says when it refuses a field.
pub(crate) fn failure(code: &str, field: &str) -> anyhow::Result<Failure> {
    let mut failure = Failure::of(System::Salesforce, code);
    failure.fields.push(FieldName::parse(field)?);
    Ok(failure)
}

/// Salesforce's refusal of a first attempt to update these.
pub(crate) fn refused(ids: PairIds, failure: Failure) -> RecordFailed {
    RecordFailed {
        ids,
        to: Side::Salesforce,
        action: Action::Updated,
        failures: vec![failure],
        known: Known::Answered,
        lane: Lane::Live,
        attempt: 1,
        ask: None,
        call: None,
    }
}

/// The next attempt went through.
pub(crate) fn written(ids: PairIds) -> anyhow::Result<RecordSynced> {
    Ok(RecordSynced {
        ids,
        to: Side::Salesforce,
        action: Action::Updated,
        fields: vec![FieldName::parse("Title")?],
        moved: vec![],
        lost: vec![],
        withheld: vec![],
        provisional: None,
        marked: vec![],
        lane: Lane::Live,
        attempt: 2,
        way_ms: None,
    })
}
