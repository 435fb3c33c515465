//! HubSpot's CRM API: one method, one HTTP request.

mod account;
mod answer;
mod associations;
mod client;
mod limits;
mod lists;
mod pages;
mod paths;
mod pipelines;
mod read;
mod rows;
mod schema;
mod setup;
mod write;

pub use account::{Account, Owner, OwnerKind, OwnersPage};
pub use associations::{
    ASSOCIATIONS_READ_MAX, ASSOCIATIONS_WRITE_MAX, Associated, AssociationsPage, Link, LinkOutcome,
    has_primary,
};
pub use client::{HubSpot, HubSpotSettings};
pub use limits::RecordsAtLimit;
pub use lists::{List, ListBy, MEMBERS_MAX, MembersPage};
pub use pages::{LIST_MAX, ListPage, SEARCH_MAX, Search, SearchPage};
pub use paths::{ApiVersion, BASE};
pub use read::{HISTORY_MAX, Keys, READ_MAX, Read};
pub use write::{HubSpotOperation, HubSpotRow, RowOutcome, WRITE_MAX};
