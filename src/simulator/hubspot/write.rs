//! How a record changes, whoever changes it: checked whole, applied whole, undone whole if need be.

use super::HubSpot;
use super::association::link::End;
use super::check::Draft;
use super::object::ObjectType;
use super::pipeline::{self, Outcome};
use super::record::{Record, Source};
use super::refusal::Refusal;
use super::route::Generation;
use super::standard::deals;
use super::table::EMAIL;
use serde_json::{Map, Value};
use std::sync::Arc;

/// Who writes, and by which paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Writer {
    /// What the history will say.
    pub source: Source,
    /// Which rules bind.
    pub generation: Generation,
}

impl Writer {
    /// A person in HubSpot's pages.
    pub const PERSON: Writer = Writer {
        source: Source::Person,
        generation: Generation::September2026,
    };
    /// A workflow of the portal.
    pub const WORKFLOW: Writer = Writer {
        source: Source::Workflow,
        generation: Generation::September2026,
    };

    /// An application that came by these paths.
    pub fn application(generation: Generation) -> Writer {
        Writer {
            source: Source::Integration,
            generation,
        }
    }
}

/// What was written.
#[derive(Debug)]
pub struct Written {
    /// The record.
    pub id: u64,
    /// Notes about values that were put right.
    pub warnings: Vec<Value>,
}

/// The states before, oldest change first: what a batch that fails whole goes back to.
pub type Undo = Vec<(u64, Option<Arc<Record>>)>;

impl HubSpot {
    pub(super) fn create(
        &mut self,
        object: usize,
        id: Option<u64>,
        properties: &Map<String, Value>,
        writer: Writer,
        now: i64,
        undo: &mut Undo,
    ) -> Result<Written, Refusal> {
        let id = id.unwrap_or_else(|| self.next_id(object));
        let mut record = Record::new(id, now);
        let mut draft = self.check(object, &record, true, properties, writer)?;
        self.fill_automatic(object, &mut record, &mut draft, writer, now);
        Ok(self.apply(object, record, draft, writer, now, undo))
    }

    pub(super) fn update(
        &mut self,
        object: usize,
        id: u64,
        properties: &Map<String, Value>,
        writer: Writer,
        now: i64,
        undo: &mut Undo,
    ) -> Result<Written, Refusal> {
        let found = self.objects[object].table.get(id);
        let record = found.filter(|record| record.archived_at.is_none());
        let record = Record::clone(record.ok_or_else(Refusal::not_found)?);
        let draft = self.check(object, &record, false, properties, writer)?;
        Ok(self.apply(object, record, draft, writer, now, undo))
    }

    /// Archives a record; `false` when there is none to archive.
    pub(super) fn archive_record(&mut self, object: usize, id: u64, now: i64) -> bool {
        let kept = &mut self.objects[object];
        let Some(record) = kept
            .table
            .get(id)
            .filter(|record| record.archived_at.is_none())
        else {
            return false;
        };
        let mut record = Record::clone(record);
        record.archived_at = Some(now);
        record.touch(now);
        let before = kept.table.replace(id, Some(Arc::new(record)));
        self.commit(object, &vec![(id, before)], Source::Person, now);
        self.lists.replace(End { object, id }, None, now);
        self.sever(End { object, id }, Source::Person, now);
        true
    }

    /// Brings an archived record back with a new stamp.
    pub(super) fn restore_record(
        &mut self,
        object: usize,
        id: u64,
        now: i64,
    ) -> Result<(), Refusal> {
        let kept = &mut self.objects[object];
        let record = kept.table.get(id).filter(|record| {
            // What was merged away stays away.
            record.archived_at.is_some() && record.merged_into.is_none()
        });
        let mut record = Record::clone(record.ok_or_else(Refusal::not_found)?);
        for property in kept.table.indexed() {
            let value = record.value(&property);
            if let Some(holder) = value.and_then(|value| kept.table.holder(&property, value)) {
                return Err(Refusal::conflict(holder));
            }
        }
        record.archived_at = None;
        record.touch(now);
        let before = kept.table.replace(id, Some(Arc::new(record)));
        self.commit(object, &vec![(id, before)], Source::Person, now);
        Ok(())
    }

