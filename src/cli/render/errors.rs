//! `syncline errors`, `errors list`, `errors show`.

use super::table::Table;
use super::time::Moment;
use super::{counted, number};
use crate::control::report::{
    CauseLine, CauseStory, Causes, ErrorLine, Errors, KindStory, RemarkLine, Trend, Tried,
};

/// Characters of a cause's sentence in a table.
const WHAT_MAX: usize = 76;

/// Characters of a record's name in a table.
const NAME_MAX: usize = 28;

/// Causes of current errors.
pub(super) fn causes(report: &Causes, moment: &Moment) -> String {
    if report.causes.is_empty() {
        return "No errors: everything that should be in step is, or waits its turn (syncline status).\n"
            .to_owned();
    }
    let waiting = match report.waiting {
        0 => String::new(),
        1 => "; 1 record waits for another".to_owned(),
        many => format!("; {} records wait for others", number(many)),
    };
    let mut text = format!(
        "{} on {}, {}{waiting}        {}\n\n",
        counted(report.errors, "error"),
        counted(report.records, "record"),
        counted(report.many, "cause"),
        moment.clock(report.at)
    );
    let mut table = Table::new(&["CAUSE", "RECORDS", "SINCE", "TREND", "TYPE", "WHAT", "WHO"]);
    for cause in &report.causes {
        let told = cause.back && cause.trend != Trend::Back;
        let back = if told { " (back)" } else { "" };
        table.row(vec![
            format!("C-{}", cause.number),
            number(cause.records),
            moment.ago(cause.since),
            cause.trend.word().to_owned(),
            cause.kind.clone(),
            format!("{}{back}", shortened(&cause.what)),
            format!("{}{}", cause.who_fixes, mark(cause)),
        ]);
    }
    text.push_str(&table.text());
    if let Some(last) = report.next {
        text.push_str(&format!("those behind these: --after C-{last}\n"));
    }
    for cause in &report.causes {
        for remark in &cause.remarks {
            let said = remarked(remark, moment);
            text.push_str(&format!("* C-{} {said}\n", cause.number));
        }
    }
    text.push('\n');
    let several = match report.several {
        0 => "No record has more than one error.".to_owned(),
        1 => "1 record has more than one error.".to_owned(),
        several => format!("{} records have more than one error.", number(several)),
    };
    text.push_str(&format!(
        "{several}  Predicted without a call: {}.\n",
        number(report.predicted)
    ));
    text.push_str(&tried(&report.tried));
    text.push('\n');
    if let Some(first) = report.causes.first() {
        text.push_str(&format!(
            "one cause     syncline errors show C-{0}\nits records   syncline errors list --cause C-{0}\n\
             its type      syncline errors show {1}\nall as CSV    syncline errors export > errors.csv\n\
             try again     syncline resync --cause C-{0}\n",
            first.number, first.kind
        ));
    }
    text
}

/// How many predictions were tried, and each that was wrong.
fn tried(tried: &[Tried]) -> String {
    if tried.is_empty() {
        return String::new();
    }
    let sum = |of: fn(&Tried) -> u64| tried.iter().map(of).sum();
    let (sent, accepted) = (sum(|one| one.sent), sum(|one| one.accepted));
    let mut text = format!(
        "Predicted and sent all the same: {}, of which {} accepted.\n",
        counted(sent, "failure"),
        number(accepted)
    );
    for one in tried.iter().filter(|one| one.accepted > 0) {
        let field = if one.field.is_empty() {
            String::new()
        } else {
            format!(" [{}]", one.field)
        };
        text.push_str(&format!(
            "  wrong: {}{field} of {} to {}, {} of {} accepted\n",
            one.code,
            one.object,
            one.to,
            number(one.accepted),
            number(one.sent)
        ));
    }
    text
}

/// What sends the reader to the lines below the table.
fn mark(cause: &CauseLine) -> &'static str {
    if cause.remarks.is_empty() { "" } else { " *" }
}

/// `acknowledged: SFADM-812, until 20 Nov`
fn remarked(remark: &RemarkLine, moment: &Moment) -> String {
    let note = remark.note.as_ref().map(|note| format!(": {note}"));
    let until = remark
        .until
        .map(|until| format!(", until {}", moment.end(until)));
    format!(
        "{}{}{}",
        remark.remark,
        note.unwrap_or_default(),
        until.unwrap_or_default()
    )
}

