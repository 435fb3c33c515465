//! A field made over the API, and the permission set without which nobody sees it.

use serde_json::{Value, json};
use syncline::simulator::salesforce::{Settings, Switch};

use super::{Org, body, org, org_with, told};
use syncline::simulator::wire::Response;

const KEY: &str = "Syncline_HubSpot_Id__c";

fn without_key() -> Org {
    org_with(Settings {
        switches: [Switch::WithoutExternalId].into(),
        ..Settings::default()
    })
}

fn make_field(org: &mut Org, full_name: &str) -> Response {
    let metadata = json!({"type": "Text", "label": "HubSpot ID", "length": 64, "externalId": true,
                          "unique": true, "caseSensitive": false});
    let field = json!({"FullName": full_name, "Metadata": metadata});
    org.call("POST", "tooling/sobjects/CustomField", &field)
}

/// Grants the field to our user; answers the id of the assignment.
fn grant(org: &mut Org, edit: bool) -> String {
    let set = org.create(
        "PermissionSet",
        json!({"Name": "Syncline", "Label": "Syncline"}),
    );
    let field = format!("Contact.{KEY}");
    org.create(
        "FieldPermissions",
        json!({"ParentId": set, "SobjectType": "Contact", "Field": field,
               "PermissionsRead": true, "PermissionsEdit": edit}),
    );
    let user = Settings::default().user_id;
    org.create(
        "PermissionSetAssignment",
        json!({"PermissionSetId": set, "AssigneeId": user}),
    )
}

fn described(org: &mut Org) -> Value {
    let answer = org.call("GET", "sobjects/Contact/describe", &Value::Null);
    let fields = body(&answer)["fields"].as_array().unwrap().clone();
    let found = fields.into_iter().find(|field| field["name"] == KEY);
    found.unwrap_or(Value::Null)
}

#[test]
fn a_new_field_is_seen_only_when_a_permission_set_grants_it() {
    let mut org = without_key();
    let made = make_field(&mut org, &format!("Contact.{KEY}"));
    assert_eq!(made.status, 201, "{}", told(&made));
    assert_eq!(body(&made)["success"], true);
    assert_eq!(described(&mut org), Value::Null);
    let path = format!("sobjects/Contact/{KEY}/7-1");
    let rossi = json!({"LastName": "Rossi"});
    assert_eq!(org.call("PATCH", &path, &rossi).status, 404);
    let assignment = grant(&mut org, true);
    let field = described(&mut org);
    let shown = ["label", "length", "externalId", "unique", "updateable"];
    assert_eq!(
        shown.map(|name| field[name].to_string()),
        ["\"HubSpot ID\"", "64", "true", "true", "true"]
    );
    assert_eq!(org.call("PATCH", &path, &rossi).status, 201);
    let gone = format!("sobjects/PermissionSetAssignment/{assignment}");
    assert_eq!(org.call("DELETE", &gone, &Value::Null).status, 204);
    assert_eq!(described(&mut org), Value::Null);
}

#[test]
fn a_grant_to_read_is_no_grant_to_write() {
    let mut org = without_key();
    make_field(&mut org, &format!("Contact.{KEY}"));
    grant(&mut org, false);
    assert_eq!(described(&mut org)["updateable"], false);
    let answer = org.call(
        "POST",
        "sobjects/Contact",
        &json!({"LastName": "R", KEY: "7-1"}),
    );
    assert!(told(&answer).starts_with("400 INVALID_FIELD_FOR_INSERT_UPDATE"));
}

#[test]
fn fields_and_grants_that_cannot_be_are_refused() {
    let mut org = org();
    for (name, expected) in [
        (
            format!("Contact.{KEY}"),
            "400 DUPLICATE_DEVELOPER_NAME: There is already a field named HubSpot ID on Contact. []",
        ),
        (
            format!("Activity.{KEY}"),
            "400 FIELD_INTEGRITY_EXCEPTION: A field of an activity cannot be unique or an external ID []",
        ),
        (
            format!("Foo.{KEY}"),
            "400 FIELD_INTEGRITY_EXCEPTION: Entity Foo takes no custom fields []",
        ),
        (
            "Contact.Plain".to_owned(),
            "400 FIELD_INTEGRITY_EXCEPTION: Contact.Plain is no name of a custom field []",
        ),
    ] {
        assert_eq!(told(&make_field(&mut org, &name)), expected);
    }
    org.model.set_switch(Switch::ActivityKeys, true);
    assert_eq!(make_field(&mut org, &format!("Activity.{KEY}")).status, 201);
    let set = org.create("PermissionSet", json!({"Name": "A", "Label": "A"}));
    let grant = json!({"ParentId": set, "SobjectType": "Contact", "Field": "Contact.Foo__c",
                       "PermissionsRead": true});
    assert_eq!(
        told(&org.call("POST", "sobjects/FieldPermissions", &grant)),
        "400 INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST: Field Name: bad value for restricted picklist field: Contact.Foo__c [\"Field\"]"
    );
    let grant = json!({"ParentId": set, "SobjectType": "Task", "Field": format!("Task.{KEY}"),
                       "PermissionsRead": true});
    org.create("FieldPermissions", grant.clone());
    assert!(
        told(&org.call("POST", "sobjects/FieldPermissions", &grant))
            .starts_with("400 DUPLICATE_VALUE")
    );
    org.model.set_switch(Switch::SetupRefused, true);
    assert_eq!(
        told(&make_field(&mut org, "Contact.Other__c")),
        "403 INSUFFICIENT_ACCESS: insufficient access rights on object id"
    );
    let set = json!({"Name": "B", "Label": "B"});
    assert_eq!(
        told(&org.call("POST", "sobjects/PermissionSet", &set)),
        "400 INSUFFICIENT_ACCESS_OR_READONLY: insufficient access rights on object id []"
    );
}
