//! The addresses of lists, and which of them answers.

use super::super::HubSpot;
use super::super::call::{Answer, Call};
use super::super::refusal::Refusal;
use super::members::Change;

/// What a call about lists asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// `lists`
    Collection,
    /// `lists/search`
    Search,
    /// `lists/{id}`
    One(String),
    /// `lists/object-type-id/{type}/name/{name}`
    Named(String, String),
    /// `lists/{id}/memberships`
    Members(String),
    /// `lists/{id}/memberships/join-order`
    JoinOrder(String),
    /// `lists/{id}/memberships/add` and its kin
    Change(String, Change),
    /// `lists/records/{type}/{record}/memberships`
    OfRecord(String, String),
    /// `lists/records/memberships/batch/read`
    OfRecords,
}

impl Address {
    /// Reads what follows `lists` in a path.
    pub fn parse(rest: &[&str]) -> Option<Address> {
        let own = |text: &str| text.to_owned();
        Some(match rest {
            [] => Address::Collection,
            ["search"] => Address::Search,
            ["object-type-id", object, "name", name] => Address::Named(own(object), own(name)),
            ["records", "memberships", "batch", "read"] => Address::OfRecords,
            ["records", object, id, "memberships"] => Address::OfRecord(own(object), own(id)),
            [id] => Address::One(own(id)),
            [id, "memberships"] => Address::Members(own(id)),
            [id, "memberships", "join-order"] => Address::JoinOrder(own(id)),
            [id, "memberships", "add"] => Address::Change(own(id), Change::Add),
            [id, "memberships", "remove"] => Address::Change(own(id), Change::Remove),
            [id, "memberships", "add-and-remove"] => Address::Change(own(id), Change::Both),
            _ => return None,
        })
    }

    /// Whether the call changes nothing.
    pub fn reads(&self, method: &str) -> bool {
        method == "GET" || matches!(self, Address::Search | Address::OfRecords)
    }
}

impl HubSpot {
    pub(in super::super) fn answer_lists(
        &mut self,
        call: &Call<'_>,
        address: &Address,
    ) -> Result<Answer, Refusal> {
        match (call.method(), address) {
            ("GET", Address::Collection) => Ok(self.lists_by_id(call)),
            ("POST", Address::Collection) => self.create_list(call),
            ("POST", Address::Search) => self.search_lists(call),
            ("GET", Address::One(id)) => self.read_list(id),
            ("DELETE", Address::One(id)) => {
                self.shown_list(id)?;
                self.lists.delete(id);
                Ok(Answer::Nothing)
            }
            ("GET", Address::Named(object, name)) => self.read_list_named(object, name),
            ("GET", Address::Members(id)) => self.list_members_by_id(call, id),
            ("GET", Address::JoinOrder(id)) => self.list_members_by_time(call, id),
            ("PUT", Address::Change(id, change)) => self.change_members(call, id, *change),
            ("GET", Address::OfRecord(object, id)) => self.lists_of_record(object, id),
            ("POST", Address::OfRecords) => self.lists_of_records(call),
            _ => Ok(Answer::MethodNotAllowed),
        }
    }
}
