//! What a deletion on one side does to the other, where the mapping says that it is carried.

use std::collections::BTreeMap;

use super::context::Context;
use super::couple::Couple;
use super::decision::{Decision, Outcome, Planned, Settled, excluded_once};
use super::forms::Forms;
use crate::domain::event::{Action, Excluded};
use crate::domain::merge::{Seen, Write};
use crate::domain::plan;
use crate::domain::record::{Fields, RecordId, RecordKey, Side};
use crate::projections::pairs::{Pair, PerSide};

/// How long a deletion rests before it is carried: a merge in HubSpot puts the records merged into
/// the archive, and is known only when the record that came of it was read; and who deleted by
/// mistake has time to fetch it back.
const RIPE_AFTER_MS: i64 = 900_000;

/// Whether the deletion of `source`, a half of `pair`, concerns its partner. One that is known, or
/// was told and not carried, is over.
pub(super) fn is_carried(pair: Option<&Pair>, forms: &Forms, source: &RecordKey) -> bool {
    pair.is_some_and(|pair| {
        pair.is_linked()
            && pair.why != Some(Excluded::Deleted)
            && pair.left_by().is_none()
            && forms.of(&pair.ids).mapping.may_delete(source.side.other())
    })
}

impl Context {
    /// Takes the deleted ones out of `couples`, each with its decision.
    pub(super) fn part_deleted(
        &self,
        forms: &Forms,
        couples: Vec<Couple>,
        decisions: &mut Vec<Decision>,
    ) -> Vec<Couple> {
        let (deleted, others): (Vec<Couple>, Vec<Couple>) =
            couples.into_iter().partition(|one| one.source.deleted);
        let deleted = deleted.into_iter();
        decisions.extend(deleted.map(|couple| self.deletion(forms, couple)));
        others
    }

    /// The partner is deleted too, unless it was changed since it was synced last: then somebody
    /// works with it, and the deletion is told as one that is not carried.
    fn deletion(&self, forms: &Forms, couple: Couple) -> Decision {
        let ripe_at = couple.source.modified_at.plus(RIPE_AFTER_MS);
        let pair = couple.known.pair.as_ref();
        let moved = couple.partner.as_ref().is_none_or(|partner| {
            let seen = self.look(forms, &couple.ids, partner, &couple.known);
            matches!(seen, Seen::Changed(_))
        });
        if moved {
            let settled = excluded_once(pair, Excluded::Deleted);
            return Decision::settled(couple.known.row, couple.ids, settled);
        }
        if self.clock.now() < ripe_at {
            let settled = Settled::NotYet(ripe_at);
            return Decision::settled(couple.known.row, couple.ids, settled);
        }
        planned(forms, couple)
    }
}

fn planned(forms: &Forms, couple: Couple) -> Decision {
    let Couple { known, ids, .. } = couple;
    let to = couple.source.key.side.other();
    let pair = known.pair.as_ref();
    let write = write(to, ids.id(to).cloned());
    let planned = Planned {
        noted: vec![plan::Planned::of(&write, couple.partner.as_ref())],
        row: known.row.clone(),
        ids: ids.clone(),
        writes: vec![write],
        links: Vec::new(),
        at_junction: false,
        again: false,
        waits: None,
        form: forms.place_of(ids.salesforce.as_ref()),
        tried: pair.map(|pair| pair.attempts).unwrap_or_default(),
        foretold: PerSide::default(),
        foretold_links: BTreeMap::new(),
        refused_links: Vec::new(),
        number: pair.map(|pair| pair.number),
        synced_at: pair.and_then(|pair| pair.synced_at),
    };
    let outcome = Outcome::Planned(Box::new(planned));
    Decision {
        outcome,
        ..Decision::settled(known.row, ids, Settled::Quiet)
    }
}

fn write(to: Side, id: Option<RecordId>) -> Write {
    Write {
        to,
        action: Action::Deleted,
        id,
        fields: Fields::new(),
        moved: Vec::new(),
        lost: Vec::new(),
        withheld: Vec::new(),
        replaced: Fields::new(),
        marks: false,
    }
}
