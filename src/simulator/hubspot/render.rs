//! Records as they travel.

use super::HubSpot;
use super::object::ObjectType;
use super::record::Record;
use super::settings::Settings;
use crate::simulator::stamp;
use serde_json::{Map, Value, json};

/// Which properties an answer shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// The type's few, or those asked for if any are; id and stamps always.
    Asked(Vec<String>),
    /// Everything that is set, as the answers to writes show.
    Everything,
}

impl HubSpot {
    /// One record, with the histories asked for.
    pub(super) fn record_json(
        &self,
        object: usize,
        record: &Record,
        shown: &Shown,
        histories: &[String],
    ) -> Value {
        let object = &self.objects[object];
        let mut body = json!({
            "id": record.id.to_string(),
            "createdAt": stamp::iso(record.created_at),
            "updatedAt": stamp::iso(record.updated_at),
            "archived": record.archived_at.is_some(),
            "url": format!(
                "https://{}/contacts/{}/record/{}/{}",
                self.settings.ui_domain, self.settings.portal_id, object.type_id, record.id
            ),
        });
        body["properties"] = properties(object, record, shown);
        if let Some(at) = record.archived_at {
            body["archivedAt"] = json!(stamp::iso(at));
        }
        if !histories.is_empty() {
            body["propertiesWithHistory"] = history(object, record, histories, &self.settings);
        }
        body
    }
}

fn properties(object: &ObjectType, record: &Record, shown: &Shown) -> Value {
    let mut out = Map::new();
    let mut show = |name: &str| {
        if object.property(name).is_some() {
            let value = object.value(record, name);
            out.insert(
                name.to_owned(),
                value.map_or(Value::Null, |value| json!(value)),
            );
        }
    };
    for name in ["hs_object_id", object.created, object.modified] {
        show(name);
    }
    match shown {
        Shown::Asked(names) if names.is_empty() => {
            object.defaults.iter().for_each(|name| show(name));
        }
        Shown::Asked(names) => names.iter().for_each(|name| show(name)),
        Shown::Everything => record.set_values().for_each(|(name, _)| show(name)),
    }
    Value::Object(out)
}

// Newest first, as the history is shown.
fn history(object: &ObjectType, record: &Record, names: &[String], settings: &Settings) -> Value {
    let mut out = Map::new();
    for name in names.iter().filter(|name| object.property(name).is_some()) {
        let versions = record.history(name).iter().rev().map(|version| {
            let mut shown = json!({
                "value": version.value, "timestamp": stamp::iso(version.at),
                "sourceType": version.source.name(),
            });
            match version.source {
                super::record::Source::Integration => {
                    shown["sourceId"] = json!(settings.app_id.to_string());
                }
                super::record::Source::Person => {
                    shown["sourceId"] = json!("userId:9586504");
                    shown["updatedByUserId"] = json!(9_586_504);
                }
                super::record::Source::Workflow | super::record::Source::Merge => {}
            }
            shown
        });
        out.insert(name.clone(), versions.collect());
    }
    Value::Object(out)
}