    /// Lets the world see what was written: search after its lag, workflows after their delay.
    pub(super) fn commit(&mut self, object: usize, undo: &Undo, source: Source, now: i64) {
        for (id, before) in undo {
            let state = self.objects[object].table.get(*id).cloned();
            let spread = self
                .settings
                .index_lag_spread_ms
                .clamp(0, self.settings.index_lag_ms.max(0));
            let sooner = self.luck.below(spread.unsigned_abs() + 1).cast_signed();
            let due = now + self.settings.index_lag_ms - sooner;
            self.objects[object].index.announce(due, *id, state.clone());
            if source != Source::Workflow
                && let Some(state) = state
            {
                self.start_workflows(object, before.as_deref(), &state, now);
            }
        }
    }

    /// Takes everything back, newest change first.
    pub(super) fn roll_back(&mut self, object: usize, undo: Undo) {
        for (id, before) in undo.into_iter().rev() {
            self.objects[object].table.replace(id, before);
        }
    }

    pub(super) fn next_id(&mut self, object: usize) -> u64 {
        loop {
            self.last_id += 1 + self.luck.below(97);
            let kept = &self.objects[object];
            if kept.table.get(self.last_id).is_none() && !kept.aliases.contains_key(&self.last_id) {
                return self.last_id;
            }
        }
    }

    fn fill_automatic(
        &self,
        object: usize,
        record: &mut Record,
        draft: &mut Draft,
        writer: Writer,
        now: i64,
    ) {
        if let Some(first) = self.objects[object].pipelines.first() {
            usual(draft, pipeline::PIPELINE, &first.id);
        }
        if self.objects[object].plural != "contacts" {
            return;
        }
        let by = writer.source;
        let vid = record.id.to_string();
        let app = self.settings.app_id.to_string();
        let source = by.name();
        for (name, value) in [
            ("hs_all_contact_vids", vid.as_str()),
            ("hs_is_contact", "true"),
            ("hs_is_unworked", "true"),
            ("hs_object_source", source),
            ("hs_object_source_id", app.as_str()),
            ("hs_object_source_label", source),
            ("hs_pipeline", "contacts-lifecycle-pipeline"),
            ("hs_marketable_until_renewal", "false"),
        ] {
            record.set(name, value, now, by);
        }
        usual(draft, "lifecyclestage", "lead");
    }

    fn apply(
        &mut self,
        object: usize,
        mut record: Record,
        draft: Draft,
        writer: Writer,
        now: i64,
        undo: &mut Undo,
    ) -> Written {
        let id = record.id;
        record.touch(now);
        for (name, value) in &draft.values {
            record.set(name, value, now, writer.source);
        }
        if self.objects[object].plural == "contacts" {
            derive(&mut record, now, writer.source);
        }
        derive_from_stage(&self.objects[object], &mut record, now, writer.source);
        let before = self.objects[object]
            .table
            .replace(id, Some(Arc::new(record)));
        undo.push((id, before));
        Written {
            id,
            warnings: draft.warnings,
        }
    }
}

// A value that a new record has where the draft says nothing of it.
fn usual(draft: &mut Draft, name: &str, value: &str) {
    if !draft.values.iter().any(|(have, _)| have == name) {
        draft.values.push((name.to_owned(), value.to_owned()));
    }
}

fn derive_from_stage(kept: &ObjectType, record: &mut Record, now: i64, by: Source) {
    let Some(stage) = pipeline::stage_of(kept, record) else {
        return;
    };
    let closed = stage.outcome == Outcome::Closed;
    record.set(deals::IS_CLOSED, &closed.to_string(), now, by);
    record.set(deals::IS_WON, &stage.is_won().to_string(), now, by);
    record.set(deals::PROBABILITY, &stage.probability, now, by);
}

// What HubSpot works out by itself from what was written.
fn derive(record: &mut Record, now: i64, by: Source) {
    let domain = record.value(EMAIL).and_then(|email| email.rsplit_once('@'));
    let domain = domain
        .map(|(_, domain)| domain.to_owned())
        .unwrap_or_default();
    record.set("hs_email_domain", &domain, now, by);
    if let Some(stage) = record.value("lifecyclestage").map(str::to_owned) {
        let name = format!("hs_lifecyclestage_{stage}_date");
        if record.value(&name).is_none() {
            record.set(&name, &crate::simulator::stamp::iso(now), now, by);
        }
    }
}
