//! Rows become planned writes; what needs no write is concluded on the spot.

use std::collections::{BTreeMap, BTreeSet};

use super::conclude;
use super::context::{Context, Schemas};
use super::gate::Trouble;
use super::matching::{Found, Known, Partner};
use crate::domain::call::Lane;
use crate::domain::event::{Action, Excluded, Linked, Moved};
use crate::domain::failure::RawFailure;
use crate::domain::mapping::Mapping;
use crate::domain::merge::{self, Merged, Seen, Write};
use crate::domain::preflight;
use crate::domain::record::{
    FieldName, Fields, PairIds, Record, RecordId, RecordKey, Side, Timestamp,
};
use crate::inbox::Row;
use crate::projections::pairs::{Pair, PerSide, State};

/// A row with the writes it calls for, at least one.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) row: Row,
    pub(super) ids: PairIds,
    pub(super) writes: Vec<Write>,
    /// Answered attempts so far per side, since the last success or change of the source.
    pub(super) tried: PerSide<u32>,
}

/// What becomes of a row without a write.
#[derive(Debug)]
pub(super) enum Settled {
    /// Nothing moved.
    Quiet,
    /// Left out, and why.
    Excluded(Excluded),
    /// Its pair was planned with another row: look once more after that is written.
    Again,
}

/// Prints adopted because a side has nothing left to be written.
#[derive(Debug)]
pub(super) struct Agreed {
    pub(super) to: Side,
    pub(super) moved: Vec<Moved>,
    pub(super) marked: Vec<Side>,
}

/// One row's decision.
#[derive(Debug)]
pub(super) struct Decision {
    pub(super) row: Row,
    pub(super) ids: PairIds,
    /// The link found now, to be journaled first.
    pub(super) link: Option<(PairIds, Linked)>,
    /// Where both agree, and what is adopted with that.
    pub(super) agreed: Vec<Agreed>,
    /// Writes that cannot be made, by side.
    pub(super) failures: Vec<(PairIds, Write, Vec<RawFailure>)>,
    pub(super) outcome: Outcome,
}

/// Whether a row still needs a write.
#[derive(Debug)]
pub(super) enum Outcome {
    Settled(Settled),
    Planned(Box<Planned>),
}

impl Decision {
    fn settled(row: Row, ids: PairIds, settled: Settled) -> Self {
        let outcome = Outcome::Settled(settled);
        Self {
            row,
            ids,
            link: None,
            agreed: Vec::new(),
            failures: Vec::new(),
            outcome,
        }
    }
}

/// A source with everything known about it.
struct Question {
    known: Known,
    source: Record,
}

impl Context {
    /// Plans `rows`, all of one lane. What needs no write is journaled and concluded here; the
    /// others come back planned.
    pub(super) async fn plan_rows(
        &self,
        mapping: &Mapping,
        schemas: &Schemas,
        rows: Vec<Row>,
        lane: Lane,
    ) -> Result<Vec<Planned>, Trouble> {
        let known = self.known(rows).await?;
        let mut sources = self.sources(mapping, schemas, &known, lane).await?;
        let mut decisions = Vec::with_capacity(known.len());
        let mut questions = Vec::new();
        for one in known {
            match sources.remove(&one.row.key) {
                Some(source) => match self.answer_alone(mapping, schemas, one, source) {
                    Ok(decision) => decisions.push(decision),
                    Err(question) => questions.push(*question),
                },
                None => decisions.push(gone(one)),
            }
        }
        decisions.extend(
            self.answer_with_partners(mapping, schemas, questions, lane)
                .await?,
        );
        Ok(self.settle(decisions).await?)
    }

    /// What the source alone decides: an echo, a deletion.
    fn answer_alone(
        &self,
        mapping: &Mapping,
        schemas: &Schemas,
        known: Known,
        source: Record,
    ) -> Result<Decision, Box<Question>> {
        let pair = known.pair.as_ref();
        let ids = pair.map_or_else(|| PairIds::half(&source.key), |pair| pair.ids.clone());
        if source.deleted {
            let settled = excluded_once(pair, Excluded::Deleted);
            return Ok(Decision::settled(known.row, ids, settled));
        }
        let quiet = pair
            .is_some_and(|pair| pair.is_linked() && is_marked(pair) && pair.state == State::InSync);
        if quiet && !matches!(known.row.lane, Lane::Retry | Lane::Resync) {
            match self.look(mapping, schemas, &source, &known.base) {
                Seen::Echo => return Ok(Decision::settled(known.row, ids, Settled::Quiet)),
                Seen::Adopted(moved) => {
                    let to = source.key.side;
                    let agreed = vec![Agreed {
                        to,
                        moved,
                        marked: Vec::new(),
                    }];
                    let decision = Decision::settled(known.row, ids, Settled::Quiet);
                    return Ok(Decision { agreed, ..decision });
                }
                Seen::Changed(_) => (),
            }
        }
        Err(Box::new(Question { known, source }))
    }

