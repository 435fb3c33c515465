//! The one integration-test binary: SQLite is linked once.

mod budget;
mod calls;
mod catalogue;
mod classify;
mod config;
mod convert;
mod digest;
mod guard;
mod inbox;
mod journal;
mod logging;
mod mail;
mod merge;
mod preflight;
mod projections;
mod retry;
mod schedule;
mod simulator_demo;
mod simulator_hubspot;
mod simulator_salesforce;
mod simulator_shell;
mod simulator_smtp;
mod simulator_speed;
mod store;
mod tidy;
#[cfg(feature = "e2e")]
mod unit;
