//! What was read and is not yet concluded.
