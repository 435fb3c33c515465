//! What a digest says, before it is words.
//!
//! Times are texts already, because only the caller knows the reader's zone and habits.

use super::super::budget::OrgUsage;
use super::super::event::CauseState;
use super::super::schedule::Frequency;
use super::notice::Notice;
use super::sheet::ErrorRow;

/// One reader's daily or weekly mail.
#[derive(Debug, Clone, PartialEq)]
pub struct Digest {
    /// The installation's name, in every subject: `prod`.
    pub installation: String,
    /// Daily or weekly; a digest asked for out of turn is `Now`.
    pub frequency: Frequency,
    /// `Tuesday 17 November 2026, 08:00 Europe/Rome`.
    pub now: String,
    /// Since when it tells: `Monday 08:00`, `the first start`.
    pub since: String,
    /// `Acme portal 4711002 <-> Salesforce "Acme EMEA" (production)`.
    pub accounts: String,
    /// Set when it comes later than it was due.
    pub late: Option<Late>,
    /// What the reader of this mail can fix; `None` when the reader is told everything alike.
    pub for_you: Option<ForSomeone>,
    /// What others have to fix, one entry each.
    pub for_others: Vec<ForSomeone>,
    /// Records that fail.
    pub failing: Failing,
    /// What was synced.
    pub synced: Synced,
    /// What it cost.
    pub calls: Calls,
    /// The causes, in the order in which they are to be told within their state.
    pub causes: Vec<CauseLine>,
    /// Records that wait for their account.
    pub waiting: Waiting,
    /// Changes that wait for the budget.
    pub deferred: u64,
    /// Writes that wait for a person's approval.
    pub held: u64,
    /// Records left out on purpose.
    pub excluded: Excluded,
    /// Changes on both sides in which one side's lost, since the last digest.
    pub conflicts_lost: u64,
    /// Deletions that were not carried across, since the last digest.
    pub deletions_ignored: u64,
    /// Suspensions, holds and the like that are true now, or ended since the last digest.
    pub notices: Vec<Notice>,
    /// Where all records stand; told weekly.
    pub accounted: Option<Accounted>,
    /// Records and calls of the last weeks, the oldest first; the last one goes on.
    pub weeks: Vec<Week>,
    /// Tickets of causes told, for those who have no access to Syncline.
    pub hand_overs: Vec<Ticket>,
    /// The errors to attach; empty when there are too many.
    pub rows: Vec<ErrorRow>,
    /// How to change or stop these mails: `change [[notify]] and reload, or write to ops@acme.example`.
    pub remedy: String,
}

impl Digest {
    /// Errors of the causes told that still are: those attached, or how many there would be.
    pub(super) fn errors(&self, attached: bool) -> u64 {
        if attached {
            self.rows.len() as u64
        } else {
            super::facts::open_errors(&self.causes)
        }
    }
}

/// Seven days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Week {
    /// Its first day: `12 Oct`.
    pub from: String,
    /// Records that failed at its end.
    pub failing: u64,
    /// Calls to Salesforce in it.
    pub calls: u64,
}

/// A cause as a text to pass on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// `41` for C-41.
    pub number: i64,
    /// Whom it is for: `Salesforce admin`.
    pub who: String,
    /// The text, line by line.
    pub lines: Vec<String>,
}

/// Why a digest comes late.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Late {
    /// When it was due: `Sunday 15 November, 08:00`.
    pub due: String,
    /// How many digests before it were never sent; this one covers them.
    pub missed: u32,
}

/// Open causes that one kind of reader can fix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForSomeone {
    /// `you`, `the Salesforce admin`.
    pub who: String,
    /// Cause numbers, each with a remark: `told at 16:44`.
    pub causes: Vec<(i64, Option<String>)>,
}

