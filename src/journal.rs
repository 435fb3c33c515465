//! The append-only journal. Knows where facts are kept, not what they mean.
