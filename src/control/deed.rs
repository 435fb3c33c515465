//! What a person does to pairs by hand: links them, takes them apart, leaves records out, takes
//! them up again; and how the records are named.

use serde::{Deserialize, Serialize};

use crate::domain::convert::long_id;
use crate::domain::record::{ObjectName, RecordId, Side};

/// What is done to each record or pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// Two records become a pair.
    Link,
    /// A pair is taken apart, and both halves are left out.
    Unlink,
    /// A record, or both halves of its pair, is left out.
    Exclude,
    /// A record that a person left out is taken up again.
    Include,
}

/// One record or pair as a person names it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// The line of the file it stands in; none when it was typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// HubSpot's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hubspot: Option<RecordId>,
    /// Salesforce's id, 18 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salesforce: Option<RecordId>,
    /// Pair number: the 12 of `#12`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<i64>,
    /// The object, where it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectName>,
}

impl Named {
    /// The id on `side`, where one is named.
    pub fn id(&self, side: Side) -> Option<&RecordId> {
        match side {
            Side::HubSpot => self.hubspot.as_ref(),
            Side::Salesforce => self.salesforce.as_ref(),
        }
    }
}

/// The side whose id `text` is, by its form alone: HubSpot's are digits, Salesforce's have 15 or 18
/// letters and digits. Those of 15 are turned into 18.
pub fn parse_id(text: &str) -> Result<(Side, RecordId), String> {
    let no_id = || {
        format!(
            "{text:?} is no id; a HubSpot id is digits, a Salesforce id 15 or 18 letters and digits"
        )
    };
    let id = RecordId::parse(text).map_err(|_| no_id())?;
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok((Side::HubSpot, id));
    }
    let short = text.get(..15).ok_or_else(no_id)?;
    let long = long_id(short);
    match text.len() {
        15 => RecordId::parse(&long)
            .map(|id| (Side::Salesforce, id))
            .map_err(|_| no_id()),
        18 if long == text => Ok((Side::Salesforce, id)),
        18 => Err(format!(
            "{text:?} is no Salesforce id: its last three characters do not fit the others; copy it \
             again, capitals count"
        )),
        _ => Err(no_id()),
    }
}
