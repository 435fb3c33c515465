//! The one integration-test binary: SQLite is linked once.

mod budget;
mod catalogue;
mod classify;
mod config;
mod convert;
mod crm_hubspot;
mod crm_salesforce;
mod crm_transport;
mod digest;
#[cfg(feature = "e2e")]
mod e2e_clients;
mod guard;
mod inbox;
mod journal;
mod logging;
mod mail;
mod merge;
mod preflight;
mod process;
mod projections;
mod retry;
mod schedule;
mod simulator_demo;
mod simulator_hubspot;
mod simulator_salesforce;
mod simulator_shell;
mod simulator_smtp;
mod store;
mod tidy;
#[cfg(feature = "e2e")]
mod unit;
