//! What people do to lists in the portal's pages, and what a trial looks at.

use super::super::HubSpot;
use super::super::refusal::Refusal;
use super::{List, Processing, Readable};

impl HubSpot {
    /// Makes an empty list and returns its id.
    pub fn add_list(
        &mut self,
        name: &str,
        object_type: &str,
        processing: Processing,
        now: i64,
    ) -> Result<String, Refusal> {
        self.make_list(name, object_type, processing, now)
    }

    /// Puts records into a list of any kind; those that are in already stay, ids of no record are refused.
    pub fn add_to_list(&mut self, list: &str, ids: &[&str], now: i64) -> Result<(), Refusal> {
        let object = self.lists.get(list).ok_or_else(Refusal::not_found)?.object;
        let ends = ids.iter().map(|id| self.valid_end(object, id));
        let ends: Vec<_> = ends.collect::<Result<_, _>>()?;
        let list = self.lists.get_mut(list).ok_or_else(Refusal::not_found)?;
        for end in ends {
            list.add(end.id, now);
        }
        Ok(())
    }

    /// Takes records out of a list of any kind; those that are not in are no error.
    pub fn remove_from_list(&mut self, list: &str, ids: &[&str], now: i64) -> Result<(), Refusal> {
        let object = self.lists.get(list).ok_or_else(Refusal::not_found)?.object;
        let ends: Vec<_> = ids.iter().filter_map(|id| self.end(object, id)).collect();
        let list = self.lists.get_mut(list).ok_or_else(Refusal::not_found)?;
        for end in ends {
            list.remove(end.id, now);
        }
        Ok(())
    }

    /// The ids of a list's members, in their order; nothing for a list that does not exist.
    pub fn list_members(&self, list: &str) -> Vec<String> {
        let members = self.lists.get(list).map(|list| &list.members);
        let ids = members.into_iter().flat_map(|members| members.keys());
        ids.map(u64::to_string).collect()
    }

    /// Every list, whether or not the API shows it.
    pub fn all_lists(&self) -> impl Iterator<Item = &List> {
        self.lists.all()
    }

    /// Lets the API show a list, or answer 403 or 404 for it.
    pub fn set_list_readable(&mut self, list: &str, readable: Readable) -> Result<(), Refusal> {
        let list = self.lists.get_mut(list).ok_or_else(Refusal::not_found)?;
        list.readable = readable;
        Ok(())
    }

    /// Deletes a list with its memberships; the records stay.
    pub fn delete_list(&mut self, list: &str) -> Result<(), Refusal> {
        if self.lists.delete(list) {
            Ok(())
        } else {
            Err(Refusal::not_found())
        }
    }
}
