//! What waits for rows that are on their way by a job: nothing is decided about a record whose
//! partner is being written.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::record::{ObjectName, PairIds, Record, RecordKey, Side};
use crate::inbox::{self, Row};
use crate::projections::pairs::Pair;
use crate::sync::context::Context;
use crate::sync::decision::{Decision, Settled};
use crate::sync::forms::Forms;
use crate::sync::heirs::ancestors;
use crate::sync::matching::Known;
use crate::sync::partner::marked_partner;

impl Context {
    /// Of these records, those in HubSpot whose write across is in a parcel.
    pub(in crate::sync) async fn carried(
        &self,
        keys: impl Iterator<Item = RecordKey>,
    ) -> anyhow::Result<BTreeSet<RecordKey>> {
        let keys: BTreeSet<RecordKey> = keys.filter(|key| key.side == Side::HubSpot).collect();
        if keys.is_empty() {
            return Ok(keys);
        }
        self.store
            .read(move |view| {
                let mut carried = BTreeSet::new();
                if inbox::parcels(view, 0)?.is_empty() {
                    return Ok(carried);
                }
                for key in keys {
                    if inbox::carries(view, &key)? {
                        carried.insert(key);
                    }
                }
                Ok(carried)
            })
            .await
    }

    /// Whether records that those of these forms belong to are being made by jobs now: children that
    /// are many as well are planned after them, or each would be planned, found waiting, told as
    /// that, and planned again. So are approved ones while their parents' own first load is still to
    /// come; what nobody has approved yet is planned all the same, so that a person is asked once
    /// about everything.
    pub(in crate::sync) async fn parents_are_on_their_way(
        &self,
        forms: &Forms,
    ) -> anyhow::Result<bool> {
        let own = forms.object();
        let parents: BTreeSet<ObjectName> = forms
            .associations()
            .flat_map(|mapped| &mapped.parents)
            .filter(|parent| *parent != own)
            .cloned()
            .collect();
        if parents.is_empty() {
            return Ok(false);
        }
        let mut before = self.settings.objects().take_while(|forms| {
            let mut forms = forms.iter();
            !forms.any(|form| form.object == *own)
        });
        let earlier: BTreeSet<ObjectName> = before
            .by_ref()
            .flatten()
            .map(|form| form.object.clone())
            .filter(|object| parents.contains(object))
            .collect();
        let (own, many) = (own.clone(), self.settings.bounds.parents_first);
        self.store
            .read(move |view| {
                Ok(inbox::are_made(view, &parents)?
                    || inbox::are_to_come(view, &earlier, many)?
                        && inbox::are_approved(view, &own)?)
            })
            .await
    }

    /// Sorts out the rows whose record says that it was made by, or came of, one that is on its way
    /// now: they wait until it has arrived.
    pub(in crate::sync) async fn wait_for_makers(
        &self,
        forms: &Forms,
        known: Vec<Known>,
        sources: &BTreeMap<RecordKey, (Record, bool)>,
    ) -> anyhow::Result<(Vec<Known>, Vec<Decision>)> {
        let makers: Vec<Vec<RecordKey>> = known
            .iter()
            .map(|one| {
                let source = sources.get(&one.row.key);
                source.map_or_else(Vec::new, |(record, _)| self.makers(forms, one, record))
            })
            .collect();
        let carried = self.carried(makers.iter().flatten().cloned()).await?;
        let (mut free, mut waiting) = (Vec::with_capacity(known.len()), Vec::new());
        for (one, makers) in known.into_iter().zip(makers) {
            let maker = makers.into_iter().find(|key| carried.contains(key));
            match (maker, sources.get(&one.row.key)) {
                (Some(maker), Some((source, _))) => {
                    waiting.push(self.awaits(one.row, source, maker));
                }
                (Some(_), None) | (None, _) => free.push(one),
            }
        }
        Ok((free, waiting))
    }

    /// A row waits until `maker` has arrived. What its record shows would have to be read again then,
    /// unless it is kept: of that which we wrote it is good for being told as an echo.
    pub(in crate::sync) fn awaits(&self, row: Row, source: &Record, maker: RecordKey) -> Decision {
        let us = self.salesforce.our_user();
        let is_ours =
            source.key.side == Side::Salesforce && us.is_some() && source.modified_by == us;
        let shown = is_ours.then(|| Box::new(source.clone()));
        let ids = PairIds::half(&row.key);
        Decision::settled(row, ids, Settled::Awaits { maker, shown })
    }

    fn makers(&self, forms: &Forms, known: &Known, record: &Record) -> Vec<RecordKey> {
        let maker = |id| RecordKey {
            side: Side::HubSpot,
            object: record.key.object.clone(),
            id,
        };
        match record.key.side {
            Side::HubSpot => ancestors(record).into_iter().map(maker).collect(),
            Side::Salesforce if known.pair.as_ref().is_some_and(Pair::is_linked) => Vec::new(),
            Side::Salesforce => {
                let id = marked_partner(self.settings.portal, forms, record);
                id.into_iter().map(maker).collect()
            }
        }
    }
}
