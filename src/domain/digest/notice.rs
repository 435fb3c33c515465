//! What concerns everybody and not one cause: suspensions, holds, the budget, and their ends.

use super::super::budget::past_share;
use super::super::call::Lane;
use super::super::record::Side;
use super::words::{count, duration, glued, plain, thousands};

/// The longest foreign text a notice shows, in characters.
const TEXT_MAX: usize = 400;

/// Notices told in full by one mail: a guard that stops a storm opens many holds, and the mail has to
/// stay below what readers clip.
const SHOWN_MAX: usize = 12;

/// One notice. Told at once to everybody, once, and its end once; a digest repeats what still is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// A connection stands still until a person acts.
    Suspended {
        /// Which one.
        side: Side,
        /// `HubSpot refused the token (401)`.
        reason: String,
        /// Since when: `16:20`.
        since: String,
        /// What to do, as sentences.
        remedy: String,
    },
    /// A connection works again.
    Resumed {
        /// Which one.
        side: Side,
        /// How long it stood still, in milliseconds.
        after_ms: i64,
        /// Changes that were read before and wait to be written; what happened on that side
        /// meanwhile could not be read and is in no number.
        changes: u64,
    },
    /// The guard stopped writes; nothing of them is written until a person decides.
    Held {
        /// `7` for H-7.
        hold: i64,
        /// `contact to Salesforce, 12,412 updates, all of Contact.Phone`.
        what: String,
        /// The limit that was passed: `guard 10,000 in 24 h`.
        limit: String,
    },
    /// A person settled a hold.
    Settled {
        /// `7` for H-7.
        hold: i64,
        /// `approved by user 1000 (contact to Salesforce, 12,412 records to be updated)`.
        outcome: String,
        /// What that means, as a sentence.
        then: String,
    },
    /// An object's list or condition cannot be believed; what it would let through waits.
    SelectionHeld {
        /// Which object.
        object: String,
        /// `1,200 of 4,000 contacts left HubSpot's list 12 at once, …`.
        says: String,
        /// What to do.
        remedy: String,
    },
    /// It is believed again.
    SelectionGoes {
        /// Which object.
        object: String,
        /// How long it was not, in milliseconds.
        after_ms: i64,
    },
    /// The allocation is going to be short.
    BudgetLow {
        /// Calls that count.
        used: u64,
        /// Calls allowed in 24 h.
        allocation: u64,
        /// When it is used up at the last hour's rate: `13:05`.
        empty_at: Option<String>,
    },
    /// The allocation is not short any more.
    BudgetEased {
        /// Calls that count.
        used: u64,
        /// Calls allowed in 24 h.
        allocation: u64,
    },
    /// The allocation is used up.
    BudgetExhausted {
        /// Calls used in the last 24 h.
        used: u64,
        /// Calls allowed in 24 h.
        allocation: u64,
        /// Changes that wait.
        deferred: u64,
        /// When calls free up: `14:10`.
        frees_at: Option<String>,
    },
    /// The allocation has room again.
    BudgetFrees {
        /// Changes that waited and go out now.
        deferred: u64,
    },
    /// More news than mails an hour allow: the rest is told later.
    TooMuchNews {
        /// Mails an hour allowed.
        per_hour: u32,
    },
    /// The first load is over, told to a reader who gets no digest.
    FirstLoad {
        /// Causes that concern the reader.
        causes: u64,
        /// Records that fail by them.
        records: u64,
    },
    /// Anything else that everybody should know.
    Remark {
        /// One line without a full stop.
        title: String,
        /// Sentences.
        text: String,
    },
}

