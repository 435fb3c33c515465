//! May this call be spent? The ledger is asked and charged under one lock, on Salesforce's clock.

use super::context::Context;
use super::gate::{Errand, Trouble};
use super::words::{spoken_length, tell_plenty, tell_scarce};
use crate::domain::budget::{self, Answer, Ledger, Policy};
use crate::domain::call::{Lane, Operation};
use crate::domain::digest::{count, duration};
use crate::domain::record::{ObjectName, Side, Timestamp};
use crate::inbox;
use crate::projections::allowance::{self, Allowance};
use crate::projections::{calls, settings};
use crate::store::{Store, View};

/// How long rows wait when Salesforce's clock has not been heard yet.
const UNHEARD_MS: i64 = 1_000;

/// Calls to Salesforce that rows taken together need: read again, matched, written, and marked.
const CALLS_OF_ROWS: u64 = 4;

/// The ledger of calls still in the window, read back from the store.
pub(super) fn ledger(store: &Store) -> anyhow::Result<Ledger> {
    let spent =
        store.read_blocking(|view| calls::in_window(view, Side::Salesforce, Timestamp(0)))?;
    let mut ledger = Ledger::new();
    for call in spent {
        ledger.record(
            call.until.plus(-budget::HOLD_MS),
            call.until,
            call.calls,
            call.lane,
        );
    }
    Ok(ledger)
}

impl Context {
    /// When the call leaves the window, or why it may not be spent now.
    pub(super) async fn granted_until(
        &self,
        errand: &Errand,
        now: Timestamp,
    ) -> Result<Timestamp, Trouble> {
        let side = errand.side;
        let governing = self
            .store
            .read(move |view| Ok((policy(view)?, settings::suspended(view, side)?.is_some())))
            .await?;
        let (policy, suspended) = governing;
        if suspended && errand.operation != Operation::Limits {
            return Err(Trouble::Suspended(errand.side));
        }
        if errand.side == Side::HubSpot {
            return Ok(now.plus(budget::HOLD_MS));
        }
        let Some(server_now) = self.salesforce_time().await? else {
            return Err(Trouble::NotBefore(now.plus(UNHEARD_MS)));
        };
        self.ask(errand, server_now, now, &policy)
    }

    /// Salesforce's clock. After hours without an answer, as when the allocation is used up, it is
    /// not known any more, and nothing may be spent to hear it: the free list of versions tells it,
    /// asked a second time when the first answer leaps.
    pub(in crate::sync) async fn salesforce_time(&self) -> Result<Option<Timestamp>, Trouble> {
        self.compare_clocks();
        let opened = self
            .shared()
            .lines
            .entry(Side::Salesforce)
            .or_default()
            .open;
        for _ in 0..2 {
            let known = self.salesforce_now();
            if known.is_some() || !opened {
                return Ok(known);
            }
            match self.salesforce.versions().await {
                Ok(reply) => {
                    self.heard(Side::Salesforce, reply.server_time, None)
                        .await?;
                }
                Err(error) => {
                    let errand = Errand::about_account(Side::Salesforce, Operation::Versions);
                    self.went_wrong(&errand, None, &error).await?;
                    return Err(error.into());
                }
            }
        }
        Ok(self.salesforce_now())
    }

    /// Notices once that our wall clock was set, or that the machine slept. The reckoning of
    /// Salesforce's clock slept with it, and a call spent by it would leave the window too early:
    /// Salesforce is asked for the time before another one is granted.
    fn compare_clocks(&self) {
        let (now, now_ms) = (self.clock.now(), self.clock.monotonic_ms());
        let mut shared = self.shared();
        let Some(ahead) = shared.wall.compare(now, now_ms) else {
            return;
        };
        shared.salesforce_clock.distrust();
        let by = spoken_length(ahead.saturating_abs());
        let what = if ahead > 0 {
            "was set forward, or the machine slept,"
        } else {
            "was set back"
        };
        tracing::warn!(
            "this machine's clock {what} by {by}; calls are counted on Salesforce's clock, which is \
             asked anew: none is granted too many"
        );
    }

    /// Asks for all the calls that `rows` of a lane may need, before the first one is spent on them:
    /// where each call is asked for alone, the match takes the last one, the write finds none, and
    /// the next try begins with the match again, for ever. Nothing is taken but the right to them.
    pub(super) async fn afford(&self, lane: Lane) -> Result<(), Trouble> {
        let now = self.clock.now();
        let policy = self.store.read(policy).await?;
        let Some(server_now) = self.salesforce_time().await? else {
            return Err(Trouble::NotBefore(now.plus(UNHEARD_MS)));
        };
        let mut shared = self.shared();
        let promised: u64 = shared.purse.values().sum();
        let needed = self.calls_of_rows();
        let calls = (promised + needed).min(policy.allocation.max(1));
        let usage = shared.usage;
        let answer = shared.ledger.ask(
            lane,
            calls,
            server_now,
            &policy,
            usage.as_ref(),
            &shared.queue,
        );
        match answer {
            Answer::Granted { .. } => {
                *shared.purse.entry(lane).or_default() += needed;
                shared.queue.served(lane);
                Ok(())
            }
            Answer::NotBefore { at, why } => {
                shared.queue.refused(lane, calls, server_now, at);
                if !std::mem::replace(&mut shared.told_scarce, true) {
                    let used = shared.ledger.in_window(server_now);
                    tell_scarce(lane, why, used, &policy);
                }
                Err(Trouble::NotBefore(
                    now.plus(at.since(server_now).max(1_000)),
                ))
            }
        }
    }

