//! Every fact the journal can hold.
//!
//! Past-tense facts in a closed enum. They hold ids, codes, names, numbers, keys and hashes, and
//! never a text from a CRM, a mail or a secret. A released kind is never renamed and loses no field.

use serde::{Deserialize, Serialize};

use super::call::{Lane, Operation, keyed};
use super::cause::Fingerprint;
use super::failure::{Failure, TextKey};
use super::mapping::Mapping;
use super::record::{FieldName, ObjectName, PairIds, PairNumber, RecordId, Side, Timestamp};
use super::schedule::Frequency;

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
    /// A cause got its number.
    CauseNumbered = "cause_numbered",
    /// A record is left out on purpose.
    RecordExcluded = "record_excluded",
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
    /// A person paused the writes.
    Paused = "paused",
    /// A person resumed them.
    Resumed = "resumed",
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
            Self::RecordExcluded(event) => Some(&event.ids),
            Self::RecordLinked(event) => Some(&event.ids),
            Self::RecordUnlinked(event) => Some(&event.ids),
            Self::LoopFound(event) => Some(&event.ids),
            Self::DaemonStarted(_)
            | Self::DaemonStopped(_)
            | Self::Bound(_)
            | Self::AllocationSet(_)
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
            | Self::Paused(_)
            | Self::Resumed(_)
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

