//! The statements of a mail, worded once for its text and its HTML.

use super::super::event::CauseState;
use super::model::{CauseLine, Digest, ForSomeone, LineState, Ticket, Trend, Week};
use super::news::grown_at;
use super::words::{count, duration, glued, percent, plain, shorten, thousands};

/// The longest sentence about a cause, in characters.
pub(super) const SENTENCE_MAX: usize = 160;
/// The longest foreign message, in characters.
const MESSAGE_MAX: usize = 300;
/// The longest remedy, detail or note, in characters.
const PROSE_MAX: usize = 400;
/// The longest link shown; a longer one is no link to a record.
const LINK_MAX: usize = 300;
/// The longest way to change or stop the mails: two addresses fit.
const REMEDY_MAX: usize = 600;
/// Causes named of those who have to act; the lists below and the command line have them all.
const NAMED_MAX: usize = 24;

/// The news in the order in which mails tell it, with the word for each.
pub(super) const STATES: [(CauseState, &str); 4] = [
    (CauseState::Opened, "new"),
    (CauseState::Grew, "growing"),
    (CauseState::Back, "back"),
    (CauseState::Resolved, "resolved"),
];

/// One line of figures: a label, the figure, and what explains it.
pub(super) struct Figure {
    pub(super) label: &'static str,
    pub(super) main: String,
    pub(super) more: Vec<String>,
    /// How full something is, in percent, where a bar shows it better.
    pub(super) bar: Option<u64>,
}

/// `2 new`, `1 back`: how many causes changed, by state; empty when none did.
pub(super) fn changes<'c>(causes: impl IntoIterator<Item = &'c CauseLine>) -> Vec<String> {
    let causes: Vec<&CauseLine> = causes.into_iter().collect();
    let count = |state| {
        let of = causes.iter();
        of.filter(|cause| cause.state == LineState::News(state))
            .count()
    };
    let told = STATES.iter().map(|&(state, word)| (count(state), word));
    told.filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{number} {word}"))
        .collect()
}

/// The causes that are news by `state`.
pub(super) fn causes_in(
    causes: &[CauseLine],
    state: CauseState,
) -> impl Iterator<Item = &CauseLine> {
    causes
        .iter()
        .filter(move |cause| cause.state == LineState::News(state))
}

/// The causes that are news.
pub(super) fn told_in_full(causes: &[CauseLine]) -> Vec<&CauseLine> {
    let news = causes
        .iter()
        .filter(|cause| cause.state != LineState::StillOpen);
    news.collect()
}

/// The causes that are no news: one line each.
pub(super) fn still_open(causes: &[CauseLine]) -> Vec<&CauseLine> {
    let open = causes
        .iter()
        .filter(|cause| cause.state == LineState::StillOpen);
    open.collect()
}

/// Who has to act: `FOR YOU` and `1 cause (C-17).`
pub(super) fn responsibilities(digest: &Digest) -> Vec<(String, String)> {
    let named = |someone: &ForSomeone| {
        let number = u64::try_from(someone.causes.len()).unwrap_or(u64::MAX);
        let what = if someone.causes.is_empty() {
            "nothing to do.".to_owned()
        } else {
            format!("{} ({}).", count(number, "cause"), by_remark(someone))
        };
        (
            format!("FOR {}", plain(&someone.who, 60).to_uppercase()),
            what,
        )
    };
    let others = digest
        .for_others
        .iter()
        .filter(|someone| !someone.causes.is_empty());
    digest.for_you.iter().chain(others).map(named).collect()
}

/// Someone's causes, those with one remark side by side: `C-42; told Mon 16:44: C-41, C-44`.
fn by_remark(someone: &ForSomeone) -> String {
    let mut groups: Vec<(Option<&str>, Vec<String>)> = Vec::new();
    for (number, remark) in someone.causes.iter().take(NAMED_MAX) {
        let (remark, name) = (remark.as_deref(), format!("C-{number}"));
        match groups.iter_mut().find(|(one, _)| *one == remark) {
            Some((_, names)) => names.push(name),
            None => groups.push((remark, vec![name])),
        }
    }
    let spoken = groups.iter().map(|(remark, names)| {
        let names_joined = names.join(", ");
        match remark.map(|remark| plain(remark, 80)) {
            Some(remark) if names.len() > 1 => format!("{remark}: {names_joined}"),
            Some(remark) => format!("{names_joined}, {remark}"),
            None => names_joined,
        }
    });
    let hidden = someone.causes.len().saturating_sub(NAMED_MAX) as u64;
    let more = (hidden > 0).then(|| format!("and {} more", thousands(hidden)));
    spoken.chain(more).collect::<Vec<_>>().join("; ")
}

