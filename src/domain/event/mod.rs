//! Every fact the journal can hold.
//!
//! Past-tense facts in a closed enum. They hold ids, codes, names, numbers, keys and hashes, and
//! never a text from a CRM, a mail or a secret. A released kind is never renamed and loses no field.

mod fold;
mod job;
mod payload;
mod word;

pub use fold::*;
pub use job::*;
pub use payload::*;
pub use word::*;

use jiff::tz::TimeZone;

use super::record::{PairIds, PairNumber, Timestamp};
use super::schedule;

/// Why a journal row cannot be read as an event.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// A newer program wrote it.
    #[error(
        "journal holds a {kind:?} of version {v}, which this program does not know; use the newer program that wrote it"
    )]
    Unknown {
        /// The row's kind.
        kind: String,
        /// The row's version.
        v: i64,
    },
    /// The payload does not fit its kind.
    #[error("journal holds a {kind:?} that does not decode: {source}")]
    Payload {
        /// The row's kind.
        kind: String,
        /// What serde says.
        source: serde_json::Error,
    },
}

macro_rules! events {
    ($($(#[$doc:meta])* $variant:ident = $kind:literal),+ $(,)?) => {
        /// One fact. The variant's name and its `kind` mean the same.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Event { $($(#[$doc])* $variant($variant)),+ }

        impl Event {
            /// The stable names of all kinds.
            pub const KINDS: &'static [&'static str] = &[$($kind),+];

            /// The stable name under which it is stored.
            pub fn kind(&self) -> &'static str {
                match self { $(Self::$variant(_) => $kind),+ }
            }

            /// The version of its payload; all are at their first.
            pub fn version(&self) -> i64 {
                1
            }

            /// Its payload as JSON text.
            pub fn payload(&self) -> serde_json::Result<String> {
                match self { $(Self::$variant(payload) => serde_json::to_string(payload)),+ }
            }

            /// The event stored under `kind`, version `v`.
            pub fn decode(kind: &str, v: i64, payload: &str) -> Result<Self, Unreadable> {
                let wrong = |source| Unreadable::Payload { kind: kind.to_owned(), source };
                match (kind, v) {
                    $(($kind, 1) => serde_json::from_str(payload).map(Self::$variant).map_err(wrong),)+
                    (_, _) => Err(Unreadable::Unknown { kind: kind.to_owned(), v }),
                }
            }
        }

        $(impl From<$variant> for Event {
            fn from(payload: $variant) -> Self { Self::$variant(payload) }
        })+
    };
}

events! {
    /// The daemon took up its work.
    DaemonStarted = "daemon_started",
    /// The daemon laid it down.
    DaemonStopped = "daemon_stopped",
    /// The store was bound to two accounts.
    Bound = "bound",
    /// The allocation was set.
    AllocationSet = "allocation_set",
    /// When first loads may spend calls was set.
    BackfillSet = "backfill_set",
    /// Who is told what was set.
    NotificationsSet = "notifications_set",
    /// One object's mapping was set.
    MappingChanged = "mapping_changed",
    /// The catalogue of types changed.
    CatalogueChanged = "catalogue_changed",
    /// Observe or sync was chosen.
    ModeSet = "mode_set",
    /// Calls were taken from the budget, before they were sent.
    CallsSpent = "calls_spent",
    /// Calls were given back because no byte had left.
    CallsReturned = "calls_returned",
    /// A side said how much was used.
    UsageReported = "usage_reported",
    /// An attempt succeeded.
    RecordSynced = "record_synced",
    /// An attempt failed.
    RecordFailed = "record_failed",
    /// A failure that was predicted was sent all the same.
    PredictionTried = "prediction_tried",
    /// A cause got its number.
    CauseNumbered = "cause_numbered",
    /// A record is left out on purpose.
    RecordExcluded = "record_excluded",
    /// A person ended its exclusion.
    RecordIncluded = "record_included",
    /// Two records became a pair.
    RecordLinked = "record_linked",
    /// A pair was taken apart.
    RecordUnlinked = "record_unlinked",
    /// Changes were read up to here.
    CursorMoved = "cursor_moved",
    /// The guard stopped a cycle's writes of one kind.
    CycleHeld = "cycle_held",
    /// A person settled a hold.
    HoldSettled = "hold_settled",
    /// A person accepted that an inclusion list shrank.
    ListAccepted = "list_accepted",
    /// A person asked for records to be tried again.
    ResyncAsked = "resync_asked",
    /// A person works on a cause.
    CauseAcknowledged = "cause_acknowledged",
    /// A person wants to hear no more of a cause.
    CauseMuted = "cause_muted",
    /// A person took one of the two back.
    CauseReleased = "cause_released",
    /// A person paused the writes.
    Paused = "paused",
    /// A person resumed them.
    Resumed = "resumed",
    /// Rows are to be written by a job, before it is asked for.
    JobIntended = "job_intended",
    /// The job is there, and has an id.
    JobOpened = "job_opened",
    /// The job stands elsewhere now.
    JobMoved = "job_moved",
    /// A connection was stopped.
    ConnectionSuspended = "connection_suspended",
    /// A connection works again.
    ConnectionResumed = "connection_resumed",
    /// Both sides' automation rewrites a record in turns.
    LoopFound = "loop_found",
    /// A side's schema changed.
    SchemaChanged = "schema_changed",
    /// A mail's bytes were fixed.
    DigestPlanned = "digest_planned",
    /// A mail was accepted by the server.
    DigestSent = "digest_sent",
    /// A mail was not accepted.
    DigestFailed = "digest_failed",
    /// Old rows were replaced by their sums.
    HistoryFolded = "history_folded",
    /// A record's texts were erased.
    RecordForgotten = "record_forgotten",
}

