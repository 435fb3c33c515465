//! One row's decision: what is journaled at once, and what is to be written.

use std::collections::BTreeMap;

use super::couple::Couple;
use super::forms::Forms;
use super::heirs::{Fate, Succession};
use super::matching::Known;
use super::scouts::Scouts;
use super::selection::Turn;
use super::sift;
use crate::domain::event::{Action, Excluded, Linked, Moved, RecordSynced};
use crate::domain::failure::RawFailure;
use crate::domain::forecast::{self, Foretold};
use crate::domain::merge::{Merged, Write};
use crate::domain::plan;
use crate::domain::record::{
    FieldName, PairIds, PairNumber, Record, RecordId, RecordKey, Side, Timestamp,
};
use crate::inbox::Row;
use crate::projections::pairs::{Pair, PerSide, State};

/// A row with the writes it calls for; only one that waits may have none.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) row: Row,
    pub(super) ids: PairIds,
    pub(super) writes: Vec<Write>,
    /// What to associate and to part once the other writes are done.
    pub(super) links: Vec<Write>,
    /// A parent that has no partner yet, and the side whose write needs it.
    pub(super) waits: Option<(Side, RecordKey)>,
    /// The writes as `plan` shows them, with what they would take the place of; in mode observe.
    pub(super) noted: Vec<plan::Planned>,
    /// Whether what it waits for is the other end of a junction, and nothing else waits with it.
    pub(super) at_junction: bool,
    /// Whether it is to be looked at again once all is written: there is more to associate.
    pub(super) again: bool,
    /// The place of the form that its Salesforce half has.
    pub(super) form: usize,
    /// Answered attempts so far per side, since the last success or change of the source.
    pub(super) tried: PerSide<u32>,
    /// What was predicted of the write to each side, where it is sent all the same.
    pub(super) foretold: PerSide<Vec<Foretold>>,
    /// The same of associations in HubSpot, by the fields that stand for them.
    pub(super) foretold_links: BTreeMap<FieldName, Foretold>,
    /// Associations that are not set, to be told once the other writes are done: what is written
    /// without fail ends all errors of its side.
    pub(super) refused_links: Vec<Refused>,
    /// The number of its pair, when it has one, and when that was last written.
    pub(super) number: Option<PairNumber>,
    pub(super) synced_at: Option<Timestamp>,
}

impl Planned {
    /// Whether a person said yes to its writes: those of an approved hold, and what was asked to be
    /// tried again.
    pub(super) fn is_approved(&self) -> bool {
        self.row.hold.is_some() || self.row.ask.is_some()
    }

    /// Whether there is more to be done, or told, once its writes are made.
    pub(super) fn has_links(&self) -> bool {
        !self.links.is_empty() || !self.refused_links.is_empty()
    }

    /// The writes that the guard counts: those of records but for mere marks, and those that take
    /// associations away.
    pub(super) fn counted(&self) -> impl Iterator<Item = &Write> {
        let writes = self.writes.iter().filter(|write| !write.only_marks());
        let links = self.links.iter();
        writes.chain(links.filter(|write| write.action == Action::Parted))
    }
}

/// What becomes of a row without a write.
#[derive(Debug)]
pub(super) enum Settled {
    /// Nothing moved.
    Quiet,
    /// Never heard of before, and gone already.
    Gone,
    /// Left out, and why.
    Excluded(Excluded),
    /// Its pair was planned with another row: look once more after that is written.
    Again,
    /// The list that says whether it may go is not believed: it waits until it is.
    Rests,
    /// It is looked at again then: what it calls for is not certain before.
    NotYet(Timestamp),
    /// That record is on its way across, and what is done there concerns it: it waits for that, with
    /// what it shows, where we wrote that.
    Awaits {
        maker: RecordKey,
        shown: Option<Box<Record>>,
    },
    /// Its records show what writes did whose answers were lost: then it is looked at anew.
    Found(Vec<RecordSynced>),
    /// This field swings between both sides' automation: the row is looked at again without it.
    Looped(FieldName),
    /// Another record took the place of one half: the pair goes on with that.
    Inherited {
        gone: RecordKey,
        heir: RecordId,
        fate: Fate,
    },
    /// HubSpot records became one with an id of its own.
    Merged {
        merged: RecordKey,
        estate: Vec<PairIds>,
    },
}

/// Two records that were found to belong together.
#[derive(Debug)]
pub(super) struct Met {
    pub(super) ids: PairIds,
    pub(super) why: Linked,
    /// What both show where nothing is to be done, and what they are taken to have shown where
    /// something is: from now on a change is one against that, also while the first write is
    /// held, put off or refused.
    pub(super) moved: Vec<Moved>,
}

