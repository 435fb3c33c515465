//! What people decide: allocation, holds, pause.

use super::status::members;
use super::{done, refuse, unwrap};
use crate::control::report::{HoldLine, HoldStory, Report};
use crate::control::request::Refusal;
use crate::domain::budget::{ALLOCATIONS, Night};
use crate::domain::digest::{count, duration, thousands};
use crate::domain::event::{
    AllocationSet, BackfillSet, By, Excluded, HoldSettled, ListAccepted, LoadTime, Paused,
    RecordExcluded, Resumed,
};
use crate::domain::record::{ObjectName, PairIds, Side};
use crate::inbox;
use crate::inbox::selection;
use crate::projections::holds::{self, Hold};
use crate::projections::{self, allowance, calls, settings, spending};
use crate::store::{Store, Tx, View};

fn known(view: &View<'_>, number: i64) -> anyhow::Result<Hold> {
    let hold = holds::get(view, number)?;
    hold.ok_or_else(|| {
        refuse(Refusal::usage(format!(
            "there is no hold H-{number}; see \"syncline status\""
        )))
    })
}

pub(super) fn story(view: &View<'_>, number: i64, after: i64) -> anyhow::Result<Report> {
    let hold = known(view, number)?;
    let page = inbox::held(view, number, after)?;
    let next = page.last().map(|row| row.number);
    let examples = page
        .into_iter()
        .map(|row| (row.key.side, row.key.id.to_string()))
        .collect();
    // Once settled its members are members no more.
    let records = if hold.settled.is_some() {
        hold.records
    } else {
        members(view, number)?
    };
    Ok(Report::Hold(HoldStory {
        limit: hold.limit,
        settled: hold.settled,
        field: hold.field.map(|field| field.to_string()),
        examples,
        next,
        line: HoldLine {
            number,
            object: hold.object,
            to: hold.to,
            action: hold.action,
            records,
            since: hold.opened_at,
        },
    }))
}

pub(super) async fn hold(
    store: &Store,
    number: i64,
    approved: bool,
    by: By,
) -> Result<Report, Refusal> {
    let records = store
        .write(move |tx| {
            if known(tx, number)?.settled.is_some() {
                return Err(refuse(Refusal::usage(format!(
                    "H-{number} is settled already"
                ))));
            }
            let records = if approved {
                inbox::approve(tx, number)?
            } else {
                leave_out(tx, number)?;
                inbox::drop_hold(tx, number)?
            };
            projections::append(
                tx,
                None,
                HoldSettled {
                    hold: number,
                    approved,
                    records,
                    by,
                },
            )?;
            Ok(records)
        })
        .await
        .map_err(unwrap)?;
    Ok(done(if approved {
        let records = count(records, "record");
        format!("H-{number} approved: {records}, to be read again and written")
    } else {
        format!(
            "H-{number} dropped: {}, not written",
            count(records, "change")
        )
    }))
}

/// Lets as many members leave an inclusion list as had left when it stopped being believed.
pub(super) async fn list(store: &Store, object: &ObjectName, by: By) -> Result<Report, Refusal> {
    let accepted = object.clone();
    let left = store
        .write(move |tx| {
            let object = accepted;
            let Some(mut list) = selection::list(tx, &object)? else {
                return Err(refuse(Refusal::usage(format!(
                    "there is no list that selects {object}; see: syncline mapping show {object}"
                ))));
            };
            let Some(left) = list.shrunk else {
                let why = list.trouble.map_or_else(
                    || format!("the list of {object} is believed: nothing is to be accepted"),
                    |trouble| format!("{object}: {}; that cannot be accepted", trouble.says),
                );
                return Err(refuse(Refusal::usage(why)));
            };
            list.accepted = Some(left);
            selection::keep_list(tx, &object, &list)?;
            projections::append(tx, None, ListAccepted { object, left, by })?;
            Ok(left)
        })
        .await
        .map_err(unwrap)?;
    Ok(done(format!(
        "the list of {object} is read again, and up to {} of its members may be gone: they are left \
         out",
        thousands(left)
    )))
}

