//! The little of the setup that `check --create-fields` changes: a custom field by the Tooling API,
//! and the permission set without which nobody sees it.
//!
//! A field made this way is visible to no user until a row of `FieldPermissions` under a permission
//! set that is assigned shows it (object reference, FieldPermissions).

use serde_json::{Value as Json, json};

use super::client::{Salesforce, reply};
use crate::crm::http::{CallError, Method, Reply};
use crate::crm::values::percent;
use crate::domain::record::{FieldName, RecordId};

/// Characters of a pair's mark, `<portal>-<record>`, with room to spare.
const MARK_CHARS: u32 = 64;

/// What a permission set says of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldGrant {
    /// The row that says it.
    pub id: RecordId,
    /// The field, as `Contact.Fax`.
    pub field: String,
    /// Whether it may be edited, and not only read.
    pub edits: bool,
}

impl Salesforce {
    /// Makes the field that carries a pair's mark: text, external id, unique in any case. Tasks share
    /// their fields with events: those belong to `Activity`.
    pub async fn make_key_field(
        &self,
        object: &str,
        name: &FieldName,
    ) -> Result<Reply<()>, CallError> {
        let body = json!({
            "FullName": format!("{object}.{name}"),
            "Metadata": {
                "type": "Text",
                "label": "Syncline HubSpot ID",
                "description": "The HubSpot record that Syncline keeps in step with this one.",
                "length": MARK_CHARS,
                "externalId": true,
                "unique": true,
                "caseSensitive": false,
            },
        });
        self.made("tooling/sobjects/CustomField", &body).await
    }

    /// The id of the permission set of that name, if there is one.
    pub async fn permission_set(&self, name: &str) -> Result<Reply<Option<RecordId>>, CallError> {
        let soql = format!("SELECT Id FROM PermissionSet WHERE Name = '{name}'");
        let found = self.rows(&soql).await?;
        let id = found.value.first().and_then(id_of);
        Ok(found.with(id))
    }

    /// Makes a permission set of that name.
    pub async fn make_permission_set(&self, name: &str) -> Result<Reply<()>, CallError> {
        let body = json!({
            "Name": name,
            "Label": name,
            "Description": "Lets the integration user of Syncline see and edit its id fields.",
        });
        self.made("sobjects/PermissionSet", &body).await
    }

    /// The fields that a permission set shows.
    pub async fn field_grants(&self, set: &RecordId) -> Result<Reply<Vec<FieldGrant>>, CallError> {
        let soql = format!(
            "SELECT Id,Field,PermissionsEdit FROM FieldPermissions WHERE ParentId = '{set}'"
        );
        let found = self.rows(&soql).await?;
        let grant = |row: &Json| {
            Some(FieldGrant {
                id: id_of(row)?,
                field: row["Field"].as_str()?.to_owned(),
                edits: row["PermissionsEdit"].as_bool().unwrap_or(false),
            })
        };
        let grants = found.value.iter().filter_map(grant).collect();
        Ok(found.with(grants))
    }

    /// Lets those who have the permission set read and edit a field of `object`.
    pub async fn grant_field(
        &self,
        set: &RecordId,
        object: &str,
        field: &FieldName,
    ) -> Result<Reply<()>, CallError> {
        let body = json!({
            "ParentId": set.as_str(),
            "SobjectType": object,
            "Field": format!("{object}.{field}"),
            "PermissionsRead": true,
            "PermissionsEdit": true,
        });
        self.made("sobjects/FieldPermissions", &body).await
    }

    /// Lets a field be edited that a permission set only shows.
    pub async fn widen_grant(&self, grant: &FieldGrant) -> Result<Reply<()>, CallError> {
        let path = format!("sobjects/FieldPermissions/{}", percent(grant.id.as_str()));
        let request = self.request(&self.versioned(&path))?;
        let body = json!({ "PermissionsRead": true, "PermissionsEdit": true });
        let response = self.send(request.with_json(Method::Patch, &body)).await?;
        Ok(reply(&response, ()))
    }

    /// Whether a user has the permission set.
    pub async fn has_permission_set(
        &self,
        set: &RecordId,
        user: &RecordId,
    ) -> Result<Reply<bool>, CallError> {
        let soql = format!(
            "SELECT Id FROM PermissionSetAssignment WHERE PermissionSetId = '{set}' AND \
             AssigneeId = '{user}'"
        );
        let found = self.rows(&soql).await?;
        let has = !found.value.is_empty();
        Ok(found.with(has))
    }

    /// Gives a user the permission set.
    pub async fn assign_permission_set(
        &self,
        set: &RecordId,
        user: &RecordId,
    ) -> Result<Reply<()>, CallError> {
        let body = json!({ "PermissionSetId": set.as_str(), "AssigneeId": user.as_str() });
        self.made("sobjects/PermissionSetAssignment", &body).await
    }

    async fn made(&self, resource: &str, body: &Json) -> Result<Reply<()>, CallError> {
        let request = self.request(&self.versioned(resource))?;
        let response = self.send(request.with_json(Method::Post, body)).await?;
        Ok(reply(&response, ()))
    }

    /// The rows of a query over the setup, which fit one page.
    async fn rows(&self, soql: &str) -> Result<Reply<Vec<Json>>, CallError> {
        let path = format!("query?q={}", percent(soql));
        let response = self.get(&self.versioned(&path)).await?;
        let rows = response.json()?["records"]
            .as_array()
            .cloned()
            .ok_or_else(|| CallError::unreadable("records"))?;
        Ok(reply(&response, rows))
    }
}

fn id_of(row: &Json) -> Option<RecordId> {
    RecordId::parse(row["Id"].as_str()?).ok()
}
