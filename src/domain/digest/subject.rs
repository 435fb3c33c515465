//! Subjects: they suffice alone. State and numbers come first, data of records never.

use super::super::schedule::Frequency;
use super::immediate::Immediate;
use super::model::{CauseLine, Digest};
use super::words::{count, percent, plain, shorten, thousands};
use super::{facts, notice::Notice};

/// The longest subject, in characters: what phones and lists still show in part.
const SUBJECT_MAX: usize = 120;

/// Notices named in the subject of a digest; more would push the figures out of it.
const ALERTS_MAX: usize = 2;

/// Of a daily or weekly mail.
pub(super) fn of_digest(digest: &Digest) -> String {
    let mut parts: Vec<String> = Vec::new();
    if digest.late.is_some() {
        parts.push("late".to_owned());
    }
    let alerts: Vec<&Notice> = digest
        .notices
        .iter()
        .filter(|notice| !notice.is_recovery())
        .collect();
    parts.extend(
        alerts
            .iter()
            .take(ALERTS_MAX)
            .map(|notice| headword(notice)),
    );
    let hidden = alerts.len().saturating_sub(ALERTS_MAX) as u64;
    if hidden > 0 {
        parts.push(count(hidden, "more notice"));
    }
    parts.push(headline(digest));
    parts.push(match (digest.failing.yours, digest.failing.now) {
        (_, 0) => "nothing fails".to_owned(),
        (Some(yours), failing) if yours != failing => {
            let failing = count(failing, "failing record");
            format!("{} of {failing} for you", thousands(yours))
        }
        (_, failing) => format!("{} failing", count(failing, "record")),
    });
    let used = percent(digest.calls.ours, digest.calls.allocation);
    parts.extend(used.map(|used| format!("{used} % of API calls")));
    whole(&digest.installation, &parts.join(" · "))
}

/// What changed, in three words: also the heading of the page.
pub(super) fn headline(digest: &Digest) -> String {
    let changes = facts::changes(&digest.causes);
    let changes = if changes.is_empty() {
        "nothing new".to_owned()
    } else {
        changes.join(", ")
    };
    match digest.frequency {
        Frequency::Weekly => format!("week: {changes}"),
        Frequency::Daily | Frequency::Now => changes,
    }
}

/// Of a mail that tells at once.
pub(super) fn of_immediate(news: &Immediate) -> String {
    let titles: Vec<String> = news.notices.iter().map(Notice::title).collect();
    let causes = facts::told_in_full(&news.causes);
    let text = match (titles.as_slice(), causes.as_slice()) {
        ([], []) => "nothing new".to_owned(),
        ([], [cause]) => of_cause(cause),
        ([title], []) => title.clone(),
        ([title, rest @ ..], []) => format!("{title} · {} more", rest.len()),
        ([], causes) => of_causes(causes),
        ([title, ..], causes) => format!("{title} · {}", of_causes(causes)),
    };
    whole(&news.installation, &text)
}

/// `NEW: Validation rule on Contact refuses the phone · 41 records (C-41)`
pub(super) fn of_cause(cause: &CauseLine) -> String {
    let word = state_word(cause).to_uppercase();
    let sentence = shorten(&facts::sentence(cause), 70);
    format!(
        "{word}: {sentence} · {} ({})",
        facts::size(cause),
        cause.name()
    )
}

/// The word for a cause's state: `new`, `still open`.
pub(super) fn state_word(cause: &CauseLine) -> &'static str {
    let known = facts::STATES
        .iter()
        .find(|(state, _)| cause.state == super::LineState::News(*state));
    known.map_or("still open", |(_, word)| word)
}

fn of_causes(causes: &[&CauseLine]) -> String {
    let names: Vec<String> = causes.iter().take(4).map(|cause| cause.name()).collect();
    let more = if causes.len() > names.len() {
        ", …"
    } else {
        ""
    };
    format!(
        "{} ({}{more})",
        facts::changes(causes.iter().copied()).join(", "),
        names.join(", ")
    )
}

/// A notice's state word alone: `HELD H-7`.
fn headword(notice: &Notice) -> String {
    let title = notice.title();
    title.split(':').next().unwrap_or_default().to_owned()
}

fn whole(installation: &str, text: &str) -> String {
    let prefix = format!("[Syncline {}]", plain(installation, 40));
    shorten(&plain(&format!("{prefix} {text}"), usize::MAX), SUBJECT_MAX)
}
