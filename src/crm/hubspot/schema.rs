//! An object's properties as an [`ObjectSchema`].
//!
//! HubSpot says nothing about permissions here: a missing scope shows at the first call.

use serde_json::Value as Json;

use crate::domain::record::{FieldName, Side, Timestamp};
use crate::domain::schema::{Choice, Field, Kind, ObjectSchema, Offer};

/// Characters a text property takes.
const TEXT_MAX: u32 = 65_536;

/// Reads the list of properties of `type_`; `None` when it is none.
pub(super) fn schema(type_: &str, body: &Json, now: Timestamp) -> Option<ObjectSchema> {
    let fields = body["results"]
        .as_array()?
        .iter()
        .filter_map(|json| field(type_, json))
        .map(|field| (field.name.clone(), field))
        .collect();
    Some(ObjectSchema {
        side: Side::HubSpot,
        api_name: type_.to_owned(),
        key_prefix: None,
        creatable: true,
        updatable: true,
        read_at: now,
        whole_at: now,
        offer: Offer::default(),
        full: Vec::new(),
        modified: None,
        fields,
    })
}

fn field(type_: &str, json: &Json) -> Option<Field> {
    let name = FieldName::parse(json["name"].as_str()?).ok()?;
    let kind = kind(&name, json);
    let list = json["type"] == "enumeration" && kind != Kind::Bool;
    let email = is(type_, "contact", "0-1") && name.as_str() == "email";
    let unique = flag(json, "hasUniqueValue") || email;
    let calculated = flag(json, "calculated") || json["fieldType"] == "calculation_equation";
    let writable = !calculated && !flag(&json["modificationMetadata"], "readOnlyValue");
    Some(Field {
        label: json["label"].as_str().unwrap_or(name.as_str()).to_owned(),
        kind,
        length: (json["type"] == "string").then_some(TEXT_MAX),
        precision: None,
        scale: None,
        required: required(type_, name.as_str()),
        unique,
        key: unique,
        creatable: writable,
        updatable: writable,
        // Owners, stages and pipelines keep their choices elsewhere: nothing can be said here.
        restricted: list && !flag(json, "externalOptions"),
        calculated,
        choices: choices(json),
        controller: None,
        refers_to: json["referencedObjectType"]
            .as_str()
            .map(str::to_owned)
            .into_iter()
            .collect(),
        name,
    })
}

fn flag(json: &Json, key: &str) -> bool {
    json[key].as_bool().unwrap_or(false)
}

fn is(type_: &str, singular: &str, id: &str) -> bool {
    type_ == id || type_.strip_suffix('s').unwrap_or(type_) == singular
}

// Properties carry no such flag: HubSpot's guides name these. Contacts and companies need one of
// several, which no single property can say.
fn required(type_: &str, name: &str) -> bool {
    (is(type_, "deal", "0-3") && matches!(name, "dealname" | "dealstage"))
        || (is(type_, "task", "0-27") && name == "hs_timestamp")
}

fn choices(json: &Json) -> Vec<Choice> {
    json["options"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|choice| {
            let value = choice["value"].as_str()?;
            Some(Choice {
                value: value.to_owned(),
                label: choice["label"].as_str().unwrap_or(value).to_owned(),
                // A hidden option is missing from forms; the API takes it.
                active: true,
                of: Vec::new(),
            })
        })
        .collect()
}

fn kind(name: &FieldName, json: &Json) -> Kind {
    let widget = json["fieldType"].as_str().unwrap_or_default();
    match json["type"].as_str().unwrap_or_default() {
        "string" => match widget {
            "file" => Kind::Unsupported,
            "html" => Kind::Html,
            "textarea" => Kind::LongText,
            "phonenumber" => Kind::Phone,
            _ if name.as_str() == "email" || json["textDisplayHint"] == "email" => Kind::Email,
            _ => Kind::Text,
        },
        "phone_number" => Kind::Phone,
        "number" => Kind::Number,
        "bool" => Kind::Bool,
        "date" => Kind::Date,
        "datetime" => Kind::DateTime,
        "enumeration" if json["referencedObjectType"] == "OWNER" => Kind::Reference,
        "enumeration" => match widget {
            "booleancheckbox" => Kind::Bool,
            "checkbox" => Kind::MultiPicklist,
            _ => Kind::Picklist,
        },
        _ => Kind::Unsupported,
    }
}
