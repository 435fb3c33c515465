//! What mode observe would write, added up over the rows that it left in the inbox.

use std::collections::BTreeMap;

use crate::control::report::{
    Plan, PlannedCalls, PlannedFailure, PlannedField, PlannedOverwrite, PlannedWrites, Report,
};
use crate::domain::budget;
use crate::domain::call::Lane;
use crate::domain::event::Action;
use crate::domain::plan::Planned;
use crate::domain::record::{FieldName, ObjectName, RecordKey, Side};
use crate::inbox::{self, State};
use crate::projections::{allowance, errors, settings};
use crate::store::View;

/// Records that one call to Salesforce writes at best, and finds partners for.
const WRITTEN_IN_A_CALL: u64 = 1_000;
const MATCHED_IN_A_CALL: u64 = 2_500;

/// Records in one call to HubSpot, and calls in ten seconds.
const HUBSPOT_BATCH: u64 = 100;
const HUBSPOT_CALLS: u64 = 90;
const HUBSPOT_SPAN_MS: u64 = 10_000;

type Key = (ObjectName, Side);

/// Calls to Salesforce that a load of so many records takes at best: each is matched and written.
pub(super) fn calls_of_load(records: u64) -> u64 {
    records.div_ceil(MATCHED_IN_A_CALL) + records.div_ceil(WRITTEN_IN_A_CALL)
}

#[derive(Default)]
struct Tally {
    writes: BTreeMap<Key, PlannedWrites>,
    fields: BTreeMap<(Key, FieldName), PlannedField>,
    rows: BTreeMap<ObjectName, u64>,
    unplanned: u64,
}

pub(super) fn plan(view: &View<'_>, examples: u32) -> anyhow::Result<Report> {
    let mut tally = Tally::default();
    let mut after = 0;
    loop {
        let page = inbox::plans(view, after)?;
        let Some((last, _, _)) = page.last() else {
            break;
        };
        after = *last;
        for (_, key, plan) in &page {
            tally.add(key, plan.as_deref(), examples);
        }
    }
    for counted in inbox::counts(view)? {
        match counted.state {
            State::Ready | State::Deferred | State::InFlight => tally.unplanned += counted.rows,
            State::Waiting | State::Held | State::WouldWrite => (),
        }
    }
    let failures = errors::by_type(view)?
        .into_iter()
        .map(|one| PlannedFailure {
            kind: one.slug.as_str().to_owned(),
            errors: one.errors,
            records: one.records,
        });
    let failures = failures.collect();
    let allocation = allowance::in_force(view)?;
    let calls = tally.calls();
    let time_ms = tally.time_ms(calls.iter().map(|one| one.calls).sum(), allocation);
    let mut overwrites: Vec<PlannedField> = tally.fields.into_values().collect();
    overwrites.sort_by_key(|one| std::cmp::Reverse(one.records));
    Ok(Report::Plan(Box::new(Plan {
        mode: settings::mode(view)?,
        writes: tally.writes.into_values().collect(),
        overwrites,
        failures,
        calls,
        time_ms,
        unplanned: tally.unplanned,
        allocation,
    })))
}

impl Tally {
    fn add(&mut self, key: &RecordKey, plan: Option<&[Planned]>, examples: u32) {
        let Some(plan) = plan else {
            self.unplanned += 1;
            return;
        };
        *self.rows.entry(key.object.clone()).or_default() += 1;
        for one in plan {
            self.count(&key.object, one);
            for over in &one.overwrites {
                let place = ((key.object.clone(), one.to), over.field.clone());
                let field = self.fields.entry(place).or_insert_with(|| PlannedField {
                    object: key.object.clone(),
                    to: one.to,
                    field: over.field.to_string(),
                    records: 0,
                    examples: Vec::new(),
                });
                field.records += 1;
                if field.examples.len() < examples as usize {
                    let id = one
                        .id
                        .as_ref()
                        .map_or_else(String::new, ToString::to_string);
                    field.examples.push(PlannedOverwrite {
                        id,
                        before: over.before.clone(),
                        after: over.after.clone(),
                    });
                }
            }
        }
    }

    fn count(&mut self, object: &ObjectName, one: &Planned) {
        let key = (object.clone(), one.to);
        let line = self.writes.entry(key).or_insert_with(|| PlannedWrites {
            object: object.clone(),
            to: one.to,
            created: 0,
            updated: 0,
            blanked: 0,
            deleted: 0,
            associated: 0,
            linked: 0,
        });
        let number = match one.action {
            _ if one.only_marks => &mut line.linked,
            Action::Created => &mut line.created,
            Action::Updated => &mut line.updated,
            Action::Blanked => &mut line.blanked,
            Action::Deleted => &mut line.deleted,
            Action::Associated | Action::Parted => &mut line.associated,
            Action::Agreed => return,
        };
        *number += 1;
    }

    /// Calls to Salesforce: rows are read again and matched, written, and what is made in HubSpot
    /// leaves its id in Salesforce.
    fn calls(&self) -> Vec<PlannedCalls> {
        let matching: u64 = self
            .rows
            .values()
            .map(|rows| rows.div_ceil(MATCHED_IN_A_CALL))
            .sum();
        let (mut writing, mut marking) = (0, 0);
        for line in self.writes.values() {
            let marks = match line.to {
                Side::Salesforce => {
                    let written = line.created + line.updated + line.blanked + line.linked;
                    writing += written.div_ceil(WRITTEN_IN_A_CALL);
                    continue;
                }
                Side::HubSpot => line.created,
            };
            marking += marks.div_ceil(WRITTEN_IN_A_CALL);
        }
        let part = |part: &str, calls| PlannedCalls {
            part: part.to_owned(),
            calls,
        };
        vec![
            part("read again and match", matching),
            part("write", writing),
            part("ids of what is made in HubSpot", marking),
        ]
    }

    fn time_ms(&self, calls: u64, allocation: u64) -> i64 {
        let share = u64::from(budget::share_percent(Lane::Backfill));
        let day = budget::DAY_MS.unsigned_abs();
        // What fits into the bucket goes at once; the rest waits for it to fill again.
        let burst = (allocation / 96).max(25);
        let later = calls.saturating_sub(burst);
        let of_salesforce = later.saturating_mul(day * 100) / (allocation * share).max(1);
        let in_hubspot = self.writes.values().filter(|line| line.to == Side::HubSpot);
        let records: u64 = in_hubspot
            .map(|line| line.created + line.updated + line.blanked + line.linked)
            .sum();
        // Each batch is read before it is written.
        let batches = records.div_ceil(HUBSPOT_BATCH) * 2;
        let of_hubspot = batches * HUBSPOT_SPAN_MS / HUBSPOT_CALLS;
        i64::try_from(of_salesforce.max(of_hubspot)).unwrap_or(i64::MAX)
    }
}
