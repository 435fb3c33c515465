//! The one way to a CRM: a call is asked of the budget and journaled as spent before it is sent.

use std::future::Future;

use super::allowance::Asker;
use super::context::{Context, PACE, SILENT_TIMES};
use super::words::{moved_enough, spoken_length};
use crate::crm::http::{Burst, CallError, Reply};
use crate::domain::budget::{self, OrgUsage, PaceLimits};
use crate::domain::call::{Lane, Operation};
use crate::domain::event::{CallsReturned, CallsSpent, Suspension, UsageReported};
use crate::domain::failure::RawFailure;
use crate::domain::record::{ObjectName, Side, Timestamp};
use crate::projections::{self, calls};

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
    pub(super) fn calls(&self) -> u64 {
        match self.operation {
            Operation::Token | Operation::Versions => 0,
            Operation::Poll
            | Operation::Page
            | Operation::Listing
            | Operation::Bulk
            | Operation::Match
            | Operation::Write
            | Operation::Load
            | Operation::Describe
            | Operation::Limits => 1,
        }
    }

    /// The entry that says that its calls are spent and leave the window at `until`.
    pub(super) fn spent(&self, until: Timestamp) -> CallsSpent {
        CallsSpent {
            side: self.side,
            operation: self.operation,
            lane: self.lane,
            object: self.object.clone(),
            calls: self.calls(),
            records: self.records as u64,
            until,
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
pub(super) struct Spent {
    pub(super) seq: i64,
    pub(super) at: Timestamp,
    pub(super) until: Timestamp,
}

/// Longest rest of a side that does not answer.
const REST_MAX_MS: i64 = 60_000;

/// Longest wait that a server is believed to mean: to the end of a day of 25 hours.
const WAIT_MAX_MS: i64 = 25 * 3_600_000;

/// Longest span in which calls may be counted; HubSpot's is ten seconds.
const SPAN_MAX_MS: i64 = 60_000;

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
        self.call_told(errand, &mut None, send).await
    }

    /// The same, and sets `place` to the seq of the entry that spent the call.
    pub(super) async fn call_told<T, F, Sent>(
        &self,
        errand: &Errand,
        place: &mut Option<i64>,
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
        match self.call_once(errand, place, &send).await {
            Err(Trouble::Call(CallError::SessionExpired)) => {
                self.salesforce.forget_token();
                self.renew_token().await?;
                let again = self.call_once(errand, place, &send).await;
                if let Err(Trouble::Call(CallError::SessionExpired)) = again {
                    // A session that is refused as soon as it is given is no session that ran out:
                    // each further try would cost two calls and end like this one.
                    let (side, reason) = (errand.side, Suspension::Credentials);
                    self.suspend(side, reason, 401, "INVALID_SESSION_ID")
                        .await?;
                }
                again
            }
            result => result,
        }
    }

    async fn call_once<T, F, Sent>(
        &self,
        errand: &Errand,
        place: &mut Option<i64>,
        send: &F,
    ) -> Result<Reply<T>, Trouble>
    where
        F: Fn() -> Sent,
        Sent: Future<Output = Result<Reply<T>, CallError>>,
    {
        self.wait_for_pace(errand).await;
        let spent = self.spend(errand).await?;
        *place = spent.map(|spent| spent.seq);
        match send().await {
            Ok(reply) => {
                self.heard(
                    errand.side,
                    reply.server_time,
                    reply.usage.map(|usage| (usage.used, usage.limit)),
                )
                .await?;
                self.heard_pace(errand.side, reply.burst);
                if matches!(errand.operation, Operation::Poll | Operation::Page) {
                    let now = self.clock.now();
                    self.shared().lines.entry(errand.side).or_default().read_at = Some(now);
                }
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
    pub(super) async fn wait_for_pace(&self, errand: &Errand) {
        if errand.side != Side::HubSpot {
            return;
        }
        let kind = match errand.operation {
            Operation::Poll | Operation::Page => budget::PaceKind::Search,
            Operation::Listing
            | Operation::Bulk
            | Operation::Match
            | Operation::Write
            | Operation::Load
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
                        .await;
                }
            }
        }
    }

    /// Takes the calls from the budget and journals them, in one transaction.
    async fn spend(&self, errand: &Errand) -> Result<Option<Spent>, Trouble> {
        let now = self.clock.now();
        if let Some(left_ms) = self.rest_left_ms(errand.side) {
            return Err(Trouble::NotBefore(now.plus(left_ms)));
        }
        if errand.calls() == 0 {
            return Ok(None);
        }
        self.charge(errand, Asker::Loop).await.map(Some)
    }

    /// Notes what a good answer said of the server's clock and use.
    pub(super) async fn heard(
        &self,
        side: Side,
        server_time: Option<Timestamp>,
        usage: Option<(u64, u64)>,
    ) -> anyhow::Result<()> {
        let now = self.clock.now();
        let (report, learnt) = {
            let now_ms = self.clock.monotonic_ms();
            let mut shared = self.shared();
            let line = shared.lines.entry(side).or_default();
            if let Some((since, times)) = line.silent_since.take() {
                // A pause that the server asked for is none of silence: this answer may have been
                // on its way before.
                line.rest_until_ms = None;
                if times >= SILENT_TIMES {
                    let length = spoken_length(now.since(since));
                    tracing::info!(notice = true, %side, "{side} answers again after {length}");
                }
            }
            if let Some(since) = line.used_up_since.take() {
                let length = spoken_length(now.since(since));
                tracing::info!(notice = true, %side, "{side} takes calls again after {length}");
            }
            let mut learnt = None;
            if side == Side::Salesforce
                && let Some(date) = server_time
            {
                let before = shared.salesforce_clock.now(now_ms);
                shared.salesforce_clock.observe(date, now_ms);
                let after = shared.salesforce_clock.now(now_ms);
                learnt = after.filter(|_| before.is_none());
            }
            // A limit of 0 is none: nobody could have been answered under it.
            let report = match (side, usage.filter(|(_, limit)| *limit > 0)) {
                (Side::Salesforce, Some((used, limit))) => {
                    let before = shared.usage.replace(OrgUsage { used, limit });
                    moved_enough(before, used, limit).then_some((used, limit))
                }
                (Side::HubSpot, Some((used, limit))) => {
                    let before = shared.hubspot_day.replace(OrgUsage { used, limit });
                    moved_enough(before, used, limit).then_some((used, limit))
                }
                (Side::Salesforce | Side::HubSpot, None) => None,
            };
            (report, learnt)
        };
        if let Some(theirs) = learnt {
            self.store
                .write(move |tx| calls::note_clock(tx, side, theirs))
                .await?;
        }
        if let Some((used, limit)) = report {
            let event = UsageReported { side, used, limit };
            self.store
                .write(move |tx| projections::append(tx, None, event))
                .await?;
        }
        Ok(())
    }

    /// Goes as fast as HubSpot says it may be called, less a tenth; whoever else calls with our token
    /// may have used up the rest of the span.
    fn heard_pace(&self, side: Side, burst: Option<Burst>) {
        let fits = |burst: &Burst| (1..=SPAN_MAX_MS).contains(&burst.span_ms);
        let Some(burst) = burst.filter(fits).filter(|_| side == Side::HubSpot) else {
            return;
        };
        let now_ms = self.clock.monotonic_ms();
        let pace = &mut self.shared().pace;
        let calls = burst.calls - burst.calls.div_ceil(10);
        pace.limit(PaceLimits {
            burst_calls: usize::try_from(calls).unwrap_or(usize::MAX),
            burst_ms: burst.span_ms,
            ..PACE
        });
        if burst.left == 0 {
            pace.pause(now_ms, burst.span_ms);
        }
    }

    /// Gives back what never left, rests a side that is in trouble, suspends one that refuses us.
    pub(super) async fn went_wrong(
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
            CallError::Slowed { wait_ms, daily } => self.slow(errand.side, *wait_ms, *daily),
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

    pub(super) async fn give_back(&self, errand: &Errand, spent: Spent) -> anyhow::Result<()> {
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

    /// How long a side is still left alone.
    fn rest_left_ms(&self, side: Side) -> Option<i64> {
        let until_ms = self.shared().lines.entry(side).or_default().rest_until_ms?;
        Some(until_ms - self.clock.monotonic_ms()).filter(|left_ms| *left_ms > 0)
    }

    /// Leaves a side alone for as long as it asked. That its day is used up is said once.
    fn slow(&self, side: Side, wait_ms: i64, daily: bool) {
        let wait_ms = wait_ms.clamp(1, WAIT_MAX_MS);
        let (now, now_ms) = (self.clock.now(), self.clock.monotonic_ms());
        let mut shared = self.shared();
        let line = shared.lines.entry(side).or_default();
        line.rest_until_ms = Some(now_ms.saturating_add(wait_ms));
        if daily && line.used_up_since.is_none() {
            line.used_up_since = Some(now);
            let wait = spoken_length(wait_ms);
            tracing::warn!(
                %side,
                "{side}'s daily limit of calls is used up; what is read or written there waits for \
                 {wait}, nothing lost"
            );
        }
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
        line.rest_until_ms = Some(self.clock.monotonic_ms() + rest_ms);
        if times == SILENT_TIMES {
            tracing::warn!(%side, "{side} does not answer ({why}); writes wait, nothing lost; trying on");
        }
    }
}

/// A query that was refused, as trouble of its call.
pub(super) fn refused(failures: Vec<RawFailure>) -> Trouble {
    Trouble::Call(CallError::Rejected {
        status: 400,
        failures,
    })
}
