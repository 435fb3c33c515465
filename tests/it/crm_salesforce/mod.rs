//! What the Salesforce client asks, and what it makes of the answers.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail it")]

mod bulk;
mod exports;
mod foreseen;
mod loads;
mod places;
mod reading;
mod refusals;
pub(crate) mod tokens;
mod writing;

use crate::crm_transport::{Recorder, answer};
use std::sync::Arc;
use syncline::crm::salesforce::{Salesforce, SalesforceSettings};
use syncline::crm::token::{SalesforceCredentials, Secret};
use syncline::domain::record::{FieldName, ObjectName, RecordId, Timestamp};
use syncline::domain::schema::ObjectSchema;

pub(crate) const NOW: Timestamp = Timestamp(1_763_892_000_000);

pub(crate) const TOKEN: &str = r#"{"access_token":"00Dx!hush","instance_url":"https://acme.example",
    "id":"https://login.salesforce.com/id/00Dx0000000BV7zEAG/005x00000012Q9PAAU"}"#;

pub(crate) fn field(name: &str) -> FieldName {
    FieldName::parse(name).unwrap()
}

pub(crate) fn id(text: &str) -> RecordId {
    RecordId::parse(text).unwrap()
}

pub(crate) fn contact() -> ObjectName {
    ObjectName::parse("contact").unwrap()
}

pub(crate) fn settings(credentials: SalesforceCredentials) -> SalesforceSettings {
    SalesforceSettings {
        login: "https://login.salesforce.com/".into(),
        api_version: None,
        client_id: "app".into(),
        credentials,
    }
}

/// A client that has its token, and whose next answer is `next`.
pub(crate) async fn client(next: syncline::crm::http::HttpResponse) -> (Salesforce, Arc<Recorder>) {
    let recorder = Recorder::answering([answer(200, TOKEN), next]);
    let secret = Secret::new("s3cret");
    let settings = settings(SalesforceCredentials::ClientCredentials { secret });
    let salesforce = Salesforce::new(recorder.clone(), settings);
    salesforce.fetch_token(NOW).await.unwrap();
    (salesforce, recorder)
}

pub(crate) const DESCRIBE: &str = r#"{"name":"Contact","createable":true,"updateable":true,"fields":[
 {"name":"LastName","label":"Last Name","type":"string","length":80,"createable":true,"updateable":true,"nillable":false,"defaultedOnCreate":false},
 {"name":"Email","label":"Email","type":"email","length":80,"createable":true,"updateable":true,"nillable":true,"idLookup":true},
 {"name":"Score__c","label":"Score","type":"double","precision":18,"scale":2,"createable":true,"updateable":true,"nillable":true},
 {"name":"Seats__c","label":"Seats","type":"int","digits":9,"createable":true,"updateable":true,"nillable":true},
 {"name":"Optin__c","label":"Opt-in","type":"boolean","createable":true,"updateable":true,"nillable":false,"defaultedOnCreate":true},
 {"name":"Birthdate","label":"Birthdate","type":"date","createable":true,"updateable":true,"nillable":true},
 {"name":"Met__c","label":"Met","type":"datetime","createable":true,"updateable":true,"nillable":true},
 {"name":"Tags__c","label":"Tags","type":"multipicklist","createable":true,"updateable":true,"nillable":true,
  "picklistValues":[{"active":true,"label":"A","value":"a"},{"active":false,"label":"B","value":"b"}]},
 {"name":"LeadSource","label":"Lead Source","type":"picklist","restrictedPicklist":true,"createable":true,"updateable":true,"nillable":true,"picklistValues":[]},
 {"name":"AccountId","label":"Account ID","type":"reference","referenceTo":["Account"],"createable":true,"updateable":true,"nillable":true},
 {"name":"Hs__c","label":"HubSpot","type":"string","length":40,"externalId":true,"unique":true,"createable":true,"updateable":true,"nillable":true},
 {"name":"MailingAddress","label":"Mailing","type":"address","createable":false,"updateable":false,"nillable":true},
 {"name":"Age__c","label":"Age","type":"double","calculated":true,"createable":false,"updateable":false,"nillable":true}]}"#;

pub(crate) async fn schema() -> ObjectSchema {
    let (salesforce, _) = client(answer(200, DESCRIBE)).await;
    salesforce.describe("Contact", NOW).await.unwrap().value
}

pub(crate) fn names(names: &[&str]) -> Vec<FieldName> {
    names.iter().map(|name| field(name)).collect()
}
