//! `syncline errors` without a verb: the causes, in the order and the page that were asked for.

use std::cmp::Reverse;

use super::args;
use super::ask::{numbered, word};
use crate::control::report::{CauseLine, Causes};
use crate::control::request::Refusal;

/// In which order causes are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Order {
    /// Those with most records first.
    #[default]
    Records,
    /// Those open for longest first.
    Oldest,
    /// The latest first.
    Newest,
    /// By type.
    Type,
    /// By who fixes them.
    Who,
}

impl Order {
    const ALL: &'static [Self] = &[
        Self::Records,
        Self::Oldest,
        Self::Newest,
        Self::Type,
        Self::Who,
    ];

    fn key(self) -> &'static str {
        match self {
            Self::Records => "records",
            Self::Oldest => "oldest",
            Self::Newest => "newest",
            Self::Type => "type",
            Self::Who => "who",
        }
    }

    /// Within one age, type or reader those with most records stand first, as they came.
    fn sort(self, causes: &mut [CauseLine]) {
        match self {
            Self::Records => (),
            Self::Oldest => causes.sort_by_key(|cause| cause.since),
            Self::Newest => causes.sort_by_key(|cause| Reverse(cause.since)),
            Self::Type => causes.sort_by(|one, other| one.kind.cmp(&other.kind)),
            Self::Who => causes.sort_by(|one, other| one.who_fixes.cmp(&other.who_fixes)),
        }
    }
}

/// Puts the causes into the order that was asked for, and leaves the page.
pub(super) fn arrange(typed: &args::Causes, report: &mut Causes) -> Result<(), Refusal> {
    let order = typed.sort.as_deref();
    let order = order.map(|text| word("order", text, Order::ALL, Order::key));
    order
        .transpose()?
        .unwrap_or_default()
        .sort(&mut report.causes);
    let after = typed.after.as_deref().map(|text| numbered("C", text));
    let begin = match after.transpose()? {
        None => 0,
        Some(number) => behind(&report.causes, number)?,
    };
    let all = report.causes.len();
    let most = typed
        .limit
        .map_or(all, |limit| usize::try_from(limit).unwrap_or(all));
    if most == 0 && all > 0 {
        return Err(Refusal::usage(
            "a list of 0 causes shows nothing; give a limit from 1 on",
        ));
    }
    let end = begin.saturating_add(most).min(all);
    report.causes = report.causes.drain(begin..end).collect();
    let last = report.causes.last().filter(|_| end < all);
    report.next = last.map(|cause| cause.number);
    Ok(())
}

/// Where the list goes on behind the cause of that number.
fn behind(causes: &[CauseLine], number: i64) -> Result<usize, Refusal> {
    let place = causes.iter().position(|cause| cause.number == number);
    place.map(|place| place + 1).ok_or_else(|| {
        Refusal::usage(format!(
            "no cause C-{number} is open now, so that nothing stands behind it; begin the list anew"
        ))
    })
}