/// The lines of figures.
pub(super) fn figures(digest: &Digest) -> Vec<Figure> {
    let mut figures = vec![failing(digest), synced(digest), calls(digest)];
    let mut also = Vec::new();
    if digest.conflicts_lost > 0 {
        let changes = count(digest.conflicts_lost, "change");
        also.push(format!(
            "{changes} lost against a newer one on the other side"
        ));
    }
    if digest.deletions_ignored > 0 {
        let deletions = count(digest.deletions_ignored, "deletion");
        also.push(format!("{deletions} not carried across"));
    }
    if let Some(main) = also.first().cloned() {
        let more = also.split_off(1);
        figures.push(Figure {
            label: "Also",
            main,
            more,
            bar: None,
        });
    }
    figures
}

fn failing(digest: &Digest) -> Figure {
    let failing = digest.failing;
    let before = if failing.before == failing.now {
        String::new()
    } else {
        format!("{} -> ", thousands(failing.before))
    };
    let mut more = Vec::new();
    if failing.newly > 0 {
        more.push(format!("+{} newly failing", thousands(failing.newly)));
    }
    if failing.fixed > 0 {
        more.push(format!("-{} fixed", thousands(failing.fixed)));
    }
    let errors = match failing.errors {
        0 => String::new(),
        errors => format!(" ({})", count(errors, "error")),
    };
    let yours = failing.yours.map_or_else(String::new, |yours| {
        format!("{} for you; in all ", count(yours, "record"))
    });
    Figure {
        label: "Failing",
        main: format!("{yours}{before}{}{errors}", count(failing.now, "record")),
        more,
        bar: None,
    }
}

fn synced(digest: &Digest) -> Figure {
    let synced = digest.synced;
    let total = synced.to_salesforce.saturating_add(synced.to_hubspot);
    let mut more = Vec::new();
    if total > 0 {
        more.push(format!("to Salesforce {}", thousands(synced.to_salesforce)));
        more.push(format!("to HubSpot {}", thousands(synced.to_hubspot)));
        more.extend(
            synced
                .slowest_ms
                .map(|ms| format!("slowest {}", duration(ms))),
        );
    }
    Figure {
        label: "Synced",
        main: count(total, "change"),
        more,
        bar: None,
    }
}

fn calls(digest: &Digest) -> Figure {
    let calls = digest.calls;
    let share = |part, whole| {
        let share = percent(part, whole).map_or_else(String::new, |share| format!(" ({share} %)"));
        format!("{}{share}", thousands(whole))
    };
    let org = calls.org.map(|org| {
        format!(
            "whole org {} of {}",
            thousands(org.used),
            share(org.used, org.limit)
        )
    });
    Figure {
        label: "API calls",
        main: format!(
            "{} of our {}",
            thousands(calls.ours),
            share(calls.ours, calls.allocation)
        ),
        more: org.into_iter().collect(),
        bar: percent(calls.ours, calls.allocation).map(|share| share.min(100)),
    }
}

/// What is neither in step nor failing.
pub(super) fn rest(digest: &Digest) -> Vec<String> {
    let oldest = digest
        .waiting
        .oldest_ms
        .filter(|_| digest.waiting.records > 0);
    let oldest = oldest.map_or_else(String::new, |ms| format!(" (oldest {})", duration(ms)));
    let delta = match digest.excluded.delta {
        0 => String::new(),
        less @ i64::MIN..0 => format!(" (-{})", thousands(less.unsigned_abs())),
        more => format!(" (+{})", thousands(more.unsigned_abs())),
    };
    vec![
        format!(
            "Waiting for an account {}{oldest}",
            thousands(digest.waiting.records)
        ),
        format!("deferred {}", thousands(digest.deferred)),
        format!("held {}", thousands(digest.held)),
        format!("excluded {}{delta}", thousands(digest.excluded.records)),
    ]
}

/// Why a digest comes late, and what it covers.
pub(super) fn late(digest: &Digest) -> Option<String> {
    let late = digest.late.as_ref()?;
    let missed = match late.missed {
        0 => String::new(),
        1 => " It also covers 1 digest before it that was never sent.".to_owned(),
        missed => format!(" It also covers {missed} digests before it that were never sent."),
    };
    Some(format!(
        "Late: this was due {}.{missed}",
        plain(&late.due, 80)
    ))
}