/// Records that fail, and how their number came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Failing {
    /// Records now by what this reader is told of, where that is not everything.
    pub yours: Option<u64>,
    /// Records at the last digest.
    pub before: u64,
    /// Records now.
    pub now: u64,
    /// Errors now: a record may have several.
    pub errors: u64,
    /// Records that began to fail since.
    pub newly: u64,
    /// Records that ceased to fail since.
    pub fixed: u64,
}

/// Changes carried across since the last digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Synced {
    /// Into Salesforce.
    pub to_salesforce: u64,
    /// Into HubSpot.
    pub to_hubspot: u64,
    /// The longest way of one change, in milliseconds.
    pub slowest_ms: Option<i64>,
}

/// Calls to Salesforce in the last 24 h.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Calls {
    /// Ours.
    pub ours: u64,
    /// What we may use.
    pub allocation: u64,
    /// Everybody's, when Salesforce has said so.
    pub org: Option<OrgUsage>,
}

/// Records that wait for their account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Waiting {
    /// How many.
    pub records: u64,
    /// How long the oldest waits, in milliseconds.
    pub oldest_ms: Option<i64>,
}

/// Records left out on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Excluded {
    /// How many.
    pub records: u64,
    /// How many more (or fewer) than at the last digest.
    pub delta: i64,
}

/// Where all records stand, besides those that the digest counts anyway: each in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accounted {
    /// All that Syncline knows.
    pub records: u64,
    /// Nothing is known to be wrong, and nothing waits.
    pub in_sync: u64,
    /// They fail.
    pub failing: u64,
    /// They would be written, were the mode not observe.
    pub would_write: u64,
    /// Read, and not yet tried for the first time.
    pub on_their_way: u64,
}

/// Whether a cause's state is news to this reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineState {
    /// It changed since this reader was last told.
    News(CauseState),
    /// It is as it was told.
    StillOpen,
}

/// Which way a cause's number of records goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trend {
    /// More and more.
    Growing,
    /// About the same.
    Steady,
    /// Fewer and fewer.
    Shrinking,
}

/// What a CRM (or our own check) said, raw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// `Salesforce`, `HubSpot`, `Syncline`.
    pub system: String,
    /// The raw code.
    pub code: String,
    /// The fields it names.
    pub fields: Vec<String>,
    /// The message as received; `None` when it was erased or never given.
    pub message: Option<String>,
}

/// One cause as a reader is told it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CauseLine {
    /// `41` for C-41.
    pub number: i64,
    /// Whether and how it is news.
    pub state: LineState,
    /// What is wrong, without a full stop: `Validation rule on Contact refuses the phone`.
    pub sentence: String,
    /// More about it, as sentences: `Fintech 19, Climate 8, Defense tech 4.`
    pub detail: Option<String>,
    /// What the CRM said.
    pub said: Option<Said>,
    /// Records that fail by it now; for a resolved one, how many did.
    pub records: u64,
    /// Records when it was last told, for one that grew.
    pub records_told: Option<u64>,
    /// New ones a minute, when it is worth saying.
    pub per_minute: Option<u64>,
    /// Since when it is open: `Mon 16:42`; for one that is back, since when it is back.
    pub since: String,
    /// For one that is back: when it was resolved, `3 Nov`.
    pub resolved: Option<String>,
    /// How long it is, or was, open, in days.
    pub open_days: u32,
    /// Which way it goes.
    pub trend: Trend,
    /// What its type means, as sentences.
    pub meaning: String,
    /// What to do, a step each, what `who_fixes` can do first: `Change the rule in Salesforce.`
    pub fix: Vec<String>,
    /// Who does it: `Salesforce admin`.
    pub who_fixes: String,
    /// When Syncline tries again, as a sentence without a full stop.
    pub again: Option<String>,
    /// What a person noted when acknowledging it.
    pub note: Option<String>,
    /// Links to some of its records, the first being the best example.
    pub examples: Vec<String>,
}

impl CauseLine {
    /// What people call it: `C-41`.
    pub fn name(&self) -> String {
        format!("C-{}", self.number)
    }
}
