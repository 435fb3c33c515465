//! What a new record needs, and nothing gives it.

use super::super::record::Side;
use super::super::schema::{Field, Kind};
use super::{Flaw, FlawKind, View};

impl View<'_> {
    pub(super) fn required(&self) -> Vec<Flaw> {
        let sides = Side::BOTH.into_iter();
        sides
            .filter(|side| self.mapping.may_create(*side) && self.makes(*side))
            .flat_map(|side| self.required_on(side))
            .collect()
    }

    /// HubSpot has one type for all forms, and gets records from each of them.
    fn makes(&self, side: Side) -> bool {
        side == Side::HubSpot || self.is_first()
    }

    fn required_on(&self, side: Side) -> Vec<Flaw> {
        let given = |field: &Field| {
            let mut mapped = self.mapping.fields.iter();
            mapped.any(|one| *one.on(side) == field.name && self.writes(one, side))
        };
        let needed = |field: &&Field| {
            field.required
                && field.creatable
                && !field.calculated
                && field.kind != Kind::Bool
                && field.name != *self.mapping.id_field_on(side)
        };
        let fields = self.schema(side).fields.values().filter(needed);
        fields
            .filter(|field| !given(field))
            .map(|field| {
                let other = match side {
                    Side::HubSpot => "salesforce",
                    Side::Salesforce => "hubspot",
                };
                Flaw {
                    says: format!(
                        "a new record needs {}, and nothing that is mapped goes there",
                        self.place(side, &field.name)
                    ),
                    remedy: format!(
                        "map it, give it a default value, or let new records go the other way \
                         only: creates = \"{other}\""
                    ),
                    ..self.flaw(side, Some(&field.name), FlawKind::Required)
                }
            })
            .collect()
    }
}
