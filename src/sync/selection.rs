//! What the configuration's list and condition leave out: which sides of a pair they shut, and why.
//!
//! A HubSpot record that is not in the list shuts Salesforce, a Salesforce record that does not meet
//! the condition shuts HubSpot. The other way goes on, pair and fingerprints stay, and what was not
//! carried is a change still once the side opens again.

use std::collections::{BTreeMap, BTreeSet};

use super::context::Context;
use super::couple::Couple;
use super::decision::{Decision, Settled, excluded_once};
use super::forms::{Form, Forms};
use super::gate::Trouble;
use super::matching::Known;
use super::partner::{Found, Partner};
use crate::domain::call::Lane;
use crate::domain::event::{By, Excluded, RecordExcluded, RecordIncluded};
use crate::domain::merge::Merged;
use crate::domain::record::{PairIds, Record, RecordId, RecordKey, Side, Timestamp};
use crate::inbox::{self, selection};
use crate::projections;
use crate::projections::pairs::Pair;
use crate::store::Tx;

/// How long what a list that is not believed keeps from Salesforce rests before it is looked at.
pub(super) const REST_MS: i64 = 30_000;

/// What is known of the inclusion list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Listing {
    /// There is none: everything is in.
    #[default]
    Nobody,
    /// It was not read yet, or is not believed.
    Held,
    /// It says who is in.
    Read,
}

/// What is known of the records in question.
#[derive(Debug, Default)]
pub(super) struct Selection {
    listing: Listing,
    members: BTreeSet<RecordId>,
    /// Salesforce's records that were asked by the condition, and those of them that meet it.
    asked: BTreeSet<RecordId>,
    met: BTreeSet<RecordId>,
}

/// What one pair's selection comes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Standing {
    /// HubSpot's half is not in the list.
    unlisted: bool,
    /// Salesforce's half does not meet the condition.
    unmet: bool,
    /// The list is not believed.
    held: bool,
}

impl Standing {
    /// Why it is left out.
    pub(super) fn why(self) -> Option<Excluded> {
        match (self.unlisted, self.unmet) {
            (true, _) => Some(Excluded::List),
            (false, true) => Some(Excluded::Condition),
            (false, false) => None,
        }
    }

    /// The sides that are not written.
    pub(super) fn shut(self) -> &'static [Side] {
        match (self.unlisted || self.held, self.unmet) {
            (true, true) => &Side::BOTH,
            (true, false) => &[Side::Salesforce],
            (false, true) => &[Side::HubSpot],
            (false, false) => &[],
        }
    }
}

/// What is journaled or noted because a pair's selection changed.
#[derive(Debug)]
pub(super) enum Turn {
    /// It is left out from now on.
    Left(Excluded),
    /// It is left out no more.
    Back,
    /// Something would go to Salesforce, were the list believed: this record is looked at again.
    Waits(RecordKey),
}

impl Selection {
    /// What becomes of a pair.
    pub(super) fn standing(&self, forms: &Forms, pair: Option<&Pair>, ids: &PairIds) -> Standing {
        let was = pair.and_then(Pair::left_by);
        let unlisted = match self.listing {
            Listing::Nobody => false,
            Listing::Held => was == Some(Excluded::List),
            Listing::Read => {
                let hubspot = ids.hubspot.as_ref();
                hubspot.is_some_and(|id| !self.members.contains(id))
            }
        };
        let unmet = ids.salesforce.as_ref().is_some_and(|id| {
            condition(forms, id).is_some()
                && if self.asked.contains(id) {
                    !self.met.contains(id)
                } else {
                    was == Some(Excluded::Condition)
                }
        });
        Standing {
            unlisted,
            unmet,
            held: self.listing == Listing::Held,
        }
    }

    /// What a record's selection decides before its partner is looked for: this costs no call.
    pub(super) fn alone(&self, forms: &Forms, known: &Known, source: &Record) -> Option<Settled> {
        let pair = known.pair.as_ref();
        if source.key.side == Side::HubSpot && self.listing == Listing::Held {
            return Some(Settled::Rests);
        }
        if pair.is_some_and(Pair::is_linked) || !known.intents.is_empty() {
            return None;
        }
        let standing = self.standing(forms, pair, &PairIds::half(&source.key));
        let why = standing.why()?;
        Some(excluded_once(pair, why))
    }

    fn must_ask(&self, forms: &Forms, id: &RecordId) -> bool {
        condition(forms, id).is_some() && !self.asked.contains(id)
    }
}