/// Where all records stand.
pub(super) fn accounted(digest: &Digest) -> Option<String> {
    let accounted = digest.accounted?;
    let places = [
        (accounted.in_sync, "in sync"),
        (accounted.failing, "failing"),
        (digest.waiting.records, "waiting for an account"),
        (accounted.on_their_way, "on their way"),
        (accounted.would_write, "to be written in mode sync"),
        (digest.deferred, "deferred"),
        (digest.held, "held"),
        (digest.excluded.records, "excluded"),
    ];
    let places = places.into_iter().filter(|(records, _)| *records > 0);
    let places = places.map(|(records, place)| format!("{} {place}", thousands(records)));
    let all = count(accounted.records, "record");
    Some(match places.collect::<Vec<_>>().join(", ") {
        none if none.is_empty() => format!("Everything accounted for: {all} known."),
        places => format!("Everything accounted for: {all} known: {places}."),
    })
}

/// Errors of causes that still are, each with as many as it has records.
pub(super) fn open_errors(causes: &[CauseLine]) -> u64 {
    let open = causes
        .iter()
        .filter(|cause| cause.state != LineState::News(CauseState::Resolved));
    open.fold(0, |sum, cause| sum.saturating_add(cause.records))
}

/// Where the errors are, as a line; none without errors.
pub(super) fn attached(errors: u64, attached: bool) -> Option<String> {
    let all = glued("syncline errors export > errors.csv");
    match (errors, attached) {
        (0, _) => None,
        (1, true) => Some("The error is attached".to_owned()),
        (_, true) => Some(format!("All {} attached", count(errors, "error"))),
        (1, false) => Some(format!("The error is not attached: {all}")),
        (_, false) => Some(format!(
            "{} are too many to attach: {all}",
            count(errors, "error")
        )),
    }
}

/// What a cause's type means; nothing where the catalogue says nothing.
pub(super) fn meaning(cause: &CauseLine) -> Vec<String> {
    let meaning = plain(&cause.meaning, PROSE_MAX);
    let said = Some(meaning).filter(|meaning| !meaning.is_empty());
    said.into_iter().collect()
}

/// Records and calls week by week, once there is more than one to compare.
pub(super) fn weeks(digest: &Digest) -> &[Week] {
    if digest.weeks.len() > 1 {
        &digest.weeks
    } else {
        &[]
    }
}

/// What a text to pass on stands under.
pub(super) fn ticket_heading(ticket: &Ticket) -> String {
    format!(
        "C-{} as a ticket for the {}",
        ticket.number,
        plain(&ticket.who, 60)
    )
}

/// The lines of a text to pass on; an empty one between its parts.
pub(super) fn ticket_lines(ticket: &Ticket) -> Vec<String> {
    let lines = ticket.lines.iter();
    lines.map(|line| columns(line, PROSE_MAX)).collect()
}

/// `line` made plain, with the blanks that set off its columns.
fn columns(line: &str, max: usize) -> String {
    let words: Vec<String> = line.split(' ').map(|word| plain(word, max)).collect();
    shorten(words.join(" ").trim_end(), max)
}

/// How to change or stop these mails.
pub(super) fn remedy(remedy: &str) -> String {
    format!("Change or stop these mails: {}", plain(remedy, REMEDY_MAX))
}

/// The cause's sentence.
pub(super) fn sentence(cause: &CauseLine) -> String {
    plain(&cause.sentence, SENTENCE_MAX)
}

/// How many records, at the end of the cause's line.
pub(super) fn size(cause: &CauseLine) -> String {
    let records = count(cause.records, "record");
    match (cause.state, cause.records_told) {
        (LineState::News(CauseState::Resolved), _) => {
            format!("{records}, open {}", open_for(cause))
        }
        (LineState::News(CauseState::Grew), Some(told)) => {
            format!("{} -> {records}", thousands(told))
        }
        (LineState::News(_) | LineState::StillOpen, _) => records,
    }
}

/// How long it is, or was, open.
fn open_for(cause: &CauseLine) -> String {
    match cause.open_days {
        0 => "less than a day".to_owned(),
        days => count(days.into(), "day"),
    }
}

