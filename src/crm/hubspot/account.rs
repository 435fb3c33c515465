//! The account behind the token, and the people its records can belong to.

use serde_json::Value as Json;

use crate::domain::record::RecordId;

/// A HubSpot account (portal).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its number.
    pub portal: i64,
    /// IANA name of its time zone; its daily limit ends at midnight there.
    pub time_zone: String,
    /// Where people open it: `app.hubspot.com`.
    pub ui_domain: String,
    /// Where its data lies: `na1`, `eu1`.
    pub data_hosting: String,
}

/// Somebody records can belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The owner's id, which is not the user's.
    pub id: RecordId,
    /// Address: how owners are matched.
    pub email: Option<String>,
    /// A person or a queue.
    pub kind: OwnerKind,
    /// Whether it may own records now.
    pub active: bool,
}

/// Who is behind an owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OwnerKind {
    /// A user.
    Person,
    /// A queue, or a kind we do not know.
    Queue,
}

/// A page of owners.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnersPage {
    /// The owners.
    pub owners: Vec<Owner>,
    /// Where the next page begins; `None` on the last one.
    pub after: Option<String>,
}

pub(super) fn account(body: &Json) -> Option<Account> {
    let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
    Some(Account {
        portal: body["portalId"].as_i64()?,
        time_zone: text("timeZone"),
        ui_domain: text("uiDomain"),
        data_hosting: text("dataHostingLocation"),
    })
}

pub(super) fn owners(body: &Json) -> Option<OwnersPage> {
    let owners = body["results"]
        .as_array()?
        .iter()
        .map(owner)
        .collect::<Option<_>>()?;
    Some(OwnersPage {
        owners,
        after: next(body),
    })
}

fn owner(json: &Json) -> Option<Owner> {
    Some(Owner {
        id: RecordId::parse(json["id"].as_str()?).ok()?,
        email: json["email"]
            .as_str()
            .filter(|email| !email.is_empty())
            .map(str::to_owned),
        kind: match json["type"].as_str() {
            Some("PERSON") | None => OwnerKind::Person,
            Some(_) => OwnerKind::Queue,
        },
        active: !json["archived"].as_bool().unwrap_or(false),
    })
}

/// Where the next page begins: `paging` is absent on the last one.
pub(super) fn next(body: &Json) -> Option<String> {
    body["paging"]["next"]["after"].as_str().map(str::to_owned)
}
