//! One property's definition: what it may hold and who may write it.

use serde_json::{Value, json};

/// What a property's values are; the texts are those of the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `bool`
    Bool,
    /// `date`: a day without a time.
    Date,
    /// `datetime`: an instant.
    DateTime,
    /// `enumeration`: one option, or several when the field type is `checkbox`.
    Enumeration,
    /// `number`
    Number,
    /// `string`
    Text,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 6] = [
        Kind::Bool,
        Kind::Date,
        Kind::DateTime,
        Kind::Enumeration,
        Kind::Number,
        Kind::Text,
    ];

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Bool => "bool",
            Kind::Date => "date",
            Kind::DateTime => "datetime",
            Kind::Enumeration => "enumeration",
            Kind::Number => "number",
            Kind::Text => "string",
        }
    }

    /// The kind of that name on the wire.
    pub fn named(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    fn usual_field_type(self) -> &'static str {
        match self {
            Kind::Bool => "booleancheckbox",
            Kind::Date | Kind::DateTime => "date",
            Kind::Enumeration => "select",
            Kind::Number => "number",
            Kind::Text => "text",
        }
    }
}

/// One allowed value of an enumeration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What people read.
    pub label: String,
    /// What is stored and compared, by case.
    pub value: String,
}

/// Who may write a property's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Writable,
    /// HubSpot alone.
    ReadOnly,
}

/// Whether a value must be there, by a rule an administrator set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It may be blank.
    Optional,
    /// It may not; only the 2026-09 paths enforce it.
    Required,
}

/// Whether two records may share a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// They may.
    Free,
    /// `hasUniqueValue`
    Unique,
}

/// A property's definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    /// Internal name.
    pub name: String,
    /// What people read.
    pub label: String,
    /// What values are.
    pub kind: Kind,
    /// How forms show it; `checkbox` makes an enumeration hold several values.
    pub field_type: String,
    /// Group it is shown in.
    pub group: String,
    /// Allowed values of an enumeration.
    pub options: Vec<Choice>,
    /// Whether HubSpot brought it, and not the portal's people.
    pub hubspot_defined: bool,
    /// Who may write it.
    pub access: Access,
    /// Whether it must be there.
    pub presence: Presence,
    /// Whether values are unique.
    pub sharing: Sharing,
    /// When it was removed, if it was.
    pub archived_at: Option<i64>,
    /// When it was made.
    pub created_at: i64,
}

impl Property {
    /// A writable property as the portal's people make it.
    pub fn new(name: &str, label: &str, kind: Kind) -> Property {
        Property {
            name: name.to_owned(),
            label: label.to_owned(),
            kind,
            field_type: kind.usual_field_type().to_owned(),
            group: "contactinformation".to_owned(),
            options: Vec::new(),
            hubspot_defined: false,
            access: Access::Writable,
            presence: Presence::Optional,
            sharing: Sharing::Free,
            archived_at: None,
            created_at: 1_704_067_200_000,
        }
    }

    /// The same, brought by HubSpot.
    #[must_use]
    pub fn standard(mut self) -> Property {
        self.hubspot_defined = true;
        self
    }

    /// The same, written by HubSpot alone.
    #[must_use]
    pub fn read_only(mut self) -> Property {
        self.access = Access::ReadOnly;
        self
    }

    /// The same with these allowed values, each its own label.
    #[must_use]
    pub fn with_options(mut self, values: &[&str]) -> Property {
        let choice = |value: &&str| Choice {
            label: title(value),
            value: (*value).to_owned(),
        };
        self.options = values.iter().map(choice).collect();
        self
    }

    /// The same, holding several of its values at once.
    #[must_use]
    pub fn multiple(mut self) -> Property {
        "checkbox".clone_into(&mut self.field_type);
        self
    }

    /// Whether one value is a list split by semicolons.
    pub fn is_multiple(&self) -> bool {
        self.kind == Kind::Enumeration && self.field_type == "checkbox"
    }

