//! What a side says about its objects: fields, types, lengths, options, permissions.
//!
//! `crm` fills these in from describe calls; nothing here knows how they were asked for.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::record::{FieldName, ObjectName, Side, Timestamp};

/// What a field holds, as far as converting and checking values is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// One line of text, and everything that behaves like it.
    Text,
    /// Several lines of text.
    LongText,
    /// Text with markup.
    Html,
    /// An e-mail address.
    Email,
    /// A telephone number, kept as typed.
    Phone,
    /// A web address.
    Url,
    /// A decimal number, also currency and percent.
    Number,
    /// A whole number.
    Integer,
    /// Yes or no.
    Bool,
    /// A day.
    Date,
    /// An instant.
    DateTime,
    /// A time of day.
    Time,
    /// One choice of a list.
    Picklist,
    /// Several choices of a list.
    MultiPicklist,
    /// An id of another record: a lookup, an owner.
    Reference,
    /// The record's own id.
    Id,
    /// Read-only composites, files, and whatever else cannot be carried across.
    Unsupported,
}

/// One value of a choice list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// The internal (API) value.
    pub value: String,
    /// What people read.
    pub label: String,
    /// Whether it may be chosen now.
    pub active: bool,
    /// The values of the controlling field for which it may be chosen; empty where none controls it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub of: Vec<String>,
}

/// One field or property.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one yes-or-no line of a describe answer"
)]
pub struct Field {
    /// API name.
    pub name: FieldName,
    /// What people read.
    pub label: String,
    /// What it holds.
    pub kind: Kind,
    /// Longest text in characters.
    pub length: Option<u32>,
    /// Digits before and after the decimal point together.
    pub precision: Option<u8>,
    /// Digits after the decimal point.
    pub scale: Option<u8>,
    /// A record cannot be created without it.
    pub required: bool,
    /// No two records may share a value.
    pub unique: bool,
    /// Usable as the key of an upsert (external id, `hasUniqueValue`).
    pub key: bool,
    /// We may set it when creating.
    pub creatable: bool,
    /// We may change it later.
    pub updatable: bool,
    /// Only active choices are accepted.
    pub restricted: bool,
    /// Computed by the side itself (formula, roll-up, calculation).
    pub calculated: bool,
    /// The choices of a list.
    pub choices: Vec<Choice>,
    /// The field whose value says which of the choices there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub controller: Option<FieldName>,
    /// API names of the objects an id may point to.
    pub refers_to: Vec<String>,
}

/// The record type that a new record gets which names none, and what it offers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Its id; none where the object has no record types.
    pub record_type: Option<String>,
    /// The values it offers, by field, as far as they were asked for.
    pub choices: BTreeMap<FieldName, BTreeSet<String>>,
}

/// The records of one type that have as many associations with another one as they may have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Full {
    /// Most associations one of them may have.
    pub limit: u64,
    /// Whether an administrator set that, below what the product allows.
    pub by_administrator: bool,
    /// How many such records there are.
    pub total: u64,
    /// Their ids, as far as they are told.
    pub records: BTreeSet<String>,
}

/// Which records at either end of an association have no room for another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FullEnds {
    /// The association's name: `associations.company`.
    pub field: FieldName,
    /// The object across.
    pub parent: ObjectName,
    /// Whether what another one takes the place of stays, and only loses its label.
    pub keeps_former: bool,
    /// Records of this object that are full of records across.
    pub here: Full,
    /// Records across that are full of records of this object.
    pub across: Full,
}

/// One object of one side, as described.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectSchema {
    /// Whose object.
    pub side: Side,
    /// API name there: `contacts`, `Contact`.
    pub api_name: String,
    /// What the ids of its records begin with, where they tell.
    #[serde(default)]
    pub key_prefix: Option<String>,
    /// Whether we may create, change and delete records of it.
    pub creatable: bool,
    /// Whether we may change records of it.
    pub updatable: bool,
    /// When it was read, or found unchanged, by our clock.
    pub read_at: Timestamp,
    /// When it was last read whole, by our clock.
    #[serde(default)]
    pub whole_at: Timestamp,
    /// When the side changed it last, in the side's own words.
    #[serde(default)]
    pub modified: Option<String>,
    /// Its fields by API name.
    pub fields: BTreeMap<FieldName, Field>,
    /// What new records may choose among the choices of these.
    #[serde(default)]
    pub offer: Offer,
    /// Its associations that have ends without room, where the side tells.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub full: Vec<FullEnds>,
}

impl ObjectSchema {
    /// The field of that name, when this side shows it to us.
    pub fn field(&self, name: &FieldName) -> Option<&Field> {
        self.fields.get(name)
    }
}
