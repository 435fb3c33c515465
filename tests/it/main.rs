//! The one integration-test binary: SQLite is linked once.

mod inbox;
mod journal;
mod projections;
mod store;