/// The condition on Salesforce's records of the form that `id` has.
fn condition<'f>(forms: &'f Forms, id: &RecordId) -> Option<&'f str> {
    let form = forms.at(forms.place_of(Some(id)));
    form.mapping.condition.as_deref()
}

/// What the selection's word on a couple changes.
pub(super) fn turn(couple: &Couple, merged: &Merged) -> Option<Turn> {
    let pair = couple.known.pair.as_ref();
    // A link begins anew: what either half was left out for before is not said of the two.
    let was = pair
        .and_then(Pair::left_by)
        .filter(|_| couple.link.is_none());
    let now = couple.standing.why();
    if now != was {
        return Some(now.map_or(Turn::Back, Turn::Left));
    }
    let waits = couple.standing.held && merged.withheld.contains(&Side::Salesforce);
    let (side, object) = (Side::HubSpot, couple.ids.object.clone());
    let id = couple.ids.hubspot.clone().filter(|_| waits)?;
    Some(Turn::Waits(RecordKey { side, object, id }))
}

/// Journals a turn.
pub(super) fn turned(tx: &Tx<'_>, ids: &PairIds, turn: &Turn) -> anyhow::Result<()> {
    match turn {
        Turn::Left(why) => {
            let (both, why) = (ids.clone(), *why);
            projections::append(tx, None, RecordExcluded { ids: both, why })?;
            super::parents::release_children(tx, &ids.keys()).map(drop)
        }
        Turn::Back => {
            let (ids, by) = (ids.clone(), By::Configuration);
            projections::append(tx, None, RecordIncluded { ids, by }).map(drop)
        }
        Turn::Waits(key) => {
            let again = tx.now().plus(REST_MS);
            inbox::see(tx, key, Timestamp(0), Lane::Live, again).map(drop)
        }
    }
}

/// Takes out the couples that were found just now and whose Salesforce half does not meet the
/// condition: they are not linked, and HubSpot's half is left out with it.
pub(super) fn part(couples: Vec<Couple>, decisions: &mut Vec<Decision>) -> Vec<Couple> {
    let mut taken = Vec::with_capacity(couples.len());
    for couple in couples {
        let is_hubspot = couple.source.key.side == Side::HubSpot;
        if !(is_hubspot && couple.link.is_some() && couple.standing.unmet) {
            taken.push(couple);
            continue;
        }
        let pair = couple.known.pair.as_ref();
        let ids = PairIds::half(&couple.source.key);
        let settled = excluded_once(pair, Excluded::Condition);
        decisions.push(Decision::settled(couple.known.row, ids, settled));
    }
    taken
}

impl Context {
    /// Takes out the rows that rest because their list or condition is not believed, before a call
    /// is spent on reading their records.
    pub(super) async fn rest_unread(
        &self,
        forms: &Forms,
        known: Vec<Known>,
    ) -> Result<(Vec<Known>, Vec<Decision>), Trouble> {
        self.heed_refusals(forms).await?;
        let mut unread = Selection::default();
        self.look_up(forms, &mut unread, Vec::new()).await?;
        let mut resting = Vec::new();
        let mut others = Vec::with_capacity(known.len());
        for one in known {
            if one.row.key.side == Side::HubSpot && unread.listing == Listing::Held {
                let ids = PairIds::half(&one.row.key);
                resting.push(Decision::settled(one.row, ids, Settled::Rests));
            } else {
                others.push(one);
            }
        }
        Ok((others, resting))
    }

    /// What is known of the rows' own records.
    pub(super) async fn selection(
        &self,
        forms: &Forms,
        known: &[Known],
        sources: &BTreeMap<RecordKey, (Record, bool)>,
        lane: Lane,
    ) -> Result<Selection, Trouble> {
        let mut selection = Selection::default();
        let (mut hubspot, mut salesforce) = (Vec::new(), Vec::new());
        for one in known {
            let pair = one.pair.as_ref();
            let id = one.row.key.id.clone();
            match one.row.key.side {
                Side::HubSpot => {
                    hubspot.push(id);
                    // Why it is left out says nothing of the condition: the list comes first.
                    let by_list = pair.filter(|pair| pair.left_by() == Some(Excluded::List));
                    salesforce.extend(by_list.and_then(|pair| pair.ids.salesforce.clone()));
                }
                Side::Salesforce => {
                    hubspot.extend(pair.and_then(|pair| pair.ids.hubspot.clone()));
                    let source = sources.get(&one.row.key);
                    if source.is_some_and(|(record, _)| !record.deleted) {
                        salesforce.push(id);
                    }
                }
            }
        }
        self.look_up(forms, &mut selection, hubspot).await?;
        self.ask_condition(forms, &mut selection, salesforce, lane)
            .await?;
        Ok(selection)
    }

