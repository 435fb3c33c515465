//! `syncline check`: every mistake named before the daemon meets it.

mod online;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use super::args::{Arguments, Check};
use super::out;
use super::render::survey::{self as render, Surveyed};
use super::run::{read, refused};
use crate::clock::SystemClock;
use crate::config::{self, Config};
use crate::control::request::Refusal;
use crate::control::survey::exit_code;
use crate::daemon;
use crate::domain::catalogue::{Catalogue, Slug};
use crate::domain::digest::{count, thousands};
use crate::journal;
use crate::logging::escaped;
use crate::projections::settings;
use crate::store::{Access, Store, StoreError};

/// Everything looked at, as JSON.
#[derive(Serialize)]
struct Checked<'a> {
    report: &'static str,
    lines: &'a [Line],
    /// What both sides were found to grant; absent when they were not asked.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    survey: Option<&'a Surveyed>,
}

/// One thing looked at.
#[derive(Serialize)]
struct Line {
    what: &'static str,
    ok: bool,
    /// Nothing is wrong, and a person should know all the same.
    warns: bool,
    said: String,
    /// What the process ends with because of it.
    #[serde(skip)]
    exit: u8,
}

impl Line {
    fn well(what: &'static str, said: String) -> Self {
        Self {
            what,
            ok: true,
            warns: false,
            said,
            exit: 0,
        }
    }

    fn warning(what: &'static str, said: String) -> Self {
        Self {
            warns: true,
            ..Self::well(what, said)
        }
    }

    fn wrong(what: &'static str, refusal: Refusal) -> Self {
        Self {
            ok: false,
            exit: refusal.exit,
            ..Self::well(what, refusal.message)
        }
    }

    fn mistake(said: String) -> Self {
        let refusal = Refusal {
            exit: 78,
            message: said,
        };
        Self::wrong("configuration", refusal)
    }
}

/// Checks configuration, credentials and store, then, unless told not to, both sides. Ends with 78
/// for what a person must mend, 65 for a damaged store, 69 or 75 for a side that does not answer.
pub(super) fn run(arguments: &Arguments, check: &Check) -> Result<u8, Refusal> {
    let path = arguments
        .config
        .clone()
        .unwrap_or_else(|| PathBuf::from(config::PATH));
    let mut lines = Vec::new();
    let read = match read(&path) {
        Ok((config, credentials)) => {
            let said = format!("{} reads well", path.display());
            lines.push(Line::well("configuration", said));
            lines.extend(unknown_types(&config));
            lines.extend(small_allocation(&config));
            Some((config, credentials))
        }
        Err(mistakes) => {
            lines.push(Line::mistake(mistakes));
            None
        }
    };
    lines.extend(site_catalogue(&path));
    let config = read.as_ref().map(|(config, _)| config);
    let configured = config.map(|config| &config.store);
    let folder = arguments.store.as_ref().or(configured).cloned();
    if let Some(folder) = &folder {
        lines.push(store(folder, config, check));
    }
    let is_well = lines.iter().all(|line| line.exit == 0);
    let survey = match (read, folder) {
        (Some((config, credentials)), Some(folder)) if is_well && !check.offline => {
            Some(online::survey(&folder, &config, &credentials, check)?)
        }
        (_, _) => None,
    };
    print(&lines, survey.as_ref(), arguments.json)?;
    let seen = survey.iter().flat_map(|survey| &survey.items);
    let steps = survey.iter().flat_map(|survey| &survey.steps);
    let exits = lines.iter().map(|line| line.exit);
    let exits = exits.chain(seen.map(|item| item.exit));
    Ok(exit_code(exits.chain(steps.map(|(_, exit)| *exit))))
}

/// What the site lays over the catalogue, if it does.
fn site_catalogue(path: &Path) -> Vec<Line> {
    match config::catalogue(path) {
        Ok(catalogue) => {
            let shipped = Catalogue::shipped();
            let own = catalogue.rules().len() - shipped.rules().len();
            let own = count(own as u64, "rule");
            let said = format!("{} reads well, {own} of the site's own", config::SITE);
            let has_own = catalogue.digest() != shipped.digest();
            has_own
                .then(|| Line::well("catalogue", said))
                .into_iter()
                .collect()
        }
        Err(mistakes) => mistakes
            .into_iter()
            .map(|message| Line::wrong("catalogue", Refusal { exit: 78, message }))
            .collect(),
    }
}

