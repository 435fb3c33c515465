//! Every object and every awkward fact of two CRMs, told as what happened on one side, what stands
//! on the other, and what the journal says.

#![expect(
    clippy::unwrap_used,
    reason = "what a test sets up must work, and says so when it does not"
)]

mod custom;
mod deletions;
mod former;
mod knots;
mod leads;
mod likely;
mod limits;
mod loops;
mod merges;
mod observe;
mod parents;
mod places;
mod record_types;
mod rest;
mod resyncs;
mod retries;
mod roles;
mod schema;
mod selection;
mod shadow;
mod shown;
mod standard;
pub(crate) mod story;
mod sweeps;
mod twins;

use story::Story;

/// Everything that has a standard mapping.
pub(crate) const ALL: &str =
    "[objects.company]\n[objects.contact]\n[objects.deal]\n[objects.task]\n";
