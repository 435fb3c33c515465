//! Syncline keeps HubSpot and Salesforce in step, and says plainly what could not be synced and why.
//!
//! The modules stand in the order of their dependencies: each one knows only those above it.
//! `simulator` stands apart: it knows nothing of the daemon, and only `cli` knows it.

pub mod simulator;
