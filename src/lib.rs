//! Syncline keeps HubSpot and Salesforce in step, and says plainly what could not be synced and why.
//!
//! The modules stand in the order of their dependencies: each one knows only those above it.
//! `simulator` stands apart: it knows nothing of the daemon, and only `cli` knows it.

pub mod domain;

pub mod clock;
pub mod config;
pub mod logging;
pub mod store;

pub mod annex;
pub mod crm;
pub mod inbox;
pub mod journal;
pub mod mail;

pub mod projections;

pub mod notifier;
pub mod sync;

pub mod control;

pub mod daemon;

pub mod cli;

pub mod simulator;
