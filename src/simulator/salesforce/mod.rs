//! The simulated salesforce.