    /// The same of the partners that were found for them now.
    pub(super) async fn select_partners(
        &self,
        forms: &Forms,
        selection: &mut Selection,
        partners: &[Partner],
        lane: Lane,
    ) -> Result<(), Trouble> {
        let (mut hubspot, mut salesforce) = (Vec::new(), Vec::new());
        for partner in partners {
            let Partner::Found(record, Found::ById | Found::ByKey) = partner else {
                continue;
            };
            match record.key.side {
                Side::HubSpot => hubspot.push(record.key.id.clone()),
                Side::Salesforce => salesforce.push(record.key.id.clone()),
            }
        }
        self.look_up(forms, selection, hubspot).await?;
        self.ask_condition(forms, selection, salesforce, lane).await
    }

    /// A change in HubSpot that sends Salesforce's values back: whether they may go is asked first.
    /// True when some may not.
    pub(super) async fn select_senders(
        &self,
        forms: &Forms,
        selection: &mut Selection,
        couples: &mut [Couple],
        merged: &[Merged],
        lane: Lane,
    ) -> Result<bool, Trouble> {
        let sends = |merged: &Merged| {
            let write = merged.write_to(Side::HubSpot);
            write.is_some_and(|write| !write.only_marks())
                || merged.links.iter().any(|one| one.to == Side::HubSpot)
        };
        let senders = couples.iter().zip(merged);
        let ids: Vec<RecordId> = senders
            .filter(|(_, merged)| sends(merged))
            .filter_map(|(couple, _)| couple.ids.salesforce.clone())
            .collect();
        self.ask_condition(forms, selection, ids, lane).await?;
        let mut shut = false;
        for couple in couples {
            let pair = couple.known.pair.as_ref();
            let standing = selection.standing(forms, pair, &couple.ids);
            shut |= standing != couple.standing;
            couple.standing = standing;
        }
        Ok(shut)
    }

    /// Looks up who of these is in the list.
    async fn look_up(
        &self,
        forms: &Forms,
        selection: &mut Selection,
        ids: Vec<RecordId>,
    ) -> anyhow::Result<()> {
        let Some(configured) = forms.first.mapping.list.clone() else {
            return Ok(());
        };
        let object = forms.object().clone();
        let (listing, members) = self
            .store
            .read(move |view| {
                let list = selection::list(view, &object)?;
                if !list.is_some_and(|list| list.counts(&configured)) {
                    return Ok((Listing::Held, Vec::new()));
                }
                let mut members = Vec::new();
                for id in ids {
                    if selection::is_member(view, &object, &id)? {
                        members.push(id);
                    }
                }
                Ok((Listing::Read, members))
            })
            .await?;
        selection.listing = listing;
        selection.members.extend(members);
        Ok(())
    }

    /// Asks Salesforce which of these meet the condition of their form: nobody else can tell.
    async fn ask_condition(
        &self,
        forms: &Forms,
        selection: &mut Selection,
        ids: Vec<RecordId>,
        lane: Lane,
    ) -> Result<(), Trouble> {
        let asked: BTreeSet<RecordId> = ids
            .into_iter()
            .filter(|id| selection.must_ask(forms, id))
            .collect();
        for (place, form) in forms.all().enumerate() {
            let own = asked.iter().filter(|id| forms.place_of(Some(id)) == place);
            let own: Vec<RecordId> = own.cloned().collect();
            if !own.is_empty() {
                selection.met.extend(self.meeting(form, &own, lane).await?);
                selection.asked.extend(own);
            }
        }
        Ok(())
    }

    /// Those of a form's records that meet its condition.
    async fn meeting(
        &self,
        form: &Form,
        ids: &[RecordId],
        lane: Lane,
    ) -> Result<Vec<RecordId>, Trouble> {
        let Some(condition) = form.mapping.condition.as_deref() else {
            return Ok(ids.to_vec());
        };
        match self.records_meeting(form, ids, condition, lane).await {
            Ok(met) => {
                self.condition_is_understood(form).await?;
                Ok(met)
            }
            Err(trouble) => Err(self.condition_is_refused(form, trouble).await?),
        }
    }
}
