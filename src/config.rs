//! TOML becomes a Config; every mistake is found and named at once.
