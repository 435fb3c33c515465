//! The five rules: which way one field goes.
//!
//! Knows what changed and what is blank, and no values.

use crate::domain::mapping::{Direction, OnFirstLink, Rule};
use crate::domain::record::Side;

use super::line::{Cell, Line, State};

/// What becomes of one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Course {
    /// Nothing moved.
    Leave,
    /// Nothing is written, and what both sides show becomes the base.
    Agree,
    /// The same, although they differ: it is listed.
    Differ,
    /// Both changed, and it is not known which is newer.
    AskHistory,
    /// The value goes to `to`; `lost` when a change there is overwritten by one across.
    Write { to: Side, lost: bool },
}

/// Which of two changes is the newer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Newer {
    HubSpot,
    Salesforce,
    Unknown,
}

/// What a rule looks at on one side.
#[derive(Debug, Clone, Copy)]
pub(super) struct View {
    pub(super) state: State,
    pub(super) blank: bool,
}

impl View {
    /// A field that a side does not describe counts as blank and still, so that what should go
    /// there is planned, and refused with a reason.
    fn of(cell: Option<&Cell<'_>>, across: Option<&Cell<'_>>) -> Self {
        match (cell, across) {
            (Some(cell), _) => Self {
                state: cell.state,
                blank: cell.blank,
            },
            (None, Some(across)) if across.state == State::NoBase => Self {
                state: State::NoBase,
                blank: true,
            },
            (None, Some(_) | None) => Self {
                state: State::Still,
                blank: true,
            },
        }
    }
}

/// Whether `rule` ever carries a value to `to`.
pub(super) fn may_go(rule: Rule, to: Side) -> bool {
    match rule {
        Rule::TwoWay | Rule::PreferSalesforce => true,
        Rule::AlwaysSalesforce => to == Side::HubSpot,
        Rule::AlwaysHubspot => to == Side::Salesforce,
        Rule::Off => false,
    }
}

/// Which way the field goes. `newer` is asked only when both sides changed and the rule cares.
///
/// Where only one side is written, a change of that side is none that could win: it stays, and the
/// base follows it, so that nothing of it is carried once both sides are written again.
pub(super) fn course(
    line: &Line<'_>,
    on_first_link: OnFirstLink,
    direction: Direction,
    newer: impl FnOnce() -> Newer,
) -> Course {
    let newer = || match direction {
        Direction::Both => newer(),
        Direction::ToSalesforce => Newer::HubSpot,
        Direction::ToHubspot => Newer::Salesforce,
    };
    let hubspot = View::of(line.hubspot.as_ref(), line.salesforce.as_ref());
    let salesforce = View::of(line.salesforce.as_ref(), line.hubspot.as_ref());
    let first = is_first(hubspot, salesforce);
    let rule = line.mapped.rule;
    let course = if line.equal {
        settled(hubspot, salesforce)
    } else if first {
        first_link(rule, on_first_link, hubspot.blank, salesforce.blank)
    } else {
        linked(rule, hubspot, salesforce, newer)
    };
    match course {
        // There is nothing to carry from a side that does not show the field.
        Course::Write { to, .. } if line.cell(to.other()).is_none() => Course::Agree,
        Course::Write { to, .. }
            if !direction.allows(to) || line.is_dead(to) || line.takes_owner_away(to) =>
        {
            if first {
                Course::Differ
            } else {
                Course::Agree
            }
        }
        Course::Leave
        | Course::Agree
        | Course::Differ
        | Course::AskHistory
        | Course::Write { .. } => course,
    }
}

/// Which way one association goes, which a side has or has not: two sides that both changed it
/// agree, so that nothing is ever newer.
pub(super) fn course_of_tie(
    rule: Rule,
    on_first_link: OnFirstLink,
    direction: Direction,
    hubspot: View,
    salesforce: View,
) -> Course {
    let first = is_first(hubspot, salesforce);
    let course = if hubspot.blank == salesforce.blank {
        settled(hubspot, salesforce)
    } else if first {
        first_link(rule, on_first_link, hubspot.blank, salesforce.blank)
    } else {
        linked(rule, hubspot, salesforce, || Newer::Salesforce)
    };
    match course {
        Course::Write { to, .. } if !direction.allows(to) && first => Course::Differ,
        Course::Write { to, .. } if !direction.allows(to) => Course::Agree,
        Course::Leave
        | Course::Agree
        | Course::Differ
        | Course::AskHistory
        | Course::Write { .. } => course,
    }
}

/// Whether there is no base to compare with.
fn is_first(hubspot: View, salesforce: View) -> bool {
    hubspot.state == State::NoBase || salesforce.state == State::NoBase
}

/// The base follows where it has to, and nothing is written.
fn settled(hubspot: View, salesforce: View) -> Course {
    if hubspot.state == State::Still && salesforce.state == State::Still {
        Course::Leave
    } else {
        Course::Agree
    }
}

fn linked(rule: Rule, hubspot: View, salesforce: View, newer: impl FnOnce() -> Newer) -> Course {
    let changed = (
        hubspot.state == State::Changed,
        salesforce.state == State::Changed,
    );
    let lost = changed == (true, true);
    if changed == (false, false) {
        return settled(hubspot, salesforce);
    }
    match rule {
        Rule::TwoWay => match changed {
            (true, false) => write(Side::Salesforce, false),
            (false, true | false) => write(Side::HubSpot, false),
            (true, true) => match newer() {
                Newer::HubSpot => write(Side::Salesforce, true),
                Newer::Salesforce => write(Side::HubSpot, true),
                Newer::Unknown => Course::AskHistory,
            },
        },
        Rule::AlwaysSalesforce => write(Side::HubSpot, lost),
        Rule::AlwaysHubspot => write(Side::Salesforce, lost),
        // Blank in Salesforce, and HubSpot's value is new: it fills the gap. A deletion in
        // Salesforce alone empties HubSpot; any other difference ends with Salesforce's value.
        Rule::PreferSalesforce => {
            if salesforce.blank && changed.0 {
                write(Side::Salesforce, false)
            } else {
                write(Side::HubSpot, lost)
            }
        }
        Rule::Off => Course::Leave,
    }
}

/// The two differ and there is no base. A side that may win by configuration and by rule does; all
/// else fills what is blank and overwrites nothing.
fn first_link(rule: Rule, on: OnFirstLink, hubspot_blank: bool, salesforce_blank: bool) -> Course {
    let winner = match (on, rule) {
        (OnFirstLink::Salesforce, Rule::TwoWay | Rule::PreferSalesforce) if !salesforce_blank => {
            Some(Side::Salesforce)
        }
        (OnFirstLink::Salesforce, Rule::AlwaysSalesforce) => Some(Side::Salesforce),
        (OnFirstLink::Hubspot, Rule::TwoWay) if !hubspot_blank => Some(Side::HubSpot),
        (OnFirstLink::Hubspot, Rule::AlwaysHubspot) => Some(Side::HubSpot),
        (OnFirstLink::FillBlanks | OnFirstLink::Salesforce | OnFirstLink::Hubspot, _) => None,
    };
    if let Some(winner) = winner {
        return write(winner.other(), false);
    }
    match (hubspot_blank, salesforce_blank) {
        (true, false) if may_go(rule, Side::HubSpot) => write(Side::HubSpot, false),
        (false, true) if may_go(rule, Side::Salesforce) => write(Side::Salesforce, false),
        (true | false, true | false) => Course::Differ,
    }
}

fn write(to: Side, lost: bool) -> Course {
    Course::Write { to, lost }
}
