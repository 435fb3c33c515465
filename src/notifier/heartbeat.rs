//! A sign of life for a keeper elsewhere, who tells people when it ceases: given while mail gets
//! out, because nobody can be mailed that mail does not.

use std::sync::Arc;

use crate::clock::Clock;
use crate::crm::http::{HttpRequest, Method, Transport};
use crate::domain::record::{Side, Timestamp};
use crate::projections::slots;
use crate::store::Store;

/// From one sign to the next.
const EVERY_MS: i64 = 60_000;

/// The loop that gives signs.
pub struct Heartbeat {
    store: Arc<Store>,
    clock: Arc<dyn Clock>,
    transport: Arc<dyn Transport>,
    url: String,
    due: Timestamp,
    /// Why no sign was given at the last look.
    hushed: bool,
}

impl Heartbeat {
    /// A loop that asks for `url`.
    pub fn new(
        store: Arc<Store>,
        clock: Arc<dyn Clock>,
        transport: Arc<dyn Transport>,
        url: String,
    ) -> Self {
        Self {
            due: clock.now(),
            store,
            clock,
            transport,
            url,
            hushed: false,
        }
    }

    /// Gives a sign when one is due and mail gets out; returns when to look again.
    pub async fn work(&mut self) -> anyhow::Result<Timestamp> {
        let now = self.clock.now();
        // A clock set back must not keep it silent for as long.
        if now < self.due && self.due.since(now) <= EVERY_MS {
            return Ok(self.due);
        }
        self.due = now.plus(EVERY_MS);
        let wrong = match self.store.read(slots::dead).await? {
            Some(_) => Some("mail does not get out".to_owned()),
            None => self.sign().await,
        };
        let hushed = wrong.is_some();
        if hushed != std::mem::replace(&mut self.hushed, hushed) {
            if let Some(wrong) = wrong {
                tracing::warn!("no heartbeat is given: {wrong}");
            } else {
                tracing::info!(notice = true, "the heartbeat is given again");
            }
        }
        Ok(self.due)
    }

    /// Asks for the address; what is wrong when that fails.
    async fn sign(&self) -> Option<String> {
        let request = HttpRequest {
            // It has no body, and the side says no more than how bodies are packed.
            side: Side::HubSpot,
            method: Method::Get,
            url: self.url.clone(),
            headers: Vec::new(),
            body: None,
        };
        match self.transport.send(request).await {
            Ok(answer) if answer.status < 400 => None,
            Ok(answer) => Some(format!("its keeper answers {}", answer.status)),
            Err(error) => Some(format!("its keeper does not answer ({error})")),
        }
    }
}