impl Notice {
    /// One line that suffices as a subject: state word first, no full stop.
    pub fn title(&self) -> String {
        match self {
            Self::Suspended { side, reason, .. } => {
                format!("SUSPENDED {side}: {}", plain(reason, 120))
            }
            Self::Resumed { side, after_ms, .. } => {
                format!("RESUMED: {side} works again after {}", duration(*after_ms))
            }
            Self::Held { hold, what, .. } => format!("HELD H-{hold}: {}", plain(what, 120)),
            Self::Settled { hold, outcome, .. } => {
                format!("SETTLED H-{hold}: {}", plain(outcome, 120))
            }
            Self::SelectionHeld { object, says, .. } => {
                format!("HELD {object}: {}", plain(says, 120))
            }
            Self::SelectionGoes { object, after_ms } => {
                format!("GOES ON: {object}, after {}", duration(*after_ms))
            }
            Self::BudgetLow {
                used, allocation, ..
            } => format!("BUDGET LOW: {}", used_of(*used, *allocation)),
            Self::BudgetEased { used, allocation } => {
                format!("BUDGET EASED: {}", used_of(*used, *allocation))
            }
            Self::BudgetExhausted {
                used, allocation, ..
            } => format!(
                "BUDGET EXHAUSTED: {} of {} calls used",
                thousands(*used),
                thousands(*allocation)
            ),
            Self::BudgetFrees { .. } => "BUDGET FREES: writing goes on".to_owned(),
            Self::TooMuchNews { .. } => "MUCH NEWS: further mails wait".to_owned(),
            Self::FirstLoad { causes, records } => format!(
                "FIRST LOAD DONE: {} for you, {}",
                count(*causes, "cause"),
                count(*records, "record")
            ),
            Self::Remark { title, .. } => plain(title, 120),
        }
    }

    /// What it means and what to do, one paragraph each; commands are glued together.
    pub(super) fn paragraphs(&self) -> Vec<String> {
        match self {
            Self::Suspended {
                side,
                since,
                remedy,
                ..
            } => vec![
                format!(
                    "Since {} nothing is read from or written to {side}. Nothing is lost: changes \
                     on both sides are caught up afterwards.",
                    plain(since, 80)
                ),
                format!("To do:  {}", plain(remedy, TEXT_MAX)),
            ],
            Self::Resumed { side, changes, .. } => vec![resumed(*side, *changes)],
            Self::Held { hold, limit, .. } => vec![
                format!(
                    "More than the guard lets pass ({}). None of them is written, and later \
                     changes of that kind join them; everything else goes on.",
                    plain(limit, 80)
                ),
                format!(
                    "To do:  {} to see them, then {} or {}",
                    glued(&format!("syncline approve H-{hold} --show")),
                    glued(&format!("syncline approve H-{hold}")),
                    glued(&format!("syncline approve H-{hold} --drop"))
                ),
            ],
            Self::Settled { then, .. } => vec![plain(then, TEXT_MAX)],
            Self::SelectionHeld { object, remedy, .. } => vec![
                format!(
                    "What it decides about {object} waits: nothing is left out by it, and nothing is \
                     lost. Everything else goes on."
                ),
                format!("To do:  {}", plain(remedy, TEXT_MAX)),
            ],
            Self::SelectionGoes { .. } => {
                vec!["What waited for it is written by itself.".to_owned()]
            }
            Self::BudgetLow {
                used,
                allocation,
                empty_at,
            } => low(*used, *allocation, empty_at.as_deref()),
            Self::BudgetEased { used, allocation } => vec![eased(*used, *allocation)],
            Self::BudgetExhausted {
                deferred,
                frees_at,
                allocation,
                ..
            } => exhausted(*deferred, frees_at.as_deref(), *allocation),
            Self::BudgetFrees { deferred } => vec![match deferred {
                0 => "Nothing had to wait for it.".to_owned(),
                1 => "1 change that waited is sent now.".to_owned(),
                more => format!("{} that waited are sent now.", count(*more, "change")),
            }],
            Self::TooMuchNews { per_hour } => vec![format!(
                "{} about causes went out within the hour, which is the limit. What happens \
                 meanwhile is gathered and told together afterwards; suspensions and holds are \
                 still told at once. See now: {} and {}",
                count(u64::from(*per_hour), "mail"),
                glued("syncline status"),
                glued("syncline errors")
            )],
            Self::FirstLoad { .. } => vec![
                format!(
                    "These could not be written when the two sides first met. What each is and \
                     how to fix it: {}",
                    glued("syncline errors show C-N")
                ),
                "From now on a cause is told when it opens, grows, ends or comes back.".to_owned(),
            ],
            Self::Remark { text, .. } => vec![plain(text, TEXT_MAX)],
        }
    }

    /// Whether it is the end of something, and no call to act.
    pub fn is_recovery(&self) -> bool {
        match self {
            Self::Resumed { .. }
            | Self::BudgetEased { .. }
            | Self::BudgetFrees { .. }
            | Self::SelectionGoes { .. }
            | Self::Settled { .. } => true,
            Self::Suspended { .. }
            | Self::Held { .. }
            | Self::SelectionHeld { .. }
            | Self::BudgetLow { .. }
            | Self::BudgetExhausted { .. }
            | Self::TooMuchNews { .. }
            | Self::FirstLoad { .. }
            | Self::Remark { .. } => false,
        }
    }
}

