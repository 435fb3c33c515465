//! Changes of state as log lines: one per change, none per record, none for a restart.
//!
//! Runs whether or not anybody is mailed.

use std::sync::Arc;

use super::contents::used;
use super::immediate::backlog;
use super::notices::{rows, settled};
use crate::annex;
use crate::clock::Clock;
use crate::domain::budget::{Fullness, Thresholds, Wall, past_share};
use crate::domain::call::Lane;
use crate::domain::catalogue::Slug;
use crate::domain::digest::{Notice, count, duration, thousands};
use crate::domain::record::Timestamp;
use crate::inbox::State;
use crate::journal;
use crate::projections::causes::{self, Cause};
use crate::projections::{errors, holds, spending, wording};
use crate::store::{Store, Tx, View};

/// How long a quiet look waits; news rings earlier.
const LOOK_EVERY_MS: i64 = 15_000;

/// How long nothing is said after our clock was set: the loops compare it once a minute.
const SETTLING_MS: i64 = 120_000;

/// Lines about causes in one look; beyond, one line counts the others.
const LINES_MAX: usize = 10;

/// `meta` row: the seq up to which causes were logged.
const LOGGED: &str = "causes logged until";

/// `meta` row: how full the allocation was when that was last logged.
const FULLNESS: &str = "budget logged";

/// `meta` row: the seq up to which settled holds were logged.
const SETTLED: &str = "holds logged until";

/// One line to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// Something that helps later.
    Info(String),
    /// A change that people may want to see.
    Notice(String),
    /// Something that will be trouble.
    Warning(String),
    /// Trouble.
    Error(String),
}

/// Logs causes that open, come back and end, holds that people settle, and how full the allocation
/// is.
pub struct Watch {
    store: Arc<Store>,
    clock: Arc<dyn Clock>,
    told: Thresholds,
    wall: Wall,
    settles_ms: i64,
}

impl Watch {
    /// A watch over `store` that speaks of the budget from the percentages `told` on.
    pub fn new(store: Arc<Store>, clock: Arc<dyn Clock>, told: Thresholds) -> Self {
        let settles_ms = clock.monotonic_ms();
        Self {
            store,
            clock,
            told,
            wall: Wall::default(),
            settles_ms,
        }
    }

    /// Whether our clock was set just now: until Salesforce was asked for its own, which calls of it
    /// still count is not known.
    pub(super) fn is_unsettled(&mut self) -> bool {
        let now_ms = self.clock.monotonic_ms();
        if self.wall.compare(self.clock.now(), now_ms).is_some() {
            self.settles_ms = now_ms + SETTLING_MS;
        }
        now_ms < self.settles_ms
    }

    /// Logs what changed since the last look; returns when to look again.
    pub async fn work(&mut self) -> anyhow::Result<Timestamp> {
        let told = self.told;
        if self.is_unsettled() {
            return Ok(self.clock.now().plus(LOOK_EVERY_MS));
        }
        if self.store.read(move |view| stirred(view, told)).await? {
            for line in self.store.write(move |tx| look(tx, told)).await? {
                line.log();
            }
        }
        Ok(self.clock.now().plus(LOOK_EVERY_MS))
    }
}

impl Line {
    fn log(self) {
        match self {
            Self::Info(text) => tracing::info!("{text}"),
            Self::Notice(text) => tracing::info!(notice = true, "{text}"),
            Self::Warning(text) => tracing::warn!("{text}"),
            Self::Error(text) => tracing::error!("{text}"),
        }
    }
}

/// Whether there may be something to say: a look that writes waits for the disk, this one does not.
fn stirred(view: &View<'_>, told: Thresholds) -> anyhow::Result<bool> {
    let Some(logged) = seq(view, LOGGED)? else {
        return Ok(true);
    };
    let changed = causes::since(view, logged)?;
    let settled = match seq(view, SETTLED)? {
        Some(after) => !holds::settled_since(view, after)?.is_empty(),
        None => true,
    };
    Ok(settled
        || changed.iter().any(|cause| moved(cause, logged))
        || fullness(view, told)? != noted(view)?)
}

