//! Who is told what: shown, changed, previewed and tried.

use super::{done, refuse};
use crate::annex;
use crate::config::MailAddress;
use crate::control::report::{Preview, ReaderLine, Readers, Report};
use crate::control::request::{Refusal, Wish};
use crate::domain::catalogue::{Found, WhoFixes};
use crate::domain::event::{By, NotificationsSet, RecipientSetting, Scheduled};
use crate::domain::record::{ObjectName, Timestamp};
use crate::domain::schedule::{self, Frequency, Schedule};
use crate::notifier::{self, Post};
use crate::projections;
use crate::projections::{settings, slots};
use crate::store::{Store, View};

/// How a reader whom nothing would ever be told is answered.
const NEVER: &str = "this reader would never be told anything; add --immediately, --daily 08:00 or \
                     --weekly \"mon 08:00\", or say --off";

/// Everybody, in the order in which they were set.
pub(super) fn readers(view: &View<'_>) -> anyhow::Result<Report> {
    let mut readers = Vec::new();
    for setting in current(view)? {
        readers.push(line(view, &setting)?);
    }
    Ok(Report::Readers(Readers { readers }))
}

fn current(view: &View<'_>) -> anyhow::Result<Vec<RecipientSetting>> {
    let setting = settings::notifications(view)?;
    Ok(setting
        .map(|setting| setting.event.recipients)
        .unwrap_or_default())
}

fn line(view: &View<'_>, setting: &RecipientSetting) -> anyhow::Result<ReaderLine> {
    let zone = schedule::zone(&setting.zone).ok();
    let mut told: Vec<String> = Vec::new();
    if setting.immediately {
        told.push("immediately".to_owned());
    }
    let schedules = setting.schedules.iter();
    told.extend(schedules.map(|one| schedule::spoken(one.frequency, &one.cron)));
    let next = setting.schedules.iter().filter_map(|one| {
        let schedule = Schedule::cron(&one.cron).ok()?;
        Some(schedule.next(zone.as_ref()?, view.now())?.at)
    });
    let objects: Vec<String> = setting.objects.iter().map(ToString::to_string).collect();
    let only = [
        ("who fixes", &setting.who_fixes),
        ("objects", &objects),
        ("types", &setting.types),
    ];
    let only = only.into_iter().filter(|(_, list)| !list.is_empty());
    let last = slots::last_of(view, setting.recipient)?;
    Ok(ReaderLine {
        address: annex::address(view, setting.recipient)?,
        on: !setting.off,
        told,
        zone: setting.zone.clone(),
        only: only
            .map(|(what, list)| format!("{what}: {}", list.join(", ")))
            .collect(),
        next: next.min().filter(|_| !setting.off),
        last: last.as_ref().map(|mail| mail.state.key().to_owned()),
        last_at: last.map(|mail| mail.tried_at.unwrap_or(mail.planned_at)),
    })
}

/// Changes what one reader is told, or adds one; a mistake is named and changes nothing.
pub(super) async fn set(
    store: &Store,
    address: String,
    wish: Wish,
    by: By,
) -> Result<Report, Refusal> {
    let address = mail_address(&address)?;
    let said = store
        .write(move |tx| {
            let mut recipients = current(tx)?;
            let key = annex::recipient_key(tx, address.as_str())?;
            let place = recipients.iter().position(|one| one.recipient == key);
            let before = place.map(|place| recipients[place].clone());
            let fresh = RecipientSetting {
                recipient: key,
                immediately: false,
                schedules: Vec::new(),
                zone: wish.usual_zone.clone(),
                who_fixes: Vec::new(),
                objects: Vec::new(),
                types: Vec::new(),
                off: false,
            };
            let after = wished(tx, before.clone().unwrap_or(fresh), &wish).map_err(refuse)?;
            if before.as_ref() == Some(&after) {
                return Ok(format!("{address} is told so already; nothing changed"));
            }
            match place {
                Some(place) => recipients[place] = after.clone(),
                None => recipients.push(after.clone()),
            }
            projections::append(tx, None, NotificationsSet { recipients, by })?;
            Ok(format!("{address}: {}", spoken(&after)))
        })
        .await
        .map_err(super::unwrap)?;
    Ok(done(said))
}

/// What a reader is told, in words.
fn spoken(setting: &RecipientSetting) -> String {
    if setting.off {
        return "nothing is mailed until you say --on".to_owned();
    }
    let schedules = setting.schedules.iter();
    let mut told: Vec<String> = schedules
        .map(|one| schedule::spoken(one.frequency, &one.cron))
        .collect();
    if setting.immediately {
        told.insert(0, "immediately".to_owned());
    }
    format!("told {}, {}", told.join(", "), setting.zone)
}

fn mail_address(text: &str) -> Result<MailAddress, Refusal> {
    MailAddress::parse(text)
        .map_err(|unfit| Refusal::usage(format!("{}; {}", unfit.wrong, unfit.remedy)))
}

