//! Reports as people read them: aligned columns, short numbers, the next step at the end.
//!
//! Pure text from a report; printing is `out`.

mod budget;
pub(super) mod errors;
pub mod mapping;
mod notify;
mod plan;
mod records;
pub(super) mod status;
pub mod survey;
pub mod table;
pub mod time;

use serde_json::Value;

use crate::control::report::{Done, Entries, EntryLine, HoldStory, Report};
use crate::domain::digest::{sheet, thousands};
use crate::logging::escaped;
use table::Table;
use time::Moment;

/// Records of a hold that are listed.
const EXAMPLES: usize = 20;

/// The report as text, lines ended by a line feed. `now` gives relative times, `zone` local ones.
pub fn text(report: &Report, moment: &Moment) -> String {
    let report = &harmless(report);
    match report {
        Report::Status(status) => status::text(status, moment),
        Report::Causes(causes) => errors::causes(causes, moment),
        Report::Errors(list) => errors::list(list, moment),
        Report::Sheet(page) => String::from_utf8_lossy(&sheet(&page.rows)).into_owned(),
        Report::Cause(cause) => errors::cause(cause, moment),
        Report::Kind(kind) => errors::kind(kind),
        Report::HandOver(cause) => {
            let zone = moment.zone.iana_name().unwrap_or("UTC");
            cause.text(zone, |at| moment.stamp(at))
        }
        Report::Records(list) => records::list(list, moment),
        Report::Record(record) => records::story(record, moment),
        Report::Budget(budget) => budget::text(budget, moment),
        Report::Plan(plan) => plan::text(plan),
        Report::Hold(hold) => held(hold, moment),
        Report::Resync(resync) => format!("{} records, {} left\n", resync.records, resync.left),
        Report::Readers(list) => notify::readers(list, moment),
        Report::Preview(one) => notify::preview(one),
        Report::Entries(entries) => tail(entries, moment),
        Report::Done(Done { said }) => format!("{said}\n"),
    }
}

/// The report with nothing in its texts that a terminal would obey: messages, values and names come
/// from whoever can write into a CRM, and the layout is made only afterwards.
fn harmless(report: &Report) -> Report {
    let safe = serde_json::to_value(report).and_then(|mut value| {
        escape(&mut value);
        serde_json::from_value(value)
    });
    // What came over the socket was read the same way.
    safe.unwrap_or_else(|error| {
        Report::Done(Done {
            said: format!("the answer cannot be shown ({error}); add --json"),
        })
    })
}

fn escape(value: &mut Value) {
    match value {
        Value::String(text) => *text = escaped(text),
        Value::Array(items) => items.iter_mut().for_each(escape),
        Value::Object(members) => members.values_mut().for_each(escape),
        Value::Null | Value::Bool(_) | Value::Number(_) => (),
    }
}

/// A number with commas between thousands.
pub fn number(number: u64) -> String {
    thousands(number)
}

/// `1 record`, `2 records`.
pub fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", number(count))
}

fn held(hold: &HoldStory, moment: &Moment) -> String {
    let line = &hold.line;
    let mut text = format!(
        "H-{}  {} to {}: {} to be {}, since {} (guard {} in 24 h)\n",
        line.number,
        line.object,
        line.to,
        counted(line.records, "record"),
        line.action,
        moment.clock(line.since),
        number(hold.limit),
    );
    if let Some(field) = &hold.field {
        text.push_str(&format!("All of them concern {field}.\n"));
    }
    if let Some((at, approved)) = hold.settled {
        let at = moment.clock(at);
        text.push_str(&if approved {
            format!("Settled already: approved {at}; its records were read again and written.\n")
        } else {
            format!("Settled already: dropped {at}; its changes are not written.\n")
        });
        return text;
    }
    text.push_str("None of them was written.\n\n");
    let mut table = Table::new(&["SIDE", "ID"]);
    for (side, id) in hold.examples.iter().take(EXAMPLES) {
        table.row(vec![side.to_string(), id.clone()]);
    }
    text.push_str(&table.text());
    let shown = hold.examples.len().min(EXAMPLES) as u64;
    let more = line.records.saturating_sub(shown);
    if more > 0 {
        text.push_str(&format!(
            "and {} (--json lists all)\n",
            counted(more, "more record")
        ));
    }
    text.push_str(&format!(
        "\nwrite them   syncline approve H-{0}\ndrop them    syncline approve H-{0} --drop\n",
        line.number
    ));
    text
}

fn tail(entries: &Entries, moment: &Moment) -> String {
    entries
        .entries
        .iter()
        .map(|entry| entry_line(entry, moment))
        .collect()
}

/// One entry on one line.
pub(crate) fn entry_line(entry: &EntryLine, moment: &Moment) -> String {
    let record = entry
        .record
        .map(|record| format!("#{record}"))
        .unwrap_or_default();
    format!(
        "{:>8}  {}  {:<20} {:<7} {}\n",
        entry.seq,
        moment.stamp(entry.at),
        entry.kind,
        record,
        entry.payload
    )
}
