//! What can be asked, as it passes over the socket.

use serde::{Deserialize, Serialize};

use super::deed::{Deed, Named};
use crate::domain::event::{Excluded, LoadTime, Remark};
use crate::domain::record::{ObjectName, Side, Timestamp};
use crate::domain::schedule::Frequency;
use crate::projections::errors::{Mark, Order, Place};
use crate::projections::records;
use crate::store::StoreError;

/// One request. Verbs parse into it, the socket carries it as `{"v":1,"verb":…,"args":{…}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", content = "args", rename_all = "snake_case")]
pub enum Request {
    /// How things stand.
    Status,
    /// The causes of current errors.
    Causes,
    /// Current errors, one by one.
    Errors {
        /// Which.
        #[serde(flatten)]
        which: Which,
        /// In which order; where only an age is asked for, the oldest first.
        #[serde(default)]
        order: Option<Order>,
        /// At most so many.
        limit: u32,
        /// What the list before was answered with; none for the first.
        #[serde(default)]
        after: Option<Mark>,
    },
    /// Current errors as rows of a sheet, a page of them.
    Sheet {
        /// Which.
        #[serde(flatten)]
        which: Which,
        /// What the page before was answered with; none for the first.
        #[serde(default)]
        after: Option<Place>,
    },
    /// One cause.
    Cause {
        /// Its number.
        number: i64,
    },
    /// One cause as a ticket.
    HandOver {
        /// Its number.
        number: i64,
    },
    /// Says something of a cause.
    Say {
        /// Its number.
        number: i64,
        /// What.
        #[serde(flatten)]
        saying: Saying,
    },
    /// Takes back what was said of a cause.
    TakeBack {
        /// Its number.
        number: i64,
        /// What.
        remark: Remark,
    },
    /// One type.
    Kind {
        /// Its slug, or a word near it.
        slug: String,
    },
    /// Records by state, a page of them.
    Records {
        /// Only in this state.
        state: Option<records::State>,
        /// Only this object.
        object: Option<ObjectName>,
        /// Only those left out for this reason.
        why: Option<Excluded>,
        /// Only those whose name or e-mail begins so.
        #[serde(default)]
        name: Option<String>,
        /// In which order.
        #[serde(default)]
        order: records::Order,
        /// At most so many.
        limit: u32,
        /// What the page before was answered with; none for the first.
        #[serde(default)]
        after: Option<(i64, i64)>,
    },
    /// One record's story.
    Record {
        /// A HubSpot id, a Salesforce id, `#12`, or how its name or e-mail begins.
        id: String,
    },
    /// The allocation and its use.
    Budget,
    /// A new allocation.
    SetBudget {
        /// Calls in any rolling 24 h.
        calls: u64,
    },
    /// When first loads may spend calls.
    SetBackfill {
        /// At any time, or at night only.
        when: LoadTime,
    },
    /// What mode observe would write.
    Plan {
        /// Examples of each field written over, at most.
        examples: u32,
    },
    /// One hold's records, a page of them.
    Hold {
        /// Its number.
        number: i64,
        /// What the page before was answered with; 0 for the first.
        #[serde(default)]
        after: i64,
    },
    /// Lets an inclusion list shrink beyond the guard.
    AcceptList {
        /// Whose.
        object: ObjectName,
    },
    /// Settles a hold.
    SettleHold {
        /// Its number.
        number: i64,
        /// Written, or dropped.
        approve: bool,
    },
    /// Does something to pairs by hand: to all that are named, or to none.
    Decide {
        /// What.
        deed: Deed,
        /// To which.
        records: Vec<Named>,
        /// False only says what would be done.
        sure: bool,
    },
    /// Tries records again.
    Resync {
        /// Those whose errors these are.
        #[serde(flatten)]
        which: Which,
        /// Those of these ids instead: HubSpot's, Salesforce's, or `#12`.
        #[serde(default)]
        records: Vec<String>,
        /// Every pair instead, also those in step.
        #[serde(default)]
        everything: bool,
        /// False only says what it would cost.
        sure: bool,
    },
    /// How far a resync is.
    Resynced {
        /// The seq that it was asked with.
        ask: i64,
    },
    /// Everybody who is told something.
    Readers,
    /// Changes what one reader is told, or adds one.
    SetReader {
        /// The address.
        address: String,
        /// What is to be different.
        #[serde(flatten)]
        wish: Wish,
    },
    /// A reader's next digest, as it would be now.
    PreviewMail {
        /// The address.
        address: String,
        /// Daily or weekly; none for the one that is due next.
        #[serde(default)]
        frequency: Option<Frequency>,
    },
    /// Sends a mail that is marked as a test.
    TestMail {
        /// Where to.
        address: String,
    },
    /// Stops writing.
    Pause,
    /// Writes again.
    Resume,
    /// The journal's last entries.
    Tail {
        /// How many.
        lines: u32,
        /// Only those after this seq.
        after: Option<i64>,
    },
    /// Builds the projections anew.
    Rebuild,
}

