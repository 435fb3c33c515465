//! A lead that was converted: it stays, read-only, and its contact goes on in its place.
//!
//! Source: salesforce.md §5.5.

use crate::domain::record::{FieldName, Record, RecordId, Value};

const CONVERTED: &str = "IsConverted";
const CONTACT: &str = "ConvertedContactId";

/// What became of a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Conversion {
    /// The contact that it became, where it can be seen.
    pub(super) contact: Option<RecordId>,
}

impl Conversion {
    /// The fields that tell; objects that cannot be converted have none of them.
    pub(super) fn fields() -> impl Iterator<Item = FieldName> {
        let names = [CONVERTED, CONTACT].into_iter();
        names.filter_map(|name| FieldName::parse(name).ok())
    }

    /// The conversion that `record` tells of.
    pub(super) fn of(record: &Record) -> Option<Self> {
        let shown = |wanted: &str| {
            let mut fields = record.fields.iter();
            fields.find_map(|(name, value)| (name.as_str() == wanted).then_some(value))
        };
        if shown(CONVERTED) != Some(&Value::Bool(true)) {
            return None;
        }
        let contact = match shown(CONTACT) {
            Some(Value::Text(id)) => RecordId::parse(id).ok(),
            Some(_) | None => None,
        };
        Some(Self { contact })
    }
}
