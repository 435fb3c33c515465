//! What a request is answered with: figures and names, no layout. `cli` makes tables of it.

use serde::{Deserialize, Serialize};

use crate::domain::event::{Action, Excluded, Mode};
use crate::domain::handover::HandOver;
use crate::domain::record::{ObjectName, Side, Timestamp};
use crate::domain::schedule::Frequency;
use crate::projections::records;

/// One answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "report", rename_all = "snake_case")]
pub enum Report {
    /// How things stand.
    Status(Box<Status>),
    /// Causes of current errors.
    Causes(Causes),
    /// Current errors, one by one.
    Errors(Errors),
    /// Current errors as rows of a sheet.
    Sheet(Sheet),
    /// One cause.
    Cause(Box<CauseStory>),
    /// One type.
    Kind(KindStory),
    /// One cause as a ticket.
    HandOver(Box<HandOver>),
    /// Records by state.
    Records(Records),
    /// One record's story.
    Record(Box<RecordStory>),
    /// The allocation and its use.
    Budget(Box<BudgetUse>),
    /// What would be written.
    Plan(Box<Plan>),
    /// One hold.
    Hold(HoldStory),
    /// A resync: its price, or how far it is.
    Resync(Resync),
    /// Everybody who is told something.
    Readers(Readers),
    /// A mail as it would go out.
    Preview(Box<Preview>),
    /// Entries of the journal.
    Entries(Entries),
    /// Something was done; in words.
    Done(Done),
}

