//! A planned write against the target's schema.
