//! The writes that a merge calls for, sifted: which are sent, and which fail by what is known before.

use std::collections::{BTreeMap, BTreeSet};

use super::decision::Refused;
use super::forms::Form;
use super::scouts::Scouts;
use crate::domain::event::Action;
use crate::domain::failure::RawFailure;
use crate::domain::forecast::{Foretold, Predicted};
use crate::domain::merge::{Merged, Write};
use crate::domain::preflight;
use crate::domain::record::{FieldName, Fields, PairIds, RecordId, Side, Timestamp};
use crate::inbox::Row;
use crate::projections::pairs::PerSide;

/// What is sifted: a row's pair as its form has it, and whether all that is predicted of it is sent
/// all the same.
pub(super) struct About<'a> {
    pub(super) row: &'a Row,
    pub(super) ids: &'a PairIds,
    pub(super) form: &'a Form,
    pub(super) sampled: bool,
    pub(super) now: Timestamp,
}

/// The writes to be made, and those that are not, with why not.
#[derive(Default)]
pub(super) struct Sifted {
    pub(super) writes: Vec<Write>,
    pub(super) failures: Vec<Refused>,
    /// Of the writes to be made, what was predicted all the same.
    pub(super) foretold: PerSide<Vec<Foretold>>,
}

/// Of the writes that are likely to fail `scouts` sends some; where the pair is sampled, all are
/// sent.
pub(super) fn values(merged: &Merged, about: &About<'_>, scouts: &mut Scouts) -> Sifted {
    let schemas = &about.form.schemas;
    let mut sifted = Sifted::default();
    for side in [Side::Salesforce, Side::HubSpot] {
        let mut wrong: Vec<RawFailure> = merged
            .failures
            .iter()
            .filter(|(to, _)| *to == side)
            .map(|(_, one)| one.clone())
            .collect();
        let write = merged.write_to(side).cloned();
        let mut predicted: Vec<Predicted> = write
            .iter()
            .flat_map(|write| preflight::check(write, schemas.on(side), about.now))
            .collect();
        predicted
            .retain(|one| !one.is_likely() || !scouts.is_withdrawn(side, &scouts.foretold(one)));
        // What could not even be made into a value there is nothing to send of.
        let is_certain = !wrong.is_empty() || predicted.iter().any(|one| !one.is_likely());
        let foretold: Vec<Foretold> = predicted.iter().map(|one| scouts.foretold(one)).collect();
        let goes = wrong.is_empty()
            && (about.sampled || !is_certain && scouts.sends(side, &foretold, about.row));
        if goes {
            *sifted.foretold.slot(side) = foretold;
        } else {
            wrong.extend(predicted.into_iter().map(|one| one.raw));
        }
        preflight::note_retired(
            &mut wrong,
            side,
            &about.form.mapping,
            schemas.on(side.other()),
        );
        match (write, wrong.is_empty()) {
            (Some(write), true) => sifted.writes.push(write),
            (None, true) => (),
            (write, false) => {
                sifted.failures.push(Refused {
                    ids: about.ids.clone(),
                    write: write.unwrap_or_else(|| not_made(side, about.ids.id(side))),
                    raw: wrong,
                    is_certain,
                });
            }
        }
    }
    sifted
}

/// Associations to be set or taken away, and those that are not, with why not.
#[derive(Default)]
pub(super) struct SiftedLinks {
    pub(super) writes: Vec<Write>,
    /// Those that are to be told once the other writes are done.
    pub(super) refused: Vec<Refused>,
    /// Of the associations to be set, what was predicted all the same, by their fields.
    pub(super) foretold: BTreeMap<FieldName, Foretold>,
}

/// Associations that are likely to fail keep none of the record's others from being set. Beside the
/// writes of `values` and what of these fails: a record that could not be made has nothing to be
/// associated with, and where nothing else is sent to its side, what is not set fails at once.
pub(super) fn links(
    mut links: Vec<Write>,
    (values, failures): (&[Write], &mut Vec<Refused>),
    about: &About<'_>,
    scouts: &mut Scouts,
) -> SiftedLinks {
    let schemas = &about.form.schemas;
    let mut sifted = SiftedLinks::default();
    links.retain(|write| !failures.iter().any(|one| one.write.to == write.to));
    for write in links {
        let side = write.to;
        let mut predicted = preflight::check_links(&write, schemas.on(side), about.now);
        predicted.retain(|_, one| !scouts.is_withdrawn(side, &scouts.foretold(one)));
        let foretold = predicted.iter();
        let foretold: BTreeMap<FieldName, Foretold> = foretold
            .map(|(field, one)| (field.clone(), scouts.foretold(one)))
            .collect();
        let kinds: BTreeSet<Foretold> = foretold.values().cloned().collect();
        let kinds: Vec<Foretold> = kinds.into_iter().collect();
        if kinds.is_empty() || about.sampled || scouts.sends(side, &kinds, about.row) {
            sifted.foretold.extend(foretold);
            sifted.writes.push(write);
            continue;
        }
        let (rest, refused) = split(write, &foretold);
        sifted.writes.extend(rest);
        sifted.refused.push(Refused {
            ids: about.ids.clone(),
            write: refused,
            raw: predicted.into_values().map(|one| one.raw).collect(),
            is_certain: false,
        });
    }
    let mut sent = values.iter().chain(&sifted.writes);
    if scouts.sends_nothing() || !sent.any(|write| write.to == Side::HubSpot) {
        failures.append(&mut sifted.refused);
    }
    sifted
}

/// What is left of associations without these, when anything is, and these. What is known of both
/// sides once all stand goes with these.
fn split(mut write: Write, without: &BTreeMap<FieldName, Foretold>) -> (Option<Write>, Write) {
    let is_out = |name: &FieldName| without.contains_key(name);
    let (fields, rest): (Fields, Fields) = std::mem::take(&mut write.fields)
        .into_iter()
        .partition(|(name, _)| is_out(name));
    if rest.is_empty() {
        return (None, Write { fields, ..write });
    }
    let (replaced, others) = std::mem::take(&mut write.replaced)
        .into_iter()
        .partition(|(name, _)| is_out(name));
    let (moved, whole) = std::mem::take(&mut write.moved)
        .into_iter()
        .partition(|one| rest.contains_key(&one.field));
    let (lost, left) = std::mem::take(&mut write.lost)
        .into_iter()
        .partition(|name| rest.contains_key(name));
    let rest = Write {
        fields: rest,
        replaced: others,
        moved,
        lost,
        ..write.clone()
    };
    let refused = Write {
        fields,
        replaced,
        moved: whole,
        lost: left,
        ..write
    };
    (Some(rest), refused)
}

/// The write that a value which cannot be carried kept from being made.
pub(super) fn not_made(to: Side, id: Option<&RecordId>) -> Write {
    let action = if id.is_some() {
        Action::Updated
    } else {
        Action::Created
    };
    let (fields, moved, lost) = (Fields::new(), Vec::new(), Vec::new());
    Write {
        to,
        action,
        id: id.cloned(),
        fields,
        moved,
        lost,
        withheld: Vec::new(),
        replaced: Fields::new(),
        marks: false,
    }
}
