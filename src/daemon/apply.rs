//! What the configuration says becomes events, where it says something new, and settings of the loops.
//!
//! A setting that people change at run time has the file for its first value only: what the file
//! said last is kept, and only a later edit of the file counts as one more change.

use std::sync::Arc;

use anyhow::Context as _;

use crate::config::{self, Auth, Config, Credentials, Mail, Names};
use crate::crm::hubspot::{ApiVersion, HubSpotSettings};
use crate::crm::salesforce::SalesforceSettings;
use crate::crm::token::{SalesforceCredentials, Secret, SigningKey};
use crate::domain::digest::count;
use crate::domain::event::{
    AllocationSet, BackfillSet, By, Event, MappingChanged, Mode, ModeSet, NotificationsSet,
    RecipientSetting, Scheduled,
};
use crate::domain::guard;
use crate::mail::SmtpMailer;
use crate::notifier::{Post, Teller};
use crate::projections::links::{self, User};
use crate::store::{Store, Tx};
use crate::sync::{Bounds, Settings, release_for_mapping};
use crate::{annex, inbox, projections};

/// Journals what the file says and did not say before.
pub(super) async fn settings(store: &Store, config: &Config) -> anyhow::Result<()> {
    let config = config.clone();
    store
        .write(move |tx| {
            budget(tx, &config)?;
            backfill(tx, &config)?;
            mode(tx, &config)?;
            mappings(tx, &config)?;
            let name = User::Name(config.salesforce.user.as_deref());
            links::keep_user(tx, &name)?;
            notifications(tx, &config)
        })
        .await
        .context("taking over the configuration")
}

/// Journals the allocation where none was ever set.
pub(super) async fn first_allocation(store: &Store, config: &Config) -> anyhow::Result<()> {
    let config = config.clone();
    store
        .write(move |tx| match projections::settings::allocation(tx)? {
            Some(_) => Ok(()),
            None => budget(tx, &config),
        })
        .await
        .context("taking over the allocation")
}

/// Appends `event` when the file's word on `name` differs from its last one.
fn when_new(tx: &Tx<'_>, name: &str, word: &str, event: impl Into<Event>) -> anyhow::Result<bool> {
    let key = format!("configured {name}");
    if annex::meta(tx, &key)?.as_deref() == Some(word) {
        return Ok(false);
    }
    annex::set_meta(tx, &key, Some(word))?;
    projections::append(tx, None, event)?;
    Ok(true)
}

fn budget(tx: &Tx<'_>, config: &Config) -> anyhow::Result<()> {
    let event = AllocationSet {
        allocation: config.budget.allocation,
        reserve_percent: config.budget.org_reserve_percent,
        by: By::Configuration,
    };
    let word = format!("{} {}", event.allocation, event.reserve_percent);
    when_new(tx, "allocation", &word, event).map(drop)
}

/// When first loads may spend: at any time, unless somebody said otherwise.
fn backfill(tx: &Tx<'_>, config: &Config) -> anyhow::Result<()> {
    let event = BackfillSet {
        when: config.budget.backfill,
        night: config.budget.night,
        zone: config.zone.clone(),
        by: By::Configuration,
    };
    let word = format!("{} {} {}", event.when, event.night, event.zone);
    when_new(tx, "backfill", &word, event).map(drop)
}

fn mode(tx: &Tx<'_>, config: &Config) -> anyhow::Result<()> {
    let mode = config.sync.mode;
    let event = ModeSet {
        mode,
        by: By::Configuration,
    };
    if when_new(tx, "mode", mode.key(), event)? && mode == Mode::Sync {
        // What would have been written becomes a change like any other, and meets the guard.
        inbox::release(tx, inbox::Release::WouldWrite)?;
    }
    Ok(())
}

fn mappings(tx: &Tx<'_>, config: &Config) -> anyhow::Result<()> {
    for mapping in &config.objects {
        let word = serde_json::to_string(mapping)?;
        let event = MappingChanged {
            mapping: mapping.clone(),
            by: By::Configuration,
        };
        if when_new(tx, &format!("mapping {}", mapping.name()), &word, event)? {
            let released = release_for_mapping(tx, &mapping.object)?;
            if released > 0 {
                let (name, records) = (mapping.name(), count(released, "record"));
                tracing::info!("mapping changed: {name}; {records} will be tried again");
            }
        }
    }
    Ok(())
}

