//! A mail in words becomes bytes, and the plan to send them.

use std::collections::BTreeSet;

use super::Teller;
use crate::annex;
use crate::config::{MailAddress, Mailbox};
use crate::domain::digest::Mail;
use crate::domain::event::{DigestPlanned, Slot, Told};
use crate::domain::schedule::Frequency;
use crate::mail::{Attachment, Letter, MessageId, compose};
use crate::projections;
use crate::store::Tx;

/// Fixes a mail's bytes and Message-ID and journals the plan: the slot is claimed by it.
pub(super) fn plan(
    tx: &Tx<'_>,
    teller: &Teller,
    slot: Slot,
    mail: &Mail,
    covers: (i64, i64),
    told: Vec<Told>,
) -> anyhow::Result<()> {
    let Some(address) = annex::address(tx, slot.recipient)? else {
        // Erased between two looks: nobody is there to be told.
        return Ok(());
    };
    let to = Mailbox::from(MailAddress::parse(&address)?);
    let frequency = slot.frequency.key();
    let unique = format!(
        "{} {frequency} {} {}",
        slot.recipient,
        slot.due,
        tx.key().text_key(&address).0
    );
    let message_id = MessageId::of(&unique, &teller.from.address);
    let root = format!(
        "root {} {}",
        teller.installation,
        subject_of(frequency, &told)
    );
    let thread = MessageId::of(&root, &teller.from.address);
    let mut attachments = Vec::new();
    if let Some(csv) = &mail.csv {
        attachments.push(Attachment::csv(&csv.name, csv.bytes.clone())?);
    }
    let bytes = compose(&Letter {
        from: &teller.from,
        to: &to,
        subject: &mail.subject,
        text: &mail.text,
        html: Some(&mail.html),
        attachments: &attachments,
        message_id: &message_id,
        thread: Some(&thread),
        date: tx.now(),
        series: (&teller.installation, frequency),
        unsubscribe: Some(&teller.contact),
        marks: &[("Mail", frequency.to_owned())],
    })?;
    let mail = annex::keep_mail(tx, message_id.as_str(), &bytes)?;
    let message_id = message_id.as_str().to_owned();
    projections::append(
        tx,
        None,
        DigestPlanned {
            slot,
            covers,
            told,
            message_id,
            mail,
        },
    )?;
    Ok(())
}

/// What a mail is about, for the conversation it belongs to: `C-41` where it tells of one cause
/// alone, so that its end stands below its beginning; otherwise its series.
fn subject_of(frequency: &str, told: &[Told]) -> String {
    let name = |one: &Told| match one {
        Told::Cause(number, _, _) => format!("C-{number}"),
        Told::Suspended(side) | Told::Resumed(side) => side.key().to_owned(),
        Told::Held(hold) | Told::Settled(hold) => format!("H-{hold}"),
        Told::SelectionHeld(object) | Told::SelectionGoes(object) => object.to_string(),
        Told::BudgetLow | Told::BudgetEased | Told::BudgetExhausted | Told::BudgetFrees => {
            "budget".to_owned()
        }
    };
    let names: BTreeSet<String> = told.iter().map(name).collect();
    let mut names = names.into_iter();
    match (names.next(), names.next()) {
        (Some(name), None) if frequency == Frequency::Now.key() => name,
        (Some(_) | None, _) => frequency.to_owned(),
    }
}
