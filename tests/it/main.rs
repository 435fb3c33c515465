//! The one integration-test binary: SQLite is linked once.

mod config;
mod logging;
mod mail;
mod simulator_hubspot;
mod simulator_shell;
mod simulator_smtp;
mod tidy;
#[cfg(feature = "e2e")]
mod unit;
