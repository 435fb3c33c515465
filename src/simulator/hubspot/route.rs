//! A method and a path to what is asked for, in every generation of paths HubSpot serves at once.
//!
//! Knows the shape of addresses and nothing of what they do.

use super::association::address::Address;
use super::list::address::Address as ListAddress;
use super::pipeline::answer::Ask as PipelineAsk;
use crate::simulator::wire::percent_decode;

/// Which family of paths a call came by; bodies are the same, some rules are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generation {
    /// `/crm/v3/…`, `/crm/v4/…`
    Legacy,
    /// `/crm/objects/2026-03/…`
    March2026,
    /// `/crm/objects/2026-09/…`: rules set by administrators bind API writes, dates are normalised.
    September2026,
}

/// What a call asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// Records of the named type.
    Objects(String, Ask),
    /// Which records belong together.
    Associations(Address),
    /// Property definitions of the named type; `None` is the whole list.
    Properties(String, Option<String>),
    /// Pipelines of the named type.
    Pipelines(String, PipelineAsk),
    /// Definitions of custom types; `None` is the list.
    Schemas(Option<String>),
    /// Lists and their members.
    Lists(ListAddress),
    /// Owners; `None` is the list.
    Owners(Option<String>),
    /// `/account-info/…/details`
    AccountDetails,
    /// `/account-info/…/api-usage/daily/private-apps`
    DailyUsage,
    /// `/oauth/…/token`
    Token,
}

/// What is asked of records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// The collection itself: list or create.
    Collection,
    /// One record by id or `idProperty`.
    One(String),
    /// `batch/…`
    Batch(Batch),
    /// `search`
    Search,
    /// `merge`
    Merge,
}

/// The five batch endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Batch {
    /// `batch/read`
    Read,
    /// `batch/create`
    Create,
    /// `batch/update`
    Update,
    /// `batch/upsert`
    Upsert,
    /// `batch/archive`
    Archive,
}

/// `None` is a path that nothing answers.
pub fn parse(path: &str) -> Option<(Generation, Route)> {
    let parts: Vec<String> = path
        .split('/')
        .filter(|part| !part.is_empty())
        .map(percent_decode)
        .collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    match parts.as_slice() {
        ["crm", "v4", "associations", rest @ ..] | ["crm", "associations", "v4", rest @ ..] => {
            let address = Address::between(rest)?;
            Some((Generation::Legacy, Route::Associations(address)))
        }
        ["crm", "v4", "objects", rest @ ..] => {
            let address = Address::of_record(rest)?;
            Some((Generation::Legacy, Route::Associations(address)))
        }
        ["crm", "v3", "objects", _, _, "associations", ..] => {
            let address = Address::of_record_v3(&parts[3..])?;
            Some((Generation::Legacy, Route::Associations(address)))
        }
        ["crm", "v3", area, rest @ ..] => Some((Generation::Legacy, crm(area, rest)?)),
        ["crm", area, version, rest @ ..] => Some((dated(version)?, crm(area, rest)?)),
        ["crm-object-schemas", version, rest @ ..] => {
            Some((old_or_dated(version)?, crm("schemas", schemas(rest)?)?))
        }
        ["account-info", version, rest @ ..] => Some((old_or_dated(version)?, account(rest)?)),
        ["oauth", "v1" | "v3", "token"] => Some((Generation::Legacy, Route::Token)),
        ["oauth", version, "token"] => Some((dated(version)?, Route::Token)),
        _ => None,
    }
}

fn old_or_dated(version: &str) -> Option<Generation> {
    match version {
        "v3" => Some(Generation::Legacy),
        version => dated(version),
    }
}

// `/crm-object-schemas/{version}/schemas/…` is also `/crm/{version}/schemas/…` [S][D].
fn schemas<'a>(rest: &'a [&'a str]) -> Option<&'a [&'a str]> {
    match rest {
        ["schemas", rest @ ..] => Some(rest),
        _ => None,
    }
}

fn dated(version: &str) -> Option<Generation> {
    match version {
        "2026-03" => Some(Generation::March2026),
        "2026-09" => Some(Generation::September2026),
        _ => None,
    }
}

fn crm(area: &str, rest: &[&str]) -> Option<Route> {
    match (area, rest) {
        ("objects", [_, _, "associations", ..]) => {
            Address::of_record(rest).map(Route::Associations)
        }
        ("associations", rest) => Address::between(rest).map(Route::Associations),
        ("limits", ["associations", "records", "from"]) => {
            Some(Route::Associations(Address::AtLimit))
        }
        ("limits", ["associations", "records", from, to]) => {
            let (from, to) = ((*from).to_owned(), (*to).to_owned());
            Some(Route::Associations(Address::Limit { from, to }))
        }
        ("objects", [object, rest @ ..]) => Some(Route::Objects((*object).to_owned(), ask(rest)?)),
        ("properties", [object]) => Some(Route::Properties((*object).to_owned(), None)),
        ("properties", [object, name]) => Some(Route::Properties(
            (*object).to_owned(),
            Some((*name).to_owned()),
        )),
        ("pipelines", [object, rest @ ..]) => {
            let ask = PipelineAsk::parse(rest)?;
            Some(Route::Pipelines((*object).to_owned(), ask))
        }
        ("schemas", []) => Some(Route::Schemas(None)),
        ("schemas", [name]) => Some(Route::Schemas(Some((*name).to_owned()))),
        ("lists", rest) => ListAddress::parse(rest).map(Route::Lists),
        ("owners", []) => Some(Route::Owners(None)),
        ("owners", [id]) => Some(Route::Owners(Some((*id).to_owned()))),
        _ => None,
    }
}

fn ask(rest: &[&str]) -> Option<Ask> {
    match rest {
        [] => Some(Ask::Collection),
        ["search"] => Some(Ask::Search),
        ["merge"] => Some(Ask::Merge),
        ["batch", kind] => batch(kind).map(Ask::Batch),
        [id] => Some(Ask::One((*id).to_owned())),
        _ => None,
    }
}

fn batch(kind: &str) -> Option<Batch> {
    match kind {
        "read" => Some(Batch::Read),
        "create" => Some(Batch::Create),
        "update" => Some(Batch::Update),
        "upsert" => Some(Batch::Upsert),
        "archive" => Some(Batch::Archive),
        _ => None,
    }
}

fn account(rest: &[&str]) -> Option<Route> {
    match rest {
        ["details"] => Some(Route::AccountDetails),
        ["api-usage", "daily", "private-apps"] => Some(Route::DailyUsage),
        _ => None,
    }
}
