//! What no search tells: associations that changed without their record, and records that went to
//! the archive. Both are found by going round, page by page.

use std::collections::BTreeMap;

use crate::annex;
use crate::domain::budget::DAY_MS;
use crate::domain::call::{Lane, Operation};
use crate::domain::convert::print;
use crate::domain::event::Excluded;
use crate::domain::fingerprint::PrintKey;
use crate::domain::mapping::Mapping;
use crate::domain::record::{
    FieldName, ObjectName, PairNumber, RecordId, RecordKey, Side, Timestamp, Value,
};
use crate::inbox;
use crate::projections::pairs::{self, Filter, Pair, State};
use crate::projections::prints;
use crate::store::{Tx, View};
use crate::sync::context::Context;
use crate::sync::forms::Forms;
use crate::sync::gate::{Errand, Trouble};

/// Associations of a page's records, by property.
type Shown = BTreeMap<FieldName, BTreeMap<RecordId, Value>>;

/// Goes round the pairs of every object that has associations, and the archive of every object.
#[derive(Debug, Default)]
pub(super) struct Sweep {
    /// When a page of each object was looked at last.
    looked_at: BTreeMap<ObjectName, Timestamp>,
    archive_read_at: Option<Timestamp>,
}

impl Sweep {
    /// Looks at what is due.
    pub(super) async fn look(&mut self, context: &Context) -> Result<(), Trouble> {
        let objects: Vec<Vec<Mapping>> = context
            .settings
            .objects()
            .map(<[Mapping]>::to_vec)
            .collect();
        let now = context.clock.now();
        let every = context.settings.bounds.archive_every_ms;
        let is_due =
            |at: &Option<Timestamp>| at.is_none_or(|at| !(0..every).contains(&now.since(at)));
        let archive = is_due(&self.archive_read_at);
        for mappings in &objects {
            let Some(forms) = context.forms(mappings) else {
                continue;
            };
            if archive {
                read_archive(context, &forms).await?;
            }
            if forms.associations().next().is_some() {
                self.look_at(context, &forms).await?;
            }
        }
        if archive {
            self.archive_read_at = Some(now);
        }
        Ok(())
    }

    /// Compares the associations of the next page of pairs with what was last seen of them.
    async fn look_at(&mut self, context: &Context, forms: &Forms) -> Result<(), Trouble> {
        let (object, now) = (forms.object().clone(), context.clock.now());
        let (page, pages) = next_page(context, &object).await?;
        // Once round in a day, however many there are; a few more often than that.
        let every = (DAY_MS / pages.max(1)).min(context.settings.bounds.sweep_every_ms);
        let last = self.looked_at.get(&object);
        if last.is_some_and(|at| (0..every).contains(&now.since(*at))) {
            return Ok(());
        }
        let ids: Vec<RecordId> = page
            .iter()
            .filter_map(|pair| pair.ids.hubspot.clone())
            .collect();
        let shown = context.associations_of(forms, &ids, Lane::Detect).await?;
        let last = page.last().map_or(PairNumber(0), |pair| pair.number);
        let (key, schema) = (context.store.key(), forms.first.schemas.hubspot.clone());
        let name = position_of(&object);
        let found = context
            .store
            .write(move |tx| {
                let mut found = 0;
                for pair in &page {
                    if has_moved(tx, pair, &shown, &schema, &key)? {
                        found += see_hubspot(tx, pair)?;
                    }
                }
                annex::set_meta(tx, &name, Some(&last.0.to_string()))?;
                Ok(found)
            })
            .await?;
        if found > 0 {
            context.wakes.writer.ring();
        }
        self.looked_at.insert(object, now);
        Ok(())
    }
}

/// Under which name it is kept where an object's round stands.
fn position_of(object: &ObjectName) -> String {
    format!("swept {object}")
}

/// The next page of linked pairs, and how many pages there are about.
async fn next_page(context: &Context, object: &ObjectName) -> anyhow::Result<(Vec<Pair>, i64)> {
    let object = object.clone();
    context
        .store
        .read(move |view| {
            let stood = annex::meta(view, &position_of(&object))?;
            let stood = stood.and_then(|text| text.parse().ok()).unwrap_or(0);
            let filter = Filter {
                object: Some(object.clone()),
                ..Filter::default()
            };
            let mut page = pairs::list(view, &filter, PairNumber(stood))?;
            if page.is_empty() {
                // The round begins anew.
                page = pairs::list(view, &filter, PairNumber(0))?;
            }
            page.retain(|pair| pair.is_linked() && pair.state != State::Excluded);
            let total = i64::try_from(pairs::total(view, &object)?).unwrap_or(i64::MAX);
            let pages = total / i64::from(view.page_max()).max(1) + 1;
            Ok((page, pages))
        })
        .await
}

/// Whether an association is another than the one last seen.
fn has_moved(
    view: &View<'_>,
    pair: &Pair,
    shown: &Shown,
    schema: &crate::domain::schema::ObjectSchema,
    key: &PrintKey,
) -> anyhow::Result<bool> {
    let Some(id) = &pair.ids.hubspot else {
        return Ok(false);
    };
    let known = prints::of(view, pair.number)?;
    for (name, values) in shown {
        let Some(field) = schema.field(name) else {
            continue;
        };
        let value = values.get(id).unwrap_or(&Value::Blank);
        let before = known.get(name).and_then(|(hubspot, _)| *hubspot);
        let now = print(key, value, field);
        // Without a base there is nothing to compare with, and nothing to do while there is none.
        if before.map_or(!value.is_blank(), |before| before != now) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn see_hubspot(tx: &Tx<'_>, pair: &Pair) -> anyhow::Result<usize> {
    let Some(id) = &pair.ids.hubspot else {
        return Ok(0);
    };
    let key = RecordKey {
        side: Side::HubSpot,
        object: pair.ids.object.clone(),
        id: id.clone(),
    };
    inbox::see(tx, &key, Timestamp(0), Lane::Live, Timestamp(0))?;
    Ok(1)
}

/// Lists the archive, which no search shows: pairs that lost their HubSpot half are looked at.
async fn read_archive(context: &Context, forms: &Forms) -> Result<(), Trouble> {
    let source = forms.first.source(Side::HubSpot, &[]);
    let object = forms.object();
    let mut after: Option<String> = None;
    loop {
        let errand = Errand::new(Side::HubSpot, Operation::Listing, Lane::Detect, object, 0);
        let send = || context.hubspot.list(&source, after.as_deref(), true);
        let page = context.call(&errand, send).await?.value;
        let keys: Vec<RecordKey> = page.records.into_iter().map(|record| record.key).collect();
        let found = context
            .store
            .write(move |tx| {
                let mut found = 0;
                for key in keys {
                    let Some(number) = pairs::by_key(tx, &key)? else {
                        continue;
                    };
                    let pair = pairs::get(tx, number)?.filter(Pair::is_linked);
                    let lost = pair.filter(|pair| pair.why != Some(Excluded::Deleted));
                    if let Some(pair) = lost {
                        found += see_hubspot(tx, &pair)?;
                    }
                }
                Ok(found)
            })
            .await?;
        if found > 0 {
            context.wakes.writer.ring();
        }
        match page.after {
            // A server that hands out the same page again must not keep us here for ever.
            Some(next) if Some(&next) != after.as_ref() => after = Some(next),
            Some(_) | None => return Ok(()),
        }
    }
}
