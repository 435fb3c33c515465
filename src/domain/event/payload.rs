//! What each kind of event carries.

use serde::{Deserialize, Serialize};

use super::{
    Action, By, Excluded, Known, Linked, LoadTime, Mode, Remark, SchemaChange, Scope, Stage,
    Suspension, Told, ValuePrint,
};
use crate::domain::budget::Night;
use crate::domain::call::{Lane, Operation};
use crate::domain::cause::Fingerprint;
use crate::domain::failure::{Failure, TextKey};
use crate::domain::forecast::Foretold;
use crate::domain::mapping::Mapping;
use crate::domain::record::{
    FieldName, ObjectName, PairIds, PairNumber, RecordId, Side, Timestamp,
};
use crate::domain::schedule::Frequency;

macro_rules! payloads {
    ($($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident : $type:ty),* $(,)? })+) => {
        $($(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        pub struct $name { $($(#[$fdoc])* pub $field: $type),* })+
    };
}
pub(super) use payloads;

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
    /// Payload of `backfill_set`: the whole setting.
    BackfillSet {
        /// At any time, or at night only.
        when: LoadTime,
        /// What night is.
        night: Night,
        /// In which IANA time zone.
        zone: String,
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
        /// How long after the source's last change it was written, in milliseconds, where nothing
        /// but Syncline was waited for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        way_ms: Option<i64>,
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
        /// The seq of the `calls_spent` whose call brought it; none where it was predicted, or came
        /// by a job, or by several calls.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        call: Option<i64>,
    }
    /// Payload of `prediction_tried`; what the answer was stands in the entry about the attempt.
    PredictionTried {
        /// The pair.
        ids: PairIds,
        /// The side that was written.
        to: Side,
        /// What was predicted.
        foretold: Vec<Foretold>,
        /// Whether the write was accepted all the same.
        accepted: bool,
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
    /// Payload of `record_included`.
    RecordIncluded {
        /// The halves known.
        ids: PairIds,
        /// Who decided.
        by: By,
    }
    /// Payload of `record_linked`.
    RecordLinked {
        /// Both halves.
        ids: PairIds,
        /// The number given up when both halves had one.
        absorbed: Option<PairNumber>,
        /// How they were found to belong together.
        why: Linked,
        /// Fingerprints of the fields in which nothing is to be done, as both showed them then.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        moved: Vec<Moved>,
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
    /// Payload of `list_accepted`.
    ListAccepted {
        /// Whose inclusion list.
        object: ObjectName,
        /// How many of its members may leave.
        left: u64,
        /// Who decided.
        by: By,
    }
    /// Payload of `resync_asked`.
    ResyncAsked {
        /// What.
        scope: Scope,
        /// How many records that were.
        records: u64,
        /// The price announced, in calls to Salesforce.
        calls: u64,
        /// Who asked.
        by: By,
    }
    /// Payload of `cause_acknowledged`.
    CauseAcknowledged {
        /// The cause's number.
        number: i64,
        /// Records that failed by it then: what its growth is measured from.
        records: u64,
        /// Key of what the person noted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<TextKey>,
        /// When it ends by itself; none lasts until the cause grows, comes back, or it is taken back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
        /// Who said so.
        by: By,
    }
    /// Payload of `cause_muted`.
    CauseMuted {
        /// The cause's number.
        number: i64,
        /// Records that failed by it then: what its growth is measured from.
        records: u64,
        /// Key of what the person noted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<TextKey>,
        /// When it ends by itself; none lasts until the cause grows, comes back, or it is taken back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
        /// Who said so.
        by: By,
    }
    /// Payload of `cause_released`.
    CauseReleased {
        /// The cause's number.
        number: i64,
        /// What is taken back.
        remark: Remark,
        /// Who took it back.
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
        /// Whether nothing is mailed, though the rest is kept.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        off: bool,
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
