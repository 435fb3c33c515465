//! Associations to be set in HubSpot, of which one end has no room.
//!
//! Refuses to speak of what is taken away, which needs no room, and of what is described as full no
//! longer ago than metadata may be: it is likely and never certain, because somebody may have made
//! room since.

use std::collections::BTreeMap;

use super::METADATA_AGE_MAX_MS;
use crate::domain::event::{Action, Known};
use crate::domain::failure::{Failure, RawFailure, System};
use crate::domain::forecast::Predicted;
use crate::domain::merge::Write;
use crate::domain::record::{FieldName, RecordId, Side, Timestamp, Value};
use crate::domain::schema::{Full, FullEnds, ObjectSchema};

/// What HubSpot says of these, and by which words it tells whose limit it was. Source: hubspot.md
/// §6.2.
const CODE: &str = "VALIDATION_ERROR";
const BY_ADMINISTRATOR: &str = "crm.associations.ASSOCIATION_USER_CONFIG_LIMIT_EXCEEDED";
const BY_PRODUCT: &str = "crm.associations.ASSOCIATION_LIMIT_EXCEEDED";

/// The associations of `write` that HubSpot is likely to refuse, by the fields that stand for them.
/// `schema` is that of the records that are associated, in HubSpot.
pub fn check_links(
    write: &Write,
    schema: &ObjectSchema,
    now: Timestamp,
) -> BTreeMap<FieldName, Predicted> {
    let is_old = now.since(schema.read_at) >= METADATA_AGE_MAX_MS;
    if write.to != Side::HubSpot || write.action != Action::Associated || is_old {
        return BTreeMap::new();
    }
    let refused = |(field, value): (&FieldName, &Value)| {
        let raw = check(write, field, value, schema)?;
        let known = Known::Likely;
        Some((field.clone(), Predicted { raw, known }))
    };
    write.fields.iter().filter_map(refused).collect()
}

fn check(
    write: &Write,
    field: &FieldName,
    value: &Value,
    schema: &ObjectSchema,
) -> Option<RawFailure> {
    let (object, id) = value.as_text()?.split_once('/')?;
    let of = |ends: &&FullEnds| ends.parent.as_str() == object;
    let ends = schema.full.iter().find(of)?;
    if ends.across.records.contains(id) {
        return Some(no_room(&ends.across, object, id));
    }
    let before = write.replaced.get(field).and_then(Value::as_text);
    let makes_room = before.is_some_and(|before| {
        let of = before.split_once('/').map(|(of, _)| of);
        of == Some(object) && !ends.keeps_former
    });
    let own = write.id.as_ref().map(RecordId::as_str);
    let own = own.filter(|id| !makes_room && ends.here.records.contains(*id))?;
    Some(no_room(&ends.here, &schema.api_name, own))
}

/// In HubSpot's own code, so that it is one cause with an answer; it names no field.
fn no_room(full: &Full, object: &str, id: &str) -> RawFailure {
    let mut failure = Failure::of(System::Syncline, CODE);
    let inner = if full.by_administrator {
        BY_ADMINISTRATOR
    } else {
        BY_PRODUCT
    };
    failure.inner = Some(inner.to_owned());
    RawFailure {
        failure,
        message: format!(
            "{object} {id} has as many associations as it may have: {}",
            full.limit
        ),
        value: None,
        rule: None,
    }
}
