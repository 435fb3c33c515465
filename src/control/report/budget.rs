//! The allocation and its use.

use serde::{Deserialize, Serialize};

use crate::domain::event::LoadTime;
use crate::domain::record::{ObjectName, Timestamp};

reports! {
    /// Use of Salesforce calls in the last 24 h.
    CallsLine {
        /// Ours.
        used: u64,
        /// Allowed to us: what was set, or less where Salesforce's own limit leaves less.
        allocation: u64,
        /// Everybody's, as Salesforce said.
        org_used: Option<u64>,
        /// Salesforce's own ceiling.
        org_limit: Option<u64>,
        /// Ours by lane.
        lanes: Vec<(String, u64)>,
        /// Ours in the last hour.
        last_hour: u64,
        /// When first loads may spend.
        backfill: BackfillLine,
    }
    /// When first loads may spend.
    BackfillLine {
        /// At any time, or at night only.
        when: LoadTime,
        /// What night is: `22:00-06:00`.
        night: String,
        /// In which zone.
        zone: String,
        /// Until when they wait; none when they may spend now.
        opens_at: Option<Timestamp>,
        /// Changes that were put off until then, or wait for calls.
        deferred: u64,
    }
    /// The allocation and its use.
    BudgetUse {
        /// When this was true.
        at: Timestamp,
        /// The figures.
        calls: CallsLine,
        /// What was set, which Salesforce's own limit may cap.
        set: u64,
        /// Who set it: `configuration`, or a user's number.
        set_by: String,
        /// When; none before anybody did.
        set_at: Option<Timestamp>,
        /// Percent left to everybody else.
        reserve_percent: u8,
        /// Ours by operation.
        operations: Vec<(String, u64)>,
        /// Ours by object; what concerns several under no name.
        objects: Vec<(Option<ObjectName>, u64)>,
        /// The same by lane, operation and object.
        parts: Vec<CallsPart>,
        /// What the dearest causes cost.
        causes: Vec<CauseCalls>,
        /// Ours per hour, the oldest of 24 first.
        hours: Vec<u64>,
        /// Ours per 24 hours, the oldest of 30 first.
        days: Vec<u64>,
        /// When the allocation is used up at the last hour's rate; none when that can go on.
        exhausts_at: Option<Timestamp>,
        /// When a used-up allocation has room again; none while it has.
        frees_at: Option<Timestamp>,
        /// Lanes that wait for calls.
        waits: Vec<LaneWait>,
        /// What loads and resyncs would cost.
        prices: Vec<Price>,
        /// Ours to HubSpot in the last 24 h.
        hubspot: u64,
        /// The HubSpot account's use of its day, and the limit of that; none where it says neither.
        hubspot_day: Option<(u64, u64)>,
    }
    /// One lane that waits.
    LaneWait {
        /// Which.
        lane: String,
        /// For what, in words.
        why: String,
        /// When it goes on.
        until: Timestamp,
    }
    /// What something would cost.
    Price {
        /// What, in words.
        what: String,
        /// How many records that is.
        records: u64,
        /// Calls to Salesforce at least.
        at_least: u64,
        /// And at most, where that is known.
        at_most: Option<u64>,
    }
    /// What one cause cost.
    CauseCalls {
        /// Its number.
        cause: i64,
        /// In words.
        what: String,
        /// Calls in which a record was refused by it; jobs are not counted.
        calls: u64,
        /// Records refused by it, each try counted.
        refused: u64,
    }
    /// Calls with one purpose.
    CallsPart {
        /// The lane.
        lane: String,
        /// The operation.
        operation: String,
        /// The object; none for what concerns several.
        object: Option<ObjectName>,
        /// Calls.
        calls: u64,
        /// Records they carried.
        records: u64,
    }
}
