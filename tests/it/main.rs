//! The one integration-test binary: SQLite is linked once.

mod config;
mod logging;
mod mail;
#[cfg(feature = "e2e")]
mod unit;