fn resumed(side: Side, changes: u64) -> String {
    let waiting = match changes {
        0 => String::new(),
        1 => " 1 change that was read already waits and is written by itself.".to_owned(),
        _ => format!(
            " {} that were read already wait and are written by themselves.",
            count(changes, "change")
        ),
    };
    format!("What changed in {side} meanwhile is read now, from where reading stopped.{waiting}")
}

/// `16,004 of 20,000 calls used (80 %)`
fn used_of(used: u64, allocation: u64) -> String {
    let percent = used.saturating_mul(100) / allocation.max(1);
    let (used, allocation) = (thousands(used), thousands(allocation));
    format!("{used} of {allocation} calls used ({percent} %)")
}

/// As many as a mail has room for, and one that says how many more there are.
pub(super) fn shown(notices: &[Notice]) -> Vec<Notice> {
    let mut shown: Vec<Notice> = notices.iter().take(SHOWN_MAX).cloned().collect();
    let hidden = notices.len().saturating_sub(SHOWN_MAX) as u64;
    if hidden > 0 {
        shown.push(Notice::Remark {
            title: format!("AND {} like these", count(hidden, "more notice")),
            text: "See all of them: syncline status".to_owned(),
        });
    }
    shown
}

/// What waits for its share alone when so much is used, in the words of a sentence: `first loads
/// and retries wait`. Which lanes those are is the budget's to say.
fn waiting(used: u64, allocation: u64) -> Option<String> {
    let names: Vec<&str> = past_share(used, allocation).into_iter().map(work).collect();
    match names.as_slice() {
        [] => None,
        [one] => Some(format!("{one} wait")),
        [more @ .., last] => Some(format!("{} and {last} wait", more.join(", "))),
    }
}

/// What a lane's calls are for, in the plural.
fn work(lane: Lane) -> &'static str {
    match lane {
        Lane::Live => "changes",
        Lane::Parent => "parents",
        Lane::Detect => "looks for changes",
        Lane::Metadata => "looks at fields",
        Lane::Resync => "resyncs",
        Lane::Retry => "retries",
        Lane::Backfill => "first loads",
    }
}

/// `sentence` with a capital.
fn capital(sentence: &str) -> String {
    let mut letters = sentence.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

fn eased(used: u64, allocation: u64) -> String {
    let rest = waiting(used, allocation).map_or_else(
        || "every lane may spend again.".to_owned(),
        |wait| format!("changes go on; {wait} for more room still."),
    );
    format!("Nothing is to be done: {rest}")
}

fn low(used: u64, allocation: u64, empty_at: Option<&str>) -> Vec<String> {
    let rate = empty_at.map_or_else(
        || "At the last hour's rate the rest lasts for a day.".to_owned(),
        |at| {
            format!(
                "At the last hour's rate the rest lasts until {}.",
                plain(at, 80)
            )
        },
    );
    let goes_on = waiting(used, allocation).map_or_else(
        || "Nothing waits yet, and nothing is lost.".to_owned(),
        |wait| {
            format!(
                "{} already, so that changes go on for longer; nothing is lost.",
                capital(&wait)
            )
        },
    );
    vec![
        format!("{rate} {goes_on}"),
        format!(
            "To do:  nothing; or see what spends them, and raise the allocation: {} and {}",
            glued("syncline budget"),
            glued("syncline budget set N")
        ),
    ]
}

fn exhausted(deferred: u64, frees_at: Option<&str>, allocation: u64) -> Vec<String> {
    let are = if deferred == 1 { "is" } else { "are" };
    let goes_on = frees_at.map_or_else(
        || "It goes on by itself when calls free up.".to_owned(),
        |at| format!("It goes on by itself from {}.", plain(at, 80)),
    );
    vec![
        format!(
            "{} {are} deferred and nothing is lost. {goes_on}",
            count(deferred, "change")
        ),
        format!(
            "To do:  nothing; or raise the allocation (now {}): {}",
            thousands(allocation),
            glued("syncline budget set N")
        ),
    ]
}
