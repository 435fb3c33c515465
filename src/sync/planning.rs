//! Rows become planned writes; what needs no write is concluded on the spot.

use std::collections::{BTreeMap, BTreeSet};

use super::conclude;
use super::context::Context;
use super::couple::{Couple, Meeting, Question, meet};
use super::decision::{
    Agreed, Decision, Met, Planned, Settled, decide, excluded_once, gone, is_marked,
};
use super::deletion;
use super::effects::Sight;
use super::forms::Forms;
use super::gate::Trouble;
use super::heirs::{Estates, Succession, heirs_of};
use super::matching::{Known, Sources};
use super::partner::Partner;
use super::selection::{self, Selection};
use crate::annex;
use crate::domain::call::Lane;
use crate::domain::event::Excluded;
use crate::domain::label::Label;
use crate::domain::merge::{self, Merged, Parent, Parents, Seen};
use crate::domain::record::{
    FieldName, ObjectName, PairIds, Record, RecordId, RecordKey, Side, Timestamp,
};
use crate::inbox::Row;
use crate::projections::pairs::Pair;

impl Context {
    /// Plans `rows`, all of one lane. What needs no write is journaled and concluded here; the
    /// others come back planned.
    pub(super) async fn plan_rows(
        &self,
        forms: &Forms,
        rows: Vec<Row>,
        lane: Lane,
    ) -> Result<Vec<Planned>, Trouble> {
        let known = self.known(rows).await?;
        let (known, resting) = self.rest_unread(forms, known).await?;
        let Sources {
            records: mut sources,
            old,
        } = self.sources(forms, &known, lane).await?;
        let (known, waiting) = self.wait_for_makers(forms, known, &sources).await?;
        // What waits is told by its record alone later, and not by associations that are older.
        self.tie(forms, &known, &mut sources, lane).await?;
        let mut labels = labels(sources.values().map(|(record, _)| record));
        let read = sources.values().map(|(record, _)| record);
        let mut estates = self.estates(read).await?;
        let heirs = heirs_of(&known, &sources);
        let mut selection = self.selection(forms, &known, &sources, lane).await?;
        let mut decisions = resting;
        decisions.extend(waiting);
        let mut questions = Vec::new();
        let (mut left, mut again) = (Vec::with_capacity(known.len()), Vec::new());
        for one in known {
            let key = &one.row.key;
            if old.contains(key)
                && let Some((source, _)) = sources.remove(key)
            {
                if let Some(echo) = self.old_echo(forms, &selection, &one, &source) {
                    decisions.push(echo);
                    continue;
                }
                again.push(key.id.clone());
            }
            left.push(one);
        }
        let mut read = self.read_ids(forms, Side::Salesforce, &again, lane).await?;
        self.note_read(forms, read.iter(), None).await?;
        self.add_roles(forms, read.iter_mut(), lane).await?;
        labels.extend(self::labels(&read));
        sources.extend(
            read.into_iter()
                .map(|record| (record.key.clone(), (record, false))),
        );
        for one in left {
            match sources.remove(&one.row.key) {
                // It is looked at again once it is journaled that a pair goes on with it: which is
                // done only when it is at rest, so that it comes first.
                Some((source, _)) if one.pair.is_none() && heirs.contains(&source.key) => {
                    let ids = PairIds::half(&source.key);
                    decisions.insert(0, Decision::settled(one.row, ids, Settled::Again));
                }
                Some((source, is_kept)) => {
                    let told = (&selection, &mut estates);
                    match self.answer_alone(forms, told, one, (source, is_kept)) {
                        Ok(decision) => decisions.push(decision),
                        Err(question) => questions.push(*question),
                    }
                }
                None => decisions.push(gone(one)),
            }
        }
        let answers = self.answer_with_partners(forms, &mut selection, questions, lane);
        decisions.extend(answers.await?);
        Ok(self.settle(decisions, labels).await?)
    }

    /// What the source alone decides: an echo, a deletion.
    fn answer_alone(
        &self,
        forms: &Forms,
        (selection, estates): (&Selection, &mut Estates),
        known: Known,
        (source, is_kept): (Record, bool),
    ) -> Result<Decision, Box<Question>> {
        let pair = known.pair.as_ref();
        let ids = pair.map_or_else(|| PairIds::half(&source.key), |pair| pair.ids.clone());
        if pair.is_some_and(Pair::is_left_out) {
            return Ok(Decision::settled(known.row, ids, Settled::Quiet));
        }
        if let Some(estate) = estates.remove(&source.key)
            && !pair.is_some_and(Pair::is_linked)
        {
            return Ok(Decision::merged(known, &source.key, estate));
        }
        if let Some(succession) = Succession::of(&source) {
            return Ok(Decision::inherited(known, &source.key, succession));
        }
        if source.deleted && !deletion::is_carried(pair, forms, &source.key) {
            let settled = excluded_once(pair, Excluded::Deleted);
            return Ok(Decision::settled(known.row, ids, settled));
        }
        if source.deleted {
            return Err(Box::new(Question {
                known,
                source,
                is_kept,
            }));
        }
        if let Some(settled) = selection.alone(forms, &known, &source) {
            return Ok(Decision::settled(known.row, ids, settled));
        }
        if let Some(echo) = self.echo(forms, selection, &known, &source) {
            return Ok(echo);
        }
        Err(Box::new(Question {
            known,
            source,
            is_kept,
        }))
    }