fn notifications(tx: &Tx<'_>, config: &Config) -> anyhow::Result<()> {
    let mut recipients = Vec::with_capacity(config.notify.len());
    for one in &config.notify {
        let schedules = one
            .digests
            .iter()
            .map(|digest| Scheduled {
                frequency: digest.frequency,
                cron: digest.expression.clone(),
            })
            .collect();
        recipients.push(RecipientSetting {
            recipient: annex::recipient_key(tx, one.to.address.as_str())?,
            immediately: one.immediately,
            schedules,
            zone: one.zone.clone(),
            who_fixes: one.who_fixes.clone(),
            objects: one.objects.clone(),
            types: one.types.clone(),
            off: false,
        });
    }
    let word = serde_json::to_string(&recipients)?;
    let event = NotificationsSet {
        recipients: joined(tx, &recipients)?,
        by: By::Configuration,
    };
    when_new(tx, "notifications", &word, event).map(drop)
}

/// Whom the file names, each as the file has them where it says something new of them, and as people
/// set them since where it does not; and those who were added at run time.
fn joined(tx: &Tx<'_>, file: &[RecipientSetting]) -> anyhow::Result<Vec<RecipientSetting>> {
    let before: Vec<RecipientSetting> = annex::meta(tx, "configured notifications")?
        .and_then(|word| serde_json::from_str(&word).ok())
        .unwrap_or_default();
    let setting = projections::settings::notifications(tx)?;
    let now = setting.map(|setting| setting.event.recipients);
    let now = now.unwrap_or_default();
    let of = |list: &[RecipientSetting], key| list.iter().find(|one| one.recipient == key).cloned();
    let mut joined: Vec<RecipientSetting> = Vec::new();
    for one in file {
        let same = of(&before, one.recipient).as_ref() == Some(one);
        let kept = of(&now, one.recipient).filter(|_| same);
        joined.push(kept.unwrap_or_else(|| one.clone()));
    }
    let added = |one: &&RecipientSetting| {
        of(&before, one.recipient).is_none() && of(file, one.recipient).is_none()
    };
    joined.extend(now.iter().filter(added).cloned());
    Ok(joined)
}

/// HubSpot's client as configured.
pub(super) fn hubspot(config: &Config, credentials: &Credentials) -> HubSpotSettings {
    HubSpotSettings {
        base: config.hubspot.url.as_str().to_owned(),
        api_version: ApiVersion::parse(&config.hubspot.api_version).unwrap_or_default(),
        token: Secret::new(credentials.hubspot_token.expose()),
    }
}

/// Salesforce's client as configured.
pub(super) fn salesforce(
    config: &Config,
    credentials: &Credentials,
) -> anyhow::Result<SalesforceSettings> {
    let secret = credentials.salesforce.expose();
    let credentials = match config.salesforce.auth {
        Auth::Jwt => SalesforceCredentials::Jwt {
            key: SigningKey::from_pem(secret.as_bytes()).context("credentials/salesforce_key")?,
            user: config.salesforce.user.clone().unwrap_or_default(),
            audience: None,
        },
        Auth::ClientCredentials => SalesforceCredentials::ClientCredentials {
            secret: Secret::new(secret),
        },
    };
    Ok(SalesforceSettings {
        login: config.salesforce.login.as_str().to_owned(),
        api_version: Some(config.salesforce.api_version.clone()),
        client_id: config.salesforce.client_id.clone(),
        credentials,
    })
}

fn milliseconds(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// The loops' settings as configured.
pub(super) fn sync(config: &Config) -> Settings {
    let (guard, limits) = (&config.guard, &config.limits);
    Settings {
        portal: config.hubspot.portal,
        org: config.salesforce.org.clone(),
        mappings: config.objects.clone(),
        board: config.hubspot.board,
        guard: guard::Limits {
            percent: guard.percent.into(),
            records: guard.records,
            floor: limits.guard_floor,
            deletions_percent: guard.deletions_percent.into(),
            deletions_floor: limits.guard_deletions_floor,
        },
        poll_ms: milliseconds(config.sync.poll),
        bounds: Bounds {
            shadow_percent: config.sync.shadow_percent,
            ..Bounds::of(limits, guard.records)
        },
    }
}

/// What mails are written and sent by; none where the configuration names no server.
pub fn post(config: &Config, password: Option<&config::Secret>) -> Option<Post> {
    let mail = config.mail.as_ref()?;
    let mailer = SmtpMailer::new(mail.smtp.clone(), password.cloned()).with_ca(mail.ca.clone());
    Some(Post {
        teller: teller(config, mail),
        mailer: Arc::new(mailer),
    })
}

/// What the notifier takes from the configuration.
fn teller(config: &Config, mail: &Mail) -> Teller {
    Teller {
        installation: config.name.clone(),
        from: mail.from.clone(),
        contact: mail.contact.clone(),
        portal: config.hubspot.portal,
        org: config.salesforce.org.to_string(),
        gather_ms: milliseconds(mail.gather),
        names: config.names == Names::Shown,
        per_hour: mail.per_hour,
        told: config.budget.told,
    }
}
