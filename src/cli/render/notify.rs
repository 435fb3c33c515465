//! Who is told what, as a table; a preview, in a few lines.

use super::table::Table;
use super::time::Moment;
use crate::control::report::{Preview, ReaderLine, Readers};
use crate::domain::digest::thousands;

pub(super) fn readers(readers: &Readers, moment: &Moment) -> String {
    if readers.readers.is_empty() {
        return "Nobody is told anything. Add a reader: syncline notify set ADDRESS --daily 08:00\n"
            .to_owned();
    }
    let mut table = Table::new(&["READER", "TOLD", "ZONE", "ONLY", "NEXT", "LAST MAIL"]);
    for reader in &readers.readers {
        table.row(cells(reader, moment));
    }
    let mut text = table.text();
    text.push_str(
        "\nchange      syncline notify set ADDRESS --daily 08:00 --zone Europe/Rome\n\
         stop        syncline notify set ADDRESS --off\n\
         look ahead  syncline notify preview ADDRESS\n\
         try         syncline notify test ADDRESS\n",
    );
    text
}

fn cells(reader: &ReaderLine, moment: &Moment) -> Vec<String> {
    let or_none = |text: String| {
        if text.is_empty() {
            "-".to_owned()
        } else {
            text
        }
    };
    let told = if reader.on {
        reader.told.join(", ")
    } else {
        format!("off ({})", reader.told.join(", "))
    };
    let last = match (&reader.last, reader.last_at) {
        (Some(state), Some(at)) => format!("{state} {}", moment.clock(at)),
        (_, _) => "-".to_owned(),
    };
    vec![
        reader
            .address
            .clone()
            .unwrap_or_else(|| "(erased)".to_owned()),
        told,
        reader.zone.clone(),
        or_none(reader.only.join("; ")),
        reader
            .next
            .map_or_else(|| "-".to_owned(), |at| moment.clock(at)),
        last,
    ]
}

pub(super) fn preview(preview: &Preview) -> String {
    let goes = if preview.goes {
        "It would go out as it is."
    } else {
        "It would not go out: a daily digest is silent while nothing is new."
    };
    let attached = preview.attached.map_or_else(
        || "no sheet of errors goes along".to_owned(),
        |bytes| format!("a sheet of {} bytes goes along", thousands(bytes)),
    );
    let mut text = format!(
        "To:       {}\nSubject:  {}\n\n{goes} {} bytes of HTML, {} of text; {attached}.\n",
        preview.address,
        preview.subject,
        thousands(preview.html.len() as u64),
        thousands(preview.text.len() as u64),
    );
    for (number, why) in &preview.why {
        text.push_str(&format!("  C-{number:<6}{why}\n"));
    }
    text
}
