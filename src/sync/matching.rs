//! Finds each row's record and its partner: by link, else by id field, else by key, and by nothing
//! that lags.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::context::Context;
use super::forms::{Form, Forms};
use super::gate::Trouble;
use super::heirs::Succession;
use super::partner::{
    Catch, Found, Partner, choose, doubled_keys, former_partner, key_of, marked_partner, wanted,
};
use super::reading::By;
use crate::domain::attempt::Intent;
use crate::domain::call::Lane;
use crate::domain::fingerprint::PrintKey;
use crate::domain::merge::{self, Base, Parents, Prints, Provisional};
use crate::domain::record::{PairIds, Record, RecordId, RecordKey, Side};
use crate::inbox::{self, Row};
use crate::projections::pairs::Pair;
use crate::projections::{pairs, prints};
use crate::store::View;

/// A row with all that is known about it before anything is read.
pub(super) struct Known {
    pub(super) row: Row,
    pub(super) pair: Option<Pair>,
    pub(super) base: Base,
    /// Writes of unknown outcome that serve the row, or that of its linked partner.
    pub(super) intents: Vec<Intent>,
}

/// The rows' own records.
pub(super) struct Sources {
    /// Each with whether it was kept since it was detected, and not read now.
    pub(super) records: BTreeMap<RecordKey, (Record, bool)>,
    /// Those that are good for being told as echoes, and for nothing else.
    pub(super) old: BTreeSet<RecordKey>,
}

impl Context {
    /// Loads pair and prints of each row.
    pub(super) async fn known(&self, rows: Vec<Row>) -> anyhow::Result<Vec<Known>> {
        self.store
            .read(move |view| {
                rows.into_iter()
                    .map(|row| {
                        let pair = pair_of(view, &row.key)?;
                        let base = match &pair {
                            Some(pair) => base(view, pair)?,
                            None => Base::default(),
                        };
                        let mut intents = inbox::intents(view, &row.key)?;
                        if let Some(partner) =
                            pair.as_ref().and_then(|pair| half_across(pair, &row))
                        {
                            intents.extend(inbox::intents(view, &partner)?);
                        }
                        Ok(Known {
                            row,
                            pair,
                            base,
                            intents,
                        })
                    })
                    .collect()
            })
            .await
    }

    /// The rows' own records, as kept since they were detected (true), or read again. Records that
    /// are gone are left out. What a snapshot answers is as good as read now: it was asked a moment
    /// ago who changed anything since. Those kept for too long to be believed, but showing what we
    /// wrote, are told apart: they may be echoes, and a later change has a row of its own.
    pub(super) async fn sources(
        &self,
        forms: &Forms,
        known: &[Known],
        lane: Lane,
    ) -> Result<Sources, Trouble> {
        let now = self.clock.monotonic_ms();
        let mut beside = self.kept_beside(known).await?;
        let settled = known.iter().filter(|one| one.intents.is_empty());
        let settled = settled.map(|one| one.row.key.clone());
        let settled = settled.filter(|key| key.side == Side::Salesforce);
        let ahead = self.ahead(forms, settled.collect(), lane).await?;
        let ahead = ahead.into_iter();
        let mut ahead: BTreeMap<RecordKey, (Record, bool)> = ahead
            .map(|record| (record.key.clone(), (record, false)))
            .collect();
        // What is older than its row was seen to be shows nothing of the change that the row is for.
        let shows = |record: &Record, one: &Known| record.modified_at >= one.row.stamp;
        // A row is seen to be younger than its record by what ties it to others. What was seen since the
        // snapshot was asked for is noted as moved, and no record of that is ahead.
        let asked_at = self.snapshot_asked_at(forms.object());
        let is_ahead = |record: &Record, one: &Known| {
            shows(record, one) || asked_at.is_some_and(|at| one.row.stamp <= at)
        };
        let us = self.salesforce.our_user();
        let (mut records, mut old) = (BTreeMap::new(), BTreeSet::new());
        let mut missing: BTreeMap<Side, Vec<RecordId>> = BTreeMap::new();
        {
            let mut shared = self.shared();
            for one in known {
                let key = &one.row.key;
                match ahead.get(key) {
                    Some((record, _)) if is_ahead(record, one) => continue,
                    Some(_) => drop(ahead.remove(key)),
                    None => (),
                }
                let kept = shared.fresh.take(key, now);
                match kept.filter(|(record, _)| shows(record, one)) {
                    Some((record, age_ms)) if age_ms <= self.settings.poll_ms => {
                        records.insert(key.clone(), (record, true));
                    }
                    kept => {
                        let kept = kept.map(|(record, _)| record).or(beside.remove(key));
                        let ours = |record: &Record| us.is_some() && record.modified_by == us;
                        match kept.filter(|record| shows(record, one) && ours(record)) {
                            Some(record) => {
                                records.insert(key.clone(), (record, true));
                                old.insert(key.clone());
                            }
                            None => missing.entry(key.side).or_default().push(key.id.clone()),
                        }
                    }
                }
            }
        }
        for (side, ids) in missing {
            for record in self.read_ids(forms, side, &ids, lane).await? {
                records.insert(record.key.clone(), (record, false));
            }
        }
        // What was kept was noted when it was detected, if that was after the snapshot was asked for.
        let read = records.values().filter(|(_, is_kept)| !is_kept);
        self.note_read(forms, read.map(|(record, _)| record), None)
            .await?;
        records.extend(ahead);
        Ok(Sources { records, old })
    }

