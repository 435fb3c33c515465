//! Definitions of properties, and owners.

use super::HubSpot;
use super::call::{Answer, Call};
use super::property::Property;
use super::refusal::Refusal;
use serde_json::{Value, json};

impl HubSpot {
    pub(super) fn answer_properties(
        &mut self,
        call: &Call<'_>,
        object: usize,
        name: Option<&str>,
    ) -> Result<Answer, Refusal> {
        match (call.method(), name) {
            ("GET", None) => {
                let archived = call.is_set("archived");
                let all = self.objects[object].properties.values();
                let asked = all.filter(|property| property.is_archived() == archived);
                let results: Vec<Value> = asked.map(Property::to_json).collect();
                Ok(Answer::Json(200, json!({ "results": results })))
            }
            ("GET", Some(name)) => {
                let property = self.objects[object].property(name).ok_or_else(|| {
                    let message = format!("Property '{name}' does not exist");
                    Refusal::new(404, "OBJECT_NOT_FOUND", &message)
                })?;
                Ok(Answer::Json(200, property.to_json()))
            }
            ("POST", None) => self.create_property(call, object),
            _ => Ok(Answer::MethodNotAllowed),
        }
    }

    // A name that was archived comes back to life.
    fn create_property(&mut self, call: &Call<'_>, object: usize) -> Result<Answer, Refusal> {
        let body = Value::Object(call.json()?);
        let property =
            Property::from_json(&body, call.now).map_err(|text| Refusal::invalid(&text))?;
        let kept = &mut self.objects[object];
        if kept.property(&property.name).is_some() {
            let message = format!("A property named '{}' already exists.", property.name);
            return Err(Refusal::new(409, "OBJECT_ALREADY_EXISTS", &message)
                .with("subCategory", json!("Properties.PROPERTY_WITH_NAME_EXISTS")));
        }
        let place = format!("https://api.hubapi.com{}/{}", call.path(), property.name);
        let shown = property.to_json();
        kept.add_property(property);
        Ok(Answer::Made(shown, place))
    }

    pub(super) fn answer_owners(
        &self,
        call: &Call<'_>,
        id: Option<&str>,
    ) -> Result<Answer, Refusal> {
        if call.method() != "GET" {
            return Ok(Answer::MethodNotAllowed);
        }
        let archived = call.is_set("archived");
        if let Some(id) = id {
            let owner = match call.param("idProperty") {
                Some("userId") => self.owners.of_user(id, archived),
                _ => self.owners.get(id, archived),
            };
            let owner = owner.ok_or_else(Refusal::not_found)?;
            return Ok(Answer::Json(200, owner.to_json()));
        }
        let limit = call.limit(100, 500)?;
        let after = call.param("after").unwrap_or_default();
        let all = self.owners.page(after, call.param("email"), archived);
        let results: Vec<Value> = all
            .iter()
            .take(limit)
            .map(|owner| owner.to_json())
            .collect();
        let mut body = json!({ "results": results });
        if let Some(next) = all.get(limit) {
            let link = format!(
                "https://api.hubapi.com{}?limit={limit}&after={}",
                call.path(),
                next.id
            );
            body["paging"] = json!({ "next": { "after": next.id, "link": link } });
        }
        Ok(Answer::Json(200, body))
    }
}
