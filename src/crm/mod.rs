//! HubSpot and Salesforce: the wire on one side, domain types on the other.
//!
//! Makes exactly one HTTP request per granted call; never retries, pages, sleeps or decides.

pub mod http;
pub mod hubspot;
mod network;
pub mod salesforce;
mod source;
pub mod token;
mod values;

pub use source::Source;
