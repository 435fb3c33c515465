//! A source and its partner: how they meet, and when nothing comes of it.

use std::collections::BTreeSet;

use super::decision::{Decision, Settled, excluded_once};
use super::effects::Sight;
use super::forms::Forms;
use super::heirs::Succession;
use super::matching::Known;
use super::partner::{Found, Partner};
use super::selection::Standing;
use crate::domain::event::{Excluded, Linked};
use crate::domain::record::{PairIds, Record, RecordKey, Side};

/// A source with everything known about it.
pub(super) struct Question {
    pub(super) known: Known,
    pub(super) source: Record,
    /// Whether the source was kept since it was detected, and not read now.
    pub(super) is_kept: bool,
}

/// A source and its partner, if there is one.
pub(super) struct Couple {
    pub(super) is_kept: bool,
    pub(super) known: Known,
    pub(super) source: Record,
    pub(super) partner: Option<Record>,
    pub(super) ids: PairIds,
    pub(super) link: Option<Linked>,
    /// What its selection comes to.
    pub(super) standing: Standing,
}

impl Couple {
    pub(super) fn sight(&self) -> Sight<'_> {
        Sight {
            known: &self.known,
            source: &self.source,
            partner: self.partner.as_ref(),
            link: self.link,
        }
    }

    /// Both records, as far as there are two.
    pub(super) fn records(&self) -> impl Iterator<Item = &Record> {
        std::iter::once(&self.source).chain(&self.partner)
    }

    /// HubSpot's half and Salesforce's half.
    pub(super) fn halves(&self) -> (Option<&Record>, Option<&Record>) {
        match self.source.key.side {
            Side::HubSpot => (Some(&self.source), self.partner.as_ref()),
            Side::Salesforce => (self.partner.as_ref(), Some(&self.source)),
        }
    }
}

/// What comes of a source and what was found for it.
pub(super) enum Meeting {
    Couple(Box<Couple>),
    Over(Box<Decision>),
}

/// Joins a source with what was found for it. Two rows of one pair are planned once.
pub(super) fn meet(
    forms: &Forms,
    question: Question,
    partner: Partner,
    met: &mut BTreeSet<RecordKey>,
) -> Meeting {
    let Question {
        known,
        source,
        is_kept,
    } = question;
    let pair = known.pair.as_ref();
    let mut ids = pair.map_or_else(|| PairIds::half(&source.key), |pair| pair.ids.clone());
    if met.contains(&source.key) {
        return Meeting::Over(Box::new(Decision::settled(known.row, ids, Settled::Again)));
    }
    let over = |known: Known, why| {
        let settled = excluded_once(known.pair.as_ref(), why);
        Meeting::Over(Box::new(Decision::settled(known.row, ids.clone(), settled)))
    };
    let (partner, link) = match partner {
        Partner::Found(record, how) => {
            if let Some(succession) = Succession::of(&record) {
                let decision = Decision::inherited(known, &record.key, succession);
                return Meeting::Over(Box::new(decision));
            }
            if record.deleted {
                return over(known, Excluded::Deleted);
            }
            (Some(*record), linked(how))
        }
        Partner::Nobody if !forms.creates(source.key.side.other()) => {
            return over(known, Excluded::Creation);
        }
        Partner::Nobody => (None, None),
        Partner::Gone => return over(known, Excluded::Deleted),
        Partner::Ambiguous => return over(known, Excluded::Ambiguous),
    };
    if let Some(record) = &partner {
        if !met.insert(record.key.clone()) {
            return Meeting::Over(Box::new(Decision::settled(known.row, ids, Settled::Again)));
        }
        *ids.slot(record.key.side) = Some(record.key.id.clone());
    }
    Meeting::Couple(Box::new(Couple {
        is_kept,
        known,
        source,
        partner,
        ids,
        link,
        standing: Standing::default(),
    }))
}

fn linked(how: Found) -> Option<Linked> {
    match how {
        Found::Linked => None,
        Found::ById => Some(Linked::Id),
        Found::ByFormer => Some(Linked::Former),
        Found::ByKey => Some(Linked::Key),
    }
}
