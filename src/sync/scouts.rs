//! Of writes with a likely failure one is sent to see whether the target's automation sets it right;
//! the others wait for what is said of it.

use std::collections::{BTreeMap, BTreeSet};

use super::context::Context;
use super::retry;
use crate::domain::event::Mode;
use crate::domain::forecast::{self, Belief, Faith, Foretold};
use crate::domain::record::{FieldName, ObjectName, Side, Timestamp};
use crate::inbox::Row;
use crate::projections::pairs::PerSide;
use crate::projections::{forecasts, settings};
use crate::store::View;

/// A likely failure: the side to be written, the raw code, the field.
type Key = (Side, String, Option<FieldName>);

/// What is believed of likely failures of one object, while one batch is decided.
pub(super) struct Scouts {
    beliefs: BTreeMap<Key, Belief>,
    schema_seqs: PerSide<Option<i64>>,
    /// Nothing is sent in mode observe.
    sends: bool,
    /// Those that a write of this batch is sent for.
    sent: BTreeSet<Key>,
    again_ms: i64,
    now: Timestamp,
}

impl Context {
    /// The scouts of one batch of an object.
    pub(super) async fn scouts(&self, object: &ObjectName) -> anyhow::Result<Scouts> {
        let (object, again_ms) = (object.clone(), self.settings.bounds.probes_ms[2]);
        self.store
            .read(move |view| Scouts::of(view, &object, again_ms))
            .await
    }
}

impl Scouts {
    fn of(view: &View<'_>, object: &ObjectName, again_ms: i64) -> anyhow::Result<Self> {
        let beliefs = forecasts::beliefs(view, object)?.into_iter();
        let mut schema_seqs = PerSide::default();
        for side in Side::BOTH {
            *schema_seqs.slot(side) = retry::schema_seq(view, side, object)?;
        }
        Ok(Self {
            beliefs: beliefs
                .map(|(side, code, field, belief)| ((side, code, field), belief))
                .collect(),
            schema_seqs,
            sends: settings::mode(view)? == Some(Mode::Sync),
            sent: BTreeSet::new(),
            again_ms,
            now: view.now(),
        })
    }

    fn faith(&self, key: &Key, row: &Row) -> Faith {
        let last = self.beliefs.get(key).copied();
        let schema_seq = *self.schema_seqs.on(key.0);
        forecast::faith(last, schema_seq, row.ask, self.again_ms, self.now)
    }

    /// Whether writes to `to` with this likely failure are accepted, by all that is known.
    pub(super) fn is_withdrawn(&self, to: Side, foretold: &Foretold, row: &Row) -> bool {
        self.faith(&key(to, foretold), row) == Faith::Withdrawn
    }

    /// Whether the row's write to `to`, of which these likely failures are predicted, is sent to
    /// see: then it counts as sent for all of them.
    pub(super) fn sends(&mut self, to: Side, foretold: &[Foretold], row: &Row) -> bool {
        let keys: Vec<Key> = foretold.iter().map(|one| key(to, one)).collect();
        let is_due = |key: &Key| !self.sent.contains(key) && self.faith(key, row) == Faith::Due;
        let goes = self.sends && keys.iter().any(is_due);
        if goes {
            self.sent.extend(keys);
        }
        goes
    }
}

fn key(to: Side, foretold: &Foretold) -> Key {
    (to, foretold.code.clone(), foretold.field.clone())
}
