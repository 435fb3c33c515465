//! Opens both connections, holds them to the accounts of the store, and probes a stopped one.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::Context as _;

use super::context::Context;
use super::gate::{Errand, Trouble};
use super::words::spoken_length;
use crate::crm::http::CallError;
use crate::domain::call::Operation;
use crate::domain::event::{Bound, ConnectionResumed, ConnectionSuspended, Suspension};
use crate::domain::record::{Side, Timestamp};
use crate::projections::{self, links, settings};
use crate::store::View;

/// Time between two free probes of a suspended connection.
const PROBE_EVERY_MS: i64 = 900_000;

/// How long a quiet look at the connections may wait.
const LOOK_EVERY_MS: i64 = 60_000;

/// The loop that opens, watches and resumes the connections.
pub struct Connection {
    context: Arc<Context>,
    probed_at: Option<Timestamp>,
    /// Sides found suspended at the first look and not yet spoken of: a log that begins anew would
    /// say nothing of them.
    inherited: Option<BTreeSet<Side>>,
}

impl Connection {
    /// A loop over `context`.
    pub fn new(context: Arc<Context>) -> Self {
        Self {
            context,
            probed_at: None,
            inherited: None,
        }
    }

    /// Makes the next look probe suspended connections at once: a reload brought new credentials.
    pub fn probe_now(&mut self) {
        self.probed_at = None;
    }

    /// Opens what is not open, probes what is suspended when its time has come.
    pub async fn work(&mut self) -> anyhow::Result<Timestamp> {
        let now = self.context.clock.now();
        let suspended = self.context.store.read(suspended_sides).await?;
        self.inherited
            .get_or_insert_with(|| suspended.iter().copied().collect());
        self.keep_time().await?;
        let mut look_again = now.plus(LOOK_EVERY_MS);
        let probing = self
            .probed_at
            .is_none_or(|at| now.since(at) >= PROBE_EVERY_MS || now < at);
        for side in Side::BOTH {
            let stopped = suspended.contains(&side);
            if stopped && !probing {
                continue;
            }
            let open = self.context.shared().lines.entry(side).or_default().open;
            if open && !stopped {
                continue;
            }
            match self.context.open(side).await {
                Ok(()) => self.context.resume(side, stopped).await?,
                Err(trouble) => {
                    look_again = look_again.min(Self::after(trouble, now)?);
                    self.tell_inherited(side).await?;
                }
            }
        }
        if !suspended.is_empty() && probing {
            self.probed_at = Some(now);
        }
        Ok(look_again)
    }

    /// Hears Salesforce's clock anew when ours was set. Whoever spends a call does that, too, but for
    /// hours there may be none to spend, and what is used is shown and told by that clock.
    async fn keep_time(&self) -> anyhow::Result<()> {
        match self.context.salesforce_time().await {
            Err(Trouble::Store(error)) => Err(error),
            // It is noted and tried again by the next look.
            Ok(_) | Err(Trouble::NotBefore(_) | Trouble::Suspended(_) | Trouble::Call(_)) => Ok(()),
        }
    }

    /// Says that a suspension of an earlier run is not over.
    async fn tell_inherited(&mut self, side: Side) -> anyhow::Result<()> {
        let inherited = self.inherited.as_mut();
        if !inherited.is_some_and(|sides| sides.remove(&side)) {
            return Ok(());
        }
        let known = self
            .context
            .store
            .read(move |view| settings::suspended(view, side));
        if let Some(setting) = known.await? {
            let line = suspension_line(&setting.event, self.context.salesforce.credential_file());
            tracing::error!(%side, "{side} is still suspended: {line}");
        }
        Ok(())
    }

    fn after(trouble: Trouble, now: Timestamp) -> anyhow::Result<Timestamp> {
        match trouble {
            Trouble::NotBefore(at) => Ok(at.max(now.plus(1))),
            Trouble::Suspended(_) => Ok(now.plus(PROBE_EVERY_MS)),
            Trouble::Call(_) => Ok(now.plus(1_000)),
            Trouble::Store(error) => Err(error),
        }
    }
}

impl Context {
    async fn open(&self, side: Side) -> Result<(), Trouble> {
        match side {
            Side::HubSpot => self.open_hubspot().await,
            Side::Salesforce => self.open_salesforce().await,
        }
    }

    /// Account details cost no call of the allocation and name the portal.
    async fn open_hubspot(&self) -> Result<(), Trouble> {
        let errand = Errand::about_account(Side::HubSpot, Operation::Limits);
        let account = self.call(&errand, || self.hubspot.account()).await?.value;
        if account.portal != self.settings.portal {
            let code = account.portal.to_string();
            self.suspend(Side::HubSpot, Suspension::OtherAccount, 200, &code)
                .await?;
            return Err(Trouble::Suspended(Side::HubSpot));
        }
        if is_host(&account.ui_domain) {
            self.keep_app(Side::HubSpot, format!("https://{}", account.ui_domain))
                .await?;
        }
        Ok(())
    }

    /// Where people find the records of `side`, for the links in mails and listings.
    async fn keep_app(&self, side: Side, app: String) -> anyhow::Result<()> {
        self.store
            .write(move |tx| links::keep(tx, side, &app))
            .await
    }

    /// The versions are free and bring Salesforce's clock, without which nothing may be spent; the
    /// token is free and names the org.
    async fn open_salesforce(&self) -> Result<(), Trouble> {
        let errand = Errand::about_account(Side::Salesforce, Operation::Versions);
        self.call(&errand, || self.salesforce.versions()).await?;
        self.salesforce.forget_token();
        self.renew_token().await?;
        self.probe_refusal().await?;
        if let Some(app) = self.salesforce.instance_url() {
            self.keep_app(Side::Salesforce, app).await?;
        }
        if let Some(user) = self.salesforce.our_user() {
            self.store
                .write(move |tx| links::keep_user(tx, &links::User::Id(&user)))
                .await?;
        }
        Ok(())
    }