/// Since when, and which way it goes, as a sentence.
pub(super) fn since(cause: &CauseLine) -> String {
    let trend = match (cause.trend, cause.per_minute) {
        (Trend::Growing, Some(rate)) if rate > 0 => {
            format!(", about {} a minute", thousands(rate))
        }
        (Trend::Growing, _) => ", still growing".to_owned(),
        (Trend::Steady, _) => String::new(),
        (Trend::Shrinking, _) => ", going down".to_owned(),
    };
    let since = plain(&cause.since, 80);
    let resolved = cause
        .resolved
        .as_deref()
        .map(|resolved| plain(resolved, 80));
    match (cause.state, resolved) {
        (LineState::News(CauseState::Back), Some(resolved)) => {
            format!("Resolved {resolved}, back {since}{trend}.")
        }
        (LineState::News(CauseState::Back), None) => format!("Back {since}{trend}."),
        (LineState::News(_) | LineState::StillOpen, _) => format!("Since {since}{trend}."),
    }
}

/// What the CRM said, in quotation marks.
pub(super) fn message(cause: &CauseLine) -> Option<String> {
    let message = cause.said.as_ref()?.message.as_ref()?;
    let message = plain(message, MESSAGE_MAX);
    (!message.is_empty()).then(|| format!("\"{message}\""))
}

/// What more there is to say about it.
pub(super) fn detail(cause: &CauseLine) -> Option<String> {
    let detail = cause.detail.as_ref()?;
    Some(plain(detail, PROSE_MAX))
}

/// What to do, a step each.
pub(super) fn fix(cause: &CauseLine) -> Vec<String> {
    let steps = cause.fix.iter().map(|step| plain(step, PROSE_MAX));
    steps.collect()
}

/// What a person noted.
pub(super) fn note(cause: &CauseLine) -> Option<String> {
    cause.note.as_ref().map(|note| plain(note, PROSE_MAX))
}

/// The cause's links that are links: anything else that came along is left out.
pub(super) fn links(cause: &CauseLine) -> Vec<String> {
    let links = cause.examples.iter().map(|link| plain(link, LINK_MAX));
    links
        .filter(|link| link.starts_with("https://") || link.starts_with("http://"))
        .filter(|link| !link.contains([' ', '…']))
        .collect()
}

/// What stands behind the examples: how many records more, and where they are.
pub(super) fn others(cause: &CauseLine, shown: usize, attached: bool) -> Option<String> {
    let shown = u64::try_from(shown).unwrap_or(u64::MAX);
    let more = cause.records.checked_sub(shown).filter(|more| *more > 0)?;
    let place = if attached { "in the CSV" } else { "more" };
    Some(format!("(+{} {place})", thousands(more)))
}

/// Code and fields as the CRM named them: `STRING_TOO_LONG [Title]`.
pub(super) fn code(cause: &CauseLine) -> Option<(String, String)> {
    let said = cause.said.as_ref()?;
    let fields = if said.fields.is_empty() {
        String::new()
    } else {
        format!(" [{}]", said.fields.join(", "))
    };
    Some((
        format!("{} said", plain(&said.system, 40)),
        plain(&format!("{}{fields}", said.code), MESSAGE_MAX),
    ))
}

/// What happens after the fix, and where to look meanwhile, each as a line.
pub(super) fn then(cause: &CauseLine) -> Vec<String> {
    let command = glued(&format!("syncline errors list --cause {}", cause.name()));
    let list = format!("{command}  ({})", count(cause.records, "record"));
    if cause.again.is_some() {
        vec![
            "nothing to do, Syncline notices; its records:".to_owned(),
            list,
        ]
    } else {
        vec![list]
    }
}

/// When this cause is told again.
pub(super) fn next_mail(cause: &CauseLine) -> String {
    let name = cause.name();
    if cause.state == LineState::News(CauseState::Resolved) {
        format!("Next mail about {name}: if it comes back.")
    } else {
        let at = count(grown_at(cause.records), "record");
        format!("Next mail about {name}: when it is over, or at {at}.")
    }
}

/// What it does to the sync, in an immediate mail.
pub(super) fn effect(cause: &CauseLine) -> String {
    if cause.state == LineState::News(CauseState::Resolved) {
        return format!(
            "No record fails by it any more. It was open {}; {} when last told.",
            open_for(cause),
            count(cause.records, "record")
        );
    }
    let again = cause.again.as_deref().map_or_else(
        || "it is written again when somebody asks".to_owned(),
        |again| plain(again, PROSE_MAX),
    );
    let which = if cause.records == 1 {
        "this record"
    } else {
        "these records"
    };
    format!(
        "{} Only {which} cannot be written, and nothing is lost: {again}.",
        since(cause)
    )
}
