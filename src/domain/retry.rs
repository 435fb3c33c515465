//! When to try again, and what must change first.
