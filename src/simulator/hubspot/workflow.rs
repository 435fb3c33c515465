//! Workflows: a change of a property makes HubSpot write that property itself, a moment later.

use super::HubSpot;
use super::record::{Record, Source};
use super::rule::Rewrite;
use super::write::{Undo, Writer};
use serde_json::{Map, Value};

/// A workflow that waits for its time.
#[derive(Debug)]
pub struct Workflow {
    object: usize,
    id: u64,
    property: String,
    rewrite: Rewrite,
}

impl HubSpot {
    pub(super) fn run_workflows(&mut self, now: i64) {
        while let Some(entry) = self.workflows.first_entry()
            && entry.key().0 <= now
        {
            let (
                (due, _),
                Workflow {
                    object,
                    id,
                    property,
                    rewrite,
                },
            ) = entry.remove_entry();
            let id = self.objects[object].survivor(id);
            let current = self.objects[object]
                .table
                .get(id)
                .and_then(|record| record.value(&property));
            let value = rewrite.apply(current.unwrap_or_default());
            let properties = Map::from_iter([(property, Value::String(value))]);
            let mut undo = Undo::new();
            // A workflow whose own value is refused does nothing, as in the real portal.
            if self
                .update(object, id, &properties, Writer::WORKFLOW, due, &mut undo)
                .is_ok()
            {
                self.commit(object, &undo, Source::Workflow, due);
            }
        }
    }

    pub(super) fn start_workflows(
        &mut self,
        object: usize,
        before: Option<&Record>,
        after: &Record,
        now: i64,
    ) {
        for automation in &self.objects[object].automations {
            let old = before.and_then(|record| record.value(&automation.property));
            if old == after.value(&automation.property) {
                continue;
            }
            self.workflows_started += 1;
            let waiting = Workflow {
                object,
                id: after.id,
                property: automation.property.clone(),
                rewrite: automation.rewrite.clone(),
            };
            self.workflows
                .insert((now + automation.delay_ms, self.workflows_started), waiting);
        }
    }
}
