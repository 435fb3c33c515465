//! The simulated hubspot.
