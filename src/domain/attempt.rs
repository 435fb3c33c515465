//! An answer becomes the one event that is journaled for an attempt.

use super::call::Lane;
use super::event::{Action, Known, Moved, RecordFailed, RecordSynced, Span};
use super::failure::Failure;
use super::fingerprint::PrintKey;
use super::mapping::Mapping;
use super::merge::Write;
use super::record::{PairIds, Record, RecordId, Side};
use super::schema::ObjectSchema;

/// One write of one record, tried.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The halves known before the answer.
    pub ids: PairIds,
    /// What was to be written.
    pub write: Write,
    /// Why it was tried.
    pub lane: Lane,
    /// Its number since the last success or change of the source, from 1.
    pub number: u32,
    /// The seq of the resync it serves.
    pub ask: Option<i64>,
}

/// How a written record was shown by the target.
pub enum Shown<'a> {
    /// The answer held the record: its prints are as read.
    Record(&'a Record, &'a ObjectSchema, &'a Mapping, &'a PrintKey),
    /// The answer held its id only: the prints are provisional for this span of the target's clock.
    Later(Span),
}

impl Attempt {
    /// The attempt succeeded; `id` is the target's record.
    pub fn synced(&self, id: &RecordId, shown: &Shown<'_>) -> RecordSynced {
        let to = self.write.to;
        let mut ids = self.ids.clone();
        *ids.slot(to) = Some(id.clone());
        let (moved, provisional) = match shown {
            Shown::Record(record, schema, mapping, key) => {
                (as_shown(&self.write, record, schema, mapping, key), None)
            }
            Shown::Later(span) => (self.write.moved.clone(), Some(span.clone())),
        };
        RecordSynced {
            ids,
            to,
            action: self.write.action,
            fields: self.write.fields.keys().cloned().collect(),
            moved,
            lost: self.write.lost.clone(),
            withheld: Vec::new(),
            provisional,
            marked: if self.write.marks {
                vec![to]
            } else {
                Vec::new()
            },
            lane: self.lane,
            attempt: self.number,
        }
    }

    /// The attempt failed, or was predicted to.
    pub fn failed(&self, failures: Vec<Failure>, known: Known) -> RecordFailed {
        let attempt = match known {
            Known::Answered => self.number,
            Known::Certain | Known::Likely => 0,
        };
        RecordFailed {
            ids: self.ids.clone(),
            to: self.write.to,
            action: self.write.action,
            failures,
            known,
            lane: self.lane,
            attempt,
            ask: self.ask,
        }
    }
}

/// Nothing is left to be written to `to`, because both sides agree: `moved` prints are adopted, and
/// errors of that direction are over.
pub fn agreed(
    ids: PairIds,
    to: Side,
    moved: Vec<Moved>,
    marked: Vec<Side>,
    lane: Lane,
) -> RecordSynced {
    RecordSynced {
        ids,
        to,
        action: Action::Agreed,
        fields: Vec::new(),
        moved,
        lost: Vec::new(),
        withheld: Vec::new(),
        provisional: None,
        marked,
        lane,
        attempt: 0,
    }
}

/// The prints of what was written, taken from what the target showed. Other fields keep what was
/// read before: the answer may show a person's change of them, which must not pass for ours.
fn as_shown(
    write: &Write,
    record: &Record,
    schema: &ObjectSchema,
    mapping: &Mapping,
    key: &PrintKey,
) -> Vec<Moved> {
    let side = record.key.side;
    let shown = |one: &Moved| {
        let field = mapping
            .fields
            .iter()
            .find(|field| field.hubspot == one.field)?;
        let name = field.on(side);
        let value = write
            .fields
            .contains_key(name)
            .then(|| record.fields.get(name))??;
        Some(super::convert::print(key, value, schema.field(name)?))
    };
    let mut moved = write.moved.clone();
    for one in &mut moved {
        if let Some(print) = shown(one) {
            match side {
                Side::HubSpot => one.hubspot = Some(print),
                Side::Salesforce => one.salesforce = Some(print),
            }
        }
    }
    moved
}