impl Event {
    /// The two halves the event is about, for events about a record.
    pub fn ids(&self) -> Option<&PairIds> {
        match self {
            Self::RecordSynced(event) => Some(&event.ids),
            Self::RecordFailed(event) => Some(&event.ids),
            Self::PredictionTried(event) => Some(&event.ids),
            Self::RecordExcluded(event) => Some(&event.ids),
            Self::RecordIncluded(event) => Some(&event.ids),
            Self::RecordLinked(event) => Some(&event.ids),
            Self::RecordUnlinked(event) => Some(&event.ids),
            Self::LoopFound(event) => Some(&event.ids),
            Self::DaemonStarted(_)
            | Self::DaemonStopped(_)
            | Self::Bound(_)
            | Self::AllocationSet(_)
            | Self::BackfillSet(_)
            | Self::NotificationsSet(_)
            | Self::MappingChanged(_)
            | Self::CatalogueChanged(_)
            | Self::ModeSet(_)
            | Self::CallsSpent(_)
            | Self::CallsReturned(_)
            | Self::UsageReported(_)
            | Self::CauseNumbered(_)
            | Self::CursorMoved(_)
            | Self::CycleHeld(_)
            | Self::HoldSettled(_)
            | Self::ListAccepted(_)
            | Self::ResyncAsked(_)
            | Self::CauseAcknowledged(_)
            | Self::CauseMuted(_)
            | Self::CauseReleased(_)
            | Self::Paused(_)
            | Self::Resumed(_)
            | Self::JobIntended(_)
            | Self::JobOpened(_)
            | Self::JobMoved(_)
            | Self::ConnectionSuspended(_)
            | Self::ConnectionResumed(_)
            | Self::SchemaChanged(_)
            | Self::DigestPlanned(_)
            | Self::DigestSent(_)
            | Self::DigestFailed(_)
            | Self::HistoryFolded(_)
            | Self::RecordForgotten(_) => None,
        }
    }
}

impl RecordSynced {
    /// Whether it only carried the other side's id: a call, but no change that people count.
    pub fn only_marks(&self) -> bool {
        self.fields.len() == 1 && self.marked == [self.to] && self.action == Action::Updated
    }
}

impl BackfillSet {
    /// Until when first loads wait at `now`; none when they may spend. A zone that this machine
    /// does not know is UTC.
    pub fn closed_until(&self, now: Timestamp) -> Option<Timestamp> {
        match self.when {
            LoadTime::Always => None,
            LoadTime::Night => {
                let zone = schedule::zone(&self.zone).unwrap_or(TimeZone::UTC);
                self.night.begins_at(now, &zone)
            }
        }
    }
}

/// An event in its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its place: orders everything, without a gap that a fold does not name.
    pub seq: i64,
    /// When it was written, for people.
    pub at: Timestamp,
    /// Which holder of the lock wrote it, counted from 1.
    pub run: i64,
    /// The pair it is about.
    pub record: Option<PairNumber>,
    /// The fact.
    pub event: Event,
}
