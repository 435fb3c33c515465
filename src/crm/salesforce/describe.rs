//! An object's describe as an [`ObjectSchema`].
//!
//! Only fields our user may see are listed: one that vanishes lost its permission or was deleted.

use std::collections::{BTreeMap, BTreeSet};

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
    let fields = body["fields"]
        .as_array()?
        .iter()
        .filter_map(field)
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

fn field(json: &Json) -> Option<Field> {
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
        choices: choices(json),
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

fn choices(json: &Json) -> Vec<Choice> {
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
            })
        })
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