/// Prints adopted because a side has nothing left to be written.
#[derive(Debug)]
pub(super) struct Agreed {
    pub(super) to: Side,
    pub(super) moved: Vec<Moved>,
    pub(super) marked: Vec<Side>,
}

/// A write that is not made, and why.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) ids: PairIds,
    pub(super) write: Write,
    pub(super) raw: Vec<RawFailure>,
    /// Whether one of these failures is certain, and not only likely.
    pub(super) is_certain: bool,
}

/// One row's decision.
#[derive(Debug)]
pub(super) struct Decision {
    pub(super) row: Row,
    pub(super) ids: PairIds,
    /// The link found now, to be journaled first.
    pub(super) link: Option<Met>,
    /// What the selection says of it now and did not say before.
    pub(super) turn: Option<Turn>,
    /// Where both agree, and what is adopted with that.
    pub(super) agreed: Vec<Agreed>,
    /// Writes that cannot be made, by side.
    pub(super) failures: Vec<Refused>,
    pub(super) outcome: Outcome,
}

/// Whether a row still needs a write.
#[derive(Debug)]
pub(super) enum Outcome {
    Settled(Settled),
    Planned(Box<Planned>),
}

impl Decision {
    /// Whether mapped values are to be written to `side`.
    pub(super) fn writes_values_to(&self, side: Side) -> bool {
        match &self.outcome {
            Outcome::Planned(planned) => planned
                .writes
                .iter()
                .chain(&planned.links)
                .any(|write| write.to == side && !write.only_marks()),
            Outcome::Settled(_) => false,
        }
    }

    /// A record of a pair was taken the place of. One that is no half of a pair, or whose heir
    /// cannot be seen, is left out.
    pub(super) fn inherited(known: Known, gone: &RecordKey, succession: Succession) -> Self {
        let pair = known.pair.as_ref();
        let ids = pair.map_or_else(|| PairIds::half(gone), |pair| pair.ids.clone());
        let linked = pair.is_some_and(Pair::is_linked);
        let fate = succession.fate;
        let settled = match succession.heir.filter(|_| linked) {
            Some(heir) => Settled::Inherited {
                gone: gone.clone(),
                heir,
                fate,
            },
            None => excluded_once(pair, fate.excluded()),
        };
        Self::settled(known.row, ids, settled)
    }

    /// A HubSpot record came of a merge: the first of `estate` goes on with it, the others have
    /// lost their HubSpot half.
    pub(super) fn merged(known: Known, merged: &RecordKey, estate: Vec<Pair>) -> Self {
        let ids = PairIds::half(merged);
        let settled = Settled::Merged {
            merged: merged.clone(),
            estate: estate.into_iter().map(|pair| pair.ids).collect(),
        };
        Self::settled(known.row, ids, settled)
    }

    pub(super) fn settled(row: Row, ids: PairIds, settled: Settled) -> Self {
        let outcome = Outcome::Settled(settled);
        Self {
            row,
            ids,
            link: None,
            turn: None,
            agreed: Vec::new(),
            failures: Vec::new(),
            outcome,
        }
    }
}