    /// Whether the allowed values are kept elsewhere: owners and pipelines.
    pub fn has_external_options(&self) -> bool {
        matches!(
            self.name.as_str(),
            "hubspot_owner_id" | "pipeline" | "dealstage" | "hs_pipeline"
        )
    }

    /// Whether it is gone.
    pub fn is_archived(&self) -> bool {
        self.archived_at.is_some()
    }

    /// The definition as the properties API shows it.
    pub fn to_json(&self) -> Value {
        let options: Vec<Value> = self.options.iter().enumerate().map(option_json).collect();
        let read_only = self.access == Access::ReadOnly;
        let made = crate::simulator::stamp::iso(self.created_at);
        let mut shown = json!({
            "name": self.name, "label": self.label, "type": self.kind.name(),
            "fieldType": self.field_type, "description": "", "groupName": self.group,
            "options": options, "displayOrder": -1, "calculated": false,
            "externalOptions": self.has_external_options(),
            "hasUniqueValue": self.sharing == Sharing::Unique, "hidden": false,
            "hubspotDefined": self.hubspot_defined, "formField": !read_only,
            "archived": self.is_archived(), "dataSensitivity": "non_sensitive",
            "modificationMetadata": {
                "archivable": !self.hubspot_defined, "readOnlyDefinition": self.hubspot_defined,
                "readOnlyValue": read_only, "readOnlyOptions": self.has_external_options(),
            },
            "createdAt": made, "updatedAt": made,
        });
        if self.name == "hubspot_owner_id" {
            shown["referencedObjectType"] = json!("OWNER");
        }
        shown
    }

    /// Reads a definition as `POST /properties` sends it; the error names what is missing or wrong.
    pub fn from_json(body: &Value, now: i64) -> Result<Property, String> {
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        let wanted = ["name", "label", "type", "fieldType", "groupName"];
        let missing: Vec<&str> = wanted
            .into_iter()
            .filter(|name| text(name).is_none())
            .collect();
        if !missing.is_empty() {
            let list = missing.join(", ");
            return Err(format!(
                "Invalid input JSON on line 1, column 1. Some required fields were not set: [{list}]"
            ));
        }
        let kind_name = text("type").unwrap_or_default();
        let kind = Kind::named(kind_name)
            .ok_or_else(|| format!("{kind_name} is not a valid property type"))?;
        let name = text("name").unwrap_or_default();
        let mut property = Property::new(name, text("label").unwrap_or_default(), kind);
        text("fieldType")
            .unwrap_or_default()
            .clone_into(&mut property.field_type);
        text("groupName")
            .unwrap_or_default()
            .clone_into(&mut property.group);
        property.created_at = now;
        if body.get("hasUniqueValue").and_then(Value::as_bool) == Some(true) {
            property.sharing = Sharing::Unique;
        }
        property.options = options_from(body.get("options"));
        Ok(property)
    }
}

/// Reads a list of options; what has no value is left out.
pub fn options_from(list: Option<&Value>) -> Vec<Choice> {
    let Some(list) = list.and_then(Value::as_array) else {
        return Vec::new();
    };
    list.iter()
        .filter_map(|option| {
            let value = option.get("value")?.as_str()?.to_owned();
            let label = option
                .get("label")
                .and_then(Value::as_str)
                .unwrap_or(&value)
                .to_owned();
            Some(Choice { label, value })
        })
        .collect()
}

fn option_json((place, option): (usize, &Choice)) -> Value {
    json!({
        "label": option.label, "value": option.value, "displayOrder": place, "hidden": false,
        "description": "",
    })
}

fn title(value: &str) -> String {
    let mut letters = value.chars();
    letters.next().map_or_else(String::new, |first| {
        first
            .to_uppercase()
            .chain(letters.map(|rest| if rest == '_' { ' ' } else { rest }))
            .collect()
    })
}
