//! Which writes go by a job, and how they come into a parcel.

use crate::crm::salesforce::{BatchOperation, Load, Row, Sheet};
use crate::domain::convert::host;
use crate::domain::event::Action;
use crate::domain::load::{self, LoadOperation};
use crate::domain::mapping::Mapping;
use crate::domain::merge::Write;
use crate::domain::record::{Side, Value};
use crate::inbox::{self, Kind, Packed, Rest, Room, SheetLine};
use crate::projections::jobs;
use crate::store::Tx;
use crate::sync::context::Context;
use crate::sync::cycle::{Cycle, LOADED};
use crate::sync::decision::Planned;
use crate::sync::forms::Form;
use crate::sync::job::Job;
use crate::sync::write::Aim;

/// Rows packed in one transaction.
const PACK_MAX: usize = 1_000;

/// A row of a parcel, as it is in a file, and the row of the inbox that it serves.
pub(super) type Parcelled = (Packed, SheetLine, Option<inbox::Row>);

impl Context {
    /// Packs those of `jobs` that go by a job of the Bulk API, and returns the others.
    pub(in crate::sync) async fn pack(
        &self,
        cycle: &Cycle<'_>,
        aim: Aim,
        jobs: Vec<Job>,
    ) -> anyhow::Result<Vec<Job>> {
        if aim.to != Side::Salesforce || !LOADED.contains(&aim.lane) {
            return Ok(jobs);
        }
        let form = cycle.forms.at(aim.form);
        // A row with another write still to come is settled by that.
        let sets = |job: &Job| job.attempt.write.action.sets_values();
        let (alone, mut left): (Vec<Job>, Vec<Job>) =
            jobs.into_iter().partition(|job| job.last && sets(job));
        let is_new = |job: &Job| job.attempt.write.action == Action::Created;
        let (creates, changes): (Vec<Job>, Vec<Job>) = alone.into_iter().partition(is_new);
        for (operation, jobs) in [
            (LoadOperation::Upsert, creates),
            (LoadOperation::Update, changes),
        ] {
            let kind = Kind {
                object: cycle.forms.object().clone(),
                form: form.mapping.name().clone(),
                operation,
                lane: aim.lane,
            };
            if jobs.is_empty() || !self.goes_by_job(cycle, &kind, jobs.len()).await? {
                left.extend(jobs);
                continue;
            }
            let mut packed = Vec::new();
            for job in jobs {
                match parcelled(form, operation, job) {
                    Ok(one) => packed.push(one),
                    Err(job) => left.push(*job),
                }
            }
            self.pack_all(kind, packed).await?;
        }
        Ok(left)
    }

    /// Whether so many writes of a kind are planned, or to be expected, that a job costs less; and
    /// the last one did not come to nothing.
    pub(super) async fn goes_by_job(
        &self,
        cycle: &Cycle<'_>,
        kind: &Kind,
        of_kind: usize,
    ) -> anyhow::Result<bool> {
        let (kind, now) = (kind.clone(), self.clock.now());
        let looked_at = cycle.looked_at.get(&kind.lane).copied().unwrap_or_default();
        let break_even = self.settings.bounds.break_even;
        self.store
            .read(move |view| {
                let by_batches = jobs::by_batches_until(view, &kind.form, kind.operation)?;
                if by_batches.is_some_and(|until| now < until) {
                    return Ok(false);
                }
                if inbox::open_parcel(view, &kind)?.is_some() {
                    return Ok(true);
                }
                let ready = inbox::ready(view, &kind.object, &[kind.lane])?;
                Ok(load::expected(of_kind, looked_at, ready) > break_even)
            })
            .await
    }

    pub(super) async fn pack_all(&self, kind: Kind, packed: Vec<Parcelled>) -> anyhow::Result<()> {
        let bounds = &self.settings.bounds;
        let room = Room {
            rows: bounds.parcel_rows,
            bytes: bounds.parcel_bytes,
        };
        let mut packed = packed.into_iter().peekable();
        let mut begins = false;
        while packed.peek().is_some() {
            let some: Vec<Parcelled> = packed.by_ref().take(PACK_MAX).collect();
            let kind = kind.clone();
            begins |= self
                .store
                .write(move |tx| {
                    for one in &some {
                        pack_one(tx, &kind, one, room)?;
                    }
                    // What ties records comes after their load.
                    let begins = kind.operation != LoadOperation::Insert;
                    Ok(begins && inbox::begin_load(tx, &kind.object)?)
                })
                .await?;
        }
        if begins {
            self.tell_begin(&kind.object).await?;
        }
        Ok(())
    }

