//! Mails that nobody waits for: a digest ahead of its time, and a test.

use std::sync::Arc;

use super::Teller;
use super::contents::{accounts, digest};
use super::lines::{Reader, concerns, current, told_of};
use super::scheduled::told;
use crate::config::{MailAddress, Mailbox};
use crate::domain::digest::{Immediate, Mail, Notice, decide, render, render_immediate};
use crate::domain::event::RecipientSetting;
use crate::domain::record::Timestamp;
use crate::domain::schedule::{self, Frequency, Schedule};
use crate::mail::{Letter, MailError, Mailer, MessageId, Outgoing, compose};
use crate::projections::{causes, slots};
use crate::store::View;

/// What mails are written and sent by.
#[derive(Clone)]
pub struct Post {
    /// Whose they are.
    pub teller: Teller,
    /// Who takes them.
    pub mailer: Arc<dyn Mailer>,
}

/// A digest ahead of its time.
#[derive(Debug, Clone)]
pub struct Drawn {
    /// The mail.
    pub mail: Mail,
    /// Whether it would be sent, were it due now.
    pub goes: bool,
    /// Every cause that concerns the reader, and why it is told or is not.
    pub why: Vec<(i64, String)>,
}

/// A reader's digest as it would be now, without claiming its slot. Where no frequency is asked for
/// it is the one that is due next, and daily for who gets none.
pub fn preview(
    view: &View<'_>,
    teller: &Teller,
    recipient: &RecipientSetting,
    frequency: Option<Frequency>,
) -> anyhow::Result<Drawn> {
    let zone = schedule::zone(&recipient.zone).map_err(anyhow::Error::msg)?;
    let next = recipient.schedules.iter().filter_map(|one| {
        let due = Schedule::cron(&one.cron).ok()?.next(&zone, view.now())?;
        Some((due.at, one.frequency))
    });
    let next = next.min_by_key(|(at, _)| *at);
    let frequency = frequency
        .or(next.map(|(_, frequency)| frequency))
        .unwrap_or(Frequency::Daily);
    let reader = Reader {
        teller,
        zone,
        zone_name: &recipient.zone,
        now: view.now(),
    };
    let told = told(view, recipient)?;
    let last = slots::last(view, recipient.recipient, frequency)?;
    let after = last.as_ref().map_or(0, |last| last.covers.1);
    let since = last.map(|last| last.planned_at);
    let digest = digest(view, &reader, recipient, frequency, &told, after, since)?;
    let mut why = Vec::new();
    for cause in causes::since(view, 0)? {
        if concerns(view, recipient, &cause) {
            let last = told_of(view, recipient.recipient, &cause)?;
            let word = decide(last.as_ref(), &current(view, &cause)?).word();
            why.push((cause.number, word.to_owned()));
        }
    }
    Ok(Drawn {
        mail: render(&digest),
        goes: frequency != Frequency::Daily || !told.is_empty(),
        why,
    })
}

impl Post {
    /// A mail that says of itself that it is a test.
    pub fn test(&self, to: &MailAddress, now: Timestamp) -> Result<Outgoing, MailError> {
        let teller = &self.teller;
        let words = Notice::Remark {
            title: "TEST: mail from Syncline reaches you".to_owned(),
            text: "Somebody asked for this mail with the command \"syncline notify test\". It \
                   tells of nothing, and there is nothing to do."
                .to_owned(),
        };
        let mail = render_immediate(&Immediate {
            installation: teller.installation.clone(),
            now: utc(now),
            accounts: accounts(teller),
            notices: vec![words],
            causes: Vec::new(),
            hand_overs: Vec::new(),
            rows: Vec::new(),
            remedy: format!("write to {}", teller.contact),
        });
        let unique = format!("test {} {to}", now.0);
        let message_id = MessageId::of(&unique, &teller.from.address);
        let bytes = compose(&Letter {
            from: &teller.from,
            to: &Mailbox::from(to.clone()),
            subject: &mail.subject,
            text: &mail.text,
            html: Some(&mail.html),
            attachments: &[],
            message_id: &message_id,
            thread: None,
            date: now,
            series: (&teller.installation, "test"),
            unsubscribe: Some(&teller.contact),
            marks: &[("Mail", "test".to_owned())],
        })?;
        Ok(Outgoing {
            from: teller.from.address.clone(),
            to: to.clone(),
            message_id,
            bytes,
        })
    }
}

/// `17 November 2026, 07:00 UTC`
fn utc(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0)
        .map(|at| at.strftime("%-d %B %Y, %H:%M UTC").to_string())
        .unwrap_or_default()
}
