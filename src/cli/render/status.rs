//! `syncline status`.

use super::table::Table;
use super::time::{Moment, length};
use super::{counted, number};
use crate::control::report::{CallsLine, Digests, LoadLine, ObjectLine, SideLine, Status};
use crate::domain::event::Mode;

/// Characters of a bar.
const BAR: u8 = 20;

/// The whole listing.
pub(super) fn text(status: &Status, moment: &Moment) -> String {
    let mut text = head(status, moment);
    for side in &status.sides {
        text.push_str(&side_line(side, status.running_since.is_some(), moment));
    }
    text.push('\n');
    text.push_str(&objects(&status.objects));
    text.push('\n');
    text.push_str(&calls(&status.calls, moment));
    for load in &status.loads {
        text.push_str(&load_line(load));
    }
    text.push('\n');
    text.push_str(&tail(status, moment));
    text
}

fn head(status: &Status, moment: &Moment) -> String {
    let running = match status.running_since {
        Some(since) => format!(
            "running since {} ({})",
            moment.clock(since),
            moment.ago(since)
        ),
        None => "not running".to_owned(),
    };
    let mode = match status.mode {
        Mode::Observe => "  mode observe: nothing is written",
        Mode::Sync => "",
    };
    format!(
        "syncline {}  {running}   as of {}{mode}\n",
        status.version,
        moment.clock(status.at)
    )
}

fn side_line(line: &SideLine, running: bool, moment: &Moment) -> String {
    let account = line
        .account
        .clone()
        .unwrap_or_else(|| "not reached yet".to_owned());
    let state = match (&line.suspended, line.silent_since, &line.account) {
        (Some(why), _, _) => format!("SUSPENDED: {why}"),
        (None, Some(since), _) => format!("does not answer since {}", moment.seconds(since)),
        (None, None, Some(_)) if running => "ok".to_owned(),
        (None, None, Some(_)) => "stands still".to_owned(),
        (None, None, None) => "-".to_owned(),
    };
    let read = line
        .read_at
        .map(|at| format!("   last read {}", moment.seconds(at)));
    format!(
        "{:<11} {account:<20} {state}{}\n",
        line.side.to_string(),
        read.unwrap_or_default()
    )
}

fn objects(lines: &[ObjectLine]) -> String {
    let observing = lines.iter().any(|line| line.would_write > 0);
    let mut head = vec![
        "OBJECT", "IN SYNC", "FAILING", "WAITING", "DEFERRED", "HELD", "EXCLUDED", "TOTAL", "LAG",
    ];
    if observing {
        head.insert(6, "WOULD WRITE");
    }
    let mut table = Table::new(&head);
    for line in lines {
        let mut row = vec![line.object.to_string()];
        row.extend(
            [
                line.in_sync,
                line.failing,
                line.waiting,
                line.deferred,
                line.held,
            ]
            .map(number),
        );
        if observing {
            row.push(number(line.would_write));
        }
        row.extend([line.excluded, line.total].map(number));
        row.push(line.lag_ms.map_or("-".to_owned(), length));
        table.row(row);
    }
    table.text()
}

/// The two lines about calls.
pub(super) fn calls(calls: &CallsLine, moment: &Moment) -> String {
    let mut text = format!(
        "API CALLS, 24 h    ours {} of {} ({} %)",
        number(calls.used),
        number(calls.allocation),
        percent(calls.used, calls.allocation)
    );
    if let (Some(used), Some(limit)) = (calls.org_used, calls.org_limit) {
        text.push_str(&format!(
            "    org {} of {} ({} %)",
            number(used),
            number(limit),
            percent(used, limit)
        ));
    }
    text.push('\n');
    let lanes: Vec<String> = calls
        .lanes
        .iter()
        .filter(|(_, used)| *used > 0)
        .map(|(lane, used)| format!("{lane} {}", number(*used)))
        .collect();
    if !lanes.is_empty() {
        text.push_str(&format!("  {}\n", lanes.join("  ")));
    }
    if let Some(at) = calls
        .backfill
        .opens_at
        .filter(|_| calls.backfill.deferred > 0)
    {
        text.push_str(&format!(
            "  {} deferred: first loads go at night only, from {}\n",
            counted(calls.backfill.deferred, "change"),
            moment.clock(at)
        ));
    }
    text
}

/// `LOAD     contact 112,400 of 200,000, 2 jobs, about 25 min left under the budget`
fn load_line(load: &LoadLine) -> String {
    let by = match load.jobs {
        0 => "by batches".to_owned(),
        jobs => counted(jobs, "job"),
    };
    format!(
        "LOAD     {} {} of {}, {by}{}\n",
        load.object,
        number(load.done),
        number(load.total),
        load_end(load)
    )
}

