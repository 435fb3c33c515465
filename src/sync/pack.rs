//! How many writes go into one call, and which.

use super::context::Bounds;
use crate::crm::salesforce::{Batch, BatchOperation, Row};
use crate::domain::event::Action;
use crate::domain::mapping::Mapping;
use crate::domain::merge::Write;
use crate::domain::schema::ObjectSchema;

/// Rows of the first call of an object, until its speed is known.
pub(super) const WIDTH_FIRST: usize = 200;

/// Fewest rows of a call, however slow.
pub(super) const WIDTH_MIN: usize = 25;

/// A call that takes longer than this does not widen the next one, in ms.
const FAST_MS: i64 = 10_000;

/// The width after a call that took `took_ms`.
pub(super) fn wider(width: usize, width_max: usize, took_ms: i64) -> usize {
    if took_ms < FAST_MS {
        width.saturating_mul(2).min(width_max)
    } else {
        width
    }
}

/// The width after a time-out, a lock, or a CPU or query error.
pub(super) fn narrower(width: usize) -> usize {
    (width / 2).max(WIDTH_MIN.min(width)).max(1)
}

/// Whether a record's failure says that the call was too wide.
pub(super) fn asks_for_less(code: &str) -> bool {
    matches!(
        code,
        "UNABLE_TO_LOCK_ROW" | "QUERY_TIMEOUT" | "REQUEST_RUNNING_TOO_LONG"
    ) || code.contains("LIMIT_EXCEEDED") && code.starts_with("APEX")
}

/// The parts of one Composite, with the places of the jobs in each.
pub(super) struct Parts<'s> {
    pub(super) batches: Vec<Batch<'s>>,
    pub(super) places: Vec<Vec<usize>>,
}

/// Parts of one Composite: creates by upsert on the id field, changes and deletions by id. Several kinds can
/// need one part more than a call may hold: what is left out has no answer and is matched again.
pub(super) fn parts<'a, 's>(
    mapping: &Mapping,
    schema: &'s ObjectSchema,
    places: &[usize],
    write: impl Fn(usize) -> &'a Write,
    bounds: &Bounds,
) -> Parts<'s> {
    let (mut creates, mut changes, mut deletions) = (Vec::new(), Vec::new(), Vec::new());
    for place in places {
        let kind = match write(*place).action {
            Action::Created => &mut creates,
            Action::Deleted => &mut deletions,
            Action::Updated
            | Action::Blanked
            | Action::Associated
            | Action::Parted
            | Action::Agreed => &mut changes,
        };
        kind.push(*place);
    }
    let upsert = BatchOperation::Upsert {
        external_id_field: mapping.salesforce_id_field.clone(),
    };
    let mut parts = Parts {
        batches: Vec::new(),
        places: Vec::new(),
    };
    for (operation, all) in [
        (upsert, creates),
        (BatchOperation::Update, changes),
        (BatchOperation::Delete, deletions),
    ] {
        for part in all.chunks(bounds.collection.max(1)) {
            if parts.batches.len() == bounds.collections.max(1) {
                return parts;
            }
            let rows = part
                .iter()
                .map(|place| Row {
                    id: write(*place).id.clone(),
                    fields: write(*place).fields.clone(),
                })
                .collect();
            parts.batches.push(Batch {
                schema,
                operation: operation.clone(),
                rows,
            });
            parts.places.push(part.to_vec());
        }
    }
    parts
}
