//! One token for all.
