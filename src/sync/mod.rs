//! The loops: detect → match → plan → write → conclude.
//!
//! Each loop is a `work` that does all that is due and says when to look again; `daemon` waits and
//! calls. Nothing here waits for a person, holds a transaction over an `.await`, or reads the time
//! other than through the context's clock.

mod allowance;
mod answers;
mod associate;
mod associations;
mod board;
mod conclude;
mod conditions;
mod connection;
mod context;
mod couple;
mod create_fields;
mod cycle;
mod decision;
mod deletion;
mod detect;
mod effects;
mod export;
mod forms;
mod fresh;
mod gate;
mod heirs;
mod helping;
mod inspect;
mod job;
mod left_out;
mod limits;
mod lists;
mod live;
mod loads;
mod loops;
mod matching;
mod metadata;
mod pack;
mod parents;
mod partner;
mod planning;
mod reading;
mod resyncs;
mod retention;
mod retry;
mod roles;
mod schema_changes;
mod scouts;
mod selection;
mod shadow;
mod sift;
mod snapshot;
mod twins;
mod wake;
mod words;
mod write;

pub use board::BoardKeeper;
pub use connection::{Connection, suspension_line};
pub use context::{Bounds, Context, Settings};
pub use create_fields::{Made, PERMISSION_SET, Step, Wanted};
pub use cycle::Writer;
pub use detect::{HubSpotDetector, SalesforceDetector};
pub use inspect::{Inspection, Missed, Sight, SightedForm, SightedObject};
pub use live::{Live, LiveSide, Scarce};
pub use retention::Retention;
pub use retry::{Retrier, release_for_mapping};
pub use wake::{Wake, Wakes};
