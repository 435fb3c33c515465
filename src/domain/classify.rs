//! A failure and its facts become one of the 32 types.
//!
//! Asks the catalogue's rules; refuses to hold any rule about types itself. Which troubles pass by
//! themselves, and what part of a message names its rule, are facts about the two APIs and stand here.

use super::catalogue::{Case, Catalogue, Condition, Slug};
use super::failure::Failure;
use super::record::{ObjectName, Side};

/// Codes of troubles that pass: the other side was busy, locked, slow or under maintenance, or the
/// record only shared a request with a bad one. Lower-case ones are our own.
const TRANSIENT_CODES: [&str; 31] = [
    "UNABLE_TO_LOCK_ROW",
    "SERVER_UNAVAILABLE",
    "SERVICE_UNAVAILABLE",
    "REQUEST_RUNNING_TOO_LONG",
    "QUERY_TIMEOUT",
    "TEMPORARY_QUERY_MORE_FAILURE",
    "TOO_MANY_APEX_REQUESTS",
    "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE",
    "API_CURRENTLY_DISABLED",
    "REQUEST_LIMIT_EXCEEDED",
    "UNKNOWN_EXCEPTION",
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "PROCESSING_HALTED",
    "BATCH_PROCESSING_HALTED",
    "RATE_LIMIT",
    "RATE_LIMITS",
    "TEN_SECONDLY_ROLLING",
    "SECONDLY",
    "LOCKED",
    "INTERNAL_ERROR",
    "timeout",
    "timed_out",
    "no_answer",
    "unreachable",
    "unavailable",
    "connection_lost",
    "connection_reset",
    "rate_limited",
    "row_locked",
    "unknown_outcome",
    "unreadable_answer",
];

/// Codes that wrap what happened inside automation; their text tells whether it passes.
const WRAPPING_CODES: [&str; 4] = [
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
    "CANNOT_EXECUTE_FLOW_TRIGGER",
    "APEX_ERROR",
    "FLOW_EXCEPTION",
];

/// What such a text says when a lock or a governor limit was the trouble.
const TRANSIENT_TEXTS: [&str; 5] = [
    "unable_to_lock_row",
    "unable to obtain exclusive access",
    "cpu time limit exceeded",
    "system.limitexception",
    "query_timeout",
];

/// The type of `failure` on a write of `object` to `to`, by the catalogue's rules: a refused record
/// type means one thing on a deal and another elsewhere.
pub fn classify(
    catalogue: &Catalogue,
    to: Side,
    object: &ObjectName,
    failure: &Failure,
    message: &str,
) -> Slug {
    let case = case(to, object, failure, message);
    let fitting = catalogue.rules().iter().find(|rule| rule.fits(&case));
    fitting.map_or_else(Slug::other, |rule| rule.slug().clone())
}

fn case<'a>(to: Side, object: &'a ObjectName, failure: &Failure, message: &str) -> Case<'a> {
    let plain = plain(message);
    let mut code = failure.code.to_lowercase();
    let mut inner = failure.inner.as_deref().unwrap_or_default().to_lowercase();
    let mut fields: Vec<String> = failure
        .fields
        .iter()
        .map(|field| field.as_str().to_lowercase())
        .collect();
    // HubSpot hides the useful code in JSON inside the message; take it from there where the
    // answer itself gave only the category.
    if to == Side::HubSpot && (code.is_empty() || code == "validation_error") {
        if let Some(hidden) = json_text(&plain, "error") {
            inner = std::mem::replace(&mut code, hidden.to_lowercase());
        }
        if fields.is_empty() {
            fields.extend(json_text(&plain, "name").map(str::to_lowercase));
        }
    }
    Case {
        to,
        system: failure.system,
        object,
        status: failure.status,
        code,
        inner,
        fields,
        message: format!(" {} ", plain.to_lowercase()),
        facts: failure.facts.iter().map(Condition::from).collect(),
    }
}

/// The first text stored under `key` in JSON that stands somewhere in `message`.
fn json_text<'m>(message: &'m str, key: &str) -> Option<&'m str> {
    let (_, rest) = message.split_once(&format!("\"{key}\":"))?;
    let (text, _) = rest.trim_start().strip_prefix('"')?.split_once('"')?;
    Some(text)
}

