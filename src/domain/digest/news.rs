//! What is news to a reader: what was told last, compared with what is.

use std::collections::{BTreeMap, BTreeSet};

use super::super::event::{CauseState, Told};
use super::super::record::Timestamp;

const HOUR_MS: i64 = 3_600_000;

/// A cause as a reader was last told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToldCause {
    /// The state told.
    pub state: CauseState,
    /// The number of records told.
    pub records: u64,
}

/// A cause as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CurrentCause {
    /// Records that fail by it; 0 is as good as not being there.
    pub records: u64,
    /// A person muted it: nothing about it is told, neither its growth nor its end.
    pub muted: bool,
    /// The side it is about stands still, which everybody was told: what follows from that is not
    /// told beside it, and is told afterwards if it is still true.
    pub suspended: bool,
}

/// Why a reader is told of a cause, or is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Told: the reader never heard of it.
    Opened,
    /// Told: it has grown since the reader heard of it.
    Grew,
    /// Told: no record fails by it any more.
    Resolved,
    /// Told: its end was told, and it is there again.
    Back,
    /// Not told: it is as it was told.
    NothingNew,
    /// Not told: a person muted it.
    Muted,
    /// Not told now: its side stands still.
    Suspended,
}

impl Why {
    /// The state that is told; none where nothing is.
    pub fn state(self) -> Option<CauseState> {
        match self {
            Self::Opened => Some(CauseState::Opened),
            Self::Grew => Some(CauseState::Grew),
            Self::Resolved => Some(CauseState::Resolved),
            Self::Back => Some(CauseState::Back),
            Self::NothingNew | Self::Muted | Self::Suspended => None,
        }
    }

    /// In a word, for people: `opened`, `nothing new`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Grew => "grew",
            Self::Resolved => "resolved",
            Self::Back => "back",
            Self::NothingNew => "nothing new",
            Self::Muted => "muted",
            Self::Suspended => "suspended",
        }
    }
}

/// The number of records from which a cause told with `told` records counts as grown: three times
/// as many, and at least 20 more.
pub fn grown_at(told: u64) -> u64 {
    told.saturating_mul(3).max(told.saturating_add(20))
}

/// Whether a reader who was last told `last` of a cause is told of it as it is `now`, and why. A
/// cause that is nowhere any more is [`CurrentCause::default`].
pub fn decide(last: Option<&ToldCause>, now: &CurrentCause) -> Why {
    let would = match (last.map(|last| (last.state, last.records)), now.records) {
        (None | Some((CauseState::Resolved, _)), 0) => Why::NothingNew,
        (None, _) => Why::Opened,
        (Some((CauseState::Resolved, _)), _) => Why::Back,
        (Some((CauseState::Opened | CauseState::Grew | CauseState::Back, _)), 0) => Why::Resolved,
        (Some((CauseState::Opened | CauseState::Grew | CauseState::Back, told)), records) => {
            if records >= grown_at(told) {
                Why::Grew
            } else {
                Why::NothingNew
            }
        }
    };
    if now.muted {
        Why::Muted
    } else if now.suspended && would != Why::NothingNew {
        Why::Suspended
    } else {
        would
    }
}

/// What changed for a reader who was told `before`, in the order of the causes' numbers. A resolved
/// cause is told with the number of records last told. Told again after being told, it says
/// nothing: a restart, or a second look, is no news. A backlog found at the first start is kept out
/// by putting it into `before`.
pub fn news(before: &BTreeMap<i64, ToldCause>, now: &BTreeMap<i64, CurrentCause>) -> Vec<Told> {
    let numbers: BTreeSet<i64> = before.keys().chain(now.keys()).copied().collect();
    let told = numbers.into_iter().filter_map(|number| {
        let last = before.get(&number);
        let current = now.get(&number).copied().unwrap_or_default();
        let state = decide(last, &current).state()?;
        let records = match (state, last) {
            (CauseState::Resolved, Some(last)) => last.records,
            (CauseState::Resolved, None)
            | (CauseState::Opened | CauseState::Grew | CauseState::Back, _) => current.records,
        };
        Some(Told::Cause(number, state, records))
    });
    told.collect()
}

/// What the limit of mails an hour says about one more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtOnce {
    /// Send it.
    Tell,
    /// Send one mail that says that further ones wait.
    SayLimit,
    /// Keep gathering.
    Wait,
}

/// Whether one more mail may go out at `now`, when others went out at `sent_times`. A time later
/// than `now`, as a clock set back leaves behind, counts by its distance.
pub fn at_once(sent_times: &[Timestamp], now: Timestamp, per_hour: u32) -> AtOnce {
    let near = |sent: &&Timestamp| now.since(**sent).saturating_abs() < HOUR_MS;
    let sent = sent_times.iter().filter(near).count();
    match sent.cmp(&usize::try_from(per_hour).unwrap_or(usize::MAX)) {
        std::cmp::Ordering::Less => AtOnce::Tell,
        std::cmp::Ordering::Equal => AtOnce::SayLimit,
        std::cmp::Ordering::Greater => AtOnce::Wait,
    }
}

/// Whether one more ordinary mail may go out: [`at_once`] says [`AtOnce::Tell`].
pub fn may_tell_now(sent_times: &[Timestamp], now: Timestamp, per_hour: u32) -> bool {
    at_once(sent_times, now, per_hour) == AtOnce::Tell
}
