//! The planned writes of a day: go or hold.
