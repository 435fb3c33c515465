//! What a daily or weekly digest holds, gathered for one reader.

use std::collections::{BTreeMap, BTreeSet};

use super::lines::{Reader, concerns, is_muted, line, rows, tickets};
use super::{Teller, notices};
use crate::annex;
use crate::domain::budget::OrgUsage;
use crate::domain::catalogue::WhoFixes;
use crate::domain::digest::{
    Accounted, Calls, CauseLine, Digest, Excluded, Failing, ForSomeone, LineState, Synced, Waiting,
    Week,
};
use crate::domain::event::{CauseState, RecipientSetting, Told};
use crate::domain::record::{Side, Timestamp};
use crate::domain::schedule::Frequency;
use crate::journal;
use crate::projections::causes::{self, Cause};
use crate::projections::{allowance, calls, days, errors, figures, settings, slots, spending};
use crate::store::View;

/// Weeks whose figures are shown.
const WEEKS: i64 = 6;

/// A digest of everything after entry `after`, as a reader at `frequency` is told it now.
pub(super) fn digest(
    view: &View<'_>,
    reader: &Reader<'_>,
    recipient: &RecipientSetting,
    frequency: Frequency,
    told: &[Told],
    after: i64,
    since: Option<Timestamp>,
) -> anyhow::Result<Digest> {
    let last = journal::last_seq(view)?;
    let turned = figures::turned_between(view, after, last)?;
    let uncarried = figures::uncarried_between(view, after, last)?;
    let totals = errors::totals(view)?;
    let week_after = (frequency == Frequency::Weekly).then_some(after);
    let causes = cause_lines(view, reader, recipient, told, week_after)?;
    let open: Vec<i64> = causes
        .iter()
        .filter(|one| !is_resolved(one))
        .map(|one| one.number)
        .collect();
    let (for_you, for_others) = who(view, reader, recipient, &causes)?;
    let standings = figures::standings(view)?;
    let sum = |of: fn(&figures::Standing) -> u64| standings.values().map(of).sum::<u64>();
    let excluded = sum(|standing| standing.excluded);
    let excluded_before = excluded_then(view, recipient.recipient, frequency)?.unwrap_or(excluded);
    Ok(Digest {
        installation: reader.teller.installation.clone(),
        frequency,
        now: reader.long(reader.now),
        since: since.map_or_else(|| "the first start".to_owned(), |since| reader.short(since)),
        accounts: accounts(reader.teller),
        late: None,
        for_you,
        for_others,
        failing: Failing {
            yours: yours(view, recipient, &open)?,
            before: turned.before(figures::failing(view)?),
            now: totals.records,
            errors: totals.errors,
            newly: turned.newly_failing,
            fixed: turned.fixed,
        },
        synced: synced(view, after, last)?,
        calls: used(view)?,
        waiting: Waiting {
            records: sum(|standing| standing.waiting),
            oldest_ms: errors::oldest_waiting(view)?.map(|at| reader.now.since(at)),
        },
        deferred: sum(|standing| standing.deferred),
        held: sum(|standing| standing.held),
        excluded: Excluded {
            records: excluded,
            delta: i64::try_from(excluded)? - i64::try_from(excluded_before)?,
        },
        conflicts_lost: uncarried.changes,
        deletions_ignored: uncarried.deletions,
        notices: notices::standing(view, reader)?,
        accounted: (frequency == Frequency::Weekly).then(|| Accounted {
            records: sum(figures::Standing::total),
            in_sync: sum(|standing| standing.in_sync),
            failing: sum(|standing| standing.failing),
            would_write: sum(|standing| standing.would_write),
            on_their_way: sum(|standing| standing.pending),
        }),
        weeks: weeks(view, totals.records)?,
        hand_overs: tickets(view, reader, &causes)?,
        rows: rows(view, reader, &open)?,
        remedy: remedy(view, reader, recipient.recipient)?,
        causes,
    })
}

/// Records that fail by what a reader is told of, where that is not everything.
fn yours(
    view: &View<'_>,
    recipient: &RecipientSetting,
    open: &[i64],
) -> anyhow::Result<Option<u64>> {
    let RecipientSetting {
        who_fixes,
        objects,
        types,
        ..
    } = recipient;
    if who_fixes.is_empty() && objects.is_empty() && types.is_empty() {
        return Ok(None);
    }
    errors::records(view, open).map(Some)
}

