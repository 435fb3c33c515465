//! What the HTML part shows, laid out as headings, cards and rows: the same statements as the text.

use super::super::event::CauseState;
use super::immediate::{EXAMPLES_MAX, Immediate, details};
use super::model::{CauseLine, Digest, Ticket, Week};
use super::notice::{self, Notice};
use super::size::Limits;
use super::words::{loose, percent, plain, shorten, thousands};
use super::{facts, subject};

/// A whole HTML part.
pub(super) struct Page {
    pub(super) title: String,
    pub(super) installation: String,
    pub(super) headline: String,
    pub(super) lines: Vec<String>,
    pub(super) alerts: Vec<Alert>,
    /// Who has to act, and what on: words that no line may break.
    pub(super) duties: Vec<(String, Vec<String>)>,
    pub(super) figures: Vec<facts::Figure>,
    pub(super) sections: Vec<Section>,
    pub(super) open_heading: &'static str,
    /// What a first load has left is days old for nobody, and nobody has noted anything about it.
    pub(super) open_ages: bool,
    pub(super) open: Vec<OpenRow>,
    pub(super) open_more: Option<String>,
    pub(super) weeks: Vec<WeekRow>,
    /// Texts to pass on: what each stands under, and its lines.
    pub(super) tickets: Vec<(String, Vec<String>)>,
    pub(super) footer: Vec<String>,
}

/// A notice in a frame.
pub(super) struct Alert {
    pub(super) title: String,
    pub(super) paragraphs: Vec<String>,
    pub(super) tone: &'static str,
    pub(super) colour: &'static str,
}

/// The causes of one state.
pub(super) struct Section {
    pub(super) heading: String,
    pub(super) tone: &'static str,
    pub(super) colour: &'static str,
    pub(super) cards: Vec<Card>,
    pub(super) more: Option<String>,
}

/// One cause.
pub(super) struct Card {
    pub(super) number: String,
    pub(super) sentence: String,
    pub(super) size: String,
    pub(super) intro: Option<String>,
    pub(super) rows: Vec<(String, Vec<String>)>,
    pub(super) links: Vec<String>,
    pub(super) others: Option<String>,
    pub(super) last: Option<String>,
}

/// One line of the table of weeks.
pub(super) struct WeekRow {
    pub(super) from: String,
    /// Of failing records, and of calls.
    pub(super) bars: [Bar; 2],
}

/// A figure, and how long its bar is in percent of the longest.
pub(super) struct Bar {
    pub(super) figure: String,
    pub(super) share: u64,
    pub(super) tone: &'static str,
    pub(super) colour: &'static str,
}

/// One line of the table of what is still open.
pub(super) struct OpenRow {
    pub(super) number: String,
    pub(super) sentence: String,
    pub(super) records: String,
    pub(super) days: u32,
    pub(super) note: String,
}

/// The class that dark mode recolours, and the colour in light mode, for a state. Each has a
/// contrast of at least 4.5 to 1, and the state's word stands beside it.
fn tone(state: CauseState) -> (&'static str, &'static str) {
    match state {
        CauseState::Opened | CauseState::Grew => ("bad", "#b42318"),
        CauseState::Back => ("warn", "#8a5300"),
        CauseState::Resolved => ("good", "#1a7f37"),
    }
}

