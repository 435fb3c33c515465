//! Of writes with a likely failure one is sent to see whether the target's automation sets it right;
//! the others wait for what is said of it.

use std::collections::{BTreeMap, BTreeSet};

use super::context::Context;
use super::forms::Forms;
use crate::annex::board;
use crate::domain::cause::Fingerprint;
use crate::domain::event::Mode;
use crate::domain::fingerprint::PrintKey;
use crate::domain::forecast::{self, Belief, Faith, Foretold, Predicted};
use crate::domain::mapping::Mapping;
use crate::domain::record::{ObjectName, RecordKey, Side, Timestamp};
use crate::inbox::Row;
use crate::projections::forecasts::{self, Fault};
use crate::projections::pairs::PerSide;
use crate::projections::settings;
use crate::store::View;

/// What is believed of likely failures of one object.
pub(super) struct Beliefs {
    last: BTreeMap<Fault, Belief>,
    schema_seqs: PerSide<Option<i64>>,
    again_ms: i64,
    now: Timestamp,
}

/// What is believed while one batch is decided.
pub(super) struct Scouts {
    beliefs: Beliefs,
    /// Nothing is sent in mode observe.
    sends: bool,
    /// Records that a person in HubSpot wants tried again.
    pressed: BTreeSet<RecordKey>,
    /// Those that a write of this batch is sent for.
    sent: BTreeSet<Fault>,
    /// Names the words that tell two faults apart.
    key: PrintKey,
}

impl Context {
    /// The scouts of one batch of an object.
    pub(super) async fn scouts(&self, forms: &Forms) -> anyhow::Result<Scouts> {
        let object = forms.object().clone();
        let names = names(forms.all().map(|form| &form.mapping));
        let again_ms = self.settings.bounds.probes_ms[2];
        self.store
            .read(move |view| {
                Ok(Scouts {
                    beliefs: Beliefs::of(view, &object, &names, again_ms)?,
                    sends: settings::mode(view)? == Some(Mode::Sync),
                    pressed: board::pressed(view, &object)?.into_iter().collect(),
                    sent: BTreeSet::new(),
                    key: *view.key(),
                })
            })
            .await
    }
}

/// The names under which an object's forms are described: leads have a schema of their own.
pub(super) fn names<'m>(forms: impl Iterator<Item = &'m Mapping>) -> BTreeSet<ObjectName> {
    forms
        .flat_map(|form| [&form.object, form.name()])
        .cloned()
        .collect()
}

impl Beliefs {
    /// Those of `object`, whose forms are described under these names.
    pub(super) fn of(
        view: &View<'_>,
        object: &ObjectName,
        names: &BTreeSet<ObjectName>,
        again_ms: i64,
    ) -> anyhow::Result<Self> {
        let mut schema_seqs = PerSide::default();
        for side in Side::BOTH {
            let mut last: Option<i64> = None;
            for name in names {
                let changed = settings::schema_changed(view, side, name)?;
                last = last.max(changed.map(|setting| setting.seq));
            }
            *schema_seqs.slot(side) = last;
        }
        Ok(Self {
            last: forecasts::beliefs(view, object)?,
            schema_seqs,
            again_ms,
            now: view.now(),
        })
    }

    /// What is believed of the failure that a cause's fingerprint names.
    pub(super) fn of_cause(&self, cause: &Fingerprint) -> Faith {
        self.faith(&of_cause(cause), None)
    }

    /// Whether it is believed that writes fail so.
    pub(super) fn holds(&self, fault: &Fault) -> bool {
        self.faith(fault, None) == Faith::Holds
    }

    /// Until when what was last said of that failure is believed.
    pub(super) fn until(&self, cause: &Fingerprint) -> Timestamp {
        let last = self.last.get(&of_cause(cause));
        last.map_or(self.now, |last| last.until(self.again_ms))
    }

    fn faith(&self, key: &Fault, ask: Option<i64>) -> Faith {
        let last = self.last.get(key).copied();
        let schema_seq = *self.schema_seqs.on(key.0);
        forecast::faith(last, schema_seq, ask, self.again_ms, self.now)
    }
}

impl Scouts {
    /// What is predicted, as it is remembered.
    pub(super) fn foretold(&self, predicted: &Predicted) -> Foretold {
        Foretold::of(predicted, &self.key)
    }

    /// Whether nothing is sent at all.
    pub(super) fn sends_nothing(&self) -> bool {
        !self.sends
    }

    /// Whether writes to `to` with this likely failure are accepted, by all that is known.
    pub(super) fn is_withdrawn(&self, to: Side, foretold: &Foretold) -> bool {
        self.beliefs.faith(&key(to, foretold), None) == Faith::Withdrawn
    }

    /// Whether the row's write to `to`, of which these likely failures are predicted, is sent to
    /// see: then it counts as sent for all of them. One that is believed to fail already would
    /// tell nothing of the others.
    pub(super) fn sends(&mut self, to: Side, foretold: &[Foretold], row: &Row) -> bool {
        let keys: Vec<Fault> = foretold.iter().map(|one| key(to, one)).collect();
        // Who presses in HubSpot asks as well, and later than anything was said.
        let pressed = self.pressed.contains(&row.key).then_some(i64::MAX);
        let ask = row.ask.or(pressed);
        let is_due =
            |key: &Fault| !self.sent.contains(key) && self.beliefs.faith(key, ask) == Faith::Due;
        let goes = self.sends && keys.iter().all(is_due);
        if goes {
            self.sent.extend(keys);
        }
        goes
    }
}

fn key(to: Side, foretold: &Foretold) -> Fault {
    let (field, rule) = (foretold.field.clone(), foretold.rule.clone());
    (to, foretold.code.clone(), field, rule)
}

fn of_cause(cause: &Fingerprint) -> Fault {
    let (field, rule) = (cause.field.clone(), cause.rule.clone());
    (cause.side, cause.code.clone(), field, rule)
}
