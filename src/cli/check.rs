//! `syncline check`: every mistake named before the daemon meets it.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

use super::args::{Arguments, Check};
use super::out;
use super::run::{read, refused};
use crate::clock::SystemClock;
use crate::config;
use crate::control::request::Refusal;
use crate::domain::catalogue::{Catalogue, Slug};
use crate::journal;
use crate::store::{Access, Store, StoreError};

/// Everything looked at, as JSON.
#[derive(Serialize)]
struct Checked<'a> {
    report: &'static str,
    lines: &'a [Line],
}

/// One thing looked at.
#[derive(Serialize)]
struct Line {
    what: &'static str,
    ok: bool,
    said: String,
}

/// Checks configuration, credentials and store; 0 when all is well, 78 for a wrong configuration.
pub(super) fn run(arguments: &Arguments, check: &Check) -> Result<u8, Refusal> {
    let path = arguments
        .config
        .clone()
        .unwrap_or_else(|| PathBuf::from(config::PATH));
    let mut lines = Vec::new();
    let folder = match read(&path) {
        Ok((config, _)) => {
            lines.push(said(
                "configuration",
                true,
                format!("{} reads well", path.display()),
            ));
            lines.extend(unknown_types(&config));
            Some(config.store)
        }
        Err(mistakes) => {
            lines.push(said("configuration", false, mistakes));
            None
        }
    };
    if let Some(folder) = arguments.store.clone().or(folder) {
        lines.push(store(&folder, check.journal));
    }
    print(&lines, arguments.json)?;
    let wrong_configuration = lines
        .iter()
        .any(|line| !line.ok && line.what == "configuration");
    let wrong = lines.iter().any(|line| !line.ok);
    Ok(if wrong_configuration {
        78
    } else {
        u8::from(wrong)
    })
}

fn said(what: &'static str, ok: bool, said: String) -> Line {
    Line { what, ok, said }
}

/// Types that a recipient asked for and the catalogue does not know.
fn unknown_types(config: &config::Config) -> Vec<Line> {
    let catalogue = Catalogue::shipped();
    let known = |word: &str| Slug::parse(word).is_ok_and(|slug| catalogue.get(&slug).is_some());
    config
        .notify
        .iter()
        .flat_map(|recipient| &recipient.types)
        .filter(|word| !known(word))
        .map(|word| {
            let said_of = format!(
                "[[notify]] types: there is no type {word:?}; see \"syncline errors show TYPE\""
            );
            said("configuration", false, said_of)
        })
        .collect()
}

fn store(folder: &std::path::Path, walk: bool) -> Line {
    let clock = Arc::new(SystemClock::new());
    match Store::open(folder, Access::Read, Arc::new(Catalogue::shipped()), clock) {
        Err(StoreError::Missing { .. }) => said(
            "store",
            true,
            format!("none yet in {}; the daemon creates it", folder.display()),
        ),
        Err(error) => said("store", false, refused(&error).message),
        Ok(store) if walk => match store.read_blocking(|view| Ok(journal::verify_chain(view))) {
            Ok(Ok(verified)) => said(
                "store",
                true,
                format!(
                    "{} entries, checksums unbroken to {}",
                    verified.rows, verified.last
                ),
            ),
            Ok(Err(broken)) => said("store", false, broken.to_string()),
            Err(error) => said("store", false, format!("{error:#}")),
        },
        Ok(store) => match store.read_blocking(journal::last_seq) {
            Ok(last) => said(
                "store",
                true,
                format!("{last} entries (--journal walks the checksums)"),
            ),
            Err(error) => said("store", false, format!("{error:#}")),
        },
    }
}

fn print(lines: &[Line], json: bool) -> Result<(), Refusal> {
    if json {
        let report = "check";
        let json = serde_json::to_string(&Checked { report, lines }).map_err(|error| Refusal {
            exit: 70,
            message: error.to_string(),
        })?;
        return out::text(&format!("{json}\n"));
    }
    let mut text = String::new();
    for line in lines {
        let mark = if line.ok { "ok  " } else { "BAD " };
        for (place, said) in line.said.lines().enumerate() {
            let head = if place == 0 { line.what } else { "" };
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{mark} {head:<14} {said}");
        }
    }
    out::text(&text)
}
