//! An object's describe as an [`ObjectSchema`].
//!
//! Only fields our user may see are listed: one that vanishes lost its permission or was deleted.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;

use crate::crm::http::{CallError, HttpResponse};
use crate::domain::record::{FieldName, Side, Timestamp};
use crate::domain::schema::{Choice, Field, Kind, ObjectSchema, Offer};

/// Reads a describe answer. One that names no object or lists no fields is unreadable.
pub(super) fn schema(response: &HttpResponse, now: Timestamp) -> Result<ObjectSchema, CallError> {
    let schema = whole(&response.json()?, now)
        .ok_or_else(|| CallError::unreadable("name or fields of the object"))?;
    let modified = response.header("last-modified").map(str::to_owned);
    Ok(ObjectSchema { modified, ..schema })
}

fn whole(body: &Json, now: Timestamp) -> Option<ObjectSchema> {
    let listed = body["fields"].as_array()?;
    let fields = listed
        .iter()
        .filter_map(|json| field(json, listed))
        .map(|field| (field.name.clone(), field))
        .collect();
    Some(ObjectSchema {
        side: Side::Salesforce,
        api_name: body["name"].as_str()?.to_owned(),
        key_prefix: body["keyPrefix"].as_str().map(str::to_owned),
        creatable: flag(body, "createable"),
        updatable: flag(body, "updateable"),
        read_at: now,
        whole_at: now,
        modified: None,
        fields,
        offer: Offer {
            record_type: record_type(body),
            choices: BTreeMap::new(),
        },
        full: Vec::new(),
    })
}

/// The record type of records that name none. The master stands for an object without any.
fn record_type(body: &Json) -> Option<String> {
    let types = body["recordTypeInfos"].as_array()?;
    let is_default = |one: &&Json| flag(one, "defaultRecordTypeMapping") && !flag(one, "master");
    let found = types.iter().find(is_default)?;
    found["recordTypeId"].as_str().map(str::to_owned)
}

/// The values that a record type offers, by field, from the answer of
/// `ui-api/object-info/{object}/picklist-values/{record type}`.
pub(super) fn offered(body: &Json) -> Option<BTreeMap<FieldName, BTreeSet<String>>> {
    let fields = body["picklistFieldValues"].as_object()?;
    let one = |(name, field): (&String, &Json)| {
        let values = field["values"].as_array()?.iter();
        let values = values.filter_map(|value| value["value"].as_str().map(str::to_owned));
        Some((FieldName::parse(name).ok()?, values.collect()))
    };
    Some(fields.iter().filter_map(one).collect())
}

/// One field of those `listed`.
fn field(json: &Json, listed: &[Json]) -> Option<Field> {
    let controller = controller(json, listed);
    let name = FieldName::parse(json["name"].as_str()?).ok()?;
    let creatable = flag(json, "createable");
    let kind = kind(json);
    let digits = small(json, "digits");
    Some(Field {
        label: json["label"].as_str().unwrap_or(name.as_str()).to_owned(),
        kind,
        length: json["length"]
            .as_u64()
            .and_then(|length| u32::try_from(length).ok())
            .filter(|length| *length > 0),
        precision: small(json, "precision").or(digits),
        scale: matches!(kind, Kind::Number | Kind::Integer)
            .then(|| small(json, "scale").unwrap_or(0)),
        required: creatable && !flag(json, "nillable") && !flag(json, "defaultedOnCreate"),
        unique: flag(json, "unique"),
        key: flag(json, "externalId") || flag(json, "idLookup"),
        creatable,
        updatable: flag(json, "updateable"),
        restricted: flag(json, "restrictedPicklist"),
        calculated: flag(json, "calculated"),
        choices: choices(json, controller),
        controller: controller.and_then(|one| FieldName::parse(one["name"].as_str()?).ok()),
        refers_to: json["referenceTo"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Json::as_str)
            .map(str::to_owned)
            .collect(),
        name,
    })
}

fn flag(json: &Json, key: &str) -> bool {
    json[key].as_bool().unwrap_or(false)
}

fn small(json: &Json, key: &str) -> Option<u8> {
    let number = json[key].as_u64()?;
    u8::try_from(number).ok().filter(|number| *number > 0)
}

/// The field of those `listed` whose value says which choices `json` has. A box to tick controls as
/// well, and has no list of values.
fn controller<'j>(json: &Json, listed: &'j [Json]) -> Option<&'j Json> {
    let name = json["controllerName"].as_str()?;
    let is_it =
        |one: &&Json| one["name"].as_str() == Some(name) && one["picklistValues"].is_array();
    listed.iter().find(is_it)
}

fn choices(json: &Json, controller: Option<&Json>) -> Vec<Choice> {
    let of = |choice: &Json| {
        let (bits, controller) = (choice["validFor"].as_str()?, controller?);
        Some(controlling(bits, controller))
    };
    json["picklistValues"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|choice| {
            let value = choice["value"].as_str()?;
            Some(Choice {
                value: value.to_owned(),
                label: choice["label"].as_str().unwrap_or(value).to_owned(),
                active: choice["active"].as_bool().unwrap_or(true),
                of: of(choice).unwrap_or_default(),
            })
        })
        .collect()
}

/// The values of `controller` that a choice's `validFor` names: base64 of one bit for each entry of
/// its `picklistValues`, the leftmost bit for the first. Bits that are cut off are none. Source:
/// Salesforce, SOAP API Developer Guide, "PicklistEntry".
fn controlling(bits: &str, controller: &Json) -> Vec<String> {
    let bytes = STANDARD.decode(bits).unwrap_or_default();
    let is_set = |at: usize| {
        bytes
            .get(at / 8)
            .is_some_and(|byte| byte & (0x80 >> (at % 8)) != 0)
    };
    let values = controller["picklistValues"]
        .as_array()
        .into_iter()
        .flatten();
    values
        .enumerate()
        .filter(|(at, _)| is_set(*at))
        .filter_map(|(_, value)| value["value"].as_str().map(str::to_owned))
        .collect()
}

fn kind(json: &Json) -> Kind {
    match json["type"].as_str().unwrap_or_default() {
        // A combobox offers choices and takes any text.
        "string" | "combobox" | "encryptedstring" => Kind::Text,
        "textarea" if flag(json, "htmlFormatted") => Kind::Html,
        "textarea" => Kind::LongText,
        "email" => Kind::Email,
        "phone" => Kind::Phone,
        "url" => Kind::Url,
        "double" | "currency" | "percent" => Kind::Number,
        "int" | "long" => Kind::Integer,
        "boolean" => Kind::Bool,
        "date" => Kind::Date,
        "datetime" => Kind::DateTime,
        "time" => Kind::Time,
        "picklist" => Kind::Picklist,
        "multipicklist" => Kind::MultiPicklist,
        "reference" => Kind::Reference,
        "id" => Kind::Id,
        _ => Kind::Unsupported,
    }
}
