//! What is news to a reader: what was told last, compared with what is.

use std::collections::BTreeMap;

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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CurrentCause {
    /// Records that fail by it; 0 is as good as not being there.
    pub records: u64,
    /// A person muted it: nothing about it is told, neither its growth nor its end.
    pub muted: bool,
}

/// The number of records from which a cause told with `told` records counts as grown: three times
/// as many, and at least 20 more.
pub fn grown_at(told: u64) -> u64 {
    told.saturating_mul(3).max(told.saturating_add(20))
}

/// What changed for a reader who was told `before`, in the order of the causes' numbers. A resolved
/// cause is told with the number of records last told. Told again after being told, it says
/// nothing: a restart, or a second look, is no news. A backlog found at the first start is kept out
/// by putting it into `before`.
pub fn news(before: &BTreeMap<i64, ToldCause>, now: &BTreeMap<i64, CurrentCause>) -> Vec<Told> {
    let mut told: Vec<Told> = Vec::new();
    for (&number, cause) in now
        .iter()
        .filter(|(_, cause)| cause.records > 0 && !cause.muted)
    {
        if let Some(state) = change(before.get(&number), cause.records) {
            told.push(Told::Cause(number, state, cause.records));
        }
    }
    for (&number, last) in before {
        let gone = now
            .get(&number)
            .is_none_or(|cause| cause.records == 0 && !cause.muted);
        if gone && last.state != CauseState::Resolved {
            told.push(Told::Cause(number, CauseState::Resolved, last.records));
        }
    }
    told.sort_by_key(|one| match one {
        Told::Cause(number, _, _) => *number,
        Told::Suspended(_)
        | Told::Resumed(_)
        | Told::Held(_)
        | Told::Settled(_)
        | Told::BudgetLow
        | Told::BudgetEased
        | Told::BudgetExhausted
        | Told::BudgetFrees => i64::MAX,
    });
    told
}

fn change(last: Option<&ToldCause>, records: u64) -> Option<CauseState> {
    let Some(last) = last else {
        return Some(CauseState::Opened);
    };
    match last.state {
        CauseState::Resolved => Some(CauseState::Back),
        CauseState::Opened | CauseState::Grew | CauseState::Back => {
            (records >= grown_at(last.records)).then_some(CauseState::Grew)
        }
    }
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
