//! How much of the daemon is known beside the store, by who answers.

use crate::domain::record::Side;
use crate::sync::{Live, LiveSide};

/// Where an answer is given.
#[derive(Debug, Clone)]
pub enum Vantage {
    /// In the daemon itself.
    Daemon {
        /// What its loops know.
        live: Live,
        /// Whether the disk is full, so that new work waits.
        out_of_room: bool,
    },
    /// Beside a daemon that runs and was not asked.
    Beside,
    /// With no daemon running.
    Alone,
}

impl Vantage {
    /// What the loops know, where they can be asked.
    pub(super) fn live(&self) -> Option<&Live> {
        match self {
            Self::Daemon { live, .. } => Some(live),
            Self::Beside | Self::Alone => None,
        }
    }

    /// One side's server, as far as it is known.
    pub(super) fn side(&self, side: Side) -> LiveSide {
        let known = self.live().and_then(|live| live.sides.get(&side));
        known.copied().unwrap_or_default()
    }

    /// Whether a daemon runs at all.
    pub(super) fn runs(&self) -> bool {
        match self {
            Self::Daemon { .. } | Self::Beside => true,
            Self::Alone => false,
        }
    }
}
