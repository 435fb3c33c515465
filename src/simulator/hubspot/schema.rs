//! Types of the portal's own: how people define them and how the schemas API shows them.

use super::HubSpot;
use super::association::label::Label;
use super::call::{Answer, Call};
use super::object::{Needs, ObjectType};
use super::property::Property;
use super::refusal::Refusal;
use crate::simulator::stamp;
use serde_json::{Value, json};

/// When a portal's types were made: long ago.
const MADE: i64 = 1_704_067_200_000;

/// A type that people define. It always has a text `name` to be shown by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// `cars`
    pub plural: String,
    /// `car`
    pub singular: String,
    /// `2-77`
    pub type_id: String,
    /// Properties besides `name`.
    pub properties: Vec<Property>,
    /// What it cannot be created without.
    pub required: Vec<String>,
}

impl Definition {
    /// A type with a name and nothing required.
    pub fn new(plural: &str, singular: &str, type_id: &str) -> Definition {
        Definition {
            plural: plural.to_owned(),
            singular: singular.to_owned(),
            type_id: type_id.to_owned(),
            properties: Vec::new(),
            required: Vec::new(),
        }
    }
}

impl HubSpot {
    /// Defines a custom type, say `("cars", "car", "2-77")`, with a name alone.
    pub fn add_object_type(&mut self, plural: &str, singular: &str, type_id: &str) {
        self.define_object_type(Definition::new(plural, singular, type_id));
    }

    /// Defines a custom type; it can be associated with every other type.
    pub fn define_object_type(&mut self, definition: Definition) {
        let place = self.objects.len();
        let custom = ObjectType::custom(definition, &self.settings);
        self.objects.push(custom);
        self.associations.labels.open_to(place, 0..=place);
    }

    /// The schemas of custom types, or the one asked for, which may be any.
    pub(super) fn answer_schemas(
        &self,
        call: &Call<'_>,
        name: Option<&str>,
    ) -> Result<Answer, Refusal> {
        if call.method() != "GET" {
            return Ok(Answer::MethodNotAllowed);
        }
        if let Some(name) = name {
            let place = self.object_named(name)?;
            return Ok(Answer::Json(200, self.schema_json(place)));
        }
        let custom = (0..self.objects.len()).filter(|place| self.objects[*place].is_custom());
        let results: Vec<Value> = custom.map(|place| self.schema_json(place)).collect();
        Ok(Answer::Json(200, json!({ "results": results })))
    }

    fn schema_json(&self, place: usize) -> Value {
        let object = &self.objects[place];
        let (id, singular) = (&object.type_id, &object.singular);
        let required: &[String] = match &object.needs {
            Needs::All(names) => names,
            Needs::Any(_) => &[],
        };
        let full_name = if object.is_custom() {
            format!("p{}_{singular}", self.settings.portal_id)
        } else {
            object.caps.clone()
        };
        let live = object.properties.values().filter(|one| !one.is_archived());
        let properties: Vec<Value> = live.map(Property::to_json).collect();
        let labels = self.associations.labels.leading_from(place);
        let associations: Vec<Value> = labels.map(|label| self.association_json(label)).collect();
        json!({
            "id": id.rsplit('-').next(), "objectTypeId": id, "name": singular,
            "fullyQualifiedName": full_name,
            "labels": { "singular": singular, "plural": object.plural },
            "primaryDisplayProperty": object.display, "secondaryDisplayProperties": [],
            "requiredProperties": required, "searchableProperties": [object.display],
            "properties": properties, "associations": associations, "archived": false,
            "createdAt": stamp::iso(MADE), "updatedAt": stamp::iso(MADE),
        })
    }

    fn association_json(&self, label: &Label) -> Value {
        let (from, to) = (&self.objects[label.from], &self.objects[label.to]);
        json!({
            "id": label.kind.id.to_string(), "fromObjectTypeId": from.type_id,
            "toObjectTypeId": to.type_id, "name": format!("{}_to_{}", from.singular, to.singular),
        })
    }
}