/// A message without HTML escapes, typographic quotes and line breaks.
fn plain(message: &str) -> String {
    // The ampersand first: some messages come escaped twice.
    let text = message
        .replace("&amp;", "&")
        .replace("&#39;", "'")
        .replace("&#039;", "'")
        .replace("&apos;", "'")
        .replace("&quot;", "\"")
        .replace("&#34;", "\"")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&nbsp;", " ")
        .replace(['\u{2018}', '\u{2019}'], "'")
        .replace(['\u{201c}', '\u{201d}', '\u{201e}'], "\"");
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

/// Whether the trouble passes by itself: the write is tried again with growing pauses, and becomes
/// an error that a person sees only when the tries are used up.
pub fn is_transient(failure: &Failure, message: &str) -> bool {
    let passes = |code: &str| {
        TRANSIENT_CODES
            .iter()
            .any(|one| one.eq_ignore_ascii_case(code))
    };
    if passes(&failure.code) || matches!(failure.status, 408 | 423 | 425 | 429 | 477 | 500..=599) {
        return true;
    }
    let is_wrapping = WRAPPING_CODES
        .iter()
        .any(|one| one.eq_ignore_ascii_case(&failure.code));
    if is_wrapping {
        let text = plain(message).to_lowercase();
        return failure.inner.as_deref().is_some_and(passes)
            || TRANSIENT_TEXTS.iter().any(|one| text.contains(one));
    }
    // HubSpot's category stands beside the code, and is alone where there is no code.
    failure.code.is_empty() && failure.inner.as_deref().is_some_and(passes)
}

/// Longest rule text in characters; what lies beyond distinguishes no two rules.
const RULE_MAX: usize = 200;
/// What stands for a part that differs from record to record.
const MASK: &str = "\u{2026}";

/// Codes that serve two faults of the same field, and the words by which the platform tells the one
/// with a fix of its own. They are constant in its message: no name and no value of a record is part
/// of a cause. The other fault keeps the bare code, as a prediction of it has it.
const TWO_FAULTS: [(&str, &str); 2] = [
    (
        "FIELD_INTEGRITY_EXCEPTION",
        "must be specified before specifying a state",
    ),
    (
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        "must be specified before specifying a state",
    ),
];

/// The rule, flow or trigger that an answer names, for the cause's fingerprint; where one code
/// serves two faults, the words that tell them apart.
///
/// A validation rule is known by its message only; ids, addresses, quoted values and numbers in it
/// differ from record to record and are masked, so that thousands of failures are one cause.
pub fn rule_named(code: &str, message: &str) -> Option<String> {
    let text = plain(message);
    match code.to_ascii_uppercase().as_str() {
        "FIELD_CUSTOM_VALIDATION_EXCEPTION" => masked(&text),
        "CANNOT_EXECUTE_FLOW_TRIGGER" | "FLOW_EXCEPTION" | "MAX_DEPTH_IN_FLOW_EXECUTION" => {
            flow_name(&text)
        }
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY" | "APEX_ERROR" => {
            trigger_name(&text).or_else(|| flow_name(&text))
        }
        code => {
            let said = text.to_lowercase();
            let told = TWO_FAULTS
                .iter()
                .find(|(one, words)| *one == code && said.contains(words));
            told.map(|(_, words)| (*words).to_owned())
        }
    }
}

/// The parts between double quotes, or between single ones that stand at the edges of words, as
/// byte ranges that include the quotes. An apostrophe inside a word is no quote.
fn quotes(text: &str) -> Vec<std::ops::Range<usize>> {
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let mut found = Vec::new();
    let mut open: Option<(usize, char)> = None;
    let mut before = None;
    for (at, c) in text.char_indices() {
        let next = text[at + c.len_utf8()..].chars().next();
        match open {
            None if c == '"' || (c == '\'' && !is_word(before)) => open = Some((at, c)),
            Some((from, quote)) if c == quote && (c == '"' || !is_word(next)) => {
                found.push(from..at + 1);
                open = None;
            }
            None | Some(_) => (),
        }
        before = Some(c);
    }
    found
}

/// The text with everything masked that may differ between two records.
fn masked(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut from = 0;
    for quote in quotes(text) {
        out.push_str(&text[from..quote.start]);
        out.push_str(MASK);
        from = quote.end;
    }
    out.push_str(&text[from..]);
    let words: Vec<String> = out.split(' ').map(masked_word).collect();
    let rule: String = words.join(" ").trim().chars().take(RULE_MAX).collect();
    (!rule.is_empty()).then_some(rule)
}

/// A word with a digit or an @ in it is an id, a number, a date or an address. Punctuation around
/// it stays, so that the sentence still reads.
fn masked_word(word: &str) -> String {
    if !word.contains(|c: char| c.is_numeric() || c == '@') {
        return word.to_owned();
    }
    let is_edge = |c: char| matches!(c, '.' | ',' | ';' | ':' | '!' | '?' | '(' | ')' | '[' | ']');
    let core = word.trim_matches(is_edge);
    let start = word.len() - word.trim_start_matches(is_edge).len();
    format!("{}{MASK}{}", &word[..start], &word[start + core.len()..])
}

/// The flow's name where it is quoted next to the word flow or process, else the id of the flow's
/// version: it changes with the flow and not with the record.
fn flow_name(text: &str) -> Option<String> {
    let lower_end = |part: &str| part.trim_end().to_lowercase();
    let quoted = quotes(text).into_iter().find(|quote| {
        let before = lower_end(&text[..quote.start]);
        let behind = text[quote.end..].trim_start().to_lowercase();
        ["flow", "process"]
            .iter()
            .any(|word| before.ends_with(word) || behind.starts_with(word))
    });
    if let Some(quote) = quoted {
        let name = text[quote.start + 1..quote.end - 1].trim();
        return (!name.is_empty()).then(|| name.chars().take(RULE_MAX).collect());
    }
    let version = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .find(|word| matches!(word.len(), 15 | 18) && word.starts_with("301"))?;
    Some(format!("flow version {}", &version[..15]))
}

/// The name before the first colon, where it is a name: `CaseTrigger: execution of …`.
fn trigger_name(text: &str) -> Option<String> {
    let (name, _) = text.split_once(':')?;
    let name = name.trim();
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.len() <= 120
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
    // The platform's own exceptions and the outer code are no triggers.
    let is_platform = name.starts_with("System.")
        || (name.contains('_') && name.chars().all(|c| c.is_ascii_uppercase() || c == '_'));
    (is_name && !is_platform).then(|| name.to_owned())
}
