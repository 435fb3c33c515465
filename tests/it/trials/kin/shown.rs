//! Records of every object as both sides hold them.

use serde_json::json;
use syncline::domain::record::Side;
use syncline::simulator::Simulator;
use syncline::simulator::hubspot::association::admin::Associated;

use super::super::people::Place;
use super::free_field;

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct One {
    pub(crate) side: Side,
    /// Its type's name on that side.
    pub(crate) kind: &'static str,
    /// The object it is of.
    pub(crate) object: &'static str,
    pub(crate) id: String,
    /// What people write there.
    pub(crate) free: String,
    /// Who it is: carried with its creation.
    pub(crate) token: String,
    /// What it is matched by.
    pub(crate) key: String,
    /// The record of the same side that it belongs to.
    pub(crate) parent: Option<String>,
    /// The contacts of the same side that it is about, each once for every tie.
    pub(crate) people: Vec<String>,
    pub(crate) mark: Option<String>,
    /// Last write of anybody.
    pub(crate) stamp: String,
    /// Whether our user made it.
    pub(crate) ours: bool,
    /// Whether it was a lead and is a contact now.
    pub(crate) converted: bool,
}

impl One {
    pub(crate) fn place(&self) -> Place {
        (self.side, self.id.clone())
    }
}

/// A type on one side: its name, its object, the fields of its token, its key and its parent.
type Kind = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

const HUBSPOT: [Kind; 3] = [
    ("companies", "company", "description", "domain", ""),
    ("contacts", "contact", "jobtitle", "email", ""),
    ("deals", "deal", "description", "", ""),
];

const SALESFORCE: [Kind; 4] = [
    ("Account", "company", "Description", "Website", ""),
    ("Contact", "contact", "Title", "Email", "AccountId"),
    ("Lead", "contact", "Title", "Email", ""),
    ("Opportunity", "deal", "Description", "", "AccountId"),
];

/// The living records of a side, and those that are gone in Salesforce when `gone`.
pub(crate) fn all(crm: &Simulator, side: Side, gone: bool) -> Vec<One> {
    match side {
        Side::HubSpot => HUBSPOT.iter().flat_map(|kind| hubspot(crm, kind)).collect(),
        Side::Salesforce => SALESFORCE
            .iter()
            .flat_map(|kind| salesforce(crm, kind, gone))
            .collect(),
    }
}

fn hubspot(crm: &Simulator, kind: &Kind) -> Vec<One> {
    let (name, object, token, key, _) = *kind;
    let records = crm.hubspot.records(name).into_iter();
    records
        .map(|record| {
            let id = record.id.to_string();
            let text = |field: &str| record.value(field).unwrap_or_default().to_owned();
            let parent = if name == "companies" {
                None
            } else {
                chosen(crm.hubspot.associations_of(name, &id, "companies"))
            };
            let people = if name == "deals" {
                let people = crm
                    .hubspot
                    .associations_of(name, &id, "contacts")
                    .into_iter();
                people.map(|one| one.id).collect()
            } else {
                Vec::new()
            };
            One {
                people,
                side: Side::HubSpot,
                kind: name,
                object,
                free: text(free_field(name)),
                token: text(token),
                key: text(key),
                parent,
                mark: record.value("syncline_salesforce_id").map(str::to_owned),
                stamp: record.updated_at.to_string(),
                ours: record.value("hs_object_source") == Some("INTEGRATION"),
                converted: false,
                id,
            }
        })
        .collect()
}

/// The primary company: others belong to the record as well, and are no account.
fn chosen(associated: Vec<Associated>) -> Option<String> {
    let mut associated = associated.into_iter();
    associated.find(|one| one.is_primary).map(|one| one.id)
}

/// Every living contact role: the opportunity, the contact, and its own id.
pub(crate) fn roles(crm: &Simulator) -> Vec<(String, String, String)> {
    let roles = crm.salesforce.records("OpportunityContactRole").into_iter();
    let mut living: Vec<(String, String, String)> = roles
        .filter(|role| role["IsDeleted"] != json!(true))
        .map(|role| {
            let text = |field: &str| role[field].as_str().unwrap_or_default().to_owned();
            (text("OpportunityId"), text("ContactId"), text("Id"))
        })
        .collect();
    living.sort();
    living
}

fn salesforce(crm: &Simulator, kind: &Kind, gone: bool) -> Vec<One> {
    let (name, object, token, key, parent) = *kind;
    let user = syncline::simulator::salesforce::Settings::default().user_id;
    let roles = roles(crm);
    let records = crm.salesforce.records(name).into_iter();
    records
        .filter(|record| gone || record["IsDeleted"] != json!(true))
        .map(|record| {
            let text = |field: &str| record[field].as_str().map(str::to_owned);
            let shown = |field: &str| text(field).unwrap_or_default();
            let people = roles.iter().filter(|(deal, _, _)| *deal == shown("Id"));
            One {
                people: people.map(|(_, person, _)| person.clone()).collect(),
                side: Side::Salesforce,
                kind: name,
                object,
                id: shown("Id"),
                free: shown(free_field(name)),
                token: shown(token),
                key: shown(key),
                parent: text(parent),
                mark: text("Syncline_HubSpot_Id__c"),
                stamp: shown("SystemModstamp"),
                ours: text("CreatedById") == Some(user.clone()),
                converted: record["IsConverted"] == json!(true),
            }
        })
        .collect()
}
