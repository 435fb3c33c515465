//! Records as addresses that people open: both CRMs' pages, as far as the store knows where they are.

use std::collections::BTreeMap;

use super::settings;
use crate::annex;
use crate::domain::record::{ObjectName, PairIds, RecordId, Side};
use crate::store::{Tx, View};

/// `meta` rows with the addresses of both CRMs' pages.
const HUBSPOT: &str = "hubspot_app";
const SALESFORCE: &str = "salesforce_app";

/// `meta` rows with the user whose calls ours are in Salesforce.
const USER_NAME: &str = "salesforce_user_name";
const USER_ID: &str = "salesforce_user_id";

/// HubSpot's page for people, where nothing else is said.
const HUBSPOT_APP: &str = "https://app.hubspot.com";

/// What links are made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links {
    hubspot_app: String,
    salesforce_app: Option<String>,
    portal: Option<i64>,
    /// HubSpot's name or number of each object's type.
    types: BTreeMap<ObjectName, String>,
}

/// Notes where people find the records of `side`: an address without a slash at its end.
pub fn keep(tx: &Tx<'_>, side: Side, app: &str) -> anyhow::Result<()> {
    let name = match side {
        Side::HubSpot => HUBSPOT,
        Side::Salesforce => SALESFORCE,
    };
    annex::set_meta(tx, name, Some(app))
}

/// Notes whose calls ours are in Salesforce: the user's name where the configuration says it, and
/// the id that Salesforce gave with the token.
pub fn keep_user(tx: &Tx<'_>, user: &User<'_>) -> anyhow::Result<()> {
    match user {
        User::Name(name) => annex::set_meta(tx, USER_NAME, *name),
        User::Id(id) => annex::set_meta(tx, USER_ID, Some(id.as_str())),
    }
}

/// What is known of the user whose calls ours are.
#[derive(Debug, Clone, Copy)]
pub enum User<'u> {
    /// The name to log in with; none where the app names the user.
    Name(Option<&'u str>),
    /// The record id.
    Id(&'u RecordId),
}

/// Whose calls ours are in Salesforce: `syncline@acme.example (0055g…)`.
pub fn user(view: &View<'_>) -> anyhow::Result<Option<String>> {
    Ok(
        match (annex::meta(view, USER_NAME)?, annex::meta(view, USER_ID)?) {
            (Some(name), Some(id)) => Some(format!("{name} ({id})")),
            (name, id) => name.or(id),
        },
    )
}

/// Where people open `side`; none before it was reached.
pub fn address(view: &View<'_>, side: Side) -> anyhow::Result<Option<String>> {
    let name = match side {
        Side::HubSpot => HUBSPOT,
        Side::Salesforce => SALESFORCE,
    };
    annex::meta(view, name)
}

impl Links {
    /// What the store knows now.
    pub fn of(view: &View<'_>) -> anyhow::Result<Self> {
        let mappings = settings::mappings(view)?.into_iter();
        let types = mappings
            .map(|setting| setting.event.mapping)
            .map(|mapping| (mapping.object, mapping.hubspot_type))
            .collect();
        let app = annex::meta(view, HUBSPOT)?;
        Ok(Self {
            hubspot_app: app.unwrap_or_else(|| HUBSPOT_APP.to_owned()),
            salesforce_app: annex::meta(view, SALESFORCE)?,
            portal: settings::bound(view)?.map(|bound| bound.event.portal),
            types,
        })
    }

    /// The page of a pair's half; none where the half or its address is not known.
    pub fn record(&self, side: Side, ids: &PairIds) -> Option<String> {
        let id = ids.id(side)?;
        match side {
            Side::HubSpot => {
                let (app, portal) = (&self.hubspot_app, self.portal?);
                let named = self.types.get(&ids.object);
                let number = type_number(named.map_or(ids.object.as_str(), String::as_str))?;
                Some(format!("{app}/contacts/{portal}/record/{number}/{id}"))
            }
            Side::Salesforce => Some(format!("{}/{id}", self.salesforce_app.as_ref()?)),
        }
    }
}

/// HubSpot's number of a type (hubspot.md §3.1): its own types have well-known ones, a portal's own
/// are known only where the configuration names them by it.
fn type_number(named: &str) -> Option<&str> {
    Some(match named {
        "contacts" | "contact" => "0-1",
        "companies" | "company" => "0-2",
        "deals" | "deal" => "0-3",
        "tasks" | "task" => "0-27",
        other if is_number(other) => other,
        _ => return None,
    })
}

fn is_number(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once('-')
        .is_some_and(|(kind, number)| digits(kind) && digits(number))
}
