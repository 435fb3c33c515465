//! `syncline errors export`: every column of the errors, page by page, to standard output.

use std::io::{self, BufWriter, Write};

use super::ask::Place;
use super::out;
use crate::control::report::Report;
use crate::control::request::{self, Refusal, Request};
use crate::domain::digest::{ErrorRow, Sheet};

/// Fetches page after page and writes each as it comes: memory holds one.
pub(super) fn run(place: &Place, which: &request::Which, json: bool) -> Result<u8, Refusal> {
    let mut after = None;
    let mut paper: Option<Paper> = None;
    let mut fits = false;
    loop {
        let which = which.clone();
        let Report::Sheet(page) = place.ask(&Request::Sheet { which, after })? else {
            return Ok(0);
        };
        // Nothing is printed before the first answer: a refusal leaves no file behind that looks
        // like an export without errors.
        let out = match &mut paper {
            Some(out) => out,
            none => none.insert(Paper::new(json).map_err(|error| unprinted(&error))?),
        };
        out.rows(&page.rows).map_err(|error| unprinted(&error))?;
        fits |= !page.rows.is_empty();
        if page.next.is_none() {
            break;
        }
        after = page.next;
    }
    if !fits {
        // The sheet has its header, and nobody should look for a mistake in it.
        out::aside("no error fits");
    }
    match paper {
        Some(paper) => paper.end().map_err(|error| unprinted(&error)).map(|()| 0),
        None => Ok(0),
    }
}

/// What is written to, and in which form.
enum Paper {
    Csv(Box<Sheet<BufWriter<io::Stdout>>>),
    Lines(BufWriter<io::Stdout>),
}

impl Paper {
    fn new(json: bool) -> io::Result<Self> {
        let out = BufWriter::new(io::stdout());
        Ok(if json {
            Self::Lines(out)
        } else {
            Self::Csv(Box::new(Sheet::new(out)?))
        })
    }

    fn rows(&mut self, rows: &[ErrorRow]) -> io::Result<()> {
        for row in rows {
            match self {
                Self::Csv(sheet) => sheet.row(row)?,
                Self::Lines(out) => {
                    serde_json::to_writer(&mut *out, row)?;
                    out.write_all(b"\n")?;
                }
            }
        }
        Ok(())
    }

    fn end(self) -> io::Result<()> {
        match self {
            Self::Csv(sheet) => sheet.end()?.flush(),
            Self::Lines(mut out) => out.flush(),
        }
    }
}

/// A reader that stops reading ends us without a word; anything else is told.
fn unprinted(error: &io::Error) -> Refusal {
    if error.kind() == io::ErrorKind::BrokenPipe {
        std::process::exit(0);
    }
    Refusal {
        exit: 74,
        message: format!("cannot write the export: {error}"),
    }
}
