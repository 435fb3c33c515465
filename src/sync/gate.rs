//! The one way to a CRM: a call is asked of the budget and journaled as spent before it is sent.

use std::future::Future;

use super::context::Context;
use crate::crm::http::{CallError, Reply};
use crate::domain::budget::{self, Answer, Ledger, OrgUsage, Policy, Scarcity};
use crate::domain::call::{Lane, Operation};
use crate::domain::event::{CallsReturned, CallsSpent, Suspension, UsageReported};
use crate::domain::failure::RawFailure;
use crate::domain::record::{ObjectName, Side, Timestamp};
use crate::projections::{self, calls, settings};
use crate::store::{Store, View};

/// What a call is for, as the journal will say it.
#[derive(Debug, Clone)]
pub(super) struct Errand {
    pub(super) side: Side,
    pub(super) operation: Operation,
    pub(super) lane: Lane,
    pub(super) object: Option<ObjectName>,
    pub(super) records: usize,
}

impl Errand {
    /// A call about `object` that carries `records` records.
    pub(super) fn new(
        side: Side,
        operation: Operation,
        lane: Lane,
        object: &ObjectName,
        records: usize,
    ) -> Self {
        Self {
            side,
            operation,
            lane,
            object: Some(object.clone()),
            records,
        }
    }

    /// A call about no object: versions, token, account, limits.
    pub(super) fn about_account(side: Side, operation: Operation) -> Self {
        Self {
            side,
            operation,
            lane: Lane::Metadata,
            object: None,
            records: 0,
        }
    }

    /// Calls the other side counts for it.
    fn calls(&self) -> u64 {
        match self.operation {
            Operation::Token | Operation::Versions => 0,
            Operation::Poll
            | Operation::Page
            | Operation::Listing
            | Operation::Match
            | Operation::Write
            | Operation::Describe
            | Operation::Limits => 1,
        }
    }
}

