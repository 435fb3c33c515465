//! The properties that `check --create-fields` makes (hubspot.md section 4.1).

use serde_json::{Value as Json, json};

use super::client::{HubSpot, reply};
use crate::crm::http::{CallError, Reply};
use crate::crm::values::percent;
use crate::domain::board::Property;
use crate::domain::record::FieldName;

/// A property that every type has, whose group is there for certain.
const NEIGHBOUR: &str = "hs_object_id";

impl HubSpot {
    /// The group of properties that a type's own id stands in: one that a new property may join.
    pub async fn property_group(&self, type_: &str) -> Result<Reply<String>, CallError> {
        let response = self.get_property(type_, &percent(NEIGHBOUR)).await?;
        let group = response.json()?["groupName"]
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| CallError::unreadable("groupName"))?;
        Ok(reply(&response, group))
    }

    /// Makes a property: one of the board's by that name, or else the one that carries a record's
    /// Salesforce id, a text of which no two are alike.
    pub async fn make_property(
        &self,
        type_: &str,
        name: &FieldName,
        group: &str,
    ) -> Result<Reply<()>, CallError> {
        let mut body = match Property::named(name) {
            Some(property) => of_board(property),
            None => json!({
                "label": "Syncline Salesforce ID",
                "description": "The Salesforce record that Syncline keeps in step with this one.",
                "type": "string",
                "fieldType": "text",
                "hasUniqueValue": true,
            }),
        };
        body["name"] = json!(name.as_str());
        body["groupName"] = json!(group);
        let response = self.post_property(type_, &body).await?;
        Ok(reply(&response, ()))
    }
}

fn of_board(property: Property) -> Json {
    let (label, description) = match property {
        Property::State => (
            "Syncline state",
            "Where this record stands between HubSpot and Salesforce. Blank: in step, and never otherwise.",
        ),
        Property::Cause => (
            "Syncline cause",
            "What keeps this record from being in step, as Syncline tells it.",
        ),
        Property::Resync => (
            "Syncline resync",
            "Set it to have Syncline try this record again; it is emptied within minutes.",
        ),
    };
    let option = |(place, (value, label)): (usize, &(&str, &str))| json!({ "value": value, "label": label, "displayOrder": place, "hidden": false });
    let options = property.options();
    let options: Vec<Json> = options.iter().enumerate().map(option).collect();
    let (kind, field) = if options.is_empty() {
        ("string", "text")
    } else {
        ("enumeration", "select")
    };
    json!({
        "label": label,
        "description": description,
        "type": kind,
        "fieldType": field,
        "options": options,
    })
}
