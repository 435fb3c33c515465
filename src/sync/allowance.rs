//! May this call be spent? The ledger is asked and charged under one lock, on Salesforce's clock.

use std::sync::{Arc, OnceLock};

use super::context::{Context, Shared, held};
use super::gate::{Errand, Spent, Trouble};
use super::words::{spoken_length, tell_plenty, tell_scarce};
use crate::domain::budget::{self, Answer, Ledger, Policy, Queue, Scarcity};
use crate::domain::call::{Lane, Operation};
use crate::domain::digest::{count, duration};
use crate::domain::record::{ObjectName, Side, Timestamp};
use crate::inbox;
use crate::projections::allowance::{self, Allowance};
use crate::projections::{self, calls, settings};
use crate::store::{Store, Tx, View};

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
    /// Takes an errand's calls from the budget and journals them, in one transaction: what people
    /// set before it is in force in it, and what cannot be journaled is not charged.
    pub(super) async fn charge(&self, errand: &Errand, by: Asker) -> Result<Spent, Trouble> {
        let side = errand.side;
        if side == Side::Salesforce {
            // Heard before the transaction; whether it was is asked in it.
            self.salesforce_time().await?;
        }
        let charged = Arc::new(OnceLock::new());
        let (asked, noted) = (errand.clone(), Arc::clone(&charged));
        let (shared, clock) = (self.share(), Arc::clone(&self.clock));
        let written = self.store.write(move |tx| {
            let now = (clock.now(), clock.monotonic_ms());
            let grant = match granted(tx, (&asked, by), &mut held(&shared), now)? {
                Ok(grant) => grant,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let until = grant.until;
            // Nobody else fills it.
            let _ = noted.set(until);
            let entry = projections::append(tx, None, asked.spent(until))?;
            let spent = Spent {
                seq: entry.seq,
                at: until.plus(-budget::HOLD_MS),
                until,
            };
            Ok(Ok((spent, grant.goes_on)))
        });
        let now = self.clock.now();
        match written.await {
            Ok(Ok((spent, goes_on))) => {
                if goes_on {
                    tell_plenty(errand.lane);
                }
                Ok(spent)
            }
            Ok(Err(Refusal::Suspended)) => Err(Trouble::Suspended(side)),
            Ok(Err(Refusal::Unheard)) => Err(Trouble::NotBefore(now.plus(UNHEARD_MS))),
            Ok(Err(Refusal::Scarce(scarcity))) => {
                scarcity.tell(errand.lane);
                // The loops wait on our clock.
                Err(Trouble::NotBefore(now.plus(scarcity.wait_ms)))
            }
            Err(error) => {
                if let Some(until) = charged.get().filter(|_| side == Side::Salesforce) {
                    let (at, calls) = (until.plus(-budget::HOLD_MS), errand.calls());
                    let mut shared = self.shared();
                    shared.ledger.give_back(at, *until, calls, errand.lane);
                }
                Err(error.into())
            }
        }
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
        let Some(server_now) = self.salesforce_time().await? else {
            return Err(Trouble::NotBefore(now.plus(UNHEARD_MS)));
        };
        let policy = self.store.read(policy).await?;
        let needed = self.calls_of_rows();
        let asked = {
            let mut shared = self.shared();
            let promised: u64 = shared.purse.values().sum();
            let calls = needed.min(policy.allocation.max(1));
            let now = (server_now, self.clock.monotonic_ms());
            let asked = ask(&mut shared, lane, (calls, promised), now, &policy);
            if asked.is_ok() {
                *shared.purse.entry(lane).or_default() += needed;
            }
            asked
        };
        match asked {
            Ok(grant) => {
                if grant.goes_on {
                    tell_plenty(lane);
                }
                Ok(())
            }
            Err(scarcity) => {
                scarcity.tell(lane);
                Err(Trouble::NotBefore(now.plus(scarcity.wait_ms)))
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
}

/// Who wants to call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asker {
    /// A loop: it leaves alone what stands still.
    Loop,
    /// A person who wants to see what is wrong.
    Person,
}

/// Why a call may not be spent now.
enum Refusal {
    /// The connection stands still.
    Suspended,
    /// Salesforce's clock is not known.
    Unheard,
    /// The budget.
    Scarce(Scarce),
}

/// Calls that may be spent.
struct Grant {
    until: Timestamp,
    /// Whether it is to be told that the lane goes on.
    goes_on: bool,
}

impl Grant {
    fn of(until: Timestamp) -> Self {
        let goes_on = false;
        Self { until, goes_on }
    }
}

/// What the budget had to say.
struct Scarce {
    why: Scarcity,
    wait_ms: i64,
    used: u64,
    policy: Policy,
    is_news: bool,
}

impl Scarce {
    fn tell(&self, lane: Lane) {
        if self.is_news {
            tell_scarce(lane, self.why, self.used, &self.policy);
        }
    }
}

/// Charges the errand's calls and says when they leave the window, or why they may not be spent; in
/// the transaction that journals them. `now` is our wall's and our monotonic time.
fn granted(
    tx: &Tx<'_>,
    (errand, by): (&Errand, Asker),
    shared: &mut Shared,
    now: (Timestamp, i64),
) -> anyhow::Result<Result<Grant, Refusal>> {
    let side = errand.side;
    let heeds = by == Asker::Loop && errand.operation != Operation::Limits;
    if heeds && settings::suspended(tx, side)?.is_some() {
        return Ok(Err(Refusal::Suspended));
    }
    if side == Side::HubSpot {
        return Ok(Ok(Grant::of(now.0.plus(budget::HOLD_MS))));
    }
    let Some(server_now) = shared.salesforce_clock.now(now.1) else {
        return Ok(Err(Refusal::Unheard));
    };
    let policy = policy(tx)?;
    let now = (server_now, now.1);
    Ok(charged(shared, errand, now, &policy).map_err(Refusal::Scarce))
}

/// Charges the call to the ledger. Charged under the lock of the asking: two loops must not be
/// granted the same last call, and an uncharged call can never leave.
fn charged(
    shared: &mut Shared,
    errand: &Errand,
    now: (Timestamp, i64),
    policy: &Policy,
) -> Result<Grant, Scarce> {
    let server_now = now.0;
    let (calls, lane) = (errand.calls(), errand.lane);
    shared.ledger.forget_before(server_now);
    let fits = shared.ledger.in_window(server_now) + calls <= policy.allocation;
    let grant = match shared.purse.get_mut(&lane) {
        Some(left) if *left >= calls && fits => {
            *left -= calls;
            Grant::of(server_now.plus(budget::HOLD_MS))
        }
        Some(_) | None => ask(shared, lane, (calls, 0), now, policy)?,
    };
    let spent_at = grant.until.plus(-budget::HOLD_MS);
    shared.ledger.record(spent_at, grant.until, calls, lane);
    Ok(grant)
}

/// Asks the ledger, and tells the queue what it answered. Nothing is charged. Calls are those asked
/// for and those promised to others; `now` is Salesforce's and our monotonic time.
fn ask(
    shared: &mut Shared,
    lane: Lane,
    (calls, promised): (u64, u64),
    (now, now_ms): (Timestamp, i64),
    policy: &Policy,
) -> Result<Grant, Scarce> {
    let usage = shared.usage;
    let (ledger, queue) = (&shared.ledger, &mut shared.queue);
    let answer = |queue: &Queue| ledger.ask(lane, calls, now, policy, usage.as_ref(), queue);
    match answer(&queue.beside(promised)) {
        Answer::Granted { until } => {
            queue.served(lane);
            let nobody = Queue::default().beside(promised);
            let freely = || matches!(answer(&nobody), Answer::Granted { .. });
            let goes_on = shared.deferrals.granted(lane, now_ms, freely);
            Ok(Grant { until, goes_on })
        }
        Answer::NotBefore { at, why } => {
            queue.refused(lane, calls, now, at);
            let wait_ms = at.since(now).max(1_000);
            Err(Scarce {
                why,
                wait_ms,
                used: ledger.in_window(now),
                policy: *policy,
                is_news: shared.deferrals.refused(lane, why, now_ms, wait_ms),
            })
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
