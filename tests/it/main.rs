//! The one integration-test binary: SQLite is linked once.
#[cfg(feature = "e2e")]
mod e2e_clients;
mod simulator_demo;
mod simulator_hubspot;
mod simulator_salesforce;
mod simulator_shell;
mod simulator_smtp;
mod simulator_speed;
mod tidy;