macro_rules! reports {
    ($($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident : $type:ty),* $(,)? })+) => {
        $($(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        pub struct $name { $($(#[$fdoc])* pub $field: $type),* })+
    };
}

mod budget;
mod causes;
mod notify;
mod plan;

pub use budget::*;
pub use causes::*;
pub use notify::*;
pub use plan::*;

reports! {
    /// How things stand.
    Status {
        /// The program's version.
        version: String,
        /// When this was true.
        at: Timestamp,
        /// Since when the daemon runs; none when it does not.
        running_since: Option<Timestamp>,
        /// Observe or sync.
        mode: Mode,
        /// Whether a person paused the writes.
        paused: bool,
        /// Both connections.
        sides: Vec<SideLine>,
        /// Every object kept in step.
        objects: Vec<ObjectLine>,
        /// Use of Salesforce calls.
        calls: CallsLine,
        /// Loads under way.
        #[serde(default)]
        loads: Vec<LoadLine>,
        /// Open errors.
        errors: u64,
        /// Records with an open error.
        failing: u64,
        /// Causes of open errors.
        #[serde(default)]
        many: u64,
        /// Open causes in the order of their records, also those by which some only wait.
        causes: Vec<CauseLine>,
        /// Holds that wait for a person.
        held: Vec<HoldLine>,
        /// Mails planned but not accepted yet.
        mails_waiting: u64,
        /// The last mail accepted by the server.
        mail_sent_at: Option<Timestamp>,
        /// The last daily or weekly mails and the next.
        digests: Digests,
        /// Bytes of the store.
        store_bytes: u64,
        /// Entries in the journal.
        entries: i64,
        /// What a person should look at, most urgent first, with the next step.
        attention: Vec<String>,
        /// Whether syncing stands still.
        stopped: bool,
    }
    /// Mails at set times.
    Digests {
        /// The last one due: `daily`, with the time it was planned.
        last: Option<(Frequency, Timestamp)>,
        /// Recipients it went to.
        sent: u64,
        /// Recipients it was for.
        recipients: u64,
        /// The next one due.
        next: Option<(Frequency, Timestamp)>,
    }
    /// One connection.
    SideLine {
        /// Which.
        side: Side,
        /// Portal or org id, once bound.
        account: Option<String>,
        /// Why it stands still, if it does.
        suspended: Option<String>,
        /// When changes were last read.
        read_at: Option<Timestamp>,
        /// Since when its server does not answer, if it does not.
        silent_since: Option<Timestamp>,
    }
    /// One object's records by state.
    ObjectLine {
        /// Which.
        object: ObjectName,
        /// In step.
        in_sync: u64,
        /// With an open error.
        failing: u64,
        /// Waiting for a parent, or read and not yet tried.
        waiting: u64,
        /// Waiting for the budget.
        deferred: u64,
        /// Stopped by the guard.
        held: u64,
        /// Would be written in mode sync.
        would_write: u64,
        /// Left out on purpose.
        excluded: u64,
        /// All.
        total: u64,
        /// How far behind the sides we are, in ms; none before both were read.
        lag_ms: Option<i64>,
    }
    /// Many rows of one object on their way.
    LoadLine {
        /// Which.
        object: ObjectName,
        /// Rows concluded.
        done: u64,
        /// All that are known.
        total: u64,
        /// Jobs on their way; none where they go by batches.
        jobs: u64,
        /// How long the rest takes, in ms, when that can be said.
        left_ms: Option<i64>,
        /// What it waits for, when it does not go on by itself.
        waits: Option<String>,
    }
    /// One hold in a list.
    HoldLine {
        /// `H-7`
        number: i64,
        /// Which object.
        object: ObjectName,
        /// The side to be written.
        to: Side,
        /// The kind of write.
        action: Action,
        /// Records now in it.
        records: u64,
        /// Since when.
        since: Timestamp,
    }
    /// A resync: its price, or how far it is.
    Resync {
        /// The seq that it was asked with; none while it is only priced.
        ask: Option<i64>,
        /// Records it is about.
        records: u64,
        /// Calls to Salesforce that it takes, at most.
        calls: u64,
        /// Calls allowed in any rolling 24 h.
        allocation: u64,
        /// Minutes that it takes at the pace of the budget.
        minutes: u64,
        /// Records still to be tried.
        left: u64,
        /// Records tried that failed again.
        failed: u64,
        /// Records that the guard holds: asking for them approves them.
        #[serde(default)]
        held: u64,
        /// Records that were looked at and not written, because the mode is observe.
        #[serde(default)]
        unwritten: u64,
        /// Whether all of it was asked for before, and is on its way.
        #[serde(default)]
        known: bool,
        /// Whether a daemon runs that works on it.
        runs: bool,
    }
    /// Records by state, a page of them.
    Records {
        /// All that fit the filter; told with the first page.
        total: Option<u64>,
        /// The page.
        records: Vec<RecordLine>,
        /// What to ask for the next page with; none behind the last.
        next: Option<(i64, i64)>,
    }
    /// One record in a list.
    RecordLine {
        /// Pair number; none before its first event.
        record: Option<i64>,
        /// Which object.
        object: ObjectName,
        /// HubSpot's id.
        hubspot: Option<String>,
        /// Salesforce's id.
        salesforce: Option<String>,
        /// The name people know it by, where it is kept.
        label: Option<String>,
        /// Where it stands.
        state: records::State,
        /// Why it is left out, as a word to filter by.
        why: Option<Excluded>,
        /// What is the matter, in words.
        says: Option<String>,
        /// What a person can do about it.
        settle: Option<String>,
        /// When a deferred change is due.
        due: Option<Timestamp>,
        /// When something was last written for it.
        synced_at: Option<Timestamp>,
    }
    /// One record's story.
    RecordStory {
        /// Pair number.
        record: i64,
        /// Which object.
        object: ObjectName,
        /// HubSpot's id.
        hubspot: Option<String>,
        /// Salesforce's id.
        salesforce: Option<String>,
        /// The name people know it by, where it is kept.
        #[serde(default)]
        label: Option<String>,
        /// State, and why where there is a why.
        state: String,
        /// Open errors.
        errors: Vec<ErrorLine>,
        /// What happened, oldest first.
        entries: Vec<EntryLine>,
    }
    /// One hold with its records.
    HoldStory {
        /// Its line.
        line: HoldLine,
        /// The limit that was passed.
        limit: u64,
        /// The only field concerned, when there is only one.
        field: Option<String>,
        /// When a person settled it, and whether it was approved.
        settled: Option<(Timestamp, bool)>,
        /// Its records, a page of them: side and id.
        examples: Vec<(Side, String)>,
        /// What to ask for the next page with; none behind the last.
        next: Option<i64>,
    }
    /// Entries of the journal.
    Entries {
        /// Oldest first.
        entries: Vec<EntryLine>,
    }
    /// One entry.
    EntryLine {
        /// Its place.
        seq: i64,
        /// When.
        at: Timestamp,
        /// Its kind.
        kind: String,
        /// Pair number.
        record: Option<i64>,
        /// Its payload.
        payload: serde_json::Value,
    }
    /// Something was done.
    Done {
        /// In words.
        said: String,
    }
}
