//! `errors show C-41 --handover`: a ticket's text, and the ids of all its records as a sheet.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::Path;

use super::ask::Place;
use super::out;
use crate::control::report::Report;
use crate::control::request::{Refusal, Request, Which};
use crate::domain::digest::count;

/// Writes the Salesforce ids of a cause's records into a sheet that Salesforce's Data Loader takes,
/// each once; what is not in Salesforce yet has none and is counted.
pub(super) fn sheet(place: &Place, cause: i64, file: &Path) -> Result<(), Refusal> {
    let which = Which {
        cause: Some(cause),
        ..Which::default()
    };
    let unwritten = |error: io::Error| Refusal {
        exit: 73,
        message: format!("cannot write {}: {error}", file.display()),
    };
    let ask = |after| {
        let which = which.clone();
        let Report::Sheet(page) = place.ask(&Request::Sheet { which, after })? else {
            return Err(Refusal::usage("the daemon answered something else"));
        };
        Ok(page)
    };

    // An unknown cause leaves no file behind.
    let mut page = ask(None)?;
    // A file that is there may be somebody's work.
    let out = File::create_new(file).map_err(unwritten)?;
    let mut builder = csv::WriterBuilder::new();
    let mut sheet = builder.terminator(csv::Terminator::CRLF).from_writer(out);
    let csv = |error: csv::Error| unwritten(error.into());
    sheet.write_record(["Id", "HubSpot_Id"]).map_err(csv)?;
    let (mut known, mut missing) = (BTreeSet::new(), BTreeSet::new());
    loop {
        for row in page.rows {
            if row.salesforce_id.is_empty() {
                missing.insert(row.hubspot_id);
            } else if !known.contains(&row.salesforce_id) {
                let cells = [&row.salesforce_id, &row.hubspot_id];
                sheet.write_record(cells).map_err(csv)?;
                known.insert(row.salesforce_id);
            }
        }
        if page.next.is_none() {
            break;
        }
        page = ask(page.next)?;
    }
    sheet.flush().map_err(unwritten)?;
    let without = match missing.len() as u64 {
        0 => String::new(),
        missing => format!("; {missing} not in Salesforce yet are left out"),
    };
    let written = count(known.len() as u64, "id");
    out::aside(&format!("{written} in {}{without}", file.display()));
    Ok(())
}