/// Types that a recipient asked for and the catalogue does not know.
fn unknown_types(config: &Config) -> Vec<Line> {
    let catalogue = Catalogue::shipped();
    let known = |word: &str| Slug::parse(word).is_ok_and(|slug| catalogue.get(&slug).is_some());
    config
        .notify
        .iter()
        .flat_map(|recipient| &recipient.types)
        .filter(|word| !known(word))
        .map(|word| {
            Line::mistake(format!(
                "[[notify]] types: there is no type {word:?}; see \"syncline errors show TYPE\""
            ))
        })
        .collect()
}

/// An allocation that looking for changes alone would use up: it is stretched, and changes come
/// later than the configuration says.
fn small_allocation(config: &Config) -> Option<Line> {
    let looking = config.looking_calls();
    let allocation = config.budget.allocation;
    let (looks, allowed) = (thousands(looking), thousands(allocation));
    (allocation < looking).then(|| {
        let said = format!(
            "budget.allocation: looking for changes alone takes about {looks} calls in 24 h, \
             allowed are {allowed}; changes will be looked for less often"
        );
        Line::warning("configuration", said)
    })
}

fn store(folder: &Path, config: Option<&Config>, check: &Check) -> Line {
    let clock = Arc::new(SystemClock::new());
    match Store::open(folder, Access::Read, Arc::new(Catalogue::shipped()), clock) {
        Err(StoreError::Missing { .. }) => {
            let who = if check.offline {
                "the daemon makes it"
            } else {
                "made now, so that every call counts"
            };
            Line::well("store", format!("none yet in {}; {who}", folder.display()))
        }
        Err(error) => Line::wrong("store", refused(&error)),
        Ok(store) => match look(&store, config, check.journal) {
            Ok(said) => Line::well("store", said),
            Err(error) => Line::wrong("store", error.into()),
        },
    }
}

/// What there is to say of a store that opens and belongs to the configured accounts.
fn look(store: &Store, config: Option<&Config>, walk: bool) -> anyhow::Result<String> {
    let bound = store.read_blocking(settings::bound)?;
    if let (Some(bound), Some(config)) = (bound.map(|setting| setting.event), config) {
        daemon::refuse_other_accounts(&bound, config)?;
    }
    if walk {
        return match store.read_blocking(|view| Ok(journal::verify_chain(view)))? {
            Ok(verified) => Ok(format!(
                "{} entries, checksums unbroken to {}",
                thousands(verified.rows),
                verified.last
            )),
            Err(broken) => Err(anyhow::Error::new(Refusal {
                exit: 65,
                message: format!("{broken}; restore the last backup"),
            })),
        };
    }
    let last = store.read_blocking(journal::last_seq)?;
    let entries = thousands(last.unsigned_abs());
    Ok(format!("{entries} entries (--journal walks the checksums)"))
}

fn print(lines: &[Line], survey: Option<&Surveyed>, json: bool) -> Result<(), Refusal> {
    if json {
        let checked = Checked {
            report: "check",
            lines,
            survey,
        };
        let json = serde_json::to_string(&checked).map_err(|error| Refusal {
            exit: 70,
            message: error.to_string(),
        })?;
        return out::text(&format!("{json}\n"));
    }
    let mut text = String::new();
    for line in lines {
        let mark = match (line.ok, line.warns) {
            (true, false) => "ok  ",
            (true, true) => "WARN",
            (false, _) => "BAD ",
        };
        for (place, said) in line.said.lines().enumerate() {
            let head = if place == 0 { line.what } else { "" };
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{mark} {head:<14} {}", escaped(said));
        }
    }
    if let Some(survey) = survey {
        text.push_str(&render::text(survey));
    }
    out::text(&text)
}
