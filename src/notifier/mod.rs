//! Journal → digest planned → mail → digest sent.
//!
//! What is told is decided and written down, bytes and all, before anything is mailed: a restart
//! repeats the same bytes, and tells nothing twice.

mod compose;
mod contents;
mod deliver;
mod everybody;
mod heartbeat;
mod immediate;
mod lines;
mod notices;
mod preview;
mod scheduled;
mod watch;

use std::sync::Arc;

use crate::clock::Clock;
use crate::config::{MailAddress, Mailbox};
use crate::domain::budget::Thresholds;
use crate::domain::event::RecipientSetting;
use crate::domain::record::Timestamp;
use crate::mail::Mailer;
use crate::projections::settings;
use crate::store::{Store, Tx, View};

pub use heartbeat::Heartbeat;
pub use immediate::is_first_load_over;
pub use preview::{Drawn, Post, preview};
pub use watch::{Line, Watch, look};

/// How long a quiet look waits; news rings earlier.
const LOOK_EVERY_MS: i64 = 15_000;

/// How long mails are begun in one look: a server that hangs at each would keep the loop longer than
/// the watchdog waits for a sign of it. The others follow in the next look.
const DELIVER_FOR_MS: i64 = 45_000;

/// What the notifier takes from the configuration.
#[derive(Debug, Clone)]
pub struct Teller {
    /// The installation's name, in every subject.
    pub installation: String,
    /// Whom mails are from.
    pub from: Mailbox,
    /// Whom readers write to who want other mails, or none.
    pub contact: MailAddress,
    /// HubSpot portal.
    pub portal: i64,
    /// Salesforce org.
    pub org: String,
    /// How long news is gathered before it is told at once, in ms.
    pub gather_ms: i64,
    /// Whether the rows attached name the records.
    pub names: bool,
    /// Mails told at once to one recipient in an hour, at most.
    pub per_hour: u32,
    /// From which percentages of the allocation on people are told.
    pub told: Thresholds,
}

/// The loop that tells people.
pub struct Notifier {
    store: Arc<Store>,
    clock: Arc<dyn Clock>,
    mailer: Arc<dyn Mailer>,
    teller: Arc<Teller>,
    watch: Watch,
    silent: bool,
}

impl Notifier {
    /// A loop over `store`, handing mails to `mailer`.
    pub fn new(
        store: Arc<Store>,
        clock: Arc<dyn Clock>,
        mailer: Arc<dyn Mailer>,
        teller: Teller,
    ) -> Self {
        Self {
            watch: Watch::new(Arc::clone(&store), Arc::clone(&clock), teller.told),
            store,
            clock,
            mailer,
            teller: Arc::new(teller),
            silent: false,
        }
    }

    /// Mails what is planned, plans what is due, mails that, and says when to look again.
    pub async fn work(&mut self) -> anyhow::Result<Timestamp> {
        self.watch.work().await?;
        let until = self.clock.monotonic_ms() + DELIVER_FOR_MS;
        self.deliver(until).await?;
        let now = self.clock.now();
        let mut look_again = now.plus(LOOK_EVERY_MS);
        let mut planned = false;
        let recipients = if self.watch.is_unsettled() {
            Vec::new()
        } else {
            self.recipients().await?
        };
        let mut wrong = None;
        for recipient in recipients {
            let (teller, recipient) = (Arc::clone(&self.teller), Arc::new(recipient));
            let plan = move |tx: &Tx<'_>| {
                let scheduled = scheduled::plan(tx, &teller, &recipient)?;
                let (immediate, next) = immediate::plan(tx, &teller, &recipient)?;
                Ok((scheduled || immediate, next))
            };
            match self.store.write(plan).await {
                Ok((told, next)) => {
                    planned |= told;
                    look_again = next.map_or(look_again, |next| look_again.min(next));
                }
                // Said below: a mail that cannot be written for one keeps nobody else waiting.
                Err(error) => wrong = wrong.or(Some(error)),
            }
        }
        if planned {
            self.deliver(until).await?;
        }
        if let Some(wrong) = wrong {
            return Err(wrong);
        }
        let retry = self.next_try().await?;
        let look_again = retry.map_or(look_again, |retry| look_again.min(retry));
        Ok(look_again.max(now.plus(1)))
    }

    async fn recipients(&self) -> anyhow::Result<Vec<RecipientSetting>> {
        let (recipients, changed) = self.store.read(told).await?;
        if changed {
            let told = recipients.clone();
            let end_others = move |tx: &Tx<'_>| scheduled::end_others(tx, &told);
            self.store.write(end_others).await?;
        }
        Ok(recipients)
    }
}

/// Who is told, and whether other schedules than at the last look are in force by that.
fn told(view: &View<'_>) -> anyhow::Result<(Vec<RecipientSetting>, bool)> {
    let setting = settings::notifications(view)?;
    let mut recipients = setting
        .map(|setting| setting.event.recipients)
        .unwrap_or_default();
    recipients.retain(|one| !one.off);
    let changed = scheduled::are_others(view, &recipients)?;
    Ok((recipients, changed))
}
