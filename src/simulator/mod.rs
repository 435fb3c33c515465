//! Both CRMs as a pure model: a request, the time and the faults in, an answer out.
//!
//! Shares no wire type with the clients, so that a mistake made there cannot cancel itself out here.

pub mod hubspot;
pub mod luck;
pub mod salesforce;
pub mod stamp;
pub mod wire;
