//! What Syncline knows and decides: pure values and synchronous functions.
//!
//! No clock, no I/O, no async, no tracing, no SQL. Time and luck come in as arguments.

pub mod attempt;
pub mod board;
pub mod budget;
pub mod call;
pub mod catalogue;
pub mod cause;
pub mod classify;
pub mod convert;
pub mod digest;
pub mod event;
pub mod failure;
pub mod fingerprint;
pub mod fitness;
pub mod forecast;
pub mod guard;
pub mod handover;
pub mod label;
pub mod load;
pub mod mapping;
pub mod merge;
pub mod ping_pong;
pub mod plan;
pub mod preflight;
pub mod record;
pub mod retry;
pub mod schedule;
pub mod schema;