    /// Rows whose record would be made beside one with the same key that is on its way rest until
    /// that is there; the others are returned.
    pub(in crate::sync) async fn wait_for_parcels(
        &self,
        cycle: &Cycle<'_>,
        planned: Vec<Planned>,
    ) -> anyhow::Result<Vec<Planned>> {
        let parcels = self.store.read(|view| inbox::parcels(view, 0)).await?;
        if parcels.is_empty() {
            return Ok(planned);
        }
        let object = cycle.forms.object().clone();
        let keys: Vec<Option<String>> = planned
            .iter()
            .map(|one| {
                let mapping = &cycle.forms.at(one.form).mapping;
                let mut writes = one.writes.iter();
                writes.find_map(|write| match_key_of(mapping, write))
            })
            .collect();
        self.store
            .write(move |tx| {
                let mut free = Vec::with_capacity(planned.len());
                for (one, key) in planned.into_iter().zip(keys) {
                    let twin = match key {
                        Some(key) => inbox::packed_like(tx, &object, &key)?,
                        None => None,
                    };
                    match twin {
                        Some(twin) => {
                            inbox::put_back(tx, &one.row, &Rest::Waiting(Some(twin)))?;
                        }
                        None => free.push(one),
                    }
                }
                Ok(free)
            })
            .await
    }
}

fn pack_one(
    tx: &Tx<'_>,
    kind: &Kind,
    (packed, line, row): &Parcelled,
    room: Room,
) -> anyhow::Result<()> {
    let twin = match &packed.match_key {
        Some(key) => inbox::packed_like(tx, &kind.object, key)?,
        None => None,
    };
    let awaited = match twin {
        Some(twin) => twin,
        None if inbox::pack(tx, kind, packed, line, room)? => return Ok(()),
        None => packed.awaited(),
    };
    match row {
        Some(row) => inbox::put_back(tx, row, &Rest::Waiting(Some(awaited))),
        // An id alone is written when its record is seen again.
        None => Ok(()),
    }
}

/// A job as a row of a parcel; the job itself when no file can carry it.
fn parcelled(form: &Form, operation: LoadOperation, job: Job) -> Result<Parcelled, Box<Job>> {
    let write = &job.attempt.write;
    let id_field = &form.mapping.salesforce_id_field;
    let (key, by) = match operation {
        LoadOperation::Upsert => {
            let key = write.fields.get(id_field).and_then(text);
            let external_id_field = id_field.clone();
            (key, BatchOperation::Upsert { external_id_field })
        }
        LoadOperation::Update => {
            let key = write.id.as_ref().map(ToString::to_string);
            (key, BatchOperation::Update)
        }
        // No record of a pair is made so.
        LoadOperation::Insert => return Err(Box::new(job)),
    };
    let (Some(key), Some(hubspot)) = (key, job.attempt.ids.hubspot.clone()) else {
        return Err(Box::new(job));
    };
    let load = Load {
        schema: &form.schemas.salesforce,
        operation: by,
    };
    let row = Row {
        id: write.id.clone(),
        fields: write.fields.clone(),
    };
    let Some(line) = line(&load, &row) else {
        return Err(Box::new(job));
    };
    let mut parents = form.mapping.parents();
    let parent = parents.find_map(|mapped| text(write.fields.get(&mapped.salesforce)?));
    let match_key = match_key_of(&form.mapping, write);
    let Job {
        attempt,
        row,
        again,
        ..
    } = job;
    let packed = Packed {
        key,
        parent: parent.unwrap_or_default(),
        hubspot,
        row: row.as_ref().map(|row| row.number),
        again,
        match_key,
        attempt,
    };
    Ok((packed, line, row))
}

/// A row as a line of a file; none when no file can carry it.
pub(super) fn line(load: &Load<'_>, row: &Row) -> Option<SheetLine> {
    let columns: Vec<_> = row.fields.keys().cloned().collect();
    let mut sheet = Sheet::new(load, &columns).ok()?;
    let header = sheet.bytes().len();
    sheet.push(row).ok()?;
    let bytes = sheet.bytes().len() - header;
    Some(SheetLine { columns, bytes })
}

/// The key by which others would be found that have the same, when `write` makes a record in
/// Salesforce.
fn match_key_of(mapping: &Mapping, write: &Write) -> Option<String> {
    if write.to != Side::Salesforce || write.action != Action::Created {
        return None;
    }
    let field = mapping.match_by.as_ref()?;
    let text = text(write.fields.get(&field.salesforce)?)?;
    Some(if field.domain {
        host(&text)
    } else {
        text.trim().to_lowercase()
    })
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Text(_)
        | Value::Blank
        | Value::Number(_)
        | Value::Bool(_)
        | Value::Date(..)
        | Value::DateTime(_)
        | Value::Options(_) => None,
    }
}
