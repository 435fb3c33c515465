//! The one integration-test binary: SQLite is linked once.

mod crm_hubspot;
mod crm_salesforce;
mod crm_transport;
