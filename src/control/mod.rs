//! What people can ask for: one function per request; verbs, socket and page are its doors.

pub mod answer;
pub mod deed;
pub mod door;
pub mod reason;
pub mod report;
pub mod request;
pub mod survey;
pub mod vantage;

pub use answer::{Figures, answer, answer_with, figures};
pub use request::{Refusal, Request};
pub use vantage::Vantage;