/// What is to be different for a reader; the rest stays. Words that switch something off are `off`,
/// and an empty list of what a reader is told of alone is everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wish {
    /// `on` or `off`.
    pub mails: Option<String>,
    /// Changes of state within a minute: `on` or `off`.
    pub immediately: Option<String>,
    /// `08:00`.
    pub daily: Option<String>,
    /// `mon 08:00`.
    pub weekly: Option<String>,
    /// A cron expression in place of `daily`.
    pub cron: Option<String>,
    /// IANA time zone.
    pub zone: Option<String>,
    /// Only causes that these can mend.
    pub who_fixes: Option<Vec<String>>,
    /// Only these objects.
    pub objects: Option<Vec<String>>,
    /// Only these types.
    pub types: Option<Vec<String>>,
    /// The zone of a reader who is new and names none.
    pub usual_zone: String,
}

/// What a person says of a cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saying {
    /// What.
    pub remark: Remark,
    /// The key of a ticket, or a few words.
    #[serde(default)]
    pub note: Option<String>,
    /// When it ends by itself.
    #[serde(default)]
    pub until: Option<Timestamp>,
}

/// Which errors; all of them where nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Which {
    /// Only this cause.
    #[serde(default)]
    pub cause: Option<i64>,
    /// Only this type, by its slug or a word near it.
    #[serde(default)]
    pub kind: Option<String>,
    /// Only this object.
    #[serde(default)]
    pub object: Option<ObjectName>,
    /// Only those of writes to this side.
    #[serde(default)]
    pub to: Option<Side>,
    /// Only those that are older than so many hours.
    #[serde(default)]
    pub older_h: Option<u32>,
}

impl Request {
    /// Whether it changes something and so needs the store's lock.
    pub fn writes(&self) -> bool {
        match self {
            Self::SetBudget { .. }
            | Self::SetBackfill { .. }
            | Self::Say { .. }
            | Self::TakeBack { .. }
            | Self::SettleHold { .. }
            | Self::AcceptList { .. }
            | Self::Decide { sure: true, .. }
            | Self::Resync { sure: true, .. }
            | Self::SetReader { .. }
            | Self::Pause
            | Self::Resume
            | Self::Rebuild => true,
            Self::Status
            | Self::Causes
            | Self::Errors { .. }
            | Self::Sheet { .. }
            | Self::Cause { .. }
            | Self::HandOver { .. }
            | Self::Kind { .. }
            | Self::Records { .. }
            | Self::Record { .. }
            | Self::Plan { .. }
            | Self::Budget
            | Self::Hold { .. }
            | Self::Decide { sure: false, .. }
            | Self::Resync { sure: false, .. }
            | Self::Resynced { .. }
            | Self::Readers
            | Self::PreviewMail { .. }
            | Self::TestMail { .. }
            | Self::Tail { .. } => false,
        }
    }
}

/// A request that was not carried out: what the process exits with, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// Exit code after sysexits: 64 usage, 65 damaged, 69 unavailable, 70 internal, 75 try
    /// again, 76 another protocol, 77 no permission.
    pub exit: u8,
    /// What is wrong and what to do.
    pub message: String,
}

impl Refusal {
    /// What was asked for does not exist or makes no sense.
    pub fn usage(message: impl Into<String>) -> Self {
        Self {
            exit: 64,
            message: message.into(),
        }
    }
}

impl From<anyhow::Error> for Refusal {
    /// A refusal or a trouble of the store keeps its exit code on the way up.
    fn from(error: anyhow::Error) -> Self {
        if let Some(refusal) = error.downcast_ref::<Self>() {
            return refusal.clone();
        }
        // The store's own words say what is wrong and what to do; what SQLite said is in them.
        if let Some(trouble) = error.downcast_ref::<StoreError>() {
            return Self {
                exit: trouble.exit_code(),
                message: trouble.to_string(),
            };
        }
        Self {
            exit: 70,
            message: format!("{error:#}"),
        }
    }
}