    async fn answer_with_partners(
        &self,
        mapping: &Mapping,
        schemas: &Schemas,
        questions: Vec<Question>,
        lane: Lane,
    ) -> Result<Vec<Decision>, Trouble> {
        let asked: Vec<(Option<&Pair>, &Record)> = questions
            .iter()
            .map(|one| (one.known.pair.as_ref(), &one.source))
            .collect();
        let partners = self.partners(mapping, schemas, &asked, lane).await?;
        let mut met: BTreeSet<RecordKey> = BTreeSet::new();
        let mut couples = Vec::with_capacity(questions.len());
        let mut decisions = Vec::new();
        for (question, partner) in questions.into_iter().zip(partners) {
            match meet(mapping, question, partner, &mut met) {
                Meeting::Couple(couple) => couples.push(*couple),
                Meeting::Over(decision) => decisions.push(*decision),
            }
        }
        let merged = self.merge_all(mapping, schemas, &couples, lane).await?;
        let now = self.clock.now();
        for (couple, merged) in couples.into_iter().zip(merged) {
            decisions.push(decide(couple, merged, schemas, now));
        }
        Ok(decisions)
    }

    /// Merges every couple; where both sides changed a two-way field, HubSpot's history is read.
    async fn merge_all(
        &self,
        mapping: &Mapping,
        schemas: &Schemas,
        couples: &[Couple],
        lane: Lane,
    ) -> Result<Vec<Merged>, Trouble> {
        let owners = self.shared().owners.clone();
        let (user, key) = (self.salesforce.our_user(), self.store.key());
        let known = self.merge_known(mapping, schemas, &owners, user.as_ref(), &key);
        let one = |couple: &Couple, history: Option<&BTreeMap<FieldName, Timestamp>>| {
            let (hubspot, salesforce) = couple.halves();
            merge::merge(hubspot, salesforce, &couple.known.base, &known, history)
        };
        let mut merged: Vec<Merged> = couples.iter().map(|couple| one(couple, None)).collect();
        let asked: Vec<(RecordId, Vec<FieldName>)> = couples
            .iter()
            .zip(&merged)
            .filter(|(_, merged)| !merged.needs_history.is_empty())
            .filter_map(|(couple, merged)| {
                Some((
                    couple.halves().0?.key.id.clone(),
                    merged.needs_history.clone(),
                ))
            })
            .collect();
        if asked.is_empty() {
            return Ok(merged);
        }
        let changed_at = self.history(mapping, schemas, &asked, lane).await?;
        for (couple, merged) in couples.iter().zip(merged.iter_mut()) {
            let Some(hubspot) = couple.halves().0 else {
                continue;
            };
            if merged.needs_history.is_empty() {
                continue;
            }
            let history = changed_at
                .iter()
                .filter(|((id, _), _)| *id == hubspot.key.id)
                .map(|((_, field), at)| (field.clone(), *at))
                .collect();
            *merged = one(couple, Some(&history));
        }
        Ok(merged)
    }

    /// Journals what was decided without a write, and returns what is to be written.
    async fn settle(&self, decisions: Vec<Decision>) -> anyhow::Result<Vec<Planned>> {
        self.store
            .write(move |tx| {
                let mut planned = Vec::new();
                for decision in decisions {
                    planned.extend(conclude::decision(tx, decision)?);
                }
                Ok(planned)
            })
            .await
    }
}

/// A source and its partner, if there is one.
struct Couple {
    known: Known,
    source: Record,
    partner: Option<Record>,
    ids: PairIds,
    link: Option<Linked>,
}

impl Couple {
    /// HubSpot's half and Salesforce's half.
    fn halves(&self) -> (Option<&Record>, Option<&Record>) {
        match self.source.key.side {
            Side::HubSpot => (Some(&self.source), self.partner.as_ref()),
            Side::Salesforce => (self.partner.as_ref(), Some(&self.source)),
        }
    }
}

enum Meeting {
    Couple(Box<Couple>),
    Over(Box<Decision>),
}

/// Joins a source with what was found for it. Two rows of one pair are planned once.
fn meet(
    mapping: &Mapping,
    question: Question,
    partner: Partner,
    met: &mut BTreeSet<RecordKey>,
) -> Meeting {
    let Question { known, source } = question;
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
        Partner::Found(record, _) if record.deleted => return over(known, Excluded::Deleted),
        Partner::Found(record, how) => (Some(*record), linked(how)),
        Partner::Nobody if !mapping.creates.allows(source.key.side.other()) => {
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
        known,
        source,
        partner,
        ids,
        link,
    }))
}

