//! Salesforce's word on a condition: who meets it, and what is done while it refuses to say.

use super::context::Context;
use super::forms::{Form, Forms};
use super::gate::{Errand, Trouble, refused};
use super::words::spoken_length;
use crate::crm::http::CallError;
use crate::crm::salesforce::Query;
use crate::domain::call::{Lane, Operation};
use crate::domain::event::Excluded;
use crate::domain::mapping::Mapping;
use crate::domain::record::{RecordId, Side};
use crate::inbox::selection::{self, Condition};
use crate::inbox::{self, Release};

/// How long an object rests whose condition Salesforce refuses: somebody has to mend it.
const REFUSED_MS: i64 = 600_000;

/// Characters of Salesforce's message that are told.
const MESSAGE_MAX: usize = 200;

impl Context {
    /// The records among `ids` that meet `condition`: up to five lists in one call.
    pub(super) async fn records_meeting(
        &self,
        form: &Form,
        ids: &[RecordId],
        condition: &str,
        lane: Lane,
    ) -> Result<Vec<RecordId>, Trouble> {
        let bounds = &self.settings.bounds;
        let source = form.source(Side::Salesforce, &[]);
        let queries: Vec<Query> = ids
            .chunks(bounds.match_keys.max(1))
            .map(|ids| Query::meeting(&source, ids, condition))
            .collect();
        let object = &form.mapping.object;
        let mut met = Vec::with_capacity(ids.len());
        for call in queries.chunks(bounds.match_queries.max(1)) {
            let (side, carried) = (Side::Salesforce, ids.len());
            let errand = Errand::new(side, Operation::Match, lane, object, carried);
            let reply = self.call(&errand, || self.salesforce.query(call)).await?;
            for page in reply.value {
                let mut page = page.map_err(refused)?;
                met.extend(page.records.drain(..).map(|record| record.key.id));
                while let Some(locator) = page.locator.take() {
                    let errand = Errand::new(side, Operation::Page, lane, object, 0);
                    let next = || self.salesforce.next_page(&locator);
                    page = self.call(&errand, next).await?.value;
                    met.extend(page.records.drain(..).map(|record| record.key.id));
                }
            }
        }
        Ok(met)
    }

    /// An object rests as a whole while Salesforce refuses one of its conditions: what meets it
    /// cannot be told from what does not.
    pub(super) async fn heed_refusals(&self, forms: &Forms) -> Result<(), Trouble> {
        let now = self.clock.now();
        for form in forms.all().filter(|form| form.mapping.condition.is_some()) {
            let name = form.mapping.name().clone();
            let read = move |view: &crate::store::View<'_>| selection::condition(view, &name);
            let known = self.store.read(read).await?;
            let again_at = known
                .filter(|known| known.configured == form.mapping.condition)
                .and_then(|known| known.again_at);
            if let Some(again_at) = again_at.filter(|at| *at > now) {
                return Err(Trouble::NotBefore(again_at));
            }
        }
        Ok(())
    }

    /// Notes that Salesforce answers to a condition; says so when it did not before.
    pub(super) async fn condition_is_understood(&self, form: &Form) -> anyhow::Result<()> {
        let mapping = &form.mapping;
        let (name, object) = (mapping.name().clone(), mapping.object.clone());
        let configured = mapping.condition.clone();
        let over = self
            .store
            .write(move |tx| {
                let Some(known) = selection::condition(tx, &name)? else {
                    return Ok(None);
                };
                if known.trouble.is_some() {
                    let (trouble, again_at) = (None, None);
                    let now = Condition {
                        configured,
                        trouble,
                        again_at,
                    };
                    selection::keep_condition(tx, &name, &object, &now)?;
                }
                Ok(known.trouble)
            })
            .await?;
        if let Some(over) = over {
            let (object, name) = (&mapping.object, mapping.name());
            let length = spoken_length(self.clock.now().since(over.since));
            tracing::info!(
                notice = true, %object,
                "{name}: Salesforce understands the condition again after {length}; {object} goes on"
            );
        }
        Ok(())
    }