    /// A record that was kept for too long to be believed is good for one thing: when it shows what
    /// we wrote, that is known, whatever came of it since.
    fn old_echo(
        &self,
        forms: &Forms,
        selection: &Selection,
        known: &Known,
        source: &Record,
    ) -> Option<Decision> {
        let is_plain = !known.pair.as_ref().is_some_and(Pair::is_left_out)
            && Succession::of(source).is_none()
            && !source.deleted
            && selection.alone(forms, known, source).is_none();
        let echo = is_plain.then(|| self.echo(forms, selection, known, source));
        echo.flatten()
    }

    /// What a source that shows nothing but our own write comes to.
    fn echo(
        &self,
        forms: &Forms,
        selection: &Selection,
        known: &Known,
        source: &Record,
    ) -> Option<Decision> {
        let pair = known.pair.as_ref();
        let ids = pair.map_or_else(|| PairIds::half(&source.key), |pair| pair.ids.clone());
        let left_out = selection.standing(forms, pair, &ids).why();
        let quiet = pair.is_some_and(|pair| {
            pair.is_linked()
                && (is_marked(pair, forms) || left_out.is_some())
                && pair.is_quiet()
                && pair.left_by() == left_out
        });
        let asked =
            matches!(known.row.lane, Lane::Retry | Lane::Resync) || known.row.stands_for_both;
        if !quiet || asked || !known.intents.is_empty() {
            return None;
        }
        let agreed = match self.look(forms, &ids, source, known) {
            Seen::Echo => Vec::new(),
            Seen::Adopted(moved) => vec![Agreed {
                to: source.key.side,
                moved,
                marked: Vec::new(),
            }],
            Seen::Changed(_) => return None,
        };
        let decision = Decision::settled(known.row.clone(), ids, Settled::Quiet);
        Some(Decision { agreed, ..decision })
    }

    async fn answer_with_partners(
        &self,
        forms: &Forms,
        selection: &mut Selection,
        questions: Vec<Question>,
        lane: Lane,
    ) -> Result<Vec<Decision>, Trouble> {
        let asked: Vec<(Option<&Pair>, &Record)> = questions
            .iter()
            .map(|one| (one.known.pair.as_ref(), &one.source))
            .collect();
        let open = questions.iter().filter(|one| !one.known.intents.is_empty());
        let open: BTreeSet<RecordKey> = open.map(|one| one.source.key.clone()).collect();
        let partners = self.partners(forms, &asked, &open, lane).await?;
        self.select_partners(forms, selection, &partners, lane)
            .await?;
        let found = partners.iter().filter_map(Partner::found).cloned();
        let carried = self.carried(found).await?;
        // Whom another row finds has a partner, whatever an index that lags says of it.
        let found_by_others = partners.iter().filter_map(Partner::found).cloned();
        let found_by_others: BTreeSet<RecordKey> = found_by_others.collect();
        let mut met: BTreeSet<RecordKey> = BTreeSet::new();
        let mut couples = Vec::with_capacity(questions.len());
        let mut decisions = Vec::new();
        for (question, partner) in questions.into_iter().zip(partners) {
            if matches!(partner, Partner::Nobody) && found_by_others.contains(&question.source.key)
            {
                let ids = PairIds::half(&question.source.key);
                decisions.push(Decision::settled(question.known.row, ids, Settled::Again));
                continue;
            }
            if let Some(key) = partner.found().filter(|key| carried.contains(key)) {
                let maker = key.clone();
                decisions.push(self.awaits(question.known.row, &question.source, maker));
                continue;
            }
            match meet(forms, question, partner, &mut met) {
                Meeting::Couple(mut couple) => {
                    let pair = couple.known.pair.as_ref();
                    couple.standing = selection.standing(forms, pair, &couple.ids);
                    couples.push(*couple);
                }
                Meeting::Over(decision) => decisions.push(*decision),
            }
        }
        let couples = self.part_deleted(forms, couples, &mut decisions);
        let couples = selection::part(couples, &mut decisions);
        let mut couples = self.settle_effects(forms, couples, &mut decisions).await?;
        let mut merged = self.merge_all(forms, &couples, lane).await?;
        let senders = self.select_senders(forms, selection, &mut couples, &merged, lane);
        if senders.await? {
            merged = self.merge_all(forms, &couples, lane).await?;
        }
        let (now, shadow) = (self.clock.now(), self.shadow_percent().await?);
        let mut scouts = self.scouts(forms).await?;
        for (couple, merged) in couples.into_iter().zip(merged) {
            let again = couple.is_kept.then(|| {
                let row = couple.known.row.clone();
                Decision::settled(row, couple.ids.clone(), Settled::Again)
            });
            let side = couple.source.key.side;
            let turn = selection::turn(&couple, &merged);
            let mut decision = decide(couple, merged, forms, now, (shadow, &mut scouts));
            decision.turn = turn;
            // What was kept since it was detected must not be written over: it is read again first.
            let again = again.filter(|_| decision.writes_values_to(side));
            decisions.push(again.unwrap_or(decision));
        }
        self.find_loops(&mut decisions).await?;
        Ok(decisions)
    }

