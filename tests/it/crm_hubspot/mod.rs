//! What the HubSpot client asks, and what it makes of the answers.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail it")]

mod foreseen;
mod limits;
mod lists;
mod reading;
mod refusals;
mod writing;

use crate::crm_transport::{Recorder, answer};
use std::sync::Arc;
use syncline::crm::Source;
use syncline::crm::http::HttpResponse;
use syncline::crm::hubspot::{ApiVersion, BASE, HubSpot, HubSpotSettings};
use syncline::crm::token::Secret;
use syncline::domain::record::{FieldName, ObjectName, RecordId, Timestamp, Value};
use syncline::domain::schema::ObjectSchema;

pub(crate) const NOW: Timestamp = Timestamp(1_763_892_000_000);

pub(crate) fn field(name: &str) -> FieldName {
    FieldName::parse(name).unwrap()
}

pub(crate) fn id(text: &str) -> RecordId {
    RecordId::parse(text).unwrap()
}

pub(crate) fn text(text: &str) -> Value {
    Value::Text(text.into())
}

pub(crate) fn client_of(version: &str, next: HttpResponse) -> (HubSpot, Arc<Recorder>) {
    let recorder = Recorder::answering([next]);
    let settings = HubSpotSettings {
        base: BASE.into(),
        api_version: ApiVersion::parse(version).unwrap(),
        token: Secret::new("pat-eu1-hush\n"),
    };
    (HubSpot::new(recorder.clone(), settings), recorder)
}

pub(crate) fn client(status: u16, body: &str) -> (HubSpot, Arc<Recorder>) {
    client_of("2026-09", answer(status, body))
}

pub(crate) const PROPERTIES: &str = r#"{"results":[
 {"name":"email","label":"Email","type":"string","fieldType":"text"},
 {"name":"lastname","label":"Last name","type":"string","fieldType":"text"},
 {"name":"notes","label":"Notes","type":"string","fieldType":"textarea"},
 {"name":"phone","label":"Phone","type":"string","fieldType":"phonenumber"},
 {"name":"score","label":"Score","type":"number","fieldType":"number"},
 {"name":"optin","label":"Opt-in","type":"bool","fieldType":"booleancheckbox"},
 {"name":"birthday","label":"Birthday","type":"date","fieldType":"date"},
 {"name":"met","label":"Met","type":"datetime","fieldType":"date"},
 {"name":"tags","label":"Tags","type":"enumeration","fieldType":"checkbox","options":[{"label":"A","value":"a","hidden":true}]},
 {"name":"source","label":"Source","type":"enumeration","fieldType":"select","options":[{"label":"Web","value":"web"}]},
 {"name":"hubspot_owner_id","label":"Owner","type":"enumeration","fieldType":"select","externalOptions":true,"referencedObjectType":"OWNER"},
 {"name":"syncline_salesforce_id","label":"Id","type":"string","fieldType":"text","hasUniqueValue":true},
 {"name":"age","label":"Age","type":"number","fieldType":"calculation_equation"},
 {"name":"fixed","label":"Fixed","type":"string","fieldType":"text","modificationMetadata":{"readOnlyValue":true}},
 {"name":"upload","label":"Upload","type":"string","fieldType":"file"}]}"#;

pub(crate) async fn schema() -> ObjectSchema {
    let (hubspot, _) = client(200, PROPERTIES);
    hubspot.properties("contacts", NOW).await.unwrap().value
}

pub(crate) struct Contacts {
    pub(crate) object: ObjectName,
    pub(crate) schema: ObjectSchema,
    pub(crate) fields: Vec<FieldName>,
}

impl Contacts {
    pub(crate) async fn reading(names: &[&str]) -> Self {
        Self {
            object: ObjectName::parse("contact").unwrap(),
            schema: schema().await,
            fields: names.iter().map(|name| field(name)).collect(),
        }
    }

    pub(crate) fn source(&self) -> Source<'_> {
        Source {
            object: &self.object,
            schema: &self.schema,
            fields: &self.fields,
        }
    }
}
