//! Many associations of a load: records of a junction object go by a job as well, once those that
//! they tie are there.

use std::collections::BTreeMap;

use super::packing::{Parcelled, line};
use crate::crm::salesforce::Load;
use crate::domain::load::LoadOperation;
use crate::domain::record::Side;
use crate::inbox::{Kind, Packed};
use crate::sync::context::Context;
use crate::sync::cycle::{Cycle, LOADED};
use crate::sync::job::Job;
use crate::sync::roles::{JunctionObject, only_made};

impl Context {
    /// Packs those of `jobs`, which all associate records in Salesforce, that go by a job of the Bulk
    /// API, and returns the others.
    pub(in crate::sync) async fn pack_ties(
        &self,
        cycle: &Cycle<'_>,
        jobs: Vec<Job>,
    ) -> anyhow::Result<Vec<Job>> {
        let mut left = Vec::new();
        let mut by_kind: BTreeMap<Kind, Vec<(Parcelled, Job)>> = BTreeMap::new();
        for job in jobs {
            let Some((junction, packed)) = parcelled(cycle, &job) else {
                left.push(job);
                continue;
            };
            let kind = Kind {
                object: cycle.forms.object().clone(),
                form: junction.name,
                operation: LoadOperation::Insert,
                lane: job.attempt.lane,
            };
            by_kind.entry(kind).or_default().push((packed, job));
        }
        for (kind, rows) in by_kind {
            if self.goes_by_job(cycle, &kind, rows.len()).await? {
                let packed = rows.into_iter().map(|(packed, _)| packed);
                self.pack_all(kind, packed.collect()).await?;
            } else {
                left.extend(rows.into_iter().map(|(_, job)| job));
            }
        }
        Ok(left)
    }
}

/// A job as a row of a parcel, if it makes one association and does nothing else. In a parcel a record
/// stands but once, by its HubSpot half: as long as it does, neither half is planned.
fn parcelled(cycle: &Cycle<'_>, job: &Job) -> Option<(JunctionObject, Parcelled)> {
    let row = job.row.as_ref()?;
    let of_portal = row.key.side == Side::HubSpot;
    if !job.last || !of_portal || !LOADED.contains(&job.attempt.lane) {
        return None;
    }
    let form = cycle.forms.at(job.form);
    let (junction, there) = only_made(job, &form.mapping)?;
    let here = job.attempt.write.id.as_ref()?;
    let load = Load {
        schema: junction.schema(),
        operation: junction.made(),
    };
    let line = line(&load, &junction.row(here.as_str(), &there))?;
    let packed = Packed {
        key: here.to_string(),
        parent: there,
        hubspot: job.attempt.ids.hubspot.clone()?,
        row: Some(row.number),
        again: job.again,
        match_key: None,
        attempt: job.attempt.clone(),
    };
    Some((junction, (packed, line, Some(row.clone()))))
}
