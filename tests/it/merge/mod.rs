//! The five rules on two records, and the promise that what was written is not written again.

mod model;
mod rules;
mod settles;