fn linked(how: Found) -> Option<Linked> {
    match how {
        Found::Linked => None,
        Found::ById => Some(Linked::Id),
        Found::ByKey => Some(Linked::Key),
    }
}

/// What a merge calls for: failures that are certain cost no call.
fn decide(couple: Couple, merged: Merged, schemas: &Schemas, now: Timestamp) -> Decision {
    let Couple {
        known,
        ids,
        link,
        partner,
        ..
    } = couple;
    let mut failures: Vec<(PairIds, Write, Vec<RawFailure>)> = Vec::new();
    let mut writes = Vec::new();
    for side in [Side::Salesforce, Side::HubSpot] {
        let mut wrong: Vec<RawFailure> = merged
            .failures
            .iter()
            .filter(|(to, _)| *to == side)
            .map(|(_, one)| one.clone())
            .collect();
        let write = merged.write_to(side).cloned();
        wrong.extend(
            write
                .iter()
                .flat_map(|write| preflight::check(write, schemas.on(side), now)),
        );
        match (write, wrong.is_empty()) {
            (Some(write), true) => writes.push(write),
            (None, true) => (),
            (write, false) => {
                let write = write.unwrap_or_else(|| not_made(side, ids.id(side)));
                failures.push((ids.clone(), write, wrong));
            }
        }
    }
    let marked = if partner.is_some() {
        merged.marked
    } else {
        Vec::new()
    };
    let news = link.is_some() || !merged.agreed.is_empty() || needs_mark(&known, &marked);
    let failing = known
        .pair
        .as_ref()
        .is_some_and(|pair| pair.state == State::Failing);
    let is_free = |side: &Side| {
        !writes.iter().any(|write: &Write| write.to == *side)
            && !failures.iter().any(|(_, write, _)| write.to == *side)
    };
    let free: Vec<Side> = Side::BOTH.into_iter().filter(is_free).collect();
    let mut moved = merged.agreed;
    let mut agreed = Vec::new();
    if partner.is_some() && (news || failing) {
        // What has nothing left to be written cannot fail either: it is said for every such side,
        // and never for a side that is written or refused now, whose errors are not over.
        for to in free {
            let (moved, marked) = (std::mem::take(&mut moved), marked.clone());
            agreed.push(Agreed { to, moved, marked });
            if !failing {
                break;
            }
        }
    }
    if let Some(first) = writes.first_mut() {
        // Both sides are written: the prints are adopted with the first that succeeds.
        first.moved.append(&mut moved);
    }
    let link = link.map(|why| (ids.clone(), why));
    let outcome = if writes.is_empty() {
        Outcome::Settled(Settled::Quiet)
    } else {
        let tried = known
            .pair
            .as_ref()
            .map(|pair| pair.attempts)
            .unwrap_or_default();
        Outcome::Planned(Box::new(Planned {
            row: known.row.clone(),
            ids: ids.clone(),
            writes,
            tried,
        }))
    };
    Decision {
        row: known.row,
        ids,
        link,
        agreed,
        failures,
        outcome,
    }
}

/// The write that a value which cannot be carried kept from being made.
fn not_made(to: Side, id: Option<&RecordId>) -> Write {
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
        marks: false,
    }
}

/// Whether the journal does not know yet that these sides carry their mark.
fn needs_mark(known: &Known, marked: &[Side]) -> bool {
    marked.len() == 2
        && known
            .pair
            .as_ref()
            .is_some_and(|pair| pair.is_linked() && !is_marked(pair))
}

/// Whether both halves are known to carry each other's id.
fn is_marked(pair: &Pair) -> bool {
    pair.marked.hubspot && pair.marked.salesforce
}

fn gone(known: Known) -> Decision {
    let (ids, settled) = match &known.pair {
        Some(pair) => (
            pair.ids.clone(),
            excluded_once(Some(pair), Excluded::Deleted),
        ),
        // Never heard of before and gone already: there is nothing to tell.
        None => (PairIds::half(&known.row.key), Settled::Quiet),
    };
    Decision::settled(known.row, ids, settled)
}

/// An exclusion is journaled when it begins, and not again while it lasts.
fn excluded_once(pair: Option<&Pair>, why: Excluded) -> Settled {
    let known = pair
        .filter(|pair| pair.state == State::Excluded)
        .and_then(|pair| pair.why);
    if known == Some(why) {
        Settled::Quiet
    } else {
        Settled::Excluded(why)
    }
}