/// A sentence that would push the last column off the screen is told in full by `errors show`.
fn shortened(what: &str) -> String {
    cut(what, WHAT_MAX)
}

fn cut(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let kept: String = text.chars().take(max - 1).collect();
    format!("{}…", kept.trim_end())
}

/// Errors one by one.
pub(super) fn list(report: &Errors, moment: &Moment) -> String {
    if report.errors.is_empty() {
        return "No error fits.\n".to_owned();
    }
    let mut text = table(&report.errors, moment).text();
    if let Some(next) = &report.next {
        text.push_str(&format!(
            "{} in all; those behind these: --after {}\n",
            counted(report.total, "error"),
            next
        ));
    }
    text
}

fn table(errors: &[ErrorLine], moment: &Moment) -> Table {
    let labelled = errors.iter().any(|error| error.label.is_some());
    let mut head = vec!["RECORD", "HUBSPOT", "SALESFORCE"];
    head.extend(labelled.then_some("NAME"));
    head.extend(["TO", "CAUSE", "TYPE", "FIELD", "SINCE", "TRIES"]);
    let mut table = Table::new(&head);
    for error in errors {
        let mut cells = vec![
            format!("#{}", error.record),
            error.hubspot.clone().unwrap_or_else(|| "-".to_owned()),
            error.salesforce.clone().unwrap_or_else(|| "-".to_owned()),
        ];
        cells.extend(labelled.then(|| named(error)));
        cells.extend([
            error.to.to_string(),
            format!("C-{}", error.cause),
            error.kind.clone(),
            error.field.clone(),
            moment.ago(error.since),
            number(error.attempts),
        ]);
        table.row(cells);
    }
    table
}

/// A name, cut to what a column holds.
fn named(error: &ErrorLine) -> String {
    let name = error.label.as_deref().unwrap_or_default();
    cut(name, NAME_MAX)
}

/// One cause.
pub(super) fn cause(story: &CauseStory, moment: &Moment) -> String {
    let line = &story.line;
    let mut text = format!(
        "C-{}  {}\n\n{}, since {} ({}).\n",
        line.number,
        line.what,
        counted(line.records, "record"),
        moment.clock(line.since),
        moment.ago(line.since)
    );
    for remark in &line.remarks {
        let mut said = remarked(remark, moment);
        said[..1].make_ascii_uppercase();
        let by = remark.by.map(|user| format!(" by user {user}"));
        text.push_str(&format!(
            "{said} (said {}{}).\n",
            moment.clock(remark.since),
            by.unwrap_or_default()
        ));
    }
    let field = if story.field.is_empty() {
        String::new()
    } else {
        format!(" [{}]", story.field)
    };
    let who = if story.answered {
        format!("{} said", story.to)
    } else {
        "Syncline checked".to_owned()
    };
    text.push_str(&format!("{who}: {}{field}\n", story.code));
    if let Some(message) = &story.message {
        text.push_str(&format!("  \"{message}\"\n"));
    }
    text.push('\n');
    text.push_str(&kind(&story.kind));
    text.push_str("\nSome of its records:\n");
    text.push_str(&table(&story.examples, moment).text());
    if let Some(first) = story.examples.first() {
        text.push_str(&format!(
            "\none record's story   syncline records show '#{}'\n",
            first.record
        ));
    }
    text
}

/// One type.
pub(super) fn kind(kind: &KindStory) -> String {
    let mut text = format!("{} ({}), {}\n", kind.name, kind.slug, kind.category);
    text.push_str(&format!(
        "{}\n\nFix, by {}:\n",
        kind.meaning, kind.who_fixes
    ));
    for (place, step) in kind.fix.iter().enumerate() {
        text.push_str(&format!("  {}. {step}\n", place + 1));
    }
    text.push_str(&format!("\nTried again: {}.\n", kind.retry.join("; ")));
    if kind.errors > 0 {
        text.push_str(&format!(
            "All of this type now: {} on {}.\n",
            counted(kind.errors, "error"),
            counted(kind.records, "record")
        ));
    }
    text
}
