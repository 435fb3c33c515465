//! What a call to a CRM is spent for: its lane (why) and its operation (what).

use serde::{Deserialize, Serialize};

macro_rules! keyed {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $key:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// Every one, in the order of importance.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Stable key used in tables, listings and JSON.
            pub fn key(self) -> &'static str {
                match self { $(Self::$variant => $key),+ }
            }

            /// The one named by a stable key.
            pub fn from_key(key: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.key() == key)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str(self.key())
            }
        }
    };
}
pub(crate) use keyed;

keyed! {
    /// Why a call is spent. A row keeps its lane through match, write and later pages.
    Lane {
        /// A change of today.
        Live = "live",
        /// A parent that children wait for.
        Parent = "parent",
        /// Looking for changes.
        Detect = "detect",
        /// Describing objects.
        Metadata = "metadata",
        /// A person asked.
        Resync = "resync",
        /// A failure tried again, a probe.
        Retry = "retry",
        /// A first load.
        Backfill = "backfill",
    }
}

keyed! {
    /// What a call does.
    Operation {
        /// Reads changed records, first page.
        Poll = "poll",
        /// A further page of what was begun.
        Page = "page",
        /// Lists ids and stamps to find late commits.
        Listing = "listing",
        /// Creates a Bulk job, or looks where it stands; its result is read by pages.
        Bulk = "bulk",
        /// Looks for partners by key, or re-reads records.
        Match = "match",
        /// Writes records.
        Write = "write",
        /// Writes many records by a job: creates it, hands it its rows, looks at it, fetches what
        /// became of them.
        Load = "load",
        /// Describes an object, lists properties or owners.
        Describe = "describe",
        /// Asks for limits or account details.
        Limits = "limits",
        /// Fetches a token: free.
        Token = "token",
        /// Asks for the versions: free.
        Versions = "versions",
    }
}