    /// Whether calls are taken again that were refused: versions and token are free and would say
    /// nothing of it. This one call counts.
    async fn probe_refusal(&self) -> Result<(), Trouble> {
        let side = Side::Salesforce;
        let stopped = self.store.read(move |view| settings::suspended(view, side));
        let refused = |reason| match reason {
            Suspension::Credentials | Suspension::ApiDisabled | Suspension::OrgLimit => true,
            Suspension::OtherAccount | Suspension::FieldsMissing => false,
        };
        if !stopped.await?.is_some_and(|one| refused(one.event.reason)) {
            return Ok(());
        }
        let errand = Errand::about_account(side, Operation::Limits);
        match self.call(&errand, || self.salesforce.limits()).await {
            Ok(reply) if reply.value.used >= reply.value.limit => Err(Trouble::Suspended(side)),
            // Who may not see the limits was answered, and so was not over them.
            Ok(_) | Err(Trouble::Call(CallError::Rejected { .. })) => Ok(()),
            Err(trouble) => Err(trouble),
        }
    }

    /// Binds the store at the first time, and lets the loops go on.
    async fn resume(&self, side: Side, was_suspended: bool) -> anyhow::Result<()> {
        self.shared().lines.entry(side).or_default().open = true;
        self.bind().await?;
        if was_suspended {
            let event = ConnectionResumed { side };
            let stopped_at = self
                .store
                .write(move |tx| {
                    let stopped = settings::suspended(tx, side)?;
                    projections::append(tx, None, event)?;
                    Ok(stopped.map(|setting| setting.at))
                })
                .await?;
            let now = self.clock.now();
            let length = spoken_length(now.since(stopped_at.unwrap_or(now)));
            tracing::info!(notice = true, %side, "{side} connection resumed after {length}");
        }
        self.wakes.ring_all();
        Ok(())
    }

    async fn bind(&self) -> anyhow::Result<()> {
        let both = {
            let mut shared = self.shared();
            Side::BOTH
                .into_iter()
                .all(|side| shared.lines.entry(side).or_default().open)
        };
        if !both {
            return Ok(());
        }
        let bound = Bound {
            portal: self.settings.portal,
            org: self.settings.org.clone(),
        };
        self.store
            .write(move |tx| {
                let new = settings::bound(tx)?.is_none();
                settings::bind(tx, bound.portal, &bound.org)?;
                if new {
                    tracing::info!("new store: the calls of the past 24 h are counted as none");
                }
                Ok(())
            })
            .await
            .context("binding the store to its accounts")
    }

    /// Whether both connections of this run are open.
    pub(super) fn is_open(&self) -> bool {
        let mut shared = self.shared();
        Side::BOTH
            .into_iter()
            .all(|side| shared.lines.entry(side).or_default().open)
    }

    /// Stops a connection; said once however often it is met.
    pub(super) async fn suspend(
        &self,
        side: Side,
        reason: Suspension,
        status: u16,
        code: &str,
    ) -> anyhow::Result<()> {
        self.shared().lines.entry(side).or_default().open = false;
        let event = ConnectionSuspended {
            side,
            reason,
            status,
            code: code.chars().take(80).collect(),
        };
        let line = suspension_line(&event, self.salesforce.credential_file());
        let told = self
            .store
            .write(move |tx| {
                if settings::suspended(tx, side)?.is_some() {
                    return Ok(false);
                }
                projections::append(tx, None, event)?;
                Ok(true)
            })
            .await?;
        if told {
            tracing::error!(%side, %reason, "SUSPENDED: {line}");
            self.wakes.notifier.ring();
            self.wakes.connection.ring();
        }
        Ok(())
    }
}

/// The connections that stand still.
pub(super) fn suspended_sides(view: &View<'_>) -> anyhow::Result<Vec<Side>> {
    let mut sides = Vec::new();
    for side in Side::BOTH {
        sides.extend(settings::suspended(view, side)?.map(|_| side));
    }
    Ok(sides)
}

/// What stopped, and what a person does about it. `salesforce_file` is the file of the credentials
/// folder that Salesforce's login is made from.
pub fn suspension_line(event: &ConnectionSuspended, salesforce_file: &str) -> String {
    let (side, status, code) = (event.side, event.status, &event.code);
    match (event.reason, side) {
        (Suspension::Credentials, Side::HubSpot) => format!(
            "HubSpot refused the token ({status} {code}); replace credentials/hubspot_token, then \
             reload or restart syncline; nothing is lost"
        ),
        (Suspension::Credentials, Side::Salesforce) => format!(
            "Salesforce refused the login ({status} {code}); check the external client app and \
             credentials/{salesforce_file}, then reload or restart syncline; nothing is lost"
        ),
        (Suspension::ApiDisabled, _) => {
            format!("{side} has switched the API off for us ({code}); its admin grants API access")
        }
        (Suspension::OrgLimit, _) => format!(
            "{side}'s own daily limit is used up ({code}); writing waits and goes on by itself"
        ),
        (Suspension::OtherAccount, _) => format!(
            "{side} answers for account {code}, which is not this store's; correct the \
             configuration or the credentials"
        ),
        (Suspension::FieldsMissing, _) => format!(
            "{side} lacks the field {code}, without which a record could be doubled, or has it in a \
             form that does not serve; see \"syncline check\", then reload syncline"
        ),
    }
}

/// Whether a name that an account gave can be a host's: it becomes a link in mails.
fn is_host(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    name.contains('.') && name.bytes().all(fits)
}