fn moved(cause: &Cause, after: i64) -> bool {
    let moments = [Some(cause.opened), cause.back, cause.resolved];
    moments.iter().flatten().any(|moment| moment.seq > after)
}

/// The seq that a `meta` row holds.
fn seq(view: &View<'_>, name: &str) -> anyhow::Result<Option<i64>> {
    Ok(annex::meta(view, name)?.and_then(|text| text.parse().ok()))
}

/// What is to be logged now; noted in the same transaction, so that it is said once.
pub fn look(tx: &Tx<'_>, told: Thresholds) -> anyhow::Result<Vec<Line>> {
    let mut lines = of_causes(tx)?;
    lines.extend(of_holds(tx)?);
    lines.extend(of_budget(tx, told)?);
    Ok(lines)
}

/// What people decided about holds; that one was opened is said where it is.
fn of_holds(tx: &Tx<'_>) -> anyhow::Result<Vec<Line>> {
    let last = journal::last_seq(tx)?.to_string();
    let Some(after) = seq(tx, SETTLED)? else {
        annex::set_meta(tx, SETTLED, Some(&last))?;
        return Ok(Vec::new());
    };
    let mut lines = Vec::new();
    for hold in holds::settled_since(tx, after)? {
        if let Some(Notice::Settled { outcome, then, .. }) = settled(tx, &hold)? {
            let then = then.trim_end_matches('.').to_lowercase();
            lines.push(Line::Notice(format!("H-{} {outcome}; {then}", hold.number)));
        }
    }
    if !lines.is_empty() {
        annex::set_meta(tx, SETTLED, Some(&last))?;
    }
    Ok(lines)
}

fn of_causes(tx: &Tx<'_>) -> anyhow::Result<Vec<Line>> {
    let last = journal::last_seq(tx)?.to_string();
    let Some(logged) = seq(tx, LOGGED)? else {
        // The backlog that a first load brings is one piece of news.
        if backlog(tx)?.is_none() {
            return Ok(Vec::new());
        }
        annex::set_meta(tx, LOGGED, Some(&last))?;
        let totals = errors::totals(tx)?;
        return Ok(vec![if totals.errors == 0 {
            Line::Notice("first load done: nothing fails".to_owned())
        } else {
            Line::Notice(format!(
                "first load done: {} on {} by {}; the first mail to each reader tells them; see now: syncline errors",
                count(totals.errors, "error"),
                count(totals.records, "record"),
                count(totals.causes, "cause")
            ))
        }]);
    };
    let mut lines = Vec::new();
    for cause in causes::since(tx, logged)? {
        lines.extend(of_cause(tx, &cause, logged)?);
    }
    if !lines.is_empty() {
        annex::set_meta(tx, LOGGED, Some(&last))?;
    }
    let more = lines.len().saturating_sub(LINES_MAX);
    if more > 0 {
        lines.truncate(LINES_MAX);
        let more = count(more as u64, "more change");
        lines.push(Line::Notice(format!(
            "and {more} of causes; see: syncline errors"
        )));
    }
    Ok(lines)
}

/// What happened to one cause after `after`. One that opened and ended between two looks says so
/// in one line.
fn of_cause(view: &View<'_>, cause: &Cause, after: i64) -> anyhow::Result<Option<Line>> {
    let slug = cause.slug.clone().unwrap_or_else(Slug::other);
    let kind = view.catalogue().get(&slug);
    let fingerprint = &cause.fingerprint;
    let field = fingerprint.field.as_ref().map(|field| format!(".{field}"));
    let name = format!(
        "C-{} {slug} {}{} to {}",
        cause.number,
        wording::object(view, cause)?,
        field.unwrap_or_default(),
        fingerprint.side
    );
    let opened = cause.since().seq > after;
    let records = count(cause.records, "record");
    let who = kind.map(|kind| format!("; to fix: {}", kind.who_fixes.title()));
    let who = who.unwrap_or_default();
    Ok(match cause.resolved {
        Some(ended) if ended.seq > after => {
            let length = duration(ended.at.since(cause.since().at));
            Some(Line::Info(format!("cause resolved: {name}, open {length}")))
        }
        None if opened && cause.back.is_some() => {
            Some(Line::Notice(format!("cause back: {name}, {records}{who}")))
        }
        None if opened && cause.records > 0 => Some(Line::Notice(format!(
            "cause opened: {name}, {records}{who}"
        ))),
        Some(_) | None => None,
    })
}

