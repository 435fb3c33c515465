//! Hands planned mails to the server, each try journaled; the same bytes under the same Message-ID.

use std::collections::BTreeMap;

use super::Notifier;
use crate::annex;
use crate::config::MailAddress;
use crate::domain::digest::{count, duration};
use crate::domain::event::{DigestFailed, DigestSent, Slot};
use crate::domain::record::Timestamp;
use crate::domain::schedule::Frequency;
use crate::mail::{MailError, MessageId, Outgoing};
use crate::projections;
use crate::projections::slots::{self, Mail};

/// How long a mail is tried before it is given up.
const TRY_FOR_MS: i64 = 3 * 86_400_000;

/// Waits after the first, second, … failed try; the last one repeats.
const WAITS_MS: [i64; 5] = [60_000, 300_000, 900_000, 1_800_000, 3_600_000];

/// When a mail is due to be tried.
fn due(mail: &Mail) -> Timestamp {
    let Some(tried_at) = mail.tried_at.filter(|_| mail.attempts > 0) else {
        return mail.planned_at;
    };
    tried_at.plus(wait_ms(mail.attempts))
}

/// Whether it was planned, or tried, at a time that is still to come: a clock set back must not keep it
/// for days. Tried once by the new clock, it waits like any other.
fn is_ahead(mail: &Mail, now: Timestamp) -> bool {
    mail.tried_at.unwrap_or(mail.planned_at) > now
}

/// How long is waited after so many failed tries.
fn wait_ms(attempts: u32) -> i64 {
    let place = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    WAITS_MS[place.min(WAITS_MS.len() - 1)]
}

/// What a mail is, for the log: `daily digest of 2026-11-17 08:00 Europe/Rome`.
fn occasion(slot: &Slot) -> String {
    let due = slot
        .due
        .replacen('T', " ", 1)
        .replace('[', " ")
        .replace(']', "");
    match slot.frequency {
        Frequency::Now => "news".to_owned(),
        Frequency::Daily => format!("daily digest of {due}"),
        Frequency::Weekly => format!("weekly digest of {due}"),
    }
}

impl Notifier {
    /// When the next unsent mail is due.
    pub(super) async fn next_try(&self) -> anyhow::Result<Option<Timestamp>> {
        let unsent = self.store.read(slots::unsent).await?;
        Ok(unsent.iter().map(due).min())
    }

    /// Tries every mail that is due, once each, and begins none after `until` on the monotonic clock;
    /// one that fails stops none of the others.
    pub(super) async fn deliver(&mut self, until: i64) -> anyhow::Result<()> {
        let now = self.clock.now();
        let mut delivered: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        for mail in self.store.read(slots::unsent).await? {
            if self.clock.monotonic_ms() > until {
                break;
            }
            if due(&mail) <= now || is_ahead(&mail, now) {
                let counted = delivered.entry(occasion(&mail.slot)).or_default();
                counted.1 += 1;
                if self.offer(mail).await? {
                    counted.0 += 1;
                }
            }
        }
        for (occasion, (sent, tried)) in delivered {
            if sent > 0 {
                let whom = if sent == tried {
                    count(sent, "recipient")
                } else {
                    format!("{sent} of {}", count(tried, "recipient"))
                };
                tracing::info!(recipients = sent, "{occasion} delivered to {whom}");
            }
        }
        Ok(())
    }

    /// Tries one mail; whether the server took it.
    async fn offer(&mut self, mail: Mail) -> anyhow::Result<bool> {
        let attempt = mail.attempts + 1;
        let Some(outgoing) = self.outgoing(&mail).await? else {
            // Its bytes or its recipient were erased: it can never be sent.
            let event = DigestFailed {
                message_id: mail.message_id.clone(),
                attempt,
                stage: crate::domain::event::Stage::Connect,
                code: 0,
                again: false,
            };
            self.store
                .write(move |tx| projections::append(tx, None, event))
                .await?;
            return Ok(false);
        };
        match self.mailer.send(&outgoing).await {
            Ok(()) => {
                let event = DigestSent {
                    message_id: mail.message_id.clone(),
                    attempt,
                };
                self.store
                    .write(move |tx| projections::append(tx, None, event))
                    .await?;
                if std::mem::take(&mut self.silent) {
                    tracing::info!(notice = true, "mail works again");
                }
                Ok(true)
            }
            Err(error) => {
                self.refused(&mail, &outgoing.to, attempt, &error).await?;
                Ok(false)
            }
        }
    }

    async fn refused(
        &mut self,
        mail: &Mail,
        to: &MailAddress,
        attempt: u32,
        error: &MailError,
    ) -> anyhow::Result<()> {
        let too_late = self.clock.now().since(mail.planned_at) >= TRY_FOR_MS;
        let again = !error.permanent && !too_late;
        let event = DigestFailed {
            message_id: mail.message_id.clone(),
            attempt,
            stage: error.stage,
            code: error.code,
            again,
        };
        self.store
            .write(move |tx| projections::append(tx, None, event))
            .await?;
        let occasion = occasion(&mail.slot);
        if !again {
            let tries = if attempt == 1 {
                "1 try".to_owned()
            } else {
                format!("{attempt} tries")
            };
            tracing::error!(
                recipient = to.as_str(),
                "{occasion} given up after {tries}: {}; others still get theirs",
                error.text
            );
        } else if !std::mem::replace(&mut self.silent, true) {
            let doubt = if error.ambiguous {
                " (it may have arrived; the same mail goes again)"
            } else {
                ""
            };
            let wait = duration(wait_ms(attempt));
            tracing::warn!(
                recipient = to.as_str(),
                "mail: {}{doubt}; {occasion} queued, attempt {attempt}, next in {wait}",
                error.text
            );
        }
        Ok(())
    }

    /// The mail as it was planned.
    async fn outgoing(&self, mail: &Mail) -> anyhow::Result<Option<Outgoing>> {
        let (key, recipient) = (mail.mail.clone(), mail.slot.recipient);
        let (bytes, address) = self
            .store
            .read(move |view| Ok((annex::mail(view, &key)?, annex::address(view, recipient)?)))
            .await?;
        let to = address.and_then(|address| MailAddress::parse(&address).ok());
        let message_id = MessageId::parse(&mail.message_id).ok();
        let from = self.teller.from.address.clone();
        Ok(bytes
            .zip(to)
            .zip(message_id)
            .map(|((bytes, to), message_id)| Outgoing {
                from,
                to,
                message_id,
                bytes,
            }))
    }
}
