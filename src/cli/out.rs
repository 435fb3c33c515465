//! The one place that prints. A reader that stops reading ends us without a word.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::control::report::Report;
use crate::control::request::Refusal;
use crate::logging::escaped;

use super::render::{self, time::Moment};

/// Prints to standard output; a closed pipe (`syncline errors | head`) is a clean end.
pub(super) fn text(text: &str) -> Result<(), Refusal> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => Err(Refusal {
            exit: 74,
            message: format!("cannot print: {error}"),
        }),
        Ok(()) => Ok(()),
    }
}

/// Prints a report, as JSON or for people.
pub(super) fn report(report: &Report, json: bool, moment: &Moment) -> Result<(), Refusal> {
    if json {
        let json = serde_json::to_string(report).map_err(|error| Refusal {
            exit: 70,
            message: error.to_string(),
        })?;
        return text(&format!("{json}\n"));
    }
    text(&render::text(report, moment))
}

/// Says what went wrong, on standard error.
pub(super) fn error(message: &str) {
    let mut out = io::stderr().lock();
    let red = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let (on, off) = if red {
        ("\x1b[31m", "\x1b[0m")
    } else {
        ("", "")
    };
    // Mistakes stand one to a line; whatever else moves a cursor came from outside.
    let lines: Vec<String> = message.split('\n').map(escaped).collect();
    // Nowhere is left to complain to when this fails.
    let _ = writeln!(out, "{on}syncline:{off} {}", lines.join("\n"));
}

/// Asks on standard error, where the answer to the verb does not stand.
pub(super) fn question(text: &str) {
    let mut out = io::stderr().lock();
    // An unseen question is answered with no.
    let _ = out
        .write_all(escaped(text).as_bytes())
        .and_then(|()| out.flush());
}

/// Asks a person at a terminal, on standard error, whether to do what was `said`; where nobody can
/// be asked, nothing is done without `--yes`.
pub(super) fn is_wanted(said: &str) -> Result<bool, Refusal> {
    if !io::stdin().is_terminal() {
        return Err(Refusal::usage(format!(
            "nothing was done: {said}; say --yes to do it"
        )));
    }
    Ok(is_confirmed(&format!("{said}. Do it?")))
}

/// Writes over the line that stands on the terminal; an empty text leaves it blank.
pub(super) fn progress(text: &str) {
    let mut out = io::stderr().lock();
    // Nobody misses a line that could not be shown.
    let _ = write!(out, "\r\x1b[K{text}").and_then(|()| out.flush());
}

/// Writes lines over the `above` that were written before, on a terminal.
pub(super) fn bars(lines: &[String], above: usize) {
    let up = match above {
        0 => String::new(),
        above => format!("\x1b[{above}A"),
    };
    let mut out = io::stderr().lock();
    let size = rustix::termios::tcgetwinsize(&out);
    let width = size.map_or(0, |size| usize::from(size.ws_col));
    // A line that ran on into the next one could not be written over.
    let room = if width == 0 { usize::MAX } else { width - 1 };
    // Nobody misses lines that could not be shown.
    let _ = write!(out, "{up}\r");
    for line in lines {
        let shown: String = line.chars().take(room).collect();
        let _ = writeln!(out, "\x1b[K{shown}");
    }
    // What stood below is erased: there may be fewer lines now.
    let _ = write!(out, "\x1b[J").and_then(|()| out.flush());
}

/// Says a line beside the verb's answer, on standard error.
pub(super) fn aside(text: &str) {
    // An unheard remark changes nothing.
    let _ = writeln!(io::stderr().lock(), "{}", escaped(text));
}

/// Asks a yes-or-no question on a terminal, on standard error; what is no yes is no.
pub(super) fn is_confirmed(text: &str) -> bool {
    question(&format!("{text} [y/N] "));
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

/// Prints clap's own text where clap wants it.
pub(super) fn help(error: &clap::Error) {
    let _ = error.print();
}