macro_rules! payloads {
    ($($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident : $type:ty),* $(,)? })+) => {
        $($(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        pub struct $name { $($(#[$fdoc])* pub $field: $type),* })+
    };
}

payloads! {
    /// Payload of `daemon_started`.
    DaemonStarted {
        /// The program's version.
        version: String,
        /// Digest of the configuration in force.
        config: String,
        /// Digest of the catalogue in force.
        catalogue: String,
    }
    /// Payload of `daemon_stopped`.
    DaemonStopped {
        /// `signal`, `once`, or a code.
        why: String,
    }
    /// Payload of `bound`.
    Bound {
        /// HubSpot portal id.
        portal: i64,
        /// Salesforce organisation id, 18 characters.
        org: RecordId,
    }
    /// Payload of `allocation_set`.
    AllocationSet {
        /// Calls to Salesforce in any rolling 24 h.
        allocation: u64,
        /// Percent of the org's own limit that is left to everybody else.
        reserve_percent: u8,
        /// Who set it.
        by: By,
    }
    /// Payload of `notifications_set`: the whole setting.
    NotificationsSet {
        /// Everybody who is told something.
        recipients: Vec<RecipientSetting>,
        /// Who set it.
        by: By,
    }
    /// Payload of `mapping_changed`.
    MappingChanged {
        /// The whole mapping now in force.
        mapping: Mapping,
        /// Who set it.
        by: By,
    }
    /// Payload of `catalogue_changed`.
    CatalogueChanged {
        /// Digest of the catalogue now in force.
        digest: String,
    }
    /// Payload of `mode_set`.
    ModeSet {
        /// Observe or sync.
        mode: Mode,
        /// Who set it.
        by: By,
    }
    /// Payload of `calls_spent`.
    CallsSpent {
        /// Whose API.
        side: Side,
        /// What for.
        operation: Operation,
        /// Why.
        lane: Lane,
        /// Which object, when it is about one.
        object: Option<ObjectName>,
        /// How many the other side counts; 0 for versions and token.
        calls: u64,
        /// Records it carries.
        records: u64,
        /// When it leaves the window, on that side's clock (Unix ms).
        until: Timestamp,
    }
    /// Payload of `calls_returned`.
    CallsReturned {
        /// The `calls_spent` it takes back.
        spent: i64,
        /// How many.
        calls: u64,
    }
    /// Payload of `usage_reported`.
    UsageReported {
        /// Whose API.
        side: Side,
        /// Calls used in that side's own window, by everybody.
        used: u64,
        /// That side's own ceiling.
        limit: u64,
    }
    /// Payload of `record_synced`.
    RecordSynced {
        /// Both halves as known after it.
        ids: PairIds,
        /// The side written to.
        to: Side,
        /// What was done.
        action: Action,
        /// Fields written, by the target's names.
        fields: Vec<FieldName>,
        /// Fingerprints that moved.
        moved: Vec<Moved>,
        /// Fields in which a change on both sides lost against the other.
        lost: Vec<FieldName>,
        /// Fields left out of the write.
        withheld: Vec<FieldName>,
        /// The write's span on the target's clock, when the target has not yet shown the result.
        provisional: Option<Span>,
        /// Sides on which the record is now known to carry the other's id.
        marked: Vec<Side>,
        /// Why it was tried.
        lane: Lane,
        /// The attempt's number since the last success or change of the source, from 1.
        attempt: u32,
    }
    /// Payload of `record_failed`.
    RecordFailed {
        /// The halves known.
        ids: PairIds,
        /// The side that was to be written.
        to: Side,
        /// What was to be done.
        action: Action,
        /// What was wrong, at least one.
        failures: Vec<Failure>,
        /// How it is known.
        known: Known,
        /// Why it was tried.
        lane: Lane,
        /// The attempt's number since the last success or change of the source, from 1; 0 when predicted.
        attempt: u32,
        /// The seq of the resync it serves.
        ask: Option<i64>,
    }
    /// Payload of `cause_numbered`.
    CauseNumbered {
        /// The number people see: `C-41`.
        number: i64,
        /// What it stands for.
        fingerprint: Fingerprint,
    }
    /// Payload of `record_excluded`.
    RecordExcluded {
        /// The halves known.
        ids: PairIds,
        /// Why.
        why: Excluded,
    }
    /// Payload of `record_linked`.
    RecordLinked {
        /// Both halves.
        ids: PairIds,
        /// The number given up when both halves had one.
        absorbed: Option<PairNumber>,
        /// How they were found to belong together.
        why: Linked,
    }
    /// Payload of `record_unlinked`.
    RecordUnlinked {
        /// Both halves as they were.
        ids: PairIds,
        /// Why.
        why: Excluded,
    }
    /// Payload of `cursor_moved`.
    CursorMoved {
        /// Whose changes.
        side: Side,
        /// Which object.
        object: ObjectName,
        /// Everything before this was read.
        position: Position,
        /// How many records the page brought.
        records: u64,
    }
    /// Payload of `cycle_held`.
    CycleHeld {
        /// The number people see: `H-7`.
        hold: i64,
        /// Which object.
        object: ObjectName,
        /// The side that was to be written.
        to: Side,
        /// The kind of write.
        action: Action,
        /// How many records.
        records: u64,
        /// The limit that was passed.
        limit: u64,
        /// The field that all of them concern, when it is one only.
        field: Option<FieldName>,
    }
    /// Payload of `hold_settled`.
    HoldSettled {
        /// Which hold.
        hold: i64,
        /// Approved or dropped.
        approved: bool,
        /// How many records.
        records: u64,
        /// Who decided.
        by: By,
    }
    /// Payload of `paused`.
    Paused {
        /// Who paused.
        by: By,
    }
    /// Payload of `resumed`.
    Resumed {
        /// Who resumed.
        by: By,
    }
    /// Payload of `connection_suspended`.
    ConnectionSuspended {
        /// Which connection.
        side: Side,
        /// Why.
        reason: Suspension,
        /// HTTP status of the refusal, 0 for none.
        status: u16,
        /// The raw code of the refusal.
        code: String,
    }
    /// Payload of `connection_resumed`.
    ConnectionResumed {
        /// Which connection.
        side: Side,
    }
    /// Payload of `loop_found`.
    LoopFound {
        /// Both halves.
        ids: PairIds,
        /// HubSpot's name of the field that swings.
        field: FieldName,
    }
    /// Payload of `schema_changed`.
    SchemaChanged {
        /// Whose schema.
        side: Side,
        /// Which object.
        object: ObjectName,
        /// What changed.
        changes: Vec<SchemaChange>,
    }
    /// Payload of `digest_planned`.
    DigestPlanned {
        /// The slot it fills.
        slot: Slot,
        /// First and last seq it covers.
        covers: (i64, i64),
        /// What it tells.
        told: Vec<Told>,
        /// Its Message-ID, without angle brackets.
        message_id: String,
        /// Key of its bytes in `mails`.
        mail: TextKey,
    }
    /// Payload of `digest_sent`.
    DigestSent {
        /// Which mail.
        message_id: String,
        /// Which try, from 1.
        attempt: u32,
    }
    /// Payload of `digest_failed`.
    DigestFailed {
        /// Which mail.
        message_id: String,
        /// Which try, from 1.
        attempt: u32,
        /// How far the dialogue came.
        stage: Stage,
        /// The server's reply code, 0 for none.
        code: u16,
        /// Whether it is tried again.
        again: bool,
    }
    /// Payload of `history_folded`.
    HistoryFolded {
        /// First and last seq of the rows replaced.
        range: (i64, i64),
        /// How many rows they were.
        rows: u64,
        /// SHA-256 over them, hexadecimal.
        sha256: String,
        /// The checksum after the last of them, which the chain goes on from.
        crc: i64,
    }
    /// Payload of `record_forgotten`.
    RecordForgotten {
        /// The types its errors had, so that a blanked text keeps its type.
        types: Vec<String>,
    }
    /// One field's fingerprints after an attempt; `None` where a side's did not move.
    Moved {
        /// HubSpot's name of the field.
        field: FieldName,
        /// Of HubSpot's value.
        hubspot: Option<ValuePrint>,
        /// Of Salesforce's value.
        salesforce: Option<ValuePrint>,
    }
    /// A span on one side's clock.
    Span {
        /// Before the request was sent.
        from: Timestamp,
        /// After the answer came.
        to: Timestamp,
    }
    /// A place in a side's changes.
    Position {
        /// Everything modified before this instant was read.
        stamp: Timestamp,
        /// Of those modified at this instant, everything up to this id.
        id: Option<RecordId>,
    }
    /// One recipient's setting; the address stands in `recipients` under the key.
    RecipientSetting {
        /// Key into `recipients`.
        recipient: i64,
        /// Told within a minute.
        immediately: bool,
        /// Scheduled digests, each a schedule in the recipient's zone.
        schedules: Vec<Scheduled>,
        /// IANA time zone.
        zone: String,
        /// Only causes that these can fix; empty for all.
        who_fixes: Vec<String>,
        /// Only these objects; empty for all.
        objects: Vec<ObjectName>,
        /// Only these types (slugs); empty for all.
        types: Vec<String>,
    }
    /// One scheduled digest.
    Scheduled {
        /// Daily or weekly.
        frequency: Frequency,
        /// A cron expression of six fields.
        cron: String,
    }
    /// One recipient's one due mail.
    Slot {
        /// Key into `recipients`.
        recipient: i64,
        /// Daily, weekly, or at once.
        frequency: Frequency,
        /// Nominal local time and zone (`2026-11-17T08:00[Europe/Rome]`), or the seq that opened the gathering.
        due: String,
    }
}

/// A keyed 64-bit hash of a value's canonical form, written as `scheme:hex`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ValuePrint(pub i64);

keyed! {
    /// What a write does.
    Action {
        /// A record was made.
        Created = "created",
        /// Values were changed.
        Updated = "updated",
        /// Values were emptied.
        Blanked = "blanked",
        /// A record was deleted.
        Deleted = "deleted",
        /// Records were associated.
        Associated = "associated",
        /// Nothing was written: both sides agree. Not counted as synced.
        Agreed = "agreed",
    }
}

keyed! {
    /// How a failure is known.
    Known {
        /// A call was made and answered.
        Answered = "answered",
        /// Checked before any automation, against fresh metadata.
        Certain = "certain",
        /// Expected, not proven.
        Likely = "likely",
    }
}

keyed! {
    /// Whether anything is written.
    Mode {
        /// Nothing is written; what would be is counted.
        Observe = "observe",
        /// Changes are written.
        Sync = "sync",
    }
}

keyed! {
    /// Why a connection stands still.
    Suspension {
        /// The credentials are refused.
        Credentials = "credentials",
        /// The API is switched off for us.
        ApiDisabled = "api_disabled",
        /// The org's own limit is used up.
        OrgLimit = "org_limit",
        /// The answers come from another account than the store's.
        OtherAccount = "other_account",
        /// The fields that make creation idempotent are missing.
        FieldsMissing = "fields_missing",
    }
}

keyed! {
    /// Why a record is left out or a pair taken apart.
    Excluded {
        /// The selection's condition.
        Condition = "condition",
        /// It has no key to be matched by.
        NoKey = "no_key",
        /// It was deleted.
        Deleted = "deleted",
        /// Several partners have its key.
        Ambiguous = "ambiguous",
        /// The other side may not get new records.
        Creation = "creation",
        /// A person decided.
        Operator = "operator",
    }
}

keyed! {
    /// How two records were found to belong together.
    Linked {
        /// One carries the other's id.
        Id = "id",
        /// They share the key (contacts: the e-mail).
        Key = "key",
        /// One was created for the other.
        Created = "created",
        /// A person decided.
        Operator = "operator",
    }
}

keyed! {
    /// How far a mail's dialogue came.
    Stage {
        /// No connection.
        Connect = "connect",
        /// Greeting, TLS, login.
        Hello = "hello",
        /// Sender or recipient.
        Envelope = "envelope",
        /// The content was sent; the server may have it.
        Data = "data",
    }
}

/// Who changed something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The configuration file.
    Configuration,
    /// A person at the command line: the user id the kernel named.
    Operator(u32),
}

/// One difference between two readings of a schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SchemaChange {
    /// A field appeared.
    FieldAdded(FieldName),
    /// A field is no longer shown.
    FieldRemoved(FieldName),
    /// A list gained choices; how many.
    ChoicesAdded(FieldName, u32),
    /// A list lost choices; how many.
    ChoicesRemoved(FieldName, u32),
    /// Type, length, permission or another line of the field changed.
    FieldChanged(FieldName),
}

/// One thing a mail tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// A cause's state and number of records.
    Cause(i64, CauseState, u64),
    /// A connection stands still.
    Suspended(Side),
    /// A connection works again.
    Resumed(Side),
    /// A hold waits for a person.
    Held(i64),
    /// The budget is used up.
    BudgetExhausted,
    /// The budget frees again.
    BudgetFrees,
}

keyed! {
    /// What became of a cause.
    CauseState {
        /// Seen for the first time.
        Opened = "opened",
        /// Three times as many records as last told, and at least 20 more.
        Grew = "grew",
        /// Resolved once and back.
        Back = "back",
        /// No record fails by it any more.
        Resolved = "resolved",
    }
}