/// What a merge calls for: failures that are known before cost no call, but for those of `shadow`
/// pairs of a hundred and of `scouts`, which are sent all the same.
pub(super) fn decide(
    couple: Couple,
    merged: Merged,
    forms: &Forms,
    now: Timestamp,
    (shadow, scouts): (u8, &mut Scouts),
) -> Decision {
    let Couple {
        known,
        source,
        ids,
        link,
        partner,
        ..
    } = couple;
    let place = forms.place_of(ids.salesforce.as_ref());
    let about = sift::About {
        row: &known.row,
        ids: &ids,
        form: forms.at(place),
        sampled: forecast::is_sampled(&ids, shadow),
        now,
    };
    let sifted = sift::values(&merged, &about, scouts);
    let (mut writes, mut failures) = (sifted.writes, sifted.failures);
    let mut moved = merged.agreed;
    let link = link.map(|why| Met {
        ids: ids.clone(),
        why,
        moved: std::mem::take(&mut moved)
            .into_iter()
            .chain(merged.opened)
            .collect(),
    });
    let marked = partner.as_ref().map_or_else(Vec::new, |_| merged.marked);
    let marks = link.is_some() && !marked.is_empty() || needs_mark(&known, &marked, forms);
    let news = marks || !moved.is_empty();
    let marked = unknown_marks(&known, marked);
    let failing = known
        .pair
        .as_ref()
        .is_some_and(|pair| matches!(pair.state, State::Failing | State::Waiting));
    let is_free = |side: &Side| {
        let mut writes = writes.iter().chain(&merged.links);
        let mut waits = merged.waits.iter().chain(&merged.later);
        !writes.any(|write: &Write| write.to == *side)
            && !waits.any(|(to, _)| to == side)
            && !failures.iter().any(|one| one.write.to == *side)
    };
    let free: Vec<Side> = Side::BOTH.into_iter().filter(is_free).collect();
    let agreed = if partner.is_some() && (news || failing) {
        agreed_on(&free, failing, &mut moved, &marked)
    } else {
        Vec::new()
    };
    let refused: Vec<Side> = failures.iter().map(|one| one.write.to).collect();
    let is_refused = |side| refused.contains(&side);
    let values = (writes.as_slice(), &mut failures);
    let sifted_links = sift::links(merged.links, values, &about, scouts);
    let mut links = sifted_links.writes;
    if let Some(first) = writes.first_mut().or(links.first_mut()) {
        // Both sides are written: the prints are adopted with the first that succeeds.
        first.moved.append(&mut moved);
    }
    let waits = merged.waits.into_iter().find(|(to, _)| !is_refused(*to));
    let later = merged.later.into_iter().find(|(to, _)| !is_refused(*to));
    // What else there is to write is not kept waiting for the other ends of associations.
    let idle = writes.is_empty() && links.is_empty();
    let again = !idle && (merged.again || later.is_some());
    let at_junction = waits.is_none() && later.is_some();
    let waits = waits.or(later.filter(|_| idle));
    let outcome = if idle && waits.is_none() {
        Outcome::Settled(Settled::Quiet)
    } else {
        let pair = known.pair.as_ref();
        let noted = writes.iter().chain(&links);
        Outcome::Planned(Box::new(Planned {
            noted: noted
                .map(|write| noted_as(write, &source, partner.as_ref()))
                .collect(),
            row: known.row.clone(),
            ids: ids.clone(),
            writes,
            links,
            waits,
            at_junction,
            again,
            form: place,
            tried: pair.map(|pair| pair.attempts).unwrap_or_default(),
            foretold: sifted.foretold,
            foretold_links: sifted_links.foretold,
            refused_links: sifted_links.refused,
            number: pair.map(|pair| pair.number),
            synced_at: pair.and_then(|pair| pair.synced_at),
        }))
    };
    Decision {
        row: known.row,
        ids,
        link,
        turn: None,
        agreed,
        failures,
        outcome,
    }
}

fn noted_as(write: &Write, source: &Record, partner: Option<&Record>) -> plan::Planned {
    let mut shown = std::iter::once(source).chain(partner);
    plan::Planned::of(write, shown.find(|one| one.key.side == write.to))
}

/// What has nothing left to be written cannot fail either: where something fails it is said for every
/// such side, and never for a side that is written or refused now, whose errors are not over.
fn agreed_on(free: &[Side], failing: bool, moved: &mut Vec<Moved>, marked: &[Side]) -> Vec<Agreed> {
    let sides = if failing { free.len() } else { 1 };
    let one = |to: &Side| Agreed {
        to: *to,
        moved: std::mem::take(moved),
        marked: marked.to_vec(),
    };
    free.iter().take(sides).map(one).collect()
}

/// Of the sides that carry their mark, those of which the journal does not know it yet.
fn unknown_marks(known: &Known, mut marked: Vec<Side>) -> Vec<Side> {
    if let Some(pair) = known.pair.as_ref().filter(|pair| pair.is_linked()) {
        marked.retain(|side| !*pair.marked.on(*side));
    }
    marked
}

/// Whether the journal does not know yet that these sides carry their mark.
fn needs_mark(known: &Known, marked: &[Side], forms: &Forms) -> bool {
    marked.len() == 2
        && known
            .pair
            .as_ref()
            .is_some_and(|pair| pair.is_linked() && !is_marked(pair, forms))
}

/// Whether both halves are known to carry each other's id, where there is a field for it.
pub(super) fn is_marked(pair: &Pair, forms: &Forms) -> bool {
    let form = forms.of(&pair.ids);
    Side::BOTH
        .into_iter()
        .all(|side| *pair.marked.on(side) || !form.takes_marks(side))
}

pub(super) fn gone(known: Known) -> Decision {
    let (ids, settled) = match &known.pair {
        Some(pair) => (
            pair.ids.clone(),
            excluded_once(Some(pair), Excluded::Deleted),
        ),
        None => (PairIds::half(&known.row.key), Settled::Gone),
    };
    Decision::settled(known.row, ids, settled)
}

/// An exclusion is journaled when it begins, and not again while it lasts.
pub(super) fn excluded_once(pair: Option<&Pair>, why: Excluded) -> Settled {
    let known = pair
        .filter(|pair| pair.state == State::Excluded)
        .and_then(|pair| pair.why);
    if known == Some(why) {
        Settled::Quiet
    } else {
        Settled::Excluded(why)
    }
}
