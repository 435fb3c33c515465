//! `syncline link`, `unlink` and `exclude`: ids as typed, or from a file whose every line is
//! checked before anything is asked.

use std::io::IsTerminal;
use std::path::Path;

use csv::{ReaderBuilder, StringRecord, Trim};

use super::args::Deeds;
use super::ask::{Place, object_named};
use super::out;
use crate::control::deed::{Deed, Named, parse_id};
use crate::control::report::{Done, Report};
use crate::control::request::{Refusal, Request};
use crate::domain::record::{ObjectName, RecordId, Side};

/// Longest file, in records: what is decided at once must fit into one request.
const RECORDS_MAX: usize = 10_000;

/// Columns that a file may have.
const COLUMNS: [&str; 3] = ["hubspot_id", "salesforce_id", "object"];

/// The request that a verb stands for; none when a person, asked, says no.
pub(super) fn request(
    place: &Place,
    deed: Deed,
    ids: &[String],
    deeds: &Deeds,
) -> Result<Option<Request>, Refusal> {
    let object = deeds.object.as_deref().map(object_named).transpose()?;
    let decide = |records: Vec<Named>, sure| Request::Decide {
        deed,
        records,
        sure,
    };
    let Some(file) = &deeds.csv else {
        return Ok(Some(decide(typed(deed, ids, object.as_ref())?, true)));
    };
    let records = read(file, object.as_ref())?;
    if deeds.yes {
        return Ok(Some(decide(records, true)));
    }
    // What cannot be done is said before anybody is asked.
    let Report::Done(Done { said }) = place.ask(&decide(records.clone(), false))? else {
        return Err(Refusal::usage("the daemon answered something else"));
    };
    Ok(is_wanted(&said, deeds)?.then(|| decide(records, true)))
}

/// Asks on a terminal; where nobody can be asked, nothing is done without `--yes`.
fn is_wanted(said: &str, deeds: &Deeds) -> Result<bool, Refusal> {
    if !std::io::stdin().is_terminal() {
        let file = deeds.csv.as_deref().unwrap_or(Path::new("-"));
        return Err(Refusal::usage(format!(
            "nothing was done: {said} by {}; say --yes to do it",
            file.display()
        )));
    }
    Ok(out::is_confirmed(&format!("{said}. Do it?")))
}

/// Records named on the command line: two ids to be linked, else one of any form.
fn typed(deed: Deed, ids: &[String], object: Option<&ObjectName>) -> Result<Vec<Named>, Refusal> {
    let mut named = Named {
        object: object.cloned(),
        ..Named::default()
    };
    for text in ids {
        let number = text.strip_prefix('#').map(str::parse);
        if let (Some(Ok(number)), false) = (number, deed == Deed::Link) {
            named.number = Some(number);
            continue;
        }
        let (side, id) = parse_id(text).map_err(Refusal::usage)?;
        if named.id(side).is_some() {
            return Err(Refusal::usage(format!(
                "{text} is a second id of {side}; a pair is a HubSpot id and a Salesforce id"
            )));
        }
        put(&mut named, side, id);
    }
    Ok(vec![named])
}

fn put(named: &mut Named, side: Side, id: RecordId) {
    match side {
        Side::HubSpot => named.hubspot = Some(id),
        Side::Salesforce => named.salesforce = Some(id),
    }
}

/// The records of a file; every line that names none is told with its number.
fn read(file: &Path, object: Option<&ObjectName>) -> Result<Vec<Named>, Refusal> {
    let name = file.display();
    let text = std::fs::read(file).map_err(|error| Refusal {
        exit: 66,
        message: format!("{name} cannot be read: {error}"),
    })?;
    let text = String::from_utf8(text)
        .map_err(|_| Refusal::usage(format!("{name} is not UTF-8; save it as CSV UTF-8")))?;
    let text = text.trim_start_matches('\u{feff}');
    let head = text.lines().next().unwrap_or_default();
    // Where a comma is the decimal point, spreadsheets part columns by semicolons.
    let delimiter = if head.contains(';') && !head.contains(',') {
        b';'
    } else {
        b','
    };
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .trim(Trim::All)
        .flexible(true)
        .from_reader(text.as_bytes());
    let broken = |error: csv::Error| Refusal::usage(format!("{name}: {error}"));
    let head = reader.headers().map_err(broken)?.clone();
    let columns = columns(&head).map_err(|wrong| Refusal::usage(format!("{name}: {wrong}")))?;
    let (mut records, mut wrong) = (Vec::new(), Vec::new());
    for row in reader.records() {
        let row = row.map_err(broken)?;
        let line = row.position().map_or(0, csv::Position::line);
        match one(&row, &columns, object) {
            Ok(named) => records.push(Named {
                line: Some(line),
                ..named
            }),
            Err(reason) => wrong.push(format!("line {line}: {reason}")),
        }
    }
    if !wrong.is_empty() {
        let all = records.len() + wrong.len();
        return Err(Refusal::usage(format!(
            "nothing was done, because {} of {all} lines of {name} cannot be read:\n{}",
            wrong.len(),
            wrong.join("\n")
        )));
    }
    match records.len() {
        0 => Err(Refusal::usage(format!("{name} names no record"))),
        1..=RECORDS_MAX => Ok(records),
        many => Err(Refusal::usage(format!(
            "{name} names {many} records, and at most {RECORDS_MAX} are decided at once; split it"
        ))),
    }
}

/// Where each known column stands.
fn columns(head: &StringRecord) -> Result<[Option<usize>; 3], String> {
    let mut places = [None; 3];
    for (place, title) in head.iter().enumerate() {
        let title = title.to_lowercase();
        match COLUMNS.iter().position(|column| *column == title) {
            Some(column) => places[column] = Some(place),
            None => {
                return Err(format!(
                    "there is no column {title:?}; the first line names hubspot_id, \
                     salesforce_id, or both, and object where there are several"
                ));
            }
        }
    }
    if places[0].or(places[1]).is_none() {
        return Err("the first line must name hubspot_id, salesforce_id, or both".to_owned());
    }
    Ok(places)
}

/// One line.
fn one(
    row: &StringRecord,
    columns: &[Option<usize>; 3],
    object: Option<&ObjectName>,
) -> Result<Named, String> {
    let cell = |column: usize| {
        let text = columns[column].and_then(|place| row.get(place));
        text.filter(|text| !text.is_empty())
    };
    let mut named = Named {
        object: object.cloned(),
        ..Named::default()
    };
    for (column, side) in Side::BOTH.into_iter().enumerate() {
        let Some(text) = cell(column) else { continue };
        let (is, id) = parse_id(text)?;
        if is != side {
            return Err(format!(
                "{text} is an id of {is} and stands in the column {}",
                COLUMNS[column]
            ));
        }
        put(&mut named, side, id);
    }
    if let Some(text) = cell(2) {
        named.object = Some(ObjectName::parse(text).map_err(|error| error.to_string())?);
    }
    if named.hubspot.is_none() && named.salesforce.is_none() {
        return Err("it names no id".to_owned());
    }
    Ok(named)
}