    /// Reads the associations with many of these rows' records, where they are asked about.
    pub(super) async fn tie(
        &self,
        forms: &Forms,
        known: &[Known],
        records: &mut BTreeMap<RecordKey, (Record, bool)>,
        lane: Lane,
    ) -> Result<(), Trouble> {
        let us = self.salesforce.our_user();
        let is_asked = |one: &&Known| {
            let kept = records.get(&one.row.key).filter(|(_, is_kept)| *is_kept);
            !kept.is_some_and(|(record, _)| shows_only_itself(record, one, us.as_ref()))
        };
        let asked = known.iter().filter(is_asked);
        let asked: BTreeSet<&RecordKey> = asked.map(|one| &one.row.key).collect();
        let tied = records.iter_mut().filter(|(key, _)| asked.contains(key));
        let tied = tied.map(|(_, (record, _))| record);
        self.add_roles(forms, tied, lane).await
    }

    /// The records that are kept beside rows.
    async fn kept_beside(&self, known: &[Known]) -> anyhow::Result<BTreeMap<RecordKey, Record>> {
        let rows = known.iter().filter(|one| one.row.has_kept);
        let rows: Vec<Row> = rows.map(|one| one.row.clone()).collect();
        if rows.is_empty() {
            return Ok(BTreeMap::new());
        }
        self.store
            .read(move |view| {
                let mut records = BTreeMap::new();
                for row in rows {
                    if let Some(record) = inbox::kept(view, &row)? {
                        records.insert(row.key, record);
                    }
                }
                Ok(records)
            })
            .await
    }

    /// Each source's partner. `sources` are the records still in question, with what is known; those
    /// of `open` may have a partner since their last write, whose answer was lost.
    pub(super) async fn partners(
        &self,
        forms: &Forms,
        sources: &[(Option<&Pair>, &Record)],
        open: &BTreeSet<RecordKey>,
        lane: Lane,
    ) -> Result<Vec<Partner>, Trouble> {
        let found = self.partners_in_salesforce(forms, sources, open, lane);
        let mut in_salesforce = found.await?;
        let mut in_hubspot = self.partners_in_hubspot(forms, sources, lane).await?;
        self.set_aside(&mut in_salesforce).await?;
        self.set_aside(&mut in_hubspot).await?;
        let mut partners = Vec::with_capacity(sources.len());
        let doubled = doubled_keys(sources, forms);
        for (pair, record) in sources {
            let catch = match record.key.side {
                Side::HubSpot => &in_salesforce,
                Side::Salesforce => &in_hubspot,
            };
            let portal = self.settings.portal;
            partners.push(choose(portal, forms, *pair, record, catch, &doubled));
        }
        self.refuse_taken(sources, &mut partners).await?;
        Ok(partners)
    }

