//! The text part of a daily or weekly mail: complete by itself, only what changed told in full.

use super::super::event::CauseState;
use super::facts;
use super::model::{CauseLine, Digest, Ticket, Week};
use super::notice::{self, Notice};
use super::size::Limits;
use super::words::{Lines, count, plain, shorten, thousands};

/// Where figures and causes begin, behind their label.
const INDENT: usize = 13;
/// The whole text.
pub(super) fn of_digest(digest: &Digest, attached: bool, limits: Limits) -> String {
    let mut out = Lines::default();
    let (now, since) = (plain(&digest.now, 120), plain(&digest.since, 80));
    let since = format!("since {since}");
    out.pieces("", 0, " · ", [now.as_str(), since.as_str()]);
    out.wrapped("", 0, &plain(&digest.accounts, 200));
    if let Some(late) = facts::late(digest) {
        out.wrapped("", 0, &late);
    }
    for notice in notice::shown(&digest.notices) {
        out.gap();
        self::notice(&mut out, &notice);
    }
    out.gap();
    responsibilities(&mut out, digest);
    out.gap();
    for figure in facts::figures(digest) {
        let pieces = std::iter::once(&figure.main).chain(&figure.more);
        let label = format!("{:<INDENT$}", figure.label);
        out.pieces(&label, INDENT, "   ", pieces.map(String::as_str));
    }
    causes(&mut out, digest, attached, limits.told);
    still_open(&mut out, &facts::still_open(&digest.causes), limits.open);
    weeks(&mut out, facts::weeks(digest));
    tickets(&mut out, &digest.hand_overs, limits.tickets);
    out.gap();
    footer(&mut out, digest, attached);
    out.finish()
}

/// A notice: its title, and below what it means.
pub(super) fn notice(out: &mut Lines, notice: &Notice) {
    out.wrapped("", 0, &notice.title());
    for paragraph in notice.paragraphs() {
        out.wrapped("  ", 2, &paragraph);
    }
}

fn responsibilities(out: &mut Lines, digest: &Digest) {
    let all = facts::responsibilities(digest);
    let lines: Vec<String> = all
        .iter()
        .map(|(who, what)| format!("{who}: {what}"))
        .collect();
    let fits = |line: &String| line.chars().count() <= super::words::COLUMNS;
    if lines.iter().all(fits) {
        out.pieces("", 0, "   ", lines.iter().map(String::as_str));
    } else {
        for line in &lines {
            out.wrapped("", 0, line);
        }
    }
}

fn causes(out: &mut Lines, digest: &Digest, attached: bool, mut left: usize) {
    for (state, word) in facts::STATES {
        let told: Vec<&CauseLine> = facts::causes_in(&digest.causes, state).collect();
        if told.is_empty() {
            continue;
        }
        out.gap();
        out.line(&word.to_uppercase());
        for cause in told.iter().take(left) {
            head(out, cause);
            match state {
                CauseState::Resolved => {}
                CauseState::Opened | CauseState::Grew | CauseState::Back => {
                    body(out, cause, attached);
                }
            }
        }
        more(out, &told, left);
        left = left.saturating_sub(told.len());
    }
}

fn head(out: &mut Lines, cause: &CauseLine) {
    out.two_ends(
        &format!("{:<6}", cause.name()),
        &facts::sentence(cause),
        &facts::size(cause),
    );
}

fn body(out: &mut Lines, cause: &CauseLine, attached: bool) {
    let since = facts::since(cause);
    let said = [facts::message(cause), facts::detail(cause), Some(since)];
    let said: Vec<String> = said.into_iter().flatten().collect();
    out.wrapped("", 6, &said.join("  "));
    for meaning in facts::meaning(cause) {
        out.wrapped("", 6, &format!("Meaning: {meaning}"));
    }
    let fix = format!(
        "Fix ({}): {}",
        plain(&cause.who_fixes, 60),
        facts::fix(cause).join(" ")
    );
    out.wrapped("", 6, &fix);
    if let Some(note) = facts::note(cause) {
        out.wrapped("", 6, &format!("Note: {note}"));
    }
    if let Some(link) = facts::links(cause).first() {
        let others = facts::others(cause, 1, attached);
        let pieces = std::iter::once(link.as_str()).chain(others.as_deref());
        out.pieces("      e.g. ", 11, "  ", pieces);
    }
}

