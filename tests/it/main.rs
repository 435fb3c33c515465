//! The one integration-test binary: SQLite is linked once.

mod convert;
mod guard;
mod merge;
mod preflight;
