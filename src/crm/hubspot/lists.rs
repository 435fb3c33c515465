//! Lists of records, and who is in them (hubspot.md §4.5).

use serde_json::Value as Json;

use super::account::next;
use crate::crm::values::percent;
use crate::domain::record::RecordId;

/// Most members on one page.
pub const MEMBERS_MAX: u32 = 250;

/// How a list is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListBy<'a> {
    /// By its id.
    Id(&'a str),
    /// By its name, among those of a type.
    Name {
        /// The type's id: `0-1`.
        type_id: &'a str,
        /// What people call it.
        name: &'a str,
    },
}

impl ListBy<'_> {
    pub(super) fn path(self) -> String {
        match self {
            Self::Id(id) => percent(id),
            Self::Name { type_id, name } => {
                format!("object-type-id/{}/name/{}", percent(type_id), percent(name))
            }
        }
    }
}

/// A list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// Its id.
    pub id: String,
    /// The id of its members' type: `0-1`.
    pub type_id: String,
    /// How many members it has, where HubSpot says so.
    pub size: Option<u64>,
}

/// A page of a list's members, in the order in which they joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MembersPage {
    /// Their ids.
    pub members: Vec<RecordId>,
    /// Where the next page begins; `None` on the last one.
    pub after: Option<String>,
}

pub(super) fn list(body: &Json) -> Option<List> {
    let list = &body["list"];
    let text = |key: &str| list[key].as_str().map(str::to_owned);
    let extra = list["additionalProperties"]["hs_list_size"].as_str();
    Some(List {
        id: text("listId")?,
        type_id: text("objectTypeId").unwrap_or_default(),
        size: list["size"]
            .as_u64()
            .or_else(|| extra.and_then(|size| size.parse().ok())),
    })
}

pub(super) fn members(body: &Json) -> Option<MembersPage> {
    let results = body["results"].as_array()?;
    let id = |json: &Json| RecordId::parse(json["recordId"].as_str()?).ok();
    Some(MembersPage {
        members: results.iter().map(id).collect::<Option<_>>()?,
        after: next(body),
    })
}

pub(super) fn members_query(after: Option<&str>, limit: u32) -> String {
    let after = after.map(|after| format!("&after={}", percent(after)));
    format!(
        "limit={}{}",
        limit.min(MEMBERS_MAX),
        after.unwrap_or_default()
    )
}