pub(super) fn accounts(teller: &Teller) -> String {
    format!(
        "HubSpot portal {} <-> Salesforce org {}",
        teller.portal, teller.org
    )
}

fn is_resolved(line: &CauseLine) -> bool {
    line.state == LineState::News(CauseState::Resolved)
}

/// News first, in the order of the records, then what is still open. To a digest of the week after an
/// entry, what other mails told since is news too: the week brought it.
fn cause_lines(
    view: &View<'_>,
    reader: &Reader<'_>,
    recipient: &RecipientSetting,
    told: &[Told],
    week_after: Option<i64>,
) -> anyhow::Result<Vec<CauseLine>> {
    let news: BTreeMap<i64, (CauseState, u64)> = told
        .iter()
        .filter_map(|one| match one {
            Told::Cause(number, state, records) => Some((*number, (*state, *records))),
            Told::Suspended(_)
            | Told::Resumed(_)
            | Told::Held(_)
            | Told::Settled(_)
            | Told::SelectionHeld(_)
            | Told::SelectionGoes(_)
            | Told::BudgetLow
            | Told::BudgetEased
            | Told::BudgetExhausted
            | Told::BudgetFrees => None,
        })
        .collect();
    let mut lines = Vec::new();
    let add = |cause: &Cause, state, records| -> anyhow::Result<CauseLine> {
        let before = slots::told_cause(view, recipient.recipient, cause.number)?;
        let before = before.map(|told| told.records);
        line(view, reader, cause, state, records, before)
    };
    for (number, (state, records)) in &news {
        if let Some(cause) = causes::get(view, *number)? {
            lines.push(add(&cause, LineState::News(*state), *records)?);
        }
    }
    let mut meanwhile = BTreeSet::new();
    if let Some(after) = week_after {
        for cause in causes::since(view, 0)? {
            if news.contains_key(&cause.number) || !concerns(view, recipient, &cause) {
                continue;
            }
            if let Some((state, records)) = told_meanwhile(view, recipient, &cause, after)? {
                meanwhile.insert(cause.number);
                let state = LineState::News(state);
                lines.push(line(view, reader, &cause, state, records, None)?);
            }
        }
    }
    for cause in causes::open(view)? {
        let is_told = news.contains_key(&cause.number) || meanwhile.contains(&cause.number);
        if !is_told && concerns(view, recipient, &cause) {
            lines.push(add(&cause, LineState::StillOpen, cause.records)?);
        }
    }
    lines.sort_by_key(|line| {
        (
            line.state == LineState::StillOpen,
            std::cmp::Reverse(line.records),
        )
    });
    Ok(lines)
}

/// What other mails last told of a cause since a digest that covers entries up to `after`, where that
/// is still so.
fn told_meanwhile(
    view: &View<'_>,
    recipient: &RecipientSetting,
    cause: &Cause,
    after: i64,
) -> anyhow::Result<Option<(CauseState, u64)>> {
    // The entry behind the last one covered is the digest's own.
    let told = slots::told_cause(view, recipient.recipient, cause.number)?
        .filter(|told| told.seq > after + 1);
    Ok(told.and_then(|told| match (told.state, cause.records) {
        (CauseState::Resolved, 0) => Some((told.state, told.records)),
        (CauseState::Opened | CauseState::Grew | CauseState::Back, 1..) => {
            Some((told.state, cause.records))
        }
        (CauseState::Resolved, 1..)
        | (CauseState::Opened | CauseState::Grew | CauseState::Back, 0) => None,
    }))
}

/// How the last weeks went.
fn weeks(view: &View<'_>, failing: u64) -> anyhow::Result<Vec<Week>> {
    let weeks = days::weeks(view, WEEKS, failing)?.into_iter();
    let week = |week: days::Week| Week {
        from: Reader::day(week.from),
        failing: week.failing,
        calls: week.calls,
    };
    Ok(weeks.map(week).collect())
}

