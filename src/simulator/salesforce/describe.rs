//! Schemas as the describe calls write them. Shows only what the integration user may see.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::schema::{Choice, Field, Flag, Kind, Schema};

/// One object's entry in the list of all objects.
pub(crate) fn summary(schema: &Schema, version: &str) -> Value {
    let name = &schema.name;
    let writable = is_writable(schema);
    let base = format!("/services/data/v{version}/sobjects/{name}");
    json!({
        "name": name, "label": schema.label, "labelPlural": format!("{}s", schema.label),
        "keyPrefix": schema.prefix, "custom": name.ends_with("__c"), "activateable": false,
        "createable": writable, "updateable": writable, "deletable": writable,
        "queryable": true, "retrieveable": true, "replicateable": true, "searchable": true,
        "undeletable": writable && name != "OpportunityContactRole", "triggerable": writable, "layoutable": writable,
        "mergeable": matches!(name.as_str(), "Account" | "Contact" | "Lead"),
        "feedEnabled": false, "mruEnabled": writable, "deprecatedAndHidden": false,
        "urls": {"sobject": base, "describe": format!("{base}/describe"),
                 "rowTemplate": format!("{base}/{{ID}}")},
    })
}

/// One record type as the describe of its object lists it.
#[derive(Debug)]
pub(crate) struct RecordTypeInfo {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) developer_name: String,
    pub(crate) active: bool,
    /// What a record gets whose creator names none.
    pub(crate) default: bool,
}

/// The whole describe of one object that has these record types beside the master.
pub(crate) fn full(schema: &Schema, version: &str, types: &[RecordTypeInfo]) -> Value {
    let mut body = summary(schema, version);
    let fields: Vec<Value> = schema
        .visible_columns()
        .map(|column| field(schema, &schema.fields[column]))
        .collect();
    body["fields"] = Value::Array(fields);
    body["childRelationships"] = json!([]);
    body["supportedScopes"] = json!([{"label": "All", "name": "everything"}]);
    let master = RecordTypeInfo {
        id: "012000000000000AAA".to_owned(),
        name: "Master".to_owned(),
        developer_name: "Master".to_owned(),
        active: true,
        default: !types.iter().any(|one| one.default && one.active),
    };
    let layouts = format!(
        "/services/data/v{version}/sobjects/{}/describe/layouts",
        schema.name
    );
    // The master comes last in recorded describes (assumed for orgs with several types).
    body["recordTypeInfos"] = types
        .iter()
        .chain([&master])
        .map(|one| {
            json!({
                "active": one.active, "available": one.active,
                "defaultRecordTypeMapping": one.default, "developerName": one.developer_name,
                "master": one.developer_name == "Master", "name": one.name,
                "recordTypeId": one.id, "urls": {"layout": format!("{layouts}/{}", one.id)},
            })
        })
        .collect();
    body
}

/// Users, groups, setup and the org itself are managed elsewhere.
pub(crate) fn is_writable(schema: &Schema) -> bool {
    !matches!(
        schema.name.as_str(),
        "User" | "Group" | "Organization" | "RecordType" | "OpportunityStage" | "QueueSobject"
    )
}

fn field(schema: &Schema, field: &Field) -> Value {
    let controller = controller(schema, field);
    let number = field.kind.is_number();
    let length = if number { 0 } else { field.length };
    let is_int = field.kind == Kind::Int;
    let mut body = json!({
        "name": field.name, "label": field.label, "type": field.kind.name(),
        "soapType": soap_type(field.kind), "custom": field.is_custom(),
        "length": length, "byteLength": length * 3,
        "precision": if number && !is_int { field.length } else { 0 },
        "scale": if number { field.scale } else { 0 },
        "digits": if is_int { field.length } else { 0 },
        "calculated": false, "autoNumber": false, "encrypted": false, "caseSensitive": false,
        "externalId": field.has(Flag::ExternalId), "unique": field.has(Flag::Unique),
        "deprecatedAndHidden": false, "dependentPicklist": controller.is_some(),
        "htmlFormatted": false, "aggregatable": true,
        "controllerName": controller.map(|controller| &controller.name), "compoundFieldName": compound(field),
        "calculatedFormula": null, "defaultValueFormula": null, "inlineHelpText": null,
    });
    for (key, flag) in [
        ("createable", Flag::Createable),
        ("updateable", Flag::Updateable),
        ("nillable", Flag::Nillable),
        ("defaultedOnCreate", Flag::Defaulted),
        ("idLookup", Flag::IdLookup),
        ("nameField", Flag::NameField),
        ("restrictedPicklist", Flag::Restricted),
        ("filterable", Flag::Filterable),
        ("sortable", Flag::Sortable),
        ("groupable", Flag::Sortable),
    ] {
        body[key] = Value::Bool(field.has(flag));
    }
    body["permissionable"] = Value::Bool(field.has(Flag::Nillable));
    body["defaultValue"] = if field.kind == Kind::Boolean {
        json!(false)
    } else {
        Value::Null
    };
    body["referenceTo"] = json!(field.reference_to);
    body["relationshipName"] = json!(field.relationship);
    body["polymorphicForeignKey"] = Value::Bool(field.reference_to.len() > 1);
    body["picklistValues"] = field
        .choices
        .iter()
        .map(|choice| {
            let valid_for = controller.map(|controller| bitmap(choice, controller));
            json!({"active": choice.active, "defaultValue": choice.default,
                   "label": choice.label(), "validFor": valid_for, "value": choice.value})
        })
        .collect();
    body
}

/// The field whose value says which choices of `field` there are, as far as it is shown.
fn controller<'s>(schema: &'s Schema, field: &Field) -> Option<&'s Field> {
    let column = schema.visible(field.controller.as_deref()?)?;
    Some(&schema.fields[column])
}

/// One bit for each choice of `controller`, the first one leftmost, in base64: whether `choice` is
/// there for it.
fn bitmap(choice: &Choice, controller: &Field) -> String {
    let mut bytes = vec![0_u8; controller.choices.len().div_ceil(8)];
    for (at, one) in controller.choices.iter().enumerate() {
        if choice.of.as_ref() == Some(&one.value) {
            bytes[at / 8] |= 0x80 >> (at % 8);
        }
    }
    STANDARD.encode(bytes)
}

fn compound(field: &Field) -> Option<&str> {
    matches!(field.name.as_str(), "FirstName" | "LastName" | "Salutation").then_some("Name")
}

fn soap_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Id | Kind::Reference => "tns:ID",
        Kind::Boolean => "xsd:boolean",
        Kind::Int => "xsd:int",
        Kind::Double | Kind::Currency | Kind::Percent => "xsd:double",
        Kind::Date => "xsd:date",
        Kind::DateTime => "xsd:dateTime",
        Kind::Text
        | Kind::TextArea
        | Kind::Email
        | Kind::Phone
        | Kind::Url
        | Kind::Picklist
        | Kind::MultiPicklist => "xsd:string",
    }
}
