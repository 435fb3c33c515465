//! The one integration-test binary: SQLite is linked once.

mod catalogue;
mod classify;
mod retry;
