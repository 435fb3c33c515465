//! Records found by whom they belong to, as the pseudo property `associations.contact` of a search does.

use super::super::HubSpot;
use super::super::refusal::Refusal;
use super::link::End;
use std::collections::BTreeSet;

impl HubSpot {
    /// Ids of the records of a type that are associated with that record of the named type. Search knows
    /// no associations of custom types (the guides); it sees others at once, without its lag (assumed).
    pub(in super::super) fn tied_to(
        &self,
        object: usize,
        other: &str,
        id: &str,
    ) -> Result<BTreeSet<u64>, Refusal> {
        let place = self.object_named(other)?;
        if self.objects[place].is_custom() || self.objects[object].is_custom() {
            let message = format!("Property \"associations.{other}\" does not exist");
            return Err(Refusal::invalid(&message));
        }
        let id = id.parse().map_err(|_| {
            Refusal::invalid(&format!("{id} is not a valid id for associations.{other}"))
        })?;
        let end = End { object: place, id };
        Ok(self
            .associations
            .links
            .of(end, object, 0)
            .map(|(id, _)| id)
            .collect())
    }
}
