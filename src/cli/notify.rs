//! `syncline notify`: who is told what, a mail ahead of its time, and a test.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use super::args::{NotifyVerb, Reader};
use super::ask::Place;
use super::out;
use crate::control::report::{Preview, Report};
use crate::control::request::{Refusal, Request, Wish};
use crate::domain::schedule::Frequency;

/// The request that a verb stands for.
pub(super) fn request(place: &Place, verb: Option<&NotifyVerb>) -> Request {
    match verb {
        None | Some(NotifyVerb::Show) => Request::Readers,
        Some(NotifyVerb::Set(reader)) => Request::SetReader {
            address: reader.address.clone(),
            wish: wish(place, reader),
        },
        Some(NotifyVerb::Preview {
            address,
            daily,
            weekly,
            ..
        }) => Request::PreviewMail {
            address: address.clone(),
            frequency: match (daily, weekly) {
                (true, _) => Some(Frequency::Daily),
                (false, true) => Some(Frequency::Weekly),
                (false, false) => None,
            },
        },
        Some(NotifyVerb::Test { address }) => Request::TestMail {
            address: address.clone(),
        },
    }
}

fn wish(place: &Place, reader: &Reader) -> Wish {
    // `all` is what an empty list stands for.
    let only = |list: &Option<Vec<String>>| {
        let list = list.clone()?;
        Some(if list == ["all"] { Vec::new() } else { list })
    };
    let mails = match (reader.on, reader.off) {
        (true, _) => Some("on".to_owned()),
        (false, true) => Some("off".to_owned()),
        (false, false) => None,
    };
    Wish {
        mails,
        immediately: reader.immediately.clone(),
        daily: reader.daily.clone(),
        weekly: reader.weekly.clone(),
        cron: reader.cron.clone(),
        zone: reader.zone.clone(),
        who_fixes: only(&reader.who_fixes),
        objects: only(&reader.objects),
        types: only(&reader.types),
        usual_zone: place.zone.iana_name().unwrap_or("UTC").to_owned(),
    }
}

/// Writes the preview where it was asked for; a file that is there may be somebody's work.
pub(super) fn write(verb: Option<&NotifyVerb>, report: &Report) -> Result<(), Refusal> {
    if let (Some(NotifyVerb::Preview { out: file, .. }), Report::Preview(preview)) = (verb, report)
    {
        written(file, preview).map_err(|error| Refusal {
            exit: 73,
            message: format!("cannot write {}: {error}", file.display()),
        })?;
        out::aside(&format!("written to {}", file.display()));
    }
    Ok(())
}

fn written(file: &Path, preview: &Preview) -> std::io::Result<()> {
    let as_text = file.extension().is_some_and(|kind| kind == "txt");
    let part = if as_text {
        &preview.text
    } else {
        &preview.html
    };
    File::create_new(file)?.write_all(part.as_bytes())
}