/// The page of a daily or weekly mail.
pub(super) fn of_digest(digest: &Digest, subject: &str, attached: bool, limits: Limits) -> Page {
    let open = facts::still_open(&digest.causes);
    let now = plain(&digest.now, 120);
    let mut lines = vec![
        format!("{now} · since {}", plain(&digest.since, 80)),
        arrows(&plain(&digest.accounts, 200)),
    ];
    lines.extend(facts::late(digest));
    let mut footer = vec![facts::rest(digest).join(" · ")];
    footer.extend(facts::accounted(digest));
    footer.extend(facts::attached(digest.errors(attached), attached).map(|line| loose(&line)));
    footer.push(facts::remedy(&digest.remedy));
    let mut figures = facts::figures(digest);
    for figure in &mut figures {
        figure.main = arrows(&figure.main);
    }
    Page {
        title: subject.to_owned(),
        installation: plain(&digest.installation, 40),
        headline: sentence_case(&subject::headline(digest)),
        lines,
        alerts: notice::shown(&digest.notices).iter().map(alert).collect(),
        duties: facts::responsibilities(digest)
            .into_iter()
            .map(|(who, what)| (who, what.split(' ').map(str::to_owned).collect()))
            .collect(),
        figures,
        sections: sections(digest, attached, limits.told),
        open_heading: "Still open",
        open_ages: true,
        open_more: more(&open, limits.open),
        open: open
            .iter()
            .take(limits.open)
            .map(|cause| open_row(cause))
            .collect(),
        weeks: week_rows(facts::weeks(digest)),
        tickets: tickets(&digest.hand_overs, limits.tickets),
        footer,
    }
}

/// The page of a mail that tells at once.
pub(super) fn of_immediate(
    news: &Immediate,
    subject: &str,
    attached: bool,
    limits: Limits,
) -> Page {
    let causes = facts::told_in_full(&news.causes);
    let open = facts::still_open(&news.causes);
    let sections = causes.iter().take(limits.told).map(|cause| {
        let (tone, colour) = line_tone(cause);
        Section {
            heading: if causes.len() == 1 {
                String::new()
            } else {
                sentence_case(subject::state_word(cause))
            },
            tone,
            colour,
            cards: vec![immediate_card(cause, attached)],
            more: None,
        }
    });
    let mut footer: Vec<String> = more(&causes, limits.told).into_iter().collect();
    footer.push(plain(&news.now, 120));
    footer.push(arrows(&plain(&news.accounts, 200)));
    footer.extend(facts::attached(news.errors(), attached).map(|line| loose(&line)));
    footer.push(facts::remedy(&news.remedy));
    // A single cause is the mail's heading itself.
    let changes = match causes.as_slice() {
        [cause] if news.notices.is_empty() => format!(
            "{}: {}",
            subject::state_word(cause),
            shorten(&facts::sentence(cause), 70)
        ),
        _ => facts::changes(&news.causes).join(", "),
    };
    Page {
        title: subject.to_owned(),
        installation: plain(&news.installation, 40),
        headline: sentence_case(&changes),
        lines: Vec::new(),
        alerts: notice::shown(&news.notices).iter().map(alert).collect(),
        duties: Vec::new(),
        figures: Vec::new(),
        sections: sections.collect(),
        open_heading: "Open",
        open_ages: false,
        open_more: more(&open, limits.open),
        open: open
            .iter()
            .take(limits.open)
            .map(|cause| open_row(cause))
            .collect(),
        weeks: Vec::new(),
        tickets: tickets(&news.hand_overs, limits.tickets),
        footer,
    }
}

fn week_rows(weeks: &[Week]) -> Vec<WeekRow> {
    let longest = |of: fn(&Week) -> u64| weeks.iter().map(of).max().unwrap_or(0);
    let (failing, calls) = (longest(|week| week.failing), longest(|week| week.calls));
    let bar = |figure, longest, (tone, colour)| Bar {
        figure: thousands(figure),
        share: percent(figure, longest).unwrap_or(0),
        tone,
        colour,
    };
    let row = |week: &Week| WeekRow {
        from: plain(&week.from, 15),
        bars: [
            bar(week.failing, failing, ("failing", "#b42318")),
            bar(week.calls, calls, ("fill", "#0b62c4")),
        ],
    };
    weeks.iter().map(row).collect()
}

fn tickets(tickets: &[Ticket], shown: usize) -> Vec<(String, Vec<String>)> {
    let texts = tickets.iter().take(shown);
    texts
        .map(|ticket| {
            // Two blanks and more are how columns are set off, and one is all that HTML shows.
            let wide = |line: &String| line.replace("  ", "\u{a0}\u{a0}");
            let lines = facts::ticket_lines(ticket);
            (
                facts::ticket_heading(ticket),
                lines.iter().map(wide).collect(),
            )
        })
        .collect()
}

