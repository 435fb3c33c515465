//! The one integration-test binary: SQLite is linked once.

mod budget;
mod digest;
mod schedule;