/// Members that are nobody's half yet would be known nowhere once their rows are dropped.
fn leave_out(tx: &Tx<'_>, hold: i64) -> anyhow::Result<()> {
    let mut after = 0;
    loop {
        let members = inbox::held(tx, hold, after)?;
        let Some(last) = members.last() else {
            return Ok(());
        };
        after = last.number;
        for member in members.iter().filter(|member| member.pair.is_none()) {
            let (ids, why) = (PairIds::half(&member.key), Excluded::Dropped);
            projections::append(tx, None, RecordExcluded { ids, why })?;
            inbox::release(tx, inbox::Release::Parent(&member.key))?;
        }
    }
}

pub(super) async fn set_budget(store: &Store, calls: u64, by: By) -> Result<Report, Refusal> {
    if !ALLOCATIONS.contains(&calls) {
        let (from, to) = (ALLOCATIONS.start(), thousands(*ALLOCATIONS.end()));
        let instead = if calls == 0 {
            "; to stop all writing: syncline pause"
        } else {
            ""
        };
        return Err(Refusal::usage(format!(
            "an allocation is a number from {from} to {to} calls in any 24 h{instead}"
        )));
    }
    let said = store
        .write(move |tx| {
            let reserve_percent =
                settings::allocation(tx)?.map_or(10, |setting| setting.event.reserve_percent);
            projections::append(
                tx,
                None,
                AllocationSet {
                    allocation: calls,
                    reserve_percent,
                    by,
                },
            )?;
            consequence(tx)
        })
        .await?;
    Ok(done(format!(
        "{} allowed in any 24 h from now on{said}",
        count(calls, "Salesforce call")
    )))
}

/// What a new allocation means beside what is used and what Salesforce's own limit leaves.
fn consequence(view: &View<'_>) -> anyhow::Result<String> {
    let mut said = String::new();
    let Some(allowance) = allowance::get(view)? else {
        return Ok(said);
    };
    if allowance.is_capped() {
        let reserve = allowance.set.event.reserve_percent;
        let limit = calls::usage(view, Side::Salesforce)?.map_or(0, |usage| usage.limit);
        said = format!(
            "; Salesforce's own limit is {}, of which {reserve} % are left to everybody else: {} can \
             be spent",
            thousands(limit),
            thousands(allowance.in_force())
        );
    }
    let used = spending::sum(view, Side::Salesforce)?;
    if let Some(frees_at) = spending::frees_at(view, used)? {
        let used = thousands(used);
        let wait = duration(frees_at.since(view.now()));
        said = format!("{said}; {used} are used already: nothing is spent for {wait}");
    }
    Ok(said)
}

pub(super) async fn set_backfill(store: &Store, when: LoadTime, by: By) -> Result<Report, Refusal> {
    let set = store
        .write(move |tx| {
            let before = settings::backfill(tx)?.map(|setting| setting.event);
            let set = BackfillSet {
                when,
                night: before.as_ref().map_or_else(Night::default, |set| set.night),
                zone: before.map_or_else(|| "UTC".to_owned(), |set| set.zone),
                by,
            };
            projections::append(tx, None, set.clone())?;
            Ok(set)
        })
        .await?;
    Ok(done(match set.when {
        LoadTime::Always => "first loads go at any time".to_owned(),
        LoadTime::Night => format!(
            "first loads go at night only, {} {}; everything else goes on by day",
            set.night, set.zone
        ),
    }))
}

pub(super) async fn pause(store: &Store, by: By) -> Result<Report, Refusal> {
    let new = store
        .write(move |tx| {
            let new = settings::paused(tx)?.is_none();
            if new {
                projections::append(tx, None, Paused { by })?;
            }
            Ok(new)
        })
        .await?;
    Ok(done(if new {
        "writing is paused; reading goes on and nothing is lost"
    } else {
        "writing was paused already"
    }))
}

pub(super) async fn resume(store: &Store, by: By) -> Result<Report, Refusal> {
    let was = store
        .write(move |tx| {
            let was = settings::paused(tx)?.is_some();
            if was {
                projections::append(tx, None, Resumed { by })?;
            }
            Ok(was)
        })
        .await?;
    Ok(done(if was {
        "writing goes on"
    } else {
        "writing was not paused"
    }))
}
