//! HubSpot and Salesforce: the wire on one side, domain types on the other.
//!
//! Makes exactly one HTTP request per granted call; never retries, pages, sleeps or decides.

pub mod http;
pub mod hubspot;
pub mod salesforce;
pub mod token;
