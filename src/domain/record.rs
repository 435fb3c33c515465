//! Sides, objects, records and values: parsed once at the edge, valid ever after.
//!
//! Knows nothing of wire formats: `crm` turns JSON into these types and back.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Unix milliseconds, UTC. Shown to people and read as "not before"; never used to order entries.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The instant `milliseconds` later; saturates instead of wrapping.
    #[must_use]
    pub fn plus(self, milliseconds: i64) -> Self {
        Self(self.0.saturating_add(milliseconds))
    }

    /// Milliseconds from `earlier` to this instant, negative when `earlier` is later.
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// One of the two systems kept in step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// HubSpot.
    #[serde(rename = "hubspot")]
    HubSpot,
    /// Salesforce.
    Salesforce,
}

impl Side {
    /// Both sides, in the order in which tables show them.
    pub const BOTH: [Self; 2] = [Self::HubSpot, Self::Salesforce];

    /// The side across.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::HubSpot => Self::Salesforce,
            Self::Salesforce => Self::HubSpot,
        }
    }

    /// Stable key used in tables and JSON.
    pub fn key(self) -> &'static str {
        match self {
            Self::HubSpot => "hubspot",
            Self::Salesforce => "salesforce",
        }
    }

    /// The side named by a stable key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::BOTH.into_iter().find(|side| side.key() == key)
    }
}

impl fmt::Display for Side {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::HubSpot => "HubSpot",
            Self::Salesforce => "Salesforce",
        })
    }
}

/// Why a text is no valid name or id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no {what}: {why}")]
pub struct Malformed {
    what: &'static str,
    text: String,
    why: &'static str,
}

fn malformed(what: &'static str, text: &str, why: &'static str) -> Malformed {
    Malformed {
        what,
        text: text.chars().take(80).collect(),
        why,
    }
}

/// An object's name in Syncline's own words: `contact`, `company`, `deal`, `task`, or a custom one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ObjectName(String);

impl ObjectName {
    /// Accepts 1 to 40 lower-case letters, digits and underscores, beginning with a letter.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let fits = text.len() <= 40
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(malformed(
                "object name",
                text,
                "use lower-case letters, digits and underscores",
            ))
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name of a property (HubSpot) or a field (Salesforce).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FieldName(String);

impl FieldName {
    /// Accepts 1 to 100 ASCII letters, digits, underscores, points and hyphens, so that a name can
    /// stand in a query and a URL as it is.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let fits = !text.is_empty()
            && text.len() <= 100
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'));
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(malformed(
                "field name",
                text,
                "use ASCII letters, digits and underscores",
            ))
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A record's id on one side. Salesforce ids are kept in their 18-character form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RecordId(String);

impl RecordId {
    /// Accepts 1 to 64 ASCII letters and digits.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let fits =
            !text.is_empty() && text.len() <= 64 && text.chars().all(|c| c.is_ascii_alphanumeric());
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(malformed(
                "record id",
                text,
                "ids are letters and digits only",
            ))
        }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! text_conversions {
    ($($name:ident),*) => {$(
        impl TryFrom<String> for $name {
            type Error = Malformed;
            fn try_from(text: String) -> Result<Self, Malformed> {
                Self::parse(&text)
            }
        }
        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }
    )*};
}
text_conversions!(ObjectName, FieldName, RecordId);

/// A pair's number: given once, never reused. An unlinked record is a pair with one half empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PairNumber(pub i64);

/// One record on one side.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RecordKey {
    /// The side it stands on.
    pub side: Side,
    /// The object it belongs to.
    pub object: ObjectName,
    /// Its id there.
    pub id: RecordId,
}

/// The two halves of a pair; at least one is present.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairIds {
    /// The object both belong to.
    pub object: ObjectName,
    /// HubSpot's half.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hubspot: Option<RecordId>,
    /// Salesforce's half.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub salesforce: Option<RecordId>,
}

impl PairIds {
    /// A pair of which only `key`'s half is known.
    pub fn half(key: &RecordKey) -> Self {
        let mut ids = Self {
            object: key.object.clone(),
            hubspot: None,
            salesforce: None,
        };
        *ids.slot(key.side) = Some(key.id.clone());
        ids
    }

    /// The id on `side`, when that half is known.
    pub fn id(&self, side: Side) -> Option<&RecordId> {
        match side {
            Side::HubSpot => self.hubspot.as_ref(),
            Side::Salesforce => self.salesforce.as_ref(),
        }
    }

    /// The halves that are known, as records.
    pub fn keys(&self) -> Vec<RecordKey> {
        let halves = Side::BOTH.into_iter();
        halves
            .filter_map(|side| {
                Some(RecordKey {
                    side,
                    object: self.object.clone(),
                    id: self.id(side)?.clone(),
                })
            })
            .collect()
    }

    /// The place of `side`'s id, to fill or to empty.
    pub fn slot(&mut self, side: Side) -> &mut Option<RecordId> {
        match side {
            Side::HubSpot => &mut self.hubspot,
            Side::Salesforce => &mut self.salesforce,
        }
    }
}

/// A field's value, freed of each side's way of writing it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// Empty, null, or blank text: both sides mean the same by these.
    Blank,
    /// Text, e-mail, phone, URL, id, and the value of a single-choice list.
    Text(String),
    /// A decimal number in plain notation, as precise as it came: `-12.50`.
    Number(String),
    /// Yes or no.
    Bool(bool),
    /// A day without a time: year, month 1 to 12, day 1 to 31.
    Date(i16, u8, u8),
    /// An instant.
    DateTime(Timestamp),
    /// The chosen values of a multiple-choice list, in the order they came.
    Options(Vec<String>),
}

impl Value {
    /// Whether there is nothing in it.
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Blank => true,
            Self::Text(text) => text.trim().is_empty(),
            Self::Options(options) => options.is_empty(),
            Self::Number(_) | Self::Bool(_) | Self::Date(..) | Self::DateTime(_) => false,
        }
    }

    /// What a text holds; none of anything else.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Blank
            | Self::Number(_)
            | Self::Bool(_)
            | Self::Date(..)
            | Self::DateTime(_)
            | Self::Options(_) => None,
        }
    }
}

/// The fields of a record as read, or of a write as planned.
pub type Fields = BTreeMap<FieldName, Value>;

/// A record as one side showed it.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Which record.
    pub key: RecordKey,
    /// Last modification by that side's clock: `SystemModstamp`, `lastmodifieddate`.
    pub modified_at: Timestamp,
    /// Who modified it last, where the side says so (Salesforce: `LastModifiedById`).
    pub modified_by: Option<RecordId>,
    /// Whether it lies in the recycle bin or the archive.
    pub deleted: bool,
    /// The mapped fields, and the id field that links it across.
    pub fields: Fields,
}
