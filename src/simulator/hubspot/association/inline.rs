//! Associations that come with a new record, in the same call.

use super::super::HubSpot;
use super::super::call::properties_member;
use super::super::refusal::Refusal;
use super::super::write::{Undo, Writer, Written};
use super::batch::id_member;
use super::label::Kind;
use super::link::{Changes, End};
use super::targets::{How, kinds_from};
use serde_json::{Map, Value};

impl HubSpot {
    /// Creates a record with its associations; when one of them cannot be, there is no record either.
    pub(in super::super) fn create_tied(
        &mut self,
        object: usize,
        input: &Map<String, Value>,
        writer: Writer,
        now: i64,
        undo: &mut Undo,
        changes: &mut Changes,
    ) -> Result<Written, Refusal> {
        let properties = properties_member(input)?;
        let wanted = self.wanted_ties(object, input)?;
        let written = self.create(object, None, &properties, writer, now, undo)?;
        let from = End {
            object,
            id: written.id,
        };
        let mut made = Changes::new();
        for (to, kinds) in &wanted {
            if let Err(refusal) = self.join(from, *to, How::Besides(kinds), &mut made) {
                self.associations.links.undo(made);
                let own: Undo = undo.pop().into_iter().collect();
                self.roll_back(object, own);
                return Err(refusal);
            }
        }
        changes.extend(made);
        Ok(written)
    }

    // The type of the other record is not said: it follows from the kind.
    fn wanted_ties(
        &self,
        object: usize,
        input: &Map<String, Value>,
    ) -> Result<Vec<(End, Vec<Kind>)>, Refusal> {
        let list = input.get("associations").and_then(Value::as_array);
        let mut wanted = Vec::new();
        for one in list.into_iter().flatten() {
            let kinds = kinds_from(one.get("types"))?;
            let labels = &self.associations.labels;
            let led = labels
                .leading_from(object)
                .find(|label| kinds.contains(&label.kind));
            let to = led.map(|label| label.to).ok_or_else(|| {
                let name = &self.objects[object].singular;
                Refusal::invalid(&format!(
                    "One or more association types are not valid: no such association type id \
                     leads from {name}"
                ))
            })?;
            wanted.push((self.valid_end(to, &id_member(one.get("to")))?, kinds));
        }
        Ok(wanted)
    }
}
