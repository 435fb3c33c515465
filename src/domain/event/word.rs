//! The closed sets of words that events choose from.

use serde::{Deserialize, Serialize};

use crate::domain::call::keyed;
use crate::domain::record::{FieldName, ObjectName, Side};

/// A keyed 64-bit hash of a value's canonical form, written as `scheme:hex`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ValuePrint(pub i64);

keyed! {
    /// What a write does.
    Action {
        /// A record was made.
        Created = "created",
        /// Values were changed.
        Updated = "updated",
        /// Values were emptied.
        Blanked = "blanked",
        /// A record was deleted.
        Deleted = "deleted",
        /// Records were associated.
        Associated = "associated",
        /// Associations were taken away, and nothing else.
        Parted = "parted",
        /// Nothing was written: both sides agree. Not counted as synced.
        Agreed = "agreed",
    }
}

impl Action {
    /// Whether values of the record are set by it.
    pub fn sets_values(self) -> bool {
        match self {
            Self::Created | Self::Updated | Self::Blanked | Self::Agreed => true,
            Self::Deleted | Self::Associated | Self::Parted => false,
        }
    }

    /// Whether it is about associations alone.
    pub fn is_link(self) -> bool {
        matches!(self, Self::Associated | Self::Parted)
    }
}

keyed! {
    /// How a failure is known.
    Known {
        /// A call was made and answered.
        Answered = "answered",
        /// Checked before any automation, against fresh metadata.
        Certain = "certain",
        /// Expected, not proven.
        Likely = "likely",
    }
}

keyed! {
    /// Whether anything is written.
    Mode {
        /// Nothing is written; what would be is counted.
        Observe = "observe",
        /// Changes are written.
        Sync = "sync",
    }
}

keyed! {
    /// Why a connection stands still.
    Suspension {
        /// The credentials are refused.
        Credentials = "credentials",
        /// The API is switched off for us.
        ApiDisabled = "api_disabled",
        /// The org's own limit is used up.
        OrgLimit = "org_limit",
        /// The answers come from another account than the store's.
        OtherAccount = "other_account",
        /// The fields that make creation idempotent are missing.
        FieldsMissing = "fields_missing",
    }
}

keyed! {
    /// Why a record is left out or a pair taken apart.
    Excluded {
        /// It is not in the inclusion list.
        List = "list",
        /// The selection's condition.
        Condition = "condition",
        /// It has no key to be matched by.
        NoKey = "no_key",
        /// It was deleted.
        Deleted = "deleted",
        /// It is a lead that was converted: its contact goes on in its place.
        Converted = "converted",
        /// It was merged into another record, which goes on in its place.
        Merged = "merged",
        /// Several partners have its key.
        Ambiguous = "ambiguous",
        /// The other side may not get new records.
        Creation = "creation",
        /// Its first write stood in a hold that a person dropped.
        Dropped = "dropped",
        /// A person decided.
        Operator = "operator",
    }
}

keyed! {
    /// How two records were found to belong together.
    Linked {
        /// One carries the other's id.
        Id = "id",
        /// They share the key (contacts: the e-mail).
        Key = "key",
        /// HubSpot's own integration had linked them, and left the id in HubSpot's record.
        Former = "former",
        /// One was created for the other.
        Created = "created",
        /// A lead was converted, and its pair goes on with the contact.
        Converted = "converted",
        /// A record was merged into another, and its pair goes on with that.
        Merged = "merged",
        /// A person decided.
        Operator = "operator",
    }
}

keyed! {
    /// How far a mail's dialogue came.
    Stage {
        /// No connection.
        Connect = "connect",
        /// Greeting, TLS, login.
        Hello = "hello",
        /// Sender or recipient.
        Envelope = "envelope",
        /// The content was sent; the server may have it.
        Data = "data",
    }
}

keyed! {
    /// When first loads may spend calls.
    LoadTime {
        /// At any time.
        Always = "always",
        /// At night only.
        Night = "night",
    }
}

/// Who changed something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The configuration file.
    Configuration,
    /// A person at the command line: the user id the kernel named.
    Operator(u32),
    /// Somebody in HubSpot, on a record there.
    HubSpot,
}

impl By {
    /// The user of this machine, when it was one.
    pub fn user(&self) -> Option<u32> {
        match self {
            Self::Operator(user) => Some(*user),
            Self::Configuration | Self::HubSpot => None,
        }
    }
}

/// What a person asked to be tried again; all of what fails where nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Scope {
    /// Only errors of this cause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<i64>,
    /// Only errors of this type, by its slug.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Only this object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectName>,
    /// Only errors of writes to this side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Side>,
    /// Only errors older than so many hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub older_h: Option<u32>,
    /// Not errors, but so many records by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub named: Option<u64>,
    /// Not errors, but every pair.
    pub everything: bool,
}

/// One difference between two readings of a schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SchemaChange {
    /// A field appeared.
    FieldAdded(FieldName),
    /// A field is no longer shown.
    FieldRemoved(FieldName),
    /// A list gained choices; how many.
    ChoicesAdded(FieldName, u32),
    /// A list lost choices; how many.
    ChoicesRemoved(FieldName, u32),
    /// Type, length, permission or another line of the field changed.
    FieldChanged(FieldName),
}

/// One thing a mail tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// A cause's state and number of records.
    Cause(i64, CauseState, u64),
    /// A connection stands still.
    Suspended(Side),
    /// A connection works again.
    Resumed(Side),
    /// A hold waits for a person.
    Held(i64),
    /// A person settled a hold.
    Settled(i64),
    /// An object's list or condition says nothing that can be believed: what it would let through
    /// waits.
    SelectionHeld(ObjectName),
    /// It is believed again.
    SelectionGoes(ObjectName),
    /// The budget is going to be short.
    BudgetLow,
    /// It is not short any more.
    BudgetEased,
    /// The budget is used up.
    BudgetExhausted,
    /// The budget frees again.
    BudgetFrees,
}

keyed! {
    /// What a person says of an open cause.
    Remark {
        /// Somebody works on it.
        Acknowledged = "acknowledged",
        /// Nobody is to be told of it.
        Muted = "muted",
    }
}

keyed! {
    /// What became of a cause.
    CauseState {
        /// Seen for the first time.
        Opened = "opened",
        /// Three times as many records as last told, and at least 20 more.
        Grew = "grew",
        /// Resolved once and back.
        Back = "back",
        /// No record fails by it any more.
        Resolved = "resolved",
    }
}
