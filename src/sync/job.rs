//! One write on its way: the job, its answer, and how both CRMs' answers become it.

use super::pack;
use crate::crm::hubspot::{HubSpotOperation, HubSpotRow};
use crate::crm::{hubspot, salesforce};
use crate::domain::attempt::Attempt;
use crate::domain::event::{Action, Span};
use crate::domain::failure::{Failure, RawFailure, System};
use crate::domain::mapping::Mapping;
use crate::domain::record::{PairIds, Record, RecordId, Timestamp};
use crate::inbox::Row;

/// One write of one planned row.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) attempt: Attempt,
    /// The row it serves; none for a mark, which a later echo would heal.
    pub(super) row: Option<Row>,
    /// Whether the row is settled with this job: it is the last of the row's writes.
    pub(super) last: bool,
    /// Whether the row is looked at again once this job, its last, is done.
    pub(super) again: bool,
    /// The place of the form that its Salesforce record has.
    pub(super) form: usize,
}

/// What a job's call brought.
#[derive(Clone)]
pub(super) enum Answer {
    /// The record, and how it was shown, where the answer shows it.
    Written(RecordId, Option<Box<Record>>),
    Failed(Vec<RawFailure>),
    /// It was not sent: it is likely to fail.
    Foretold(Vec<RawFailure>),
    /// It may have taken effect: the row goes back and is matched by key.
    Unknown,
}

/// A pair of which one half was created now.
pub(super) struct Made {
    pub(super) ids: PairIds,
}

/// One job's answer.
pub(super) struct Reported {
    pub(super) place: usize,
    pub(super) answer: Answer,
    pub(super) span: Option<Span>,
    /// Seq of the entry that spent the call which brought it; none where several calls did.
    pub(super) call: Option<i64>,
}

impl Reported {
    /// Whether a failure says that the call was too wide.
    pub(super) fn asks_for_less(&self) -> bool {
        match &self.answer {
            Answer::Failed(failures) => failures
                .iter()
                .any(|one| pack::asks_for_less(&one.failure.code)),
            Answer::Written(..) | Answer::Foretold(_) | Answer::Unknown => false,
        }
    }
}

/// What one or two calls brought: answers by record, and parts that were refused whole.
#[derive(Default)]
pub(super) struct Wrote {
    pub(super) reported: Vec<Reported>,
    pub(super) refused: Vec<Refused>,
}

/// A part of a call that was refused whole.
pub(super) struct Refused {
    pub(super) places: Vec<usize>,
    pub(super) failures: Vec<RawFailure>,
    /// Seq of the entry that spent the call.
    pub(super) call: Option<i64>,
}

pub(super) fn halves(mut places: Vec<usize>) -> [Vec<usize>; 2] {
    let second = places.split_off(places.len() / 2);
    [second, places]
}

pub(super) fn salesforce_answer(row: salesforce::RowOutcome) -> Answer {
    match row {
        salesforce::RowOutcome::Written { id, .. } => Answer::Written(id, None),
        salesforce::RowOutcome::Failed(failures) => Answer::Failed(said(failures)),
    }
}

pub(super) fn hubspot_answer(row: hubspot::RowOutcome) -> Answer {
    match row {
        hubspot::RowOutcome::Written { id, shown, .. } => Answer::Written(id, shown.map(Box::new)),
        hubspot::RowOutcome::Failed(failures) => Answer::Failed(said(failures)),
        hubspot::RowOutcome::Unmentioned => Answer::Unknown,
    }
}

/// A refusal without a word still names a failure.
pub(super) fn said(failures: Vec<RawFailure>) -> Vec<RawFailure> {
    if !failures.is_empty() {
        return failures;
    }
    let failure = Failure::of(System::Syncline, "refused_without_reason");
    vec![RawFailure {
        failure,
        message: String::new(),
        value: None,
        rule: None,
    }]
}

/// The span in which our write can have been stamped, on the server's clock of whole seconds.
pub(super) fn span(sent_at: Option<Timestamp>, answered_at: Option<Timestamp>) -> Option<Span> {
    let (from, to) = (sent_at?, answered_at?);
    Some(Span {
        from: from.plus(-2_000),
        to: to.max(from).plus(1_000),
    })
}

/// HubSpot takes one kind of write in a call: the places of each.
pub(super) fn hubspot_parts(
    mapping: &Mapping,
    jobs: &[Job],
    places: &[usize],
) -> [(HubSpotOperation, Vec<usize>); 3] {
    let upsert = HubSpotOperation::Upsert {
        id_property: mapping.hubspot_id_field.clone(),
    };
    [upsert, HubSpotOperation::Update, HubSpotOperation::Archive].map(|operation| {
        let is_meant = |place: &&usize| match jobs[**place].attempt.write.action {
            Action::Created => matches!(operation, HubSpotOperation::Upsert { .. }),
            Action::Deleted => operation == HubSpotOperation::Archive,
            Action::Updated
            | Action::Blanked
            | Action::Associated
            | Action::Parted
            | Action::Agreed => operation == HubSpotOperation::Update,
        };
        let places = places.iter().filter(is_meant).copied().collect();
        (operation, places)
    })
}

pub(super) fn hubspot_row(job: &Job, place: usize) -> HubSpotRow {
    let write = &job.attempt.write;
    let id: Option<RecordId> = match write.action {
        Action::Created => job.attempt.ids.salesforce.clone(),
        Action::Updated
        | Action::Blanked
        | Action::Deleted
        | Action::Associated
        | Action::Parted
        | Action::Agreed => write.id.clone(),
    };
    let id = id.map(|id| id.to_string()).unwrap_or_default();
    HubSpotRow {
        trace: place.to_string(),
        key: id,
        fields: write.fields.clone(),
    }
}
