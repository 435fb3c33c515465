//! Finds fields that swing between two automations, and leaves them alone.

use std::borrow::Cow;

use super::context::Context;
use super::decision::{Decision, Outcome, Settled};
use super::forms::Form;
use super::matching::Known;
use crate::domain::call::Lane;
use crate::domain::event::{Event, RecordSynced};
use crate::domain::ping_pong::{self, BACK_MS};
use crate::domain::record::{FieldName, PairNumber, Side, Timestamp};
use crate::journal;

/// Entries of a pair's history that are looked at.
const HISTORY: u32 = 40;

impl Form {
    /// The form for a pair: without the field that was found to swing, unless somebody asks for the
    /// record.
    pub(super) fn calm(&self, known: &Known) -> Cow<'_, Self> {
        let field = known.pair.as_ref().and_then(|pair| pair.loop_field.clone());
        match field.filter(|_| known.row.lane != Lane::Resync) {
            Some(field) => {
                let mut form = self.clone();
                form.mapping.fields.retain(|one| one.hubspot != field);
                Cow::Owned(form)
            }
            None => Cow::Borrowed(self),
        }
    }
}

impl Context {
    /// Turns decisions to write a field that swings into the finding that it does: the row is looked
    /// at again, without that field.
    pub(super) async fn find_loops(&self, decisions: &mut [Decision]) -> anyhow::Result<()> {
        let now = self.clock.now();
        let mut asked: Vec<(usize, PairNumber)> = Vec::new();
        for (place, decision) in decisions.iter().enumerate() {
            let Outcome::Planned(planned) = &decision.outcome else {
                continue;
            };
            let recent = |at: Timestamp| now.since(at) <= BACK_MS;
            if decision.row.lane == Lane::Live && planned.synced_at.is_some_and(recent) {
                asked.extend(planned.number.map(|number| (place, number)));
            }
        }
        if asked.is_empty() {
            return Ok(());
        }
        let histories: Vec<(usize, Vec<(Timestamp, RecordSynced)>)> = self
            .store
            .read(move |view| {
                let mut histories = Vec::with_capacity(asked.len());
                for (place, number) in asked {
                    let entries = journal::last_of_record(view, number, HISTORY)?;
                    let writes = entries.into_iter().filter_map(|entry| {
                        let at = entry.at;
                        let Event::RecordSynced(synced) = entry.event else {
                            return None;
                        };
                        Some((at, synced))
                    });
                    histories.push((place, writes.collect()));
                }
                Ok(histories)
            })
            .await?;
        for (place, history) in histories {
            let decision = &mut decisions[place];
            if let Some(field) = swinging(decision, &history, now) {
                let ids = &decision.ids;
                let name = |side| ids.id(side).map_or_else(String::new, ToString::to_string);
                let (hubspot, salesforce) = (name(Side::HubSpot), name(Side::Salesforce));
                tracing::warn!(
                    object = %ids.object, %field,
                    "{} {hubspot} and {salesforce}: {field} is rewritten by each side in turns and \
                     is left alone from now on; correct the automation of one side, then \
                     \"syncline link {hubspot} {salesforce}\"",
                    ids.object,
                );
                decision.outcome = Outcome::Settled(Settled::Looped(field));
            }
        }
        Ok(())
    }
}

fn swinging(
    decision: &Decision,
    history: &[(Timestamp, RecordSynced)],
    now: Timestamp,
) -> Option<FieldName> {
    let Outcome::Planned(planned) = &decision.outcome else {
        return None;
    };
    let mut writes = planned.writes.iter().chain(&planned.links);
    writes.find_map(|write| ping_pong::swinging(write, history, now))
}