/// The line that says what is left out, if anything is.
pub(super) fn more(out: &mut Lines, causes: &[&CauseLine], shown: usize) {
    let hidden: Vec<_> = causes.iter().skip(shown).collect();
    let Ok(number @ 1..) = u64::try_from(hidden.len()) else {
        return;
    };
    let records = hidden
        .iter()
        .fold(0_u64, |sum, cause| sum.saturating_add(cause.records));
    out.line(&format!(
        "      and {} with {}: syncline errors",
        count(number, "more cause"),
        count(records, "record")
    ));
}

/// Causes that a first load has left, a line each, under one heading.
pub(super) fn left(out: &mut Lines, causes: &[&CauseLine], shown: usize) {
    if causes.is_empty() {
        return;
    }
    out.gap();
    out.line("OPEN");
    for cause in causes.iter().take(shown) {
        head(out, cause);
    }
    more(out, causes, shown);
}

fn still_open(out: &mut Lines, causes: &[&CauseLine], shown: usize) {
    if causes.is_empty() {
        return;
    }
    out.gap();
    out.line(&format!(
        "{:<40}{:>9}{:>6}  note",
        "STILL OPEN", "records", "days"
    ));
    for cause in causes.iter().take(shown) {
        let note = facts::note(cause).unwrap_or_else(|| "-".to_owned());
        let head = format!(
            "{:<6}{}",
            cause.name(),
            shorten(&facts::sentence(cause), 33)
        );
        let records = thousands(cause.records);
        let line = format!("{head:<40}{records:>9}{:>6}  ", cause.open_days);
        if line.chars().count() + note.chars().count() <= super::words::COLUMNS {
            out.line(&format!("{line}{note}"));
        } else {
            out.line(&line);
            out.wrapped("", 6, &format!("Note: {note}"));
        }
    }
    more(out, causes, shown);
}

/// How it went: the figures that the HTML draws as bars.
fn weeks(out: &mut Lines, weeks: &[Week]) {
    if weeks.is_empty() {
        return;
    }
    out.gap();
    out.line(&format!(
        "{:<16}{:>15}{:>22}",
        "WEEK FROM", "records failing", "calls to Salesforce"
    ));
    for week in weeks {
        out.line(&format!(
            "{:<16}{:>15}{:>22}",
            plain(&week.from, 15),
            thousands(week.failing),
            thousands(week.calls)
        ));
    }
}

/// Texts to pass on, each as it can be copied.
pub(super) fn tickets(out: &mut Lines, tickets: &[Ticket], shown: usize) {
    for ticket in tickets.iter().take(shown) {
        out.gap();
        out.line(&facts::ticket_heading(ticket).to_uppercase());
        for line in facts::ticket_lines(ticket) {
            let words = line.trim_start();
            let depth = line.chars().count() - words.chars().count() + 2;
            let fits = depth + words.chars().count() <= super::words::COLUMNS;
            if fits || words.contains("://") {
                out.line(&format!("  {line}"));
                continue;
            }
            // A step goes on below its first word, not below its number.
            let number = words.split_once(". ").map_or("", |(number, _)| number);
            let is_step = !number.is_empty() && number.chars().all(|c| c.is_ascii_digit());
            let hang = if is_step { number.len() + 2 } else { 0 };
            let (first, rest) = words.split_at(hang);
            let first = format!("{}{first}", " ".repeat(depth));
            out.wrapped(&first, depth + hang, rest);
        }
    }
}

fn footer(out: &mut Lines, digest: &Digest, attached: bool) {
    let rest = facts::rest(digest);
    out.pieces("", 0, " · ", rest.iter().map(String::as_str));
    if let Some(accounted) = facts::accounted(digest) {
        out.wrapped("", 0, &accounted);
    }
    let attached = facts::attached(digest.errors(attached), attached);
    out.wrapped("", 0, attached.as_deref().unwrap_or_default());
    out.wrapped("", 0, &facts::remedy(&digest.remedy));
}