fn word(fullness: Fullness) -> &'static str {
    match fullness {
        Fullness::Room => "room",
        Fullness::Low => "low",
        Fullness::Full => "full",
    }
}

/// How full the allocation is, seen from what was said last.
fn fullness(view: &View<'_>, told: Thresholds) -> anyhow::Result<Fullness> {
    let calls = used(view)?;
    Ok(Fullness::of(
        calls.ours,
        calls.allocation,
        noted(view)?,
        told,
    ))
}

fn noted(view: &View<'_>) -> anyhow::Result<Fullness> {
    let noted = annex::meta(view, FULLNESS)?;
    let all = [Fullness::Low, Fullness::Full];
    let known = all
        .into_iter()
        .find(|one| Some(word(*one)) == noted.as_deref());
    Ok(known.unwrap_or(Fullness::Room))
}

fn of_budget(tx: &Tx<'_>, told: Thresholds) -> anyhow::Result<Option<Line>> {
    let (now, before) = (fullness(tx, told)?, noted(tx)?);
    if now == before {
        return Ok(None);
    }
    annex::set_meta(tx, FULLNESS, Some(word(now)))?;
    let calls = used(tx)?;
    let share = calls.ours.saturating_mul(100) / calls.allocation.max(1);
    let of = format!(
        "{} of {}",
        thousands(calls.ours),
        thousands(calls.allocation)
    );
    let waiting = match rows(tx, &[State::Deferred])? {
        0 => "nothing waits".to_owned(),
        deferred => format!("{} deferred", count(deferred, "change")),
    };
    Ok(match (before, now) {
        (Fullness::Room, Fullness::Low) => Some(Line::Warning(format!(
            "budget: {of} calls used ({share} %); {}{}",
            forecast(tx, calls.ours)?,
            waiting_lanes(calls.ours, calls.allocation)
        ))),
        (Fullness::Room | Fullness::Low, Fullness::Full) => {
            let frees = spending::frees_at(tx, calls.ours)?.map(|at| at.since(tx.now()));
            let frees = frees.map(|wait| format!(" frees in {};", duration(wait)));
            Some(Line::Error(format!(
                "budget exhausted: {of}; {waiting};{} raise with \"syncline budget set N\"",
                frees.unwrap_or_default()
            )))
        }
        (Fullness::Full, Fullness::Low | Fullness::Room) => Some(Line::Notice(format!(
            "budget frees: {of} calls used, writing goes on; {waiting}"
        ))),
        (Fullness::Low, Fullness::Room) => Some(Line::Info(format!(
            "budget: {of} calls used, below {} % again",
            told.low_percent
        ))),
        (Fullness::Room, Fullness::Room)
        | (Fullness::Low, Fullness::Low)
        | (Fullness::Full, Fullness::Full) => None,
    })
}

/// `; backfill and retry wait`, and nothing where none does.
fn waiting_lanes(used: u64, allocation: u64) -> String {
    let lanes: Vec<&str> = past_share(used, allocation)
        .into_iter()
        .map(Lane::key)
        .collect();
    match lanes.as_slice() {
        [] => String::new(),
        [one] => format!("; {one} waits"),
        [more @ .., last] => format!("; {} and {last} wait", more.join(", ")),
    }
}

/// How long the rest lasts at the last hour's rate.
fn forecast(view: &View<'_>, used: u64) -> anyhow::Result<String> {
    let empty = spending::empty_at(view, used)?;
    Ok(empty.map_or_else(
        || "at this rate the rest lasts for a day".to_owned(),
        |at| format!("at this rate empty in {}", duration(at.since(view.now()))),
    ))
}
