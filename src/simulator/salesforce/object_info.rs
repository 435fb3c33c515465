//! `/ui-api/object-info/…`: what record types offer of an object's lists.

use serde_json::{Map, Value, json};

use super::Salesforce;
use super::call::{Answer, Call};
use super::ids;
use super::problem::Problem;
use super::schema::Field;

/// The record type of objects that have none.
const MASTER: &str = "012000000000000AAA";

impl Salesforce {
    /// Everything below `/ui-api`; `path` are the segments after it.
    pub(crate) fn object_info(&self, call: &Call, path: &[&str]) -> Answer {
        let ("GET", ["object-info", object, "picklist-values", record_type]) =
            (call.method.as_str(), path)
        else {
            return Problem::not_found().into();
        };
        let (Some(table), Some(id)) = (self.tables.get(object), ids::parse(record_type)) else {
            return Problem::not_found().into();
        };
        let schema = &table.schema;
        let types = self.record_types(&schema.name);
        if id != MASTER && !types.iter().any(|one| one.id == id && one.active) {
            return Problem::not_found().into();
        }
        let columns = schema
            .visible_columns()
            .map(|column| &schema.fields[column]);
        let lists = columns.filter(|field| !field.choices.is_empty());
        let url = format!(
            "/services/data/v{}/ui-api/object-info/{}/picklist-values/{id}",
            call.version, schema.name
        );
        let lists: Map<String, Value> = lists
            .map(|field| (field.name.clone(), self.list_values(field, &id, &url)))
            .collect();
        Answer::ok(json!({ "eTag": "0", "picklistFieldValues": lists }))
    }

    fn list_values(&self, field: &Field, record_type: &str, url: &str) -> Value {
        let offered = |value: &str| self.is_offered(record_type, &field.name, value);
        let choices = field.choices.iter();
        let values: Vec<Value> = choices
            .filter(|choice| choice.active && offered(&choice.value))
            .map(|choice| {
                json!({ "attributes": null, "label": choice.label(), "validFor": [],
                        "value": choice.value })
            })
            .collect();
        json!({ "controllerValues": {}, "defaultValue": null, "eTag": "0",
                "url": format!("{url}/{}", field.name), "values": values })
    }
}
