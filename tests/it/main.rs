//! The one integration-test binary: SQLite is linked once.

mod simulator_salesforce;