/// `, about 25 min left under the budget`
fn load_end(load: &LoadLine) -> String {
    match (&load.waits, load.left_ms) {
        (Some(why), _) => format!(", waits: {why}"),
        (None, Some(left)) => format!(", about {} left under the budget", length(left)),
        (None, None) => String::new(),
    }
}

/// A load as a bar: `contact      [######..............]  30 %  60,000 of 200,000, about 25 min left under the budget`
pub(in crate::cli) fn load_bar(load: &LoadLine) -> String {
    let parts = load.done.saturating_mul(u64::from(BAR)) / load.total.max(1);
    let mark = |place: u8| if u64::from(place) < parts { '#' } else { '.' };
    let bar: String = (0..BAR).map(mark).collect();
    format!(
        "{:<12} [{bar}] {:>3} %  {} of {}{}",
        load.object.to_string(),
        percent(load.done, load.total),
        number(load.done),
        number(load.total),
        load_end(load)
    )
}

/// A share in whole percent; nothing of nothing is 0.
pub(in crate::cli) fn percent(part: u64, whole: u64) -> u64 {
    part.saturating_mul(100).checked_div(whole).unwrap_or(0)
}

/// `: 2 new, 1 back in the last 24 h`
fn since_yesterday(status: &Status) -> String {
    let yesterday = status.at.plus(-86_400_000);
    let of = |back: bool| {
        let causes = status.causes.iter().filter(|cause| !cause.waits());
        let young = causes.filter(|cause| cause.since > yesterday);
        young.filter(|cause| cause.back == back).count()
    };
    let words: Vec<String> = [(of(false), "new"), (of(true), "back")]
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{number} {word}"))
        .collect();
    if words.is_empty() {
        return String::new();
    }
    format!(": {} in the last 24 h", words.join(", "))
}

/// `last daily Tue 17 Nov 08:00 delivered to 2 of 2, next Wed 18 Nov 08:00; `
fn digests(digests: &Digests, moment: &Moment) -> String {
    let mut parts = Vec::new();
    if let Some((frequency, at)) = digests.last {
        parts.push(format!(
            "last {frequency} {} delivered to {} of {}",
            moment.clock(at),
            digests.sent,
            digests.recipients
        ));
    }
    if let Some((frequency, at)) = digests.next {
        parts.push(format!("next {frequency} {}", moment.clock(at)));
    }
    if parts.is_empty() {
        return String::new();
    }
    format!("{}; ", parts.join(", "))
}

/// Bytes as people say them.
fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "kB")];
    for (unit, name) in UNITS {
        if bytes >= unit {
            let tenths = bytes.saturating_mul(10) / unit;
            return format!("{}.{} {name}", number(tenths / 10), tenths % 10);
        }
    }
    format!("{bytes} bytes")
}

fn tail(status: &Status, moment: &Moment) -> String {
    let mut text = format!(
        "ERRORS   {} on {}, {}",
        number(status.errors),
        counted(status.failing, "record"),
        counted(status.many, "cause"),
    );
    text.push_str(&since_yesterday(status));
    text.push_str(if status.errors > 0 {
        "       syncline errors\n"
    } else {
        "\n"
    });
    let sent = status
        .mail_sent_at
        .map_or("no mail delivered yet".to_owned(), |at| {
            format!("last mail delivered {}", moment.clock(at))
        });
    let waiting = status.mails_waiting;
    let waiting = if waiting > 0 {
        format!(", {} waiting", counted(waiting, "mail"))
    } else {
        String::new()
    };
    let digests = digests(&status.digests, moment);
    text.push_str(&format!("MAIL     {digests}{sent}{waiting}\n"));
    text.push_str(&format!(
        "STORE    {}, {} journal entries\n",
        size(status.store_bytes),
        number(status.entries.unsigned_abs())
    ));
    let held = match status.held.as_slice() {
        [] => "nothing".to_owned(),
        holds => holds
            .iter()
            .map(|hold| format!("H-{} ({})", hold.number, counted(hold.records, "record")))
            .collect::<Vec<_>>()
            .join(", "),
    };
    // An open error outweighs a hold in the table: there each record stands once.
    let members: u64 = status.held.iter().map(|hold| hold.records).sum();
    let apart = members.saturating_sub(status.objects.iter().map(|line| line.held).sum());
    let held = match apart {
        0 => held,
        apart => format!(
            "{held}, {} of them shown as failing or waiting",
            number(apart)
        ),
    };
    let paused = if status.paused { "writing" } else { "nothing" };
    text.push_str(&format!("HELD     {held}      PAUSED  {paused}\n"));
    if !status.attention.is_empty() {
        text.push('\n');
    }
    for line in &status.attention {
        text.push_str(&format!("Attention: {line}\n"));
    }
    text
}
