//! What changed, told to a reader.
