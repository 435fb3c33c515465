//! An answer becomes the one event that is journaled for an attempt.

use serde::{Deserialize, Serialize};

use super::call::Lane;
use super::event::{
    Action, Known, Moved, PredictionTried, RecordFailed, RecordSynced, Span, ValuePrint,
};
use super::failure::{Failure, RawFailure};
use super::fingerprint::PrintKey;
use super::forecast::Foretold;
use super::mapping::Mapping;
use super::merge::Write;
use super::record::{FieldName, PairIds, Record, RecordId, Side, Timestamp};
use super::schema::ObjectSchema;

/// One write of one record, tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// What was predicted of it, where it is sent all the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foretold: Vec<Foretold>,
}

/// How a written record was shown by the target.
pub enum Shown<'a> {
    /// The answer held the record: its prints are as read.
    Record(&'a Record, &'a ObjectSchema, &'a Mapping, &'a PrintKey),
    /// The answer held its id only: the prints are provisional for this span of the target's clock.
    Later(Span),
    /// It shows what was written, and nothing else: an association.
    AsWritten,
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
            Shown::AsWritten => (self.write.moved.clone(), None),
        };
        RecordSynced {
            ids,
            to,
            action: self.write.action,
            fields: self.write.fields.keys().cloned().collect(),
            moved,
            lost: self.write.lost.clone(),
            withheld: self.write.withheld.clone(),
            provisional,
            marked: if self.write.marks {
                vec![to]
            } else {
                Vec::new()
            },
            lane: self.lane,
            attempt: self.number,
            way_ms: None,
        }
    }

    /// What the answer says of the predictions that it was sent in spite of; nothing where there
    /// were none. `ids` are those known after the answer.
    pub fn tried(&self, ids: PairIds, accepted: bool) -> Option<PredictionTried> {
        (!self.foretold.is_empty()).then(|| PredictionTried {
            ids,
            to: self.write.to,
            foretold: self.foretold.clone(),
            accepted,
        })
    }

    /// The same of an answer that refused the write. Of what was only likely it speaks where it names
    /// that: a row that was locked, or another rule, proves nothing.
    pub fn refused(
        &self,
        ids: PairIds,
        answer: &[RawFailure],
        key: &PrintKey,
    ) -> Option<PredictionTried> {
        let mut event = self.tried(ids, false)?;
        let is_named = |one: &Foretold| answer.iter().any(|raw| one.is_named_by(raw, key));
        event.foretold.retain(|one| !one.likely || is_named(one));
        (!event.foretold.is_empty()).then_some(event)
    }

    /// The attempt failed, or was predicted to; `call` is the seq of the entry that spent its call.
    pub fn failed(&self, failures: Vec<Failure>, known: Known, call: Option<i64>) -> RecordFailed {
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
            call,
        }
    }
}

/// How long after its sending a write of unknown outcome may still be stamped: the time-out of a
/// call, and what the clocks differ.
const EFFECT_MAX_MS: i64 = 125_000;

/// A write on its way: what its answer would have journaled. Kept until the answer is, and asked
/// when the answer was lost: without it the effect would pass for somebody else's change, and an
/// edit made meanwhile at the source would lose against it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    synced: RecordSynced,
    /// The mapped fields it carries, by HubSpot's names: only these can show its effect.
    carried: Vec<FieldName>,
}

impl Intent {
    /// What `attempt` is about to do, sent at `sent_at` of the target's clock. `None` when it
    /// carries no mapped value: then there is nothing to take for a change.
    pub fn of(attempt: &Attempt, mapping: &Mapping, sent_at: Option<Timestamp>) -> Option<Self> {
        let span = sent_at.map(|from| Span {
            from,
            to: from.plus(EFFECT_MAX_MS),
        });
        Self::during(attempt, mapping, span)
    }

    /// What `attempt` may have done at some time in `span` of the target's clock.
    pub fn during(attempt: &Attempt, mapping: &Mapping, span: Option<Span>) -> Option<Self> {
        let write = &attempt.write;
        let fields = mapping.fields.iter();
        let carried: Vec<FieldName> = fields
            .filter(|mapped| write.fields.contains_key(mapped.on(write.to)))
            .map(|mapped| mapped.hubspot.clone())
            .collect();
        if carried.is_empty() && write.action != Action::Created {
            return None;
        }
        // HubSpot does not say who changed a record last: a person's change right after ours would
        // pass for our write's result.
        let provisional = span.filter(|_| write.to == Side::Salesforce);
        Some(Self {
            carried,
            synced: RecordSynced {
                ids: attempt.ids.clone(),
                to: write.to,
                action: write.action,
                fields: write.fields.keys().cloned().collect(),
                moved: write.moved.clone(),
                lost: write.lost.clone(),
                withheld: write.withheld.clone(),
                provisional,
                // Whether it carries the mark, the record itself says when it is read.
                marked: Vec::new(),
                lane: attempt.lane,
                attempt: attempt.number,
                way_ms: None,
            },
        })
    }

    /// The side it writes to.
    pub fn to(&self) -> Side {
        self.synced.to
    }

    /// What is to be journaled now that `target` shows the write's effect; `None` when it shows
    /// none. `found_by_id` says that the target names our record, and did not before: only our own
    /// creation does that.
    pub fn found(
        &self,
        target: &Record,
        found_by_id: bool,
        schema: &ObjectSchema,
        mapping: &Mapping,
        key: &PrintKey,
    ) -> Option<RecordSynced> {
        let mut synced = self.synced.clone();
        if synced.action == Action::Created {
            *synced.ids.slot(synced.to) = Some(target.key.id.clone());
            return found_by_id.then_some(synced);
        }
        let is_there = |one: &Moved| {
            let wrote = match self.to() {
                Side::HubSpot => one.hubspot,
                Side::Salesforce => one.salesforce,
            };
            wrote.is_some() && shown_print(&one.field, target, schema, mapping, key) == wrote
        };
        let carried = |one: &&Moved| self.carried.contains(&one.field);
        let wrote: Vec<&Moved> = synced.moved.iter().filter(carried).collect();
        let left: Vec<Moved> = wrote
            .iter()
            .copied()
            .filter(|one| is_there(one))
            .cloned()
            .collect();
        if left.is_empty() {
            return None;
        }
        if left.len() == wrote.len() {
            return Some(synced);
        }
        // Some of it was changed again, or none of it ever took effect: where the target shows what
        // the source showed, that is their common ground, and more is not known.
        let (ids, to, lane) = (synced.ids, synced.to, synced.lane);
        Some(agreed(ids, to, left, Vec::new(), lane))
    }
}

/// The print of a mapped field as `record` shows it; `field` is HubSpot's name.
fn shown_print(
    field: &FieldName,
    record: &Record,
    schema: &ObjectSchema,
    mapping: &Mapping,
    key: &PrintKey,
) -> Option<ValuePrint> {
    let mapped = mapping.fields.iter().find(|one| one.hubspot == *field)?;
    let name = mapped.on(record.key.side);
    let value = record.fields.get(name)?;
    Some(super::convert::print(key, value, schema.field(name)?))
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
        way_ms: None,
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
        let mut fields = mapping.fields.iter();
        let mapped = fields.find(|mapped| mapped.hubspot == one.field)?;
        write.fields.get(mapped.on(side))?;
        shown_print(&one.field, record, schema, mapping, key)
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
