//! Digests: what a reader is told.