/// How to change or stop these mails.
pub(super) fn remedy(
    view: &View<'_>,
    reader: &Reader<'_>,
    recipient: i64,
) -> anyhow::Result<String> {
    let address = in_shell(&annex::address(view, recipient)?.unwrap_or_default());
    let contact = &reader.teller.contact;
    Ok(format!(
        "syncline notify set {address}, or write to {contact}"
    ))
}

/// `address` as a shell takes it: an apostrophe, which names hold, would begin a string there.
fn in_shell(address: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "@._-+=%".contains(c);
    if address.chars().all(is_plain) {
        address.to_owned()
    } else {
        format!("'{}'", address.replace('\'', "'\\''"))
    }
}

/// Whom the open causes wait for. A reader who is told one kind only is "you".
fn who(
    view: &View<'_>,
    reader: &Reader<'_>,
    recipient: &RecipientSetting,
    causes: &[CauseLine],
) -> anyhow::Result<(Option<ForSomeone>, Vec<ForSomeone>)> {
    let mut by: BTreeMap<&str, Vec<(i64, Option<String>)>> = BTreeMap::new();
    for cause in causes.iter().filter(|cause| !is_resolved(cause)) {
        let Some(known) = causes::get(view, cause.number)? else {
            continue;
        };
        if is_muted(view, &known)? {
            continue;
        }
        let told = told_to_fixer(view, recipient, &known)?;
        by.entry(&cause.who_fixes).or_default().push((
            cause.number,
            told.map(|at| format!("told {}", reader.short(at))),
        ));
    }
    let mut everybody: Vec<ForSomeone> = by
        .into_iter()
        .map(|(who, causes)| ForSomeone {
            who: article(who),
            causes,
        })
        .collect();
    if recipient.who_fixes.len() == 1 {
        let causes = everybody.drain(..).flat_map(|one| one.causes).collect();
        let you = ForSomeone {
            who: "you".to_owned(),
            causes,
        };
        return Ok((Some(you), Vec::new()));
    }
    Ok((None, everybody))
}

/// When somebody else who is told only what such people fix was last told of a cause: then it need
/// not be passed on.
fn told_to_fixer(
    view: &View<'_>,
    recipient: &RecipientSetting,
    cause: &Cause,
) -> anyhow::Result<Option<Timestamp>> {
    let Some(setting) = settings::notifications(view)? else {
        return Ok(None);
    };
    let mut last = None;
    for other in &setting.event.recipients {
        let is_fixer = !other.who_fixes.is_empty() && concerns(view, other, cause);
        if is_fixer && other.recipient != recipient.recipient {
            let told = slots::told_cause(view, other.recipient, cause.number)?;
            last = last.max(told.map(|told| told.at));
        }
    }
    Ok(last)
}

/// RevOps is a team and takes no article.
fn article(who: &str) -> String {
    if who == WhoFixes::RevOps.title() {
        who.to_owned()
    } else {
        format!("the {who}")
    }
}

fn synced(view: &View<'_>, after: i64, last: i64) -> anyhow::Result<Synced> {
    let sums = figures::synced_between(view, after, last)?;
    let to = |side| {
        sums.iter()
            .filter(|((_, to), _)| *to == side)
            .map(|(_, sum)| sum)
            .sum()
    };
    Ok(Synced {
        to_salesforce: to(Side::Salesforce),
        to_hubspot: to(Side::HubSpot),
        slowest_ms: figures::slowest_between(view, after, last)?,
    })
}

pub(super) fn used(view: &View<'_>) -> anyhow::Result<Calls> {
    let ours = spending::sum(view, Side::Salesforce)?;
    let org = calls::usage(view, Side::Salesforce)?;
    Ok(Calls {
        ours,
        allocation: allowance::in_force(view)?,
        org: org.map(|org| OrgUsage {
            // What the org used is told in steps of a percent; it is never less than ours.
            used: org.used.max(ours),
            limit: org.limit,
        }),
    })
}

/// Records left out when this recipient's last digest was planned.
fn excluded_then(
    view: &View<'_>,
    recipient: i64,
    frequency: Frequency,
) -> anyhow::Result<Option<u64>> {
    let key = format!("excluded {recipient} {frequency}");
    Ok(annex::meta(view, &key)?.and_then(|text| text.parse().ok()))
}