/// Why an errand brought nothing home, by what the loop does next.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// The rows wait until then.
    #[error("not before {0:?}")]
    NotBefore(Timestamp),
    /// The connection stands still until a probe or a person changes that.
    #[error("{0} is suspended")]
    Suspended(Side),
    /// The call was made and went wrong.
    #[error(transparent)]
    Call(#[from] CallError),
    /// Our own store failed.
    #[error(transparent)]
    Store(#[from] anyhow::Error),
}

/// A spent call, so that it can be given back.
#[derive(Debug, Clone, Copy)]
struct Spent {
    seq: i64,
    at: Timestamp,
    until: Timestamp,
}

/// Longest rest of a side that does not answer.
const REST_MAX_MS: i64 = 60_000;

/// Calls to Salesforce that rows taken together need: read again, matched, written, and marked.
const CALLS_OF_ROWS: u64 = 4;

/// How long rows wait when Salesforce's clock has not been heard yet.
const UNHEARD_MS: i64 = 1_000;

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
    /// Sends one request within the budget. `send` is called once; a second time only after the
    /// session ran out and one new token was fetched, as a call of its own.
    pub(super) async fn call<T, F, Sent>(
        &self,
        errand: &Errand,
        send: F,
    ) -> Result<Reply<T>, Trouble>
    where
        F: Fn() -> Sent,
        Sent: Future<Output = Result<Reply<T>, CallError>>,
    {
        // A renewal that failed left us without a token, and no call would ever be sent again.
        if errand.side == Side::Salesforce && errand.calls() > 0 && !self.salesforce.has_token() {
            self.renew_token().await?;
        }
        match self.call_once(errand, &send).await {
            Err(Trouble::Call(CallError::SessionExpired)) => {
                self.salesforce.forget_token();
                self.renew_token().await?;
                self.call_once(errand, &send).await
            }
            result => result,
        }
    }

    async fn call_once<T, F, Sent>(&self, errand: &Errand, send: &F) -> Result<Reply<T>, Trouble>
    where
        F: Fn() -> Sent,
        Sent: Future<Output = Result<Reply<T>, CallError>>,
    {
        self.wait_for_pace(errand).await;
        let spent = self.spend(errand).await?;
        match send().await {
            Ok(reply) => {
                self.heard(
                    errand.side,
                    reply.server_time,
                    reply.usage.map(|usage| (usage.used, usage.limit)),
                )
                .await?;
                Ok(reply)
            }
            Err(error) => {
                self.went_wrong(errand, spent, &error).await?;
                Err(error.into())
            }
        }
    }

    /// Fetches one token for everybody.
    pub(super) async fn renew_token(&self) -> Result<(), Trouble> {
        let errand = Errand::about_account(Side::Salesforce, Operation::Token);
        let now = self.clock.now();
        let spent = self.spend(&errand).await?;
        match self
            .salesforce
            .fetch_token(self.salesforce_now().unwrap_or(now))
            .await
        {
            Ok(reply) if reply.value.org == self.settings.org => {
                self.heard(Side::Salesforce, reply.server_time, None)
                    .await?;
                Ok(())
            }
            Ok(reply) => {
                self.salesforce.forget_token();
                self.suspend(
                    Side::Salesforce,
                    Suspension::OtherAccount,
                    200,
                    reply.value.org.as_str(),
                )
                .await?;
                Err(Trouble::Suspended(Side::Salesforce))
            }
            Err(error) => {
                self.went_wrong(&errand, spent, &error).await?;
                Err(error.into())
            }
        }
    }

    /// Waits out HubSpot's pace; it is a matter of a second, not of deferring rows.
    async fn wait_for_pace(&self, errand: &Errand) {
        if errand.side != Side::HubSpot {
            return;
        }
        let kind = match errand.operation {
            Operation::Poll | Operation::Page => budget::PaceKind::Search,
            Operation::Listing
            | Operation::Match
            | Operation::Write
            | Operation::Describe
            | Operation::Limits
            | Operation::Token
            | Operation::Versions => budget::PaceKind::Call,
        };
        loop {
            let asked = self.shared().pace.ask(self.clock.monotonic_ms(), kind);
            match asked {
                Ok(()) => return,
                Err(wait_ms) => {
                    self.clock
                        .sleep_until(self.clock.now().plus(wait_ms.max(1)))
                        .await
                }
            }
        }
    }

    /// Takes the calls from the budget and journals them, in one transaction.
    async fn spend(&self, errand: &Errand) -> Result<Option<Spent>, Trouble> {
        let now = self.clock.now();
        if let Some(rest_until) = self
            .shared()
            .lines
            .entry(errand.side)
            .or_default()
            .rest_until
            && rest_until > now
        {
            return Err(Trouble::NotBefore(rest_until));
        }
        if errand.calls() == 0 {
            return Ok(None);
        }
        let until = self.granted_until(errand, now).await?;
        let spent_at = until.plus(-budget::HOLD_MS);
        let event = CallsSpent {
            side: errand.side,
            operation: errand.operation,
            lane: errand.lane,
            object: errand.object.clone(),
            calls: errand.calls(),
            records: errand.records as u64,
            until,
        };
        let entry = self
            .store
            .write(move |tx| projections::append(tx, None, event))
            .await?;
        Ok(Some(Spent {
            seq: entry.seq,
            at: spent_at,
            until,
        }))
    }

    /// When the call leaves the window, or why it may not be spent now.
    async fn granted_until(&self, errand: &Errand, now: Timestamp) -> Result<Timestamp, Trouble> {
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
    async fn salesforce_time(&self) -> Result<Option<Timestamp>, Trouble> {
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
                        .await?
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
        let calls = (promised + CALLS_OF_ROWS).min(policy.allocation.max(1));
        let since = shared.waiting.get(&lane).copied();
        let usage = shared.usage;
        let answer = shared
            .ledger
            .ask(lane, calls, server_now, &policy, usage.as_ref(), since);
        match answer {
            Answer::Granted { .. } => {
                *shared.purse.entry(lane).or_default() += CALLS_OF_ROWS;
                shared.waiting.remove(&lane);
                Ok(())
            }
            Answer::NotBefore { at, why } => {
                shared.waiting.entry(lane).or_insert(server_now);
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

    /// Gives up what was promised and not spent: a cycle begins or ends.
    pub(super) fn empty_purse(&self) {
        self.shared().purse.clear();
    }

    fn ask(
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
        let since = shared.waiting.get(&errand.lane).copied();
        let usage = shared.usage;
        let answer = shared.ledger.ask(
            errand.lane,
            errand.calls(),
            server_now,
            policy,
            usage.as_ref(),
            since,
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
                shared.waiting.remove(&errand.lane);
                tell_plenty(&mut shared.told_scarce, errand.lane);
                Ok(until)
            }
            Answer::NotBefore { at, why } => {
                shared.waiting.entry(errand.lane).or_insert(server_now);
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

    /// Notes what a good answer said of the server's clock and use.
    async fn heard(
        &self,
        side: Side,
        server_time: Option<Timestamp>,
        usage: Option<(u64, u64)>,
    ) -> anyhow::Result<()> {
        let now = self.clock.now();
        let report = {
            let mut shared = self.shared();
            let line = shared.lines.entry(side).or_default();
            line.rest_until = None;
            if let Some((since, _)) = line.silent_since.take() {
                let length = spoken_length(now.since(since));
                tracing::info!(notice = true, %side, "{side} answers again after {length}");
            }
            if side == Side::Salesforce
                && let Some(date) = server_time
            {
                shared
                    .salesforce_clock
                    .observe(date, self.clock.monotonic_ms());
            }
            match (side, usage) {
                (Side::Salesforce, Some((used, limit))) => {
                    let before = shared.usage.replace(OrgUsage { used, limit });
                    moved_enough(before, used, limit).then_some((used, limit))
                }
                (Side::Salesforce | Side::HubSpot, _) => None,
            }
        };
        if let Some((used, limit)) = report {
            let event = UsageReported { side, used, limit };
            self.store
                .write(move |tx| projections::append(tx, None, event))
                .await?;
        }
        Ok(())
    }

    /// Gives back what never left, rests a side that is in trouble, suspends one that refuses us.
    async fn went_wrong(
        &self,
        errand: &Errand,
        spent: Option<Spent>,
        error: &CallError,
    ) -> anyhow::Result<()> {
        match error {
            CallError::NotSent(why) => {
                if let Some(spent) = spent {
                    self.give_back(errand, spent).await?;
                }
                self.rest(errand.side, why);
            }
            CallError::Unknown(why) => self.rest(errand.side, why),
            CallError::Unavailable { status } => self.rest(errand.side, &format!("HTTP {status}")),
            CallError::Slowed { wait_ms, .. } => {
                let until = self.clock.now().plus((*wait_ms).max(1));
                self.shared()
                    .lines
                    .entry(errand.side)
                    .or_default()
                    .rest_until = Some(until);
            }
            CallError::Unauthorized { status, code } => {
                self.suspend(errand.side, Suspension::Credentials, *status, code)
                    .await?;
            }
            CallError::ApiDisabled { code } => {
                self.suspend(errand.side, Suspension::ApiDisabled, 403, code)
                    .await?;
            }
            CallError::OrgLimit => {
                self.suspend(
                    errand.side,
                    Suspension::OrgLimit,
                    403,
                    "REQUEST_LIMIT_EXCEEDED",
                )
                .await?;
            }
            CallError::SessionExpired | CallError::Rejected { .. } => (),
        }
        Ok(())
    }

    async fn give_back(&self, errand: &Errand, spent: Spent) -> anyhow::Result<()> {
        let calls = errand.calls();
        let event = CallsReturned {
            spent: spent.seq,
            calls,
        };
        self.store
            .write(move |tx| projections::append(tx, None, event))
            .await?;
        if errand.side == Side::Salesforce {
            self.shared()
                .ledger
                .give_back(spent.at, spent.until, calls, errand.lane);
        }
        Ok(())
    }

    /// Leaves a silent side alone, longer each time, and says so once.
    fn rest(&self, side: Side, why: &str) {
        let now = self.clock.now();
        let mut shared = self.shared();
        let line = shared.lines.entry(side).or_default();
        let (since, times) = line
            .silent_since
            .map_or((now, 1), |(since, times)| (since, times + 1));
        line.silent_since = Some((since, times));
        let rest_ms = (500_i64 << times.min(7)).min(REST_MAX_MS);
        line.rest_until = Some(now.plus(rest_ms));
        if times == 3 {
            tracing::warn!(%side, "{side} does not answer ({why}); writes wait, nothing lost; trying on");
        }
    }
}

/// The allocation in force; without one nothing may be spent.
pub(super) fn policy(view: &View<'_>) -> anyhow::Result<Policy> {
    let set = settings::allocation(view)?.map(|setting| setting.event);
    Ok(set.map_or(
        Policy {
            allocation: 0,
            reserve_percent: 0,
        },
        |set| Policy {
            allocation: set.allocation,
            reserve_percent: set.reserve_percent,
        },
    ))
}

/// A query that was refused, as trouble of its call.
pub(super) fn refused(failures: Vec<RawFailure>) -> Trouble {
    Trouble::Call(CallError::Rejected {
        status: 400,
        failures,
    })
}

/// Whether usage moved by a percent of its ceiling since it was last told.
fn moved_enough(before: Option<OrgUsage>, used: u64, limit: u64) -> bool {
    before.is_none_or(|before| {
        let percent = (limit / 100).max(1);
        before.limit != limit || before.used / percent != used / percent
    })
}

fn scarcity(why: Scarcity) -> &'static str {
    match why {
        Scarcity::Window => "the allocation is used up",
        Scarcity::OrgReserve => "the rest is the org's own reserve",
        Scarcity::Share => "its share is used up",
        Scarcity::Bucket => "paced over the day",
    }
}

fn tell_scarce(lane: Lane, why: Scarcity, used: u64, policy: &Policy) {
    let allocation = policy.allocation;
    tracing::warn!(%lane, "budget: {used} of {allocation} calls used; {lane} deferred ({}); it resumes by itself", scarcity(why));
}

fn tell_plenty(told: &mut bool, lane: Lane) {
    if *told {
        *told = false;
        tracing::info!(notice = true, %lane, "budget frees: {lane} goes on");
    }
}

/// A length of time as people say it: `17 min 31 s`.
pub(super) fn spoken_length(milliseconds: i64) -> String {
    let seconds = milliseconds.max(0) / 1_000;
    match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}
