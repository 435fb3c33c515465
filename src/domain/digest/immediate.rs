//! The mail that tells a change of state within a minute, and its text part.

use super::model::{CauseLine, Ticket};
use super::notice::{self, Notice};
use super::sheet::ErrorRow;
use super::size::Limits;
use super::words::{Lines, plain};
use super::{facts, subject, text};

/// Links to records shown for one cause.
pub(super) const EXAMPLES_MAX: usize = 3;

/// One reader's mail about what has just changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Immediate {
    /// The installation's name, in every subject: `prod`.
    pub installation: String,
    /// `Tuesday 17 November 2026, 08:00 Europe/Rome`.
    pub now: String,
    /// `Acme portal 4711002 <-> Salesforce "Acme EMEA" (production)`.
    pub accounts: String,
    /// What concerns everybody.
    pub notices: Vec<Notice>,
    /// The causes whose state changed, told in full; those of a first load have one line each.
    pub causes: Vec<CauseLine>,
    /// Tickets of causes told, for those who have no access to Syncline.
    pub hand_overs: Vec<Ticket>,
    /// The errors to attach; empty when there are too many.
    pub rows: Vec<ErrorRow>,
    /// How to change or stop these mails.
    pub remedy: String,
}

impl Immediate {
    /// Errors of the causes told that still are.
    pub(super) fn errors(&self) -> u64 {
        facts::open_errors(&self.causes)
    }
}

/// One labelled line about a cause: what the text and the HTML part both show.
pub(super) fn details(cause: &CauseLine) -> Vec<(String, Vec<String>)> {
    if subject::state_word(cause) == "resolved" {
        return Vec::new();
    }
    let mut details = vec![
        ("Who fixes".to_owned(), vec![plain(&cause.who_fixes, 60)]),
        ("Meaning".to_owned(), facts::meaning(cause)),
        ("Fix".to_owned(), facts::fix(cause)),
    ];
    if let Some((who, code)) = facts::code(cause) {
        let lines = std::iter::once(code).chain(facts::message(cause));
        details.push((who, lines.collect()));
    }
    details.extend(facts::detail(cause).map(|detail| ("Detail".to_owned(), vec![detail])));
    details.extend(facts::note(cause).map(|note| ("Note".to_owned(), vec![note])));
    details.push(("Then".to_owned(), facts::then(cause)));
    details
}

/// The whole text.
pub(super) fn text(news: &Immediate, attached: bool, limits: Limits) -> String {
    let mut out = Lines::default();
    for notice in notice::shown(&news.notices) {
        out.gap();
        text::notice(&mut out, &notice);
    }
    let told = facts::told_in_full(&news.causes);
    for cause in told.iter().take(limits.told) {
        out.gap();
        self::cause(&mut out, cause, attached);
    }
    text::more(&mut out, &told, limits.told);
    text::left(&mut out, &facts::still_open(&news.causes), limits.open);
    text::tickets(&mut out, &news.hand_overs, limits.tickets);
    out.gap();
    out.wrapped("", 0, &plain(&news.now, 120));
    out.wrapped("", 0, &plain(&news.accounts, 200));
    let attached = facts::attached(news.errors(), attached);
    out.wrapped("", 0, attached.as_deref().unwrap_or_default());
    out.wrapped("", 0, &facts::remedy(&news.remedy));
    out.finish()
}

fn cause(out: &mut Lines, cause: &CauseLine, attached: bool) {
    let word = subject::state_word(cause).to_uppercase();
    let sentence = format!("{word}: {}", facts::sentence(cause));
    out.two_ends(
        &format!("{:<6}", cause.name()),
        &sentence,
        &facts::size(cause),
    );
    out.wrapped("", 6, &facts::effect(cause));
    let mut details = details(cause);
    let then = details.pop();
    let longest = details.iter().map(|(label, _)| label.chars().count()).max();
    let indent = longest.unwrap_or(0) + 3;
    if then.is_some() {
        out.gap();
    }
    for (label, lines) in &details {
        labelled(out, label, indent, lines);
    }
    records(out, cause, indent, attached);
    if let Some((label, lines)) = &then {
        labelled(out, label, indent, lines);
    }
    out.wrapped("", 0, &facts::next_mail(cause));
}

fn labelled(out: &mut Lines, label: &str, indent: usize, lines: &[String]) {
    let mut label = format!("{label}:");
    for line in lines {
        out.wrapped(&format!("{label:<indent$}"), indent, line);
        label.clear();
    }
}

fn records(out: &mut Lines, cause: &CauseLine, indent: usize, attached: bool) {
    let links = facts::links(cause);
    let shown = links.len().min(EXAMPLES_MAX);
    let mut label = "Records:";
    for (place, link) in links.iter().take(shown).enumerate() {
        let last = place + 1 == shown;
        let others = facts::others(cause, shown, attached).filter(|_| last);
        let pieces = std::iter::once(link.as_str()).chain(others.as_deref());
        out.pieces(&format!("{label:<indent$}"), indent, "  ", pieces);
        label = "";
    }
}
