//! The 32 types.