    async fn partners_in_salesforce(
        &self,
        forms: &Forms,
        sources: &[(Option<&Pair>, &Record)],
        open: &BTreeSet<RecordKey>,
        lane: Lane,
    ) -> Result<Catch, Trouble> {
        let (mut asked, mut left) = (Vec::new(), Vec::new());
        for (pair, record) in sources {
            if record.key.side == Side::HubSpot {
                let wanted = wanted(self.settings.portal, forms, *pair, record);
                let list = if open.contains(&record.key) {
                    &mut left
                } else {
                    &mut asked
                };
                list.push(wanted);
            }
        }
        let (mut found, more) = self.partners_ahead(forms, asked, lane).await?;
        left.extend(more);
        let read = self.query_salesforce(forms, &left, lane).await?;
        self.note_read(forms, read.iter(), None).await?;
        found.extend(read);
        let mut catch = Catch::default();
        self.add_roles(forms, found.iter_mut(), lane).await?;
        for record in found {
            if !record.deleted || Succession::of(&record).is_some() {
                catch.add(record, forms);
            }
        }
        let hubspot = sources
            .iter()
            .filter(|(_, record)| record.key.side == Side::HubSpot);
        let mut named = Vec::new();
        for (pair, record) in hubspot {
            catch.note_former(record, forms);
            if pair.is_none_or(|pair| !pair.is_linked()) {
                named.extend(former_partner(record, forms));
            }
        }
        // Others may name the same record: then it is nobody's to take silently.
        for record in self.claimants(forms, named, lane).await? {
            catch.note_former(&record, forms);
        }
        Ok(catch)
    }

    /// HubSpot is asked by id, then by its id property, then by key: three ways, each only for what
    /// the one before did not find.
    async fn partners_in_hubspot(
        &self,
        forms: &Forms,
        sources: &[(Option<&Pair>, &Record)],
        lane: Lane,
    ) -> Result<Catch, Trouble> {
        let mapping = &forms.first.mapping;
        let mut catch = Catch::default();
        let (mut ids, mut marks, mut keys) = (Vec::new(), Vec::new(), Vec::new());
        for (pair, record) in sources {
            if record.key.side != Side::Salesforce {
                continue;
            }
            if let Some(id) = pair.and_then(|pair| pair.ids.hubspot.clone()) {
                ids.push(id);
                continue;
            }
            ids.extend(marked_partner(self.settings.portal, forms, record));
            marks.push(record.key.id.to_string());
            keys.extend(key_of(record, forms));
        }
        for record in self.read_hubspot(forms, By::Ids(&ids), lane).await? {
            catch.add(record, forms);
        }
        marks.retain(|mark| !catch.marked.contains_key(&mark.to_lowercase()));
        let by_mark = By::Property(&mapping.hubspot_id_field, &marks);
        for record in self.read_hubspot(forms, by_mark, lane).await? {
            catch.add(record, forms);
        }
        let unnamed: Vec<RecordId> = sources
            .iter()
            .filter(|(pair, record)| {
                record.key.side == Side::Salesforce
                    && pair.is_none_or(|pair| !pair.is_linked())
                    && !catch
                        .marked
                        .contains_key(&record.key.id.as_str().to_lowercase())
            })
            .map(|(_, record)| record.key.id.clone())
            .collect();
        for record in self.claimants(forms, unnamed, lane).await? {
            catch.add(record, forms);
        }
        keys.retain(|key| !catch.keyed.contains_key(key));
        keys.sort();
        keys.dedup();
        if let Some(field) = &mapping.match_by {
            let unique = forms.first.schemas.hubspot.field(&field.hubspot);
            let found = if unique.is_some_and(|field| field.key) {
                let by_key = By::Property(&field.hubspot, &keys);
                self.read_hubspot(forms, by_key, lane).await?
            } else {
                let field = &field.hubspot;
                self.search_hubspot(forms, field, &keys, lane).await?
            };
            for record in found {
                catch.add(record, forms);
            }
        }
        Ok(catch)
    }