fn alert(notice: &Notice) -> Alert {
    let (tone, colour) = if notice.is_recovery() {
        ("good", "#1a7f37")
    } else {
        ("bad", "#b42318")
    };
    Alert {
        title: notice.title(),
        paragraphs: notice.paragraphs().iter().map(|text| loose(text)).collect(),
        tone,
        colour,
    }
}

fn line_tone(cause: &CauseLine) -> (&'static str, &'static str) {
    match cause.state {
        super::LineState::News(state) => tone(state),
        super::LineState::StillOpen => tone(CauseState::Back),
    }
}

fn sections(digest: &Digest, attached: bool, mut left: usize) -> Vec<Section> {
    let mut sections = Vec::new();
    for (state, word) in facts::STATES {
        let told: Vec<&CauseLine> = facts::causes_in(&digest.causes, state).collect();
        if told.is_empty() {
            continue;
        }
        let (tone, colour) = tone(state);
        sections.push(Section {
            heading: sentence_case(word),
            tone,
            colour,
            cards: told
                .iter()
                .take(left)
                .map(|cause| card(cause, state, attached))
                .collect(),
            more: more(&told, left),
        });
        left = left.saturating_sub(told.len());
    }
    sections
}

fn card(cause: &CauseLine, state: CauseState, attached: bool) -> Card {
    let resolved = state == CauseState::Resolved;
    let mut rows = Vec::new();
    let mut links = Vec::new();
    let mut intro = None;
    if !resolved {
        let said = [
            facts::message(cause),
            facts::detail(cause),
            Some(facts::since(cause)),
        ];
        let said: Vec<String> = said.into_iter().flatten().collect();
        intro = Some(said.join(" "));
        let meaning = facts::meaning(cause);
        if !meaning.is_empty() {
            rows.push(("Meaning".to_owned(), meaning));
        }
        rows.push((
            format!("Fix ({})", plain(&cause.who_fixes, 60)),
            vec![facts::fix(cause).join(" ")],
        ));
        rows.extend(facts::note(cause).map(|note| ("Note".to_owned(), vec![note])));
        links.extend(facts::links(cause).into_iter().take(EXAMPLES_MAX));
    }
    Card {
        number: cause.name(),
        sentence: facts::sentence(cause),
        size: arrows(&facts::size(cause)),
        intro,
        rows,
        others: facts::others(cause, links.len(), attached).filter(|_| !links.is_empty()),
        links,
        last: None,
    }
}

fn immediate_card(cause: &CauseLine, attached: bool) -> Card {
    let links: Vec<String> = facts::links(cause).into_iter().take(EXAMPLES_MAX).collect();
    Card {
        number: cause.name(),
        sentence: facts::sentence(cause),
        size: arrows(&facts::size(cause)),
        intro: Some(facts::effect(cause)),
        rows: details(cause).into_iter().map(loosened).collect(),
        others: facts::others(cause, links.len(), attached).filter(|_| !links.is_empty()),
        links,
        last: Some(facts::next_mail(cause)),
    }
}

fn loosened((label, lines): (String, Vec<String>)) -> (String, Vec<String>) {
    (label, lines.iter().map(|line| loose(line)).collect())
}

fn open_row(cause: &CauseLine) -> OpenRow {
    OpenRow {
        number: cause.name(),
        sentence: shorten(&facts::sentence(cause), 120),
        records: thousands(cause.records),
        days: cause.open_days,
        note: facts::note(cause).map_or_else(|| "–".to_owned(), |note| shorten(&note, 80)),
    }
}

fn more(causes: &[&CauseLine], shown: usize) -> Option<String> {
    let hidden = causes
        .len()
        .checked_sub(shown)
        .filter(|hidden| *hidden > 0)?;
    Some(format!("and {hidden} more: syncline errors"))
}

fn arrows(text: &str) -> String {
    text.replace("<->", "↔").replace("->", "→")
}

fn sentence_case(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