    /// What the loop does when asking went wrong: where Salesforce refused the query, the object
    /// rests, and that is told once.
    pub(super) async fn condition_is_refused(
        &self,
        form: &Form,
        trouble: Trouble,
    ) -> anyhow::Result<Trouble> {
        let Trouble::Call(CallError::Rejected { failures, .. }) = &trouble else {
            return Ok(trouble);
        };
        let mapping = &form.mapping;
        let said = failures.first().map(|one| {
            let words = one.message.split_whitespace().collect::<Vec<_>>().join(" ");
            let short: String = words.chars().take(MESSAGE_MAX).collect();
            format!("{}: {short}", one.failure.code)
        });
        let says = format!(
            "Salesforce refuses the condition on {} ({})",
            mapping.salesforce_type,
            said.unwrap_or_default()
        );
        let remedy = format!(
            "nothing of {} is synced until it is corrected in the configuration",
            mapping.object
        );
        let again_at = self.clock.now().plus(REFUSED_MS);
        let (name, object) = (mapping.name().clone(), mapping.object.clone());
        let (configured, told) = (mapping.condition.clone(), format!("{says}; {remedy}"));
        let is_news = self
            .store
            .write(move |tx| {
                let known = selection::condition(tx, &name)?;
                let before = known.and_then(|known| known.trouble);
                let is_news = before.as_ref().is_none_or(|before| before.says != says);
                let since = before.map_or(tx.now(), |before| before.since);
                let now = Condition {
                    configured,
                    trouble: Some(selection::Trouble {
                        says,
                        remedy,
                        since,
                    }),
                    again_at: Some(again_at),
                };
                selection::keep_condition(tx, &name, &object, &now)?;
                Ok(is_news)
            })
            .await?;
        if is_news {
            let object = &mapping.object;
            tracing::error!(%object, "HELD {object}: {told}; asked again every 10 min");
        }
        Ok(Trouble::NotBefore(again_at))
    }

    /// A condition that the configuration changed says something else of every record: each is
    /// looked at again, in the lane of first loads.
    pub(super) async fn follow_conditions(&self) -> anyhow::Result<()> {
        for mapping in &self.settings.mappings {
            self.follow_condition(mapping).await?;
        }
        Ok(())
    }

    async fn follow_condition(&self, mapping: &Mapping) -> anyhow::Result<()> {
        let (name, object) = (mapping.name().clone(), mapping.object.clone());
        let configured = mapping.condition.clone();
        let known = {
            let name = name.clone();
            let read = move |view: &crate::store::View<'_>| selection::condition(view, &name);
            self.store.read(read).await?
        };
        let (before, was_refused) = known.map_or((None, false), |known| {
            (known.configured, known.trouble.is_some())
        });
        if before == configured {
            return Ok(());
        }
        let records = self
            .store
            .write(move |tx| {
                let now = Condition {
                    configured,
                    ..Condition::default()
                };
                selection::keep_condition(tx, &name, &object, &now)?;
                if was_refused {
                    // They rest until the old one would have been asked again.
                    inbox::release(tx, Release::Deferred)?;
                }
                let (lane, at) = (Lane::Backfill, tx.now());
                let ids = selection::in_salesforce(tx, &object)?;
                selection::look_at(tx, Side::Salesforce, &object, &ids, at, lane)?;
                // Those whose partner was left out with them are halves of no pair.
                let others = selection::left_out(tx, &object, Excluded::Condition)?;
                selection::look_at(tx, Side::HubSpot, &object, &others, at, lane)?;
                Ok(ids.len() + others.len())
            })
            .await?;
        if records > 0 {
            let object = &mapping.object;
            tracing::info!(
                %object,
                "{}: the condition changed; {records} records are looked at again", mapping.name()
            );
        }
        Ok(())
    }
}
