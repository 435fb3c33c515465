//! The one property that `check --create-fields` makes (hubspot.md section 4.1).

use serde_json::json;

use super::client::{HubSpot, reply};
use crate::crm::http::{CallError, Reply};
use crate::crm::values::percent;
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

    /// Makes the property that carries a record's Salesforce id: a text, no two of them alike.
    pub async fn make_id_property(
        &self,
        type_: &str,
        name: &FieldName,
        group: &str,
    ) -> Result<Reply<()>, CallError> {
        let body = json!({
            "name": name.as_str(),
            "label": "Syncline Salesforce ID",
            "description": "The Salesforce record that Syncline keeps in step with this one.",
            "groupName": group,
            "type": "string",
            "fieldType": "text",
            "hasUniqueValue": true,
        });
        let response = self.post_property(type_, &body).await?;
        Ok(reply(&response, ()))
    }
}
