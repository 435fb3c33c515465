//! Writes whose answers were lost: what they were about to do is kept before they are sent, and
//! what they did is found when the records are read again.

use super::context::Context;
use super::forms::Forms;
use super::job::Job;
use super::matching::Known;
use crate::domain::attempt::Intent;
use crate::domain::event::{Action, Linked, RecordSynced};
use crate::domain::mapping::Mapping;
use crate::domain::record::{Record, RecordKey, Side};
use crate::inbox;
use crate::projections::pairs::State;

/// A pair's records as read now, with what is known of it.
pub(super) struct Sight<'a> {
    pub(super) known: &'a Known,
    pub(super) source: &'a Record,
    pub(super) partner: Option<&'a Record>,
    /// How they were found to belong together, when they were not linked before.
    pub(super) link: Option<Linked>,
}

impl Context {
    /// Keeps what `jobs` are about to do, before they are sent.
    pub(super) async fn intend(&self, mapping: &Mapping, jobs: &[Job]) -> anyhow::Result<()> {
        let sent_at = self.salesforce_now();
        let intents: Vec<(i64, Intent)> = jobs
            .iter()
            .filter_map(|job| {
                Some((
                    job.row.as_ref()?.number,
                    Intent::of(&job.attempt, mapping, sent_at)?,
                ))
            })
            .collect();
        if intents.is_empty() {
            return Ok(());
        }
        self.store
            .write(move |tx| {
                let mut intents = intents.iter();
                intents.try_for_each(|(row, intent)| inbox::intend(tx, *row, intent))
            })
            .await
    }

    /// What is to be journaled of each pair, because its records show a lost write's effect.
    pub(super) async fn effects(
        &self,
        forms: &Forms,
        sights: &[Sight<'_>],
    ) -> anyhow::Result<Vec<Vec<RecordSynced>>> {
        let met: Vec<Option<RecordKey>> = sights
            .iter()
            .map(|sight| Some(sight.partner.filter(|_| sight.link.is_some())?.key.clone()))
            .collect();
        // A partner that was no partner before has a row of its own, with its own writes.
        let theirs: Vec<Vec<Intent>> = self
            .store
            .read(move |view| {
                let intents = |key: Option<RecordKey>| match key {
                    Some(key) => inbox::intents(view, &key),
                    None => Ok(Vec::new()),
                };
                met.into_iter().map(intents).collect()
            })
            .await?;
        let key = self.store.key();
        let effects = sights.iter().zip(theirs).map(|(sight, theirs)| {
            let intents = sight.known.intents.iter().chain(&theirs);
            intents
                .filter_map(|intent| {
                    let target = sight.half(intent.to())?;
                    let by_id = sight.link == Some(Linked::Id);
                    let form = forms.at(sight.form(forms));
                    let (mapping, schema) = (&form.mapping, form.schemas.on(intent.to()));
                    let found = intent.found(target, by_id, schema, mapping, &key)?;
                    (found.action != Action::Agreed || !sight.is_failing()).then_some(found)
                })
                .collect()
        });
        Ok(effects.collect())
    }
}

impl Sight<'_> {
    /// The place of the form that the Salesforce half has.
    fn form(&self, forms: &Forms) -> usize {
        forms.place_of(self.half(Side::Salesforce).map(|record| &record.key.id))
    }

    fn half(&self, side: Side) -> Option<&Record> {
        if self.source.key.side == side {
            Some(self.source)
        } else {
            self.partner
        }
    }

    /// Common ground in some fields would end errors that are not over.
    fn is_failing(&self) -> bool {
        let pair = self.known.pair.as_ref();
        pair.is_some_and(|pair| pair.state == State::Failing)
    }
}