/// The setting with what is wished put in place of what was.
fn wished(
    view: &View<'_>,
    mut setting: RecipientSetting,
    wish: &Wish,
) -> Result<RecipientSetting, Refusal> {
    if let Some(word) = &wish.immediately {
        setting.immediately = is_on("--immediately", word)?;
    }
    if wish.daily.is_some() && wish.cron.is_some() {
        return Err(Refusal::usage(
            "--cron says when the daily digest is due, as --daily does; give one of the two",
        ));
    }
    let schedules: [(&Option<String>, Frequency, Reading); 3] = [
        (&wish.daily, Frequency::Daily, Schedule::daily),
        (&wish.cron, Frequency::Daily, Schedule::cron),
        (&wish.weekly, Frequency::Weekly, Schedule::weekly),
    ];
    for (text, frequency, read) in schedules {
        let Some(text) = text else { continue };
        setting.schedules.retain(|one| one.frequency != frequency);
        if text != "off" {
            let cron = read(text).map_err(Refusal::usage)?.expression().to_owned();
            setting.schedules.push(Scheduled { frequency, cron });
        }
    }
    if let Some(zone) = &wish.zone {
        schedule::zone(zone).map_err(Refusal::usage)?;
        setting.zone.clone_from(zone);
    }
    if let Some(who) = &wish.who_fixes {
        setting.who_fixes = who
            .iter()
            .map(|word| fixer(word))
            .collect::<Result<_, _>>()?;
    }
    if let Some(objects) = &wish.objects {
        let known = settings::objects(view)?;
        setting.objects = objects
            .iter()
            .map(|word| object(word, &known))
            .collect::<Result<_, _>>()?;
    }
    if let Some(types) = &wish.types {
        setting.types = types
            .iter()
            .map(|word| slug(view, word))
            .collect::<Result<_, _>>()?;
    }
    if let Some(word) = &wish.mails {
        setting.off = !is_on("mails", word)?;
    }
    if !setting.off && !setting.immediately && setting.schedules.is_empty() {
        return Err(Refusal::usage(NEVER));
    }
    Ok(setting)
}

type Reading = fn(&str) -> Result<Schedule, String>;

fn is_on(what: &str, word: &str) -> Result<bool, Refusal> {
    match word {
        "on" => Ok(true),
        "off" => Ok(false),
        other => Err(Refusal::usage(format!(
            "{what} is on or off, not {other:?}"
        ))),
    }
}

fn fixer(word: &str) -> Result<String, Refusal> {
    let known: Vec<&str> = WhoFixes::ALL.iter().map(|one| one.key()).collect();
    if known.contains(&word) {
        return Ok(word.to_owned());
    }
    Err(Refusal::usage(format!(
        "nobody is called {word:?}; write {}",
        known.join(", ")
    )))
}

fn object(word: &str, known: &[ObjectName]) -> Result<ObjectName, Refusal> {
    let found = known.iter().find(|one| one.as_str() == word);
    found.cloned().ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(ObjectName::as_str).collect();
        Refusal::usage(format!(
            "{word:?} is not kept in step; these are: {}",
            names.join(", ")
        ))
    })
}

fn slug(view: &View<'_>, word: &str) -> Result<String, Refusal> {
    match view.catalogue().find(word) {
        Found::Exactly(kind) => Ok(kind.slug.as_str().to_owned()),
        Found::Nearest(near) => {
            let names: Vec<&str> = near.iter().map(|kind| kind.slug.as_str()).collect();
            let hint = if names.is_empty() {
                "see \"syncline errors\"".to_owned()
            } else {
                format!("did you mean {}?", names.join(", "))
            };
            Err(Refusal::usage(format!("there is no type {word:?}; {hint}")))
        }
    }
}

/// What mails are written and sent by, or why there is nothing.
fn desk(post: Option<&Post>) -> Result<&Post, Refusal> {
    post.ok_or_else(|| Refusal {
        exit: 78,
        message: "nobody can be told without a mail server; add [mail] smtp and from, or name the \
                  configuration with --config"
            .to_owned(),
    })
}

/// A reader's next digest as it would be now; nothing is planned and nothing is sent.
pub(super) async fn preview(
    store: &Store,
    post: Option<&Post>,
    address: String,
    frequency: Option<Frequency>,
) -> Result<Report, Refusal> {
    let address = mail_address(&address)?;
    let teller = desk(post)?.teller.clone();
    store
        .read(move |view| {
            let mut known = Vec::new();
            for setting in current(view)? {
                let named = annex::address(view, setting.recipient)?;
                if named.as_deref() == Some(address.as_str()) {
                    let drawn = notifier::preview(view, &teller, &setting, frequency)?;
                    let csv = drawn.mail.csv.as_ref();
                    return Ok(Report::Preview(Box::new(Preview {
                        address: address.to_string(),
                        attached: csv.map(|csv| csv.bytes.len() as u64),
                        subject: drawn.mail.subject,
                        text: drawn.mail.text,
                        html: drawn.mail.html,
                        goes: drawn.goes,
                        why: drawn.why,
                    })));
                }
                known.extend(named);
            }
            Err(refuse(Refusal::usage(format!(
                "nobody is told anything at {address}; these are: {}",
                known.join(", ")
            ))))
        })
        .await
        .map_err(super::unwrap)
}

/// Sends a mail that is marked as a test, and says what became of it.
pub(super) async fn test(
    post: Option<&Post>,
    address: &str,
    now: Timestamp,
) -> Result<Report, Refusal> {
    let address = mail_address(address)?;
    let post = desk(post)?;
    let mail = post.test(&address, now).map_err(|error| Refusal {
        exit: 70,
        message: error.to_string(),
    })?;
    match post.mailer.send(&mail).await {
        Ok(()) => Ok(done(format!(
            "a mail marked as a test was taken for {address}"
        ))),
        Err(error) => Err(Refusal {
            exit: if error.permanent { 69 } else { 75 },
            message: format!("the test did not leave: {error}"),
        }),
    }
}
