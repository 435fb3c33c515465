//! The one integration-test binary: SQLite is linked once.

#![expect(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a helper of a test fails like the test itself, and looks at one variant of many"
)]

mod answers;
mod attempt;
mod budget;
mod calls;
mod catalogue;
mod causes;
mod classify;
mod config;
mod convert;
mod crm_hubspot;
mod crm_salesforce;
mod crm_transport;
mod deeds;
mod digest;
#[cfg(feature = "e2e")]
mod e2e_clients;
#[cfg(feature = "e2e")]
mod e2e_mail;
mod facts;
mod fitness;
mod guard;
mod inbox;
mod journal;
mod loads;
mod logging;
mod mail;
mod merge;
mod notifier;
mod objects;
mod on_the_wire;
mod origin;
mod preflight;
mod process;
mod projections;
mod records;
mod render;
mod retry;
mod schedule;
mod silence;
mod simulator_crowd;
mod simulator_demo;
mod simulator_hubspot;
mod simulator_salesforce;
mod simulator_shell;
mod simulator_smtp;
mod status;
mod steady;
mod store;
mod tidy;
mod trials;
#[cfg(feature = "e2e")]
mod unit;
mod volume;
mod zones;
