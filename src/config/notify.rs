//! Who is told what, and when.
//!
//! A schedule is kept as people wrote it, beside the expression it means; when it is due is
//! `domain::schedule`'s to say.

use super::address::{MailAddress, Mailbox};
use super::mistakes::{Unfit, near_miss, shown};
use super::reader::{Section, Spot};
use crate::domain::mapping::Mapping;
use crate::domain::record::ObjectName;
use crate::domain::schedule::{self, Frequency, Schedule};

/// Who can mend a cause, by the words of the catalogue.
const FIXERS: &[&str] = &["revops", "salesforce-admin", "hubspot-admin", "operator"];

/// One scheduled digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    /// Daily or weekly; an expression counts as daily: silent when nothing changed.
    pub frequency: Frequency,
    /// As it stands in the file: `08:00`.
    pub text: String,
    /// The cron expression of six fields that it means.
    pub expression: String,
}

/// One reader of mails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// The address, with a name when one was given.
    pub to: Mailbox,
    /// Whether a change of state is told within a minute.
    pub immediately: bool,
    /// The digests, at most one of each frequency.
    pub digests: Vec<Digest>,
    /// IANA time zone in which the digests are due.
    pub zone: String,
    /// Only causes that these can mend; empty for all.
    pub who_fixes: Vec<String>,
    /// Only these objects; empty for all.
    pub objects: Vec<ObjectName>,
    /// Only these types, by slug; empty for all.
    pub types: Vec<String>,
}

/// Reads all `[[notify]]` tables; `standard_zone` is the instance's.
pub(super) fn recipients(
    root: &Section<'_>,
    standard_zone: &str,
    objects: &[Mapping],
) -> Vec<Recipient> {
    let mut seen: Vec<(MailAddress, u32)> = Vec::new();
    let mut recipients = Vec::new();
    for section in root.sections("notify") {
        let to = section.parsed("to", Mailbox::parse);
        section.require("to", "add to = \"name@domain\"");
        if let Some(to) = &to {
            note_twice(&section, to, &mut seen);
        }
        let immediately = section.flag("immediately");
        let digests = digests(&section);
        if immediately != Some(true)
            && !["daily", "weekly", "cron"]
                .iter()
                .any(|key| section.has(key))
        {
            section.note(
                "",
                "this reader would never be told anything",
                "add immediately = true, daily = \"08:00\" or weekly = \"mon 08:00\"",
            );
        }
        let zone = section.parsed("zone", zone);
        let who_fixes = section.list("who_fixes", |text| known(text, FIXERS));
        let names = section.list("objects", |text| synced(text, objects));
        let types = section.list("types", slug);
        section.finish();
        if let Some(to) = to {
            recipients.push(Recipient {
                to: to.value,
                immediately: immediately.unwrap_or(false),
                digests,
                zone: zone.map_or_else(|| standard_zone.to_owned(), |spot| spot.value),
                who_fixes,
                objects: names,
                types,
            });
        }
    }
    recipients
}

fn digests(section: &Section<'_>) -> Vec<Digest> {
    let mut digests = Vec::new();
    let kinds: [(&'static str, Frequency, Reading, &str); 3] = [
        (
            "daily",
            Frequency::Daily,
            Schedule::daily,
            "write daily = \"08:00\"",
        ),
        (
            "weekly",
            Frequency::Weekly,
            Schedule::weekly,
            "write weekly = \"mon 08:00\"",
        ),
        (
            "cron",
            Frequency::Daily,
            Schedule::cron,
            "write five fields, with names for days: cron = \"0 8 * * mon-fri\"",
        ),
    ];
    for (key, frequency, read, remedy) in kinds {
        let schedule = section.parsed(key, |text| {
            let schedule = read(text).map_err(|sentence| with_remedy(&sentence, remedy))?;
            Ok((text.to_owned(), schedule.expression().to_owned()))
        });
        if let Some(Spot {
            value: (text, expression),
            ..
        }) = schedule
        {
            digests.push(Digest {
                frequency,
                text,
                expression,
            });
        }
    }
    if section.has("daily") && section.has("cron") {
        section.note(
            "cron",
            "says when the daily digest is due, as daily does",
            "keep one of the two",
        );
    }
    digests
}

type Reading = fn(&str) -> Result<Schedule, String>;

fn note_twice(section: &Section<'_>, to: &Spot<Mailbox>, seen: &mut Vec<(MailAddress, u32)>) {
    let address = &to.value.address;
    let same = |other: &MailAddress| other.as_str().eq_ignore_ascii_case(address.as_str());
    match seen.iter().find(|(other, _)| same(other)) {
        Some((_, line)) => section.note(
            "to",
            format!("{address} is told already, by line {line}"),
            "join the two tables",
        ),
        None => seen.push((address.clone(), to.line)),
    }
}

/// A time zone by its IANA name. Offsets are refused: they know no summer time.
pub(super) fn zone(text: &str) -> Result<String, Unfit> {
    schedule::zone(text)
        .map(|_| text.to_owned())
        .map_err(|sentence| with_remedy(&sentence, "write an IANA name such as Europe/Rome"))
}

/// `sentence` taken apart where it names a remedy itself; `otherwise` where it does not.
fn with_remedy(sentence: &str, otherwise: &str) -> Unfit {
    let (wrong, remedy) = sentence.split_once("; ").unwrap_or((sentence, otherwise));
    Unfit::new(wrong, remedy)
}

fn known(text: &str, words: &[&str]) -> Result<String, Unfit> {
    if words.contains(&text) {
        return Ok(text.to_owned());
    }
    let remedy = match near_miss(text, words.iter().copied()) {
        Some(meant) => format!("did you mean \"{meant}\"?"),
        None => format!("write one of {}", words.join(", ")),
    };
    Err(Unfit::new(format!("{} is not known", shown(text)), remedy))
}

fn synced(text: &str, objects: &[Mapping]) -> Result<ObjectName, Unfit> {
    let names: Vec<&str> = objects
        .iter()
        .map(|mapping| mapping.object.as_str())
        .collect();
    known(text, &names)?;
    ObjectName::parse(text).map_err(|error| Unfit::new(error.to_string(), "name a synced object"))
}

fn slug(text: &str) -> Result<String, Unfit> {
    let fits = text.len() <= 40
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if fits {
        Ok(text.to_owned())
    } else {
        Err(Unfit::new(
            format!("{} is no type of error", shown(text)),
            "write a type as \"syncline errors\" shows it: sf-validation-rule",
        ))
    }
}
