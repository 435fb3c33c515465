//! When a digest is due, in the reader's time zone, over clock changes and downtime.

use super::call::keyed;
use serde::{Deserialize, Serialize};

keyed! {
    /// How often somebody is told.
    Frequency {
        /// Within a minute of a change of state.
        Now = "now",
        /// Once a day.
        Daily = "daily",
        /// Once a week.
        Weekly = "weekly",
    }
}