    /// Whether first loads may not spend now.
    pub(super) async fn waits_for_night(&self) -> anyhow::Result<bool> {
        let set = self.store.read(settings::backfill).await?;
        let closed = set.and_then(|set| set.event.closed_until(self.clock.now()));
        Ok(closed.is_some())
    }

    /// Puts off what is ready of an object's first load until the night. What was planned already
    /// goes on: it is a few calls, and rows half done would wait for a day.
    pub(super) async fn put_off_backfill(
        &self,
        object: &ObjectName,
        until: Timestamp,
    ) -> anyhow::Result<()> {
        let (of_object, lane) = (object.clone(), Lane::Backfill);
        let rows = self
            .store
            .write(move |tx| inbox::put_off(tx, &of_object, lane, until))
            .await?;
        if rows > 0 && !std::mem::replace(&mut self.shared().told_day, true) {
            let wait = duration(until.since(self.clock.now()));
            tracing::info!(
                notice = true,
                %object,
                "first loads go at night only: {} of {object} wait, going on in {wait}; let them \
                 go now: syncline budget backfill always",
                count(rows, "record")
            );
        }
        Ok(())
    }

    /// Calls to Salesforce that rows taken together need: one more where a condition is asked about.
    pub(super) fn calls_of_rows(&self) -> u64 {
        let mut mappings = self.settings.mappings.iter();
        CALLS_OF_ROWS + u64::from(mappings.any(|mapping| mapping.condition.is_some()))
    }

    /// Gives up what was promised and not spent: a cycle begins or ends.
    pub(super) fn empty_purse(&self) {
        self.shared().purse.clear();
    }

    /// Charges the call to the ledger, or says why it may not be spent.
    pub(super) fn ask(
        &self,
        errand: &Errand,
        server_now: Timestamp,
        now: Timestamp,
        policy: &Policy,
    ) -> Result<Timestamp, Trouble> {
        let mut shared = self.shared();
        if shared.purse.get(&errand.lane).copied() >= Some(errand.calls())
            && shared.ledger.in_window(server_now) + errand.calls() <= policy.allocation
        {
            let until = server_now.plus(budget::HOLD_MS);
            let (calls, lane) = (errand.calls(), errand.lane);
            shared.ledger.record(server_now, until, calls, lane);
            if let Some(left) = shared.purse.get_mut(&lane) {
                *left -= calls;
            }
            return Ok(until);
        }
        shared.ledger.forget_before(server_now);
        let usage = shared.usage;
        let answer = shared.ledger.ask(
            errand.lane,
            errand.calls(),
            server_now,
            policy,
            usage.as_ref(),
            &shared.queue,
        );
        match answer {
            Answer::Granted { until } => {
                // Charged under the lock of the asking: two loops must not be granted the same
                // last call. A commit that fails then costs a call at most, and an uncharged call
                // can never leave.
                let spent_at = until.plus(-budget::HOLD_MS);
                shared
                    .ledger
                    .record(spent_at, until, errand.calls(), errand.lane);
                shared.queue.served(errand.lane);
                tell_plenty(&mut shared.told_scarce, errand.lane);
                Ok(until)
            }
            Answer::NotBefore { at, why } => {
                let (lane, calls) = (errand.lane, errand.calls());
                shared.queue.refused(lane, calls, server_now, at);
                if !std::mem::replace(&mut shared.told_scarce, true) {
                    tell_scarce(
                        errand.lane,
                        why,
                        shared.ledger.in_window(server_now),
                        policy,
                    );
                }
                // `at` is on Salesforce's clock; the loops wait on ours.
                Err(Trouble::NotBefore(
                    now.plus(at.since(server_now).max(1_000)),
                ))
            }
        }
    }
}

/// The allocation in force; without one nothing may be spent.
pub(super) fn policy(view: &View<'_>) -> anyhow::Result<Policy> {
    let allowance = allowance::get(view)?;
    Ok(Policy {
        allocation: allowance.as_ref().map_or(0, Allowance::in_force),
        reserve_percent: allowance.map_or(0, |allowance| allowance.set.event.reserve_percent),
    })
}