    /// Sorts out the couples that show the effect of a write whose answer was lost: it is journaled
    /// before they are compared, or it would pass for a change.
    async fn settle_effects(
        &self,
        forms: &Forms,
        couples: Vec<Couple>,
        decisions: &mut Vec<Decision>,
    ) -> anyhow::Result<Vec<Couple>> {
        let sights: Vec<Sight<'_>> = couples.iter().map(Couple::sight).collect();
        let effects = self.effects(forms, &sights).await?;
        let mut others = Vec::with_capacity(couples.len());
        for (couple, found) in couples.into_iter().zip(effects) {
            if found.is_empty() {
                others.push(couple);
                continue;
            }
            let link = couple.link.map(|why| Met {
                ids: couple.ids.clone(),
                why,
                moved: Vec::new(),
            });
            let settled = Settled::Found(found);
            let decision = Decision::settled(couple.known.row, couple.ids, settled);
            decisions.push(Decision { link, ..decision });
        }
        Ok(others)
    }

    /// Merges every couple; where both sides changed a two-way field, HubSpot's history is read.
    async fn merge_all(
        &self,
        forms: &Forms,
        couples: &[Couple],
        lane: Lane,
    ) -> Result<Vec<Merged>, Trouble> {
        let records = couples.iter().flat_map(Couple::records);
        let mut parents = self.parents_of(forms, records).await?;
        let around = self.around();
        let one = |couple: &Couple,
                   parents: &Parents,
                   history: Option<&BTreeMap<FieldName, Timestamp>>| {
            let (hubspot, salesforce) = couple.halves();
            let form = forms.of(&couple.ids).calm(&couple.known);
            let known = around.known_but(&form, parents, couple.standing.shut());
            merge::merge(hubspot, salesforce, &couple.known.base, &known, history)
        };
        let mut merged: Vec<Merged> = couples
            .iter()
            .map(|couple| one(couple, &parents, None))
            .collect();
        let gone = self.gone_ends(&merged, lane).await?;
        if !gone.is_empty() {
            for key in gone {
                parents.note(key, Parent::Excluded);
            }
            merged = couples
                .iter()
                .map(|couple| one(couple, &parents, None))
                .collect();
        }
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
        let changed_at = self.history(forms, &asked, lane).await?;
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
            *merged = one(couple, &parents, Some(&history));
        }
        Ok(merged)
    }

    /// Both ends across of associations that ended because the record at their other end is gone:
    /// that is no association that anybody took away, and across it stays.
    async fn gone_ends(&self, merged: &[Merged], lane: Lane) -> Result<Vec<RecordKey>, Trouble> {
        let parting = merged.iter().flat_map(|one| &one.parting);
        let mut asked: BTreeMap<(ObjectName, Side), BTreeMap<RecordId, RecordKey>> =
            BTreeMap::new();
        for [here, across] in parting {
            let of = asked.entry((here.object.clone(), here.side)).or_default();
            of.insert(here.id.clone(), across.clone());
        }
        let mut gone = Vec::new();
        for ((object, side), ends) in asked {
            let Some(forms) = self.forms(self.settings.forms_of(&object)) else {
                continue;
            };
            let ids: Vec<RecordId> = ends.keys().cloned().collect();
            let found = self.read_ids(&forms, side, &ids, lane).await?;
            let living: BTreeSet<RecordId> = found
                .into_iter()
                .filter(|record| !record.deleted)
                .map(|record| record.key.id)
                .collect();
            for (id, across) in ends.into_iter().filter(|(id, _)| !living.contains(id)) {
                let object = object.clone();
                gone.extend([RecordKey { side, object, id }, across]);
            }
        }
        Ok(gone)
    }

    /// Journals what was decided without a write, keeps what people call the records that were read,
    /// and returns what is to be written.
    async fn settle(
        &self,
        decisions: Vec<Decision>,
        labels: Vec<(RecordKey, Label)>,
    ) -> anyhow::Result<Vec<Planned>> {
        self.store
            .write(move |tx| {
                for (key, label) in &labels {
                    annex::label_record(tx, key, label)?;
                }
                let mut planned = Vec::new();
                for decision in decisions {
                    planned.extend(conclude::decision(tx, decision)?);
                }
                Ok(planned)
            })
            .await
    }
}

/// What people call these records.
fn labels<'r>(records: impl IntoIterator<Item = &'r Record>) -> Vec<(RecordKey, Label)> {
    let records = records.into_iter();
    records
        .filter_map(|record| Some((record.key.clone(), Label::of(record)?)))
        .collect()
}