    /// A partner that is already half of another pair, or that a person left out, is nobody's to take.
    async fn refuse_taken(
        &self,
        sources: &[(Option<&Pair>, &Record)],
        partners: &mut [Partner],
    ) -> anyhow::Result<()> {
        let mut asked: Vec<(usize, RecordKey, RecordKey)> = Vec::new();
        for (place, ((_, source), partner)) in sources.iter().zip(partners.iter()).enumerate() {
            if let Partner::Found(record, Found::ById | Found::ByFormer | Found::ByKey) = partner {
                asked.push((place, source.key.clone(), record.key.clone()));
            }
        }
        let taken = self
            .store
            .read(move |view| {
                let mut taken = Vec::new();
                for (place, source, partner) in asked {
                    let pair = pair_of(view, &partner)?;
                    let left_out = pair.as_ref().is_some_and(Pair::is_left_out);
                    let across = pair.and_then(|pair| pair.ids.id(source.side).cloned());
                    if left_out || across.is_some_and(|id| id != source.id) {
                        taken.push(place);
                    }
                }
                Ok(taken)
            })
            .await?;
        for place in taken {
            partners[place] = Partner::Ambiguous;
        }
        Ok(())
    }

    /// What a record shows against its base.
    pub(super) fn look(
        &self,
        forms: &Forms,
        ids: &PairIds,
        record: &Record,
        known: &Known,
    ) -> merge::Seen {
        // Whose partner a parent is does not matter to whether it moved.
        let (around, parents) = (self.around(), Parents::default());
        let form = forms.of(ids).calm(known);
        merge::look(record, &known.base, &around.known(&form, &parents))
    }

    /// What merging must know beside the records, as it stands now.
    pub(super) fn around(&self) -> Around {
        Around {
            owners: self.shared().owners.clone(),
            user: self.salesforce.our_user(),
            key: self.store.key(),
            portal: self.settings.portal,
        }
    }
}

/// What merging must know beside two records and their parents.
pub(super) struct Around {
    owners: Arc<merge::Owners>,
    user: Option<RecordId>,
    key: PrintKey,
    portal: i64,
}

impl Around {
    /// The same for a pair of that form.
    pub(super) fn known<'a>(&'a self, form: &'a Form, parents: &'a Parents) -> merge::Known<'a> {
        self.known_but(form, parents, &[])
    }

    /// The same for a pair whose selection shuts these sides.
    pub(super) fn known_but<'a>(
        &'a self,
        form: &'a Form,
        parents: &'a Parents,
        shut: &'a [Side],
    ) -> merge::Known<'a> {
        merge::Known {
            shut,
            mapping: &form.mapping,
            hubspot_schema: &form.schemas.hubspot,
            salesforce_schema: &form.schemas.salesforce,
            key: &self.key,
            our_user: self.user.as_ref(),
            owners: &self.owners,
            parents,
            portal: self.portal,
        }
    }
}

/// Whether a record is the very one that its row was made for, and shows what we wrote: its
/// associations have rows of their own then, and are not read for it.
pub(super) fn shows_only_itself(record: &Record, known: &Known, us: Option<&RecordId>) -> bool {
    let row = &known.row;
    us.is_some()
        && record.modified_by.as_ref() == us
        && record.modified_at == row.stamp
        && row.lane == Lane::Live
        && !row.ties
        && !row.stands_for_both
        && known
            .pair
            .as_ref()
            .is_some_and(|pair| pair.is_linked() && pair.is_quiet())
}

/// The pair that holds a record.
pub(super) fn pair_of(view: &View<'_>, key: &RecordKey) -> anyhow::Result<Option<Pair>> {
    match pairs::by_key(view, key)? {
        Some(number) => pairs::get(view, number),
        None => Ok(None),
    }
}

/// The other half of a row's pair.
fn half_across(pair: &Pair, row: &Row) -> Option<RecordKey> {
    let side = row.key.side.other();
    Some(RecordKey {
        side,
        object: row.key.object.clone(),
        id: pair.ids.id(side)?.clone(),
    })
}

/// What was last seen in the fields of a pair.
fn base(view: &View<'_>, pair: &Pair) -> anyhow::Result<Base> {
    let prints = prints::of(view, pair.number)?
        .into_iter()
        .map(|(field, (hubspot, salesforce))| {
            (
                field,
                Prints {
                    hubspot,
                    salesforce,
                },
            )
        })
        .collect();
    let provisional = Side::BOTH
        .into_iter()
        .filter_map(|to| {
            let one = pair.provisional.on(to).as_ref()?;
            Some(Provisional {
                to,
                span: one.span.clone(),
                written: one.written.clone(),
            })
        })
        .collect();
    Ok(Base {
        linked_before: pair.is_linked(),
        prints,
        provisional,
    })
}
